/* One change of one order: rows and events first, then memory. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "order/board.h"

static Text state_id(const Order *order, unsigned state) { return order->kind->states[state].id; }

void order_write_facts(Json *json, const Order *order) {
  char number[24];
  snprintf(number, sizeof number, "%lld", (long long)order->number);
  json_put_string(json, "number", number);
  json_put_text(json, "kind", order->kind->origin.id);
  json_put_string(json, "ladder", kind_ladder_name((OrderLadder)order->ladder));
  json_put_id(json, "outage_id", order->outage.value);
  json_put_i64(json, "version", order->version);
}

void order_begin_event(Orders *orders, Json *json, const Order *order) {
  buffer_clear(&orders->data);
  json_begin(json, &orders->data);
  json_open_object(json);
  order_write_facts(json, order);
}

bool order_end_event(DeskContext *context, Orders *orders, Json *json, const char *kind, const Order *order, Error *error) {
  json_close(json);
  if (orders->data.failed) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "event");
  return desk_event(context, kind, "order", order->id.value, buffer_as_text(&orders->data), error);
}


void change_begin(Change *change, const Orders *orders, LiveEntry *entry) {
  *change = (Change){.entry = entry, .after = entry->order, .event = "order.step", .outage_was = entry->order.outage, .received_at = INSTANT_NONE};
  live_get_clocks(&orders->live, entry, &change->clocks);
  change->after.version++;
}

int64_t order_actor_staff(Text actor) {
  int64_t staff = 0;
  return text_starts(actor, TEXT("staff:")) && text_to_i64(text_slice(actor, 6, actor.len), &staff) ? staff : 0;
}

void order_note_step(Order *order, const KindStep *step, bool enters) {
  uint64_t bit = 1ull << (step - order->kind->steps);
  if (step->needs >= 0) order->done &= ~(1ull << step->needs);
  order->done = enters ? 0 : order->done | bit;
  order->ever |= bit;
  if (step->visit && order->visits < UINT16_MAX) order->visits++;
}

/* To whom it goes now. */
static void assign(DeskContext *context, const Orders *orders, const Change *change, Order *order, CrewId crew) {
  int64_t staff = form_id(change->fields, "staff");
  size_t org;
  switch ((KindAssigns)change->step->assigns) {
    case ASSIGNS_NOTHING: break;
    case ASSIGNS_CREW: if (crew.value) order->crew = crew; break;
    case ASSIGNS_NOBODY: order->crew = (CrewId){0}, order->assignee = (StaffId){0}; break;
    case ASSIGNS_TAKER: order->assignee = (StaffId){order_actor_staff(context->actor)}; break;
    case ASSIGNS_STAFF:
      if (staff) order->assignee = (StaffId){staff};
      else order_route(orders, order, change->fields);
      break;
    case ASSIGNS_ORG:
      order->assignee = (StaffId){staff};
      if (orders->people && people_org_row(orders->people, form_id(change->fields, "org"), &org)) order->to_org = (uint32_t)org;
      break;
  }
}

void change_apply(DeskContext *context, const Orders *orders, Change *change, CrewId crew) {
  const KindStep *step = change->step;
  const KindBranch *branch = change->branch;
  Order *order = &change->after;
  int to = branch && branch->to >= 0 ? branch->to : step->to;
  change->reopens = branch ? branch->reopens : step->reopens;
  change->outcome = branch && branch->outcome.at ? branch->outcome : step->outcome;
  if (to >= 0) {
    order->state = (uint16_t)to;
    order->state_since = context->now;
    order->ladder = order->kind->states[to].ladder;
    change->closes = order->kind->states[to].final;
  }
  if (branch && branch->try) order->callback_tries++;
  if (change->reopens) order->reopened++, order->callback_tries = 0;
  Instant until = order_until(form_text(change->fields, "until"));
  for (size_t i = 0; i < order->kind->step_count && until != INSTANT_NONE; i++) /* a step that asks for a suspension says until when */
    if (order->kind->steps[i].effect == EFFECT_SUSPEND && order->kind->steps[i].needs == step - order->kind->steps) order->until = until;
  if (step->effect == EFFECT_SUSPEND) order->suspended = true;
  if (step->effect == EFFECT_RESUME || to >= 0) order->suspended = false;
  if (step->effect == EFFECT_URGENCY) {
    Text urgency = form_text(change->fields, "urgency");
    order->urgency = text_is(urgency, "life") ? 2 : text_is(urgency, "urgent") ? 1 : 0;
  }
  if (step->effect == EFFECT_CALL_AGAIN && order->calls < UINT16_MAX) order->calls++, order->repeats++;
  if (step->effect == EFFECT_MERGE) order->main = (OrderId){form_id(change->fields, "order")};
  if (step->effect == EFFECT_UNMERGE || step->effect == EFFECT_MAIN_DONE) order->main = (OrderId){0};
  order_note_step(order, step, to >= 0);
  assign(context, orders, change, order, crew);
  fold_event(&change->clocks, &change->changed, order->kind, order->area, branch ? branch->event : step->event, change->closes,
             context->now);
}

static bool write_texts(DeskContext *context, Orders *orders, const Change *change, Error *error) {
  Json json;
  bool any;
  buffer_clear(&orders->words);
  json_begin(&json, &orders->words);
  form_write(&json, change->step->fields, change->step->field_count, change->fields, true, &any);
  if (orders->words.failed) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "order");
  return any ? store_insert_text(context, change->after.id, change->after.version, buffer_as_text(&orders->words), error) : true;
}

static bool write_row(DeskContext *context, Orders *orders, const Change *change, Error *error) {
  char entry[48];
  Buffer trail = {.at = entry, .room = sizeof entry, .limit = sizeof entry};
  if (change->step)
    trail_add(&trail, change->branch ? change->branch->event : change->step->event,
              context->now > change->after.accepted_at ? context->now - change->after.accepted_at : 0);
  if (!store_update_order(context, &change->after,
                          change->after.to_org != ORDER_NO_ORG ? people_org(orders->people, change->after.to_org)->id : 0, buffer_as_text(&trail), change->outcome, change->closes, error)) return false;
  for (size_t c = 0; c < change->after.kind->clock_count; c++)
    if (change->changed.ended & 1u << c && !board_add(context, orders, &change->after, c, &change->clocks.at[c], error)) return false;
  if (!change->step) return true;
  return order_hold_files(context, orders, &change->after, change->step->fields, change->step->field_count, change->fields, error) &&
         write_texts(context, orders, change, error) && figure_step(context, orders, change, error) &&
         (change->step->effect != EFFECT_PAY || fund_pay(context, orders, change, error));
}

static bool write_change_event(DeskContext *context, Orders *orders, const Change *change, Error *error) {
  const Order *order = &change->after;
  Json json;
  order_begin_event(orders, &json, order);
  if (change->step) {
    json_put_text(&json, "step", change->step->id);
    if (change->branch) json_put_text(&json, "branch", change->branch->id);
    json_put_text(&json, "from", state_id(order, change->entry->order.state));
    json_put_text(&json, "to", state_id(order, order->state));
    json_put_id(&json, "crew_id", order->crew.value);
    json_put_id(&json, "assignee_id", order->assignee.value);
    if (change->received_at != INSTANT_NONE) json_put_instant(&json, "received_at", change->received_at);
  }
  if (order->calls != change->entry->order.calls) json_put_i64(&json, "calls", order->calls);
  if (order->outage.value != change->outage_was.value) {
    json_put_id(&json, "outage", order->outage.value);
    json_put_id(&json, "was", change->outage_was.value);
  }
  if (change->step && change->fields && json_object_size(change->fields)) {
    bool any;
    json_key(&json, "fields");
    form_write(&json, change->step->fields, change->step->field_count, change->fields, false, &any);
  }
  return order_end_event(context, orders, &json, change->event, order, error);
}

static bool write_more_events(DeskContext *context, Orders *orders, const Change *change, Error *error) {
  const Order *order = &change->after;
  Json json;
  for (size_t c = 0; c < order->kind->clock_count; c++)
    for (unsigned mark = 0; mark < CLOCK_MARKS_MAX; mark++)
      if (change->changed.reached[c] & 1u << mark && !order_clock_event(context, orders, order, &change->clocks.at[c], c, mark, error))
        return false;
  if (change->reopens) {
    order_begin_event(orders, &json, order);
    json_put_text(&json, "why",
                  change->branch                              ? change->branch->id
                  : change->step->effect == EFFECT_CALL_AGAIN ? TEXT("called_again")
                                                              : change->step->id);
    json_put_i64(&json, "reopened", order->reopened);
    if (!order_end_event(context, orders, &json, "order.reopened", order, error)) return false;
  }
  if (change->closes) {
    order_begin_event(orders, &json, order);
    json_put_text(&json, "state", state_id(order, order->state));
    if (!order_end_event(context, orders, &json, "order.archived", order, error)) return false;
  }
  return true;
}

/* The count of open orders merged into another follows each of them. */
static void count_merged(Live *live, OrderId was, OrderId is) {
  LiveEntry *left = was.value ? live_find(live, was) : NULL, *joined = is.value ? live_find(live, is) : NULL;
  if (left && left->order.merged) left->order.merged--;
  if (joined) joined->order.merged++;
}

bool change_make(DeskContext *context, Orders *orders, const Change *change, Error *error) {
  Live *live = &orders->live;
  if (!live_reserve(live, error) || !write_row(context, orders, change, error) || !write_change_event(context, orders, change, error) ||
      !write_more_events(context, orders, change, error))
    return false;
  if (change->closes) {
    LiveEntry *parent = change->after.parent.value ? live_find(live, change->after.parent) : NULL;
    if (parent && parent->order.children) parent->order.children--;
    count_merged(live, change->entry->order.main, (OrderId){0});
    live_remove(live, change->entry);
    return true;
  }
  if (change->entry->order.main.value != change->after.main.value)
    count_merged(live, change->entry->order.main, change->after.main);
  live_change(live, change->entry, &change->after);
  order_note_until(orders, &change->after);
  live_put_clocks(live, change->entry, &change->clocks, change->changed.touched);
  return true;
}
