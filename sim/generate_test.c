/* The generated county against the package's rules and the trade's numbers. */
#include "sim/generate.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/testing.h"
#include "interop/package.h"
#include "sim/generate_check.h"
#include "sim/names.h"

static const char *const FILES[] = {"orgs.csv", "devices.csv", "ties.csv", "customers.csv", "crews.csv", "stock.csv", "backdrop.geojson"};
enum { FILE_COUNT = sizeof FILES / sizeof *FILES };

static char folder[64]; /* one test's, with nothing but packages in it */

static int make_folder(void **state) {
  (void)state;
  strcpy(folder, "/tmp/generate_test.XXXXXX");
  return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
  (void)state;
  char path[PATH_BYTES];
  DIR *open = opendir(folder);
  if (!open) return -1;
  for (struct dirent *entry; (entry = readdir(open));) {
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    if (entry->d_name[0] != '.') unlink(path);
  }
  closedir(open);
  return rmdir(folder);
}

static void generate(int64_t customers, uint64_t seed) {
  Error error = {0};
  assert_ok(sim_generate_package(folder, &(GenerateOptions){customers, seed}, NULL, NULL, &error), &error);
}

static void test_structure(void **state) {
  (void)state;
  static const struct {
    int64_t customers;
    uint64_t seed;
  } CASES[] = {
      {100, 0},   {100, 1},   {101, 2}, {137, 3}, {365, 4}, {1000, 1}, {2500, 5}, {7999, 6}, {8000, 7}, {13700, 1}, {13700, UINT64_MAX},
      {60000, 8}, {700001, 9}};
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    County county;
    if (CASES[i].customers > torture_rounds(1000000)) continue; /* where every n is made to fail, the small ones */
    generate(CASES[i].customers, CASES[i].seed);
    county_read(&county, folder, CASES[i].customers);
    county_free(&county);
  }
}

/* No seed may trip it: small counties are quick, and crowd the land most. */
static void test_many_seeds(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < (uint64_t)torture_rounds(60); seed++) generate(seed % 2 ? 100 + (int64_t)seed * 37 : 9000 + (int64_t)seed * 211, seed);
}

/* ---- the trade's numbers for 350,000 customers */

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

typedef struct FeederSum {
  double length, customers, transformers, sections;
  bool ring, tied;
} FeederSum;

static void between(const char *what, double value, double low, double high) {
  if (!(value >= low && value <= high)) fail_msg("%s is %.3f, should be %.3f … %.3f", what, value, low, high);
}

static double median(const FeederSum *sums, size_t count, bool ring) {
  double lengths[400];
  size_t found = 0;
  for (size_t i = 0; i < count && found < 400; i++)
    if (sums[i].transformers > 0 && sums[i].ring == ring) lengths[found++] = sums[i].length / 1000;
  qsort(lengths, found, sizeof *lengths, compare_doubles);
  return lengths[found / 2];
}

static void check_feeders(County *county, FeederSum *sums) {
  double feeders = 0, in_sections = 0, tied = 0, length = 0, transformers = 0;
  rows_close(&county->ties);
  rows_open(&county->ties, folder, "ties.csv", "id,device_a,device_b,kind,name,lon,lat");
  while (rows_next(&county->ties))
    for (int i = 1; i <= 2; i++) sums[county->device.at[look_up(&county->device_rows, county->ties.field[i])].feeder].tied = true;
  for (size_t i = 0; i < county->device.count; i++) {
    if (county->device.at[i].kind != 'b') continue;
    feeders++;
    transformers += sums[i].transformers;
    length += sums[i].length;
    tied += sums[i].tied;
    double sections = sums[i].sections + !sums[i].ring; /* a cabinet ends each section of a ring */
    in_sections += sections >= 3 && sections <= 5;
  }
  between("feeders", feeders, 140, 180);
  between("transformers a feeder", transformers / feeders, 20, 30);
  between("customers a feeder", (double)county->customer_count / feeders, 2000, 2500);
  between("share of feeders of 3 to 5 sections", in_sections / feeders, 0.9, 1);
  between("share of feeders tied", tied / feeders, 0.6, 0.8);
  between("km of line a transformer", length / transformers / 1000, 0.7, 0.9);
  between("km of a ring", median(sums, county->device.count, true), 3, 8);
  between("km of a radial", median(sums, county->device.count, false), 12, 30);
}

static void check_numbers(County *county) {
  double count[128] = {0}, public_count = 0, on_public = 0, tight = 0, switches = (double)county->tie_count;
  FeederSum *sums = memory_new(county->device.count * sizeof *sums);
  assert_non_null(sums);
  for (size_t i = 0; i < county->device.count; i++) {
    const Device *device = &county->device.at[i];
    count[(int)device->kind]++;
    switches += strchr("brs", device->kind) || device->branch_fuse;
    if (device->kind == 'T' && device->public_) {
      public_count++;
      on_public += (double)device->customers;
      tight += device->kva < 1.7 * (double)device->customers;
    }
    if (device->feeder < 0 || strchr("LXM", device->kind)) continue;
    FeederSum *sum = &sums[device->feeder];
    sum->length += device->length;
    sum->transformers += device->kind == 'T';
    sum->sections += device->section;
    sum->ring |= device->cabinet;
  }
  between("substations", count['S'], 16, 20);
  between("transformers", count['T'], 3400, 3900);
  between("share of public transformers", public_count / count['T'], 0.55, 0.65);
  between("customers a public transformer", on_public / public_count, 150, 170);
  between("public transformers a cold evening overloads", tight / public_count, 0.03, 0.2);
  between("switches a transformer", switches / count['T'], 0.95, 1.25);
  between("outgoing breakers a public transformer", (count['L'] - count['T'] + public_count) / public_count, 2, 4);
  between("grids", (double)county->grids, 500, 700);
  between("stations", (double)county->stations, 18, 28);
  between("customers a crew", (double)county->customer_count / (double)county->crew_count, 5500, 8500);
  between("share of homes", (double)county->residential / (double)county->customer_count, 0.85, 0.95);
  between("important customers", (double)county->special, 15, 150);
  for (int i = 0; i < 3; i++) between("share on a phase", (double)county->phase[i] / (double)county->customer_count, 0.29, 0.34);
  check_feeders(county, sums);
  memory_free(sums);
}

static void test_numbers(void **state) {
  (void)state;
  County county;
  generate(350000, 1);
  county_read(&county, folder, 350000);
  check_numbers(&county);
  county_free(&county);
  struct stat found;
  char path[PATH_BYTES];
  snprintf(path, sizeof path, "%s/backdrop.geojson", folder);
  assert_int_equal(stat(path, &found), 0);
  assert_in_range(found.st_size, 300000, 3000000);
}

/* ---- the importer takes it as it is */

static void test_import(void **state) {
  (void)state;
  Package package;
  PackageProblems problems = {0};
  Error error = {0};
  generate(20000, 3);
  assert_ok(package_read(&package, folder, &problems, NULL, NULL, &error), &error);
  assert_int_equal(problems.count, 0);
  assert_int_equal(package.customer_count, 20000);
  assert_true(package.org_count > 30 && package.device_count > 5000 && package.tie_count > 0 && package.crew_count >= 3 &&
              package.stock_count > 20);
  static const char *const LISTS[] = {"\"rivers\":[{", "\"roads\":[{", "\"places\":[{", "\"waters\":[{", "\"borders\":[{"};
  for (size_t i = 0; i < sizeof LISTS / sizeof *LISTS; i++) assert_true(text_find(package.backdrop, text_of(LISTS[i])) >= 0);
  package_end(&package);
  package_problems_end(&problems);
}

/* ---- bytes */

static uint64_t hash_package(void) { /* FNV-1a over all files in order */
  uint64_t hash = 0xCBF29CE484222325u;
  for (int i = 0; i < FILE_COUNT; i++) {
    char path[PATH_BYTES];
    Buffer bytes;
    Error error = {0};
    buffer_begin(&bytes, 0);
    snprintf(path, sizeof path, "%s/%s", folder, FILES[i]);
    assert_ok(buffer_read_file(&bytes, path, &error), &error);
    for (size_t at = 0; at < bytes.len; at++) hash = (hash ^ (uint8_t)bytes.at[at]) * 0x100000001B3u;
    buffer_end(&bytes);
  }
  return hash;
}

static void test_bytes_repeat(void **state) {
  (void)state;
  generate(30000, 11);
  uint64_t first = hash_package();
  generate(30000, 12);
  assert_int_not_equal(hash_package(), first);
  generate(30000, 11);
  assert_int_equal(hash_package(), first);
}

/* The same on every machine and with every compiler. Changes when the generator does: then look at the new county. */
static void test_golden(void **state) {
  (void)state;
  generate(1000, 1);
  assert_int_equal(hash_package(), 0x4993bf7bbb22aef);
  generate(20000, 7);
  assert_int_equal(hash_package(), 0xd41d0c955f3fec34);
}

/* ---- what goes wrong */

static int count_files(void) {
  int count = 0;
  DIR *open = opendir(folder);
  assert_non_null(open);
  for (struct dirent *entry; (entry = readdir(open));) count += entry->d_name[0] != '.';
  closedir(open);
  return count;
}

static void assert_refused(const char *out, int64_t customers, ErrorCode code) {
  Error error = {0};
  assert_false(sim_generate_package(out, &(GenerateOptions){customers, 1}, NULL, NULL, &error));
  assert_int_equal(error.code, code);
}

static void test_refusals(void **state) {
  (void)state;
  char path[PATH_BYTES];
  assert_refused(folder, 99, ERROR_FIELD_INVALID);
  assert_refused(folder, 40000001, ERROR_FIELD_INVALID);
  assert_refused(folder, -1, ERROR_FIELD_INVALID);
  assert_int_equal(count_files(), 0);
  snprintf(path, sizeof path, "%s/no/such", folder);
  assert_refused(path, 100, ERROR_IO);
  snprintf(path, sizeof path, "%s/letter.txt", folder);
  int file = open(path, O_WRONLY | O_CREAT, 0666);
  assert_true(file >= 0);
  close(file);
  assert_refused(folder, 100, ERROR_FOLDER_NOT_PACKAGE);
  assert_refused(path, 100, ERROR_IO);
  assert_int_equal(count_files(), 1);
}

/* Each allocation in turn fails: a clean error, the former package as it was, nothing left beside it. */
static void test_out_of_memory(void **state) {
  (void)state;
  generate(100, 1);
  uint64_t former = hash_package();
  int64_t before = memory_allocations();
  generate(8100, 2);
  int64_t count = memory_allocations() - before;
  assert_true(count > 20);
  generate(100, 1);
  for (int64_t nth = 1; nth <= count; nth++) {
    Error error = {0};
    memory_fail_at(nth);
    bool ok = sim_generate_package(folder, &(GenerateOptions){8100, 2}, NULL, NULL, &error);
    memory_fail_at(0);
    if (ok) fail_msg("allocation %lld of %lld failed unnoticed", (long long)nth, (long long)count);
    assert_int_equal(error.code, ERROR_OUT_OF_MEMORY);
    assert_int_equal(count_files(), FILE_COUNT);
    if (nth % 16 == 0) assert_int_equal(hash_package(), former);
  }
  assert_int_equal(hash_package(), former);
}

/* A disk that takes no more after so many bytes of a file. */
static void test_disk_full(void **state) {
  (void)state;
  generate(100, 1);
  uint64_t former = hash_package();
  struct rlimit old, low;
  getrlimit(RLIMIT_FSIZE, &old);
  signal(SIGXFSZ, SIG_IGN);
  static const rlim_t SIZES[] = {0, 100, 5000, 100000, 1500000};
  for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
    Error error = {0};
    low = (struct rlimit){SIZES[i], old.rlim_max};
    setrlimit(RLIMIT_FSIZE, &low);
    bool ok = sim_generate_package(folder, &(GenerateOptions){15000, 1}, NULL, NULL, &error);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_false(ok);
    assert_int_equal(error.code, ERROR_IO);
    assert_int_equal(count_files(), FILE_COUNT);
    assert_int_equal(hash_package(), former);
  }
  signal(SIGXFSZ, SIG_DFL);
}

static void count_progress(void *self, int64_t done, int64_t total) {
  int64_t *last = self;
  assert_true(done >= *last && done <= total && total == 30000);
  *last = done;
}

static void test_progress(void **state) {
  (void)state;
  int64_t last = 0;
  Error error = {0};
  assert_ok(sim_generate_package(folder, &(GenerateOptions){30000, 1}, count_progress, &last, &error), &error);
  assert_int_equal(last, 30000);
}

/* ---- names */

static Text put_number(Buffer *out, int32_t number) {
  buffer_clear(out);
  names_put_number(out, number);
  return buffer_as_text(out);
}

static void test_names(void **state) {
  (void)state;
  Buffer out;
  Random random;
  Names names;
  bool seen[NAMES_PLACE_CODES] = {false};
  buffer_begin(&out, 0);
  random_seed(&random, 1);
  names_begin(&names, &random);
  for (int32_t i = 0; i < NAMES_PLACES; i++) {
    int32_t place = names_take(&names);
    assert_in_range(place, 0, NAMES_PLACE_CODES - 1);
    assert_false(seen[place]);
    seen[place] = true;
    buffer_clear(&out);
    names_put_place(&out, place);
    assert_int_equal(text_characters(buffer_as_text(&out)), 2);
  }
  static const struct {
    int32_t number;
    const char *text;
  } NUMBERS[] = {{1, "一"}, {9, "九"}, {10, "十"}, {11, "十一"}, {20, "二十"}, {23, "二十三"}, {99, "九十九"}};
  for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) assert_true(text_is(put_number(&out, NUMBERS[i].number), NUMBERS[i].text));
  for (int32_t county = 0; county < NAMES_COUNTIES; county++) { /* each its own name */
    Buffer other;
    buffer_begin(&other, 0);
    buffer_clear(&out);
    names_put_county(&out, county);
    for (int32_t before = 0; before < county; before++) {
      buffer_clear(&other);
      names_put_county(&other, before);
      assert_false(text_equal(buffer_as_text(&out), buffer_as_text(&other)));
    }
    buffer_end(&other);
  }
  buffer_end(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_structure, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(test_many_seeds, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(test_numbers, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(test_import, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(test_bytes_repeat, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(test_golden, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(test_refusals, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(test_out_of_memory, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(test_disk_full, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(test_progress, make_folder, remove_folder),
      TEST(test_names),
  };
  return testing_run(tests, sizeof tests / sizeof *tests);
}
