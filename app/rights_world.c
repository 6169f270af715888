#include "app/rights_world.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>

#include "grid/grid.h"
#include "store/db.h"

void world_wrong(World *w, const char *format, ...) {
  char line[1200];
  va_list list;
  va_start(list, format);
  vsnprintf(line, sizeof line, format, list);
  va_end(list);
  buffer_format(&w->wrong, "%s\n", line);
}

/* --- the program --- */

static void shell(const char *format, ...) PRINTF_LIKE(1, 2);
static void shell(const char *format, ...) {
  char command[2600];
  va_list list;
  va_start(list, format);
  vsnprintf(command, sizeof command, format, list);
  va_end(list);
  if (system(command) != 0) fail_msg("%s", command);
}

static void serve(const World *w, const char *program, const char *data) {
  char path[160];
  prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves none behind */
  snprintf(path, sizeof path, "%s/said", w->folder);
  int out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  snprintf(path, sizeof path, "%s/log", w->folder);
  int log = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  dup2(out, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  setenv("LC_ALL", "C", 1);
  execl(program, program, "serve", "--data", data, "--port", "0", db_address_is_file(data) ? (char *)NULL : "--reach", "127.0.0.1:1", (char *)NULL);
  _exit(127);
}

static void start_program(World *w) {
  const char *program = getenv("DIANBAOMU_PROGRAM");
  char line[256] = "", said[160], data[1000], file[160];
  Error error = {0};
  assert_non_null(program);
  snprintf(w->folder, sizeof w->folder, "/tmp/dianbaomu-rights-XXXXXX");
  assert_non_null(mkdtemp(w->folder));
  snprintf(file, sizeof file, "%s/data", w->folder);
  snprintf(said, sizeof said, "%s/said", w->folder);
  assert_ok(db_test_address(data, sizeof data, file, &error), &error);
  snprintf(w->store, sizeof w->store, "%s%s", data, db_address_is_file(data) ? "/dianbaomu.db" : "");
  shell("'%s' generate --customers 20000 --seed 1 --out %s/county 2>/dev/null", program, w->folder);
  shell("'%s' import %s/county --data '%s' >/dev/null 2>&1", program, w->folder, data);
  w->program = fork();
  assert_true(w->program >= 0);
  if (w->program == 0) serve(w, program, data);
  for (int tries = 0; tries < 600 && !w->admin_password[0]; tries++) {
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    FILE *from = fopen(said, "r");
    while (from && fgets(line, sizeof line, from)) {
      unsigned port;
      if (sscanf(line, "dianbaomu: http://127.0.0.1:%u/", &port) == 1) w->port = (uint16_t)port;
      (void)!sscanf(line, "sign in: admin / %100s", w->admin_password);
    }
    if (from) fclose(from);
  }
  assert_true(w->port && w->admin_password[0]);
}

static void end_program(World *w) {
  int status;
  client_close(&w->client);
  kill(w->program, SIGTERM);
  waitpid(w->program, &status, 0);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  shell("rm -r %s", w->folder);
}

/* --- asking --- */

json_t *world_send(World *w, const char *token, const char *method, const char *path, const char *media_type, const char *body) {
  Error error = {0};
  ClientReply reply = {0};
  Buffer out;
  if (w->client.socket < 0) assert_ok(client_open(&w->client, w->port, &error), &error);
  buffer_begin(&out, 0);
  buffer_format(&out, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nIdempotency-Key: rights-%lld\r\nAccept-Language: en\r\n", method, path, (long long)++w->keys);
  if (token && token[0]) buffer_format(&out, "Authorization: Bearer %s\r\n", token);
  if (body) buffer_format(&out, "Content-Type: %s\r\nContent-Length: %zu\r\n", media_type, strlen(body));
  else if (strcmp(method, "GET") != 0) buffer_string(&out, "Content-Length: 0\r\n");
  buffer_string(&out, "\r\n");
  if (body) buffer_string(&out, body);
  assert_ok(client_send(&w->client, buffer_as_text(&out), &error), &error);
  assert_ok(client_reply(&reply, &w->client, strcmp(method, "HEAD") == 0, &error), &error);
  buffer_end(&out);
  w->status = reply.status, w->asked++;
  Text connection = client_header(&reply, "Connection"), cookie = client_header(&reply, "Set-Cookie");
  json_t *json = reply.body.len ? json_loadb(reply.body.at, reply.body.len, 0, NULL) : NULL;
  if (json && json_is_object(json) && text_starts(cookie, TEXT("dianbaomu="))) {
    Text value = text_slice(cookie, 10, (size_t)text_find(cookie, TEXT(";")));
    json_object_set_new(json, "token", json_stringn(value.at, value.len));
  }
  if (text_is(connection, "close")) client_close(&w->client), w->client.socket = -1;
  buffer_end(&w->said);
  w->said = reply.body;
  return json;
}

json_t *world_must(World *w, const char *token, int wanted, const char *method, const char *path, const char *format, ...) {
  char body[4096] = "";
  va_list list;
  va_start(list, format);
  vsnprintf(body, sizeof body, format, list);
  va_end(list);
  json_t *json = world_send(w, token, method, path, body[0] == '{' || !body[0] ? "application/json" : "text/csv", body[0] ? body : NULL);
  if (w->status != wanted) fail_msg("%s %s %s: %d, not %d: %.*s", method, path, body, w->status, wanted, (int)w->said.len, w->said.at);
  return json;
}

const char *world_text(const json_t *json, const char *key) {
  const char *text = json_string_value(json_object_get(json, key));
  return text ? text : "";
}

void world_sign_in(World *w, char token[128], const char *name, const char *password) {
  json_t *session = world_must(w, NULL, 200, "POST", "/api/v1/session", "{\"name\":\"%s\",\"password\":\"%s\"}", name, password);
  snprintf(token, 128, "%s", world_text(session, "token"));
  json_decref(session);
}

/* --- the two stations --- */

const char *thing(const Part *part, const char *name, size_t len) {
  for (int i = 0; i < part->things; i++)
    if (strlen(part->thing[i].name) == len && memcmp(part->thing[i].name, name, len) == 0) return part->thing[i].id;
  return NULL;
}

void add_thing(Part *part, const char *name, const char *id) {
  assert_true(part->things < THING_MAX && id[0]);
  Thing one; /* `id` may stand in the part itself */
  snprintf(one.name, sizeof one.name, "%s", name);
  snprintf(one.id, sizeof one.id, "%s", id);
  part->thing[part->things++] = one;
}

static void find_stations(World *w, const json_t *orgs) {
  size_t i;
  json_t *org;
  json_array_foreach(orgs, i, org) {
    Part *part = !w->ours.id[0] ? &w->ours : !w->theirs.id[0] ? &w->theirs : NULL;
    if (part && strcmp(world_text(org, "level"), "station") == 0) {
      snprintf(part->id, sizeof part->id, "%s", world_text(org, "id"));
      snprintf(part->name, sizeof part->name, "%s", world_text(org, "name"));
    }
    find_stations(w, json_object_get(org, "children"));
  }
}

#define COPY(out, text) snprintf(out, sizeof out, "%.*s", TEXT_ARG(text))

static void add_house(Part *part, const People *people, const Customer *customer, uint32_t area) {
  const Grid *grid = people_grid(people);
  Household *house = &part->house[part->houses++];
  snprintf(house->id, sizeof house->id, "%lld", (long long)customer->id.value);
  snprintf(house->device, sizeof house->device, "%lld", (long long)grid_device(grid, customer->device)->id.value);
  snprintf(house->area, sizeof house->area, "%lld", (long long)grid_device(grid, area)->id.value);
  if (part->houses == 1 && customer->lon_e6 != GRID_NO_PLACE) {
    double lat = customer->lat_e6 / 1e6 * M_PI / 180;
    snprintf(part->tile, sizeof part->tile, "14/%d/%d", (int)((customer->lon_e6 / 1e6 + 180) / 360 * 16384), (int)((1 - asinh(tan(lat)) / M_PI) / 2 * 16384));
  }
  COPY(house->area_code, grid_code(grid, area));
  COPY(house->number, customer->number), COPY(house->phone, customer->phone), COPY(house->address, customer->address), COPY(house->meter, customer->meter);
  if (part->houses == 1) snprintf(part->grid, sizeof part->grid, "%lld", (long long)people_org(people, people_org_of_device(people, customer->device))->id);
  if (part->houses == 1) {
    char index[24];
    snprintf(index, sizeof index, "%u", customer->device);
    add_thing(part, "indexes", index);
  }
}

/* A tie that ends in this part only. */
static void find_tie(Part *part, Db *db, const People *people) {
  DbStatement *s;
  Error error = {0};
  assert_ok(db_prepare(&s, db, "SELECT code, device_a, device_b FROM tie ORDER BY code", &error), &error);
  for (bool row = true; row;) {
    uint32_t a, b;
    char code[64];
    int64_t org = strtoll(part->id, NULL, 10);
    assert_ok(db_step(&row, s, &error), &error);
    if (!row || thing(part, "ties", 4)) continue;
    assert_true(grid_index_of(people_grid(people), (DeviceId){db_column_i64(s, 1)}, &a) && grid_index_of(people_grid(people), (DeviceId){db_column_i64(s, 2)}, &b));
    COPY(code, db_column_text(s, 0));
    if (people_check_place(people, org, a, NULL) && people_check_place(people, org, b, NULL)) add_thing(part, "ties", code);
  }
  assert_non_null(thing(part, "ties", 4));
}

/* What feeds a household of theirs and lies above both. */
static void find_shared(World *w, const People *people) {
  const Grid *grid = people_grid(people);
  uint32_t at;
  char id[24];
  assert_true(grid_index_of(grid, (DeviceId){strtoll(w->theirs.house[4].device, NULL, 10)}, &at));
  while (at != GRID_NONE && (!grid_can_fail((GridKind)grid_device(grid, at)->kind) || !people_check_reach(people, strtoll(w->ours.id, NULL, 10), at, NULL))) at = grid_device(grid, at)->parent;
  assert_true(at != GRID_NONE);
  snprintf(id, sizeof id, "%lld", (long long)grid_device(grid, at)->id.value);
  add_thing(&w->theirs, "devices.shared", id);
}

static void find_houses(World *w, const People *people) {
  uint32_t last = GRID_NONE;
  for (uint32_t p = 0; p < people_customer_count(people); p++) {
    Customer customer;
    people_customer(people, p, &customer);
    uint32_t area = grid_nearest_above(people_grid(people), customer.device, GRID_TRANSFORMER);
    if (area == GRID_NONE || area == last || area == customer.device || !customer.phone.len || !customer.meter.len) continue;
    for (int s = 0; s < 2; s++) {
      Part *part = s ? &w->theirs : &w->ours;
      bool there = people_check_place(people, strtoll(part->id, NULL, 10), customer.device, NULL);
      if (there && part->houses < HOUSE_MAX) add_house(part, people, &customer, area), last = area;
    }
  }
  assert_int_equal(w->ours.houses, HOUSE_MAX);
  assert_int_equal(w->theirs.houses, HOUSE_MAX);
}

/* Nobody of ours is on duty, or the planner would send them to what is theirs, and they must see that. */
static void off_duty(World *w, const char *crew) {
  for (int d = -1; d <= 1; d++) {
    time_t then = time(NULL) + 8 * 3600 + d * 86400;
    struct tm day;
    gmtime_r(&then, &day);
    json_decref(world_must(w, w->admin, 200, "POST", "/api/v1/roster", "{\"crew_id\":\"%s\",\"day\":%d,\"duty\":\"off\"}", crew,
                           (day.tm_year + 1900) * 10000 + (day.tm_mon + 1) * 100 + day.tm_mday));
  }
}

static void find_crew(World *w, Part *part) {
  size_t i;
  json_t *crew, *crews = world_must(w, w->admin, 200, "GET", "/api/v1/crews", "%s", "");
  json_array_foreach(json_object_get(crews, "items"), i, crew) {
    if (strcmp(world_text(json_object_get(crew, "org"), "id"), part->id) != 0) continue;
    add_thing(part, thing(part, "crews", 5) ? "crews.other" : "crews", world_text(crew, "id"));
    if (part == &w->ours) off_duty(w, world_text(crew, "id"));
  }
  json_decref(crews);
  if (!thing(part, "crews", 5)) fail_msg("%s has no crew", part->name);
}

/* What an import brought, and is there before anybody does anything. */
static void find_part(World *w, Part *part) {
  static const char *const NAMES[] = {"customers", "devices", "areas"};
  const Household *house = part->house;
  const char *const ids[] = {house->id, house->device, house->area};
  add_thing(part, "orgs", part->id), add_thing(part, "grids", part->grid), add_thing(part, "numbers", house->number), add_thing(part, "meters", house->meter), add_thing(part, "area_codes", house->area_code);
  for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) add_thing(part, NAMES[i], ids[i]);
  find_crew(w, part);
}

void world_open(World *w) {
  Db *db;
  Grid *grid;
  People *people;
  Error error = {0};
  *w = (World){.client = {.socket = -1}, .ours.word = "oursqx", .theirs.word = "theirsqx"};
  buffer_begin(&w->wrong, 0), buffer_begin(&w->said, 0);
  start_program(w);
  world_sign_in(w, w->admin, "admin", w->admin_password);
  json_t *orgs = world_must(w, w->admin, 200, "GET", "/api/v1/orgs", "%s", "");
  find_stations(w, json_object_get(orgs, "items"));
  json_decref(orgs);
  assert_true(w->ours.id[0] && w->theirs.id[0]);
  assert_ok(db_open(&db, w->store, DB_READ, &error), &error);
  assert_ok(grid_open(&grid, db, 1, &error), &error);
  assert_ok(people_open(&people, db, grid, 1, &error), &error);
  find_houses(w, people);
  find_shared(w, people);
  find_tie(&w->ours, db, people), find_tie(&w->theirs, db, people);
  people_close(people), grid_close(grid), db_close(db);
  find_part(w, &w->ours), find_part(w, &w->theirs);
  json_t *promises = world_must(w, w->admin, 200, "GET", "/api/v1/promises", "%s", "");
  add_thing(&w->ours, "promises", world_text(json_array_get(json_object_get(promises, "items"), 0), "id"));
  add_thing(&w->theirs, "promises", thing(&w->ours, "promises", 8));
  json_decref(promises);
}

/* One account of ours for each role; the first administrator loses what he gives away, so the three that watch each other come last. */
void world_accounts(World *w) {
  static const char *const ROLES[] = {"agent", "dispatcher", "crew", "manager", "head", "auditor", "security", "administrator"};
  char password[64], warden[128] = "", path[64];
  json_t *made = world_must(w, w->admin, 201, "POST", "/api/v1/staff", "%s",
                            "{\"name\":\"seer\",\"roles\":[\"agent\",\"dispatcher\",\"crew\",\"manager\",\"head\",\"auditor\"],\"org_id\":\"0\"}");
  snprintf(password, sizeof password, "%s", world_text(made, "password"));
  json_decref(made);
  world_sign_in(w, w->seer, "seer", password);
  for (int i = 0; i < ROLE_MAX; i++) {
    char name[40], crew[64] = "null";

    Role *role = &w->role[w->roles++];
    if (i == 6) { /* a warden for the whole company, while there is somebody to make one */
      made = world_must(w, w->admin, 201, "POST", "/api/v1/staff", "%s", "{\"name\":\"warden\",\"roles\":[\"security\",\"agent\"],\"org_id\":\"0\"}");
      snprintf(password, sizeof password, "%s", world_text(made, "password"));
      json_decref(made);
      world_sign_in(w, warden, "warden", password);
    }
    snprintf(name, sizeof name, "one.%s", ROLES[i]);
    snprintf(role->name, sizeof role->name, "%s", ROLES[i]);
    if (strcmp(ROLES[i], "crew") == 0) snprintf(crew, sizeof crew, "\"%s\"", thing(&w->ours, "crews", 5));
    made = world_must(w, w->admin, 201, "POST", "/api/v1/staff", "{\"name\":\"%s\",\"roles\":[\"%s\"],\"org_id\":\"%s\",\"crew_id\":%s}", name, i >= 6 ? "agent" : ROLES[i], w->ours.id, crew);
    snprintf(password, sizeof password, "%s", world_text(made, "password"));
    snprintf(path, sizeof path, "/api/v1/staff/%s", world_text(made, "id"));
    if (i >= 6) json_decref(world_must(w, warden, 200, "PATCH", path, "{\"version\":%lld,\"roles\":[\"%s\"]}", (long long)json_integer_value(json_object_get(made, "version")), ROLES[i]));
    json_decref(made);
    world_sign_in(w, role->token, name, password);
  }
}

void world_close(World *w) {
  end_program(w);
  map_free(&w->before), map_free(&w->marks);
  buffer_end(&w->said);
}
