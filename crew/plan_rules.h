/* How crews are planned, as data: rules/dispatch.yaml, built in; a company's own file of that name in its rules folder replaces it. */
#ifndef CREW_PLAN_RULES_H
#define CREW_PLAN_RULES_H

#include "grid/grid.h"

enum { PLAN_MEALS_MAX = 2, PLAN_KINDS = 16 };

typedef struct PlanMeal {
  int from, until, minutes; /* minutes of the local day; it begins between from and until */
} PlanMeal;

typedef struct PlanRules {
  double detour, town_kmh, country_kmh, unknown_km;
  double ready_minutes, load_minutes, bring_minutes;
  double work_minutes[PLAN_KINDS]; /* by GridKind */
  PlanMeal meal[PLAN_MEALS_MAX];
  int meal_count;
  double overtime_minutes, advised_overtime_minutes, call_in_minutes, mutual_aid_minutes;
  bool auto_accept;
  double change_cost, overtime_cost, reserve_cost, search_seconds;
} PlanRules;

/* Errors: ERROR_RULE_FORM, ERROR_RULE_VALUE with file and line. */
bool plan_rules_open(PlanRules *out, const char *rules_folder_or_null, Error *error) MUST_USE;
bool plan_rules_from_text(PlanRules *out, const char *file, Text yaml, Error *error) MUST_USE;

#endif
