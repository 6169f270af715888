/* POST /api/v1/customers/search, the household's file, revealing, and the organisation. */
#include <stdio.h>

#include "base/limits.h"
#include "interop/package.h"
#include "people/people_private.h"
#include "people/route_words.h"
#include "people/staff.h"

enum { SEE_CUSTOMERS = STAFF_AGENT | STAFF_DISPATCHER | STAFF_CREW | STAFF_MANAGER | STAFF_HEAD };
enum { REVEAL_CUSTOMERS = STAFF_AGENT | STAFF_DISPATCHER | STAFF_CREW | STAFF_MANAGER };

/* ---- search ---- */

static void put_hit(Json *json, Arena *arena, const Grid *grid, const Customer *customer) {
  json_put_id(json, "id", customer->id.value);
  json_put_text(json, "number", customer->number);
  json_put_text(json, "name", people_mask_name(arena, customer->name));
  json_put_text(json, "phone", people_mask_phone(arena, customer->phone));
  json_put_text(json, "address", customer->address);
  json_put_id(json, "device_id", grid_device(grid, customer->device)->id.value);
  json_put_i64(json, "device_index", customer->device);
  json_put_string(json, "category", package_category_name(customer->category));
  json_put_string(json, "importance", package_importance_name(customer->importance));
  json_put_bool(json, "vulnerable", customer->vulnerable);
  json_key(json, "tags");
  json_open_array(json);
  Text tags = customer->tags, tag;
  while (tags.len && text_next(&tags, ';', &tag))
    if (tag.len) json_text(json, tag);
  json_close(json);
}

static bool read_customers(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const People *people = room;
  int64_t limit, most, shown = 0;
  if (!http_query_i64(request, "limit", 20, 1, LIMIT_PAGE_ROWS, &limit, error)) return false;
  most = request->who.org_id ? LIMIT_PAGE_ROWS : limit; /* some of them may lie elsewhere */
  CustomerMatch *matches = ARENA_ARRAY(request->arena, CustomerMatch, (size_t)most);
  if (!matches) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "customers");
  int64_t begun = time_monotonic_us();
  size_t count = people_find(people, http_body_text(request->body, "q"), matches, (size_t)most);
  int64_t took = time_monotonic_us() - begun;
  Json json;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "items");
  json_open_array(&json);
  for (size_t i = 0; i < count && shown < limit; i++) {
    Customer customer;
    people_customer(people, matches[i].position, &customer);
    if (!people_check_place(people, request->who.org_id, customer.device, NULL)) continue;
    json_open_object(&json);
    put_hit(&json, request->arena, people_grid(people), &customer);
    json_close(&json);
    shown++;
  }
  json_close(&json);
  json_put_i64(&json, "took_us", took);
  json_close(&json);
  return true;
}

/* ---- the file ---- */

static bool find_customer(HttpRequest *request, const People *people, Customer *out, Error *error) {
  int64_t id;
  uint32_t position;
  if (!http_argument_id(request, 0, "customer", &id, error)) return false;
  if (!people_position_of(people, (CustomerId){id}, &position)) return error_raise(error, ERROR_NOT_FOUND, "customer\t%lld", (long long)id);
  people_customer(people, position, out);
  return people_check_place(people, request->who.org_id, out->device, error);
}

/* The org of this level at or above the device's; NULL. */
static const Org *org_of_level(const People *people, uint32_t device, const char *level) {
  size_t row = people_org_of_device(people, device), steps = 0;
  while (row != SIZE_MAX && steps++ <= people_org_count(people)) {
    const Org *org = people_org(people, row);
    if (text_is(org->level, level)) return org;
    if (!people_org_row(people, org->parent_id, &row)) break;
  }
  return NULL;
}

static void put_area(Json *json, const People *people, uint32_t device) {
  const Grid *grid = people_grid(people);
  uint32_t transformer = grid_nearest_above(grid, device, GRID_TRANSFORMER), feeder = grid_device(grid, device)->feeder;
  const Org *station = org_of_level(people, device, "station"), *area = org_of_level(people, device, "grid");
  json_key(json, "area");
  json_open_object(json);
  json_put_text(json, "transformer", transformer == GRID_NONE ? TEXT_NONE : grid_name(grid, transformer));
  json_put_text(json, "feeder", feeder == GRID_NONE ? TEXT_NONE : grid_name(grid, feeder));
  json_put_text(json, "station", station ? station->name : TEXT_NONE);
  json_put_text(json, "grid", area ? area->name : TEXT_NONE);
  json_put_text(json, "type", people_area_type(people, device));
  json_close(json);
  json_key(json, "manager");
  if (!area || area->manager.len == 0) {
    json_nil(json);
    return;
  }
  json_open_object(json); /* a colleague: as the company publishes them */
  json_put_text(json, "name", area->manager);
  json_put_text(json, "phone", area->manager_phone);
  json_close(json);
}

static bool read_customer(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const People *people = room;
  Customer customer;
  Json json;
  if (!find_customer(request, people, &customer, error)) return false;
  const GridDevice *device = grid_device(people_grid(people), customer.device);
  bool placed = customer.lon_e6 != GRID_NO_PLACE;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  put_hit(&json, request->arena, people_grid(people), &customer);
  put_text_or_null(&json, "meter_id", customer.meter);
  put_number_or_null(&json, "contract_kw", (double)customer.contract_kw, 2);
  put_phases(&json, customer.phases);
  put_place(&json, placed ? customer.lon_e6 : device->lon_e6, placed ? customer.lat_e6 : device->lat_e6);
  put_area(&json, people, customer.device);
  json_put_i64(&json, "version", grid_version(people_grid(people)));
  json_close(&json);
  return true;
}

/* ---- reveal ---- */

typedef struct Reveal {
  Customer customer;
  Text reason;
} Reveal;

static bool decode_reveal(HttpRequest *request, void **command, void *room, Error *error) {
  Reveal *reveal = ARENA_NEW(request->arena, Reveal);
  if (!reveal) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "customer");
  if (!find_customer(request, room, &reveal->customer, error)) return false;
  reveal->reason = text_trim(http_body_text(request->body, "reason"));
  *command = reveal;
  if (reveal->reason.len) return true;
  error_raise(error, ERROR_FIELD_MISSING, "%s", "reason");
  return error_at(error, "$.reason");
}

static bool work_reveal(DeskContext *context, void *command, Error *error) {
  const Reveal *reveal = command;
  char data[160], sum[PEOPLE_REVEAL_SUM_TEXT];
  int64_t id = desk_new_id(context);
  if (!people_store_reveal(context, id, reveal->customer.id, reveal->reason, sum, error)) return false;
  snprintf(data, sizeof data, "{\"record\":\"%lld\",\"sum\":\"%s\"}", (long long)id, sum);
  return desk_event(context, "customer.revealed", "customer", reveal->customer.id.value, text_of(data), error);
}

static bool encode_reveal(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  (void)request, (void)room, (void)error;
  const Reveal *reveal = command;
  Json json;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_text(&json, "name", reveal->customer.name);
  json_put_text(&json, "phone", reveal->customer.phone);
  json_close(&json);
  return true;
}

/* ---- organisation ---- */

typedef struct OrgLinks {
  size_t *child, *next; /* first child, next sibling; SIZE_MAX none */
} OrgLinks;

static void put_orgs(Json *json, const People *people, const OrgLinks *links, size_t first, bool siblings) {
  json_open_array(json);
  for (size_t row = first; row != SIZE_MAX; row = siblings ? links->next[row] : SIZE_MAX) {
    const Org *org = people_org(people, row);
    json_open_object(json);
    json_put_id(json, "id", org->id);
    json_put_text(json, "code", org->code);
    json_put_text(json, "level", org->level);
    json_put_text(json, "name", org->name);
    put_text_or_null(json, "area_type", org->area_type);
    put_text_or_null(json, "manager", org->manager);
    json_key(json, "children");
    put_orgs(json, people, links, links->child[row], true); /* as deep as LIMIT_ORG_DEPTH */
    json_close(json);
  }
  json_close(json);
}

static bool read_orgs(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const People *people = room;
  size_t count = people_org_count(people), top = SIZE_MAX, up;
  OrgLinks links = {ARENA_ARRAY(request->arena, size_t, count + 1), ARENA_ARRAY(request->arena, size_t, count + 1)};
  if (!links.child || !links.next) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "orgs");
  memset(links.child, 0xFF, count * sizeof *links.child);
  for (size_t row = count; row-- > 0;) { /* backwards, so that lists run forwards */
    size_t *head = people_org_row(people, people_org(people, row)->parent_id, &up) ? &links.child[up] : &top;
    links.next[row] = *head;
    *head = row;
  }
  if (request->who.org_id && !people_org_row(people, request->who.org_id, &top)) top = SIZE_MAX;
  Json json;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "items");
  put_orgs(&json, people, &links, top, request->who.org_id == 0);
  json_close(&json);
  return true;
}

/* ---- the table ---- */

#define HIT_PROPERTIES                                                                                                        \
  "\"id\":" S_ID ",\"number\":" S_TEXT ",\"name\":" S_TEXT ",\"phone\":" S_TEXT ",\"address\":" S_TEXT ",\"device_id\":" S_ID \
  ",\"device_index\":" S_WHOLE ",\"category\":" S_TEXT ",\"importance\":" S_TEXT ",\"vulnerable\":" S_BOOL ",\"tags\":" S_LIST(S_TEXT)
#define HITS                                                                                                   \
  "{\"type\":\"object\",\"required\":[\"items\",\"took_us\"],\"properties\":{\"took_us\":" S_WHOLE ",\"items\":" \
  S_LIST("{\"type\":\"object\",\"required\":[\"id\",\"number\"],\"properties\":{" HIT_PROPERTIES "}}") "}}"
#define CUSTOMER_FILE                                                                                                                   \
  "{\"type\":\"object\",\"required\":[\"id\",\"number\",\"area\",\"manager\",\"version\"],\"properties\":{" HIT_PROPERTIES              \
  ",\"meter_id\":" S_TEXT_NULL ",\"contract_kw\":" S_NUMBER_NULL ",\"phases\":" S_TEXT ",\"lon\":" S_NUMBER_NULL               \
  ",\"lat\":" S_NUMBER_NULL ",\"version\":" S_WHOLE ",\"area\":{\"type\":\"object\",\"properties\":{\"transformer\":" S_TEXT_NULL \
  ",\"feeder\":" S_TEXT_NULL ",\"station\":" S_TEXT_NULL ",\"grid\":" S_TEXT_NULL ",\"type\":" S_TEXT                          \
  "}},\"manager\":{\"type\":[\"object\",\"null\"],\"properties\":{\"name\":" S_TEXT ",\"phone\":" S_TEXT "}}}}"
#define REVEAL_BODY                                                                                                                        \
  "{\"type\":\"object\",\"required\":[\"reason\"],\"properties\":{\"reason\":{\"type\":\"string\",\"format\":\"line\",\"maxLength\":100}}" \
  "}"
#define REVEALED "{\"type\":\"object\",\"required\":[\"name\",\"phone\"],\"properties\":{\"name\":" S_TEXT ",\"phone\":" S_TEXT "}}"

static const char ORG[] =
    "{\"type\":\"object\",\"required\":[\"id\",\"name\",\"level\",\"children\"],\"properties\":{\"id\":" S_ID ",\"code\":" S_TEXT ",\"level\":" S_TEXT
    ",\"name\":" S_TEXT ",\"area_type\":" S_TEXT_NULL ",\"manager\":" S_TEXT_NULL ",\"children\":" S_LIST(S_REF("Org")) "}}";

const HttpRoute CUSTOMER_ROUTES[] = {
    {"POST", "/api/v1/customers/search", SEE_CUSTOMERS, HTTP_UNLOCKED, "Customers by number, telephone, meter, or part of name or address; masked", "limit", S_SEARCH,
     HITS, read_customers, NULL, NULL, NULL},
    {"GET", "/api/v1/customers/{id}", SEE_CUSTOMERS, HTTP_UNLOCKED, "One household's file; masked", NULL, NULL, CUSTOMER_FILE, read_customer, NULL, NULL, NULL},
    {"POST", "/api/v1/customers/{id}/reveal", REVEAL_CUSTOMERS, 0, "Name and telephone in clear, for a reason that is recorded", NULL, REVEAL_BODY, REVEALED,
     NULL, decode_reveal, work_reveal, encode_reveal},
    {"GET", "/api/v1/orgs", 0, HTTP_UNLOCKED, "One's part of the organisation, as a tree", NULL, NULL,
     "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":" S_LIST(S_REF("Org")) "}}", read_orgs, NULL, NULL, NULL},
    {0},
};

bool people_add_routes(Http *http, People *people, Error *error) {
  return http_add_component(http, "Org", ORG, error) && http_add_routes(http, CUSTOMER_ROUTES, people, error) &&
         grid_add_routes(http, people, error);
}
