#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/command.h"
#include "app/house.h"
#include "app/import.h"
#include "app/month.h"
#include "sim/generate.h"
#include "sim/replay.h"
#include "store/copy.h"

/* A company for one evening, in a folder of its own: the given one's copy, or a county made up. */
static bool make_company(const char *folder, const char *package, const CommandLine *line, int64_t seed, int64_t customers, Error *error) {
  const char *database = command_option(line, "--database"), *data = database ? database : command_option(line, "--data");
  GenerateOptions county = {.seed = (uint64_t)seed};
  if (data) {
    Folder from;
    Db *db, *copy = NULL;
    CopyCount count;
    char to[4096];
    snprintf(to, sizeof to, "%s/dianbaomu.db", folder);
    if (!folder_look(&from, data, error) || !db_open(&db, from.store, db_address_is_file(data) ? DB_READ : DB_WRITE_UNSYNCED, error)) return false;
    bool ok = db_address_is_file(data) ? db_backup(db, to, error)
                                       : db_open(&copy, to, DB_WRITE_UNSYNCED, error) && store_copy(&count, db, copy, NULL, NULL, error);
    db_close(copy);
    db_close(db);
    return ok;
  }
  return command_number(line, "--customers", customers, 100, 1000000, &county.customers, error) &&
         sim_generate_package(package, &county, NULL, NULL, error) && app_import(package, folder, (AppImportHow){0}, error);
}

static bool play(const char *folder, int64_t county_id, int64_t seed, bool json, Error *error) {
  House house;
  HouseOptions options = {.data = folder, .county_id = county_id, .mode = DB_WRITE_UNSYNCED};
  Replay *replay = NULL;
  ReplaySummary summary;
  Buffer text;
  if (!house_open(&house, &options, error)) return false;
  ReplayRooms rooms = {house.desk, &house.time, house.grid, house.people, house.orders, house.outages, house.crews};
  EveningOptions evening = {.seed = (uint64_t)seed, .year = 2025, .own_faults = 6, .calling = 0.18, .gasping = 0.3};
  bool ok = replay_open(&replay, &rooms, &evening, error) && replay_run(replay, error);
  if (ok) {
    buffer_begin(&text, 0);
    replay_summarize(replay, &summary);
    if (json) {
      Json writer;
      json_begin(&writer, &text);
      replay_write_summary(&summary, &writer);
      buffer_byte(&text, '\n');
    } else {
      replay_print_summary(&summary, command_language(), &text);
    }
    fwrite(text.at, 1, text.len, stdout);
    if (summary.open) ok = error_raise(error, ERROR_INTERNAL, "%lld orders are still open", (long long)summary.open);
    buffer_end(&text);
  }
  if (house.desk) desk_stop(house.desk);
  replay_close(replay);
  house_close(&house);
  return ok;
}

/* The same evening before the browser: what 'serve --replay' does. */
static int play_live(const char *folder, const char *evening, const CommandLine *line) {
  static const char *const PASSED_ON[] = {"--speed", "--seed", "--port"};
  const char *words[12] = {"--data", folder, "--replay", evening};
  int count = 4;
  for (size_t i = 0; i < sizeof PASSED_ON / sizeof *PASSED_ON; i++)
    if (command_option(line, PASSED_ON[i])) words[count++] = PASSED_ON[i], words[count++] = command_option(line, PASSED_ON[i]);
  return command_run("serve", count, words);
}

int command_replay(const CommandLine *line) {
  Error error = {0};
  int64_t seed, county_id;
  int status = 1;
  char folder[] = "/tmp/dianbaomu-replay-XXXXXX", package[64];
  const char *database = command_option(line, "--database"), *data = database ? database : command_option(line, "--data");
  bool live = command_option(line, "--speed") != NULL;
  if (!command_words(line, 1, 1, &error) || !command_number(line, "--seed", 1, 0, INT64_MAX, &seed, &error) || !command_county(line, &county_id, &error)) return command_failed(&error);
  bool month = strcmp(line->word[0], "month") == 0;
  AppMonthOptions how = {.seed = seed, .from = instant_of((Civil){.year = 2026, .month = 3, .day = 1}, ZONE_SHANGHAI), .rules = command_option(line, "--rules")};
  if (month && (!command_number(line, "--days", 30, 1, 1000, &how.days, &error) || !command_number(line, "--then-days", 365, 0, 10000, &how.drain_days, &error)))
    return command_failed(&error);
  if (!month && strcmp(line->word[0], "new-year") != 0) {
    error_raise(&error, ERROR_NOT_FOUND, "%s\t%s", "replay", line->word[0]);
    return command_failed(&error);
  }
  if (live && data && !month) return play_live(data, line->word[0], line);
  if (!mkdtemp(folder)) {
    error_raise(&error, ERROR_IO, "%s\t%s", folder, strerror(errno));
    return command_failed(&error);
  }
  snprintf(package, sizeof package, "%s/package", folder);
  if (!make_company(folder, package, line, seed, month ? 350000 : 60000, &error)) status = command_failed(&error);
  else if (month) status = app_month(folder, &how, &error) ? 0 : command_failed(&error);
  else if (live) status = play_live(folder, line->word[0], line);
  else status = play(folder, data ? county_id : 1, seed, command_option(line, "--json") != NULL, &error) ? 0 : command_failed(&error);
  folder_remove(package);
  folder_remove(folder);
  return status;
}
