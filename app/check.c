#include <stdio.h>

#include "app/command.h"
#include "app/house.h"

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

bool house_books(House *house, HouseTold told_to, void *self, Error *error) {
  char problem[ERROR_TEXT_MAX];
  EventVerdict verdict;
  int64_t count;
  if (!db_verify(house->db, problem, error)) return false;
  told_to(self, "file", problem, -1);
  if (!event_verify(&verdict, house->db, house->county_id, error)) return false;
  problem[0] = '\0';
  if (verdict.broken_seq) snprintf(problem, sizeof problem, "event %lld does not fit the chain", (long long)verdict.broken_seq);
  told_to(self, "events", problem, verdict.checked);
  if (!order_check(house->orders, house->db, problem, error)) return false;
  told_to(self, "orders", problem, -1);
  if (!order_recount(house->orders, house->db, problem, &count, error)) return false;
  told_to(self, "clocks", problem, count);
  if (!outage_check(house->db, house->grid, house->people, house->orders, house->county_id, problem, error)) return false;
  told_to(self, "outages", problem, -1);
  if (!house_recount_dark(house, problem, &count, error)) return false;
  told_to(self, "dark", problem, count);
  if (!crew_check(house->db, house->grid, house->people, house->county_id, problem, error)) return false;
  told_to(self, "crews", problem, -1);
  if (!visit_check(house->visits, house->db, problem, error)) return false;
  told_to(self, "visits", problem, -1);
  if (!meter_check(house->meters, house->db, problem, error)) return false;
  told_to(self, "meters", problem, -1);
  return true;
}

int command_check(const CommandLine *line) {
  Error error = {0};
  House house;
  int64_t county_id;
  if (!command_words(line, 0, 0, &error) || !command_county(line, &county_id, &error)) return command_failed(&error);
  HouseOptions options = {.data = command_data(line), .county_id = county_id, .holder = "check", .rules = command_option(line, "--rules"), .mode = DB_WRITE};
  if (!house_open(&house, &options, &error)) return command_failed(&error);
  int broken = 0;
  bool ok = house_books(&house, told, &broken, &error);
  house_close(&house);
  if (!ok) return command_failed(&error);
  return broken != 0;
}
