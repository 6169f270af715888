/* Lists, searches, boards, histories, exports: every read that openapi.json knows, with every value of every parameter, paged to the end, as every role
 * of ours. Nothing of theirs may stand in a reply; and no sum may be another than it was before theirs was made. */
#include "app/rights_test.h"

#include <time.h>
#include <zlib.h>

enum {
  TOLD_TO_ALL = 1, /* what is theirs stands in it */
  COUNTED = 2,     /* … and in its sums */
  NOT_THERE = 4,   /* nothing that belongs to a part is in it */
  NETWORK = 8,     /* devices of the network by their names, and nothing else of theirs */
};

/* What is the whole company's, and why. Everything else is each part's own. */
static const struct {
  const char *path;
  unsigned is;
  const char *why;
} NAMED[] = {
    {"/api/v1/events", TOLD_TO_ALL | COUNTED, "the live feed: that something of a kind changed, and its id; http/feed_test.c has it without data"},
    {"/api/v1/audit", TOLD_TO_ALL | COUNTED, "one chain for the whole company, the auditor's alone: a part of it could not be verified"},
    {"/api/v1/audit/export", TOLD_TO_ALL | COUNTED, "the same"},
    {"/api/v1/audit/verify", TOLD_TO_ALL | COUNTED, "the same"},
    {"/api/v1/company", NOT_THERE, "its name"},
    {"/api/v1/session", NOT_THERE, "who asks"},
    {"/api/v1/security", NOT_THERE, "who must sign in with a second factor"},
    {"/api/v1/promises", NOT_THERE, "the rules"},
    {"/api/v1/orders/kinds", NOT_THERE, "the rules"},
    {"/api/v1/rules", NOT_THERE, "the rules"},
    {"/api/v1/orgs", NOT_THERE, "the organisation itself: orders are handed over to its units by name"},
    {"/api/v1/stock", NOT_THERE, "stores are the company's: a crew takes from the nearest that has what it needs"},
    {"/api/v1/fund", COUNTED, "one fund and one balance; whose order was rewarded is not told"},
    {"/api/v1/outages/dark", COUNTED, "the map's: where the network is dark, and how many hang there; a neighbour's outage explains one's own"},
    {"/api/v1/outages/possible", COUNTED, "meters_speak: whether any meter of the company ever reported"},
    {"/api/v1/outages/estimates", COUNTED, "how good the estimates of the company's repairs have been: two figures"},
    {"/api/v1/customers/{id}/standing", COUNTED, "looked_up: whether billing, or the meters, have ever told anything at all"},
    {"/api/v1/plan", COUNTED, "one plan is made for all crews: its version and score, and how many wait; lanes and tasks are one's own"},
    {"/api/v1/plan/advice", COUNTED, "the same score, with overtime or more crews"},
    {"/api/v1/visits/cuts", COUNTED, "a cut of the whole county into grids, decided by who has all of it; what is told of it is told of one's own grids"},
    {"/api/v1/visits/areas", COUNTED, "the same on the map"},
    {"/api/v1/supply/overloads", NOT_THERE, "weeks of readings make it: supply/room_test.c"},
    {"/api/", NOT_THERE, "the reference page"},
};

static unsigned named(const char *path) {
  for (size_t i = 0; i < sizeof NAMED / sizeof *NAMED; i++)
    if (strcmp(NAMED[i].path, path) == 0) return NAMED[i].is;
  return 0;
}

/* --- what a parameter may be --- */

/* Ids by the name of the thing; "=": this very value. */
static const struct {
  const char *parameter, *of, *values; /* of: only that route; blank between values */
} VALUES[] = {
    {"org", NULL, "orgs grids"},
    {"to_org", NULL, "orgs grids"},
    {"crew", NULL, "crews =me"},
    {"outage", NULL, "outages"},
    {"assigned", NULL, "staff =me"},
    {"customer", NULL, "customers planned"},
    {"manager", NULL, "grids orgs =me"},
    {"subject_id", NULL, "orders"},
    {"state", "/api/v1/alarms", "=open =closed"},
    {"state", "/api/v1/jobs", "=open =closed"},
    {"state", "/api/v1/outages", "=open =closed"},
    {"state", NULL, "=archived =accepted =open"},
    {"kind", "/api/v1/audit", "=order.accepted"},
    {"kind", NULL, "=fault_repair =complaint"},
    {"subject_kind", NULL, "=order"},
    {"actor", NULL, "=system"},
    {"repeated", NULL, "=yes"},
    {"closed", NULL, "=yes"},
    {"sort", NULL, "=at"},
    {"alarms", NULL, "=1"},
    {"role", NULL, "=agent"},
    {"limit", NULL, "=1"},
    {"days", NULL, "=3"},
    {"from", "/api/v1/roster", "=20990104"},
    {"from", NULL, "=2026-01-01"},
    {"to", NULL, "=2098-12-31"},
    {"month", NULL, "=this_month"},
    {"day", NULL, "=this_day"},
    {"date", NULL, "=this_day"},
    {"item", NULL, "=a"},
    {"near", NULL, "=113.0,27.6"},
    {"index", NULL, "indexes"},
    {"before", NULL, ""}, /* the cursor */
    {"after", NULL, ""},
};

static bool of_day(char out[24], const char *value) {
  time_t now = time(NULL) + 8 * 3600;
  struct tm local;
  gmtime_r(&now, &local);
  if (strcmp(value, "this_month") != 0 && strcmp(value, "this_day") != 0) return false;
  strftime(out, 24, strcmp(value, "this_month") == 0 ? "%Y-%m" : "%Y-%m-%d", &local);
  return true;
}

typedef struct Choice {
  char text[80]; /* "org=12" */
  bool theirs;
} Choice;

static size_t add_choice(Choice *out, size_t count, const char *parameter, const char *value) {
  assert_true(count < 64);
  out[count].theirs = false;
  snprintf(out[count].text, sizeof out[count].text, "%s=%s", parameter, value);
  return count + 1;
}

/* Of one parameter: theirs, ours, or words of the trade. False: this test knows none. */
static bool choices_of(const World *w, const char *path, const char *parameter, Choice out[64], size_t *count) {
  for (size_t i = 0; i < sizeof VALUES / sizeof *VALUES; i++) {
    const char *at = VALUES[i].values;
    if (strcmp(VALUES[i].parameter, parameter) != 0 || (VALUES[i].of && strcmp(VALUES[i].of, path) != 0)) continue;
    while (*at) {
      char value[32], day[24];
      size_t len = strcspn(at, " ");
      snprintf(value, sizeof value, "%.*s", (int)len, at);
      at += len + (at[len] == ' ');
      if (value[0] == '=') {
        *count = add_choice(out, *count, parameter, of_day(day, value + 1) ? day : value + 1);
        continue;
      }
      const char *theirs = thing(&w->theirs, value, strlen(value)), *ours = thing(&w->ours, value, strlen(value));
      if (theirs) *count = add_choice(out, *count, parameter, theirs), out[*count - 1].theirs = true;
      if (ours) *count = add_choice(out, *count, parameter, ours);
    }
    return true;
  }
  return false;
}

/* --- one question --- */

/* A spreadsheet is a packed file: its parts one after the other instead. */
static void unpack(World *w) {
  Buffer out;
  Text all = buffer_as_text(&w->said);
  const unsigned char *at = (const unsigned char *)all.at;
  if (!text_starts(all, TEXT("PK\003\004"))) return;
  buffer_begin(&out, 0);
#define LE16(i) ((size_t)at[i] | (size_t)at[(i) + 1] << 8)
#define LE32(i) (LE16(i) | LE16((i) + 2) << 16)
  for (size_t i = 0; i + 46 < all.len; i++) { /* the directory at its end */
    if (memcmp(at + i, "PK\001\002", 4) != 0) continue;
    size_t packed = LE32(i + 20), plain = LE32(i + 24), from = LE32(i + 42), method = LE16(i + 10);
    unsigned char *to = (unsigned char *)malloc(plain + 1);
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)at + from + 30 + LE16(from + 26) + LE16(from + 28), .avail_in = (uInt)packed, .next_out = to, .avail_out = (uInt)plain};
    assert_non_null(to);
    if (method == 0) memcpy(to, z.next_in, plain);
    else if (inflateInit2(&z, -15) != Z_OK || inflate(&z, Z_FINISH) != Z_STREAM_END || inflateEnd(&z) != Z_OK) fail_msg("%s", "a spreadsheet that cannot be unpacked");
    buffer_text(&out, (Text){(const char *)to, plain});
    free(to);
  }
  assert_true(out.len > 0);
  buffer_end(&w->said);
  w->said = out;
}

/* What differs from one moment to the next stands apart. */
static char *steady(World *w) {
  static const char *const MOMENTARY[] = {"\"took_us\"", "\"seq\"", "\"now\"", "\"computed_at\"", "\"insert_ms\"", "\"search_ms\"", "\"ms\"", "\"last_seen\"", "\"token_expires\"", "\"next\""};
  Text all = buffer_as_text(&w->said);
  char *out = malloc(all.len + 1);
  size_t to = 0;
  assert_non_null(out);
  for (size_t i = 0; i < all.len; i++) {
    char c = all.at[i];
    bool moment = c == '2' && i + 19 < all.len && all.at[i + 4] == '-' && all.at[i + 7] == '-' && all.at[i + 10] == 'T' && all.at[i + 13] == ':' && all.at[i + 16] == ':';
    if (moment)
      for (i += 18; i + 1 < all.len && strchr(".0123456789", all.at[i + 1]);) i++;
    out[to++] = moment ? 'T' : c;
    for (size_t m = 0; c == ':' && i && all.at[i - 1] == '"' && m < sizeof MOMENTARY / sizeof *MOMENTARY; m++)
      if (text_ends((Text){all.at, i}, text_of(MOMENTARY[m])))
        while (i + 1 < all.len && !strchr(",}]", all.at[i + 1])) i++;
  }
  out[to] = '\0';
  return out;
}

typedef struct Asking {
  World *w;
  Lists *lists;
  int round;
  int only; /* this one role; -1: all */
  int asked;
  const char *path, *method; /* the route's */
  unsigned is;
  bool told; /* the whole company's people see what is theirs there */
  int counts, tells; /* found of each kind; the first stands in w->wrong */
} Asking;

static int64_t key_of(const char *who, const char *path, const char *body) {
  uint64_t hash = 14695981039346656037u;
  const char *parts[] = {who, path, body ? body : ""};
  for (size_t p = 0; p < 3; p++)
    for (const char *at = parts[p];; at++) {
      hash = (hash ^ (unsigned char)*at) * 1099511628211u;
      if (!*at) break;
    }
  return (int64_t)(hash >> 1);
}

static void shown_apart(char out[200], const char *before, const char *after) {
  size_t same = 0;
  while (before[same] && before[same] == after[same]) same++;
  size_t from = same > 40 ? same - 40 : 0;
  snprintf(out, 200, "…%.70s… was …%.70s…", after + from, before + from);
}

/* The first round keeps what was said, the second compares. */
static void compare(Asking *a, const char *who, bool ours, const char *path, const char *body) {
  Lists *lists = a->lists;
  int64_t key = key_of(who, path, body), at;
  char *said = steady(a->w), apart[200];
  if (a->round == 0) {
    assert_true(lists->count < LISTS_MAX && map_put(&lists->known, key, (int64_t)lists->count));
    lists->said[lists->count++] = said;
    return;
  }
  bool same = !map_get(&lists->known, key, &at) || strcmp(lists->said[at], said) == 0;
  if (!same && !ours) a->told = true;
  if (!same && ours && !(a->is & COUNTED) && !a->counts++) {
    shown_apart(apart, lists->said[at], said);
    world_wrong(a->w, "%s %s %s as %s counts what is theirs: %s", a->method, path, body ? body : "", who, apart);
  }
  free(said);
}

static void look(Asking *a, const char *who, bool ours, const char *path, const char *body) {
  char found[80];
  World *w = a->w;
  if (w->status == 429 || w->status >= 500) world_wrong(w, "%s %s as %s: %d %.*s", a->method, path, who, w->status, (int)w->said.len, w->said.at);
  unpack(w);
  if (a->round < 2) compare(a, who, ours, path, body);
  if (a->round == 0 || !marks_found(w, a->is & NETWORK ? MARK_OF_A_PART : MARK_OF_THE_NETWORK, found)) return;
  if (!ours) a->told = true;
  /* what was asked for may be said again in the refusal */
  bool repeated = w->status >= 400 && (strstr(path, found) || (body && strstr(body, found)));
  if (ours && !repeated && !(a->is & TOLD_TO_ALL) && !a->tells++) world_wrong(w, "%s %s %s as %s: %d, and tells %s", a->method, path, body ? body : "", who, w->status, found);
}

static void ask_on(Asking *a, const char *who, const char *token, bool ours, const char *path, const char *body) {
  char next[PATH_MOST + 200];
  snprintf(next, sizeof next, "%s", path);
  for (int page = 0; page < 5; page++) {
    json_t *json = world_send(a->w, token, a->method, next, "application/json", body);
    a->w->tried++;
    look(a, who, ours, next, body);
    const char *cursor = world_text(json, "next");
    bool more = cursor[0] && a->w->status == 200 && ours;
    if (more) snprintf(next, sizeof next, "%.500s%safter=%.150s", path, strchr(path, '?') ? "&" : "?", cursor);
    json_decref(json);
    if (!more) return;
  }
}

bool role_may(const json_t *operation, const char *role) {
  size_t i;
  json_t *one;
  const json_t *roles = json_object_get(operation, "x-roles");
  if (!json_array_size(roles)) return true;
  json_array_foreach(roles, i, one)
    if (strcmp(json_string_value(one), role) == 0) return true;
  return false;
}

static void ask_all(Asking *a, const json_t *operation, const char *path, const char *body) {
  World *w = a->w;
  int one = a->only < 0 && a->round == 2 ? a->asked++ % w->roles : a->only; /* when ours is there too, one role after the other asks */
  for (int tries = 0; one >= 0 && tries < w->roles && !role_may(operation, w->role[one].name); tries++) one = (one + 1) % w->roles;
  for (int r = 0; r < w->roles; r++)
    if ((one < 0 || r == one) && role_may(operation, w->role[r].name)) ask_on(a, w->role[r].name, w->role[r].token, true, path, body);
  if (a->round == 2) return;
  ask_on(a, "seer", w->seer, false, path, body);
  ask_on(a, "admin", w->admin, false, path, body);
}

/* --- every question of a route --- */

static void with(char out[PATH_MOST], const char *path, const Choice *one, const Choice *other) {
  snprintf(out, PATH_MOST, "%.300s?%.79s%s%.79s", path, one->text, other ? "&" : "", other ? other->text : "");
}

static bool same_parameter(const Choice *a, const Choice *b) {
  size_t len = strcspn(a->text, "=");
  return strncmp(a->text, b->text, len + 1) == 0;
}

/* What is theirs as every role; words of the trade, and two choices together, as one role after the other. */
static void ask_choices(Asking *a, const json_t *operation, const char *path, const char *body) {
  Choice choices[64];
  char asked[PATH_MOST];
  size_t count = 0, i;
  json_t *parameter;
  json_array_foreach(json_object_get(operation, "parameters"), i, parameter) {
    const char *name = world_text(parameter, "name");
    if (strcmp(world_text(parameter, "in"), "query") == 0 && !choices_of(a->w, a->path, name, choices, &count) && a->round == 0)
      world_wrong(a->w, "%s %s: this test knows no value for ?%s=", a->method, a->path, name);
  }
  ask_all(a, operation, path, body);
  for (size_t c = 0; c < count; c++) {
    with(asked, path, &choices[c], NULL);
    if (!choices[c].theirs) a->only = (int)(c % (size_t)a->w->roles);
    ask_all(a, operation, asked, body);
    a->only = -1;
    bool narrows = strcmp(choices[c].text, "state=archived") == 0 || strcmp(choices[c].text, "state=closed") == 0 || strncmp(choices[c].text, "manager=", 8) == 0 || strncmp(choices[c].text, "from=", 5) == 0;
    narrows = narrows && strncmp(path, "/api/v1/exports/", 16) != 0; /* the lists they are made of are asked so */
    for (size_t o = 0; narrows && o < count; o++) {
      if (same_parameter(&choices[c], &choices[o])) continue;
      with(asked, path, &choices[c], &choices[o]);
      a->only = (int)((c + o) % (size_t)a->w->roles);
      ask_all(a, operation, asked, body);
      a->only = -1;
    }
  }
}

static void ask_words(Asking *a, const json_t *operation, const char *path) {
  const Household *house = a->w->theirs.house;
  const char *words[] = {house[0].number, house[0].phone, house[0].address, house[0].meter, house[0].area_code, a->w->theirs.word, a->w->ours.house[0].number, thing(&a->w->theirs, "order_numbers", 13)};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    char body[300];
    if (!words[i]) continue;
    snprintf(body, sizeof body, "{\"q\":\"%s\"}", words[i]);
    ask_all(a, operation, path, body);
  }
}

void try_list(World *w, Lists *lists, int round, const char *method, const char *template, const json_t *operation) {
  char path[PATH_MOST];
  bool get = strcmp(method, "get") == 0, search = strcmp(method, "post") == 0 && strlen(template) > 7 && strcmp(template + strlen(template) - 7, "/search") == 0;
  if ((!get && !search) || json_object_get(operation, "security") || strcmp(template, "/api/v1/events") == 0) return;
  if (search && !json_object_get(json_object_get(json_object_get(json_object_get(json_object_get(json_object_get(operation, "requestBody"), "content"), "application/json"), "schema"), "properties"), "q")) return;
  Asking asking = {.w = w, .lists = lists, .round = round, .only = -1, .path = template, .method = get ? "GET" : "POST", .is = named(template)};
  if (strncmp(template, "/api/v1/grid/", 13) == 0) asking.is |= NETWORK;
  bool held = strchr(template, '{');
  if (asking.is & NOT_THERE) { /* asked once, by one of them */
    if (round != 1) return;
    asking.only = (int)strlen(template) % w->roles;
  }
  if (strcmp(template, "/api/v1/grid/tiles/{z}/{x}/{y}") == 0) snprintf(path, sizeof path, "/api/v1/grid/tiles/%s", w->theirs.tile);
  else if (!fill_path(asking.is & NETWORK ? &w->theirs : &w->ours, path, template)) {
    if (!held || round == 2) world_wrong(w, "GET %s: nothing of ours to ask with", template);
    return; /* not made yet */
  }
  if (search) ask_words(&asking, operation, path);
  ask_choices(&asking, operation, path, search ? "{\"q\":\"\"}" : NULL);
  if (asking.counts > 1 || asking.tells > 1) world_wrong(w, "  … %d replies count, %d tell", asking.counts, asking.tells);
  if (!held && round == 1 && !asking.told && !(asking.is & (NOT_THERE | NETWORK)))
    world_wrong(w, "%s %s: nothing of theirs is in it, whoever asks: make something, or name it", asking.method, template);
}

void lists_end(Lists *lists) {
  for (size_t i = 0; i < lists->count; i++) free(lists->said[i]);
  map_free(&lists->known);
}
