#include "app/company.h"

#ifndef DIANBAOMU_VERSION
#define DIANBAOMU_VERSION "0"
#endif

static bool read_company(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Company *company = room;
  const House *house = company->house;
  double bounds[4];
  Json json;
  (void)error;
  if (company->replay) replay_go(company->replay); /* somebody watches now */
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_string(&json, "name", company->name);
  json_put_id(&json, "county_id", house->county_id);
  json_put_bool(&json, "demonstration", company->demonstration);
  json_put_instant(&json, "now", request->now);
  json_put_f64(&json, "time_speed", time_speed(&company->house->time), 3);
  json_put_string(&json, "version", DIANBAOMU_VERSION);
  json_put_i64(&json, "customers", people_customer_count(house->people));
  json_put_i64(&json, "devices", grid_count(house->grid));
  json_key(&json, "bounds");
  if (grid_bounds(house->grid, bounds)) {
    json_open_array(&json);
    for (int i = 0; i < 4; i++) json_f64(&json, bounds[i], 6);
    json_close(&json);
  } else {
    json_nil(&json);
  }
  json_key(&json, "replay");
  if (company->replay) {
    json_open_object(&json);
    json_put_string(&json, "name", "new-year");
    json_put_string(&json, "state", replay_state(company->replay));
    json_put_instant(&json, "from", replay_from(company->replay));
    json_close(&json);
  } else {
    json_nil(&json);
  }
  json_close(&json);
  return true;
}

static bool read_health(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Json json;
  Company *company = room;
  DeskFigures figures = desk_figures(company->house->desk);
  (void)request, (void)error;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_bool(&json, "ok", !figures.store_gone);
  json_put_string(&json, "store", figures.store_gone ? "gone" : "ok");
  json_put_string(&json, "version", DIANBAOMU_VERSION);
  json_close(&json);
  return true;
}

static const HttpRoute ROUTES[] = {
    {.method = "GET",
     .path = "/api/v1/company",
     .summary = "The company, its clock, and the evening being played",
     .reply_schema = "{\"type\":\"object\",\"required\":[\"name\",\"now\",\"time_speed\",\"customers\",\"devices\",\"bounds\",\"replay\"],\"properties\":{"
                     "\"name\":{\"type\":\"string\"},\"county_id\":{\"type\":\"string\"},\"demonstration\":{\"type\":\"boolean\"},"
                     "\"now\":{\"type\":\"string\",\"format\":\"date-time\"},\"time_speed\":{\"type\":\"number\"},\"version\":{\"type\":\"string\"},"
                     "\"customers\":{\"type\":\"integer\"},\"devices\":{\"type\":\"integer\"},"
                     "\"bounds\":{\"type\":[\"array\",\"null\"],\"items\":{\"type\":\"number\"},\"minItems\":4,\"maxItems\":4},"
                     "\"replay\":{\"type\":[\"object\",\"null\"],\"properties\":{\"name\":{\"type\":\"string\"},"
                     "\"state\":{\"enum\":[\"waiting\",\"running\",\"done\",\"failed\"]},\"from\":{\"type\":\"string\",\"format\":\"date-time\"}}}}}",
     .read = read_company},
    {.method = "GET",
     .path = "/api/v1/health",
     .flags = HTTP_PUBLIC | HTTP_UNLOCKED,
     .summary = "The program answers; store: gone while it waits for its database",
     .reply_schema = "{\"type\":\"object\",\"required\":[\"ok\",\"store\",\"version\"],\"properties\":{\"ok\":{\"type\":\"boolean\"},"
                     "\"store\":{\"enum\":[\"ok\",\"gone\"]},\"version\":{\"type\":\"string\"}}}",
     .read = read_health},
    {0}};

bool company_add_routes(Http *http, Company *company, Error *error) { return http_add_routes(http, ROUTES, company, error); }
