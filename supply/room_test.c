/* The room over a real socket, in the tiny county, with readings made up: every reply is checked against its schema. */
#include <math.h>

#include "crew/testing.h"
#include "http/testing.h"
#include "order/kind.h"
#include "supply/supply_internal.h"

enum { MANAGER = KIND_ROLE_MANAGER, HEAD = KIND_ROLE_HEAD, CREW = KIND_ROLE_CREW };

typedef struct Face {
  HttpTest test;
  Town town;
  Supply *supply;
  SupplyReadings readings;
  double evening_kw; /* what every household of T1 draws between 18 and 22 h */
  int phase_of[64];  /* by customer of an area: the phase its voltage follows */
  uint32_t stray, stray_at; /* position of a customer whose meter really hangs at that transformer; UINT32_MAX none */
} Face;

/* Phases of the transformer's loads differ from quarter-hour to quarter-hour; a household's voltage follows its own. */
static double load_of(int day, int quarter, int phase) {
  return 20 + 10 * sin(day * 7.3 + quarter * 1.7 + phase * 2.1) + 8 * sin(quarter * (0.9 + 0.31 * phase) + day);
}

static bool day_of(void *self, Db *db, uint32_t transformer, int day, SupplyDay *out, uint32_t *read, Arena *arena, Error *error) {
  Face *face = self;
  const GridDevice *device = grid_device(face->town.grid, transformer);
  uint32_t from, to;
  (void)db, (void)arena, (void)error;
  people_customers_in(face->town.people, (GridRange){transformer, device->end}, &from, &to);
  *read = to - from;
  for (uint32_t t = 0; t < AREA_QUARTERS; t++) {
    for (uint32_t i = 0; i < to - from; i++) {
      double kw = t >= 72 && t < 88 ? face->evening_kw : 0.3;
      out->kw[i * AREA_QUARTERS + t] = (float)kw;
      out->volts[0][i * AREA_QUARTERS + t] = (float)(225 - 0.25 * load_of(day, (int)t, face->phase_of[i % 64]) - 0.01 * i);
    }
    for (int k = 0; k < 3; k++) {
      out->total_kw[k][t] = (float)load_of(day, (int)t, k);
      out->total_volts[k][t] = (float)(228 - 0.03 * load_of(day, (int)t, k));
    }
  }
  return true;
}

static bool history_of(void *self, Db *db, uint32_t transformer, int from_day, int days, float *out, int *known, Arena *arena,
                       Error *error) {
  Face *face = self;
  bool heavy = transformer == town_device(&face->town, "T1");
  (void)db, (void)from_day, (void)arena, (void)error;
  for (int i = 0; i < days * 24; i++) out[i] = (float)((heavy ? 100 : 40) + 8 * sin(i / 24.0 * 6.283) + 3 * sin(i * 1.3));
  *known = days;
  return true;
}

static bool customer_of(void *self, Db *db, uint32_t position, int day, SupplyDay *out, Arena *arena, Error *error) {
  (void)self, (void)db, (void)position, (void)day, (void)arena, (void)error;
  for (int t = 0; t < AREA_QUARTERS; t++) out->kw[t] = 1.25f, out->volts[1][t] = 221.5f; /* its terminal is named B */
  return true;
}

static double hour_of(uint32_t transformer, int phase, size_t hour) {
  double at = (double)hour, own = transformer * 0.37 + phase * 2.1;
  return 224 + 1.5 * sin(at * 0.71) - 1.2 * sin(at * (0.31 + 0.017 * transformer) + own) - 0.9 * sin(at * (1.13 + 0.029 * transformer) + 3 * own);
}

static bool voltages_of(void *self, Db *db, uint32_t transformer, int from_day, int days, float *volts[3], float *total[3], Error *error) {
  const Face *face = self;
  uint32_t from, to;
  size_t samples = (size_t)days * 24;
  (void)db, (void)from_day, (void)error;
  people_customers_in(face->town.people, (GridRange){transformer, grid_device(face->town.grid, transformer)->end}, &from, &to);
  for (size_t t = 0; t < samples; t++) {
    for (uint32_t i = 0; i < to - from; i++) {
      Customer one;
      people_customer(face->town.people, from + i, &one);
      uint32_t at = from + i == face->stray ? face->stray_at : transformer;
      for (int k = 0; k < 3; k++) {
        bool speaks = one.phases == 7 || k == 0;
        int phase = one.phases == 7 ? k : one.phases == 2 ? 1 : one.phases == 4 ? 2 : 0;
        volts[k][i * samples + t] = speaks ? (float)(round(10 * (hour_of(at, phase, t) - 0.03 * i)) / 10) : NAN;
      }
    }
    for (int k = 0; k < 3; k++) total[k][t] = (float)(1 + hour_of(transformer, k, t));
  }
  return true;
}

static void open_face(Face *face) {
  Error error = {0};
  memset(face, 0, sizeof *face);
  http_test_open(&face->test);
  town_import(face->test.db, time_now(&face->test.time) - SPAN_DAY);
  http_test_end(&face->test);
  http_test_begin(&face->test);
  town_open_rooms(&face->town, face->test.db, face->test.desk);
  assert_ok(supply_open(&face->supply, face->test.desk, face->test.db, face->town.grid, face->town.people, face->town.orders, NULL, &error),
            &error);
  face->readings = (SupplyReadings){face, day_of, customer_of, history_of, voltages_of};
  face->evening_kw = 14;
  for (int i = 0; i < 64; i++) face->phase_of[i] = i % 3;
  face->stray = UINT32_MAX;
  assert_ok(order_add_routes(face->test.http, face->town.orders, &error), &error);
  assert_ok(supply_add_routes(face->test.http, face->supply, &error), &error);
}

static void start_face(Face *face, bool readings) {
  if (readings) supply_on_readings(face->supply, &face->readings);
  http_test_start(&face->test);
  http_test_as(&face->test, 4, MANAGER, 0);
}

static void close_face(Face *face) {
  http_test_close(&face->test);
  supply_close(face->supply);
  town_close_rooms(&face->town);
}

static const char *path_to(const Face *face, const char *code, const char *rest) {
  static char path[200];
  snprintf(path, sizeof path, "/api/v1/supply/areas/%lld%s",
           (long long)grid_device(face->town.grid, town_device(&face->town, code))->id.value, rest);
  return path;
}

static void from_low_voltage_to_measured(void **state) {
  (void)state;
  Face face;
  char order[24], day[16], path[120];
  open_face(&face);
  start_face(&face, true);
  HttpTest *test = &face.test;
  http_test_do(test, 409, "POST", path_to(&face, "T1", "/choices"), "{\"day\":\"2026-11-20\",\"remedy\":0}"); /* nothing was shown yet */
  json_t *area = http_test_do(test, 200, "GET", path_to(&face, "T1", ""), NULL);
  assert_int_equal(http_test_i64(area, "households"), 18);
  assert_int_equal(http_test_i64(area, "read"), 18);
  assert_string_equal(http_test_text(area, "day"), "2026-11-20");
  assert_true(http_test_i64(area, "low") > 0);
  assert_string_equal(http_test_text(area, "cause"), "transformer");
  assert_int_equal(json_array_size(http_test_at(area, "views")), CAUSE_COUNT);
  size_t offers = json_array_size(http_test_at(area, "remedies"));
  assert_true(offers > 5 && json_is_true(http_test_at(area, "remedies.0.cures")));
  json_t *picture = http_test_do(test, 200, "GET", path_to(&face, "T1", "/remedies/0"), NULL);
  double before = json_number_value(http_test_at(picture, "customers.0.least_volts")),
         after = json_number_value(http_test_at(picture, "customers.0.after_volts"));
  assert_true(before < AREA_LOW_VOLTS && after >= AREA_LOW_VOLTS - 0.1);
  http_test_do(test, 404, "GET", path_to(&face, "T1", "/remedies/999"), NULL);
  http_test_do(test, 404, "GET", path_to(&face, "T1", "/remedies/x"), NULL);
  snprintf(day, sizeof day, "%s", "2026-11-20");
  json_t *picked = http_test_do(test, 201, "POST", path_to(&face, "T1", "/choices"), "{\"day\":\"%s\",\"remedy\":0}", day);
  snprintf(order, sizeof order, "%s", http_test_text(picked, "order_id"));
  json_t *choices = http_test_do(test, 200, "GET", path_to(&face, "T1", "/choices"), NULL);
  assert_string_equal(http_test_text(choices, "items.0.order_id"), order);
  assert_true(json_is_null(http_test_at(choices, "items.0.measured")));
  /* The order goes round; its check says what is measured, and the choice knows. */
  static const char *const STEPS[][2] = {{"verify", "{\"real\":\"yes\",\"voltage\":185}"},
                                         {"plan", "{\"remedy\":\"transformer\",\"until\":\"2026-12-20\"}"},
                                         {"start_works", "{}"},
                                         {"finish", "{}"},
                                         {"check", "{\"voltage\":215.5}"}};
  http_test_as(test, 4, MANAGER | HEAD, 0);
  for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++) {
    snprintf(path, sizeof path, "/api/v1/orders/%s", order);
    int64_t version = http_test_i64(http_test_do(test, 200, "GET", path, NULL), "version");
    snprintf(path, sizeof path, "/api/v1/orders/%s/steps", order);
    http_test_do(test, 200, "POST", path, "{\"step\":\"%s\",\"version\":%lld,\"fields\":%s}", STEPS[i][0], (long long)version, STEPS[i][1]);
  }
  choices = http_test_do(test, 200, "GET", path_to(&face, "T1", "/choices"), NULL);
  assert_true(json_number_value(http_test_at(choices, "items.0.measured")) == 215.5);
  close_face(&face);
}

/* The file of every household of T1 says what it says; one is put right, counted from then on, and taken back. */
static void put_right_and_back(Face *face) {
  HttpTest *test = &face->test;
  json_t *area = http_test_do(test, 200, "GET", path_to(face, "T1", ""), NULL);
  char id[24], before[4], other[2] = "A";
  size_t n = 0, count = json_array_size(http_test_at(area, "customers"));
  for (; n < count; n++) {
    const json_t *one = json_array_get(http_test_at(area, "customers"), n);
    snprintf(id, sizeof id, "%s", json_string_value(json_object_get(one, "customer_id")));
    snprintf(before, sizeof before, "%s", json_string_value(json_object_get(one, "phases")));
    if (strlen(before) == 1) break;
  }
  assert_true(n < count);
  other[0] = before[0] == 'A' ? 'B' : 'A';
  char at[40];
  snprintf(at, sizeof at, "customers.%zu.phases", n);
  const char *path = path_to(face, "T1", "/corrections");
  http_test_do(test, 200, "POST", path, "{\"items\":[{\"customer_id\":\"%s\",\"phase\":\"%s\"}]}", id, other);
  http_test_do(test, 409, "POST", path_to(face, "T1", "/choices"), "{\"day\":\"2026-11-20\",\"remedy\":0}"); /* shown before */
  assert_string_equal(http_test_text(http_test_do(test, 200, "GET", path_to(face, "T1", ""), NULL), at), other);
  json_t *phases = http_test_do(test, 200, "GET", path_to(face, "T1", "/phases"), NULL);
  snprintf(at, sizeof at, "items.%zu.put_right", n);
  assert_true(json_is_true(http_test_at(phases, at)));
  /* One of another area: nothing of the message holds. */
  json_t *elsewhere = http_test_do(test, 200, "GET", path_to(face, "T2", ""), NULL);
  char foreign[24];
  snprintf(foreign, sizeof foreign, "%s", http_test_text(elsewhere, "customers.0.customer_id"));
  http_test_do(test, 404, "POST", path_to(face, "T1", "/corrections"),
               "{\"items\":[{\"customer_id\":\"%s\",\"phase\":null},{\"customer_id\":\"%s\",\"phase\":\"A\"}]}", id, foreign);
  http_test_do(test, 422, "POST", path_to(face, "T1", "/corrections"), "{\"items\":[{\"customer_id\":\"%s\",\"phase\":\"D\"}]}", id);
  snprintf(at, sizeof at, "customers.%zu.phases", n);
  assert_string_equal(http_test_text(http_test_do(test, 200, "GET", path_to(face, "T1", ""), NULL), at), other);
  http_test_do(test, 200, "POST", path_to(face, "T1", "/corrections"), "{\"items\":[{\"customer_id\":\"%s\",\"phase\":null}]}", id);
  assert_string_equal(http_test_text(http_test_do(test, 200, "GET", path_to(face, "T1", ""), NULL), at), before);
}

static void phases_hours_and_overloads(void **state) {
  (void)state;
  Face face;
  open_face(&face);
  start_face(&face, true);
  HttpTest *test = &face.test;
  json_t *phases = http_test_do(test, 200, "GET", path_to(&face, "T1", "/phases"), NULL);
  assert_int_equal(http_test_i64(phases, "days"), SUPPLY_PHASE_DAYS);
  const json_t *items = http_test_at(phases, "items");
  size_t right = 0;
  for (size_t i = 0; i < json_array_size(items); i++) {
    const char *found = json_string_value(json_object_get(json_array_get(items, i), "found"));
    right += found && found[0] == 'A' + face.phase_of[i];
  }
  assert_int_equal(right, json_array_size(items));
  put_right_and_back(&face);
  json_t *hours = http_test_do(test, 200, "GET", path_to(&face, "T1", "/hours"), NULL);
  assert_int_equal(json_array_size(http_test_at(hours, "pumps")), 0); /* nobody in the tiny county has a pump */
  json_t *overloads = http_test_do(test, 200, "GET", "/api/v1/supply/overloads", NULL);
  assert_int_equal(http_test_i64(overloads, "areas"), 6);
  assert_int_equal(http_test_i64(overloads, "of"), 6);
  assert_int_equal(json_array_size(http_test_at(overloads, "items")), 1);
  char heavy[24];
  snprintf(heavy, sizeof heavy, "%lld", (long long)grid_device(face.town.grid, town_device(&face.town, "T1"))->id.value);
  assert_string_equal(http_test_text(overloads, "items.0.device_id"), heavy);
  close_face(&face);
}

/* A meter at T2 in truth and at T1 in the books: found, accepted, computed with at once, taken back, refused and not asked about again. */
static void a_meter_at_another_transformer(void **state) {
  (void)state;
  Face face;
  Error error = {0};
  char id[24], path[120], customer[24];
  open_face(&face);
  uint32_t t1 = town_device(&face.town, "T1"), t2 = town_device(&face.town, "T2"), to;
  people_customers_in(face.town.people, (GridRange){t1, grid_device(face.town.grid, t1)->end}, &face.stray, &to);
  while (people_customer_device(face.town.people, face.stray) == t1) face.stray++;
  face.stray_at = t2;
  Customer one;
  people_customer(face.town.people, face.stray, &one);
  snprintf(customer, sizeof customer, "%lld", (long long)one.id.value);
  assert_ok(supply_search_open(face.supply, face.test.store, &error), &error);
  start_face(&face, true);
  HttpTest *test = &face.test;
  assert_int_equal(json_array_size(http_test_at(http_test_do(test, 200, "GET", "/api/v1/supply/strays", NULL), "items")), 0);
  http_test_do(test, 202, "POST", "/api/v1/supply/search", "{}");
  supply_search_wait(face.supply);
  json_t *list = http_test_do(test, 200, "GET", "/api/v1/supply/strays", NULL);
  assert_false(json_is_true(http_test_at(list, "failed")));
  assert_int_equal(json_array_size(http_test_at(list, "items")), 1);
  assert_string_equal(http_test_text(list, "items.0.customer_id"), customer);
  assert_string_equal(http_test_text(list, "items.0.state"), "open");
  assert_true(json_number_value(http_test_at(list, "items.0.confidence")) >= 0.95);
  assert_true(http_test_i64(list, "done") == http_test_i64(list, "areas") && http_test_i64(list, "areas") > 0);
  snprintf(id, sizeof id, "%s", http_test_text(list, "items.0.id"));
  int64_t t1_households = http_test_i64(http_test_do(test, 200, "GET", path_to(&face, "T1", ""), NULL), "households");
  int64_t t2_households = http_test_i64(http_test_do(test, 200, "GET", path_to(&face, "T2", ""), NULL), "households");
  snprintf(path, sizeof path, "/api/v1/supply/strays/%s/decision", id);
  http_test_do(test, 409, "POST", path, "{\"decision\":\"undo\"}");
  http_test_do(test, 422, "POST", path, "{\"decision\":\"perhaps\"}");
  http_test_do(test, 404, "POST", "/api/v1/supply/strays/12/decision", "{\"decision\":\"accept\"}");
  assert_string_equal(http_test_text(http_test_do(test, 200, "POST", path, "{\"decision\":\"accept\"}"), "state"), "accepted");
  http_test_do(test, 409, "POST", path, "{\"decision\":\"accept\"}");
  list = http_test_do(test, 200, "GET", "/api/v1/supply/strays", NULL);
  assert_true(json_is_true(http_test_at(list, "items.0.at_next_start")));
  /* The model has it there at once, with what it reads. */
  assert_int_equal(http_test_i64(http_test_do(test, 200, "GET", path_to(&face, "T1", ""), NULL), "households"), t1_households - 1);
  json_t *area = http_test_do(test, 200, "GET", path_to(&face, "T2", ""), NULL);
  assert_int_equal(http_test_i64(area, "households"), t2_households + 1);
  char last[40];
  snprintf(last, sizeof last, "customers.%lld.customer_id", (long long)t2_households);
  assert_string_equal(http_test_text(area, last), customer);
  snprintf(last, sizeof last, "customers.%lld.measured_volts", (long long)t2_households);
  assert_true(fabs(json_number_value(http_test_at(area, last)) - 221.5) < 0.01);
  http_test_do(test, 202, "POST", "/api/v1/supply/search", "{}"); /* memory has it at T1 still: what was decided is not asked about again */
  supply_search_wait(face.supply);
  assert_int_equal(json_array_size(http_test_at(http_test_do(test, 200, "GET", "/api/v1/supply/strays", NULL), "items")), 1);
  assert_string_equal(http_test_text(http_test_do(test, 200, "POST", path, "{\"decision\":\"undo\"}"), "state"), "taken_back");
  assert_int_equal(http_test_i64(http_test_do(test, 200, "GET", path_to(&face, "T1", ""), NULL), "households"), t1_households);
  /* Found anew, refused, and then not again. */
  http_test_do(test, 202, "POST", "/api/v1/supply/search", "{}");
  supply_search_wait(face.supply);
  list = http_test_do(test, 200, "GET", "/api/v1/supply/strays", NULL);
  assert_int_equal(json_array_size(http_test_at(list, "items")), 2);
  snprintf(path, sizeof path, "/api/v1/supply/strays/%s/decision", http_test_text(list, "items.0.id"));
  http_test_do(test, 200, "POST", path, "{\"decision\":\"refuse\"}");
  http_test_do(test, 202, "POST", "/api/v1/supply/search", "{}");
  supply_search_wait(face.supply);
  list = http_test_do(test, 200, "GET", "/api/v1/supply/strays", NULL);
  assert_int_equal(json_array_size(http_test_at(list, "items")), 2);
  int64_t other = 0;
  for (size_t row = 0; row < people_org_count(face.town.people); row++)
    if (text_is(people_org(face.town.people, row)->code, "G2")) other = people_org(face.town.people, row)->id;
  http_test_as(test, 5, MANAGER, other);
  http_test_do(test, 403, "POST", path, "{\"decision\":\"undo\"}");
  assert_int_equal(json_array_size(http_test_at(http_test_do(test, 200, "GET", "/api/v1/supply/strays", NULL), "items")), 0);
  close_face(&face);
}

/* How sure one is comes from what the room told, never from who asks. */
static void confidence_is_the_rooms_own(void **state) {
  (void)state;
  Face face;
  DbStatement *s;
  Error error = {0};
  bool row;
  char id[24];
  open_face(&face);
  start_face(&face, true);
  HttpTest *test = &face.test;
  json_t *phases = http_test_do(test, 200, "GET", path_to(&face, "T1", "/phases"), NULL);
  double told = json_number_value(http_test_at(phases, "items.1.confidence"));
  char found[4];
  snprintf(found, sizeof found, "%s", http_test_text(phases, "items.1.found"));
  snprintf(id, sizeof id, "%s", http_test_text(phases, "items.1.customer_id"));
  const char *path = path_to(&face, "T1", "/corrections");
  http_test_do(test, 422, "POST", path, "{\"items\":[{\"customer_id\":\"%s\",\"phase\":\"%s\",\"confidence\":1}]}", id, found);
  http_test_do(test, 200, "POST", path, "{\"items\":[{\"customer_id\":\"%s\",\"phase\":\"%s\"}]}", id, found);
  http_test_do(test, 200, "POST", path, "{\"items\":[{\"customer_id\":\"%s\",\"phase\":\"%s\"}]}", id, found[0] == 'A' ? "B" : "A");
  assert_ok(db_prepare(&s, http_test_reader(test), "SELECT confidence FROM supply_correction ORDER BY id", &error), &error);
  assert_true(db_step(&row, s, &error) && row);
  assert_int_equal(db_column_i64(s, 0), lround(told * 1000));
  assert_true(told > 0.9);
  assert_true(db_step(&row, s, &error) && row);
  assert_int_equal(db_column_i64(s, 0), 0); /* a phase nobody computed: a person's own word */
  db_reset(s);
  close_face(&face);
}

static void without_readings_and_refused(void **state) {
  (void)state;
  Face face;
  open_face(&face);
  start_face(&face, false);
  HttpTest *test = &face.test;
  json_t *area = http_test_do(test, 200, "GET", path_to(&face, "T2", "?day=2026-11-01"), NULL);
  assert_int_equal(http_test_i64(area, "read"), 0);
  assert_true(json_is_null(http_test_at(area, "cause")));
  http_test_do(test, 409, "GET", path_to(&face, "T2", "/phases"), NULL);
  assert_int_equal(http_test_i64(http_test_do(test, 200, "GET", "/api/v1/supply/overloads", NULL), "areas"), 0);
  http_test_do(test, 422, "GET", path_to(&face, "T2", "?day=tomorrow"), NULL);
  http_test_do(test, 404, "GET", path_to(&face, "F1", ""), NULL);
  http_test_do(test, 404, "GET", "/api/v1/supply/areas/1", NULL);
  http_test_as(test, 5, CREW, 0);
  http_test_do(test, 403, "GET", path_to(&face, "T2", ""), NULL);
  http_test_as(test, 5, KIND_ROLE_DISPATCHER, 0);
  http_test_do(test, 403, "POST", path_to(&face, "T2", "/choices"), "{\"day\":\"2026-11-20\",\"remedy\":0}");
  int64_t other = 0; /* the grid of T4 … T6 */
  for (size_t row = 0; row < people_org_count(face.town.people); row++)
    if (text_is(people_org(face.town.people, row)->code, "G2")) other = people_org(face.town.people, row)->id;
  http_test_as(test, 5, MANAGER, other);
  http_test_do(test, 403, "GET", path_to(&face, "T2", ""), NULL);
  http_test_do(test, 200, "GET", path_to(&face, "T5", ""), NULL);
  close_face(&face);
}

static void every_route_was_asked(void **state) {
  (void)state;
  http_test_all_answered(SUPPLY_ROUTES);
  http_test_all_answered(SUPPLY_STRAY_ROUTES);
}

TEST_MAIN(TEST(from_low_voltage_to_measured), TEST(phases_hours_and_overloads), TEST(a_meter_at_another_transformer), TEST(confidence_is_the_rooms_own),
          TEST(without_readings_and_refused),
          TEST(every_route_was_asked))
