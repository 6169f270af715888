/* What gives a part away: ids, numbers, telephones, meters, addresses that are theirs alone, whatever table or file they came from. */
#include "app/rights_world.h"

#include "grid/grid.h"
#include "store/db.h"

static const int64_t LEAST_ID = 1000000000000000000; /* ids are made by the program, time-ordered: larger than any time, count or amount */

static int64_t hash_of(Text text) {
  uint64_t hash = 14695981039346656037u;
  for (size_t i = 0; i < text.len; i++) hash = (hash ^ (unsigned char)text.at[i]) * 1099511628211u;
  return (int64_t)(hash >> 1);
}

static void mark_as(World *w, Text text, int64_t kind) {
  if (text.len >= 6) assert_true(map_put(&w->marks, hash_of(text), kind));
}

static void mark(World *w, Text text) {
  mark_as(w, text, MARK_OF_A_PART);
}

static void mark_id(World *w, int64_t id) {
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)id);
  mark(w, text_of(text));
}

typedef struct Reading {
  World *w;
  Db *db;
  bool after;
  Pile *pile;
  size_t piles;
  char *sql[1000]; /* a statement's text must outlive its connection */
  size_t count;
} Reading;

static bool prepare(DbStatement **out, Reading *reading, Error *error, const char *format, ...) PRINTF_LIKE(4, 5);
static bool prepare(DbStatement **out, Reading *reading, Error *error, const char *format, ...) {
  char sql[4096];
  va_list list;
  va_start(list, format);
  vsnprintf(sql, sizeof sql, format, list);
  va_end(list);
  assert_true(reading->count < 1000);
  assert_non_null(reading->sql[reading->count] = strdup(sql));
  return db_prepare(out, reading->db, reading->sql[reading->count++], error);
}

/* Ids of all columns of all tables: there before, or new. */
static bool read_ids(void *self, const char *table, Error *error) {
  Reading *reading = self;
  DbColumns columns;
  DbStatement *s;
  if (!db_columns(&columns, reading->db, table, error)) return false;
  for (size_t c = 0; c < columns.count; c++) {
    if (columns.at[c].type != DB_INTEGER) continue;
    if (!prepare(&s, reading, error, "SELECT DISTINCT %s FROM %s WHERE %s >= %lld", columns.at[c].name, table, columns.at[c].name, (long long)LEAST_ID)) return false;
    for (bool row = true; row;) {
      int64_t known, id;
      if (!db_step(&row, s, error)) return false;
      if (!row) break;
      id = db_column_i64(s, 0);
      /* an import numbers the rows of each table alike: such an id says nothing */
      if (!reading->after) {
        bool again = map_get(&reading->w->before, id, &known);
        assert_true(map_put(&reading->w->before, id, (again ? known : 0) + (strcmp(columns.at[c].name, "id") == 0)));
      }
      else if (!map_get(&reading->w->before, id, &known)) mark_id(reading->w, id);
    }
  }
  return true;
}

static void read_all(Reading *reading, DbTableVisit visit) {
  Error error = {0};
  assert_ok(db_open(&reading->db, reading->w->store, DB_READ, &error), &error);
  assert_ok(db_tables(reading->db, visit, reading, &error), &error);
  db_close(reading->db);
  while (reading->count) free(reading->sql[--reading->count]);
}

void marks_before(World *w) { read_all(&(Reading){.w = w}, read_ids); }

/* What is made with theirs and is the whole company's: the rules they began under, a cut of all grids, movements of the one fund. */
static bool read_companys(void *self, const char *table, Error *error) {
  static const char *const COMPANYS[] = {"rule_book", "visit_cut", "fund_entry"};
  for (size_t i = 0; i < sizeof COMPANYS / sizeof *COMPANYS; i++) {
    Reading *reading = self;
    DbStatement *s;
    if (strcmp(COMPANYS[i], table) != 0) continue;
    if (!prepare(&s, reading, error, "SELECT id FROM %s", table)) return false;
    for (bool row = true; row;) {
      if (!db_step(&row, s, error)) return false;
      if (row) assert_true(map_put(&reading->w->before, db_column_i64(s, 0), 2));
    }
  }
  return true;
}

static void mark_row(World *w, int64_t id) {
  int64_t tables;
  if (map_get(&w->before, id, &tables) && tables == 1) mark_id(w, id);
}

static void mark_imported(World *w, Db *db) {
  Grid *grid;
  People *people;
  Error error = {0};
  int64_t theirs = strtoll(w->theirs.id, NULL, 10);
  assert_ok(grid_open(&grid, db, 1, &error), &error);
  assert_ok(people_open(&people, db, grid, 1, &error), &error);
  for (uint32_t p = 0; p < people_customer_count(people); p++) {
    Customer one;
    if (!people_check_place(people, theirs, people_customer_device(people, p), NULL)) continue;
    people_customer(people, p, &one);
    mark_row(w, one.id.value);
    mark(w, one.number), mark(w, one.phone), mark(w, one.meter), mark(w, one.address);
  }
  for (int ours = 0; ours < 2; ours++) /* a device's name, unless another part has one of that name */
    for (uint32_t d = 0; d < grid_count(grid); d++) {
      if (people_check_place(people, theirs, d, NULL) == ours) continue;
      if (ours) map_remove(&w->marks, hash_of(grid_name(grid, d)));
      else mark_as(w, grid_name(grid, d), MARK_OF_THE_NETWORK);
    }
  people_close(people), grid_close(grid);
}

void marks_add(World *w, const char *text) { mark(w, text_of(text)); }

void marks_after(World *w) {
  Db *db;
  DbStatement *s;
  Error error = {0};
  read_all(&(Reading){.w = w}, read_companys);
  read_all(&(Reading){.w = w, .after = true}, read_ids);
  assert_ok(db_open(&db, w->store, DB_READ, &error), &error);
  mark_imported(w, db);
  for (int i = 0; i < w->theirs.things; i++) { /* each that was made is among them */
    Text id = text_of(w->theirs.thing[i].id);
    int64_t number, known;
    if (text_to_i64(id, &number) && number >= LEAST_ID && !map_get(&w->before, number, &known) && !map_get(&w->marks, hash_of(id), &known)) fail_msg("%s is not marked", w->theirs.thing[i].name);
  }
  /* orders and outages go by numbers of their own */
  assert_ok(db_prepare(&s, db, "SELECT number FROM orders", &error), &error);
  for (bool row = true; row;) {
    assert_ok(db_step(&row, s, &error), &error);
    if (row) mark_id(w, db_column_i64(s, 0));
  }
  assert_ok(db_prepare(&s, db, "SELECT name, phone FROM crew WHERE org_id = ?1", &error), &error);
  db_bind_i64(s, 1, strtoll(w->theirs.id, NULL, 10));
  for (bool row = true; row;) {
    assert_ok(db_step(&row, s, &error), &error);
    if (row) mark(w, db_column_text(s, 0)), mark(w, db_column_text(s, 1));
  }
  db_close(db);
}

static bool is_mark(const World *w, Text text, int64_t least) {
  int64_t kind;
  return map_get(&w->marks, hash_of(text), &kind) && kind >= least;
}

/* Words of letters and digits, and whatever stands between quotes, commas and tags. A cursor of a list is not looked at: it may be the number of what lies
 * between two pages, and nothing can be done with it. */
bool marks_found(World *w, MarkKind least, char out[80]) {
  Text all = buffer_as_text(&w->said);
  if (!all.len) return false;
  size_t word = 0, part = 0;
  for (size_t i = 0; i <= all.len; i++) {
    unsigned char c = i < all.len ? (unsigned char)all.at[i] : '"';
    bool in_word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'), in_part = c >= ' ' && !strchr("\",<>", c);
    Text found = {0};
    if (!in_word && i > word && is_mark(w, text_slice(all, word, i), least)) found = text_slice(all, word, i);
    if (!in_part && i > part && is_mark(w, text_slice(all, part, i), least)) found = text_slice(all, part, i);
    bool cursor = found.len && found.at - all.at > 8 && memcmp(found.at - 8, "\"next\":\"", 8) == 0;
    if (found.len && !cursor) return snprintf(out, 80, "%.*s", TEXT_ARG(text_cut(found, 70))), true;
    if (!in_word) word = i + 1;
    if (!in_part) part = i + 1;
  }
  ptrdiff_t at = text_find(all, text_of(w->theirs.word));
  if (at >= 0) snprintf(out, 80, "%.*s", TEXT_ARG(text_cut(text_slice(all, (size_t)(at > 30 ? at - 30 : 0), all.len), 70)));
  return at >= 0;
}

/* --- nothing changed --- */

static uint64_t hash_row(DbStatement *s, const DbColumns *columns) {
  uint64_t hash = 0;
  for (size_t c = 0; c < columns->count; c++) {
    Text text;
    int64_t number = 0;
    double real;
    if (db_column_is_null(s, (int)c)) text = TEXT("null");
    else if (columns->at[c].type == DB_INTEGER) number = db_column_i64(s, (int)c), text = (Text){(const char *)&number, sizeof number};
    else if (columns->at[c].type == DB_REAL) real = db_column_f64(s, (int)c), text = (Text){(const char *)&real, sizeof real};
    else text = columns->at[c].type == DB_TEXT ? db_column_text(s, (int)c) : db_column_blob(s, (int)c);
    hash = hash * 1000003 + (uint64_t)hash_of(text);
  }
  return hash * 0x9e3779b97f4a7c15u;
}

static bool read_pile(void *self, const char *table, Error *error) {
  /* by their beginnings, what also changes by itself: a lease beats, sessions are seen, clocks run out, beliefs and plans follow the hour. A change by a person tells an
   * event, whatever table it is in. */
  static const char *const APART[] = {"request", "session", "lease", "device", "migration", "event", "order", "figure_", "promise_", "satisfaction_", "outage", "plan_", "patrol_round", "crew", "meter_",
                                      "area_day", "reading_", "hall_form", "supply_stray"};
  Reading *reading = self;
  DbColumns columns;
  DbStatement *s;
  char names[3000] = "";
  for (size_t i = 0; i < sizeof APART / sizeof *APART; i++)
    if (strncmp(APART[i], table, strlen(APART[i])) == 0) return true;
  if (!db_columns(&columns, reading->db, table, error)) return false;
  for (size_t c = 0; c < columns.count; c++) snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", c ? ", " : "", columns.at[c].name);
  if (!prepare(&s, reading, error, "SELECT %s FROM %s", names, table)) return false;
  assert_true(reading->piles < 200);
  Pile *pile = &reading->pile[reading->piles++];
  snprintf(pile->table, sizeof pile->table, "%s", table);
  pile->hash = 0;
  for (bool row = true; row;) {
    if (!db_step(&row, s, error)) return false;
    if (row) pile->hash += hash_row(s, &columns);
  }
  return true;
}

size_t marks_piles(World *w, Pile out[200]) {
  Reading reading = {.w = w, .pile = out};
  read_all(&reading, read_pile);
  return reading.piles;
}
