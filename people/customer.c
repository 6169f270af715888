#include "people/people_private.h"

#include <assert.h>
#include <stdlib.h>

static bool out_of_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "customers"); }
static bool is_hidden(const void *self, uint32_t position);

static int by_id_order(const void *a, const void *b, void *self) {
  const CustomerRow *rows = self;
  int64_t x = rows[*(const uint32_t *)a].id.value, y = rows[*(const uint32_t *)b].id.value;
  return (x > y) - (x < y);
}

/* The numbers 0 … count-1, in order of the rows' ids. */
static uint32_t *order_by_id(const CustomerRows *rows) {
  bool sorted = true;
  uint32_t *order = memory_grow(NULL, (rows->count + 1) * sizeof *order);
  if (!order) return NULL;
  for (uint32_t i = 0; i < rows->count; i++) {
    order[i] = i;
    sorted = sorted && (i == 0 || rows->at[i - 1].id.value < rows->at[i].id.value);
  }
  if (!sorted) qsort_r(order, rows->count, sizeof *order, by_id_order, rows->at);
  return order;
}

/* Counts the customers of each device, and tells where the first of each would stand. */
static bool count_devices(People *people, Error *error) {
  const CustomerRows *rows = &people->customers;
  uint32_t devices = grid_count(people->grid);
  people->first_of_device = memory_new(((size_t)devices + 1) * sizeof *people->first_of_device);
  if (!people->first_of_device) return out_of_memory(error);
  for (uint32_t i = 0; i < rows->count; i++) people->first_of_device[rows->at[i].device + 1]++;
  for (uint32_t i = 0; i < devices; i++) people->first_of_device[i + 1] += people->first_of_device[i];
  return true;
}

/* `to` gets the rows of `from` in the given order. */
static bool arrange(CustomerRows *to, const CustomerRows *from, const uint32_t *order) {
  buffer_begin(&to->texts, from->texts.limit);
  buffer_begin(&to->keys, from->keys.limit);
  if (!customer_rows_reserve(to, from->count) || !buffer_reserve(&to->texts, from->texts.len) || !buffer_reserve(&to->keys, from->keys.len))
    return false;
  to->text_at[0] = to->key_at[0] = 0;
  for (uint32_t i = 0; i < from->count; i++) {
    uint32_t row = order[i];
    to->at[i] = from->at[row];
    buffer_put(&to->texts, from->texts.at + from->text_at[row], from->text_at[row + 1] - from->text_at[row]);
    buffer_put(&to->keys, from->keys.at + from->key_at[row], from->key_at[row + 1] - from->key_at[row]);
    to->text_at[i + 1] = (uint32_t)to->texts.len;
    to->key_at[i + 1] = (uint32_t)to->keys.len;
  }
  to->count = from->count;
  return true;
}

/* Rows come in order of device, then id, unless later imports moved or added customers in between. */
static bool put_in_order(People *people, Error *error) {
  CustomerRows *rows = &people->customers, arranged = {0};
  uint32_t i = 1;
  while (i < rows->count && (rows->at[i - 1].device < rows->at[i].device ||
                             (rows->at[i - 1].device == rows->at[i].device && rows->at[i - 1].id.value < rows->at[i].id.value)))
    i++;
  if (i >= rows->count) return true;
  uint32_t devices = grid_count(people->grid);
  uint32_t *by_id = order_by_id(rows), *order = memory_grow(NULL, rows->count * sizeof *order),
           *next = memory_grow(NULL, ((size_t)devices + 1) * 4);
  bool ok = by_id && order && next;
  if (ok) {
    memcpy(next, people->first_of_device, (size_t)devices * sizeof *next);
    for (i = 0; i < rows->count; i++) order[next[rows->at[by_id[i]].device]++] = by_id[i];
    ok = arrange(&arranged, rows, order);
  }
  if (ok) {
    CustomerRows kept = *rows;
    *rows = arranged;
    arranged = kept;
  }
  customer_rows_end(&arranged);
  memory_free(by_id);
  memory_free(order);
  memory_free(next);
  return ok || out_of_memory(error);
}

bool people_open(People **out, Db *db, const Grid *grid, int64_t county_id, Error *error) {
  *out = NULL;
  People *people = memory_new(sizeof *people);
  if (!people) return out_of_memory(error);
  arena_begin(&people->org_texts, 0);
  arena_begin(&people->changed_texts, 0);
  pthread_rwlock_init(&people->changed_lock, NULL);
  people->grid = grid;
  people->county_id = county_id;
  bool ok = people_load_orgs(people, db, error) && people_load_customers(people, db, error) && count_devices(people, error) &&
            put_in_order(people, error);
  if (ok) {
    const CustomerRows *rows = &people->customers;
    FindRows look = {rows->count, rows->texts.at, rows->text_at, rows->keys.at, rows->key_at};
    people->by_id = order_by_id(rows);
    ok = people->by_id ? find_open(&people->find, &look, error) : out_of_memory(error);
    people->find.hidden = is_hidden;
    people->find.hidden_self = people;
  }
  if (!ok) {
    people_close(people);
    return false;
  }
  *out = people;
  return true;
}

void people_close(People *people) {
  if (!people) return;
  customer_rows_end(&people->customers);
  find_close(&people->find);
  memory_free(people->first_of_device);
  memory_free(people->by_id);
  vector_free(&people->orgs);
  arena_end(&people->org_texts);
  arena_end(&people->changed_texts);
  vector_free(&people->changed);
  pthread_rwlock_destroy(&people->changed_lock);
  memory_free(people);
}

const Grid *people_grid(const People *people) { return people->grid; }
uint32_t people_customer_count(const People *people) { return people->customers.count; }

static void texts_of(Text text, Text *name, Text *address) {
  text_next(&text, '\t', name);
  *address = text;
}

/* ---- changed while the program serves ---- */

/* The place of this position among the changed, or where it would be. Lock held. */
static size_t changed_place(const People *people, uint32_t position) {
  size_t at = 0;
  while (at < people->changed.count && people->changed.at[at]->position < position) at++;
  return at;
}

static const ChangedCustomer *changed_of(const People *people, uint32_t position) {
  size_t at = changed_place(people, position);
  return at < people->changed.count && people->changed.at[at]->position == position ? people->changed.at[at] : NULL;
}

static pthread_rwlock_t *changed_lock(const People *people) { return (pthread_rwlock_t *)(uintptr_t)&people->changed_lock; }

static void changed_over(const People *people, uint32_t position, Customer *out) {
  pthread_rwlock_rdlock(changed_lock(people));
  const ChangedCustomer *changed = changed_of(people, position);
  if (changed) {
    texts_of((Text){changed->rows.texts, changed->text_at[1] - 1}, &out->name, &out->address);
    out->phone = find_key(&changed->rows, 0, FIND_PHONE);
    out->tags = find_key(&changed->rows, 0, FIND_KEYS);
    out->lon_e6 = changed->lon_e6;
    out->lat_e6 = changed->lat_e6;
    out->vulnerable = changed->vulnerable;
  }
  pthread_rwlock_unlock(changed_lock(people));
}

/* What the flat arrays say of them counts no more. */
static bool is_hidden(const void *self, uint32_t position) {
  const People *people = self;
  if (!atomic_load_explicit(&people->changed_count, memory_order_acquire)) return false;
  pthread_rwlock_rdlock(changed_lock(people));
  bool hidden = changed_of(people, position) != NULL;
  pthread_rwlock_unlock(changed_lock(people));
  return hidden;
}

/* Puts those of the changed that fit among what was found. */
static size_t changed_among(const People *people, Text query, CustomerMatch *out, size_t found, size_t most) {
  pthread_rwlock_rdlock(changed_lock(people));
  for (size_t i = 0; i < people->changed.count; i++) {
    CustomerMatch match = {people->changed.at[i]->position, find_one(&people->changed.at[i]->rows, query)};
    if (match.rank > 3) continue;
    size_t at = 0;
    while (at < found && (out[at].rank != match.rank ? out[at].rank < match.rank : out[at].position < match.position)) at++;
    if (at == most) continue;
    if (found < most) found++;
    memmove(out + at + 1, out + at, (found - 1 - at) * sizeof match);
    out[at] = match;
  }
  pthread_rwlock_unlock(changed_lock(people));
  return found;
}

/* The one row of `read`, in a form of its own. */
static ChangedCustomer *changed_new(People *people, const CustomerRows *read, uint32_t position) {
  ChangedCustomer *made = ARENA_NEW(&people->changed_texts, ChangedCustomer);
  char *texts = arena_copy(&people->changed_texts, read->texts.at, read->texts.len), *keys = arena_copy(&people->changed_texts, read->keys.at, read->keys.len);
  if (!made || !texts || !keys) return NULL;
  *made = (ChangedCustomer){.position = position, .lon_e6 = read->at[0].lon_e6, .lat_e6 = read->at[0].lat_e6, .vulnerable = read->at[0].vulnerable,
                            .text_at = {0, (uint32_t)read->texts.len}, .key_at = {0, (uint32_t)read->keys.len}};
  made->rows = (FindRows){1, texts, made->text_at, keys, made->key_at};
  return made;
}

bool people_refresh(People *people, Db *db, CustomerId id, Error *error) {
  uint32_t position;
  CustomerRows read = {0};
  if (!people_position_of(people, id, &position)) return error_raise(error, ERROR_NOT_FOUND, "customer\t%lld", (long long)id.value);
  bool ok = people_load_customer(&read, people, db, id, error);
  if (ok) read.at[0].device = people->customers.at[position].device; /* fixed while the program runs: ranges of positions stand on it */
  pthread_rwlock_wrlock(&people->changed_lock);
  ChangedCustomer *made = ok ? changed_new(people, &read, position) : NULL;
  size_t at = changed_place(people, position);
  bool known = at < people->changed.count && people->changed.at[at]->position == position;
  if (ok && (!made || (!known && !vector_reserve(&people->changed, 1)))) ok = out_of_memory(error);
  if (ok && !known) {
    memmove(people->changed.at + at + 1, people->changed.at + at, (people->changed.count - at) * sizeof *people->changed.at);
    people->changed.count++;
  }
  if (ok) people->changed.at[at] = made;
  if (ok) atomic_store_explicit(&people->changed_count, (uint32_t)people->changed.count, memory_order_release);
  pthread_rwlock_unlock(&people->changed_lock);
  customer_rows_end(&read);
  return ok;
}

bool people_refresh_changed(Db *db, void *of_people, Error *error) {
  People *people = of_people;
  for (size_t i = 0; i < people->changed.count; i++)
    if (!people_refresh(people, db, people->customers.at[people->changed.at[i]->position].id, error)) return false;
  return true;
}

void people_customer(const People *people, uint32_t position, Customer *out) {
  const CustomerRows *rows = &people->customers;
  assert(position < rows->count);
  const CustomerRow *row = &rows->at[position];
  Text text = {rows->texts.at + rows->text_at[position], rows->text_at[position + 1] - rows->text_at[position] - 1}, name = TEXT_NONE, address;
  texts_of(text, &name, &address);
  *out = (Customer){.id = row->id,
                    .device = row->device,
                    .number = find_key(&people->find.rows, position, FIND_NUMBER),
                    .name = name,
                    .phone = find_key(&people->find.rows, position, FIND_PHONE),
                    .meter = find_key(&people->find.rows, position, FIND_METER),
                    .address = address,
                    .tags = find_key(&people->find.rows, position, FIND_KEYS),
                    .lon_e6 = row->lon_e6,
                    .lat_e6 = row->lat_e6,
                    .contract_kw = row->contract_kw,
                    .category = row->category,
                    .importance = row->importance,
                    .phases = row->phases,
                    .vulnerable = row->vulnerable};
  if (atomic_load_explicit(&people->changed_count, memory_order_acquire)) changed_over(people, position, out);
}

bool people_position_of(const People *people, CustomerId id, uint32_t *position) {
  uint32_t low = 0, high = people->customers.count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (people->customers.at[people->by_id[middle]].id.value < id.value) low = middle + 1;
    else high = middle;
  }
  if (low == people->customers.count || people->customers.at[people->by_id[low]].id.value != id.value) return false;
  *position = people->by_id[low];
  return true;
}

bool people_position_of_number(const People *people, Text number, uint32_t *position) {
  return find_exact(&people->find, FIND_NUMBER, number, position);
}

bool people_position_of_meter(const People *people, Text meter, uint32_t *position) {
  return find_exact(&people->find, FIND_METER, meter, position);
}

uint32_t people_customer_device(const People *people, uint32_t position) {
  assert(position < people->customers.count);
  return people->customers.at[position].device;
}

void people_customers_in(const People *people, GridRange devices, uint32_t *from, uint32_t *to) {
  uint32_t count = grid_count(people->grid);
  if (devices.to > count) devices.to = count;
  if (devices.from > devices.to) devices.from = devices.to;
  *from = people->first_of_device[devices.from];
  *to = people->first_of_device[devices.to];
}

_Static_assert(sizeof(CustomerMatch) == sizeof(FindMatch) && offsetof(CustomerMatch, rank) == offsetof(FindMatch, rank),
               "one match, two names");

size_t people_find(const People *people, Text query, CustomerMatch *out, size_t most) {
  size_t found = find_query(&people->find, query, (FindMatch *)out, most);
  return atomic_load_explicit(&people->changed_count, memory_order_acquire) ? changed_among(people, query, out, found, most) : found;
}
