#include "sim/month.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "order/order_inside.h"
#include "sim/agenda.h"
#include "sim/drive.h"

enum { WHAT_ARRIVES = -1, WHAT_LOOKS = -2, AGAIN_PERCENT = 6, PEOPLE_A_ROLE = 40 };
static const int64_t FUND_FEN = 100000000000;
static const Span LOOKS_AGAIN = 12 * SPAN_HOUR; /* at an order that waits for another */

struct Month {
  MonthRooms rooms;
  MonthOptions options;
  Random random;
  Agenda agenda;
  Instant until;       /* new orders come until then */
  Instant now;
  DeskContext *context; /* of the transaction that runs */
  int64_t county_org;
  CustomerId last_customer[MONTH_KINDS_MAX]; /* who may call again in the same matter */
  OrderId last_order[MONTH_KINDS_MAX];       /* into which one may be merged */
  MonthSummary figures;
};

static bool put(Month *month, Instant at, int what, int64_t subject, Error *error) {
  return agenda_put(&month->agenda, at > month->now ? at : month->now, what, subject) ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "month");
}

/* --- arrivals --- */

/* How busy an hour is, of the mean; offices take little outside their hours. */
static double busy(const MonthRate *rate, Instant at) {
  static const double DAY[24] = {.3, .2, .2, .2, .2, .3, .6, 1, 1.4, 1.6, 1.6, 1.5, 1.3, 1.2, 1.2, 1.3, 1.3, 1.4, 1.6, 1.8, 1.6, 1.1, .7, .4};
  Civil day = civil_of(at, ZONE_SHANGHAI);
  if (rate->at_any_hour) return DAY[day.hour];
  return (day.hour < 8 || day.hour >= 18 ? 0.05 : 2.3) * (day.weekday == 0 || day.weekday == 6 ? 0.5 : 1.2);
}

enum { BUSIEST = 3 };
/* The next of a Poisson process with a rate that changes by the hour, by thinning. */
static bool put_next_arrival(Month *month, size_t row, Instant after, Error *error) {
  const MonthRate *rate = &MONTH_RATES[row];
  double a_month = rate->a_month * month->options.rate * people_customer_count(month->rooms.people) / MONTH_CUSTOMERS * BUSIEST;
  Instant at = after;
  if (a_month <= 0) return true;
  do {
    at += 1 + (Span)random_exponential(&month->random, 30.0 * (double)SPAN_DAY / a_month);
    if (at >= month->until) return true;
  } while (random_unit(&month->random) * BUSIEST > busy(rate, at));
  return put(month, at, WHAT_ARRIVES, (int64_t)row, error);
}

static bool upload(void *self, int64_t *id, Error *error) {
  Month *month = self;
  return attachment_add(month->context, (OrderId){0}, 0, "application/pdf", TEXT("%PDF-1.4\n%%EOF\n"), id, error);
}

static DriveForm form_of(Month *month) {
  return (DriveForm){.random = &month->random, .org_id = month->county_org, .now = month->context->now, .upload = upload, .self = month};
}

static bool accept_one(Month *month, const OrderKind *kind, OrderId *id, Error *error) {
  Customer customer;
  json_t *fields;
  bool again, seldom = random_below(&month->random, 100) < AGAIN_PERCENT;
  DriveForm form = form_of(month);
  people_customer(month->rooms.people, random_below(&month->random, people_customer_count(month->rooms.people)), &customer);
  CustomerId who = seldom && month->last_customer[kind->row].value ? month->last_customer[kind->row] : customer.id;
  month->last_customer[kind->row] = who;
  if (!drive_fill(&fields, &form, kind->form, kind->form_count, NULL, true, error)) return false;
  OrderAccept accept = {.kind = kind->origin.id, .customer = who, .device = GRID_NONE, .source = TEXT("hotline"), .description = TEXT("来电反映"),
                        .caller_phone = customer.phone, .urgency = customer.vulnerable, .roles = KIND_ROLE_AGENT & kind->opened_by};
  char what[64] = "";
  if (json_is_string(json_object_get(fields, "what"))) snprintf(what, sizeof what, "%s", json_string_value(json_object_get(fields, "what")));
  if (what[0]) accept.what = text_of(what);
  json_object_del(fields, "what"), json_object_del(fields, "description");
  accept.fields = fields;
  bool has_description = false;
  for (size_t i = 0; i < kind->form_count; i++) has_description |= text_is(kind->form[i].id, "description");
  if (!has_description) accept.description = TEXT_NONE;
  month->context->actor = TEXT("staff:1000");
  bool ok = order_accept(month->context, month->rooms.orders, &accept, id, &again, error);
  json_decref(fields);
  if (!ok && error->code == ERROR_ORDER_REFUSED) { /* the account has other matters open, say: nothing begins */
    error_clear(error);
    *id = (OrderId){0};
    month->figures.refused++;
    return true;
  }
  if (!ok) return error_at(error, "%.*s accept", TEXT_ARG(kind->origin.id));
  month->figures.accepted += !again, month->figures.again += again;
  if (again) *id = (OrderId){0};
  else month->last_order[kind->row] = *id;
  return true;
}

/* --- steps --- */

/* What is planned, in an agenda's item: the step, the branch and the role. */
static int pack(const Order *order, const DriveStep *chosen) {
  int step = (int)(chosen->step - order->kind->steps), branch = chosen->branch ? (int)(chosen->branch - chosen->step->branches) + 1 : 0;
  return step | branch << 6 | __builtin_ctz(chosen->role) << 14;
}

static DriveStep unpack(const Order *order, int what) {
  DriveStep chosen = {.step = &order->kind->steps[what & 63], .role = 1u << (what >> 14)};
  int branch = what >> 6 & 255;
  if (branch) chosen.branch = &chosen.step->branches[branch - 1];
  return chosen;
}

static bool plan(Month *month, OrderId id, Error *error) {
  const LiveEntry *entry = live_find(&month->rooms.orders->live, id);
  ClockSet clocks;
  DriveStep chosen;
  if (!entry) return true;
  live_get_clocks(&month->rooms.orders->live, entry, &clocks);
  if (drive_choose(&chosen, &month->random, &entry->order, &clocks, month->now))
    return put(month, chosen.at, pack(&entry->order, &chosen), id.value, error);
  return put(month, month->now + LOOKS_AGAIN, WHAT_LOOKS, id.value, error);
}

static const char *actor_of(Month *month, const Order *order, uint32_t role, char out[40]) {
  if (role == KIND_ROLE_CUSTOMER) snprintf(out, 40, "customer:%lld", (long long)order->customer.value);
  else snprintf(out, 40, "staff:%u", 1000 * (1 + (unsigned)__builtin_ctz(role)) + random_below(&month->random, PEOPLE_A_ROLE));
  return out;
}

/* Refused before anything was written: somebody else was quicker, or it may be done so often only. */
static bool was_refused(Error *error) {
  switch (error->code) {
    case ERROR_ORDER_SAME_PERSON:
    case ERROR_ORDER_STEP_TIMES:
    case ERROR_ORDER_STEP_NOT_NOW:
    case ERROR_ORDER_STEP_BEFORE:
    case ERROR_ORDER_MERGE:
    case ERROR_ORDER_WAITS: error_clear(error); return true;
    default: return false;
  }
}

static bool merge_target(const Month *month, const Order *order, OrderId *out) {
  const Order *main = order_find(month->rooms.orders, month->last_order[order->kind->row]);
  if (!main || main == order || main->kind != order->kind || main->main.value || main->ladder >= LADDER_RESTORED) return false;
  *out = main->id;
  return true;
}

static bool take_step(Month *month, const Order *order, const DriveStep *chosen, Error *error) {
  char actor[40];
  json_t *fields;
  DriveForm form = form_of(month);
  OrderId id = order->id;
  const KindStep *step = chosen->step;
  Text kind = order->kind->origin.id;
  if (step->effect == EFFECT_MERGE && !merge_target(month, order, &form.order)) return true;
  if (!drive_fill(&fields, &form, step->fields, step->field_count, chosen->branch, step->effect != EFFECT_FILL_IN, error)) return false;
  month->context->actor = text_of(actor_of(month, order, chosen->role, actor));
  OrderStep ask = {.order = id, .step = step->id, .fields = fields, .roles = chosen->role, .version = order->version};
  bool ok = order_step(month->context, month->rooms.orders, &ask, error);
  json_decref(fields);
  month->context->actor = TEXT("system");
  if (ok) month->figures.steps++;
  else if (was_refused(error)) month->figures.refused++;
  else return error_at(error, "%.*s %.*s", TEXT_ARG(kind), TEXT_ARG(step->id));
  return true;
}

static bool act(Month *month, const AgendaItem *item, Error *error) {
  OrderId id = {item->subject};
  if (item->what == WHAT_ARRIVES) {
    const OrderKind *kind = book_kind_of(month->rooms.orders->book, text_of(MONTH_RATES[item->subject].kind));
    return accept_one(month, kind, &id, error) && (!id.value || plan(month, id, error)) &&
           put_next_arrival(month, (size_t)item->subject, item->at, error);
  }
  const Order *order = order_find(month->rooms.orders, id);
  if (!order) return true;
  DriveStep chosen = item->what >= 0 ? unpack(order, item->what) : (DriveStep){0};
  if (item->what >= 0 && drive_can(order, &chosen) && !take_step(month, order, &chosen, error)) return false;
  return plan(month, id, error);
}

/* An order that came of another is taken up like any other. */
static bool hear_accepted(DeskContext *context, const Event *event, void *self, Error *error) {
  Month *month = self;
  (void)context;
  if (text_find(event->data, TEXT("\"parent\":")) < 0) return true;
  month->figures.accepted++;
  return plan(month, (OrderId){event->subject_id}, error);
}

static bool work_until(DeskContext *context, void *self, Error *error) {
  Month *month = self;
  Instant until = context->now;
  AgendaItem item;
  month->context = context;
  for (Instant next; (next = agenda_next(&month->agenda)) != INSTANT_NONE && next <= until;) {
    if (!agenda_take(&month->agenda, &item)) break;
    if (item.at > month->now) month->now = item.at;
    context->now = month->now;
    if (!act(month, &item, error)) return false;
  }
  month->now = context->now = until;
  return true;
}

static bool pass(Month *month, Instant until, Error *error) {
  time_virtual(month->rooms.time, until);
  Instant next = agenda_next(&month->agenda);
  if (next != INSTANT_NONE && next <= until && !desk_do(month->rooms.desk, work_until, month, TEXT("system"), error)) return false;
  month->now = until;
  month->figures.ticks++;
  return desk_tick(month->rooms.desk, error);
}

static bool work_fund(DeskContext *context, void *self, Error *error) {
  (void)self;
  return fund_add(context, (OrderId){0}, FUND_FEN, TEXT("年度奖励"), error);
}

bool month_open(Month **out, const MonthRooms *rooms, const MonthOptions *options, Error *error) {
  Month *month = memory_new(sizeof *month);
  if (!month) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "month");
  *out = month;
  month->rooms = *rooms;
  month->options = *options;
  if (!month->options.step) month->options.step = SPAN_MINUTE;
  month->now = options->from;
  month->until = options->from + options->days * SPAN_DAY;
  random_fork(&month->random, options->seed, 0x307);
  for (size_t i = 0; i < people_org_count(rooms->people); i++)
    if (text_is(people_org(rooms->people, i)->level, "county")) month->county_org = people_org(rooms->people, i)->id;
  if (!month->county_org && people_org_count(rooms->people)) month->county_org = people_org(rooms->people, 0)->id;
  time_virtual(rooms->time, options->from);
  desk_on(rooms->desk, "order.accepted", hear_accepted, month);
  bool ok = people_customer_count(rooms->people) > 0 ? true : error_raise(error, ERROR_NOT_FOUND, "%s\t%s", "customers.csv", "a customer");
  ok = ok && desk_do(rooms->desk, work_fund, NULL, TEXT("system"), error);
  for (size_t i = 0; ok && MONTH_RATES[i].kind; i++)
    ok = book_kind_of(rooms->orders->book, text_of(MONTH_RATES[i].kind))
             ? put_next_arrival(month, i, options->from, error)
             : error_raise(error, ERROR_NOT_FOUND, "kind\t%s", MONTH_RATES[i].kind);
  if (ok) return true;
  month_close(month);
  return false;
}

void month_close(Month *month) {
  if (!month) return;
  agenda_free(&month->agenda);
  memory_free(month);
}

bool month_run(Month *month, Error *error) {
  while (month->now < month->until)
    if (!pass(month, month->now + month->options.step, error)) return false;
  return true;
}

/* Nothing new comes; the last orders take weeks, so time goes by the hour. */
bool month_drain(Month *month, Error *error) {
  Instant last = month->now + month->options.drain_days * SPAN_DAY;
  Span step = month->options.step > SPAN_HOUR ? month->options.step : SPAN_HOUR;
  while (order_count(month->rooms.orders) && month->now < last)
    if (!pass(month, month->now + step, error)) return false;
  return true;
}

typedef struct Many {
  Month *month;
  size_t count;
} Many;

static bool work_many(DeskContext *context, void *self, Error *error) {
  Many *many = self;
  OrderId id;
  many->month->context = context;
  double sum = 0;
  for (size_t i = 0; MONTH_RATES[i].kind; i++) sum += MONTH_RATES[i].a_month;
  for (size_t n = 0; n < many->count; n++) {
    double at = random_unit(&many->month->random) * sum;
    size_t row = 0;
    while (MONTH_RATES[row + 1].kind && (at -= MONTH_RATES[row].a_month) >= 0) row++;
    const OrderKind *kind = book_kind_of(many->month->rooms.orders->book, text_of(MONTH_RATES[row].kind));
    if (!accept_one(many->month, kind, &id, error)) return false;
  }
  return true;
}

bool month_accept_many(Month *month, size_t count, Error *error) {
  enum { AT_ONCE = 1000 };
  for (size_t done = 0; done < count; done += AT_ONCE) {
    Many many = {month, count - done < AT_ONCE ? count - done : AT_ONCE};
    time_virtual(month->rooms.time, month->now += SPAN_SECOND);
    if (!desk_do(month->rooms.desk, work_many, &many, TEXT("system"), error)) return false;
  }
  return true;
}

/* --- what is open, and why --- */

static MonthOpen *row_of(MonthSummary *out, const Order *order) {
  Text kind = order->kind->origin.id, state = order->kind->states[order->state].id;
  for (size_t i = 0; i < out->open_count; i++)
    if (text_equal(out->at[i].kind, kind) && text_equal(out->at[i].state, state)) return &out->at[i];
  if (out->open_count == MONTH_STATES_SHOWN) return &out->at[MONTH_STATES_SHOWN - 1];
  out->at[out->open_count] = (MonthOpen){.kind = kind, .state = state};
  return &out->at[out->open_count++];
}

static int by_count(const void *a, const void *b) {
  int64_t x = ((const MonthOpen *)a)->count, y = ((const MonthOpen *)b)->count;
  return x < y ? 1 : -(x > y);
}

/* When somebody next looks at it, there is something to do. */
static bool somebody_can(const Month *month, const Order *order) {
  Random random = month->random;
  ClockSet clocks;
  DriveStep chosen;
  live_get_clocks(&month->rooms.orders->live, live_find(&month->rooms.orders->live, order->id), &clocks);
  return drive_choose(&chosen, &random, order, &clocks, month->now);
}

void month_summarize(Month *month, MonthSummary *out) {
  const Orders *orders = month->rooms.orders;
  Map planned = {0};
  *out = month->figures;
  out->open = (int64_t)order_count(orders);
  out->archived = out->accepted - out->open;
  for (size_t i = 0; i < month->agenda.heap.count; i++) {
    const AgendaItem *item = &month->agenda.heap.at[i];
    bool kept = item->what == WHAT_ARRIVES || map_put(&planned, item->subject, item->what);
    if (!kept) break; /* counted as unmoved: the summary says so */
  }
  for (size_t i = 0; i < order_count(orders); i++) {
    const Order *order = order_at(orders, i);
    int64_t what;
    MonthOpen *row = row_of(out, order);
    bool waits = order->children || order->main.value, has = map_get(&planned, order->id.value, &what);
    Instant due = live_nearest_due(&orders->live, live_find(&orders->live, order->id), NULL);
    row->count++;
    row->moving += has && what >= 0;
    row->waiting += has && what < 0 && waits;
    row->suspended += order->suspended;
    row->broken += due != LIVE_NEVER && due < month->now;
    out->unmoved += !has || (what < 0 && !waits && !somebody_can(month, order));
  }
  qsort(out->at, out->open_count, sizeof *out->at, by_count);
  map_free(&planned);
}
