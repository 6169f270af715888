#include "meter/meter_page.h"

#include <math.h>
#include <stdio.h>

#include "meter/meter_internal.h"

bool meter_may_see(const Meters *meters, const HttpWho *who, uint32_t device) {
  if (who->org_id == 0) return true;
  size_t org = people_org_of_device(meters->people, device);
  return org != SIZE_MAX && people_org_within(meters->people, people_org(meters->people, org)->id, who->org_id);
}

void page_date(Json *json, const char *key, int day) {
  char text[16];
  Civil civil = civil_of(meter_day_start(day), ZONE_SHANGHAI);
  snprintf(text, sizeof text, "%04d-%02d-%02d", civil.year % 10000, civil.month % 100, civil.day % 100);
  json_put_string(json, key, text);
}

bool page_day_of(Text date, int *out) {
  Civil civil = {0};
  char copy[16];
  int used = 0;
  if (date.len != 10) return false;
  snprintf(copy, sizeof copy, "%.*s", TEXT_ARG(date));
  if (sscanf(copy, "%4d-%2d-%2d%n", &civil.year, &civil.month, &civil.day, &used) != 3 || used != 10) return false;
  if (civil.year < 1971 || civil.year > 2199 || civil.month < 1 || civil.month > 12 || civil.day < 1 || civil.day > 31) return false;
  *out = meter_day_of(instant_of(civil, ZONE_SHANGHAI));
  return true;
}

static void put_scaled(Json *json, const char *key, int64_t value, bool known, double unit, int decimals) {
  json_put_f64(json, key, known ? (double)value * unit : NAN, decimals);
}

static void put_name(Json *json, const WatchRules *rules, WatchKind watch) {
  json_put_string(json, "watch", watch_kind_name(watch));
  json_put_string(json, "name_zh", rules->rule[watch].name_zh[0] ? rules->rule[watch].name_zh : watch_kind_name(watch));
  json_put_string(json, "name_en", rules->rule[watch].name_en[0] ? rules->rule[watch].name_en : watch_kind_name(watch));
}

static void put_alarms_of(Json *json, const Meters *meters, size_t area) {
  json_key(json, "alarms");
  json_open_array(json);
  for (size_t i = 0; i < meters->alarms.count; i++) {
    const MeterAlarm *alarm = &meters->alarms.at[i];
    if (alarm->area != area) continue;
    json_open_object(json);
    json_put_id(json, "id", alarm->id);
    put_name(json, &meters->rules, alarm->watch);
    json_put_instant(json, "since", alarm->since);
    json_put_i64(json, "meters", alarm->meters);
    json_put_f64(json, "worst", alarm->worst, 3);
    json_put_id(json, "order_id", alarm->order.value);
    json_close(json);
  }
  json_close(json);
}

void page_area_head(Json *json, const Meters *meters, size_t row) {
  const MeterArea *area = &meters->areas[row];
  const AreaCount *count = &meters->area_counts[row];
  size_t org = people_org_of_device(meters->people, area->device);
  json_open_object(json);
  json_put_id(json, "id", area_id(meters, row));
  json_put_text(json, "code", grid_code(meters->grid, area->device));
  json_put_text(json, "name", grid_name(meters->grid, area->device));
  json_put_i64(json, "device_index", area->device);
  json_put_i64(json, "customers", area->to - area->from);
  json_put_f64(json, "rated_kva", area->rated_kva > 0 ? (double)area->rated_kva : NAN, 1);
  json_put_text(json, "org", org == SIZE_MAX ? TEXT_NONE : people_org(meters->people, org)->name);
  json_put_instant(json, "last_at", area->last_at);
  json_put_f64(json, "load", (double)count->load, 3);
  put_scaled(json, "lowest_v", count->lowest_dv, count->lowest_dv != METER_NONE, 0.1, 1);
  if (area->open_alarms) {
    put_alarms_of(json, meters, row);
  } else {
    json_key(json, "alarms");
    json_raw(json, TEXT("[]"));
  }
  json_close(json);
}

void page_alarm(Json *json, const Meters *meters, const MeterAlarm *alarm, int64_t of) {
  int64_t row;
  json_open_object(json);
  json_put_id(json, "id", alarm->id);
  put_name(json, &meters->rules, alarm->watch);
  json_key(json, "area");
  if (map_get(&meters->area_of_id, of, &row)) {
    json_open_object(json);
    json_put_id(json, "id", of);
    json_put_text(json, "code", grid_code(meters->grid, meters->areas[row].device));
    json_put_text(json, "name", grid_name(meters->grid, meters->areas[row].device));
    json_close(json);
  } else {
    json_nil(json);
  }
  json_put_instant(json, "since", alarm->since);
  json_put_instant(json, "raised", alarm->raised);
  json_put_instant(json, "cured", alarm->cured);
  json_put_f64(json, "worst", alarm->worst, 3);
  json_put_i64(json, "meters", alarm->meters);
  json_put_id(json, "order_id", alarm->order.value);
  json_close(json);
}

static void put_volts(Json *json, const char *key, const int32_t *dv, int slots) {
  json_key(json, key);
  json_open_array(json);
  for (int i = 0; i < slots; i++) json_f64(json, dv[i] == METER_NONE ? NAN : dv[i] * 0.1, 1);
  json_close(json);
}

static void put_worst(Json *json, const Meters *meters, const ToldArea *told, Arena *arena) {
  json_key(json, "worst");
  json_open_array(json);
  for (size_t w = 0; w < told->worst_count; w++) {
    const ToldHousehold *one = &told->worst[w];
    Customer customer;
    people_customer(meters->people, one->position, &customer);
    json_open_object(json);
    json_put_id(json, "customer_id", customer.id.value);
    json_put_text(json, "number", customer.number);
    json_put_text(json, "name", people_mask_name(arena, customer.name));
    json_put_text(json, "address", customer.address);
    json_put_text(json, "meter", customer.meter);
    json_put_f64(json, "lowest_v", one->lowest_dv * 0.1, 1);
    json_put_i64(json, "low_minutes", one->low_min);
    json_put_i64(json, "step_min", one->day->step_min);
    json_key(json, "volts");
    json_open_array(json);
    for (int i = 0; i < one->day->slots; i++) {
      int32_t low = METER_NONE;
      for (int c = 0; c < 3; c++) {
        int32_t v = one->day->value[c] && !(one->day->marks[i] & METER_ABSURD) ? one->day->value[c][i] : METER_NONE;
        if (v != METER_NONE && (low == METER_NONE || v < low)) low = v;
      }
      json_f64(json, low == METER_NONE ? NAN : low * 0.1, 1);
    }
    json_close(json);
    json_close(json);
  }
  json_close(json);
}

static void put_silent(Json *json, const Meters *meters, const ToldArea *told) {
  enum { SHOWN = 20 };
  json_key(json, "silent");
  json_open_array(json);
  for (size_t i = 0; i < told->silent_count && i < SHOWN; i++) {
    Customer customer;
    people_customer(meters->people, told->silent[i], &customer);
    json_open_object(json);
    json_put_id(json, "customer_id", customer.id.value);
    json_put_text(json, "number", customer.number);
    json_put_text(json, "address", customer.address);
    json_put_text(json, "meter", customer.meter);
    json_close(json);
  }
  json_close(json);
}

static void put_loss(Json *json, const ToldArea *told) {
  json_key(json, "loss");
  if (told->supplied <= 0 || told->used < 0) {
    json_nil(json);
    return;
  }
  json_open_object(json);
  json_put_f64(json, "supplied_kwh", (double)told->supplied / 100, 2);
  json_put_f64(json, "used_kwh", (double)told->used / 100, 2);
  json_put_f64(json, "share", (double)(told->supplied - told->used) / (double)told->supplied, 4);
  json_close(json);
}

void page_area_day(Json *json, const Meters *meters, size_t area, int day, const ToldArea *told, Arena *arena) {
  const WatchRules *rules = &meters->rules;
  json_open_object(json);
  json_key(json, "area");
  page_area_head(json, meters, area);
  page_date(json, "date", day);
  json_put_bool(json, "closed", told->closed);
  json_put_i64(json, "slots", told->slots);
  json_put_i64(json, "step_min", told->step_min);
  json_key(json, "limits");
  json_open_object(json);
  json_put_f64(json, "low_v", rules->rule[WATCH_LOW_VOLTAGE].limit, 1);
  json_put_f64(json, "high_v", rules->rule[WATCH_HIGH_VOLTAGE].limit, 1);
  json_put_f64(json, "heavy", rules->rule[WATCH_HEAVY_LOAD].limit, 3);
  json_put_f64(json, "loss", rules->rule[WATCH_LOSS_HIGH].limit, 3);
  json_close(json);
  json_key(json, "voltage");
  json_open_object(json);
  put_volts(json, "low", told->low, told->slots);
  put_volts(json, "median", told->median, told->slots);
  put_volts(json, "high", told->high, told->slots);
  json_close(json);
  json_key(json, "load");
  json_open_object(json);
  json_key(json, "kva");
  json_open_array(json);
  for (int i = 0; i < told->slots; i++) json_f64(json, told->kva[i], 2);
  json_close(json);
  json_put_f64(json, "rated_kva", meters->areas[area].rated_kva > 0 ? (double)meters->areas[area].rated_kva : NAN, 1);
  json_put_string(json, "source", told->days.total.channels ? "meter" : "customers");
  json_close(json);
  put_worst(json, meters, told, arena);
  put_loss(json, told);
  json_key(json, "households");
  json_open_object(json);
  json_put_i64(json, "count", (int64_t)told->days.count);
  json_put_i64(json, "under", (int64_t)told->under);
  json_put_i64(json, "over", (int64_t)told->over);
  json_put_i64(json, "silent", (int64_t)told->silent_count);
  json_close(json);
  put_silent(json, meters, told);
  json_key(json, "marks");
  json_open_object(json);
  json_put_i64(json, "estimated", told->estimated);
  json_put_i64(json, "replaced", told->replaced);
  json_put_i64(json, "absurd", told->absurd);
  json_put_i64(json, "late", told->late);
  json_close(json);
  put_alarms_of(json, meters, area);
  json_close(json);
}

void page_use(Json *json, const Meters *meters, const Tariff *tariff, const ToldUse *use) {
  (void)meters;
  json_open_object(json);
  page_date(json, "from", use->days[0].day);
  page_date(json, "to", use->days[use->count - 1].day);
  json_key(json, "days");
  json_open_array(json);
  for (size_t i = 0; i < use->count; i++) {
    json_open_object(json);
    page_date(json, "date", use->days[i].day);
    put_scaled(json, "kwh", use->days[i].used, use->days[i].used >= 0, 0.01, 2);
    json_close(json);
  }
  json_close(json);
  put_scaled(json, "month_kwh", use->month, use->month >= 0, 0.01, 2);
  put_scaled(json, "last_month_kwh", use->last_month, use->last_month >= 0, 0.01, 2);
  json_key(json, "cost");
  if (use->priced) {
    Civil civil = civil_of(meter_day_start(use->days[use->count - 1].day), ZONE_SHANGHAI);
    int64_t upto = tariff->upto_kwh[civil.month][use->cost.tier];
    json_open_object(json);
    json_put_i64(json, "fen", use->cost.fen);
    json_put_i64(json, "tier", use->cost.tier + 1);
    json_put_i64(json, "tiers", tariff->tiers);
    json_put_f64(json, "price", (double)tariff->price_li[use->cost.tier] / 1000, 3);
    json_put_f64(json, "to_next_kwh", upto == INT64_MAX ? NAN : (double)upto - (double)(tariff->by_year ? use->year : use->month) / 100, 2);
    json_put_string(json, "tariff", tariff->id);
    json_put_string(json, "name_zh", tariff->name_zh);
    json_put_string(json, "name_en", tariff->name_en);
    json_put_string(json, "source", tariff->source);
    json_close(json);
  } else {
    json_nil(json);
  }
  json_key(json, "neighbours");
  if (use->neighbours_median >= 0) {
    json_open_object(json);
    json_put_i64(json, "households", use->neighbours);
    json_put_f64(json, "median_kwh", (double)use->neighbours_median / 100, 2);
    json_close(json);
  } else {
    json_nil(json);
  }
  json_close(json);
}

void page_meter_day(Json *json, Text meter, int day, const MeterDay *of, int64_t used) {
  json_open_object(json);
  page_date(json, "date", day);
  json_put_text(json, "meter", meter);
  json_put_i64(json, "slots", of->slots);
  json_put_i64(json, "step_min", of->step_min);
  put_scaled(json, "used_kwh", used, used >= 0, 0.01, 2);
  json_key(json, "channels");
  json_open_object(json);
  for (int c = 0; c < METER_CHANNELS; c++) {
    if (!of->value[c]) continue;
    json_key(json, meter_channel_name((MeterChannel)c));
    json_open_array(json);
    for (int i = 0; i < of->slots; i++)
      json_f64(json, of->value[c][i] == METER_NONE ? NAN : of->value[c][i] * meter_channel_unit((MeterChannel)c),
               meter_channel_decimals((MeterChannel)c));
    json_close(json);
  }
  json_close(json);
  json_key(json, "marks");
  json_open_array(json);
  for (int i = 0; i < of->slots; i++) json_i64(json, of->marks[i]);
  json_close(json);
  json_close(json);
}
