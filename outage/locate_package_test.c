#include "outage/locate_package.h"

#include "base/testing.h"

static void write_table(const char *folder, const char *name, const char *text) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  assert_int_equal(fclose(file), 0);
}

static void remove_table(const char *folder, const char *name) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  unlink(path);
}

static void what_the_engine_is_told(void **state) {
  (void)state;
  char folder[] = "/tmp/locate-package-XXXXXX";
  Error error = {0};
  Package package;
  LocatePackage p;
  assert_non_null(mkdtemp(folder));
  write_table(folder, "devices.csv",
              "id,parent_id,kind,phases,length_m\nS,,substation,,\nF,S,fuse,AB,\nT,F,transformer,A,120.5\nU,S,transformer,,0\n");
  write_table(folder, "ties.csv", "id,device_a,device_b\nX,T,U\n");
  write_table(folder, "customers.csv",
              "number,device_id,category,importance,tags,meter_id,phases\n2,U,farm,1,,m1,B\n1,T,residential,,pays_late;life_support,m1,"
              "\nm2,T,,,,,\n3,U,,,,m2,\n");
  assert_ok(package_read(&package, folder, NULL, NULL, NULL, &error), &error);
  assert_ok(locate_package_begin(&p, &package, &error), &error);
  const LocateNetwork *n = &p.network;
  const LocateNames *names = &p.names;
  uint32_t t = names->device(names->self, TEXT("T")), u = names->device(names->self, TEXT("U"));
  assert_int_equal(n->device_count, 4);
  assert_int_equal(n->customer_count, 4);
  assert_int_equal(n->parent[names->device(names->self, TEXT("S"))], LOCATE_NONE);
  assert_int_equal(n->parent[t], names->device(names->self, TEXT("F")));
  assert_int_equal(n->kind[t], LOCATE_TRANSFORMER);
  assert_int_equal(n->phases[t], LOCATE_PHASE_A);
  assert_int_equal(n->phases[u], 7);
  assert_true(n->length_m[t] == 120.5f && n->length_m[u] != n->length_m[u]);
  assert_int_equal(p.ties[names->tie(names->self, TEXT("X"))].device_b, u);
  static const struct {
    const char *by, *is, *device;
    uint8_t flags, class, phases;
  } ROWS[] = {
      {"1", "1", "T", LOCATE_GASPS | LOCATE_PINGS | LOCATE_VULNERABLE, 0, 1},
      {"m1", "1", "T", LOCATE_GASPS | LOCATE_PINGS | LOCATE_VULNERABLE, 0, 1}, /* of two with one meter the first in the package's order */
      {"2", "2", "U", LOCATE_GASPS | LOCATE_PINGS | LOCATE_IMPORTANT, 3, 2},
      {"m2", "m2", "T", 0, 0, 1}, /* a number goes before a meter */
      {"3", "3", "U", LOCATE_GASPS | LOCATE_PINGS, 0, 7},
  };
  for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
    uint32_t c = names->customer(names->self, text_of(ROWS[i].by));
    assert_int_not_equal(c, LOCATE_NONE);
    assert_true(text_is(names->customer_name(names->self, c), ROWS[i].is));
    assert_true(text_is(names->device_name(names->self, n->customer_device[c]), ROWS[i].device));
    assert_int_equal(n->customer_flags[c], ROWS[i].flags);
    assert_int_equal(n->customer_class[c], ROWS[i].class);
    assert_int_equal(n->customer_phases[c], ROWS[i].phases);
  }
  assert_int_equal(names->customer(names->self, TEXT("")), LOCATE_NONE);
  assert_int_equal(names->device(names->self, TEXT("1")), LOCATE_NONE);
  assert_int_equal(names->tie(names->self, TEXT("Y")), LOCATE_NONE);
  locate_package_end(&p);
  package_end(&package);
  for (size_t i = 0; i < 3; i++) remove_table(folder, (const char *[]){"devices.csv", "ties.csv", "customers.csv"}[i]);
  rmdir(folder);
}

static bool read_text(void *self, char *out, size_t room, size_t *got, Error *error) {
  (void)error;
  Text *text = self;
  *got = text->len < room ? text->len : room;
  if (*got) memcpy(out, text->at, *got);
  *text = text_slice(*text, *got, text->len);
  return true;
}

/* Real packages: outages drawn, written, read back and asked about. With every gasp delivered and no strays, each is found. */
static void real_networks_tell_their_outages(void **state) {
  (void)state;
  static const char *const GRIDS[] = {"data/grids/hpk11", "data/grids/smr8", "data/grids/smartds-small"};
  for (size_t i = 0; i < sizeof GRIDS / sizeof *GRIDS; i++) {
    Error error = {0};
    Package package;
    LocatePackage p;
    Arena arena;
    Buffer evidence, truth, out;
    Csv *csv;
    EvidenceRun run;
    LocateEvidenceRow *rows;
    size_t count;
    LocateParameters parameters = locate_parameters_default();
    EvidenceSim sim = evidence_sim_default();
    sim.outages = 4, sim.least_customers = 5, sim.gasp_share = 1, sim.stray_calls = sim.stray_gasps = 0;
    assert_ok(package_read(&package, testing_shared(GRIDS[i]), NULL, NULL, NULL, &error), &error);
    assert_ok(locate_package_begin(&p, &package, &error), &error);
    arena_begin(&arena, 0);
    buffer_begin(&evidence, 0), buffer_begin(&truth, 0), buffer_begin(&out, 0);
    assert_ok(evidence_simulate(&sim, &p.network, &parameters, &arena, &run, &error), &error);
    assert_int_equal(run.truth_count, 4);
    evidence_write(&run, &p.names, parameters.zone, &evidence, &truth);
    Text text = buffer_as_text(&evidence);
    assert_ok(csv_open(&csv, "evidence.csv", read_text, &text, &error), &error);
    assert_ok(locate_evidence_read(csv, &p.names, &arena, &rows, &count, &error), &error);
    csv_close(csv);
    assert_int_equal(count, run.evidence_count);
    LocateQuestion question = {.network = &p.network,
                               .ties = p.ties,
                               .tie_count = p.tie_count,
                               .names = &p.names,
                               .parameters = &parameters,
                               .at = INSTANT_NONE,
                               .least = 0.5,
                               .json = true};
    assert_ok(locate_answer(&question, rows, count, &out, &error), &error);
    for (uint32_t o = 0; o < run.truth_count; o++) { /* the device or one that nothing tells apart from it */
      char quoted[128];
      snprintf(quoted, sizeof quoted, "\"%.*s\"", TEXT_ARG(p.names.device_name(p.names.self, run.truth[o].device)));
      if (text_find(buffer_as_text(&out), text_of(quoted)) < 0) fail_msg("%s: %s is not told", GRIDS[i], quoted);
    }
    assert_true(text_find(buffer_as_text(&out), TEXT("\"unknown_subject\":0")) > 0);
    buffer_end(&evidence), buffer_end(&truth), buffer_end(&out);
    arena_end(&arena);
    locate_package_end(&p);
    package_end(&package);
  }
}

TEST_MAIN(TEST(what_the_engine_is_told), TEST(real_networks_tell_their_outages))
