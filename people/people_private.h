/* Private to the customers: what People is made of. */
#ifndef PEOPLE_PEOPLE_PRIVATE_H
#define PEOPLE_PEOPLE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/buffer.h"
#include "base/vector.h"
#include "people/customer.h"
#include "people/find.h"
#include "store/desk.h"

/* Of a customer, what is not text. */
typedef struct CustomerRow {
  CustomerId id;
  uint32_t device;
  int32_t lon_e6, lat_e6;
  float contract_kw;
  uint8_t category, importance, phases;
  bool vulnerable;
} CustomerRow;

/* Customers as they come from the store, or in order of position. Texts and keys are as people/find.h wants them, behind the keys a byte
 * of length and the tags. */
typedef struct CustomerRows {
  CustomerRow *at;
  uint32_t *text_at, *key_at; /* count + 1 */
  uint32_t count, room;
  Buffer texts, keys;
} CustomerRows;

/* A household whose texts changed while the program serves: they stand here, over those of the flat arrays. */
typedef struct ChangedCustomer {
  uint32_t position;
  int32_t lon_e6, lat_e6;
  bool vulnerable;
  FindRows rows;          /* one row, made of … */
  uint32_t text_at[2], key_at[2];
} ChangedCustomer;

struct People {
  CustomerRows customers;
  uint32_t *first_of_device; /* grid_count + 1: the positions of the customers on a device */
  uint32_t *by_id;           /* positions in order of id */
  FindIndex find;
  VECTOR(Org) orgs;          /* ascending ids: the row is GridDevice.org */
  Arena org_texts;
  pthread_rwlock_t changed_lock; /* all below */
  VECTOR(ChangedCustomer *) changed; /* by position */
  _Atomic uint32_t changed_count;    /* asked without the lock: nearly always none */
  Arena changed_texts;               /* what was once handed out stays */
  const Grid *grid;
  int64_t county_id;
};

/* customer_store.c */
bool people_load_customers(People *people, Db *db, Error *error) MUST_USE; /* in any order */
bool people_load_customer(CustomerRows *rows, const People *people, Db *db, CustomerId id, Error *error) MUST_USE; /* one, into empty rows */
bool people_load_orgs(People *people, Db *db, Error *error) MUST_USE;
bool customer_rows_reserve(CustomerRows *rows, uint32_t count) MUST_USE;
void customer_rows_end(CustomerRows *rows);

/* customer_store.c: why a household's name and telephone were looked at. The sum, hexadecimal, is for the chain: of the reason and a salt that is erased
 * together with it. */
enum { PEOPLE_REVEAL_SUM_TEXT = 65 };
bool people_store_reveal(DeskContext *context, int64_t id, CustomerId customer, Text reason, char sum[PEOPLE_REVEAL_SUM_TEXT], Error *error) MUST_USE;

#endif
