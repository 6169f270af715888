/* Every route, as every role of one station, at what is the other station's: refused, not told, not counted, not changed. The real program is asked, and its own
 * openapi.json says what there is to ask, so that a route added tomorrow is tried tomorrow. Here: what stands in a path. Lists and sums: rights_lists.c; what a
 * body names: rights_bodies.c. What this test does not know to ask, or to make, is a failure: name it there. */
#include "app/rights_test.h"

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
    if (strcmp(IDS[i].name, name) == 0) return json_string(thing(&w->theirs, IDS[i].thing, strlen(IDS[i].thing)));
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
bool is_everybodys(const char *method, const char *path) {
  static const char *const PATHS[] = {"/api/v1/grid/", "/api/v1/orders/kinds", "/api/v1/rules", "/api/v1/promises/"};
  for (size_t i = 0; i < sizeof PATHS / sizeof *PATHS; i++)
    if (strcmp(method, "GET") == 0 && strncmp(path, PATHS[i], strlen(PATHS[i])) == 0) return true;
  return false;
}

/* With the other station's things in the place of {…}; false: none is known. */
bool fill_path(const Part *part, char out[PATH_MOST], const char *path) {
  size_t at = 0;
  const char *segment = path, *before = "";
  size_t before_len = 0;
  while (*segment) {
    const char *end = strchrnul(segment + 1, '/');
    if (segment[1] == '{') {
      const char *id = thing(part, before, before_len);
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
  if (!fill_path(&w->theirs, path, template)) {
    world_wrong(w, "%s %s: this test knows no object for it", upper, template);
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
    char found[80];
    json_t *reply = world_send(w, w->role[r].token, upper, path, media_type ? media_type : "application/json", body ? body : media_type ? "%PDF-1.4\n1 0 obj\n%%EOF\n" : NULL);
    w->tried++;
    if (w->status != 403 && w->status != 404) world_wrong(w, "%s %s as %s: %d %s %s", upper, path, w->role[r].name, w->status, world_text(reply, "code"), body ? body : "");
    if (marks_found(w, MARK_OF_THE_NETWORK, found) && !strstr(path, found) && !(body && strstr(body, found))) world_wrong(w, "%s %s as %s tells %s", upper, path, w->role[r].name, found);
    json_decref(reply);
  }
  free(body);
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
    bool known = false, in_path = strcmp(world_text(parameter, "in"), "path") == 0;
    const char *name = world_text(parameter, "name");
    for (size_t k = 0; k < sizeof WORDS / sizeof *WORDS; k++) known |= strcmp(WORDS[k].name, name) == 0 && strcmp(WORDS[k].of, template) == 0;
    if (known) continue;
    if (in_path) words_path(path, template, name, SAID);
    else if (fill_path(&w->theirs, path, template)) snprintf(path + strlen(path), sizeof path - strlen(path), "?%s=%s", name, SAID);
    else continue; /* a page behind a token, which is no word */
    for (int s = 0; s < 2 && (s == 0 || w->status == 403); s++)
      json_decref(world_send(w, seers[s], search ? "POST" : "GET", path, "application/json", search ? "{\"q\":\"x\"}" : NULL));
    w->words++;
    if (w->status != 400 && w->status != 404 && w->status != 410 && w->status != 422) world_wrong(w, "%s %s takes words as %s: %d", method, template, name, w->status);
  }
}

/* --- the live feed --- */

/* All of it from the beginning, until something of ours comes: of what is theirs no word and no number of a person, and no data (http/feed_test.c has every kind). */
static void try_feed(World *w, const Role *role) {
  Client client = {.socket = -1};
  ClientReply head = {0};
  Text event;
  Error error = {0};
  char ask[400];
  bool ours = false;
  int events = 0;
  assert_ok(client_open(&client, w->port, &error), &error);
  snprintf(ask, sizeof ask, "GET /api/v1/events?after=0 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n\r\n", role->token);
  assert_ok(client_send(&client, text_of(ask), &error), &error);
  assert_ok(client_reply_head(&head, &client, &error), &error);
  assert_int_equal(head.status, 200);
  for (; !ours && events < 3000; events++) {
    assert_ok(client_event(&event, &client, &error), &error);
    const Household *house = w->theirs.house;
    const char *const words[] = {w->theirs.word, house->number, house->phone, house->meter, house->address};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
      if (text_find(event, text_of(words[i])) >= 0) world_wrong(w, "the feed tells %s: %.*s", role->name, (int)(event.len < 300 ? event.len : 300), event.at);
    ours = text_find(event, text_of(thing(&w->ours, "orders", 6))) >= 0;
  }
  assert_true(ours);
  client_close(&client);
  buffer_end(&head.body);
}

/* --- what lies above both --- */

/* Of an outage of a feeder that feeds both, everybody sees that it is, and how large; of the calls and households under it, their own. */
static void try_shared(World *w) {
  char path[PATH_MOST], found[80];
  static const char *const PATHS[] = {"/api/v1/outages/%s", "/api/v1/outages/%s/proposals", "/api/v1/outages?limit=500", "/api/v1/outages/possible", "/api/v1/orders?outage=%s", "/api/v1/plan", "/api/v1/jobs", "/api/v1/plan/changes"};
  const Household *house = &w->theirs.house[4];
  json_t *outage = world_must(w, w->admin, 201, "POST", "/api/v1/outages", "{\"device_id\":\"%s\"}", thing(&w->theirs, "devices.shared", 14));
  json_t *order = world_must(w, w->admin, 201, "POST", "/api/v1/orders",
                         "{\"kind\":\"fault_repair\",\"customer_id\":\"%s\",\"caller_phone\":\"%s\",\"caller_name\":\"%s\",\"what\":\"no_power\",\"description\":\"%s\"}", house->id, house->phone,
                         w->theirs.word, w->theirs.word);
  marks_add(w, world_text(order, "id")), marks_add(w, world_text(order, "number"));
  json_decref(order);
  for (size_t p = 0; p < sizeof PATHS / sizeof *PATHS; p++) {
    snprintf(path, sizeof path, PATHS[p], world_text(outage, "id"));
    json_decref(world_send(w, w->seer, "GET", path, NULL, NULL));
    if (p == 0 && !marks_found(w, MARK_OF_A_PART, found)) world_wrong(w, "%s: nothing of theirs is on it, whoever asks", path);
    for (int r = 0; r < w->roles; r++) {
      json_decref(world_send(w, w->role[r].token, "GET", path, NULL, NULL));
      if (p == 0 && w->status != 200) world_wrong(w, "%s as %s: %d", path, w->role[r].name, w->status);
      if (marks_found(w, MARK_OF_A_PART, found)) world_wrong(w, "%s as %s tells %s of a neighbour under the same outage", path, w->role[r].name, found);
    }
  }
  json_decref(outage);
}

/* --- all of it --- */

static void every_operation(World *w, Lists *lists, const json_t *root, int round) {
  const char *path, *method;
  json_t *methods, *operation;
  json_object_foreach(json_object_get(root, "paths"), path, methods)
    json_object_foreach(methods, method, operation) {
      try_list(w, lists, round, method, path, operation);
      if (round != 1) continue;
      try_route(w, root, method, path, operation);
      try_words(w, (const char *[]){w->seer, w->admin}, method, path, operation);
    }
}

static void what_is_the_other_stations_is_refused_to_every_role(void **state) {
  (void)state;
  static World w;
  static Lists lists;
  world_open(&w);
  world_accounts(&w);
  json_t *root = world_must(&w, NULL, 200, "GET", "/api/openapi.json", "%s", "");
  every_operation(&w, &lists, root, 0);
  marks_before(&w);
  make_things(&w, &w.theirs);
  marks_after(&w);
  every_operation(&w, &lists, root, 1);
  make_things(&w, &w.ours);
  every_operation(&w, &lists, root, 2);
  for (int r = 0; r < w.roles; r++) try_feed(&w, &w.role[r]);
  try_bodies(&w, root);
  try_shared(&w);
  json_decref(root);
  lists_end(&lists);
  print_message("# %d requests, of them %d by people of another station; %zu marks of what is not theirs; %d parameters of addresses know no words\n", w.asked, w.tried, w.marks.count, w.words);
  world_close(&w);
  if (w.wrong.len) fwrite(w.wrong.at, 1, w.wrong.len, stderr), fail();
  assert_true(w.tried > 3000);
  buffer_end(&w.wrong);
}

TEST_MAIN(TEST(what_is_the_other_stations_is_refused_to_every_role))
