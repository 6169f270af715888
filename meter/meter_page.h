/* What the meter room's replies hold, as JSON. */
#ifndef METER_PAGE_H
#define METER_PAGE_H

#include "http/http.h"
#include "meter/told.h"

bool meter_may_see(const Meters *meters, const HttpWho *who, uint32_t device);
void page_date(Json *json, const char *key, int day); /* "2026-11-21" */
bool page_day_of(Text date, int *out);
void page_area_head(Json *json, const Meters *meters, size_t area); /* an object: id, code, name, … */
void page_alarm(Json *json, const Meters *meters, const MeterAlarm *alarm, int64_t area_id);
void page_area_day(Json *json, const Meters *meters, size_t area, int day, const ToldArea *told, Arena *arena);
void page_use(Json *json, const Meters *meters, const Tariff *tariff, const ToldUse *use);
void page_meter_day(Json *json, Text meter, int day, const MeterDay *of, int64_t used);

extern const HttpRoute METER_ROUTES[];

#endif
