/* import_bench PACKAGE STORE: brings a package into a store, again, then opens network and customers, with the time of each and memory at
 * most. */
#include <malloc.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "base/time.h"
#include "people/customer.h"
#include "people/import.h"
#include "store/schema.h"

static int64_t begun, begun_cpu;

static void lap(const char *what) {
  struct rusage used;
  int64_t now = time_monotonic_us();
  getrusage(RUSAGE_SELF, &used);
  printf("%-18s %7.3f s (%.3f s of processor)   %4zu MB held, %4ld MB at most so far\n", what, (double)(now - begun) / 1e6,
         (double)(clock() - begun_cpu) / CLOCKS_PER_SEC, (mallinfo2().uordblks + mallinfo2().hblkhd) >> 20, used.ru_maxrss / 1024);
  begun = time_monotonic_us(), begun_cpu = clock();
}

static int fail(const Error *error) {
  char text[ERROR_TEXT_MAX];
  fprintf(stderr, "%s\n", error_text(error, LANGUAGE_EN, text, sizeof text));
  return 1;
}

int main(int count, char **arguments) {
  Error error = {0};
  Db *db = NULL;
  Grid *grid;
  People *people;
  Package package;
  if (count != 3) return fprintf(stderr, "import_bench PACKAGE STORE\n"), 2;
  begun = time_monotonic_us(), begun_cpu = clock();
  if (strcmp(arguments[1], "-") != 0) {
    if (!package_read(&package, arguments[1], NULL, NULL, NULL, &error)) return fail(&error);
    printf("%zu orgs, %zu devices, %zu ties, %zu customers\n", package.org_count, package.device_count, package.tie_count,
           package.customer_count);
    package_end(&package);
    lap("read and checked");
    if (!db_open(&db, arguments[2], DB_WRITE, &error) || !schema_migrate(db, &error)) return fail(&error);
    for (int again = 0; again < 2; again++) {
      PackageImport import = {.folder = arguments[1], .county_id = 1, .now = (1795264620 + again) * SPAN_SECOND, .actor = TEXT("system")};
      if (!package_import(&import, db, NULL, &error)) return fail(&error);
      lap(again ? "imported again" : "imported");
    }
    db_close(db);
    lap("closed");
  }
  if (!db_open(&db, arguments[2], DB_READ, &error)) return fail(&error);
  if (!grid_open(&grid, db, 1, &error)) return fail(&error);
  lap("grid_open");
  if (!people_open(&people, db, grid, 1, &error)) return fail(&error);
  lap("people_open");
  const uint32_t *feeders;
  printf("%u devices, %zu feeders, %u customers\n", grid_count(grid), grid_feeders(grid, &feeders), people_customer_count(people));
  people_close(people);
  grid_close(grid);
  db_close(db);
  return 0;
}
