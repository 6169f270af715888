/* Phases put right: a person takes over what voltage told of some meters; from then on the room computes with that. Taken back the same way. */
#include <stdio.h>

#include "supply/supply_internal.h"

/* --- rows --- */

bool supply_corrections(Db *db, const Supply *supply, uint32_t device, SupplyArea *area, Error *error) {
  DbStatement *statement;
  bool row;
  if (!db_prepare(&statement, db,
                  "SELECT customer_id, phases FROM supply_correction WHERE county_id = ?1 AND device_id = ?2 AND undone_at IS NULL", error))
    return false;
  db_bind_i64(statement, 1, supply->county_id);
  db_bind_i64(statement, 2, grid_device(supply->grid, device)->id.value);
  while (db_step(&row, statement, error)) {
    uint32_t position, row_of;
    if (!row) return true;
    /* An import may have moved the customer to another transformer since: then it holds no longer. */
    if (!people_position_of(supply->people, (CustomerId){db_column_i64(statement, 0)}, &position) || !supply_row_of(area, position, &row_of))
      continue;
    AreaCustomer *customer = (AreaCustomer *)&area->area.customers[row_of];
    if (customer->phases != 7) customer->phases = (uint8_t)db_column_i64(statement, 1), area->put_right[row_of] = true;
  }
  return false;
}

static bool take_back(DeskContext *context, const Supply *supply, int64_t device_id, int64_t customer_id, Error *error) {
  DbStatement *statement;
  if (!db_prepare(&statement, context->db,
                  "UPDATE supply_correction SET undone_at = ?1, undone_by = ?2 WHERE county_id = ?3 AND device_id = ?4 AND customer_id = ?5"
                  " AND undone_at IS NULL",
                  error))
    return false;
  db_bind_instant(statement, 1, context->now);
  db_bind_text(statement, 2, context->actor);
  db_bind_i64(statement, 3, supply->county_id);
  db_bind_i64(statement, 4, device_id);
  db_bind_i64(statement, 5, customer_id);
  return db_done(statement, error);
}

static bool put(DeskContext *context, const Supply *supply, int64_t device_id, const SupplyPhase *one, Error *error) {
  DbStatement *statement;
  if (!db_prepare(&statement, context->db,
                  "INSERT INTO supply_correction (county_id, id, device_id, customer_id, phases, confidence, put_at, put_by)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                  error))
    return false;
  db_bind_i64(statement, 1, supply->county_id);
  db_bind_i64(statement, 2, desk_new_id(context));
  db_bind_i64(statement, 3, device_id);
  db_bind_i64(statement, 4, one->customer_id);
  db_bind_i64(statement, 5, one->phases);
  db_bind_i64(statement, 6, one->confidence);
  db_bind_instant(statement, 7, context->now);
  db_bind_text(statement, 8, context->actor);
  return db_done(statement, error);
}

bool supply_put_phase(DeskContext *context, const Supply *supply, int64_t device_id, const SupplyPhase *one, Error *error) {
  return take_back(context, supply, device_id, one->customer_id, error) && (!one->phases || put(context, supply, device_id, one, error));
}

/* --- what was told --- */

bool supply_tell_phases(Supply *supply, int64_t device_id, const SupplyPhase *told, size_t count, Error *error) {
  pthread_mutex_lock(&supply->lock);
  SupplyTold *to = &supply->told[0];
  for (size_t i = 0; i < SUPPLY_VIEWS && to->device_id != device_id; i++)
    if (supply->told[i].device_id == device_id || supply->told[i].used < to->used) to = &supply->told[i];
  arena_reset(&to->arena);
  *to = (SupplyTold){device_id, ++supply->uses, to->arena, NULL, 0};
  if ((to->at = ARENA_ARRAY(&to->arena, SupplyPhase, count + 1))) memcpy(to->at, told, count * sizeof *told), to->count = count;
  bool ok = to->at != NULL;
  pthread_mutex_unlock(&supply->lock);
  return ok || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "supply");
}

int supply_phase_told(Supply *supply, int64_t device_id, int64_t customer_id, uint8_t phases) {
  int confidence = 0;
  pthread_mutex_lock(&supply->lock);
  for (size_t k = 0; k < SUPPLY_VIEWS; k++)
    for (size_t i = 0; supply->told[k].device_id == device_id && i < supply->told[k].count; i++)
      if (supply->told[k].at[i].customer_id == customer_id && supply->told[k].at[i].phases == phases) confidence = supply->told[k].at[i].confidence;
  pthread_mutex_unlock(&supply->lock);
  return confidence;
}

/* --- use case --- */

/* Everything is looked at before anything is written: all of it or nothing. */
static bool check(DeskContext *context, const SupplyCorrect *correct, Error *error) {
  const Supply *supply = correct->supply;
  uint32_t device, *member, count;
  if (!grid_index_of(supply->grid, (DeviceId){correct->device_id}, &device))
    return error_raise(error, ERROR_NOT_FOUND, "transformer\t%lld", (long long)correct->device_id);
  if (!supply_members(&member, &count, supply, context->db, device, context->arena, error)) return false;
  for (size_t i = 0; i < correct->count; i++) {
    const SupplyPhase *one = &correct->item[i];
    Customer customer;
    uint32_t position, at = 0;
    bool known = people_position_of(supply->people, (CustomerId){one->customer_id}, &position);
    while (known && at < count && member[at] != position) at++;
    if (!known || at == count) {
      error_raise(error, ERROR_NOT_FOUND, "customer\t%lld", (long long)one->customer_id);
      return error_at(error, "$.items[%zu].customer_id", i);
    }
    people_customer(supply->people, position, &customer);
    if (!one->phases || customer.phases == 1 || customer.phases == 2 || customer.phases == 4) continue;
    error_raise(error, ERROR_FIELD_INVALID, "phase\t%c\tthree-phase", one->phases == 1 ? 'A' : one->phases == 2 ? 'B' : 'C');
    return error_at(error, "$.items[%zu].phase", i);
  }
  return true;
}

bool supply_correct(DeskContext *context, void *command, Error *error) {
  SupplyCorrect *correct = command;
  char text[96];
  size_t put_right = 0;
  if (!check(context, correct, error)) return false;
  for (size_t i = 0; i < correct->count; i++) {
    SupplyPhase one = correct->item[i];
    put_right += one.phases != 0;
    one.confidence = supply_phase_told(correct->supply, correct->device_id, one.customer_id, one.phases);
    if (!supply_put_phase(context, correct->supply, correct->device_id, &one, error)) return desk_spoil(context);
  }
  int len = snprintf(text, sizeof text, "{\"put\":%zu,\"taken_back\":%zu}", put_right, correct->count - put_right);
  if (!desk_event(context, "supply.corrected", "area", correct->device_id, (Text){text, (size_t)len}, error)) return desk_spoil(context);
  supply_forget(correct->supply, correct->device_id);
  return true;
}

/* --- its route --- */

bool supply_decode_correct(HttpRequest *request, void **out, void *room, Error *error) {
  SupplyCorrect *correct = *out = ARENA_NEW(request->arena, SupplyCorrect);
  const json_t *items = json_object_get(request->body, "items");
  uint32_t device;
  if (!correct) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "supply");
  if (!supply_device(room, request, &device, error)) return false;
  *correct = (SupplyCorrect){room, grid_device(((Supply *)room)->grid, device)->id.value,
                             ARENA_ARRAY(request->arena, SupplyPhase, json_array_size(items) + 1), json_array_size(items)};
  if (!correct->item) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "supply");
  for (size_t i = 0; i < correct->count; i++) {
    const json_t *item = json_array_get(items, i);
    Text phase = http_body_text(item, "phase");
    int bit = phase.at ? 1 << (phase.at[0] - 'A') : 0; /* the schema lets A, B, C pass */
    correct->item[i] = (SupplyPhase){http_body_id(item, "customer_id"), (uint8_t)bit, 0};
  }
  return true;
}

bool supply_encode_correct(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  const SupplyCorrect *correct = command;
  Json json;
  (void)request, (void)room, (void)error;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_i64(&json, "items", (int64_t)correct->count);
  json_close(&json);
  return true;
}
