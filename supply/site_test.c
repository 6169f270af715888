#include <math.h>

#include "base/testing.h"
#include "supply/area_file.h"

static SupplyBook *book;

static int begin(void **state) {
  (void)state;
  Error error = {0};
  return supply_book_open(&book, NULL, &error) ? 0 : -1;
}
static int end(void **state) {
  (void)state;
  supply_book_close(book);
  return 0;
}

static void put(const char *folder, const char *name, const char *text) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

static void names_of_conductors(void **state) {
  (void)state;
  static const struct {
    const char *name;
    bool known;
    double r, r_neutral;
  } CASES[] = {{"JKLYJ-70", true, 0.443, 0.443},
               {"YJV22-4×150", true, 0.124, 0.124},
               {"YJV22-4x35", true, 0.524, 0.524},
               {"YJV-3×150+1×70", true, 0.124, 0.268},
               {"BLV-16", true, 1.91, 1.91},
               {"BV-16", true, 1.15, 1.15},
               {"JKLGYJ-50", true, 0.641, 0.641},
               {"JKLYJ-71", false, 0, 0},
               {"XYZ-70", false, 0, 0},
               {"JKLYJ", false, 0, 0},
               {"", false, 0, 0},
               {"LJ-", false, 0, 0}};
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    AreaConductor one = {0};
    assert_int_equal(supply_book_conductor(book, text_of(CASES[i].name), &one), CASES[i].known);
    assert_true(one.r == CASES[i].r && one.r_neutral == CASES[i].r_neutral);
  }
  const AreaConductor *works;
  size_t standard, count = supply_book_works(book, &works, &standard);
  assert_true(count >= 4 && works[standard].r == 0.253);
  for (size_t i = 1; i < count; i++) assert_true(works[i].r < works[i - 1].r && works[i].price_yuan_m > works[i - 1].price_yuan_m);
  assert_true(supply_book_transformer(book, 333).kva == 315);
  assert_true(supply_book_shiftable(book, TEXT("school;irrigation")) && !supply_book_shiftable(book, TEXT("irrigations")));
  for (int t = 0; t < AREA_QUARTERS; t++) assert_true(supply_book_share(book, 0, t) > 0 && supply_book_share(book, 9, t) < 1);
}

static void own_rules_and_wrong_ones(void **state) {
  (void)state;
  char folder[] = "/tmp/supplyXXXXXX";
  static const char *const WRONG[] = {
      "version: 1\n", "",
      "version: \"1\"\nsource: s\nstrength: R\nregion: CN\nfrom: 2026-01-01\nfallback: Q-70\nworks: JKLYJ\n"
      "standard: 120\nfamilies:\n  - {prefix: JKLYJ, material: al, reactance: 0.3, price: 1, name_zh: a, name_en: b}\n"
      "sections:\n  - {mm2: 120, al: 0.2, cu: 0.1, ampere_al: 1, ampere_cu: 2, yuan_m: 3}\n"};
  assert_non_null(mkdtemp(folder));
  for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
    Error error = {0};
    SupplyBook *other;
    put(folder, "conductors.yaml", WRONG[i]);
    assert_false(supply_book_open(&other, folder, &error));
    assert_true(error.code == ERROR_RULE_FORM || error.code == ERROR_RULE_UNKNOWN);
    assert_non_null(strstr(error.where, "conductors.yaml"));
  }
}

/* A package of two files: what stands below the transformer, what was not said, what the readings change. */
static void an_area_of_a_package(void **state) {
  (void)state;
  char folder[] = "/tmp/supplyXXXXXX", readings[64];
  Error error = {0};
  Buffer out;
  assert_non_null(mkdtemp(folder));
  put(folder, "devices.csv",
      "id,parent_id,kind,name,rated_kva,length_m,conductor,lon,lat\nS,,substation,,,,,,\nF,S,breaker,,,,,,\nT1,F,transformer,,50,,,113.0,"
      "28.0\n"
      "B1,T1,branch_box,,,400,JKLYJ-35,113.004,28.0\nM1,B1,meter_box,,,,,113.0042,28.0\nM2,B1,meter_box,,,20,odd,,\nT2,F,transformer,,100,,"
      ",,\n");
  put(folder, "customers.csv",
      "number,device_id,phases,category,contract_kw,meter_id,tags\n1,M1,A,residential,8,m1,\n2,M2,B,residential,8,m2,\n3,M2,ABC,farm,20,m3,"
      "irrigation\n4,T2,C,,,,\n");
  snprintf(readings, sizeof readings, "%s/r.csv", folder);
  put(folder, "r.csv", "number,time,kw\nm1,2026-01-31T20:00:00+08:00,30\n4,2026-01-31T20:00:00+08:00,900\n2,2026-01-31T20:15:00+08:00,1\n");
  AreaFileOptions options = {.package = folder, .area = "T1", .csv = true};
  buffer_begin(&out, 0);
  assert_ok(area_file_solve(&options, book, &out, &error), &error);
  assert_true(text_starts(buffer_as_text(&out), TEXT("number,device,phases,quarter,kw,volts\n1,M1,A,0,")));
  size_t lines = 0;
  for (size_t i = 0; i < out.len; i++) lines += out.at[i] == '\n';
  assert_int_equal(lines, 1 + 3 * 96);
  buffer_clear(&out);
  options.readings = readings;
  assert_ok(area_file_solve(&options, book, &out, &error), &error);
  assert_true(text_find(buffer_as_text(&out), TEXT("\n1,M1,A,80,30.000,")) > 0);
  assert_true(text_find(buffer_as_text(&out), TEXT("\n1,M1,A,79,0.000,")) > 0);
  buffer_clear(&out), options.csv = false;
  assert_ok(area_file_solve(&options, book, &out, &error), &error);
  assert_true(text_find(buffer_as_text(&out), TEXT("\"read\":2,\"guessed_conductors\":2,\"guessed_lengths\":1")) > 0);
  options.area = "F";
  assert_false(area_file_solve(&options, book, &out, &error));
  assert_int_equal(error.code, ERROR_NOT_FOUND);
  options.area = "T1", error_clear(&error);
  put(folder, "r.csv", "number,time,kw\nm1,2026-01-31T20:00:00+08:00,30\nm2,2026-02-01T20:00:00+08:00,30\n");
  assert_false(area_file_solve(&options, book, &out, &error));
  assert_string_equal(error.where, "r.csv:3:2 (time)");
  buffer_end(&out);
}

#define WITH(function) cmocka_unit_test_setup_teardown(function, begin, end)
TEST_MAIN(WITH(names_of_conductors), WITH(own_rules_and_wrong_ones), WITH(an_area_of_a_package))
