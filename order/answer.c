#include "order/answer.h"

#include "http/schema.h"

static bool add_sum(DeskContext *context, const RollEntry *entry, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db,
                  "INSERT INTO satisfaction_sum (county_id, org_id, period, kind, named, dimension, answers, total)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (county_id, org_id, period, kind, named, dimension) DO UPDATE SET"
                  " answers = satisfaction_sum.answers + excluded.answers, total = satisfaction_sum.total + excluded.total",
                  error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, entry->org);
  db_bind_i64(s, 3, ANSWER_MONTH(entry));
  db_bind_text(s, 4, entry->name);
  db_bind_i64(s, 5, ANSWER_NAMED(entry));
  db_bind_text(s, 6, entry->figure);
  db_bind_i64(s, 7, entry->of);
  db_bind_i64(s, 8, entry->n);
  return db_done(s, error);
}

typedef struct Counting {
  const Orders *orders;
  Arena *arena;
  RollEntries *list;
  bool failed;          /* out of memory */
} Counting;

static void count(void *self, const Satisfaction *said) {
  Counting *all = self;
  RollEntry entry = {.org = said->org_id, .name = text_copy(all->arena, said->kind), .figure = TEXT(""), .of = 1,
                     .n = text_is(said->answer, "satisfied"), .area = said->period / 100 * 2 + (said->order.value != 0)};
  bool ok = entry.name.at && roll_spread(all->list, all->orders, &entry);
  json_t *scores = NULL, *score;
  Error none;
  ok = ok && (!said->scores.at || schema_read_own(&scores, said->scores, &none));
  const char *dimension;
  json_object_foreach(scores, dimension, score) {
    entry.figure = text_copy(all->arena, text_of(dimension)), entry.n = json_integer_value(score);
    if (json_is_integer(score)) ok = ok && entry.figure.at && roll_spread(all->list, all->orders, &entry);
  }
  json_decref(scores);
  all->failed |= !ok;
}

static bool write_all(DeskContext *context, const RollEntries *list, Error *error) {
  for (size_t i = 0; i < list->count; i++)
    if (!add_sum(context, &list->at[i], error)) return false;
  return true;
}

bool answers_add(DeskContext *context, const Orders *orders, const Satisfaction *said, Error *error) {
  RollEntries list = {0};
  Counting counting = {orders, context->arena, &list, false};
  count(&counting, said);
  bool ok = counting.failed ? error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "satisfaction") : write_all(context, &list, error);
  vector_free(&list);
  return ok;
}

bool answers_counted(RollEntries *out, Arena *arena, Db *db, const Orders *orders, Error *error) {
  Counting counting = {orders, arena, out, false};
  if (!store_satisfaction(db, orders->county_id, 0, INT32_MAX, count, &counting, error)) return false;
  if (counting.failed) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "satisfaction");
  roll_merge(out);
  return true;
}

bool answers_anew(DeskContext *context, const Orders *orders, Error *error) {
  RollEntries list = {0};
  DbStatement *s;
  bool ok = answers_counted(&list, context->arena, context->db, orders, error) &&
            db_prepare(&s, context->db, "DELETE FROM satisfaction_sum WHERE county_id = ?1", error);
  if (ok) {
    db_bind_i64(s, 1, context->county_id);
    ok = db_done(s, error) && write_all(context, &list, error);
  }
  vector_free(&list);
  return ok;
}

/* --- reading --- */

static bool visit_sums(DbStatement *s, RollVisit visit, void *self, Error *error) {
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    RollEntry entry = {.org = db_column_i64(s, 0), .area = (int)(db_column_i64(s, 1) * 2 + db_column_i64(s, 2)), .name = db_column_text(s, 3),
                       .figure = db_column_text(s, 4), .of = db_column_i64(s, 5), .n = db_column_i64(s, 6)};
    if (visit(self, &entry)) continue;
    db_reset(s);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "satisfaction");
  }
}

bool store_answers(Db *db, int64_t county_id, int64_t org_id, int32_t from, int32_t to, RollVisit visit, void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT org_id, period, named, kind, dimension, answers, total FROM satisfaction_sum"
                  " WHERE county_id = ?1 AND org_id = ?2 AND period BETWEEN ?3 AND ?4",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, org_id);
  db_bind_i64(s, 3, from);
  db_bind_i64(s, 4, to);
  return visit_sums(s, visit, self, error);
}

static bool keep(void *self, const RollEntry *entry) {
  const Counting *all = self;
  RollEntry one = *entry;
  one.name = text_copy(all->arena, entry->name), one.figure = text_copy(all->arena, entry->figure);
  return one.name.at && one.figure.at && vector_push(all->list, one);
}

bool answers_kept(RollEntries *out, Arena *arena, Db *db, int64_t county_id, Error *error) {
  DbStatement *s;
  Counting all = {.arena = arena, .list = out};
  if (!db_prepare(&s, db, "SELECT org_id, period, named, kind, dimension, answers, total FROM satisfaction_sum WHERE county_id = ?1", error)) return false;
  db_bind_i64(s, 1, county_id);
  if (!visit_sums(s, keep, &all, error)) return false;
  roll_merge(out);
  return true;
}
