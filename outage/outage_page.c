#include "outage/outage_page.h"

#include "outage/outage_belief.h"

#include <stdio.h>
#include <stdlib.h>

#include "order/kind.h"
#include "order/order_list.h"
#include "order/order_write.h"

enum { ORDERS_SHOWN = 500, NEIGHBOURS_SHOWN = 20, EARLIER_SHOWN = 10, CANDIDATES_SHOWN = 60, CHILDREN_SHOWN = 500 };

/* --- orders --- */

typedef struct Shown {
  const Outages *outages;
  HttpRequest *request;
  Json *json;
  int left;
  OrderId but;  /* not this one */
} Shown;

static void show_order(Shown *shown, const Order *order) {
  const LiveEntry *entry = live_find(&shown->outages->orders->live, order->id);
  ClockSet clocks;
  live_get_clocks(&shown->outages->orders->live, entry, &clocks);
  write_summary(shown->json, shown->outages->orders, order, &clocks, shown->request->arena, shown->request->now);
}

/* Of an outage above several parts everybody sees that it is, and how large; of its orders and households, his own. */
static bool show_open(void *self, const Order *order) {
  Shown *shown = self;
  if (!order_is_theirs(shown->outages->orders, order, shown->request->who.org_id)) return true;
  show_order(shown, order);
  return --shown->left > 0;
}

static bool show_ended(void *self, const OrderRow *row, const ClockSet *clocks, Error *error) {
  Shown *shown = self;
  (void)error;
  write_summary(shown->json, shown->outages->orders, &row->order, clocks, shown->request->arena, shown->request->now);
  return true;
}

/* Its open orders; of one that is over, those that are archived. */
static bool write_orders(Shown *shown, const Record *record, Error *error) {
  json_key(shown->json, "orders");
  json_open_array(shown->json);
  bool ok = true;
  shown->left = ORDERS_SHOWN;
  if (record->closed_at == INSTANT_NONE) {
    order_of_outage(shown->outages->orders, record->o.id, show_open, shown);
  } else {
    ListWish wish = {.outage = record->o.id, .part = shown->request->who.org_id};
    int64_t next;
    ok = list_ended(&next, shown->outages->orders, shown->request->db, &wish, id_newest(record->closed_at), ORDERS_SHOWN, show_ended, shown, error);
  }
  json_close(shown->json);
  return ok;
}

/* --- history --- */

static const struct Word {
  const char *kind, *step, *zh, *en;
} WORDS[] = {
  {"outage.found", NULL, "发现停电", "Found"},
  {"outage.changed", NULL, "来电扩大研判范围", "Further calls"},
  {"outage.confirmed", NULL, "确认停电", "Confirmed"},
  {"outage.moved", NULL, "调整故障设备", "Moved to another device"},
  {"outage.split", NULL, "拆分", "Split off"},
  {"outage.merged", NULL, "合并", "Merged"},
  {"outage.dismissed", NULL, "排除停电", "Dismissed"},
  {"outage.eta", NULL, "预计恢复时间", "Time of restoration"},
  {"outage.undone", NULL, "撤销更改", "Undone"},
  {"outage.restored", NULL, "恢复供电", "Power is back"},
  {"outage.closed", NULL, "归档", "Closed"},
  {"outage.progress", "no_crew", "班组撤回", "The crew is withdrawn"},
  {"outage.progress", "assigned", "派出班组", "A crew is sent"},
  {"outage.progress", "taken", "班组接单", "The crew has taken it"},
  {"outage.progress", "on_the_way", "班组出发", "The crew is on its way"},
  {"outage.progress", "on_site", "班组到达现场", "The crew is on site"},
  {"outage.progress", "surveyed", "完成现场勘察", "Surveyed"},
  {"outage.progress", "working", "开始抢修", "The repair begins"},
  {"outage.progress", "replied", "班组反馈结果", "The crew has reported"},
};

typedef struct Story {
  const Outages *outages;
  HttpRequest *request;
  Json *json;
} Story;

static Text actor_name(const Story *story, Text actor) {
  int64_t staff;
  const Outages *outages = story->outages;
  if (!text_starts(actor, TEXT("staff:")) || !text_to_i64(text_slice(actor, 6, actor.len), &staff) || !outages->name_of) return TEXT_NONE;
  return outages->name_of(outages->name_self, staff, story->request->arena);
}

static Text device_name(const Outages *outages, const json_t *id) {
  DeviceId device = {0};
  uint32_t index;
  const char *text = json_string_value(id);
  return text && text_to_i64(text_of(text), &device.value) && grid_index_of(outages->grid, device, &index) ? grid_name(outages->grid, index) : TEXT_NONE;
}

static bool write_event(void *self, const Event *event) {
  Story *story = self;
  Json *json = story->json;
  json_t *data = json_loadb(event->data.at, event->data.len, 0, NULL);
  if (!data) json->out->failed = true; /* no memory: better no page than one with less on it */
  const json_t *was = json_object_get(data, "was");
  const char *step = json_string_value(json_object_get(data, "stage"));
  const struct Word *word = NULL;
  for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS && !word; i++)
    if (text_is(event->kind, WORDS[i].kind) && (!WORDS[i].step || (step && strcmp(step, WORDS[i].step) == 0))) word = &WORDS[i];
  bool counts_only = text_is(event->kind, "outage.changed") && !was;
  if (word && !counts_only) {
    json_open_object(json);
    json_put_i64(json, "seq", event->seq);
    json_put_instant(json, "at", event->at);
    json_put_text(json, "actor", event->actor);
    json_put_text(json, "actor_name", actor_name(story, event->actor));
    json_put_text(json, "kind", event->kind);
    json_put_string(json, "step", step);
    json_put_string(json, "name_zh", word->zh);
    json_put_string(json, "name_en", word->en);
    json_put_text(json, "from", was ? device_name(story->outages, was) : TEXT_NONE);
    json_put_text(json, "to", was ? device_name(story->outages, json_object_get(data, "device")) : TEXT_NONE);
    json_put_string(json, "note", json_string_value(json_object_get(data, "what")));
    json_close(json);
  }
  json_decref(data);
  return true;
}

static void write_one_eta(void *self, const OutageEta *eta) {
  Story *story = self;
  if (eta->source == OUTAGE_ETA_NONE || eta->from == INSTANT_NONE) return;
  outage_write_eta(eta, story->json);
  json_put_instant(story->json, "at", eta->at);
  json_put_text(story->json, "actor", eta->actor);
  json_put_text(story->json, "actor_name", actor_name(story, eta->actor));
  json_close(story->json);
}

static bool write_story(Story *story, OutageId id, Error *error) {
  const Outages *outages = story->outages;
  json_key(story->json, "history");
  json_open_array(story->json);
  bool ok = event_of(story->request->db, outages->county_id, TEXT("outage"), id.value, write_event, story, error);
  json_close(story->json);
  json_key(story->json, "etas");
  json_open_array(story->json);
  ok = ok && outage_rows_eta(story->request->db, outages->county_id, id, write_one_eta, story, error);
  json_close(story->json);
  return ok;
}

/* --- round about --- */

static void write_one_device(const Outages *outages, uint32_t index, const Outage *o, Json *json) {
  json_open_object(json);
  outage_write_device(outages, index, json);
  if (o) json_put_bool(json, "dark", grid_ranges_hold(&o->dark, index));
  json_close(json);
}

static void write_surroundings(const Outages *outages, const Outage *o, bool open, int64_t org_id, Json *json) {
  const Grid *grid = outages->grid;
  uint32_t path[256], depth = 0, end = grid_device(grid, o->device)->end;
  for (uint32_t at = o->device; at != GRID_NONE && depth < 256; at = grid_device(grid, at)->parent) path[depth++] = at;
  json_key(json, "nested");
  json_open_array(json);
  for (size_t i = 0; open && i < outages->open.count; i++) {
    const Outage *other = &outages->open.at[i]->o;
    if (other != o && other->id.value != o->id.value && other->device >= o->device && other->device < end && other->state < OUTAGE_RESTORED && outage_in_reach(outages, other, org_id)) outage_write_summary(outages, other, json);
  }
  json_close(json);
  json_key(json, "path");
  json_open_array(json);
  for (uint32_t i = depth; i > 0; i--) write_one_device(outages, path[i - 1], NULL, json);
  json_close(json);
  json_key(json, "children");
  json_open_array(json);
  int shown = 0;
  for (uint32_t at = o->device + 1; at < end && shown < CHILDREN_SHOWN; at = grid_device(grid, at)->end, shown++) write_one_device(outages, at, o, json);
  json_close(json);
  json_key(json, "candidates"); /* where else it could be: above, and one below */
  json_open_array(json);
  shown = 0;
  for (uint32_t i = 1; i < depth && shown < CANDIDATES_SHOWN / 2; i++)
    if (grid_can_fail((GridKind)grid_device(grid, path[i])->kind)) write_one_device(outages, path[i], NULL, json), shown++;
  for (uint32_t at = o->device + 1; at < end && shown < CANDIDATES_SHOWN; at = grid_device(grid, at)->end)
    if (grid_can_fail((GridKind)grid_device(grid, at)->kind)) write_one_device(outages, at, NULL, json), shown++;
  json_close(json);
}

static void write_can(const Record *record, uint32_t roles, Json *json) {
  const Outage *o = &record->o;
  bool decides = roles & KIND_ROLE_DISPATCHER, open = record->closed_at == INSTANT_NONE, dark = open && o->state < OUTAGE_RESTORED;
  const struct {
    const char *act;
    bool may;
  } acts[] = {{"confirm", dark && o->state == OUTAGE_SUSPECTED}, {"move", dark}, {"split", dark && o->households > 1}, {"merge", dark}, {"dismiss", dark}, {"eta", dark},
              {"restore", dark}, {"assign", dark}, {"unassign", dark && o->job}, {"undo", o->undo != UNDO_NOTHING && (open || o->undo == UNDO_DISMISS)}};
  json_key(json, "can");
  json_open_array(json);
  for (size_t i = 0; decides && i < sizeof acts / sizeof *acts; i++)
    if (acts[i].may) json_text(json, text_of(acts[i].act));
  json_close(json);
}

bool outage_page_write(HttpRequest *request, HttpReply *reply, Outages *outages, OutageId id, Error *error) {
  Json json;
  Record *ended = NULL;
  const Record *record = outage_record(outages, id);
  if (!record) {
    if (!outage_row_load(request->db, outages->county_id, outages->grid, id, &ended, error)) return false;
    record = ended;
  }
  Story story = {outages, request, &json};
  Shown shown = {.outages = outages, .request = request, .json = &json};
  bool ok = outage_in_reach(outages, &record->o, request->who.org_id);
  if (!ok) error_raise(error, ERROR_FORBIDDEN_PLACE, "%.*s", TEXT_ARG(people_org(outages->people, people_org_of_device(outages->people, record->o.device))->name));
  json_begin(&json, &reply->body);
  json_open_object(&json);
  outage_write_summary_into(outages, &record->o, &json);
  LocateOutage belief = {.device = record->o.device, .ask_customer = LOCATE_NONE};
  if (ok && !ended) ok = outage_belief(outages, record->o.device, record->o.since, request->now, request->arena, &belief, error);
  ok = ok && write_orders(&shown, record, error) && write_story(&story, id, error);
  if (ok) {
    outage_write_belief(outages, &record->o, &belief, request, &json);
    write_surroundings(outages, &record->o, !ended, request->who.org_id, &json);
    json_key(&json, "job");
    if (record->o.job) {
      json_open_object(&json);
      json_put_id(&json, "id", record->o.job);
      json_close(&json);
    } else {
      json_nil(&json);
    }
    write_can(record, request->who.roles, &json);
    json_put_instant(&json, "closed_at", record->closed_at);
    json_put_id(&json, "merged_into", record->merged_into.value);
  }
  json_close(&json);
  outage_record_free(ended);
  return ok;
}

/* --- a caller --- */

static bool show_earlier(void *self, const OrderRow *row, const ClockSet *clocks, Error *error) {
  Shown *shown = self;
  char number[24];
  (void)clocks, (void)error;
  snprintf(number, sizeof number, "%lld", (long long)row->order.number);
  json_open_object(shown->json);
  json_put_id(shown->json, "id", row->order.id.value);
  json_put_string(shown->json, "number", number);
  json_put_instant(shown->json, "at", row->order.accepted_at);
  json_put_text(shown->json, "state", row->state);
  json_put_text(shown->json, "what", row->what.at ? row->what : TEXT(""));
  json_put_string(shown->json, "ladder", kind_ladder_name((OrderLadder)row->order.ladder));
  json_close(shown->json);
  return true;
}

/* Open orders of the same transformer's customers, by position; the customer's own not. */
static void write_neighbours(Shown *shown, uint32_t position) {
  const Outages *outages = shown->outages;
  uint32_t device = people_customer_device(outages->people, position), area = grid_nearest_above(outages->grid, device, GRID_TRANSFORMER), from, to;
  json_key(shown->json, "neighbours");
  json_open_array(shown->json);
  shown->left = NEIGHBOURS_SHOWN;
  if (area != GRID_NONE) {
    people_customers_in(outages->people, (GridRange){area, grid_device(outages->grid, area)->end}, &from, &to);
    for (uint32_t i = from; i < to && shown->left > 0; i++) {
      Customer customer;
      if (i == position) continue;
      people_customer(outages->people, i, &customer);
      const Order *order = order_of_customer(outages->orders, customer.id, "fault_repair");
      if (order) show_order(shown, order), shown->left--;
    }
  }
  json_close(shown->json);
}

/* How sure the agent may be that the fault is his own: neighbours said they have power, or enough of them say nothing. */
static const double NEIGHBOURS_LIT_BELOW = 0.1;
static bool neighbours_lit(const Outages *outages, uint32_t position, const LocateCustomer *believed) {
  uint32_t area = grid_nearest_above(outages->grid, people_customer_device(outages->people, position), GRID_TRANSFORMER);
  if (believed->neighbours_lit > believed->neighbours_dark) return true;
  return believed->neighbours_dark == 0 && area != GRID_NONE && outage_customers_in(outages, (GridRange){area, grid_device(outages->grid, area)->end}) >= 5;
}

static void write_said(const Outages *outages, const Outage *o, const LocateCustomer *believed, bool lit, bool off, Instant now, Json *json) {
  json_key(json, "belief");
  json_open_object(json);
  json_put_f64(json, "dark", believed->dark, 3);
  json_put_bool(json, "neighbours_have_power", lit);
  json_put_i64(json, "neighbours_lit", believed->neighbours_lit);
  json_put_i64(json, "neighbours_dark", believed->neighbours_dark);
  json_close(json);
  json_key(json, "say");
  json_open_object(json);
  for (int language = 0; language < 2; language++) {
    Buffer text;
    buffer_begin(&text, 0);
    if (off) buffer_string(&text, language ? "The supply was switched off for arrears. It is switched on again once they are paid." : "您家因欠费已停电, 缴清后我们为您复电。");
    else outage_say(outages, o, believed, lit, now, language ? LANGUAGE_EN : LANGUAGE_ZH, &text);
    json_put_text(json, language ? "en" : "zh", text.len ? buffer_as_text(&text) : TEXT(""));
    buffer_end(&text);
  }
  json_close(json);
}

bool outage_standing_write(HttpRequest *request, HttpReply *reply, Outages *outages, CustomerId id, Error *error) {
  Json json;
  uint32_t position;
  char number[OUTAGE_NUMBER_MAX];
  if (!people_position_of(outages->people, id, &position)) return error_raise(error, ERROR_NOT_FOUND, "customer\t%lld", (long long)id.value);
  Customer customer;
  people_customer(outages->people, position, &customer);
  if (!people_check_place(outages->people, request->who.org_id, customer.device, error)) return false;
  const Outage *o = outage_of_customer(outages, position);
  LocateCustomer believed;
  if (!locate_customer(outages->locate, position, &believed, error)) return false;
  ArrearsStatement owed;
  ArrearsState account = arrears_of(outages->arrears, id, &owed);
  bool lit = !o && believed.dark < NEIGHBOURS_LIT_BELOW && neighbours_lit(outages, position, &believed);
  Shown shown = {.outages = outages, .request = request, .json = &json};
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "known_outage");
  if (o) {
    OutageEta eta = {.from = o->eta_from, .likely = o->eta_likely, .until = o->eta_until, .source = o->eta_source};
    json_open_object(&json);
    json_put_id(&json, "id", o->id.value);
    json_put_string(&json, "number", outage_number(o, number));
    json_put_string(&json, "status", kind_ladder_name(outage_ladder(o)));
    json_put_text(&json, "device", grid_name(outages->grid, o->device));
    json_put_string(&json, "stage", outage_stage_name((OutageStage)o->stage));
    json_put_f64(&json, "probability", o->probability, 2);
    json_put_instant(&json, "since", o->since);
    json_key(&json, "eta");
    outage_write_eta(&eta, &json);
    if (eta.source != OUTAGE_ETA_NONE && eta.from != INSTANT_NONE) json_close(&json);
    json_close(&json);
  } else {
    json_nil(&json);
  }
  write_said(outages, o, &believed, lit, account == ARREARS_OFF, request->now, &json);
  json_key(&json, "planned");
  json_nil(&json);
  write_neighbours(&shown, position);
  ListWish wish = {.customers = &id, .customer_count = 1, .part = request->who.org_id};
  int64_t next;
  json_key(&json, "earlier");
  json_open_array(&json);
  bool ok = list_ended(&next, outages->orders, request->db, &wish, 0, EARLIER_SHOWN, show_earlier, &shown, error);
  json_close(&json);
  json_key(&json, "answered"); /* which of the questions could be asked at all */
  json_open_object(&json);
  json_put_bool(&json, "outage", true);
  json_put_bool(&json, "planned", false);
  json_put_bool(&json, "arrears", account != ARREARS_UNKNOWN);
  json_put_bool(&json, "relay", false);
  json_put_bool(&json, "neighbours", true);
  json_close(&json);
  json_put_string(&json, "arrears", arrears_name(account));
  json_key(&json, "account");
  arrears_write(&json, outages->arrears, id, request->who.roles);
  json_put_string(&json, "relay", "unknown");
  json_close(&json);
  return ok;
}
