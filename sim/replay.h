/* An evening played on the real rooms: people call, agents answer, a dispatcher sends crews, crews drive and repair, agents call back, until every
 * order is archived. The actors see only what their screens would show; only the crew, on site, sees the truth (evening.h).
 *
 * The same code runs under a virtual clock, in seconds (replay_run), and before the browser, so many times faster than the wall (replay_start). All it
 * does goes over the desk as a person's command would, so somebody may work beside it: a job assigned or an order taken by hand is carried on. */
#ifndef SIM_REPLAY_H
#define SIM_REPLAY_H

#include "crew/crew.h"
#include "outage/outage.h"
#include "sim/evening.h"

typedef struct Replay Replay;

typedef struct ReplayRooms {
  Desk *desk;
  TimeSource *time;
  const Grid *grid;
  const People *people;
  Orders *orders;
  Outages *outages;
  Crews *crews;
} ReplayRooms;

typedef struct ReplaySummary {
  Instant from, until;
  int faults, faults_located;          /* that were, that were found at the right device */
  int outages;                         /* outages the program opened */
  int64_t calls_offered, calls_answered, calls_abandoned;
  double answer_seconds;               /* mean wait of the answered */
  int64_t orders, archived, open;
  int64_t callbacks_satisfied, callbacks_dissatisfied, callbacks_unanswered;
  double arrive_minutes, arrive_worst; /* from fault found to crew on site: mean, worst */
  double restore_minutes, restore_worst; /* from lights out (truth) to lights on */
  double customer_hours;               /* by the truth */
  int64_t customers_dark;              /* households that lost supply, by the truth */
} ReplaySummary;

/* Before the desk's first job. The desk must outlive the replay, and take no more jobs once it is closed. */
bool replay_open(Replay **out, const ReplayRooms *rooms, const EveningOptions *options, Error *error) MUST_USE;
void replay_close(Replay *replay); /* stops its thread first */

/* Plays to the end under the virtual clock of rooms->time; the desk has no thread. */
bool replay_run(Replay *replay, Error *error) MUST_USE;
/* Plays in a thread, at the pace of rooms->time (scaled), beginning when replay_go is called (someone watches). `ended` is told on that thread. */
bool replay_start(Replay *replay, double speed, void (*ended)(void *self, const ReplaySummary *summary), void *self, Error *error) MUST_USE;
void replay_go(Replay *replay);
const char *replay_state(Replay *replay); /* "waiting", "running", "done", "failed" */
Instant replay_from(const Replay *replay);

void replay_summarize(const Replay *replay, ReplaySummary *out);
void replay_print_summary(const ReplaySummary *summary, Language language, Buffer *out);
void replay_write_summary(const ReplaySummary *summary, Json *json);

#endif
