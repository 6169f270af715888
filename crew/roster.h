/* Who is on duty when: the crew's usual shift (crew.h), or what the roster says for that day. A duty begins on its day and may end after midnight.
 * Standby: at home, called in when needed, at a cost and a delay (rules/dispatch.yaml). */
#ifndef CREW_ROSTER_H
#define CREW_ROSTER_H

#include "crew/crew.h"

typedef enum Duty { DUTY_OFF, DUTY_ON, DUTY_STANDBY } Duty;

typedef struct DutyDay { /* one row; the list is sorted by crew, then day */
  CrewId crew;
  int32_t day;       /* 20261121, local */
  uint8_t duty;      /* Duty */
  int16_t from, until; /* minutes of the local day; until ≤ from: over midnight */
  int32_t version;
} DutyDay;

typedef struct DutySpan {
  Instant from, until;
  Duty duty;         /* DUTY_ON, DUTY_STANDBY */
} DutySpan;

int32_t roster_day(Instant at);                       /* its local day */
Instant roster_midnight(int32_t day);                 /* when the day begins; a day that is none gives one that is */
/* The duty of that day, by the roster or the usual shift; version 0: the usual one. */
DutyDay roster_of(const Crew *crew, int32_t day);
/* The duty that runs at `at`, else the next one that begins within a day; false: none. */
bool roster_span(const Crew *crew, Instant at, DutySpan *out);

/* --- use cases: inside a desk job --- */
/* version: of the row seen, 0 for the usual shift; else ERROR_CONFLICT. */
bool roster_set(DeskContext *context, Crews *crews, const DutyDay *day, Error *error) MUST_USE;
bool roster_swap(DeskContext *context, Crews *crews, CrewId a, int32_t day_a, CrewId b, int32_t day_b, Error *error) MUST_USE;

#endif
