/* Between the files of the replay. */
#ifndef SIM_REPLAY_INTERNAL_H
#define SIM_REPLAY_INTERNAL_H

#include <jansson.h>
#include <pthread.h>

#include "base/map.h"
#include "sim/agenda.h"
#include "sim/replay.h"

enum { REPLAY_SEATS = 6 };

typedef enum ReplayWhat { WHAT_FAULT, WHAT_CALL, WHAT_SEAT_ENDS, WHAT_OFFICE_LOOKS, WHAT_FIELD_LOOKS, WHAT_CREW_ACTS, WHAT_METERS } ReplayWhat;

typedef struct ReplaySeat {
  enum { SEAT_FREE, SEAT_CALL, SEAT_CALLBACK } doing;
  uint32_t position; /* the caller */
  OrderId order;     /* to call back */
} ReplaySeat;

typedef struct ReplayWaiting {
  uint32_t position;
  Instant since;
} ReplayWaiting;

/* A crew in the field, by its row. */
typedef struct ReplayCrew {
  JobId job;               /* the one it is at, 0: none */
  double from_lon, from_lat, to_lon, to_lat;
  Instant departed, arrives;
  int fault;               /* what it found, -1: nothing wrong found */
  bool surveyed, half;     /* half: part of the customers have power already */
} ReplayCrew;

struct Replay {
  ReplayRooms rooms;
  EveningOptions options;
  size_t gasped;                  /* of the evening's gasps, those delivered */
  VECTOR(EveningGasp) returned;   /* meters with power again, not yet delivered */
  Evening evening;
  Agenda agenda;
  Random random;
  ReplaySeat seat[REPLAY_SEATS];
  VECTOR(ReplayWaiting) waiting;
  VECTOR(int64_t) callback_queue; /* order ids */
  Map called_back;                /* order → 1 while it waits in the queue or is on the line */
  ReplayCrew *crew;               /* crew_count of them */
  ReplaySummary figures;
  double wait_seconds;

  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  double speed;
  bool threaded, go, stop;
  const char *state;
  void (*ended)(void *self, const ReplaySummary *summary);
  void *ended_self;
};

Instant replay_now(Replay *replay);
bool replay_put(Replay *replay, Span in, ReplayWhat what, int64_t subject, Error *error) MUST_USE;
Span replay_minutes(Replay *replay, double least, double most); /* a span between, by chance */
bool replay_do(Replay *replay, DeskWork work, void *command, const char *actor, Error *error) MUST_USE;
/* A refusal that someone working beside the replay may cause (a step taken already, a version moved on) is no failure. */
bool replay_may_refuse(Error *error);

/* replay_meters.c: what meters tell */
bool replay_meters_report(Replay *replay, Error *error) MUST_USE;
bool replay_meters_return(Replay *replay, const EveningFault *fault, Error *error) MUST_USE; /* it is repaired */

/* replay_field.c: the dispatcher and the crews */
bool replay_office_sends(Replay *replay, Error *error) MUST_USE;
bool replay_field_looks(Replay *replay, Error *error) MUST_USE;
bool replay_crew_acts(Replay *replay, size_t row, Error *error) MUST_USE;

#endif
