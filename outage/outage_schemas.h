/* What the outage room's routes take and give (JSON Schema, the part http/schema.h knows). */
#ifndef OUTAGE_SCHEMAS_H
#define OUTAGE_SCHEMAS_H

#include "http/schema_words.h"

#define OUTAGE_SUMMARY_PROPERTIES                                                                                                              \
  "\"id\":" S_ID ",\"number\":" S_TEXT ",\"state\":" S_TEXT ",\"stage\":" S_TEXT ",\"ladder\":" S_TEXT ",\"device\":" S_REF("OutageDevice")      \
  ",\"feeder\":" S_TEXT_NULL ",\"since\":" S_TIME ",\"found_at\":" S_TIME ",\"arrived_at\":" S_TIME_NULL ",\"restored_at\":" S_TIME_NULL           \
  ",\"customers_out\":" S_WHOLE ",\"customers_total\":" S_WHOLE ",\"customers_peak\":" S_WHOLE ",\"important_out\":" S_WHOLE                       \
  ",\"customer_minutes\":" S_WHOLE ",\"households\":" S_WHOLE ",\"calls\":" S_WHOLE ",\"crew\":" S_REF("OutageCrew") ",\"eta\":" S_REF("OutageEta") \
  ",\"cause\":" S_TEXT_NULL ",\"dark\":" S_LIST(S_LIST(S_WHOLE)) ",\"probability\":" S_NUMBER ",\"version\":" S_WHOLE

#define COMPONENT_OUTAGE_DEVICE                                                                                                              \
  "{\"type\":\"object\",\"required\":[\"id\",\"index\",\"kind\",\"name\"],\"properties\":{\"id\":" S_ID ",\"index\":" S_WHOLE ",\"end\":" S_WHOLE \
  ",\"kind\":" S_TEXT ",\"name\":" S_TEXT ",\"lon\":" S_NUMBER_NULL ",\"lat\":" S_NUMBER_NULL ",\"customers\":" S_WHOLE ",\"dark\":" S_BOOL "}}"
#define COMPONENT_OUTAGE_CREW "{\"type\":[\"object\",\"null\"],\"required\":[\"id\",\"name\"],\"properties\":{\"id\":" S_ID ",\"name\":" S_TEXT "}}"
#define COMPONENT_OUTAGE_ETA                                                                                                                 \
  "{\"type\":[\"object\",\"null\"],\"required\":[\"from\",\"until\",\"source\"],\"properties\":{\"from\":" S_TIME ",\"likely\":" S_TIME ",\"until\":" S_TIME \
  ",\"source\":{\"type\":\"string\",\"enum\":[\"crew\",\"dispatcher\",\"estimate\"]},\"at\":" S_TIME ",\"actor\":" S_TEXT ",\"actor_name\":" S_TEXT_NULL "}}"
#define COMPONENT_OUTAGE_SUMMARY                                                                                                             \
  "{\"type\":\"object\",\"required\":[\"id\",\"number\",\"state\",\"ladder\",\"device\",\"customers_out\",\"dark\",\"version\"],\"properties\":{" \
  OUTAGE_SUMMARY_PROPERTIES "}}"
#define S_BILINGUAL "{\"type\":\"object\",\"required\":[\"zh\",\"en\"],\"properties\":{\"zh\":" S_TEXT ",\"en\":" S_TEXT "}}"
#define S_REASON                                                                                                                              \
  "{\"type\":\"object\",\"required\":[\"zh\",\"en\",\"weight\"],\"properties\":{\"zh\":" S_TEXT ",\"en\":" S_TEXT ",\"kind\":" S_TEXT_NULL                  \
  ",\"count\":" S_WHOLE ",\"weight\":" S_NUMBER_NULL "}}"
#define S_EXPLANATION "{\"type\":\"object\",\"required\":[\"for\",\"against\"],\"properties\":{\"for\":" S_LIST(S_REASON) ",\"against\":" S_LIST(S_REASON) "}}"
#define S_ASK                                                                                                                                 \
  "{\"type\":[\"object\",\"null\"],\"required\":[\"customer_id\",\"by_ping\",\"bits\"],\"properties\":{\"customer_id\":" S_ID ",\"name\":" S_TEXT_NULL        \
  ",\"phone\":" S_TEXT_NULL ",\"device\":" S_TEXT_NULL ",\"by_ping\":" S_BOOL ",\"bits\":" S_NUMBER ",\"lon\":" S_NUMBER_NULL ",\"lat\":" S_NUMBER_NULL "}}"
#define S_DEAR                                                                                                                                \
  "{\"type\":\"object\",\"properties\":{\"customer_id\":" S_ID ",\"name\":" S_TEXT_NULL ",\"important\":" S_BOOL ",\"vulnerable\":" S_BOOL "}}"
#define S_BELIEF                                                                                                                              \
  "{\"type\":\"object\",\"required\":[\"probability\",\"class\",\"ask_next\"],\"properties\":{\"probability\":" S_NUMBER ",\"class\":" S_LIST(S_REF("OutageDevice")) \
  ",\"important\":" S_WHOLE ",\"vulnerable\":" S_WHOLE ",\"phases\":" S_TEXT_NULL ",\"ask_next\":" S_ASK ",\"dear\":" S_LIST(S_DEAR) "}}"
#define SCHEMA_POSSIBLE                                                                                                                       \
  "{\"type\":\"object\",\"required\":[\"seq\",\"items\",\"meters_speak\"],\"properties\":{\"seq\":" S_WHOLE ",\"meters_speak\":" S_BOOL ",\"items\":"              \
  S_LIST("{\"type\":\"object\",\"required\":[\"device\",\"probability\",\"customers\",\"ask_next\"],\"properties\":{\"device\":" S_REF("OutageDevice")              \
  ",\"probability\":" S_NUMBER ",\"customers\":" S_WHOLE ",\"important\":" S_WHOLE ",\"vulnerable\":" S_WHOLE ",\"planned\":" S_BOOL ",\"since\":" S_TIME_NULL    \
  ",\"explanation\":" S_EXPLANATION ",\"ask_next\":" S_ASK "}}") "}}"
#define SCHEMA_EVIDENCE                                                                                                                       \
  "{\"type\":\"object\",\"required\":[\"taken\",\"repeated\",\"set_aside\",\"items\"],\"properties\":{\"taken\":" S_WHOLE ",\"repeated\":" S_WHOLE              \
  ",\"set_aside\":" S_WHOLE ",\"items\":" S_LIST("{\"type\":\"object\",\"required\":[\"index\",\"why\"],\"properties\":{\"index\":" S_WHOLE ",\"why\":" S_TEXT      \
  ",\"zh\":" S_TEXT ",\"en\":" S_TEXT "}}") "}}"
#define SCHEMA_SCORE                                                                                                                          \
  "{\"type\":\"object\",\"required\":[\"repairs\",\"estimates\",\"inside\",\"pinball_min\"],\"properties\":{\"repairs\":" S_WHOLE ",\"estimates\":" S_WHOLE      \
  ",\"inside\":" S_NUMBER_NULL ",\"pinball_min\":" S_NUMBER_NULL "}}"
#define SCHEMA_WORD "{\"type\":\"object\",\"required\":[\"device_id\",\"word\"],\"properties\":{\"device_id\":" S_ID ",\"word\":" S_TEXT "}}"

#define SCHEMA_OUTAGE S_REF("OutageSummary")
#define SCHEMA_OUTAGE_LIST "{\"type\":\"object\",\"required\":[\"items\",\"next\"],\"properties\":{\"items\":" S_LIST(S_REF("OutageSummary")) ",\"next\":" S_TEXT_NULL "}}"
#define SCHEMA_OUTAGE_PAGE                                                                                                                    \
  "{\"type\":\"object\",\"required\":[\"id\",\"orders\",\"history\",\"etas\",\"explanation\",\"nested\",\"path\",\"children\",\"candidates\","  \
  "\"job\",\"can\"],\"properties\":{" OUTAGE_SUMMARY_PROPERTIES ",\"orders\":" S_LIST(S_REF("OrderSummary"))                                      \
  ",\"history\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"seq\":" S_WHOLE ",\"at\":" S_TIME ",\"actor\":" S_TEXT            \
  ",\"actor_name\":" S_TEXT_NULL ",\"kind\":" S_TEXT ",\"step\":" S_TEXT_NULL ",\"name_zh\":" S_TEXT ",\"name_en\":" S_TEXT ",\"from\":" S_TEXT_NULL   \
  ",\"to\":" S_TEXT_NULL ",\"note\":" S_TEXT_NULL "}}},\"etas\":" S_LIST(S_REF("OutageEta"))                                                        \
  ",\"explanation\":" S_EXPLANATION ",\"belief\":" S_BELIEF ",\"nested\":"           \
  S_LIST(S_REF("OutageSummary")) ",\"path\":" S_LIST(S_REF("OutageDevice")) ",\"children\":" S_LIST(S_REF("OutageDevice")) ",\"candidates\":"         \
  S_LIST(S_REF("OutageDevice")) ",\"job\":{\"type\":[\"object\",\"null\"],\"properties\":{\"id\":" S_ID "}},\"can\":" S_LIST(S_TEXT)                  \
  ",\"closed_at\":" S_TIME_NULL ",\"merged_into\":" S_ID_NULL "}}"
#define SCHEMA_DARK                                                                                                                           \
  "{\"type\":\"object\",\"required\":[\"seq\",\"ranges\",\"customers\"],\"properties\":{\"seq\":" S_WHOLE ",\"ranges\":" S_LIST(S_LIST(S_WHOLE)) \
  ",\"customers\":" S_WHOLE "}}"
#define SCHEMA_STANDING                                                                                                                       \
  "{\"type\":\"object\",\"required\":[\"known_outage\",\"planned\",\"neighbours\",\"earlier\",\"answered\",\"arrears\",\"relay\",\"belief\",\"say\"],"              \
  "\"properties\":{\"known_outage\":{\"type\":[\"object\",\"null\"],\"properties\":{\"id\":" S_ID ",\"number\":" S_TEXT ",\"status\":" S_TEXT         \
  ",\"device\":" S_TEXT ",\"stage\":" S_TEXT ",\"probability\":" S_NUMBER ",\"since\":" S_TIME ",\"eta\":" S_REF("OutageEta") "}},\"belief\":{\"type\":\"object\",\"properties\":{\"dark\":" S_NUMBER ",\"neighbours_have_power\":" S_BOOL ",\"neighbours_lit\":" S_WHOLE ",\"neighbours_dark\":" S_WHOLE "}},\"say\":" S_BILINGUAL ",\"planned\":{\"type\":\"null\"},\"neighbours\":"                     \
  S_LIST(S_REF("OrderSummary")) ",\"earlier\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"id\":" S_ID ",\"number\":" S_TEXT   \
  ",\"at\":" S_TIME ",\"state\":" S_TEXT ",\"what\":" S_TEXT ",\"ladder\":" S_TEXT "}}},\"answered\":{\"type\":\"object\",\"properties\":{"              \
  "\"outage\":" S_BOOL ",\"planned\":" S_BOOL ",\"arrears\":" S_BOOL ",\"relay\":" S_BOOL ",\"neighbours\":" S_BOOL "}},\"arrears\":" S_TEXT          \
  ",\"account\":" ARREARS_SCHEMA ",\"relay\":" S_TEXT "}}"

#define TAKES(required, properties) "{\"type\":\"object\",\"required\":[" required "],\"properties\":{" properties "}}"
#define TAKES_VERSION TAKES("\"version\"", "\"version\":" S_VERSION)
#define TAKES_DECLARE TAKES("\"device_id\"", "\"device_id\":" S_KEY ",\"cause\":{\"type\":[\"string\",\"null\"],\"maxLength\":60,\"format\":\"line\"}")
#define TAKES_MOVE TAKES("\"version\",\"device_id\"", "\"version\":" S_VERSION ",\"device_id\":" S_KEY)
#define TAKES_SPLIT                                                                                                                          \
  TAKES("\"version\",\"order_ids\"", "\"version\":" S_VERSION ",\"order_ids\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":1000,\"items\":" S_KEY "}")
#define TAKES_MERGE TAKES("\"version\",\"into\"", "\"version\":" S_VERSION ",\"into\":" S_KEY)
#define TAKES_DISMISS TAKES("\"version\"", "\"version\":" S_VERSION ",\"reason\":{\"type\":[\"string\",\"null\"],\"maxLength\":500}")
#define TAKES_ETA                                                                                                                            \
  TAKES("\"version\",\"from\",\"until\"", "\"version\":" S_VERSION ",\"from\":" S_TIME ",\"until\":" S_TIME                                       \
        ",\"source\":{\"type\":[\"string\",\"null\"],\"enum\":[\"dispatcher\",\"estimate\",null]}")
#define TAKES_WORD TAKES("\"device_id\",\"word\"", "\"device_id\":" S_KEY ",\"word\":{\"type\":\"string\",\"enum\":[\"out\",\"sound\",\"judge\"]}")
#define TAKES_SUPPLY TAKES("\"has_power\"", "\"has_power\":" S_BOOL)
#define TAKES_RESTORE                                                                                                                        \
  TAKES("\"version\"", "\"version\":" S_VERSION ",\"devices\":{\"type\":[\"array\",\"null\"],\"maxItems\":500,\"items\":" S_KEY "}")

#endif
