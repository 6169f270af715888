#include "sim/replay.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/log.h"
#include "sim/replay_internal.h"

static const Span OFFICE_LOOKS_EVERY = 30 * SPAN_SECOND;
static const Span FIELD_LOOKS_EVERY = 20 * SPAN_SECOND;
static const Span CALLER_PATIENCE = 3 * SPAN_MINUTE;
static const Span LONGEST_EVENING = 24 * SPAN_HOUR;

Instant replay_now(Replay *replay) { return time_now(replay->rooms.time); }

bool replay_put(Replay *replay, Span in, ReplayWhat what, int64_t subject, Error *error) {
  return agenda_put(&replay->agenda, replay_now(replay) + in, (int)what, subject) ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "replay");
}

Span replay_minutes(Replay *replay, double least, double most) {
  return (Span)((least + (most - least) * random_unit(&replay->random)) * (double)SPAN_MINUTE);
}

bool replay_do(Replay *replay, DeskWork work, void *command, const char *actor, Error *error) {
  return desk_do(replay->rooms.desk, work, command, text_of(actor), error);
}

bool replay_may_refuse(Error *error) {
  int status = error_status(error->code);
  if (status == 503 || (status >= 400 && status < 500)) {
    error_clear(error);
    return true;
  }
  return false;
}

/* --- calls --- */

typedef struct AcceptCommand {
  Replay *replay;
  uint32_t position;
} AcceptCommand;

static bool work_accept(DeskContext *context, void *command, Error *error) {
  AcceptCommand *accept = command;
  Customer customer;
  OrderId order;
  bool again;
  people_customer(accept->replay->rooms.people, accept->position, &customer);
  OrderAccept call = {.kind = TEXT("fault_repair"), .customer = customer.id, .device = GRID_NONE, .caller_name = customer.name,
                      .caller_phone = customer.phone, .what = TEXT("no_power"), .description = TEXT("家里没电了, 除夕夜"), .source = TEXT("hotline"),
                      .urgency = customer.vulnerable ? 1 : 0};
  return order_accept(context, accept->replay->rooms.orders, &call, &order, &again, error);
}

static bool answer_next(Replay *replay, size_t seat, Error *error);

static bool seats_take(Replay *replay, Error *error) {
  for (size_t i = 0; i < REPLAY_SEATS; i++)
    if (replay->seat[i].doing == SEAT_FREE && !answer_next(replay, i, error)) return false;
  return true;
}

/* A free seat takes the one who waits longest; with nobody waiting, it calls somebody back. */
static bool answer_next(Replay *replay, size_t seat, Error *error) {
  Instant now = replay_now(replay);
  while (replay->waiting.count) {
    ReplayWaiting caller = replay->waiting.at[0];
    memmove(replay->waiting.at, replay->waiting.at + 1, --replay->waiting.count * sizeof caller);
    if (now - caller.since > CALLER_PATIENCE) {
      replay->figures.calls_abandoned++;
      continue;
    }
    replay->seat[seat] = (ReplaySeat){.doing = SEAT_CALL, .position = caller.position};
    replay->figures.calls_answered++;
    replay->wait_seconds += (double)(now - caller.since) / (double)SPAN_SECOND;
    return replay_put(replay, replay_minutes(replay, 0.7, 1.6), WHAT_SEAT_ENDS, (int64_t)seat, error);
  }
  if (replay->callback_queue.count) {
    OrderId order = {replay->callback_queue.at[0]};
    memmove(replay->callback_queue.at, replay->callback_queue.at + 1, --replay->callback_queue.count * sizeof order.value);
    replay->seat[seat] = (ReplaySeat){.doing = SEAT_CALLBACK, .order = order};
    return replay_put(replay, replay_minutes(replay, 0.5, 1.2), WHAT_SEAT_ENDS, (int64_t)seat, error);
  }
  return true;
}

static bool someone_calls(Replay *replay, uint32_t position, Error *error) {
  Instant now = replay_now(replay);
  if (!evening_is_dark(&replay->evening, replay->rooms.grid, people_customer_device(replay->rooms.people, position), now)) return true;
  replay->figures.calls_offered++;
  ReplayWaiting waiting = {position, now};
  if (!vector_push(&replay->waiting, waiting)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "replay");
  return seats_take(replay, error);
}

/* --- steps on orders --- */

typedef struct StepCommand {
  Orders *orders;
  OrderStep step;
} StepCommand;

static bool work_step(DeskContext *context, void *command, Error *error) {
  StepCommand *step = command;
  return order_step(context, step->orders, &step->step, error);
}

static bool take_step(Replay *replay, OrderId order, const char *step, const json_t *fields, const char *actor, Error *error) {
  StepCommand command = {replay->rooms.orders, {.order = order, .step = text_of(step), .fields = fields, .roles = UINT32_MAX}};
  return replay_do(replay, work_step, &command, actor, error) || replay_may_refuse(error);
}

static bool call_back(Replay *replay, OrderId id, Error *error) {
  desk_read_begin(replay->rooms.desk);
  const Order *order = order_find(replay->rooms.orders, id);
  bool there = order && order_state_is(order, "checked");
  uint32_t device = there ? order->device : GRID_NONE;
  desk_read_end(replay->rooms.desk);
  map_remove(&replay->called_back, id.value);
  if (!there) return true; /* somebody else did it */
  bool dark = device != GRID_NONE && evening_is_dark(&replay->evening, replay->rooms.grid, device, replay_now(replay));
  double chance = random_unit(&replay->random);
  const char *answer = chance < 0.1 ? "unanswered" : dark ? "dissatisfied" : "satisfied";
  if (chance < 0.1) replay->figures.callbacks_unanswered++;
  else if (dark) replay->figures.callbacks_dissatisfied++;
  else replay->figures.callbacks_satisfied++;
  json_t *fields = json_pack("{s:s}", "answer", answer);
  bool ok = fields ? take_step(replay, id, "call_back", fields, "replay:agent", error) : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "replay");
  json_decref(fields);
  return ok;
}

static bool seat_ends(Replay *replay, size_t row, Error *error) {
  ReplaySeat seat = replay->seat[row];
  bool ok = true;
  replay->seat[row].doing = SEAT_FREE;
  bool dark = evening_is_dark(&replay->evening, replay->rooms.grid, people_customer_device(replay->rooms.people, seat.position), replay_now(replay));
  if (seat.doing == SEAT_CALL && dark) { /* else the lights came back while they spoke: nothing to take down */
    AcceptCommand command = {replay, seat.position};
    ok = replay_do(replay, work_accept, &command, "replay:agent", error) || replay_may_refuse(error);
  } else if (seat.doing == SEAT_CALLBACK) {
    ok = call_back(replay, seat.order, error);
  }
  return ok && answer_next(replay, row, error);
}

/* --- the office: every half minute somebody looks at the lists --- */

typedef struct Wanted {
  OrderId order;
  const char *step;
} Wanted;

/* Power is back, and nobody was sent who would report it: the dispatcher does. */
static bool is_nobodys(const Replay *replay, const Order *order, Instant now) {
  if (!order_state_is(order, "restored") || now - order->state_since <= 10 * SPAN_MINUTE) return false;
  const Outage *outage = outage_find(replay->rooms.outages, order->outage);
  return !outage || !outage->crew.value;
}

static bool look_at_orders(Replay *replay, Error *error) {
  VECTOR(Wanted) wanted = {0};
  bool ok = true;
  Instant now = replay_now(replay);
  desk_read_begin(replay->rooms.desk);
  size_t count = order_count(replay->rooms.orders);
  for (size_t i = 0; ok && i < count; i++) {
    const Order *order = order_at(replay->rooms.orders, i);
    const char *step = order_state_is(order, "replied") ? "check" : order_state_is(order, "called_back") ? "archive" : is_nobodys(replay, order, now) ? "reply" : NULL;
    if (step) {
      Wanted one = {order->id, step};
      ok = vector_push(&wanted, one);
    } else if (order_state_is(order, "checked") && now - order->state_since > 4 * SPAN_MINUTE && !map_get(&replay->called_back, order->id.value, NULL)) {
      ok = map_put(&replay->called_back, order->id.value, 1) && vector_push(&replay->callback_queue, order->id.value);
    }
  }
  desk_read_end(replay->rooms.desk);
  if (!ok) error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "replay");
  for (size_t i = 0; ok && i < wanted.count; i++) ok = take_step(replay, wanted.at[i].order, wanted.at[i].step, NULL, "replay:dispatcher", error);
  vector_free(&wanted);
  return ok && seats_take(replay, error);
}

/* Over when all faults have struck and are repaired, and nothing is open that the evening brought. */
static bool is_over(Replay *replay) {
  Instant now = replay_now(replay);
  for (size_t i = 0; i < replay->evening.faults.count; i++)
    if (replay->evening.faults.at[i].repaired_at == INSTANT_NONE) {
      /* a fault nobody noticed (its one household never got through) does not keep the evening waiting */
      if (now < replay->evening.faults.at[i].at + 6 * SPAN_HOUR) return false;
    }
  desk_read_begin(replay->rooms.desk);
  bool open = order_count(replay->rooms.orders) || outage_count(replay->rooms.outages) || crew_job_count(replay->rooms.crews);
  desk_read_end(replay->rooms.desk);
  return !open && !replay->waiting.count && now > replay->evening.until;
}

static bool office_looks(Replay *replay, Error *error) {
  if (!look_at_orders(replay, error) || !replay_office_sends(replay, error)) return false;
  if (replay_now(replay) > replay->evening.from + LONGEST_EVENING || is_over(replay)) return true; /* and looks no more */
  return replay_put(replay, OFFICE_LOOKS_EVERY, WHAT_OFFICE_LOOKS, 0, error);
}

static bool act(Replay *replay, const AgendaItem *item, Error *error) {
  switch ((ReplayWhat)item->what) {
    case WHAT_FAULT: return true; /* lights out: nothing tells the program yet */
    case WHAT_CALL: return someone_calls(replay, (uint32_t)item->subject, error);
    case WHAT_SEAT_ENDS: return seat_ends(replay, (size_t)item->subject, error);
    case WHAT_OFFICE_LOOKS: return office_looks(replay, error);
    case WHAT_FIELD_LOOKS:
      if (!replay_field_looks(replay, error)) return false;
      return is_over(replay) || replay_now(replay) > replay->evening.from + LONGEST_EVENING ? true : replay_put(replay, FIELD_LOOKS_EVERY, WHAT_FIELD_LOOKS, 0, error);
    case WHAT_METERS: return replay_meters_report(replay, error);
    case WHAT_CREW_ACTS: return replay_crew_acts(replay, (size_t)item->subject, error);
  }
  return true;
}

/* --- what came of it, counted from the rooms' own events --- */

static bool count_event(DeskContext *context, const Event *event, void *self, Error *error) {
  Replay *replay = self;
  (void)error;
  pthread_mutex_lock(&replay->lock);
  if (text_is(event->kind, "order.accepted")) replay->figures.orders++, replay->figures.open++;
  if (text_is(event->kind, "order.archived")) replay->figures.archived++, replay->figures.open--;
  if (text_is(event->kind, "outage.found")) {
    replay->figures.outages++;
    const Outage *outage = outage_find(replay->rooms.outages, (OutageId){event->subject_id});
    const Grid *grid = replay->rooms.grid;
    for (size_t i = 0; outage && i < replay->evening.faults.count; i++) {
      EveningFault *fault = &replay->evening.faults.at[i];
      bool hidden = fault->nested_in >= 0 && replay->evening.faults.at[fault->nested_in].repaired_at == INSTANT_NONE;
      if (!hidden && fault->found_at == INSTANT_NONE && fault->at <= context->now &&
          (grid_within(grid_device(grid, fault->device), fault->device, outage->device) || grid_within(grid_device(grid, outage->device), outage->device, fault->device)))
        fault->found_at = context->now;
    }
  }
  pthread_mutex_unlock(&replay->lock);
  return true;
}

/* --- beginning and end --- */

bool replay_open(Replay **out, const ReplayRooms *rooms, const EveningOptions *options, Error *error) {
  Replay *replay = memory_new(sizeof *replay);
  if (!replay) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "replay");
  replay->rooms = *rooms;
  replay->options = *options;
  replay->state = "waiting";
  random_fork(&replay->random, options->seed, 0x9E9);
  pthread_mutex_init(&replay->lock, NULL);
  pthread_condattr_t condition;
  pthread_condattr_init(&condition);
  pthread_condattr_setclock(&condition, CLOCK_MONOTONIC);
  pthread_cond_init(&replay->changed, &condition);
  pthread_condattr_destroy(&condition);
  bool ok = evening_plan(&replay->evening, options, rooms->grid, rooms->people, error);
  if (ok && crew_count(rooms->crews) == 0) ok = error_raise(error, ERROR_NOT_FOUND, "%s\t%s", "crews.csv", "a crew");
  if (ok && !(replay->crew = memory_new(crew_count(rooms->crews) * sizeof *replay->crew))) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "replay");
  for (size_t i = 0; ok && i < replay->evening.faults.count; i++)
    ok = agenda_put(&replay->agenda, replay->evening.faults.at[i].at, WHAT_FAULT, (int64_t)i);
  for (size_t i = 0; ok && i < replay->evening.calls.count; i++)
    ok = agenda_put(&replay->agenda, replay->evening.calls.at[i].at, WHAT_CALL, replay->evening.calls.at[i].position);
  for (size_t i = 0; ok && i < replay->evening.faults.count; i++) /* the head-end passes on what its meters said */
    for (int k = 1; ok && k <= 9; k++) ok = agenda_put(&replay->agenda, replay->evening.faults.at[i].at + k * 15 * SPAN_SECOND, WHAT_METERS, 0);
  ok = ok && agenda_put(&replay->agenda, replay->evening.from, WHAT_OFFICE_LOOKS, 0) && agenda_put(&replay->agenda, replay->evening.from, WHAT_FIELD_LOOKS, 0);
  if (!ok) {
    if (error && !error->code) error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "replay");
    replay_close(replay);
    return false;
  }
  desk_on(rooms->desk, "order.accepted", count_event, replay);
  desk_on(rooms->desk, "order.archived", count_event, replay);
  desk_on(rooms->desk, "outage.found", count_event, replay);
  *out = replay;
  return true;
}

void replay_close(Replay *replay) {
  if (!replay) return;
  if (replay->threaded) {
    pthread_mutex_lock(&replay->lock);
    replay->stop = true;
    pthread_cond_broadcast(&replay->changed);
    pthread_mutex_unlock(&replay->lock);
    pthread_join(replay->thread, NULL);
  }
  evening_end(&replay->evening);
  agenda_free(&replay->agenda);
  vector_free(&replay->waiting);
  vector_free(&replay->callback_queue);
  vector_free(&replay->returned);
  map_free(&replay->called_back);
  memory_free(replay->crew);
  pthread_mutex_destroy(&replay->lock);
  pthread_cond_destroy(&replay->changed);
  memory_free(replay);
}

Instant replay_from(const Replay *replay) { return replay->evening.from; }

bool replay_run(Replay *replay, Error *error) {
  AgendaItem item;
  Instant ticked = replay->evening.from;
  time_virtual(replay->rooms.time, ticked);
  while (agenda_take(&replay->agenda, &item)) {
    while (item.at - ticked >= 5 * SPAN_SECOND) { /* the rooms' own clocks */
      ticked += 5 * SPAN_SECOND;
      time_virtual(replay->rooms.time, ticked);
      if (!desk_tick(replay->rooms.desk, error)) return false;
    }
    time_virtual(replay->rooms.time, item.at);
    if (!act(replay, &item, error)) return false;
    if (item.what == WHAT_OFFICE_LOOKS && (is_over(replay) || item.at > replay->evening.from + LONGEST_EVENING)) break;
  }
  replay->state = "done";
  return true;
}

/* Waits for the wall until the instant; false: told to stop. */
static bool wait_until(Replay *replay, Instant at) {
  pthread_mutex_lock(&replay->lock);
  while (!replay->stop) {
    double left_us = (double)(at - replay_now(replay)) / replay->speed;
    if (left_us <= 0) break;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + (int64_t)(left_us < 1e6 ? left_us : 1e6) * 1000;
    until.tv_sec += ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    pthread_cond_timedwait(&replay->changed, &replay->lock, &until);
  }
  bool on = !replay->stop;
  pthread_mutex_unlock(&replay->lock);
  return on;
}

static void set_state(Replay *replay, const char *state) {
  pthread_mutex_lock(&replay->lock);
  replay->state = state;
  pthread_mutex_unlock(&replay->lock);
}

static void *replay_thread(void *self) {
  Replay *replay = self;
  Error error = {0};
  AgendaItem item;
  pthread_mutex_lock(&replay->lock);
  while (!replay->go && !replay->stop) pthread_cond_wait(&replay->changed, &replay->lock);
  bool stopped = replay->stop;
  pthread_mutex_unlock(&replay->lock);
  if (stopped) return NULL;
  time_scaled(replay->rooms.time, replay->evening.from, replay->speed);
  set_state(replay, "running");
  while (agenda_take(&replay->agenda, &item)) {
    if (!wait_until(replay, item.at)) return NULL;
    if (!act(replay, &item, &error)) {
      log_error("replay", &error);
      set_state(replay, "failed");
      return NULL;
    }
    if (item.what == WHAT_OFFICE_LOOKS && is_over(replay)) break;
  }
  time_scaled(replay->rooms.time, replay_now(replay), 1);
  set_state(replay, "done");
  ReplaySummary summary;
  replay_summarize(replay, &summary);
  if (replay->ended) replay->ended(replay->ended_self, &summary);
  return NULL;
}

bool replay_start(Replay *replay, double speed, void (*ended)(void *self, const ReplaySummary *summary), void *self, Error *error) {
  replay->speed = speed;
  replay->ended = ended;
  replay->ended_self = self;
  time_virtual(replay->rooms.time, replay->evening.from);
  int code = pthread_create(&replay->thread, NULL, replay_thread, replay);
  replay->threaded = code == 0;
  return code == 0 ? true : error_raise(error, ERROR_INTERNAL, "thread: %s", strerror(code));
}

void replay_go(Replay *replay) {
  pthread_mutex_lock(&replay->lock);
  replay->go = true;
  pthread_cond_broadcast(&replay->changed);
  pthread_mutex_unlock(&replay->lock);
}

const char *replay_state(Replay *replay) {
  pthread_mutex_lock(&replay->lock);
  const char *state = replay->state;
  pthread_mutex_unlock(&replay->lock);
  return state;
}
