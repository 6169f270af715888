/* An emergency group by its link: its thread, newest first, and a form to say something with a picture. Pictures lose the place they were taken at. */
#include <stdio.h>

#include "group/group_inside.h"
#include "hall/hall_internal.h"

enum { SHOWN = 50 };

/* --- the thread --- */

typedef struct Thread {
  HttpRequest *request;
  Buffer *out;
  const Hall *hall;
  Text token;
  MessageRow row[SHOWN];
  size_t count;
} Thread;

static Text keep_text(const Thread *thread, Text text) { return text.at ? text_copy(thread->request->arena, text) : TEXT_NONE; }

static void keep_message(void *self, const MessageRow *row) {
  Thread *thread = self;
  if (thread->count == SHOWN) return;
  MessageRow *kept = &thread->row[thread->count++];
  *kept = *row;
  kept->author = keep_text(thread, row->author), kept->author_name = keep_text(thread, row->author_name);
  kept->body = keep_text(thread, row->body), kept->body_en = keep_text(thread, row->body_en);
}

static void keep_type(void *self, const Attachment *attachment) { *(bool *)self = text_starts(attachment->type, TEXT("image/")); }

static bool write_picture(const Thread *thread, int64_t id, Error *error) {
  bool picture = false;
  char path[160];
  if (!store_attachments(thread->request->db, thread->hall->county_id, (OrderId){0}, id, keep_type, &picture, error)) return false;
  snprintf(path, sizeof path, "/api/v1/group-links/%.*s/pictures/%lld", TEXT_ARG(thread->token), (long long)id);
  buffer_format(thread->out, "<a href=\"%s\">", path);
  if (picture) buffer_format(thread->out, "<img src=\"%s\" alt=\"%s\" loading=\"lazy\"></a>", path, IN(thread->request, "现场照片", "A picture"));
  else buffer_format(thread->out, "%s</a>", IN(thread->request, "PDF 文件", "A PDF"));
  return true;
}

static bool write_message(const Thread *thread, const MessageRow *row, Error *error) {
  const HttpRequest *request = thread->request;
  bool household = text_is(row->author, "household"), system = text_is(row->author, "system");
  buffer_format(thread->out, "<li class=\"%s\"><p class=\"quiet\">", household ? "household" : system ? "system" : "staff");
  if (system) buffer_string(thread->out, IN(request, "办理进展", "How it goes on"));
  else if (household && row->author_name.len) page_text(thread->out, people_mask_name(request->arena, row->author_name));
  else if (household) buffer_string(thread->out, IN(request, "用户", "A household"));
  else buffer_string(thread->out, IN(request, "客户经理", "The manager"));
  buffer_string(thread->out, " · ");
  page_moment(request, thread->out, row->at);
  buffer_string(thread->out, "</p>");
  Text body = request->language == LANGUAGE_EN && row->body_en.len ? row->body_en : row->body;
  if (body.len) {
    buffer_string(thread->out, "<p>");
    page_lines(thread->out, body);
    buffer_string(thread->out, "</p>");
  }
  if (row->attachment_id && !write_picture(thread, row->attachment_id, error)) return false;
  buffer_string(thread->out, "</li>");
  return true;
}

static void keep_name(void *self, const GroupRow *row) { snprintf(self, 256, "%.*s", TEXT_ARG(row->name)); }

static void write_form(const HttpRequest *request, HttpReply *reply, Text group, const FormData *said, const Troubles *troubles, Text token) {
  FormPage form = {request, &reply->body, said, troubles};
  form_troubles(&form);
  buffer_string(form.out, "<form method=\"post\" enctype=\"multipart/form-data\" action=\"/group/");
  page_text(form.out, group);
  buffer_string(form.out, "\">");
  form_hidden(form.out, "token", token);
  form_input(&form, &(FormInput){.name = "body", .type = "textarea", .label = text_of(IN(request, "说点什么", "What is it")), .most = GROUP_TEXT_MAX});
  KindField picture = {.id = TEXT("picture"), .name_zh = TEXT("照片"), .name_en = TEXT("A picture"), .type = FIELD_FILE, .most = 1, .when_field = -1};
  form_field(&form, &picture, &picture);
  bool open = false;
  for (size_t i = 0; troubles && i < troubles->count; i++) open |= text_is(troubles->at[i].field, "name") || text_is(troubles->at[i].field, "customer_number");
  buffer_format(form.out, "<details%s><summary>%s</summary>", open ? " open" : "", IN(request, "您是哪一户 (选填)", "Which household you are (optional)"));
  form_input(&form, &(FormInput){.name = "name", .type = "text", .autocomplete = "name", .label = text_of(IN(request, "您的称呼", "Your name")),
                                 .hint = text_of(IN(request, "群里只显示姓", "The others see its first character only")), .most = GROUP_NAME_MAX});
  form_input(&form, &(FormInput){.name = "customer_number", .type = "text", .inputmode = "numeric", .label = text_of(IN(request, "用电户号", "Customer number")),
                                 .hint = text_of(IN(request, "只有客户经理看得到", "Only the manager sees it")), .most = 32});
  buffer_format(form.out, "</details><div><button type=\"submit\">%s</button></div></form>", IN(request, "发送", "Send"));
}

static bool get_group(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Hall *hall = room;
  int64_t id, before;
  char name[256] = "", token[HALL_TOKEN_TEXT];
  Text link = text_cut(request->argument[0], 64);
  if (!group_by_token(&id, hall->groups, request->db, request->argument[0], error) || !http_query_i64(request, "before", 0, 1, INT64_MAX, &before, error) ||
      !group_store_group(request->db, hall->county_id, id, keep_name, name, error))
    return false;
  Thread *thread = ARENA_NEW(request->arena, Thread);
  if (!thread) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "group");
  thread->request = request, thread->out = &reply->body, thread->hall = hall, thread->token = link;
  if (!group_store_messages(request->db, hall->county_id, id, before, SHOWN, keep_message, thread, error)) return false;
  hall_new_token(token);
  page_begin(request, reply, text_of(name));
  if (before) {
    buffer_format(thread->out, "<p class=\"buttons\"><a class=\"button second\" href=\"/group/%.*s\">%s</a></p>", TEXT_ARG(link), IN(request, "回到最新", "To the newest"));
  } else {
    write_form(request, reply, link, NULL, NULL, text_of(token));
    buffer_format(thread->out, "<p class=\"buttons\"><a class=\"button second\" href=\"/group/%.*s\">%s</a></p>", TEXT_ARG(link), IN(request, "刷新", "Look again"));
  }
  buffer_string(thread->out, "<ul class=\"thread\">");
  for (size_t i = 0; i < thread->count; i++)
    if (!write_message(thread, &thread->row[i], error)) return false;
  buffer_string(thread->out, "</ul>");
  if (!thread->count) buffer_format(thread->out, "<p class=\"quiet\">%s</p>", IN(request, "还没有消息。", "Nothing was said yet."));
  if (thread->count == SHOWN)
    buffer_format(thread->out, "<p class=\"buttons\"><a class=\"button second\" href=\"/group/%.*s?before=%lld\">%s</a></p>", TEXT_ARG(link), (long long)thread->row[SHOWN - 1].id, IN(request, "更早的消息", "Earlier ones"));
  page_end(request, reply);
  return true;
}

/* --- saying something --- */

typedef struct Say {
  Hall *hall;
  Said *said;
  Text token, link;
  GroupSaid group;
} Say;

static bool decode_say(HttpRequest *request, void **out, void *room, Error *error) {
  Say *say = ARENA_NEW(request->arena, Say);
  if (!say) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "group");
  say->hall = room;
  say->link = request->argument[0];
  *out = say;
  if (!said_read(&say->said, request, error)) return false;
  Said *said = say->said;
  say->token = form_data_text(&said->form, "token");
  if (!hall_token_is_sound(say->token)) return error_raise(error, ERROR_HTTP_BODY, "%s", "token");
  say->group = (GroupSaid){.token = say->link, .name = form_data_text(&said->form, "name"), .number = form_data_text(&said->form, "customer_number"), .body = form_data_text(&said->form, "body")};
  const FormPart *part;
  for (size_t at = 0; (part = form_data_next(&said->form, TEXT("f_picture"), &at));)
    if (part->file && part->value.len && said->file_count < 1) said_take_file(said, request, NULL, part, false);
  if (!say->group.body.len && !said->file_count && !said->troubles.count) trouble_add(&said->troubles, TEXT("body"), IN(request, "请写点什么, 或选一张照片", "write something, or choose a picture"));
  if (text_characters(say->group.body) > GROUP_TEXT_MAX) trouble_add(&said->troubles, TEXT("body"), IN(request, "过长, 最多 1000 个字符", "too long, at most 1000 characters"));
  if (text_characters(say->group.name) > GROUP_NAME_MAX) trouble_add(&said->troubles, TEXT("name"), IN(request, "过长", "too long"));
  if (text_characters(say->group.number) > 32) trouble_add(&said->troubles, TEXT("customer_number"), IN(request, "过长", "too long"));
  return said->troubles.count ? error_raise(error, ERROR_HALL_FORM, "%zu", said->troubles.count) : true;
}

static bool work_say(DeskContext *context, void *command, Error *error) {
  Say *say = command;
  HallForm form;
  bool found;
  int64_t group;
  if (!hall_store_find(&found, &form, context->db, context->county_id, say->token, error)) return false;
  if (found) return true; /* sent twice */
  GroupSaid said = say->group;
  DeskContext theirs = *context;
  theirs.actor = TEXT("household");
  if (!group_by_token(&group, say->hall->groups, context->db, say->link, error)) return false;
  const HallFile *file = say->said->file_count ? &say->said->file[0] : NULL;
  if (file && !attachment_add(&theirs, (OrderId){0}, group, file->type, file->body, &said.attachment_id, error)) return false;
  form = (HallForm){0};
  return group_say(&theirs, say->hall->groups, &said, &form.message, error) && hall_store_add(context, say->token, &form, TEXT_NONE, error);
}

static bool encode_say(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  (void)request, (void)room, (void)error;
  hall_see_other(reply, "/group/%.*s", TEXT_ARG(text_cut(((Say *)command)->link, 64)));
  return true;
}

void hall_refuse_group(HttpRequest *request, void *command, HttpReply *reply, void *room, const Error *error) {
  const Say *say = command;
  bool form = say && say->said && error_status(error->code) < 500 && error->code != ERROR_SURVEY_LINK && hall_token_is_sound(say->token);
  char text[ERROR_TEXT_MAX];
  if (!form) {
    hall_problem(request, command, reply, room, error);
    return;
  }
  page_begin(request, reply, text_of(IN(request, "还没有发出", "Not sent yet")));
  if (!say->said->troubles.count) page_note(&reply->body, NOTE_BAD, error_text(error, request->language, text, sizeof text));
  write_form(request, reply, text_cut(say->link, 64), &say->said->form, &say->said->troubles, say->token);
  buffer_format(&reply->body, "<p class=\"buttons\"><a class=\"button second\" href=\"/group/%.*s\">%s</a></p>", TEXT_ARG(text_cut(say->link, 64)), IN(request, "返回群组", "Back to the group"));
  page_end(request, reply);
}

const HttpRoute HALL_GROUP_ROUTES[] = {
    {.method = "GET",
     .path = "/group/{token}",
     .flags = HTTP_PUBLIC,
     .summary = "An emergency group's thread, as a page for its households",
     .query = "before",
     .read = get_group},
    {.method = "POST",
     .path = "/group/{token}",
     .flags = HTTP_PUBLIC | HTTP_FORM | HTTP_RAW_BODY | HTTP_LARGE_BODY,
     .summary = "A household says something, with a picture",
     .request_schema = FORM_DATA_TYPES,
     .decode = decode_say,
     .work = work_say,
     .encode = encode_say},
    {.method = NULL},
};
