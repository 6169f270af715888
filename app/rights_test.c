/* Every route, as every role of one station, at the other station's things: refused. The real program is asked, and its own openapi.json says what
 * there is to ask, so that a route added tomorrow is tried tomorrow. A part of a path this test knows no object for is a failure: name one below. */
#include "base/testing.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>

#include "base/buffer.h"
#include "http/client.h"

enum { THING_MAX = 40, ROLE_MAX = 16, PATH_MOST = 512 };

typedef struct Thing {
  char name[32], id[64]; /* "orders": what stands before {…} in a path */
} Thing;

typedef struct World {
  char folder[64], admin[128];
  pid_t program;
  uint16_t port;
  Client client;
  int64_t keys;
  Thing thing[THING_MAX]; /* of the other station */
  int things;
  char token[ROLE_MAX][128];
  char role[ROLE_MAX][24];
  int roles;
  int tried, refused, words;
  Buffer wrong;
} World;

/* --- the program --- */

static void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void shell(const char *format, ...) {
  char command[2048];
  va_list list;
  va_start(list, format);
  vsnprintf(command, sizeof command, format, list);
  va_end(list);
  if (system(command) != 0) fail_msg("%s", command);
}

static void start_program(World *w) {
  const char *program = getenv("DIANBAOMU_PROGRAM");
  char path[160], line[256] = "", said[160], data[128];
  assert_non_null(program);
  snprintf(w->folder, sizeof w->folder, "/tmp/dianbaomu-rights-XXXXXX");
  assert_non_null(mkdtemp(w->folder));
  snprintf(data, sizeof data, "%s/data", w->folder);
  snprintf(said, sizeof said, "%s/said", w->folder);
  shell("'%s' generate --customers 20000 --seed 1 --out %s/county 2>/dev/null", program, w->folder);
  shell("'%s' import %s/county --data %s/data >/dev/null 2>&1", program, w->folder, w->folder);
  w->program = fork();
  assert_true(w->program >= 0);
  if (w->program == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves none behind */
    int out = open(said, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    snprintf(path, sizeof path, "%s/log", w->folder);
    int log = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(out, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    setenv("LC_ALL", "C", 1);
    execl(program, program, "serve", "--data", data, "--port", "0", (char *)NULL);
    _exit(127);
  }
  for (int tries = 0; tries < 600 && !w->admin[0]; tries++) {
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    FILE *file = fopen(said, "r");
    while (file && fgets(line, sizeof line, file)) {
      unsigned port;
      if (sscanf(line, "dianbaomu: http://127.0.0.1:%u/", &port) == 1) w->port = (uint16_t)port;
      (void)!sscanf(line, "sign in: admin / %100s", w->admin);
    }
    if (file) fclose(file);
  }
  assert_true(w->port && w->admin[0]);
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

/* The reply's JSON, the caller's to give back; NULL when it is none. */
static json_t *ask(World *w, int *status, const char *token, const char *method, const char *path, const char *media_type, const char *body) {
  Error error = {0};
  ClientReply reply = {0};
  Buffer out;
  if (w->client.socket < 0) assert_ok(client_open(&w->client, w->port, &error), &error);
  buffer_begin(&out, 0);
  buffer_format(&out, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nIdempotency-Key: rights-%lld\r\nAccept-Language: en\r\n", method, path, (long long)++w->keys);
  if (token && token[0]) buffer_format(&out, "Authorization: Bearer %s\r\n", token);
  if (body) buffer_format(&out, "Content-Type: %s\r\nContent-Length: %zu\r\n", media_type, strlen(body));
  else if (strcmp(method, "GET") != 0) buffer_string(&out, "Content-Length: 0\r\n");
  buffer_format(&out, "\r\n%s", body ? body : "");
  assert_ok(client_send(&w->client, buffer_as_text(&out), &error), &error);
  assert_ok(client_reply(&reply, &w->client, strcmp(method, "HEAD") == 0, &error), &error);
  buffer_end(&out);
  *status = reply.status;
  Text connection = client_header(&reply, "Connection"), cookie = client_header(&reply, "Set-Cookie");
  json_t *json = reply.body.len ? json_loadb(reply.body.at, reply.body.len, 0, NULL) : NULL;
  if (json && json_is_object(json) && text_starts(cookie, TEXT("dianbaomu="))) {
    Text value = text_slice(cookie, 10, (size_t)text_find(cookie, TEXT(";")));
    json_object_set_new(json, "token", json_stringn(value.at, value.len));
  }
  if (text_is(connection, "close")) client_close(&w->client), w->client.socket = -1;
  buffer_end(&reply.body);
  return json;
}

static json_t *must(World *w, const char *token, int wanted, const char *method, const char *path, const char *format, ...) __attribute__((format(printf, 6, 7)));
static json_t *must(World *w, const char *token, int wanted, const char *method, const char *path, const char *format, ...) {
  char body[1024] = "";
  int status;
  va_list list;
  va_start(list, format);
  vsnprintf(body, sizeof body, format, list);
  va_end(list);
  json_t *json = ask(w, &status, token, method, path, "application/json", body[0] ? body : NULL);
  if (status != wanted) {
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    fail_msg("%s %s %s: %d, not %d: %s", method, path, body, status, wanted, text ? text : "");
  }
  return json;
}

static const char *text_at(const json_t *json, const char *key) {
  const char *text = json_string_value(json_object_get(json, key));
  return text ? text : "";
}

static void sign_in(World *w, char token[128], const char *name, const char *password) {
  json_t *session = must(w, NULL, 200, "POST", "/api/v1/session", "{\"name\":\"%s\",\"password\":\"%s\"}", name, password);
  snprintf(token, 128, "%s", text_at(session, "token"));
  json_decref(session);
}

/* --- the two stations, and what the other one has --- */

static void add_thing(World *w, const char *name, const char *id) {
  assert_true(w->things < THING_MAX && id[0]);
  Thing *thing = &w->thing[w->things++];
  snprintf(thing->name, sizeof thing->name, "%s", name);
  snprintf(thing->id, sizeof thing->id, "%s", id);
}

static const char *thing(const World *w, const char *name, size_t len) {
  for (int i = 0; i < w->things; i++)
    if (strlen(w->thing[i].name) == len && memcmp(w->thing[i].name, name, len) == 0) return w->thing[i].id;
  return NULL;
}

typedef struct Stations {
  char id[2][32], name[2][128];
  char village[8][8]; /* how names in the other one begin */
  int villages;
  int count;
} Stations;

static void find_stations(Stations *out, const json_t *orgs, const char *above) {
  size_t i;
  json_t *org;
  json_array_foreach(orgs, i, org) {
    if (strcmp(text_at(org, "level"), "station") == 0 && out->count < 2) {
      snprintf(out->id[out->count], sizeof out->id[0], "%s", text_at(org, "id"));
      snprintf(out->name[out->count++], sizeof out->name[0], "%s", text_at(org, "name"));
    }
    bool other = out->count == 2 && strcmp(text_at(org, "level"), "grid") == 0 && strcmp(above, out->id[1]) == 0 && out->villages < 8;
    if (other) snprintf(out->village[out->villages++], sizeof out->village[0], "%.6s", text_at(org, "name"));
    find_stations(out, json_object_get(org, "children"), text_at(org, "id"));
  }
}

static void find_customer(World *w, const char *token, const Stations *stations) {
  for (int q = 0; q < stations->villages; q++) {
    char path[PATH_MOST];
    size_t i;
    json_t *hit;
    json_t *hits = must(w, token, 200, "POST", "/api/v1/customers/search?limit=50", "{\"q\":\"%s\"}", stations->village[q]);
    json_array_foreach(json_object_get(hits, "items"), i, hit) {
      snprintf(path, sizeof path, "/api/v1/customers/%s", text_at(hit, "id"));
      json_t *file = must(w, token, 200, "GET", path, "%s", "");
      const json_t *area = json_object_get(file, "area");
      const char *station = json_is_object(json_object_get(area, "station")) ? text_at(json_object_get(area, "station"), "name") : text_at(area, "station");
      bool there = strcmp(station, stations->name[1]) == 0;
      if (there) {
        add_thing(w, "customers", text_at(file, "id"));
        add_thing(w, "devices", text_at(file, "device_id"));
      }
      json_decref(file);
      if (there) {
        json_decref(hits);
        return;
      }
    }
    json_decref(hits);
  }
  fail_msg("no customer of %s found", stations->name[1]);
}

static void find_crew(World *w, const char *token, const Stations *stations) {
  size_t i;
  json_t *crew, *crews = must(w, token, 200, "GET", "/api/v1/crews", "%s", "");
  json_array_foreach(json_object_get(crews, "items"), i, crew)
    if (!thing(w, "crews", 5) && strcmp(text_at(json_object_get(crew, "org"), "id"), stations->id[1]) == 0) add_thing(w, "crews", text_at(crew, "id"));
  json_decref(crews);
  if (!thing(w, "crews", 5)) fail_msg("%s has no crew", stations->name[1]);
}

static void find_transformer(World *w, const char *token) {
  char path[PATH_MOST];
  size_t i;
  json_t *device;
  snprintf(path, sizeof path, "/api/v1/grid/devices/%s", thing(w, "devices", 7));
  json_t *card = must(w, token, 200, "GET", path, "%s", "");
  json_array_foreach(json_object_get(card, "path"), i, device)
    if (strcmp(text_at(device, "kind"), "transformer") == 0) add_thing(w, "areas", text_at(device, "id"));
  json_decref(card);
}

static void make_things(World *w, const char *token, const Stations *stations) {
  char path[PATH_MOST];
  add_thing(w, "orgs", stations->id[1]);
  find_customer(w, token, stations);
  snprintf(path, sizeof path, "/api/v1/customers/%s/erasure", thing(w, "customers", 9));
  json_t *erasure = must(w, token, 201, "POST", path, "%s", "{\"reason\":\"moved\"}");
  add_thing(w, "erasures", text_at(erasure, "id"));
  json_decref(erasure);
  find_crew(w, token, stations);
  json_t *order = must(w, token, 201, "POST", "/api/v1/orders",
                       "{\"kind\":\"fault_repair\",\"customer_id\":\"%s\",\"caller_phone\":\"15400000001\",\"what\":\"voltage\",\"description\":\"dim\",\"urgency\":0,\"source\":\"hotline\"}",
                       thing(w, "customers", 9));
  add_thing(w, "orders", text_at(order, "id"));
  json_decref(order);
  json_t *outage = must(w, token, 201, "POST", "/api/v1/outages", "{\"device_id\":\"%s\"}", thing(w, "devices", 7));
  add_thing(w, "outages", text_at(outage, "id"));
  long long version = json_integer_value(json_object_get(outage, "version"));
  json_decref(outage);
  snprintf(path, sizeof path, "/api/v1/outages/%s/assign", thing(w, "outages", 7));
  json_t *job = must(w, token, 201, "POST", path, "{\"crew_id\":\"%s\",\"version\":%lld}", thing(w, "crews", 5), version);
  add_thing(w, "jobs", text_at(job, "id"));
  json_decref(job);
  json_t *person = must(w, token, 201, "POST", "/api/v1/staff", "{\"name\":\"neighbour\",\"roles\":[\"agent\"],\"org_id\":\"%s\"}", stations->id[1]);
  add_thing(w, "staff", text_at(person, "id"));
  json_decref(person);
  json_t *round = must(w, token, 200, "POST", "/api/v1/rounds", "{\"name\":\"walk\",\"from_day\":20990101,\"until_day\":20990102,\"windows\":[{\"from\":480,\"until\":600}],\"minutes\":10,\"device_ids\":[\"%s\"]}",
                       thing(w, "devices", 7));
  add_thing(w, "rounds", text_at(round, "id"));
  json_decref(round);
  snprintf(path, sizeof path, "/api/v1/attachments?order=%s", thing(w, "orders", 6));
  int status;
  json_t *file = ask(w, &status, token, "POST", path, "application/octet-stream", "%PDF-1.4\n1 0 obj\n%%EOF\n");
  assert_int_equal(status, 201);
  add_thing(w, "attachments", text_at(file, "id"));
  json_decref(file);
  json_t *group = must(w, token, 201, "POST", "/api/v1/groups", "{\"name\":\"neighbours\",\"org_id\":\"%s\"}", stations->id[1]);
  add_thing(w, "groups", text_at(group, "id"));
  json_decref(group);
  snprintf(path, sizeof path, "/api/v1/groups/%s/messages", thing(w, "groups", 6));
  json_t *message = must(w, token, 201, "POST", path, "%s", "{\"body\":\"dark here\"}");
  add_thing(w, "group-messages", text_at(message, "id"));
  json_decref(message);
  add_thing(w, "pictures", thing(w, "groups", 6)); /* the group is refused before its picture is looked for */
  find_transformer(w, token);
  json_t *cut = must(w, token, 201, "POST", "/api/v1/visits/cuts", "{\"keep\":\"none\"}");
  add_thing(w, "cuts", text_at(cut, "id"));
  json_decref(cut);
  add_thing(w, "remedies", "0"); /* the area is refused before it is computed */
  add_thing(w, "strays", "12"); /* there is none yet; another station's is refused in supply/room_test.c */
  add_thing(w, "tasks", thing(w, "outages", 7));
  add_thing(w, "errands", thing(w, "jobs", 4)); /* patrols, fetches: there is none yet, and none of this number */
}

/* One account of station A for each role; the first administrator loses what he gives away, so those three come last. */
static void make_accounts(World *w, const char *token, const Stations *stations) {
  static const char *const ROLES[] = {"agent", "dispatcher", "crew", "manager", "head", "auditor", "security", "administrator"};
  for (size_t i = 0; i < sizeof ROLES / sizeof *ROLES; i++) {
    char password[64], name[40];
    snprintf(name, sizeof name, "one.%s", ROLES[i]);
    json_t *made = must(w, token, 201, "POST", "/api/v1/staff", "{\"name\":\"%s\",\"roles\":[\"%s\"],\"org_id\":\"%s\"}", name, ROLES[i], stations->id[0]);
    snprintf(password, sizeof password, "%s", text_at(made, "password"));
    json_decref(made);
    snprintf(w->role[w->roles], sizeof w->role[0], "%s", ROLES[i]);
    sign_in(w, w->token[w->roles++], name, password);
    if (strcmp(ROLES[i], "security") == 0) break; /* an administrator of a part is made by security, in the people room's own tests */
  }
}

/* --- a body that fits a schema --- */

static json_t *example(const World *w, const json_t *root, const json_t *schema, const char *name, int depth);

static json_t *example_object(const World *w, const json_t *root, const json_t *schema, int depth) {
  json_t *object = json_object(), *key;
  size_t i;
  json_array_foreach(json_object_get(schema, "required"), i, key) {
    const char *name = json_string_value(key);
    json_object_set_new(object, name, example(w, root, json_object_get(json_object_get(schema, "properties"), name), name, depth + 1));
  }
  if (!json_object_size(object) && json_object_get(json_object_get(schema, "properties"), "skill")) json_object_set_new(object, "members", json_integer(2)); /* one of them */
  return object;
}

static json_t *example_string(const World *w, const json_t *schema, const char *name) {
  static const struct { const char *name, *thing; } IDS[] = {{"customer_id", "customers"}, {"device_id", "devices"}, {"crew_id", "crews"}, {"org_id", "orgs"},
                                                             {"into", "outages"}, {"order_id", "orders"}, {"outage_id", "outages"}, {"staff_id", "staff"}, {"job_id", "jobs"}};
  const char *format = json_string_value(json_object_get(schema, "format"));
  for (size_t i = 0; i < sizeof IDS / sizeof *IDS; i++)
    if (strcmp(IDS[i].name, name) == 0) return json_string(thing(w, IDS[i].thing, strlen(IDS[i].thing)));
  if (format && strcmp(format, "id") == 0) return json_string("1");
  if (format && strcmp(format, "date-time") == 0) return json_string("2026-11-21T12:00:00.000Z");
  if (format && strcmp(format, "date") == 0) return json_string("2026-11-21");
  return json_string("somewhat");
}

static json_t *example(const World *w, const json_t *root, const json_t *schema, const char *name, int depth) {
  if (!schema || depth > 8) return json_null();
  const char *reference = json_string_value(json_object_get(schema, "$ref"));
  if (reference) {
    const char *component = strrchr(reference, '/');
    return example(w, root, json_object_get(json_object_get(json_object_get(root, "components"), "schemas"), component + 1), name, depth + 1);
  }
  if (json_object_get(schema, "const")) return json_incref(json_object_get(schema, "const"));
  if (json_object_get(schema, "enum")) return json_incref(json_array_get(json_object_get(schema, "enum"), 0));
  const json_t *type = json_object_get(schema, "type");
  if (json_is_array(type)) type = json_array_get(type, 0);
  const char *is = type ? json_string_value(type) : json_object_get(schema, "properties") ? "object" : "string";
  if (strcmp(is, "object") == 0) return example_object(w, root, schema, depth);
  if (strcmp(is, "array") == 0) {
    json_t *list = json_array();
    if (json_integer_value(json_object_get(schema, "minItems")) > 0) json_array_append_new(list, example(w, root, json_object_get(schema, "items"), name, depth + 1));
    return list;
  }
  if (strcmp(is, "boolean") == 0) return json_true();
  const json_t *least = json_object_get(schema, "minimum");
  if (strcmp(is, "integer") == 0) return json_integer(least ? (json_int_t)json_number_value(least) : 1);
  if (strcmp(is, "number") == 0) return json_real(least ? json_number_value(least) : 1);
  return example_string(w, schema, name);
}

/* --- every route --- */

/* The network and the rules are the company's: who may see the map may see a device of it. (What a promise's list holds, is their own part.) */
static bool is_everybodys(const char *method, const char *path) {
  static const char *const PATHS[] = {"/api/v1/grid/", "/api/v1/orders/kinds", "/api/v1/rules", "/api/v1/promises/"};
  for (size_t i = 0; i < sizeof PATHS / sizeof *PATHS; i++)
    if (strcmp(method, "GET") == 0 && strncmp(path, PATHS[i], strlen(PATHS[i])) == 0) return true;
  return false;
}

/* With the other station's things in the place of {…}; false: none is known. */
static bool fill_path(const World *w, char out[PATH_MOST], const char *path) {
  size_t at = 0;
  const char *segment = path, *before = "";
  size_t before_len = 0;
  while (*segment) {
    const char *end = strchrnul(segment + 1, '/');
    if (segment[1] == '{') {
      const char *id = thing(w, before, before_len);
      if (!id) return false;
      at += (size_t)snprintf(out + at, PATH_MOST - at, "/%s", id);
    } else {
      at += (size_t)snprintf(out + at, PATH_MOST - at, "%.*s", (int)(end - segment), segment);
      before = segment + 1;
      before_len = (size_t)(end - segment - 1);
    }
    segment = end;
  }
  return true;
}

static void try_route(World *w, const json_t *root, const char *method, const char *template, const json_t *operation) {
  char path[PATH_MOST], upper[16] = "";
  for (size_t i = 0; method[i] && i + 1 < sizeof upper; i++) upper[i] = (char)(method[i] - 'a' + 'A');
  if (!strchr(template, '{') || is_everybodys(upper, template) || json_object_get(operation, "security")) return;
  if (!fill_path(w, path, template)) {
    buffer_format(&w->wrong, "%s %s: this test knows no object for it\n", upper, template);
    return;
  }
  const json_t *content = json_object_get(json_object_get(operation, "requestBody"), "content");
  const char *media_type = json_object_iter_key(json_object_iter((json_t *)(uintptr_t)content));
  char *body = NULL;
  if (media_type && strcmp(media_type, "application/json") == 0) {
    json_t *made = example(w, root, json_object_get(json_object_get(content, media_type), "schema"), "", 0);
    body = json_dumps(made, JSON_COMPACT);
    json_decref(made);
  }
  for (int r = 0; r < w->roles; r++) {
    int status;
    json_t *reply = ask(w, &status, w->token[r], upper, path, media_type ? media_type : "application/json", body ? body : media_type ? "%PDF-1.4\n1 0 obj\n%%EOF\n" : NULL);
    w->tried++;
    if (status == 403 || status == 404) w->refused++;
    else buffer_format(&w->wrong, "%s %s as %s: %d %s %s\n", upper, path, w->role[r], status, text_at(reply, "code"), body ? body : "");
    json_decref(reply);
  }
  free(body);
}

/* No list shows what is the other station's. */
static void try_list(World *w, const char *template, const json_t *operation) {
  if (strchr(template, '{') || is_everybodys("GET", template) || json_object_get(operation, "security") || strcmp(template, "/api/v1/events") == 0) return;
  for (int r = 0; r < w->roles; r++) {
    int status;
    json_t *reply = ask(w, &status, w->token[r], "GET", template, NULL, NULL);
    char *text = reply ? json_dumps(reply, JSON_COMPACT) : NULL;
    w->tried++;
    bool clean = true;
    static const char *const PRIVATE[] = {"customers", "orders", "outages", "jobs", "staff"};
    for (size_t i = 0; text && status == 200 && strcmp(w->role[r], "auditor") != 0 && i < sizeof PRIVATE / sizeof *PRIVATE; i++) {
      char quoted[80];
      snprintf(quoted, sizeof quoted, "\"%s\"", thing(w, PRIVATE[i], strlen(PRIVATE[i])));
      if (!strstr(text, quoted)) continue;
      clean = false;
      buffer_format(&w->wrong, "GET %s as %s shows one of the other station's %s\n", template, w->role[r], PRIVATE[i]);
    }
    w->refused += clean;
    free(text);
    json_decref(reply);
  }
}

/* --- what an address may say --- */

/* Addresses stand in histories and logs, so no part of one is for words of people: those go in bodies (…/search). A parameter takes numbers and days, and then
 * words are refused; or it is one of these, whose words are the trade's own. */
static const struct { const char *name, *of, *why; } WORDS[] = {
    {"kind", "/api/v1/audit", "an event's kind: customer.revealed"},
    {"subject_kind", "/api/v1/audit", "order, outage, customer …"},
    {"actor", "/api/v1/audit", "staff:ID"},
    {"item", "/api/v1/stock", "a material's name in the stores: S13-200"},
};

/* `template` with these words where `name` stands, and numbers in the other places. */
static void words_path(char out[PATH_MOST], const char *template, const char *name, const char *words) {
  size_t at = 0;
  for (const char *end; *template; template = end) {
    bool placeholder = *template == '{';
    end = placeholder ? strchr(template, '}') + 1 : strchrnul(template, '{');
    bool here = placeholder && strlen(name) == (size_t)(end - template) - 2 && memcmp(template + 1, name, strlen(name)) == 0;
    at += (size_t)snprintf(out + at, PATH_MOST - at, "%.*s", placeholder ? (here ? (int)strlen(words) : 1) : (int)(end - template), here ? words : placeholder ? "1" : template);
  }
}

static void try_words(World *w, const char *const seers[2], const char *method, const char *template, const json_t *operation) {
  static const char SAID[] = "%E6%9D%8E%E5%9B%9B13800001234"; /* 李四13800001234 */
  size_t i;
  json_t *parameter;
  bool search = strcmp(method, "post") == 0 && strstr(template, "/search");
  if (!search && strcmp(method, "get") != 0) return;
  json_array_foreach(json_object_get(operation, "parameters"), i, parameter) {
    char path[PATH_MOST];
    int status = 403;
    bool known = false, in_path = strcmp(text_at(parameter, "in"), "path") == 0;
    const char *name = text_at(parameter, "name");
    for (size_t k = 0; k < sizeof WORDS / sizeof *WORDS; k++) known |= strcmp(WORDS[k].name, name) == 0 && strcmp(WORDS[k].of, template) == 0;
    if (known) continue;
    if (in_path) words_path(path, template, name, SAID);
    else if (fill_path(w, path, template)) snprintf(path + strlen(path), sizeof path - strlen(path), "?%s=%s", name, SAID);
    else continue; /* a page behind a token, which is no word */
    for (int s = 0; s < 2 && status == 403; s++)
      json_decref(ask(w, &status, seers[s], search ? "POST" : "GET", path, "application/json", search ? "{\"q\":\"x\"}" : NULL));
    w->words++;
    if (status != 400 && status != 404 && status != 410 && status != 422) buffer_format(&w->wrong, "%s %s takes words as %s: %d\n", method, template, name, status);
  }
}

static void what_is_the_other_stations_is_refused_to_every_role(void **state) {
  (void)state;
  static World w;
  char admin[128], seer[128], password[64];
  Stations stations = {.count = 0};
  w = (World){.client = {.socket = -1}};
  buffer_begin(&w.wrong, 0);
  start_program(&w);
  sign_in(&w, admin, "admin", w.admin);
  json_t *orgs = must(&w, admin, 200, "GET", "/api/v1/orgs", "%s", "");
  find_stations(&stations, json_object_get(orgs, "items"), "");
  json_decref(orgs);
  assert_int_equal(stations.count, 2);
  make_things(&w, admin, &stations);
  json_t *made = must(&w, admin, 201, "POST", "/api/v1/staff", "{\"name\":\"seer\",\"roles\":[\"agent\",\"dispatcher\",\"crew\",\"manager\",\"head\",\"auditor\"],\"org_id\":\"0\"}");
  snprintf(password, sizeof password, "%s", text_at(made, "password"));
  json_decref(made);
  sign_in(&w, seer, "seer", password);
  make_accounts(&w, admin, &stations);
  json_t *root = must(&w, NULL, 200, "GET", "/api/openapi.json", "%s", ""), *methods, *operation;
  const char *path, *method;
  json_object_foreach(json_object_get(root, "paths"), path, methods)
    json_object_foreach(methods, method, operation) {
      try_route(&w, root, method, path, operation);
      if (strcmp(method, "get") == 0) try_list(&w, path, operation);
      try_words(&w, (const char *[]){seer, admin}, method, path, operation);
    }
  json_decref(root);
  end_program(&w);
  print_message("# %d of %d refused; %d parameters of addresses know no words\n", w.refused, w.tried, w.words);
  if (w.wrong.len) fail_msg("\n%.*s", (int)w.wrong.len, w.wrong.at);
  assert_true(w.tried > 300);
  buffer_end(&w.wrong);
}

TEST_MAIN(TEST(what_is_the_other_stations_is_refused_to_every_role))
