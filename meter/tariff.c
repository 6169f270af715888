#include "meter/tariff.h"

#include <stdio.h>

#include "interop/rule_text.h"

typedef struct FileStep {
  int *months, *upto;
  unsigned months_count, upto_count;
} FileStep;
typedef struct FileTariff {
  char *id, *name_zh, *name_en, *region, *from, *until, *source, *strength;
  int by_year;
  int *prices;
  FileStep *steps;
  unsigned prices_count, steps_count;
} FileTariff;
typedef struct File {
  char *version;
  FileTariff *tariffs;
  unsigned tariffs_count;
} File;

#define WORD(key, flags, type, member) CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | (flags), type, member, 1, 200)
static const cyaml_strval_t PERIODS[] = {{"month", 0}, {"year", 1}};
static const cyaml_schema_value_t ONE_NUMBER = {CYAML_VALUE_INT(CYAML_FLAG_DEFAULT, int)};
static const cyaml_schema_field_t STEP_FIELDS[] = {
    CYAML_FIELD_SEQUENCE("months", CYAML_FLAG_POINTER, FileStep, months, &ONE_NUMBER, 1, 12),
    CYAML_FIELD_SEQUENCE("upto", CYAML_FLAG_POINTER, FileStep, upto, &ONE_NUMBER, 0, TARIFF_TIERS_MAX - 1), CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_STEP = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, FileStep, STEP_FIELDS)};
static const cyaml_schema_field_t TARIFF_FIELDS[] = {
    WORD("id", 0, FileTariff, id),
    WORD("name_zh", 0, FileTariff, name_zh),
    WORD("name_en", 0, FileTariff, name_en),
    WORD("region", 0, FileTariff, region),
    WORD("from", 0, FileTariff, from),
    WORD("until", CYAML_FLAG_OPTIONAL, FileTariff, until),
    WORD("source", 0, FileTariff, source),
    WORD("strength", 0, FileTariff, strength),
    CYAML_FIELD_ENUM("period", CYAML_FLAG_STRICT, FileTariff, by_year, PERIODS, CYAML_ARRAY_LEN(PERIODS)),
    CYAML_FIELD_SEQUENCE("prices", CYAML_FLAG_POINTER, FileTariff, prices, &ONE_NUMBER, 1, TARIFF_TIERS_MAX),
    CYAML_FIELD_SEQUENCE("steps", CYAML_FLAG_POINTER, FileTariff, steps, &ONE_STEP, 1, 12),
    CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_TARIFF = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, FileTariff, TARIFF_FIELDS)};
static const cyaml_schema_field_t FILE_FIELDS[] = {WORD("version", 0, File, version),
                                                   CYAML_FIELD_SEQUENCE("tariffs", CYAML_FLAG_POINTER, File, tariffs, &ONE_TARIFF, 1, 40),
                                                   CYAML_FIELD_END};
static const cyaml_schema_value_t WHOLE_FILE = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, File, FILE_FIELDS)};

static bool wrong(Error *error, const char *file, const FileTariff *t, const char *what, int64_t value, const char *why) {
  error_raise(error, ERROR_RULE_VALUE, "%s of tariff %s\t%lld\t%s", what, t->id, (long long)value, why);
  return error_at(error, "%s", file);
}

static bool compile(Tariff *out, const FileTariff *t, const char *file, Error *error) {
  *out = (Tariff){.by_year = t->by_year, .tiers = (int)t->prices_count};
  snprintf(out->id, sizeof out->id, "%s", t->id);
  snprintf(out->name_zh, sizeof out->name_zh, "%s", t->name_zh);
  snprintf(out->name_en, sizeof out->name_en, "%s", t->name_en);
  snprintf(out->source, sizeof out->source, "%s", t->source);
  snprintf(out->from, sizeof out->from, "%s", t->from);
  for (unsigned i = 0; i < t->prices_count; i++) {
    if (t->prices[i] < 0 || t->prices[i] > 100000) return wrong(error, file, t, "price", t->prices[i], "0…100000, 0.001 yuan");
    out->price_li[i] = t->prices[i];
  }
  for (unsigned s = 0; s < t->steps_count; s++) {
    const FileStep *step = &t->steps[s];
    if (step->upto_count + 1 != t->prices_count) return wrong(error, file, t, "upto", step->upto_count, "one less than the prices");
    for (unsigned m = 0; m < step->months_count; m++) {
      int month = step->months[m];
      if (month < 1 || month > 12 || out->upto_kwh[month][out->tiers - 1])
        return wrong(error, file, t, "month", month, "each of 1…12 once");
      for (unsigned i = 0; i < step->upto_count; i++) {
        if (step->upto[i] <= (i ? step->upto[i - 1] : 0)) return wrong(error, file, t, "upto", step->upto[i], "rising");
        out->upto_kwh[month][i] = step->upto[i];
      }
      out->upto_kwh[month][out->tiers - 1] = INT64_MAX;
    }
  }
  for (int month = 1; month <= 12; month++)
    if (!out->upto_kwh[month][out->tiers - 1]) return wrong(error, file, t, "month", month, "it is missing");
  return true;
}

bool tariff_read(Tariff *out, const char *file, Text yaml, Error *error) {
  cyaml_data_t *data = NULL;
  bool ok = rule_text_load(&data, file, yaml, &WHOLE_FILE, error);
  const File *read = data;
  for (unsigned i = read ? read->tariffs_count : 0; ok && i-- > 0;) ok = compile(out, &read->tariffs[i], file, error);
  rule_text_free(data, &WHOLE_FILE);
  return ok;
}

static const struct {
  const char *path, *text;
} EMBEDDED[] = {
#include "tariffs_embedded.h"
};

static bool take_text(void *self, const char *file, Text yaml, Error *error) {
  (void)file;
  return tariff_read(self, "tariffs.yaml", yaml, error);
}

bool tariff_load(Tariff *out, const char *folder, Error *error) {
  return rule_text_open(folder, "tariffs.yaml", EMBEDDED[0].text, take_text, out, error);
}

TariffCost tariff_cost(const Tariff *tariff, int month, int64_t before, int64_t centi_kwh) {
  TariffCost cost = {0};
  int64_t at = before, end = before + centi_kwh, li_centi = 0; /* 0.001 yuan × 0.01 kWh */
  for (int t = 0; t < tariff->tiers; t++) {
    int64_t upto = tariff->upto_kwh[month][t] == INT64_MAX ? INT64_MAX : tariff->upto_kwh[month][t] * 100;
    int64_t part = (end < upto ? end : upto) - at;
    if (part > 0) {
      cost.tier_centi_kwh[t] = part;
      cost.tier = t;
      li_centi += part * tariff->price_li[t];
      at += part;
    } else if (at >= upto) {
      continue;
    }
  }
  cost.fen = (li_centi + 500) / 1000;
  return cost;
}
