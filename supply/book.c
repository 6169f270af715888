#include "supply/book.h"

#include <math.h>
#include <stdio.h>

#include "interop/rule_text.h"

/* --- the files as they stand --- */

typedef struct FileFamily {
  char *prefix, *name_zh, *name_en;
  int material;
  double reactance, price;
} FileFamily;
typedef struct FileSection {
  double mm2, al, cu, ampere_al, ampere_cu, yuan_m;
} FileSection;
typedef struct FileConductors {
  char *version, *source, *strength, *region, *from, *fallback, *works;
  double standard;
  FileFamily *families;
  FileSection *sections;
  unsigned families_count, sections_count;
} FileConductors;
typedef struct FileCost {
  double yuan, days;
} FileCost;
typedef struct FileCosts {
  FileCost tap, swap, hours, conductor, conductor_km, transformer, second, second_mv_m;
} FileCosts;
typedef struct FileTransformer {
  double kva, impedance, loss, yuan;
} FileTransformer;
typedef struct FileStandard {
  double source, load, radius_m, imbalance;
} FileStandard;
typedef struct FileHours {
  double limit;
  char *from, *until, *night_from, *night_until;
  int least_run, days;
} FileHours;
typedef struct FileLoad {
  int category;
  double *share;
  unsigned share_count;
} FileLoad;
typedef struct FileRemedies {
  char *version, *source, *strength, *region, *from;
  double *taps;
  FileCosts costs;
  FileTransformer *transformers;
  FileStandard standard;
  FileHours hours;
  char **shiftable;
  double power_factor;
  FileLoad *loads;
  unsigned taps_count, transformers_count, shiftable_count, loads_count;
} FileRemedies;

#define WORD(key, type, member) CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, 400)
#define NUMBER(key, type, member) CYAML_FIELD_FLOAT(key, CYAML_FLAG_DEFAULT, type, member)
#define LIST(key, type, member, entry, least, most) CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER, type, member, entry, least, most)
#define ORIGIN(type)                                                                                                            \
  WORD("version", type, version), WORD("source", type, source), WORD("strength", type, strength), WORD("region", type, region), \
      WORD("from", type, from)

static const cyaml_strval_t MATERIALS[] = {{"al", 0}, {"cu", 1}};
static const cyaml_strval_t CATEGORIES[] = {{"residential", 0}, {"commercial", 1}, {"industrial", 2}, {"farm", 3}, {"public", 4}};
static const cyaml_schema_value_t ONE_WORD = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 100)};
static const cyaml_schema_value_t ONE_NUMBER = {CYAML_VALUE_FLOAT(CYAML_FLAG_DEFAULT, double)};

static const cyaml_schema_field_t FAMILY_FIELDS[] = {
    WORD("prefix", FileFamily, prefix),
    CYAML_FIELD_ENUM("material", CYAML_FLAG_STRICT, FileFamily, material, MATERIALS, CYAML_ARRAY_LEN(MATERIALS)),
    NUMBER("reactance", FileFamily, reactance),
    NUMBER("price", FileFamily, price),
    WORD("name_zh", FileFamily, name_zh),
    WORD("name_en", FileFamily, name_en),
    CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_FAMILY = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, FileFamily, FAMILY_FIELDS)};
static const cyaml_schema_field_t SECTION_FIELDS[] = {NUMBER("mm2", FileSection, mm2),
                                                      NUMBER("al", FileSection, al),
                                                      NUMBER("cu", FileSection, cu),
                                                      NUMBER("ampere_al", FileSection, ampere_al),
                                                      NUMBER("ampere_cu", FileSection, ampere_cu),
                                                      NUMBER("yuan_m", FileSection, yuan_m),
                                                      CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_SECTION = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, FileSection, SECTION_FIELDS)};
static const cyaml_schema_field_t CONDUCTORS_FIELDS[] = {ORIGIN(FileConductors),
                                                         WORD("fallback", FileConductors, fallback),
                                                         WORD("works", FileConductors, works),
                                                         NUMBER("standard", FileConductors, standard),
                                                         LIST("families", FileConductors, families, &ONE_FAMILY, 1, 64),
                                                         LIST("sections", FileConductors, sections, &ONE_SECTION, 1, 64),
                                                         CYAML_FIELD_END};
static const cyaml_schema_value_t CONDUCTORS = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, FileConductors, CONDUCTORS_FIELDS)};

static const cyaml_schema_field_t COST_FIELDS[] = {NUMBER("yuan", FileCost, yuan), NUMBER("days", FileCost, days), CYAML_FIELD_END};
#define COST(key, member) CYAML_FIELD_MAPPING(key, CYAML_FLAG_DEFAULT, FileCosts, member, COST_FIELDS)
static const cyaml_schema_field_t COSTS_FIELDS[] = {COST("tap", tap),
                                                    COST("swap", swap),
                                                    COST("hours", hours),
                                                    COST("conductor", conductor),
                                                    COST("conductor_km", conductor_km),
                                                    COST("transformer", transformer),
                                                    COST("second", second),
                                                    COST("second_mv_m", second_mv_m),
                                                    CYAML_FIELD_END};
static const cyaml_schema_field_t TRANSFORMER_FIELDS[] = {
    NUMBER("kva", FileTransformer, kva), NUMBER("impedance", FileTransformer, impedance), NUMBER("loss", FileTransformer, loss),
    NUMBER("yuan", FileTransformer, yuan), CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_TRANSFORMER = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, FileTransformer, TRANSFORMER_FIELDS)};
static const cyaml_schema_field_t STANDARD_FIELDS[] = {NUMBER("source", FileStandard, source), NUMBER("load", FileStandard, load),
                                                       NUMBER("radius_m", FileStandard, radius_m),
                                                       NUMBER("imbalance", FileStandard, imbalance), CYAML_FIELD_END};
static const cyaml_schema_field_t HOURS_FIELDS[] = {NUMBER("limit", FileHours, limit),
                                                    WORD("from", FileHours, from),
                                                    WORD("until", FileHours, until),
                                                    WORD("night_from", FileHours, night_from),
                                                    WORD("night_until", FileHours, night_until),
                                                    CYAML_FIELD_INT("least_run", CYAML_FLAG_DEFAULT, FileHours, least_run),
                                                    CYAML_FIELD_INT("days", CYAML_FLAG_DEFAULT, FileHours, days),
                                                    CYAML_FIELD_END};
static const cyaml_schema_field_t LOAD_FIELDS[] = {
    CYAML_FIELD_ENUM("category", CYAML_FLAG_STRICT, FileLoad, category, CATEGORIES, CYAML_ARRAY_LEN(CATEGORIES)),
    LIST("share", FileLoad, share, &ONE_NUMBER, 24, 24), CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_LOAD = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, FileLoad, LOAD_FIELDS)};
static const cyaml_schema_field_t REMEDIES_FIELDS[] = {
    ORIGIN(FileRemedies),
    LIST("taps", FileRemedies, taps, &ONE_NUMBER, 1, REMEDY_TAPS_MAX),
    CYAML_FIELD_MAPPING("costs", CYAML_FLAG_DEFAULT, FileRemedies, costs, COSTS_FIELDS),
    LIST("transformers", FileRemedies, transformers, &ONE_TRANSFORMER, 1, REMEDY_RATINGS_MAX),
    CYAML_FIELD_MAPPING("standard", CYAML_FLAG_DEFAULT, FileRemedies, standard, STANDARD_FIELDS),
    CYAML_FIELD_MAPPING("hours", CYAML_FLAG_DEFAULT, FileRemedies, hours, HOURS_FIELDS),
    LIST("shiftable", FileRemedies, shiftable, &ONE_WORD, 0, BOOK_TAGS_MAX),
    NUMBER("power_factor", FileRemedies, power_factor),
    LIST("loads", FileRemedies, loads, &ONE_LOAD, BOOK_CATEGORIES, BOOK_CATEGORIES),
    CYAML_FIELD_END};
static const cyaml_schema_value_t REMEDIES = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, FileRemedies, REMEDIES_FIELDS)};

struct SupplyBook {
  FileConductors *conductors;
  FileRemedies *remedies;
  RemedyRates rates;
  CauseStandard standard;
  AreaConductor works[BOOK_WORKS_MAX];
  char works_name[BOOK_WORKS_MAX][24];
  size_t work_count;
  double share[BOOK_CATEGORIES][24];
};

static bool take_conductors(void *self, const char *file, Text yaml, Error *error) {
  cyaml_data_t *data = NULL;
  bool ok = rule_text_load(&data, file, yaml, &CONDUCTORS, error);
  ((SupplyBook *)self)->conductors = data;
  return ok;
}

static bool take_remedies(void *self, const char *file, Text yaml, Error *error) {
  cyaml_data_t *data = NULL;
  bool ok = rule_text_load(&data, file, yaml, &REMEDIES, error);
  ((SupplyBook *)self)->remedies = data;
  return ok;
}

/* "05:30" → 22 */
static bool quarter(const char *text, uint16_t *out, Error *error) {
  int hour, minute, end = 0;
  if (sscanf(text, "%2d:%2d%n", &hour, &minute, &end) != 2 || text[end] || hour < 0 || hour > 24 || minute % 15 || minute < 0 ||
      minute > 45)
    return error_raise(error, ERROR_RULE_VALUE, "hours\t%s\ta time of day in quarter-hours, 05:30", text);
  *out = (uint16_t)(hour * 4 + minute / 15);
  return true;
}

static bool compile_remedies(SupplyBook *book, Error *error) {
  const FileRemedies *file = book->remedies;
  const FileCosts *costs = &file->costs;
  RemedyRates *rates = &book->rates;
  *rates = (RemedyRates){.tap_count = file->taps_count,
                         .rating_count = file->transformers_count,
                         .tap_yuan = costs->tap.yuan,
                         .tap_days = costs->tap.days,
                         .swap_yuan = costs->swap.yuan,
                         .swap_per_day = costs->swap.days > 0 ? 1 / costs->swap.days : 1,
                         .hours_yuan = costs->hours.yuan,
                         .hours_days = costs->hours.days,
                         .conductor_days = costs->conductor.days,
                         .conductor_days_km = costs->conductor_km.days,
                         .transformer_yuan = costs->transformer.yuan,
                         .transformer_days = costs->transformer.days,
                         .second_yuan = costs->second.yuan,
                         .second_days = costs->second.days,
                         .second_mv_yuan_m = costs->second_mv_m.yuan,
                         .load_share = file->standard.load};
  for (unsigned i = 0; i < file->taps_count; i++) rates->taps[i] = file->taps[i];
  for (unsigned i = 0; i < file->transformers_count; i++) {
    const FileTransformer *one = &file->transformers[i];
    if (one->kva <= (i ? file->transformers[i - 1].kva : 0) || one->impedance <= 0)
      return error_raise(error, ERROR_RULE_VALUE, "transformers\t%g kVA\trising ratings, each with its impedance", one->kva);
    rates->ratings[i] = (RemedyRating){one->kva, one->impedance, one->loss, one->yuan};
  }
  StaggerWish *hours = &rates->hours;
  hours->limit_volts = file->hours.limit, hours->least_run = (uint16_t)file->hours.least_run, hours->days = (uint8_t)file->hours.days;
  if (!quarter(file->hours.from, &hours->from, error) || !quarter(file->hours.until, &hours->until, error) ||
      !quarter(file->hours.night_from, &hours->night_from, error) || !quarter(file->hours.night_until, &hours->night_until, error))
    return false;
  if (hours->from >= hours->until || file->hours.least_run < 1 || file->hours.least_run > AREA_QUARTERS || file->hours.days < 1 ||
      file->hours.days > STAGGER_DAYS_MAX)
    return error_raise(error, ERROR_RULE_VALUE, "hours\t%s\tfrom before until, runs of 1 to %d, days 1 to %d", file->hours.from,
                       AREA_QUARTERS, STAGGER_DAYS_MAX);
  if (!(file->power_factor > 0 && file->power_factor <= 1))
    return error_raise(error, ERROR_RULE_VALUE, "power_factor\t%g\tabove 0, at most 1", file->power_factor);
  const FileStandard *standard = &file->standard;
  book->standard = (CauseStandard){standard->source, standard->load, standard->radius_m, standard->imbalance, 0, hours->from, hours->until};
  for (unsigned i = 0; i < file->loads_count; i++)
    for (unsigned h = 0; h < 24; h++) book->share[file->loads[i].category][h] = file->loads[i].share[h];
  return true;
}

static bool compile_conductors(SupplyBook *book, Error *error) {
  const FileConductors *file = book->conductors;
  AreaConductor one;
  if (!supply_book_conductor(book, text_of(file->fallback), &one))
    return error_raise(error, ERROR_RULE_UNKNOWN, "conductor\t%s\ta family and a section", file->fallback);
  for (unsigned i = 0; i < file->sections_count; i++) {
    if (file->sections[i].mm2 < file->standard || book->work_count == BOOK_WORKS_MAX) continue;
    char *name = book->works_name[book->work_count];
    snprintf(name, sizeof book->works_name[0], "%.10s-%g", file->works, file->sections[i].mm2);
    if (!supply_book_conductor(book, text_of(name), &one))
      return error_raise(error, ERROR_RULE_UNKNOWN, "conductor\t%s\ta family and a section", name);
    for (unsigned k = 0; k < file->families_count; k++)
      if (text_is(text_of(file->works), file->families[k].prefix)) one.price_yuan_m = file->sections[i].yuan_m * file->families[k].price;
    book->works[book->work_count++] = one;
  }
  return book->work_count > 0 || error_raise(error, ERROR_RULE_VALUE, "standard\t%g\tone of the sections", file->standard);
}

bool supply_book_open(SupplyBook **out, const char *folder, Error *error) {
  static const struct {
    const char *name, *text;
  } BUILT_IN[] = {
#include "supply_embedded.h" /* made from rules/conductors.yaml and rules/remedies.yaml */
  };
  SupplyBook *book = memory_new(sizeof *book);
  if (!book) return error_raise(error, ERROR_OUT_OF_MEMORY, "supply");
  bool ok = rule_text_open(folder, "conductors.yaml", BUILT_IN[0].text, take_conductors, book, error) &&
            rule_text_open(folder, "remedies.yaml", BUILT_IN[1].text, take_remedies, book, error) &&
            (compile_conductors(book, error) || error_at(error, "conductors.yaml")) &&
            (compile_remedies(book, error) || error_at(error, "remedies.yaml"));
  if (!ok) supply_book_close(book), book = NULL;
  *out = book;
  return ok;
}

void supply_book_close(SupplyBook *book) {
  if (!book) return;
  rule_text_free(book->conductors, &CONDUCTORS);
  rule_text_free(book->remedies, &REMEDIES);
  memory_free(book);
}

/* The next number in a name, past anything else; 0: none. *times: "×", "x" or "*" stands before it. */
static double next_number(Text name, size_t *at) {
  while (*at < name.len && (name.at[*at] < '0' || name.at[*at] > '9')) (*at)++;
  double value = 0, scale = 0;
  for (; *at < name.len && ((name.at[*at] >= '0' && name.at[*at] <= '9') || (name.at[*at] == '.' && scale == 0)); (*at)++) {
    if (name.at[*at] == '.')
      scale = 1;
    else
      value = value * 10 + (name.at[*at] - '0'), scale *= 10;
  }
  return scale > 1 ? value / scale : value;
}

static const FileSection *section_of(const FileConductors *file, double mm2) {
  for (unsigned i = 0; i < file->sections_count; i++)
    if (fabs(file->sections[i].mm2 - mm2) < 0.01) return &file->sections[i];
  return NULL;
}

/* Sections stand in falling order of place: "…-4×150", "…-3×150+1×70": the first that is one is the phase's, a later one the neutral's. */
bool supply_book_conductor(const SupplyBook *book, Text name, AreaConductor *out) {
  const FileConductors *file = book->conductors;
  const FileFamily *family = NULL;
  const FileSection *phase = NULL, *neutral = NULL;
  size_t at = 0;
  for (unsigned i = 0; i < file->families_count; i++)
    if (text_starts(name, text_of(file->families[i].prefix)) && (!family || strlen(file->families[i].prefix) > strlen(family->prefix)))
      family = &file->families[i];
  if (!family) return false;
  for (at = strlen(family->prefix); at < name.len && name.at[at] != '-'; at++) {
  }
  while (at < name.len) {
    double number = next_number(name, &at);
    const FileSection *section = section_of(file, number);
    bool counts = at < name.len && (name.at[at] == 'x' || name.at[at] == '*' || (unsigned char)name.at[at] == 0xC3); /* 4×: so many wires */
    if (number <= 0 || counts || !section) continue;
    if (!phase)
      phase = section;
    else
      neutral = section;
  }
  if (!phase) return false;
  if (!neutral) neutral = phase;
  bool cu = family->material == 1;
  *out = (AreaConductor){.id = name,
                         .name = name,
                         .r = cu ? phase->cu : phase->al,
                         .r_neutral = cu ? neutral->cu : neutral->al,
                         .x = family->reactance,
                         .ampere = cu ? phase->ampere_cu : phase->ampere_al};
  return true;
}

Text supply_book_fallback(const SupplyBook *book) { return text_of(book->conductors->fallback); }
size_t supply_book_works(const SupplyBook *book, const AreaConductor **out, size_t *standard) {
  *out = book->works;
  *standard = 0;
  return book->work_count;
}
const RemedyRates *supply_book_rates(const SupplyBook *book) { return &book->rates; }
const CauseStandard *supply_book_standard(const SupplyBook *book) { return &book->standard; }
double supply_book_power_factor(const SupplyBook *book) { return book->remedies->power_factor; }

RemedyRating supply_book_transformer(const SupplyBook *book, double kva) {
  const RemedyRates *rates = &book->rates;
  uint32_t best = 0;
  for (uint32_t i = 1; i < rates->rating_count; i++)
    if (fabs(log(rates->ratings[i].kva / kva)) < fabs(log(rates->ratings[best].kva / kva))) best = i;
  return rates->ratings[best];
}

bool supply_book_shiftable(const SupplyBook *book, Text tags) {
  Text tag;
  while (text_next(&tags, ';', &tag))
    for (unsigned i = 0; i < book->remedies->shiftable_count; i++)
      if (text_is(tag, book->remedies->shiftable[i])) return true;
  return false;
}

double supply_book_share(const SupplyBook *book, uint8_t category, int at) {
  const double *share = book->share[category < BOOK_CATEGORIES ? category : 0];
  double hour = (at + 0.5) / 4 - 0.5; /* between the middles of hours */
  int before = (int)floor(hour);
  double part = hour - before;
  return share[(before + 24) % 24] * (1 - part) + share[(before + 1) % 24] * part;
}
