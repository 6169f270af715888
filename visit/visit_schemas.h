/* What the visit room's routes take and give (JSON Schema, the part http/schema.h knows). */
#ifndef VISIT_SCHEMAS_H
#define VISIT_SCHEMAS_H

#include "http/schema_words.h"

#define S_DATE "{\"type\":\"string\",\"format\":\"date\"}"
#define S_ORG "{\"type\":\"object\",\"required\":[\"id\",\"name\"],\"properties\":{\"id\":" S_ID ",\"name\":" S_TEXT ",\"manager\":" S_TEXT_NULL "}}"
#define COMPONENT_VISIT_CUT                                                                                                                  \
  "{\"type\":\"object\",\"required\":[\"id\",\"state\",\"grids\",\"deviation\",\"moved\"],\"properties\":{\"id\":" S_ID                             \
  ",\"state\":{\"type\":\"string\",\"enum\":[\"proposed\",\"in_force\",\"was_in_force\",\"not_taken\"]},\"keep\":{\"type\":\"string\",\"enum\":["     \
  "\"none\",\"soft\",\"hard\"]},\"grids\":" S_WHOLE ",\"pieces_over\":" S_WHOLE ",\"mean_minutes\":" S_NUMBER ",\"deviation\":" S_NUMBER             \
  ",\"deviation_before\":" S_NUMBER ",\"radius_m\":" S_NUMBER ",\"moved\":" S_NUMBER ",\"made_at\":" S_TIME ",\"accepted_at\":" S_TIME_NULL "}}"
#define SCHEMA_CUT S_REF("VisitCut")
#define S_CUT_NULL "{\"type\":[\"object\",\"null\"],\"additionalProperties\":true}"
#define SCHEMA_CUTS                                                                                                                          \
  "{\"type\":\"object\",\"required\":[\"in_force\",\"proposed\",\"grids\"],\"properties\":{\"in_force\":" S_CUT_NULL ",\"proposed\":" S_CUT_NULL       \
  ",\"grids\":" S_LIST("{\"type\":\"object\",\"required\":[\"org\",\"households\"],\"properties\":{\"org\":" S_ORG ",\"households\":" S_WHOLE          \
                       ",\"minutes\":" S_NUMBER_NULL ",\"radius_m\":" S_NUMBER_NULL ",\"lon\":" S_NUMBER_NULL ",\"lat\":" S_NUMBER_NULL              \
                       ",\"households_proposed\":" S_WHOLE_NULL ",\"minutes_proposed\":" S_NUMBER_NULL ",\"radius_proposed_m\":" S_NUMBER_NULL       \
                       ",\"lon_proposed\":" S_NUMBER_NULL ",\"lat_proposed\":" S_NUMBER_NULL "}}") "}}"
/* One row a transformer area: [lon, lat, households, grid now, grid proposed], grids as places in `orgs`, -1 none. */
#define SCHEMA_AREAS                                                                                                                         \
  "{\"type\":\"object\",\"required\":[\"orgs\",\"areas\"],\"properties\":{\"orgs\":" S_LIST(S_ORG) ",\"areas\":" S_LIST("{\"type\":\"array\"}") "}}"
#define COMPONENT_VISIT_STOP                                                                                                                 \
  "{\"type\":\"object\",\"required\":[\"customer_id\",\"date\",\"state\"],\"properties\":{\"customer_id\":" S_ID ",\"number\":" S_TEXT ",\"name\":"  \
  S_TEXT ",\"address\":" S_TEXT ",\"phone\":" S_TEXT ",\"lon\":" S_NUMBER_NULL ",\"lat\":" S_NUMBER_NULL ",\"date\":" S_DATE                          \
  ",\"state\":{\"type\":\"string\",\"enum\":[\"to_come\",\"visited\",\"refused\",\"given_up\"]},\"due\":" S_LIST(S_TEXT) ",\"missed\":" S_WHOLE        \
  ",\"tags\":" S_LIST(S_TEXT) ",\"importance\":" S_TEXT "}}"
#define S_COUNTS                                                                                                                             \
  "\"planned\":" S_WHOLE ",\"visited\":" S_WHOLE ",\"refused\":" S_WHOLE ",\"given_up\":" S_WHOLE ",\"missed\":" S_WHOLE ",\"findings\":" S_WHOLE
#define SCHEMA_PLAN                                                                                                                          \
  "{\"type\":\"object\",\"required\":[\"org\",\"month\",\"planned\",\"days\",\"items\"],\"properties\":{\"org\":" S_ORG ",\"month\":" S_TEXT            \
  ",\"version\":" S_WHOLE "," S_COUNTS ",\"doors_m\":" S_NUMBER ",\"base_m\":" S_NUMBER ",\"lon\":" S_NUMBER_NULL ",\"lat\":" S_NUMBER_NULL            \
  ",\"days\":" S_LIST("{\"type\":\"object\",\"required\":[\"date\",\"households\",\"done\"],\"properties\":{\"date\":" S_DATE ",\"households\":" S_WHOLE \
                      ",\"done\":" S_WHOLE ",\"minutes\":" S_NUMBER "}}") ",\"day\":{\"type\":[\"string\",\"null\"],\"format\":\"date\"},\"items\":"    \
  S_LIST(S_REF("VisitStop")) "}}"
#define SCHEMA_DUE "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":" S_LIST(S_REF("VisitStop")) "}}"
#define SCHEMA_FIGURES                                                                                                                       \
  "{\"type\":\"object\",\"required\":[\"month\",\"items\"],\"properties\":{\"month\":" S_TEXT ",\"items\":"                                           \
  S_LIST("{\"type\":\"object\",\"required\":[\"org\",\"level\",\"planned\",\"visited\"],\"properties\":{\"org\":" S_ORG ",\"parent_id\":" S_ID_NULL     \
         ",\"level\":" S_TEXT ",\"grids\":" S_WHOLE "," S_COUNTS "}}") "}}"
#define SCHEMA_HISTORY                                                                                                                       \
  "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":"                                                                       \
  S_LIST("{\"type\":\"object\",\"required\":[\"id\",\"at\",\"result\"],\"properties\":{\"id\":" S_ID ",\"at\":" S_TIME ",\"result\":" S_TEXT            \
         ",\"note\":" S_TEXT ",\"order_id\":" S_ID_NULL ",\"staff_id\":" S_ID_NULL ",\"org_id\":" S_ID ",\"month\":" S_TEXT "}}") "}}"
#define SCHEMA_PLANNED "{\"type\":\"object\",\"required\":[\"month\",\"grids\",\"households\"],\"properties\":{\"month\":" S_TEXT ",\"grids\":" S_WHOLE ",\"households\":" S_WHOLE "}}"
#define SCHEMA_MARKED                                                                                                                        \
  "{\"type\":\"object\",\"required\":[\"stop\",\"order_id\",\"again\"],\"properties\":{\"stop\":" S_REF("VisitStop") ",\"order_id\":" S_ID_NULL         \
  ",\"again\":{\"type\":[\"string\",\"null\"],\"format\":\"date\"}}}"

#define S_MONTH "{\"type\":\"string\",\"minLength\":7,\"maxLength\":7}"
#define TAKES_CUT "{\"type\":\"object\",\"required\":[\"keep\"],\"properties\":{\"keep\":{\"type\":\"string\",\"enum\":[\"none\",\"soft\",\"hard\"]}}}"
#define TAKES_NOTHING "{\"type\":\"object\",\"properties\":{}}"
#define TAKES_MONTHS "{\"type\":\"object\",\"required\":[\"month\"],\"properties\":{\"month\":" S_MONTH ",\"org_id\":{\"type\":[\"string\",\"null\"],\"format\":\"id\",\"maxLength\":20}}}"
#define TAKES_MARK                                                                                                                           \
  "{\"type\":\"object\",\"required\":[\"customer_id\",\"month\",\"result\"],\"properties\":{\"customer_id\":" S_KEY ",\"month\":" S_MONTH               \
  ",\"org_id\":{\"type\":[\"string\",\"null\"],\"format\":\"id\",\"maxLength\":20},\"result\":{\"type\":\"string\",\"enum\":[\"visited\",\"refused\","    \
  "\"missed\"]},\"note\":{\"type\":[\"string\",\"null\"],\"maxLength\":2000},\"finding\":{\"type\":[\"object\",\"null\"],\"required\":[\"what\","        \
  "\"description\"],\"properties\":{\"what\":{\"type\":\"string\",\"format\":\"code\",\"maxLength\":40},\"description\":{\"type\":\"string\","           \
  "\"minLength\":1,\"maxLength\":2000}}}}}"

#endif
