/* The standard repair of the trade as data: what may be the cause, and the steps to mend it (rules/repair_steps.yaml, built in; a company's own file
 * of that name in its rules folder replaces it). A safety step may be neither skipped nor reordered, a required one may not be skipped. */
#ifndef CREW_REPAIR_H
#define CREW_REPAIR_H

#include "grid/grid.h"

enum { REPAIR_STEPS_MAX = 48, REPAIR_MATERIALS_MAX = 8 };

typedef struct RepairStep {
  Text id, name_zh, name_en;
  bool safety, required; /* a safety step is required too */
} RepairStep;

typedef struct Procedure {
  Text id, name_zh, name_en, skill; /* id: the cause's */
  uint32_t kinds;                   /* bits of GridKind it is usual for */
  int minutes;                      /* usual length of the work */
  const RepairStep *step[REPAIR_STEPS_MAX];
  int step_count;
  Text material[REPAIR_MATERIALS_MAX]; /* what is usually needed; "transformer": one of the burnt one's rating or the next above */
  int material_count;
} Procedure;

typedef struct Repair Repair;

bool repair_open(Repair **out, const char *rules_folder_or_null, Error *error) MUST_USE;
bool repair_from_text(Repair **out, const char *file, Text yaml, Error *error) MUST_USE;
void repair_close(Repair *repair);
size_t repair_count(const Repair *repair);
const Procedure *repair_at(const Repair *repair, size_t i);
const Procedure *repair_of(const Repair *repair, Text cause);    /* NULL */
Text repair_skill_for(const Repair *repair, GridKind kind);      /* before the cause is known; "" none */
/* The place of a step in the procedure, -1. */
int repair_step_of(const Procedure *procedure, Text step);
/* Whether the step may be recorded with these done (`done[i]` by place): 0 yes; else why not, with the step that must come first in *missing. */
typedef enum RepairVerdict { REPAIR_MAY, REPAIR_DONE_ALREADY, REPAIR_MISSING } RepairVerdict;
RepairVerdict repair_may(const Procedure *procedure, const bool *done, int step, int *missing);
/* The first step still to do, skipping those that may be left out and were passed over; -1 when all is done. */
int repair_next(const Procedure *procedure, const bool *done);

#endif
