/* Why a job changed hands, as facts. */
#include <math.h>

#include "crew/dispatch_board.h"

typedef struct Seat {
  int crew; /* -1: nobody's */
  double start;
} Seat;

static Seat *seats_of(const DispatchProblem *p, const DispatchPlan *plan, Arena *arena) {
  Seat *seats = ARENA_ARRAY(arena, Seat, (size_t)p->job_count + 1);
  for (int j = 0; seats && j < p->job_count; j++) seats[j].crew = -1;
  for (int k = 0; seats && plan && k < plan->crew_count && k < p->crew_count; k++)
    for (int s = 0; s < plan->routes[k].count; s++) {
      const DispatchStop *stop = &plan->routes[k].stops[s];
      if (stop->kind == DISPATCH_STOP_JOB && stop->index < p->job_count) seats[stop->index] = (Seat){k, stop->start};
    }
  return seats;
}

static bool has_on_board(const DispatchProblem *p, const DispatchJob *job, int crew) {
  const double *board = p->crews[crew].on_board;
  for (int n = 0; n < job->need_count; n++)
    if ((board ? board[job->needs[n].item] : 0) < job->needs[n].quantity) return false;
  return true;
}

/* What the crew before does sooner instead, and which weighs more: the weightiest; -1: none. */
static int freed_for(const DispatchProblem *p, int job, int crew, const Seat *still, const Seat *after) {
  int most = -1;
  for (int j = 0; j < p->job_count; j++) {
    if (j == job || after[j].crew != crew || still[j].crew < 0 || after[j].start >= still[j].start - 60) continue;
    const DispatchJob *a = &p->jobs[j], *b = &p->jobs[most < 0 ? job : most];
    if (a->critical > b->critical || (a->critical == b->critical && a->customers > b->customers)) most = j;
  }
  return most;
}

static DispatchChange explain_one(const DispatchProblem *p, int j, Seat before, const Seat *still, const Seat *after) {
  const DispatchJob *job = &p->jobs[j];
  DispatchChange change = {.job = job->id, .from = -1, .to = -1, .customers = job->customers, .frees = -1};
  bool had = before.crew >= 0, kept = job->due < INFINITY && after[j].crew >= 0 && after[j].start <= job->due + 1e-6;
  if (had) change.from = p->crews[before.crew].id;
  if (after[j].crew >= 0) change.to = p->crews[after[j].crew].id;
  if (!had) change.why |= DISPATCH_WHY_NEW;
  if (!had || after[j].crew < 0) return change;
  const DispatchCrew *crew = &p->crews[before.crew];
  change.skills = job->skills & ~crew->skills;
  bool able = !change.skills && job->members <= crew->members && crew->jobs_max > 0 && (job->crew < 0 || job->crew == before.crew);
  if (!able || still[j].crew != before.crew) change.why |= DISPATCH_WHY_UNABLE; /* not its any more even with all else as it was */
  if (still[j].crew >= 0) {
    change.earlier_s = still[j].start - after[j].start;
    if (change.earlier_s >= 60) change.why |= DISPATCH_WHY_EARLIER;
    if (kept && still[j].start > job->due + 1e-6) change.why |= DISPATCH_WHY_DUE;
  }
  if (job->need_count && has_on_board(p, job, after[j].crew) && !has_on_board(p, job, before.crew)) change.why |= DISPATCH_WHY_MATERIAL;
  int frees = freed_for(p, j, before.crew, still, after);
  if (frees >= 0) change.why |= DISPATCH_WHY_FREES, change.frees = p->jobs[frees].id;
  if (!change.why) change.why = DISPATCH_WHY_OTHERS;
  return change;
}

bool dispatch_explain(const DispatchProblem *p, const DispatchPlan *before, const DispatchPlan *still, const DispatchPlan *after,
                      Arena *arena, DispatchChanges *out, Error *error) {
  const Seat *had = seats_of(p, before, arena), *stays = seats_of(p, still, arena), *gets = seats_of(p, after, arena);
  *out = (DispatchChanges){.before = still->score, .after = after->score, .saved = still->score.cost - after->score.cost};
  out->at = ARENA_ARRAY(arena, DispatchChange, (size_t)p->job_count + 1);
  if (!had || !stays || !gets || !out->at) return error_raise(error, ERROR_OUT_OF_MEMORY, "dispatch");
  for (int j = 0; j < p->job_count; j++) {
    if (had[j].crew == gets[j].crew) continue;
    DispatchChange change = explain_one(p, j, had[j], stays, gets);
    for (int u = 0; u < after->unassigned_count; u++)
      if (after->unassigned[u].job == j) change.reason = after->unassigned[u].reason;
    out->at[out->count++] = change;
  }
  return true;
}
