/* Who goes: by the rule of the nearest able crew, or by the plan of all. */
#include <math.h>
#include <time.h>

#include "sim/storm_internal.h"

double storm_processor_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* --- the rule --------------------------------------------------------------------------------------------------------- */

static int next_by_rule(const Storm *storm, const bool *tried) {
  int best = -1;
  for (size_t j = 0; j < storm->jobs.count; j++) {
    const StormJob *job = &storm->jobs.at[j], *than = best < 0 ? NULL : &storm->jobs.at[best];
    if (job->state != STORM_WAITS || tried[j]) continue;
    if (!than || (storm->way == STORM_OLDEST ? job->due < than->due : job->customers > than->customers)) best = (int)j;
  }
  return best;
}

static bool choose_nearest(Storm *storm, Error *error) {
  NearestOptions options = nearest_options_default();
  NearestCrew *crews = ARENA_ARRAY(&storm->arena, NearestCrew, (size_t)storm->crew_count + 1);
  bool *tried = ARENA_ARRAY(&storm->arena, bool, storm->jobs.count + 1);
  if (!crews || !tried) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "storm");
  for (int j; (j = next_by_rule(storm, tried)) >= 0;) {
    NearestPlace place = {.lon = NAN, .lat = NAN, .skills = storm->jobs.at[j].skills, .town = storm_is_town(storm, storm->jobs.at[j].device)};
    NearestProposal best;
    tried[j] = true;
    (void)storm_place(storm, storm->jobs.at[j].device, &place.lon, &place.lat);
    for (int k = 0; k < storm->crew_count; k++)
      crews[k] = (NearestCrew){storm->crews[k].lon, storm->crews[k].lat, storm->crews[k].skills, true, storm->crews[k].state == STORM_FREE ? INSTANT_NONE : storm->now + SPAN_DAY};
    if (nearest_propose(crews, (size_t)storm->crew_count, &place, storm->now, &options, &best, 1) && best.why == NEAREST_ABLE) storm_send(storm, (int)best.crew, j);
  }
  return true;
}

/* --- the plan --------------------------------------------------------------------------------------------------------- */

static double clock_s(const Storm *storm, Instant at) { return (double)(at - storm->o->begin) / 1e6; }

static const double READY_S = 180;

static double way_s(const Storm *storm, const StormSpot *from, const StormSpot *to) {
  return READY_S + storm_drive_s(storm, from->lon, from->lat, to->lon, to->lat, to->town);
}

/* A place of the board, with the ways to and from all there are. */
static bool add_place(Storm *storm, StormSpot spot, int *place, Error *error) {
  size_t n = storm->spots.count;
  double *to = ARENA_ARRAY(&storm->arena, double, n + 1), *from = ARENA_ARRAY(&storm->arena, double, n + 1);
  if (!to || !from) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "storm");
  for (size_t i = 0; i < n; i++) to[i] = way_s(storm, &spot, &storm->spots.at[i]), from[i] = way_s(storm, &storm->spots.at[i], &spot);
  if (!dispatch_board_add_place(storm->board, to, from, place, error)) return false;
  return vector_push(&storm->spots, spot) ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "storm");
}

/* The board as the night begins: the crews at their bases. */
bool storm_choose_begin(Storm *storm, Error *error) {
  size_t n = (size_t)storm->crew_count;
  if (storm->way != STORM_PLANNER) return true;
  double *travel = ARENA_ARRAY(&storm->night, double, n *n), end = clock_s(storm, storm->o->begin + storm->o->length + 12 * SPAN_HOUR);
  DispatchCrew *crews = ARENA_ARRAY(&storm->night, DispatchCrew, n);
  if (!travel || !crews) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "storm");
  for (int k = 0; k < storm->crew_count; k++) {
    StormCrew *crew = &storm->crews[k];
    crew->place = k;
    if (!vector_push(&storm->spots, (StormSpot){crew->lon, crew->lat, false})) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "storm");
    crews[k] = (DispatchCrew){.id = k, .start = k, .end = -1, .shift = {0, end}, .skills = crew->skills, .members = crew->members, .slowness = 1, .jobs_max = 1000};
    for (int a = 0; a < DISPATCH_AMOUNTS; a++) crews[k].amount[a] = INFINITY;
  }
  for (size_t i = 0; i < n * n; i++) travel[i] = i / n == i % n ? 0 : way_s(storm, &storm->spots.at[i / n], &storm->spots.at[i % n]);
  DispatchProblem problem = {.crews = crews, .crew_count = storm->crew_count, .travel = travel, .place_count = storm->crew_count, .travel_stride = n,
                             .rules = dispatch_rules(DISPATCH_RESTORATION)};
  return dispatch_board_open(&storm->board, &problem, NULL, error);
}

bool storm_choose_job(Storm *storm, int j, bool gone, Error *error) {
  StormJob *job = &storm->jobs.at[j];
  StormSpot spot = {NAN, NAN, storm_is_town(storm, job->device)};
  if (storm->way != STORM_PLANNER) return true;
  if (gone) return dispatch_board_remove_job(storm->board, j, error);
  if (!storm_place(storm, job->device, &spot.lon, &spot.lat)) return error_raise(error, ERROR_FIELD_MISSING, "place of device %u", job->device);
  if (!add_place(storm, spot, &job->place, error)) return false;
  DispatchJob one = {.id = j, .place = job->place, .service = (double)storm_usual_repair(storm, job->device) / 1e6, .skills = job->skills, .due = clock_s(storm, job->due),
                     .customers = job->customers, .critical = job->critical, .together = -1, .crew = -1, .crew_before = -1, .started = NAN};
  return dispatch_board_add_job(storm->board, &one, error);
}

bool storm_choose_crew(Storm *storm, int k, Error *error) {
  StormCrew *crew = &storm->crews[k];
  if (storm->way != STORM_PLANNER) return true;
  storm->changed = true;
  return dispatch_board_move_crew(storm->board, k, clock_s(storm, crew->state == STORM_FREE ? storm->now : crew->until), crew->place, error);
}

/* Who is free goes to what the plan has first for them; from then on it is settled, and they are next free at that place. */
static bool follow_plan(Storm *storm, Error *error) {
  bool went = false;
  for (int k = 0; k < storm->crew_count; k++) {
    const DispatchPlan *plan = dispatch_board_plan(storm->board);
    StormCrew *crew = &storm->crews[k];
    if (crew->state != STORM_FREE || k >= plan->crew_count || !plan->routes[k].count) continue;
    int j = (int)dispatch_board_problem(storm->board)->jobs[plan->routes[k].stops[0].index].id;
    StormJob *job = &storm->jobs.at[j];
    storm_send(storm, k, j);
    crew->place = job->place;
    double free_at = clock_s(storm, crew->until) + (double)storm_usual_repair(storm, job->device) / 1e6;
    if (!dispatch_board_remove_job(storm->board, j, error) || !dispatch_board_move_crew(storm->board, k, free_at, crew->place, error)) return false;
    went = true;
  }
  storm->changed = went; /* what they will be free for is thought about anew */
  return true;
}

static bool choose_planned(Storm *storm, Error *error) {
  DispatchChanges changes; /* what a dispatcher would be told */
  DispatchRun run = {.rounds = storm->o->rounds, .threads = 1, .seed = 1};
  double begun = storm_processor_ms();
  for (int k = 0; k < storm->crew_count; k++) /* who is still free is free from now on, not from when they became so */
    if (storm->crews[k].state == STORM_FREE && !dispatch_board_move_crew(storm->board, k, clock_s(storm, storm->now), storm->crews[k].place, error)) return false;
  if (!dispatch_board_replan(storm->board, run, &storm->arena, &changes, error)) return false;
  if (!vector_push(&storm->replan_ms, storm_processor_ms() - begun)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "storm");
  return follow_plan(storm, error);
}

bool storm_choose(Storm *storm, Error *error) {
  if (!storm->changed) return true;
  if (storm->way == STORM_PLANNER) return choose_planned(storm, error);
  storm->changed = false;
  return choose_nearest(storm, error);
}
