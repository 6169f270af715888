#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/command.h"
#include "app/house.h"
#include "grid/part.h"

static void told(void *self, const char *what, const char *problem, int64_t count) {
  int *broken = self;
  if (problem[0]) {
    printf("%-10s BROKEN: %s\n", what, problem);
    (*broken)++;
  } else if (count >= 0) {
    printf("%-10s sound, %lld\n", what, (long long)count);
  } else {
    printf("%-10s sound\n", what);
  }
}

typedef struct Books {
  House *house;
  HouseTold told;
  HouseProgress progress;
  void *self;
  OrderAudit *audit;
  int64_t total, read;
} Books;

static void show(const Books *books, const char *what, int64_t done, int64_t total) {
  if (books->progress) books->progress(books->self, what, done, total);
}

static bool read_event(void *self, const Event *event) {
  Books *books = self;
  if (++books->read % 65536 == 0) show(books, "events", books->read, books->total);
  if (books->audit && !order_audit_event(books->audit, event)) books->audit = NULL; /* something was found */
  return true;
}

/* The chain, and in the same reading what the events say of the orders. */
static bool check_events(Books *books, Error *error) {
  char problem[ERROR_TEXT_MAX], of_orders[ERROR_TEXT_MAX];
  House *house = books->house;
  EventVerdict verdict;
  EventChain chain;
  OrderAudit *audit = NULL;
  show(books, "orders", 0, 1);
  bool ok = order_audit_open(&audit, house->orders, house->db, of_orders, error) && event_chain_load(&chain, house->db, house->county_id, error);
  show(books, "orders", 1, 1);
  if (ok) {
    books->audit = of_orders[0] ? NULL : audit, books->total = chain.seq;
    show(books, "events", 0, books->total);
    ok = event_verify_along(&verdict, house->db, house->county_id, read_event, books, error);
    show(books, "events", books->total, books->total);
  }
  if (ok) {
    problem[0] = '\0';
    if (verdict.broken_seq) snprintf(problem, sizeof problem, "event %lld does not fit the chain", (long long)verdict.broken_seq);
    books->told(books->self, "events", problem, verdict.checked);
  }
  show(books, "sums", 0, 1);
  if (!order_audit_close(audit, ok ? house->db : NULL, error) || !ok) return false;
  show(books, "sums", 1, 1);
  books->told(books->self, "orders", of_orders, -1);
  return true;
}

bool house_books(House *house, HouseTold told_to, HouseProgress progress, void *self, Error *error) {
  char problem[ERROR_TEXT_MAX];
  int64_t count;
  Books books = {.house = house, .told = told_to, .progress = progress, .self = self};
  show(&books, "file", 0, 1);
  if (!db_verify(house->db, problem, error)) return false;
  show(&books, "file", 1, 1);
  told_to(self, "file", problem, -1);
  if (!check_events(&books, error)) return false;
  show(&books, "clocks", 0, 1);
  if (!order_recount(house->orders, house->db, problem, &count, error)) return false;
  told_to(self, "clocks", problem, count);
  show(&books, "clocks", 1, 1);
  show(&books, "rooms", 0, 1);
  if (!part_check(house->db, house->grid, problem, error)) return false;
  told_to(self, "parts", problem, -1);
  if (!outage_check(house->db, house->grid, house->people, house->orders, house->county_id, problem, error)) return false;
  told_to(self, "outages", problem, -1);
  if (!house_recount_dark(house, problem, &count, error)) return false;
  told_to(self, "dark", problem, count);
  if (!crew_check(house->db, house->grid, house->people, house->county_id, problem, error)) return false;
  told_to(self, "crews", problem, -1);
  if (!group_check(house->groups, house->db, problem, error)) return false;
  told_to(self, "groups", problem, -1);
  if (!visit_check(house->visits, house->db, problem, error)) return false;
  told_to(self, "visits", problem, -1);
  if (!meter_check(house->meters, house->db, problem, error)) return false;
  told_to(self, "meters", problem, -1);
  show(&books, "rooms", 1, 1);
  return true;
}

static void show_progress(void *self, const char *what, int64_t done, int64_t total) {
  (void)self;
  command_progress((void *)(uintptr_t)what, done, total);
}

/* The rules alone: read as a start of the program reads them, over an empty store that goes again. */
static int check_rules(const char *rules) {
  Error error = {0};
  House house;
  char folder[] = "/tmp/dianbaomu-rules-XXXXXX";
  if (!mkdtemp(folder)) {
    error_raise(&error, ERROR_IO, "%s\t%s", folder, strerror(errno));
    return command_failed(&error);
  }
  bool ok = house_open(&house, &(HouseOptions){.data = folder, .rules = rules, .mode = DB_WRITE_UNSYNCED, .make = true}, &error);
  if (ok) house_close(&house), printf("%-10s sound\n", "rules");
  folder_remove(folder);
  return ok ? 0 : command_failed(&error);
}

int command_check(const CommandLine *line) {
  Error error = {0};
  House house;
  int64_t county_id;
  if (!command_words(line, 0, 0, &error) || !command_county(line, &county_id, &error)) return command_failed(&error);
  const char *rules = command_option(line, "--rules");
  if (rules && !command_option(line, "--data") && !command_option(line, "--database")) return check_rules(rules);
  HouseOptions options = {.data = command_data(line), .county_id = county_id, .holder = "check", .rules = rules, .mode = DB_WRITE};
  if (!house_open(&house, &options, &error)) return command_failed(&error);
  int broken = 0;
  bool ok = house_books(&house, told, show_progress, &broken, &error);
  house_close(&house);
  if (!ok) return command_failed(&error);
  return broken != 0;
}
