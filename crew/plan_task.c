/* What there is to do: a task an open outage, and errands. Kept in step with the outages, the crews' places and the stores. */
#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "crew/plan_internal.h"

enum { PLACED_A_TICK = 100 };          /* of those that wait for room */
enum { INSERT_BUDGET_US = 2000 };      /* of the desk; past it a new task waits for the tick */
static const double MOVED_METRES = 200; /* a crew that went so far is somewhere else */

int plan_crew_row(const Crews *crews, CrewId id) {
  int64_t at;
  return map_get(&crews->crew_of_id, id.value, &at) ? (int)at : -1;
}

PlanTask *plan_task_mutable(const Crews *crews, int64_t id) {
  int64_t at;
  return crews->plan && map_get(&crews->plan->task_of_id, id, &at) ? (PlanTask *)(intptr_t)at : NULL;
}

static bool town_at(const Crews *crews, uint32_t device) { return text_is(people_area_type(crews->people, device), "urban"); }

static bool place_task(Crews *crews, PlanTask *task) {
  Plan *plan = crews->plan;
  double lon, lat;
  crew_place_of_device(crews->grid, task->device, &lon, &lat);
  if (task->place < 0) {
    if (plan->placed == PLAN_PLACED_MAX) return true; /* when there is room again */
    task->place = ground_free_row(&plan->ground, crews->crews.count);
    plan->placed++;
  }
  return ground_put(&plan->ground, &plan->rules, task->place, lon, lat, town_at(crews, task->device));
}

/* 3 who cannot be without, 2 important customers, 1 farms (a fish farm's pumps): the worst below the device. */
static int critical_of(const Crews *crews, uint32_t device) {
  uint32_t from, to;
  int worst = 0;
  people_customers_in(crews->people, (GridRange){device, grid_device(crews->grid, device)->end}, &from, &to);
  for (uint32_t p = from; p < to && worst < 3; p++) {
    Customer customer;
    people_customer(crews->people, p, &customer);
    int class = customer.vulnerable ? 3 : customer.importance > IMPORTANCE_NONE ? 2 : customer.category == CUSTOMER_FARM ? 1 : 0;
    if (class > worst) worst = class;
  }
  return worst;
}

static Instant due_of(const Crews *crews, uint32_t device, Instant found_at) {
  Text area = people_area_type(crews->people, device);
  Span limit = crews->plan->due_limit[text_is(area, "urban") ? AREA_URBAN : text_is(area, "remote") ? AREA_REMOTE : AREA_RURAL];
  return found_at == INSTANT_NONE || !limit ? INSTANT_NONE : found_at + limit;
}

static void keep_skills(const Crews *crews, PlanTask *task) {
  Text skill = task->kind == PLAN_OUTAGE ? repair_skill_for(crews->repair, (GridKind)grid_device(crews->grid, task->device)->kind) : TEXT("");
  task->skills = task->more_skills | (skill.len ? crew_skill_bit(crews, skill) : 0);
}

PlanTask *plan_task_new(Crews *crews, int64_t id, PlanKind kind, uint32_t device, Error *error) {
  Plan *plan = crews->plan;
  PlanTask *task = memory_new(sizeof *task);
  if (!task) {
    error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "task");
    return NULL;
  }
  *task = (PlanTask){.id = id, .kind = (uint8_t)kind, .device = device, .place = -1, .from = INSTANT_NONE, .until = INSTANT_NONE, .due = INSTANT_NONE,
                     .started = INSTANT_NONE, .arrive = INSTANT_NONE, .finish = INSTANT_NONE, .unsaved = true};
  uint32_t grid_kind = grid_device(crews->grid, device)->kind;
  task->service = (Span)((grid_kind < PLAN_KINDS ? plan->rules.work_minutes[grid_kind] : 60) * (double)SPAN_MINUTE);
  keep_skills(crews, task);
  size_t at = plan->tasks.count;
  if (!place_task(crews, task) || !vector_push(&plan->tasks, task)) {
    memory_free(task);
    error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "task");
    return NULL;
  }
  while (at > 0 && plan->tasks.at[at - 1]->id > id) plan->tasks.at[at] = plan->tasks.at[at - 1], at--;
  plan->tasks.at[at] = task;
  if (!map_put(&plan->task_of_id, id, (int64_t)(intptr_t)task)) {
    error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "task");
    return NULL; /* in the list; the caller's failure makes the desk reload */
  }
  return task;
}

static void forget(Plan *plan, PlanTask *task) {
  for (size_t i = 0; i < plan->tasks.count; i++) {
    if (plan->tasks.at[i]->hand_after == task->id) plan->tasks.at[i]->hand_after = task->hand_after, plan->tasks.at[i]->unsaved = true;
    if (plan->tasks.at[i] != task) continue;
    memmove(plan->tasks.at + i, plan->tasks.at + i + 1, (--plan->tasks.count - i) * sizeof *plan->tasks.at);
    i--;
  }
  map_remove(&plan->task_of_id, task->id);
  if (task->place >= 0) ground_drop(&plan->ground, task->place), plan->placed--;
  memory_free(task);
}

bool plan_task_end(DeskContext *context, Crews *crews, PlanTask *task, PlanState state, Error *error) {
  task->state = (uint8_t)state;
  if (!plan_row_save(context->db, crews, task, context->now, error)) return false;
  forget(crews->plan, task);
  plan_touch(crews);
  return true;
}

/* --- in step with the outages --- */

/* *fresh: it is new, or stands elsewhere. */
static bool sync_outage(Crews *crews, OutageId id, const CrewSite *site, bool *fresh, Error *error) {
  Plan *plan = crews->plan;
  PlanTask *task = plan_task_mutable(crews, id.value);
  bool is_new = !task;
  if (is_new && !(task = plan_task_new(crews, id.value, PLAN_OUTAGE, site->device, error))) return false;
  if (is_new || task->device != site->device) {
    task->outage = id;
    task->device = site->device;
    task->unsaved = true;
    task->critical = critical_of(crews, site->device);
    keep_skills(crews, task);
    uint32_t kind = grid_device(crews->grid, site->device)->kind;
    if (kind < PLAN_KINDS) task->service = (Span)(plan->rules.work_minutes[kind] * (double)SPAN_MINUTE);
    if (!place_task(crews, task)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "task");
    plan->stale = plan->dirty = *fresh = true;
  }
  uint32_t change = task->customers > site->customers ? task->customers - site->customers : site->customers - task->customers;
  if (change * 10 > task->customers) plan->dirty = plan->stale = true;
  task->customers = site->customers;
  task->due = due_of(crews, site->device, site->found_at);
  return true;
}

static bool gone(const Crews *crews, const PlanTask *task) {
  CrewSite site;
  return task->outage.value && (!crews->sites.find(crews->sites.self, task->outage, &site) || site.restored);
}

static bool sync_one(DeskContext *context, Crews *crews, OutageId id, bool *fresh, Error *error) {
  CrewSite site;
  bool there = crews->sites.find(crews->sites.self, id, &site) && !site.restored;
  if (there) return sync_outage(crews, id, &site, fresh, error);
  for (size_t i = 0; i < crews->plan->tasks.count; i++) { /* with it what was to help there */
    PlanTask *task = crews->plan->tasks.at[i];
    if (task->outage.value != id.value) continue;
    if (!plan_task_end(context, crews, task, task->kind == PLAN_OUTAGE ? PLAN_DONE : PLAN_CANCELLED, error)) return false;
    i--;
  }
  return true;
}

static bool sync_all(DeskContext *context, Crews *crews, bool *fresh, Error *error) {
  CrewSite site;
  OutageId id;
  for (size_t i = 0; (id = crews->sites.at(crews->sites.self, i)).value; i++)
    if (crews->sites.find(crews->sites.self, id, &site) && !site.restored && !sync_outage(crews, id, &site, fresh, error)) return false;
  for (size_t i = 0; i < crews->plan->tasks.count; i++) {
    PlanTask *task = crews->plan->tasks.at[i];
    if (!gone(crews, task)) continue;
    if (!context) forget(crews->plan, task);
    else if (!plan_task_end(context, crews, task, task->kind == PLAN_OUTAGE ? PLAN_DONE : PLAN_CANCELLED, error)) return false;
    i--;
  }
  return true;
}

static bool on_outage(DeskContext *context, const Event *event, void *room, Error *error) {
  Crews *crews = room;
  bool fresh = false;
  if (!sync_one(context, crews, (OutageId){event->subject_id}, &fresh, error)) return false;
  return !fresh || crews->plan->insert_us > INSERT_BUDGET_US || plan_now(context, crews, NULL, 0, error);
}

static bool on_crew(DeskContext *context, const Event *event, void *room, Error *error) {
  (void)context, (void)event, (void)error;
  plan_touch(room);
  return true;
}

void plan_crew_moved(Crews *crews, const Crew *crew) {
  Plan *plan = crews->plan;
  int row = plan ? plan_crew_row(crews, crew->id) : -1;
  if (row < 0 || (size_t)row >= plan->ground.count) return;
  const struct GroundPlace *was = &plan->ground.place[row];
  if (nearest_metres(was->lon, was->lat, crew->lon, crew->lat) < MOVED_METRES) return;
  if (ground_put(&plan->ground, &plan->rules, row, crew->lon, crew->lat, was->town)) plan->stale = true;
}

/* --- the tick --- */

static bool miss_windows(DeskContext *context, Crews *crews, Error *error) {
  for (size_t i = 0; i < crews->plan->tasks.count; i++) {
    PlanTask *task = crews->plan->tasks.at[i];
    if (task->from == INSTANT_NONE || task->state != PLAN_PLANNED || task->until > context->now) continue;
    char data[96];
    snprintf(data, sizeof data, "{\"task\":\"%lld\",\"state\":\"missed\"}", (long long)task->id);
    if (!desk_event(context, "plan.errand", "plan", task->id, text_of(data), error) || !plan_task_end(context, crews, task, PLAN_MISSED, error)) return false;
    i--;
  }
  return true;
}

/* What should be planned first when not all can be. */
static double weight(const PlanTask *task) { return task->critical * 1e6 + task->customers; }

static bool may_wait(const Crews *crews, const PlanTask *task) {
  return task->place >= 0 && task->state == PLAN_PLANNED && !task->accepted && !task->hand.value && !crew_job_of_outage(crews, task->outage);
}

static PlanTask *heaviest_waiting(const Plan *plan) {
  PlanTask *found = NULL;
  for (size_t i = 0; i < plan->tasks.count; i++)
    if (plan->tasks.at[i]->place < 0 && (!found || weight(plan->tasks.at[i]) > weight(found))) found = plan->tasks.at[i];
  return found;
}

static PlanTask *lightest_placed(const Crews *crews) {
  PlanTask *found = NULL;
  for (size_t i = 0; i < crews->plan->tasks.count; i++) {
    PlanTask *task = crews->plan->tasks.at[i];
    if (may_wait(crews, task) && (!found || weight(task) < weight(found))) found = task;
  }
  return found;
}

/* Tasks that found no room, the heaviest first; past the most that are planned at once a much heavier one takes the room of the lightest.
 * Some a tick: each costs a row of the matrix. */
static bool place_waiting(Crews *crews, Error *error) {
  Plan *plan = crews->plan;
  for (int turn = 0; turn < PLACED_A_TICK && plan->placed < plan->tasks.count; turn++) {
    PlanTask *task = heaviest_waiting(plan);
    if (!task) break;
    if (plan->placed == PLAN_PLACED_MAX) {
      PlanTask *light = lightest_placed(crews);
      if (!light || weight(task) <= 2 * weight(light)) break;
      ground_drop(&plan->ground, light->place);
      light->place = -1, light->crew = (CrewId){0}, light->at = 0, light->arrive = light->finish = INSTANT_NONE, light->unsaved = true;
      plan->placed--;
    }
    if (!place_task(crews, task)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "task");
    plan_touch(crews);
  }
  return true;
}

static bool keep_idle(Crews *crews, Instant now, Error *error) {
  Plan *plan = crews->plan;
  while (plan->idle_since.count < crews->crews.count)
    if (!vector_push(&plan->idle_since, INSTANT_NONE)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "plan");
  for (size_t k = 0; k < crews->crews.count; k++) {
    bool idle = plan_hand(crews, k, now).finish == INSTANT_NONE;
    if (!idle) plan->idle_since.at[k] = INSTANT_NONE;
    else if (plan->idle_since.at[k] == INSTANT_NONE) plan->idle_since.at[k] = now;
  }
  return true;
}

static bool plan_tick(DeskContext *context, void *room, Error *error) {
  Crews *crews = room;
  Plan *plan = crews->plan;
  bool fresh = false;
  static const Span RETIME = SPAN_MINUTE;
  if (!plan_travel_tick(crews, context->now, error) || !sync_all(context, crews, &fresh, error) || !miss_windows(context, crews, error) || !rounds_tick(context, crews, error) ||
      !place_waiting(crews, error) || !keep_idle(crews, context->now, error))
    return desk_spoil(context);
  bool old = plan->computed_at == INSTANT_NONE || context->now - plan->computed_at >= RETIME || context->now < plan->computed_at;
  if ((plan->stale || (old && plan->tasks.count) || plan->computed_at == INSTANT_NONE) && !plan_now(context, crews, NULL, 0, error)) return false;
  if (!plan_take_turns(context, crews, error)) return desk_spoil(context);
  if (plan->running) {
    if (plan->dirty) plan_search_wake(crews);
    return true;
  }
  return !plan->dirty || plan_search_inline(context, crews, error);
}

/* --- beginning and end --- */

static void clear(Plan *plan) {
  for (size_t i = 0; i < plan->tasks.count; i++) memory_free(plan->tasks.at[i]);
  vector_clear(&plan->tasks);
  map_free(&plan->task_of_id);
  ground_clear(&plan->ground);
  plan->placed = 0;
  plan->travel.known = plan->travel.filled = 0;
  vector_clear(&plan->items), vector_clear(&plan->store_org), vector_clear(&plan->store_place);
  vector_clear(&plan->log), vector_clear(&plan->idle_since);
  rounds_clear(plan);
  arena_reset(&plan->force[0]), arena_reset(&plan->force[1]);
  plan->lanes = NULL, plan->lane_count = 0;
  plan->computed_at = plan->searched_at = INSTANT_NONE;
  plan->stale = plan->dirty = true;
}

static bool place_stores(Crews *crews, Error *error) {
  Plan *plan = crews->plan;
  for (size_t i = 0; i < crews->stock.count; i++) {
    const StockPlace *stock = &crews->stock.at[i];
    bool known = plan_item_index(plan, &crews->texts, stock->item) < 0, listed = false;
    if (known) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "stock");
    for (size_t s = 0; s < plan->store_org.count; s++) listed |= plan->store_org.at[s] == stock->org_id;
    if (listed) continue;
    int row = ground_free_row(&plan->ground, crews->crews.count);
    if (!ground_put(&plan->ground, &plan->rules, row, stock->lon, stock->lat, false) || !vector_push(&plan->store_org, stock->org_id) ||
        !vector_push(&plan->store_place, row))
      return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "stock");
  }
  return true;
}

static bool town_of_crew(const Crews *crews, const Crew *crew) {
  size_t row;
  return crew->org_id && people_org_row(crews->people, crew->org_id, &row) && text_is(people_org(crews->people, row)->area_type, "urban");
}

bool plan_reload(Db *db, Crews *crews, Error *error) {
  Plan *plan = crews->plan;
  bool fresh = false;
  clear(plan);
  plan_undo_settle(plan, desk_seq_so_far(crews->desk));
  for (size_t k = 0; k < crews->crews.count; k++) {
    const Crew *crew = &crews->crews.at[k];
    if (!ground_put(&plan->ground, &plan->rules, (int)k, crew->lon, crew->lat, town_of_crew(crews, crew))) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "crews");
  }
  return place_stores(crews, error) && plan_travel_reload(db, crews, error) && rounds_reload(db, crews, error) && plan_rows(db, crews, error) && plan_log_rows(db, crews, error) &&
         sync_all(NULL, crews, &fresh, error);
}

/* The promise of arrival, by area: what a task is due by. */
static bool read_promise(Plan *plan, const char *rules_folder, Error *error) {
  RuleBook *book;
  if (!book_open(&book, rules_folder, error)) return false;
  for (size_t i = 0; i < book_promise_count(book); i++) {
    const Promise *promise = book_promise(book, i);
    if (text_is(promise->origin.id, "arrival"))
      for (int area = 0; area < AREA_COUNT; area++) plan->due_limit[area] = promise->limit[area];
  }
  book_close(book);
  return true;
}

bool plan_open(Crews *crews, const char *rules_folder, Error *error) {
  Plan *plan = crews->plan = memory_new(sizeof *plan);
  if (!plan) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "plan");
  arena_begin(&plan->force[0], 0), arena_begin(&plan->force[1], 0);
  pthread_mutex_init(&plan->lock, NULL);
  pthread_cond_init(&plan->wake, NULL);
  plan->travel.ask_at = plan->travel.asked_at = plan->travel.learned_at = INSTANT_NONE;
  if (!plan_rules_open(&plan->rules, rules_folder, error)) return false;
  travel_speeds_begin(&plan->ground.speeds, plan->rules.detour, (const double[]){plan->rules.country_kmh, plan->rules.town_kmh}, 2);
  return read_promise(plan, rules_folder, error);
}

void plan_close(Crews *crews) {
  Plan *plan = crews->plan;
  if (!plan) return;
  crew_plan_stop(crews);
  clear(plan);
  plan_travel_close(plan);
  for (size_t i = 0; i < plan->undo.count; i++) memory_free(plan->undo.at[i].seats);
  vector_free(&plan->undo), vector_free(&plan->tasks), vector_free(&plan->items), vector_free(&plan->store_org), vector_free(&plan->store_place);
  vector_free(&plan->log), vector_free(&plan->idle_since), vector_free(&plan->rounds);
  arena_end(&plan->force[0]), arena_end(&plan->force[1]);
  pthread_mutex_destroy(&plan->lock);
  pthread_cond_destroy(&plan->wake);
  memory_free(plan);
  crews->plan = NULL;
}

void plan_listen(Crews *crews) {
  static const char *const OUTAGE[] = {"outage.found",  "outage.changed",   "outage.confirmed", "outage.moved",  "outage.split",
                                       "outage.merged", "outage.dismissed", "outage.restored",  "outage.undone", "outage.closed"};
  static const char *const CREW[] = {"crew.assigned", "crew.released", "crew.step"};
  for (size_t i = 0; i < sizeof OUTAGE / sizeof *OUTAGE; i++) desk_on(crews->desk, OUTAGE[i], on_outage, crews);
  for (size_t i = 0; i < sizeof CREW / sizeof *CREW; i++) desk_on(crews->desk, CREW[i], on_crew, crews);
  desk_on_tick(crews->desk, plan_tick, crews);
}
