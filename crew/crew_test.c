#include "crew/crew.h"

#include <math.h>

#include "crew/crew_internal.h"
#include "crew/testing.h"
#include "store/schema.h"

static Instant at(int hour, int minute) { return instant_of((Civil){2026, 12, 31, hour, minute, 0, 0, 0}, ZONE_SHANGHAI); }

static void shifts_turn_at_their_minutes(void **state) {
  (void)state;
  const struct {
    int from, until, hour, minute;
    bool on;
  } cases[] = {
    {480, 1200, 8, 0, true},   {480, 1200, 7, 59, false}, {480, 1200, 19, 59, true}, {480, 1200, 20, 0, false},
    {1200, 480, 20, 0, true},  {1200, 480, 23, 59, true}, {1200, 480, 0, 0, true},   {1200, 480, 7, 59, true},
    {1200, 480, 8, 0, false},  {0, 1440, 0, 0, true},     {0, 1440, 23, 59, true},   {0, 0, 12, 0, true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    Crew crew = {.shift_from = cases[i].from, .shift_until = cases[i].until};
    assert_int_equal(crew_on_shift(&crew, at(cases[i].hour, cases[i].minute)), cases[i].on);
  }
}

static const CrewProposal *proposal_of(const Town *town, const CrewProposal *list, size_t count, const char *crew) {
  for (size_t i = 0; i < count; i++)
    if (text_is(crew_at(town->crews, list[i].crew)->code, crew)) return &list[i];
  fail_msg("no proposal of %s", crew);
  return NULL;
}

static void the_plan_proposes(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  CrewProposal out[3];
  town_call(&town, "10001111"), town_call(&town, "10001211"); /* the transformer T1 */
  OutageId one = outage_at(town.outages, 0)->id;
  assert_int_equal(crew_propose(town.crews, one, time_now(&town.time), out, 3), 3);
  assert_true(text_is(crew_at(town.crews, out[0].crew)->code, "K1")); /* the base is nearest */
  assert_true(out[0].planned && out[0].at == 1 && out[0].why == NEAREST_ABLE);
  assert_true(isfinite(out[0].minutes) && out[0].minutes > 0 && out[0].due_kept);
  assert_true(isnan(proposal_of(&town, out, 3, "K3")->minutes)); /* nobody knows where it is */
  assert_int_equal(crew_propose(town.crews, one, at(12, 0), out, 3), 3);
  assert_int_equal(proposal_of(&town, out, 3, "K3")->why, NEAREST_OFF_SHIFT);
  town_send(&town, outage_at(town.outages, 0), "K1");
  town_call(&town, "10004111");
  OutageId two = outage_at(town.outages, 1)->id;
  assert_int_equal(crew_propose(town.crews, two, time_now(&town.time), out, 3), 3);
  assert_int_equal(proposal_of(&town, out, 3, "K1")->why, NEAREST_BUSY);
  assert_int_equal(crew_propose(town.crews, (OutageId){9}, time_now(&town.time), out, 3), 0);
  town_close(&town);
}

static void safety_comes_first(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  town_call(&town, "10001111");
  JobId job = town_send(&town, outage_at(town.outages, 0), "K1");
  const Job *now = crew_job_find(town.crews, job);
  assert_int_equal(town_step(&town, job, "earth", NULL), ERROR_CREW_STEP_STATE);
  assert_int_equal(town_step(&town, job, "survey", NULL), ERROR_CREW_STEP_STATE);
  assert_int_equal(town_step(&town, job, "arrive", NULL), ERROR_NONE);
  assert_int_equal(town_step(&town, job, "depart", NULL), ERROR_CREW_STEP_STATE);
  const char *const eta = "\"eta_from\":\"2026-12-31T22:10:00+08:00\",\"eta_until\":\"2026-12-31T23:00:00+08:00\"";
  char fields[300];
  snprintf(fields, sizeof fields, "{\"cause\":\"elephants\",%s}", eta);
  assert_int_equal(town_step(&town, job, "survey", fields), ERROR_FIELD_INVALID);
  assert_int_equal(town_step(&town, job, "survey", "{\"cause\":\"meter_box_fault\"}"), ERROR_FIELD_MISSING);
  assert_int_equal(town_step(&town, job, "survey", "{\"cause\":\"meter_box_fault\",\"eta_from\":\"soon\",\"eta_until\":\"later\"}"), ERROR_FIELD_INVALID);
  assert_int_equal(now->state, JOB_ON_SITE);
  snprintf(fields, sizeof fields, "{\"cause\":\"lv_line_broken\",%s}", eta);
  assert_int_equal(town_step(&town, job, "survey", fields), ERROR_NONE);
  assert_true(text_is(crew_job_next(now), "work_ticket"));
  assert_int_equal(town_step(&town, job, "mend_conductor", NULL), ERROR_CREW_STEP_BEFORE);
  assert_int_equal(town_step(&town, job, "earth", NULL), ERROR_CREW_STEP_BEFORE);
  assert_int_equal(town_step(&town, job, "restore", NULL), ERROR_CREW_STEP_BEFORE);
  for (const char *const *step = (const char *const[]){"work_ticket", "briefing", "open_lv", NULL}; *step; step++)
    assert_int_equal(town_step(&town, job, *step, NULL), ERROR_NONE);
  assert_int_equal(town_step(&town, job, "earth", NULL), ERROR_CREW_STEP_BEFORE); /* not tested dead */
  assert_int_equal(town_step(&town, job, "test_dead", NULL), ERROR_NONE);
  assert_int_equal(town_step(&town, job, "test_dead", NULL), ERROR_CREW_STEP_DONE);
  assert_int_equal(town_step(&town, job, "mend_conductor", NULL), ERROR_CREW_STEP_BEFORE); /* not earthed */
  assert_int_equal(town_step(&town, job, "earth", NULL), ERROR_NONE);
  assert_int_equal(now->state, JOB_WORKING);
  assert_int_equal(now->done_count, 5);
  /* seen better: another cause; what was recorded counts where that asks for it too */
  snprintf(fields, sizeof fields, "{\"cause\":\"meter_box_fault\",%s}", eta);
  assert_int_equal(town_step(&town, job, "survey", fields), ERROR_NONE);
  assert_int_equal(now->done_count, 4);
  assert_true(text_is(crew_job_next(now), "mend_box"));
  town_mend(&town, job);
  assert_int_equal(town_step(&town, job, "reply", NULL), ERROR_CREW_STEP_STATE);
  assert_int_equal(town_step(&town, job, "restore", NULL), ERROR_NONE);
  assert_int_equal(town_step(&town, job, "return", "{\"reason\":\"no\"}"), ERROR_CREW_STEP_STATE);
  assert_int_equal(town_step(&town, job, "dance", NULL), ERROR_CREW_STEP_STATE);
  assert_int_equal(town_step(&town, job, "reply", NULL), ERROR_NONE);
  assert_int_equal(town_step(&town, job, "reply", NULL), ERROR_NOT_FOUND);
  town_close(&town);
}

/* --- commands --- */

typedef struct Ask {
  Crews *crews;
  enum { TAKE, PLACE, STEP, ASSIGN } what;
  CrewMaterial material;
  CrewSpot spot;
  double heading;
  CrewStep step;
  CrewId crew;
  OutageId outage;
  int32_t version;
} Ask;

static bool work_ask(DeskContext *context, void *command, Error *error) {
  Ask *ask = command;
  int64_t id;
  JobId job;
  switch (ask->what) {
    case TAKE: return crew_take_material(context, ask->crews, &ask->material, &id, error);
    case PLACE: return crew_place(context, ask->crews, ask->crew, &ask->spot, ask->heading, error);
    case STEP: return crew_step(context, ask->crews, &ask->step, error);
    default: return crew_assign(context, ask->crews, ask->outage, ask->version, ask->crew, &job, error);
  }
}

static ErrorCode ask(Town *town, Ask *ask) {
  Error error = {0};
  ask->crews = town->crews;
  desk_do(town->desk, work_ask, ask, TEXT("staff:3"), &error) ? (void)0 : assert_true(error.code != ERROR_NONE);
  return error.code;
}

static int64_t held(const Town *town, const char *item) {
  int64_t sum = 0;
  for (size_t i = 0; i < crew_stock_count(town->crews); i++)
    if (text_is(crew_stock_at(town->crews, i)->item, item)) sum += crew_stock_at(town->crews, i)->quantity;
  return sum;
}

static void material_is_released_at_once_and_comes_back(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  town_call(&town, "10001111");
  JobId job = town_send(&town, outage_at(town.outages, 0), "K1");
  const char *item = "transformer_400";
  int64_t before = held(&town, item);
  assert_true(before > 0);
  Ask take = {.what = TAKE, .material = {.job = job, .item = text_of(item), .quantity = 1}};
  assert_int_equal(ask(&town, &take), ERROR_NONE);
  assert_int_equal(held(&town, item), before - 1);
  take.material.quantity = before;
  assert_int_equal(ask(&town, &take), ERROR_STOCK_SHORT);
  take.material.quantity = 0;
  assert_int_equal(ask(&town, &take), ERROR_FIELD_INVALID);
  take.material.quantity = 1;
  take.material.item = TEXT("a moon");
  assert_int_equal(ask(&town, &take), ERROR_STOCK_SHORT);
  take.material.item = text_of(item);
  take.material.org_id = 12345;
  assert_int_equal(ask(&town, &take), ERROR_STOCK_SHORT);
  take.material.org_id = 0;
  take.material.own = town_crew(&town, "K2");
  assert_int_equal(ask(&town, &take), ERROR_CREW_NOT_YOURS);
  assert_int_equal(held(&town, item), before - 1);
  assert_int_equal(town_step(&town, job, "return", "{\"reason\":\"flood\"}"), ERROR_NONE);
  assert_int_equal(held(&town, item), before);
  town_close(&town);
}

static void a_place_is_kept_with_its_trail(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  Instant now = time_now(&town.time);
  Ask place = {.what = PLACE, .crew = town_crew(&town, "K3"), .heading = -90};
  for (int i = 0; i < CREW_TRAIL + 8; i++) {
    town_pass(&town, 0.25);
    place.spot = (CrewSpot){112.5 + i / 1000.0, 27.2, time_now(&town.time)};
    assert_int_equal(ask(&town, &place), ERROR_NONE);
  }
  const Crew *crew = crew_find(town.crews, place.crew);
  assert_int_equal(crew->trail_count, CREW_TRAIL);
  assert_true(fabs(crew->trail[CREW_TRAIL - 1].lon - crew->lon) < 1e-9 && fabs(crew->lon - (112.5 + (CREW_TRAIL + 7) / 1000.0)) < 1e-9);
  assert_true(fabs(crew->heading - 270) < 1e-9);
  Instant placed = crew->placed_at;
  place.spot = (CrewSpot){100, 20, now}; /* late: from before */
  assert_int_equal(ask(&town, &place), ERROR_NONE);
  assert_int_equal(crew_find(town.crews, place.crew)->placed_at, placed);
  place.spot.lon = 200;
  assert_int_equal(ask(&town, &place), ERROR_FIELD_INVALID);
  place.spot = (CrewSpot){100, NAN, now};
  assert_int_equal(ask(&town, &place), ERROR_FIELD_INVALID);
  DbStatement *s; /* the row knows of it, to a minute */
  bool row;
  Error error = {0};
  assert_ok(db_prepare(&s, town.db, "SELECT placed_at FROM crew WHERE id = ?1", &error), &error);
  db_bind_i64(s, 1, place.crew.value);
  assert_ok(db_step(&row, s, &error), &error);
  assert_true(placed - db_column_instant(s, 0) < SPAN_MINUTE);
  db_reset(s);
  town_close(&town);
}

static void versions_and_crews_are_checked(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  town_call(&town, "10001111");
  town_call(&town, "10004111");
  OutageId one = outage_at(town.outages, 0)->id, two = outage_at(town.outages, 1)->id;
  Ask send = {.what = ASSIGN, .outage = one, .crew = town_crew(&town, "K1"), .version = outage_at(town.outages, 0)->version + 1};
  assert_int_equal(ask(&town, &send), ERROR_CONFLICT);
  send.version--;
  assert_int_equal(ask(&town, &send), ERROR_NONE);
  send = (Ask){.what = ASSIGN, .outage = two, .crew = town_crew(&town, "K1")};
  assert_int_equal(ask(&town, &send), ERROR_CREW_BUSY);
  send.crew = (CrewId){9};
  assert_int_equal(ask(&town, &send), ERROR_NOT_FOUND);
  send = (Ask){.what = ASSIGN, .outage = {9}, .crew = town_crew(&town, "K2")};
  assert_int_equal(ask(&town, &send), ERROR_NOT_FOUND);
  const Job *job = crew_job_of_outage(town.crews, one);
  Ask step = {.what = STEP, .step = {.job = job->id, .step = TEXT("take"), .version = job->version + 1}};
  assert_int_equal(ask(&town, &step), ERROR_CONFLICT);
  step.step.version = job->version;
  step.step.own = town_crew(&town, "K2");
  assert_int_equal(ask(&town, &step), ERROR_CREW_NOT_YOURS);
  step.step.own = town_crew(&town, "K1");
  assert_int_equal(ask(&town, &step), ERROR_NONE);
  assert_int_equal(ask(&town, &step), ERROR_CONFLICT); /* the version moved on */
  town_close(&town);
}

static int64_t rows_of(Db *db, const char *table) {
  DbStatement *s;
  bool row;
  Error error = {0};
  assert_ok(db_prepare(&s, db, table, &error), &error);
  assert_ok(db_step(&row, s, &error), &error);
  int64_t count = db_column_i64(s, 0);
  db_reset(s);
  return count;
}

static void importing_again_changes_nothing(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  int64_t crews = rows_of(town.db, "SELECT COUNT(*) FROM crew"), stock = rows_of(town.db, "SELECT COUNT(*) FROM stock");
  int64_t ids = rows_of(town.db, "SELECT SUM(id % 1000003) FROM crew");
  assert_true(crews == 3 && stock > 0);
  town_import(town.db, time_now(&town.time));
  assert_int_equal(rows_of(town.db, "SELECT COUNT(*) FROM crew WHERE retired_at IS NULL"), crews);
  assert_int_equal(rows_of(town.db, "SELECT COUNT(*) FROM stock WHERE retired_at IS NULL"), stock);
  assert_int_equal(rows_of(town.db, "SELECT SUM(id % 1000003) FROM crew"), ids);
  town_close(&town);
}

TEST_MAIN(TEST(shifts_turn_at_their_minutes), TEST(the_plan_proposes), TEST(safety_comes_first), TEST(material_is_released_at_once_and_comes_back),
          TEST(a_place_is_kept_with_its_trail), TEST(versions_and_crews_are_checked), TEST(importing_again_changes_nothing))
