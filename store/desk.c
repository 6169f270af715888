#include "store/desk.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/limits.h"
#include "base/log.h"
#include "store/lease.h"

enum { DESK_LISTENERS_MAX = 64, DESK_WAIT_MS = 100, CHECKPOINT_EVERY_MS = 250, CHECKPOINT_PAGES = 8192, DESK_CAREFUL_BATCHES = 100, DESK_GONE_MS = 20000, DESK_RETRY_MS = 200 };
static const Span DESK_TICK = SPAN_SECOND;
static const Span DESK_BACK_MOST = 2 * SPAN_HOUR;

typedef struct Queue {
  DeskJob *first, *last;
} Queue;

struct Desk {
  Db *db;
  TimeSource *time;
  int64_t county_id;
  size_t queue_limit, batch_limit;
  const char *checkpoint_address;
  Lease *lease;

  struct { const char *kind; DeskReaction reaction; void *room; } reactions[DESK_LISTENERS_MAX];
  struct { DeskReload reload; void *room; } reloads[DESK_LISTENERS_MAX];
  struct { DeskTick tick; void *room; } ticks[DESK_LISTENERS_MAX];
  size_t reaction_count, reload_count, tick_count;
  void (*published)(void *self, const Event *events, size_t count);
  void *published_self;

  /* the writer's own */
  EventChain chain;
  IdMaker ids;
  VECTOR(Event) events; /* of this batch */
  Arena batch_arena, job_arena;
  Instant last_tick;
  Instant now; /* of the newest job; see desk_now */
  bool chain_in_doubt; /* the store went away before it said how a batch ended: */
  EventChain maybe;    /* as `chain`, or so */
  int64_t epoch;       /* of the connection that the chain was last read or written on */
  int careful; /* so many batches more are settled command by command */
  bool memory_stale; /* rooms must reload before the next job */
  bool memory_whole; /* … and were not stopped half-way; the state lock's */
  int depth;

  pthread_rwlock_t state_lock;
  bool holding; /* … by the desk, since held_at */
  int64_t held_at;
  pthread_mutex_t lock; /* all below */
  pthread_cond_t wake, idle;
  Queue urgent, normal;
  DeskFigures figures;
  int64_t durable_seq;
  bool running, stopping, checkpoint_wanted;
  pthread_t thread, checkpointer;
  bool checkpointer_runs;
};

static void queue_add(Queue *queue, DeskJob *job) {
  job->next = NULL;
  if (queue->last) queue->last->next = job;
  else queue->first = job;
  queue->last = job;
}

static DeskJob *queue_take(Queue *queue) {
  DeskJob *job = queue->first;
  if (!job) return NULL;
  queue->first = job->next;
  if (!queue->first) queue->last = NULL;
  job->next = NULL;
  return job;
}

bool desk_open(Desk **out, Db *db, const DeskOptions *options, Error *error) {
  Desk *desk = memory_new(sizeof *desk);
  if (!desk) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "desk");
  desk->db = db;
  desk->time = options->time;
  desk->county_id = options->county_id;
  desk->queue_limit = options->queue_limit ? options->queue_limit : LIMIT_DESK_QUEUE;
  desk->batch_limit = options->batch_limit ? options->batch_limit : LIMIT_DESK_BATCH;
  desk->checkpoint_address = options->checkpoint_address;
  desk->lease = options->lease;
  desk->last_tick = INSTANT_NONE;
  desk->memory_whole = true;
  desk->now = INSTANT_NONE;
  arena_begin(&desk->batch_arena, 0);
  arena_begin(&desk->job_arena, LIMIT_REQUEST_ARENA);
  pthread_rwlockattr_t attributes;
  pthread_rwlockattr_init(&attributes);
  pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
  pthread_rwlock_init(&desk->state_lock, &attributes);
  pthread_rwlockattr_destroy(&attributes);
  pthread_mutex_init(&desk->lock, NULL);
  pthread_condattr_t condition;
  pthread_condattr_init(&condition);
  pthread_condattr_setclock(&condition, CLOCK_MONOTONIC);
  pthread_cond_init(&desk->wake, &condition);
  pthread_cond_init(&desk->idle, &condition);
  pthread_condattr_destroy(&condition);
  if (!event_chain_load(&desk->chain, db, desk->county_id, error)) {
    desk_close(desk);
    return false;
  }
  desk->durable_seq = desk->chain.seq;
  desk->epoch = db_epoch(db);
  desk_saw_time(desk, desk->chain.at);
  if (desk->chain.at != INSTANT_NONE) desk_saw_id(desk, id_newest(desk->chain.at));
  *out = desk;
  return true;
}

void desk_close(Desk *desk) {
  if (!desk) return;
  desk_stop(desk);
  vector_free(&desk->events);
  arena_end(&desk->batch_arena);
  arena_end(&desk->job_arena);
  pthread_rwlock_destroy(&desk->state_lock);
  pthread_mutex_destroy(&desk->lock);
  pthread_cond_destroy(&desk->wake);
  pthread_cond_destroy(&desk->idle);
  memory_free(desk);
}

void desk_on(Desk *desk, const char *kind, DeskReaction reaction, void *room) {
  assert(desk->reaction_count < DESK_LISTENERS_MAX);
  desk->reactions[desk->reaction_count].kind = kind;
  desk->reactions[desk->reaction_count].reaction = reaction;
  desk->reactions[desk->reaction_count++].room = room;
}

void desk_on_reload(Desk *desk, DeskReload reload, void *room) {
  assert(desk->reload_count < DESK_LISTENERS_MAX);
  desk->reloads[desk->reload_count].reload = reload;
  desk->reloads[desk->reload_count++].room = room;
}

void desk_on_tick(Desk *desk, DeskTick tick, void *room) {
  assert(desk->tick_count < DESK_LISTENERS_MAX);
  desk->ticks[desk->tick_count].tick = tick;
  desk->ticks[desk->tick_count++].room = room;
}

void desk_on_published(Desk *desk, void (*published)(void *self, const Event *events, size_t count), void *self) {
  desk->published = published;
  desk->published_self = self;
}

/* --- one job, inside the batch's transaction --- */

bool desk_event(DeskContext *context, const char *kind, const char *subject_kind, int64_t subject_id, Text data, Error *error) {
  Desk *desk = context->desk;
  Event event = {.at = context->now,
                 .actor = text_copy(&desk->batch_arena, context->actor),
                 .kind = text_of(kind),
                 .subject_kind = text_of(subject_kind),
                 .subject_id = subject_id,
                 .data = text_copy(&desk->batch_arena, data)};
  if (!event.actor.at || !event.data.at || !vector_reserve(&desk->events, 1)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", kind);
  if (!event_append(&desk->chain, desk->db, &event, error)) return false;
  return vector_push(&desk->events, event);
}

int64_t desk_new_id(DeskContext *context) { return id_make(&context->desk->ids, context->now); }

int64_t desk_county_id(const Desk *desk) { return desk->county_id; }

void desk_saw_id(Desk *desk, int64_t id) {
  if (id > desk->ids.last) desk->ids.last = id;
}

void desk_saw_time(Desk *desk, Instant at) {
  if (at != INSTANT_NONE && (desk->now == INSTANT_NONE || at > desk->now)) desk->now = at;
}

bool desk_spoil(DeskContext *context) {
  context->desk->memory_stale = true;
  return false;
}

/* In waves: reactions to the command's events, reactions to theirs, … An outage with many orders makes many events in few waves. */
static bool run_reactions(DeskContext *context, size_t from, Error *error) {
  Desk *desk = context->desk;
  size_t wave_end = desk->events.count;
  int depth = 0;
  for (size_t i = from; i < desk->events.count; i++) {
    if (i == wave_end) {
      wave_end = desk->events.count;
      if (++depth > DESK_REACTION_DEPTH) return error_raise(error, ERROR_INTERNAL, "%s", "reactions without end");
    }
    for (size_t r = 0; r < desk->reaction_count; r++) {
      Event event = desk->events.at[i]; /* a reaction may move the vector */
      if (text_is(event.kind, desk->reactions[r].kind) && !desk->reactions[r].reaction(context, &event, desk->reactions[r].room, error))
        return false;
    }
  }
  return true;
}

static bool reload_rooms(Desk *desk, Error *error) {
  desk->memory_whole = false;
  for (size_t i = 0; i < desk->reload_count; i++)
    if (!desk->reloads[i].reload(desk->db, desk->reloads[i].room, error)) return false;
  desk->memory_stale = false;
  desk->memory_whole = true;
  return true;
}

/* The order of the books is the order of time. A machine's clock that is put back a little (a wrong hour mended, a guest woken) stands still here until
 * it has caught up; else a clock would be stopped before it began. One that was put back further had been wrong before, and is believed. */
static Instant desk_now(Desk *desk) {
  Instant now = time_now(desk->time);
  if (desk->now == INSTANT_NONE || now > desk->now || desk->now - now > DESK_BACK_MOST) desk->now = now;
  return desk->now;
}

/* Held over several jobs, but not for long: between two of them readers would come in, and with many of them the desk would wait for each in turn. */
static void hold_state(Desk *desk) {
  if (desk->holding) return;
  pthread_rwlock_wrlock(&desk->state_lock);
  desk->holding = true;
  desk->held_at = time_monotonic_us();
}

static void let_state_go(Desk *desk, bool at_once) {
  if (!desk->holding || (!at_once && time_monotonic_us() - desk->held_at < LIMIT_DESK_HOLD_MS * 1000)) return;
  desk->holding = false;
  pthread_rwlock_unlock(&desk->state_lock);
}

/* false: the transaction itself is gone, and with it all that ran before in this batch. */
static bool run_job(Desk *desk, DeskJob *job, bool settle) {
  EventChain chain = desk->chain;
  size_t events = desk->events.count;
  DeskContext context = {.db = desk->db, .now = desk_now(desk), .actor = job->actor, .county_id = desk->county_id,
                         .arena = &desk->job_arena, .desk = desk};
  job->ok = false;
  error_clear(&job->error);
  bool worked = false;
  hold_state(desk);
  if (desk->memory_stale && !reload_rooms(desk, &job->error)) goto done;
  if (!db_savepoint(desk->db, &job->error)) goto done;
  worked = job->work(&context, job->command, &job->error);
  job->ok = worked && run_reactions(&context, events, &job->error) && (!job->finish || job->finish(&context, job, &job->error)) &&
            (!settle || db_settle(desk->db, &job->error)) && db_release(desk->db, &job->error);
  if (!job->ok) {
    db_rollback_savepoint(desk->db);
    desk->chain = chain;
    desk->events.count = events;
    if (worked) desk->memory_stale = true;
  }
done:
  let_state_go(desk, !job->next);
  arena_reset(&desk->job_arena);
  return db_in_transaction(desk->db);
}

static void fail_jobs(DeskJob *jobs, const DeskJob *until, const Error *why) {
  for (DeskJob *job = jobs; job && job != until; job = job->next)
    if (job->ok) job->ok = false, job->error = *why;
}

/* A command that the store refused after its savepoint took the others of its batch with it. They are told to come again, and for some
 * batches every command is settled by itself, so that the one at fault fails alone. */
static void blame_nobody(Desk *desk, DeskJob *jobs, Error *error) {
  if (!jobs->next || error_status(error->code) == 503 || error->code == ERROR_STORE_FULL) return;
  desk->careful = DESK_CAREFUL_BATCHES;
  char why[ERROR_TEXT_MAX];
  error_text(error, LANGUAGE_EN, why, sizeof why);
  error_clear(error);
  error_raise(error, ERROR_STORE_BUSY, "%.100s", why);
}

static void say_gone(Desk *desk, bool gone) {
  pthread_mutex_lock(&desk->lock);
  if (desk->figures.store_gone != gone) log_line(gone ? LOG_WARN : LOG_INFO, gone ? "desk: the database does not answer" : "desk: the database answers again");
  desk->figures.store_gone = gone;
  pthread_mutex_unlock(&desk->lock);
}

static bool is_stopping(Desk *desk) {
  pthread_mutex_lock(&desk->lock);
  bool stopping = desk->stopping || !desk->running;
  pthread_mutex_unlock(&desk->lock);
  return stopping;
}

static bool same_chain(const EventChain *a, const EventChain *b) { return a->seq == b->seq && memcmp(a->hash, b->hash, EVENT_HASH_BYTES) == 0; }

/* Behind a new connection there may be another server: a standby that had not everything yet. What it has not is lost, memory must not know more. */
static bool look_at_chain(Desk *desk, Error *error) {
  EventChain had = desk->chain;
  if (!event_chain_load(&desk->chain, desk->db, desk->county_id, error)) return false;
  if (!same_chain(&had, &desk->chain) && !(desk->chain_in_doubt && same_chain(&desk->maybe, &desk->chain))) {
    log_line(LOG_ERROR, "desk: the database that answers now ends at event %lld, this program had been told of %lld", (long long)desk->chain.seq, (long long)had.seq);
    desk->memory_stale = true;
  }
  desk->epoch = db_epoch(desk->db);
  desk->chain_in_doubt = false;
  return true;
}

static bool begin_once(Desk *desk, Error *error) {
  if (!db_begin(desk->db, error)) return false;
  bool ok = !desk->lease || lease_hold(desk->lease, desk->db, error);
  if (ok && (desk->chain_in_doubt || desk->epoch != db_epoch(desk->db))) ok = look_at_chain(desk, error);
  if (!ok) db_rollback(desk->db);
  return ok;
}

/* Waits for a database that does not answer. */
static bool begin_batch(Desk *desk, Error *error) {
  for (int64_t until = time_monotonic_us() + DESK_GONE_MS * 1000;;) {
    error_clear(error);
    if (begin_once(desk, error)) {
      say_gone(desk, false);
      return true;
    }
    if (error->code != ERROR_STORE_GONE && error->code != ERROR_STORE_BUSY) return false; /* busy: a migration has it */
    say_gone(desk, error->code == ERROR_STORE_GONE);
    if (is_stopping(desk) || time_monotonic_us() > until) return false;
    nanosleep(&(struct timespec){.tv_nsec = DESK_RETRY_MS * 1000000}, NULL);
  }
}

static void doubt_chain(Desk *desk, const EventChain *before, const EventChain *maybe) {
  EventChain after = *maybe;
  desk->chain = *before;
  desk->maybe = after;
  desk->chain_in_doubt = true;
}

/* The connection broke before the commit was answered. The chain in the store is the one after the batch, or the one before; or neither,
 * where a standby answers now that had not everything. */
static bool stands_after_all(Desk *desk, const EventChain *before) {
  Error error = {0};
  db_rollback(desk->db);
  doubt_chain(desk, before, &desk->chain);
  if (!begin_batch(desk, &error)) return false;
  db_rollback(desk->db);
  return same_chain(&desk->chain, &desk->maybe);
}

/* What was undone is out of memory too before anybody is told; where the store does not let it, the next command reloads first. */
static void reload_undone(Desk *desk) {
  Error error = {0};
  if (!desk->memory_stale || !begin_once(desk, &error)) return;
  hold_state(desk);
  if (!reload_rooms(desk, &error)) log_error("desk: memory", &error);
  let_state_go(desk, true);
  db_rollback(desk->db);
}

/* Runs the listed jobs in one transaction; on return each has its answer. */
static void run_batch(Desk *desk, DeskJob *jobs) {
  Error error = {0};
  desk->events.count = 0;
  bool begun = begin_batch(desk, &error), sound = begun;
  EventChain chain = desk->chain;
  bool settle = !jobs->next || desk->careful > 0;
  if (desk->careful > 0) desk->careful--;
  for (DeskJob *job = jobs; job; job = job->next) {
    if (sound) {
      sound = run_job(desk, job, settle);
      if (!sound) error = job->error, blame_nobody(desk, jobs, &error), job->error = error, fail_jobs(jobs, job, &error);
    } else {
      job->ok = false;
      job->error = error;
    }
  }
  let_state_go(desk, true);
  if (sound && !db_commit(desk->db, &error)) {
    sound = error.code == ERROR_STORE_GONE && desk->chain.seq > chain.seq && stands_after_all(desk, &chain);
    if (!sound && desk->chain.seq <= chain.seq) chain = desk->chain; /* looked at: what the store has now */
    if (!sound) {
      blame_nobody(desk, jobs, &error);
      fail_jobs(jobs, NULL, &error);
    }
  }
  if (!sound) {
    db_rollback(desk->db);
    desk->chain = chain;
    desk->events.count = 0;
    desk->memory_stale |= begun;
    if (begun && error.code == ERROR_STORE_GONE && !desk->chain_in_doubt) doubt_chain(desk, &chain, &chain);
    log_error("desk: a batch was undone", &error);
  }
  reload_undone(desk);
}

static void answer_batch(Desk *desk, DeskJob *jobs) {
  int64_t count = 0, failed = 0;
  for (DeskJob *job = jobs; job; job = job->next) count++, failed += !job->ok;
  pthread_mutex_lock(&desk->lock);
  desk->figures.jobs += count;
  desk->figures.failed += failed;
  desk->figures.batches++;
  desk->figures.events += (int64_t)desk->events.count;
  if (count > desk->figures.largest_batch) desk->figures.largest_batch = count;
  desk->durable_seq = desk->chain.seq;
  pthread_mutex_unlock(&desk->lock);
  if (desk->published && desk->events.count) desk->published(desk->published_self, desk->events.at, desk->events.count);
  for (DeskJob *job = jobs, *next; job; job = next) {
    next = job->next; /* done may free the job */
    if (job->done) job->done(job);
  }
  desk->events.count = 0;
  arena_reset(&desk->batch_arena);
}

/* --- ticks --- */

typedef struct TickCommand {
  DeskTick tick;
  void *room;
} TickCommand;

static bool work_tick(DeskContext *context, void *command, Error *error) {
  TickCommand *tick = command;
  return tick->tick(context, tick->room, error);
}

static bool run_ticks(Desk *desk, Error *error) {
  DeskJob jobs[DESK_LISTENERS_MAX] = {0};
  TickCommand commands[DESK_LISTENERS_MAX];
  for (size_t i = 0; i < desk->tick_count; i++) {
    commands[i] = (TickCommand){desk->ticks[i].tick, desk->ticks[i].room};
    jobs[i] = (DeskJob){.work = work_tick, .command = &commands[i], .actor = TEXT("system"), .next = i + 1 < desk->tick_count ? &jobs[i + 1] : NULL};
  }
  desk->last_tick = time_now(desk->time);
  if (desk->tick_count == 0) return true;
  run_batch(desk, jobs);
  bool ok = true;
  for (size_t i = 0; i < desk->tick_count; i++) {
    if (jobs[i].ok) continue;
    log_error("desk: tick", &jobs[i].error);
    if (ok && error) *error = jobs[i].error;
    ok = false;
  }
  answer_batch(desk, jobs);
  return ok;
}

bool desk_tick(Desk *desk, Error *error) {
  assert(!desk->running);
  return run_ticks(desk, error);
}

/* --- threads --- */

static void deadline_in(struct timespec *out, int ms) {
  clock_gettime(CLOCK_MONOTONIC, out);
  out->tv_nsec += (long)ms * 1000000;
  out->tv_sec += out->tv_nsec / 1000000000;
  out->tv_nsec %= 1000000000;
}

/* Takes a batch off the queues; waits a moment for the first. NULL: nothing came. Lock held. */
static DeskJob *take_batch(Desk *desk) {
  if (!desk->urgent.first && !desk->normal.first && !desk->stopping) {
    struct timespec until;
    deadline_in(&until, DESK_WAIT_MS);
    pthread_cond_timedwait(&desk->wake, &desk->lock, &until);
  }
  Queue batch = {0};
  for (size_t count = 0; count < desk->batch_limit; count++) {
    DeskJob *job = queue_take(&desk->urgent);
    if (!job) job = queue_take(&desk->normal);
    if (!job) break;
    desk->figures.waiting--;
    queue_add(&batch, job);
  }
  return batch.first;
}

static void *desk_thread(void *self) {
  Desk *desk = self;
  for (;;) {
    pthread_mutex_lock(&desk->lock);
    DeskJob *jobs = take_batch(desk);
    bool stop = desk->stopping && !jobs, checkpoint = desk->checkpoint_wanted;
    desk->checkpoint_wanted = false;
    pthread_mutex_unlock(&desk->lock);
    if (stop) return NULL;
    if (jobs) {
      run_batch(desk, jobs);
      answer_batch(desk, jobs);
    }
    if (checkpoint) { /* the other thread has copied nearly all: with the writer still, the rest is little, and the log begins anew */
      int64_t pages, left;
      Error error = {0};
      if (!db_checkpoint(&pages, &left, desk->db, &error)) log_error("desk: checkpoint", &error);
    }
    Instant now = time_now(desk->time);
    if (desk->last_tick == INSTANT_NONE || now - desk->last_tick >= DESK_TICK || now < desk->last_tick) run_ticks(desk, NULL);
  }
}

static void *checkpoint_thread(void *self) {
  Desk *desk = self;
  Db *db = NULL;
  Error error = {0};
  if (!db_open(&db, desk->checkpoint_address, DB_WRITE, &error)) {
    log_error("checkpoint", &error);
    return NULL;
  }
  pthread_mutex_lock(&desk->lock);
  while (!desk->stopping) {
    struct timespec until;
    deadline_in(&until, CHECKPOINT_EVERY_MS);
    pthread_cond_timedwait(&desk->idle, &desk->lock, &until);
    if (desk->stopping) break;
    pthread_mutex_unlock(&desk->lock);
    int64_t pages = 0, left = 0;
    if (!db_checkpoint(&pages, &left, db, &error)) log_error("checkpoint", &error);
    pthread_mutex_lock(&desk->lock);
    if (pages > CHECKPOINT_PAGES) desk->checkpoint_wanted = true;
  }
  pthread_mutex_unlock(&desk->lock);
  db_close(db);
  return NULL;
}

bool desk_start(Desk *desk, Error *error) {
  assert(!desk->running);
  desk->stopping = false;
  int code = pthread_create(&desk->thread, NULL, desk_thread, desk);
  if (code != 0) return error_raise(error, ERROR_INTERNAL, "thread: %s", strerror(code));
  desk->running = true;
  if (desk->checkpoint_address) desk->checkpointer_runs = pthread_create(&desk->checkpointer, NULL, checkpoint_thread, desk) == 0;
  return true;
}

void desk_stop(Desk *desk) {
  if (!desk->running) return;
  pthread_mutex_lock(&desk->lock);
  desk->stopping = true;
  pthread_cond_broadcast(&desk->wake);
  pthread_cond_broadcast(&desk->idle);
  pthread_mutex_unlock(&desk->lock);
  pthread_join(desk->thread, NULL);
  if (desk->checkpointer_runs) pthread_join(desk->checkpointer, NULL);
  desk->running = desk->checkpointer_runs = false;
}

bool desk_submit(Desk *desk, DeskJob *job, Error *error) {
  bool ok = false;
  pthread_mutex_lock(&desk->lock);
  /* fault calls may use the whole queue, the rest three quarters of it */
  size_t limit = job->first ? desk->queue_limit : desk->queue_limit / 4 * 3;
  if (!desk->running || desk->stopping) {
    error_raise(error, ERROR_DESK_STOPPED, "%s", "");
  } else if (desk->figures.waiting >= limit) {
    desk->figures.refused++;
    error_raise(error, ERROR_DESK_FULL, "%zu", desk->figures.waiting);
  } else {
    queue_add(job->first ? &desk->urgent : &desk->normal, job);
    if (desk->figures.waiting++ == 0) pthread_cond_signal(&desk->wake);
    ok = true;
  }
  pthread_mutex_unlock(&desk->lock);
  return ok;
}

typedef struct Waiter {
  DeskJob job;
  pthread_mutex_t lock;
  pthread_cond_t done;
  bool finished;
} Waiter;

static void waiter_done(DeskJob *job) {
  Waiter *waiter = (Waiter *)job;
  pthread_mutex_lock(&waiter->lock);
  waiter->finished = true;
  pthread_cond_signal(&waiter->done);
  pthread_mutex_unlock(&waiter->lock);
}

bool desk_do(Desk *desk, DeskWork work, void *command, Text actor, Error *error) {
  Waiter waiter = {.job = {.work = work, .command = command, .actor = actor}};
  if (!desk->running) {
    run_batch(desk, &waiter.job);
    answer_batch(desk, &waiter.job);
  } else {
    assert(!pthread_equal(pthread_self(), desk->thread));
    pthread_mutex_init(&waiter.lock, NULL);
    pthread_cond_init(&waiter.done, NULL);
    waiter.job.done = waiter_done;
    bool taken = desk_submit(desk, &waiter.job, error);
    if (taken) {
      pthread_mutex_lock(&waiter.lock);
      while (!waiter.finished) pthread_cond_wait(&waiter.done, &waiter.lock);
      pthread_mutex_unlock(&waiter.lock);
    }
    pthread_mutex_destroy(&waiter.lock);
    pthread_cond_destroy(&waiter.done);
    if (!taken) return false;
  }
  if (!waiter.job.ok && error) *error = waiter.job.error;
  return waiter.job.ok;
}

int64_t desk_county(const Desk *desk) { return desk->county_id; }

void desk_read_begin(Desk *desk) { pthread_rwlock_rdlock(&desk->state_lock); }
bool desk_memory_is_whole(const Desk *desk) { return desk->memory_whole; }

bool desk_read_whole(Desk *desk, Error *error) {
  desk_read_begin(desk);
  if (desk->memory_whole) return true;
  desk_read_end(desk);
  return error_raise(error, ERROR_STORE_BUSY, "%s", "正在重新读取" ERROR_BOTH "reading it again");
}

void desk_read_end(Desk *desk) { pthread_rwlock_unlock(&desk->state_lock); }

DeskFigures desk_figures(Desk *desk) {
  pthread_mutex_lock(&desk->lock);
  DeskFigures figures = desk->figures;
  pthread_mutex_unlock(&desk->lock);
  return figures;
}

int64_t desk_last_seq(Desk *desk) {
  pthread_mutex_lock(&desk->lock);
  int64_t seq = desk->durable_seq;
  pthread_mutex_unlock(&desk->lock);
  return seq;
}

int64_t desk_seq_so_far(const Desk *desk) { return desk->chain.seq; }
