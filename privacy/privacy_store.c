/* Where personal data stand, and the SQL that reads and empties it. */
#include <sodium.h>
#include <stdio.h>

#include "base/buffer.h"
#include "privacy/privacy_inside.h"

/* --- handing out --- */

/* columns: NAME:TYPE, blank between. d id, i whole number, f number, t text, w when, j JSON, b bytes. Whose: ?1 county, ?2 customer. */
typedef struct Section {
  const char *name, *sql, *columns;
} Section;

#define ITS_ORDERS "IN (SELECT id FROM orders WHERE county_id = ?1 AND customer_id = ?2)"

static const Section SECTIONS[] = {
    {"customer", "SELECT id, number, name, phone, meter, address, tags, lon_e6, lat_e6, contract_kw, category, importance, phases, retired_at, erased_at FROM customer WHERE county_id = ?1 AND id = ?2",
     "id:d number:t name:t phone:t meter:t address:t tags:t lon_e6:i lat_e6:i contract_kw:f category:i importance:i phases:i retired_at:w erased_at:w"},
    {"arrears", "SELECT owed_fen, disconnected, as_of, told_at FROM arrears WHERE county_id = ?1 AND customer_id = ?2", "owed_fen:i disconnected:i as_of:w told_at:w"},
    {"orders", "SELECT id, number, kind, state, accepted_at, closed_at, source, what, description, caller_name, caller_phone, outcome, calls FROM orders WHERE county_id = ?1 AND customer_id = ?2 ORDER BY id",
     "id:d number:i kind:t state:t accepted_at:w closed_at:w source:t what:t description:t caller_name:t caller_phone:t outcome:t calls:i"},
    {"order_texts", "SELECT order_id, version, fields FROM order_text WHERE county_id = ?1 AND order_id " ITS_ORDERS " ORDER BY order_id, version", "order_id:d version:i fields:j"},
    {"answers", "SELECT order_id, answer, scores, note FROM satisfaction WHERE county_id = ?1 AND order_id " ITS_ORDERS " ORDER BY id", "order_id:d answer:t scores:j note:t"},
    {"payments", "SELECT order_id, at, amount_fen, note FROM fund_entry WHERE county_id = ?1 AND order_id " ITS_ORDERS " ORDER BY id", "order_id:d at:w amount_fen:i note:t"},
    {"messages", "SELECT id, at, author_name, body, attachment_id, order_id FROM group_message WHERE county_id = ?1 AND author <> 'system' AND (customer_id = ?2 OR order_id " ITS_ORDERS ") ORDER BY id",
     "id:d at:w author_name:t body:t attachment_id:d order_id:d"},
    {"attachments",
     "SELECT a.id, a.order_id, a.type, a.at, b.body FROM attachment a JOIN attachment_body b ON b.county_id = a.county_id AND b.id = a.id WHERE a.county_id = ?1 AND (a.order_id " ITS_ORDERS
     " OR a.id IN (SELECT attachment_id FROM group_message WHERE county_id = ?1 AND customer_id = ?2)) ORDER BY a.id",
     "id:d order_id:d type:t at:w base64:b"},
    {"visits", "SELECT id, at, result, note, order_id FROM visit WHERE county_id = ?1 AND customer_id = ?2 ORDER BY id", "id:d at:w result:i note:t order_id:d"},
    {"use", "SELECT day, used, voltage_min FROM meter_day WHERE county_id = ?1 AND meter_id = ?2 ORDER BY day", "days_since_1970:i used_10wh:i voltage_min_100mv:i"},
    {"looked_at", "SELECT at, actor, reason FROM customer_reveal WHERE county_id = ?1 AND customer_id = ?2 ORDER BY id", "at:w actor:t reason:t"},
    {"erasures", "SELECT id, state, asked_at, reason, decided_at FROM erasure WHERE county_id = ?1 AND customer_id = ?2 ORDER BY id", "id:d state:i asked_at:w reason:t decided_at:w"},
    {"record", "SELECT seq, at, actor, kind, data FROM event WHERE county_id = ?1 AND subject_kind = 'customer' AND subject_id = ?2 ORDER BY seq", "seq:i at:w actor:t kind:t data:j"},
};

static void write_bytes(Json *json, Buffer *spare, Text bytes) {
  size_t size = sodium_base64_ENCODED_LEN(bytes.len, sodium_base64_VARIANT_ORIGINAL);
  spare->len = 0;
  if (spare->failed || !buffer_reserve(spare, size)) { /* spare->failed is asked at the end */
    json_nil(json);
    return;
  }
  sodium_bin2base64(spare->at, size, (const unsigned char *)bytes.at, bytes.len, sodium_base64_VARIANT_ORIGINAL);
  json_text(json, (Text){spare->at, size - 1});
}

static void write_column(Json *json, Buffer *spare, DbStatement *s, int at, char type) {
  if (db_column_is_null(s, at)) {
    json_nil(json);
    return;
  }
  switch (type) {
    case 'd': json_id(json, db_column_i64(s, at)); break;
    case 'i': json_i64(json, db_column_i64(s, at)); break;
    case 'f': json_f64(json, db_column_f64(s, at), 3); break;
    case 'w': json_instant(json, db_column_instant(s, at)); break;
    case 'j': json_raw(json, db_column_text(s, at).len ? db_column_text(s, at) : TEXT("null")); break;
    case 'b': write_bytes(json, spare, db_column_blob(s, at)); break;
    default: json_text(json, db_column_text(s, at)); break;
  }
}

static void write_row(Json *json, Buffer *spare, DbStatement *s, const char *columns) {
  Text rest = text_of(columns), column;
  char name[DB_NAME_MAX];
  json_open_object(json);
  for (int at = 0; text_next(&rest, ' ', &column); at++) {
    snprintf(name, sizeof name, "%.*s", (int)column.len - 2, column.at);
    json_key(json, name);
    write_column(json, spare, s, at, column.at[column.len - 1]);
  }
  json_close(json);
}

bool privacy_write_all(Json *json, Buffer *spare, Db *db, int64_t county_id, int64_t customer_id, Error *error) {
  for (size_t i = 0; i < sizeof SECTIONS / sizeof *SECTIONS; i++) {
    DbStatement *s;
    if (!db_prepare(&s, db, SECTIONS[i].sql, error)) return false;
    db_bind_i64(s, 1, county_id);
    db_bind_i64(s, 2, customer_id);
    json_key(json, SECTIONS[i].name);
    json_open_array(json);
    for (bool row;;) {
      if (!db_step(&row, s, error)) return false;
      if (!row) break;
      write_row(json, spare, s, SECTIONS[i].columns);
    }
    json_close(json);
  }
  return spare->failed ? error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "export") : true;
}

/* --- emptying: its own rows --- */

static const char *const WIPES[] = { /* ?1 county, ?2 customer */
    "UPDATE customer SET name = '', phone = '', address = '', tags = '', lon_e6 = NULL, lat_e6 = NULL WHERE county_id = ?1 AND id = ?2",
    "DELETE FROM hall_form WHERE county_id = ?1 AND (order_id " ITS_ORDERS " OR message_id IN (SELECT id FROM group_message WHERE county_id = ?1 AND customer_id = ?2))",
    "DELETE FROM attachment_body WHERE county_id = ?1 AND id IN (SELECT id FROM attachment WHERE county_id = ?1 AND order_id " ITS_ORDERS ")",
    "DELETE FROM attachment_body WHERE county_id = ?1 AND id IN (SELECT attachment_id FROM group_message WHERE county_id = ?1 AND customer_id = ?2)",
    "DELETE FROM attachment WHERE county_id = ?1 AND id IN (SELECT attachment_id FROM group_message WHERE county_id = ?1 AND customer_id = ?2)",
    "DELETE FROM attachment WHERE county_id = ?1 AND order_id " ITS_ORDERS,
    "UPDATE group_message SET author_name = NULL, body = '〔已按要求删除〕', body_en = '(erased on request)', attachment_id = NULL"
    " WHERE county_id = ?1 AND author <> 'system' AND (customer_id = ?2 OR order_id " ITS_ORDERS ")",
    "UPDATE order_text SET fields = '{}' WHERE county_id = ?1 AND order_id " ITS_ORDERS,
    "UPDATE satisfaction SET note = NULL WHERE county_id = ?1 AND order_id " ITS_ORDERS,
    "UPDATE fund_entry SET note = NULL WHERE county_id = ?1 AND order_id " ITS_ORDERS,
    "DELETE FROM survey_link WHERE county_id = ?1 AND order_id " ITS_ORDERS,
    "UPDATE orders SET description = NULL, caller_name = NULL, caller_phone = NULL WHERE county_id = ?1 AND customer_id = ?2",
    "UPDATE visit SET note = '' WHERE county_id = ?1 AND customer_id = ?2",
    "UPDATE customer_reveal SET reason = '', salt = NULL WHERE county_id = ?1 AND customer_id = ?2",
    "UPDATE erasure SET reason = '' WHERE county_id = ?1 AND customer_id = ?2",
};

bool privacy_wipe(DeskContext *context, int64_t customer_id, Error *error) {
  DbStatement *s;
  for (size_t i = 0; i < sizeof WIPES / sizeof *WIPES; i++) {
    if (!db_prepare(&s, context->db, WIPES[i], error)) return false;
    db_bind_i64(s, 1, context->county_id);
    db_bind_i64(s, 2, customer_id);
    if (!db_done(s, error)) return false;
  }
  if (!db_prepare(&s, context->db, "UPDATE customer SET erased_at = ?3 WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, customer_id);
  db_bind_i64(s, 3, context->now);
  return db_done_rows(s, 1, error);
}

/* --- emptying: what others said of it --- */

typedef struct Place {
  const char *find, *wipe;
} Place;
#define PLACE(table, column, key, further)                                                                                                             \
  {"SELECT " key ", " further " FROM " table " WHERE county_id = ?1 AND (" column " LIKE ?2 ESCAPE '!' OR " column " LIKE ?3 ESCAPE '!' OR " column        \
   " LIKE ?4 ESCAPE '!')",                                                                                                                               \
   "UPDATE " table " SET " column " = REPLACE(REPLACE(REPLACE(" column ", ?2, '***'), ?3, '***'), ?4, '***') WHERE county_id = ?1 AND " key " = ?5 AND " further " = ?6"}

static const Place PLACES[] = {
    PLACE("orders", "description", "id", "id"),       PLACE("orders", "caller_name", "id", "id"),   PLACE("orders", "caller_phone", "id", "id"),
    PLACE("order_text", "fields", "order_id", "version"), PLACE("satisfaction", "note", "id", "id"),    PLACE("fund_entry", "note", "id", "id"),
    PLACE("group_message", "body", "id", "id"),       PLACE("group_message", "author_name", "id", "id"), PLACE("visit", "note", "id", "id"),
    PLACE("job", "finding", "id", "id"),              PLACE("job", "note", "id", "id"),             PLACE("customer_reveal", "reason", "id", "id"),
    PLACE("erasure", "reason", "id", "id"),           PLACE("patrol_round", "name", "id", "id"),    PLACE("patrol_round", "reason", "id", "id"),
    PLACE("request", "reply", "id", "id"),
};

/* %…% with what LIKE would read as its own words taken literally. */
static Text pattern_of(Text needle, Arena *arena) {
  char *out = arena_take(arena, 2 * needle.len + 3);
  size_t len = 0;
  if (!out) return TEXT_NONE;
  out[len++] = '%';
  for (size_t i = 0; i < needle.len; i++) {
    if (needle.at[i] == '%' || needle.at[i] == '_' || needle.at[i] == '!') out[len++] = '!';
    out[len++] = needle.at[i];
  }
  out[len++] = '%';
  return (Text){out, len};
}

/* Too short a word would stand in everything. */
static bool is_telling(Text text, size_t least) { return text_characters(text) >= least; }

static bool find_in(Traces *out, Db *db, int64_t county_id, size_t place, const Text pattern[3], Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, PLACES[place].find, error)) return false;
  db_bind_i64(s, 1, county_id);
  for (int i = 0; i < 3; i++) db_bind_text(s, 2 + i, pattern[i]);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    if (out->count == TRACES_MOST) {
      db_reset(s);
      return error_raise(error, ERROR_LIMIT, "traces\t%d", TRACES_MOST);
    }
    out->at[out->count++] = (Trace){place, {db_column_i64(s, 0), db_column_i64(s, 1)}};
  }
}

bool privacy_find_traces(Traces *out, Db *db, int64_t county_id, const Subject *subject, Arena *arena, Error *error) {
  Text pattern[3], telling[3];
  int count = 0;
  *out = (Traces){.at = ARENA_ARRAY(arena, Trace, TRACES_MOST)};
  if (!out->at) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "erasure");
  if (is_telling(subject->phone, 7)) telling[count++] = subject->phone;
  if (is_telling(subject->address, 6)) telling[count++] = subject->address;
  if (is_telling(subject->name, 2) && subject->name_is_its_own) telling[count++] = subject->name;
  if (count == 0) return true;
  for (int i = 0; i < 3; i++) {
    out->needle[i] = telling[i < count ? i : 0];
    pattern[i] = pattern_of(out->needle[i], arena);
    if (!pattern[i].at) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "erasure");
  }
  for (size_t place = 0; place < sizeof PLACES / sizeof *PLACES; place++)
    if (!find_in(out, db, county_id, place, pattern, error)) return false;
  return true;
}

bool privacy_wipe_traces(DeskContext *context, const Traces *traces, Error *error) {
  for (size_t i = 0; i < traces->count; i++) {
    const Trace *trace = &traces->at[i];
    DbStatement *s;
    if (!db_prepare(&s, context->db, PLACES[trace->place].wipe, error)) return false;
    db_bind_i64(s, 1, context->county_id);
    for (int n = 0; n < 3; n++) db_bind_text(s, 2 + n, traces->needle[n]);
    db_bind_i64(s, 5, trace->key[0]);
    db_bind_i64(s, 6, trace->key[1]);
    if (!db_done(s, error)) return false;
  }
  return true;
}

const char *const PRIVACY_EMPTIED[] = {
    "customer.name", "customer.phone", "customer.address", "customer.tags", "orders.description", "orders.caller_name", "orders.caller_phone", "order_text.fields",
    "attachment.type", "attachment_body.body", "survey_link.token_hash", "hall_form.hash", "hall_form.phone_hash", "satisfaction.note", "fund_entry.note", "group_message.author_name", "group_message.body",
    "group_message.body_en", "visit.note", "job.finding", "job.note", "customer_reveal.reason", "customer_reveal.salt", "erasure.reason", "patrol_round.name",
    "patrol_round.reason", "request.reply", NULL};

/* The supply point, the network, the company's own people, rules, and facts with ids. */
const char *const PRIVACY_WITHOUT_PERSONS[] = {
    "customer.number", "customer.meter", "customer_reveal.actor", "orders.kind", "orders.state", "orders.source", "orders.what", "orders.outcome", "orders.trail",
    "event.*", "setting.*", "migration.*", "lease.*", "staff.*", "staff_factor.*", "session.*", "org.*", "device.*", "tie.*", "backdrop.*", 
    "rule_book.*", "order_clock.*", "order_figure.*", "promise_sum.*", "satisfaction.kind", "satisfaction.answer", "satisfaction.scores", "chat_group.*",
    "group_message.author", "outage.*", "outage_feed.*", "outage_repair.*", "outage_eta.*", "outage_switch.*", "crew.*", "stock.*", "job.cause", "job_step.*", "job_material.*", "plan_task.*", "plan_change.*",
    "patrol_round.windows", "reading_batch.*", "reading_roster.*", "meter_day.*", "reading_aside.*", "meter_alarm.*", "visit_cut_grid.*", "visit_month.*",
    "supply_choice.*", "supply_correction.*", "supply_stray.*", "customer_move.*", "arrears.*",
    /* words for facts, in whatever table */
    "*.kind", "*.promise", "*.figure", "*.dimension", "*.state", "*.code", "*.clock", "*.unit", NULL};

/* --- small things --- */

static bool one_number(int64_t *out, DbStatement *s, Error *error) {
  bool row;
  *out = 0;
  if (!db_step(&row, s, error)) return false;
  if (row) *out = db_column_i64(s, 0), db_reset(s);
  return true;
}

bool privacy_saw_ids(Desk *desk, Db *db, int64_t county_id, Error *error) {
  static const char *const NEWEST[] = {"SELECT MAX(id) FROM customer_reveal WHERE county_id = ?1", "SELECT MAX(id) FROM erasure WHERE county_id = ?1"};
  for (int i = 0; i < 2; i++) {
    DbStatement *s;
    int64_t id;
    if (!db_prepare(&s, db, NEWEST[i], error)) return false;
    db_bind_i64(s, 1, county_id);
    if (!one_number(&id, s, error)) return false;
    desk_saw_id(desk, id);
  }
  return true;
}

static bool bears_name_alone(bool *out, Db *db, int64_t county_id, const Subject *subject, Error *error) {
  DbStatement *s;
  int64_t others;
  if (!db_prepare(&s, db, "SELECT COUNT(*) FROM customer WHERE county_id = ?1 AND name = ?2 AND id <> ?3", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_text(s, 2, subject->name);
  db_bind_i64(s, 3, subject->id);
  if (!one_number(&others, s, error)) return false;
  *out = others == 0;
  return true;
}

bool privacy_subject(Subject *out, Db *db, const Privacy *privacy, int64_t id, Arena *arena, Error *error) {
  DbStatement *s;
  bool row;
  *out = (Subject){.id = id};
  if (!db_prepare(&s, db, "SELECT name, phone, address, tags, CASE WHEN retired_at IS NULL THEN 1 ELSE 0 END FROM customer WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, privacy->county_id);
  db_bind_i64(s, 2, id);
  if (!db_step(&row, s, error)) return false;
  if (!row) return error_raise(error, ERROR_NOT_FOUND, "customer\t%lld", (long long)id);
  Text *const TO[] = {&out->name, &out->phone, &out->address, &out->tags};
  bool ok = true;
  for (int i = 0; i < 4; i++) ok = (*TO[i] = text_copy(arena, db_column_text(s, i))).at && ok;
  out->present = db_column_i64(s, 4) != 0;
  db_reset(s);
  if (!ok) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "customer");
  return bears_name_alone(&out->name_is_its_own, db, privacy->county_id, out, error);
}

bool privacy_open_orders(int64_t *out, Db *db, int64_t county_id, int64_t customer_id, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT COUNT(*) FROM orders WHERE county_id = ?1 AND customer_id = ?2 AND closed_at IS NULL", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, customer_id);
  return one_number(out, s, error);
}

bool privacy_correct(DeskContext *context, const Subject *to, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db, "UPDATE customer SET name = ?3, phone = ?4, address = ?5, tags = ?6, erased_at = NULL WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, to->id);
  db_bind_text(s, 3, to->name);
  db_bind_text(s, 4, to->phone);
  db_bind_text(s, 5, to->address);
  db_bind_text(s, 6, to->tags);
  return db_done_rows(s, 1, error);
}

bool erasure_insert(DeskContext *context, const Erasure *erasure, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db, "INSERT INTO erasure (county_id, id, customer_id, state, asked_by, asked_at, reason) VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6)", error)) return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, erasure->id);
  db_bind_i64(s, 3, erasure->customer_id);
  db_bind_i64(s, 4, erasure->asked_by);
  db_bind_i64(s, 5, erasure->asked_at);
  db_bind_text(s, 6, erasure->reason);
  return db_done(s, error);
}

bool erasure_decide(DeskContext *context, const Erasure *erasure, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db, "UPDATE erasure SET state = ?3, decided_by = ?4, decided_at = ?5 WHERE county_id = ?1 AND id = ?2 AND state = 0", error)) return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, erasure->id);
  db_bind_i64(s, 3, (int64_t)erasure->state);
  db_bind_i64(s, 4, erasure->decided_by);
  db_bind_i64(s, 5, erasure->decided_at);
  return db_done_rows(s, 1, error);
}

bool erasure_list(Db *db, int64_t county_id, int64_t id, int64_t customer_id, ErasureVisit visit, void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT id, customer_id, state, asked_by, asked_at, reason, decided_by, decided_at FROM erasure WHERE county_id = ?1 AND (?2 = 0 OR id = ?2)"
                  " AND (?3 = 0 OR customer_id = ?3) ORDER BY id DESC",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id);
  db_bind_i64(s, 3, customer_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    Erasure erasure = {.id = db_column_i64(s, 0), .customer_id = db_column_i64(s, 1), .state = (ErasureState)db_column_i64(s, 2), .asked_by = db_column_i64(s, 3),
                       .asked_at = db_column_i64(s, 4), .reason = db_column_text(s, 5), .decided_by = db_column_is_null(s, 6) ? 0 : db_column_i64(s, 6),
                       .decided_at = db_column_instant(s, 7)};
    if (!visit(self, &erasure)) return db_reset(s), true;
  }
}
