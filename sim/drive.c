#include "sim/drive.h"

#include <stdio.h>

#include "order/form.h"
#include "order/order_inside.h"

enum { PEOPLE = 63, PROMPT = 97, PATIENCE = 150 /* changes of one order, then it is brought to its end */ };

/* How one step weighs against the others, of the usual next one as 1. */
static const double BACK = 0.03, REPEATED = 0.5, SHORT_CUT = 0.02, SIDE = 0.004, WANTED = 2, SEEN_BY_OTHERS = 0.3, ENOUGH = 100;

static uint64_t bit_of(const OrderKind *kind, const KindStep *step) { return 1ull << (step - kind->steps); }

static int leads_to(const KindStep *step, const KindBranch *branch) { return branch && branch->to >= 0 ? branch->to : step->to; }

static bool running(const ClockSet *clocks, size_t c) { return clocks->started & 1u << c && clocks->at[c].phase == CLOCK_RUNNING; }

static bool stops_clock(const Order *order, const ClockSet *clocks, unsigned event) {
  for (size_t c = 0; c < order->kind->clock_count; c++)
    if (running(clocks, c) && order->kind->clocks[c].on[event] == ACT_STOP) return true;
  return false;
}

/* Another step from here cannot be taken before this one. */
static bool is_waited_for(const Order *order, const KindStep *step) {
  uint64_t bit = bit_of(order->kind, step);
  for (size_t i = 0; i < order->kind->step_count && !(order->ever & bit); i++) {
    const KindStep *other = &order->kind->steps[i];
    if (other->from >> order->state & 1 && other->after & bit && other->to >= 0) return true;
  }
  return false;
}

static double weigh_side(const Order *order, const ClockSet *clocks, const KindStep *step) {
  if (step->effect == EFFECT_RESUME) return 1;
  if (step->needs >= 0) return 4; /* somebody asked for it and waits */
  if (is_waited_for(order, step) || stops_clock(order, clocks, step->event)) return WANTED;
  if (step->once && step->branch_count) return 1; /* one of several approvals */
  return step->once ? SEEN_BY_OTHERS : SIDE;
}

/* How far the step brings the order on its ladder; 0: along it. */
static double weigh(const Order *order, const ClockSet *clocks, const KindStep *step) {
  const OrderKind *kind = order->kind;
  if (!order_may_take(order, step, PEOPLE | KIND_ROLE_CUSTOMER) || (step->waits && order->children)) return 0;
  if (step->effect == EFFECT_MERGE) return order->merged || order->main.value ? 0 : SIDE;
  if (step->effect == EFFECT_UNMERGE) return SHORT_CUT;
  int to = leads_to(step, step->branch_count ? &step->branches[0] : NULL);
  if (to < 0 || step->effect == EFFECT_RESUME || step->effect == EFFECT_SUSPEND || (step->once && step->branch_count))
    return weigh_side(order, clocks, step);
  int jump = (int)kind->states[to].ladder - (int)order->ladder;
  if (order->version > PATIENCE) return kind->states[to].final ? ENOUGH * ENOUGH : jump > 0 ? ENOUGH : BACK;
  if (step->reopens || jump < 0) return BACK;
  if (kind->states[to].final && order->ladder < LADDER_RESTORED && order->ladder != LADDER_CLOSED - 1) return SHORT_CUT;
  if (to == order->state) return SHORT_CUT;
  return jump == 0 && order->ever & bit_of(kind, step) ? REPEATED : 1;
}

/* Of those that bring it on, the nearest is the usual one. */
static void prefer_nearest(const Order *order, double *weights) {
  const OrderKind *kind = order->kind;
  int nearest = LADDER_CLOSED + 1;
  for (int round = 0; round < 2; round++)
    for (size_t i = 0; i < kind->step_count; i++) {
      const KindStep *step = &kind->steps[i];
      int to = leads_to(step, step->branch_count ? &step->branches[0] : NULL);
      int jump = to >= 0 ? (int)kind->states[to].ladder - (int)order->ladder : 0;
      if (weights[i] != 1 || jump <= 0) continue;
      if (round == 0 && jump < nearest) nearest = jump;
      if (round == 1 && jump > nearest) weights[i] = SHORT_CUT;
    }
}

static const KindBranch *choose_branch(Random *random, const KindStep *step) {
  double sum = 0, weights[KIND_EVENTS_MAX];
  for (size_t b = 0; b < step->branch_count; b++) {
    const KindBranch *branch = &step->branches[b];
    bool said = branch->field >= 0 && branch->is.at && !branch->after;
    weights[b] = !said ? 0 : b == 0 ? 90 : branch->reopens ? 2 : branch->try ? 6 : 4;
    sum += weights[b];
  }
  double at = random_unit(random) * sum;
  for (size_t b = 0; b < step->branch_count; b++)
    if ((at -= weights[b]) < 0) return &step->branches[b];
  return NULL;
}

static uint32_t choose_role(Random *random, uint32_t roles) {
  uint32_t bits[32];
  uint32_t count = 0;
  for (uint32_t bit = 1; bit <= KIND_ROLE_CUSTOMER; bit <<= 1)
    if (roles & bit & (PEOPLE | KIND_ROLE_CUSTOMER)) bits[count++] = bit;
  return count ? bits[random_below(random, count)] : 0;
}

/* --- when --- */

static Span chance_span(Random *random, Span least, Span most) { return least + (Span)(random_unit(random) * (double)(most - least)); }

static Span usual_delay(Random *random, uint32_t role) {
  static const struct {
    uint32_t role;
    double minutes;
  } USUAL[] = {{KIND_ROLE_AGENT, 6}, {KIND_ROLE_DISPATCHER, 4}, {KIND_ROLE_CREW, 25}, {KIND_ROLE_MANAGER, 180}, {KIND_ROLE_HEAD, 360},
               {KIND_ROLE_ADMINISTRATOR, 240}, {KIND_ROLE_CUSTOMER, 1200}};
  double minutes = 30;
  for (size_t i = 0; i < sizeof USUAL / sizeof *USUAL; i++)
    if (USUAL[i].role == role) minutes = USUAL[i].minutes;
  return SPAN_SECOND + (Span)(random_exponential(random, minutes) * (double)SPAN_MINUTE);
}

/* Managers and heads are in the office, or out in their grid, from eight to six. */
static Instant in_the_day(Random *random, uint32_t role, Instant at) {
  if (!(role & (KIND_ROLE_MANAGER | KIND_ROLE_HEAD | KIND_ROLE_ADMINISTRATOR))) return at;
  Civil day = civil_of(at, ZONE_SHANGHAI);
  if (day.hour >= 8 && day.hour < 18) return at;
  Instant morning = instant_of((Civil){.year = day.year, .month = day.month, .day = day.day + (day.hour >= 18), .hour = 8}, ZONE_SHANGHAI);
  return morning + chance_span(random, 0, SPAN_HOUR);
}

static Instant choose_time(Random *random, const Order *order, const ClockSet *clocks, const DriveStep *chosen, Instant now) {
  const OrderKind *kind = order->kind;
  unsigned event = chosen->branch ? chosen->branch->event : chosen->step->event;
  bool prompt = random_below(random, 100) < PROMPT;
  Instant nearest = INSTANT_NONE, taken = INSTANT_NONE;
  unsigned percent = (unsigned)(prompt ? random_between(random, 15, 90) : random_between(random, 101, 140));
  if (chosen->step->effect == EFFECT_RESUME) return now + chance_span(random, SPAN_HOUR, 6 * SPAN_DAY);
  for (size_t c = 0; c < kind->clock_count; c++) {
    if (!running(clocks, c)) continue;
    const ClockPromise *promise = &kind->clocks[c].promise->clock;
    Instant due = clock_due(&clocks->at[c], promise);
    if (kind->clocks[c].on[event] == ACT_STOP) {
      Instant at = clock_at(&clocks->at[c], promise, percent);
      if (at != INSTANT_NONE && at > now && (taken == INSTANT_NONE || at < taken)) taken = at;
    }
    if (due != INSTANT_NONE && due > now && (nearest == INSTANT_NONE || due < nearest)) nearest = due;
  }
  if (taken != INSTANT_NONE) return taken + chance_span(random, 0, SPAN_SECOND);
  Instant at = in_the_day(random, chosen->role, now + usual_delay(random, chosen->role));
  if (prompt && nearest != INSTANT_NONE && at > now + (nearest - now) / 3) /* they know what is promised next */
    at = now + (Span)((0.05 + 0.28 * random_unit(random)) * (double)(nearest - now));
  return at > now ? at : now + SPAN_SECOND;
}

bool drive_choose(DriveStep *out, Random *random, const Order *order, const ClockSet *clocks, Instant now) {
  const OrderKind *kind = order->kind;
  double weights[KIND_STEPS_MAX], sum = 0, moves = 0;
  for (size_t i = 0; i < kind->step_count; i++) weights[i] = weigh(order, clocks, &kind->steps[i]);
  prefer_nearest(order, weights);
  for (size_t i = 0; i < kind->step_count; i++) sum += weights[i], moves += weights[i] > SIDE ? weights[i] : 0;
  bool waits = order->children || order->main.value;
  if (sum == 0 || (waits && random_unit(random) > moves)) return false;
  double at = random_unit(random) * sum;
  size_t drawn = kind->step_count;
  for (size_t i = 0; i < kind->step_count && drawn == kind->step_count; i++)
    if (weights[i] > 0 && (at -= weights[i]) < 0) drawn = i;
  if (drawn == kind->step_count) return false;
  *out = (DriveStep){.at = INSTANT_NONE};
  for (size_t i = 0; i < kind->step_count; i++) { /* of the usual ones several people may be about: the first of them acts */
    if (i != drawn && !(weights[i] >= 1 && weights[drawn] >= 1)) continue;
    DriveStep one = {.step = &kind->steps[i], .branch = choose_branch(random, &kind->steps[i]), .role = choose_role(random, kind->steps[i].roles)};
    one.at = choose_time(random, order, clocks, &one, now);
    if (out->at == INSTANT_NONE || one.at < out->at) *out = one;
  }
  return true;
}

bool drive_can(const Order *order, const DriveStep *chosen) {
  return order_may_take(order, chosen->step, chosen->role) && !(chosen->step->waits && order->children) &&
         !(chosen->step->effect == EFFECT_MERGE && (order->merged || order->main.value));
}

/* --- what is filled in --- */

static json_t *id_text(int64_t id) {
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)id);
  return json_string(text);
}

static json_t *day_text(Instant at) {
  char text[16];
  Civil day = civil_of(at, ZONE_SHANGHAI);
  snprintf(text, sizeof text, "%04d-%02d-%02d", day.year, day.month, day.day);
  return json_string(text);
}

static json_t *value_for(const DriveForm *form, const KindField *field, Text wanted, Error *error) {
  char text[INSTANT_TEXT_MAX];
  int64_t id;
  Random *random = form->random;
  size_t choice = field->choice_count ? random_below(random, (uint32_t)field->choice_count) : 0;
  switch ((KindFieldType)field->type) {
    case FIELD_TEXT: snprintf(text, sizeof text, "%06u", 1 + random_below(random, 999999)); return json_string(text);
    case FIELD_NOTE: return json_string("经核实, 已按规定处理");
    case FIELD_CHOICE: return wanted.at ? json_stringn(wanted.at, wanted.len) : json_string(field->choices[choice].id);
    case FIELD_CHOICES: return json_pack("[s]", wanted.at ? wanted.at : field->choices[choice].id);
    case FIELD_TIME: return json_string(instant_to_text(form->now + 2 * SPAN_HOUR, ZONE_SHANGHAI, text));
    case FIELD_DATE: return day_text(form->now + 10 * SPAN_DAY);
    case FIELD_BOOL: return json_boolean(wanted.at ? !text_is(wanted, "no") : true);
    case FIELD_NUMBER: return json_real(field->least > 1 ? field->least : field->most < 1 ? field->most : 1);
    case FIELD_WHOLE:
    case FIELD_MONEY: return json_integer(field->least > 1 ? (json_int_t)field->least : 1);
    case FIELD_PHONE: return json_string("13900000000");
    case FIELD_FILE: return form->upload(form->self, &id, error) ? id_text(id) : NULL;
    case FIELD_ORG: return id_text(form->org_id);
    case FIELD_ORDER: return id_text(form->order.value ? form->order.value : 31);
    case FIELD_CREW: return id_text(1 + random_below(random, 50));
    case FIELD_STAFF: return id_text(4000 + random_below(random, 600));
    case FIELD_OUTAGE:
    case FIELD_CUSTOMER: return id_text(31);
  }
  return NULL;
}

bool drive_fill(json_t **out, const DriveForm *form, const KindField *fields, size_t count, const KindBranch *branch, bool more, Error *error) {
  json_t *values = json_object();
  for (size_t i = 0; values && i < count; i++) {
    bool speaks = fields[i].when_field < 0 || form_says(values, &fields[fields[i].when_field], fields[i].when_is);
    bool said = branch && branch->field == (int)i;
    bool extra = more && fields[i].type != FIELD_FILE && random_below(form->random, 4) == 0;
    if (!speaks || !(fields[i].required || said || extra)) continue;
    json_t *value = value_for(form, &fields[i], said ? branch->is : TEXT_NONE, error);
    if (!value || json_object_set_new(values, fields[i].id.at, value) != 0) {
      json_decref(values);
      return error->code ? false : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "form");
    }
  }
  *out = values;
  return values ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "form");
}
