/* The meter room's HTTP face over a real socket: every reply is checked against its schema. */
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include "http/testing.h"
#include "meter/meter_page.h"
#include "meter/testing.h"

enum { AGENT = 1, DISPATCHER = 2, MANAGER = 8 };

typedef struct Face {
  HttpTest test;
  Town town;
  Meters *meters;
} Face;

static void open_face(Face *face) {
  Error error = {0};
  HttpTest *test = &face->test;
  face->town = (Town){0};
  http_test_open(test); /* 2026-11-21T20:37+08:00 */
  town_import(test->db, time_now(&test->time) - SPAN_DAY);
  http_test_end(test);
  http_test_begin(test);
  town_open_rooms(&face->town, test->db, test->desk);
  assert_ok(meter_open(&face->meters, test->desk, test->db, face->town.grid, face->town.people, face->town.orders, NULL, &error), &error);
  assert_ok(meter_add_routes(test->http, face->meters, &error), &error);
  http_test_start(test);
  http_test_as(test, 2, DISPATCHER | AGENT, 0);
}

static void close_face(Face *face) {
  http_test_close(&face->test);
  meter_close(face->meters);
  town_close_rooms(&face->town);
}

static json_t *send_as(Face *face, int status, const char *type, Text body) {
  snprintf(face->test.headers, sizeof face->test.headers, "Content-Type: %s\r\n", type);
  json_t *json = http_test_do(&face->test, status, "POST", "/api/v1/readings", "%.*s", TEXT_ARG(body));
  face->test.headers[0] = '\0';
  return json;
}

static const char *path(const char *format, int64_t id, char out[160]) {
  snprintf(out, 160, format, (long long)id);
  return out;
}

static int64_t area_of(const Face *face, const char *code) {
  return grid_device(face->town.grid, town_device(&face->town, code))->id.value;
}

/* A day of T1: 18 households on phase A at this voltage, 0.25 kWh a quarter-hour; the transformer 5 % more. */
static void send_day(Face *face, const char *date, int volts, int moments) {
  Buffer csv;
  const MeterArea *area;
  size_t row;
  buffer_begin(&csv, 0);
  buffer_string(&csv, "meter,area,time,voltage_a,voltage_b,voltage_c,current_a,current_b,current_c,power,energy\n");
  assert_true(meter_area_of_device(face->meters, town_device(&face->town, "T1"), &row));
  area = meter_area(face->meters, row);
  for (int i = 0; i < moments; i++) {
    for (uint32_t p = area->from; p < area->to; p++) {
      Customer customer;
      people_customer(face->town.people, p, &customer);
      if (p == area->from + 3) continue; /* silent */
      buffer_format(&csv, "%.*s,T1,%s %02d:%02d,%d.%d,,,4.5,,,1000,%.2f\n", TEXT_ARG(customer.meter), date, i / 4, i % 4 * 15, volts,
                    (int)(p % 10), 100 + 0.25 * i);
    }
    buffer_format(&csv, "T1,T1,%s %02d:%02d,228,228.5,229,27,26,25,,%.2f\n", date, i / 4, i % 4 * 15, 5000 + 17 * 0.25 * 1.05 * i);
  }
  json_t *json = send_as(face, 200, "text/csv", buffer_as_text(&csv));
  assert_int_equal(http_test_i64(json, "readings"), 18 * moments);
  assert_int_equal(http_test_i64(json, "set_aside"), 0);
  buffer_end(&csv);
}

typedef struct Closing {
  Meters *meters;
  size_t area;
  int day;
} Closing;

static bool work_close(DeskContext *context, void *command, Error *error) {
  Closing *closing = command;
  return meter_close_day(context, closing->meters, closing->area, closing->day, error);
}

static void close_day(Face *face, const char *date) {
  Closing closing = {.meters = face->meters};
  Error error = {0};
  assert_true(page_day_of(text_of(date), &closing.day) &&
              meter_area_of_device(face->meters, town_device(&face->town, "T1"), &closing.area));
  assert_ok(desk_do(face->test.desk, work_close, &closing, TEXT("system"), &error), &error);
}

static void test_in_by_all_forms(void **state) {
  Face face;
  Buffer bytes;
  (void)state;
  open_face(&face);
  json_t *json = send_as(&face, 200, "text/csv",
                         TEXT("meter,time,voltage_a\nM10001111,2026-11-21 20:15,219.5\nM1,2026-11-21 20:15,219.5\nM10001112,never,1\n"));
  assert_int_equal(http_test_i64(json, "readings"), 1);
  assert_int_equal(http_test_i64(json, "set_aside"), 2);
  assert_int_equal(http_test_i64(json, "problems.0.line"), 4);
  assert_string_equal(http_test_text(json, "problems.0.reason"), "time");
  json =
      send_as(&face, 200, "application/json",
              TEXT("{\"area\":\"T1\",\"time\":\"2026-11-21T20:30:00+08:00\",\"meters\":[{\"meter\":\"M10001111\",\"voltage_a\":219.7}]}"));
  assert_int_equal(http_test_i64(json, "readings"), 1);
  Text number = TEXT("M10001111");
  int32_t volts = 2195;
  ReadingMessage message = {.area = TEXT("T1"),
                            .first = 0,
                            .clock = INSTANT_NONE,
                            .step_min = 15,
                            .moments = 1,
                            .meters = 1,
                            .meter = &number,
                            .channels = 1,
                            .value = {&volts}};
  assert_true(instant_from_text(TEXT("2026-11-21T20:15:00+08:00"), &message.first));
  buffer_begin(&bytes, 0);
  message_write(&bytes, &message);
  buffer_end(&bytes);
  send_as(&face, 415, "text/plain", TEXT("x"));
  send_as(&face, 400, "text/csv", TEXT("meter,volts\n"));
  send_as(&face, 400, "application/octet-stream", TEXT("DBM0"));
  http_test_as(&face.test, 3, AGENT, 0);
  send_as(&face, 403, "text/csv", TEXT("meter,time,voltage_a\n"));
  http_test_as(&face.test, 2, DISPATCHER, 0);
  json = http_test_do(&face.test, 200, "POST", "/api/v1/readings/power",
                      "{\"events\":[{\"meter\":\"M10001111\",\"kind\":\"last_gasp\",\"at\":\"2026-11-21T20:30:00+08:00\"}]}");
  assert_int_equal(http_test_i64(json, "readings"), 1);
  json = http_test_do(&face.test, 200, "GET", "/api/v1/readings/set-aside", NULL);
  assert_int_equal(http_test_i64(json, "count"), 2);
  assert_string_equal(http_test_text(json, "items.0.reason"), "unknown_meter");
  assert_string_equal(http_test_text(json, "items.0.mended_by"), "records");
  http_test_do(&face.test, 204, "POST", "/api/v1/readings/set-aside/settle",
               "{\"date\":\"2026-11-21\",\"reason\":\"unknown_meter\",\"subject\":\"M1\"}");
  http_test_do(&face.test, 404, "POST", "/api/v1/readings/set-aside/settle",
               "{\"date\":\"2026-11-21\",\"reason\":\"unknown_meter\",\"subject\":\"M2\"}");
  json = http_test_do(&face.test, 200, "GET", "/api/v1/readings/set-aside", NULL);
  assert_int_equal(http_test_i64(json, "count"), 1);
  close_face(&face);
}

/* A file with everything wrong that can be: what is right is kept, and the answer names every line that was not, and why. */
static void test_the_good_part_of_a_bad_file(void **state) {
  static const struct {
    int line;
    const char *reason;
  } WRONG[] = {{4, "unit"}, {7, "form"}, {5, "too_old"}, {3, "unknown_meter"}, {2, "clock"}};
  Face face;
  (void)state;
  open_face(&face);
  json_t *json = send_as(&face, 200, "text/csv",
                         TEXT("meter,time,clock,voltage_a\n"
                              "M10001111,2026-11-21 20:15,2026-11-21 21:37,219.5\n" /* its clock is an hour off */
                              "M1,2026-11-21 20:15,,219.5\n"
                              "M10001112,2026-11-21 20:15,,219500\n"
                              "M10001112,2020-11-21 20:15,,219.5\n"
                              "M10001112,2026-11-21 20:15,,219.6\n"
                              "M10001112,2026-11-21 20:30\n"
                              "M10001111,2026-11-21 20:15,2026-11-21 20:36,219.7\n"));
  assert_int_equal(http_test_i64(json, "readings"), 2);
  assert_int_equal(http_test_i64(json, "set_aside"), 5);
  assert_int_equal(http_test_i64(json, "problems_count"), 5);
  for (size_t w = 0; w < sizeof WRONG / sizeof *WRONG; w++) {
    bool told = false;
    for (size_t i = 0; i < 5; i++) {
      const json_t *one = json_array_get(http_test_at(json, "problems"), i);
      told |= json_integer_value(json_object_get(one, "line")) == WRONG[w].line &&
              strcmp(json_string_value(json_object_get(one, "reason")), WRONG[w].reason) == 0;
    }
    if (!told) fail_msg("line %d is not told as %s", WRONG[w].line, WRONG[w].reason);
  }
  json = http_test_do(&face.test, 200, "GET", "/api/v1/readings/set-aside", NULL);
  assert_int_equal(http_test_i64(json, "count"), 5);
  close_face(&face);
}

static void test_the_areas_day_and_its_alarm(void **state) {
  Face face;
  char p[160];
  (void)state;
  open_face(&face);
  send_day(&face, "2026-11-20", 221, 96);
  send_day(&face, "2026-11-21", 195, 80);
  json_t *json = http_test_do(&face.test, 200, "GET", "/api/v1/areas?alarms=1", NULL);
  assert_int_equal(http_test_i64(json, "count"), 1);
  assert_string_equal(http_test_text(json, "items.0.code"), "T1");
  assert_string_equal(http_test_text(json, "items.0.alarms.0.watch"), "low_voltage");
  assert_int_equal(http_test_i64(json, "items.0.alarms.0.meters"), 17);
  json = http_test_do(&face.test, 200, "POST", "/api/v1/areas/search?alarms=1", "{\"q\":\"T1\"}");
  assert_int_equal(http_test_i64(json, "count"), 1);
  json = http_test_do(&face.test, 200, "POST", "/api/v1/areas/search", "{\"q\":\"nowhere\"}");
  assert_int_equal(http_test_i64(json, "count"), 0);
  json = http_test_do(&face.test, 200, "GET", "/api/v1/alarms", NULL);
  assert_true(http_test_text(json, "items.0.order_id") != NULL);
  json = http_test_do(&face.test, 200, "GET", path("/api/v1/areas/%lld/day?date=2026-11-21", area_of(&face, "T1"), p), NULL);
  assert_int_equal(http_test_i64(json, "households.silent"), 1);
  assert_int_equal(http_test_i64(json, "households.under"), 17);
  assert_true(json_number_value(http_test_at(json, "voltage.low.40")) < 195.2);
  assert_true(json_is_null(http_test_at(json, "voltage.low.90")));
  double kva = json_number_value(http_test_at(json, "load.kva.10"));
  assert_true(kva > 17.8 && kva < 17.9);
  double loss = json_number_value(http_test_at(json, "loss.share"));
  assert_true(loss > 0.045 && loss < 0.05);
  http_test_do(&face.test, 200, "GET", path("/api/v1/areas/%lld/readings.csv?date=2026-11-20", area_of(&face, "T1"), p), NULL);
  Text text = buffer_as_text(&face.test.reply.body);
  Buffer again;
  buffer_begin(&again, 0);
  buffer_text(&again, text);
  json = send_as(&face, 200, "text/csv", buffer_as_text(&again)); /* what goes out can come in: nothing new */
  buffer_end(&again);
  assert_int_equal(http_test_i64(json, "set_aside"), 0);
  json = http_test_do(&face.test, 200, "GET", path("/api/v1/areas/%lld/day?date=2026-11-20", area_of(&face, "T1"), p), NULL);
  assert_int_equal(http_test_i64(json, "marks.replaced"), 0);
  http_test_do(&face.test, 422, "GET", path("/api/v1/areas/%lld/day?date=yesterday", area_of(&face, "T1"), p), NULL);
  http_test_do(&face.test, 404, "GET", "/api/v1/areas/12345/day", NULL);
  http_test_as(&face.test, 5, MANAGER, 999999); /* of another part of the company */
  http_test_do(&face.test, 403, "GET", path("/api/v1/areas/%lld/day", area_of(&face, "T1"), p), NULL);
  assert_int_equal(http_test_i64(http_test_do(&face.test, 200, "GET", "/api/v1/areas", NULL), "count"), 0);
  close_face(&face);
}

static int64_t count_of(xmlXPathContextPtr context, const char *what) {
  xmlXPathObjectPtr found = xmlXPathEvalExpression((const xmlChar *)what, context);
  assert_non_null(found);
  int64_t count = (int64_t)found->floatval;
  xmlXPathFreeObject(found);
  return count;
}

/* What the ESPI schema and its conformance tests ask for: the entries there are, their links, the order and content of elements. */
static void check_green_button(Text xml, int64_t readings, int64_t watt_hours) {
  static const struct {
    const char *path;
    int64_t count;
  } ASKED[] = {
      {"count(/a:feed[a:id and a:title and a:updated])", 1},
      {"count(/a:feed/a:entry[not(a:id and a:title and a:published and a:updated and a:content and a:link[@rel='self'] and "
       "a:link[@rel='up'])])",
       0},
      {"count(//e:UsagePoint/e:ServiceCategory[e:kind=0])", 1},
      {"count(//e:ReadingType[e:accumulationBehaviour=4 and e:commodity=1 and e:flowDirection=1 and e:kind=12 and e:uom=72 and e:phase and "
       "e:powerOfTenMultiplier=0])",
       1},
      {"count(/a:feed/a:entry[a:content/e:MeterReading]/a:link[@rel='related' and "
       "@href=/a:feed/a:entry[a:content/e:ReadingType]/a:link[@rel='self']/@href])",
       1},
      {"count(/a:feed/a:entry[a:content/e:MeterReading]/a:link[@rel='up' and "
       "@href=/a:feed/a:entry[a:content/e:UsagePoint]/a:link[@rel='related']/@href])",
       1},
      {"count(/a:feed/a:entry[a:content/e:IntervalBlock]/a:link[@rel='up'][not(@href=/a:feed/a:entry[a:content/e:MeterReading]/"
       "a:link[@rel='related']/@href)])",
       0},
      {"count(//e:LocalTimeParameters[e:tzOffset=28800])", 1},
      {"count(//e:IntervalBlock[not(*[1][self::e:interval[*[1][self::e:duration] and *[2][self::e:start]]])])", 0},
      {"count(//e:IntervalReading[not(e:timePeriod[*[1][self::e:duration] and *[2][self::e:start]] and "
       "e:timePeriod/following-sibling::e:value)])",
       0},
  };
  xmlDocPtr document = xmlReadMemory(xml.at, (int)xml.len, "green-button.xml", NULL, XML_PARSE_NONET);
  assert_non_null(document);
  xmlXPathContextPtr context = xmlXPathNewContext(document);
  xmlXPathRegisterNs(context, (const xmlChar *)"a", (const xmlChar *)"http://www.w3.org/2005/Atom");
  xmlXPathRegisterNs(context, (const xmlChar *)"e", (const xmlChar *)"http://naesb.org/espi");
  for (size_t i = 0; i < sizeof ASKED / sizeof *ASKED; i++)
    if (count_of(context, ASKED[i].path) != ASKED[i].count) fail_msg("%s is %d", ASKED[i].path, (int)count_of(context, ASKED[i].path));
  assert_int_equal(count_of(context, "count(//e:IntervalReading)"), readings);
  assert_int_equal(count_of(context, "sum(//e:IntervalReading/e:value)"), watt_hours);
  assert_int_equal(count_of(context, "count(/a:feed/a:entry/a:id)"),
                   count_of(context, "count(/a:feed/a:entry[not(a:id = preceding-sibling::a:entry/a:id)])"));
  xmlXPathFreeContext(context);
  xmlFreeDoc(document);
  xmlCleanupParser();
}

static void test_a_household_sees_its_use(void **state) {
  Face face;
  char p[160];
  (void)state;
  open_face(&face);
  CustomerId customer = town_customer(&face.town, "10001111");
  send_day(&face, "2026-11-19", 220, 96);
  send_day(&face, "2026-11-20", 221, 96);
  send_day(&face, "2026-11-21", 222, 80);
  json_t *json = http_test_do(&face.test, 200, "GET", path("/api/v1/customers/%lld/readings?date=2026-11-21", customer.value, p), NULL);
  assert_int_equal(http_test_i64(json, "slots"), 96);
  assert_true(json_number_value(http_test_at(json, "channels.current_a.5")) == 4.5);
  assert_true(json_is_null(http_test_at(json, "channels.power.95")));
  json = http_test_do(&face.test, 200, "GET", path("/api/v1/customers/%lld/use?from=2026-11-15", customer.value, p), NULL);
  assert_int_equal(json_array_size(http_test_at(json, "days")), 7);
  assert_true(json_is_null(http_test_at(json, "days.0.kwh")));
  assert_true(json_number_value(http_test_at(json, "days.5.kwh")) == 23.75); /* 95 quarter-hours: the next midnight stands at 100 again */
  assert_int_equal(http_test_i64(json, "cost.tier"), 1);
  close_day(&face, "2026-11-19");
  close_day(&face, "2026-11-20");
  json = http_test_do(&face.test, 200, "GET", path("/api/v1/customers/%lld/use?from=2026-11-15", customer.value, p), NULL);
  assert_int_equal(http_test_i64(json, "neighbours.households"), 16); /* of 18 without himself and the silent one */
  assert_true(json_number_value(http_test_at(json, "neighbours.median_kwh")) == 47.5);
  json = http_test_do(&face.test, 200, "GET", path("/api/v1/customers/%lld/use", town_customer(&face.town, "10006000").value, p), NULL);
  assert_true(json_is_null(http_test_at(json, "neighbours"))); /* fewer than five: withheld */
  assert_true(json_is_null(http_test_at(json, "cost")));
  http_test_do(&face.test, 200, "GET", path("/api/v1/customers/%lld/green-button.xml?from=2026-11-20&to=2026-11-21", customer.value, p),
               NULL);
  check_green_button(buffer_as_text(&face.test.reply.body), 95 + 79, (95 + 79) * 250);
  http_test_do(&face.test, 200, "GET", path("/api/v1/customers/%lld/readings.xlsx?from=2026-11-20", customer.value, p), NULL);
  assert_true(text_starts(buffer_as_text(&face.test.reply.body), TEXT("PK")));
  http_test_do(&face.test, 413, "GET", path("/api/v1/customers/%lld/use?from=2020-01-01", customer.value, p), NULL);
  http_test_do(&face.test, 404, "GET", "/api/v1/customers/77/use", NULL);
  close_face(&face);
  http_test_all_answered(METER_ROUTES);
}

TEST_MAIN(TEST(test_in_by_all_forms), TEST(test_the_good_part_of_a_bad_file), TEST(test_the_areas_day_and_its_alarm), TEST(test_a_household_sees_its_use))
