/* The search for meters at a wrong transformer, through a whole county, on a thread of its own with a reader of its own.
 *
 * Twice through all areas: first the references of each are made (stray.h), 3 × SEARCH_SAMPLES floats an area, which is all that is kept; then
 * every area's meters are held against their own and those of the areas around it, and who is likelier elsewhere is judged together with that
 * neighbour (identify.h). What is told with SEARCH_SURE becomes a row, for a person to accept or refuse. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/vector.h"
#include "supply/stray.h"
#include "supply/supply_internal.h"

enum {
  SEARCH_DAYS = SUPPLY_PHASE_DAYS,
  SEARCH_SAMPLES = SEARCH_DAYS * 24,
  SEARCH_LEAST = 6,          /* meters of an area, below which it has no reference worth the name */
  SEARCH_METERS_MOST = 2000, /* … above which only the first are looked at */
  SEARCH_PAIR_METERS = 80,   /* of an area, besides the suspects, when they are judged */
  SEARCH_SUSPECTS = 40,      /* of an area */
  SEARCH_SURE = 950          /* thousandths */
};
static const double SEARCH_AROUND_M = 1500, SEARCH_SIGMA = 0.09, SEARCH_WRONG = 0.02, METRES_A_DEGREE = 111320;

typedef struct Place { /* an area that can be searched */
  uint32_t device, meters;
  double x, y; /* metres */
  float *reference; /* 3 × SEARCH_SAMPLES, NULL nothing read */
  uint32_t members[3];
  uint32_t around[STRAY_NEIGHBOURS];
  uint8_t neighbours;
} Place;

struct SupplySearch {
  Supply *supply;
  const char *address;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t wake, idle;
  bool begun, stopping;
  SupplySearchState state;
};

typedef struct Hunt {
  Supply *supply;
  Db *db;
  int last_day;
  Place *place;
  size_t count;
  Arena work; /* emptied after each area */
  Arena kept;
} Hunt;

/* --- who stands where --- */

static int by_x(const void *a, const void *b) {
  const Place *p = a, *q = b;
  return (p->x > q->x) - (p->x < q->x);
}

static bool list_places(Hunt *hunt, Error *error) {
  const Supply *supply = hunt->supply;
  VECTOR(Place) places = {0};
  double cosine = 0;
  for (uint32_t d = 0; d < grid_count(supply->grid); d++) {
    const GridDevice *device = grid_device(supply->grid, d);
    uint32_t from, to;
    if (device->kind != GRID_TRANSFORMER || device->lat_e6 == GRID_NO_PLACE) continue;
    people_customers_in(supply->people, (GridRange){d, device->end}, &from, &to);
    if (to - from < SEARCH_LEAST) continue;
    if (cosine == 0) cosine = cos(device->lat_e6 / 1e6 * 3.14159265358979 / 180);
    uint32_t meters = to - from < SEARCH_METERS_MOST ? to - from : SEARCH_METERS_MOST;
    if (!vector_push(&places, ((Place){.device = d, .meters = meters, .x = device->lon_e6 / 1e6 * METRES_A_DEGREE * cosine,
                                       .y = device->lat_e6 / 1e6 * METRES_A_DEGREE}))) {
      vector_free(&places);
      return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "search");
    }
  }
  if (places.count) qsort(places.at, places.count, sizeof *places.at, by_x);
  hunt->place = places.at, hunt->count = places.count;
  return true;
}

/* The nearest areas around, within SEARCH_AROUND_M: along x until that is passed. */
static void look_around(Hunt *hunt, size_t at) {
  Place *own = &hunt->place[at];
  double distance[STRAY_NEIGHBOURS];
  for (int way = -1; way <= 1; way += 2) {
    for (size_t k = at + (size_t)way; k < hunt->count && fabs(hunt->place[k].x - own->x) <= SEARCH_AROUND_M; k += (size_t)way) {
      const Place *other = &hunt->place[k];
      double far = hypot(other->x - own->x, other->y - own->y);
      size_t to = own->neighbours;
      if (far > SEARCH_AROUND_M || !other->reference) continue;
      while (to > 0 && distance[to - 1] > far) to--;
      if (to == STRAY_NEIGHBOURS) continue;
      size_t last = own->neighbours < STRAY_NEIGHBOURS ? own->neighbours++ : STRAY_NEIGHBOURS - 1;
      for (size_t i = last; i > to; i--) distance[i] = distance[i - 1], own->around[i] = own->around[i - 1];
      distance[to] = far, own->around[to] = (uint32_t)k;
    }
  }
}

/* --- what an area's meters say --- */

typedef struct Said {
  IdentifyMeter *meters;
  IdentifyTransformer transformer;
  uint8_t *phase;
  uint32_t from; /* position of the first */
  size_t count;
  bool any;
} Said;

static bool listen(Said *out, Hunt *hunt, const Place *place, Error *error) {
  const Supply *supply = hunt->supply;
  uint32_t to;
  float *volts[3], *total[3];
  *out = (Said){.count = place->meters};
  people_customers_in(supply->people, (GridRange){place->device, grid_device(supply->grid, place->device)->end}, &out->from, &to);
  size_t all = (size_t)(to - out->from) * SEARCH_SAMPLES;
  out->meters = ARENA_ARRAY(&hunt->work, IdentifyMeter, out->count + 1);
  out->phase = ARENA_ARRAY(&hunt->work, uint8_t, out->count + 1);
  for (int k = 0; k < 3; k++) {
    volts[k] = ARENA_ARRAY(&hunt->work, float, all + 1), total[k] = ARENA_ARRAY(&hunt->work, float, SEARCH_SAMPLES);
    if (!volts[k] || !total[k]) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "search");
  }
  if (!out->meters || !out->phase) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "search");
  if (!supply->readings->voltages(supply->readings->self, hunt->db, place->device, hunt->last_day - SEARCH_DAYS + 1, SEARCH_DAYS, volts, total,
                                  error))
    return false;
  for (size_t i = 0; i < out->count; i++) {
    Customer customer;
    people_customer(supply->people, out->from + (uint32_t)i, &customer);
    uint8_t phases = customer.phases;
    bool three = phases == 7;
    int terminal = three ? 0 : supply_terminal(volts, i, SEARCH_SAMPLES);
    out->meters[i] = (IdentifyMeter){.wires = three ? 3 : 1};
    for (int k = 0; k < (three ? 3 : 1); k++) out->meters[i].volts[k] = volts[three ? k : terminal] + i * SEARCH_SAMPLES;
    out->phase[i] = three ? 0 : phases == 1 ? 0 : phases == 2 ? 1 : phases == 4 ? 2 : 3;
    out->any |= isfinite(out->meters[i].volts[0][0]) || supply_terminal(volts, i, SEARCH_SAMPLES) || isfinite(out->meters[i].volts[0][SEARCH_SAMPLES / 2]);
  }
  for (int k = 0; k < 3; k++) out->transformer.volts[k] = total[k];
  return true;
}

static bool make_reference(Hunt *hunt, Place *place, Error *error) {
  Said said;
  StrayReference reference;
  float *sums = ARENA_ARRAY(&hunt->work, float, 3 * SEARCH_SAMPLES);
  if (!sums) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "search");
  if (!listen(&said, hunt, place, error)) return false;
  if (!said.any) return true;
  for (int k = 0; k < 3; k++) reference.sum[k] = sums + k * SEARCH_SAMPLES;
  if (!stray_refer(&reference, said.meters, said.phase, said.count, SEARCH_SAMPLES, &hunt->work, error)) return false;
  if (reference.members[0] + reference.members[1] + reference.members[2] < SEARCH_LEAST) return true;
  if (!(place->reference = ARENA_ARRAY(&hunt->kept, float, 3 * SEARCH_SAMPLES))) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "search");
  memcpy(place->reference, sums, 3 * SEARCH_SAMPLES * sizeof(float));
  memcpy(place->members, reference.members, sizeof place->members);
  return true;
}

/* --- judging --- */

typedef struct Pair { /* an area and one beside it, as identify.h wants them; the suspects first */
  IdentifyMeter *meters;
  size_t count;
  IdentifyTransformer transformers[2];
} Pair;

/* The transformer's own meter; where it says nothing, the mean of its phases, which at least knows the medium voltage. */
static void take_transformer(IdentifyTransformer *out, const Said *said, const Place *place, float *mean) {
  for (int k = 0; k < 3; k++)
    for (size_t t = 0; t < SEARCH_SAMPLES; t++)
      if (isfinite(said->transformer.volts[k][t])) {
        *out = said->transformer;
        return;
      }
  for (size_t t = 0; t < SEARCH_SAMPLES; t++) {
    mean[t] = 0;
    for (size_t k = 0; k < 3; k++)
      if (place->members[k]) mean[t] += place->reference[k * SEARCH_SAMPLES + t] / (float)place->members[k] / 3;
  }
  for (int k = 0; k < 3; k++) out->volts[k] = mean;
}

static void take_meters(Pair *pair, const Said *said, uint32_t transformer, const bool *left_out) {
  for (size_t i = 0, taken = 0; i < said->count && taken < SEARCH_PAIR_METERS; i++) {
    if (left_out && left_out[i]) continue;
    pair->meters[pair->count] = said->meters[i];
    pair->meters[pair->count++].transformer = transformer, taken++;
  }
}

/* The suspects of an area that voltage puts at this neighbour, told with SEARCH_SURE. */
static bool judge(Hunt *hunt, const Place *place, const Said *own, const Place *beside, const StraySuspect *suspects, size_t count,
                  SupplyStray *found, size_t *found_count, Error *error) {
  Said other;
  if (!listen(&other, hunt, beside, error)) return false;
  Pair pair = {.meters = ARENA_ARRAY(&hunt->work, IdentifyMeter, count + 2 * SEARCH_PAIR_METERS)};
  bool *left_out = ARENA_ARRAY(&hunt->work, bool, own->count + 1);
  IdentifyVerdict *verdicts = ARENA_ARRAY(&hunt->work, IdentifyVerdict, count + 2 * SEARCH_PAIR_METERS);
  float *mean = ARENA_ARRAY(&hunt->work, float, 2 * SEARCH_SAMPLES);
  if (!pair.meters || !left_out || !verdicts || !mean) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "search");
  for (size_t s = 0; s < count; s++) {
    pair.meters[pair.count] = own->meters[suspects[s].meter];
    pair.meters[pair.count++].transformer = 0;
    left_out[suspects[s].meter] = true;
  }
  take_meters(&pair, own, 0, left_out);
  take_meters(&pair, &other, 1, NULL);
  take_transformer(&pair.transformers[0], own, place, mean);
  take_transformer(&pair.transformers[1], &other, beside, mean + SEARCH_SAMPLES);
  IdentifyCase given = {.samples = SEARCH_SAMPLES,
                        .meter_count = pair.count,
                        .transformer_count = 2,
                        .meters = pair.meters,
                        .transformers = pair.transformers,
                        .sigma_volts = SEARCH_SIGMA,
                        .wrong_transformer = SEARCH_WRONG,
                        .seed = place->device};
  if (!identify_meters(&given, verdicts, &hunt->work, error)) return false;
  for (size_t s = 0; s < count; s++) {
    const IdentifyVerdict *verdict = &verdicts[s];
    int sure = (int)floor(verdict->transformer_confidence * 1000);
    Customer customer;
    if (!verdict->known || verdict->transformer != 1 || sure < SEARCH_SURE) continue;
    people_customer(hunt->supply->people, own->from + suspects[s].meter, &customer);
    uint8_t phases = 7;
    if (customer.phases != 7) phases = (uint8_t)(verdict->confidence >= 0.5 ? 1 << verdict->phase[0] : 0);
    found[(*found_count)++] = (SupplyStray){.customer = customer.id,
                                            .from = grid_device(hunt->supply->grid, place->device)->id,
                                            .to = grid_device(hunt->supply->grid, beside->device)->id,
                                            .phases = phases,
                                            .confidence = sure < 999 ? sure : 999,
                                            .days = SEARCH_DAYS};
  }
  return true;
}

static bool search_area(Hunt *hunt, size_t at, SupplyStray *found, size_t *found_count, Error *error) {
  Place *place = &hunt->place[at];
  Said said;
  StrayReference own, around[STRAY_NEIGHBOURS];
  size_t suspected;
  *found_count = 0;
  look_around(hunt, at);
  if (!place->reference || !place->neighbours) return true;
  if (!listen(&said, hunt, place, error)) return false;
  float *sums = ARENA_ARRAY(&hunt->work, float, 3 * SEARCH_SAMPLES);
  StraySuspect *suspects = ARENA_ARRAY(&hunt->work, StraySuspect, 2 * said.count + 2);
  if (!sums || !suspects) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "search");
  for (int k = 0; k < 3; k++) own.sum[k] = sums + k * SEARCH_SAMPLES;
  for (size_t n = 0; n < place->neighbours; n++) {
    const Place *beside = &hunt->place[place->around[n]];
    for (size_t k = 0; k < 3; k++) around[n].sum[k] = beside->reference + k * SEARCH_SAMPLES, around[n].members[k] = beside->members[k];
  }
  if (!stray_refer(&own, said.meters, said.phase, said.count, SEARCH_SAMPLES, &hunt->work, error) ||
      !stray_suspects(suspects, &suspected, said.meters, said.phase, said.count, &own, around, place->neighbours, SEARCH_SAMPLES, SEARCH_SIGMA,
                      &hunt->work, error))
    return false;
  if (suspected > SEARCH_SUSPECTS) suspected = SEARCH_SUSPECTS;
  for (uint32_t n = 0; n < place->neighbours; n++) {
    StraySuspect *of = suspects + said.count;
    size_t count = 0;
    for (size_t s = 0; s < suspected; s++)
      if (suspects[s].neighbour == n) of[count++] = suspects[s];
    if (count && !judge(hunt, place, &said, &hunt->place[place->around[n]], of, count, found, found_count, error)) return false;
  }
  return true;
}

/* --- the whole county --- */

typedef struct Writing {
  const Supply *supply;
  DeviceId from; /* 0: those of earlier searches that were not found again */
  SupplyStray *at;
  size_t count;
  Instant began;
} Writing;
static bool write_strays(DeskContext *context, void *command, Error *error) {
  const Writing *writing = command;
  return writing->from.value ? supply_strays_put(context, writing->supply, writing->from, writing->at, writing->count, error)
                             : supply_strays_forget(context, writing->supply, writing->began, error);
}

static bool stopping(SupplySearch *search, size_t done, size_t areas, size_t found) {
  pthread_mutex_lock(&search->lock);
  bool stop = search->stopping;
  search->state.done = done, search->state.areas = areas, search->state.found += found;
  pthread_mutex_unlock(&search->lock);
  return stop;
}

static bool search_all(Hunt *hunt, SupplySearch *search, Instant began, Error *error) {
  SupplyStray found[SEARCH_SUSPECTS];
  size_t count;
  if (!list_places(hunt, error)) return false;
  for (size_t i = 0; i < hunt->count; i++) {
    if (stopping(search, i, 2 * hunt->count, 0)) return true;
    arena_reset(&hunt->work);
    if (!make_reference(hunt, &hunt->place[i], error)) return false;
  }
  for (size_t i = 0; i < hunt->count; i++) {
    arena_reset(&hunt->work);
    if (!search_area(hunt, i, found, &count, error)) return false;
    Writing writing = {hunt->supply, grid_device(hunt->supply->grid, hunt->place[i].device)->id, found, count, 0};
    if (count && !desk_do(hunt->supply->desk, write_strays, &writing, TEXT("system"), error)) return false;
    if (stopping(search, hunt->count + i + 1, 2 * hunt->count, count)) return true;
  }
  Writing old = {.supply = hunt->supply, .began = began};
  return desk_do(hunt->supply->desk, write_strays, &old, TEXT("system"), error);
}

static void run(SupplySearch *search, int last_day, Instant began) {
  Error error = {0};
  Hunt hunt = {.supply = search->supply, .last_day = last_day};
  arena_begin(&hunt.work, 0), arena_begin(&hunt.kept, 0);
  bool ok = db_open(&hunt.db, search->address, DB_READ, &error) && search_all(&hunt, search, began, &error);
  if (!ok) log_error("supply: the search for meters at a wrong transformer", &error);
  arena_end(&hunt.work), arena_end(&hunt.kept);
  memory_free(hunt.place);
  db_close(hunt.db);
  pthread_mutex_lock(&search->lock);
  search->state.failed = !ok;
  pthread_mutex_unlock(&search->lock);
}

static void *search_thread(void *self) {
  SupplySearch *search = self;
  pthread_mutex_lock(&search->lock);
  for (;;) {
    while (!search->state.running && !search->stopping) pthread_cond_wait(&search->wake, &search->lock);
    if (search->stopping) break;
    int last_day = search->state.last_day;
    Instant began = search->state.began;
    pthread_mutex_unlock(&search->lock);
    run(search, last_day, began);
    pthread_mutex_lock(&search->lock);
    search->state.running = false, search->state.searches++;
    pthread_cond_broadcast(&search->idle);
  }
  search->state.running = false;
  pthread_cond_broadcast(&search->idle);
  pthread_mutex_unlock(&search->lock);
  return NULL;
}

bool supply_search_open(Supply *supply, const char *address, Error *error) {
  SupplySearch *search = memory_new(sizeof *search);
  if (!search) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "supply");
  search->supply = supply, search->address = address;
  pthread_mutex_init(&search->lock, NULL);
  pthread_cond_init(&search->wake, NULL);
  pthread_cond_init(&search->idle, NULL);
  supply->search = search;
  search->begun = pthread_create(&search->thread, NULL, search_thread, search) == 0;
  return search->begun || error_raise(error, ERROR_INTERNAL, "%s", "thread");
}

void supply_search_close(Supply *supply) {
  SupplySearch *search = supply->search;
  if (!search) return;
  pthread_mutex_lock(&search->lock);
  search->stopping = true;
  pthread_cond_broadcast(&search->wake);
  pthread_mutex_unlock(&search->lock);
  if (search->begun) pthread_join(search->thread, NULL);
  pthread_mutex_destroy(&search->lock);
  pthread_cond_destroy(&search->wake);
  pthread_cond_destroy(&search->idle);
  memory_free(search);
  supply->search = NULL;
}

bool supply_search_begin(Supply *supply, Instant now, Error *error) {
  SupplySearch *search = supply->search;
  if (!search || !supply->readings) return error_raise(error, ERROR_SUPPLY_NO_READINGS, "%d\t%d", 0, SEARCH_DAYS);
  pthread_mutex_lock(&search->lock);
  if (!search->state.running) {
    int64_t searches = search->state.searches;
    search->state = (SupplySearchState){.running = true, .began = now, .last_day = (int)((now + ZONE_SHANGHAI) / SPAN_DAY) - 1, .searches = searches};
    pthread_cond_broadcast(&search->wake);
  }
  pthread_mutex_unlock(&search->lock);
  return true;
}

SupplySearchState supply_search_state(Supply *supply) {
  SupplySearchState state = {0};
  if (!supply->search) return state;
  pthread_mutex_lock(&supply->search->lock);
  state = supply->search->state;
  pthread_mutex_unlock(&supply->search->lock);
  return state;
}

void supply_search_wait(Supply *supply) {
  SupplySearch *search = supply->search;
  pthread_mutex_lock(&search->lock);
  while (search->state.running) pthread_cond_wait(&search->idle, &search->lock);
  pthread_mutex_unlock(&search->lock);
}
