#include "sim/storm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/storm_internal.h"

const char *const STORM_WAY_NAMES[STORM_WAYS] = {"oldest", "largest", "planner"};
static const Span STEP = SPAN_MINUTE, SEARCH = 10 * SPAN_MINUTE, IN_VAIN = 20 * SPAN_MINUTE, READY = 3 * SPAN_MINUTE;
static const double BELIEVED = 0.6, DOUBTED = 0.3; /* from which a crew is sent, below which it is not sent after all */

StormOptions storm_options(void) {
  return (StormOptions){.seed = 1, .faults = 250, .begin = INT64_C(1782730800000000) /* 2026-06-29T19:00+08:00 */, .spread = 4 * SPAN_HOUR, .length = 18 * SPAN_HOUR, .rounds = 3000};
}

/* --- the county ------------------------------------------------------------------------------------------------------- */

bool storm_place(const Storm *storm, uint32_t device, double *lon, double *lat) {
  const Package *p = storm->p->package;
  while (device != PACKAGE_NONE && p->devices[device].lon_e6 == PACKAGE_NO_PLACE) device = p->devices[device].parent;
  if (device == PACKAGE_NONE) return false;
  *lon = p->devices[device].lon_e6 / 1e6, *lat = p->devices[device].lat_e6 / 1e6;
  return true;
}

static Text area_of(const Storm *storm, uint32_t device) {
  const Package *p = storm->p->package;
  for (; device != PACKAGE_NONE; device = p->devices[device].parent)
    for (uint32_t org = p->devices[device].org; org != PACKAGE_NONE; org = p->orgs[org].parent)
      if (p->orgs[org].area_type.len) return p->orgs[org].area_type;
  return TEXT("rural");
}

bool storm_is_town(const Storm *storm, uint32_t device) { return text_is(area_of(storm, device), "urban"); }

static Span limit_of(const Storm *storm, uint32_t device) { /* arrival, DOMAIN.md */
  Text area = area_of(storm, device);
  return (text_is(area, "urban") ? 45 : text_is(area, "remote") ? 120 : 90) * SPAN_MINUTE;
}

double storm_drive_s(const Storm *storm, double lon_a, double lat_a, double lon_b, double lat_b, bool town) {
  NearestOptions o = nearest_options_default();
  (void)storm;
  return nearest_metres(lon_a, lat_a, lon_b, lat_b) * o.detour / (town ? o.town_kmh : o.country_kmh) * 3.6;
}

Span storm_usual_repair(const Storm *storm, uint32_t device) {
  switch (storm->p->package->devices[device].kind) {
    case LOCATE_TRANSFORMER: return 150 * SPAN_MINUTE;
    case LOCATE_BREAKER:
    case LOCATE_RECLOSER:
    case LOCATE_SWITCH: return 75 * SPAN_MINUTE;
    case LOCATE_FUSE: return 40 * SPAN_MINUTE;
    default: return 50 * SPAN_MINUTE;
  }
}

static uint32_t skills_needed(const Storm *storm, uint32_t device) { /* bits: 1 lv, 2 mv, 4 transformer */
  int kind = storm->p->package->devices[device].kind;
  return kind == LOCATE_TRANSFORMER ? 4 : kind < LOCATE_TRANSFORMER ? 2 : 1;
}

static bool within(const Storm *storm, uint32_t above, uint32_t device) { return device >= above && device < storm->p->package->devices[above].end; }

/* Customers stand in order of their device, so those below one are a range. */
static uint32_t first_customer(const Package *p, uint32_t device) {
  size_t low = 0, high = p->customer_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (p->customers[middle].device < device) low = middle + 1;
    else high = middle;
  }
  return (uint32_t)low;
}

static uint32_t customers_below(const Storm *storm, uint32_t device, int *critical) {
  const Package *p = storm->p->package;
  uint32_t from = first_customer(p, device), to = first_customer(p, p->devices[device].end);
  *critical = 0;
  for (uint32_t c = from; c < to; c++) {
    int class = text_find(p->customers[c].tags, TEXT("life_support")) >= 0 ? 3 : p->customers[c].importance >= 2 ? 2 : text_find(p->customers[c].tags, TEXT("fish_farm")) >= 0 ? 1 : 0;
    if (class > *critical) *critical = class;
  }
  return to - from;
}

/* Chance by what it is about: the same whatever was done before. */
static double lognormal(const Storm *storm, uint64_t about, double sigma) {
  Random random;
  random_fork(&random, storm->o->seed, about);
  return exp(sigma * random_normal(&random));
}

/* --- begin ------------------------------------------------------------------------------------------------------------ */

static bool begin_crews(Storm *storm, Error *error) {
  const Package *p = storm->p->package;
  storm->crews = ARENA_ARRAY(&storm->night, StormCrew, p->crew_count + 1);
  if (!storm->crews) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "storm");
  for (size_t i = 0; i < p->crew_count; i++) {
    const PackageCrew *crew = &p->crews[i];
    int64_t members = 2;
    if (crew->base_lon_e6 == PACKAGE_NO_PLACE) continue;
    uint32_t skills = (text_find(crew->skills, TEXT("lv")) >= 0 ? 1u : 0) | (text_find(crew->skills, TEXT("mv")) >= 0 ? 2u : 0) | (text_find(crew->skills, TEXT("transformer")) >= 0 ? 4u : 0);
    (void)text_to_i64(crew->members, &members);
    storm->crews[storm->crew_count++] =
        (StormCrew){crew->base_lon_e6 / 1e6, crew->base_lat_e6 / 1e6, skills, (int)members, STORM_FREE, -1, -1, storm->o->begin, -1};
  }
  return storm->crew_count ? true : error_raise(error, ERROR_FIELD_INVALID, "crews\t0\ta crew with a place is needed");
}

static bool begin_faults(Storm *storm, const LocateParameters *priors, Error *error) {
  EvidenceSim sim = evidence_sim_default();
  sim.outages = storm->o->faults, sim.seed = storm->o->seed, sim.begin = storm->o->begin, sim.spread = storm->o->spread, sim.length = storm->o->length;
  sim.by_prior = true;
  if (!evidence_simulate(&sim, &storm->p->network, priors, &storm->night, &storm->run, error)) return false;
  if (!storm->run.truth_count) return error_raise(error, ERROR_FIELD_INVALID, "devices\t0\tsomething that can fail, with customers below, is needed");
  storm->faults = ARENA_ARRAY(&storm->night, StormFault, storm->run.truth_count);
  if (!storm->faults) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "storm");
  for (uint32_t f = 0; f < storm->run.truth_count; f++) {
    const EvidenceTruth *truth = &storm->run.truth[f];
    int critical;
    customers_below(storm, truth->device, &critical);
    storm->faults[f] = (StormFault){truth->device, truth->customers, truth->at, INSTANT_NONE, INSTANT_NONE, INSTANT_NONE, limit_of(storm, truth->device), critical > 0};
  }
  return true;
}

/* --- what is seen ----------------------------------------------------------------------------------------------------- */

/* The fault that keeps this device dark now, -1: none. */
static int fault_over(const Storm *storm, uint32_t device, bool struck_only) {
  for (uint32_t f = 0; f < storm->run.truth_count; f++) {
    const StormFault *fault = &storm->faults[f];
    if (fault->mended_at == INSTANT_NONE && (!struck_only || fault->at <= storm->now) && within(storm, fault->device, device)) return (int)f;
  }
  return -1;
}

/* Evidence up to now. It was drawn as if nothing were ever mended: who has power again says nothing any more. */
static bool hear(Storm *storm, Error *error) {
  for (; storm->next_evidence < storm->run.evidence_count && storm->run.evidence[storm->next_evidence].at <= storm->now; storm->next_evidence++) {
    const LocateEvidence *e = &storm->run.evidence[storm->next_evidence];
    LocateVerdict verdict;
    uint32_t device = e->on_device ? e->subject : storm->p->network.customer_device[e->subject];
    int over = fault_over(storm, device, true);
    bool mended = false;
    for (uint32_t f = 0; over < 0 && f < storm->run.truth_count; f++) mended = mended || within(storm, storm->faults[f].device, device);
    if (over < 0 && mended) continue;
    if (over >= 0 && e->kind == LOCATE_CALL && storm->faults[over].called_at == INSTANT_NONE) storm->faults[over].called_at = e->at;
    if (!locate_add(storm->locate, e, &verdict, error)) return false;
  }
  return locate_advance(storm->locate, storm->now, error);
}

static int job_about(Storm *storm, uint32_t device) { /* an open one here, above or below */
  for (size_t j = 0; j < storm->jobs.count; j++)
    if (storm->jobs.at[j].state != STORM_DONE && (within(storm, storm->jobs.at[j].device, device) || within(storm, device, storm->jobs.at[j].device))) return (int)j;
  return -1;
}

static bool add_job(Storm *storm, uint32_t device, Instant since, Error *error) {
  StormJob job = {.device = device, .skills = skills_needed(storm, device), .found_at = storm->now, .due = since + limit_of(storm, device), .crew = -1, .place = -1, .said = true};
  job.customers = customers_below(storm, device, &job.critical);
  if (!vector_push(&storm->jobs, job)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "storm");
  storm->changed = true;
  return storm_choose_job(storm, (int)storm->jobs.count - 1, false, error);
}

static bool drop_job(Storm *storm, int j, Error *error) {
  storm->jobs.at[j].state = STORM_DONE;
  storm->changed = true;
  return storm_choose_job(storm, j, true, error);
}

/* Outages the engine believes in become jobs; a job that waits moves, or goes, as belief does. */
static bool report(Storm *storm, Error *error) {
  LocateOutage *outages;
  size_t count;
  if (!locate_report(storm->locate, DOUBTED, &storm->arena, &outages, &count, error)) return false;
  for (size_t j = 0; j < storm->jobs.count; j++) storm->jobs.at[j].said = false;
  for (size_t i = 0; i < count; i++) {
    int j = job_about(storm, outages[i].device);
    if (j >= 0 && storm->jobs.at[j].state == STORM_WAITS && storm->jobs.at[j].device != outages[i].device && outages[i].probability >= BELIEVED && !storm->jobs.at[j].said) {
      Instant due = storm->jobs.at[j].due;
      if (!drop_job(storm, j, error) || !add_job(storm, outages[i].device, storm->now, error)) return false;
      StormJob *moved = &storm->jobs.at[storm->jobs.count - 1];
      if (due < moved->due) moved->due = due;
    } else if (j >= 0) {
      storm->jobs.at[j].said = true;
    } else if (outages[i].probability >= BELIEVED) {
      if (!add_job(storm, outages[i].device, storm->now, error)) return false;
    }
  }
  for (size_t j = 0; j < storm->jobs.count; j++)
    if (storm->jobs.at[j].state == STORM_WAITS && !storm->jobs.at[j].said && !drop_job(storm, (int)j, error)) return false;
  return true;
}

/* --- what crews do ---------------------------------------------------------------------------------------------------- */

void storm_send(Storm *storm, int k, int j) {
  StormCrew *crew = &storm->crews[k];
  StormJob *job = &storm->jobs.at[j];
  double lon = crew->lon, lat = crew->lat;
  (void)storm_place(storm, job->device, &lon, &lat);
  double seconds = storm_drive_s(storm, crew->lon, crew->lat, lon, lat, storm_is_town(storm, job->device));
  seconds *= lognormal(storm, 1000003 + (uint64_t)job->device * 1009 + (uint64_t)k, 0.15);
  job->state = STORM_UNDER_WAY, job->crew = k;
  crew->state = STORM_DRIVES, crew->job = j, crew->until = storm->now + READY + (Span)(seconds * 1e6);
  crew->lon = lon, crew->lat = lat;
  storm->figures.sent++;
}

/* There: what has failed hereabouts? At the device, below it, or above. */
static int look_round(const Storm *storm, uint32_t device) {
  int best = -1;
  for (uint32_t f = 0; f < storm->run.truth_count; f++) {
    const StormFault *fault = &storm->faults[f];
    if (fault->mended_at != INSTANT_NONE || fault->at > storm->now) continue;
    if (!within(storm, device, fault->device) && !within(storm, fault->device, device)) continue;
    if (fault->reached_at != INSTANT_NONE) continue; /* somebody is at it */
    if (best < 0 || fault->customers > storm->faults[best].customers) best = (int)f;
  }
  return best;
}

static bool say_lit(Storm *storm, uint32_t device, Error *error) {
  LocateVerdict verdict;
  LocateEvidence lit = {storm->now, LOCATE_CREW_LIT, true, device};
  return locate_add(storm->locate, &lit, &verdict, error);
}

static bool arrive(Storm *storm, int k, Error *error) {
  StormCrew *crew = &storm->crews[k];
  uint32_t device = storm->jobs.at[crew->job].device;
  crew->fault = look_round(storm, device);
  if (crew->fault < 0) {
    storm->figures.in_vain++;
    crew->state = STORM_SEARCHES, crew->until = storm->now + IN_VAIN;
    return true;
  }
  StormFault *fault = &storm->faults[crew->fault];
  fault->reached_at = storm->now;
  Span repair = (Span)((double)storm_usual_repair(storm, fault->device) * lognormal(storm, (uint64_t)crew->fault, 0.4));
  crew->state = STORM_MENDS, crew->until = storm->now + repair + (fault->device == device ? 0 : SEARCH);
  return storm_choose_crew(storm, k, error);
}

static bool finish(Storm *storm, int k, Error *error) {
  StormCrew *crew = &storm->crews[k];
  StormJob *job = &storm->jobs.at[crew->job];
  uint32_t device = job->device;
  bool ok = true;
  if (crew->state == STORM_MENDS) {
    StormFault *fault = &storm->faults[crew->fault];
    fault->mended_at = storm->now;
    if (within(storm, fault->device, device)) device = fault->device;
    ok = locate_restored(storm->locate, fault->device, storm->now, error);
  }
  /* what was located is settled, unless something else keeps it dark */
  if (ok && fault_over(storm, device, true) < 0) ok = crew->state == STORM_SEARCHES ? say_lit(storm, device, error) : locate_restored(storm->locate, device, storm->now, error);
  job->state = STORM_DONE;
  crew->state = STORM_FREE, crew->job = crew->fault = -1;
  storm->changed = true;
  return ok && storm_choose_crew(storm, k, error);
}

static bool act(Storm *storm, Error *error) {
  for (int k = 0; k < storm->crew_count; k++) {
    StormCrew *crew = &storm->crews[k];
    if (crew->state == STORM_FREE || crew->until > storm->now) continue;
    if (!(crew->state == STORM_DRIVES ? arrive(storm, k, error) : finish(storm, k, error))) return false;
  }
  return true;
}

/* --- the night -------------------------------------------------------------------------------------------------------- */

static int by_number(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

static void count(Storm *storm) {
  StormFigures *out = &storm->figures;
  double reached = 0;
  out->faults = storm->run.truth_count;
  for (uint32_t f = 0; f < storm->run.truth_count; f++) {
    const StormFault *fault = &storm->faults[f];
    Instant until = fault->mended_at != INSTANT_NONE ? fault->mended_at : storm->now;
    out->customers += fault->customers, out->mended += fault->mended_at != INSTANT_NONE;
    out->customer_hours += fault->customers * (double)(until - fault->at) / (double)SPAN_HOUR;
    if (fault->called_at == INSTANT_NONE) continue;
    bool kept = fault->reached_at != INSTANT_NONE && fault->reached_at - fault->called_at <= fault->limit;
    out->promised++, out->kept += kept;
    out->critical += fault->critical, out->critical_kept += fault->critical && kept;
    if (fault->reached_at == INSTANT_NONE) continue;
    reached++;
    out->arrival_minutes += fmax(0, (double)(fault->reached_at - fault->called_at) / (double)SPAN_MINUTE);
  }
  if (reached > 0) out->arrival_minutes /= reached;
  size_t n = storm->replan_ms.count;
  if (n) {
    qsort(storm->replan_ms.at, n, sizeof(double), by_number);
    out->replan_p50_ms = storm->replan_ms.at[n / 2], out->replan_p99_ms = storm->replan_ms.at[n * 99 / 100], out->replan_most_ms = storm->replan_ms.at[n - 1];
  }
  out->replans = (uint32_t)n;
}

bool storm_run(StormFigures *out, const LocatePackage *package, const StormOptions *options, StormWay way, Error *error) {
  Storm storm = {.p = package, .o = options, .way = way, .now = options->begin};
  LocateParameters parameters = locate_parameters_default();
  double begun = storm_processor_ms();
  parameters.weather = 20; /* everybody knows it is storming */
  arena_begin(&storm.arena, 0), arena_begin(&storm.night, 0);
  bool ok = begin_crews(&storm, error) && begin_faults(&storm, &parameters, error) &&
            locate_new(&storm.locate, &package->network, &parameters, storm.now, error) && storm_choose_begin(&storm, error);
  for (; ok && storm.now < options->begin + options->length; storm.now += STEP) {
    ok = act(&storm, error) && hear(&storm, error) && report(&storm, error) && storm_choose(&storm, error);
    arena_reset(&storm.arena);
  }
  if (ok) count(&storm);
  storm.figures.seconds = (storm_processor_ms() - begun) / 1000;
  *out = storm.figures;
  dispatch_board_close(storm.board);
  locate_free(storm.locate);
  vector_free(&storm.jobs), vector_free(&storm.spots), vector_free(&storm.replan_ms);
  arena_end(&storm.arena), arena_end(&storm.night);
  return ok;
}
