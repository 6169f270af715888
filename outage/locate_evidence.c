#include "outage/locate_evidence.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/vector.h"

/* ---- reading ---- */

enum { COLUMN_TIME, COLUMN_KIND, COLUMN_SUBJECT, COLUMNS };
static const CsvColumn columns[COLUMNS] = {{"time", true}, {"kind", true}, {"subject", true}};

typedef VECTOR(LocateEvidenceRow) Rows;

static int by_time(const void *a, const void *b) {
  const LocateEvidenceRow *x = a, *y = b;
  if (x->evidence.at != y->evidence.at) return x->evidence.at < y->evidence.at ? -1 : 1;
  return (x->line > y->line) - (x->line < y->line);
}

static bool wrong(Csv *csv, size_t column, const char *name, const char *why, Error *error) {
  Text value = csv_field(csv, column);
  error_raise(error, ERROR_FIELD_INVALID, "%s\t%.*s\t%s", name, TEXT_ARG(value), why);
  return csv_at(csv, csv_line(csv), column, error);
}

static void find_subject(const LocateNames *names, Text subject, LocateEvidenceRow *row) {
  LocateEvidence *e = &row->evidence;
  bool device_first = (e->kind >= LOCATE_CONCENTRATOR_OFF && e->kind <= LOCATE_PLANNED_END);
  uint32_t customer = names->customer(names->self, subject), device = names->device(names->self, subject);
  e->on_device = device != LOCATE_NONE && (device_first || customer == LOCATE_NONE);
  e->subject = e->on_device ? device : customer;
  row->tie = e->subject == LOCATE_NONE && names->tie ? names->tie(names->self, subject) : LOCATE_NONE;
}

static bool read_row(Csv *csv, const LocateNames *names, Arena *arena, LocateEvidenceRow *row, Error *error) {
  *row = (LocateEvidenceRow){.line = csv_line(csv)};
  if (!instant_from_text(csv_field(csv, COLUMN_TIME), &row->evidence.at))
    return wrong(csv, COLUMN_TIME, "time", "expected RFC 3339, as 2026-01-31T20:15:00+08:00", error);
  int kind = 0;
  while (kind <= LOCATE_PLANNED_END && !text_is(csv_field(csv, COLUMN_KIND), locate_evidence_names[kind])) kind++;
  if (kind > LOCATE_PLANNED_END)
    return wrong(csv, COLUMN_KIND, "kind", "expected call, last_gasp, power_up, ping_off, ping_on, concentrator_off, …", error);
  row->evidence.kind = (LocateEvidenceKind)kind;
  Text subject = csv_field(csv, COLUMN_SUBJECT);
  if (subject.len == 0) {
    error_raise(error, ERROR_FIELD_MISSING, "%s", "subject");
    return csv_at(csv, csv_line(csv), COLUMN_SUBJECT, error);
  }
  row->subject = text_copy(arena, subject);
  if (!row->subject.at) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "evidence");
  find_subject(names, row->subject, row);
  return true;
}

bool locate_evidence_read(Csv *csv, const LocateNames *names, Arena *arena, LocateEvidenceRow **rows, size_t *count, Error *error) {
  Rows read = {0};
  bool row = true, ok = csv_columns(csv, columns, COLUMNS, error);
  while (ok && (ok = csv_next(csv, &row, error)) && row) {
    LocateEvidenceRow fresh;
    ok = read_row(csv, names, arena, &fresh, error);
    if (ok && read.count >= LOCATE_EVIDENCE_ROWS_MAX)
      ok = error_raise(error, ERROR_LIMIT, "rows of evidence\t%d", LOCATE_EVIDENCE_ROWS_MAX);
    if (ok && !vector_push(&read, fresh)) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "evidence");
  }
  if (ok) {
    if (read.count) qsort(read.at, read.count, sizeof *read.at, by_time);
    *rows = arena_copy(arena, read.at, read.count * sizeof *read.at);
    *count = read.count;
    ok = *rows || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "evidence");
  }
  vector_free(&read);
  return ok;
}

/* ---- the run ---- */

enum { ASIDE_MAX = 100 }; /* told one by one; all are counted */

typedef struct Run {
  const LocateQuestion *q;
  Locate *locate;
  Instant at;
  LocateTie *ties;
  uint8_t *open; /* devices, as told by their switches */
  uint32_t *parent;
  VECTOR(size_t) aside; /* rows */
  LocateVerdict aside_why[ASIDE_MAX];
  uint64_t counts[LOCATE_VERDICTS];
  uint32_t loop; /* a tie that closes a loop */
} Run;

static bool switched(Run *run, const LocateEvidenceRow *row, Error *error) {
  run->ties[row->tie].closed = row->evidence.kind == LOCATE_SWITCH_CLOSED;
  uint32_t loop;
  if (!locate_feed(run->q->network->device_count, run->q->network->parent, run->open, run->ties, run->q->tie_count, run->parent, &loop,
                   error))
    return false;
  if (loop != LOCATE_NONE) run->loop = loop;
  return locate_reroute(run->locate, run->parent, row->evidence.at, error);
}

/* Rows [from, to) at once: none of them is a tie's. */
static bool add_rows(Run *run, const LocateEvidenceRow *rows, size_t from, size_t to, Error *error) {
  size_t count = to - from;
  LocateEvidence *evidence = memory_new((count + 1) * sizeof *evidence);
  LocateVerdict *verdicts = memory_new((count + 1) * sizeof *verdicts);
  bool ok = evidence && verdicts;
  for (size_t i = 0; ok && i < count; i++) evidence[i] = rows[from + i].evidence;
  ok = ok ? locate_add_all(run->locate, evidence, count, verdicts, error) : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "locate");
  for (size_t i = 0; ok && i < count; i++) {
    const LocateEvidence *e = &evidence[i];
    bool is_switch = e->kind == LOCATE_SWITCH_OPEN || e->kind == LOCATE_SWITCH_CLOSED;
    if (is_switch && e->on_device && verdicts[i] == LOCATE_TAKEN) run->open[e->subject] = e->kind == LOCATE_SWITCH_OPEN;
    run->counts[verdicts[i]]++;
    if (verdicts[i] == LOCATE_TAKEN || verdicts[i] == LOCATE_REPEATED || run->aside.count >= ASIDE_MAX) continue;
    run->aside_why[run->aside.count] = verdicts[i];
    ok = vector_push(&run->aside, from + i) || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "locate");
  }
  memory_free(evidence);
  memory_free(verdicts);
  return ok;
}

static bool is_tie(const Run *run, const LocateEvidenceRow *row) {
  bool is_switch = row->evidence.kind == LOCATE_SWITCH_OPEN || row->evidence.kind == LOCATE_SWITCH_CLOSED;
  return is_switch && row->tie != LOCATE_NONE && row->evidence.at <= run->at;
}

static bool add_everything(Run *run, const LocateEvidenceRow *rows, size_t count, Error *error) {
  for (size_t from = 0, to; from < count; from = to) {
    for (to = from; to < count && !is_tie(run, &rows[to]);) to++;
    if (to > from) {
      if (!add_rows(run, rows, from, to, error)) return false;
    } else {
      if (!switched(run, &rows[to], error)) return false;
      run->counts[LOCATE_TAKEN]++;
      to++;
    }
  }
  return true;
}

static void write_reason(Json *json, const LocateNames *names, const LocateReason *r) {
  json_open_object(json);
  json_put_string(json, "kind", locate_evidence_names[r->kind]);
  json_put_i64(json, "count", r->count);
  json_put_f64(json, "weight", r->nats, 3);
  if (r->kind < LOCATE_SILENCE && r->subject != LOCATE_NONE) {
    json_put_text(json, "subject",
                  r->on_device ? names->device_name(names->self, r->subject) : names->customer_name(names->self, r->subject));
    json_put_instant(json, "time", r->at);
  }
  json_close(json);
}

static void write_outage(Json *json, const LocateNames *names, const LocateOutage *o) {
  json_open_object(json);
  json_put_text(json, "device", names->device_name(names->self, o->device));
  json_key(json, "class");
  json_open_array(json);
  for (uint32_t i = 0; i < o->class_count; i++) json_text(json, names->device_name(names->self, o->class_devices[i]));
  json_close(json);
  json_put_f64(json, "probability", o->probability, 4);
  json_put_instant(json, "since", o->since);
  json_put_i64(json, "customers", o->customers);
  json_put_i64(json, "important", o->important);
  json_put_i64(json, "vulnerable", o->vulnerable);
  if (o->phases) json_put_string(json, "phase", o->phases == LOCATE_PHASE_A ? "A" : o->phases == LOCATE_PHASE_B ? "B" : "C");
  json_put_bool(json, "planned", o->planned);
  for (int against = 0; against < 2; against++) {
    json_key(json, against ? "evidence_against" : "evidence_for");
    json_open_array(json);
    for (uint32_t i = 0; i < o->reason_count; i++)
      if ((o->reason[i].nats < 0) == against) write_reason(json, names, &o->reason[i]);
    json_close(json);
  }
  json_key(json, "ask_next");
  if (o->ask_customer == LOCATE_NONE)
    json_nil(json);
  else {
    json_open_object(json);
    json_put_text(json, "customer", names->customer_name(names->self, o->ask_customer));
    json_put_string(json, "by", o->ask_by_ping ? "ping" : "call_back");
    json_put_f64(json, "gain_bits", o->ask_bits, 4);
    json_close(json);
  }
  json_close(json);
}

static void write_json(const Run *run, const LocateEvidenceRow *rows, const LocateOutage *outages, size_t count, Buffer *out) {
  Json json;
  json_begin(&json, out);
  json_open_object(&json);
  json_put_instant(&json, "at", run->at);
  json_key(&json, "outages");
  json_open_array(&json);
  for (size_t i = 0; i < count; i++) write_outage(&json, run->q->names, &outages[i]);
  json_close(&json);
  json_key(&json, "evidence");
  json_open_object(&json);
  for (int v = 0; v < LOCATE_VERDICTS; v++) json_put_i64(&json, locate_verdict_names[v], (int64_t)run->counts[v]);
  json_close(&json);
  json_key(&json, "set_aside");
  json_open_array(&json);
  for (size_t i = 0; i < run->aside.count; i++) {
    const LocateEvidenceRow *row = &rows[run->aside.at[i]];
    json_open_object(&json);
    json_put_i64(&json, "line", (int64_t)row->line);
    json_put_string(&json, "kind", locate_evidence_names[row->evidence.kind]);
    json_put_text(&json, "subject", row->subject);
    json_put_string(&json, "reason", locate_verdict_names[run->aside_why[i]]);
    json_close(&json);
  }
  json_close(&json);
  if (run->loop != LOCATE_NONE) json_put_i64(&json, "loop_tie", run->loop);
  json_close(&json);
  buffer_byte(out, '\n');
}

static void write_lines(const Run *run, const LocateEvidenceRow *rows, const LocateOutage *outages, size_t count, Buffer *out) {
  const LocateNames *names = run->q->names;
  char time[INSTANT_TEXT_MAX];
  buffer_format(out, "%zu outages at %s\n", count, instant_to_text(run->at, run->q->parameters->zone, time));
  for (size_t i = 0; i < count; i++) {
    const LocateOutage *o = &outages[i];
    buffer_format(out, "%5.1f %%  %.*s", 100 * o->probability, TEXT_ARG(names->device_name(names->self, o->device)));
    if (o->class_count > 1) buffer_format(out, " (one of %u)", o->class_count);
    buffer_format(out, "  %u customers, since %s%s\n", o->customers, instant_to_text(o->since, run->q->parameters->zone, time),
                  o->planned ? ", planned" : "");
    for (uint32_t r = 0; r < o->reason_count; r++)
      buffer_format(out, "          %+8.1f  %s × %u\n", o->reason[r].nats, locate_evidence_names[o->reason[r].kind], o->reason[r].count);
    if (o->ask_customer != LOCATE_NONE)
      buffer_format(out, "          %s %.*s: %.3f bits\n", o->ask_by_ping ? "ping" : "call back",
                    TEXT_ARG(names->customer_name(names->self, o->ask_customer)), o->ask_bits);
  }
  for (size_t i = 0; i < run->aside.count; i++)
    buffer_format(out, "line %llu set aside: %s\n", (unsigned long long)rows[run->aside.at[i]].line,
                  locate_verdict_names[run->aside_why[i]]);
  for (int v = LOCATE_REPEATED; v < LOCATE_VERDICTS; v++)
    if (run->counts[v]) buffer_format(out, "%s: %llu\n", locate_verdict_names[v], (unsigned long long)run->counts[v]);
}

static bool run_all(Run *run, const LocateEvidenceRow *rows, size_t count, Buffer *out, Error *error) {
  Arena arena;
  arena_begin(&arena, 0);
  LocateOutage *outages = NULL;
  size_t found = 0;
  bool ok = add_everything(run, rows, count, error) && locate_fit(run->locate, error) &&
            locate_report(run->locate, run->q->least > 0 ? run->q->least : 0.2, &arena, &outages, &found, error);
  for (size_t i = 0; ok && i < found; i++) ok = locate_explain(run->locate, &outages[i], error);
  if (ok) (run->q->json ? write_json : write_lines)(run, rows, outages, found, out);
  arena_end(&arena);
  return ok;
}

bool locate_answer(const LocateQuestion *q, const LocateEvidenceRow *rows, size_t count, Buffer *out, Error *error) {
  Run run = {.q = q, .at = q->at != INSTANT_NONE ? q->at : count ? rows[count - 1].evidence.at : 0, .loop = LOCATE_NONE};
  size_t n = q->network->device_count;
  run.ties = memory_new((q->tie_count + 1) * sizeof *run.ties), run.open = memory_new(n + 1),
  run.parent = memory_new((n + 1) * sizeof *run.parent);
  bool ok = run.ties && run.open && run.parent;
  if (!ok) error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "locate");
  for (size_t t = 0; ok && t < q->tie_count; t++) run.ties[t] = q->ties[t];
  ok = ok && locate_new(&run.locate, q->network, q->parameters, run.at, error) && run_all(&run, rows, count, out, error);
  locate_free(run.locate);
  memory_free(run.ties), memory_free(run.open), memory_free(run.parent);
  vector_free(&run.aside);
  return ok;
}

/* ---- what was simulated ---- */

static void write_field(Buffer *out, Text value) {
  bool plain = true;
  for (size_t i = 0; i < value.len; i++)
    plain = plain && value.at[i] != ',' && value.at[i] != '"' && value.at[i] != '\n' && value.at[i] != '\r';
  if (plain) {
    buffer_text(out, value);
    return;
  }
  buffer_byte(out, '"');
  for (size_t i = 0; i < value.len; i++) {
    if (value.at[i] == '"') buffer_byte(out, '"');
    buffer_byte(out, value.at[i]);
  }
  buffer_byte(out, '"');
}

void evidence_write(const EvidenceRun *run, const LocateNames *names, Span zone, Buffer *evidence, Buffer *truth) {
  char time[INSTANT_TEXT_MAX];
  buffer_string(evidence, "time,kind,subject\n");
  for (size_t i = 0; i < run->evidence_count; i++) {
    const LocateEvidence *e = &run->evidence[i];
    buffer_format(evidence, "%s,%s,", instant_to_text(e->at, zone, time), locate_evidence_names[e->kind]);
    write_field(evidence, e->on_device ? names->device_name(names->self, e->subject) : names->customer_name(names->self, e->subject));
    buffer_byte(evidence, '\n');
  }
  buffer_string(truth, "device,phase,time,customers\n");
  for (uint32_t i = 0; i < run->truth_count; i++) {
    const EvidenceTruth *t = &run->truth[i];
    const char *phase = t->phases == LOCATE_PHASE_A ? "A" : t->phases == LOCATE_PHASE_B ? "B" : t->phases == LOCATE_PHASE_C ? "C" : "";
    write_field(truth, names->device_name(names->self, t->device));
    buffer_format(truth, ",%s,%s,%u\n", phase, instant_to_text(t->at, zone, time), t->customers);
  }
}
