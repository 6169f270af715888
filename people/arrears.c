#include "people/arrears.h"

#include <stdio.h>

#include "base/map.h"
#include "base/vector.h"

struct Arrears {
  const People *people;
  int64_t county_id;
  Map at; /* customer → place */
  VECTOR(ArrearsStatement) list;
};

const char *arrears_name(ArrearsState state) {
  static const char *const NAMES[] = {"unknown", "ok", "arrears", "disconnected"};
  return NAMES[state];
}

static bool out_of_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "arrears"); }

static bool load(Db *db, void *of_arrears, Error *error) {
  Arrears *arrears = of_arrears;
  DbStatement *s;
  bool row;
  map_free(&arrears->at);
  arrears->list.count = 0;
  if (!db_prepare(&s, db, "SELECT customer_id, owed_fen, disconnected, as_of FROM arrears WHERE county_id = ?1", error)) return false;
  db_bind_i64(s, 1, arrears->county_id);
  while (db_step(&row, s, error)) {
    if (!row) return true;
    ArrearsStatement one = {{db_column_i64(s, 0)}, db_column_i64(s, 1), db_column_i64(s, 2) != 0, db_column_i64(s, 3)};
    if (map_put(&arrears->at, one.customer.value, (int64_t)arrears->list.count) && vector_push(&arrears->list, one)) continue;
    db_reset(s);
    return out_of_memory(error);
  }
  return false;
}

bool arrears_open(Arrears **out, Desk *desk, Db *db, const People *people, int64_t county_id, Error *error) {
  Arrears *arrears = *out = memory_new(sizeof *arrears);
  if (!arrears) return out_of_memory(error);
  arrears->people = people;
  arrears->county_id = county_id;
  desk_on_reload(desk, load, arrears);
  if (load(db, arrears, error)) return true;
  arrears_close(arrears);
  *out = NULL;
  return false;
}

void arrears_close(Arrears *arrears) {
  if (!arrears) return;
  map_free(&arrears->at);
  vector_free(&arrears->list);
  memory_free(arrears);
}

const People *arrears_people(const Arrears *arrears) { return arrears->people; }

static ArrearsState state_of(const ArrearsStatement *one) {
  return one->owed_fen <= 0 ? ARREARS_NONE : one->disconnected ? ARREARS_OFF : ARREARS_OWING;
}

ArrearsState arrears_of(const Arrears *arrears, CustomerId customer, ArrearsStatement *out) {
  int64_t at;
  *out = (ArrearsStatement){0};
  if (!arrears || !arrears->list.count) return ARREARS_UNKNOWN;
  if (!map_get(&arrears->at, customer.value, &at)) return ARREARS_NONE;
  *out = arrears->list.at[at];
  return state_of(out);
}

static bool write_one(DeskContext *context, const ArrearsStatement *one, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db,
                  "INSERT INTO arrears (county_id, customer_id, owed_fen, disconnected, as_of, told_at, told_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                  " ON CONFLICT (county_id, customer_id) DO UPDATE SET owed_fen = excluded.owed_fen, disconnected = excluded.disconnected,"
                  " as_of = excluded.as_of, told_at = excluded.told_at, told_by = excluded.told_by",
                  error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, one->customer.value);
  db_bind_i64(s, 3, one->owed_fen);
  db_bind_i64(s, 4, one->disconnected);
  db_bind_instant(s, 5, one->as_of);
  db_bind_instant(s, 6, context->now);
  db_bind_text(s, 7, context->actor);
  return db_done(s, error);
}

static bool tell(DeskContext *context, const ArrearsStatement *one, ArrearsState from, ArrearsState to, Error *error) {
  char as_of[INSTANT_TEXT_MAX], data[160];
  int len = snprintf(data, sizeof data, "{\"from\":\"%s\",\"to\":\"%s\",\"as_of\":\"%s\"}", arrears_name(from), arrears_name(to),
                     instant_to_text(one->as_of, 0, as_of));
  return desk_event(context, "customer.arrears", "customer", one->customer.value, (Text){data, (size_t)len}, error);
}

bool arrears_take(DeskContext *context, Arrears *arrears, const ArrearsStatement *statements, size_t count, int64_t outcomes[ARREARS_OUTCOMES],
                  Error *error) {
  bool *kept = ARENA_ARRAY(context->arena, bool, count + 1);
  if (!kept || !map_reserve(&arrears->at, arrears->at.count + count) || !vector_reserve(&arrears->list, count)) return out_of_memory(error);
  for (size_t i = 0; i < count; i++) {
    const ArrearsStatement *one = &statements[i];
    ArrearsStatement was;
    int64_t at;
    bool known = map_get(&arrears->at, one->customer.value, &at);
    ArrearsState from = arrears_of(arrears, one->customer, &was), to = state_of(one);
    if (from == ARREARS_UNKNOWN) from = ARREARS_NONE;
    bool same = known && was.as_of == one->as_of && was.owed_fen == one->owed_fen && was.disconnected == one->disconnected;
    int outcome = same ? ARREARS_SAME : known && one->as_of < was.as_of ? ARREARS_OLDER : ARREARS_KEPT;
    outcomes[outcome]++;
    kept[i] = outcome == ARREARS_KEPT;
    if (kept[i] && (!write_one(context, one, error) || (from != to && !tell(context, one, from, to, error)))) return false;
  }
  for (size_t i = 0; i < count; i++) { /* nothing can fail any more */
    int64_t at;
    if (!kept[i]) continue;
    if (map_get(&arrears->at, statements[i].customer.value, &at)) {
      arrears->list.at[at] = statements[i];
      continue;
    }
    bool there = map_put(&arrears->at, statements[i].customer.value, (int64_t)arrears->list.count);
    arrears->list.at[arrears->list.count++] = statements[i];
    (void)there; /* reserved */
  }
  return true;
}

void arrears_write(Json *json, const Arrears *arrears, CustomerId customer, uint32_t roles) {
  enum { AGENT = 1, MANAGER = 8 }; /* STAFF_… of the people room's other half */
  ArrearsStatement owed;
  ArrearsState state = arrears_of(arrears, customer, &owed);
  json_open_object(json);
  json_put_string(json, "state", arrears_name(state));
  json_key(json, "owed_fen");
  if (state >= ARREARS_OWING && roles & (AGENT | MANAGER)) json_i64(json, owed.owed_fen);
  else json_nil(json);
  json_put_instant(json, "as_of", owed.customer.value ? owed.as_of : INSTANT_NONE);
  json_close(json);
}
