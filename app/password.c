#include <stdio.h>

#include "app/command.h"
#include "app/house.h"

int command_password(const CommandLine *line) {
  Error error = {0};
  House house;
  char password[STAFF_PASSWORD_TEXT];
  int64_t county_id;
  if (!command_words(line, 1, 1, &error) || !command_county(line, &county_id, &error)) return command_failed(&error);
  HouseOptions options = {.data = command_data(line), .county_id = county_id, .holder = "password", .mode = DB_WRITE};
  if (!house_open(&house, &options, &error)) return command_failed(&error);
  bool ok = staff_reset_password(house.staff, text_of(line->word[0]), password, &error);
  house_close(&house);
  if (!ok) return command_failed(&error);
  printf("%s / %s\n", line->word[0], password);
  return 0;
}
