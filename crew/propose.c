/* Who could go: the plan's answer first, with what it is worth, then everyone else by when they could be there. */
#include <math.h>
#include <stdlib.h>

#include "crew/plan_internal.h"

static int rank(const CrewProposal *p) { return p->planned ? -1 : (int)p->why; }

static int by_merit(const void *left, const void *right) {
  const CrewProposal *a = left, *b = right;
  if (rank(a) != rank(b)) return rank(a) < rank(b) ? -1 : 1;
  if (isnan(a->minutes) != isnan(b->minutes)) return isnan(a->minutes) ? 1 : -1;
  if (a->minutes < b->minutes || a->minutes > b->minutes) return a->minutes < b->minutes ? -1 : 1;
  return a->crew < b->crew ? -1 : a->crew > b->crew;
}

static CrewProposal propose_one(const Crews *crews, const PlanTask *task, size_t row, Instant now) {
  const Plan *plan = crews->plan;
  const Crew *crew = &crews->crews.at[row];
  PlanHand hand = plan_hand(crews, row, now);
  bool busy = hand.finish != INSTANT_NONE && hand.task != task;
  int from = busy && hand.task ? hand.task->place : (int)row;
  CrewProposal p = {.crew = (uint32_t)row, .why = NEAREST_ABLE, .free_at = busy ? hand.finish : INSTANT_NONE, .reason = 0};
  double leg = ground_leg(&plan->ground, &plan->rules, from, task->place);
  p.distance_km = ground_km(&plan->ground, &plan->rules, from, task->place);
  Instant out = busy ? hand.finish : now + (Span)(plan->rules.ready_minutes * (double)SPAN_MINUTE);
  p.minutes = isnan(p.distance_km) ? NAN : (double)(out - now) / 6e7 + leg / 60;
  if (busy) p.why = NEAREST_BUSY;
  if (!busy && !crew_on_shift(crew, now)) p.why = NEAREST_OFF_SHIFT;
  if (task->skills & ~crew->skill_bits) p.why = NEAREST_LACKS_SKILL;
  p.due_kept = task->due != INSTANT_NONE && !isnan(p.minutes) && now + (Span)(p.minutes * 6e7) <= task->due;
  if (task->crew.value != crew->id.value) return p;
  p.planned = true, p.at = task->at, p.reason = task->why;
  if (task->arrive != INSTANT_NONE) {
    p.due_kept = task->due != INSTANT_NONE && task->arrive <= task->due;
    if (!isnan(p.minutes)) p.minutes = (double)(task->arrive > now ? task->arrive - now : 0) / 6e7;
  }
  return p;
}

Instant crew_expected_at(const Crews *crews, OutageId outage, CrewId crew, Instant now) {
  const PlanTask *task = plan_task_mutable(crews, outage.value);
  int row = plan_crew_row(crews, crew);
  if (!task || task->place < 0 || row < 0) return INSTANT_NONE;
  double minutes = propose_one(crews, task, (size_t)row, now).minutes;
  return isnan(minutes) ? INSTANT_NONE : now + (Span)(minutes * 6e7);
}

size_t crew_propose(const Crews *crews, OutageId outage, Instant now, CrewProposal *out, size_t most) {
  const PlanTask *task = plan_task_mutable(crews, outage.value);
  if (!task || task->place < 0) return 0;
  CrewProposal *all = memory_new((crews->crews.count + 1) * sizeof *all);
  if (!all) return 0;
  for (size_t i = 0; i < crews->crews.count; i++) all[i] = propose_one(crews, task, i, now);
  qsort(all, crews->crews.count, sizeof *all, by_merit);
  size_t count = crews->crews.count < most ? crews->crews.count : most;
  if (count) memcpy(out, all, count * sizeof *out);
  memory_free(all);
  return count;
}
