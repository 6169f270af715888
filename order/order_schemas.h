/* What the order room's routes take and give (JSON Schema, the part http/schema.h knows). */
#ifndef ORDER_SCHEMAS_H
#define ORDER_SCHEMAS_H

#include "http/schema_words.h"

#define SUMMARY_PROPERTIES \
  "\"id\":" S_ID ",\"number\":" S_TEXT ",\"kind\":" S_TEXT ",\"state\":" S_TEXT ",\"ladder\":" \
  S_TEXT ",\"customer\":" S_REF("OrderCustomer") ",\"address\":" S_TEXT_NULL ",\"lon\":" \
  S_NUMBER_NULL ",\"lat\":" S_NUMBER_NULL ",\"device_id\":" S_ID_NULL ",\"device_index\":" \
  S_WHOLE_NULL ",\"outage_id\":" S_ID_NULL ",\"crew_id\":" S_ID_NULL ",\"assignee_id\":" \
  S_ID_NULL ",\"parent_id\":" S_ID_NULL ",\"main_id\":" S_ID_NULL ",\"to_org_id\":" S_ID_NULL ",\"repeats\":" S_WHOLE ",\"org_id\":" S_ID_NULL ",\"at\":" S_TIME ",\"state_since\":" \
  S_TIME ",\"nearest_clock\":" S_REF("OrderClock") ",\"what\":" S_TEXT_NULL ",\"urgency\":" \
  S_WHOLE ",\"calls\":" S_WHOLE ",\"reopened\":" S_WHOLE ",\"suspended\":" S_BOOL ",\"suspended_until\":" S_TIME_NULL ",\"version\":" \
  S_WHOLE ""
#define ORIGIN_PROPERTIES \
  "\"id\":" S_TEXT ",\"name_zh\":" S_TEXT ",\"name_en\":" S_TEXT ",\"rule_version\":" \
  S_TEXT ",\"source\":" S_TEXT ",\"source_zh\":" S_TEXT ",\"strength\":" S_TEXT ",\"region\":" S_TEXT ",\"from\":" \
  S_TEXT ",\"until\":" S_TEXT_NULL ""

#define COMPONENT_CLOCK \
  "{\"type\":[\"object\",\"null\"],\"required\":[\"id\",\"state\",\"due\"],\"properties\":{\"id\":" \
  S_TEXT ",\"name_zh\":" S_TEXT ",\"name_en\":" \
  S_TEXT ",\"state\":{\"type\":\"string\",\"enum\":[\"running\",\"paused\",\"kept\",\"broken\",\"cancelled\"]}," \
  "\"started\":" S_TIME_NULL ",\"due\":" S_TIME_NULL ",\"amber_at\":" S_TIME_NULL ",\"ended\":" \
  S_TIME_NULL ",\"limit_s\":" S_WHOLE ",\"used_s\":" S_WHOLE ",\"run\":" S_WHOLE ",\"promise\":" \
  S_TEXT ",\"promise_version\":" S_TEXT ",\"source\":" \
  S_TEXT ",\"judged\":{\"type\":\"string\",\"enum\":[\"each\",\"average\"]}}}"
#define COMPONENT_CUSTOMER \
  "{\"type\":[\"object\",\"null\"],\"properties\":{\"id\":" S_ID ",\"number\":" S_TEXT_NULL ",\"name\":" \
  S_TEXT_NULL ",\"phone\":" S_TEXT_NULL "}}"
#define COMPONENT_SUMMARY \
  "{\"type\":\"object\",\"required\":[\"id\",\"number\",\"kind\",\"state\",\"ladder\",\"version\"]," \
  "\"properties\":{" SUMMARY_PROPERTIES "}}"
#define COMPONENT_FIELD \
  "{\"type\":\"object\",\"required\":[\"id\",\"name_zh\",\"name_en\",\"type\",\"required\"],\"properties\":{\"id\":" \
  S_TEXT ",\"name_zh\":" S_TEXT ",\"name_en\":" S_TEXT ",\"type\":" S_TEXT ",\"required\":" \
  S_BOOL ",\"personal\":" S_BOOL ",\"when\":" S_TEXT ",\"least\":" S_NUMBER ",\"most\":" \
  S_NUMBER ",\"choices\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"id\":" \
  S_TEXT ",\"name_zh\":" S_TEXT ",\"name_en\":" S_TEXT "}}}}}"
#define COMPONENT_STEP \
  "{\"type\":\"object\",\"required\":[\"id\",\"name_zh\",\"name_en\",\"fields\"],\"properties\":{\"id\":" \
  S_TEXT ",\"name_zh\":" S_TEXT ",\"name_en\":" S_TEXT ",\"side\":" \
  S_BOOL ",\"visit\":" S_BOOL ",\"opens\":" S_TEXT_NULL ",\"effect\":" S_TEXT_NULL ",\"roles\":" S_LIST(S_TEXT) ",\"fields\":{\"type\":\"array\",\"items\":" S_REF("KindField") "}}}"
#define SCHEMA_ORDER \
  S_REF("OrderSummary")
#define SCHEMA_ORDER_LIST \
  "{\"type\":\"object\",\"required\":[\"items\",\"next\"],\"properties\":{\"items\":{\"type\":\"array\"," \
  "\"items\":" S_REF("OrderSummary") "},\"next\":" S_TEXT_NULL "}}"
#define SCHEMA_ACCEPT \
  "{\"type\":\"object\",\"required\":[\"kind\"],\"properties\":{\"kind\":{\"type\":\"string\",\"maxLength\":64," \
  "\"format\":\"code\"},\"customer_id\":{\"type\":[\"string\",\"null\"],\"format\":\"id\"}," \
  "\"caller_phone\":{\"type\":[\"string\",\"null\"],\"maxLength\":32},\"caller_name\":{\"type\":[\"string\",\"null\"]," \
  "\"maxLength\":60},\"what\":{\"type\":\"string\",\"maxLength\":64},\"description\":{\"type\":[\"string\",\"null\"]," \
  "\"maxLength\":2000},\"urgency\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":2},\"source\":{\"type\":[\"string\"," \
  "\"null\"],\"maxLength\":32,\"format\":\"code\"},\"fields\":{\"type\":[\"object\",\"null\"],\"additionalProperties\":true}}}"
#define SCHEMA_STEP \
  "{\"type\":\"object\",\"required\":[\"step\",\"version\"],\"properties\":{\"step\":{\"type\":\"string\"," \
  "\"maxLength\":64,\"format\":\"code\"},\"version\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":2147483647}," \
  "\"fields\":{\"type\":[\"object\",\"null\"],\"additionalProperties\":true},\"done_at\":" S_TIME_NULL "}}"
#define SCHEMA_PAGE \
  "{\"type\":\"object\",\"required\":[\"id\",\"number\",\"kind\",\"state\",\"clocks\",\"history\",\"steps\",\"links\"," \
  "\"fields\"],\"properties\":{" SUMMARY_PROPERTIES ",\"closed_at\":" S_TIME_NULL ",\"open\":" \
  S_BOOL ",\"clocks\":{\"type\":\"array\",\"items\":" \
  S_REF("OrderClock") "},\"history\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"seq\",\"at\"," \
  "\"actor\",\"kind\"],\"properties\":{\"seq\":" S_WHOLE ",\"at\":" S_TIME ",\"actor\":" \
  S_TEXT ",\"received_at\":" S_TIME_NULL ",\"actor_name\":" S_TEXT_NULL ",\"kind\":" S_TEXT ",\"step\":" S_TEXT_NULL ",\"branch\":" \
  S_TEXT_NULL ",\"name_zh\":" S_TEXT ",\"name_en\":" S_TEXT ",\"from\":" S_TEXT_NULL ",\"to\":" \
  S_TEXT_NULL ",\"note\":" S_TEXT_NULL ",\"clock\":" S_TEXT_NULL ",\"mark\":" S_WHOLE_NULL ",\"outage\":" \
  S_TEXT_NULL ",\"fields\":{\"type\":\"object\"}}}},\"fields\":{\"type\":\"object\"},\"description\":" \
  S_TEXT_NULL ",\"source\":" S_TEXT_NULL ",\"outcome\":" S_TEXT_NULL ",\"caller_name\":" \
  S_TEXT_NULL ",\"caller_phone\":" S_TEXT_NULL ",\"visits\":{\"type\":\"object\",\"properties\":{\"count\":" S_WHOLE ",\"most\":" S_WHOLE "}},\"repeated\":" S_BOOL \
  ",\"names\":{\"type\":\"object\",\"description\":\"what ids on this page are called: staff, parts of the organisation, orders\"},\"account\":" ARREARS_SCHEMA ",\"rule_version\":" S_TEXT ",\"children\":" S_LIST(S_REF("OrderSummary")) ",\"merged\":" S_LIST(S_REF("OrderSummary")) \
  ",\"attachments\":" S_LIST("{\"type\":\"object\",\"properties\":{\"id\":" S_ID ",\"type\":" S_TEXT ",\"bytes\":" S_WHOLE ",\"at\":" S_TIME \
  ",\"by\":" S_TEXT_NULL "}}") ",\"steps\":{\"type\":\"array\",\"items\":" \
  S_REF("KindStep") "},\"links\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"kind\":" \
  S_TEXT ",\"id\":" S_ID ",\"label\":" S_TEXT_NULL "}}}}}"
#define SCHEMA_KINDS \
  "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":{\"type\":\"array\"," \
  "\"items\":{\"type\":\"object\",\"required\":[\"id\",\"states\",\"steps\",\"form\"]," \
  "\"properties\":{" ORIGIN_PROPERTIES ",\"group\":" S_TEXT_NULL ",\"public\":" S_BOOL ",\"guide_zh\":" S_TEXT_NULL ",\"guide_en\":" S_TEXT_NULL \
  ",\"visits_most\":" S_WHOLE ",\"repeat_calls\":" S_WHOLE ",\"repeat_days\":" S_WHOLE ",\"opened_by\":" S_LIST(S_TEXT) ",\"form\":{\"type\":\"array\",\"items\":" \
  S_REF("KindField") "},\"states\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"id\":" \
  S_TEXT ",\"name_zh\":" S_TEXT ",\"name_en\":" S_TEXT ",\"ladder\":" S_TEXT ",\"final\":" \
  S_BOOL "}}},\"steps\":{\"type\":\"array\",\"items\":" \
  S_REF("KindStep") "},\"clocks\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"id\":" \
  S_TEXT ",\"name_zh\":" S_TEXT ",\"name_en\":" S_TEXT ",\"promise\":" S_TEXT ",\"urban_s\":" S_WHOLE ",\"rural_s\":" S_WHOLE ",\"remote_s\":" S_WHOLE ",\"day_s\":" S_WHOLE "}}}}}}}}"
#define ONE_PROMISE(more) \
  "{\"type\":\"object\",\"properties\":{" ORIGIN_PROPERTIES ",\"calendar\":" S_TEXT ",\"in_force\":" S_BOOL ",\"judged\":" \
  S_TEXT ",\"urban_s\":" S_WHOLE ",\"rural_s\":" S_WHOLE ",\"remote_s\":" S_WHOLE ",\"day_s\":" S_WHOLE ",\"marks\":" S_LIST(S_WHOLE) more "}}"
#define SCHEMA_PROMISES "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":" S_LIST(ONE_PROMISE("")) "}}"
#define SCHEMA_RULES \
  "{\"type\":\"object\",\"required\":[\"region\",\"book\",\"promises\",\"kinds\",\"calendars\"],\"properties\":{\"region\":" S_TEXT ",\"as_of\":" S_TEXT_NULL \
  ",\"book\":" S_ID ",\"promises\":" S_LIST(ONE_PROMISE(",\"used_by\":" S_LIST(S_TEXT))) \
  ",\"kinds\":" S_LIST("{\"type\":\"object\",\"properties\":{" ORIGIN_PROPERTIES ",\"group\":" S_TEXT_NULL ",\"running\":" S_WHOLE ",\"running_older\":" S_WHOLE "}}") \
  ",\"calendars\":" S_LIST("{\"type\":\"object\",\"properties\":{" ORIGIN_PROPERTIES "}}") \
  ",\"survey\":{\"type\":[\"object\",\"null\"],\"properties\":{" ORIGIN_PROPERTIES ",\"days\":" S_WHOLE ",\"dimensions\":" S_DIMENSIONS "}}}}"
#define S_NAMED "\"id\":" S_TEXT ",\"name_zh\":" S_TEXT ",\"name_en\":" S_TEXT
#define S_DIMENSIONS S_LIST("{\"type\":\"object\",\"properties\":{" S_NAMED "}}")
#define SCHEMA_ATTACHMENT "{\"type\":\"object\",\"required\":[\"id\"],\"properties\":{\"id\":" S_ID ",\"type\":" S_TEXT ",\"bytes\":" S_WHOLE "}}"
#define SCHEMA_LINK "{\"type\":\"object\",\"required\":[\"token\"],\"properties\":{\"token\":" S_TEXT ",\"path\":" S_TEXT ",\"expires\":" S_TIME "}}"
#define SCHEMA_SURVEY \
  "{\"type\":\"object\",\"required\":[\"state\"],\"properties\":{\"state\":{\"type\":\"string\",\"enum\":[\"open\",\"used\",\"expired\",\"ended\"]}," \
  "\"number\":" S_TEXT_NULL ",\"kind_zh\":" S_TEXT_NULL ",\"kind_en\":" S_TEXT_NULL ",\"expires\":" S_TIME ",\"dimensions\":" S_DIMENSIONS "}}"
#define SCHEMA_SURVEY_ANSWER \
  "{\"type\":\"object\",\"required\":[\"answer\"],\"properties\":{\"answer\":{\"type\":\"string\",\"enum\":[\"satisfied\",\"dissatisfied\"]}," \
  "\"anonymous\":" S_BOOL ",\"note\":{\"type\":[\"string\",\"null\"],\"maxLength\":500},\"scores\":{\"type\":[\"object\",\"null\"],\"additionalProperties\":" \
  "{\"type\":\"integer\",\"minimum\":1,\"maximum\":5}}}}"
#define SCHEMA_THANKS "{\"type\":\"object\",\"required\":[\"taken\"],\"properties\":{\"taken\":" S_BOOL "}}"
#define SCHEMA_FUND_IN \
  "{\"type\":\"object\",\"required\":[\"amount_fen\",\"note\"],\"properties\":{\"amount_fen\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000000000000}," \
  "\"note\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":200}}}"
#define SCHEMA_FUND \
  "{\"type\":\"object\",\"required\":[\"balance_fen\",\"items\"],\"properties\":{\"balance_fen\":" S_WHOLE ",\"items\":" S_LIST("{\"type\":\"object\",\"properties\":" \
  "{\"id\":" S_ID ",\"at\":" S_TIME ",\"order_id\":" S_ID_NULL ",\"amount_fen\":" S_WHOLE ",\"balance_fen\":" S_WHOLE ",\"note\":" S_TEXT_NULL "}}") "}}"
#define SCHEMA_TRANSFER \
  "{\"type\":\"object\",\"required\":[\"customer_number\",\"registry_number\",\"new_owner\",\"new_phone\",\"sold_on\"],\"properties\":{" \
  "\"customer_number\":{\"type\":\"string\",\"minLength\":4,\"maxLength\":32},\"registry_number\":{\"type\":\"string\",\"minLength\":4,\"maxLength\":60}," \
  "\"new_owner\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":60},\"new_phone\":{\"type\":\"string\",\"format\":\"phone\"},\"sold_on\":{\"type\":\"string\"," \
  "\"format\":\"date\"}}}"
#define S_FIGURE \
  "{\"type\":\"object\",\"required\":[\"id\",\"n\",\"of\"],\"properties\":{" S_NAMED ",\"n\":" S_WHOLE ",\"of\":" S_WHOLE ",\"rate\":" S_NUMBER_NULL ",\"total\":" S_NUMBER \
  ",\"year_before\":{\"type\":\"object\",\"properties\":{\"n\":" S_WHOLE ",\"of\":" S_WHOLE ",\"rate\":" S_NUMBER_NULL ",\"total\":" S_NUMBER "}}}}"
#define SCHEMA_FIGURES \
  "{\"type\":\"object\",\"required\":[\"from_day\",\"to_day\",\"items\"],\"properties\":{\"from_day\":" S_WHOLE ",\"to_day\":" S_WHOLE ",\"items\":" \
  S_LIST("{\"type\":\"object\",\"properties\":{\"kind\":" S_TEXT ",\"name_zh\":" S_TEXT ",\"name_en\":" S_TEXT ",\"group\":" S_TEXT_NULL ",\"figures\":" S_LIST(S_FIGURE) "}}") "}}"
#define S_SATISFIED \
  "{\"type\":\"object\",\"properties\":{\"answers\":" S_WHOLE ",\"satisfied\":" S_WHOLE ",\"rate\":" S_NUMBER_NULL ",\"hidden\":" S_BOOL ",\"dimensions\":" \
  S_LIST("{\"type\":\"object\",\"properties\":{" S_NAMED ",\"answers\":" S_WHOLE ",\"average\":" S_NUMBER_NULL "}}") "}}"
#define SCHEMA_SATISFACTION "{\"type\":\"object\",\"properties\":{\"named\":" S_SATISFIED ",\"anonymous\":" S_SATISFIED "}}"
#define SCHEMA_COUNTS \
  "{\"type\":\"object\",\"required\":[\"open\",\"amber\",\"broken\",\"callbacks\",\"by_ladder\",\"by_state\"]," \
  "\"properties\":{\"open\":" S_WHOLE ",\"calls_10min\":" S_WHOLE ",\"amber\":" S_WHOLE ",\"broken\":" \
  S_WHOLE ",\"callbacks\":" S_WHOLE ",\"by_ladder\":{\"type\":\"object\",\"additionalProperties\":" \
  S_WHOLE "},\"by_state\":{\"type\":\"object\",\"additionalProperties\":" S_WHOLE "}}}"
#define SCHEMA_CALLBACKS \
  "{\"type\":\"object\",\"required\":[\"items\",\"next\"],\"properties\":{\"items\":{\"type\":\"array\"," \
  "\"items\":{\"type\":\"object\",\"required\":[\"order_id\",\"order_version\",\"number\"]," \
  "\"properties\":{\"order_id\":" S_ID ",\"order_version\":" S_WHOLE ",\"number\":" \
  S_TEXT ",\"customer\":" S_REF("OrderCustomer") ",\"address\":" S_TEXT_NULL ",\"restored_at\":" \
  S_TIME_NULL ",\"since\":" S_TIME_NULL ",\"outage_id\":" S_ID_NULL ",\"tries\":" S_WHOLE ",\"due\":" \
  S_TIME_NULL "}}},\"next\":" S_TEXT_NULL "}}"

#define SUM_PROPERTIES \
  "\"measured\":" S_WHOLE ",\"kept\":" S_WHOLE ",\"broken\":" S_WHOLE ",\"rate\":" \
  S_NUMBER_NULL ",\"average_s\":" S_NUMBER_NULL ""
#define SCHEMA_BOARD \
  "{\"type\":\"object\",\"required\":[\"from_day\",\"to_day\",\"items\"],\"properties\":{\"from_day\":" \
  S_WHOLE ",\"to_day\":" \
  S_WHOLE ",\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"id\",\"measured\",\"kept\"," \
  "\"broken\"],\"properties\":{\"id\":" S_TEXT ",\"name_zh\":" S_TEXT ",\"name_en\":" \
  S_TEXT ",\"source\":" S_TEXT ",\"source_zh\":" S_TEXT ",\"rule_version\":" S_TEXT ",\"judged\":" \
  S_TEXT ",\"kept_as_a_whole\":" S_BOOL "," SUM_PROPERTIES ",\"running\":" S_WHOLE ",\"in_danger\":" \
  S_WHOLE ",\"broken_now\":" \
  S_WHOLE ",\"areas\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"area\":" \
  S_TEXT ",\"limit_s\":" S_WHOLE "," \
  SUM_PROPERTIES "}}},\"parts\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"org_id\":" \
  S_ID ",\"name\":" S_TEXT "," SUM_PROPERTIES "}}},\"year_before\":{\"type\":\"object\",\"properties\":{" \
  SUM_PROPERTIES "}}}}}}}"
#define SCHEMA_BROKEN \
  "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":{\"type\":\"array\"," \
  "\"items\":{\"type\":\"object\",\"properties\":{\"order_id\":" S_ID ",\"number\":" S_TEXT ",\"org_id\":" \
  S_ID_NULL ",\"clock\":" S_TEXT ",\"started\":" S_TIME ",\"ended\":" S_TIME ",\"used_s\":" \
  S_WHOLE ",\"limit_s\":" S_WHOLE "}}}}}"

#endif
