/* Travel times of the plan beyond straight line and default speed: a router asked on a thread of its own, whose answer comes back as a command of
 * the desk, so that the desk never waits for the net; and speeds by area and hour, learned from the crews' own drives. */
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "base/log.h"
#include "crew/plan_internal.h"

enum { LOOK_EVERY_MS = 2000, SLICE_MS = 100 };
#define LEARN_EVERY SPAN_HOUR
#define PLACE_FRESH (12 * SPAN_HOUR)   /* crews stand where they were last seen, or at their base; what is odd all the same the median bears */
#define AGAIN_AFTER (30 * SPAN_SECOND) /* a router that failed; by the machine's clock, as the next one */
#define ANEW_AFTER SPAN_HOUR

/* --- drives and speeds --- */

static bool learn(Plan *plan, int hour, Error *error) {
  TravelSpeeds speeds;
  TravelLearned learned;
  travel_speeds_begin(&speeds, plan->rules.detour, (const double[]){plan->rules.country_kmh, plan->rules.town_kmh}, 2);
  if (!travel_learn(&speeds, &speeds, plan->travel.drives.at, plan->travel.drives.count, &learned, error)) return false;
  ground_pace(&plan->ground, &speeds, hour);
  plan->travel.used = learned.used;
  plan->travel.fresh = false;
  return true;
}

bool plan_drive_known(Plan *plan, const TravelDrive *drive, Error *error) {
  if (plan->travel.drives.count == PLAN_DRIVES_KEPT)
    memmove(plan->travel.drives.at, plan->travel.drives.at + 1, --plan->travel.drives.count * sizeof *plan->travel.drives.at);
  plan->travel.fresh = true;
  return vector_push(&plan->travel.drives, *drive) || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "drives");
}

bool plan_travel_reload(Db *db, Crews *crews, Error *error) {
  vector_clear(&crews->plan->travel.drives);
  return drive_rows(db, crews, error) && learn(crews->plan, crews->plan->ground.hour, error);
}

bool plan_drive_begin(DeskContext *context, Crews *crews, const Crew *crew, const Job *job, Error *error) {
  int row = crews->plan ? plan_crew_row(crews, crew->id) : -1;
  bool old = crew->placed_at != INSTANT_NONE && context->now - crew->placed_at > PLACE_FRESH;
  if (row < 0 || old || !isfinite(crew->lon + crew->lat)) return true;
  bool town = (size_t)row < crews->plan->ground.count && crews->plan->ground.place[row].town;
  TravelDrive drive = {.from = {crew->lon, crew->lat, town}, .to = {0, 0, 0}, .departed = context->now, .arrived = INSTANT_NONE};
  return drive_row_begin(context->db, context->county_id, job->id, crew->id, &drive, error);
}

bool plan_drive_end(DeskContext *context, Crews *crews, const Job *job, Error *error) {
  const PlanTask *task = crews->plan ? plan_task_mutable(crews, job->outage.value) : NULL;
  TravelDrive drive;
  bool found;
  if (!task || task->place < 0 || job->departed_at == INSTANT_NONE) return true;
  const struct GroundPlace *place = &crews->plan->ground.place[task->place];
  if (!isfinite(place->lon + place->lat)) return true;
  if (!drive_row_open(context->db, context->county_id, job->id, &drive, &found, error)) return false;
  if (!found) return true;
  drive.to = (TravelPoint){place->lon, place->lat, place->town}, drive.arrived = context->now;
  return drive_row_end(context->db, context->county_id, job->id, &drive, error) && plan_drive_known(crews->plan, &drive, error);
}

bool plan_travel_tick(Crews *crews, Instant now, Error *error) {
  Plan *plan = crews->plan;
  int hour = travel_hour(now);
  bool old = plan->travel.learned_at == INSTANT_NONE || now - plan->travel.learned_at >= LEARN_EVERY || now < plan->travel.learned_at;
  if (plan->travel.fresh && old) {
    if (!learn(plan, hour, error)) return false;
    plan->travel.learned_at = now;
    plan_touch(crews);
  } else if (hour != plan->ground.hour) {
    ground_pace(&plan->ground, &plan->ground.speeds, hour);
    plan_touch(crews);
  }
  return !plan->running || plan_travel_start(crews, error);
}

/* --- the router --- */

typedef struct Roads {
  Crews *crews;
  int count;
  int *row;            /* of the ground */
  TravelPoint *at;
  double *seconds;     /* count × count; NAN: the router does not know */
  TravelAnswer answer;
} Roads;

static bool copy_places(Roads *roads, const Ground *ground, Error *error) {
  roads->row = memory_new((ground->count + 1) * sizeof *roads->row);
  roads->at = memory_new((ground->count + 1) * sizeof *roads->at);
  for (size_t i = 0; roads->row && roads->at && i < ground->count; i++) {
    const struct GroundPlace *place = &ground->place[i];
    if (!place->used || !isfinite(place->lon + place->lat)) continue;
    roads->row[roads->count] = (int)i;
    roads->at[roads->count++] = (TravelPoint){place->lon, place->lat, place->town};
  }
  size_t cells = (size_t)roads->count * (size_t)roads->count;
  roads->seconds = memory_new((cells + 1) * sizeof *roads->seconds);
  return (roads->row && roads->at && roads->seconds) || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "roads");
}

static bool still_there(const Ground *ground, const Roads *roads, int i) {
  const struct GroundPlace *place = (size_t)roads->row[i] < ground->count ? &ground->place[roads->row[i]] : NULL;
  return place && place->used && fabs(place->lon - roads->at[i].lon) < 1e-9 && fabs(place->lat - roads->at[i].lat) < 1e-9;
}

static bool take_roads(DeskContext *context, void *command, Error *error) {
  Roads *roads = command;
  Plan *plan = roads->crews->plan;
  Ground *ground = &plan->ground;
  if (!ground_roads(ground)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "roads");
  bool changed = false;
  plan->travel.known = plan->travel.filled = 0;
  for (int i = 0; i < roads->count; i++) {
    if (!still_there(ground, roads, i)) continue; /* it moved on meanwhile: asked next time */
    for (int j = 0; j < roads->count; j++) {
      double s = roads->seconds[(size_t)i * (size_t)roads->count + (size_t)j];
      if (i == j || !still_there(ground, roads, j)) continue;
      changed |= ground_told(ground, &plan->rules, roads->row[i], roads->row[j], s);
      if (isnan(s)) plan->travel.filled++;
      else plan->travel.known++;
    }
  }
  plan->travel.asked_at = context->now;
  snprintf(plan->travel.why, sizeof plan->travel.why, "%s", roads->answer.degraded ? roads->answer.why : "");
  if (changed) plan_touch(roads->crews);
  return true;
}

bool plan_travel_ask(Crews *crews, Error *error) {
  PlanTravel *travel = &crews->plan->travel;
  Roads roads = {.crews = crews};
  Instant now = time_monotonic_us(); /* how old a time is, is the machine's business: the company's clock may be a simulated one */
  if (!desk_read_whole(crews->desk, error)) return false;
  int64_t changes = crews->plan->ground.changes;
  Instant again = travel->ask_at + (travel->failed ? AGAIN_AFTER : ANEW_AFTER);
  bool wanted = crews->plan->tasks.count && (travel->ask_at == INSTANT_NONE || now >= again || (changes != travel->ask_changes && !travel->failed));
  bool ok = !wanted || copy_places(&roads, &crews->plan->ground, error);
  desk_read_end(crews->desk);
  if (ok && wanted) {
    ok = travel_table(travel->osrm, NULL, roads.at, roads.count, now, roads.seconds, (size_t)roads.count, &roads.answer, error) &&
         desk_do(crews->desk, take_roads, &roads, TEXT("system"), error);
    travel->ask_at = now, travel->ask_changes = changes, travel->failed = !ok || (roads.answer.degraded && !roads.answer.asked);
  }
  memory_free(roads.row), memory_free(roads.at), memory_free(roads.seconds);
  return ok;
}

static void *roads_thread(void *self) {
  Crews *crews = self;
  PlanTravel *travel = &crews->plan->travel;
  while (!travel->stopping) {
    Error error = {0};
    if (!plan_travel_ask(crews, &error) && error.code != ERROR_DESK_STOPPED) log_error("plan", &error);
    for (int i = 0; i < LOOK_EVERY_MS / SLICE_MS && !travel->stopping; i++) nanosleep(&(struct timespec){0, SLICE_MS * 1000000L}, NULL);
  }
  return NULL;
}

bool crew_plan_route(Crews *crews, const char *osrm, Error *error) {
  /* short: the answer is wanted soon, and a stop of the program waits for it; all pairs of a flood fit what is kept */
  TravelOptions options = {.osrm = osrm, .timeout_s = 3, .tries = 2, .patience_s = 8, .keep_most = 6000000};
  return travel_open(&crews->plan->travel.osrm, &options, error);
}

/* By the first tick: only then is there a desk to come back to. */
bool plan_travel_start(Crews *crews, Error *error) {
  PlanTravel *travel = &crews->plan->travel;
  if (!travel->osrm || travel->running) return true;
  travel->stopping = false;
  int code = pthread_create(&travel->thread, NULL, roads_thread, crews);
  travel->running = code == 0;
  return code == 0 || error_raise(error, ERROR_INTERNAL, "thread: %d", code);
}

void plan_travel_stop(Crews *crews) {
  PlanTravel *travel = &crews->plan->travel;
  desk_read_begin(crews->desk); /* no tick is just starting it */
  bool running = travel->running;
  desk_read_end(crews->desk);
  if (!running) return;
  travel->stopping = true;
  pthread_join(travel->thread, NULL);
  travel->running = false;
}

void plan_travel_close(Plan *plan) {
  vector_free(&plan->travel.drives);
  travel_close(plan->travel.osrm);
}
