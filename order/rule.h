/* Rule files: YAML read by schema into plain structs, as they stand in the file; nothing is understood here yet. Kinds and books are made
 * from them (order/kind.h). Every error names file, line and column. */
#ifndef ORDER_RULE_H
#define ORDER_RULE_H

#include "order/kind.h"

/* Lists are (pointer, name_count); a text that is not given is NULL, a number 0. */

typedef struct RuleField {
  char *id, *name_zh, *name_en, *when;
  int type;            /* KindFieldType */
  int required, plain; /* 0, 1; plain: may stand in the live feed, though it is free text */
  double least, most;
  KindChoice *choices;
  unsigned choices_count;
} RuleField;

typedef struct RuleState {
  char *id, *name_zh, *name_en;
  int ladder; /* OrderLadder */
  int start, final;
} RuleState;

typedef struct RuleBranch {
  char *id, *field, *is, *to, *outcome, *then;
  int reopens, try;
  int after;
  char **all;
  unsigned all_count;
} RuleBranch;

typedef struct RuleStep {
  char *id, *name_zh, *name_en, *to, *outcome, *then, *opens, *needs, *other_than;
  char **from, **after;
  unsigned from_count, after_count;
  unsigned roles; /* bits, KIND_ROLE_… */
  int effect, assigns, reopens, times, waits, once, visit;
  RuleField *fields;
  unsigned fields_count;
  RuleBranch *branches;
  unsigned branches_count;
} RuleStep;

typedef struct RuleClock {
  char *id, *name_zh, *name_en, *promise;
  int public;
  char **also, **start, **stop, **pause, **resume, **cancel;
  unsigned also_count, start_count, stop_count, pause_count, resume_count, cancel_count;
} RuleClock;

typedef struct RuleUse {
  char *part;  /* parts/NAME.yaml */
  char **with; /* "again=sent": each $again in the part becomes sent */
  unsigned with_count;
} RuleUse;

typedef struct RuleRoute {
  char *field, *is, *to;
  unsigned role;
} RuleRoute;

typedef struct RuleCount {
  char *id, *name_zh, *name_en, *step, *field, *is;
  int sum;
} RuleCount;

typedef struct RuleRepeat {
  int calls, days;
} RuleRepeat;

typedef struct RuleKind { /* also a part: then only lists of it are given */
  char *id, *version, *source, *source_zh, *region, *from, *until, *name_zh, *name_en, *group, *guide_zh, *guide_en;
  int strength, one_open, visits, keeps_place, public, account;
  unsigned opened_by;
  RuleField *form;
  unsigned form_count;
  RuleState *states;
  unsigned states_count;
  RuleStep *steps;
  unsigned steps_count;
  RuleClock *clocks;
  unsigned clocks_count;
  char **figures;
  unsigned figures_count;
  RuleUse *use;
  unsigned use_count;
  RuleRoute *routes;
  unsigned routes_count;
  RuleCount *counts;
  unsigned counts_count;
  RuleRepeat *repeat;
} RuleKind;

typedef struct RuleLimit {
  char *urban, *rural, *remote; /* "45 min", "24 h", "5 workdays" */
} RuleLimit;

typedef struct RuleMark {
  int at;
  unsigned to; /* bits, KIND_TO_… */
} RuleMark;

typedef struct RulePromise {
  char *id, *version, *source, *source_zh, *region, *from, *until, *name_zh, *name_en, *calendar;
  int strength, judged, first_day_free;
  char *limit;
  RuleLimit *limits;
  RuleMark *marks;
  unsigned marks_count;
} RulePromise;

typedef struct RulePromises {
  RulePromise *promises;
  unsigned promises_count;
} RulePromises;

typedef struct RuleDays {
  char *from, *to, *name_zh, *name_en; /* dates "2026-10-01"; to: the same day when left out */
  char **hours;                        /* of workdays with hours of their own */
  unsigned hours_count;
} RuleDays;

typedef struct RuleCalendar {
  char *id, *version, *source, *source_zh, *region, *from, *until, *name_zh, *name_en;
  int strength, always;
  unsigned week; /* bits, Sunday is 1 */
  char **hours;  /* "08:30-12:00" */
  unsigned hours_count;
  RuleDays *holidays, *workdays;
  unsigned holidays_count, workdays_count;
} RuleCalendar;

typedef struct RuleCompany { /* which of the promises are this company's */
  char *region, *as_of;
} RuleCompany;

typedef struct RuleSurvey { /* what is asked after an order: the dimensions of satisfaction */
  char *id, *version, *source, *source_zh, *region, *from, *until, *name_zh, *name_en;
  int strength, days;
  KindChoice *dimensions;
  unsigned dimensions_count;
} RuleSurvey;

typedef enum RuleForm { RULE_KIND, RULE_PROMISES, RULE_CALENDAR, RULE_PART, RULE_COMPANY, RULE_SURVEY, RULE_FORMS } RuleForm;
/* *out: RuleKind (also of a part), RulePromises, RuleCalendar, RuleCompany or RuleSurvey; `file` is the name for errors. */
bool rule_read(void **out, RuleForm form, const char *file, Text yaml, Error *error) MUST_USE;
void rule_free(RuleForm form, void *rule);
/* Puts "file:line:column" of a place in the document on the error: "steps.3.to" is the value of key `to` in the fourth of `steps`. The last
 * part may be missing in the document: then it is the place of what would hold it. Returns false. */
bool rule_error_at(Error *error, const char *file, Text yaml, const char *path_format, ...) PRINTF_LIKE(4, 5);

#endif
