#include "crew/plan_rules.h"

#include <stdio.h>

#include "interop/rule_text.h"

typedef struct FileWork {
  int kind;
  double minutes;
} FileWork;

typedef struct FileMeal {
  char *from, *until;
  int minutes;
} FileMeal;

typedef struct File {
  char *version, *source, *strength, *region, *from;
  double number[15]; /* in the order of NUMBERS */
  FileWork *work;
  FileMeal *meals;
  unsigned work_count, meals_count;
  int auto_accept;
} File;

/* Each with the least and the most it may be. */
static const struct {
  const char *name;
  double least, most;
} NUMBERS[] = {
  {"detour", 1, 5},            {"town_kmh", 1, 200},          {"country_kmh", 1, 200},              {"unknown_km", 0, 500},        {"ready_minutes", 0, 120},
  {"load_minutes", 0, 240},    {"bring_minutes", 0, 240},     {"overtime_minutes", 0, 720},         {"advised_overtime_minutes", 0, 720},
  {"call_in_minutes", 0, 720}, {"mutual_aid_minutes", 0, 1440}, {"change_cost", 0, 1e6},            {"overtime_cost", 0, 1e6},     {"reserve_cost", 0, 1e6},
  {"search_seconds", 0, 60},
};

#define WORD(key, type, member) CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, 200)
#define NUMBER(key, at) CYAML_FIELD_FLOAT(key, CYAML_FLAG_DEFAULT, File, number[at])

static const cyaml_strval_t YES_OR_NO[] = {{"no", 0}, {"yes", 1}, {"false", 0}, {"true", 1}};
static const cyaml_strval_t KINDS[] = {
  {"substation", GRID_SUBSTATION}, {"busbar", GRID_BUSBAR}, {"breaker", GRID_BREAKER}, {"recloser", GRID_RECLOSER},
  {"switch", GRID_SWITCH}, {"fuse", GRID_FUSE}, {"line", GRID_LINE}, {"transformer", GRID_TRANSFORMER},
  {"lv_breaker", GRID_LV_BREAKER}, {"branch_box", GRID_BRANCH_BOX}, {"meter_box", GRID_METER_BOX}};
static const cyaml_schema_field_t WORK_FIELDS[] = {CYAML_FIELD_ENUM("kind", CYAML_FLAG_STRICT, FileWork, kind, KINDS, CYAML_ARRAY_LEN(KINDS)),
                                                   CYAML_FIELD_FLOAT("minutes", CYAML_FLAG_DEFAULT, FileWork, minutes), CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_WORK = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, FileWork, WORK_FIELDS)};
static const cyaml_schema_field_t MEAL_FIELDS[] = {WORD("from", FileMeal, from), WORD("until", FileMeal, until),
                                                   CYAML_FIELD_INT("minutes", CYAML_FLAG_DEFAULT, FileMeal, minutes), CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_MEAL = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, FileMeal, MEAL_FIELDS)};
static const cyaml_schema_field_t FILE_FIELDS[] = {
  WORD("version", File, version), WORD("source", File, source), WORD("strength", File, strength), WORD("region", File, region), WORD("from", File, from),
  NUMBER("detour", 0), NUMBER("town_kmh", 1), NUMBER("country_kmh", 2), NUMBER("unknown_km", 3), NUMBER("ready_minutes", 4), NUMBER("load_minutes", 5),
  NUMBER("bring_minutes", 6), NUMBER("overtime_minutes", 7), NUMBER("advised_overtime_minutes", 8), NUMBER("call_in_minutes", 9),
  NUMBER("mutual_aid_minutes", 10), NUMBER("change_cost", 11), NUMBER("overtime_cost", 12), NUMBER("reserve_cost", 13), NUMBER("search_seconds", 14),
  CYAML_FIELD_SEQUENCE("work", CYAML_FLAG_POINTER, File, work, &ONE_WORK, 1, PLAN_KINDS),
  CYAML_FIELD_SEQUENCE("meals", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, File, meals, &ONE_MEAL, 0, PLAN_MEALS_MAX),
  CYAML_FIELD_ENUM("auto_accept", CYAML_FLAG_STRICT, File, auto_accept, YES_OR_NO, CYAML_ARRAY_LEN(YES_OR_NO)), CYAML_FIELD_END};
static const cyaml_schema_value_t WHOLE_FILE = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, File, FILE_FIELDS)};

static const char BUILT_IN_NAME[] = "dispatch.yaml";
static const struct {
  const char *name, *text;
} BUILT_IN[] = {
#include "dispatch_embedded.h" /* made from rules/dispatch.yaml */
};

static bool clock_minute(const char *text, int *out) {
  int hour, minute, end = 0;
  if (sscanf(text, "%2d:%2d%n", &hour, &minute, &end) != 2 || text[end] || hour < 0 || hour > 24 || minute < 0 || minute > 59) return false;
  *out = hour * 60 + minute;
  return true;
}

static bool compile(PlanRules *out, const File *file, const char *name, Error *error) {
  for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++)
    if (!(file->number[i] >= NUMBERS[i].least && file->number[i] <= NUMBERS[i].most)) {
      error_raise(error, ERROR_RULE_VALUE, "%s\t%g\t%g…%g", NUMBERS[i].name, file->number[i], NUMBERS[i].least, NUMBERS[i].most);
      return error_at(error, "%s", name);
    }
  double *const numbers[] = {&out->detour, &out->town_kmh, &out->country_kmh, &out->unknown_km, &out->ready_minutes, &out->load_minutes, &out->bring_minutes,
                             &out->overtime_minutes, &out->advised_overtime_minutes, &out->call_in_minutes, &out->mutual_aid_minutes, &out->change_cost,
                             &out->overtime_cost, &out->reserve_cost, &out->search_seconds};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) *numbers[i] = file->number[i];
  for (int i = 0; i < PLAN_KINDS; i++) out->work_minutes[i] = 60;
  for (unsigned i = 0; i < file->work_count; i++) {
    if (!(file->work[i].minutes > 0 && file->work[i].minutes <= 1440))
      return error_raise(error, ERROR_RULE_VALUE, "work\t%g\t0…1440", file->work[i].minutes) || error_at(error, "%s", name);
    if (file->work[i].kind >= 0 && file->work[i].kind < PLAN_KINDS) out->work_minutes[file->work[i].kind] = file->work[i].minutes;
  }
  for (unsigned i = 0; i < file->meals_count; i++) {
    PlanMeal *meal = &out->meal[out->meal_count++];
    meal->minutes = file->meals[i].minutes;
    if (!clock_minute(file->meals[i].from, &meal->from) || !clock_minute(file->meals[i].until, &meal->until) || meal->until <= meal->from ||
        meal->minutes < 0 || meal->minutes > 240)
      return error_raise(error, ERROR_RULE_VALUE, "meals\t%s-%s\tHH:MM, rising", file->meals[i].from, file->meals[i].until) || error_at(error, "%s", name);
  }
  out->auto_accept = file->auto_accept != 0;
  return true;
}

bool plan_rules_from_text(PlanRules *out, const char *name, Text yaml, Error *error) {
  cyaml_data_t *data;
  *out = (PlanRules){0};
  bool ok = rule_text_load(&data, name, yaml, &WHOLE_FILE, error) && compile(out, data, name, error);
  rule_text_free(data, &WHOLE_FILE);
  return ok;
}

static bool take_text(void *self, const char *file, Text yaml, Error *error) { return plan_rules_from_text(self, file, yaml, error); }

bool plan_rules_open(PlanRules *out, const char *folder, Error *error) {
  return rule_text_open(folder, BUILT_IN_NAME, BUILT_IN[0].text, take_text, out, error);
}
