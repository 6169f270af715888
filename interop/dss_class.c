/* The classes of OpenDSS: their properties in order, defaults, and what setting one does to the others. */
#include <math.h>

#include "interop/dss_private.h"

#define PASS(name) {name, DSS_PASS, 0, 0}
#define REFUSE(name) {name, DSS_REFUSE, 0, 0}
#define OWN(name, id) {name, DSS_OWN, id, 0}
#define NUMBER(Type, name, field, id) {name, DSS_NUMBER, id, offsetof(Type, field)}
#define INTEGER(Type, name, field, id) {name, DSS_INTEGER, id, offsetof(Type, field)}
#define FLAG(Type, name, field, id) {name, DSS_FLAG, id, offsetof(Type, field)}
#define CONNECTION(Type, name, field) {name, DSS_CONNECTION, 0, offsetof(Type, field)}
#define BUS(Type, name, field) {name, DSS_BUS, 0, offsetof(Type, field)}
#define CARRIES PASS("normamps"), PASS("emergamps"), PASS("faultrate"), PASS("pctperm"), PASS("repair")
#define LAST(Type) PASS("basefreq"), FLAG(Type, "enabled", enabled, 0), OWN("like", LIKE), {NULL, DSS_PASS, 0, 0}

enum { LIKE = 1000 };

#define STORE(function, Type, vector)                                                        \
  static void *function##_at(DssModel *model, size_t i) { return &model->vector.at[i]; }     \
  static size_t function##_count(const DssModel *model) { return model->vector.count; }      \
  static void *function##_add(DssReader *reader) {                                           \
    Type fresh = function##_default(reader->model);                                          \
    return vector_push(&reader->model->vector, fresh) ? &reader->model->vector.at[reader->model->vector.count - 1] : NULL; \
  }

static DssTerminal no_terminal(void) {
  DssTerminal end = {.bus = TEXT("")};
  for (int i = 0; i <= DSS_CONDUCTORS_MAX; i++) end.node[i] = -1;
  return end;
}

/* ---- LineCode and Line ---- */
enum { CODE_PHASES = 1, CODE_SEQUENCE, CODE_UNITS, CODE_R, CODE_X, CODE_C, CODE_B1, CODE_B0, CODE_FREQUENCY, LINE_CODE, LINE_SWITCH, LINE_PHASES, LINE_CAPACITANCE };

static const DssProperty CODE[] = {
  OWN("nphases", CODE_PHASES), NUMBER(DssCode, "r1", r1, CODE_SEQUENCE), NUMBER(DssCode, "x1", x1, CODE_SEQUENCE), NUMBER(DssCode, "r0", r0, CODE_SEQUENCE),
  NUMBER(DssCode, "x0", x0, CODE_SEQUENCE), NUMBER(DssCode, "c1", c1, CODE_SEQUENCE), NUMBER(DssCode, "c0", c0, CODE_SEQUENCE), OWN("units", CODE_UNITS),
  OWN("rmatrix", CODE_R), OWN("xmatrix", CODE_X), OWN("cmatrix", CODE_C), OWN("basefreq", CODE_FREQUENCY), CARRIES, REFUSE("kron"), PASS("rg"), PASS("xg"),
  PASS("rho"), PASS("neutral"), OWN("b1", CODE_B1), OWN("b0", CODE_B0), PASS("seasons"), PASS("ratings"), PASS("linetype"),
  FLAG(DssCode, "enabled", enabled, 0), OWN("like", LIKE), {NULL, DSS_PASS, 0, 0}};

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
  DssCode code = {.enabled = true, .phases = 3, .symmetric = true, .r1 = 0.058, .x1 = 0.1206, .r0 = 0.1784, .x0 = 0.4047, .c1 = 3.4, .c0 = 1.6,
                  .frequency = model->frequency};
  code_matrices(&code);
  return code;
}
STORE(code, DssCode, codes)

static bool read_units(Text field, Text value, int *out, Error *error) {
  static const struct { const char *begin; int units; } UNITS[] = {
    {"none", DSS_NONE}, {"mi", DSS_MILE}, {"kf", DSS_KFT}, {"km", DSS_KM}, {"mm", DSS_MM}, {"me", DSS_METRE}, {"m", DSS_METRE}, {"ft", DSS_FOOT}, {"in", DSS_INCH},
    {"cm", DSS_CM}};
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
    case CODE_UNITS: return read_units(field, value, &code->units, error);
    case CODE_R: case CODE_X: case CODE_C:
      code->symmetric = false;
      return dss_matrix(field, value, code->phases, matrix, error);
    case CODE_B1: case CODE_B0: /* microsiemens */
      if (!dss_number(field, value, &number, error)) return false;
      *(id == CODE_B1 ? &code->c1 : &code->c0) = number * 1e3 / (2 * 3.14159265358979323846 * code->frequency);
      code->symmetric = true;
      code_matrices(code);
      return true;
    default:
      if (!dss_number(field, value, &number, error)) return false;
      if (number != reader->model->frequency)
        return error_raise(error, ERROR_DSS_UNSUPPORTED, "basefreq=%.*s where the circuit has %g", TEXT_ARG(value), reader->model->frequency);
      return true;
  }
}

static void code_after(DssReader *reader, void *object, int id) {
  DssCode *code = object;
  (void)reader, (void)id;
  code->symmetric = true;
  code_matrices(code);
}

static const DssProperty LINE[] = {
  BUS(DssLine, "bus1", end[0]), BUS(DssLine, "bus2", end[1]), OWN("linecode", LINE_CODE), NUMBER(DssLine, "length", length, 0), OWN("phases", LINE_PHASES),
  NUMBER(DssLine, "r1", code.r1, CODE_SEQUENCE), NUMBER(DssLine, "x1", code.x1, CODE_SEQUENCE), NUMBER(DssLine, "r0", code.r0, CODE_SEQUENCE),
  NUMBER(DssLine, "x0", code.x0, CODE_SEQUENCE), NUMBER(DssLine, "c1", code.c1, LINE_CAPACITANCE), NUMBER(DssLine, "c0", code.c0, LINE_CAPACITANCE),
  OWN("rmatrix", CODE_R), OWN("xmatrix", CODE_X), OWN("cmatrix", CODE_C), FLAG(DssLine, "switch", is_switch, LINE_SWITCH), PASS("rg"), PASS("xg"), PASS("rho"),
  REFUSE("geometry"), OWN("units", CODE_UNITS), REFUSE("spacing"), REFUSE("wires"), PASS("earthmodel"), REFUSE("cncables"), REFUSE("tscables"),
  OWN("b1", CODE_B1), OWN("b0", CODE_B0), PASS("seasons"), PASS("ratings"), PASS("linetype"), CARRIES, LAST(DssLine)};

static DssLine line_default(const DssModel *model) {
  return (DssLine){.enabled = true, .end = {no_terminal(), no_terminal()}, .code = code_default(model), .length = 1};
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
    case CODE_UNITS: return read_units(field, value, &line->units, error);
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

/* ---- Transformer and XfmrCode ---- */
enum { T_PHASES = 1, T_WINDINGS, T_WINDING, T_BUS, T_CONN, T_KV, T_KVA, T_TAP, T_R, T_RNEUT, T_XNEUT, T_LOADLOSS, T_TAPS, T_MAXTAP, T_MINTAP, T_NUMTAPS, T_RS, T_KVS, T_KVAS,
       T_CONNS, T_BUSES, T_XSC, T_CODE, T_LEADLAG };

#define TRANSFORMER_PROPERTIES \
  OWN("phases", T_PHASES), OWN("windings", T_WINDINGS), OWN("wdg", T_WINDING), OWN("bus", T_BUS), OWN("conn", T_CONN), OWN("kv", T_KV), OWN("kva", T_KVA), \
  OWN("tap", T_TAP), OWN("%r", T_R), OWN("rneut", T_RNEUT), OWN("xneut", T_XNEUT), OWN("buses", T_BUSES), OWN("conns", T_CONNS), OWN("kvs", T_KVS), \
  OWN("kvas", T_KVAS), OWN("taps", T_TAPS), NUMBER(DssTransformer, "xhl", x12, 0), NUMBER(DssTransformer, "xht", x13, 0), \
  NUMBER(DssTransformer, "xlt", x23, 0), OWN("xscarray", T_XSC), PASS("thermal"), PASS("n"), PASS("m"), PASS("flrise"), PASS("hsrise"), \
  OWN("%loadloss", T_LOADLOSS), NUMBER(DssTransformer, "%noloadloss", no_load_percent, 0), PASS("normhkva"), PASS("emerghkva"), PASS("sub"), \
  OWN("maxtap", T_MAXTAP), OWN("mintap", T_MINTAP), OWN("numtaps", T_NUMTAPS), PASS("subname"), NUMBER(DssTransformer, "%imag", magnetising_percent, 0), \
  NUMBER(DssTransformer, "ppm_antifloat", antifloat_ppm, 0), OWN("%rs", T_RS), PASS("bank"), OWN("xfmrcode", T_CODE), PASS("xrconst"), \
  NUMBER(DssTransformer, "x12", x12, 0), NUMBER(DssTransformer, "x13", x13, 0), NUMBER(DssTransformer, "x23", x23, 0), OWN("leadlag", T_LEADLAG), \
  PASS("wdgcurrents"), PASS("core"), PASS("rdcohms"), PASS("seasons"), PASS("ratings"), CARRIES, LAST(DssTransformer)

static const DssProperty TRANSFORMER[] = {TRANSFORMER_PROPERTIES};

static DssTransformer transformer_default(const DssModel *model) {
  DssTransformer made = {.enabled = true, .phases = 3, .windings = 2, .x12 = 7, .x13 = 35, .x23 = 30, .loss_percent = 0.4, .antifloat_ppm = 1};
  (void)model;
  for (int i = 0; i < DSS_WINDINGS_MAX; i++)
    made.winding[i] = (DssWinding){.end = no_terminal(), .kv = 12.47, .kva = 1000, .tap = 1, .r_percent = 0.2, .r_neutral = -1, .tap_least = 0.9, .tap_most = 1.1, .taps = 32};
  return made;
}
STORE(transformer, DssTransformer, transformers)
#define transformer_code_default transformer_default
STORE(transformer_code, DssTransformer, transformer_codes)

static bool read_terminal(DssReader *reader, Text field, Text value, DssTerminal *out, Error *error) {
  Text rest = value, part;
  DssTerminal end = no_terminal();
  if (!text_next(&rest, '.', &part) || !part.len) return error_raise(error, ERROR_FIELD_FORMAT, "%.*s\t%.*s\tbus.node.node…", TEXT_ARG(field), TEXT_ARG(value));
  end.bus = dss_lower(&reader->model->arena, part);
  if (!end.bus.at) return error_raise(error, ERROR_OUT_OF_MEMORY, "dss");
  for (int i = 0; text_next(&rest, '.', &part); i++) {
    int64_t node;
    if (i > DSS_CONDUCTORS_MAX) return error_raise(error, ERROR_FIELD_MANY, "%.*s\t%d nodes\tmore", TEXT_ARG(field), DSS_CONDUCTORS_MAX + 1);
    if (!text_to_i64(part, &node) || node < 0 || node > DSS_NODE_MAX)
      return error_raise(error, ERROR_FIELD_FORMAT, "%.*s\t%.*s\tbus.node.node…", TEXT_ARG(field), TEXT_ARG(value));
    end.node[i] = (int)node;
  }
  *out = end;
  return true;
}

static bool read_connection(Text field, Text value, DssConnection *out, Error *error) {
  if (dss_begins(value, TEXT("d")) || dss_same(value, TEXT("ll"))) return *out = DSS_DELTA, true;
  if (dss_begins(value, TEXT("w")) || dss_begins(value, TEXT("y")) || dss_same(value, TEXT("ln"))) return *out = DSS_WYE, true;
  return error_raise(error, ERROR_FIELD_CHOICE, "%.*s\twye, delta", TEXT_ARG(field));
}

int dss_node(const DssTerminal *end, int i, int phases) { return end->node[i] >= 0 ? end->node[i] : i < phases ? i + 1 : 0; }

/* One property of one winding. */
static bool set_winding(DssReader *reader, DssTransformer *object, int at, int id, Text field, Text value, Error *error) {
  DssWinding *winding = &object->winding[at];
  double *number = NULL;
  int64_t whole;
  switch (id) {
    case T_BUS: case T_BUSES: return read_terminal(reader, field, value, &winding->end, error);
    case T_CONN: case T_CONNS: return read_connection(field, value, &winding->connection, error);
    case T_NUMTAPS:
      if (!dss_whole(field, value, 1, 10000, &whole, error)) return false;
      winding->taps = (int)whole;
      return true;
    case T_KV: case T_KVS: number = &winding->kv; break;
    case T_KVA: case T_KVAS: number = &winding->kva; break;
    case T_TAP: case T_TAPS: number = &winding->tap; break;
    case T_R: case T_RS: number = &winding->r_percent; break;
    case T_RNEUT: number = &winding->r_neutral; break;
    case T_XNEUT: number = &winding->x_neutral; break;
    case T_MAXTAP: number = &winding->tap_most; break;
    default: number = &winding->tap_least; break;
  }
  if (!dss_number(field, value, number, error)) return false;
  bool positive = id == T_KV || id == T_KVS || id == T_KVA || id == T_KVAS || id == T_TAP || id == T_TAPS;
  if (positive && *number <= 0) return error_raise(error, ERROR_FIELD_INVALID, "%.*s\t%.*s\tit must be more than 0", TEXT_ARG(field), TEXT_ARG(value));
  if (id == T_KVA && at == 0)
    for (int i = 1; i < DSS_WINDINGS_MAX; i++) object->winding[i].kva = winding->kva;
  if (id == T_KVA && at == 1 && object->windings == 2) object->winding[0].kva = winding->kva;
  return true;
}

static bool transformer_own(DssReader *reader, void *raw, int id, Text field, Text value, Error *error) {
  DssTransformer *object = raw;
  int64_t whole;
  Text rest = value, word;
  double numbers[3];
  size_t count;
  switch (id) {
    case T_PHASES:
      if (!dss_whole(field, value, 1, 3, &whole, error)) return false;
      object->phases = (int)whole;
      return true;
    case T_WINDINGS:
      if (!dss_whole(field, value, 2, DSS_WINDINGS_MAX, &whole, error)) return false;
      object->windings = (int)whole;
      return true;
    case T_WINDING:
      if (!dss_whole(field, value, 1, object->windings, &whole, error)) return false;
      object->active = (int)whole - 1;
      return true;
    case T_LOADLOSS:
      if (!dss_number(field, value, &object->loss_percent, error)) return false;
      object->winding[0].r_percent = object->winding[1].r_percent = object->loss_percent / 2;
      return true;
    case T_XSC:
      if (!dss_numbers(field, value, 3, numbers, &count, error)) return false;
      if (count > 0) object->x12 = numbers[0];
      if (count > 1) object->x13 = numbers[1];
      if (count > 2) object->x23 = numbers[2];
      return true;
    case T_LEADLAG:
      object->low_leads = dss_same(value, TEXT("lead")) || dss_begins(value, TEXT("euro"));
      return true;
    case T_CODE: {
      int64_t at = dss_find(reader, "xfmrcode", value);
      if (at < 0) return error_raise(error, ERROR_NOT_FOUND, "xfmrcode\t%.*s", TEXT_ARG(value));
      DssTransformer made = reader->model->transformer_codes.at[at];
      made.name = object->name, made.file = object->file, made.line = object->line, made.enabled = object->enabled;
      for (int i = 0; i < DSS_WINDINGS_MAX; i++) made.winding[i].end = object->winding[i].end;
      *object = made;
      return true;
    }
    case T_BUSES: case T_CONNS: case T_KVS: case T_KVAS: case T_TAPS: case T_RS:
      for (int i = 0; dss_element(&rest, &word); i++) {
        if (i == object->windings) return error_raise(error, ERROR_FIELD_MANY, "%.*s\t%d\tmore", TEXT_ARG(field), object->windings);
        if (!set_winding(reader, object, i, id, field, word, error)) return false;
      }
      return true;
    default: return set_winding(reader, object, object->active, id, field, value, error);
  }
}

/* ---- Load ---- */
enum { L_PF = 1, L_KW, L_KVAR, L_KVA, L_MODEL, L_CONN, L_YEARLY, L_DAILY, L_STATUS, L_ZIP, L_PHASES };

static const DssProperty LOAD[] = {
  OWN("phases", L_PHASES), BUS(DssLoad, "bus1", end), NUMBER(DssLoad, "kv", kv, 0), NUMBER(DssLoad, "kw", kw, L_KW), NUMBER(DssLoad, "pf", pf, L_PF),
  OWN("model", L_MODEL), OWN("yearly", L_YEARLY), OWN("daily", L_DAILY), PASS("duty"), PASS("growth"), CONNECTION(DssLoad, "conn", connection),
  NUMBER(DssLoad, "kvar", kvar, L_KVAR), REFUSE("rneut"), REFUSE("xneut"), OWN("status", L_STATUS), PASS("class"), NUMBER(DssLoad, "vminpu", v_least, 0),
  NUMBER(DssLoad, "vmaxpu", v_most, 0), PASS("vminnorm"), PASS("vminemerg"), REFUSE("xfkva"), REFUSE("allocationfactor"), NUMBER(DssLoad, "kva", kva, L_KVA),
  PASS("%mean"), PASS("%stddev"), NUMBER(DssLoad, "cvrwatts", cvr_watts, 0), NUMBER(DssLoad, "cvrvars", cvr_vars, 0), REFUSE("kwh"), PASS("kwhdays"),
  PASS("cfactor"), PASS("cvrcurve"), PASS("numcust"), OWN("zipv", L_ZIP), PASS("%seriesrl"), PASS("relweight"), NUMBER(DssLoad, "vlowpu", v_low, 0),
  PASS("puxharm"), PASS("xrharm"), PASS("spectrum"), LAST(DssLoad)};

static DssLoad load_default(const DssModel *model) {
  (void)model;
  return (DssLoad){.enabled = true, .end = no_terminal(), .phases = 3, .model = 1, .kv = 12.47, .kw = 10, .kvar = 5, .pf = 0.88, .kva = 10 / 0.88, .v_least = 0.95,
                   .v_most = 1.05, .v_low = 0.5, .cvr_watts = 1, .cvr_vars = 2, .daily = -1, .yearly = -1};
}
STORE(load, DssLoad, loads)

static bool load_own(DssReader *reader, void *object, int id, Text field, Text value, Error *error) {
  DssLoad *load = object;
  int64_t whole;
  size_t count;
  switch (id) {
    case L_PHASES:
      if (!dss_whole(field, value, 1, 3, &whole, error)) return false;
      load->phases = (int)whole;
      return true;
    case L_MODEL:
      if (!dss_whole(field, value, 1, 8, &whole, error)) return false;
      load->model = (int)whole;
      return true;
    case L_STATUS: load->fixed = dss_begins(value, TEXT("f")) || dss_begins(value, TEXT("e")); return true;
    case L_ZIP:
      if (!dss_numbers(field, value, 7, load->zip, &count, error)) return false;
      if (count != 7) return error_raise(error, ERROR_FIELD_FEW, "%.*s\t7\t%zu", TEXT_ARG(field), count);
      load->zip_given = true;
      return true;
    default: {
      int64_t at = dss_find(reader, "loadshape", value);
      int *shape = id == L_DAILY ? &load->daily : &load->yearly;
      bool none = !value.len || dss_same(value, TEXT("none")) || dss_same(value, TEXT("default")); /* OpenDSS's own curve "default": not kept here */
      if (at < 0 && !none) return error_raise(error, ERROR_NOT_FOUND, "loadshape\t%.*s", TEXT_ARG(value));
      *shape = (int)at;
      if (id == L_DAILY && load->yearly < 0) load->yearly = (int)at;
      return true;
    }
  }
}

static void load_after(DssReader *reader, void *object, int id) {
  DssLoad *load = object;
  (void)reader;
  if (id == L_KW) load->told = 0;
  if (id == L_KVAR) load->told = 1;
  if (id == L_KVA) load->told = 2;
  if (id == L_PF && load->told == 1) load->told = 0;
}

/* ---- Capacitor, Reactor ---- */
enum { C_BUS2 = 1, C_STEPS, C_OHMS, C_KVAR, C_PHASES, C_ZERO };

static const DssProperty CAPACITOR[] = {
  BUS(DssCapacitor, "bus1", end[0]), OWN("bus2", C_BUS2), OWN("phases", C_PHASES), OWN("kvar", C_KVAR), NUMBER(DssCapacitor, "kv", kv, 0),
  CONNECTION(DssCapacitor, "conn", connection), REFUSE("cmatrix"), REFUSE("cuf"), OWN("r", C_ZERO), OWN("xl", C_ZERO), OWN("harm", C_ZERO), OWN("numsteps", C_STEPS),
  PASS("states"), CARRIES, LAST(DssCapacitor)};
static const DssProperty REACTOR[] = {
  BUS(DssReactor, "bus1", end[0]), OWN("bus2", C_BUS2), OWN("phases", C_PHASES), NUMBER(DssReactor, "kvar", kvar, 0), NUMBER(DssReactor, "kv", kv, 0),
  CONNECTION(DssReactor, "conn", connection), REFUSE("rmatrix"), REFUSE("xmatrix"), REFUSE("parallel"), NUMBER(DssReactor, "r", r, C_OHMS),
  NUMBER(DssReactor, "x", x, C_OHMS), REFUSE("rp"), REFUSE("z1"), REFUSE("z2"), REFUSE("z0"), REFUSE("z"), REFUSE("rcurve"), REFUSE("lcurve"), REFUSE("lmh"), CARRIES,
  LAST(DssReactor)};

static DssCapacitor capacitor_default(const DssModel *model) {
  (void)model;
  return (DssCapacitor){.enabled = true, .end = {no_terminal(), no_terminal()}, .phases = 3, .kvar = 1200, .kv = 12.47};
}
STORE(capacitor, DssCapacitor, capacitors)

static DssReactor reactor_default(const DssModel *model) {
  (void)model;
  return (DssReactor){.enabled = true, .end = {no_terminal(), no_terminal()}, .phases = 3, .kvar = 1200, .kv = 12.47};
}
STORE(reactor, DssReactor, reactors)

static bool bank_own(DssReader *reader, DssTerminal *second, bool *given, int *phases, double *kvar, int id, Text field, Text value, Error *error) {
  double numbers[8];
  size_t count;
  int64_t whole;
  switch (id) {
    case C_BUS2: *given = true; return read_terminal(reader, field, value, second, error);
    case C_PHASES:
      if (!dss_whole(field, value, 1, 3, &whole, error)) return false;
      *phases = (int)whole;
      return true;
    case C_KVAR:
      if (!dss_numbers(field, value, 8, numbers, &count, error)) return false;
      if (count != 1) return error_raise(error, ERROR_DSS_UNSUPPORTED, "a capacitor in %zu steps", count);
      *kvar = numbers[0];
      return true;
    case C_STEPS: return dss_whole(field, value, 1, 1, &whole, error);
    default: /* a filter's reactor: only none */
      if (!dss_numbers(field, value, 8, numbers, &count, error)) return false;
      for (size_t i = 0; i < count; i++)
        if (numbers[i] != 0) return error_raise(error, ERROR_DSS_UNSUPPORTED, "%.*s", TEXT_ARG(field));
      return true;
  }
}

static bool capacitor_own(DssReader *reader, void *object, int id, Text field, Text value, Error *error) {
  DssCapacitor *bank = object;
  return bank_own(reader, &bank->end[1], &bank->second, &bank->phases, &bank->kvar, id, field, value, error);
}

static bool reactor_own(DssReader *reader, void *object, int id, Text field, Text value, Error *error) {
  DssReactor *bank = object;
  return bank_own(reader, &bank->end[1], &bank->second, &bank->phases, &bank->kvar, id, field, value, error);
}

static void reactor_after(DssReader *reader, void *object, int id) {
  (void)reader, (void)id;
  ((DssReactor *)object)->ohms = true;
}

/* ---- RegControl ---- */
enum { R_TRANSFORMER = 1, R_WINDING, R_NUMBER };

static const DssProperty REGULATOR[] = {
  OWN("transformer", R_TRANSFORMER), INTEGER(DssRegulator, "winding", winding, R_WINDING), NUMBER(DssRegulator, "vreg", vreg, 0), NUMBER(DssRegulator, "band", band, 0),
  NUMBER(DssRegulator, "ptratio", pt_ratio, 0), NUMBER(DssRegulator, "ctprim", ct_primary, 0), NUMBER(DssRegulator, "r", r, 0), NUMBER(DssRegulator, "x", x, 0),
  REFUSE("bus"), NUMBER(DssRegulator, "delay", delay, 0), PASS("reversible"), PASS("revvreg"), PASS("revband"), PASS("revr"), PASS("revx"), PASS("tapdelay"),
  PASS("debugtrace"), INTEGER(DssRegulator, "maxtapchange", most_taps, 0), PASS("inversetime"), INTEGER(DssRegulator, "tapwinding", tap_winding, 0),
  NUMBER(DssRegulator, "vlimit", v_limit, 0), INTEGER(DssRegulator, "ptphase", pt_phase, 0), PASS("revthreshold"), PASS("revdelay"), PASS("revneutral"),
  PASS("eventlog"), PASS("remoteptratio"), OWN("tapnum", R_NUMBER), PASS("reset"), REFUSE("ldc_z"), PASS("rev_z"), PASS("cogen"), LAST(DssRegulator)};

static DssRegulator regulator_default(const DssModel *model) {
  (void)model;
  return (DssRegulator){.enabled = true, .transformer = -1, .winding = 1, .tap_winding = 1, .pt_phase = 1, .vreg = 120, .band = 3, .pt_ratio = 60, .ct_primary = 300, .delay = 15,
                        .most_taps = 16};
}
STORE(regulator, DssRegulator, regulators)

static bool regulator_own(DssReader *reader, void *object, int id, Text field, Text value, Error *error) {
  DssRegulator *regulator = object;
  int64_t whole;
  if (id == R_TRANSFORMER) {
    int64_t at = dss_find(reader, "transformer", value);
    if (at < 0) return error_raise(error, ERROR_NOT_FOUND, "transformer\t%.*s", TEXT_ARG(value));
    regulator->transformer = (int)at;
    return true;
  }
  if (!dss_whole(field, value, -10000, 10000, &whole, error)) return false;
  if (regulator->transformer < 0 || regulator->tap_winding < 1 || regulator->tap_winding > DSS_WINDINGS_MAX) return error_raise(error, ERROR_FIELD_MISSING, "transformer");
  DssWinding *winding = &reader->model->transformers.at[regulator->transformer].winding[regulator->tap_winding - 1];
  winding->tap = (winding->tap_least + winding->tap_most) / 2 + (double)whole * (winding->tap_most - winding->tap_least) / winding->taps;
  return true;
}

static void regulator_after(DssReader *reader, void *object, int id) {
  DssRegulator *regulator = object;
  (void)reader, (void)id;
  regulator->tap_winding = regulator->winding;
}

/* ---- LoadShape ---- */
enum { S_POINTS = 1, S_MULT, S_QMULT, S_MINUTES, S_SECONDS };

static const DssProperty SHAPE[] = {
  OWN("npts", S_POINTS), NUMBER(DssShape, "interval", interval_hours, 0), OWN("mult", S_MULT), REFUSE("hour"), PASS("mean"), PASS("stddev"), REFUSE("csvfile"),
  REFUSE("sngfile"), REFUSE("dblfile"), REFUSE("action"), OWN("qmult", S_QMULT), FLAG(DssShape, "useactual", actual, 0), PASS("pmax"), PASS("qmax"),
  OWN("sinterval", S_SECONDS), OWN("minterval", S_MINUTES), PASS("pbase"), PASS("qbase"), OWN("pmult", S_MULT), REFUSE("pqcsvfile"), REFUSE("memorymapping"),
  FLAG(DssShape, "enabled", enabled, 0), OWN("like", LIKE), {NULL, DSS_PASS, 0, 0}};

static DssShape shape_default(const DssModel *model) {
  (void)model;
  return (DssShape){.enabled = true, .interval_hours = 1};
}
STORE(shape, DssShape, shapes)

enum { SHAPE_POINTS_MAX = 10000000 };

/* The numbers of "0.1 0.2 …" or of "file=NAME". */
static bool read_shape(DssReader *reader, Text field, Text value, double **out, size_t *count, Error *error) {
  VECTOR(double) numbers = {0};
  Buffer bytes;
  Text rest = text_trim(value), word;
  bool ok = true;
  buffer_begin(&bytes, 256u << 20);
  if (dss_begins(rest, TEXT("file"))) {
    Text after = text_trim(text_slice(rest, 4, rest.len));
    if (after.len && after.at[0] == '=') {
      after = text_slice(after, 1, after.len);
      ok = dss_element(&after, &word) ? dss_read_file(reader, word, &bytes, error) : error_raise(error, ERROR_FIELD_MISSING, "file");
      rest = buffer_as_text(&bytes);
    }
  }
  while (ok && dss_element(&rest, &word)) {
    double number;
    ok = dss_number(field, word, &number, error);
    if (ok && numbers.count >= SHAPE_POINTS_MAX) ok = error_raise(error, ERROR_LIMIT, "%.*s\t%d", TEXT_ARG(field), SHAPE_POINTS_MAX);
    if (ok && !vector_push(&numbers, number)) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "dss");
  }
  if (ok) {
    *out = arena_copy(&reader->model->arena, numbers.count ? numbers.at : (double[]){0}, (numbers.count ? numbers.count : 1) * sizeof(double));
    *count = numbers.count;
    if (!*out) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "dss");
  }
  vector_free(&numbers);
  buffer_end(&bytes);
  return ok;
}

static bool shape_own(DssReader *reader, void *object, int id, Text field, Text value, Error *error) {
  DssShape *shape = object;
  double number;
  switch (id) {
    case S_POINTS: return dss_whole(field, value, 0, SHAPE_POINTS_MAX, &shape->points, error);
    case S_MULT: return read_shape(reader, field, value, &shape->p, &shape->count, error);
    case S_QMULT: return read_shape(reader, field, value, &shape->q, &shape->q_count, error);
    default:
      if (!dss_number(field, value, &number, error)) return false;
      shape->interval_hours = number / (id == S_MINUTES ? 60 : 3600);
      return true;
  }
}

/* ---- Vsource ---- */
enum { V_MVA = 1, V_ISC, V_OHM, V_PHASES, V_SEQUENCE };

static const DssProperty SOURCE[] = {
  BUS(DssSource, "bus1", end), NUMBER(DssSource, "basekv", kv, 0), NUMBER(DssSource, "pu", pu, 0), NUMBER(DssSource, "angle", angle_degrees, 0), PASS("frequency"),
  OWN("phases", V_PHASES), NUMBER(DssSource, "mvasc3", mva3, V_MVA), NUMBER(DssSource, "mvasc1", mva1, V_MVA), NUMBER(DssSource, "x1r1", x1r1, 0),
  NUMBER(DssSource, "x0r0", x0r0, 0), NUMBER(DssSource, "isc3", isc3, V_ISC), NUMBER(DssSource, "isc1", isc1, V_ISC), NUMBER(DssSource, "r1", r1, V_OHM),
  NUMBER(DssSource, "x1", x1, V_OHM), NUMBER(DssSource, "r0", r0, V_OHM), NUMBER(DssSource, "x0", x0, V_OHM), PASS("scantype"), REFUSE("sequence"), REFUSE("bus2"),
  REFUSE("z1"), REFUSE("z0"), REFUSE("z2"), REFUSE("puz1"), REFUSE("puz0"), REFUSE("puz2"), PASS("basemva"), PASS("yearly"), PASS("daily"), PASS("duty"),
  REFUSE("model"), PASS("puzideal"), PASS("spectrum"), LAST(DssSource)};

static void *source_at(DssModel *model, size_t i) {
  (void)i;
  return &model->source;
}

static size_t source_count(const DssModel *model) { return model->begun; }

static void *source_add(DssReader *reader) {
  reader->model->source = (DssSource){.enabled = true, .end = no_terminal(), .phases = 3, .told = 1, .kv = 115, .pu = 1, .mva3 = 2000, .mva1 = 2100, .isc3 = 10000,
                                      .isc1 = 10540, .x1r1 = 4, .x0r0 = 3, .r1 = 1.65, .x1 = 6.6, .r0 = 1.9, .x0 = 5.7};
  reader->model->source.end.bus = TEXT("sourcebus");
  return &reader->model->source;
}

static bool source_own(DssReader *reader, void *object, int id, Text field, Text value, Error *error) {
  int64_t whole;
  (void)reader, (void)id;
  if (!dss_whole(field, value, 1, 3, &whole, error)) return false;
  ((DssSource *)object)->phases = (int)whole;
  return true;
}

static void source_after(DssReader *reader, void *object, int id) {
  (void)reader;
  ((DssSource *)object)->told = id;
}

#define CLASS(name, list, Type, function, own, after) {name, list, sizeof(Type), function##_add, function##_at, function##_count, own, after}
const DssClass dss_classes[DSS_CLASSES] = {
  CLASS("vsource", SOURCE, DssSource, source, source_own, source_after),
  CLASS("line", LINE, DssLine, line, line_own, line_after),
  CLASS("linecode", CODE, DssCode, code, code_own, code_after),
  CLASS("transformer", TRANSFORMER, DssTransformer, transformer, transformer_own, NULL),
  CLASS("xfmrcode", TRANSFORMER, DssTransformer, transformer_code, transformer_own, NULL),
  CLASS("load", LOAD, DssLoad, load, load_own, load_after),
  CLASS("capacitor", CAPACITOR, DssCapacitor, capacitor, capacitor_own, NULL),
  CLASS("reactor", REACTOR, DssReactor, reactor, reactor_own, reactor_after),
  CLASS("regcontrol", REGULATOR, DssRegulator, regulator, regulator_own, regulator_after),
  CLASS("loadshape", SHAPE, DssShape, shape, shape_own, NULL),
  {NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL},
};

/* like=: everything but the name and the place. */
static bool set_like(DssReader *reader, const DssClass *kind, void *object, Text value, Error *error) {
  int64_t at = dss_find(reader, kind->name, value);
  if (at < 0) return error_raise(error, ERROR_NOT_FOUND, "%s\t%.*s", kind->name, TEXT_ARG(value));
  DssObject *to = object, kept = *to;
  memmove(object, kind->at(reader->model, (size_t)at), kind->size);
  to->name = kept.name, to->file = kept.file, to->line = kept.line;
  return true;
}

bool dss_set(DssReader *reader, const DssClass *kind, void *object, const DssProperty *property, Text value, Error *error) {
  Text field = text_of(property->name);
  void *place = (char *)object + property->offset;
  int64_t whole;
  bool ok = true;
  switch (property->kind) {
    case DSS_PASS: return true;
    case DSS_REFUSE:
      if (!value.len) return true;
      return error_raise(error, ERROR_DSS_UNSUPPORTED, "%s.%s", kind->name, property->name);
    case DSS_NUMBER: ok = dss_number(field, value, place, error); break;
    case DSS_INTEGER:
      ok = dss_whole(field, value, 1, 1000, &whole, error);
      if (ok) *(int *)place = (int)whole;
      break;
    case DSS_FLAG: ok = dss_flag(field, value, place, error); break;
    case DSS_CONNECTION: ok = read_connection(field, value, place, error); break;
    case DSS_BUS: ok = read_terminal(reader, field, value, place, error); break;
    case DSS_OWN:
      if (property->id == LIKE) return set_like(reader, kind, object, value, error);
      return kind->own(reader, object, property->id, field, value, error);
  }
  if (ok && property->id && kind->after) kind->after(reader, object, property->id);
  return ok;
}
