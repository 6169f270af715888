/* The HTTP face of the outage and crew rooms over a real socket: every reply is checked against its schema. */
#include "crew/crew_page.h"
#include "crew/plan_page.h"
#include "crew/testing.h"
#include "http/testing.h"
#include "outage/outage_page.h"

enum { AGENT = KIND_ROLE_AGENT, DISPATCHER = KIND_ROLE_DISPATCHER, CREW = KIND_ROLE_CREW };

typedef struct Face {
  HttpTest test;
  Town town;
} Face;

/* Staff 31 … 33 are the crews K1 … K3. */
static CrewId member_of(void *self, int64_t staff_id) {
  const Town *town = self;
  return staff_id >= 31 && staff_id <= 33 ? crew_at(town->crews, (size_t)(staff_id - 31))->id : (CrewId){0};
}

static Text name_of(void *self, int64_t staff_id, Arena *arena) { return (void)self, (void)staff_id, (void)arena, TEXT("王芳"); }

static void open_face(Face *face) {
  Error error = {0};
  HttpTest *test = &face->test;
  face->town = (Town){0};
  http_test_open(test);
  town_import(test->db, time_now(&test->time) - SPAN_DAY);
  http_test_end(test);
  http_test_begin(test);
  town_open_rooms(&face->town, test->db, test->desk);
  town_talks(&face->town);
  outage_on_names(face->town.outages, name_of, NULL);
  crew_on_members(face->town.crews, member_of, &face->town);
  assert_ok(order_add_routes(test->http, face->town.orders, &error), &error);
  assert_ok(outage_add_routes(test->http, face->town.outages, &error), &error);
  assert_ok(crew_add_routes(test->http, face->town.crews, &error), &error);
  http_test_start(test);
  http_test_as(test, 2, AGENT | DISPATCHER, 0);
}

static void close_face(Face *face) {
  http_test_close(&face->test);
  town_close_rooms(&face->town);
}

static const char *keep(char out[24], const json_t *json, const char *path) {
  snprintf(out, 24, "%s", http_test_text(json, path));
  return out;
}

static json_t *call(Face *face, const char *number) {
  CustomerId customer = town_customer(&face->town, number);
  return http_test_do(&face->test, 201, "POST", "/api/v1/orders", "{\"kind\":\"fault_repair\",\"customer_id\":\"%lld\",\"what\":\"no_power\",\"source\":\"hotline\"}",
                      (long long)customer.value);
}

static const char *device_id(const Face *face, const char *code, char out[24]) {
  snprintf(out, 24, "%lld", (long long)grid_device(face->town.grid, town_device(&face->town, code))->id.value);
  return out;
}

/* The decision at the version the outage has now. */
static json_t *decide(Face *face, int status, const char *id, const char *act, const char *more) {
  char path[96];
  snprintf(path, sizeof path, "/api/v1/outages/%s", id);
  int64_t version = http_test_i64(http_test_do(&face->test, 200, "GET", path, NULL), "version");
  snprintf(path, sizeof path, "/api/v1/outages/%s/%s", id, act);
  return http_test_do(&face->test, status, "POST", path, "{\"version\":%lld%s}", (long long)version, more);
}

static json_t *step(Face *face, int status, const char *job, const char *name, const char *fields) {
  char path[96];
  snprintf(path, sizeof path, "/api/v1/jobs/%s", job);
  int64_t version = http_test_i64(http_test_do(&face->test, 200, "GET", path, NULL), "version");
  snprintf(path, sizeof path, "/api/v1/jobs/%s/steps", job);
  return http_test_do(&face->test, status, "POST", path, "{\"step\":\"%s\",\"version\":%lld,\"fields\":%s}", name, (long long)version, fields);
}

static void a_fault_goes_round_over_http(void **state) {
  (void)state;
  Face face;
  char id[24], job[24], crew[24], path[128], more[300], device[24];
  open_face(&face);
  HttpTest *test = &face.test;
  call(&face, "10001111"), call(&face, "10001211");
  json_t *list = http_test_do(test, 200, "GET", "/api/v1/outages?state=open", NULL);
  assert_int_equal(json_array_size(http_test_at(list, "items")), 1);
  keep(id, list, "items.0.id");
  assert_string_equal(http_test_text(list, "items.0.number"), "TD000001");
  assert_string_equal(http_test_text(list, "items.0.device.kind"), "transformer");
  assert_string_equal(http_test_text(list, "items.0.ladder"), "reported");
  json_t *dark = http_test_do(test, 200, "GET", "/api/v1/outages/dark", NULL);
  assert_int_equal(http_test_i64(dark, "customers"), 18);
  snprintf(path, sizeof path, "/api/v1/customers/%lld/standing", (long long)town_customer(&face.town, "10001151").value);
  json_t *standing = http_test_do(test, 200, "GET", path, NULL);
  assert_string_equal(http_test_text(standing, "known_outage.id"), id);
  assert_int_equal(json_array_size(http_test_at(standing, "neighbours")), 2);
  decide(&face, 200, id, "confirm", "");
  decide(&face, 409, id, "confirm", "");
  snprintf(path, sizeof path, "/api/v1/outages/%s/proposals", id);
  json_t *proposals = http_test_do(test, 200, "GET", path, NULL);
  assert_int_equal(json_array_size(http_test_at(proposals, "items")), 3);
  assert_true(json_is_true(http_test_at(proposals, "items.0.able")));
  keep(crew, proposals, "items.0.crew.id");
  snprintf(more, sizeof more, ",\"crew_id\":\"%s\"", crew);
  keep(job, decide(&face, 201, id, "assign", more), "id");
  json_t *page = http_test_do(test, 200, "GET", "/api/v1/crews", NULL);
  assert_string_equal(http_test_text(page, "items.0.state"), "assigned");
  assert_string_equal(http_test_text(page, "items.0.phone"), "13900000011");
  /* the crew itself */
  http_test_as(test, 31, CREW, 0);
  page = http_test_do(test, 200, "GET", "/api/v1/jobs?crew=me&state=open", NULL);
  assert_string_equal(http_test_text(page, "items.0.id"), job);
  assert_string_equal(http_test_text(page, "items.0.next"), "take");
  step(&face, 200, job, "take", "null");
  step(&face, 200, job, "depart", "{}");
  snprintf(path, sizeof path, "/api/v1/crews/%s/position", crew);
  page = http_test_do(test, 200, "POST", path, "{\"lon\":112.5,\"lat\":27.2,\"heading\":90}");
  assert_int_equal(json_array_size(http_test_at(page, "trail")), 1);
  step(&face, 200, job, "arrive", "null");
  step(&face, 422, job, "survey", "{\"cause\":\"transformer_burnt\"}");
  page = step(&face, 200, job, "survey", "{\"cause\":\"transformer_burnt\",\"eta_from\":\"2026-11-21T14:00:00Z\",\"eta_until\":\"2026-11-21T15:00:00Z\",\"finding\":\"烧毁\"}");
  assert_string_equal(http_test_text(page, "next"), "work_ticket");
  assert_string_equal(http_test_text(page, "finding"), "烧毁");
  assert_string_equal(http_test_text(page, "outage.eta.source"), "crew");
  step(&face, 409, job, "earth", "null");
  assert_string_equal(http_test_text(test->json, "code"), "CREW_STEP_BEFORE");
  http_test_as(test, 32, CREW, 0);
  step(&face, 403, job, "work_ticket", "null");
  http_test_do(test, 403, "POST", path, "{\"lon\":112.5,\"lat\":27.2}");
  http_test_as(test, 31, CREW, 0);
  page = http_test_do(test, 200, "GET", "/api/v1/stock?item=transformer&near=112.5,27.2", NULL);
  assert_int_equal(json_array_size(http_test_at(page, "items")), 2);
  snprintf(path, sizeof path, "/api/v1/jobs/%s/materials", job);
  page = http_test_do(test, 200, "POST", path, "{\"item\":\"transformer_400\",\"quantity\":1}");
  assert_string_equal(http_test_text(page, "materials.0.state"), "released");
  http_test_do(test, 409, "POST", path, "{\"item\":\"transformer_400\",\"quantity\":7}");
  for (;;) {
    char next[64];
    snprintf(path, sizeof path, "/api/v1/jobs/%s", job);
    snprintf(next, sizeof next, "%s", http_test_text(http_test_do(test, 200, "GET", path, NULL), "next"));
    if (strcmp(next, "restore") == 0) break;
    step(&face, 200, job, next, "null");
  }
  snprintf(more, sizeof more, "{\"devices\":[\"%s\"]}", device_id(&face, "T1-L1", device));
  page = step(&face, 200, job, "restore", more);
  assert_string_equal(http_test_text(page, "outage.state"), "partly_restored");
  assert_int_equal(http_test_i64(page, "outage.customers_out"), 9);
  step(&face, 200, job, "restore", "null");
  page = step(&face, 200, job, "reply", "{\"note\":\"换了新变压器\"}");
  assert_string_equal(http_test_text(page, "state"), "replied");
  http_test_do(test, 200, "GET", "/api/v1/jobs?state=closed", NULL);
  /* the dispatcher looks at the whole of it */
  http_test_as(test, 2, AGENT | DISPATCHER, 0);
  snprintf(path, sizeof path, "/api/v1/outages/%s", id);
  page = http_test_do(test, 200, "GET", path, NULL);
  assert_string_equal(http_test_text(page, "state"), "restored");
  assert_int_equal(json_array_size(http_test_at(page, "orders")), 2);
  assert_string_equal(http_test_text(page, "history.0.kind"), "outage.found");
  assert_int_equal(json_array_size(http_test_at(page, "etas")), 4); /* estimated, twice revised, then the crew's word */
  assert_string_equal(http_test_text(page, "etas.0.source"), "estimate");
  assert_string_equal(http_test_text(page, "etas.3.actor_name"), "王芳");
  assert_true(json_array_size(http_test_at(page, "path")) >= 5);
  assert_int_equal(json_array_size(http_test_at(page, "children")), 2);
  page = http_test_do(test, 200, "GET", "/api/v1/callbacks", NULL);
  assert_int_equal(json_array_size(http_test_at(page, "items")), 2);
  for (int i = 0; i < 2; i++) {
    page = http_test_do(test, 200, "GET", "/api/v1/callbacks", NULL);
    int64_t version = http_test_i64(page, "items.0.order_version");
    snprintf(path, sizeof path, "/api/v1/orders/%s/steps", http_test_text(page, "items.0.order_id"));
    http_test_do(test, 200, "POST", path, "{\"step\":\"call_back\",\"version\":%lld,\"fields\":{\"answer\":\"satisfied\"}}", (long long)version);
  }
  page = http_test_do(test, 200, "GET", "/api/v1/outages?state=closed", NULL);
  assert_string_equal(http_test_text(page, "items.0.state"), "closed");
  snprintf(path, sizeof path, "/api/v1/outages/%s", id);
  page = http_test_do(test, 200, "GET", path, NULL);
  assert_int_equal(json_array_size(http_test_at(page, "orders")), 2);
  close_face(&face);
}

/* A page of what is over holds as much of one's own part as it may, whatever lies between. */
static void pages_of_a_part_are_full(void **state) {
  (void)state;
  static const char *const AT[] = {"T1", "T4", "T2", "T5", "T6", "F1"};
  Face face;
  char path[128], more[300], device[24], id[24], crew[24];
  int64_t g1 = 0;
  open_face(&face);
  HttpTest *test = &face.test;
  for (size_t i = 0; i < people_org_count(face.town.people); i++)
    if (text_is(people_org(face.town.people, i)->code, "G1")) g1 = people_org(face.town.people, i)->id;
  snprintf(crew, sizeof crew, "%lld", (long long)crew_at(face.town.crews, 0)->id.value);
  for (size_t i = 0; i < sizeof AT / sizeof *AT; i++) {
    keep(id, http_test_do(test, 201, "POST", "/api/v1/outages", "{\"device_id\":\"%s\"}", device_id(&face, AT[i], device)), "id");
    snprintf(more, sizeof more, ",\"crew_id\":\"%s\"", crew);
    decide(&face, 201, id, "assign", more);
    decide(&face, 200, id, "unassign", "");
    decide(&face, 200, id, "dismiss", ",\"reason\":\"误报\"");
  }
  static const struct {
    const char *what;
    int limit;
    bool own;
    const char *want; /* NULL: as many as there are */
  } CASES[] = {{"outages", 2, true, "F1 T2 | T1 "}, {"outages", 2, false, "F1 T6 | T5 T2 | T4 T1 "}, {"outages", 3, true, "F1 T2 T1 "}, {"jobs", 4, false, NULL}};
  for (size_t c = 0; c < sizeof CASES / sizeof *CASES; c++) {
    char said[200] = "", item[64], after[24] = "0";
    size_t len = 0, seen = 0;
    http_test_as(test, 2, AGENT | DISPATCHER, CASES[c].own ? g1 : 0);
    for (int page = 0; page == 0 || (strcmp(after, "0") != 0 && page < 10); page++) {
      snprintf(path, sizeof path, "/api/v1/%s?state=closed&limit=%d&after=%s", CASES[c].what, CASES[c].limit, after);
      json_t *list = http_test_do(test, 200, "GET", path, NULL);
      size_t count = json_array_size(http_test_at(list, "items"));
      if (page) len += (size_t)snprintf(said + len, sizeof said - len, "| ");
      for (size_t i = 0; CASES[c].want && i < count; i++) {
        snprintf(item, sizeof item, "items.%zu.device.index", i);
        len += (size_t)snprintf(said + len, sizeof said - len, "%.*s ", TEXT_ARG(grid_code(face.town.grid, (uint32_t)http_test_i64(list, item))));
      }
      seen += count;
      snprintf(after, sizeof after, "%s", json_is_string(http_test_at(list, "next")) ? http_test_text(list, "next") : "0");
    }
    if (CASES[c].want) assert_string_equal(said, CASES[c].want);
    else assert_int_equal(seen, sizeof AT / sizeof *AT);
  }
  close_face(&face);
}

/* While rooms could not be read again, routes that lock for themselves refuse too: an order that is not read again yet is not "not found". */
static void half_of_memory_is_nobodys_answer(void **state) {
  (void)state;
  Face face;
  char order[24], path[80];
  open_face(&face);
  HttpTest *test = &face.test;
  keep(order, call(&face, "10001111"), "id");
  call(&face, "10004111");
  snprintf(path, sizeof path, "/api/v1/attachments?order=%s", order);
  for (int64_t nth = 1; desk_memory_is_whole(test->desk) && nth < 400; nth++) http_test_spoil(test, nth);
  assert_false(desk_memory_is_whole(test->desk));
  http_test_do(test, 503, "GET", "/api/v1/plan/advice", NULL);
  http_test_do(test, 503, "POST", "/api/v1/plan/what-if", "{\"changes\":[{\"what\":\"overtime\",\"minutes\":30}]}");
  snprintf(test->headers, sizeof test->headers, "Content-Type: application/octet-stream\r\n");
  http_test_do(test, 503, "POST", path, "%%PDF-1.4\n1 0 obj\n%%%%EOF\n");
  http_test_heal(test);
  http_test_do(test, 201, "POST", path, "%%PDF-1.4\n1 0 obj\n%%%%EOF\n");
  test->headers[0] = '\0';
  http_test_do(test, 200, "GET", "/api/v1/plan/advice", NULL);
  close_face(&face);
}

/* A phone without a net tells later what was done: the job, the outage and the orders under it have the moment it was done, and the history both. */
static void what_a_phone_tells_late(void **state) {
  (void)state;
  Face face;
  char id[24], job[24], crew[24], order[24], path[128], more[300], done[INSTANT_TEXT_MAX];
  open_face(&face);
  HttpTest *test = &face.test;
  keep(order, call(&face, "10001111"), "id");
  keep(id, http_test_do(test, 200, "GET", "/api/v1/outages?state=open", NULL), "items.0.id");
  snprintf(path, sizeof path, "/api/v1/outages/%s/proposals", id);
  keep(crew, http_test_do(test, 200, "GET", path, NULL), "items.0.crew.id");
  snprintf(more, sizeof more, ",\"crew_id\":\"%s\"", crew);
  keep(job, decide(&face, 201, id, "assign", more), "id");
  http_test_as(test, 31, CREW, 0);
  step(&face, 200, job, "take", "null");
  Instant taken = time_now(&test->time);
  time_virtual(&test->time, taken + 90 * SPAN_MINUTE);
  snprintf(path, sizeof path, "/api/v1/jobs/%s", job);
  long long version = http_test_i64(http_test_do(test, 200, "GET", path, NULL), "version");
  snprintf(path, sizeof path, "/api/v1/jobs/%s/steps", job);
  instant_to_text(taken + 30 * SPAN_MINUTE, 0, done);
  http_test_do(test, 422, "POST", path, "{\"step\":\"arrive\",\"version\":%lld,\"done_at\":\"yesterday\"}", version);
  http_test_do(test, 200, "POST", path, "{\"step\":\"arrive\",\"version\":%lld,\"done_at\":\"%s\"}", version, done);
  Instant at;
  assert_true(instant_from_text(text_of(http_test_text(test->json, "arrived_at")), &at));
  assert_int_equal(at, taken + 30 * SPAN_MINUTE);
  http_test_as(test, 2, AGENT | DISPATCHER, 0);
  snprintf(path, sizeof path, "/api/v1/orders/%s", order);
  json_t *page = http_test_do(test, 200, "GET", path, NULL);
  const json_t *history = http_test_at(page, "history");
  bool found = false;
  for (size_t i = 0; i < json_array_size(history); i++) {
    const json_t *one = json_array_get(history, i);
    if (!json_is_string(http_test_at(one, "step")) || strcmp(http_test_text(one, "step"), "arrive") != 0) continue;
    found = true;
    assert_true(instant_from_text(text_of(http_test_text(one, "at")), &at) && at == taken + 30 * SPAN_MINUTE);
    assert_true(instant_from_text(text_of(http_test_text(one, "received_at")), &at) && at == taken + 90 * SPAN_MINUTE);
  }
  assert_true(found);
  assert_string_equal(http_test_text(page, "state"), "on_site");
  close_face(&face);
}

static void the_dispatcher_decides_and_takes_it_back(void **state) {
  (void)state;
  Face face;
  char a[24], b[24], fresh[24], order[24], more[200], device[24];
  open_face(&face);
  HttpTest *test = &face.test;
  keep(order, call(&face, "10001111"), "id");
  call(&face, "10001211");
  keep(a, http_test_do(test, 200, "GET", "/api/v1/outages", NULL), "items.0.id");
  decide(&face, 200, a, "confirm", "");
  call(&face, "10004111");
  keep(b, http_test_do(test, 200, "GET", "/api/v1/outages", NULL), "items.1.id");
  snprintf(more, sizeof more, ",\"order_ids\":[\"%s\"]", order);
  keep(fresh, decide(&face, 200, a, "split", more), "id");
  assert_string_not_equal(fresh, a);
  decide(&face, 200, a, "undo", "");
  snprintf(more, sizeof more, ",\"into\":\"%s\"", b);
  assert_string_equal(http_test_text(decide(&face, 200, a, "merge", more), "id"), b);
  assert_string_equal(http_test_text(http_test_do(test, 200, "GET", "/api/v1/outages", NULL), "items.0.device.kind"), "busbar");
  decide(&face, 200, b, "undo", "");
  snprintf(more, sizeof more, ",\"device_id\":\"%s\"", device_id(&face, "T1-L1", device));
  assert_string_equal(http_test_text(decide(&face, 200, a, "move", more), "device.id"), device);
  decide(&face, 200, a, "undo", "");
  decide(&face, 200, a, "eta", ",\"from\":\"2026-11-21T14:00:00Z\",\"until\":\"2026-11-21T15:30:00Z\"");
  decide(&face, 422, a, "eta", ",\"from\":\"2026-11-21T14:00:00Z\",\"until\":\"2026-11-21T13:30:00Z\"");
  assert_string_equal(http_test_text(decide(&face, 200, b, "dismiss", ",\"reason\":\"误报\""), "state"), "dismissed");
  assert_string_equal(http_test_text(decide(&face, 200, b, "undo", ""), "state"), "suspected");
  json_t *declared = http_test_do(test, 201, "POST", "/api/v1/outages", "{\"device_id\":\"%s\",\"cause\":\"tripped\"}", device_id(&face, "F2", device));
  assert_int_equal(http_test_i64(declared, "important_out"), 1);
  keep(fresh, declared, "id");
  snprintf(more, sizeof more, ",\"crew_id\":\"%lld\"", (long long)town_crew(&face.town, "K1").value);
  decide(&face, 201, fresh, "assign", more);
  assert_string_equal(http_test_text(decide(&face, 200, fresh, "unassign", ",\"reason\":\"needed elsewhere\""), "state"), "cancelled");
  snprintf(more, sizeof more, ",\"devices\":[\"%s\"]", device_id(&face, "T6", device));
  assert_string_equal(http_test_text(decide(&face, 200, fresh, "restore", more), "state"), "partly_restored");
  decide(&face, 422, fresh, "restore", more);
  assert_string_equal(http_test_text(decide(&face, 200, fresh, "restore", ",\"devices\":null"), "state"), "closed"); /* nobody called */
  /* rights: who takes calls does not decide; another part of the organisation is not seen */
  http_test_as(test, 3, AGENT, 0);
  decide(&face, 403, a, "confirm", "");
  size_t row;
  int64_t other = 0;
  for (row = 0; row < people_org_count(face.town.people); row++)
    if (text_is(people_org(face.town.people, row)->code, "G2")) other = people_org(face.town.people, row)->id;
  http_test_as(test, 4, DISPATCHER, other);
  char path[96];
  snprintf(path, sizeof path, "/api/v1/outages/%s", a);
  http_test_do(test, 403, "GET", path, NULL);
  snprintf(path, sizeof path, "/api/v1/outages/%s/restore", a);
  http_test_do(test, 403, "POST", path, "{\"version\":1}");
  assert_int_equal(json_array_size(http_test_at(http_test_do(test, 200, "GET", "/api/v1/outages", NULL), "items")), 1); /* T4's */
  close_face(&face);
}

static void the_plan_is_read_moved_and_accepted(void **state) {
  (void)state;
  Face face;
  char task[24], second[24], crew[24], job[24], path[96], device[24];
  open_face(&face);
  HttpTest *test = &face.test;
  call(&face, "10001111"), call(&face, "10001211"), call(&face, "10004111");
  json_t *plan = http_test_do(test, 200, "GET", "/api/v1/plan", NULL);
  assert_int_equal(json_array_size(http_test_at(plan, "lanes")), 3);
  assert_int_equal(json_array_size(http_test_at(plan, "tasks")), 2);
  keep(task, plan, "tasks.0.id"), keep(second, plan, "tasks.1.id");
  assert_true(strlen(http_test_text(plan, "tasks.0.reason_zh")) > 0 && strlen(http_test_text(plan, "tasks.0.crew_id")) > 0);
  assert_true(json_array_size(http_test_at(http_test_do(test, 200, "GET", "/api/v1/plan/changes?limit=10", NULL), "items")) >= 2);
  snprintf(crew, sizeof crew, "%lld", (long long)town_crew(&face.town, "K1").value);
  http_test_do(test, 200, "POST", "/api/v1/plan/move", "{\"task_id\":\"%s\",\"crew_id\":\"%s\"}", task, crew);
  http_test_do(test, 200, "POST", "/api/v1/plan/move", "{\"task_id\":\"%s\",\"crew_id\":\"%s\",\"before_id\":\"%s\"}", second, crew, task);
  plan = http_test_do(test, 200, "GET", "/api/v1/plan", NULL);
  assert_int_equal(http_test_i64(plan, "tasks.0.place"), 2);
  assert_int_equal(http_test_i64(plan, "tasks.1.place"), 1);
  assert_true(json_is_true(http_test_at(plan, "tasks.0.by_hand")));
  http_test_do(test, 200, "POST", "/api/v1/plan/move", "{\"task_id\":\"%s\",\"crew_id\":\"%s\",\"at\":\"2026-11-21T12:30:00Z\"}", task, crew);
  assert_int_equal(http_test_i64(http_test_do(test, 200, "GET", "/api/v1/plan", NULL), "tasks.0.place"), 1);
  assert_int_equal(http_test_i64(http_test_do(test, 200, "POST", "/api/v1/plan/undo", "{}"), "undo"), 2);
  json_t *what = http_test_do(test, 200, "POST", "/api/v1/plan/what-if", "{\"changes\":[{\"what\":\"crew_off\",\"crew_id\":\"%s\"},{\"what\":\"call_in\",\"count\":1}]}", crew);
  assert_true(json_is_object(http_test_at(what, "after")));
  http_test_do(test, 422, "POST", "/api/v1/plan/what-if", "{\"changes\":[{\"what\":\"close\"}]}");
  http_test_do(test, 404, "POST", "/api/v1/plan/what-if", "{\"changes\":[{\"what\":\"cancel\",\"task_id\":\"5\"}]}");
  http_test_do(test, 200, "GET", "/api/v1/plan/advice", NULL);
  snprintf(path, sizeof path, "/api/v1/plan/tasks/%s/needs", http_test_text(http_test_do(test, 200, "GET", "/api/v1/plan", NULL), "tasks.0.id"));
  http_test_do(test, 200, "POST", path, "{\"members\":2}");
  http_test_do(test, 422, "POST", path, "{}");
  http_test_do(test, 404, "POST", "/api/v1/plan/tasks/5/needs", "{\"members\":2}");
  assert_int_equal(http_test_i64(http_test_do(test, 200, "POST", "/api/v1/plan/accept", "{}"), "assigned"), 1); /* both are K1's: one sets out */
  assert_string_equal(http_test_text(http_test_do(test, 200, "GET", "/api/v1/plan", NULL), "undo_of"), "accept");
  assert_int_equal(http_test_i64(http_test_do(test, 200, "POST", "/api/v1/plan/undo", "{}"), "taken_back"), 1);
  assert_string_equal(http_test_text(http_test_do(test, 200, "GET", "/api/v1/plan", NULL), "undo_of"), "move");
  assert_int_equal(http_test_i64(http_test_do(test, 200, "POST", "/api/v1/plan/accept", "{}"), "assigned"), 1);
  http_test_as(test, 31, CREW, 0);
  plan = http_test_do(test, 200, "GET", "/api/v1/plan?crew=me", NULL);
  assert_int_equal(json_array_size(http_test_at(plan, "lanes")), 1);
  assert_int_equal(json_array_size(http_test_at(plan, "tasks")), 2);
  http_test_do(test, 403, "POST", "/api/v1/plan/undo", "{}");
  keep(job, http_test_do(test, 200, "GET", "/api/v1/jobs?crew=me", NULL), "items.0.id");
  snprintf(path, sizeof path, "/api/v1/jobs/%s/delay", job);
  http_test_do(test, 200, "POST", path, "{\"minutes\":20}");
  snprintf(path, sizeof path, "/api/v1/jobs/%s/needs", job);
  http_test_do(test, 422, "POST", path, "{}");
  keep(task, http_test_do(test, 200, "POST", path, "{\"item\":\"transformer_200\",\"quantity\":1}"), "task_id");
  http_test_as(test, 32, CREW, 0);
  assert_int_equal(json_array_size(http_test_at(http_test_do(test, 200, "GET", "/api/v1/plan?crew=me", NULL), "lanes")), 1);
  http_test_as(test, 77, CREW, 0); /* of no crew */
  assert_int_equal(json_array_size(http_test_at(http_test_do(test, 200, "GET", "/api/v1/plan?crew=me", NULL), "lanes")), 0);
  http_test_as(test, 2, DISPATCHER, 0);
  snprintf(path, sizeof path, "/api/v1/plan/errands/%s", task);
  http_test_do(test, 200, "POST", path, "{\"step\":\"start\"}");
  http_test_do(test, 409, "POST", path, "{\"step\":\"start\"}");
  http_test_do(test, 200, "POST", path, "{\"step\":\"done\"}");
  /* who is on duty, and rounds */
  json_t *roster = http_test_do(test, 200, "GET", "/api/v1/roster?from=20261121&days=3", NULL);
  assert_int_equal(json_array_size(http_test_at(roster, "items")), 3);
  assert_string_equal(http_test_text(roster, "items.2.days.0.from"), "18:00");
  http_test_do(test, 200, "POST", "/api/v1/roster", "{\"crew_id\":\"%s\",\"day\":20261122,\"duty\":\"standby\",\"from\":480,\"until\":1200,\"version\":0}", crew);
  http_test_do(test, 409, "POST", "/api/v1/roster", "{\"crew_id\":\"%s\",\"day\":20261122,\"duty\":\"off\",\"version\":0}", crew);
  http_test_do(test, 200, "POST", "/api/v1/roster/swap", "{\"crew_a\":\"%s\",\"day_a\":20261122,\"crew_b\":\"%lld\",\"day_b\":20261122}", crew, (long long)town_crew(&face.town, "K2").value);
  roster = http_test_do(test, 200, "GET", "/api/v1/roster?from=20261122&days=1", NULL);
  assert_string_equal(http_test_text(roster, "items.1.days.0.duty"), "standby");
  json_t *round = http_test_do(test, 200, "POST", "/api/v1/rounds",
                               "{\"name\":\"烤烟\",\"from_day\":20261121,\"until_day\":20261125,\"windows\":[{\"from\":1260,\"until\":1380}],\"minutes\":10,\"device_ids\":[\"%s\"],\"customer_ids\":[\"%lld\"]}",
                               device_id(&face, "T1", device), (long long)town_customer(&face.town, "10004111").value);
  assert_int_equal(json_array_size(http_test_at(round, "places")), 2); /* a customer is looked at by the device he hangs on */
  assert_int_equal(http_test_i64(round, "open_visits"), 4);
  keep(task, round, "id");
  http_test_do(test, 200, "GET", "/api/v1/rounds", NULL);
  snprintf(path, sizeof path, "/api/v1/rounds/%s/end", task);
  http_test_do(test, 200, "POST", path, "{\"version\":1}");
  close_face(&face);
}

static void what_is_wrong_is_named(void **state) {
  (void)state;
  Face face;
  open_face(&face);
  HttpTest *test = &face.test;
  const struct {
    int status;
    const char *method, *target, *body;
  } cases[] = {
    {404, "GET", "/api/v1/outages/77", NULL},
    {422, "GET", "/api/v1/outages?state=sideways", NULL},
    {404, "GET", "/api/v1/outages/77/proposals", NULL},
    {404, "GET", "/api/v1/customers/77/standing", NULL},
    {404, "POST", "/api/v1/outages/77/confirm", "{\"version\":1}"},
    {422, "POST", "/api/v1/outages/77/confirm", "{}"},
    {422, "POST", "/api/v1/outages/77/confirm", "{\"version\":1,\"colour\":\"red\"}"},
    {422, "POST", "/api/v1/outages/77/split", "{\"version\":1,\"order_ids\":[]}"},
    {422, "POST", "/api/v1/outages/77/eta", "{\"version\":1,\"from\":\"soon\",\"until\":\"later\"}"},
    {404, "POST", "/api/v1/outages/77/restore", "{\"version\":1,\"devices\":[\"5\"]}"},
    {404, "POST", "/api/v1/outages", "{\"device_id\":\"5\"}"},
    {404, "POST", "/api/v1/outages/77/undo", "{\"version\":1}"},
    {404, "POST", "/api/v1/outages/77/assign", "{\"version\":1,\"crew_id\":\"5\"}"},
    {404, "GET", "/api/v1/jobs/77", NULL},
    {422, "GET", "/api/v1/jobs?state=never", NULL},
    {422, "GET", "/api/v1/jobs?crew=someone", NULL},
    {422, "GET", "/api/v1/stock?near=here", NULL},
    {404, "POST", "/api/v1/jobs/77/steps", "{\"step\":\"take\",\"version\":1}"},
    {422, "POST", "/api/v1/jobs/77/steps", "{\"step\":\"take\",\"version\":1,\"fields\":{\"colour\":\"red\"}}"},
    {422, "POST", "/api/v1/jobs/77/materials", "{\"item\":\"x\",\"quantity\":0}"},
    {404, "POST", "/api/v1/crews/77/position", "{\"lon\":1,\"lat\":1}"},
    {422, "POST", "/api/v1/crews/77/position", "{\"lon\":1,\"lat\":91}"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (cases[i].body) http_test_do(test, cases[i].status, cases[i].method, cases[i].target, "%s", cases[i].body);
    else http_test_do(test, cases[i].status, cases[i].method, cases[i].target, NULL);
    assert_true(strlen(http_test_text(test->json, "detail")) > 0);
  }
  close_face(&face);
}

/* What meters and people say, over HTTP: as JSON and as CSV; what may be, whom to ask, what an agent says. */
static void evidence_comes_over_http(void **state) {
  (void)state;
  Face face;
  char path[128], id[24], body[4096], time[INSTANT_TEXT_MAX];
  open_face(&face);
  HttpTest *test = &face.test;
  CustomerId caller = town_customer(&face.town, "10002141");
  instant_to_text(time_now(&test->time), ZONE_SHANGHAI, time);
  http_test_as(test, 2, AGENT, 0);
  http_test_do(test, 403, "POST", "/api/v1/power-events", "{\"items\":[]}");
  http_test_as(test, 2, AGENT | DISPATCHER, 0);
  snprintf(body, sizeof body, "time,kind,subject\n%s,last_gasp,M10002111\n%s,3.26.136.47,M10002121\n%s,last_gasp,M10002131\n%s,last_gasp,M1\nyesterday,last_gasp,M10002141\n", time,
           time, time, time);
  snprintf(test->headers, sizeof test->headers, "Content-Type: text/csv\r\n");
  json_t *reply = http_test_do(test, 200, "POST", "/api/v1/power-events", "%s", body);
  test->headers[0] = 0;
  assert_int_equal(http_test_i64(reply, "taken"), 3);
  assert_int_equal(http_test_i64(reply, "set_aside"), 2);
  assert_string_equal(http_test_text(reply, "items.0.why"), "unknown_subject");
  assert_string_equal(http_test_text(reply, "items.1.why"), "bad_time");
  reply = http_test_do(test, 200, "POST", "/api/v1/power-events", "{\"items\":[{\"time\":\"%s\",\"kind\":\"last_gasp\",\"subject\":\"M10002211\"},{\"time\":\"%s\",\"kind\":\"last_gasp\",\"subject\":\"M10002111\"}]}", time, time);
  assert_int_equal(http_test_i64(reply, "taken"), 1);
  assert_int_equal(http_test_i64(reply, "repeated"), 1);
  http_test_do(test, 422, "POST", "/api/v1/power-events", "{\"things\":[]}");
  keep(id, http_test_do(test, 200, "GET", "/api/v1/outages?state=open", NULL), "items.0.id");
  snprintf(path, sizeof path, "/api/v1/outages/%s", id);
  json_t *page = http_test_do(test, 200, "GET", path, NULL);
  assert_true(json_number_value(http_test_at(page, "belief.probability")) > 0.5);
  assert_string_equal(http_test_text(page, "explanation.for.0.kind"), "last_gasp");
  assert_true(strchr(http_test_text(page, "belief.ask_next.name"), '*') != NULL);
  assert_string_equal(http_test_text(page, "eta.source"), "estimate");
  snprintf(path, sizeof path, "/api/v1/customers/%lld/standing", (long long)caller.value);
  page = http_test_do(test, 200, "GET", path, NULL);
  assert_non_null(strstr(http_test_text(page, "say.en"), "Back at about"));
  assert_non_null(strstr(http_test_text(page, "say.zh"), "左右来电"));
  snprintf(path, sizeof path, "/api/v1/customers/%lld/standing", (long long)town_customer(&face.town, "10005111").value);
  page = http_test_do(test, 200, "GET", path, NULL);
  assert_non_null(strstr(http_test_text(page, "say.en"), "Your neighbours have power"));
  snprintf(path, sizeof path, "/api/v1/customers/%lld/supply", (long long)caller.value);
  assert_int_equal(http_test_i64(http_test_do(test, 200, "POST", path, "{\"has_power\":false}"), "taken"), 1);
  http_test_do(test, 200, "GET", "/api/v1/outages/possible", NULL);
  assert_int_equal(http_test_i64(http_test_do(test, 200, "GET", "/api/v1/outages/estimates", NULL), "estimates"), 0);
  /* the dispatcher knows better, and takes it back */
  char device[24];
  device_id(&face, "T2", device);
  http_test_do(test, 200, "POST", "/api/v1/outages/word", "{\"device_id\":\"%s\",\"word\":\"sound\"}", device);
  http_test_do(test, 200, "POST", "/api/v1/outages/word", "{\"device_id\":\"%s\",\"word\":\"judge\"}", device);
  assert_non_null(town_outage_at(&face.town, "T2"));
  device_id(&face, "T5", device);
  http_test_do(test, 200, "POST", "/api/v1/outages/word", "{\"device_id\":\"%s\",\"word\":\"out\"}", device);
  assert_int_equal(town_outage_at(&face.town, "T5")->state, OUTAGE_CONFIRMED);
  close_face(&face);
}

static void every_route_was_asked(void **state) {
  (void)state;
  http_test_all_answered(outage_routes());
  http_test_all_answered(outage_evidence_routes());
  http_test_all_answered(crew_routes());
  http_test_all_answered(plan_routes());
  http_test_all_answered(roster_routes());
}

TEST_MAIN(TEST(a_fault_goes_round_over_http), TEST(pages_of_a_part_are_full), TEST(half_of_memory_is_nobodys_answer), TEST(what_a_phone_tells_late), TEST(the_dispatcher_decides_and_takes_it_back), TEST(the_plan_is_read_moved_and_accepted), TEST(what_is_wrong_is_named),
          TEST(evidence_comes_over_http), TEST(every_route_was_asked))
