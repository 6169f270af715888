#include "hall/page.h"

void page_text(Buffer *out, Text text) {
  for (size_t i = 0; i < text.len; i++) {
    switch (text.at[i]) {
      case '&': buffer_string(out, "&amp;"); break;
      case '<': buffer_string(out, "&lt;"); break;
      case '>': buffer_string(out, "&gt;"); break;
      case '"': buffer_string(out, "&quot;"); break;
      case '\'': buffer_string(out, "&#39;"); break;
      default: buffer_byte(out, text.at[i]);
    }
  }
}

void page_lines(Buffer *out, Text text) {
  Text line;
  bool first = true;
  while (text_next(&text, '\n', &line)) {
    if (!first) buffer_string(out, "<br>");
    page_text(out, line);
    first = false;
  }
}

/* The same page in the other language: a link; of a page that was asked for by a form, the form once more. */
static void write_switch(const HttpRequest *request, Buffer *out, const PageAgain *again) {
  const char *other = IN(request, "en", "zh"), *words = IN(request, "English", "中文"), *lang = IN(request, "en", "zh-CN");
  Text thanks = http_query(request, "thanks"), path = text_is(request->path, "/hall/act") ? TEXT("/hall/follow") : request->path;
  if (!again) {
    buffer_string(out, "<a class=\"language\" href=\"");
    page_text(out, path);
    buffer_format(out, "?language=%s", other);
    if (thanks.at) buffer_string(out, "&amp;thanks="), page_text(out, thanks);
    buffer_format(out, "\" lang=\"%s\" hreflang=\"%s\" rel=\"alternate\">%s</a>", lang, lang, words);
    return;
  }
  buffer_format(out, "<form class=\"language\" method=\"post\" action=\"%s?language=%s\">", again->action, other);
  for (int i = 0; i < 2; i++) form_hidden(out, again->name[i], again->value[i]);
  buffer_format(out, "<button type=\"submit\" lang=\"%s\">%s</button></form>", lang, words);
}

void page_begin(const HttpRequest *request, HttpReply *reply, Text title) { page_begin_again(request, reply, title, NULL); }

void page_begin_again(const HttpRequest *request, HttpReply *reply, Text title, const PageAgain *again) {
  Buffer *out = &reply->body;
  reply->content_type = "text/html; charset=utf-8";
  http_reply_header(reply, "Vary", "Accept-Language, Cookie");
  buffer_format(out, "<!doctype html><html lang=\"%s\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>",
                IN(request, "zh-CN", "en"));
  page_text(out, title);
  buffer_format(out, "</title><link rel=\"stylesheet\" href=\"/hall.css\"></head><body><header><nav aria-label=\"%s\"><a href=\"/hall\"><b>%s</b></a><a href=\"/hall/follow\">%s</a>",
                IN(request, "办事大厅", "Service hall"), IN(request, "办事大厅", "Service hall"), IN(request, "查询进度", "Follow a matter"));
  write_switch(request, out, again);
  buffer_string(out, "</nav></header><main><h1>");
  page_text(out, title);
  buffer_string(out, "</h1>");
}

void page_end(const HttpRequest *request, HttpReply *reply) {
  buffer_format(&reply->body, "</main><footer><p>%s</p></footer></body></html>",
                IN(request, "人身危险、着火、线路落地, 请立即拨打 95598 (24 小时)", "Danger to people, fire, a wire down: call 95598 at once, day and night"));
}

void page_span(const HttpRequest *request, Buffer *out, Span span) {
  int64_t minutes = span / SPAN_MINUTE;
  double count = minutes < 90 ? (double)minutes : minutes < 48 * 60 ? (double)minutes / 60.0 : (double)minutes / 1440.0;
  static const char *const UNITS[][3] = {{"分钟", "minute", "minutes"}, {"小时", "hour", "hours"}, {"天", "day", "days"}};
  const char *const *unit = UNITS[minutes < 90 ? 0 : minutes < 48 * 60 ? 1 : 2];
  char number[32];
  snprintf(number, sizeof number, "%.1f", count);
  size_t len = strlen(number);
  if (number[len - 1] == '0') number[len - 2] = '\0'; /* "24 小时", not "24.0" */
  buffer_format(out, "%s %s", number, request->language == LANGUAGE_ZH ? unit[0] : strcmp(number, "1") == 0 ? unit[1] : unit[2]);
}

void page_moment(const HttpRequest *request, Buffer *out, Instant at) {
  static const char *const MONTHS[] = {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"};
  Civil local = civil_of(at, ZONE_SHANGHAI), now = civil_of(request->now, ZONE_SHANGHAI);
  char text[INSTANT_TEXT_MAX];
  bool day = local.year != now.year || local.month != now.month || local.day != now.day;
  buffer_format(out, "<time datetime=\"%s\">", instant_to_text(at, ZONE_SHANGHAI, text));
  if (request->language == LANGUAGE_ZH) {
    if (local.year != now.year) buffer_format(out, "%d年", local.year);
    buffer_format(out, day ? "%d月%d日 " : "今天 ", local.month, local.day);
  } else if (day) {
    buffer_format(out, "%d %s ", local.day, MONTHS[local.month - 1]);
    if (local.year != now.year) buffer_format(out, "%d ", local.year);
  } else {
    buffer_string(out, "today ");
  }
  buffer_format(out, "%02d:%02d</time>", local.hour, local.minute);
}

void page_note(Buffer *out, PageNote how, const char *text) {
  static const char *const CLASS[] = {"good", "bad", "plain"}, *const MARK[] = {"✓", "⚠", "ⓘ"};
  buffer_format(out, "<p class=\"note %s\"%s><span aria-hidden=\"true\">%s</span><span>", CLASS[how], how == NOTE_BAD ? " role=\"alert\"" : "", MARK[how]);
  page_text(out, text_of(text));
  buffer_string(out, "</span></p>");
}
