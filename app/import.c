#include "app/import.h"

#include <stdio.h>
#include <unistd.h>

#include "app/command.h"
#include "app/folder.h"
#include "app/house.h"
#include "people/import.h"
#include "store/schema.h"

static const PackageImporter IMPORTERS[] = {{"crews", crew_import}, {"stock", stock_import}, {0}};

static void show_progress(void *self, const char *what, int64_t done, int64_t total) {
  char label[64];
  (void)self;
  snprintf(label, sizeof label, "%s", what);
  command_progress(label, done, total > 0 ? total : done + 1);
}

static void print_problems(const PackageProblems *problems) {
  char text[ERROR_TEXT_MAX];
  for (size_t i = 0; i < problems->listed; i++) fprintf(stderr, "%s\n", error_text(&problems->at[i], command_language(), text, sizeof text));
  if (problems->count > problems->listed)
    fprintf(stderr, command_language() == LANGUAGE_ZH ? "……另有 %zu 处\n" : "… and %zu more\n", problems->count - problems->listed);
}

bool app_import(const char *package, const char *data, bool told, Error *error) {
  Folder folder;
  Db *db = NULL;
  PackageProblems problems = {0};
  TimeSource wall = {0};
  if (!folder_open(&folder, data, true, error)) return false;
  PackageImport import = {.folder = package, .county_id = HOUSE_COUNTY, .now = time_now(&wall), .actor = TEXT("system"), .importers = IMPORTERS,
                          .progress = told ? show_progress : NULL};
  bool was_there = access(folder.store, F_OK) == 0;
  bool ok = db_open(&db, folder.store, DB_WRITE, error) && schema_migrate(db, error) && package_import(&import, db, &problems, error);
  if (told) print_problems(&problems);
  package_problems_end(&problems);
  db_close(db);
  if (!ok && !was_there) unlink(folder.store); /* a first import that failed leaves no empty company behind */
  folder_close(&folder);
  return ok;
}

int command_import(const CommandLine *line) {
  Error error = {0};
  const char *data = command_option(line, "--data");
  if (!command_words(line, 1, 1, &error)) return command_failed(&error);
  return app_import(line->word[0], data ? data : "data", true, &error) ? 0 : command_failed(&error);
}
