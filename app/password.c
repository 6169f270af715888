#include <stdio.h>

#include "app/command.h"
#include "app/house.h"

int command_password(const CommandLine *line) {
  Error error = {0};
  House house;
  char password[STAFF_PASSWORD_TEXT];
  const char *data = command_option(line, "--data");
  if (!command_words(line, 1, 1, &error)) return command_failed(&error);
  HouseOptions options = {.data = data ? data : "data", .mode = DB_WRITE};
  if (!house_open(&house, &options, &error)) return command_failed(&error);
  bool ok = staff_reset_password(house.staff, text_of(line->word[0]), password, &error);
  house_close(&house);
  if (!ok) return command_failed(&error);
  printf("%s / %s\n", line->word[0], password);
  return 0;
}
