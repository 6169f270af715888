/* What the supply room's routes take and give (JSON Schema, the part http/schema.h knows). */
#ifndef SUPPLY_SCHEMAS_H
#define SUPPLY_SCHEMAS_H

#include "http/schema_words.h"

#define S_OBJECT(required, properties) "{\"type\":\"object\",\"required\":[" required "],\"properties\":{" properties "}}"
#define S_PART_REMEDY                                                                                                                     \
  S_OBJECT("\"kinds\",\"cures\",\"cured\",\"low\",\"worst_volts\",\"cost_yuan\",\"days\"",                                                \
           "\"kinds\":" S_LIST(S_TEXT) ",\"cures\":" S_BOOL ",\"cured\":" S_WHOLE ",\"low\":" S_WHOLE ",\"worst_volts\":" S_NUMBER        \
           ",\"cost_yuan\":" S_NUMBER ",\"days\":" S_NUMBER ",\"tap_percent\":" S_NUMBER ",\"kva\":" S_NUMBER ",\"at\":" S_TEXT           \
           ",\"conductor\":" S_TEXT ",\"metres\":" S_NUMBER ",\"spans\":" S_LIST(S_TEXT) ",\"moves\":"                                    \
           S_LIST(S_OBJECT("\"customer\",\"from\",\"to\"", "\"customer\":" S_ID ",\"from\":" S_TEXT ",\"to\":" S_TEXT)))
#define S_PART_HOUSEHOLD                                                                                                                  \
  S_OBJECT("\"customer_id\",\"number\",\"metres\",\"phases\",\"least_volts\",\"quarters_low\"",                                           \
           "\"customer_id\":" S_ID ",\"number\":" S_TEXT ",\"device\":" S_TEXT ",\"metres\":" S_NUMBER ",\"phases\":" S_TEXT              \
           ",\"least_volts\":" S_NUMBER ",\"quarters_low\":" S_WHOLE ",\"measured_volts\":" S_NUMBER_NULL ",\"after_volts\":" S_NUMBER_NULL \
           ",\"shiftable\":" S_BOOL)
#define S_PART_VIEW                                                                                                                       \
  S_OBJECT("\"name\",\"recovered\",\"low\",\"worst_volts\"", "\"name\":" S_TEXT ",\"recovered\":" S_NUMBER ",\"low\":" S_WHOLE            \
           ",\"worst_volts\":" S_NUMBER)
#define S_PART_AREA                                                                                                                       \
  "\"device_id\":" S_ID ",\"name\":" S_TEXT ",\"day\":" S_TEXT ",\"rated_kva\":" S_NUMBER ",\"households\":" S_WHOLE ",\"read\":" S_WHOLE  \
  ",\"guessed\":" S_WHOLE ",\"worst_volts\":" S_NUMBER ",\"low\":" S_WHOLE ",\"high\":" S_WHOLE ",\"unsolved\":" S_WHOLE                   \
  ",\"peak_load\":" S_NUMBER ",\"loss_kwh\":" S_NUMBER

#define SCHEMA_SUPPLY_AREA                                                                                                                \
  S_OBJECT("\"device_id\",\"day\",\"worst_volts\",\"low\",\"cause\",\"views\",\"remedies\",\"customers\"",                                \
           S_PART_AREA ",\"cause\":" S_TEXT_NULL ",\"views\":" S_LIST(S_PART_VIEW) ",\"remedies\":" S_LIST(S_PART_REMEDY)                 \
           ",\"customers\":" S_LIST(S_PART_HOUSEHOLD))
#define SCHEMA_SUPPLY_PICTURE                                                                                                             \
  S_OBJECT("\"device_id\",\"day\",\"remedy\",\"customers\",\"pumps\"", S_PART_AREA ",\"remedy\":" S_PART_REMEDY ",\"customers\":"         \
           S_LIST(S_PART_HOUSEHOLD) ",\"pumps\":" S_LIST(S_PART_PUMP))
#define S_PART_PUMP                                                                                                                       \
  S_OBJECT("\"customer_id\",\"number\",\"kw\",\"hours_needed\",\"days\"",                                                                 \
           "\"customer_id\":" S_ID ",\"number\":" S_TEXT ",\"kw\":" S_NUMBER ",\"hours_needed\":" S_NUMBER ",\"days\":"                   \
           S_LIST(S_LIST(S_OBJECT("\"from\",\"until\"", "\"from\":" S_TEXT ",\"until\":" S_TEXT))))
#define SCHEMA_SUPPLY_HOURS                                                                                                               \
  S_OBJECT("\"device_id\",\"day\",\"keeps\",\"given_share\",\"worst_volts\",\"pumps\"",                                                   \
           "\"device_id\":" S_ID ",\"name\":" S_TEXT ",\"day\":" S_TEXT ",\"keeps\":" S_BOOL ",\"given_share\":" S_NUMBER                 \
           ",\"night_spread\":" S_NUMBER ",\"worst_volts\":" S_NUMBER ",\"without_volts\":" S_NUMBER ",\"pumps\":" S_LIST(S_PART_PUMP))
#define SCHEMA_SUPPLY_CHOICE                                                                                                              \
  S_OBJECT("\"id\",\"device_id\",\"order_id\",\"day\",\"chosen_at\",\"cause\",\"remedy\",\"worst_before\",\"low_before\",\"worst_after\",\"low_after\"", \
           "\"id\":" S_ID ",\"device_id\":" S_ID ",\"order_id\":" S_ID ",\"day\":" S_TEXT ",\"chosen_at\":" S_TIME ",\"cause\":" S_TEXT   \
           ",\"remedy\":" S_PART_REMEDY ",\"cost_yuan\":" S_NUMBER ",\"works_days\":" S_WHOLE ",\"worst_before\":" S_NUMBER               \
           ",\"low_before\":" S_WHOLE ",\"worst_after\":" S_NUMBER ",\"low_after\":" S_WHOLE ",\"measured\":" S_NUMBER_NULL               \
           ",\"measured_at\":" S_TIME_NULL)
#define SCHEMA_SUPPLY_CHOICES S_OBJECT("\"items\"", "\"items\":" S_LIST(SCHEMA_SUPPLY_CHOICE))
#define SCHEMA_SUPPLY_PICKED S_OBJECT("\"id\",\"order_id\"", "\"id\":" S_ID ",\"order_id\":" S_ID)
#define SCHEMA_SUPPLY_PHASES                                                                                                              \
  S_OBJECT("\"device_id\",\"days\",\"items\"",                                                                                            \
           "\"device_id\":" S_ID ",\"days\":" S_WHOLE ",\"items\":"                                                                       \
           S_LIST(S_OBJECT("\"customer_id\",\"number\",\"recorded\",\"found\",\"confidence\"",                                            \
                           "\"customer_id\":" S_ID ",\"number\":" S_TEXT ",\"recorded\":" S_TEXT ",\"found\":" S_TEXT_NULL                \
                           ",\"confidence\":" S_NUMBER ",\"differs\":" S_BOOL ",\"put_right\":" S_BOOL)))
#define S_PART_FAN                                                                                                                        \
  S_OBJECT("\"day\",\"p10\",\"p50\",\"p90\",\"p975\"",                                                                                    \
           "\"day\":" S_TEXT ",\"festival\":" S_BOOL ",\"p10\":" S_LIST(S_NUMBER_NULL) ",\"p50\":" S_LIST(S_NUMBER_NULL) ",\"p90\":"       \
           S_LIST(S_NUMBER_NULL) ",\"p975\":" S_LIST(S_NUMBER_NULL))
#define SCHEMA_SUPPLY_OVERLOADS                                                                                                           \
  S_OBJECT("\"items\",\"areas\",\"of\",\"from\"",                                                                                         \
           "\"areas\":" S_WHOLE ",\"of\":" S_WHOLE ",\"from\":" S_TEXT ",\"seasonal\":" S_BOOL ",\"items\":"                              \
           S_LIST(S_OBJECT("\"device_id\",\"name\",\"rated_kw\",\"day\",\"overload\",\"peak_p50\",\"peak_p90\",\"fan\"",                  \
                           "\"device_id\":" S_ID ",\"name\":" S_TEXT ",\"rated_kw\":" S_NUMBER ",\"day\":" S_TEXT ",\"overload\":"         \
                           S_NUMBER ",\"peak_p50\":" S_NUMBER ",\"peak_p90\":" S_NUMBER ",\"fan\":" S_LIST(S_PART_FAN))))
#define TAKES_CORRECTIONS                                                                                                                 \
  S_OBJECT("\"items\"",                                                                                                                   \
           "\"items\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":2000,\"items\":"                                                      \
           S_OBJECT("\"customer_id\",\"phase\"", "\"customer_id\":" S_ID ",\"phase\":{\"type\":[\"string\",\"null\"],\"enum\":[\"A\",\"B\",\"C\",null]}" ) "}")
#define SCHEMA_SUPPLY_CORRECTED S_OBJECT("\"items\"", "\"items\":" S_WHOLE)
#define TAKES_PICK                                                                                                                        \
  S_OBJECT("\"day\",\"remedy\"", "\"day\":{\"type\":\"string\",\"format\":\"date\"},\"remedy\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":200}")
#define SCHEMA_SUPPLY_STRAYS                                                                                                              \
  S_OBJECT("\"running\",\"items\"",                                                                                                       \
           "\"running\":" S_BOOL ",\"failed\":" S_BOOL ",\"done\":" S_WHOLE ",\"areas\":" S_WHOLE ",\"began_at\":" S_TIME_NULL            \
           ",\"items\":" S_LIST(S_OBJECT("\"id\",\"customer_id\",\"number\",\"from\",\"to\",\"confidence\",\"state\"",                    \
                                         "\"id\":" S_ID ",\"customer_id\":" S_ID ",\"number\":" S_TEXT ",\"from\":" S_PART_AREA_NAME      \
                                         ",\"to\":" S_PART_AREA_NAME ",\"phase\":" S_TEXT_NULL ",\"confidence\":" S_NUMBER                \
                                         ",\"days\":" S_WHOLE ",\"metres\":" S_NUMBER_NULL ",\"found_at\":" S_TIME ",\"state\":" S_TEXT  \
                                         ",\"decided_at\":" S_TIME_NULL ",\"decided_by\":" S_TEXT_NULL ",\"at_next_start\":" S_BOOL)))
#define S_PART_AREA_NAME S_OBJECT("\"id\",\"name\"", "\"id\":" S_ID ",\"name\":" S_TEXT)
#define TAKES_SEARCH "{\"type\":\"object\",\"properties\":{}}"
#define SCHEMA_SUPPLY_SEARCH S_OBJECT("\"running\"", "\"running\":" S_BOOL)
#define TAKES_DECISION                                                                                                                    \
  S_OBJECT("\"decision\"", "\"decision\":{\"type\":\"string\",\"enum\":[\"accept\",\"refuse\",\"undo\"]}")
#define SCHEMA_SUPPLY_DECIDED S_OBJECT("\"state\"", "\"state\":" S_TEXT)

#endif

