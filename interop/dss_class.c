/* The other classes of OpenDSS: loads, banks, controls, shapes, the source; and how any property is set. */
#include "interop/dss_table.h"

DssTerminal dss_no_terminal(void) {
  DssTerminal end = {.bus = TEXT("")};
  for (int i = 0; i <= DSS_CONDUCTORS_MAX; i++) end.node[i] = -1;
  return end;
}

bool dss_read_terminal(DssReader *reader, Text field, Text value, DssTerminal *out, Error *error) {
  Text rest = value, part;
  DssTerminal end = dss_no_terminal();
  if (!text_next(&rest, '.', &part) || !part.len)
    return error_raise(error, ERROR_FIELD_FORMAT, "%.*s\t%.*s\tbus.node.node…", TEXT_ARG(field), TEXT_ARG(value));
  end.bus = dss_lower(&reader->model->arena, part);
  if (!end.bus.at) return error_raise(error, ERROR_OUT_OF_MEMORY, "dss");
  for (int i = 0; text_next(&rest, '.', &part); i++) {
    int64_t node;
    if (i > DSS_CONDUCTORS_MAX)
      return error_raise(error, ERROR_FIELD_MANY, "%.*s\t%d nodes\tmore", TEXT_ARG(field), DSS_CONDUCTORS_MAX + 1);
    if (!text_to_i64(part, &node) || node < 0 || node > DSS_NODE_MAX)
      return error_raise(error, ERROR_FIELD_FORMAT, "%.*s\t%.*s\tbus.node.node…", TEXT_ARG(field), TEXT_ARG(value));
    end.node[i] = (int)node;
  }
  *out = end;
  return true;
}

bool dss_read_connection(Text field, Text value, DssConnection *out, Error *error) {
  if (dss_begins(value, TEXT("d")) || dss_same(value, TEXT("ll"))) return *out = DSS_DELTA, true;
  if (dss_begins(value, TEXT("w")) || dss_begins(value, TEXT("y")) || dss_same(value, TEXT("ln"))) return *out = DSS_WYE, true;
  return error_raise(error, ERROR_FIELD_CHOICE, "%.*s\twye, delta", TEXT_ARG(field));
}

int dss_node(const DssTerminal *end, int i, int phases) { return end->node[i] >= 0 ? end->node[i] : i < phases ? i + 1 : 0; }
/* ---- Load ---- */
enum { L_PF = 1, L_KW, L_KVAR, L_KVA, L_MODEL, L_CONN, L_YEARLY, L_DAILY, L_STATUS, L_ZIP, L_PHASES };

// clang-format off
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
  return (DssLoad){.enabled = true, .end = dss_no_terminal(), .phases = 3, .model = 1, .kv = 12.47, .kw = 10, .kvar = 5, .pf = 0.88, .kva = 10 / 0.88, .v_least = 0.95,
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
  return (DssCapacitor){.enabled = true, .end = {dss_no_terminal(), dss_no_terminal()}, .phases = 3, .kvar = 1200, .kv = 12.47};
}
STORE(capacitor, DssCapacitor, capacitors)

static DssReactor reactor_default(const DssModel *model) {
  (void)model;
  return (DssReactor){.enabled = true, .end = {dss_no_terminal(), dss_no_terminal()}, .phases = 3, .kvar = 1200, .kv = 12.47};
}
STORE(reactor, DssReactor, reactors)

static bool bank_own(DssReader *reader, DssTerminal *second, bool *given, int *phases, double *kvar, int id, Text field, Text value, Error *error) {
  double numbers[8];
  size_t count;
  int64_t whole;
  switch (id) {
    case C_BUS2: *given = true; return dss_read_terminal(reader, field, value, second, error);
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
// clang-format on

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
    *out =
        arena_copy(&reader->model->arena, numbers.count ? numbers.at : (double[]){0}, (numbers.count ? numbers.count : 1) * sizeof(double));
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
    case S_POINTS:
      return dss_whole(field, value, 0, SHAPE_POINTS_MAX, &shape->points, error);
    case S_MULT:
      return read_shape(reader, field, value, &shape->p, &shape->count, error);
    case S_QMULT:
      return read_shape(reader, field, value, &shape->q, &shape->q_count, error);
    default:
      if (!dss_number(field, value, &number, error)) return false;
      shape->interval_hours = number / (id == S_MINUTES ? 60 : 3600);
      return true;
  }
}

/* ---- Vsource ---- */
enum { V_MVA = 1, V_ISC, V_OHM, V_PHASES, V_SEQUENCE };

// clang-format off
static const DssProperty SOURCE[] = {
  BUS(DssSource, "bus1", end), NUMBER(DssSource, "basekv", kv, 0), NUMBER(DssSource, "pu", pu, 0), NUMBER(DssSource, "angle", angle_degrees, 0), PASS("frequency"),
  OWN("phases", V_PHASES), NUMBER(DssSource, "mvasc3", mva3, V_MVA), NUMBER(DssSource, "mvasc1", mva1, V_MVA), NUMBER(DssSource, "x1r1", x1r1, 0),
  NUMBER(DssSource, "x0r0", x0r0, 0), NUMBER(DssSource, "isc3", isc3, V_ISC), NUMBER(DssSource, "isc1", isc1, V_ISC), NUMBER(DssSource, "r1", r1, V_OHM),
  NUMBER(DssSource, "x1", x1, V_OHM), NUMBER(DssSource, "r0", r0, V_OHM), NUMBER(DssSource, "x0", x0, V_OHM), PASS("scantype"), REFUSE("sequence"), REFUSE("bus2"),
  REFUSE("z1"), REFUSE("z0"), REFUSE("z2"), REFUSE("puz1"), REFUSE("puz0"), REFUSE("puz2"), PASS("basemva"), PASS("yearly"), PASS("daily"), PASS("duty"),
  REFUSE("model"), PASS("puzideal"), PASS("spectrum"), LAST(DssSource)};
// clang-format on

static void *source_at(DssModel *model, size_t i) {
  (void)i;
  return &model->source;
}

static size_t source_count(const DssModel *model) { return model->begun; }

static void *source_add(DssReader *reader) {
  reader->model->source = (DssSource){.enabled = true,
                                      .end = dss_no_terminal(),
                                      .phases = 3,
                                      .told = 1,
                                      .kv = 115,
                                      .pu = 1,
                                      .mva3 = 2000,
                                      .mva1 = 2100,
                                      .isc3 = 10000,
                                      .isc1 = 10540,
                                      .x1r1 = 4,
                                      .x0r0 = 3,
                                      .r1 = 1.65,
                                      .x1 = 6.6,
                                      .r0 = 1.9,
                                      .x0 = 5.7};
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

CLASS(DSS_SOURCE, "vsource", SOURCE, DssSource, source, source_own, source_after);
CLASS(DSS_LOAD, "load", LOAD, DssLoad, load, load_own, load_after);
CLASS(DSS_CAPACITOR, "capacitor", CAPACITOR, DssCapacitor, capacitor, capacitor_own, NULL);
CLASS(DSS_REACTOR, "reactor", REACTOR, DssReactor, reactor, reactor_own, reactor_after);
CLASS(DSS_REGULATOR, "regcontrol", REGULATOR, DssRegulator, regulator, regulator_own, regulator_after);
CLASS(DSS_SHAPE, "loadshape", SHAPE, DssShape, shape, shape_own, NULL);

const DssClass *const dss_classes[DSS_CLASSES] = {
    [DSS_SOURCE] = &dss_source_class,
    [DSS_LINE] = &dss_line_class,
    [DSS_CODE] = &dss_code_class,
    [DSS_TRANSFORMER] = &dss_transformer_class,
    [DSS_TRANSFORMER_CODE] = &dss_transformer_code_class,
    [DSS_LOAD] = &dss_load_class,
    [DSS_CAPACITOR] = &dss_capacitor_class,
    [DSS_REACTOR] = &dss_reactor_class,
    [DSS_REGULATOR] = &dss_regulator_class,
    [DSS_SHAPE] = &dss_shape_class,
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
    case DSS_PASS:
      return true;
    case DSS_REFUSE:
      if (!value.len) return true;
      return error_raise(error, ERROR_DSS_UNSUPPORTED, "%s.%s", kind->name, property->name);
    case DSS_NUMBER:
      ok = dss_number(field, value, place, error);
      break;
    case DSS_INTEGER:
      ok = dss_whole(field, value, 1, 1000, &whole, error);
      if (ok) *(int *)place = (int)whole;
      break;
    case DSS_FLAG:
      ok = dss_flag(field, value, place, error);
      break;
    case DSS_CONNECTION:
      ok = dss_read_connection(field, value, place, error);
      break;
    case DSS_BUS:
      ok = dss_read_terminal(reader, field, value, place, error);
      break;
    case DSS_OWN:
      if (property->id == LIKE) return set_like(reader, kind, object, value, error);
      return kind->own(reader, object, property->id, field, value, error);
  }
  if (ok && property->id && kind->after) kind->after(reader, object, property->id);
  return ok;
}
