#include "interop/dss_package.h"

#include "base/testing.h"
#include "interop/form.h"

typedef struct Script {
  const char *text;
} Script;

static bool read_script(void *self, const char *path, Buffer *out, Error *error) {
  (void)path, (void)error;
  return buffer_string(out, ((const Script *)self)->text), true;
}

static const PackageDevice *device(const Package *p, const char *code) {
  for (size_t i = 0; i < p->device_count; i++)
    if (text_is(p->devices[i].code, code)) return &p->devices[i];
  fail_msg("%s is not there", code);
  return NULL;
}

#define BEGIN "New Circuit.Town bus1=src basekv=10\n"

static void a_script_becomes_a_tree(void **state) {
  (void)state;
  Script script = {BEGIN
                   "New Line.A bus1=src bus2=a length=2 units=km\nNew Linecode.AL nphases=3 r1=.5 x1=.4 units=km\n"
                   "New Line.B bus1=b bus2=a linecode=AL length=300 units=m\n"     /* told from its far end */
                   "New Line.S bus1=a bus2=c switch=y\nNew Line.Open bus1=b bus2=c switch=y enabled=no\n"
                   "New Line.Dead bus1=c bus2=d switch=y enabled=no\n"
                   "New Transformer.R1 phases=1 buses=(c.1 r.1) kvas=(50 50)\nNew Transformer.R2 phases=1 buses=(c.2 r.2) kvas=(50 50)\n"
                   "New Line.Beside phases=1 bus1=c.3 bus2=r.3\n"
                   "New Transformer.Pole phases=1 windings=3 buses=(r.2 h.1.0 h.0.2) kvas=(25 25 25)\n"
                   "New Line.Drop phases=2 bus1=h.1.2 bus2=k.1.2\n"
                   "New Load.L1 bus1=k.1.2 phases=2 kw=3\nNew Load.L2 bus1=b.3 phases=1 kva=10 pf=.8\nNew Load.Off bus1=b enabled=no\n"
                   "New Capacitor.C bus1=b kvar=100\nNew Line.Gone bus1=b bus2=c enabled=no\n"
                   "New Line.Isle bus1=x bus2=y\nNew Load.Alone bus1=y kw=1\n"};
  static const struct { const char *code, *parent; int kind, phases; } ROWS[] = {
      {"circuit.town", NULL, 0, 7},         {"line.a", "circuit.town", 6, 7},      {"line.b", "line.a", 6, 7},
      {"line.s", "line.a", 4, 7},           {"line.dead", "line.s", 4, 7},         {"transformer.r1", "line.s", 7, 7},
      {"transformer.pole", "transformer.r1", 7, 2}, {"line.drop", "transformer.pole", 6, 2},
  };
  DssFiles files = {&script, read_script};
  Package p;
  PackageProblems aside;
  Error error = {0};
  char said[ERROR_TEXT_MAX];
  assert_ok(dss_package_read_from(&p, "t.dss", &files, &aside, &error), &error);
  assert_int_equal(p.device_count, sizeof ROWS / sizeof *ROWS);
  for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
    const PackageDevice *d = device(&p, ROWS[i].code);
    if (ROWS[i].parent ? d->parent == PACKAGE_NONE || !text_is(p.devices[d->parent].code, ROWS[i].parent) : d->parent != PACKAGE_NONE)
      fail_msg("%s hangs elsewhere", ROWS[i].code);
    if (d->kind != ROWS[i].kind || d->phases != ROWS[i].phases) fail_msg("%s: kind %d, phases %d", ROWS[i].code, d->kind, d->phases);
  }
  assert_true(device(&p, "line.a")->length_m == 2000.f && device(&p, "line.b")->length_m == 300.f && text_is(device(&p, "line.b")->conductor, "al"));
  assert_true(device(&p, "transformer.r1")->rated_kva == 100.f);
  assert_true(p.tie_count == 1 && text_is(p.ties[0].code, "line.open") && p.org_count == 1 && device(&p, "circuit.town")->org == 0);
  assert_int_equal(p.customer_count, 2);
  for (size_t i = 0; i < 2; i++) {
    const PackageCustomer *c = &p.customers[i];
    bool first = text_is(c->number, "l1");
    assert_true(text_is(p.devices[c->device].code, first ? "line.drop" : "line.b") && c->phases == (first ? 2 : 4) &&
                c->contract_kw == (first ? 3.f : 8.f) && c->meter.len == 0);
  }
  assert_int_equal(aside.count, 1);
  assert_int_equal(aside.listed, 1);
  assert_non_null(strstr(error_text(&aside.at[0], LANGUAGE_EN, said, sizeof said), "t.dss:18 (line.isle): 'isle' and 1 more have no path"));
  package_problems_end(&aside);
  package_end(&p);
}

static void what_is_no_tree_is_named(void **state) {
  (void)state;
  static const struct { const char *text, *says; } ROWS[] = {
      {BEGIN "New Line.A bus1=src bus2=a\nNew Line.B bus1=a bus2=b\nNew Line.C bus1=b bus2=src\n",
       "t.dss:3 (line.b): 'b' closes a loop: its ends are fed by 'a' and by 'c'"},
      {BEGIN "New Line.A bus1=src bus2=a\nNew Line.A2 bus1=src bus2=a\n", "'a2' closes a loop"},
      {BEGIN "New Load.L bus1=src kw=1\nNew Load.M bus1=src kw=one\n", "t.dss:3"},
      {"New Line.A bus1=src bus2=a\n", "t.dss:1"},
  };
  for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
    Script script = {ROWS[i].text};
    DssFiles files = {&script, read_script};
    Package p;
    PackageProblems problems;
    Error error = {0};
    char said[ERROR_TEXT_MAX];
    assert_false(dss_package_read_from(&p, "t.dss", &files, &problems, &error));
    bool found = strstr(error_text(&error, LANGUAGE_EN, said, sizeof said), ROWS[i].says) != NULL;
    for (size_t k = 0; k < problems.listed; k++) found = found || strstr(error_text(&problems.at[k], LANGUAGE_EN, said, sizeof said), ROWS[i].says);
    if (!found) fail_msg("row %zu: %s", i, said);
    package_problems_end(&problems);
  }
}

/* Every bus of the published feeders is fed by one device; every load is a customer. */
static void the_public_feeders(void **state) {
  (void)state;
  static const struct { const char *path; size_t devices, customers, open; } ROWS[] = {
      {"ieee13/dss/13Bus/IEEE13Nodeckt.dss", 16, 15, 0},    {"ieee34/dss/34Bus/ieee34Mod2.dss", 56, 38, 0},
      {"ieee37/dss/37Bus/ieee37.dss", 39, 30, 0},           {"ieee123/dss/123Bus/IEEE123Master.dss", 132, 91, 0},
      {"eulv/dss/LVTestCase/Master.dss", 907, 55, 0},       {"ieee13/case_published.dss", 16, 18, 0},
  };
  for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
    char path[5000];
    Package p;
    PackageProblems aside;
    Error error = {0};
    snprintf(path, sizeof path, "%s/%s", testing_shared("data/feeders"), ROWS[i].path);
    assert_ok(form_read(&p, path, &aside, NULL, NULL, &error), &error);
    assert_int_equal(p.device_count, ROWS[i].devices);
    assert_int_equal(p.customer_count, ROWS[i].customers);
    assert_int_equal(p.tie_count, ROWS[i].open);
    assert_int_equal(aside.count, 0);
    package_problems_end(&aside);
    package_end(&p);
  }
}

TEST_MAIN(TEST(a_script_becomes_a_tree), TEST(what_is_no_tree_is_named), TEST(the_public_feeders))
