/* What people do to the plan: move, undo, accept; and what a crew says from the field. */
#include <math.h>
#include <stdio.h>

#include "crew/plan_internal.h"

/* --- undo ---
 * What can be taken back lives in memory alone. So that a command the store refuses leaves it as it was, each act knows the newest event from before it
 * and from before it was taken back: where the store has none after that, it never was (plan_undo_settle). */

static void forget(Plan *plan, const PlanUndo *undo) {
  size_t at = (size_t)(undo - plan->undo.at);
  memory_free(undo->seats);
  memmove(plan->undo.at + at, plan->undo.at + at + 1, (--plan->undo.count - at) * sizeof *undo);
}

static bool is_taken_back(const PlanUndo *undo) { return undo->taken_back_after != INT64_MAX; }

void plan_undo_settle(Plan *plan, int64_t seq) {
  for (size_t i = plan->undo.count; i-- > 0;) {
    PlanUndo *undo = &plan->undo.at[i];
    if (undo->taken_back_after >= seq) undo->taken_back_after = INT64_MAX;
    if (undo->made_after >= seq) forget(plan, undo);
  }
}

/* Room for one more, at most `most` seats; the oldest goes, of those taken back first. NULL: out of memory. */
static PlanUndo *new_undo(const Crews *crews, size_t most, int64_t staff_id, bool accepted, Error *error) {
  Plan *plan = crews->plan;
  PlanUndo undo = {memory_new((most + 1) * sizeof *undo.seats), 0, staff_id, accepted, desk_seq_so_far(crews->desk), INT64_MAX};
  if (undo.seats && plan->undo.count == PLAN_UNDO_MAX) {
    size_t oldest = 0;
    for (size_t i = plan->undo.count; i-- > 0;)
      if (is_taken_back(&plan->undo.at[i])) oldest = i;
    forget(plan, &plan->undo.at[oldest]);
  }
  if (undo.seats && vector_push(&plan->undo, undo)) return &plan->undo.at[plan->undo.count - 1];
  memory_free(undo.seats);
  error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "undo");
  return NULL;
}

static PlanSeat seat_of(const PlanTask *task) { return (PlanSeat){task->id, task->hand_after, task->crew, task->hand, task->at}; }

static bool remember(const Crews *crews, int64_t staff_id, Error *error) {
  const Plan *plan = crews->plan;
  PlanUndo *undo = new_undo(crews, plan->tasks.count, staff_id, false, error);
  for (size_t i = 0; undo && i < plan->tasks.count; i++) undo->seats[undo->count++] = seat_of(plan->tasks.at[i]);
  return undo != NULL;
}

/* This person's last act that can be taken back: an acceptance, or a move since which nobody else moved anything. NULL: none. */
static PlanUndo *own_act(const Plan *plan, int64_t staff_id, int *count) {
  PlanUndo *last = NULL;
  bool moved = false;
  *count = 0;
  for (size_t i = plan->undo.count; i-- > 0;) {
    PlanUndo *undo = &plan->undo.at[i];
    if (is_taken_back(undo)) continue;
    if (undo->staff_id != staff_id) {
      moved |= !undo->accepted;
      continue;
    }
    if (!undo->accepted && moved) break;
    if (!last) last = undo;
    ++*count;
  }
  return last;
}

PlanUndoable plan_undoable(const Crews *crews, int64_t staff_id) {
  int count;
  const PlanUndo *last = own_act(crews->plan, staff_id, &count);
  return (PlanUndoable){count, last && last->accepted};
}

static bool tell_task(DeskContext *context, const char *kind, const PlanTask *task, const char *state, Error *error) {
  char data[160];
  snprintf(data, sizeof data, "{\"task\":\"%lld\",\"crew_id\":\"%lld\",\"state\":\"%s\"}", (long long)task->id, (long long)task->crew.value, state);
  return desk_event(context, kind, "plan", task->id, text_of(data), error);
}

/* The seats of the last picture; lanes are then made of them anew. */
static void put_back(const Crews *crews, const PlanUndo *undo, bool seats_too) {
  for (size_t i = 0; i < undo->count; i++) {
    const PlanSeat *seat = &undo->seats[i];
    PlanTask *task = plan_task_mutable(crews, seat->task);
    if (!task) continue;
    task->unsaved |= task->hand.value != seat->hand.value || task->hand_after != seat->hand_after;
    task->hand = seat->hand, task->hand_after = seat->hand_after;
    if (task->hand_after && !plan_task_mutable(crews, task->hand_after)) task->hand_after = 0;
    if (seats_too && seat->crew.value && task->state == PLAN_PLANNED) task->crew = seat->crew, task->at = seat->at, task->unsaved = true;
  }
}

/* What was accepted is only planned again, unless its crew has departed, another took it over, or it is done. */
static bool take_back(DeskContext *context, Crews *crews, const PlanSeat *seat, PlanUndone *out, Error *error) {
  PlanTask *task = plan_task_mutable(crews, seat->task);
  if (!task) return true;
  const Job *job = task->kind == PLAN_OUTAGE ? crew_job_of_outage(crews, task->outage) : NULL;
  CrewId by = job ? job->crew : task->crew;
  bool begun = job || task->state == PLAN_UNDER_WAY;
  if ((!begun && !task->accepted) || by.value != seat->crew.value) return true;
  if (job && job->departed_at != INSTANT_NONE) return ++out->departed, true;
  task->accepted = false, task->hand = seat->hand, task->hand_after = seat->hand_after, task->unsaved = true;
  if (task->hand_after && !plan_task_mutable(crews, task->hand_after)) task->hand_after = 0;
  if (job && !crew_unassign(context, crews, task->outage, 0, TEXT("undo"), error)) return false;
  if (!job && begun) task->state = PLAN_PLANNED, task->started = INSTANT_NONE;
  return ++out->taken_back, tell_task(context, "plan.taken_back", task, "planned", error);
}

bool plan_undo(DeskContext *context, Crews *crews, int64_t staff_id, PlanUndone *out, Error *error) {
  Plan *plan = crews->plan;
  *out = (PlanUndone){0};
  int count;
  int64_t before = desk_seq_so_far(crews->desk);
  PlanUndo *undo = own_act(plan, staff_id, &count);
  if (!undo) return error_raise(error, ERROR_PLAN_NOTHING_TO_UNDO, "%s", "");
  bool ok = true, move = !undo->accepted;
  for (size_t i = 0; ok && !move && i < undo->count; i++) ok = take_back(context, crews, &undo->seats[i], out, error);
  if (!ok) return desk_spoil(context);
  if (move) put_back(crews, undo, true), plan->lane_count = 0;
  undo->taken_back_after = before;
  plan->dirty = true;
  if (!move) plan_touch(crews);
  return plan_now(context, crews, NULL, staff_id, error) || desk_spoil(context);
}

/* --- moving --- */

static const PlanLane *lane_of(const Crews *crews, CrewId crew) {
  for (size_t i = 0; i < crews->plan->lane_count; i++)
    if (crews->plan->lanes[i].crew.value == crew.value) return &crews->plan->lanes[i];
  return NULL;
}

static bool in_hand(const Crews *crews, const PlanTask *task) {
  return task->state == PLAN_UNDER_WAY || (task->kind == PLAN_OUTAGE && crew_job_of_outage(crews, task->outage));
}

static bool able(const Crews *crews, const PlanTask *task, const Crew *crew, Error *error) {
  uint32_t lacks = task->skills & ~crew->skill_bits;
  for (int i = 0; i < crews->skill_count; i++)
    if (lacks >> i & 1) return error_raise(error, ERROR_PLAN_CREW_LACKS, "%.*s\t%.*s", TEXT_ARG(crew->name), TEXT_ARG(crews->skill[i]));
  if (task->members > crew_members(crew)) return error_raise(error, ERROR_PLAN_CREW_SMALL, "%.*s\t%d\t%d", TEXT_ARG(crew->name), crew_members(crew), task->members);
  if (task->without.value == crew->id.value) return error_raise(error, ERROR_CREW_BUSY, "%.*s\t%lld", TEXT_ARG(crew->name), (long long)task->outage.value);
  return true;
}

/* The task of the lane before which it goes: the first that begins at `at` or later. 0: the last. */
static int64_t before_at(const Crews *crews, const PlanMove *move) {
  const PlanLane *lane = lane_of(crews, move->crew);
  for (int s = 0; lane && s < lane->count; s++) {
    const PlanTask *task = lane->stops[s].kind == DISPATCH_STOP_JOB ? plan_task_mutable(crews, lane->stops[s].id) : NULL;
    if (task && task->id != move->task && !in_hand(crews, task) && lane->stops[s].start >= move->at) return task->id;
  }
  return 0;
}

static void unlink_task(const Crews *crews, PlanTask *task) {
  for (size_t i = 0; i < crews->plan->tasks.count; i++) {
    PlanTask *other = crews->plan->tasks.at[i];
    if (other->hand_after == task->id) other->hand_after = task->hand_after, other->unsaved = true;
  }
  task->hand_after = 0;
}

static void link_task(const Crews *crews, PlanTask *task, PlanTask *before, CrewId crew) {
  const PlanLane *lane = lane_of(crews, crew);
  unlink_task(crews, task);
  task->hand = crew, task->unsaved = true;
  if (before) {
    task->hand_after = before->hand_after;
    before->hand_after = task->id, before->hand = crew, before->unsaved = true;
    return;
  }
  for (int s = lane ? lane->count - 1 : -1; s >= 0; s--) {
    PlanTask *last = lane->stops[s].kind == DISPATCH_STOP_JOB ? plan_task_mutable(crews, lane->stops[s].id) : NULL;
    if (!last || last == task) continue;
    if (!in_hand(crews, last)) task->hand_after = last->id, last->hand = crew, last->unsaved = true;
    return;
  }
}

/* Planned with the move: it must be this crew's, and nobody's promise may fall out of the plan by it. */
static bool try_move(DeskContext *context, Crews *crews, const PlanMove *move, PlanTask *task, Error *error) {
  PlanProblem problem;
  DispatchPlan result;
  Arena arena;
  const Crew *crew = crew_find(crews, move->crew);
  arena_begin(&arena, 0);
  bool ok = plan_try(crews, context->now, NULL, &arena, &problem, &result, error);
  for (int u = 0; ok && u < result.unassigned_count; u++)
    if (problem.tasks[result.unassigned[u].job] == task)
      ok = error_raise(error, ERROR_PLAN_REFUSED, "%.*s\t%s", TEXT_ARG(crew->name), dispatch_reason_name(result.unassigned[u].reason));
  if (ok) ok = plan_adopt(context, crews, &problem, &result, NULL, move->staff_id, &arena, error);
  arena_end(&arena);
  return ok;
}

bool plan_move(DeskContext *context, Crews *crews, const PlanMove *move, Error *error) {
  Plan *plan = crews->plan;
  PlanTask *task = plan_task_mutable(crews, move->task);
  const Crew *crew = crew_find(crews, move->crew);
  if (!task) return error_raise(error, ERROR_NOT_FOUND, "task\t%lld", (long long)move->task);
  if (!crew) return error_raise(error, ERROR_NOT_FOUND, "crew\t%lld", (long long)move->crew.value);
  if (in_hand(crews, task)) return error_raise(error, ERROR_PLAN_UNDER_WAY, "%lld", (long long)move->task);
  int64_t next = move->at != INSTANT_NONE ? before_at(crews, move) : move->before;
  PlanTask *before = next ? plan_task_mutable(crews, next) : NULL;
  if (next && !before) return error_raise(error, ERROR_NOT_FOUND, "task\t%lld", (long long)next);
  if (before == task) return true;
  if (before && in_hand(crews, before)) return error_raise(error, ERROR_PLAN_UNDER_WAY, "%lld", (long long)before->id);
  if (!able(crews, task, crew, error) || (before && !able(crews, before, crew, error)) || !remember(crews, move->staff_id, error)) return false;
  link_task(crews, task, before, move->crew);
  bool ok = try_move(context, crews, move, task, error);
  if (ok) return plan->dirty = true;
  const PlanUndo *undo = &plan->undo.at[plan->undo.count - 1];
  put_back(crews, undo, false);
  forget(plan, undo);
  return false;
}

/* --- accepting --- */

static bool set_out(DeskContext *context, Crews *crews, PlanTask *task, Error *error) {
  JobId job;
  task->accepted = false;
  task->unsaved = true;
  plan_touch(crews);
  if (task->kind == PLAN_OUTAGE) return crew_assign(context, crews, task->outage, 0, task->crew, &job, error);
  task->state = PLAN_UNDER_WAY, task->started = context->now;
  return tell_task(context, "plan.errand", task, "under_way", error);
}

static bool its_time(const PlanTask *task, Instant now) { return task->from == INSTANT_NONE || now >= task->from - 30 * SPAN_MINUTE; }

static bool may_set_out(const Crews *crews, const Crew *crew, const PlanTask *task, Instant now) {
  DutySpan span;
  bool on = roster_span(crew, now, &span) && span.from <= now;
  return on && plan_next(crews, crew) == task && its_time(task, now);
}

bool plan_take_turns(DeskContext *context, Crews *crews, Error *error) {
  for (size_t k = 0; k < crews->crews.count; k++) {
    const Crew *crew = &crews->crews.at[k];
    PlanTask *task = (PlanTask *)(uintptr_t)plan_next(crews, crew);
    if (!task || (!task->accepted && !crews->plan->rules.auto_accept) || !may_set_out(crews, crew, task, context->now)) continue;
    if (!set_out(context, crews, task, error)) return false;
  }
  return true;
}

bool plan_accept(DeskContext *context, Crews *crews, int64_t id, int64_t org_id, int64_t staff_id, int *assigned, Error *error) {
  PlanTask *one = id ? plan_task_mutable(crews, id) : NULL;
  *assigned = 0;
  if (id && !one) return error_raise(error, ERROR_NOT_FOUND, "task\t%lld", (long long)id);
  if (one && in_hand(crews, one)) return error_raise(error, ERROR_PLAN_UNDER_WAY, "%lld", (long long)id);
  if (one && !one->crew.value) return error_raise(error, ERROR_PLAN_REFUSED, "-\t%s", dispatch_reason_name((DispatchReason)one->reason));
  PlanUndo *undo = new_undo(crews, crews->crews.count, staff_id, true, error);
  if (!undo) return false;
  if (one && !may_set_out(crews, crew_find(crews, one->crew), one, context->now)) { /* it will, when its turn comes */
    undo->seats[undo->count++] = seat_of(one);
    one->accepted = true, one->hand = one->crew, one->unsaved = true;
    return (tell_task(context, "plan.accepted", one, "accepted", error) && plan_save_tasks(context, crews, error)) || desk_spoil(context);
  }
  for (size_t k = 0; k < crews->crews.count; k++) {
    const Crew *crew = &crews->crews.at[k];
    PlanTask *task = (PlanTask *)(uintptr_t)plan_next(crews, crew);
    if (!task || (one ? task != one : !crew_in_reach(crews, org_id, crew)) || !may_set_out(crews, crew, task, context->now)) continue;
    undo->seats[undo->count++] = seat_of(task);
    if (!set_out(context, crews, task, error)) return desk_spoil(context);
    ++*assigned;
  }
  if (!*assigned || !staff_id) forget(crews->plan, undo);
  return !*assigned || plan_now(context, crews, NULL, 0, error) || desk_spoil(context);
}

/* --- from the field --- */

static const Job *own_job(const Crews *crews, JobId id, CrewId own, Error *error) {
  const Job *job = crew_job_find(crews, id);
  if (!job) error_raise(error, ERROR_NOT_FOUND, "job\t%lld", (long long)id.value);
  else if (own.value && job->crew.value != own.value) error_raise(error, ERROR_CREW_NOT_YOURS, "%lld", (long long)id.value);
  else if (job->state >= JOB_RESTORED) error_raise(error, ERROR_CREW_STEP_STATE, "delay\t%s\treply", crew_job_state_name((JobState)job->state));
  else return job;
  return NULL;
}

bool plan_delay(DeskContext *context, Crews *crews, JobId id, CrewId own, int minutes, Error *error) {
  const Job *found = own_job(crews, id, own, error);
  PlanTask *task = found ? plan_task_mutable(crews, found->outage.value) : NULL;
  if (!found) return false;
  if (minutes < 1 || minutes > 1440) return error_raise(error, ERROR_FIELD_INVALID, "minutes\t%d\t1…1440", minutes);
  Job *job = crew_job_mutable(crews, id);
  if (job->eta_until != INSTANT_NONE) { /* what was promised moves with it, and is told as a survey's times are */
    if (!crew_tell_later(context, crews, job, minutes * SPAN_MINUTE, error)) return desk_spoil(context);
  } else if (task) {
    task->slip += minutes * SPAN_MINUTE, task->unsaved = true;
  }
  char data[96];
  snprintf(data, sizeof data, "{\"job_id\":\"%lld\",\"minutes\":%d}", (long long)id.value, minutes);
  if (!desk_event(context, "crew.delayed", "crew", job->crew.value, text_of(data), error)) return desk_spoil(context);
  plan_touch(crews);
  return plan_now(context, crews, NULL, 0, error) || desk_spoil(context);
}

static bool sound_ask(const Crews *crews, const PlanAsk *ask, uint32_t *skill, Error *error) {
  *skill = ask->skill.at ? crew_skill_bit(crews, ask->skill) : 0;
  if (ask->skill.at && !*skill) return error_raise(error, ERROR_FIELD_INVALID, "skill\t%.*s\ta skill some crew has", TEXT_ARG(ask->skill));
  if (!ask->skill.at && !ask->item.at && ask->members <= 0) return error_raise(error, ERROR_FIELD_MISSING, "%s", "skill, item, members");
  return ask->item.len < PLAN_ITEM_MAX || error_raise(error, ERROR_FIELD_INVALID, "item\t%.*s\t≤ 39", TEXT_ARG(ask->item));
}

/* As much of the item as asked for last. */
static bool put_need(Crews *crews, PlanTask *task, const PlanAsk *ask, Error *error) {
  int at = 0;
  while (at < task->need_count && !text_is(ask->item, task->need[at].item)) at++;
  if (at == PLAN_NEEDS_MAX) return error_raise(error, ERROR_LIMIT, "needs\t%d", PLAN_NEEDS_MAX);
  if (plan_item_index(crews->plan, &crews->texts, ask->item) < 0) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "plan");
  snprintf(task->need[at].item, PLAN_ITEM_MAX, "%.*s", TEXT_ARG(ask->item));
  task->need[at].quantity = ask->quantity > 0 ? ask->quantity : 1;
  if (at == task->need_count) task->need_count++;
  return true;
}

bool plan_need(DeskContext *context, Crews *crews, int64_t id, const PlanAsk *ask, Error *error) {
  PlanTask *task = plan_task_mutable(crews, id);
  uint32_t skill;
  if (!task) return error_raise(error, ERROR_NOT_FOUND, "task\t%lld", (long long)id);
  if (in_hand(crews, task)) return error_raise(error, ERROR_PLAN_UNDER_WAY, "%lld", (long long)id);
  if (!sound_ask(crews, ask, &skill, error) || (ask->item.at && !put_need(crews, task, ask, error))) return false;
  task->more_skills |= skill, task->skills |= skill;
  if (ask->members > 0) task->members = ask->members;
  task->unsaved = true;
  plan_touch(crews);
  return (tell_task(context, "plan.needs", task, "planned", error) && plan_now(context, crews, NULL, 0, error)) || desk_spoil(context);
}

bool plan_ask(DeskContext *context, Crews *crews, const PlanAsk *ask, int64_t *errand, Error *error) {
  const Job *job = own_job(crews, ask->job, ask->own, error);
  CrewSite site;
  uint32_t skill;
  if (!job || !sound_ask(crews, ask, &skill, error)) return false;
  if (!crews->sites.find(crews->sites.self, job->outage, &site)) return error_raise(error, ERROR_NOT_FOUND, "outage\t%lld", (long long)job->outage.value);
  const PlanTask *main = plan_task_mutable(crews, job->outage.value);
  PlanTask *task = plan_task_new(crews, desk_new_id(context), ask->item.at && !ask->skill.at && ask->members <= 0 ? PLAN_BRING : PLAN_HELP, site.device, error);
  if (!task) return desk_spoil(context);
  task->outage = job->outage;
  task->without = job->crew;
  task->skills = task->more_skills = skill;
  task->members = ask->members > 0 ? ask->members : 0;
  task->customers = site.customers, task->critical = main ? main->critical : 0;
  task->service = task->kind == PLAN_BRING ? (Span)(crews->plan->rules.bring_minutes * (double)SPAN_MINUTE) : task->service / 2;
  if (ask->item.at && !put_need(crews, task, ask, error)) return desk_spoil(context);
  *errand = task->id;
  plan_touch(crews);
  return (tell_task(context, "plan.errand", task, "planned", error) && plan_now(context, crews, NULL, 0, error)) || desk_spoil(context);
}

bool plan_errand(DeskContext *context, Crews *crews, int64_t id, CrewId own, Text step, Error *error) {
  PlanTask *task = plan_task_mutable(crews, id);
  if (!task || task->kind == PLAN_OUTAGE) return error_raise(error, ERROR_NOT_FOUND, "errand\t%lld", (long long)id);
  if (own.value && task->crew.value != own.value) return error_raise(error, ERROR_CREW_NOT_YOURS, "%lld", (long long)id);
  if (text_is(step, "cancel") && !own.value) {
    return (tell_task(context, "plan.errand", task, "cancelled", error) && plan_task_end(context, crews, task, PLAN_CANCELLED, error)) || desk_spoil(context);
  }
  if (text_is(step, "start") && task->state == PLAN_PLANNED) {
    const Crew *crew = crew_find(crews, task->crew);
    if (!crew) return error_raise(error, ERROR_PLAN_REFUSED, "-\t%s", dispatch_reason_name((DispatchReason)task->reason));
    const Job *job = crew->job.value ? crew_job_find(crews, crew->job) : NULL;
    if (job) return error_raise(error, ERROR_CREW_BUSY, "%.*s\t%lld", TEXT_ARG(crew->name), (long long)job->outage.value);
    return (set_out(context, crews, task, error) && plan_now(context, crews, NULL, 0, error)) || desk_spoil(context);
  }
  if (text_is(step, "done") && task->state == PLAN_UNDER_WAY)
    return (tell_task(context, "plan.errand", task, "done", error) && plan_task_end(context, crews, task, PLAN_DONE, error)) || desk_spoil(context);
  return error_raise(error, ERROR_CREW_STEP_STATE, "%.*s\t%s\t%s", TEXT_ARG(step), task->state == PLAN_PLANNED ? "planned" : "under way",
                     task->state == PLAN_PLANNED ? "start" : "done");
}
