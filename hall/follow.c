/* A matter by its number and the telephone left with it: how it stands, and the steps that are the customer's own. */
#include <stdio.h>

#include "hall/hall_internal.h"

enum { LAST_DIGITS = 4, WHOLE_LEAST = 7 };

/* --- who may --- */

typedef struct Match {
  const Hall *hall;
  Text digits;
  bool fits;
} Match;

/* The last four digits, or the whole number with or without the country's. */
static bool is_phone_of(Text digits, Text phone) {
  char theirs[40];
  size_t len = hall_digits(theirs, sizeof theirs, phone);
  Text whole = {theirs, len};
  if (len < WHOLE_LEAST) return false;
  if (digits.len == LAST_DIGITS) return text_ends(whole, digits);
  return digits.len >= WHOLE_LEAST && (text_ends(whole, digits) || text_ends(digits, whole));
}

static bool match_phone(void *self, const OrderRow *row, Error *error) {
  Match *match = self;
  OrderRow read = *row;
  ClockSet clocks;
  match->fits = is_phone_of(match->digits, row->caller_phone);
  if (match->fits || !match->hall->people) return true;
  if (!order_from_row(match->hall->orders, &read, &clocks, error)) return false;
  if (read.order.position == CUSTOMER_NONE) return true;
  Customer customer;
  people_customer(match->hall->people, read.order.position, &customer);
  match->fits = is_phone_of(match->digits, customer.phone);
  return true;
}

typedef struct Asker {
  Text number, digits, address;
  Instant now;
} Asker;

static bool read_asker(Asker *out, const HttpRequest *request, const FormData *form, Error *error) {
  char number[40], digits[40];
  size_t number_len = hall_digits(number, sizeof number, form_data_text(form, "number"));
  size_t len = hall_digits(digits, sizeof digits, form_data_text(form, "phone"));
  *out = (Asker){text_copy(request->arena, (Text){number, number_len}), text_copy(request->arena, (Text){digits, len}), request->address, request->now};
  return out->number.at && out->digits.at ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "form");
}

/* Wrong and unknown are one answer. */
static bool find_order(OrderId *out, Hall *hall, Db *db, const Asker *asker, Error *error) {
  int64_t number;
  bool found = false, row;
  Match match = {.hall = hall, .digits = asker->digits};
  Span wait = limits_wait(hall->limits, &HALL_GUESSES, asker->address, asker->now);
  if (wait) return error_raise(error, ERROR_HALL_SLOW_DOWN, "%lld", (long long)((wait + SPAN_SECOND - 1) / SPAN_SECOND));
  wait = asker->digits.len < WHOLE_LEAST ? limits_wait(hall->limits, &HALL_NUMBER_GUESSES, asker->number, asker->now) : 0;
  if (wait) return error_raise(error, ERROR_HALL_WHOLE_PHONE, "%lld", (long long)((wait + SPAN_SECOND - 1) / SPAN_SECOND));
  if (text_to_i64(asker->number, &number) && !hall_store_order(&found, out, db, hall->county_id, number, error)) return false;
  if (found && !store_order(&row, db, hall->county_id, *out, match_phone, &match, error)) return false;
  if (match.fits) return true;
  limits_count(hall->limits, &HALL_GUESSES, asker->address, asker->now);
  limits_count(hall->limits, &HALL_NUMBER_GUESSES, asker->number, asker->now);
  return error_raise(error, ERROR_HALL_UNKNOWN, "%s", "");
}

/* --- following --- */

static void write_form(const HttpRequest *request, HttpReply *reply, const FormData *said) {
  FormPage form = {request, &reply->body, said, NULL};
  buffer_string(form.out, "<form method=\"post\" action=\"/hall/follow\">");
  form_input(&form, &(FormInput){.name = "number", .type = "text", .inputmode = "numeric", .autocomplete = "off", .label = text_of(IN(request, "工单号", "Number of the matter")),
                                 .hint = text_of(IN(request, "15 位数字, 如 202611210000012", "15 digits, such as 202611210000012")), .required = true, .most = 30});
  form_input(&form, &(FormInput){.name = "phone", .type = "text", .inputmode = "numeric", .autocomplete = "off", .label = text_of(IN(request, "电话后四位", "Last four digits of the telephone")),
                                 .hint = text_of(IN(request, "办理时所留的电话, 也可填完整号码", "Of the telephone left with it; the whole number will do too")), .required = true, .most = 24});
  buffer_format(form.out, "<div><button type=\"submit\">%s</button></div></form>", IN(request, "查询", "Look it up"));
}

static const char *title_of(const HttpRequest *request) { return IN(request, "查询进度", "Follow a matter"); }

static bool get_follow(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  (void)room, (void)error;
  page_begin(request, reply, text_of(title_of(request)));
  write_form(request, reply, NULL);
  page_end(request, reply);
  return true;
}

static bool post_follow(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  FormData *form = ARENA_NEW(request->arena, FormData);
  Asker asker;
  OrderId id;
  if (!form) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "form");
  if (!form_data_read(form, request->arena, http_header(request, "Content-Type"), request->raw_body, error) || !read_asker(&asker, request, form, error) ||
      !find_order(&id, room, request->db, &asker, error))
    return false;
  StatusKey key = {.number = asker.number, .phone = asker.digits};
  PageAgain again = {"/hall/follow", {"number", "phone"}, {asker.number, asker.digits}};
  page_begin_again(request, reply, text_of(title_of(request)), &again);
  if (!status_write(request, &reply->body, room, id, &key, error)) return false;
  page_end(request, reply);
  return true;
}

static void refuse_follow(HttpRequest *request, void *command, HttpReply *reply, void *room, const Error *error) {
  FormData *form = ARENA_NEW(request->arena, FormData);
  Error other = {0};
  char text[ERROR_TEXT_MAX];
  if (!form || error_status(error->code) >= 500 || !form_data_read(form, request->arena, http_header(request, "Content-Type"), request->raw_body, &other)) {
    hall_problem(request, command, reply, room, error);
    return;
  }
  page_begin(request, reply, text_of(title_of(request)));
  page_note(&reply->body, NOTE_BAD, error_text(error, request->language, text, sizeof text));
  write_form(request, reply, form);
  page_end(request, reply);
}

/* --- the customer's own steps --- */

typedef struct Act {
  Hall *hall;
  Said *said;
  Asker asker;
  Text token, step, number, phone;
  int64_t version;
} Act;

/* The step's fields are known only when its order is: every kind has its own. The step's id says which of its steps; the check of the desk holds. */
static const KindStep *step_of(const Hall *hall, Text kind_id, Text step_id) {
  const OrderKind *kind = book_kind_of(hall->orders->book, kind_id);
  return kind ? kind_step_of(kind, step_id) : NULL;
}

static bool decode_act(HttpRequest *request, void **out, void *room, Error *error) {
  Act *act = ARENA_NEW(request->arena, Act);
  if (!act) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "form");
  act->hall = room;
  *out = act;
  if (!said_read(&act->said, request, error) || !read_asker(&act->asker, request, &act->said->form, error)) return false;
  const FormData *form = &act->said->form;
  act->token = form_data_text(form, "token");
  act->step = form_data_text(form, "step");
  act->number = act->asker.number;
  act->phone = act->asker.digits;
  if (!text_to_i64(form_data_text(form, "version"), &act->version) || act->version < 1 || act->version > INT32_MAX) return error_raise(error, ERROR_HTTP_BODY, "%s", "version");
  const KindStep *step = step_of(act->hall, form_data_text(form, "kind"), act->step);
  if (!step) return error_raise(error, ERROR_HTTP_BODY, "%s", "step");
  if (!said_check(act->said, request, step->fields, step->field_count, false, error)) return false;
  return act->said->troubles.count ? error_raise(error, ERROR_HALL_FORM, "%zu", act->said->troubles.count) : true;
}

static bool work_act(DeskContext *context, void *command, Error *error) {
  Act *act = command;
  OrderId id = {0};
  HallForm form;
  bool found;
  json_t *fields;
  if (act->token.len) {
    if (!hall_store_find(&found, &form, context->db, context->county_id, act->token, error)) return false;
    if (!found || !form.order.value) return error_raise(error, ERROR_HALL_RECEIPT, "%s", "");
    id = form.order;
  } else if (!find_order(&id, act->hall, context->db, &act->asker, error)) {
    return false;
  }
  DeskContext theirs = *context;
  theirs.actor = TEXT("customer");
  const Order *order = order_find(act->hall->orders, id);
  const KindStep *step = order ? kind_step_of(order->kind, act->step) : NULL;
  if (step && !status_may_take(order, step)) return error_raise(error, ERROR_HALL_NOT_NOW, "%s", "");
  if (!said_fields(&fields, &theirs, act->said, error)) return false;
  if (act->said->what.at) json_object_set_new(fields, "what", json_stringn(act->said->what.at, act->said->what.len));
  if (act->said->description.at) json_object_set_new(fields, "description", json_stringn(act->said->description.at, act->said->description.len));
  OrderStep ask = {.order = id, .step = act->step, .version = (int32_t)act->version, .fields = fields, .roles = KIND_ROLE_CUSTOMER};
  bool ok = order_step(&theirs, act->hall->orders, &ask, error);
  json_decref(fields);
  return ok;
}

static bool encode_act(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  const Act *act = command;
  (void)room, (void)error;
  if (act->token.len) {
    hall_see_other(reply, "/hall/applied/%.*s", TEXT_ARG(act->token));
    return true;
  }
  page_begin(request, reply, text_of(IN(request, "已提交", "Done")));
  page_note(&reply->body, NOTE_GOOD, IN(request, "您的操作已记录。", "What you did is recorded."));
  buffer_string(&reply->body, "<form method=\"post\" action=\"/hall/follow\">");
  form_hidden(&reply->body, "number", act->number);
  form_hidden(&reply->body, "phone", act->phone);
  buffer_format(&reply->body, "<div><button type=\"submit\">%s</button></div></form>", IN(request, "查看进度", "See how it stands"));
  page_end(request, reply);
  return true;
}

/* What is wrong, and the way back to the matter. */
static void refuse_act(HttpRequest *request, void *command, HttpReply *reply, void *room, const Error *error) {
  const Act *act = command;
  char text[ERROR_TEXT_MAX];
  if (!act || !act->said || error_status(error->code) >= 500) {
    hall_problem(request, command, reply, room, error);
    return;
  }
  page_begin(request, reply, text_of(IN(request, "没有成功", "That was not possible")));
  page_note(&reply->body, NOTE_BAD, act->said->troubles.count ? act->said->troubles.at[0].text : error_text(error, request->language, text, sizeof text));
  if (hall_token_is_sound(act->token)) {
    buffer_format(&reply->body, "<p class=\"buttons\"><a class=\"button\" href=\"/hall/applied/%.*s\">%s</a></p>", TEXT_ARG(act->token), IN(request, "返回", "Back"));
  } else {
    buffer_string(&reply->body, "<form method=\"post\" action=\"/hall/follow\">");
    form_hidden(&reply->body, "number", act->number);
    form_hidden(&reply->body, "phone", act->phone);
    buffer_format(&reply->body, "<div><button type=\"submit\">%s</button></div></form>", IN(request, "返回", "Back"));
  }
  page_end(request, reply);
}

void hall_refuse_follow(HttpRequest *request, void *command, HttpReply *reply, void *room, const Error *error) {
  if (text_is(request->path, "/hall/act")) refuse_act(request, command, reply, room, error);
  else refuse_follow(request, command, reply, room, error);
}

const HttpRoute HALL_FOLLOW_ROUTES[] = {
    {.method = "GET", .path = "/hall/follow", .flags = HTTP_PUBLIC, .summary = "Follow a matter: its number and the telephone", .read = get_follow},
    {.method = "POST",
     .path = "/hall/follow",
     .flags = HTTP_PUBLIC | HTTP_RAW_BODY,
     .summary = "How the matter stands; wrong and unknown are answered alike",
     .request_schema = FORM_DATA_TYPES,
     .read = post_follow},
    {.method = "POST",
     .path = "/hall/act",
     .flags = HTTP_PUBLIC | HTTP_FORM | HTTP_RAW_BODY | HTTP_LARGE_BODY,
     .summary = "A step that is the customer's own: papers, an urging, a withdrawal",
     .request_schema = FORM_DATA_TYPES,
     .decode = decode_act,
     .work = work_act,
     .encode = encode_act},
    {.method = NULL},
};
