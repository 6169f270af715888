/* The SQL of customers and organisation. */
#include "people/people_private.h"

#include <sodium.h>

#include "base/limits.h"
#include "base/map.h"
#include "interop/package.h"

static bool out_of_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "customers"); }

bool customer_rows_reserve(CustomerRows *rows, uint32_t count) {
  if (count <= rows->room) return true;
  CustomerRow *at = memory_grow(rows->at, count * sizeof *at);
  if (at) rows->at = at;
  uint32_t *text_at = memory_grow(rows->text_at, (count + 1) * sizeof *text_at);
  if (text_at) rows->text_at = text_at;
  uint32_t *key_at = memory_grow(rows->key_at, (count + 1) * sizeof *key_at);
  if (key_at) rows->key_at = key_at;
  if (!at || !text_at || !key_at) return false;
  rows->room = count;
  return true;
}

void customer_rows_end(CustomerRows *rows) {
  memory_free(rows->at);
  memory_free(rows->text_at);
  memory_free(rows->key_at);
  buffer_end(&rows->texts);
  buffer_end(&rows->keys);
}

static void put_key(Buffer *keys, Text key) {
  if (key.len > 255) key.len = 255; /* the import allows less */
  buffer_byte(keys, (char)key.len);
  buffer_text(keys, key);
}

static int32_t degrees(DbStatement *s, int at) { return db_column_is_null(s, at) ? GRID_NO_PLACE : (int32_t)db_column_i64(s, at); }

typedef struct Moves { /* customers found elsewhere than their files say (people/move.h): the device the file said then, the index of the other */
  Map from, to;
} Moves;

enum { ID, DEVICE, LON, LAT, KW, CATEGORY, IMPORTANCE, PHASES, NUMBER, PHONE, METER, TAGS, NAME, ADDRESS };

static bool load_customer(CustomerRows *rows, const Grid *grid, const Moves *moves, DbStatement *s, int64_t *device_id, uint32_t *device, Error *error) {
  int64_t id = db_column_i64(s, ID), on = db_column_i64(s, DEVICE), said, moved;
  if (rows->count >= LIMIT_CUSTOMERS) return error_raise(error, ERROR_LIMIT, "customers\t%d", LIMIT_CUSTOMERS);
  if (rows->count == rows->room && !customer_rows_reserve(rows, rows->room ? rows->room * 2 : 4096)) return out_of_memory(error);
  if (on != *device_id && !grid_index_of(grid, (DeviceId){on}, device))
    return error_raise(error, ERROR_STORE_CORRUPT, "device of customer %lld", (long long)id);
  *device_id = on;
  bool elsewhere = map_get(&moves->from, id, &said) && said == on && map_get(&moves->to, id, &moved);
  Text tags = db_column_text(s, TAGS);
  rows->at[rows->count] = (CustomerRow){.id = {id},
                                        .device = elsewhere ? (uint32_t)moved : *device,
                                        .lon_e6 = degrees(s, LON),
                                        .lat_e6 = degrees(s, LAT),
                                        .contract_kw = (float)db_column_f64(s, KW),
                                        .category = (uint8_t)db_column_i64(s, CATEGORY),
                                        .importance = (uint8_t)db_column_i64(s, IMPORTANCE),
                                        .phases = (uint8_t)db_column_i64(s, PHASES),
                                        .vulnerable = package_is_vulnerable(tags)};
  put_key(&rows->keys, db_column_text(s, NUMBER));
  put_key(&rows->keys, db_column_text(s, PHONE));
  put_key(&rows->keys, db_column_text(s, METER));
  put_key(&rows->keys, tags);
  buffer_text(&rows->texts, db_column_text(s, NAME));
  buffer_byte(&rows->texts, '\t');
  buffer_text(&rows->texts, db_column_text(s, ADDRESS));
  buffer_byte(&rows->texts, '\n');
  rows->count++;
  rows->text_at[rows->count] = (uint32_t)rows->texts.len;
  rows->key_at[rows->count] = (uint32_t)rows->keys.len;
  return true;
}

static bool load_moves(Moves *out, const People *people, Db *db, Error *error) {
  DbStatement *s;
  bool row;
  if (!db_prepare(&s, db, "SELECT customer_id, from_device_id, to_device_id FROM customer_move WHERE county_id = ?1 AND undone_at IS NULL", error))
    return false;
  db_bind_i64(s, 1, people->county_id);
  while (db_step(&row, s, error)) {
    uint32_t device;
    if (!row) return true;
    int64_t customer = db_column_i64(s, 0);
    if (!grid_index_of(people->grid, (DeviceId){db_column_i64(s, 2)}, &device)) continue; /* no longer in the network */
    if (map_put(&out->from, customer, db_column_i64(s, 1)) && map_put(&out->to, customer, device)) continue;
    db_reset(s);
    return out_of_memory(error);
  }
  return false;
}

#define CUSTOMER_COLUMNS "id, device_id, lon_e6, lat_e6, contract_kw, category, importance, phases, number, phone, meter, tags, name, address"

static bool begin_rows(CustomerRows *rows, uint32_t room, Error *error) {
  buffer_begin(&rows->texts, UINT32_MAX);
  buffer_begin(&rows->keys, UINT32_MAX);
  if (!customer_rows_reserve(rows, room)) return out_of_memory(error);
  rows->text_at[0] = rows->key_at[0] = 0;
  return true;
}

bool people_load_customer(CustomerRows *rows, const People *people, Db *db, CustomerId id, Error *error) {
  DbStatement *s;
  int64_t device_id = 0;
  uint32_t device = GRID_NONE;
  bool row;
  Moves moves = {0};
  if (!begin_rows(rows, 1, error) || !db_prepare(&s, db, "SELECT " CUSTOMER_COLUMNS " FROM customer WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, people->county_id);
  db_bind_i64(s, 2, id.value);
  if (!db_step(&row, s, error)) return false;
  if (!row) return error_raise(error, ERROR_NOT_FOUND, "customer\t%lld", (long long)id.value);
  bool ok = load_customer(rows, people->grid, &moves, s, &device_id, &device, error);
  db_reset(s);
  return ok && (rows->texts.failed || rows->keys.failed) ? out_of_memory(error) : ok;
}

bool people_load_customers(People *people, Db *db, Error *error) {
  CustomerRows *rows = &people->customers;
  DbStatement *s = NULL;
  int64_t device_id = 0;
  uint32_t device = GRID_NONE;
  bool row = true, ok = true;
  Moves moves = {0};
  if (!begin_rows(rows, 4096, error)) return false;
  ok = load_moves(&moves, people, db, error);
  /* "+county_id": read the table as it lies, not by way of the key's index */
  ok = ok && db_prepare(&s, db, "SELECT " CUSTOMER_COLUMNS " FROM customer WHERE +county_id = ?1 AND retired_at IS NULL", error);
  if (ok) db_bind_i64(s, 1, people->county_id);
  while (ok && row) {
    ok = db_step(&row, s, error);
    if (ok && row) ok = load_customer(rows, people->grid, &moves, s, &device_id, &device, error);
  }
  if (s) db_reset(s);
  map_free(&moves.from), map_free(&moves.to);
  if (ok && (rows->texts.failed || rows->keys.failed)) ok = out_of_memory(error);
  return ok;
}

static bool load_org(People *people, DbStatement *s, Error *error) {
  Org org = {.id = db_column_i64(s, 0), .parent_id = db_column_i64(s, 1)};
  Text *const FIELD[] = {&org.code, &org.level, &org.name, &org.area_type, &org.manager, &org.manager_phone};
  for (int i = 0; i < 6; i++) {
    *FIELD[i] = text_copy(&people->org_texts, db_column_text(s, i + 2));
    if (!FIELD[i]->at) return out_of_memory(error);
  }
  return vector_push(&people->orgs, org) || out_of_memory(error);
}

bool people_load_orgs(People *people, Db *db, Error *error) {
  DbStatement *s;
  bool row = true, ok = true;
  if (!db_prepare(&s, db,
                  "SELECT id, parent_id, code, level, name, area_type, manager, manager_phone FROM org "
                  "WHERE county_id = ?1 AND retired_at IS NULL ORDER BY id",
                  error))
    return false;
  db_bind_i64(s, 1, people->county_id);
  while (ok && row) {
    ok = db_step(&row, s, error);
    if (ok && row) ok = load_org(people, s, error);
  }
  db_reset(s);
  return ok;
}

bool people_store_reveal(DeskContext *context, int64_t id, CustomerId customer, Text reason, char sum[PEOPLE_REVEAL_SUM_TEXT], Error *error) {
  DbStatement *s;
  unsigned char salt[16], hash[32];
  randombytes_buf(salt, sizeof salt);
  crypto_generichash(hash, sizeof hash, (const unsigned char *)reason.at, reason.len, salt, sizeof salt);
  sodium_bin2hex(sum, PEOPLE_REVEAL_SUM_TEXT, hash, sizeof hash);
  if (!db_prepare(&s, context->db, "INSERT INTO customer_reveal (county_id, id, customer_id, actor, at, reason, salt) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, id);
  db_bind_i64(s, 3, customer.value);
  db_bind_text(s, 4, context->actor);
  db_bind_i64(s, 5, context->now);
  db_bind_text(s, 6, reason);
  db_bind_blob(s, 7, salt, sizeof salt);
  return db_done(s, error);
}
