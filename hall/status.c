/* How a matter stands: its state in plain words, what was done and is to come, what is promised and what is left of it, what to bring still, and
 * what the customer may do now. Nothing of the household, and no name. */
#include <stdio.h>

#include "hall/hall_internal.h"

typedef struct Passed {
  uint16_t state;
  Instant at;
} Passed;

enum { PASSED_MAX = 40 };
typedef struct Status {
  HttpRequest *request;
  Buffer *out;
  const Hall *hall;
  Order order;
  ClockSet clocks;
  bool found, open, sound;
  Passed passed[PASSED_MAX]; /* the newest PASSED_MAX */
  size_t passed_count;
} Status;

static void note_passed(Status *status, int state, Instant at) {
  if (status->passed_count == PASSED_MAX) memmove(status->passed, status->passed + 1, (PASSED_MAX - 1) * sizeof *status->passed), status->passed_count--;
  status->passed[status->passed_count++] = (Passed){(uint16_t)state, at};
}

static bool read_status(void *self, const OrderRow *row, Error *error) {
  Status *status = self;
  OrderRow read = *row;
  Text trail = row->trail;
  unsigned event;
  Span after;
  if (!order_from_row(status->hall->orders, &read, &status->clocks, error)) return false;
  const OrderKind *kind = read.order.kind;
  status->order = read.order;
  status->found = status->sound = true;
  status->open = row->closed_at == INSTANT_NONE;
  int state = kind->start;
  note_passed(status, state, read.order.accepted_at);
  while (trail_next(&trail, &event, &after, &status->sound)) {
    if (event == 0 || event >= kind->event_count) continue;
    const KindStep *step = &kind->steps[kind->event_step[event]];
    const KindBranch *branch = kind->event_branch[event] >= 0 ? &step->branches[kind->event_branch[event]] : NULL;
    int to = branch && branch->to >= 0 ? branch->to : step->to;
    if (to < 0 || to == state) continue;
    note_passed(status, state = to, read.order.accepted_at + after);
  }
  return true;
}

/* --- words --- */

static void write_name(const Status *status, Text zh, Text en) { page_text(status->out, page_name(status->request, zh, en)); }

static void write_head(const Status *status) {
  const HttpRequest *request = status->request;
  const Order *order = &status->order;
  const KindState *state = &order->kind->states[order->state];
  buffer_format(status->out, "<div class=\"card\"><p class=\"quiet\">");
  write_name(status, order->kind->origin.name_zh, order->kind->origin.name_en);
  buffer_format(status->out, " · %s</p><p><span class=\"number\">%lld</span></p><p class=\"state\">", IN(request, "工单号", "number"), (long long)order->number);
  write_name(status, state->name_zh, state->name_en);
  if (order->suspended) buffer_string(status->out, IN(request, " (暂停)", " (suspended)"));
  buffer_format(status->out, "</p><p class=\"quiet\">%s ", IN(request, "截至", "As of"));
  page_moment(request, status->out, request->now);
  buffer_string(status->out, "</p></div>");
}

/* When power is expected back, where the order stands under an outage: an interval with its source, or that it is being assessed. */
static void write_expected(const Status *status) {
  const HttpRequest *request = status->request;
  const Outage *outage = status->hall->outages && status->open && status->order.outage.value ? outage_find(status->hall->outages, status->order.outage) : NULL;
  if (!outage || status->order.ladder >= LADDER_RESTORED) return;
  static const char *const SOURCES[][2] = {{"", ""}, {"抢修人员", "the crew"}, {"调度", "the dispatcher"}, {"系统估计", "an estimate"}};
  bool known = outage->eta_until != INSTANT_NONE && outage->eta_from != INSTANT_NONE && outage->eta_source <= OUTAGE_ETA_ESTIMATE;
  buffer_format(status->out, "<h2>%s</h2><p>", IN(request, "预计恢复供电", "Power expected back"));
  if (known) {
    page_moment(request, status->out, outage->eta_from);
    buffer_string(status->out, " – ");
    page_moment(request, status->out, outage->eta_until);
    buffer_format(status->out, " <span class=\"quiet\">(%s)</span>", SOURCES[outage->eta_source][request->language != LANGUAGE_ZH]);
  } else {
    buffer_string(status->out, IN(request, "正在研判", "It is being assessed"));
  }
  buffer_string(status->out, "</p>");
}

static void write_way(const Status *status) {
  uint16_t way[KIND_STATES_MAX];
  const OrderKind *kind = status->order.kind;
  size_t to_come = status->open ? hall_way(kind, status->order.state, way) : 0;
  buffer_format(status->out, "<h2>%s</h2><ol class=\"way\">", IN(status->request, "办理过程", "The way of it"));
  for (size_t i = 0; i < status->passed_count; i++) {
    const KindState *state = &kind->states[status->passed[i].state];
    bool here = status->open && i + 1 == status->passed_count;
    buffer_format(status->out, "<li class=\"%s\"%s>", here ? "here" : "done", here ? " aria-current=\"step\"" : "");
    write_name(status, state->name_zh, state->name_en);
    buffer_string(status->out, "<small>");
    page_moment(status->request, status->out, status->passed[i].at);
    buffer_string(status->out, "</small></li>");
  }
  for (size_t i = 0; i < to_come; i++) {
    buffer_string(status->out, "<li class=\"quiet\">");
    write_name(status, kind->states[way[i]].name_zh, kind->states[way[i]].name_en);
    if (i == 0) buffer_format(status->out, "<small>%s</small>", IN(status->request, "接下来", "to come"));
    buffer_string(status->out, "</li>");
  }
  buffer_string(status->out, "</ol>");
}

static void write_clock(const Status *status, const KindClock *clock, const ClockState *state) {
  const HttpRequest *request = status->request;
  Buffer *out = status->out;
  ClockReading read = clock_read(state, &clock->promise->clock, request->now);
  Span left = read.due != INSTANT_NONE ? read.due - request->now : read.remaining; /* as the wall counts it, not the calendar of the promise */
  buffer_string(out, "<div><dt>");
  write_name(status, clock->name_zh, clock->name_en);
  buffer_string(out, "</dt><dd>");
  if (state->phase == CLOCK_STOPPED) {
    buffer_format(out, read.broken ? "<span class=\"late\">%s</span>" : "<span class=\"kept\">%s</span>",
                  read.broken ? IN(request, "✗ 超过承诺时间", "✗ later than promised") : IN(request, "✓ 按承诺完成", "✓ as promised"));
  } else if (state->phase == CLOCK_PAUSED) {
    buffer_string(out, IN(request, "暂停计时", "the time stands still"));
  } else if (read.broken) {
    buffer_format(out, "<span class=\"late\">%s ", IN(request, "⚠ 已超过", "⚠ late by"));
    page_span(request, out, left < 0 ? -left : -read.remaining);
    buffer_string(out, "</span>");
  } else {
    buffer_format(out, read.remaining * 4 <= state->limit ? "<span class=\"near\">%s " : "<span>%s ", IN(request, "还有", "within"));
    page_span(request, out, left);
    buffer_string(out, "</span>");
  }
  if (state->phase == CLOCK_RUNNING && read.due != INSTANT_NONE) {
    buffer_format(out, "<small>%s ", IN(request, "应在此前:", "due:"));
    page_moment(request, out, read.due);
    buffer_string(out, "</small>");
  }
  buffer_string(out, "</dd></div>");
}

static void write_clocks(const Status *status) {
  const OrderKind *kind = status->order.kind;
  bool any = false;
  for (size_t c = 0; c < kind->clock_count; c++) {
    const ClockState *state = &status->clocks.at[c];
    if (!kind->clocks[c].public || !(status->clocks.started >> c & 1) || state->phase == CLOCK_CANCELLED || state->phase == CLOCK_IDLE) continue;
    if (!any) buffer_format(status->out, "<h2>%s</h2><dl>", IN(status->request, "我们的承诺", "What we promised"));
    write_clock(status, &kind->clocks[c], state);
    any = true;
  }
  if (any) buffer_string(status->out, "</dl>");
}

/* --- what the customer may do --- */

static bool is_paper(const KindStep *step) {
  for (size_t i = 0; i < step->field_count; i++)
    if (step->fields[i].type == FIELD_FILE && step->fields[i].required) return true;
  return false;
}

static bool taken(const Order *order, const KindStep *step) { return order->ever >> (step - order->kind->steps) & 1; }

/* Steps that a customer may take on this page. The call-back has its own. */
bool status_may_take(const Order *order, const KindStep *step) {
  return order_may_take(order, step, KIND_ROLE_CUSTOMER) && !text_is(step->id, "call_back");
}

static void write_papers(const Status *status) {
  const OrderKind *kind = status->order.kind;
  bool any = false;
  for (size_t s = 0; status->open && s < kind->step_count; s++) {
    const KindStep *step = &kind->steps[s];
    if (!is_paper(step) || !status_may_take(&status->order, step) || taken(&status->order, step)) continue;
    if (!any) buffer_format(status->out, "<h2>%s</h2><ul>", IN(status->request, "还要补交", "To bring still"));
    any = true;
    buffer_string(status->out, "<li>");
    write_name(status, step->name_zh, step->name_en);
    buffer_string(status->out, "</li>");
  }
  if (any) buffer_string(status->out, "</ul>");
}

static void write_step(const Status *status, const KindStep *step, const StatusKey *key) {
  char version[24];
  FormPage form = {status->request, status->out, NULL, NULL};
  snprintf(version, sizeof version, "%d", status->order.version);
  buffer_string(status->out, "<details><summary>");
  write_name(status, step->name_zh, step->name_en);
  buffer_string(status->out, "</summary><form method=\"post\" enctype=\"multipart/form-data\" action=\"/hall/act\">");
  if (key->token.at) form_hidden(status->out, "token", key->token);
  else form_hidden(status->out, "number", key->number), form_hidden(status->out, "phone", key->phone);
  form_hidden(status->out, "version", text_of(version));
  form_hidden(status->out, "kind", status->order.kind->origin.id);
  form_hidden(status->out, "step", step->id);
  for (size_t f = 0; f < step->field_count; f++)
    if (form_is_public(&step->fields[f])) form_field(&form, step->fields, &step->fields[f]);
  buffer_string(status->out, "<div><button type=\"submit\">");
  write_name(status, step->name_zh, step->name_en);
  buffer_string(status->out, "</button></div></form></details>");
}

static void write_steps(const Status *status, const StatusKey *key) {
  const OrderKind *kind = status->order.kind;
  bool any = false;
  for (size_t s = 0; status->open && s < kind->step_count; s++) {
    if (!status_may_take(&status->order, &kind->steps[s])) continue;
    if (!any) buffer_format(status->out, "<h2>%s</h2><div class=\"kinds\">", IN(status->request, "您可以", "What you can do"));
    write_step(status, &kind->steps[s], key);
    any = true;
  }
  if (any) buffer_string(status->out, "</div>");
}

bool status_write(HttpRequest *request, Buffer *out, Hall *hall, OrderId id, const StatusKey *key, Error *error) {
  Status status = {.request = request, .out = out, .hall = hall};
  bool found;
  if (!store_order(&found, request->db, hall->county_id, id, read_status, &status, error)) return false;
  if (!status.found) return error_raise(error, ERROR_HALL_UNKNOWN, "%s", "");
  if (!status.sound) return error_raise(error, ERROR_STORE_CORRUPT, "order %lld: its trail is not readable", (long long)id.value);
  write_head(&status);
  write_expected(&status);
  write_papers(&status);
  write_way(&status);
  write_clocks(&status);
  write_steps(&status, key);
  return true;
}
