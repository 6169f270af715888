/* Whatever there is to make: each thing by the route its people would use, with the part's word in every text. */
#include "app/rights_world.h"

#include <time.h>

#include "store/db.h"

static json_t *post(World *w, int wanted, const char *path, const char *format, ...) PRINTF_LIKE(4, 5);
static json_t *post(World *w, int wanted, const char *path, const char *format, ...) {
  char body[4096] = "";
  va_list list;
  va_start(list, format);
  vsnprintf(body, sizeof body, format, list);
  va_end(list);
  return world_must(w, w->admin, wanted, "POST", path, "%s", body);
}

static void keep(Part *part, const char *name, json_t *made) {
  if (!thing(part, name, strlen(name))) add_thing(part, name, world_text(made, "id"));
  json_decref(made);
}

static const char *of(const Part *part, const char *name) {
  const char *id = thing(part, name, strlen(name));
  if (!id) fail_msg("%s has no %s", part->name, name);
  return id;
}

/* {…}: the part's own thing of that name. */
static char *path_of(char out[PATH_MOST], const Part *part, const char *name, const char *rest) {
  snprintf(out, PATH_MOST, "/api/v1/%s/%s%s", name, of(part, name), rest);
  return out;
}

static long long version_of(World *w, const char *path) {
  json_t *page = world_must(w, w->admin, 200, "GET", path, "%s", "");
  long long version = json_integer_value(json_object_get(page, "version"));
  json_decref(page);
  return version;
}

static json_t *fault(World *w, const Part *part, int house, const char *what) {
  return post(w, 201, "/api/v1/orders",
              "{\"kind\":\"fault_repair\",\"customer_id\":\"%s\",\"caller_phone\":\"%s\",\"caller_name\":\"%s\",\"what\":\"%s\",\"description\":\"%s\",\"urgency\":0,\"source\":\"hotline\"}",
              part->house[house].id, part->house[house].phone, part->word, what, part->word);
}

static void make_people(World *w, Part *part) {
  char path[PATH_MOST], token[128];
  snprintf(path, sizeof path, "/api/v1/customers/%s", part->house[0].id);
  json_decref(world_must(w, w->admin, 200, "PATCH", path, "{\"reason\":\"moved\",\"name\":\"%s\",\"address\":\"%s 7\"}", part->word, part->word));
  json_t *person = post(w, 201, "/api/v1/staff", "{\"name\":\"%s.one\",\"full_name\":\"%s\",\"roles\":[\"agent\",\"dispatcher\",\"manager\"],\"org_id\":\"%s\"}", part->word, part->word, part->id);
  snprintf(path, sizeof path, "%s.one", part->word);
  world_sign_in(w, token, path, world_text(person, "password"));
  keep(part, "staff", person);
  keep(part, "orders.nobodys", world_must(w, token, 201, "POST", "/api/v1/orders",
                                          "{\"kind\":\"enquiry\",\"caller_name\":\"%s\",\"caller_phone\":\"13911112222\",\"description\":\"%s\",\"fields\":{\"topic\":\"%s\",\"description\":\"%s\"}}",
                                          part->word, part->word, part->word, part->word));
  keep(part, "attachments.loose", world_send(w, token, "POST", "/api/v1/attachments", "application/octet-stream", "%PDF-1.4\n1 0 obj\n%%EOF\n"));
  snprintf(path, sizeof path, "/api/v1/customers/%s/erasure", part->house[7].id);
  keep(part, "erasures", post(w, 201, path, "{\"reason\":\"%s\"}", part->word));
  json_decref(post(w, 200, "/api/v1/arrears", "customer_number,owed_fen,as_of\n%s,1200,2026-01-05\n", part->house[1].number));
}

/* One that waits for a crew, one that has one. */
static void make_outages(World *w, Part *part) {
  char path[PATH_MOST], text[64];
  json_t *order = fault(w, part, 0, "no_power");
  add_thing(part, "order_numbers", world_text(order, "number"));
  keep(part, "orders", order);
  json_t *outage = post(w, 201, "/api/v1/outages", "{\"device_id\":\"%s\",\"cause\":\"%s\"}", part->house[0].device, part->word);
  snprintf(text, sizeof text, "%s", world_text(outage, "id"));
  add_thing(part, "outages", text), add_thing(part, "tasks", text);
  json_decref(outage);
  path_of(path, part, "outages", "");
  long long version = version_of(w, path);
  keep(part, "jobs", post(w, 201, path_of(path, part, "outages", "/assign"), "{\"crew_id\":\"%s\",\"version\":%lld}", of(part, "crews"), version));
  json_t *needs = post(w, 200, path_of(path, part, "jobs", "/needs"), "%s", "{\"members\":1}"), *stock = world_must(w, w->admin, 200, "GET", "/api/v1/stock", "%s", "");
  add_thing(part, "errands", world_text(needs, "task_id"));
  json_decref(post(w, 200, path_of(path, part, "jobs", "/materials"), "{\"item\":\"%s\",\"quantity\":1}", world_text(json_array_get(json_object_get(stock, "items"), 0), "item")));
  json_decref(needs), json_decref(stock);
  outage = post(w, 201, "/api/v1/outages", "{\"device_id\":\"%s\",\"cause\":\"%s\"}", part->house[6].device, part->word);
  add_thing(part, "outages.waiting", world_text(outage, "id"));
  json_decref(outage);
  add_thing(part, "numbers.free", part->house[6].number);
  add_thing(part, "devices.free", part->house[5].device), add_thing(part, "devices.spare", part->house[1].device);
}

/* One that is over, a visit that is over, an order that waits for its call-back, one that was answered by link and is over. */
static void make_past(World *w, Part *part) {
  char path[PATH_MOST], order[2][32], outage[32], token[128];
  for (int i = 0; i < 2; i++) {
    json_t *made = fault(w, part, 2 + i, "voltage"), *declared = post(w, 201, "/api/v1/outages", "{\"device_id\":\"%s\"}", part->house[2 + i].device);
    snprintf(order[i], sizeof order[i], "%s", world_text(made, "id"));
    snprintf(outage, sizeof outage, "%s", world_text(declared, "id"));
    json_decref(made), json_decref(declared);
    snprintf(path, sizeof path, "/api/v1/outages/%s", outage);
    long long version = version_of(w, path);
    snprintf(path, sizeof path, "/api/v1/outages/%s/restore", outage);
    json_decref(post(w, 200, path, "{\"version\":%lld}", version));
    snprintf(path, sizeof path, "/api/v1/orders/%s", order[i]);
    version = version_of(w, path);
    snprintf(path, sizeof path, "/api/v1/orders/%s/steps", order[i]);
    json_decref(post(w, 200, path, "{\"step\":\"restore\",\"version\":%lld}", version));
  }
  add_thing(part, "orders.called", order[1]);
  snprintf(path, sizeof path, "/api/v1/orders/%s/survey-links", order[0]);
  json_t *link = post(w, 201, path, "%s", "");
  snprintf(token, sizeof token, "%s", world_text(link, "token"));
  json_decref(link);
  snprintf(path, sizeof path, "/api/v1/survey/%s", token);
  json_decref(post(w, 200, path, "{\"answer\":\"satisfied\",\"note\":\"%s\"}", part->word));
}

#define COMPLAINT \
  "{\"kind\":\"complaint\",\"customer_id\":\"%s\",\"caller_name\":\"%s\",\"what\":\"service\",\"description\":\"%s\",\"fields\":{\"what\":\"service\",\"description\":\"%s\"}}"

static void make_orders(World *w, Part *part) {
  char path[PATH_MOST];
  json_t *made = post(w, 201, "/api/v1/orders", COMPLAINT, part->house[4].id, part->word, part->word, part->word);
  long long version = json_integer_value(json_object_get(made, "version"));
  add_thing(part, "orders.handed", world_text(made, "id"));
  json_decref(made);
  path_of(path, part, "orders.handed", "");
  snprintf(path, sizeof path, "/api/v1/orders/%s/steps", of(part, "orders.handed"));
  json_decref(post(w, 200, path, "{\"step\":\"transfer\",\"version\":%lld,\"fields\":{\"org\":\"%s\",\"staff\":\"%s\",\"note\":\"%s\"}}", version, part->grid, of(part, "staff"), part->word));
  for (int i = 0; i < 2; i++) {
    made = i ? post(w, 201, "/api/v1/orders", COMPLAINT, part->house[5].id, part->word, part->word, part->word) : fault(w, part, 5, "voltage");
    add_thing(part, i ? "orders.second" : "orders.plain", world_text(made, "id"));
    json_decref(made);
  }
  snprintf(path, sizeof path, "/api/v1/attachments?order=%s", of(part, "orders"));
  json_t *file = world_send(w, w->admin, "POST", path, "application/octet-stream", "%PDF-1.4\n1 0 obj\n%%EOF\n");
  assert_int_equal(w->status, 201);
  keep(part, "attachments", file);
}

static void make_group(World *w, Part *part) {
  char path[PATH_MOST];
  keep(part, "groups", post(w, 201, "/api/v1/groups", "{\"name\":\"%s\",\"org_id\":\"%s\"}", part->word, part->grid));
  keep(part, "group-messages", post(w, 201, path_of(path, part, "groups", "/messages"), "{\"body\":\"%s: no power here\"}", part->word));
  json_t *picture = world_send(w, w->admin, "POST", path_of(path, part, "groups", "/pictures"), "application/octet-stream", "%PDF-1.4\n1 0 obj\n%%EOF\n");
  assert_int_equal(w->status, 201);
  keep(part, "pictures", picture);
}

/* Four quarter-hours of too low a voltage, and what a wrong clock sent. */
static void make_readings(World *w, Part *part) {
  Buffer csv;
  time_t now = time(NULL), quarter = now - now % 900 - 6 * 900 + 8 * 3600;
  struct tm local;
  buffer_begin(&csv, 0);
  buffer_string(&csv, "meter,area,time,voltage_a\n");
  for (int i = 0; i < 6; i++) {
    time_t at = quarter + i * 900;
    gmtime_r(&at, &local);
    for (int h = 0; h < part->houses; h++)
      buffer_format(&csv, "%s,%s,%04d-%02d-%02d %02d:%02d,180.%d\n", part->house[h].meter, part->house[h].area_code, local.tm_year + 1900, local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, h);
  }
  buffer_format(&csv, "%s,%s,never,1\n", part->house[0].meter, part->house[0].area_code);
  json_t *said = post(w, 200, "/api/v1/readings", "%.*s", (int)csv.len, csv.at);
  json_decref(said);
  buffer_end(&csv);
}

static void make_plans(World *w, Part *part) {
  char month[16], path[PATH_MOST];
  time_t now = time(NULL) + 8 * 3600;
  struct tm local;
  gmtime_r(&now, &local);
  snprintf(month, sizeof month, "%04d-%02d", (local.tm_year + 1900) % 10000, (local.tm_mon + 1) % 100);
  keep(part, "rounds", post(w, 200, "/api/v1/rounds", "{\"name\":\"%s\",\"from_day\":20990101,\"until_day\":20990102,\"windows\":[{\"from\":480,\"until\":600}],\"minutes\":10,\"device_ids\":[\"%s\"]}", part->word,
                            part->house[0].device));
  json_decref(post(w, 200, "/api/v1/roster", "{\"crew_id\":\"%s\",\"day\":20990105,\"duty\":\"standby\",\"from\":0,\"until\":600}", of(part, "crews")));
  json_decref(post(w, 201, "/api/v1/visits/months", "{\"month\":\"%s\",\"org_id\":\"%s\"}", month, part->grid));
  snprintf(path, sizeof path, "/api/v1/visits/plan?manager=%s&month=%s", part->grid, month);
  json_t *plan = world_must(w, w->admin, 200, "GET", path, "%s", "");
  add_thing(part, "planned", world_text(json_array_get(json_object_get(plan, "items"), 0), "customer_id"));
  add_thing(part, "planned.next", world_text(json_array_get(json_object_get(plan, "items"), 1), "customer_id"));
  json_decref(plan);
  json_decref(post(w, 200, "/api/v1/visits/marks", "{\"customer_id\":\"%s\",\"month\":\"%s\",\"org_id\":\"%s\",\"result\":\"visited\",\"note\":\"%s\"}", of(part, "planned"), month, part->grid, part->word));
  json_t *cut = post(w, 201, "/api/v1/visits/cuts", "%s", "{\"keep\":\"none\"}");
  keep(part, "cuts", cut);
}

static void make_evidence(World *w, Part *part) {
  char when[32];
  time_t now = time(NULL) - 60;
  struct tm utc;
  gmtime_r(&now, &utc);
  strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
  json_t *said = post(w, 200, "/api/v1/power-events", "{\"items\":[{\"time\":\"%s\",\"kind\":\"last_gasp\",\"subject\":\"%s\"}]}", when, part->house[5].meter);
  assert_int_equal(json_integer_value(json_object_get(said, "taken")), 1);
  json_decref(said);
}

/* What time alone would make: a promise broken, a reward paid, a meter that voltage puts elsewhere. Rows as the rooms write them. */
static void plant(World *w, Part *part) {
  char sql[1200];
  Db *db;
  Error error = {0};
  long long now = (long long)time(NULL) * 1000000, id = 3000000000000000000 + (part == &w->theirs) * 10;
  snprintf(sql, sizeof sql,
           "INSERT INTO supply_stray (county_id, id, customer_id, from_device_id, to_device_id, phases, confidence, days, found_at, state) VALUES (1, %lld, %s, %s, %s, 1, 900, 14, %lld, 0);"
           "INSERT INTO fund_entry (county_id, id, at, order_id, amount_fen, balance_fen, note) VALUES (1, %lld, %lld, %s, 0, 0, NULL);"
           "INSERT INTO order_clock (county_id, order_id, clock, run, promise, promise_version, org_id, area, started_at, ended_at, used, limit_us, kept)"
           " VALUES (1, %s, 'arrive', 9, '%s', '1', %s, 0, %lld, %lld, 7200000000, 3600000000, 0)",
           id, part->house[0].id, part->house[0].area, part->house[1].area, now, id + 1, now, of(part, "orders"), of(part, "orders"), of(part, "promises"), part->grid, now - 7200000000, now);
  assert_ok(db_open(&db, w->store, DB_WRITE, &error), &error);
  assert_ok(db_begin(db, &error), &error);
  assert_ok(db_run(db, sql, &error), &error);
  assert_ok(db_commit(db, &error), &error);
  db_close(db);
  snprintf(sql, sizeof sql, "%lld", id);
  add_thing(part, "strays", sql);
}

void make_things(World *w, Part *part) {
  make_people(w, part);
  make_outages(w, part);
  make_past(w, part);
  make_orders(w, part);
  make_group(w, part);
  make_readings(w, part);
  make_evidence(w, part);
  make_plans(w, part);
  add_thing(part, "remedies", "0");  /* the area is refused before it is computed */
  plant(w, part);
}
