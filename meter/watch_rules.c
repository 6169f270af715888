#include <math.h>
#include <stdio.h>

#include "interop/rule_text.h"
#include "meter/watch.h"

typedef struct FileWatch {
  char *id, *name_zh, *name_en, *order, *what, *strength, *source;
  double limit, load;
  int minutes, cured, off;
} FileWatch;

typedef struct File {
  char *version, *region, *from, *until;
  FileWatch *watches;
  unsigned watches_count;
} File;

#define WORD(key, flags, type, member) CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | (flags), type, member, 1, 200)
static const cyaml_strval_t YES_OR_NO[] = {{"no", 0}, {"yes", 1}, {"false", 0}, {"true", 1}};
static const cyaml_schema_field_t WATCH_FIELDS[] = {
    WORD("id", 0, FileWatch, id),
    WORD("name_zh", 0, FileWatch, name_zh),
    WORD("name_en", 0, FileWatch, name_en),
    CYAML_FIELD_FLOAT("limit", CYAML_FLAG_OPTIONAL, FileWatch, limit),
    CYAML_FIELD_FLOAT("load", CYAML_FLAG_OPTIONAL, FileWatch, load),
    CYAML_FIELD_INT("minutes", CYAML_FLAG_DEFAULT, FileWatch, minutes),
    CYAML_FIELD_INT("cured", CYAML_FLAG_DEFAULT, FileWatch, cured),
    WORD("order", 0, FileWatch, order),
    WORD("what", CYAML_FLAG_OPTIONAL, FileWatch, what),
    CYAML_FIELD_ENUM("off", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, FileWatch, off, YES_OR_NO, CYAML_ARRAY_LEN(YES_OR_NO)),
    WORD("strength", 0, FileWatch, strength),
    WORD("source", 0, FileWatch, source),
    CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_WATCH = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, FileWatch, WATCH_FIELDS)};
static const cyaml_schema_field_t FILE_FIELDS[] = {
    WORD("version", 0, File, version),
    WORD("region", 0, File, region),
    WORD("from", 0, File, from),
    WORD("until", CYAML_FLAG_OPTIONAL, File, until),
    CYAML_FIELD_SEQUENCE("watches", CYAML_FLAG_POINTER, File, watches, &ONE_WATCH, 1, WATCH_KINDS),
    CYAML_FIELD_END};
static const cyaml_schema_value_t WHOLE_FILE = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, File, FILE_FIELDS)};

static bool wrong(Error *error, const char *file, const char *id, const char *what, double value, const char *why) {
  error_raise(error, ERROR_RULE_VALUE, "%s of watch %s\t%g\t%s", what, id, value, why);
  return error_at(error, "%s", file);
}

static bool take(WatchRules *out, bool *there, const FileWatch *watch, const char *file, Error *error) {
  WatchKind kind;
  char known[ERROR_ARGUMENT_MAX] = "";
  if (!watch_kind_of_name(text_of(watch->id), &kind)) {
    for (WatchKind k = 0; k < WATCH_KINDS; k++)
      snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", k ? ", " : "", watch_kind_name(k));
    error_raise(error, ERROR_RULE_UNKNOWN, "watch\t%s\t%s", watch->id, known);
    return error_at(error, "%s", file);
  }
  if (there[kind]) return error_raise(error, ERROR_RULE_TWICE, "watch\t%s", watch->id) || error_at(error, "%s", file);
  there[kind] = true;
  if (watch->minutes < 1 || watch->minutes > 44640) return wrong(error, file, watch->id, "minutes", watch->minutes, "1…44640");
  if (watch->cured < 0 || watch->cured > 44640) return wrong(error, file, watch->id, "cured", watch->cured, "0…44640");
  if (kind <= WATCH_HIGH_VOLTAGE && !(watch->limit >= 50 && watch->limit <= 500))
    return wrong(error, file, watch->id, "limit", watch->limit, "volts, 50…500");
  if (kind >= WATCH_HEAVY_LOAD && kind <= WATCH_LOSS_NEGATIVE && !(watch->limit >= -1 && watch->limit <= 5))
    return wrong(error, file, watch->id, "limit", watch->limit, "a share, 1 is all");
  WatchRule *rule = &out->rule[kind];
  *rule = (WatchRule){.limit = watch->limit, .load = watch->load, .minutes = watch->minutes, .cured = watch->cured, .off = watch->off};
  snprintf(rule->name_zh, sizeof rule->name_zh, "%s", watch->name_zh);
  snprintf(rule->name_en, sizeof rule->name_en, "%s", watch->name_en);
  if (strcmp(watch->order, "none") != 0) snprintf(rule->order, sizeof rule->order, "%s", watch->order);
  snprintf(rule->what, sizeof rule->what, "%s", watch->what ? watch->what : watch->id);
  return true;
}

bool watch_rules_read(WatchRules *out, const char *file, Text yaml, Error *error) {
  cyaml_data_t *data = NULL;
  bool there[WATCH_KINDS] = {false};
  *out = (WatchRules){0};
  bool ok = rule_text_load(&data, file, yaml, &WHOLE_FILE, error);
  const File *read = data;
  for (unsigned i = 0; ok && i < read->watches_count; i++) ok = take(out, there, &read->watches[i], file, error);
  for (WatchKind k = 0; k < WATCH_KINDS; k++)
    if (!there[k]) out->rule[k].off = true; /* what a company does not name it does not watch */
  out->low_dv = (int32_t)lround(out->rule[WATCH_LOW_VOLTAGE].limit * 10);
  out->high_dv = (int32_t)lround(out->rule[WATCH_HIGH_VOLTAGE].limit * 10);
  out->dead_dv = out->rule[WATCH_DEAD_AREA].limit > 0 ? (int32_t)lround(out->rule[WATCH_DEAD_AREA].limit * 10) : 220;
  if (out->rule[WATCH_LOW_VOLTAGE].off) out->low_dv = METER_NONE;
  if (out->rule[WATCH_HIGH_VOLTAGE].off) out->high_dv = METER_VALUE_MAX;
  rule_text_free(data, &WHOLE_FILE);
  return ok;
}

static const struct {
  const char *path, *text;
} EMBEDDED[] = {
#include "watches_embedded.h"
};

static bool take_text(void *self, const char *file, Text yaml, Error *error) {
  (void)file;
  return watch_rules_read(self, "watches.yaml", yaml, error);
}

bool watch_rules_load(WatchRules *out, const char *folder, Error *error) {
  return rule_text_open(folder, "watches.yaml", EMBEDDED[0].text, take_text, out, error);
}
