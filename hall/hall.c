#include "hall/hall.h"

#include "order/kind.h"
#include "order/order_inside.h"

#define IN(request, zh, en) ((request)->language == LANGUAGE_ZH ? (zh) : (en))

static Text name_in(const HttpRequest *request, Text zh, Text en) { return request->language == LANGUAGE_ZH ? zh : en; }

void hall_write_text(Buffer *out, Text text) {
  for (size_t i = 0; i < text.len; i++) {
    switch (text.at[i]) {
      case '&': buffer_string(out, "&amp;"); break;
      case '<': buffer_string(out, "&lt;"); break;
      case '>': buffer_string(out, "&gt;"); break;
      case '"': buffer_string(out, "&quot;"); break;
      case '\'': buffer_string(out, "&#39;"); break;
      default: buffer_text(out, (Text){text.at + i, 1});
    }
  }
}

static void begin_page(HttpRequest *request, HttpReply *reply, Text title) {
  Buffer *out = &reply->body;
  reply->content_type = "text/html; charset=utf-8";
  http_reply_header(reply, "Vary", "Accept-Language");
  buffer_format(out, "<!doctype html><html lang=\"%s\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>",
                IN(request, "zh-CN", "en"));
  hall_write_text(out, title);
  buffer_string(out, "</title><link rel=\"stylesheet\" href=\"/hall.css\"></head><body><header><a href=\"/hall\">");
  buffer_string(out, IN(request, "办事大厅", "Service hall"));
  buffer_string(out, "</a></header><main><h1>");
  hall_write_text(out, title);
  buffer_string(out, "</h1>");
}

static void end_page(HttpReply *reply) { buffer_string(&reply->body, "</main></body></html>"); }

/* "45 分钟", "5 天": the limits are those of the towns. */
static void write_limit(HttpRequest *request, Buffer *out, Span limit) {
  int64_t minutes = limit / SPAN_MINUTE;
  if (minutes < 90) buffer_format(out, IN(request, "%lld 分钟", "%lld minutes"), (long long)minutes);
  else if (minutes < 48 * 60) buffer_format(out, IN(request, "%.1f 小时", "%.1f hours"), (double)minutes / 60.0);
  else buffer_format(out, IN(request, "%.1f 天", "%.1f days"), (double)minutes / 1440.0);
}

static bool get_hall(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Orders *orders = room;
  Buffer *out = &reply->body;
  (void)error;
  begin_page(request, reply, text_of(IN(request, "可以办什么", "What you can apply for")));
  buffer_string(out, "<ul class=\"kinds\">");
  for (size_t i = 0; i < book_kind_count(orders->book); i++) {
    const OrderKind *kind = book_kind(orders->book, i);
    if (!kind->public) continue;
    buffer_format(out, "<li><a href=\"/hall/%.*s\"><b>", TEXT_ARG(kind->origin.id));
    hall_write_text(out, name_in(request, kind->origin.name_zh, kind->origin.name_en));
    buffer_string(out, "</b><span>");
    hall_write_text(out, name_in(request, kind->guide_zh, kind->guide_en));
    buffer_string(out, "</span></a></li>");
  }
  buffer_string(out, "</ul>");
  end_page(reply);
  return true;
}

static void write_form(HttpRequest *request, Buffer *out, const OrderKind *kind) {
  buffer_format(out, "<h2>%s</h2><ul>", IN(request, "要准备什么", "What to bring"));
  for (size_t i = 0; i < kind->form_count; i++) {
    const KindField *field = &kind->form[i];
    buffer_string(out, "<li>");
    hall_write_text(out, name_in(request, field->name_zh, field->name_en));
    if (!field->required) buffer_string(out, IN(request, " (可以后补)", " (may follow later)"));
    buffer_string(out, "</li>");
  }
  buffer_string(out, "</ul>");
}

/* The states in the order an order passes them: from its start, each before those it leads to (ways back aside). */
typedef struct Way {
  const OrderKind *kind;
  bool seen[KIND_STATES_MAX];
  size_t count;
  uint16_t at[KIND_STATES_MAX]; /* the last first */
} Way;

static void walk(Way *way, int state) {
  if (state < 0 || way->seen[state]) return;
  way->seen[state] = true;
  for (size_t s = way->kind->step_count; s-- > 0;) {
    const KindStep *step = &way->kind->steps[s];
    if (!(step->from >> state & 1)) continue;
    for (size_t b = step->branch_count; b-- > 0;) walk(way, step->branches[b].to);
    walk(way, step->to);
  }
  way->at[way->count++] = (uint16_t)state;
}

static void write_way(HttpRequest *request, Buffer *out, const OrderKind *kind) {
  buffer_format(out, "<h2>%s</h2><ol>", IN(request, "怎么办理", "The steps"));
  Way way = {.kind = kind};
  walk(&way, kind->start);
  for (size_t i = way.count; i-- > 0;) {
    const KindState *state = &kind->states[way.at[i]];
    buffer_string(out, "<li>");
    hall_write_text(out, name_in(request, state->name_zh, state->name_en));
    buffer_string(out, "</li>");
  }
  buffer_string(out, "</ol>");
  if (!kind->clock_count) return;
  buffer_format(out, "<h2>%s</h2><dl>", IN(request, "我们的承诺", "What we promise"));
  for (size_t i = 0; i < kind->clock_count; i++) {
    const KindClock *clock = &kind->clocks[i];
    buffer_string(out, "<div><dt>");
    hall_write_text(out, name_in(request, clock->name_zh, clock->name_en));
    buffer_string(out, "</dt><dd>");
    write_limit(request, out, clock->promise->limit[AREA_URBAN]);
    buffer_string(out, "<small>");
    hall_write_text(out, clock->promise->origin.source);
    buffer_string(out, "</small></dd></div>");
  }
  buffer_string(out, "</dl>");
}

static bool get_procedure(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Orders *orders = room;
  Text id = request->argument[0];
  const OrderKind *kind = book_kind_of(orders->book, id);
  if (!kind || !kind->public) return error_raise(error, ERROR_NOT_FOUND, "kind\t%.*s", (int)(id.len < 60 ? id.len : 60), id.at);
  begin_page(request, reply, name_in(request, kind->origin.name_zh, kind->origin.name_en));
  buffer_string(&reply->body, "<p class=\"guide\">");
  hall_write_text(&reply->body, name_in(request, kind->guide_zh, kind->guide_en));
  buffer_string(&reply->body, "</p>");
  write_form(request, &reply->body, kind);
  write_way(request, &reply->body, kind);
  end_page(reply);
  return true;
}

static bool get_style(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  (void)request, (void)room, (void)error;
  reply->content_type = "text/css; charset=utf-8";
  http_reply_header(reply, "Cache-Control", "%s", "public, max-age=3600");
  buffer_string(&reply->body,
                ":root{color-scheme:light dark;--ground:#eef2f3;--panel:#fff;--line:#d5dcdf;--ink:#17212b;--ink2:#4a5862;--accent:#006660}"
                "@media(prefers-color-scheme:dark){:root{--ground:#0d1418;--panel:#151f25;--line:#2c3b43;--ink:#e8eef1;--ink2:#a9b8c0;--accent:#4fd0c2}}"
                "*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.6 'Noto Sans CJK SC','PingFang SC',"
                "'Microsoft YaHei',system-ui,sans-serif}header{background:#00504c}header a{display:block;max-width:760px;margin:0 auto;padding:12px 16px;"
                "color:#fff;font-weight:700;text-decoration:none}main{max-width:760px;margin:0 auto;padding:16px}h1{margin:8px 0 16px;font-size:24px}"
                "h2{margin:24px 0 8px;font-size:18px}.kinds{display:grid;gap:8px;margin:0;padding:0;list-style:none}.kinds a{display:grid;min-height:48px;"
                "padding:12px 16px;border:1px solid var(--line);border-radius:8px;background:var(--panel);color:var(--ink);text-decoration:none}"
                ".kinds b{color:var(--accent)}.kinds span,small{color:var(--ink2)}.guide{padding:12px 16px;border-radius:8px;background:var(--panel)}"
                "dl{margin:0}dl div{display:grid;grid-template-columns:1fr 2fr;gap:12px;padding:8px 0;border-bottom:1px solid var(--line)}dd{margin:0}"
                "small{display:block;font-size:14px}a:focus-visible{outline:3px solid var(--accent);outline-offset:2px}");
  return true;
}

const HttpRoute HALL_ROUTES[] = {
    {.method = "GET", .path = "/hall", .flags = HTTP_PUBLIC, .summary = "What one can apply for, as a page for everyone", .read = get_hall},
    {.method = "GET", .path = "/hall/{kind}", .flags = HTTP_PUBLIC, .summary = "One procedure: what to bring, its steps, what is promised", .read = get_procedure},
    {.method = "GET", .path = "/hall.css", .flags = HTTP_PUBLIC | HTTP_UNLOCKED, .summary = "The pages' looks", .read = get_style},
    {.method = NULL},
};
