/* GET /api/v1/grid/…: the network for the map and for whoever asks what stands where. */
#include "base/limits.h"
#include "grid/grid_private.h"
#include "grid/tile.h"
#include "people/route_words.h"

enum { GRID_FIND_MOST = 50 };

static uint32_t customers_below(const People *people, uint32_t index) {
  uint32_t from, to;
  people_customers_in(people, (GridRange){index, grid_device(people_grid(people), index)->end}, &from, &to);
  return to - from;
}

/* Tells the browser that what it has is still good as long as no import came in between. */
static void tag(HttpReply *reply, const Grid *grid) {
  http_reply_header(reply, "ETag", "\"g%lld\"", (long long)grid_version(grid));
  http_reply_header(reply, "Cache-Control", "private, no-cache");
}

/* ---- summary ---- */

static void put_head(Json *json, const People *people, uint32_t index) {
  const Grid *grid = people_grid(people);
  const GridDevice *device = grid_device(grid, index);
  json_open_object(json);
  json_put_id(json, "id", device->id.value);
  json_put_i64(json, "index", index);
  json_put_i64(json, "end", device->end);
  json_put_text(json, "name", grid_name(grid, index));
  json_put_i64(json, "customers", customers_below(people, index));
}

static void put_counts(Json *json, const People *people) {
  const Grid *grid = people_grid(people);
  const GridTie *ties;
  int64_t kinds[GRID_KIND_COUNT] = {0};
  for (uint32_t i = 0; i < grid_count(grid); i++) kinds[grid_device(grid, i)->kind]++;
  json_key(json, "counts");
  json_open_object(json);
  json_put_i64(json, "devices", grid_count(grid));
  json_put_i64(json, "customers", people_customer_count(people));
  json_put_i64(json, "ties", (int64_t)grid_ties(grid, &ties));
  for (int kind = 0; kind < GRID_KIND_COUNT; kind++) json_put_i64(json, grid_kind_name((GridKind)kind), kinds[kind]);
  json_close(json);
}

static bool read_summary(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  (void)request, (void)error;
  const People *people = room;
  const Grid *grid = people_grid(people);
  const uint32_t *feeders;
  size_t feeder_count = grid_feeders(grid, &feeders);
  double bounds[4];
  Json json;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_i64(&json, "version", grid_version(grid));
  json_key(&json, "bounds");
  if (grid_bounds(grid, bounds)) {
    json_open_array(&json);
    for (int i = 0; i < 4; i++) json_f64(&json, bounds[i], 6);
    json_close(&json);
  } else {
    json_nil(&json);
  }
  json_key(&json, "feeders");
  json_open_array(&json);
  for (size_t i = 0; i < feeder_count; i++) {
    put_head(&json, people, feeders[i]);
    json_put_i64(&json, "color_index", grid_feeder_colour(grid, feeders[i]));
    json_close(&json);
  }
  json_close(&json);
  json_key(&json, "substations");
  json_open_array(&json);
  for (uint32_t i = 0; i < grid_count(grid); i++) {
    const GridDevice *device = grid_device(grid, i);
    if (device->kind != GRID_SUBSTATION) continue;
    put_head(&json, people, i);
    put_place(&json, device->lon_e6, device->lat_e6);
    json_close(&json);
  }
  json_close(&json);
  put_counts(&json, people);
  json_close(&json);
  tag(reply, grid);
  return true;
}

/* ---- tiles, backdrop ---- */

static bool read_tile(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Grid *grid = people_grid(room);
  int64_t at[3];
  for (int i = 0; i < 3; i++)
    if (!text_to_i64(request->argument[i], &at[i])) return error_raise(error, ERROR_NOT_FOUND, "tile\t%.*s", TEXT_ARG(request->path));
  if (at[0] > GRID_TILE_ZOOM_MAX) at[0] = GRID_TILE_ZOOM_MAX + 1;
  if (!grid_tile(grid, (int)at[0], at[1], at[2], &reply->body, error)) return false;
  reply->content_type = "application/octet-stream";
  tag(reply, grid);
  return true;
}

static bool read_backdrop(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Grid *grid = people_grid(room);
  if (!grid_load_backdrop(request->db, grid->county_id, &reply->body, error)) return false;
  if (reply->body.len == 0) buffer_string(&reply->body, "{\"rivers\":[],\"roads\":[],\"places\":[],\"waters\":[],\"borders\":[]}");
  tag(reply, grid);
  return true;
}

/* ---- one device ---- */

static void put_step(Json *json, const People *people, uint32_t index) {
  put_head(json, people, index);
  json_put_string(json, "kind", grid_kind_name((GridKind)grid_device(people_grid(people), index)->kind));
  json_close(json);
}

static void put_path(Json *json, const People *people, uint32_t index) {
  const Grid *grid = people_grid(people);
  uint32_t path[LIMIT_TREE_DEPTH], depth = 0;
  for (uint32_t at = index; at != GRID_NONE && depth < LIMIT_TREE_DEPTH; at = grid_device(grid, at)->parent) path[depth++] = at;
  json_key(json, "path");
  json_open_array(json);
  while (depth) put_step(json, people, path[--depth]);
  json_close(json);
}

static void put_children(Json *json, const People *people, uint32_t index) {
  const Grid *grid = people_grid(people);
  uint32_t count = 0, end = grid_device(grid, index)->end;
  json_key(json, "children");
  json_open_array(json);
  for (uint32_t child = index + 1; child < end && count < LIMIT_PAGE_ROWS; child = grid_device(grid, child)->end, count++)
    put_step(json, people, child);
  json_close(json);
}

static void put_card(Json *json, const People *people, uint32_t index, bool whole) {
  static const char *const OWNERSHIP[] = {NULL, "public", "private"};
  const Grid *grid = people_grid(people);
  const GridDevice *device = grid_device(grid, index);
  size_t org = people_org_of_device(people, index);
  json_open_object(json);
  json_put_id(json, "id", device->id.value);
  json_put_text(json, "code", grid_code(grid, index));
  json_put_i64(json, "index", index);
  json_put_i64(json, "end", device->end);
  json_put_string(json, "kind", grid_kind_name((GridKind)device->kind));
  json_put_text(json, "name", grid_name(grid, index));
  json_put_id(json, "parent_id", device->parent == GRID_NONE ? 0 : grid_device(grid, device->parent)->id.value);
  json_put_text(json, "feeder", device->feeder == GRID_NONE ? TEXT_NONE : grid_name(grid, device->feeder));
  json_put_text(json, "org", org == SIZE_MAX ? TEXT_NONE : people_org(people, org)->name);
  put_place(json, device->lon_e6, device->lat_e6);
  json_put_bool(json, "borrowed_place", device->borrowed_place);
  put_number_or_null(json, "rated_kva", (double)device->rated_kva, 1);
  put_number_or_null(json, "length_m", (double)device->length_m, 1);
  json_put_string(json, "ownership", OWNERSHIP[device->ownership % 3]);
  put_phases(json, device->phases);
  json_put_i64(json, "customers", customers_below(people, index));
  put_path(json, people, index);
  if (whole) put_children(json, people, index);
  json_close(json);
}

static bool read_device(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const People *people = room;
  int64_t id;
  uint32_t index;
  Json json;
  if (!http_argument_id(request, 0, "device", &id, error)) return false;
  if (!grid_index_of(people_grid(people), (DeviceId){id}, &index))
    return error_raise(error, ERROR_NOT_FOUND, "device\t%lld", (long long)id);
  json_begin(&json, &reply->body);
  put_card(&json, people, index, true);
  return true;
}

static bool read_device_at(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const People *people = room;
  int64_t index, count = grid_count(people_grid(people));
  Json json;
  if (!http_query(request, "index").at) {
    error_raise(error, ERROR_FIELD_MISSING, "%s", "index");
    return error_at(error, "?index");
  }
  if (!http_query_i64(request, "index", 0, 0, UINT32_MAX, &index, error)) return false;
  if (index >= count) return error_raise(error, ERROR_NOT_FOUND, "device\t%lld", (long long)index);
  json_begin(&json, &reply->body);
  put_card(&json, people, (uint32_t)index, true);
  return true;
}

/* ---- find ---- */

/* 0 the code or the name, 1 their beginning, 2 part of the name, 3 no. */
static int find_rank(const Grid *grid, uint32_t index, Text typed) {
  Text code = grid_code(grid, index), name = grid_name(grid, index);
  if (text_equal(code, typed) || text_equal(name, typed)) return 0;
  if (text_starts(code, typed) || text_starts(name, typed)) return 1;
  return text_find(name, typed) >= 0 ? 2 : 3;
}

/* Best first: rank, then kind (substations before boxes), then index: one number to compare. */
static uint64_t find_order(const Grid *grid, uint32_t index, int rank) {
  return (uint64_t)rank << 40 | (uint64_t)grid_device(grid, index)->kind << 32 | index;
}

static bool read_find(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const People *people = room;
  const Grid *grid = people_grid(people);
  uint64_t best[GRID_FIND_MOST + 1];
  size_t count = 0;
  int64_t limit;
  Json json;
  Text typed = text_trim(http_body_text(request->body, "q"));
  if (!http_query_i64(request, "limit", 20, 1, GRID_FIND_MOST, &limit, error)) return false;
  for (uint32_t i = 0; typed.len && i < grid_count(grid); i++) {
    int rank = find_rank(grid, i, typed);
    uint64_t order = find_order(grid, i, rank);
    if (rank == 3 || (count == (size_t)limit && order > best[count - 1])) continue;
    size_t at = count;
    for (; at > 0 && best[at - 1] > order; at--) best[at] = best[at - 1];
    best[at] = order;
    if (count < (size_t)limit) count++;
  }
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "items");
  json_open_array(&json);
  for (size_t i = 0; i < count; i++) put_card(&json, people, (uint32_t)(best[i] & UINT32_MAX), false);
  json_close(&json);
  json_close(&json);
  return true;
}

/* ---- the table ---- */

#define HEAD_PROPERTIES "\"id\":" S_ID ",\"index\":" S_WHOLE ",\"end\":" S_WHOLE ",\"name\":" S_TEXT ",\"customers\":" S_WHOLE
#define SUMMARY                                                                                                            \
  "{\"type\":\"object\",\"required\":[\"bounds\",\"feeders\",\"substations\",\"counts\",\"version\"],\"properties\":{"     \
  "\"version\":" S_WHOLE ",\"bounds\":{\"type\":[\"array\",\"null\"],\"description\":\"west, south, east, north\",\"items\":{\"type\":\"number\"}}," \
  "\"feeders\":" S_LIST("{\"type\":\"object\",\"properties\":{" HEAD_PROPERTIES ",\"color_index\":" S_WHOLE "}}") ","      \
  "\"substations\":" S_LIST("{\"type\":\"object\",\"properties\":{" HEAD_PROPERTIES ",\"lon\":" S_NUMBER_NULL ",\"lat\":" S_NUMBER_NULL "}}") "," \
  "\"counts\":{\"type\":\"object\",\"additionalProperties\":" S_WHOLE "}}}"
#define BACKDROP \
  "{\"type\":\"object\",\"description\":\"see interop/backdrop.h\",\"additionalProperties\":" S_LIST("{\"type\":\"object\"}") "}"
#define CARD S_REF("DeviceCard")

static const char DEVICE_STEP[] = "{\"type\":\"object\",\"properties\":{" HEAD_PROPERTIES ",\"kind\":" S_TEXT "}}";
static const char DEVICE_CARD[] =
    "{\"type\":\"object\",\"required\":[\"id\",\"index\",\"end\",\"kind\",\"name\",\"customers\",\"path\"],\"properties\":{"
    "\"id\":" S_ID ",\"code\":" S_TEXT ",\"index\":" S_WHOLE ",\"end\":" S_WHOLE ",\"kind\":" S_TEXT ",\"name\":" S_TEXT ",\"parent_id\":" S_ID_NULL
    ",\"feeder\":" S_TEXT_NULL ",\"org\":" S_TEXT_NULL ",\"lon\":" S_NUMBER_NULL ",\"lat\":" S_NUMBER_NULL ",\"borrowed_place\":" S_BOOL
    ",\"rated_kva\":" S_NUMBER_NULL ",\"length_m\":" S_NUMBER_NULL ",\"ownership\":" S_TEXT_NULL ",\"phases\":" S_TEXT ",\"customers\":" S_WHOLE
    ",\"path\":" S_LIST(S_REF("DeviceStep")) ",\"children\":" S_LIST(S_REF("DeviceStep")) "}}";

const HttpRoute GRID_ROUTES[] = {
    {"GET", "/api/v1/grid/summary", 0, HTTP_UNLOCKED, "Extent, feeders, substations, counts", NULL, NULL, SUMMARY, read_summary, NULL, NULL, NULL},
    {"GET", "/api/v1/grid/tiles/{z}/{x}/{y}", 0, HTTP_UNLOCKED, "A tile of the map, bytes as in grid/tile.h", NULL, NULL, NULL, read_tile, NULL, NULL, NULL},
    {"GET", "/api/v1/grid/backdrop", 0, HTTP_UNLOCKED, "Rivers, roads and places under the network", NULL, NULL, BACKDROP, read_backdrop, NULL, NULL, NULL},
    {"GET", "/api/v1/grid/devices/{id}", 0, HTTP_UNLOCKED, "One device, its way from the source, what hangs on it", NULL, NULL, CARD, read_device, NULL,
     NULL, NULL},
    {"GET", "/api/v1/grid/devices", 0, HTTP_UNLOCKED, "The device with this preorder index", "index", NULL, CARD, read_device_at, NULL, NULL, NULL},
    {"POST", "/api/v1/grid/search", 0, HTTP_UNLOCKED, "Devices by code or name", "limit", S_SEARCH,
     "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":" S_LIST(CARD) "}}", read_find, NULL, NULL, NULL},
    {0},
};

bool grid_add_routes(Http *http, People *people, Error *error) {
  return http_add_component(http, "DeviceStep", DEVICE_STEP, error) && http_add_component(http, "DeviceCard", DEVICE_CARD, error) &&
         http_add_routes(http, GRID_ROUTES, people, error);
}
