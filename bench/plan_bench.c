/* The plan in the room, measured: what a new outage costs the desk with so many jobs and crews in the plan, how long until the search's answer is in
 * force, what-if. Prints one line a figure.
 *   plan_bench [JOBS 500] [CREWS 50] [NEW 200]
 * The county is made up; crews and outages stand at places drawn by chance in a square of 60 km. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "crew/plan_internal.h"
#include "people/import.h"
#include "sim/generate.h"
#include "store/schema.h"

static Error error;

static void must(bool ok) {
  char text[ERROR_TEXT_MAX];
  if (ok) return;
  fprintf(stderr, "%s\n", error_text(&error, LANGUAGE_EN, text, sizeof text));
  exit(1);
}

static int64_t cpu_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int by_size(const void *a, const void *b) { return *(const int64_t *)a < *(const int64_t *)b ? -1 : *(const int64_t *)a > *(const int64_t *)b; }

/* Outages without their room: what the crew room is told of them. */
typedef struct Site {
  OutageId id;
  CrewSite site;
} Site;
typedef struct Sites {
  Site *at;
  size_t count;
} Sites;

static bool find(void *self, OutageId id, CrewSite *out) {
  const Sites *sites = self;
  for (size_t i = sites->count; i > 0; i--)
    if (sites->at[i - 1].id.value == id.value) return *out = sites->at[i - 1].site, true;
  return false;
}

static void write_nothing(void *self, OutageId id, Json *json) {
  (void)self, (void)id;
  json_nil(json);
}

static OutageId at(void *self, size_t i) {
  const Sites *sites = self;
  return i < sites->count ? sites->at[i].id : (OutageId){0};
}

typedef struct Room {
  Db *db;
  Desk *desk;
  Grid *grid;
  People *people;
  Crews *crews;
  Sites sites;
  Random random;
  VECTOR(uint32_t) devices;
} Room;

typedef struct Found {
  Room *room;
  int64_t us; /* of the reaction alone */
  bool tell;
} Found;

static bool work_found(DeskContext *context, void *command, Error *why) {
  Found *found = command;
  Room *room = found->room;
  uint32_t device = room->devices.at[random_below(&room->random, (uint32_t)room->devices.count)];
  Site *site = &room->sites.at[room->sites.count++];
  *site = (Site){{desk_new_id(context)}, {.device = device, .version = 1, .customers = 1 + random_below(&room->random, 150), .found_at = context->now}};
  snprintf(site->site.number, sizeof site->site.number, "TD%06zu", room->sites.count);
  return !found->tell || desk_event(context, "outage.found", "outage", site->id.value, TEXT("{}"), why);
}

static void scatter_crews(Db *db, int crews, Random *random) {
  DbStatement *s;
  must(db_run(db, "UPDATE crew SET retired_at = 1", &error));
  for (int i = 0; i < crews; i++) {
    must(db_prepare(&s, db,
                    "INSERT INTO crew (county_id, id, code, org_id, name, skills, members, phone, shift_from, shift_until, base_lon_e6, base_lat_e6, version)"
                    " VALUES (1, ?1, ?2, 0, ?2, 'lv;mv;transformer', '4', '', 0, 0, ?3, ?4, 1)",
                    &error));
    char code[24];
    snprintf(code, sizeof code, "B%d", i + 1);
    db_bind_i64(s, 1, 1000 + i);
    db_bind_text(s, 2, text_of(code));
    db_bind_i64(s, 3, 112200000 + random_below(random, 600000));
    db_bind_i64(s, 4, 27000000 + random_below(random, 540000));
    must(db_done(s, &error));
  }
}

static void say(const char *what, int64_t *us, int count) {
  qsort(us, (size_t)count, sizeof *us, by_size);
  printf("%s: median %.2f ms, p99 %.2f ms, worst %.2f ms of %d\n", what, (double)us[count / 2] / 1e3, (double)us[count * 99 / 100] / 1e3, (double)us[count - 1] / 1e3, count);
}

/* The yardstick: whoever is free first goes to the nearest job he is able for. Judged as every plan is: carried out by the board, nothing improved. */
static void nearest_able(const PlanCopy *copy, Arena *arena) {
  const DispatchProblem *problem = dispatch_board_problem(copy->board);
  DispatchPlan rule = {.routes = ARENA_ARRAY(arena, DispatchRoute, (size_t)problem->crew_count), .crew_count = problem->crew_count};
  double *free_at = ARENA_ARRAY(arena, double, (size_t)problem->crew_count);
  int *place = ARENA_ARRAY(arena, int, (size_t)problem->crew_count);
  bool *taken = ARENA_ARRAY(arena, bool, (size_t)problem->job_count);
  DispatchBoard *board;
  DispatchChanges told;
  for (int k = 0; k < problem->crew_count; k++) {
    rule.routes[k].stops = ARENA_ARRAY(arena, DispatchStop, (size_t)problem->job_count);
    free_at[k] = problem->crews[k].shift.from, place[k] = problem->crews[k].start;
  }
  int64_t from = cpu_us();
  for (;;) {
    int crew = 0, job = -1;
    for (int k = 1; k < problem->crew_count; k++)
      if (free_at[k] < free_at[crew]) crew = k;
    const double *way = problem->travel + (size_t)place[crew] * problem->travel_stride;
    for (int j = 0; j < problem->job_count; j++)
      if (!taken[j] && !(problem->jobs[j].skills & ~problem->crews[crew].skills) && (job < 0 || way[problem->jobs[j].place] < way[problem->jobs[job].place])) job = j;
    if (job < 0) break;
    taken[job] = true;
    free_at[crew] += way[problem->jobs[job].place] + problem->jobs[job].service, place[crew] = problem->jobs[job].place;
    rule.routes[crew].stops[rule.routes[crew].count++] = (DispatchStop){.kind = DISPATCH_STOP_JOB, .index = job};
  }
  from = cpu_us() - from;
  must(dispatch_board_open(&board, problem, &rule, &error) && dispatch_board_replan(board, (DispatchRun){.seed = 1, .threads = 1}, arena, &told, &error));
  printf("nearest able, in %.1f ms: %d of %d promises kept, %.0f customer-hours\n", (double)from / 1e3, told.after.due_kept, told.after.due, told.after.customer_hours);
  dispatch_board_close(board);
}

/* The plan in force, the yardstick, and the plan after so many seconds of search, of the same jobs at the same moment. */
static void beside_the_rule(Room *room, Instant now) {
  PlanCopy *copy;
  Arena arena;
  DispatchChanges told;
  arena_begin(&arena, 0);
  must(plan_copy(&copy, room->crews, now, &error));
  nearest_able(copy, &arena);
  const DispatchScore *is = &room->crews->plan->score;
  printf("the plan in force: %d of %d promises kept, %.0f customer-hours, %d jobs in nobody's hours\n", is->due_kept, is->due, is->customer_hours, is->unassigned);
  for (int s = 1; s <= 5; s += 4) {
    int64_t from = cpu_us();
    must(dispatch_board_replan(copy->board, (DispatchRun){.seconds = s, .seed = 1, .threads = 1}, &arena, &told, &error));
    printf("  after %d s more of search (%.1f s of processor): %d of %d, %.0f customer-hours\n", s, (double)(cpu_us() - from) / 1e6, told.after.due_kept, told.after.due,
           told.after.customer_hours);
  }
  plan_copy_close(copy);
  arena_end(&arena);
}

int main(int argc, char **argv) {
  int jobs = argc > 1 ? atoi(argv[1]) : 500, crews = argc > 2 ? atoi(argv[2]) : 50, fresh = argc > 3 ? atoi(argv[3]) : 200;
  static const PackageImporter IMPORTERS[] = {{"crews", crew_import}, {"stock", stock_import}, {0}};
  char folder[] = "/tmp/plan-bench-XXXXXX", command[64];
  Room room = {0};
  TimeSource time;
  GenerateOptions county = {.customers = 100000, .seed = 1};
  if (jobs < 1 || crews < 1 || fresh < 1 || jobs + fresh > 4000 || !mkdtemp(folder)) return 2;
  rmdir(folder);
  Instant now = 1767100000 * SPAN_SECOND;
  random_seed(&room.random, 1);
  must(sim_generate_package(folder, &county, NULL, NULL, &error));
  must(db_open(&room.db, ":memory:", DB_WRITE_UNSYNCED, &error) && schema_migrate(room.db, &error));
  PackageImport import = {.folder = folder, .county_id = 1, .now = now - SPAN_DAY, .actor = TEXT("system"), .importers = IMPORTERS};
  must(package_import(&import, room.db, NULL, &error));
  snprintf(command, sizeof command, "rm -r %s", folder);
  if (system(command) != 0) return 1;
  scatter_crews(room.db, crews, &room.random);
  time_virtual(&time, now);
  DeskOptions options = {.county_id = 1, .time = &time};
  must(desk_open(&room.desk, room.db, &options, &error) && grid_open(&room.grid, room.db, 1, &error) && people_open(&room.people, room.db, room.grid, 1, &error));
  for (uint32_t i = 0; i < grid_count(room.grid); i++)
    if (grid_device(room.grid, i)->kind == GRID_TRANSFORMER) must(vector_push(&room.devices, i));
  room.sites.at = memory_new((size_t)(jobs + fresh + 10) * sizeof *room.sites.at);
  CrewSites sites = {find, write_nothing, at, &room.sites};
  must(crew_open(&room.crews, room.desk, room.db, room.grid, room.people, &sites, NULL, &error));
  for (int i = 0; i < jobs; i++) must(desk_do(room.desk, work_found, &(Found){.room = &room}, TEXT("system"), &error));
  int64_t from = cpu_us();
  must(desk_tick(room.desk, &error)); /* all at once: as at a restart in the middle of a storm; with one search by rounds */
  printf("%d jobs and %d crews planned at a start, with a first search of 400 rounds: %.1f ms of processor time\n", jobs, crews, (double)(cpu_us() - from) / 1e3);
  int64_t *whole = memory_new((size_t)fresh * sizeof *whole), *alone = memory_new((size_t)fresh * sizeof *alone);
  for (int i = 0; i < fresh; i++) {
    from = cpu_us();
    must(desk_do(room.desk, work_found, &(Found){.room = &room, .tell = true}, TEXT("system"), &error));
    whole[i] = cpu_us() - from, alone[i] = room.crews->plan->insert_us;
  }
  say("a new outage: the desk's command, rows, events and plan", whole, fresh);
  say("  of it the plan: problem, sound plan, lanes, rows", alone, fresh);
  PlanCopy *copy;
  Arena arena;
  PlanCompare compare;
  int64_t copies[20], ifs[20];
  arena_begin(&arena, 0);
  for (int i = 0; i < 20; i++) {
    from = cpu_us();
    must(plan_copy(&copy, room.crews, now, &error));
    copies[i] = cpu_us() - from;
    PlanWhatIf change = {.what = WHAT_AID, .count = 2};
    from = cpu_us();
    must(plan_what_if(copy, &change, 1, 0, &arena, &compare, &error));
    ifs[i] = cpu_us() - from;
    plan_copy_close(copy);
    arena_reset(&arena);
  }
  say("a copy under the read lock", copies, 20);
  say("what-if, two more crews, both plans improved", ifs, 20);
  arena_end(&arena);
  beside_the_rule(&room, now);
  must(crew_plan_start(room.crews, &error) && desk_start(room.desk, &error));
  plan_search_wake(room.crews);
  for (int i = 0; i < 100 && !room.crews->plan->search_us; i++) nanosleep(&(struct timespec){0, 100000000L}, NULL);
  printf("a search of %.1f s: %.0f ms of wall time from the snapshot to in force\n", room.crews->plan->rules.search_seconds, (double)room.crews->plan->search_us / 1e3);
  crew_plan_stop(room.crews);
  desk_stop(room.desk);
  crew_close(room.crews);
  people_close(room.people);
  grid_close(room.grid);
  desk_close(room.desk);
  db_close(room.db);
  vector_free(&room.devices);
  memory_free(room.sites.at), memory_free(whole), memory_free(alone);
  return 0;
}
