#include <math.h>

#include "base/testing.h"
#include "interop/dss.h"

typedef struct Script {
  const char *path, *text;
} Script;

/* A few scripts in memory; the last has a NULL path. */
static bool read_script(void *self, const char *path, Buffer *out, Error *error) {
  for (const Script *script = self; script->path; script++)
    if (strcmp(script->path, path) == 0) return buffer_string(out, script->text), true;
  return error_raise(error, ERROR_IO, "%s\tnot there", path);
}

static bool read_all(DssModel *model, Script *scripts, Error *error) {
  DssFiles files = {scripts, read_script};
  *error = (Error){0};
  return dss_read(model, scripts[0].path, &files, error);
}

static void words_of_every_kind(void **state) {
  DssModel model;
  Error error;
  Script scripts[] = {
      {"a/main.dss",
       "clear\nSet DefaultBaseFrequency=50\n! nothing\n/* new load.no\n*/\nNew object=circuit.House\n~ basekv=(10 2 /) pu = 1.02, "
       "angle=30\n"
       "Redirect 'sub dir/codes.dss'\n"
       "New Line.A Bus1=sourcebus Bus2=b.2.3.1 linec=C1 len=500 units=ft // the rest\n"
       "New Line.B b c.1 ! by place\n~ phases=1 r1=.5 x1=1. c1=0\n"
       "New Transformer.T phases=1 windings=3 buses=[b.1, x.1.0 x.0.2] conns='wye, wye wye' kvs=\"7.2 .12 .12\" kvas=(25 25 25) %Rs={.6 "
       "1.2 1.2} xhl=2.04\n"
       "new transformer.U like=T\n~ wdg=2 tap=1.05 wdg=3 tap=0.95\n"
       "New Load.L Bus1=c.1 phases=1 kV=2.4 kW=10 pf=-0.9\nload.l.kw=12 vminpu=0.8\nnew energymeter.m line.a 1\n~ "
       "action=clear\nenergymeter.m.enabled=no\n"
       "batchedit load..* vmaxpu=1.2\nset mode=daily stepsize=15m number=96\nbuscoords where.csv\nsolve\nshow voltages\n"},
      {"a/sub dir/codes.dss",
       "new linecode.c1 nphases=3 units=mi rmatrix=[1 | 0.1 2 | 0.2 0.3 3] xmatrix=(1 .1 .2 | .1 2 .3 | .2 .3 3)\nnew loadshape.s npts=3 "
       "minterval=15 mult=(file=s.txt)\n"},
      {"a/sub dir/s.txt", " 0.5 \r\n1\r\n2\r\n"},
      {"a/where.csv", "b, 1.5, -2\nnonsense\nC 3 4\n"},
      {NULL, NULL}};
  (void)state;
  assert_ok(read_all(&model, scripts, &error), &error);
  assert_true(text_is(model.name, "house"));
  assert_true(model.source.kv == 5 && model.source.pu == 1.02 && model.source.angle_degrees == 30 && model.frequency == 50);
  assert_int_equal(model.lines.count, 2);
  const DssLine *line = &model.lines.at[0];
  double r[36], x[36], c[36];
  dss_line_whole(line, r, x, c);
  double miles = 500 * 0.3048 / 1609.344;
  assert_true(fabs(r[1] - (0.1 * miles)) < 1e-12);
  assert_true(fabs(r[3] - (0.1 * miles)) < 1e-12);
  assert_true(fabs(r[8] - (3 * miles)) < 1e-12);
  assert_true(fabs(x[5] - (0.3 * miles)) < 1e-12);
  assert_true(fabs(c[0] - ((2 * 3.4 + 1.6) / 3 * miles)) < 1e-12);
  assert_int_equal(dss_node(&line->end[0], 2, 3), 3);
  assert_int_equal(dss_node(&line->end[1], 2, 3), 1);
  assert_int_equal(dss_node(&line->end[1], 3, 3), 0);
  dss_line_whole(&model.lines.at[1], r, x, c);
  assert_true(text_is(model.lines.at[1].end[1].bus, "c") && r[0] == 0.5 && x[0] == 1 && c[0] == 0);
  const DssTransformer *t = &model.transformers.at[0], *u = &model.transformers.at[1];
  assert_true(t->winding[2].kv == 0.12 && t->winding[1].r_percent == 1.2 && t->x12 == 2.04 && t->winding[0].kva == 25);
  assert_int_equal(dss_node(&t->winding[2].end, 0, 1), 0);
  assert_int_equal(dss_node(&t->winding[2].end, 1, 1), 2);
  assert_true(text_is(u->name, "u") && u->winding[1].tap == 1.05 && u->winding[2].tap == 0.95 && t->winding[1].tap == 1);
  assert_true(model.loads.at[0].kw == 12 && model.loads.at[0].v_least == 0.8 && model.loads.at[0].v_most == 1.2 &&
              model.loads.at[0].pf == -0.9);
  assert_true(model.mode == DSS_DAILY && model.step_hours == 0.25 && model.steps == 96);
  assert_true(model.shapes.at[0].count == 3 && model.shapes.at[0].p[2] == 2 && model.shapes.at[0].interval_hours == 0.25);
  assert_true(model.places.count == 2 && model.places.at[1].y == 4 && text_is(model.places.at[1].bus, "c"));
  dss_end(&model);
}

static void errors_say_where(void **state) {
  static const struct {
    const char *script, *where;
    ErrorCode code;
  } BAD[] = {
      {"new line.x", "m.dss:1", ERROR_DSS_NO_CIRCUIT},
      {"! none", "m.dss", ERROR_DSS_NO_CIRCUIT},
      {"new circuit.c\nnew line.x bus1=a bus2=b lenght=3", "m.dss:2", ERROR_DSS_PROPERTY},
      {"new circuit.c\n\nfrobnicate", "m.dss:3", ERROR_DSS_COMMAND},
      {"new circuit.c\nnew line.x length=(1 2", "m.dss:2", ERROR_DSS_QUOTE},
      {"new circuit.c\nnew line.x length=abc", "m.dss:2", ERROR_FIELD_FORMAT},
      {"new circuit.c\nnew line.x length=(1 0 /)", "m.dss:2", ERROR_FIELD_FORMAT},
      {"new circuit.c\nnew line.x linecode=none_such", "m.dss:2", ERROR_NOT_FOUND},
      {"new circuit.c\nnew line.x\nnew line.X", "m.dss:3", ERROR_ALREADY_EXISTS},
      {"new circuit.c\nnew line.x geometry=g", "m.dss:2", ERROR_DSS_UNSUPPORTED},
      {"new circuit.c\nnew generator.g", "m.dss:2", ERROR_DSS_UNSUPPORTED},
      {"new circuit.c\nnew linecode.x nphases=2 rmatrix=(1 | 2)", "m.dss:2", ERROR_FIELD_FEW},
      {"new circuit.c\nnew linecode.x nphases=2 rmatrix=(1 2 | 3 4)", "m.dss:2", ERROR_FIELD_INVALID},
      {"new circuit.c\nnew linecode.x nphases=2 rmatrix=(1 | 2 3 | 4 5 6)", "m.dss:2", ERROR_FIELD_MANY},
      {"new circuit.c\nnew load.x phases=4", "m.dss:2", ERROR_FIELD_LARGE},
      {"new circuit.c\nnew load.x conn=star*", "m.dss:2", ERROR_FIELD_CHOICE},
      {"new circuit.c\nnew load.x bus1=a.1.x", "m.dss:2", ERROR_FIELD_FORMAT},
      {"new circuit.c\nnew transformer.t wdg=3", "m.dss:2", ERROR_FIELD_LARGE},
      {"new circuit.c\nnew transformer.t kvs=(1 0)", "m.dss:2", ERROR_FIELD_INVALID},
      {"new circuit.c\nload.x.kw=3", "m.dss:2", ERROR_NOT_FOUND},
      {"new circuit.c\nredirect gone.dss", "m.dss:2", ERROR_IO},
      {"new circuit.c\nredirect bad.dss", "bad.dss:2", ERROR_DSS_COMMAND},
      {"redirect m.dss", "m.dss:1", ERROR_LIMIT},
      {"new circuit.c\nset mode=harmonics", "m.dss:2", ERROR_DSS_UNSUPPORTED},
  };
  (void)state;
  for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
    DssModel model;
    Error error;
    Script scripts[] = {{"m.dss", BAD[i].script}, {"bad.dss", "! fine\nno such thing\n"}, {NULL, NULL}};
    assert_false(read_all(&model, scripts, &error));
    if (error.code != BAD[i].code || strcmp(error.where, BAD[i].where) != 0)
      fail_msg("%s: %s at %s", BAD[i].script, error_name(error.code), error.where);
  }
}

/* Every allocation fails once: an error, and nothing leaks (the sanitizer watches). */
static void memory_may_run_out(void **state) {
  Script scripts[] = {
      {"m.dss", "new circuit.c\nredirect n.dss\nnew line.l bus1=a bus2=b\nnew load.l bus1=b\nnew loadshape.s mult=(1 2 3)\n"},
      {"n.dss", "new transformer.t buses=(a b)\n"},
      {NULL, NULL}};
  (void)state;
  for (int nth = 1;; nth++) {
    DssModel model;
    Error error;
    memory_fail_at(nth);
    bool ok = read_all(&model, scripts, &error);
    memory_fail_at(0);
    if (ok) dss_end(&model);
    if (ok && nth > 5) break;
    assert_true(ok || error.code == ERROR_OUT_OF_MEMORY || error.code == ERROR_IO || error.code == ERROR_DSS_NO_CIRCUIT);
    assert_true(nth < 1000);
  }
}

TEST_MAIN(TEST(words_of_every_kind), TEST(errors_say_where), TEST(memory_may_run_out))
