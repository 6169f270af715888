#include "outage/outage_rules.h"

#include <math.h>
#include <stdio.h>

#include "interop/rule_text.h"
#include "order/rule.h"

/* --- the file as it stands --- */

typedef struct Thresholds {
  double open, better, stay, drop, possible;
} Thresholds;
typedef struct Fault {
  int kind;
  double per_year, per_km_year, single_phase;
} Fault;
typedef struct Calls {
  double share, lag_s, stray_per_year;
} Calls;
typedef struct Meters {
  double gasp_share, gasp_lag_s, stray_per_year;
} Meters;
typedef struct Persons {
  double crew_wrong, answered, answer_wrong;
} Persons;
typedef struct Stage {
  double median_min, sigma;
} Stage;
typedef struct Cause {
  char *cause;
  double work_min, sigma;
} Cause;
typedef struct Restore {
  double weight;
  Stage assign, travel, survey, work;
  Cause *causes;
  unsigned causes_count;
} Restore;
typedef struct File {
  char *version, *source, *strength, *region, *from;
  Thresholds thresholds;
  int lone_calls;
  double look_s, keep_h, sound_min, weather, place_m;
  Fault *faults;
  unsigned faults_count;
  Calls calls;
  Meters meters;
  Persons people;
  Restore restore;
} File;

#define WORD(type, member) CYAML_FIELD_STRING_PTR(#member, CYAML_FLAG_POINTER, type, member, 1, 200)
#define NUMBER(type, member) CYAML_FIELD_FLOAT(#member, CYAML_FLAG_DEFAULT, type, member)
#define PART(type, member, fields) CYAML_FIELD_MAPPING(#member, CYAML_FLAG_DEFAULT, type, member, fields)

static const cyaml_strval_t YES_OR_NO[] = {{"no", 0}, {"yes", 1}, {"false", 0}, {"true", 1}};
static const cyaml_strval_t KINDS[] = {{"substation", LOCATE_SUBSTATION}, {"busbar", LOCATE_BUSBAR}, {"breaker", LOCATE_BREAKER},
                                       {"recloser", LOCATE_RECLOSER}, {"switch", LOCATE_SWITCH}, {"fuse", LOCATE_FUSE}, {"line", LOCATE_LINE},
                                       {"transformer", LOCATE_TRANSFORMER}, {"lv_breaker", LOCATE_LV_BREAKER},
                                       {"branch_box", LOCATE_BRANCH_BOX}, {"meter_box", LOCATE_METER_BOX}};
static const cyaml_schema_field_t THRESHOLDS[] = {NUMBER(Thresholds, open), NUMBER(Thresholds, better), NUMBER(Thresholds, stay),
                                                  NUMBER(Thresholds, drop), NUMBER(Thresholds, possible), CYAML_FIELD_END};
static const cyaml_schema_field_t FAULT[] = {CYAML_FIELD_ENUM("kind", CYAML_FLAG_STRICT, Fault, kind, KINDS, CYAML_ARRAY_LEN(KINDS)),
                                             NUMBER(Fault, per_year), NUMBER(Fault, per_km_year), NUMBER(Fault, single_phase), CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_FAULT = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, Fault, FAULT)};
static const cyaml_schema_field_t CALLS[] = {NUMBER(Calls, share), NUMBER(Calls, lag_s), NUMBER(Calls, stray_per_year), CYAML_FIELD_END};
static const cyaml_schema_field_t METERS[] = {NUMBER(Meters, gasp_share), NUMBER(Meters, gasp_lag_s), NUMBER(Meters, stray_per_year), CYAML_FIELD_END};
static const cyaml_schema_field_t PERSONS[] = {NUMBER(Persons, crew_wrong), NUMBER(Persons, answered), NUMBER(Persons, answer_wrong), CYAML_FIELD_END};
static const cyaml_schema_field_t STAGE[] = {NUMBER(Stage, median_min), NUMBER(Stage, sigma), CYAML_FIELD_END};
static const cyaml_schema_field_t CAUSE[] = {WORD(Cause, cause), NUMBER(Cause, work_min), NUMBER(Cause, sigma), CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_CAUSE = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, Cause, CAUSE)};
static const cyaml_schema_field_t RESTORE[] = {NUMBER(Restore, weight), PART(Restore, assign, STAGE), PART(Restore, travel, STAGE),
                                               PART(Restore, survey, STAGE), PART(Restore, work, STAGE),
                                               CYAML_FIELD_SEQUENCE("causes", CYAML_FLAG_POINTER, Restore, causes, &ONE_CAUSE, 0, RESTORE_CAUSES_MAX - 1),
                                               CYAML_FIELD_END};
static const cyaml_schema_field_t FIELDS[] = {
    WORD(File, version), WORD(File, source), WORD(File, strength), WORD(File, region), WORD(File, from), PART(File, thresholds, THRESHOLDS),
    CYAML_FIELD_ENUM("lone_calls", CYAML_FLAG_STRICT, File, lone_calls, YES_OR_NO, CYAML_ARRAY_LEN(YES_OR_NO)), NUMBER(File, look_s),
    NUMBER(File, keep_h), NUMBER(File, sound_min), NUMBER(File, weather),
    CYAML_FIELD_FLOAT("place_m", CYAML_FLAG_OPTIONAL, File, place_m),
    CYAML_FIELD_SEQUENCE("faults", CYAML_FLAG_POINTER, File, faults, &ONE_FAULT, 0, LOCATE_KINDS), PART(File, calls, CALLS),
    PART(File, meters, METERS), PART(File, people, PERSONS), PART(File, restore, RESTORE), CYAML_FIELD_END};
static const cyaml_schema_value_t WHOLE = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, File, FIELDS)};

/* --- numbers that make sense --- */

typedef struct Bound {
  const char *path;
  double value, least, most;
} Bound;

static bool within(const Bound *bounds, size_t count, const char *file, Text yaml, Error *error) {
  for (size_t i = 0; i < count; i++) {
    const Bound *b = &bounds[i];
    if (b->value >= b->least && b->value <= b->most) continue; /* not NAN either */
    error_raise(error, ERROR_RULE_VALUE, "%s\t%g\t%g … %g", b->path, b->value, b->least, b->most);
    return rule_error_at(error, file, yaml, "%s", b->path);
  }
  return true;
}

static bool check_whole(const File *f, const char *file, Text yaml, Error *error) {
  const double never = 1e-9;
  const Bound bounds[] = {
      {"thresholds.open", f->thresholds.open, 0.05, 0.999}, {"thresholds.better", f->thresholds.better, 0, 1},
      {"thresholds.stay", f->thresholds.stay, 0, f->thresholds.open}, {"thresholds.drop", f->thresholds.drop, 0, f->thresholds.stay},
      {"thresholds.possible", f->thresholds.possible, 0.001, f->thresholds.open}, {"look_s", f->look_s, 1, 600}, {"keep_h", f->keep_h, 9, 720},
      {"sound_min", f->sound_min, 1, 10000}, {"place_m", f->place_m, 0, 5000}, {"weather", f->weather, 0.01, 1000}, {"calls.share", f->calls.share, never, 0.95},
      {"calls.lag_s", f->calls.lag_s, 1, 86400}, {"calls.stray_per_year", f->calls.stray_per_year, never, 1000},
      {"meters.gasp_share", f->meters.gasp_share, 0, 0.999}, {"meters.gasp_lag_s", f->meters.gasp_lag_s, 1, 86400},
      {"meters.stray_per_year", f->meters.stray_per_year, never, 10000}, {"people.crew_wrong", f->people.crew_wrong, never, 0.4},
      {"people.answered", f->people.answered, 0, 1}, {"people.answer_wrong", f->people.answer_wrong, never, 0.4},
      {"restore.weight", f->restore.weight, 0, 1e6}, {"restore.assign.median_min", f->restore.assign.median_min, 0.1, 10000},
      {"restore.travel.median_min", f->restore.travel.median_min, 0.1, 10000}, {"restore.survey.median_min", f->restore.survey.median_min, 0.1, 10000},
      {"restore.work.median_min", f->restore.work.median_min, 0.1, 10000}, {"restore.assign.sigma", f->restore.assign.sigma, 0.05, 3},
      {"restore.travel.sigma", f->restore.travel.sigma, 0.05, 3}, {"restore.survey.sigma", f->restore.survey.sigma, 0.05, 3},
      {"restore.work.sigma", f->restore.work.sigma, 0.05, 3}};
  return within(bounds, sizeof bounds / sizeof *bounds, file, yaml, error);
}

/* --- compiled --- */

static bool take_faults(OutageRules *out, const File *f, const char *file, Text yaml, Error *error) {
  uint32_t seen = 0;
  for (unsigned i = 0; i < f->faults_count; i++) {
    const Fault *fault = &f->faults[i];
    const double *const values[] = {&fault->per_year, &fault->per_km_year, &fault->single_phase};
    static const char *const names[] = {"per_year", "per_km_year", "single_phase"};
    for (int k = 0; k < 3; k++) {
      char path[64];
      snprintf(path, sizeof path, "faults.%u.%s", i, names[k]);
      if (!within(&(Bound){path, *values[k], 0, k == 2 ? 1 : 1000}, 1, file, yaml, error)) return false;
    }
    if (seen >> fault->kind & 1) {
      error_raise(error, ERROR_RULE_TWICE, "%s\t%s", "kind", KINDS[fault->kind].str);
      return rule_error_at(error, file, yaml, "faults.%u.kind", i);
    }
    seen |= 1u << fault->kind;
    out->locate.kind[fault->kind] = (LocateKindPrior){fault->per_year, fault->per_km_year, fault->single_phase};
  }
  return true;
}

static bool take_restore(OutageRules *out, const File *f, const char *file, Text yaml, Error *error) {
  const Restore *r = &f->restore;
  const Stage *const stages[RESTORE_STAGES] = {&r->assign, &r->travel, &r->survey, &r->work};
  out->restore = restore_model_default();
  out->restore_weight = r->weight;
  out->cause_count = (int)r->causes_count;
  for (int cause = 0; cause < RESTORE_CAUSES_MAX; cause++)
    for (int stage = 0; stage < RESTORE_STAGES; stage++)
      out->restore.stage[cause][stage] = (RestoreStageModel){stages[stage]->median_min, stages[stage]->sigma};
  for (unsigned i = 0; i < r->causes_count; i++) {
    char minutes[48], sigma[48];
    snprintf(minutes, sizeof minutes, "restore.causes.%u.work_min", i);
    snprintf(sigma, sizeof sigma, "restore.causes.%u.sigma", i);
    const Bound bounds[] = {{minutes, r->causes[i].work_min, 0.1, 10000}, {sigma, r->causes[i].sigma, 0.05, 3}};
    if (!within(bounds, 2, file, yaml, error)) return false;
    if (outage_rules_cause(out, r->causes[i].cause)) {
      error_raise(error, ERROR_RULE_TWICE, "%s\t%.39s", "cause", r->causes[i].cause);
      return rule_error_at(error, file, yaml, "restore.causes.%u.cause", i);
    }
    snprintf(out->cause[i + 1], sizeof out->cause[0], "%s", r->causes[i].cause);
    out->restore.stage[i + 1][RESTORE_WORK] = (RestoreStageModel){r->causes[i].work_min, r->causes[i].sigma};
  }
  return true;
}

static bool compile(OutageRules *out, const File *f, const char *file, Text yaml, Error *error) {
  if (!check_whole(f, file, yaml, error)) return false;
  *out = (OutageRules){.open = f->thresholds.open, .better = f->thresholds.better, .stay = f->thresholds.stay, .drop = f->thresholds.drop,
                       .possible = f->thresholds.possible, .lone_calls = f->lone_calls != 0, .place_m = f->place_m, .look = (Span)(f->look_s * (double)SPAN_SECOND),
                       .sound_for = (Span)(f->sound_min * (double)SPAN_MINUTE), .locate = locate_parameters_default()};
  LocateParameters *p = &out->locate;
  p->weather = f->weather;
  p->keep = (Span)(f->keep_h * (double)SPAN_HOUR);
  p->call_share = f->calls.share, p->call_lag_s = f->calls.lag_s, p->stray_call_year = f->calls.stray_per_year;
  p->gasp_share = f->meters.gasp_share, p->gasp_lag_s = f->meters.gasp_lag_s, p->stray_gasp_year = f->meters.stray_per_year;
  p->crew_wrong = f->people.crew_wrong, p->callback_answered = f->people.answered, p->callback_wrong = f->people.answer_wrong;
  return take_faults(out, f, file, yaml, error) && take_restore(out, f, file, yaml, error);
}

int outage_rules_cause(const OutageRules *rules, const char *cause) {
  for (int i = 1; cause[0] && i <= rules->cause_count && i < RESTORE_CAUSES_MAX; i++)
    if (strcmp(rules->cause[i], cause) == 0) return i;
  return 0;
}

bool outage_rules_from_text(OutageRules *out, const char *file, Text yaml, Error *error) {
  cyaml_data_t *data = NULL;
  bool ok = rule_text_load(&data, file, yaml, &WHOLE, error) && compile(out, data, file, yaml, error);
  rule_text_free(data, &WHOLE);
  return ok;
}

static const struct {
  const char *name, *text;
} BUILT_IN[] = {
#include "locate_embedded.h" /* made from rules/locate.yaml */
};

static bool take_text(void *self, const char *file, Text yaml, Error *error) { return outage_rules_from_text(self, file, yaml, error); }

bool outage_rules_open(OutageRules *out, const char *folder, Error *error) {
  return rule_text_open(folder, "locate.yaml", BUILT_IN[0].text, take_text, out, error);
}
