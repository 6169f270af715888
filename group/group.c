#include <sodium.h>
#include <stdio.h>

#include "group/group_inside.h"
#include "http/schema.h"
#include "order/kind.h"

/* --- finding --- */

static void hash_token(unsigned char out[32], Text token) {
  crypto_generichash(out, 32, (const unsigned char *)token.at, token.len, NULL, 0);
}

bool group_by_token(int64_t *id, const Groups *groups, Db *db, Text token, Error *error) {
  unsigned char hash[32];
  hash_token(hash, token);
  if (!group_store_by_token(id, db, groups->county_id, hash, error)) return false;
  return *id ? true : error_raise(error, ERROR_SURVEY_LINK, "%s", "不存在" ERROR_BOTH "there is none");
}

static bool say_event(DeskContext *context, int64_t group, int64_t message, const char *by, OrderId order, Error *error) {
  char data[128], id[32] = "null";
  if (order.value) snprintf(id, sizeof id, "\"%lld\"", (long long)order.value);
  snprintf(data, sizeof data, "{\"message\":\"%lld\",\"by\":\"%s\",\"order\":%s}", (long long)message, by, id);
  return desk_event(context, "group.said", "group", group, text_of(data), error);
}

/* --- use cases --- */

typedef struct Standing {
  bool closed;
  char name[GROUP_NAME_MAX * 4 + 1];
} Standing;
static void keep_standing(void *self, const GroupRow *row) {
  Standing *standing = self;
  standing->closed = row->closed_at != INSTANT_NONE;
  snprintf(standing->name, sizeof standing->name, "%.*s", TEXT_ARG(row->name));
}

static bool check_open(DeskContext *context, int64_t id, Error *error) {
  Standing standing = {.closed = false};
  if (!group_store_group(context->db, context->county_id, id, keep_standing, &standing, error)) return false;
  return standing.closed ? error_raise(error, ERROR_GROUP_CLOSED, "%s", standing.name) : true;
}

bool group_new(DeskContext *context, Groups *groups, int64_t org_id, Text name, int64_t *id, Error *error) {
  size_t row;
  char data[64];
  name = text_trim(name);
  if (!groups->people || !people_org_row(groups->people, org_id, &row)) {
    error_raise(error, ERROR_NOT_FOUND, "org\t%lld", (long long)org_id);
    return error_at(error, "%s", "$.org_id");
  }
  if (name.len == 0) {
    error_raise(error, ERROR_FIELD_MISSING, "%s", "name");
    return error_at(error, "%s", "$.name");
  }
  *id = desk_new_id(context);
  snprintf(data, sizeof data, "{\"org\":\"%lld\"}", (long long)org_id);
  return group_store_insert(context, *id, org_id, name, error) && desk_event(context, "group.opened", "group", *id, text_of(data), error);
}

bool group_link(DeskContext *context, Groups *groups, int64_t id, char token[GROUP_TOKEN_TEXT], Error *error) {
  unsigned char bytes[16], hash[32];
  (void)groups;
  if (!check_open(context, id, error)) return false;
  randombytes_buf(bytes, sizeof bytes);
  sodium_bin2hex(token, GROUP_TOKEN_TEXT, bytes, sizeof bytes);
  hash_token(hash, text_of(token));
  return group_store_link(context, id, hash, error);
}

bool group_end(DeskContext *context, Groups *groups, int64_t id, Error *error) {
  (void)groups;
  return check_open(context, id, error) && group_store_end(context, id, error) &&
         desk_event(context, "group.closed", "group", id, TEXT("{}"), error);
}

bool group_say(DeskContext *context, Groups *groups, const GroupSaid *said, int64_t *message, Error *error) {
  MessageRow row = {.id = desk_new_id(context),
                    .group_id = said->group_id,
                    .author = context->actor,
                    .author_name = said->name,
                    .body = text_trim(said->body),
                    .attachment_id = said->attachment_id};
  bool household = said->token.at != NULL, held = true;
  int64_t today = 0;
  uint32_t position;
  if (household && !group_by_token(&row.group_id, groups, context->db, said->token, error)) return false;
  if (!check_open(context, row.group_id, error)) return false;
  if (household) row.author = TEXT("household");
  if (household && !group_store_count(&today, context->db, context->county_id, row.group_id, context->now - SPAN_DAY, error)) return false;
  if (today >= GROUP_DAY_MAX) return error_raise(error, ERROR_LIMIT, "当日消息" ERROR_BOTH "messages in a day\t%d", GROUP_DAY_MAX);
  if (said->number.len && groups->people && people_position_of_number(groups->people, said->number, &position)) {
    Customer customer;
    people_customer(groups->people, position, &customer);
    if (!people_check_place(groups->people, said->org_id, customer.device, error)) return error_at(error, "%s", "$.customer_number");
    row.customer = customer.id;
  }
  if (row.attachment_id && !group_store_has_picture(&held, context->db, context->county_id, row.group_id, row.attachment_id, error))
    return false;
  if (!held) {
    error_raise(error, ERROR_NOT_FOUND, "附件" ERROR_BOTH "attachment\t%lld", (long long)row.attachment_id);
    return error_at(error, "%s", "$.attachment_id");
  }
  if (!row.body.len && !row.attachment_id) {
    error_raise(error, ERROR_FIELD_MISSING, "%s", "body");
    return error_at(error, "%s", "$.body");
  }
  *message = row.id;
  return group_store_say(context, &row, error) &&
         say_event(context, row.group_id, row.id, household ? "household" : "staff", row.order, error);
}

typedef struct Kept {
  MessageRow row;
  Arena *arena;
} Kept;
static void keep_message(void *self, const MessageRow *row) {
  Kept *kept = self;
  kept->row = *row;
  kept->row.body = row->body.at ? text_copy(kept->arena, row->body) : TEXT_NONE;
  kept->row.author = text_copy(kept->arena, row->author);
  kept->row.author_name = row->author_name.at ? text_copy(kept->arena, row->author_name) : TEXT_NONE;
}

bool group_to_order(DeskContext *context, Groups *groups, const GroupTouch *touch, OrderId *out, Error *error) {
  int64_t message = touch->message;
  GroupGuess guess = {touch->kind, touch->what, TEXT("")};
  json_t *topic = NULL;
  Kept kept = {.arena = context->arena};
  bool again;
  if (!group_store_message(context->db, context->county_id, message, keep_message, &kept, error)) return false;
  if (!kept.row.id) return error_raise(error, ERROR_NOT_FOUND, "message\t%lld", (long long)message);
  if (kept.row.order.value)
    return error_raise(error, ERROR_ALREADY_EXISTS, "工单" ERROR_BOTH "order\t%lld", (long long)kept.row.order.value);
  if (!touch->kind.len && !group_words_guess(groups->words, kept.row.body.at ? kept.row.body : TEXT(""), touch->roles, &guess)) {
    error_raise(error, ERROR_FIELD_MISSING, "%s", "kind");
    return error_at(error, "%s", "$.kind");
  }
  if (guess.topic.len && !touch->fields && !(topic = json_pack("{s:s%}", "topic", guess.topic.at, guess.topic.len)))
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "groups");
  OrderAccept accept = {.kind = guess.kind,
                        .customer = kept.row.customer,
                        .device = GRID_NONE,
                        .what = guess.what,
                        .fields = touch->fields ? touch->fields : topic,
                        .description = kept.row.body,
                        .caller_name = kept.row.author_name,
                        .source = TEXT("group"),
                        .roles = touch->roles,
                        .org_id = touch->org_id};
  bool ok = map_reserve(&groups->of_order, groups->of_order.count + 1) ? order_accept(context, groups->orders, &accept, out, &again, error)
                                                                       : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "groups");
  json_decref(topic);
  if (!ok) return false;
  if (!group_store_set_order(context, message, *out, kept.row.attachment_id, error) ||
      !say_event(context, kept.row.group_id, message, "order", *out, error) || !map_put(&groups->of_order, out->value, kept.row.group_id))
    return desk_spoil(context);
  return true;
}

/* --- the answer goes back to the thread --- */

static bool on_order(DeskContext *context, const Event *event, void *room, Error *error) {
  Groups *groups = room;
  int64_t group;
  if (!map_get(&groups->of_order, event->subject_id, &group)) return true;
  json_t *data;
  if (!schema_read_own(&data, event->data, error)) return false;
  const char *from = json_string_value(json_object_get(data, "from")), *to = json_string_value(json_object_get(data, "to"));
  const char *number = json_string_value(json_object_get(data, "number"));
  const Order *order = order_find(groups->orders, (OrderId){event->subject_id});
  bool ended = text_is(event->kind, "order.archived"), ok = true;
  if (ended || (from && to && strcmp(from, to) != 0 && order)) {
    char zh[256], en[256]; /* names of states are short; a longer one is cut */
    const KindState *state = ended ? NULL : &order->kind->states[order->state];
    Text name_zh = text_cut(ended ? TEXT("已办结") : state->name_zh, 100), name_en = text_cut(ended ? TEXT("done") : state->name_en, 100);
    snprintf(zh, sizeof zh, "工单 %.20s: %.*s", number ? number : "", (int)(name_zh.len & 127), name_zh.at);
    snprintf(en, sizeof en, "Order %.20s: %.*s", number ? number : "", (int)(name_en.len & 127), name_en.at);
    MessageRow row = {.id = desk_new_id(context),
                      .group_id = group,
                      .author = TEXT("system"),
                      .body = text_of(zh),
                      .body_en = text_of(en),
                      .order = {event->subject_id}};
    ok = group_store_say(context, &row, error) && say_event(context, group, row.id, "system", row.order, error);
    if (ok && ended) map_remove(&groups->of_order, event->subject_id);
  }
  json_decref(data);
  return ok;
}

static bool load(Db *db, void *room, Error *error) {
  Groups *groups = room;
  map_free(&groups->of_order);
  groups->of_order = (Map){0};
  return group_store_open_orders(db, groups->county_id, &groups->of_order, error);
}

bool group_check(const Groups *groups, Db *db, char problem[ERROR_TEXT_MAX], Error *error) {
  Map rows = {0};
  size_t at = 0;
  int64_t order, group, lost, kept;
  problem[0] = '\0';
  bool ok = group_store_lost(&lost, db, groups->county_id, error) && group_store_open_orders(db, groups->county_id, &rows, error);
  if (ok && lost) snprintf(problem, ERROR_TEXT_MAX, "%lld messages became orders that are not there", (long long)lost);
  while (ok && map_next(&rows, &at, &order, &group))
    if (!problem[0] && (!map_get(&groups->of_order, order, &kept) || kept != group))
      snprintf(problem, ERROR_TEXT_MAX, "order %lld came of group %lld, and memory does not know", (long long)order, (long long)group);
  if (ok && !problem[0] && groups->of_order.count != rows.count)
    snprintf(problem, ERROR_TEXT_MAX, "%zu open orders came of groups, in memory %zu", rows.count, groups->of_order.count);
  map_free(&rows);
  return ok;
}

bool group_open(Groups **out, Desk *desk, Db *db, const People *people, Orders *orders, const char *rules, Error *error) {
  Groups *groups = memory_new(sizeof *groups);
  if (!groups) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "groups");
  *groups = (Groups){.desk = desk, .people = people, .orders = orders, .county_id = desk_county_id(desk)};
  if (!group_words_open(&groups->words, orders, rules, error) || !load(db, groups, error)) {
    group_close(groups);
    return false;
  }
  desk_on_reload(desk, load, groups);
  desk_on(desk, "order.step", on_order, groups);
  desk_on(desk, "order.archived", on_order, groups);
  *out = groups;
  return true;
}

void group_close(Groups *groups) {
  if (!groups) return;
  map_free(&groups->of_order);
  group_words_close(groups->words);
  memory_free(groups);
}
