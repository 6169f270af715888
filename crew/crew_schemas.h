/* What the crew room's routes take and give (JSON Schema, the part http/schema.h knows). */
#ifndef CREW_SCHEMAS_H
#define CREW_SCHEMAS_H

#include "http/schema_words.h"

#define TAKES(required, properties) "{\"type\":\"object\",\"required\":[" required "],\"properties\":{" properties "}}"

#define S_NAMED_NULL "{\"type\":[\"object\",\"null\"],\"required\":[\"id\",\"name\"],\"properties\":{\"id\":" S_ID ",\"name\":" S_TEXT "}}"
#define COMPONENT_CREW                                                                                                                       \
  "{\"type\":\"object\",\"required\":[\"id\",\"name\",\"state\",\"version\"],\"properties\":{\"id\":" S_ID ",\"name\":" S_TEXT ",\"org\":"         \
  S_NAMED_NULL ",\"lon\":" S_NUMBER_NULL ",\"lat\":" S_NUMBER_NULL ",\"heading\":" S_NUMBER_NULL ",\"placed_at\":" S_TIME_NULL ",\"skills\":"       \
  S_LIST(S_TEXT) ",\"members\":" S_WHOLE ",\"shift\":{\"type\":\"object\",\"properties\":{\"from\":" S_TEXT ",\"until\":" S_TEXT ",\"on\":" S_BOOL  \
  "}},\"state\":{\"type\":\"string\",\"enum\":[\"free\",\"assigned\",\"on_the_way\",\"on_site\",\"working\",\"off\"]},\"outage_id\":" S_ID_NULL      \
  ",\"job_id\":" S_ID_NULL ",\"phone\":" S_TEXT ",\"trail\":" S_LIST("{\"type\":\"array\"}") ",\"version\":" S_WHOLE "}}"
#define COMPONENT_JOB_STEP                                                                                                                   \
  "{\"type\":\"object\",\"required\":[\"id\",\"name_zh\",\"name_en\",\"safety\",\"required\"],\"properties\":{\"id\":" S_TEXT ",\"name_zh\":"       \
  S_TEXT ",\"name_en\":" S_TEXT ",\"safety\":" S_BOOL ",\"required\":" S_BOOL ",\"done_at\":" S_TIME_NULL ",\"by\":" S_ID_NULL ",\"fields\":"        \
  S_LIST("{\"type\":\"object\",\"required\":[\"id\",\"name_zh\",\"name_en\",\"type\",\"required\"],\"properties\":{\"id\":" S_TEXT ",\"name_zh\":"  \
         S_TEXT ",\"name_en\":" S_TEXT ",\"type\":" S_TEXT ",\"required\":" S_BOOL ",\"choices\":"                                                \
         S_LIST("{\"type\":\"object\",\"properties\":{\"id\":" S_TEXT ",\"name_zh\":" S_TEXT ",\"name_en\":" S_TEXT "}}") "}}") "}}"
#define COMPONENT_JOB                                                                                                                        \
  "{\"type\":\"object\",\"required\":[\"id\",\"outage\",\"crew\",\"state\",\"steps\",\"next\",\"materials\",\"version\"],\"properties\":{\"id\":"  \
  S_ID ",\"outage\":{\"type\":[\"object\",\"null\"],\"additionalProperties\":true},\"outage_id\":" S_ID ",\"crew\":" S_NAMED_NULL ",\"state\":"       \
  S_TEXT ",\"cause\":" S_TEXT_NULL ",\"cause_zh\":" S_TEXT_NULL ",\"cause_en\":" S_TEXT_NULL ",\"assigned_at\":" S_TIME ",\"arrived_at\":"           \
  S_TIME_NULL ",\"restored_at\":" S_TIME_NULL ",\"closed_at\":" S_TIME_NULL ",\"eta_from\":" S_TIME_NULL ",\"eta_until\":" S_TIME_NULL               \
  ",\"steps\":" S_LIST(S_REF("JobStep")) ",\"side\":" S_LIST(S_REF("JobStep")) ",\"next\":" S_TEXT_NULL ",\"usual_materials\":" S_LIST(S_TEXT)       \
  ",\"materials\":" S_LIST("{\"type\":\"object\",\"properties\":{\"id\":" S_ID ",\"item\":" S_TEXT ",\"quantity\":" S_WHOLE ",\"unit\":" S_TEXT     \
                         ",\"org_name\":" S_TEXT_NULL ",\"state\":" S_TEXT ",\"at\":" S_TIME "}}")                                               \
  ",\"finding\":" S_TEXT_NULL ",\"note\":" S_TEXT_NULL ",\"version\":" S_WHOLE "}}"

#define SCHEMA_CREWS "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":" S_LIST(S_REF("Crew")) ",\"next\":" S_TEXT_NULL "}}"
#define SCHEMA_PROPOSALS                                                                                                                     \
  "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":"                                                                  \
  S_LIST("{\"type\":\"object\",\"required\":[\"crew\",\"able\"],\"properties\":{\"crew\":" S_REF("Crew") ",\"minutes\":" S_NUMBER_NULL             \
         ",\"distance_km\":" S_NUMBER_NULL ",\"why\":" S_TEXT ",\"why_zh\":" S_TEXT ",\"why_en\":" S_TEXT ",\"able\":" S_BOOL ",\"planned\":" S_BOOL ",\"place\":" S_WHOLE ",\"due_kept\":" S_BOOL "}}") "}}"
#define SCHEMA_JOB S_REF("Job")
#define SCHEMA_JOBS "{\"type\":\"object\",\"required\":[\"items\",\"next\"],\"properties\":{\"items\":" S_LIST(S_REF("Job")) ",\"next\":" S_TEXT_NULL "}}"
#define SCHEMA_STOCK                                                                                                                         \
  "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":"                                                                  \
  S_LIST("{\"type\":\"object\",\"properties\":{\"id\":" S_ID ",\"item\":" S_TEXT ",\"unit\":" S_TEXT ",\"quantity\":" S_WHOLE ",\"org_id\":"       \
         S_ID_NULL ",\"org_name\":" S_TEXT_NULL ",\"distance_km\":" S_NUMBER_NULL "}}") ",\"next\":" S_TEXT_NULL "}}"

#define TAKES_ASSIGN TAKES("\"crew_id\",\"version\"", "\"crew_id\":" S_KEY ",\"version\":" S_VERSION)
#define TAKES_UNASSIGN TAKES("\"version\"", "\"version\":" S_VERSION ",\"reason\":{\"type\":[\"string\",\"null\"],\"maxLength\":500}")
#define TAKES_STEP                                                                                                                           \
  TAKES("\"step\",\"version\"", "\"step\":{\"type\":\"string\",\"maxLength\":64,\"format\":\"code\"},\"version\":" S_VERSION ",\"done_at\":" S_TIME_NULL                        \
        ",\"fields\":{\"type\":[\"object\",\"null\"],\"properties\":{\"cause\":{\"type\":[\"string\",\"null\"],\"maxLength\":60},\"eta_from\":"     \
        S_TIME_NULL ",\"eta_until\":" S_TIME_NULL ",\"finding\":{\"type\":[\"string\",\"null\"],\"maxLength\":2000},\"reason\":{\"type\":["           \
        "\"string\",\"null\"],\"maxLength\":500},\"note\":{\"type\":[\"string\",\"null\"],\"maxLength\":2000},\"devices\":{\"type\":[\"array\","     \
        "\"null\"],\"maxItems\":500,\"items\":" S_KEY "}}}")
#define TAKES_POSITION                                                                                                                       \
  TAKES("\"lon\",\"lat\"", "\"lon\":{\"type\":\"number\",\"minimum\":-180,\"maximum\":180},\"lat\":{\"type\":\"number\",\"minimum\":-90,"            \
        "\"maximum\":90},\"heading\":{\"type\":[\"number\",\"null\"],\"minimum\":0,\"maximum\":360},\"at\":" S_TIME_NULL)
#define TAKES_MATERIAL                                                                                                                       \
  TAKES("\"item\",\"quantity\"", "\"item\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":100,\"format\":\"line\"},\"quantity\":{\"type\":"    \
        "\"integer\",\"minimum\":1,\"maximum\":1000000},\"org_id\":{\"type\":[\"string\",\"null\"],\"format\":\"id\",\"maxLength\":20}")

#endif
