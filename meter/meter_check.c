/* For `dianbaomu check`: what memory says of the alarms is what the rows say; every block of the newest days can be read and fits its row.
 */
#include <stdio.h>

#include "meter/meter_internal.h"

enum { DAYS_CHECKED = 2 };

typedef struct Checking {
  const Meters *meters;
  char *problem;
  size_t open;
  int newest;
} Checking;

static bool check_alarm(void *self, const MeterAlarm *alarm, int64_t of) {
  Checking *checking = self;
  int64_t row;
  if (!map_get(&checking->meters->area_of_id, of, &row)) return true;
  checking->open++;
  for (size_t i = 0; i < checking->meters->alarms.count; i++) {
    const MeterAlarm *own = &checking->meters->alarms.at[i];
    if (own->id != alarm->id) continue;
    if (own->area == (uint32_t)row && own->watch == alarm->watch && own->order.value == alarm->order.value && own->meters == alarm->meters)
      return true;
  }
  snprintf(checking->problem, ERROR_TEXT_MAX, "alarm %lld is not in memory as its row says", (long long)alarm->id);
  return false;
}

static bool check_block(void *self, const MeterBlock *block) {
  Checking *checking = self;
  MeterDay day;
  Arena arena;
  Error error = {0};
  int32_t low, high;
  arena_begin(&arena, 0);
  if (!meter_block_decode(&day, block->block, &arena, &error)) {
    snprintf(checking->problem, ERROR_TEXT_MAX, "block of meter %lld on day %d: %s", (long long)block->key, block->day, error.argument[0]);
  } else {
    meter_day_voltages(&day, &low, &high);
    if (low != block->voltage_min)
      snprintf(checking->problem, ERROR_TEXT_MAX, "meter %lld on day %d: its lowest voltage is %d, the row says %d", (long long)block->key,
               block->day, low, block->voltage_min);
  }
  arena_end(&arena);
  return !checking->problem[0];
}

bool meter_check(const Meters *meters, Db *db, char problem[ERROR_TEXT_MAX], Error *error) {
  Checking checking = {meters, problem, 0, 0};
  DbStatement *s;
  bool row;
  problem[0] = '\0';
  if (!alarm_rows(db, meters->county_id, 0, true, 0, INT64_MAX, check_alarm, &checking, error)) return false;
  if (!problem[0] && checking.open != meters->alarms.count)
    snprintf(problem, ERROR_TEXT_MAX, "%zu alarms in memory, %zu rows", meters->alarms.count, checking.open);
  if (problem[0]) return true;
  if (!db_prepare(&s, db, "SELECT MAX(day) FROM area_day WHERE county_id = ?1", error)) return false;
  db_bind_i64(s, 1, meters->county_id);
  if (!db_step(&row, s, error)) return false;
  bool any = row && !db_column_is_null(s, 0);
  if (any) checking.newest = (int)db_column_i64(s, 0);
  db_reset(s);
  return !any || meter_blocks(meters, db, checking.newest - DAYS_CHECKED + 1, checking.newest, 0, check_block, &checking, error);
}
