/* What a body names: each field of each route that is the id or number of something is given theirs, in a body that is taken with ours in its place.
 * It must be refused, and nothing may have changed. A field of openapi.json that no row here tries is a failure. */
#include "app/rights_test.h"

#include <time.h>

#include "store/db.h"

/* @thing@ is what is tried: theirs, and then ours; <thing> ours; # the version of what stands in the path; $M this month, $D this day, $T this minute.
 * `{…}` of the path are ours. */
static const struct {
  const char *method, *route, *field, *body;
  const char *path; /* NULL: the route with ours in it */
} CASES[] = {
    {"POST", "/api/v1/orders", "customer_id", "{\"kind\":\"fault_repair\",\"customer_id\":\"@customers@\",\"caller_phone\":\"13900000000\",\"what\":\"other\"}", NULL},
    {"POST", "/api/v1/orders/{id}/steps", "staff", "{\"step\":\"hand_over\",\"version\":#,\"fields\":{\"staff\":\"@staff@\"}}", "/api/v1/orders/<orders.handed>/steps"},
    {"POST", "/api/v1/orders/{id}/steps", "crew", "{\"step\":\"dispatch\",\"version\":#,\"fields\":{\"crew\":\"@crews@\"}}", "/api/v1/orders/<orders.plain>/steps"},
    {"POST", "/api/v1/orders/{id}/steps", "order", "{\"step\":\"merge\",\"version\":#,\"fields\":{\"order\":\"@orders.handed@\"}}", "/api/v1/orders/<orders.second>/steps"},
    {"POST", "/api/v1/orders/{id}/steps", "photographs", "{\"step\":\"note\",\"version\":#,\"fields\":{\"note\":\"x\",\"photographs\":[\"@attachments.loose@\"]}}", "/api/v1/orders/<orders.second>/steps"},
    {"POST", "/api/v1/land-registry/transfers", "customer_number",
     "{\"customer_number\":\"@numbers.free@\",\"registry_number\":\"R-2026-1\",\"new_owner\":\"x\",\"new_phone\":\"13900000000\",\"sold_on\":\"2026-01-05\"}", NULL},
    {"POST", "/api/v1/groups", "org_id", "{\"org_id\":\"@grids@\",\"name\":\"x\"}", NULL},
    {"POST", "/api/v1/groups/{id}/messages", "customer_number", "{\"body\":\"x\",\"customer_number\":\"@numbers@\"}", NULL},
    {"POST", "/api/v1/groups/{id}/messages", "attachment_id", "{\"body\":\"x\",\"attachment_id\":\"@pictures@\"}", NULL},
    {"POST", "/api/v1/outages", "device_id", "{\"device_id\":\"@devices.free@\"}", NULL},
    {"POST", "/api/v1/outages/word", "device_id", "{\"device_id\":\"@devices.free@\",\"word\":\"judge\"}", NULL},
    {"POST", "/api/v1/outages/{id}/restore", "devices", "{\"version\":#,\"devices\":[\"@devices@\"]}", NULL},
    {"POST", "/api/v1/outages/{id}/move", "device_id", "{\"version\":#,\"device_id\":\"@devices.spare@\"}", "/api/v1/outages/<outages.waiting>/move"},
    {"POST", "/api/v1/outages/{id}/assign", "crew_id", "{\"version\":#,\"crew_id\":\"@crews@\"}", "/api/v1/outages/<outages.waiting>/assign"},
    {"POST", "/api/v1/plan/move", "task_id", "{\"task_id\":\"@outages.waiting@\",\"crew_id\":\"<crews>\"}", NULL},
    {"POST", "/api/v1/plan/move", "crew_id", "{\"task_id\":\"<outages.waiting>\",\"crew_id\":\"@crews@\"}", NULL},
    {"POST", "/api/v1/plan/move", "before_id", "{\"task_id\":\"<outages.waiting>\",\"crew_id\":\"<crews>\",\"before_id\":\"@outages.waiting@\"}", NULL},
    {"POST", "/api/v1/plan/accept", "task_id", "{\"task_id\":\"@outages.waiting@\"}", NULL},
    {"POST", "/api/v1/plan/what-if", "crew_id", "{\"changes\":[{\"what\":\"crew_off\",\"crew_id\":\"@crews@\"}]}", NULL},
    {"POST", "/api/v1/plan/what-if", "task_id", "{\"changes\":[{\"what\":\"cancel\",\"task_id\":\"@outages.waiting@\"}]}", NULL},
    {"POST", "/api/v1/outages/{id}/merge", "into", "{\"version\":#,\"into\":\"@outages@\"}", "/api/v1/outages/<outages.waiting>/merge"},
    {"POST", "/api/v1/outages/{id}/split", "order_ids", "{\"version\":#,\"order_ids\":[\"@orders@\"]}", NULL},
    {"POST", "/api/v1/roster", "crew_id", "{\"crew_id\":\"@crews@\",\"day\":20990107,\"duty\":\"off\"}", NULL},
    {"POST", "/api/v1/roster/swap", "crew_a", "{\"crew_a\":\"@crews@\",\"day_a\":20990108,\"crew_b\":\"<crews.other>\",\"day_b\":20990109}", NULL},
    {"POST", "/api/v1/roster/swap", "crew_b", "{\"crew_a\":\"<crews.other>\",\"day_a\":20990110,\"crew_b\":\"@crews@\",\"day_b\":20990111}", NULL},
#define ROUND "\"name\":\"x\",\"from_day\":20990101,\"until_day\":20990102,\"windows\":[{\"from\":480,\"until\":600}],\"minutes\":10"
    {"POST", "/api/v1/rounds", "id", "{\"id\":\"@rounds@\",\"version\":1," ROUND ",\"device_ids\":[\"<devices>\"]}", NULL},
    {"POST", "/api/v1/rounds", "device_ids", "{" ROUND ",\"device_ids\":[\"@devices@\"]}", NULL},
    {"POST", "/api/v1/rounds", "customer_ids", "{" ROUND ",\"device_ids\":[],\"customer_ids\":[\"@customers@\"]}", NULL},
    {"POST", "/api/v1/visits/months", "org_id", "{\"month\":\"$M\",\"org_id\":\"@grids@\"}", NULL},
    {"POST", "/api/v1/visits/marks", "customer_id", "{\"customer_id\":\"@planned.next@\",\"month\":\"$M\",\"org_id\":\"<grids>\",\"result\":\"missed\"}", NULL},
    {"POST", "/api/v1/visits/marks", "org_id", "{\"customer_id\":\"<planned.next>\",\"month\":\"$M\",\"org_id\":\"@grids@\",\"result\":\"visited\"}", NULL},
    {"POST", "/api/v1/staff", "org_id", "{\"name\":\"new.one\",\"roles\":[\"agent\"],\"org_id\":\"@orgs@\"}", NULL},
    {"POST", "/api/v1/staff", "crew_id", "{\"name\":\"new.two\",\"roles\":[\"crew\"],\"org_id\":\"<orgs>\",\"crew_id\":\"@crews@\"}", NULL},
    {"PATCH", "/api/v1/staff/{id}", "org_id", "{\"version\":1,\"org_id\":\"@grids@\"}", NULL},
    {"PATCH", "/api/v1/staff/{id}", "crew_id", "{\"version\":1,\"crew_id\":\"@crews@\"}", NULL},
    {"POST", "/api/v1/supply/areas/{id}/corrections", "customer_id", "{\"items\":[{\"customer_id\":\"@customers@\",\"phase\":null}]}", NULL},
    {"POST", "/api/v1/arrears", "text/csv", "customer_number,owed_fen,as_of\n@numbers@,100,2026-01-06\n", NULL},
    {"POST", "/api/v1/attachments", "application/octet-stream", "%PDF-1.4\n1 0 obj\n%%EOF\n", "/api/v1/attachments?order=@orders.handed@"},
    {"POST", "/api/v1/power-events", "application/json", "{\"items\":[{\"time\":\"$T\",\"kind\":\"ping_on\",\"subject\":\"@meters@\"}]}", NULL},
    {"POST", "/api/v1/power-events", "text/csv", "time,kind,subject\n$T,ping_on,@numbers@\n", NULL},
    {"POST", "/api/v1/power-events", "text/csv", "time,kind,subject\n$T,switch_open,@area_codes@\n", NULL},
    {"POST", "/api/v1/power-events", "text/csv", "time,kind,subject\n$T,switch_closed,@ties@\n", NULL},
    {"POST", "/api/v1/readings", "text/csv", "meter,time,voltage_a\n@meters@,$T,220\n", NULL},
    {"POST", "/api/v1/readings", "text/csv", "meter,area,time,voltage_a\n123456789,@area_codes@,$T,220\n", NULL},
    {"POST", "/api/v1/readings", "application/json", "{\"time\":\"$T\",\"meters\":[{\"meter\":\"@meters@\",\"voltage_a\":220}]}", NULL},
    {"POST", "/api/v1/readings/power", "application/json", "{\"events\":[{\"meter\":\"@meters@\",\"kind\":\"power_up\",\"at\":\"$T\"}]}", NULL},
    {"POST", "/api/v1/readings/power", "text/csv", "meter,kind,at\n@meters@,power_up,$T\n", NULL},
    {"POST", "/api/v1/readings/set-aside/settle", "subject", "{\"date\":\"$D\",\"reason\":\"time\",\"subject\":\"@meters@\"}", NULL},
};

/* Fields that may name what is theirs, and media types that name nothing. */
static const struct {
  const char *route, *field, *why;
} FREE[] = {
    {"/api/v1/jobs/{id}/materials", "org_id", "the store: a crew takes from any that has what it needs"},
    {"/api/v1/jobs/{id}/steps", "devices", "freed by the same use case as those of outages/{id}/restore, which is tried"},
    {"/api/v1/readings", "application/octet-stream", "the collection's packed form, read into the same messages as the other two"},
    {"/api/v1/groups/{id}/pictures", "application/octet-stream", "a picture"},
};

/* What is the whole company's is not a part's to change. */
static const struct {
  const char *method, *path, *body;
} WHOLE[] = {
    {"PUT", "/api/v1/security", "{\"two_factor\":\"free\"}"},
    {"POST", "/api/v1/fund", "{\"amount_fen\":100,\"note\":\"x\"}"},
    {"POST", "/api/v1/visits/cuts", "{\"keep\":\"none\"}"},
    {"POST", "/api/v1/visits/cuts/undo", "{}"},
};

static bool is_free(const char *route, const char *field) {
  for (size_t i = 0; i < sizeof FREE / sizeof *FREE; i++)
    if (strcmp(FREE[i].route, route) == 0 && strcmp(FREE[i].field, field) == 0) return true;
  return false;
}

/* --- filling in --- */

static const char *of(const Part *part, const char *name, size_t len) {
  const char *id = thing(part, name, len);
  if (!id) fail_msg("%s has no %.*s", part->name, (int)len, name);
  return id;
}

static long long version_at(World *w, const char *path) {
  char page[PATH_MOST];
  const char *id = strstr(path + 8, "/"), *end = id ? strchr(id + 1, '/') : NULL;
  snprintf(page, sizeof page, "%.*s", end ? (int)(end - path) : (int)strlen(path), path);
  json_t *json = world_send(w, w->admin, "GET", page, NULL, NULL);
  long long version = json_integer_value(json_object_get(json, "version"));
  json_decref(json);
  return version;
}

static void fill_in(char out[2048], World *w, const Part *tried, const char *form, const char *path) {
  static const char *const TIMES[] = {"$M", "%Y-%m", "$D", "%Y-%m-%d", "$T", "%Y-%m-%dT%H:%M:00+08:00"};
  time_t now = time(NULL) + 8 * 3600;
  struct tm local;
  size_t at = 0;
  gmtime_r(&now, &local);
  for (; *form && at + 100 < 2048; form++) {
    char close = *form == '@' ? '@' : *form == '<' ? '>' : '\0';
    const char *end = close ? strchr(form + 1, close) : NULL;
    if (end) {
      at += (size_t)snprintf(out + at, 2048 - at, "%s", of(*form == '@' ? tried : &w->ours, form + 1, (size_t)(end - form - 1)));
      form = end;
    } else if (*form == '#') {
      at += (size_t)snprintf(out + at, 2048 - at, "%lld", version_at(w, path));
    } else {
      size_t t = 0;
      while (t < 6 && strncmp(form, TIMES[t], 2) != 0) t += 2;
      if (t < 6) at += strftime(out + at, 2048 - at, TIMES[t + 1], &local), form++;
      else out[at++] = *form;
    }
  }
  out[at] = '\0';
}

/* --- nothing done --- */

/* Every change tells an event, and who did it. */
static int64_t done_by_ours(World *w) {
  Db *db;
  DbStatement *s;
  bool row;
  Error error = {0};
  assert_ok(db_open(&db, w->store, DB_READ, &error), &error);
  assert_ok(db_prepare(&s, db, "SELECT COUNT(*) FROM event WHERE actor IN (SELECT 'staff:' || CAST(id AS TEXT) FROM staff WHERE name LIKE 'one.%')", &error), &error);
  assert_ok(db_step(&row, s, &error), &error);
  int64_t count = db_column_i64(s, 0);
  db_close(db);
  return count;
}

/* --- trying --- */

static const json_t *operation_of(const json_t *root, const char *method, const char *route) {
  char lower[8] = "";
  for (size_t i = 0; method[i] && i + 1 < sizeof lower; i++) lower[i] = (char)(method[i] - 'A' + 'a');
  return json_object_get(json_object_get(json_object_get(root, "paths"), route), lower);
}

static void try_case(World *w, const json_t *root, size_t c, bool ours) {
  char path[2048], body[2048], form[PATH_MOST], found[80];
  const char *const media = strchr(CASES[c].field, '/') ? CASES[c].field : "application/json";
  const json_t *operation = operation_of(root, CASES[c].method, CASES[c].route);
  const Part *tried = ours ? &w->ours : &w->theirs;
  bool taken = false;
  if (!operation) {
    world_wrong(w, "%s %s: there is no such route", CASES[c].method, CASES[c].route);
    return;
  }
  if (!CASES[c].path) assert_true(fill_path(&w->ours, form, CASES[c].route));
  fill_in(path, w, tried, CASES[c].path ? CASES[c].path : form, "");
  fill_in(body, w, tried, CASES[c].body, path);
  for (int r = 0; r < w->roles && !taken; r++) {
    if (!role_may(operation, w->role[r].name)) continue;
    json_decref(world_send(w, w->role[r].token, CASES[c].method, path, media, body));
    taken = ours && (w->status < 300 || w->status == 409); /* 409: it is not the time for it, or it is already so */
    if (ours) continue;
    w->tried++;
    bool refused = w->status == 403 || w->status == 404 || w->status == 422 || text_find(buffer_as_text(&w->said), TEXT("\"FORBIDDEN_PLACE\"")) >= 0; /* a table, line by line */
    if (!refused)
      world_wrong(w, "%s %s %s as %s, naming theirs: %d %.*s", CASES[c].method, path, body, w->role[r].name, w->status, (int)(w->said.len < 200 ? w->said.len : 200), w->said.at);
    if (marks_found(w, MARK_OF_THE_NETWORK, found) && !strstr(body, found) && !strstr(path, found))
      world_wrong(w, "%s %s %s as %s tells %s", CASES[c].method, path, body, w->role[r].name, found);
  }
  if (ours && !taken) world_wrong(w, "%s %s %s: not taken with ours either: %d %.*s", CASES[c].method, path, body, w->status, (int)(w->said.len < 300 ? w->said.len : 300), w->said.at);
}

static void try_cases(World *w, const json_t *root) {
  static Pile before[200], after[200];
  size_t tables = marks_piles(w, before);
  int64_t done = done_by_ours(w);
  for (size_t c = 0; c < sizeof CASES / sizeof *CASES; c++) {
    try_case(w, root, c, false);
    int64_t now = done_by_ours(w);
    if (now != done) world_wrong(w, "%s %s, naming theirs as %s: refused, but something was done", CASES[c].method, CASES[c].route, CASES[c].field);
    done = now;
  }
  for (size_t i = 0; i < sizeof WHOLE / sizeof *WHOLE; i++)
    for (int r = 0; r < w->roles; r++) {
      json_decref(world_send(w, w->role[r].token, WHOLE[i].method, WHOLE[i].path, "application/json", WHOLE[i].body));
      if (w->status != 403) world_wrong(w, "%s %s as %s of a part: %d", WHOLE[i].method, WHOLE[i].path, w->role[r].name, w->status);
    }
  assert_int_equal(marks_piles(w, after), tables);
  assert_true(tables > 20);
  for (size_t t = 0; t < tables; t++)
    if (before[t].hash != after[t].hash) world_wrong(w, "%s is another than before all was refused", before[t].table);
}

/* --- every field is tried --- */

static bool is_tried(const char *method, const char *route, const char *field) {
  for (size_t c = 0; c < sizeof CASES / sizeof *CASES; c++)
    if (strcmp(CASES[c].method, method) == 0 && strcmp(CASES[c].route, route) == 0 && strcmp(CASES[c].field, field) == 0) return true;
  return is_free(route, field);
}

/* What it says of itself, or its name. */
static bool names_something(const char *field, const json_t *schema) {
  static const char *const NAMES[] = {"customer_number", "subject", "org_id", "crew_id", "outage", "order"};
  if (strcmp(world_text(schema, "format"), "id") == 0 || strcmp(world_text(json_object_get(schema, "items"), "format"), "id") == 0) return true;
  for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
    if (strcmp(NAMES[i], field) == 0) return true;
  return false;
}

static void find_fields(World *w, const char *method, const char *route, const json_t *schema, int depth) {
  const char *field;
  json_t *one;
  if (depth > 6 || !schema) return;
  json_object_foreach(json_object_get(schema, "properties"), field, one) {
    if (names_something(field, one) && !is_tried(method, route, field)) world_wrong(w, "%s %s: this test does not try the body's '%s'", method, route, field);
    find_fields(w, method, route, one, depth + 1);
  }
  find_fields(w, method, route, json_object_get(schema, "items"), depth + 1);
}

void try_bodies(World *w, const json_t *root) {
  const char *route, *lower, *media;
  json_t *methods, *operation, *content;
  json_object_foreach(json_object_get(root, "paths"), route, methods)
    json_object_foreach(methods, lower, operation) {
      char method[8] = "";
      for (size_t i = 0; lower[i] && i + 1 < sizeof method; i++) method[i] = (char)(lower[i] - 'a' + 'A');
      if (json_object_get(operation, "security")) continue;
      json_object_foreach(json_object_get(json_object_get(operation, "requestBody"), "content"), media, content) {
        const json_t *schema = json_object_get(content, "schema");
        if (schema) find_fields(w, method, route, schema, 0);
        else if (!is_tried(method, route, media)) world_wrong(w, "%s %s: this test does not try a body of %s", method, route, media);
      }
    }
  try_cases(w, root);
  for (size_t c = 0; c < sizeof CASES / sizeof *CASES; c++) try_case(w, root, c, true);
}
