#include <stdio.h>

#include "app/command.h"
#include "app/house.h"

typedef struct Books {
  House *house;
  Error *error;
  int broken;
} Books;

static void told(Books *books, const char *what, const char *problem, int64_t count) {
  if (problem[0]) {
    printf("%-10s BROKEN: %s\n", what, problem);
    books->broken++;
  } else if (count >= 0) {
    printf("%-10s sound, %lld\n", what, (long long)count);
  } else {
    printf("%-10s sound\n", what);
  }
}

static bool check_all(Books *books) {
  House *house = books->house;
  Error *error = books->error;
  char problem[ERROR_TEXT_MAX];
  EventVerdict verdict;
  if (!db_verify(house->db, problem, error)) return false;
  told(books, "file", problem, -1);
  if (!event_verify(&verdict, house->db, house->county_id, error)) return false;
  problem[0] = '\0';
  if (verdict.broken_seq) snprintf(problem, sizeof problem, "event %lld does not fit the chain", (long long)verdict.broken_seq);
  told(books, "events", problem, verdict.checked);
  if (!order_check(house->orders, house->db, problem, error)) return false;
  told(books, "orders", problem, -1);
  if (!outage_check(house->db, house->grid, house->people, house->orders, house->county_id, problem, error)) return false;
  told(books, "outages", problem, -1);
  if (!crew_check(house->db, house->grid, house->people, house->county_id, problem, error)) return false;
  told(books, "crews", problem, -1);
  if (!visit_check(house->visits, house->db, problem, error)) return false;
  told(books, "visits", problem, -1);
  if (!meter_check(house->meters, house->db, problem, error)) return false;
  told(books, "meters", problem, -1);
  return true;
}

int command_check(const CommandLine *line) {
  Error error = {0};
  House house;
  int64_t county_id;
  if (!command_words(line, 0, 0, &error) || !command_county(line, &county_id, &error)) return command_failed(&error);
  HouseOptions options = {.data = command_data(line), .county_id = county_id, .holder = "check", .rules = command_option(line, "--rules"), .mode = DB_WRITE};
  if (!house_open(&house, &options, &error)) return command_failed(&error);
  Books books = {.house = &house, .error = &error};
  bool ok = check_all(&books);
  house_close(&house);
  if (!ok) return command_failed(&error);
  return books.broken != 0;
}
