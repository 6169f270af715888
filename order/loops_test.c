/* Every kind of order, driven over HTTP from accepted to its end, along every step and branch people can take, each tried first by every
 * role that may not, in both languages; and the figures equal to what the test counted itself. The table is the rules: a new kind is driven without a new line
 * here. */
#include "grid/testing.h"
#include "http/testing.h"
#include "order/order_page.h"

enum { WHO_ASKS = 7, WHO_GRANTS = 8, EVERYONE = 63, ROLES = 8 /* security and auditor take no step of an order */, ORDERS_A_KIND = 60, STEPS_AN_ORDER = 40 };

typedef struct Loops {
  HttpTest test;
  Grid *grid;
  People *people;
  Orders *orders;
  int64_t county, customer;
  int customers;
  bool step_done[KIND_STEPS_MAX], branch_done[KIND_EVENTS_MAX], refused[KIND_STEPS_MAX];
  int64_t accepted, archived, refusals, taken[KIND_STEPS_MAX];
} Loops;

/* Nobody is number 404. */
static bool known(void *self, bool staff, int64_t id, int64_t org_id) { return (void)self, (void)staff, (void)org_id, id != 404; }
static StaffId staff_of(void *self, int64_t org_id, uint32_t role) { return (void)self, (void)org_id, (StaffId){900 + role}; }

static void open_loops(Loops *loops) {
  Error error = {0};
  HttpTest *test = &loops->test;
  http_test_open(test);
  testing_county(test->db, 1, time_now(&test->time), NULL);
  http_test_end(test);
  http_test_begin(test);
  assert_ok(grid_open(&loops->grid, test->db, 1, &error), &error);
  assert_ok(people_open(&loops->people, test->db, loops->grid, 1, &error), &error);
  assert_ok(order_open(&loops->orders, test->desk, test->db, loops->grid, loops->people, NULL, &error), &error);
  order_on_staff(loops->orders, staff_of, NULL);
  order_on_known(loops->orders, known, NULL);
  assert_ok(order_add_routes(test->http, loops->orders, &error), &error);
  http_test_start(test);
  for (size_t i = 0; i < people_org_count(loops->people); i++)
    if (text_is(people_org(loops->people, i)->code, "C1")) loops->county = people_org(loops->people, i)->id;
}

static void close_loops(Loops *loops) {
  char problem[ERROR_TEXT_MAX];
  Error error = {0};
  desk_read_begin(loops->test.desk);
  assert_ok(order_check(loops->orders, http_test_reader(&loops->test), problem, &error), &error);
  desk_read_end(loops->test.desk);
  assert_string_equal(problem, "");
  http_test_close(&loops->test);
  order_close(loops->orders);
  people_close(loops->people);
  grid_close(loops->grid);
}

static void as(Loops *loops, int64_t staff, uint32_t roles) { http_test_as(&loops->test, staff, roles & EVERYONE, loops->county); }

/* A new customer each time: no order meets another's. */
static int64_t next_customer(Loops *loops) {
  Customer customer;
  people_customer(loops->people, (uint32_t)(loops->customers++ % (int)people_customer_count(loops->people)), &customer);
  return loops->customer = customer.id.value;
}

static void upload(Loops *loops, char id[32]) {
  HttpTest *test = &loops->test;
  snprintf(test->headers, sizeof test->headers, "Content-Type: application/octet-stream\r\n");
  snprintf(id, 32, "%s", http_test_text(http_test_do(test, 201, "POST", "/api/v1/attachments", "%%PDF-1.4\n1 0 obj\n%%%%EOF\n"), "id"));
  test->headers[0] = '\0';
}

/* --- forms: a value that fits, whatever the field --- */

static json_t *value_for(Loops *loops, const KindField *field, Text wanted) {
  char id[32];
  switch ((KindFieldType)field->type) {
    case FIELD_TEXT:
      return json_string(field->least > 4 ? "202611" : "甲乙丙丁");
    case FIELD_NOTE:
      return json_string("经核实, 已按规定处理");
    case FIELD_CHOICE:
      return wanted.at ? json_stringn(wanted.at, wanted.len) : json_string(field->choices[0].id);
    case FIELD_CHOICES:
      return json_pack("[s]", field->choices[0].id);
    case FIELD_TIME:
      return json_string("2026-11-21T20:00:00+08:00");
    case FIELD_DATE:
      return json_string("2026-12-31");
    case FIELD_BOOL:
      return json_boolean(!text_is(wanted, "no"));
    case FIELD_NUMBER:
      return json_real(field->least > 1 ? field->least : field->most < 1 ? field->most : 1);
    case FIELD_WHOLE:
    case FIELD_MONEY:
      return json_integer(field->least > 1 ? (json_int_t)field->least : 1);
    case FIELD_PHONE:
      return json_string("13900000000");
    case FIELD_FILE:
      upload(loops, id);
      return json_string(id);
    case FIELD_ORG:
      snprintf(id, sizeof id, "%lld", (long long)loops->county);
      return json_string(id);
    case FIELD_CREW:
    case FIELD_STAFF:
    case FIELD_ORDER:
    case FIELD_OUTAGE:
    case FIELD_CUSTOMER:
      return json_string("31");
  }
  return NULL;
}

static json_t *form_for(Loops *loops, const KindField *fields, size_t count, int branch_field, Text is, bool all) {
  json_t *values = json_object();
  for (size_t i = 0; i < count; i++) {
    bool speaks = fields[i].when_field < 0 || form_says(values, &fields[fields[i].when_field], fields[i].when_is);
    if (!speaks || !(fields[i].required || all || (int)i == branch_field)) continue;
    if (text_is(fields[i].id, "what") || text_is(fields[i].id, "description")) continue; /* said beside the form */
    json_object_set_new(values, fields[i].id.at, value_for(loops, &fields[i], (int)i == branch_field ? is : TEXT_NONE));
  }
  return values;
}

static OrderId open_order(Loops *loops, const OrderKind *kind) {
  Text what = TEXT_NONE;
  for (size_t i = 0; i < kind->form_count; i++)
    if (text_is(kind->form[i].id, "what")) what = text_of(kind->form[i].choices[0].id);
  as(loops, WHO_ASKS, kind->opened_by);
  json_t *fields = form_for(loops, kind->form, kind->form_count, -1, TEXT_NONE, true);
  char *words = json_dumps(fields, JSON_COMPACT);
  char about[64] = "";
  if (what.at) snprintf(about, sizeof about, "\"what\":\"%.*s\",", TEXT_ARG(what));
  json_t *order = http_test_do(&loops->test, 201, "POST", "/api/v1/orders",
                               "{\"kind\":\"%s\",\"customer_id\":\"%lld\",%s\"description\":\"内容\",\"fields\":%s}", kind->origin.id.at,
                               (long long)next_customer(loops), about, words);
  OrderId id = {http_test_i64(order, "id")};
  free(words);
  json_decref(fields);
  loops->accepted++;
  return id;
}

static const Order *look(Loops *loops, OrderId id) { /* the desk is quiet between two requests of this test */
  return order_find(loops->orders, id);
}

static int http_step(Loops *loops, OrderId id, const KindStep *step, const KindBranch *branch, int64_t staff, uint32_t roles, int expect) {
  char path[96];
  const Order *order = look(loops, id);
  bool all = step->effect != EFFECT_FILL_IN;
  json_t *fields = form_for(loops, step->fields, step->field_count, branch ? branch->field : -1, branch ? branch->is : TEXT_NONE, all);
  if (step->effect == EFFECT_FILL_IN && step->field_count)
    json_object_set_new(fields, step->fields[0].id.at, value_for(loops, &step->fields[0], TEXT_NONE));
  char *words = json_dumps(fields, JSON_COMPACT);
  snprintf(path, sizeof path, "/api/v1/orders/%lld/steps", (long long)id.value);
  as(loops, staff, roles);
  http_test_do(&loops->test, expect, "POST", path, "{\"step\":\"%s\",\"version\":%d,\"fields\":%s}", step->id.at, order->version, words);
  free(words);
  json_decref(fields);
  return loops->test.reply.status;
}

/* --- choosing the way: what was not taken yet, else towards the end --- */

static int branch_to(const KindStep *step, const KindBranch *branch) { return branch && branch->to >= 0 ? branch->to : step->to; }

/* Steps nobody takes by hand: others bring them about. */
static bool by_others(const KindStep *step) {
  return !(step->roles & EVERYONE) || step->effect == EFFECT_MERGE || step->effect == EFFECT_UNMERGE || step->effect == EFFECT_MAIN_DONE;
}

static bool fresh_at(const Loops *loops, const OrderKind *kind, size_t state) {
  for (size_t i = 0; i < kind->step_count; i++) {
    const KindStep *step = &kind->steps[i];
    if (!(step->from >> state & 1) || by_others(step)) continue;
    if (!loops->step_done[i]) return true;
    for (size_t b = 0; b < step->branch_count; b++)
      if (!loops->branch_done[step->branches[b].event]) return true;
  }
  return false;
}

/* How many steps from each state to one where something was not taken yet; when all was, to the end. */
static void distances(const Loops *loops, const OrderKind *kind, bool finish, int out[KIND_STATES_MAX]) {
  bool any = false;
  for (size_t s = 0; !finish && s < kind->state_count; s++) any |= fresh_at(loops, kind, s);
  for (size_t s = 0; s < kind->state_count; s++) out[s] = (any ? fresh_at(loops, kind, s) : kind->states[s].final) ? 0 : 1000;
  for (size_t round = 0; round < kind->state_count; round++)
    for (size_t i = 0; i < kind->step_count; i++)
      for (size_t from = 0; from < kind->state_count; from++) {
        const KindStep *step = &kind->steps[i];
        if (!(step->from >> from & 1) || step->effect == EFFECT_LINK || step->effect == EFFECT_CALL_AGAIN || step->effect == EFFECT_MERGE)
          continue;
        for (size_t b = 0; b < (step->branch_count ? step->branch_count : 1); b++) {
          int to = branch_to(step, step->branch_count ? &step->branches[b] : NULL);
          if (to >= 0 && out[to] + 1 < out[from]) out[from] = out[to] + 1;
        }
      }
}

typedef struct Choice {
  const KindStep *step;
  const KindBranch *branch;
} Choice;

static bool choose(Loops *loops, const Order *order, bool finish, const int *distance, Choice *out) {
  const OrderKind *kind = order->kind;
  int best = INT32_MAX;
  for (size_t i = 0; i < kind->step_count; i++) {
    const KindStep *step = &kind->steps[i];
    if (!order_may_take(order, step, EVERYONE) || step->effect == EFFECT_MERGE) continue;
    if (step->waits && order->children) continue;
    if (finish && step->opens.at) continue;
    for (size_t b = 0; b < (step->branch_count ? step->branch_count : 1); b++) {
      const KindBranch *branch = step->branch_count ? &step->branches[b] : NULL;
      if (branch && branch->after && order->callback_tries + 1 < branch->after) continue;
      if (branch && branch->try && order->callback_tries + 1 >= 3) continue;
      if (branch && branch->all & ~order->done) continue;
      if (branch && !branch->all && branch->field < 0 && b > 0 && !(step->branches[0].all & ~order->done)) continue;
      bool fresh = branch ? !loops->branch_done[branch->event] : !loops->step_done[i];
      for (size_t t = 0; branch && branch->try && t < step->branch_count; t++) /* so many tries lead to one */
        fresh |= step->branches[t].after > order->callback_tries + 1 && !loops->branch_done[step->branches[t].event];
      for (size_t t = 0; !branch && t < kind->step_count; t++) /* asks for one that was not taken yet */
        fresh |=
            !(order->done >> i & 1) && kind->steps[t].needs == (int)i && !loops->step_done[t] && kind->steps[t].from >> order->state & 1;
      for (size_t t = 0; !branch && t < kind->step_count; t++) /* another waits for this one */
        fresh |= !(order->ever >> i & 1) && kind->steps[t].after >> i & 1 && kind->steps[t].from >> order->state & 1;
      int to = branch_to(step, branch), cost = to >= 0 ? 10 * distance[to] + 2 : 15000;

      if (step->once) cost = -10;
      if (branch && !branch->all && step->branches[0].all && !loops->branch_done[step->branches[0].event])
        cost += 5;                                 /* keep it for the last */
      if (step->effect == EFFECT_RESUME) cost = 0; /* nothing else goes on */
      if (fresh && !finish) cost -= 20000;
      if (!fresh && step->times) continue;
      if (cost >= best) continue;
      best = cost;
      *out = (Choice){step, branch};
    }
  }
  return best != INT32_MAX;
}

static void expect_in_detail(Loops *loops, const OrderKind *kind, Text words) {
  const char *detail = http_test_text(loops->test.json, "detail");
  if (text_find(text_of(detail), words) < 0) fail_msg("%s: '%s' does not say '%.*s'", kind->origin.id.at, detail, TEXT_ARG(words));
}

/* A step by somebody who may not: the reason in the reader's language, and nothing has changed. */
static void refuse(Loops *loops, const Order *order, const KindStep *step, unsigned role, bool english) {
  static const char *const ENGLISH[] = {"agent", "dispatcher", "crew", "manager", "head", "administrator"};
  static const char *const CHINESE[] = {"客服代表", "调度员", "抢修人员", "客户经理", "负责人", "管理员"};
  char path[96];
  int32_t version = order->version;
  snprintf(path, sizeof path, "/api/v1/orders/%lld/steps", (long long)order->id.value);
  snprintf(loops->test.headers, sizeof loops->test.headers, "Accept-Language: %s\r\n", english ? "en" : "zh-CN");
  http_test_as(&loops->test, WHO_ASKS, 1u << role, loops->county);
  http_test_do(&loops->test, 403, "POST", path, "{\"step\":\"%s\",\"version\":%d}", step->id.at, version);
  loops->test.headers[0] = '\0';
  assert_string_equal(http_test_text(loops->test.json, "code"), "ORDER_STEP_ROLE");
  expect_in_detail(loops, order->kind, english ? step->name_en : step->name_zh);
  for (unsigned needed = 0; needed < sizeof CHINESE / sizeof *CHINESE; needed++)
    if (step->roles >> needed & 1) expect_in_detail(loops, order->kind, text_of((english ? ENGLISH : CHINESE)[needed]));
  assert_int_equal(look(loops, order->id)->version, version);
}

/* Every step that is possible now and was not refused yet: each role that may not, in both languages. What only happens by itself is refused
 * to everybody. */
static void try_refusals(Loops *loops, const Order *order) {
  for (size_t i = 0; i < order->kind->step_count; i++) {
    const KindStep *step = &order->kind->steps[i];
    if (loops->refused[i] || !order_can_now(order, step, EVERYONE)) continue;
    loops->refused[i] = true;
    for (unsigned role = 0; role < ROLES; role++)
      for (int english = 0; english < 2 && !(step->roles >> role & 1); english++, loops->refusals++) refuse(loops, order, step, role, english);
  }
}

static void drive(Loops *loops, OrderId id, bool finish);

/* Orders that came of this one are driven to their end, so that it goes on. */
static void drive_children(Loops *loops, OrderId parent) {
  for (int n = 0; n < 8; n++) {
    OrderId child = {0};
    for (size_t i = 0; i < order_count(loops->orders); i++)
      if (order_at(loops->orders, i)->parent.value == parent.value) child = order_at(loops->orders, i)->id;
    if (!child.value) return;
    Loops saved = *loops; /* a child's steps are not this kind's */
    drive(loops, child, true);
    int64_t keys = loops->test.keys;
    memcpy(loops->step_done, saved.step_done, sizeof saved.step_done);
    memcpy(loops->branch_done, saved.branch_done, sizeof saved.branch_done);
    memcpy(loops->refused, saved.refused, sizeof saved.refused);
    memcpy(loops->taken, saved.taken, sizeof saved.taken);
    loops->archived = saved.archived;
    loops->refusals = saved.refusals;
    loops->test.keys = keys;
  }
}

static void note(Loops *loops, const OrderKind *kind, const KindStep *step) {
  loops->step_done[step - kind->steps] = true;
  loops->taken[step - kind->steps]++;
}

static void drive(Loops *loops, OrderId id, bool finish) {
  int distance[KIND_STATES_MAX];
  const OrderKind *kind = look(loops, id)->kind;
  for (int n = 0; n < 3 * STEPS_AN_ORDER; n++) {
    const Order *order = look(loops, id);
    Choice choice;
    if (!order) break;
    distances(loops, kind, finish || n > STEPS_AN_ORDER, distance);
    if (order->children) {
      drive_children(loops, id);
      if (!(order = look(loops, id))) break;
    }
    if (!choose(loops, order, finish || n > STEPS_AN_ORDER, distance, &choice))
      fail_msg("%s: nothing can be done in state %s", kind->origin.id.at, kind->states[order->state].id.at);
    const KindStep *step = choice.step;
    if (!finish) try_refusals(loops, order);
    time_virtual(&loops->test.time, time_now(&loops->test.time) + SPAN_MINUTE);
    int64_t staff = WHO_ASKS + (step->other_than >= 0); /* two persons */
    if (!finish && step->other_than >= 0 && !loops->step_done[step - kind->steps]) {
      http_step(loops, id, step, choice.branch, WHO_ASKS + (kind->steps[step->other_than].other_than >= 0), EVERYONE, 403);
      assert_string_equal(http_test_text(loops->test.json, "code"), "ORDER_SAME_PERSON");
    }
    if (step->other_than >= 0 && kind->steps[step->other_than].other_than >= 0) staff = 9;
    http_step(loops, id, step, choice.branch, staff, step->roles, 200);
    note(loops, kind, step);
    if (choice.branch) loops->branch_done[choice.branch->event] = true;
    int then = choice.branch && choice.branch->then >= 0 ? choice.branch->then : step->then;
    if (then >= 0) note(loops, kind, &kind->steps[then]);
  }
  assert_null(look(loops, id));
  loops->archived++;
}

/* --- figures --- */

static const json_t *figure(Loops *loops, const OrderKind *kind, const char *id) {
  char path[128];
  snprintf(path, sizeof path, "/api/v1/orders/figures?kind=%s&from=2026-11-01&to=2026-12-31", kind->origin.id.at);
  as(loops, WHO_ASKS, KIND_ROLE_HEAD);
  json_t *reply = http_test_do(&loops->test, 200, "GET", path, NULL);
  const json_t *items = json_object_get(reply, "items"), *all = json_object_get(json_array_get(items, 0), "figures");
  for (size_t i = 0; i < json_array_size(all); i++)
    if (strcmp(http_test_text(json_array_get(all, i), "id"), id) == 0) return json_array_get(all, i);
  return NULL;
}

static void check_figures(Loops *loops, const OrderKind *kind) {
  assert_int_equal(http_test_i64(figure(loops, kind, "accepted"), "n"), loops->accepted);
  assert_int_equal(http_test_i64(figure(loops, kind, "archived"), "n"), loops->archived);
  for (size_t c = 0; c < kind->count_count; c++) {
    const KindCount *count = &kind->counts[c];
    if (count->field >= 0) continue;
    const json_t *sum = figure(loops, kind, count->id.at);
    if ((sum ? http_test_i64(sum, "n") : 0) != loops->taken[count->step])
      fail_msg("%s: figure %s is %lld, taken %lld times", kind->origin.id.at, count->id.at, sum ? (long long)http_test_i64(sum, "n") : 0LL,
               (long long)loops->taken[count->step]);
  }
}

static void every_kind_goes_round(void **state) {
  (void)state;
  static Loops loops;
  loops = (Loops){.county = 0};
  open_loops(&loops);
  as(&loops, WHO_ASKS, KIND_ROLE_HEAD);
  http_test_do(&loops.test, 200, "POST", "/api/v1/fund", "{\"amount_fen\":100000000,\"note\":\"年度奖励\"}");
  size_t kinds = book_kind_count(loops.orders->book), steps = 0;
  assert_true(kinds >= 28);
  for (size_t k = 0; k < kinds; k++) {
    const OrderKind *kind = book_kind(loops.orders->book, k);
    memset(loops.step_done, 0, sizeof loops.step_done), memset(loops.branch_done, 0, sizeof loops.branch_done);
    memset(loops.refused, 0, sizeof loops.refused), memset(loops.taken, 0, sizeof loops.taken);
    /* orders of this kind may have come of others before */
    const json_t *was = figure(&loops, kind, "accepted");
    loops.accepted = was ? http_test_i64(was, "n") : 0;
    was = figure(&loops, kind, "archived");
    loops.archived = was ? http_test_i64(was, "n") : 0;
    bool came_before = loops.accepted > 0;
    bool more = true;
    for (int n = 0; more && n < ORDERS_A_KIND; n++) {
      drive(&loops, open_order(&loops, kind), false);
      more = false;
      for (size_t s = 0; s < kind->step_count; s++) {
        const KindStep *step = &kind->steps[s];
        if (by_others(step)) continue;
        more |= !loops.step_done[s];
        for (size_t b = 0; b < step->branch_count; b++) more |= !loops.branch_done[step->branches[b].event];
      }
    }
    for (size_t s = 0; s < kind->step_count; s++) {
      const KindStep *step = &kind->steps[s];
      if (by_others(step)) continue;
      if (!loops.step_done[s]) fail_msg("%s: step %s was never taken", kind->origin.id.at, step->id.at);
      for (size_t b = 0; b < step->branch_count; b++)
        if (!loops.branch_done[step->branches[b].event])
          fail_msg("%s: branch %s.%s was never taken", kind->origin.id.at, step->id.at, step->branches[b].id.at);
      bool follows = false; /* by itself: nobody gets to it */
      for (size_t t = 0; t < kind->step_count; t++) {
        follows |= kind->steps[t].then == (int)s;
        for (size_t b = 0; b < kind->steps[t].branch_count; b++) follows |= kind->steps[t].branches[b].then == (int)s;
      }
      if (!follows && !loops.refused[s]) fail_msg("%s: step %s was never refused", kind->origin.id.at, step->id.at);
      steps++;
    }
    if (!came_before) check_figures(&loops, kind);
  }
  assert_true(steps > 300 && loops.refusals > 10 * (int64_t)steps);
  close_loops(&loops);
}

/* Who and what a form names must be there; what is shown of it is its name. */
static void what_a_form_names_is_there(void **state) {
  (void)state;
  static const struct {
    const char *step, *fields, *where;
  } CASES[] = {{"hand_over", "{\"staff\":\"404\"}", "$.fields.staff"},
               {"dispatch", "{\"crew\":\"404\"}", "$.fields.crew"},
               {"transfer", "{\"org\":\"404\"}", "$.fields.org"}};
  static Loops loops;
  loops = (Loops){.county = 0};
  open_loops(&loops);
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    const OrderKind *kind = book_kind_of(loops.orders->book, i == 2 ? TEXT("opinion") : TEXT("fault_repair"));
    char path[96], staff[32];
    OrderId id = open_order(&loops, kind);
    snprintf(path, sizeof path, "/api/v1/orders/%lld/steps", (long long)id.value);
    as(&loops, WHO_ASKS, EVERYONE);
    http_test_do(&loops.test, 404, "POST", path, "{\"step\":\"%s\",\"version\":1,\"fields\":%s}", CASES[i].step, CASES[i].fields);
    assert_string_equal(http_test_text(loops.test.json, "where"), CASES[i].where);
    assert_int_equal(look(&loops, id)->version, 1);
    if (i != 2) continue;
    snprintf(staff, sizeof staff, "%lld", (long long)loops.county);
    http_test_do(&loops.test, 200, "POST", path, "{\"step\":\"transfer\",\"version\":1,\"fields\":{\"org\":\"%s\"}}", staff);
    snprintf(path, sizeof path, "/api/v1/orders/%lld", (long long)id.value);
    const json_t *names = http_test_at(http_test_do(&loops.test, 200, "GET", path, NULL), "names");
    assert_true(json_string_length(json_object_get(names, staff)) > 0);
  }
  close_loops(&loops);
}

/* To whom a new order is given by its route stands in its row from the first moment: else nobody would have it after a restart. */
static void who_is_given_it_stands_in_the_row(void **state) {
  (void)state;
  static Loops loops;
  int given = 0;
  loops = (Loops){.county = 0};
  open_loops(&loops);
  for (size_t k = 0; k < book_kind_count(loops.orders->book); k++) given += look(&loops, open_order(&loops, book_kind(loops.orders->book, k)))->assignee.value > 900;
  assert_true(given > 5);
  close_loops(&loops); /* asks the books */
}

TEST_MAIN(TEST(every_kind_goes_round), TEST(what_a_form_names_is_there), TEST(who_is_given_it_stands_in_the_row))
