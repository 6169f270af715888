#include "sim/evening.h"

#include <math.h>
#include <stdlib.h>

static uint32_t customers_below(const Grid *grid, const People *people, uint32_t device) {
  uint32_t from, to;
  people_customers_in(people, (GridRange){device, grid_device(grid, device)->end}, &from, &to);
  return to - from;
}

static bool has_kind_below(const Grid *grid, uint32_t device, GridKind kind) {
  for (uint32_t i = device + 1; i < grid_device(grid, device)->end; i++)
    if (grid_device(grid, i)->kind == kind) return true;
  return false;
}

typedef struct Candidate {
  uint32_t device;
  double load; /* customers a kVA: the higher, the sooner it burns */
} Candidate;

static int heaviest_first(const void *a, const void *b) {
  const Candidate *x = a, *y = b;
  return x->load != y->load ? (x->load < y->load ? 1 : -1) : (x->device > y->device) - (x->device < y->device);
}

/* Three village transformers, heavily loaded, far enough apart in the tree not to be one another's ancestors. */
static bool choose_transformers(uint32_t chosen[3], Random *random, const Grid *grid, const People *people, Error *error) {
  VECTOR(Candidate) candidates = {0};
  bool ok = false;
  for (int strict = 1; strict >= 0 && candidates.count < 3; strict--) {
    vector_clear(&candidates);
    for (uint32_t i = 0; i < grid_count(grid); i++) {
      const GridDevice *device = grid_device(grid, i);
      if (device->kind != GRID_TRANSFORMER || device->ownership == 2) continue;
      uint32_t customers = customers_below(grid, people, i);
      bool village = text_is(people_area_type(people, i), "rural") && customers >= 25 && customers <= 250;
      if (customers < 3 || (strict && !village)) continue;
      Candidate candidate = {i, customers / (double)(device->rated_kva > 1 ? device->rated_kva : 100)};
      if (!vector_push(&candidates, candidate)) goto memory;
    }
  }
  if (candidates.count < 3) {
    error_raise(error, ERROR_NOT_FOUND, "%s\t%s", "network", "three public transformers with customers");
    goto done;
  }
  qsort(candidates.at, candidates.count, sizeof *candidates.at, heaviest_first);
  size_t pool = candidates.count > 60 ? 60 : candidates.count;
  for (int k = 0; k < 3; k++) {
    size_t pick = random_below(random, (uint32_t)pool);
    chosen[k] = candidates.at[pick].device;
    candidates.at[pick] = candidates.at[--pool];
  }
  for (size_t i = 0; i < 3; i++) /* the third must be able to hide another fault: prefer one with low-voltage breakers */
    if (has_kind_below(grid, chosen[i], GRID_LV_BREAKER)) {
      uint32_t swap = chosen[2];
      chosen[2] = chosen[i], chosen[i] = swap;
      break;
    }
  ok = true;
  goto done;
memory:
  error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "evening");
done:
  vector_free(&candidates);
  return ok;
}

/* The low-voltage device below `transformer` that feeds between a tenth and half of its customers, the largest such. */
static uint32_t choose_nested(const Grid *grid, const People *people, uint32_t transformer) {
  uint32_t all = customers_below(grid, people, transformer), best = GRID_NONE, best_count = 0;
  for (uint32_t i = transformer + 1; i < grid_device(grid, transformer)->end; i++) {
    uint32_t count = customers_below(grid, people, i);
    if (grid_can_fail((GridKind)grid_device(grid, i)->kind) && count * 10 >= all && count * 2 <= all && count > best_count) best = i, best_count = count;
  }
  return best;
}

static bool add_fault(Evening *evening, const Grid *grid, const People *people, uint32_t device, EveningCause cause, Instant at, int nested_in, Error *error) {
  EveningFault fault = {.device = device, .cause = cause, .at = at, .repaired_at = INSTANT_NONE, .nested_in = nested_in,
                        .customers = customers_below(grid, people, device), .found_at = INSTANT_NONE, .arrived_at = INSTANT_NONE};
  return vector_push(&evening->faults, fault) ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "evening");
}

/* People wait, look at the neighbours' windows, then call: a share of the households, log-normal about 7 minutes; a single household with a fault of
 * its own calls for sure. Whoever has called and still sits in the dark calls again after half an hour or more. */
static bool plan_calls(Evening *evening, const EveningOptions *options, const Grid *grid, const People *people, Random *random, Error *error) {
  for (size_t f = 0; f < evening->faults.count; f++) {
    const EveningFault *fault = &evening->faults.at[f];
    uint32_t from, to;
    people_customers_in(people, (GridRange){fault->device, grid_device(grid, fault->device)->end}, &from, &to);
    for (uint32_t position = from; position < to; position++) {
      bool alone = fault->cause == EVENING_OWN_SWITCH;
      if (fault->nested_in >= 0 || (!alone && random_unit(random) > options->calling)) continue;
      Instant at = fault->at;
      for (int again = 0; again < 6; again++) {
        double minutes = again == 0 ? exp(log(7) + 0.8 * random_normal(random)) : 30 + random_exponential(random, 40);
        at += (Span)(minutes * (double)SPAN_MINUTE);
        EveningCall call = {at, position};
        if (!vector_push(&evening->calls, call)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "evening");
      }
      if (alone) break; /* one household of the box */
    }
  }
  return true;
}

bool evening_meter_reports(const EveningOptions *options, uint32_t position) {
  Random random;
  random_fork(&random, options->seed, 0x6A59u + position);
  return random_unit(&random) < options->gasping;
}

/* A meter tells the head-end within seconds that its supply is gone; a household's own switch lies behind its meter. */
static bool plan_gasps(Evening *evening, const EveningOptions *options, const Grid *grid, const People *people, Random *random, Error *error) {
  for (size_t f = 0; f < evening->faults.count; f++) {
    const EveningFault *fault = &evening->faults.at[f];
    uint32_t from, to;
    if (fault->cause == EVENING_OWN_SWITCH || fault->nested_in >= 0) continue;
    people_customers_in(people, (GridRange){fault->device, grid_device(grid, fault->device)->end}, &from, &to);
    for (uint32_t position = from; position < to; position++) {
      Customer customer;
      people_customer(people, position, &customer);
      if (!customer.meter.len || !evening_meter_reports(options, position)) continue;
      EveningGasp gasp = {fault->at + (Span)((10 + random_exponential(random, 25)) * (double)SPAN_SECOND), position};
      if (!vector_push(&evening->gasps, gasp)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "evening");
    }
  }
  return true;
}

static int gasps_by_time(const void *a, const void *b) {
  const EveningGasp *x = a, *y = b;
  return x->at != y->at ? (x->at > y->at) - (x->at < y->at) : (x->position > y->position) - (x->position < y->position);
}

static int by_time(const void *a, const void *b) {
  const EveningCall *x = a, *y = b;
  return x->at != y->at ? (x->at > y->at) - (x->at < y->at) : (x->position > y->position) - (x->position < y->position);
}

bool evening_plan(Evening *out, const EveningOptions *options, const Grid *grid, const People *people, Error *error) {
  uint32_t transformers[3];
  static const int AT_MINUTE[3] = {10, 20, 110};
  Random random;
  random_fork(&random, options->seed, 0xE7E);
  *out = (Evening){.from = instant_of((Civil){.year = options->year, .month = 12, .day = 31, .hour = 20}, ZONE_SHANGHAI)};
  out->until = out->from + 2 * SPAN_HOUR;
  bool ok = choose_transformers(transformers, &random, grid, people, error);
  for (int i = 0; ok && i < 3; i++)
    ok = add_fault(out, grid, people, transformers[i], EVENING_TRANSFORMER_BURNT, out->from + AT_MINUTE[i] * SPAN_MINUTE, -1, error);
  uint32_t nested = ok ? choose_nested(grid, people, transformers[2]) : GRID_NONE;
  if (nested != GRID_NONE) ok = add_fault(out, grid, people, nested, EVENING_BREAKER_FAILED, out->faults.at[2].at, 2, error);
  uint32_t customers = people_customer_count(people);
  for (int i = 0; ok && i < options->own_faults && customers; i++) {
    uint32_t device = people_customer_device(people, random_below(&random, customers));
    bool below_another = false;
    for (int k = 0; k < 3; k++) below_another |= grid_within(grid_device(grid, transformers[k]), transformers[k], device);
    if (!below_another && grid_device(grid, device)->end == device + 1)
      ok = add_fault(out, grid, people, device, EVENING_OWN_SWITCH, out->from + random_between(&random, 5, 115) * SPAN_MINUTE, -1, error);
  }
  ok = ok && plan_calls(out, options, grid, people, &random, error) && plan_gasps(out, options, grid, people, &random, error);
  if (out->gasps.count) qsort(out->gasps.at, out->gasps.count, sizeof *out->gasps.at, gasps_by_time);
  if (out->calls.count) qsort(out->calls.at, out->calls.count, sizeof *out->calls.at, by_time);
  if (!ok) evening_end(out);
  return ok;
}

void evening_end(Evening *evening) {
  vector_free(&evening->faults);
  vector_free(&evening->calls);
  vector_free(&evening->gasps);
}

bool evening_is_dark(const Evening *evening, const Grid *grid, uint32_t device, Instant now) {
  for (size_t i = 0; i < evening->faults.count; i++) {
    const EveningFault *fault = &evening->faults.at[i];
    if (fault->at <= now && fault->repaired_at == INSTANT_NONE && grid_within(grid_device(grid, fault->device), fault->device, device)) return true;
  }
  return false;
}
