#include "order/order_page.h"

#include <stdio.h>

#include "http/schema.h"
#include "order/order_write.h"

bool page_orgs(const bool **out, HttpRequest *request, const Orders *orders, int64_t org, Error *error) {
  *out = NULL;
  if (!orders->people || (!request->who.org_id && !org)) return true;
  size_t count = people_org_count(orders->people), row;
  bool *may = ARENA_ARRAY(request->arena, bool, count + 1);
  if (!may) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "orders");
  if (org && !people_org_row(orders->people, org, &row)) return error_raise(error, ERROR_NOT_FOUND, "org\t%lld", (long long)org);
  for (size_t i = 0; i < count; i++) {
    int64_t id = people_org(orders->people, i)->id;
    may[i] = people_org_within(orders->people, id, request->who.org_id) && (!org || people_org_within(orders->people, id, org));
  }
  *out = may;
  return true;
}

int64_t page_root(const HttpRequest *request, const Orders *orders, int64_t org) {
  int64_t reach = request->who.org_id;
  if (!orders->people) return 0;
  if (!org || !reach) return org ? org : reach;
  return people_org_within(orders->people, org, reach) ? org : people_org_within(orders->people, reach, org) ? reach : -1;
}

/* --- gathering --- */

typedef struct Page {
  HttpRequest *request;
  const Orders *orders;
  Json *json;
  Order order;
  ClockSet clocks;
  bool found, open;
  Text source, description, caller_name, caller_phone, outcome;
  json_t *texts;   /* version → fields */
  json_t *fields;  /* what is known, the newest word on each */
  Instant now;
} Page;

static bool keep(Text *out, Text text, Arena *arena) {
  *out = text.at ? text_copy(arena, text) : TEXT_NONE;
  return !text.at || out->at;
}

static void visit_clocks(void *self, unsigned event, Instant at, const ClockSet *set, const ClockChange *change) {
  Page *page = self;
  (void)event, (void)at;
  for (size_t c = 0; c < page->order.kind->clock_count; c++) /* runs that ended; those that run come after */
    if (change->ended & 1u << c) write_clock(page->json, page->order.kind, c, &set->at[c], page->now);
}

/* All clocks of the order, each run: first those that ended, in their order, then those that run. */
static bool write_clocks(Page *page, const OrderRow *row) {
  ClockSet set;
  json_key(page->json, "clocks");
  json_open_array(page->json);
  bool ok = fold_trail(&set, page->order.kind, page->order.area, page->order.accepted_at, row->trail, visit_clocks, page);
  for (size_t c = 0; ok && c < page->order.kind->clock_count; c++)
    if (set.started & 1u << c && (set.at[c].phase == CLOCK_RUNNING || set.at[c].phase == CLOCK_PAUSED))
      write_clock(page->json, page->order.kind, c, &set.at[c], page->now);
  json_close(page->json);
  return ok;
}

static bool read_page(void *self, const OrderRow *row, Error *error) {
  Page *page = self;
  OrderRow read = *row;
  if (!order_from_row(page->orders, &read, &page->clocks, error)) return false;
  page->order = read.order;
  page->found = true;
  page->open = row->closed_at == INSTANT_NONE;
  Arena *arena = page->request->arena;
  if (!keep(&page->source, row->source, arena) || !keep(&page->description, row->description, arena) ||
      !keep(&page->caller_name, row->caller_name, arena) || !keep(&page->caller_phone, row->caller_phone, arena) ||
      !keep(&page->outcome, row->outcome, arena))
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "order");
  write_summary_into(page->json, page->orders, &page->order, &page->clocks, arena, page->now);
  json_put_instant(page->json, "closed_at", row->closed_at);
  json_put_bool(page->json, "open", page->open);
  return write_clocks(page, row)
             ? true
             : error_raise(error, ERROR_STORE_CORRUPT, "order %lld: its trail is not readable", (long long)row->order.id.value);
}

static bool read_text(void *self, int32_t version, Text fields, Error *error) {
  Page *page = self;
  char key[16];
  json_t *value = json_loadb(fields.at, fields.len, 0, NULL);
  snprintf(key, sizeof key, "%d", version);
  return value && json_object_set_new(page->texts, key, value) == 0 ? true : error_raise(error, ERROR_STORE_CORRUPT, "order_text %s", key);
}

/* --- history --- */

static Text actor_name(const Page *page, Text actor) {
  int64_t staff;
  if (!text_starts(actor, TEXT("staff:")) || !text_to_i64(text_slice(actor, 6, actor.len), &staff) || !page->orders->name_of)
    return TEXT_NONE;
  return page->orders->name_of(page->orders->name_self, staff, page->request->arena);
}

static Text member(const json_t *object, const char *key) { return form_text(object, key); }

/* What was said: the first of the free words of the step. */
static const char *note_of(const json_t *texts) {
  static const char *const KEYS[] = {"note", "finding", "reason"};
  for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
    const json_t *value = json_object_get(texts, KEYS[i]);
    if (json_is_string(value)) return json_string_value(value);
  }
  return NULL;
}

static void put_event_names(Json *json, const OrderKind *kind, Text event_kind, Text step_id) {
  static const struct { const char *kind, *zh, *en;
  } OTHERS[] = {{"order.accepted", "受理", "Accepted"},          {"order.linked", "归入停电", "Put under an outage"},
                {"order.reopened", "重新打开", "Opened again"},  {"order.archived", "归档", "Archived"},
                {"order.clock", "时限提醒", "A promise's mark"}, {"order.called_again", "再次来电", "Called again"}};
  const KindStep *step = step_id.at ? kind_step_of(kind, step_id) : NULL;
  Text zh = step ? step->name_zh : event_kind, en = step ? step->name_en : event_kind;
  for (size_t i = 0; !step && i < sizeof OTHERS / sizeof *OTHERS; i++)
    if (text_is(event_kind, OTHERS[i].kind)) zh = text_of(OTHERS[i].zh), en = text_of(OTHERS[i].en);
  json_put_text(json, "name_zh", zh);
  json_put_text(json, "name_en", en);
}

static void put_object(Json *json, const char *key, const json_t *object) {
  Buffer text;
  buffer_begin(&text, 0);
  if (object) schema_write_json(&text, object, 0);
  json_key(json, key);
  json_raw(json, text.len ? buffer_as_text(&text) : TEXT("{}"));
  if (text.failed) json->out->failed = true;
  buffer_end(&text);
}

static bool write_event(void *self, const Event *event) {
  Page *page = self;
  Json *json = page->json;
  json_t *data = json_loadb(event->data.at, event->data.len, 0, NULL);
  const json_t *version = json_object_get(data, "version"), *fields = json_object_get(data, "fields");
  char key[16];
  snprintf(key, sizeof key, "%lld", version ? (long long)json_integer_value(version) : 0LL);
  bool own = text_is(event->kind, "order.accepted") || text_is(event->kind, "order.step") || text_is(event->kind, "order.called_again") ||
             text_is(event->kind, "order.linked");
  const json_t *texts = own ? json_object_get(page->texts, key) : NULL;
  json_open_object(json);
  json_put_i64(json, "seq", event->seq);
  json_put_instant(json, "at", event->at);
  Instant received;
  Text told = member(data, "received_at");
  json_put_instant(json, "received_at", told.at && instant_from_text(told, &received) ? received : INSTANT_NONE);
  json_put_text(json, "actor", event->actor);
  json_put_text(json, "actor_name", actor_name(page, event->actor));
  json_put_text(json, "kind", event->kind);
  json_put_text(json, "step", member(data, "step"));
  json_put_text(json, "branch", member(data, "branch"));
  put_event_names(json, page->order.kind, event->kind, member(data, "step"));
  json_put_text(json, "from", member(data, "from"));
  json_put_text(json, "to", member(data, "to"));
  json_put_string(json, "note", note_of(texts));
  json_put_text(json, "clock", member(data, "clock"));
  json_key(json, "mark");
  if (json_is_integer(json_object_get(data, "mark"))) json_i64(json, json_integer_value(json_object_get(data, "mark")));
  else json_nil(json);
  json_put_text(json, "outage", member(data, "outage"));
  put_object(json, "fields", fields);
  json_close(json);
  bool whole = data && (!fields || json_object_update(page->fields, (json_t *)(uintptr_t)fields) == 0) &&
               (!texts || json_object_update(page->fields, (json_t *)(uintptr_t)texts) == 0);
  if (!whole) json->out->failed = true; /* no memory: better no page than one with less on it */
  json_decref(data);
  return true;
}

static bool write_history(Page *page, Error *error) {
  json_key(page->json, "history");
  json_open_array(page->json);
  bool ok = event_of(page->request->db, page->orders->county_id, TEXT("order"), page->order.id.value, write_event, page, error);
  json_close(page->json);
  return ok;
}

/* --- the rest --- */

static void write_fields(Page *page) {
  Json *json = page->json;
  put_object(json, "fields", page->fields);
  json_put_text(json, "description", page->description);
  json_key(json, "account");
  if (page->order.customer.value) arrears_write(json, page->orders->arrears, page->order.customer, page->request->who.roles);
  else json_nil(json);
  json_put_text(json, "source", page->source);
  json_put_text(json, "outcome", page->outcome);
  /* who works on the order must be able to ring the caller up; for others the telephone is masked */
  bool needs = page->request->who.roles & (KIND_ROLE_AGENT | KIND_ROLE_DISPATCHER | KIND_ROLE_CREW | KIND_ROLE_MANAGER);
  bool mask = !needs && page->orders->people;
  json_put_text(json, "caller_name",
                mask && page->caller_name.at ? people_mask_name(page->request->arena, page->caller_name) : page->caller_name);
  json_put_text(json, "caller_phone",
                mask && page->caller_phone.at ? people_mask_phone(page->request->arena, page->caller_phone) : page->caller_phone);
}

static void write_steps(Page *page) {
  json_key(page->json, "steps");
  json_open_array(page->json);
  for (size_t i = 0; page->open && i < page->order.kind->step_count; i++) {
    const KindStep *step = &page->order.kind->steps[i];
    if (order_may_take(&page->order, step, page->request->who.roles)) write_step(page->json, step);
  }
  json_close(page->json);
}

/* --- what the ids on the page are called --- */

static const KindField *defined(const OrderKind *kind, const char *id) {
  for (size_t i = 0; i < kind->form_count; i++)
    if (text_is(kind->form[i].id, id)) return &kind->form[i];
  for (size_t s = 0; s < kind->step_count; s++)
    for (size_t i = 0; i < kind->steps[s].field_count; i++)
      if (text_is(kind->steps[s].fields[i].id, id)) return &kind->steps[s].fields[i];
  return NULL;
}

static bool keep_number(void *self, const OrderRow *row, Error *error) {
  (void)error;
  *(int64_t *)self = row->order.number;
  return true;
}

static bool order_name(Page *page, OrderId id, Text *out, Error *error) {
  const Order *live = order_find(page->orders, id);
  int64_t number = live ? live->number : 0;
  bool found;
  char said[24];
  *out = TEXT_NONE;
  if (!live && id.value && !store_order(&found, page->request->db, page->orders->county_id, id, keep_number, &number, error)) return false;
  snprintf(said, sizeof said, "%lld", (long long)number);
  if (number) *out = text_copy(page->request->arena, text_of(said));
  return true;
}

static void put_name(json_t *names, int64_t id, Text name) {
  char key[24];
  snprintf(key, sizeof key, "%lld", (long long)id);
  if (id && name.at) json_object_set_new(names, key, json_stringn(name.at, name.len));
}

static bool name_one(Page *page, json_t *names, KindFieldType type, int64_t id, Error *error) {
  const Orders *orders = page->orders;
  size_t row;
  Text name = TEXT_NONE;
  if (type == FIELD_STAFF && id && orders->name_of) name = orders->name_of(orders->name_self, id, page->request->arena);
  if (type == FIELD_ORG && orders->people && people_org_row(orders->people, id, &row)) name = people_org(orders->people, row)->name;
  if (type == FIELD_ORDER && !order_name(page, (OrderId){id}, &name, error)) return false;
  put_name(names, id, name);
  return true;
}

static bool write_names(Page *page, Error *error) {
  const Order *order = &page->order;
  json_t *names = json_object(), *value;
  const char *key;
  bool ok = names ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "order");
  json_object_foreach(page->fields, key, value) {
    const KindField *field = ok && json_is_string(value) ? defined(order->kind, key) : NULL;
    ok = ok && (!field || name_one(page, names, (KindFieldType)field->type, form_id(page->fields, key), error));
  }
  ok = ok && name_one(page, names, FIELD_STAFF, order->assignee.value, error) && name_one(page, names, FIELD_ORDER, order->parent.value, error) &&
       name_one(page, names, FIELD_ORDER, order->main.value, error) &&
       (order->to_org == ORDER_NO_ORG || name_one(page, names, FIELD_ORG, people_org(page->orders->people, order->to_org)->id, error));
  put_object(page->json, "names", ok ? names : NULL);
  json_decref(names);
  return ok;
}

static void put_link(Json *json, const char *kind, int64_t id, Text label) {
  if (!id) return;
  json_open_object(json);
  json_put_string(json, "kind", kind);
  json_put_id(json, "id", id);
  json_put_text(json, "label", label);
  json_close(json);
}

static bool write_child(void *self, const OrderRow *row, Error *error) {
  Page *page = self;
  char number[24];
  (void)error;
  snprintf(number, sizeof number, "%lld", (long long)row->order.number);
  put_link(page->json, "order", row->order.id.value, text_of(number));
  return true;
}

static bool write_links(Page *page, Error *error) {
  const Order *order = &page->order;
  Text customer = TEXT_NONE;
  if (order->position != CUSTOMER_NONE) {
    Customer found;
    people_customer(page->orders->people, order->position, &found);
    customer = found.number;
  }
  json_key(page->json, "links");
  json_open_array(page->json);
  put_link(page->json, "outage", order->outage.value, TEXT_NONE);
  put_link(page->json, "crew", order->crew.value, TEXT_NONE);
  put_link(page->json, "customer", order->customer.value, customer);
  put_link(page->json, "order", order->parent.value, TEXT_NONE);
  put_link(page->json, "main", order->main.value, TEXT_NONE);
  bool ok = store_children(page->request->db, page->orders->county_id, order->id, write_child, page, error);
  json_close(page->json);
  return ok;
}

/* --- children, what is merged into it, attachments, visits --- */

static bool write_child_whole(void *self, const OrderRow *row, Error *error) {
  Page *page = self;
  OrderRow read = *row;
  ClockSet clocks;
  if (!order_from_row(page->orders, &read, &clocks, error)) return false;
  write_summary(page->json, page->orders, &read.order, &clocks, page->request->arena, page->now);
  return true;
}

static void write_attachment(void *self, const Attachment *one) {
  Page *page = self;
  Json *json = page->json;
  char actor[32];
  snprintf(actor, sizeof actor, "staff:%lld", (long long)one->staff_id);
  json_open_object(json);
  json_put_id(json, "id", one->id);
  json_put_text(json, "type", one->type);
  json_put_i64(json, "bytes", one->bytes);
  json_put_instant(json, "at", one->at);
  json_put_text(json, "by", one->staff_id ? actor_name(page, text_of(actor)) : TEXT_NONE);
  json_close(json);
}

static bool write_more(Page *page, Error *error) {
  Json *json = page->json;
  const Order *order = &page->order;
  const OrderKind *kind = order->kind;
  Db *db = page->request->db;
  json_key(json, "visits");
  json_open_object(json);
  json_put_i64(json, "count", order->visits);
  json_put_i64(json, "most", kind->visits_most);
  json_close(json);
  json_put_bool(json, "repeated", kind->repeat_calls && order->repeats >= kind->repeat_calls);
  json_put_text(json, "rule_version", kind->origin.version);
  json_key(json, "children");
  json_open_array(json);
  bool ok = store_children(db, page->orders->county_id, order->id, write_child_whole, page, error);
  json_close(json);
  json_key(json, "merged");
  json_open_array(json);
  for (size_t i = 0, left = order->merged; ok && left && i < order_count(page->orders); i++) {
    const Order *one = order_at(page->orders, i);
    ClockSet clocks;
    if (one->main.value != order->id.value) continue;
    live_get_clocks(&page->orders->live, live_find(&page->orders->live, one->id), &clocks);
    write_summary(json, page->orders, one, &clocks, page->request->arena, page->now);
    left--;
  }
  json_close(json);
  json_key(json, "attachments");
  json_open_array(json);
  ok = ok && store_attachments(db, page->orders->county_id, order->id, 0, write_attachment, page, error);
  json_close(json);
  return ok;
}

bool page_write(HttpRequest *request, HttpReply *reply, const Orders *orders, OrderId id, Error *error) {
  Json json;
  bool found;
  const bool *orgs;
  Page page = {.request = request, .orders = orders, .json = &json, .now = request->now, .texts = json_object(), .fields = json_object()};
  json_begin(&json, &reply->body);
  json_open_object(&json);
  bool ok = page.texts && page.fields ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "order");
  ok = ok && store_order(&found, request->db, orders->county_id, id, read_page, &page, error);
  if (ok && !page.found) ok = error_raise(error, ERROR_NOT_FOUND, "order\t%lld", (long long)id.value);
  ok = ok && page_orgs(&orgs, request, orders, 0, error);
  bool ours = ok && orgs && page.order.to_org != ORDER_NO_ORG && orgs[page.order.to_org];
  if (ok && orgs && !ours && page.order.org != ORDER_NO_ORG && !orgs[page.order.org])
    ok = error_raise(error, ERROR_FORBIDDEN_PLACE, "%.*s", TEXT_ARG(people_org(orders->people, page.order.org)->name));
  ok = ok && store_texts(request->db, orders->county_id, id, read_text, &page, error) && write_history(&page, error);
  if (ok) {
    const Order *live = order_find(orders, id);
    page.order.merged = live ? live->merged : 0;
    write_fields(&page), write_steps(&page);
    ok = write_more(&page, error) && write_names(&page, error);
  }
  ok = ok && write_links(&page, error);
  json_close(&json);
  json_decref(page.texts);
  json_decref(page.fields);
  return ok;
}
