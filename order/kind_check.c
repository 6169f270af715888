/* Whether a kind is sound as a whole: every state can be reached, from every state an end can be reached, and no clock goes on past it. */
#include "order/book.h"

/* Runs visit for each change of state the kind knows: (from, to, event). */
typedef struct Edge {
  int from, to; /* the same for a side step */
  uint8_t event;
  bool try;     /* a branch that may be taken only a few times is still a way */
} Edge;
typedef bool (*EdgeVisit)(void *self, Edge edge);

static void each_edge(const OrderKind *kind, EdgeVisit visit, void *self) {
  for (size_t s = 0; s < kind->step_count; s++) {
    const KindStep *step = &kind->steps[s];
    for (int from = 0; from < (int)kind->state_count; from++) {
      if (!(step->from >> from & 1)) continue;
      if (step->branch_count == 0 && !visit(self, (Edge){from, step->to < 0 ? from : step->to, step->event, false})) return;
      for (size_t b = 0; b < step->branch_count; b++) {
        const KindBranch *branch = &step->branches[b];
        int to = branch->to >= 0 ? branch->to : step->to >= 0 ? step->to : from;
        if (!visit(self, (Edge){from, to, branch->event, branch->try})) return;
      }
    }
  }
}

typedef struct Spread {
  uint64_t states, more;
  bool backwards;
  const KindClock *running; /* not over events that stop this clock */
} Spread;

static bool spread_edge(void *self, Edge edge) {
  Spread *spread = self;
  if (spread->running && (spread->running->on[edge.event] == ACT_STOP || spread->running->on[edge.event] == ACT_CANCEL)) return true;
  int near = spread->backwards ? edge.to : edge.from, far = spread->backwards ? edge.from : edge.to;
  if (spread->states >> near & 1) spread->more |= 1ull << far;
  return true;
}

static uint64_t spread_from(const OrderKind *kind, uint64_t states, bool backwards, const KindClock *running) {
  Spread spread = {.states = states, .more = states, .backwards = backwards, .running = running};
  do {
    spread.states = spread.more;
    each_edge(kind, spread_edge, &spread);
  } while (spread.more != spread.states);
  return spread.states;
}

typedef struct Starts {
  const KindClock *clock;
  uint64_t states;
} Starts;

static bool start_edge(void *self, Edge edge) {
  Starts *starts = self;
  if (starts->clock->on[edge.event] == ACT_START) starts->states |= 1ull << edge.to;
  return true;
}

static bool check_clock(const OrderKind *kind, const BookFile *file, size_t c, uint64_t finals, Error *error) {
  const KindClock *clock = &kind->clocks[c];
  bool pauses = false, resumes = false;
  for (size_t e = 0; e < kind->event_count; e++) pauses |= clock->on[e] == ACT_PAUSE, resumes |= clock->on[e] == ACT_RESUME;
  if (pauses && !resumes) {
    error_raise(error, ERROR_RULE_CLOCK_PAUSE, "%.*s", TEXT_ARG(clock->id));
    return book_error_at(error, file, "clocks.%zu.pause", c);
  }
  Starts starts = {.clock = clock, .states = clock->on[0] == ACT_START ? 1ull << kind->start : 0};
  each_edge(kind, start_edge, &starts);
  uint64_t dangling = spread_from(kind, starts.states, false, clock) & finals;
  if (!dangling) return true;
  error_raise(error, ERROR_RULE_CLOCK_ENDLESS, "%.*s\t%.*s", TEXT_ARG(clock->id), TEXT_ARG(kind->states[__builtin_ctzll(dangling)].id));
  return book_error_at(error, file, "clocks.%zu.stop", c);
}

bool kind_check(const OrderKind *kind, const BookFile *file, Error *error) {
  uint64_t finals = 0, all = kind->state_count == 64 ? UINT64_MAX : (1ull << kind->state_count) - 1;
  for (size_t i = 0; i < kind->state_count; i++)
    if (kind->states[i].final) finals |= 1ull << i;
  uint64_t lost = all & ~spread_from(kind, 1ull << kind->start, false, NULL), trapped = all & ~spread_from(kind, finals, true, NULL);
  uint64_t wrong = lost ? lost : trapped;
  if (wrong) {
    int state = __builtin_ctzll(wrong);
    error_raise(error, lost ? ERROR_RULE_UNREACHABLE : ERROR_RULE_TRAP, "%.*s", TEXT_ARG(kind->states[state].id));
    return book_error_at(error, file, "states.%d", state);
  }
  for (size_t s = 0; s < kind->step_count; s++) {
    uint64_t ended = kind->steps[s].from & finals;
    if (!ended) continue;
    error_raise(error, ERROR_RULE_VALUE, "from\t%.*s\t%s", TEXT_ARG(kind->states[__builtin_ctzll(ended)].id),
                "no step leaves a final state");
    return book_error_at(error, file, "steps.%zu.from", s);
  }
  for (size_t c = 0; c < kind->clock_count; c++)
    if (!check_clock(kind, file, c, finals, error)) return false;
  return true;
}
