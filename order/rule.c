#include "order/rule.h"

#include <cyaml/cyaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <yaml.h>

#include "interop/rule_text.h"

/* --- schemas: the file's keys and where they go --- */

#define OPTIONAL (CYAML_FLAG_OPTIONAL)
#define ONE_OF(key, flags, type, member, table) \
  CYAML_FIELD_ENUM(key, CYAML_FLAG_STRICT | (flags), type, member, table, CYAML_ARRAY_LEN(table))
#define SOME_OF(key, flags, type, member, table) \
  CYAML_FIELD_FLAGS(key, CYAML_FLAG_STRICT | (flags), type, member, table, CYAML_ARRAY_LEN(table))
#define NEEDED_TEXT(key, type, member) CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, 4096)
#define TEXT_OR_NONE(key, type, member) CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | OPTIONAL, type, member, 1, 4096)
#define YES_NO(key, type, member) ONE_OF(key, OPTIONAL, type, member, YES_OR_NO)
#define LIST(key, flags, type, member, entry) CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER | (flags), type, member, entry, 0, 256)

static const cyaml_strval_t YES_OR_NO[] = {{"no", 0}, {"yes", 1}, {"false", 0}, {"true", 1}};
static const cyaml_strval_t ROLES[] = {{"agent", KIND_ROLE_AGENT}, {"dispatcher", KIND_ROLE_DISPATCHER}, {"crew", KIND_ROLE_CREW},
                                       {"manager", KIND_ROLE_MANAGER}, {"head", KIND_ROLE_HEAD}, {"administrator", KIND_ROLE_ADMINISTRATOR},
                                       {"customer", KIND_ROLE_CUSTOMER}, {"system", KIND_ROLE_SYSTEM}};
static const cyaml_strval_t STRENGTHS[] = {{"V", RULE_READ_IN_TEXT}, {"W", RULE_READ_IN_WEAKER}, {"R", RULE_UNCONFIRMED}};
static const cyaml_strval_t LADDERS[] = {
    {"reported", LADDER_REPORTED},     {"assessing", LADDER_ASSESSING}, {"crew_assigned", LADDER_CREW_ASSIGNED},
    {"on_the_way", LADDER_ON_THE_WAY}, {"on_site", LADDER_ON_SITE},     {"partly_restored", LADDER_PARTLY_RESTORED},
    {"restored", LADDER_RESTORED},     {"closed", LADDER_CLOSED}};
static const cyaml_strval_t TYPES[] = {{"text", FIELD_TEXT},   {"note", FIELD_NOTE},   {"choice", FIELD_CHOICE}, {"time", FIELD_TIME},
                                       {"date", FIELD_DATE},   {"bool", FIELD_BOOL},   {"number", FIELD_NUMBER}, {"crew", FIELD_CREW},
                                       {"staff", FIELD_STAFF}, {"order", FIELD_ORDER}, {"outage", FIELD_OUTAGE}, {"file", FIELD_FILE},
                                       {"whole", FIELD_WHOLE}, {"money", FIELD_MONEY}, {"phone", FIELD_PHONE}, {"choices", FIELD_CHOICES},
                                       {"customer", FIELD_CUSTOMER}, {"org", FIELD_ORG}};
static const cyaml_strval_t ACCOUNTS[] = {{"paid", ACCOUNT_PAID}, {"clear", ACCOUNT_CLEAR}};
static const cyaml_strval_t EFFECTS[] = {{"call_again", EFFECT_CALL_AGAIN}, {"link", EFFECT_LINK}, {"unlink", EFFECT_UNLINK},
                                         {"suspend", EFFECT_SUSPEND}, {"resume", EFFECT_RESUME}, {"urgency", EFFECT_URGENCY},
                                         {"children_done", EFFECT_CHILDREN_DONE}, {"merge", EFFECT_MERGE}, {"unmerge", EFFECT_UNMERGE},
                                         {"main_done", EFFECT_MAIN_DONE}, {"fill_in", EFFECT_FILL_IN}, {"pay", EFFECT_PAY}};
static const cyaml_strval_t ASSIGNS[] = {{"crew", ASSIGNS_CREW}, {"staff", ASSIGNS_STAFF}, {"nobody", ASSIGNS_NOBODY},
                                         {"org", ASSIGNS_ORG}, {"taker", ASSIGNS_TAKER}};
static const cyaml_strval_t JUDGED[] = {{"each", JUDGED_EACH}, {"average", JUDGED_AVERAGE}};
static const cyaml_strval_t TOLD[] = {{"assignee", KIND_TO_ASSIGNEE}, {"manager", KIND_TO_MANAGER}, {"station", KIND_TO_STATION},
                                      {"county", KIND_TO_COUNTY}, {"centre", KIND_TO_CENTRE}};
static const cyaml_strval_t WEEKDAYS[] = {{"sun", 1}, {"mon", 2}, {"tue", 4}, {"wed", 8}, {"thu", 16}, {"fri", 32}, {"sat", 64}};

static const cyaml_schema_value_t ONE_TEXT = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 4096)};

static const cyaml_schema_field_t CHOICE_FIELDS[] = {NEEDED_TEXT("id", KindChoice, id), NEEDED_TEXT("name_zh", KindChoice, name_zh),
                                                     NEEDED_TEXT("name_en", KindChoice, name_en), CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_CHOICE = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, KindChoice, CHOICE_FIELDS)};

static const cyaml_schema_field_t FIELD_FIELDS[] = {NEEDED_TEXT("id", RuleField, id),
                                                    NEEDED_TEXT("name_zh", RuleField, name_zh),
                                                    NEEDED_TEXT("name_en", RuleField, name_en),
                                                    ONE_OF("type", CYAML_FLAG_DEFAULT, RuleField, type, TYPES),
                                                    YES_NO("required", RuleField, required),
                                                    YES_NO("plain", RuleField, plain),
                                                    TEXT_OR_NONE("when", RuleField, when),
                                                    CYAML_FIELD_FLOAT("least", OPTIONAL, RuleField, least),
                                                    CYAML_FIELD_FLOAT("most", OPTIONAL, RuleField, most),
                                                    LIST("choices", OPTIONAL, RuleField, choices, &ONE_CHOICE),
                                                    CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_FIELD = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, RuleField, FIELD_FIELDS)};

static const cyaml_schema_field_t STATE_FIELDS[] = {
    NEEDED_TEXT("id", RuleState, id), NEEDED_TEXT("name_zh", RuleState, name_zh), NEEDED_TEXT("name_en", RuleState, name_en),
    ONE_OF("ladder", CYAML_FLAG_DEFAULT, RuleState, ladder, LADDERS), YES_NO("start", RuleState, start),
    YES_NO("final", RuleState, final), CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_STATE = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, RuleState, STATE_FIELDS)};

static const cyaml_schema_field_t BRANCH_FIELDS[] = {NEEDED_TEXT("id", RuleBranch, id),
                                                     TEXT_OR_NONE("field", RuleBranch, field),
                                                     TEXT_OR_NONE("is", RuleBranch, is),
                                                     TEXT_OR_NONE("to", RuleBranch, to),
                                                     TEXT_OR_NONE("outcome", RuleBranch, outcome),
                                                     TEXT_OR_NONE("then", RuleBranch, then),
                                                     YES_NO("reopens", RuleBranch, reopens),
                                                     YES_NO("try", RuleBranch, try),
                                                     CYAML_FIELD_INT("after", OPTIONAL, RuleBranch, after),
                                                     LIST("all", OPTIONAL, RuleBranch, all, &ONE_TEXT),
                                                     CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_BRANCH = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, RuleBranch, BRANCH_FIELDS)};

static const cyaml_schema_field_t STEP_FIELDS[] = {NEEDED_TEXT("id", RuleStep, id),
                                                   NEEDED_TEXT("name_zh", RuleStep, name_zh),
                                                   NEEDED_TEXT("name_en", RuleStep, name_en),
                                                   LIST("from", 0, RuleStep, from, &ONE_TEXT),
                                                   TEXT_OR_NONE("to", RuleStep, to),
                                                   TEXT_OR_NONE("outcome", RuleStep, outcome),
                                                   TEXT_OR_NONE("then", RuleStep, then),
                                                   TEXT_OR_NONE("opens", RuleStep, opens),
                                                   SOME_OF("roles", CYAML_FLAG_DEFAULT, RuleStep, roles, ROLES),
                                                   ONE_OF("effect", OPTIONAL, RuleStep, effect, EFFECTS),
                                                   ONE_OF("assigns", OPTIONAL, RuleStep, assigns, ASSIGNS),
                                                   YES_NO("reopens", RuleStep, reopens),
                                                   YES_NO("waits", RuleStep, waits),
                                                   YES_NO("once", RuleStep, once),
                                                   YES_NO("visit", RuleStep, visit),
                                                   TEXT_OR_NONE("needs", RuleStep, needs),
                                                   TEXT_OR_NONE("other_than", RuleStep, other_than),
                                                   LIST("after", OPTIONAL, RuleStep, after, &ONE_TEXT),
                                                   CYAML_FIELD_INT("times", OPTIONAL, RuleStep, times),
                                                   LIST("fields", OPTIONAL, RuleStep, fields, &ONE_FIELD),
                                                   LIST("branches", OPTIONAL, RuleStep, branches, &ONE_BRANCH),
                                                   CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_STEP = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, RuleStep, STEP_FIELDS)};

static const cyaml_schema_field_t CLOCK_FIELDS[] = {NEEDED_TEXT("id", RuleClock, id),
                                                    NEEDED_TEXT("name_zh", RuleClock, name_zh),
                                                    NEEDED_TEXT("name_en", RuleClock, name_en),
                                                    NEEDED_TEXT("promise", RuleClock, promise),
                                                    YES_NO("public", RuleClock, public),
                                                    LIST("also", OPTIONAL, RuleClock, also, &ONE_TEXT),
                                                    LIST("start", 0, RuleClock, start, &ONE_TEXT),
                                                    LIST("stop", OPTIONAL, RuleClock, stop, &ONE_TEXT),
                                                    LIST("pause", OPTIONAL, RuleClock, pause, &ONE_TEXT),
                                                    LIST("resume", OPTIONAL, RuleClock, resume, &ONE_TEXT),
                                                    LIST("cancel", OPTIONAL, RuleClock, cancel, &ONE_TEXT),
                                                    CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_CLOCK = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, RuleClock, CLOCK_FIELDS)};

static const cyaml_schema_field_t USE_FIELDS[] = {NEEDED_TEXT("part", RuleUse, part), LIST("with", OPTIONAL, RuleUse, with, &ONE_TEXT),
                                                  CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_USE = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, RuleUse, USE_FIELDS)};
static const cyaml_schema_field_t ROUTE_FIELDS[] = {TEXT_OR_NONE("field", RuleRoute, field), TEXT_OR_NONE("is", RuleRoute, is),
                                                    NEEDED_TEXT("to", RuleRoute, to), ONE_OF("role", OPTIONAL, RuleRoute, role, ROLES),
                                                    CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_ROUTE = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, RuleRoute, ROUTE_FIELDS)};
static const cyaml_schema_field_t COUNT_FIELDS[] = {NEEDED_TEXT("id", RuleCount, id),
                                                    NEEDED_TEXT("name_zh", RuleCount, name_zh),
                                                    NEEDED_TEXT("name_en", RuleCount, name_en),
                                                    NEEDED_TEXT("step", RuleCount, step),
                                                    TEXT_OR_NONE("field", RuleCount, field),
                                                    TEXT_OR_NONE("is", RuleCount, is),
                                                    YES_NO("sum", RuleCount, sum),
                                                    CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_COUNT = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, RuleCount, COUNT_FIELDS)};
static const cyaml_schema_field_t REPEAT_FIELDS[] = {CYAML_FIELD_INT("calls", CYAML_FLAG_DEFAULT, RuleRepeat, calls),
                                                     CYAML_FIELD_INT("days", CYAML_FLAG_DEFAULT, RuleRepeat, days), CYAML_FIELD_END};

#define ORIGIN(type)                                                                                                              \
  NEEDED_TEXT("id", type, id), NEEDED_TEXT("version", type, version), NEEDED_TEXT("source", type, source), TEXT_OR_NONE("source_zh", type, source_zh), \
      NEEDED_TEXT("region", type, region), NEEDED_TEXT("from", type, from), TEXT_OR_NONE("until", type, until),                   \
      ONE_OF("strength", CYAML_FLAG_DEFAULT, type, strength, STRENGTHS), NEEDED_TEXT("name_zh", type, name_zh),   \
      NEEDED_TEXT("name_en", type, name_en)

static const cyaml_schema_field_t KIND_FIELDS[] = {ORIGIN(RuleKind),
                                                   YES_NO("one_open", RuleKind, one_open),
                                                   SOME_OF("opened_by", CYAML_FLAG_DEFAULT, RuleKind, opened_by, ROLES),
                                                   LIST("form", OPTIONAL, RuleKind, form, &ONE_FIELD),
                                                   LIST("states", OPTIONAL, RuleKind, states, &ONE_STATE),
                                                   LIST("steps", OPTIONAL, RuleKind, steps, &ONE_STEP),
                                                   LIST("clocks", OPTIONAL, RuleKind, clocks, &ONE_CLOCK),
                                                   LIST("figures", OPTIONAL, RuleKind, figures, &ONE_TEXT),
                                                   LIST("use", OPTIONAL, RuleKind, use, &ONE_USE),
                                                   LIST("routes", OPTIONAL, RuleKind, routes, &ONE_ROUTE),
                                                   LIST("counts", OPTIONAL, RuleKind, counts, &ONE_COUNT),
                                                   CYAML_FIELD_MAPPING_PTR("repeat", CYAML_FLAG_POINTER | OPTIONAL, RuleKind, repeat, REPEAT_FIELDS),
                                                   CYAML_FIELD_INT("visits", OPTIONAL, RuleKind, visits),
                                                   YES_NO("keeps_place", RuleKind, keeps_place),
                                                   YES_NO("public", RuleKind, public),
                                                   ONE_OF("account", OPTIONAL, RuleKind, account, ACCOUNTS),
                                                   TEXT_OR_NONE("group", RuleKind, group),
                                                   TEXT_OR_NONE("guide_zh", RuleKind, guide_zh),
                                                   TEXT_OR_NONE("guide_en", RuleKind, guide_en),
                                                   CYAML_FIELD_END};
static const cyaml_schema_field_t PART_FIELDS[] = {LIST("form", OPTIONAL, RuleKind, form, &ONE_FIELD),
                                                   LIST("states", OPTIONAL, RuleKind, states, &ONE_STATE),
                                                   LIST("steps", OPTIONAL, RuleKind, steps, &ONE_STEP),
                                                   LIST("clocks", OPTIONAL, RuleKind, clocks, &ONE_CLOCK),
                                                   LIST("counts", OPTIONAL, RuleKind, counts, &ONE_COUNT),
                                                   CYAML_FIELD_END};
static const cyaml_schema_value_t WHOLE_PART = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, RuleKind, PART_FIELDS)};
static const cyaml_schema_value_t WHOLE_KIND = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, RuleKind, KIND_FIELDS)};

static const cyaml_schema_field_t LIMIT_FIELDS[] = {NEEDED_TEXT("urban", RuleLimit, urban), NEEDED_TEXT("rural", RuleLimit, rural),
                                                    NEEDED_TEXT("remote", RuleLimit, remote), CYAML_FIELD_END};
static const cyaml_schema_field_t MARK_FIELDS[] = {CYAML_FIELD_INT("at", CYAML_FLAG_DEFAULT, RuleMark, at),
                                                   SOME_OF("to", OPTIONAL, RuleMark, to, TOLD), CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_MARK = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, RuleMark, MARK_FIELDS)};

static const cyaml_schema_field_t PROMISE_FIELDS[] = {
    ORIGIN(RulePromise),
    NEEDED_TEXT("calendar", RulePromise, calendar),
    ONE_OF("judged", OPTIONAL, RulePromise, judged, JUDGED),
    YES_NO("first_day_free", RulePromise, first_day_free),
    TEXT_OR_NONE("limit", RulePromise, limit),
    CYAML_FIELD_MAPPING_PTR("limits", CYAML_FLAG_POINTER | OPTIONAL, RulePromise, limits, LIMIT_FIELDS),
    LIST("marks", OPTIONAL, RulePromise, marks, &ONE_MARK),
    CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_PROMISE = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, RulePromise, PROMISE_FIELDS)};
static const cyaml_schema_field_t PROMISES_FIELDS[] = {LIST("promises", 0, RulePromises, promises, &ONE_PROMISE), CYAML_FIELD_END};
static const cyaml_schema_value_t WHOLE_PROMISES = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, RulePromises, PROMISES_FIELDS)};

static const cyaml_schema_field_t DAYS_FIELDS[] = {NEEDED_TEXT("from", RuleDays, from), TEXT_OR_NONE("to", RuleDays, to),
                                                   TEXT_OR_NONE("name_zh", RuleDays, name_zh), TEXT_OR_NONE("name_en", RuleDays, name_en),
                                                   LIST("hours", OPTIONAL, RuleDays, hours, &ONE_TEXT), CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_DAYS = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, RuleDays, DAYS_FIELDS)};
static const cyaml_schema_field_t CALENDAR_FIELDS[] = {
    ORIGIN(RuleCalendar), YES_NO("always", RuleCalendar, always), SOME_OF("week", OPTIONAL, RuleCalendar, week, WEEKDAYS),
    LIST("hours", OPTIONAL, RuleCalendar, hours, &ONE_TEXT), LIST("holidays", OPTIONAL, RuleCalendar, holidays, &ONE_DAYS),
    LIST("workdays", OPTIONAL, RuleCalendar, workdays, &ONE_DAYS), CYAML_FIELD_END};
static const cyaml_schema_value_t WHOLE_CALENDAR = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, RuleCalendar, CALENDAR_FIELDS)};

static const cyaml_schema_field_t COMPANY_FIELDS[] = {NEEDED_TEXT("region", RuleCompany, region), TEXT_OR_NONE("as_of", RuleCompany, as_of),
                                                      CYAML_FIELD_END};
static const cyaml_schema_value_t WHOLE_COMPANY = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, RuleCompany, COMPANY_FIELDS)};
static const cyaml_schema_field_t SURVEY_FIELDS[] = {ORIGIN(RuleSurvey), CYAML_FIELD_INT("days", CYAML_FLAG_DEFAULT, RuleSurvey, days),
                                                     LIST("dimensions", 0, RuleSurvey, dimensions, &ONE_CHOICE), CYAML_FIELD_END};
static const cyaml_schema_value_t WHOLE_SURVEY = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, RuleSurvey, SURVEY_FIELDS)};

static const cyaml_schema_value_t *const WHOLE[] = {[RULE_KIND] = &WHOLE_KIND,         [RULE_PROMISES] = &WHOLE_PROMISES,
                                                    [RULE_CALENDAR] = &WHOLE_CALENDAR, [RULE_PART] = &WHOLE_PART,
                                                    [RULE_COMPANY] = &WHOLE_COMPANY,   [RULE_SURVEY] = &WHOLE_SURVEY};

/* --- reading --- */

static void *cyaml_memory(void *self, void *old, size_t size) {
  (void)self;
  if (size == 0) {
    memory_free(old);
    return NULL;
  }
  return memory_grow(old, size);
}

/* What libcyaml says goes to a log only: the first message, and the first place of the backtrace that follows it. */
typedef struct Complaint {
  char what[ERROR_ARGUMENT_MAX];
  int line, column;
} Complaint;

static void hear(cyaml_log_t level, void *self, const char *format, va_list arguments) {
  Complaint *complaint = self;
  char line[512];
  if (level < CYAML_LOG_ERROR) return;
  vsnprintf(line, sizeof line, format, arguments);
  line[strcspn(line, "\n")] = '\0';
  const char *place = strstr(line, "(line: ");
  if (place && complaint->line == 0) {
    if (sscanf(place, "(line: %d, column: %d)", &complaint->line, &complaint->column) != 2) complaint->line = 0;
  } else if (!place && !complaint->what[0]) {
    const char *what = strncmp(line, "Load: ", 6) == 0 ? line + 6 : line;
    snprintf(complaint->what, sizeof complaint->what, "%.150s", what);
  }
}

/* A document that is no YAML at all: libyaml knows where; a sound one gives false. */
static bool find_syntax_error(Complaint *complaint, Text yaml) {
  yaml_parser_t parser;
  bool found = false;
  if (!yaml_parser_initialize(&parser)) return false;
  yaml_parser_set_input_string(&parser, (const unsigned char *)yaml.at, yaml.len);
  for (bool going = true; going;) {
    yaml_event_t event;
    if (!yaml_parser_parse(&parser, &event)) {
      found = true;
      complaint->line = (int)parser.problem_mark.line + 1;
      complaint->column = (int)parser.problem_mark.column + 1;
      snprintf(complaint->what, sizeof complaint->what, "%.150s", parser.problem ? parser.problem : "not YAML");
      break;
    }
    going = event.type != YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  return found;
}

/* libcyaml places a key it does not know at the one before it: the key itself stands there or after. */
static void place_unknown_key(Complaint *complaint, Text yaml) {
  static const char SAYS[] = "Unexpected key: ";
  if (strncmp(complaint->what, SAYS, sizeof SAYS - 1) != 0) return;
  char key[ERROR_ARGUMENT_MAX + 2];
  snprintf(key, sizeof key, "%s:", complaint->what + sizeof SAYS - 1);
  size_t at = 0;
  for (int line = 1; line < complaint->line && at < yaml.len; at++) line += yaml.at[at] == '\n';
  ptrdiff_t found = text_find(text_slice(yaml, at, yaml.len), text_of(key));
  if (found < 0) return;
  complaint->line = complaint->column = 1;
  for (size_t i = 0; i < at + (size_t)found; i++)
    if (yaml.at[i] == '\n') complaint->line++, complaint->column = 1;
    else complaint->column++;
}

static const cyaml_config_t QUIET = {.mem_fn = cyaml_memory, .log_level = CYAML_LOG_ERROR, .flags = CYAML_CFG_NO_ALIAS};

bool rule_read(void **out, RuleForm form, const char *file, Text yaml, Error *error) {
  Complaint complaint = {0};
  char words[ERROR_ARGUMENT_MAX];
  cyaml_config_t config = QUIET;
  config.log_fn = hear;
  config.log_ctx = &complaint;
  cyaml_data_t *data = NULL;
  cyaml_err_t code = cyaml_load_data((const uint8_t *)(yaml.len ? yaml.at : ""), yaml.len, &config, WHOLE[form], &data, NULL);
  if (code == CYAML_OK && data) {
    *out = data;
    return true;
  }
  if (code == CYAML_ERR_OOM) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", file);
  place_unknown_key(&complaint, yaml);
  Complaint syntax = {0};
  if (find_syntax_error(&syntax, yaml)) complaint = syntax;
  error_raise(error, ERROR_RULE_FORM, "%s",
              complaint.what[0]          ? rule_text_words(words, sizeof words, complaint.what)
              : data || code == CYAML_OK ? "文件为空" ERROR_BOTH "the file is empty"
                                         : cyaml_strerror(code));
  return error_at(error, "%s:%d:%d", file, complaint.line ? complaint.line : 1, complaint.column ? complaint.column : 1);
}

void rule_free(RuleForm form, void *rule) {
  if (rule) cyaml_free(&QUIET, WHOLE[form], rule, 0);
}

/* --- where something stands in a document --- */

typedef struct Finder {
  yaml_parser_t parser;
  size_t line, column;
} Finder;

static bool next_event(Finder *finder, yaml_event_t *event) { return yaml_parser_parse(&finder->parser, event) != 0; }

/* Passes over the node whose first event is given. */
static bool pass_node(Finder *finder, yaml_event_type_t type) {
  int depth = 0;
  for (;;) {
    if (type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT) depth++;
    else if (type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT) depth--;
    if (depth == 0) return true;
    yaml_event_t event;
    if (!next_event(finder, &event)) return false;
    type = event.type;
    yaml_event_delete(&event);
  }
}

/* From the first event of a node, goes to the part of it that `part` names; *type is then the part's first event. */
static bool enter_part(Finder *finder, yaml_event_type_t *type, Text part) {
  bool mapping = *type == YAML_MAPPING_START_EVENT;
  int64_t wanted = -1;
  if (!mapping && (*type != YAML_SEQUENCE_START_EVENT || !text_to_i64(part, &wanted))) return false;
  for (int64_t at = 0;; at++) {
    yaml_event_t event;
    if (!next_event(finder, &event)) return false;
    bool end = event.type == YAML_MAPPING_END_EVENT || event.type == YAML_SEQUENCE_END_EVENT, hit = at == wanted;
    size_t line = event.start_mark.line + 1, column = event.start_mark.column + 1;
    if (mapping && event.type == YAML_SCALAR_EVENT)
      hit = text_equal((Text){(const char *)event.data.scalar.value, event.data.scalar.length}, part);
    *type = event.type;
    yaml_event_delete(&event);
    if (end) return false;
    if (mapping) { /* that was the key: its value comes next */
      if (!next_event(finder, &event)) return false;
      *type = event.type;
      if (hit) line = event.start_mark.line + 1, column = event.start_mark.column + 1;
      yaml_event_delete(&event);
    }
    if (hit) {
      finder->line = line;
      finder->column = column;
      return true;
    }
    if (!pass_node(finder, *type)) return false;
  }
}

bool rule_error_at(Error *error, const char *file, Text yaml, const char *path_format, ...) {
  char path[256];
  va_list arguments;
  va_start(arguments, path_format);
  vsnprintf(path, sizeof path, path_format, arguments);
  va_end(arguments);
  Finder finder = {.line = 1, .column = 1};
  if (!yaml_parser_initialize(&finder.parser)) return error_at(error, "%s", file);
  yaml_parser_set_input_string(&finder.parser, (const unsigned char *)yaml.at, yaml.len);
  yaml_event_t event;
  yaml_event_type_t type = YAML_NO_EVENT;
  while (type != YAML_MAPPING_START_EVENT && type != YAML_STREAM_END_EVENT && next_event(&finder, &event)) {
    type = event.type;
    yaml_event_delete(&event);
  }
  Text rest = text_of(path), part;
  while (text_next(&rest, '.', &part) && enter_part(&finder, &type, part)) continue;
  yaml_parser_delete(&finder.parser);
  return error_at(error, "%s:%zu:%zu", file, finder.line, finder.column);
}
