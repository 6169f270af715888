/* What a city or province sees: every county of the database in one list, each with what is open now and who serves it, summed by SQL. */
#include "app/counties.h"

#include "app/house.h"

enum { COUNTIES_MAX = 4096 };

typedef struct County {
  int64_t id, orders, outages, customers_out, customers;
  Text name, holder;
} County;

static const char LIST[] =
    "SELECT o.county_id, MIN(o.name), COALESCE(MIN(l.holder), ''), COALESCE(MIN(l.is_held), 0) FROM org o"
    " LEFT JOIN lease l ON l.county_id = o.county_id WHERE o.level = 'county' AND o.retired_at IS NULL"
    " GROUP BY o.county_id ORDER BY o.county_id";
static const char ORDERS[] = "SELECT county_id, COUNT(*) FROM orders WHERE closed_at IS NULL GROUP BY county_id";
static const char OUTAGES[] = "SELECT county_id, COUNT(*), SUM(customers_out) FROM outage WHERE is_open = 1 GROUP BY county_id";

static County *county_of(County *counties, size_t count, int64_t id) {
  for (size_t i = 0; i < count; i++)
    if (counties[i].id == id) return &counties[i];
  return NULL;
}

static bool read_list(County *counties, size_t *count, HttpRequest *request, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, request->db, LIST, error)) return false;
  for (bool row; *count < COUNTIES_MAX;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    counties[(*count)++] = (County){.id = db_column_i64(s, 0),
                                    .name = text_copy(request->arena, db_column_text(s, 1)),
                                    .holder = db_column_i64(s, 3) ? text_copy(request->arena, db_column_text(s, 2)) : TEXT("")};
  }
  db_reset(s);
  return true;
}

static bool read_sums(County *counties, size_t count, const char *sql, bool outages, HttpRequest *request, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, request->db, sql, error)) return false;
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    County *county = county_of(counties, count, db_column_i64(s, 0));
    if (!county) continue;
    if (outages)
      county->outages = db_column_i64(s, 1), county->customers_out = db_column_i64(s, 2);
    else
      county->orders = db_column_i64(s, 1);
  }
}

static void write_sums(Json *json, const County *sums) {
  json_put_i64(json, "orders_open", sums->orders);
  json_put_i64(json, "outages_open", sums->outages);
  json_put_i64(json, "customers_out", sums->customers_out);
}

static bool read_counties(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  County *counties = ARENA_ARRAY(request->arena, County, COUNTIES_MAX), all = {0};
  size_t count = 0;
  Json json;
  if (!people_org_whole(room, request->who.org_id)) return error_raise(error, ERROR_FORBIDDEN_PLACE, "%s", "全公司" ERROR_BOTH "the whole company");
  if (!counties) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "counties");
  if (!read_list(counties, &count, request, error) || !read_sums(counties, count, ORDERS, false, request, error) ||
      !read_sums(counties, count, OUTAGES, true, request, error))
    return false;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "items");
  json_open_array(&json);
  for (size_t i = 0; i < count; i++) {
    json_open_object(&json);
    json_put_id(&json, "id", counties[i].id);
    json_put_text(&json, "name", counties[i].name);
    json_put_text(&json, "served_by", counties[i].holder);
    write_sums(&json, &counties[i]);
    json_close(&json);
    all.orders += counties[i].orders, all.outages += counties[i].outages, all.customers_out += counties[i].customers_out;
  }
  json_close(&json);
  json_key(&json, "sum");
  json_open_object(&json);
  json_put_i64(&json, "counties", (int64_t)count);
  write_sums(&json, &all);
  json_close(&json);
  json_close(&json);
  return true;
}

#define SUMS "\"orders_open\":{\"type\":\"integer\"},\"outages_open\":{\"type\":\"integer\"},\"customers_out\":{\"type\":\"integer\"}"
const HttpRoute COUNTIES_ROUTES[] = {
    {.method = "GET",
     .path = "/api/v1/counties",
     .roles = STAFF_HEAD | STAFF_ADMINISTRATOR,
     .flags = HTTP_SLOW | HTTP_UNLOCKED,
     .summary = "Every county of this database, what is open in it now, and the server it is served by; and their sum",
     .reply_schema =
         "{\"type\":\"object\",\"required\":[\"items\",\"sum\"],\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"type\":"
         "\"object\","
         "\"required\":[\"id\",\"name\",\"served_by\"],\"properties\":{\"id\":{\"type\":\"string\"},\"name\":{\"type\":\"string\"},"
         "\"served_by\":{\"type\":\"string\"}," SUMS
         "}}},\"sum\":{\"type\":\"object\",\"properties\":{\"counties\":{\"type\":\"integer\"}," SUMS "}}}}",
     .read = read_counties},
    {0}};
