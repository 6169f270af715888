#include "app/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/folder.h"
#include "app/house.h"
#include "base/disk.h"
#include "interop/form.h"
#include "people/import.h"
#include "store/lease.h"
#include "store/schema.h"

enum { STORE_PATH_MAX = 4096 + 16 };

static const PackageImporter IMPORTERS[] = {{"crews", crew_import}, {"stock", stock_import}, {0}};

static void show_progress(void *self, const char *what, int64_t done, int64_t total) {
  char label[64];
  (void)self;
  snprintf(label, sizeof label, "%s", what);
  command_progress(label, done, total > 0 ? total : done + 1);
}

/* What is wrong, or, when all the rest was read, what was left out. */
static void print_problems(const PackageProblems *problems, bool read) {
  char text[ERROR_TEXT_MAX];
  if (read && problems->count)
    fprintf(stderr, command_language() == LANGUAGE_ZH ? "未导入 %zu 处:\n" : "left out, %zu:\n", problems->count);
  for (size_t i = 0; i < problems->listed; i++) fprintf(stderr, "%s\n", error_text(&problems->at[i], command_language(), text, sizeof text));
  if (problems->count > problems->listed)
    fprintf(stderr, command_language() == LANGUAGE_ZH ? "……另有 %zu 处\n" : "… and %zu more\n", problems->count - problems->listed);
}

static void forget(const char *store) {
  static const char *const ENDS[] = {"", "-wal", "-shm"};
  char file[STORE_PATH_MAX];
  for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++) {
    snprintf(file, sizeof file, "%s%s", store, ENDS[i]);
    unlink(file);
  }
}

/* All of it in the file itself, none left in the log beside it. */
static bool settle(Db *db, Error *error) {
  int64_t pages, left;
  if (!db_checkpoint(&pages, &left, db, error)) return false;
  return left == 0 ? true : error_raise(error, ERROR_INTERNAL, "%lld pages are left in the log", (long long)left);
}

bool app_package_read(Package *out, const char *path, Error *error) {
  PackageProblems problems = {0};
  bool ok = form_read(out, path, &problems, NULL, NULL, error);
  print_problems(&problems, ok);
  package_problems_end(&problems);
  return ok;
}

/* Into a database: one transaction of it, so nothing is made beside; but nobody may serve the county meanwhile. */
static bool import_into_database(const PackageImport *import, const char *address, bool told, Error *error) {
  PackageProblems problems = {0};
  Lease *lease = NULL;
  Db *db = NULL;
  bool ok = db_open(&db, address, DB_WRITE, error) && schema_migrate(db, error) && lease_take(&lease, address, import->county_id, "import", error) &&
            package_import(import, db, &problems, error);
  if (told) print_problems(&problems, ok);
  package_problems_end(&problems);
  db_close(db);
  lease_give(lease);
  return ok;
}

bool app_import(const char *package, const char *data, AppImportHow how, Error *error) {
  Folder folder;
  Db *db = NULL;
  char store[STORE_PATH_MAX];
  PackageProblems problems = {0};
  TimeSource wall = {0};
  if (!folder_open(&folder, data, true, error)) return false;
  PackageImport import = {.folder = package, .county_id = how.county_id ? how.county_id : 1, .now = time_now(&wall), .actor = TEXT("system"), .importers = IMPORTERS,
                          .progress = how.told ? show_progress : NULL, .strict = how.strict};
  if (!db_address_is_file(folder.store)) return import_into_database(&import, folder.store, how.told, error);
  /* A first import is made beside and renamed when it is whole: whatever stops it, no half company and no empty one is left to be served. */
  bool first = access(folder.store, F_OK) != 0;
  snprintf(store, sizeof store, "%s%s", folder.store, first ? ".part" : "");
  if (first) forget(store);
  bool ok = db_open(&db, store, DB_WRITE, error) && schema_migrate(db, error) && package_import(&import, db, &problems, error) &&
            (!first || settle(db, error));
  if (how.told) print_problems(&problems, ok);
  package_problems_end(&problems);
  db_close(db);
  if (ok && first) ok = disk_rename(AT_FDCWD, store, folder.store, error);
  if (first) forget(store);
  folder_close(&folder);
  return ok;
}

int command_import(const CommandLine *line) {
  Error error = {0};
  int64_t county_id;
  if (!command_words(line, 1, 1, &error) || !command_county(line, &county_id, &error)) return command_failed(&error);
  return app_import(line->word[0], command_data(line), (AppImportHow){.county_id = county_id, .told = true, .strict = command_option(line, "--strict")}, &error) ? 0 : command_failed(&error);
}
