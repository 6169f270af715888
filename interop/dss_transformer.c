/* Transformer and XfmrCode. */
#include "interop/dss_table.h"

enum {
  T_PHASES = 1,
  T_WINDINGS,
  T_WINDING,
  T_BUS,
  T_CONN,
  T_KV,
  T_KVA,
  T_TAP,
  T_R,
  T_RNEUT,
  T_XNEUT,
  T_LOADLOSS,
  T_TAPS,
  T_MAXTAP,
  T_MINTAP,
  T_NUMTAPS,
  T_RS,
  T_KVS,
  T_KVAS,
  T_CONNS,
  T_BUSES,
  T_XSC,
  T_CODE,
  T_LEADLAG
};

// clang-format off
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
// clang-format on

static const DssProperty TRANSFORMER[] = {TRANSFORMER_PROPERTIES};

static DssTransformer transformer_default(const DssModel *model) {
  DssTransformer made = {
      .enabled = true, .phases = 3, .windings = 2, .x12 = 7, .x13 = 35, .x23 = 30, .loss_percent = 0.4, .antifloat_ppm = 1};
  (void)model;
  for (int i = 0; i < DSS_WINDINGS_MAX; i++)
    made.winding[i] = (DssWinding){.end = dss_no_terminal(),
                                   .kv = 12.47,
                                   .kva = 1000,
                                   .tap = 1,
                                   .r_percent = 0.2,
                                   .r_neutral = -1,
                                   .tap_least = 0.9,
                                   .tap_most = 1.1,
                                   .taps = 32};
  return made;
}
STORE(transformer, DssTransformer, transformers)
#define transformer_code_default transformer_default
STORE(transformer_code, DssTransformer, transformer_codes)

/* One property of one winding. */
static bool set_winding(DssReader *reader, DssTransformer *object, int at, int id, Text field, Text value, Error *error) {
  DssWinding *winding = &object->winding[at];
  double *number = NULL;
  int64_t whole;
  switch (id) {
    case T_BUS:
    case T_BUSES:
      return dss_read_terminal(reader, field, value, &winding->end, error);
    case T_CONN:
    case T_CONNS:
      return dss_read_connection(field, value, &winding->connection, error);
    case T_NUMTAPS:
      if (!dss_whole(field, value, 1, 10000, &whole, error)) return false;
      winding->taps = (int)whole;
      return true;
    case T_KV:
    case T_KVS:
      number = &winding->kv;
      break;
    case T_KVA:
    case T_KVAS:
      number = &winding->kva;
      break;
    case T_TAP:
    case T_TAPS:
      number = &winding->tap;
      break;
    case T_R:
    case T_RS:
      number = &winding->r_percent;
      break;
    case T_RNEUT:
      number = &winding->r_neutral;
      break;
    case T_XNEUT:
      number = &winding->x_neutral;
      break;
    case T_MAXTAP:
      number = &winding->tap_most;
      break;
    default:
      number = &winding->tap_least;
      break;
  }
  if (!dss_number(field, value, number, error)) return false;
  bool positive = id == T_KV || id == T_KVS || id == T_KVA || id == T_KVAS || id == T_TAP || id == T_TAPS;
  if (positive && *number <= 0)
    return error_raise(error, ERROR_FIELD_INVALID, "%.*s\t%.*s\tit must be more than 0", TEXT_ARG(field), TEXT_ARG(value));
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
    case T_BUSES:
    case T_CONNS:
    case T_KVS:
    case T_KVAS:
    case T_TAPS:
    case T_RS:
      for (int i = 0; dss_element(&rest, &word); i++) {
        if (i == object->windings) return error_raise(error, ERROR_FIELD_MANY, "%.*s\t%d\tmore", TEXT_ARG(field), object->windings);
        if (!set_winding(reader, object, i, id, field, word, error)) return false;
      }
      return true;
    default:
      return set_winding(reader, object, object->active, id, field, value, error);
  }
}

CLASS(DSS_TRANSFORMER, "transformer", TRANSFORMER, DssTransformer, transformer, transformer_own, NULL);
CLASS(DSS_TRANSFORMER_CODE, "xfmrcode", TRANSFORMER, DssTransformer, transformer_code, transformer_own, NULL);
