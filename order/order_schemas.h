/* What the order room's routes take and give (JSON Schema, the part http/schema.h knows). */
#ifndef ORDER_SCHEMAS_H
#define ORDER_SCHEMAS_H

#define TEXT_VALUE "{\"type\":\"string\"}"
#define TEXT_OR_NULL "{\"type\":[\"string\",\"null\"]}"
#define ID_VALUE "{\"type\":\"string\",\"format\":\"id\"}"
#define ID_OR_NULL "{\"type\":[\"string\",\"null\"],\"format\":\"id\"}"
#define TIME_VALUE "{\"type\":\"string\",\"format\":\"date-time\"}"
#define TIME_OR_NULL "{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}"
#define WHOLE_VALUE "{\"type\":\"integer\"}"
#define WHOLE_OR_NULL "{\"type\":[\"integer\",\"null\"]}"
#define NUMBER_VALUE "{\"type\":\"number\"}"
#define NUMBER_OR_NULL "{\"type\":[\"number\",\"null\"]}"
#define BOOL_VALUE "{\"type\":\"boolean\"}"
#define COMPONENT(name) "{\"$ref\":\"#/components/schemas/" name "\"}"

#define SUMMARY_PROPERTIES \
  "\"id\":" ID_VALUE ",\"number\":" TEXT_VALUE ",\"kind\":" TEXT_VALUE ",\"state\":" TEXT_VALUE ",\"ladder\":" \
  TEXT_VALUE ",\"customer\":" COMPONENT("OrderCustomer") ",\"address\":" TEXT_OR_NULL ",\"lon\":" \
  NUMBER_OR_NULL ",\"lat\":" NUMBER_OR_NULL ",\"device_id\":" ID_OR_NULL ",\"device_index\":" \
  WHOLE_OR_NULL ",\"outage_id\":" ID_OR_NULL ",\"crew_id\":" ID_OR_NULL ",\"assignee_id\":" \
  ID_OR_NULL ",\"parent_id\":" ID_OR_NULL ",\"org_id\":" ID_OR_NULL ",\"at\":" TIME_VALUE ",\"state_since\":" \
  TIME_VALUE ",\"nearest_clock\":" COMPONENT("OrderClock") ",\"what\":" TEXT_OR_NULL ",\"urgency\":" \
  WHOLE_VALUE ",\"calls\":" WHOLE_VALUE ",\"reopened\":" WHOLE_VALUE ",\"suspended\":" BOOL_VALUE ",\"version\":" \
  WHOLE_VALUE ""
#define ORIGIN_PROPERTIES \
  "\"id\":" TEXT_VALUE ",\"name_zh\":" TEXT_VALUE ",\"name_en\":" TEXT_VALUE ",\"rule_version\":" \
  TEXT_VALUE ",\"source\":" TEXT_VALUE ",\"strength\":" TEXT_VALUE ",\"region\":" TEXT_VALUE ",\"from\":" \
  TEXT_VALUE ",\"until\":" TEXT_OR_NULL ""

#define COMPONENT_CLOCK \
  "{\"type\":[\"object\",\"null\"],\"required\":[\"id\",\"state\",\"due\"],\"properties\":{\"id\":" \
  TEXT_VALUE ",\"name_zh\":" TEXT_VALUE ",\"name_en\":" \
  TEXT_VALUE ",\"state\":{\"type\":\"string\",\"enum\":[\"running\",\"paused\",\"kept\",\"broken\",\"cancelled\"]}," \
  "\"started\":" TIME_OR_NULL ",\"due\":" TIME_OR_NULL ",\"amber_at\":" TIME_OR_NULL ",\"ended\":" \
  TIME_OR_NULL ",\"limit_s\":" WHOLE_VALUE ",\"used_s\":" WHOLE_VALUE ",\"run\":" WHOLE_VALUE ",\"promise\":" \
  TEXT_VALUE ",\"promise_version\":" TEXT_VALUE ",\"source\":" \
  TEXT_VALUE ",\"judged\":{\"type\":\"string\",\"enum\":[\"each\",\"average\"]}}}"
#define COMPONENT_CUSTOMER \
  "{\"type\":[\"object\",\"null\"],\"properties\":{\"id\":" ID_VALUE ",\"number\":" TEXT_OR_NULL ",\"name\":" \
  TEXT_OR_NULL ",\"phone\":" TEXT_OR_NULL "}}"
#define COMPONENT_SUMMARY \
  "{\"type\":\"object\",\"required\":[\"id\",\"number\",\"kind\",\"state\",\"ladder\",\"version\"]," \
  "\"properties\":{" SUMMARY_PROPERTIES "}}"
#define COMPONENT_FIELD \
  "{\"type\":\"object\",\"required\":[\"id\",\"name_zh\",\"name_en\",\"type\",\"required\"],\"properties\":{\"id\":" \
  TEXT_VALUE ",\"name_zh\":" TEXT_VALUE ",\"name_en\":" TEXT_VALUE ",\"type\":" TEXT_VALUE ",\"required\":" \
  BOOL_VALUE ",\"least\":" NUMBER_VALUE ",\"most\":" \
  NUMBER_VALUE ",\"choices\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"id\":" \
  TEXT_VALUE ",\"name_zh\":" TEXT_VALUE ",\"name_en\":" TEXT_VALUE "}}}}}"
#define COMPONENT_STEP \
  "{\"type\":\"object\",\"required\":[\"id\",\"name_zh\",\"name_en\",\"fields\"],\"properties\":{\"id\":" \
  TEXT_VALUE ",\"name_zh\":" TEXT_VALUE ",\"name_en\":" TEXT_VALUE ",\"side\":" \
  BOOL_VALUE ",\"fields\":{\"type\":\"array\",\"items\":" COMPONENT("KindField") "}}}"
#define SCHEMA_ORDER \
  COMPONENT("OrderSummary")
#define SCHEMA_ORDER_LIST \
  "{\"type\":\"object\",\"required\":[\"items\",\"next\"],\"properties\":{\"items\":{\"type\":\"array\"," \
  "\"items\":" COMPONENT("OrderSummary") "},\"next\":" TEXT_OR_NULL "}}"
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
  "\"fields\":{\"type\":[\"object\",\"null\"],\"additionalProperties\":true}}}"
#define SCHEMA_PAGE \
  "{\"type\":\"object\",\"required\":[\"id\",\"number\",\"kind\",\"state\",\"clocks\",\"history\",\"steps\",\"links\"," \
  "\"fields\"],\"properties\":{" SUMMARY_PROPERTIES ",\"closed_at\":" TIME_OR_NULL ",\"open\":" \
  BOOL_VALUE ",\"clocks\":{\"type\":\"array\",\"items\":" \
  COMPONENT("OrderClock") "},\"history\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"seq\",\"at\"," \
  "\"actor\",\"kind\"],\"properties\":{\"seq\":" WHOLE_VALUE ",\"at\":" TIME_VALUE ",\"actor\":" \
  TEXT_VALUE ",\"actor_name\":" TEXT_OR_NULL ",\"kind\":" TEXT_VALUE ",\"step\":" TEXT_OR_NULL ",\"branch\":" \
  TEXT_OR_NULL ",\"name_zh\":" TEXT_VALUE ",\"name_en\":" TEXT_VALUE ",\"from\":" TEXT_OR_NULL ",\"to\":" \
  TEXT_OR_NULL ",\"note\":" TEXT_OR_NULL ",\"clock\":" TEXT_OR_NULL ",\"mark\":" WHOLE_OR_NULL ",\"outage\":" \
  TEXT_OR_NULL ",\"fields\":{\"type\":\"object\"}}}},\"fields\":{\"type\":\"object\"},\"description\":" \
  TEXT_OR_NULL ",\"source\":" TEXT_OR_NULL ",\"outcome\":" TEXT_OR_NULL ",\"caller_name\":" \
  TEXT_OR_NULL ",\"caller_phone\":" TEXT_OR_NULL ",\"steps\":{\"type\":\"array\",\"items\":" \
  COMPONENT("KindStep") "},\"links\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"kind\":" \
  TEXT_VALUE ",\"id\":" ID_VALUE ",\"label\":" TEXT_OR_NULL "}}}}}"
#define SCHEMA_KINDS \
  "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":{\"type\":\"array\"," \
  "\"items\":{\"type\":\"object\",\"required\":[\"id\",\"states\",\"steps\",\"form\"]," \
  "\"properties\":{" ORIGIN_PROPERTIES ",\"form\":{\"type\":\"array\",\"items\":" \
  COMPONENT("KindField") "},\"states\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"id\":" \
  TEXT_VALUE ",\"name_zh\":" TEXT_VALUE ",\"name_en\":" TEXT_VALUE ",\"ladder\":" TEXT_VALUE ",\"final\":" \
  BOOL_VALUE "}}},\"steps\":{\"type\":\"array\",\"items\":" \
  COMPONENT("KindStep") "},\"clocks\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"id\":" \
  TEXT_VALUE ",\"name_zh\":" TEXT_VALUE ",\"name_en\":" TEXT_VALUE ",\"promise\":" TEXT_VALUE "}}}}}}}}"
#define SCHEMA_PROMISES \
  "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":{\"type\":\"array\"," \
  "\"items\":{\"type\":\"object\",\"properties\":{" ORIGIN_PROPERTIES ",\"calendar\":" TEXT_VALUE ",\"judged\":" \
  TEXT_VALUE ",\"urban_s\":" WHOLE_VALUE ",\"rural_s\":" WHOLE_VALUE ",\"remote_s\":" \
  WHOLE_VALUE ",\"marks\":{\"type\":\"array\",\"items\":" WHOLE_VALUE "}}}}}}"
#define SCHEMA_COUNTS \
  "{\"type\":\"object\",\"required\":[\"open\",\"amber\",\"broken\",\"callbacks\",\"by_ladder\",\"by_state\"]," \
  "\"properties\":{\"open\":" WHOLE_VALUE ",\"calls_10min\":" WHOLE_VALUE ",\"amber\":" WHOLE_VALUE ",\"broken\":" \
  WHOLE_VALUE ",\"callbacks\":" WHOLE_VALUE ",\"by_ladder\":{\"type\":\"object\",\"additionalProperties\":" \
  WHOLE_VALUE "},\"by_state\":{\"type\":\"object\",\"additionalProperties\":" WHOLE_VALUE "}}}"
#define SCHEMA_CALLBACKS \
  "{\"type\":\"object\",\"required\":[\"items\",\"next\"],\"properties\":{\"items\":{\"type\":\"array\"," \
  "\"items\":{\"type\":\"object\",\"required\":[\"order_id\",\"order_version\",\"number\"]," \
  "\"properties\":{\"order_id\":" ID_VALUE ",\"order_version\":" WHOLE_VALUE ",\"number\":" \
  TEXT_VALUE ",\"customer\":" COMPONENT("OrderCustomer") ",\"address\":" TEXT_OR_NULL ",\"restored_at\":" \
  TIME_OR_NULL ",\"since\":" TIME_OR_NULL ",\"outage_id\":" ID_OR_NULL ",\"tries\":" WHOLE_VALUE ",\"due\":" \
  TIME_OR_NULL "}}},\"next\":" TEXT_OR_NULL "}}"

#define SUM_PROPERTIES \
  "\"measured\":" WHOLE_VALUE ",\"kept\":" WHOLE_VALUE ",\"broken\":" WHOLE_VALUE ",\"rate\":" \
  NUMBER_OR_NULL ",\"average_s\":" NUMBER_OR_NULL ""
#define SCHEMA_BOARD \
  "{\"type\":\"object\",\"required\":[\"from_day\",\"to_day\",\"items\"],\"properties\":{\"from_day\":" \
  WHOLE_VALUE ",\"to_day\":" \
  WHOLE_VALUE ",\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"id\",\"measured\",\"kept\"," \
  "\"broken\"],\"properties\":{\"id\":" TEXT_VALUE ",\"name_zh\":" TEXT_VALUE ",\"name_en\":" \
  TEXT_VALUE ",\"source\":" TEXT_VALUE ",\"rule_version\":" TEXT_VALUE ",\"judged\":" \
  TEXT_VALUE ",\"kept_as_a_whole\":" BOOL_VALUE "," SUM_PROPERTIES ",\"running\":" WHOLE_VALUE ",\"in_danger\":" \
  WHOLE_VALUE ",\"broken_now\":" \
  WHOLE_VALUE ",\"areas\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"area\":" \
  TEXT_VALUE ",\"limit_s\":" WHOLE_VALUE "," \
  SUM_PROPERTIES "}}},\"parts\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"org_id\":" \
  ID_VALUE ",\"name\":" TEXT_VALUE "," SUM_PROPERTIES "}}},\"year_before\":{\"type\":\"object\",\"properties\":{" \
  SUM_PROPERTIES "}}}}}}}"
#define SCHEMA_BROKEN \
  "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":{\"type\":\"array\"," \
  "\"items\":{\"type\":\"object\",\"properties\":{\"order_id\":" ID_VALUE ",\"number\":" TEXT_VALUE ",\"org_id\":" \
  ID_OR_NULL ",\"clock\":" TEXT_VALUE ",\"started\":" TIME_VALUE ",\"ended\":" TIME_VALUE ",\"used_s\":" \
  WHOLE_VALUE ",\"limit_s\":" WHOLE_VALUE "}}}}}"

#endif
