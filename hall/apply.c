/* Applying: the form a kind's rules make, its check, and the receipt. */
#include <stdio.h>

#include "hall/hall_internal.h"

enum { WORDS_MAX = 1500, PERSON_MAX = 60, PHONE_LEAST = 7, PHONE_MOST = 15 };

/* --- the form --- */

static const KindField *own_field(const OrderKind *kind, const char *id) {
  for (size_t i = 0; i < kind->form_count; i++)
    if (text_is(kind->form[i].id, id)) return &kind->form[i];
  return NULL;
}

static bool may_be_nameless(const OrderKind *kind) {
  const KindField *field = own_field(kind, "anonymous");
  return field && field->type == FIELD_BOOL;
}

static void write_person(const FormPage *form, const OrderKind *kind) {
  const HttpRequest *request = form->request;
  bool nameless = may_be_nameless(kind);
  bool known = own_field(kind, "applicant") && own_field(kind, "phone") && own_field(kind, "address");
  buffer_format(form->out, "<h2 class=\"part\">%s</h2>", known ? IN(request, "如果已有户号", "If you have a customer number") : IN(request, "您的联系方式", "How we reach you"));
  if (nameless) page_note(form->out, NOTE_PLAIN, IN(request, "匿名时不必填写, 填了也不会保存。", "Not needed when you stay anonymous: nothing of it is kept then."));
  if (!own_field(kind, "applicant"))
    form_input(form, &(FormInput){.name = "caller_name", .type = "text", .autocomplete = "name", .label = text_of(IN(request, "姓名", "Your name")), .most = PERSON_MAX});
  if (!own_field(kind, "phone"))
    form_input(form, &(FormInput){.name = "caller_phone", .type = "tel", .autocomplete = "tel", .inputmode = "tel", .label = text_of(IN(request, "联系电话", "Telephone")),
                                  .hint = text_of(IN(request, "查询进度时要用到后四位", "Its last four digits are needed to follow the matter")), .required = !nameless, .most = 24});
  if (!own_field(kind, "address"))
    form_input(form, &(FormInput){.name = "where", .type = "text", .autocomplete = "street-address", .label = text_of(IN(request, "地址", "Where")),
                                  .hint = text_of(IN(request, "没有户号时请写明", "Please say it when you have no customer number at hand")), .most = 120});
  form_input(form, &(FormInput){.name = "household", .type = "text", .inputmode = "numeric", .label = text_of(IN(request, "用电户号", "Customer number")),
                                .hint = text_of(IN(request, "在电费单上, 可不填", "It stands on the bill")), .most = 32});
  form_input(form, &(FormInput){.name = "holder", .type = "text", .label = text_of(IN(request, "户主姓名", "Name of the account's holder")),
                                .hint = text_of(IN(request, "不是您本人时填写, 用于核对户号", "When it is not you; the number is checked against it")), .most = PERSON_MAX});
}

static void write_form(const HttpRequest *request, HttpReply *reply, const OrderKind *kind, const FormData *said, const Troubles *troubles, Text token) {
  FormPage form = {request, &reply->body, said, troubles};
  Buffer *out = form.out;
  form_troubles(&form);
  buffer_format(out, "<form method=\"post\" enctype=\"multipart/form-data\" action=\"/hall/%.*s/apply\">", TEXT_ARG(kind->origin.id));
  form_hidden(out, "token", token);
  for (size_t i = 0; i < kind->form_count; i++)
    if (form_is_public(&kind->form[i])) form_field(&form, kind->form, &kind->form[i]);
  write_person(&form, kind);
  buffer_format(out, "<div><button type=\"submit\">%s</button></div></form>", IN(request, "提交", "Send"));
}

static void begin_form(const HttpRequest *request, HttpReply *reply, const OrderKind *kind) {
  char title[300];
  Text name = page_name(request, kind->origin.name_zh, kind->origin.name_en);
  snprintf(title, sizeof title, IN(request, "%.*s · 在线办理", "%.*s: apply"), TEXT_ARG(name));
  page_begin(request, reply, text_of(title));
}

static bool find_kind(const OrderKind **out, const HttpRequest *request, const Hall *hall, Error *error) {
  Text id = request->argument[0];
  *out = book_kind_of(hall->orders->book, id);
  if (hall_is_public(*out) && ((*out)->opened_by & KIND_ROLE_CUSTOMER)) return true;
  return error_raise(error, ERROR_NOT_FOUND, "办理事项" ERROR_BOTH "procedure\t%.*s", (int)(id.len < 60 ? id.len : 60), id.at);
}

static bool get_apply(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const OrderKind *kind;
  char token[HALL_TOKEN_TEXT];
  if (!find_kind(&kind, request, room, error)) return false;
  hall_new_token(token);
  begin_form(request, reply, kind);
  buffer_string(&reply->body, "<p class=\"guide\">");
  page_text(&reply->body, page_name(request, kind->guide_zh, kind->guide_en));
  buffer_string(&reply->body, "</p>");
  write_form(request, reply, kind, NULL, NULL, text_of(token));
  page_end(request, reply);
  return true;
}

/* --- sent --- */

typedef struct Apply {
  Hall *hall;
  const OrderKind *kind;
  Said *said;
  Text token, name, phone, where, household, holder;
  Text digits;          /* of the telephone */
  Buffer description;
  OrderAccept accept;
  OrderId order;
} Apply;

static Text from_form(const Apply *apply, const char *kinds, const char *ours) {
  char name[96];
  if (!own_field(apply->kind, kinds)) return form_data_text(&apply->said->form, ours);
  snprintf(name, sizeof name, "f_%s", kinds);
  return form_data_text(&apply->said->form, name);
}

static void check_length(Apply *apply, const HttpRequest *request, Text text, size_t most, const char *field) {
  char words[80];
  if (text_characters(text) <= most) return;
  snprintf(words, sizeof words, IN(request, "过长, 最多 %zu 个字符", "too long, at most %zu characters"), most);
  trouble_add(&apply->said->troubles, text_of(field), words);
}

static bool read_person(Apply *apply, const HttpRequest *request, Error *error) {
  char digits[40];
  bool nameless = may_be_nameless(apply->kind) && text_is(form_data_text(&apply->said->form, "f_anonymous"), "yes");
  if (nameless) return true;
  apply->name = from_form(apply, "applicant", "caller_name");
  apply->phone = from_form(apply, "phone", "caller_phone");
  apply->where = from_form(apply, "address", "where");
  apply->household = form_data_text(&apply->said->form, "household");
  apply->holder = form_data_text(&apply->said->form, "holder");
  const char *phone_field = own_field(apply->kind, "phone") ? "f_phone" : "caller_phone";
  size_t len = hall_digits(digits, sizeof digits, apply->phone);
  if (!apply->phone.len && !may_be_nameless(apply->kind)) trouble_add(&apply->said->troubles, text_of(phone_field), IN(request, "请填写", "fill this in"));
  else if (apply->phone.len && (len < PHONE_LEAST || len > PHONE_MOST || apply->phone.len > 24))
    trouble_add(&apply->said->troubles, text_of(phone_field), IN(request, "应为电话号码", "a telephone number is wanted"));
  if (!own_field(apply->kind, "applicant")) check_length(apply, request, apply->name, PERSON_MAX, "caller_name");
  bool place = !own_field(apply->kind, "address") && !text_is(apply->kind->group, "service"); /* somebody has to go there */
  if (place && !apply->where.len && !apply->household.len) trouble_add(&apply->said->troubles, TEXT("where"), IN(request, "请写明地址, 或填写用电户号", "say where it is, or give the customer number"));
  check_length(apply, request, apply->where, 120, "where");
  check_length(apply, request, apply->household, 32, "household");
  check_length(apply, request, apply->holder, PERSON_MAX, "holder");
  apply->digits = text_copy(request->arena, (Text){digits, len});
  return apply->digits.at ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "form");
}

static bool decode_apply(HttpRequest *request, void **out, void *room, Error *error) {
  Apply *apply = ARENA_NEW(request->arena, Apply);
  if (!apply) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "form");
  apply->hall = room;
  if (!find_kind(&apply->kind, request, apply->hall, error)) return false;
  *out = apply;
  if (!said_read(&apply->said, request, error)) return false;
  Said *said = apply->said;
  apply->token = form_data_text(&said->form, "token");
  if (!hall_token_is_sound(apply->token)) return error_raise(error, ERROR_HTTP_BODY, "%s", "token");
  bool ok = said_check(said, request, apply->kind->form, apply->kind->form_count, apply->kind->keeps_place, error) && read_person(apply, request, error);
  if (ok) check_length(apply, request, said->description, WORDS_MAX, "f_description");
  if (ok && said->troubles.count) ok = error_raise(error, ERROR_HALL_FORM, "%zu", said->troubles.count);
  return ok;
}

/* The household, when its number and either the name or the telephone the company has fit; else CUSTOMER_NONE. Nobody is told which. */
static uint32_t find_household(const Apply *apply) {
  uint32_t position;
  Customer customer;
  char theirs[40];
  const People *people = apply->hall->people;
  if (!people || !apply->household.len || !people_position_of_number(people, apply->household, &position)) return CUSTOMER_NONE;
  people_customer(people, position, &customer);
  size_t len = hall_digits(theirs, sizeof theirs, customer.phone);
  bool phone = len >= PHONE_LEAST && text_equal(apply->digits, (Text){theirs, len});
  bool name = customer.name.len && (text_equal(customer.name, apply->name) || text_equal(customer.name, apply->holder));
  return phone || name ? position : CUSTOMER_NONE;
}

/* What was said, and for the agent where it is and which number was named when that is not known. Names stay out of events: so do descriptions. */
static bool write_description(Apply *apply, Arena *arena, bool known, Error *error) {
  buffer_begin(&apply->description, 16384);
  Buffer *out = &apply->description;
  buffer_text(out, apply->said->description);
  const char *line = out->len ? "\n" : "";
  if (apply->where.len && !own_field(apply->kind, "address")) buffer_format(out, "%s地址 Address: %.*s", line, TEXT_ARG(apply->where)), line = "\n";
  if (apply->household.len && !known) {
    buffer_format(out, "%s户号 Customer number: %.*s (未核对 not verified)", line, TEXT_ARG(apply->household)), line = "\n";
    if (apply->holder.len) buffer_format(out, "%s户主 Holder: %.*s", line, TEXT_ARG(apply->holder));
  }
  Text text = text_copy(arena, buffer_as_text(out));
  bool ok = !out->failed && (text.at || !out->len);
  buffer_end(out);
  if (!ok) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "form");
  apply->accept.description = text.len ? text : TEXT_NONE;
  return true;
}


static bool accept_it(DeskContext *context, Apply *apply, Error *error) {
  Hall *hall = apply->hall;
  bool joined;
  Customer customer = {0};
  json_t *fields;
  uint32_t position = find_household(apply);
  if (position != CUSTOMER_NONE) people_customer(hall->people, position, &customer);
  DeskContext theirs = *context;
  theirs.actor = TEXT("customer");
  if (!said_fields(&fields, &theirs, apply->said, error)) return false;
  apply->accept = (OrderAccept){.kind = apply->kind->origin.id,
                                .customer = customer.id,
                                .device = GRID_NONE,
                                .caller_name = apply->name,
                                .caller_phone = apply->phone,
                                .what = apply->said->what,
                                .source = TEXT("web"),
                                .roles = KIND_ROLE_CUSTOMER,
                                .fields = fields};
  bool ok = write_description(apply, context->arena, position != CUSTOMER_NONE, error) &&
            order_accept(&theirs, hall->orders, &apply->accept, &apply->order, &joined, error);
  json_decref(fields);
  if (!ok) return false;
  HallForm form = {.order = apply->order, .joined = joined};
  return hall_store_add(context, apply->token, &form, apply->digits, error) ? true : desk_spoil(context);
}

static bool work_apply(DeskContext *context, void *command, Error *error) {
  Apply *apply = command;
  HallForm form;
  bool found;
  int64_t today;
  bool ok = hall_store_find(&found, &form, context->db, context->county_id, apply->token, error);
  if (ok && !found) {
    ok = hall_store_by_phone(&today, context, apply->digits, error);
    if (ok && today >= HALL_PHONE_A_DAY) ok = error_raise(error, ERROR_HALL_PHONE, "%d\t%d", 3600, HALL_PHONE_A_DAY);
    ok = ok && accept_it(context, apply, error);
  } /* else it was sent twice: the same receipt */
  return ok;
}

static bool encode_apply(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  (void)request, (void)room, (void)error;
  hall_see_other(reply, "/hall/applied/%.*s", TEXT_ARG(((Apply *)command)->token));
  return true;
}

/* The form again, with what was said and what is wrong with it; or the plain page, when it did not come so far. */
void hall_refuse_apply(HttpRequest *request, void *command, HttpReply *reply, void *room, const Error *error) {
  Apply *apply = command;
  bool form = apply && apply->said && hall_token_is_sound(apply->token) && error_status(error->code) < 500 && error->code != ERROR_HALL_PHONE;
  if (!form) {
    hall_problem(request, command, reply, room, error);
    return;
  }
  Troubles *troubles = &apply->said->troubles;
  bool file = false;
  if (error->code != ERROR_HALL_FORM) { /* the order room's word */
    const char *dot = strrchr(error->where, '.');
    char name[96];
    snprintf(name, sizeof name, "f_%.90s", dot ? dot + 1 : "");
    if (dot && own_field(apply->kind, dot + 1)) trouble_of_error(troubles, request, text_copy(request->arena, text_of(name)), error);
  }
  for (size_t i = 0; i < apply->kind->form_count; i++) file |= apply->kind->form[i].type == FIELD_FILE;
  begin_form(request, reply, apply->kind);
  if (!troubles->count) {
    char text[ERROR_TEXT_MAX];
    page_note(&reply->body, NOTE_BAD, error_text(error, request->language, text, sizeof text));
  }
  if (file) page_note(&reply->body, NOTE_PLAIN, IN(request, "文件要重新选择。", "Files must be chosen again."));
  write_form(request, reply, apply->kind, &apply->said->form, troubles, apply->token);
  page_end(request, reply);
}

/* --- the receipt --- */

static bool get_receipt(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Hall *hall = room;
  HallForm form;
  bool found;
  if (!hall_store_find(&found, &form, request->db, hall->county_id, request->argument[0], error)) return false;
  if (!found || !form.order.value) return error_raise(error, ERROR_HALL_RECEIPT, "%s", "");
  page_begin(request, reply, text_of(IN(request, "已受理", "We have it")));
  page_note(&reply->body, NOTE_GOOD,
            form.joined ? IN(request, "您的来件已并入一张正在办理的工单, 请用本页查询进度。", "It was put to a matter that is being dealt with already. Follow it on this page.")
                        : IN(request, "请记下工单号。凭工单号和所留电话的后四位可随时查询; 也可收藏本页。",
                             "Keep the number. With it and the last four digits of your telephone you can follow the matter at any time; this page can be kept too."));
  StatusKey key = {.token = request->argument[0]};
  if (!status_write(request, &reply->body, hall, form.order, &key, error)) return false;
  page_end(request, reply);
  return true;
}

const HttpRoute HALL_APPLY_ROUTES[] = {
    {.method = "GET",
     .path = "/hall/{kind}/apply",
     .flags = HTTP_PUBLIC,
     .summary = "The form of a procedure",
     .read = get_apply},
    {.method = "POST",
     .path = "/hall/{kind}/apply",
     .flags = HTTP_PUBLIC | HTTP_FORM | HTTP_RAW_BODY | HTTP_LARGE_BODY,
     .summary = "The form filled in: an order, once for each form's token",
     .request_schema = FORM_DATA_TYPES,
     .decode = decode_apply,
     .work = work_apply,
     .encode = encode_apply},
    {.method = "GET",
     .path = "/hall/applied/{token}",
     .flags = HTTP_PUBLIC,
     .summary = "The receipt: the order's number and how it stands",
     .read = get_receipt},
    {.method = NULL},
};
