/* A first import: all of it or no company at all, whatever was left lying there. */
#include "app/import.h"

#include <string.h>
#include <unistd.h>

#include "app/folder.h"
#include "base/disk.h"
#include "base/testing.h"
#include "sim/generate.h"

static bool is_there(const char *data, const char *name) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", data, name);
  return access(path, F_OK) == 0;
}

static void spoil(const char *folder, const char *name) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "a");
  assert_non_null(file);
  fputs("no such row\n", file);
  fclose(file);
}

static void a_first_import_leaves_a_whole_company_or_none(void **state) {
  (void)state;
  char root[] = "/tmp/import_test_XXXXXX", package[64], data[64];
  Error error = {0};
  GenerateOptions options = {.customers = 100, .seed = 1};
  assert_non_null(mkdtemp(root));
  snprintf(package, sizeof package, "%s/county", root);
  snprintf(data, sizeof data, "%s/data", root);
  assert_ok(sim_generate_package(package, &options, NULL, NULL, &error), &error);
  assert_ok(app_import(package, data, (AppImportHow){0}, &error), &error);
  assert_true(is_there(data, "dianbaomu.db") && !is_there(data, "dianbaomu.db.part") && !is_there(data, "dianbaomu.db-wal"));
  folder_remove(data);

  assert_int_equal(mkdir(data, 0700), 0); /* what an import that was killed leaves */
  spoil(data, "dianbaomu.db.part");
  spoil(data, "dianbaomu.db.part-wal");
  assert_ok(app_import(package, data, (AppImportHow){0}, &error), &error);
  assert_true(is_there(data, "dianbaomu.db") && !is_there(data, "dianbaomu.db.part") && !is_there(data, "dianbaomu.db.part-wal"));
  assert_ok(app_import(package, data, (AppImportHow){0}, &error), &error); /* again, into what is there */
  spoil(package, "customers.csv");
  assert_false(app_import(package, data, (AppImportHow){0}, &error));
  assert_true(is_there(data, "dianbaomu.db")); /* what was there stays */
  folder_remove(data);

  error_clear(&error);
  assert_false(app_import(package, data, (AppImportHow){0}, &error));
  assert_false(is_there(data, "dianbaomu.db") || is_there(data, "dianbaomu.db.part"));
  folder_remove(data);
  folder_remove(package);
  assert_int_equal(rmdir(root), 0);
}

static void a_first_import_is_done_once_its_names_are_on_the_disk(void **state) {
  (void)state;
  char root[] = "/tmp/import_test_XXXXXX", package[64], data[64];
  GenerateOptions options = {.customers = 100, .seed = 1};
  Error error = {0};
  int64_t nth = 1;
  assert_non_null(mkdtemp(root));
  snprintf(package, sizeof package, "%s/county", root);
  snprintf(data, sizeof data, "%s/data", root);
  assert_ok(sim_generate_package(package, &options, NULL, NULL, &error), &error);
  for (bool done = false; !done && nth < 10; nth++) {
    disk_fail_at(nth, DISK_FAULT_IO);
    done = app_import(package, data, (AppImportHow){0}, &error);
    disk_fail_at(0, DISK_FAULT_IO);
    assert_int_equal(error.code, done ? 0 : ERROR_IO);
    error_clear(&error);
    folder_remove(data);
  }
  assert_int_equal(nth, 5); /* the folder's own name, the new name of the store, and its staying were each made to fail */
  folder_remove(package);
  assert_int_equal(rmdir(root), 0);
}

TEST_MAIN(TEST(a_first_import_leaves_a_whole_company_or_none), TEST(a_first_import_is_done_once_its_names_are_on_the_disk))
