/* What the routes of plan, roster and rounds take and give (JSON Schema, the part http/schema.h knows). */
#ifndef CREW_PLAN_SCHEMAS_H
#define CREW_PLAN_SCHEMAS_H

#include "http/schema_words.h"

#define P(name, of) "\"" name "\":" of
#define OBJECT(required, properties) "{\"type\":\"object\",\"required\":[" required "],\"properties\":{" properties "}}"
#define S_CODE "{\"type\":[\"string\",\"null\"],\"maxLength\":39,\"format\":\"line\"}"
#define S_DAY "{\"type\":\"integer\",\"minimum\":20000101,\"maximum\":21991231}"
#define S_MINUTE "{\"type\":\"integer\",\"minimum\":0,\"maximum\":1440}"
#define S_KEY_NULL "{\"type\":[\"string\",\"null\"],\"format\":\"id\",\"maxLength\":20}"

#define COMPONENT_PLAN_SCORE                                                                                                                 \
  OBJECT("\"assigned\",\"unassigned\",\"due\",\"due_kept\",\"customer_hours\"",                                                               \
         P("assigned", S_WHOLE) "," P("unassigned", S_WHOLE) "," P("due", S_WHOLE) "," P("due_kept", S_WHOLE) "," P("critical", S_WHOLE) ","  \
         P("critical_kept", S_WHOLE) "," P("customer_hours", S_NUMBER_NULL) "," P("late_hours", S_NUMBER_NULL) ","                            \
         P("travel_hours", S_NUMBER_NULL) "," P("overtime_hours", S_NUMBER_NULL) "," P("called_in", S_WHOLE))
#define PLAN_TAKES S_LIST(OBJECT("\"item\",\"quantity\"", P("item", S_TEXT) "," P("quantity", S_NUMBER)))
#define PLAN_STOP                                                                                                                            \
  OBJECT("\"kind\",\"start\",\"finish\"",                                                                                                     \
         P("kind", S_TEXT) "," P("task_id", S_ID_NULL) "," P("travel_minutes", S_NUMBER_NULL) "," P("arrive", S_TIME_NULL) ","                \
         P("start", S_TIME_NULL) "," P("finish", S_TIME_NULL) "," P("takes", PLAN_TAKES) ","                                                  \
         P("store", OBJECT("\"org_id\"", P("org_id", S_ID_NULL) "," P("name", S_TEXT_NULL) "," P("lon", S_NUMBER_NULL) "," P("lat", S_NUMBER_NULL))))
#define PLAN_LANE                                                                                                                            \
  OBJECT("\"crew\",\"stops\"",                                                                                                                \
         P("crew", OBJECT("\"id\",\"name\",\"state\"",                                                                                        \
                          P("id", S_ID) "," P("name", S_TEXT) "," P("org_name", S_TEXT_NULL) "," P("skills", S_TEXT) "," P("members", S_WHOLE) "," \
                          P("state", S_TEXT) "," P("lon", S_NUMBER_NULL) "," P("lat", S_NUMBER_NULL))) ","                                    \
         P("shift_from", S_TIME_NULL) "," P("shift_until", S_TIME_NULL) "," P("standby", S_BOOL) "," P("available", S_BOOL) ","               \
         P("leave", S_TIME_NULL) "," P("end", S_TIME_NULL) "," P("next", S_ID_NULL) "," P("stops", S_LIST(PLAN_STOP)))
#define COMPONENT_PLAN_TASK                                                                                                                  \
  OBJECT("\"id\",\"kind\",\"state\",\"device\",\"customers\"",                                                                                \
         P("id", S_ID) "," P("kind", S_TEXT) "," P("outage_id", S_ID_NULL) "," P("number", S_TEXT_NULL) "," P("device_id", S_ID) ","          \
         P("device", S_TEXT) "," P("device_kind", S_TEXT) "," P("round", S_TEXT_NULL) "," P("lon", S_NUMBER_NULL) "," P("lat", S_NUMBER_NULL) "," \
         P("crew_id", S_ID_NULL) "," P("place", S_WHOLE) "," P("state", S_TEXT) "," P("pinned", S_BOOL) "," P("by_hand", S_BOOL) ","          \
         P("job_id", S_ID_NULL) "," P("due", S_TIME_NULL) "," P("from", S_TIME_NULL) "," P("until", S_TIME_NULL) "," P("arrive", S_TIME_NULL) "," \
         P("finish", S_TIME_NULL) "," P("slack_minutes", S_NUMBER_NULL) "," P("customers", S_WHOLE) "," P("critical", S_WHOLE) ","            \
         P("members", S_WHOLE) "," P("skills", S_LIST(S_TEXT)) "," P("needs", PLAN_TAKES) "," P("reason_zh", S_TEXT) "," P("reason_en", S_TEXT))
#define PLAN_TRAVEL                                                                                                                          \
  P("travel", OBJECT("\"from\"", P("from", "{\"type\":\"string\",\"enum\":[\"line\",\"learned\",\"osrm\"]}") "," P("router", S_BOOL) ","          \
                     P("share", S_NUMBER) "," P("drives", S_WHOLE) "," P("asked_at", S_TIME_NULL) "," P("why", S_TEXT)))
#define PLAN_UNDO_OF "{\"type\":[\"string\",\"null\"],\"enum\":[\"move\",\"accept\",null]}"
#define SCHEMA_PLAN                                                                                                                          \
  OBJECT("\"version\",\"score\",\"lanes\",\"tasks\"",                                                                                         \
         P("version", S_WHOLE) "," P("computed_at", S_TIME_NULL) "," P("now", S_TIME) "," P("undo", S_WHOLE) "," P("undo_of", PLAN_UNDO_OF) "," P("waiting", S_WHOLE) "," P("insert_ms", S_NUMBER) "," \
         P("search_ms", S_NUMBER) "," PLAN_TRAVEL "," P("score", S_REF("PlanScore")) "," P("lanes", S_LIST(PLAN_LANE)) "," P("tasks", S_LIST(S_REF("PlanTask"))))
#define SCHEMA_PLAN_CHANGES                                                                                                                  \
  OBJECT("\"items\"", P("items", S_LIST(OBJECT("\"id\",\"at\",\"text_zh\",\"text_en\"",                                                       \
         P("id", S_ID) "," P("at", S_TIME) "," P("task_id", S_ID) "," P("outage_id", S_ID_NULL) "," P("device", S_TEXT) "," P("from_crew", S_ID_NULL) "," \
         P("to_crew", S_ID_NULL) "," P("by", S_TEXT) "," P("text_zh", S_TEXT) "," P("text_en", S_TEXT)))))
#define SCHEMA_PLAN_DONE OBJECT("\"version\"", P("version", S_WHOLE) "," P("undo", S_WHOLE) "," P("assigned", S_WHOLE) "," P("taken_back", S_WHOLE) "," P("departed", S_WHOLE) "," P("task_id", S_ID_NULL))
#define PLAN_CALLED S_LIST(OBJECT("\"id\",\"name\"", P("id", S_ID) "," P("name", S_TEXT)))
#define SCHEMA_WHAT_IF                                                                                                                       \
  OBJECT("\"before\",\"after\"", P("before", S_REF("PlanScore")) "," P("after", S_REF("PlanScore")) "," P("called", PLAN_CALLED) ","          \
         P("mutual_aid", S_WHOLE) "," P("ms", S_NUMBER))
#define SCHEMA_ADVICE                                                                                                                        \
  OBJECT("\"items\",\"before\"", P("before", S_REF("PlanScore")) "," P("items", S_LIST(OBJECT("\"kind\",\"after\",\"text_zh\",\"text_en\"",   \
         P("kind", S_TEXT) "," P("count", S_WHOLE) "," P("minutes", S_NUMBER) "," P("called", PLAN_CALLED) "," P("after", S_REF("PlanScore")) ","   \
         P("text_zh", S_TEXT) "," P("text_en", S_TEXT)))))

#define TAKES_MOVE                                                                                                                           \
  OBJECT("\"task_id\",\"crew_id\"", P("task_id", S_KEY) "," P("crew_id", S_KEY) "," P("before_id", S_KEY_NULL) "," P("at", S_TIME_NULL))
#define TAKES_NOTHING "{\"type\":\"object\",\"properties\":{}}"
#define TAKES_ACCEPT OBJECT("", P("task_id", S_KEY_NULL))
#define TAKES_WHAT_IF                                                                                                                        \
  OBJECT("\"changes\"", P("changes", "{\"type\":\"array\",\"minItems\":1,\"maxItems\":20,\"items\":"                                          \
         OBJECT("\"what\"", P("what", "{\"type\":\"string\",\"enum\":[\"call_in\",\"close\",\"crew_off\",\"cancel\",\"overtime\",\"mutual_aid\"]}") "," \
                P("count", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":20}") "," P("lon", "{\"type\":\"number\",\"minimum\":-180,\"maximum\":180}") "," \
                P("lat", "{\"type\":\"number\",\"minimum\":-90,\"maximum\":90}") "," P("radius_m", "{\"type\":\"number\",\"minimum\":10,\"maximum\":100000}") "," \
                P("factor", "{\"type\":\"number\",\"minimum\":1,\"maximum\":100}") "," P("crew_id", S_KEY_NULL) "," P("task_id", S_KEY_NULL) ","    \
                P("minutes", "{\"type\":\"number\",\"minimum\":1,\"maximum\":720}")) "}"))
#define TAKES_ERRAND OBJECT("\"step\"", P("step", "{\"type\":\"string\",\"enum\":[\"start\",\"done\",\"cancel\"]}"))
#define TAKES_DELAY OBJECT("\"minutes\"", P("minutes", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":1440}"))
#define TAKES_NEEDS                                                                                                                          \
  OBJECT("", P("skill", S_CODE) "," P("item", S_CODE) "," P("quantity", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":100000}") ","       \
         P("members", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":50}"))

#define ROSTER_DAY                                                                                                                           \
  OBJECT("\"day\",\"duty\",\"from\",\"until\",\"version\"",                                                                                   \
         P("day", S_WHOLE) "," P("duty", S_TEXT) "," P("from", S_TEXT) "," P("until", S_TEXT) "," P("usual", S_BOOL) "," P("version", S_WHOLE))
#define SCHEMA_ROSTER                                                                                                                        \
  OBJECT("\"items\",\"days\"", P("days", S_LIST(S_WHOLE)) "," P("items", S_LIST(OBJECT("\"crew\",\"days\"",                                   \
         P("crew", OBJECT("\"id\",\"name\"", P("id", S_ID) "," P("name", S_TEXT) "," P("org_name", S_TEXT_NULL) "," P("skills", S_TEXT))) "," \
         P("days", S_LIST(ROSTER_DAY))))))
#define TAKES_ROSTER                                                                                                                         \
  OBJECT("\"crew_id\",\"day\",\"duty\"", P("crew_id", S_KEY) "," P("day", S_DAY) ","                                                          \
         P("duty", "{\"type\":\"string\",\"enum\":[\"off\",\"on\",\"standby\"]}") "," P("from", S_MINUTE) "," P("until", S_MINUTE) ","        \
         P("version", "{\"type\":\"integer\",\"minimum\":0,\"maximum\":2147483647}"))
#define TAKES_SWAP OBJECT("\"crew_a\",\"day_a\",\"crew_b\",\"day_b\"", P("crew_a", S_KEY) "," P("day_a", S_DAY) "," P("crew_b", S_KEY) "," P("day_b", S_DAY))

#define ROUND_WINDOW OBJECT("\"from\",\"until\"", P("from", S_MINUTE) "," P("until", S_MINUTE))
#define COMPONENT_ROUND                                                                                                                      \
  OBJECT("\"id\",\"name\",\"version\"", P("id", S_ID) "," P("name", S_TEXT) "," P("reason", S_TEXT) "," P("from_day", S_WHOLE) ","            \
         P("until_day", S_WHOLE) "," P("windows", S_LIST(ROUND_WINDOW)) "," P("minutes", S_WHOLE) ","                                         \
         P("places", S_LIST(OBJECT("\"id\",\"name\"", P("id", S_ID) "," P("name", S_TEXT)))) "," P("open_visits", S_WHOLE) "," P("version", S_WHOLE))
#define SCHEMA_ROUNDS OBJECT("\"items\"", P("items", S_LIST(S_REF("PatrolRound"))))
#define TAKES_ROUND                                                                                                                          \
  OBJECT("\"name\",\"from_day\",\"until_day\",\"windows\",\"minutes\",\"device_ids\"",                                                        \
         P("id", S_KEY_NULL) "," P("name", "{\"type\":\"string\",\"minLength\":1,\"maxLength\":39,\"format\":\"line\"}") ","                  \
         P("reason", S_CODE) "," P("from_day", S_DAY) "," P("until_day", S_DAY) ","                                                           \
         P("windows", "{\"type\":\"array\",\"minItems\":1,\"maxItems\":4,\"items\":" ROUND_WINDOW "}") ","                                    \
         P("minutes", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":480}") ","                                                             \
         P("device_ids", "{\"type\":\"array\",\"maxItems\":500,\"items\":" S_KEY "}") ","                                                       \
         P("customer_ids", "{\"type\":\"array\",\"maxItems\":500,\"items\":" S_KEY "}") ","                                                     \
         P("version", "{\"type\":\"integer\",\"minimum\":0,\"maximum\":2147483647}"))
#define TAKES_ROUND_END OBJECT("\"version\"", P("version", S_VERSION))

#endif
