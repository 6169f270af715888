#include "hall/hall_internal.h"

#include <stdarg.h>
#include <stdio.h>

#include "style_embedded.h" /* HALL_STYLE */

const LimitRule HALL_GUESSES = {'g', HALL_GUESSES_ADDRESS, HALL_GUESSES_ADDRESS_EVERY};
const LimitRule HALL_NUMBER_GUESSES = {'n', HALL_GUESSES_NUMBER, HALL_GUESSES_NUMBER_EVERY};

void hall_see_other(HttpReply *reply, const char *format, ...) {
  char path[200];
  va_list list;
  va_start(list, format);
  vsnprintf(path, sizeof path, format, list);
  va_end(list);
  reply->status = 303;
  http_reply_header(reply, "Location", "%s", path);
}

/* Any refusal, as a page with a way on. */
void hall_problem(HttpRequest *request, void *command, HttpReply *reply, void *room, const Error *error) {
  char text[ERROR_TEXT_MAX];
  Error bare = *error;
  (void)command, (void)room;
  bare.where[0] = '\0';
  page_begin(request, reply, text_of(IN(request, "没有成功", "That was not possible")));
  page_note(&reply->body, NOTE_BAD, error_text(&bare, request->language, text, sizeof text));
  buffer_format(&reply->body, "<p class=\"buttons\"><a class=\"button second\" href=\"/hall\">%s</a></p>", IN(request, "办事大厅", "Service hall"));
  page_end(request, reply);
}

/* Once an hour: receipts that are old, telephones that are not needed for the limit any more. */
static bool tidy(DeskContext *context, void *room, Error *error) {
  Hall *hall = room;
  if (hall->tidied != INSTANT_NONE && context->now - hall->tidied < SPAN_HOUR) return true;
  if (!hall_store_tidy(context, error)) return false;
  hall->tidied = context->now;
  return true;
}

bool hall_open(Hall **out, Desk *desk, const People *people, Orders *orders, Groups *groups, const Outages *outages, Error *error) {
  Hall *hall = memory_new(sizeof *hall);
  if (!hall) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "hall");
  *hall = (Hall){.desk = desk, .people = people, .orders = orders, .groups = groups, .outages = outages, .county_id = desk_county_id(desk), .limits = limits_new(), .tidied = INSTANT_NONE};
  if (!hall->limits) {
    hall_close(hall);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "hall");
  }
  desk_on_tick(desk, tidy, hall);
  *out = hall;
  return true;
}

void hall_close(Hall *hall) {
  if (!hall) return;
  limits_free(hall->limits);
  memory_free(hall);
}

static bool get_style(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  (void)request, (void)room, (void)error;
  reply->content_type = "text/css; charset=utf-8";
  http_reply_header(reply, "Cache-Control", "%s", "public, max-age=3600");
  buffer_string(&reply->body, HALL_STYLE);
  return true;
}

const HttpRoute HALL_STYLE_ROUTES[] = {
    {.method = "GET", .path = "/hall.css", .flags = HTTP_PUBLIC | HTTP_UNLOCKED, .summary = "The public pages' looks", .read = get_style},
    {.method = NULL},
};

const struct HallTable HALL_TABLES[] = {{HALL_PROCEDURE_ROUTES, hall_problem},  {HALL_APPLY_ROUTES, hall_refuse_apply}, {HALL_FOLLOW_ROUTES, hall_refuse_follow},
                                        {HALL_SURVEY_ROUTES, hall_refuse_survey}, {HALL_GROUP_ROUTES, hall_refuse_group}, {HALL_STYLE_ROUTES, hall_problem},
                                        {NULL, NULL}};

bool hall_add_routes(Http *http, Hall *hall, Error *error) {
  for (const struct HallTable *table = HALL_TABLES; table->routes; table++)
    if (!http_add_pages(http, table->routes, table->problem, hall, error)) return false;
  return true;
}
