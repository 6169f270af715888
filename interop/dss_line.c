/* LineCode and Line. */
#include "interop/dss_table.h"

enum {
  CODE_PHASES = 1,
  CODE_SEQUENCE,
  CODE_UNITS,
  CODE_R,
  CODE_X,
  CODE_C,
  CODE_B1,
  CODE_B0,
  CODE_FREQUENCY,
  LINE_CODE,
  LINE_SWITCH,
  LINE_PHASES,
  LINE_CAPACITANCE
};

// clang-format off
static const DssProperty CODE[] = {
  OWN("nphases", CODE_PHASES), NUMBER(DssCode, "r1", r1, CODE_SEQUENCE), NUMBER(DssCode, "x1", x1, CODE_SEQUENCE), NUMBER(DssCode, "r0", r0, CODE_SEQUENCE),
  NUMBER(DssCode, "x0", x0, CODE_SEQUENCE), NUMBER(DssCode, "c1", c1, CODE_SEQUENCE), NUMBER(DssCode, "c0", c0, CODE_SEQUENCE), OWN("units", CODE_UNITS),
  OWN("rmatrix", CODE_R), OWN("xmatrix", CODE_X), OWN("cmatrix", CODE_C), OWN("basefreq", CODE_FREQUENCY), CARRIES, REFUSE("kron"), PASS("rg"), PASS("xg"),
  PASS("rho"), PASS("neutral"), OWN("b1", CODE_B1), OWN("b0", CODE_B0), PASS("seasons"), PASS("ratings"), PASS("linetype"),
  FLAG(DssCode, "enabled", enabled, 0), OWN("like", LIKE), {NULL, DSS_PASS, 0, 0}};
// clang-format on

static void by_sequence(double *out, int phases, double one, double zero) {
  for (int i = 0; i < phases; i++)
    for (int j = 0; j < phases; j++) out[i * phases + j] = i == j ? (2 * one + zero) / 3 : (zero - one) / 3;
}

static void code_matrices(DssCode *code) {
  by_sequence(code->r, code->phases, code->r1, code->r0);
  by_sequence(code->x, code->phases, code->x1, code->x0);
  by_sequence(code->c, code->phases, code->c1, code->c0);
}

static DssCode code_default(const DssModel *model) {
  DssCode code = {.enabled = true,
                  .phases = 3,
                  .symmetric = true,
                  .r1 = 0.058,
                  .x1 = 0.1206,
                  .r0 = 0.1784,
                  .x0 = 0.4047,
                  .c1 = 3.4,
                  .c0 = 1.6,
                  .frequency = model->frequency};
  code_matrices(&code);
  return code;
}
STORE(code, DssCode, codes)

static bool read_units(Text field, Text value, int *out, Error *error) {
  static const struct {
    const char *begin;
    int units;
  } UNITS[] = {{"none", DSS_NONE}, {"mi", DSS_MILE}, {"kf", DSS_KFT},  {"km", DSS_KM},   {"mm", DSS_MM},
               {"me", DSS_METRE},  {"m", DSS_METRE}, {"ft", DSS_FOOT}, {"in", DSS_INCH}, {"cm", DSS_CM}};
  for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++)
    if (dss_begins(value, text_of(UNITS[i].begin))) return *out = UNITS[i].units, true;
  return error_raise(error, ERROR_FIELD_CHOICE, "%.*s\tnone, mi, kft, km, m, ft, in, cm, mm", TEXT_ARG(field));
}

static bool code_own(DssReader *reader, void *object, int id, Text field, Text value, Error *error) {
  DssCode *code = object;
  double number;
  int64_t whole;
  double *matrix = id == CODE_R ? code->r : id == CODE_X ? code->x : code->c;
  switch (id) {
    case CODE_PHASES:
      if (!dss_whole(field, value, 1, DSS_CONDUCTORS_MAX, &whole, error)) return false;
      if (whole != code->phases) code->phases = (int)whole, code->symmetric = true, code_matrices(code);
      return true;
    case CODE_UNITS:
      return read_units(field, value, &code->units, error);
    case CODE_R:
    case CODE_X:
    case CODE_C:
      code->symmetric = false;
      return dss_matrix(field, value, code->phases, matrix, error);
    case CODE_B1:
    case CODE_B0: /* microsiemens */
      if (!dss_number(field, value, &number, error)) return false;
      *(id == CODE_B1 ? &code->c1 : &code->c0) = number * 1e3 / (2 * 3.14159265358979323846 * code->frequency);
      code->symmetric = true;
      code_matrices(code);
      return true;
    default:
      if (!dss_number(field, value, &number, error)) return false;
      if (number != reader->model->frequency)
        return error_raise(error, ERROR_DSS_UNSUPPORTED, "basefreq=%.*s where the circuit has %g", TEXT_ARG(value),
                           reader->model->frequency);
      return true;
  }
}

static void code_after(DssReader *reader, void *object, int id) {
  DssCode *code = object;
  (void)reader, (void)id;
  code->symmetric = true;
  code_matrices(code);
}

// clang-format off
static const DssProperty LINE[] = {
  BUS(DssLine, "bus1", end[0]), BUS(DssLine, "bus2", end[1]), OWN("linecode", LINE_CODE), NUMBER(DssLine, "length", length, 0), OWN("phases", LINE_PHASES),
  NUMBER(DssLine, "r1", code.r1, CODE_SEQUENCE), NUMBER(DssLine, "x1", code.x1, CODE_SEQUENCE), NUMBER(DssLine, "r0", code.r0, CODE_SEQUENCE),
  NUMBER(DssLine, "x0", code.x0, CODE_SEQUENCE), NUMBER(DssLine, "c1", code.c1, LINE_CAPACITANCE), NUMBER(DssLine, "c0", code.c0, LINE_CAPACITANCE),
  OWN("rmatrix", CODE_R), OWN("xmatrix", CODE_X), OWN("cmatrix", CODE_C), FLAG(DssLine, "switch", is_switch, LINE_SWITCH), PASS("rg"), PASS("xg"), PASS("rho"),
  REFUSE("geometry"), OWN("units", CODE_UNITS), REFUSE("spacing"), REFUSE("wires"), PASS("earthmodel"), REFUSE("cncables"), REFUSE("tscables"),
  OWN("b1", CODE_B1), OWN("b0", CODE_B0), PASS("seasons"), PASS("ratings"), PASS("linetype"), CARRIES, LAST(DssLine)};
// clang-format on

static DssLine line_default(const DssModel *model) {
  return (DssLine){.enabled = true, .end = {dss_no_terminal(), dss_no_terminal()}, .code = code_default(model), .length = 1};
}
STORE(line, DssLine, lines)

/* A single wire has no sequences: OpenDSS gives it the positive one. */
static void line_matrices(DssLine *line) {
  DssCode *code = &line->code;
  if (code->phases == 1) code->r0 = code->r1, code->x0 = code->x1, code->c0 = code->c1;
  code_matrices(code);
}

static bool line_own(DssReader *reader, void *object, int id, Text field, Text value, Error *error) {
  DssLine *line = object;
  int64_t whole;
  double frequency = reader->model->frequency;
  switch (id) {
    case LINE_CODE: {
      int64_t at = dss_find(reader, "linecode", value);
      if (at < 0) return error_raise(error, ERROR_NOT_FOUND, "linecode\t%.*s", TEXT_ARG(value));
      line->code = reader->model->codes.at[at];
      line->coded = line->capacitance = true;
      if (line->code.symmetric) line_matrices(line);
      return true;
    }
    case LINE_PHASES:
      if (!dss_whole(field, value, 1, DSS_CONDUCTORS_MAX, &whole, error)) return false;
      if (whole == line->code.phases) return true;
      line->code.phases = (int)whole;
      line->coded = false;
      line->code.symmetric = true;
      line_matrices(line);
      return true;
    case CODE_UNITS:
      return read_units(field, value, &line->units, error);
    default:
      line->coded = false;
      if (id == CODE_C || id == CODE_B1 || id == CODE_B0) line->capacitance = true;
      line->code.frequency = frequency;
      if (!code_own(reader, &line->code, id, field, value, error)) return false;
      if (line->code.symmetric) line_matrices(line);
      line->units = DSS_NONE;
      return true;
  }
}

static void line_after(DssReader *reader, void *object, int id) {
  DssLine *line = object;
  (void)reader;
  if (id == LINE_SWITCH) {
    if (!line->is_switch) return;
    line->code.r1 = line->code.x1 = line->code.r0 = line->code.x0 = 1;
    line->code.c1 = 1.1, line->code.c0 = 1;
    line->length = 0.001;
  }
  if (id == LINE_CAPACITANCE) line->capacitance = true;
  line->coded = false;
  line->units = DSS_NONE;
  line->code.symmetric = true;
  line_matrices(line);
}

void dss_line_whole(const DssLine *line, double *r, double *x, double *c) {
  int wires = line->code.phases;
  double units = line->coded && line->units && line->code.units ? dss_metres(line->units) / dss_metres(line->code.units) : 1;
  /* Without a word on capacitance, the default stands for 1,000 ft, whatever the unit. */
  double charge = line->capacitance || !line->units ? 1 : dss_metres(line->units) / dss_metres(DSS_KFT);
  for (int i = 0; i < wires * wires; i++) {
    r[i] = line->code.r[i] * line->length * units;
    x[i] = line->code.x[i] * line->length * units;
    c[i] = line->code.c[i] * line->length * units * charge;
  }
}

CLASS(DSS_CODE, "linecode", CODE, DssCode, code, code_own, code_after);
CLASS(DSS_LINE, "line", LINE, DssLine, line, line_own, line_after);
