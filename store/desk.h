/* The desk: one writer a county. It takes commands in order, runs a batch of them in one transaction, answers each when the
 * batch is durable, then publishes the events. Everything that changes anything goes over the desk.
 *
 *   job ─► queue ─► [ begin ─► savepoint: work ─► reactions to its events ─► finish ─► release … ─► commit ] ─► done ─► publish
 *
 * - `work` is a room's use case: it checks the command, writes rows, appends events (desk_event), and only when all its rows are
 *   written changes the room's memory. A use case that returns false must have left its memory as it was; its rows and events
 *   are rolled back by the savepoint.
 * - Reactions are how rooms on one floor hear of each other: functions on a kind of event, run in the same savepoint, in the
 *   order of registration; they may append further events (bounded by DESK_REACTION_DEPTH).
 *   A reaction that fails undoes the whole command. Rows are then rolled back, and since earlier parts may have touched
 *   memory, every room reloads from rows (`reload`), before the jobs are answered. The same after a failed commit: all jobs of the batch get the error.
 * - A database that does not answer is waited for (DESK_GONE_MS a batch; the queue fills and refuses meanwhile). When it went away during the commit,
 *   the event chain tells whether the batch stands: what was written is answered so, what was not is told to come again.
 * - The state lock: rooms' memory is written only by the desk (lock held for a job, or a few for some milliseconds, never during the sync to
 *   disk) and read by others between desk_read_begin and desk_read_end.
 * - `tick` functions run at least every DESK_TICK of the desk's own time, as commands of the actor "system".
 * - Without desk_start there is no thread: desk_do runs the job at once in the caller (simulations and tests). */
#ifndef STORE_DESK_H
#define STORE_DESK_H

#include "base/id.h"
#include "base/json.h"
#include "base/memory.h"
#include "store/event.h"

enum { DESK_REACTION_DEPTH = 64 };

typedef struct Desk Desk;
typedef struct DeskJob DeskJob;

typedef struct DeskContext {
  Db *db;
  Instant now;       /* one instant for the whole job */
  Text actor;        /* "system", "staff:ID" */
  int64_t county_id;
  Arena *arena;      /* emptied after the job */
  Desk *desk;
} DeskContext;

typedef bool (*DeskWork)(DeskContext *context, void *command, Error *error);

struct DeskJob {
  DeskWork work;
  void *command;
  Text actor;                                                     /* must live until done */
  bool (*finish)(DeskContext *context, DeskJob *job, Error *error); /* after the reactions, still inside; may be NULL */
  void (*done)(DeskJob *job);                                     /* on the desk's thread, once durable or failed */
  bool first;                                                     /* ahead of the others when the desk is pressed: fault calls */
  /* filled in by the desk */
  bool ok;
  Error error;
  DeskJob *next;
};

typedef struct DeskOptions {
  int64_t county_id;
  TimeSource *time;
  size_t queue_limit, batch_limit; /* 0: LIMIT_DESK_QUEUE, LIMIT_DESK_BATCH */
  struct Lease *lease;             /* the county's, where servers share a database (store/lease.h); NULL: a file */
  const char *checkpoint_address;  /* the store's address, for a thread that keeps its log short; NULL: none */
} DeskOptions;

/* `db` is the writer's connection; the desk does not own it. */
bool desk_open(Desk **out, Db *db, const DeskOptions *options, Error *error) MUST_USE;
void desk_close(Desk *desk); /* stops the thread: what waits is finished, what comes is refused */
bool desk_start(Desk *desk, Error *error) MUST_USE;
void desk_stop(Desk *desk);

/* Rooms, before the first job. `kind` is an event kind, literal. `reload` rebuilds a room's memory from rows. */
typedef bool (*DeskReaction)(DeskContext *context, const Event *event, void *room, Error *error);
typedef bool (*DeskReload)(Db *db, void *room, Error *error);
typedef bool (*DeskTick)(DeskContext *context, void *room, Error *error);
void desk_on(Desk *desk, const char *kind, DeskReaction reaction, void *room);
void desk_on_reload(Desk *desk, DeskReload reload, void *room);
void desk_on_tick(Desk *desk, DeskTick tick, void *room);
/* Told after each durable batch, on the desk's thread; the events' texts live during the call. One listener. */
void desk_on_published(Desk *desk, void (*published)(void *self, const Event *events, size_t count), void *self);

/* Queues a job; false (ERROR_DESK_FULL, ERROR_DESK_STOPPED) means it was not taken and `done` is not called. */
bool desk_submit(Desk *desk, DeskJob *job, Error *error) MUST_USE;
/* Runs one command and waits until it is durable. Not from the desk's own thread. */
bool desk_do(Desk *desk, DeskWork work, void *command, Text actor, Error *error) MUST_USE;
/* Runs the ticks now, as one job each. For simulations without a thread. */
bool desk_tick(Desk *desk, Error *error) MUST_USE;

/* For use cases. `data` is JSON (an object); it is copied. */
bool desk_event(DeskContext *context, const char *kind, const char *subject_kind, int64_t subject_id, Text data, Error *error) MUST_USE;
int64_t desk_new_id(DeskContext *context);
int64_t desk_county_id(const Desk *desk);
/* For rooms that load their rows: ids made from now on are greater than this one, also when the clock was put back before a restart. */
void desk_saw_id(Desk *desk, int64_t id);
/* Likewise for time: `now` of a job is not before this one, nor before an earlier job's, unless the clock is more than two hours behind it. */
void desk_saw_time(Desk *desk, Instant at);
/* For a use case that calls other rooms' use cases and fails after one of them has changed its memory: every room reloads from rows. Returns
 * false, so that `return ok ? true : desk_spoil(context)` reads as it works. */
bool desk_spoil(DeskContext *context);

int64_t desk_county(const Desk *desk);

void desk_read_begin(Desk *desk);
/* In between: false when rooms were to read their memory from rows again and could not, so that they may hold half of it. The desk tries again with its
 * next command, each tick at the latest. */
bool desk_memory_is_whole(const Desk *desk);
/* For who must not take half of it for the whole: as desk_read_begin; false with ERROR_STORE_BUSY, and nothing to end, while it is not. */
bool desk_read_whole(Desk *desk, Error *error) MUST_USE;
void desk_read_end(Desk *desk);

typedef struct DeskFigures {
  int64_t jobs, failed, refused, batches, largest_batch, events;
  size_t waiting;
  bool store_gone; /* waiting for the database */
} DeskFigures;
DeskFigures desk_figures(Desk *desk);
int64_t desk_last_seq(Desk *desk); /* of the newest durable event */
/* Of the newest event so far, those of the running command too. On the desk's thread: in a command, a reload. */
int64_t desk_seq_so_far(const Desk *desk);

#endif
