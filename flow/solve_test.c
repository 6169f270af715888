#include <jansson.h>
#include <math.h>

#include "base/testing.h"
#include "flow/solve.h"

static bool read_script(void *self, const char *path, Buffer *out, Error *error) {
  (void)path, (void)error;
  buffer_string(out, self);
  return true;
}

/* The answer as text; on failure NULL, with the error. */
static const char *solve(char *script, FlowFileOptions options, Error *error) {
  static char kept[100000];
  DssFiles files = {script, read_script};
  Buffer out;
  *error = (Error){0};
  options.files = &files;
  buffer_begin(&out, 0);
  buffer_string(&out, ">");
  bool ok = flow_solve_file("m.dss", &options, &out, error);
  if (!ok) assert_int_equal(out.len, 1); /* nothing half done */
  assert_true(out.len < sizeof kept);
  memcpy(kept, out.at, out.len);
  kept[out.len] = 0;
  buffer_end(&out);
  return ok ? kept + 1 : NULL;
}

#define HEAD "new circuit.c basekv=0.4 r1=0 x1=0.0001 r0=0 x0=0.0001\nset voltagebases=[0.4]\n"
#define LINE "new line.l bus1=sourcebus bus2=b r1=0.1 x1=0 r0=0.1 x0=0 c1=0 c0=0\n"

static void snapshot(void **state) {
  char script[] =
      HEAD LINE "new load.x bus1=b kv=0.4 kw=30 kvar=0 vminpu=0.5\nnew line.island bus1=p bus2=q\nnew load.y bus1=q kv=0.4 kw=99\n";
  Error error;
  (void)state;
  const char *csv = solve(script, (FlowFileOptions){.csv = true}, &error);
  assert_ok(csv != NULL, &error);
  assert_memory_equal(csv, "bus,node,v_volts,angle_deg,v_pu\nsourcebus,1,230.94", 50);
  double v, angle, pu, e = 400 / sqrt(3),
                       exact = (e + sqrt(e * e - 4 * 0.1 * 10000)) / 2; /* V² − E·V + R·P = 0, the source's reactance aside */
  const char *b = strstr(csv, "\nb,2,");
  assert_non_null(b);
  assert_int_equal(sscanf(b, "\nb,2,%lf,%lf,%lf", &v, &angle, &pu), 3);
  assert_true(fabs(v - exact) < 1e-3 && fabs(pu - exact / e) < 1e-5 && fabs(angle + 120) < 0.01);
  assert_null(strstr(csv, "\np,")); /* the island has no voltage to tell */
  json_t *root = json_loads(solve(script, (FlowFileOptions){0}, &error), 0, NULL);
  assert_non_null(root);
  assert_string_equal(json_string_value(json_array_get(json_object_get(root, "not_fed"), 0)), "p");
  assert_true(fabs(json_real_value(json_object_get(root, "losses_kw")) - 3 * (e - exact) * (e - exact) / 0.1 / 1000) < 1e-4);
  assert_int_equal(json_array_size(json_object_get(root, "buses")), 2);
  json_decref(root);
}

static void steps_and_what_does_not_settle(void **state) {
  char script[] =
      HEAD LINE "new loadshape.s interval=1 mult=(1 2 40)\nnew load.x bus1=b kv=0.4 kw=10 kvar=0 vminpu=0.01 vlowpu=0.005 yearly=s\n";
  char heavy[] = HEAD LINE "new load.x bus1=b kv=0.4 kw=900 kvar=0 vminpu=0.01 vlowpu=0.005\n";
  Error error;
  double v;
  (void)state;
  const char *csv = solve(script, (FlowFileOptions){.csv = true, .steps = 4}, &error);
  assert_ok(csv != NULL, &error);
  const char *one = strstr(csv, "\n1,"), *three = strstr(csv, "\n3,"), *four = strstr(csv, "\n4,");
  assert_true(one && three && four);
  assert_int_equal(sscanf(one, "\n1,%lf", &v), 1);
  assert_true(fabs(v - (400 / sqrt(3) + sqrt(160000.0 / 3 - 4 * 0.1 * 10000 / 3)) / 2) < 1e-3);
  assert_memory_equal(three, "\n3,,,load.x,,,,0\n", 17);
  assert_memory_equal(one + 3, four + 3, 10); /* the shape begins again */
  assert_null(solve(heavy, (FlowFileOptions){0}, &error));
  assert_int_equal(error.code, ERROR_FLOW_UNSOLVED);
  assert_non_null(strstr(error.argument[1], "load.x (b."));
}

static void errors_say_where(void **state) {
  static const struct {
    const char *script, *where;
    ErrorCode code;
  } BAD[] = {
      {HEAD LINE "new line.m bus1=b bus2=c\nnew line.n bus1=c bus2=sourcebus\n", "m.dss:4", ERROR_FLOW_LOOP},
      {HEAD "new line.l bus1=sourcebus bus2=sourcebus\n", "m.dss:3", ERROR_FLOW_LOOP},
      {HEAD LINE "new load.x bus1=b model=4 cvrwatts=0.8\n", "m.dss:4", ERROR_FLOW_ELEMENT},
      {HEAD LINE "new load.x bus1=b model=8\n", "m.dss:4", ERROR_FLOW_ELEMENT},
      {HEAD LINE "new load.x\n", "m.dss:4", ERROR_FLOW_ELEMENT},
      {HEAD LINE "new load.x bus1=b.1.1 phases=1\n", "m.dss:4", ERROR_FLOW_ELEMENT},
      {HEAD LINE "new transformer.t buses=(b c) xhl=0 %rs=(0 0)\n", "m.dss:4", ERROR_FLOW_ELEMENT},
      {HEAD LINE "new transformer.t windings=3 buses=(b c d)\n", "m.dss:4", ERROR_FLOW_ELEMENT},
      {HEAD LINE "new transformer.t buses=(b c) conns=(delta delta) ppm=0\n", "", ERROR_FLOW_FLOATS},
      {HEAD LINE "new load.x bus1=b.7 phases=1\n", "", ERROR_FLOW_FLOATS},
      {HEAD LINE "frob\n", "m.dss:4", ERROR_DSS_COMMAND},
  };
  (void)state;
  for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
    char script[1000];
    Error error;
    snprintf(script, sizeof script, "%s", BAD[i].script);
    const char *answer = solve(script, (FlowFileOptions){0}, &error);
    if (answer || error.code != BAD[i].code || strcmp(error.where, BAD[i].where) != 0)
      fail_msg("%s: %s at %s: %s", BAD[i].script, error_name(error.code), error.where, answer ? answer : "");
  }
}

/* A regulator at the end of a long line brings what it measures into its band; switched off it leaves the tap alone. A drop compensator
 * aims down the line. */
static void regulators(void **state) {
  static const double DROPS[] = {0, 6};
  (void)state;
  for (int i = 0; i < 4; i++) {
    char script[2000];
    Error error;
    snprintf(script, sizeof script,
             "new circuit.c basekv=4.16 r1=0 x1=0.001 r0=0 x0=0.001\nset voltagebases=[4.16]\n"
             "new line.l bus1=sourcebus bus2=b r1=0.5 x1=0.9 r0=0.5 x0=0.9 c1=0 c0=0\n"
             "new transformer.t phases=1 buses=(b.1 c.1) kvs=(2.4 2.4) kvas=(2000 2000) xhl=0.1 %%loadloss=0.01\n"
             "new regcontrol.r transformer=t winding=2 vreg=120 band=2 ptratio=20 ctprim=300 r=%g x=0\n"
             "new load.x bus1=c.1 phases=1 kv=2.4 kw=250 kvar=100 vminpu=0.5\n%s",
             DROPS[i / 2], i % 2 ? "set controlmode=off\n" : "");
    json_t *root = json_loads(solve(script, (FlowFileOptions){0}, &error), 0, NULL);
    assert_non_null(root);
    double tap = json_number_value(json_object_get(json_array_get(json_object_get(root, "taps"), 0), "tap")),
           volts = json_number_value(json_object_get(root, "v_min_volts"));
    double current = sqrt(250.0 * 250 + 100 * 100) * 1000 / volts, angle = atan2(100, 250), drop = DROPS[i / 2] * current / 300;
    double aimed = hypot(volts / 20 - drop * cos(angle), drop * sin(angle));
    if (i % 2)
      assert_true(tap == 1 && fabs(aimed - 120) > 1);
    else
      assert_true(tap > 1 && fabs(aimed - 120) <= 1.0001);
    json_decref(root);
  }
}

/* Every way in which memory can run out: an error, nothing written, nothing left behind. */
static void memory_may_run_out(void **state) {
  char script[] = HEAD LINE "new transformer.t buses=(b c) conns=(delta wye)\nnew load.x bus1=c kv=0.4 kw=1\n";
  (void)state;
  for (int nth = 1; nth < 2000; nth++) {
    Error error;
    Buffer out;
    DssFiles files = {script, read_script};
    FlowFileOptions options = {.files = &files};
    buffer_begin(&out, 0);
    error = (Error){0};
    memory_fail_at(nth);
    bool ok = flow_solve_file("m.dss", &options, &out, &error);
    memory_fail_at(0);
    assert_true(ok || error.code != ERROR_NONE);
    buffer_end(&out);
    if (ok) return;
  }
  fail();
}

TEST_MAIN(TEST(snapshot), TEST(steps_and_what_does_not_settle), TEST(errors_say_where), TEST(regulators), TEST(memory_may_run_out))
