/* The questions after a matter, by their link: satisfied or not, seven dimensions, by name or anonymously. Dissatisfied opens the matter again. */
#include <stdio.h>

#include "hall/hall_internal.h"

enum { NOTE_MAX = 1000 };

static Text text_path(const HttpRequest *request) { return text_cut(request->argument[0], 64); }

static void write_answers(const FormPage *form) {
  const HttpRequest *request = form->request;
  static const char *const IDS[] = {"satisfied", "dissatisfied"};
  KindChoice choices[] = {{(char *)(uintptr_t)IDS[0], "满意, 事情办好了", "Satisfied: it is done"}, {(char *)(uintptr_t)IDS[1], "不满意, 请继续处理", "Not satisfied: please go on with it"}};
  (void)request;
  KindField field = {.id = TEXT("answer"), .name_zh = TEXT("办理结果您满意吗?"), .name_en = TEXT("Are you satisfied with the result?"), .type = FIELD_CHOICE,
                     .required = true, .choices = choices, .choice_count = 2, .when_field = -1};
  form_field(form, &field, &field);
}

static void write_dimension(const FormPage *form, const KindChoice *dimension) {
  const HttpRequest *request = form->request;
  static const char *const WORDS[][2] = {{"很差", "very bad"}, {"较差", "bad"}, {"一般", "fair"}, {"较好", "good"}, {"很好", "very good"}};
  char name[80];
  snprintf(name, sizeof name, "s_%.70s", dimension->id);
  Text before = form->said ? form_data_text(form->said, name) : TEXT_NONE;
  buffer_string(form->out, "<fieldset class=\"scale\"><legend>");
  page_text(form->out, text_of(IN(request, dimension->name_zh, dimension->name_en)));
  buffer_string(form->out, "</legend><div class=\"pick\">");
  for (int i = 0; i < 5; i++) {
    bool checked = before.len == 1 && before.at[0] == '1' + i;
    buffer_format(form->out, "<label><input type=\"radio\" name=\"%s\" value=\"%d\"%s>%s</label>", name, i + 1, checked ? " checked" : "", IN(request, WORDS[i][0], WORDS[i][1]));
  }
  buffer_string(form->out, "</div></fieldset>");
}

static void write_form(const HttpRequest *request, HttpReply *reply, const Hall *hall, const FormData *said, const Troubles *troubles) {
  FormPage form = {request, &reply->body, said, troubles};
  const Survey *survey = book_survey(hall->orders->book);
  form_troubles(&form);
  buffer_string(form.out, "<form method=\"post\" action=\"/survey/");
  page_text(form.out, text_path(request));
  buffer_string(form.out, "\">");
  write_answers(&form);
  buffer_format(form.out, "<h2 class=\"part\">%s</h2><p class=\"hint\">%s</p>", IN(request, "请为我们打分", "How did we do"), IN(request, "选填, 想评哪项评哪项", "Optional, and only those you wish to judge"));
  for (size_t i = 0; survey && i < survey->dimension_count; i++) write_dimension(&form, &survey->dimensions[i]);
  form_input(&form, &(FormInput){.name = "note", .type = "textarea", .label = text_of(IN(request, "想对我们说的话", "Anything you wish to tell us")), .most = NOTE_MAX});
  KindField anonymous = {.id = TEXT("anonymous"), .name_zh = TEXT("匿名评价: 不记录是谁、哪张工单、哪一天"), .name_en = TEXT("Anonymously: not kept is who, which matter, and which day"),
                         .type = FIELD_BOOL, .when_field = -1};
  form_field(&form, &anonymous, &anonymous);
  page_note(form.out, NOTE_PLAIN, IN(request, "署名评价 \"不满意\" 时, 事项会重新打开继续处理; 匿名评价不会重新打开。",
                                     "When you are not satisfied and do not stay anonymous, the matter is opened again and dealt with further. An anonymous answer does not open it."));
  buffer_format(form.out, "<div><button type=\"submit\">%s</button></div></form>", IN(request, "提交评价", "Send"));
}

static const char *title_of(const HttpRequest *request) { return IN(request, "服务评价", "How was it"); }

static void write_thanks(const HttpRequest *request, HttpReply *reply, Text said) {
  page_begin(request, reply, text_of(IN(request, "谢谢您的评价", "Thank you")));
  if (text_is(said, "again"))
    page_note(&reply->body, NOTE_GOOD, IN(request, "很抱歉没有让您满意。事项已重新打开, 我们会继续处理并再次回访。", "We are sorry. The matter is open again; we go on with it and will ask you once more."));
  else page_note(&reply->body, NOTE_GOOD, IN(request, "您的评价已收到, 此链接不再有效。", "Your answer was received; this link has done its work."));
  buffer_format(&reply->body, "<p class=\"buttons\"><a class=\"button second\" href=\"/hall\">%s</a></p>", IN(request, "办事大厅", "Service hall"));
  page_end(request, reply);
}

static bool get_survey(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Hall *hall = room;
  SurveyLink link;
  bool found;
  Text said = http_query(request, "thanks");
  if (!survey_find(&found, &link, request->db, hall->county_id, request->argument[0], error)) return false;
  if (!found) return error_raise(error, ERROR_SURVEY_LINK, "%s", "不存在" ERROR_BOTH "there is none");
  const Order *order = order_find(hall->orders, link.order);
  if (link.used && said.at) {
    write_thanks(request, reply, said);
    return true;
  }
  page_begin(request, reply, text_of(title_of(request)));
  if (link.used) {
    page_note(&reply->body, NOTE_PLAIN, IN(request, "您已经评价过了, 谢谢。", "You have answered already. Thank you."));
  } else if (request->now > link.expires_at) {
    page_note(&reply->body, NOTE_PLAIN, IN(request, "此链接已过期。仍有意见请拨打 95598, 或在办事大厅反映。", "This link has expired. If something is left to say, call 95598 or use the service hall."));
  } else if (!order || !order_waits_for_callback(order)) {
    page_note(&reply->body, NOTE_PLAIN, IN(request, "此事项已办结, 无需再评价。", "This matter has ended; nothing is asked any more."));
  } else {
    buffer_string(&reply->body, "<div class=\"card\"><p class=\"quiet\">");
    page_text(&reply->body, page_name(request, order->kind->origin.name_zh, order->kind->origin.name_en));
    buffer_format(&reply->body, "</p><p><span class=\"number\">%lld</span></p><p class=\"quiet\">%s ", (long long)order->number, IN(request, "请在此前评价:", "Please answer before"));
    page_moment(request, &reply->body, link.expires_at);
    buffer_string(&reply->body, "</p></div>");
    write_form(request, reply, hall, NULL, NULL);
    page_end(request, reply);
    return true;
  }
  buffer_format(&reply->body, "<p class=\"buttons\"><a class=\"button second\" href=\"/hall\">%s</a></p>", IN(request, "办事大厅", "Service hall"));
  page_end(request, reply);
  return true;
}

/* --- answered --- */

typedef struct Answer {
  Hall *hall;
  FormData form;
  Troubles troubles;
  Text token, answer, note, scores;
  bool anonymous;
} Answer;

static bool read_scores(Answer *answer, const HttpRequest *request, Error *error) {
  const Survey *survey = book_survey(answer->hall->orders->book);
  Buffer out;
  buffer_begin(&out, 8192);
  buffer_byte(&out, '{');
  for (size_t i = 0; survey && i < survey->dimension_count; i++) {
    char name[80];
    int64_t score;
    snprintf(name, sizeof name, "s_%.70s", survey->dimensions[i].id);
    Text said = form_data_text(&answer->form, name);
    if (!said.len) continue;
    if (!text_to_i64(said, &score) || score < 1 || score > 5) trouble_add(&answer->troubles, text_copy(request->arena, text_of(name)), "1 – 5");
    else buffer_format(&out, "%s\"%s\":%lld", out.len > 1 ? "," : "", survey->dimensions[i].id, (long long)score);
  }
  buffer_byte(&out, '}');
  answer->scores = out.failed ? TEXT_NONE : text_copy(request->arena, buffer_as_text(&out));
  buffer_end(&out);
  return answer->scores.at ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "survey");
}

static bool decode_answer(HttpRequest *request, void **out, void *room, Error *error) {
  Answer *answer = ARENA_NEW(request->arena, Answer);
  if (!answer) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "survey");
  answer->hall = room;
  answer->token = request->argument[0];
  *out = answer;
  if (!form_data_read(&answer->form, request->arena, http_header(request, "Content-Type"), request->raw_body, error) ||
      !read_scores(answer, request, error))
    return false;
  answer->answer = form_data_text(&answer->form, "f_answer");
  answer->note = form_data_text(&answer->form, "note");
  answer->anonymous = text_is(form_data_text(&answer->form, "f_anonymous"), "yes");
  if (!text_is(answer->answer, "satisfied") && !text_is(answer->answer, "dissatisfied")) trouble_add(&answer->troubles, TEXT("f_answer"), IN(request, "请选择", "choose one"));
  if (text_characters(answer->note) > NOTE_MAX) trouble_add(&answer->troubles, TEXT("note"), IN(request, "过长, 最多 1000 个字符", "too long, at most 1000 characters"));
  return answer->troubles.count ? error_raise(error, ERROR_HALL_FORM, "%zu", answer->troubles.count) : true;
}

static bool work_answer(DeskContext *context, void *command, Error *error) {
  Answer *answer = command;
  json_t *scores = json_loadb(answer->scores.at, answer->scores.len, 0, NULL);
  if (!scores) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "survey");
  SurveyAnswer said = {answer->token, answer->answer, answer->note, json_object_size(scores) ? scores : NULL, answer->anonymous};
  bool ok = survey_answer(context, answer->hall->orders, &said, error);
  json_decref(scores);
  return ok;
}

static bool encode_answer(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  (void)request, (void)room, (void)error;
  const Answer *answer = command;
  bool again = !answer->anonymous && text_is(answer->answer, "dissatisfied");
  hall_see_other(reply, "/survey/%.*s?thanks=%s", TEXT_ARG(text_cut(answer->token, 64)), again ? "again" : "yes");
  return true;
}

void hall_refuse_survey(HttpRequest *request, void *command, HttpReply *reply, void *room, const Error *error) {
  const Answer *answer = command;
  if (answer && error->code == ERROR_SURVEY_LINK) { /* sent twice, or too late: the page says which */
    hall_see_other(reply, "/survey/%.*s", TEXT_ARG(text_path(request)));
    return;
  }
  if (!answer || error->code != ERROR_HALL_FORM) {
    hall_problem(request, command, reply, room, error);
    return;
  }
  page_begin(request, reply, text_of(title_of(request)));
  write_form(request, reply, answer->hall, &answer->form, &answer->troubles);
  page_end(request, reply);
}

const HttpRoute HALL_SURVEY_ROUTES[] = {
    {.method = "GET",
     .path = "/survey/{token}",
     .flags = HTTP_PUBLIC,
     .summary = "The questions after a matter, as a page",
     .query = "thanks",
     .read = get_survey},
    {.method = "POST",
     .path = "/survey/{token}",
     .flags = HTTP_PUBLIC | HTTP_FORM | HTTP_RAW_BODY,
     .summary = "The customer's answer from the page",
     .request_schema = FORM_DATA_TYPES,
     .decode = decode_answer,
     .work = work_answer,
     .encode = encode_answer},
    {.method = NULL},
};
