/* What the meter room's routes take and give (JSON Schema, the part http/schema.h knows). */
#ifndef METER_SCHEMAS_H
#define METER_SCHEMAS_H

#include "http/schema_words.h"

#define S_OBJECT(required, properties) "{\"type\":\"object\",\"required\":[" required "],\"properties\":{" properties "}}"
#define S_WORDS S_LIST(S_TEXT)
#define S_NUMBERS S_LIST(S_NUMBER_NULL)
#define S_OPEN_OBJECT "{\"type\":\"object\",\"additionalProperties\":true}"
#define S_OPEN_NULL "{\"type\":[\"object\",\"null\"],\"additionalProperties\":true}"

#define SCHEMA_TAKEN                                                                                                                   \
  S_OBJECT("\"readings\",\"known\",\"set_aside\",\"problems\"",                                                                        \
           "\"readings\":" S_WHOLE ",\"known\":" S_WHOLE ",\"set_aside\":" S_WHOLE                                                     \
           ",\"problems\":" S_LIST(S_OBJECT("\"line\",\"reason\"", "\"line\":" S_WHOLE ",\"reason\":" S_TEXT ",\"meter\":" S_TEXT_NULL \
                                                                   ",\"detail\":" S_TEXT)) ",\"problems_count\":" S_WHOLE)
#define SCHEMA_AREAS                                                                                                             \
  S_OBJECT("\"items\",\"next\",\"count\"",                                                                                       \
           "\"items\":" S_LIST(S_OBJECT("\"id\",\"code\",\"name\",\"customers\"",                                                \
                                        "\"id\":" S_ID ",\"code\":" S_TEXT ",\"name\":" S_TEXT ",\"device_index\":" S_WHOLE      \
                                        ",\"customers\":" S_WHOLE ",\"rated_kva\":" S_NUMBER_NULL ",\"org\":" S_TEXT_NULL        \
                                        ",\"last_at\":" S_TIME_NULL ",\"load\":" S_NUMBER_NULL ",\"lowest_v\":" S_NUMBER_NULL    \
                                        ",\"alarms\":" S_LIST(S_OPEN_OBJECT))) ",\"next\":" S_TEXT_NULL ",\"count\":" S_WHOLE    \
                                                                               ",\"with_alarms\":" S_WHOLE ",\"heard\":" S_WHOLE \
                                                                               ",\"collection_down\":" S_BOOL)
#define SCHEMA_AREA_DAY \
  S_OBJECT("\"area\",\"date\",\"slots\",\"step_min\",\"voltage\",\"load\",\"worst\"",                                                                  \
           "\"area\":" S_OPEN_OBJECT ",\"date\":" S_TEXT ",\"closed\":" S_BOOL ",\"slots\":" S_WHOLE ",\"step_min\":" S_WHOLE ",\"limits\":" S_OPEN_OBJECT \
           ",\"voltage\":" S_OBJECT("\"low\",\"median\",\"high\"", "\"low\":" S_NUMBERS ",\"median\":" S_NUMBERS ",\"high\":" S_NUMBERS)                 \
           ",\"load\":" S_OBJECT("\"kva\"", "\"kva\":" S_NUMBERS ",\"rated_kva\":" S_NUMBER_NULL ",\"source\":" S_TEXT_NULL) ",\"worst\":"               \
           S_LIST(S_OPEN_OBJECT) ",\"loss\":" S_OPEN_NULL ",\"households\":" S_OPEN_OBJECT ",\"silent\":" S_LIST(S_OPEN_OBJECT) ",\"marks\":" S_OPEN_OBJECT \
           ",\"alarms\":" S_LIST(S_OPEN_OBJECT))
#define SCHEMA_ALARMS                                                                                                              \
  S_OBJECT("\"items\",\"next\"", "\"items\":" S_LIST(S_OBJECT(                                                                     \
                                     "\"id\",\"watch\",\"since\",\"raised\"",                                                      \
                                     "\"id\":" S_ID ",\"watch\":" S_TEXT ",\"name_zh\":" S_TEXT ",\"name_en\":" S_TEXT             \
                                     ",\"area\":" S_OPEN_NULL ",\"since\":" S_TIME ",\"raised\":" S_TIME ",\"cured\":" S_TIME_NULL \
                                     ",\"worst\":" S_NUMBER ",\"meters\":" S_WHOLE ",\"order_id\":" S_ID_NULL)) ",\"next\":" S_TEXT_NULL)
#define SCHEMA_ASIDE                                                                                                               \
  S_OBJECT("\"items\",\"count\"",                                                                                                  \
           "\"items\":" S_LIST(S_OBJECT("\"date\",\"reason\",\"subject\",\"count\",\"mended_by\"",                                 \
                                        "\"date\":" S_TEXT ",\"reason\":" S_TEXT ",\"subject\":" S_TEXT ",\"source\":" S_TEXT      \
                                        ",\"detail\":" S_TEXT ",\"first_at\":" S_TIME ",\"last_at\":" S_TIME ",\"count\":" S_WHOLE \
                                        ",\"area\":" S_OPEN_NULL ",\"mended_by\":" S_TEXT)) ",\"count\":" S_WHOLE)
#define SCHEMA_METER_DAY                                                                          \
  S_OBJECT("\"date\",\"slots\",\"step_min\",\"channels\"",                                        \
           "\"date\":" S_TEXT ",\"meter\":" S_TEXT ",\"slots\":" S_WHOLE ",\"step_min\":" S_WHOLE \
           ",\"channels\":{\"type\":\"object\",\"additionalProperties\":true},\"marks\":" S_LIST(S_WHOLE) ",\"used_kwh\":" S_NUMBER_NULL)
#define SCHEMA_USE                                                                                                     \
  S_OBJECT("\"days\",\"month_kwh\"",                                                                                   \
           "\"from\":" S_TEXT ",\"to\":" S_TEXT ",\"days\":" S_LIST(S_OBJECT(                                          \
               "\"date\",\"kwh\"", "\"date\":" S_TEXT ",\"kwh\":" S_NUMBER_NULL)) ",\"month_kwh\":" S_NUMBER_NULL      \
                                                                                  ",\"last_month_kwh\":" S_NUMBER_NULL \
                                                                                  ",\"cost\":" S_OPEN_NULL ",\"neighbours\":" S_OPEN_NULL)
#define TAKES_SETTLE                                                                                                        \
  S_OBJECT("\"date\",\"reason\",\"subject\"",                                                                               \
           "\"date\":{\"type\":\"string\",\"maxLength\":10},\"reason\":{\"type\":\"string\",\"maxLength\":40},\"subject\":" \
           "{\"type\":\"string\",\"maxLength\":40}")

#endif
