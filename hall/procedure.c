/* What one can apply for: the list, and a page a procedure with what to bring, its steps and what is promised, from the rules in force. */
#include "hall/hall_internal.h"

bool hall_is_public(const OrderKind *kind) { return kind && kind->public; }

static const struct { const char *id, *zh, *en; } GROUPS[] = {
    {"repair", "停电与故障", "Power failures"}, {"connection", "新装与用电变更", "Supply and changes to it"}, {"meters", "电表", "The meter"},
    {"bills", "电费", "The bill"}, {"service", "咨询与反映", "Questions and matters"}, {NULL, "其他", "Other"}};
enum { GROUP_COUNT = sizeof GROUPS / sizeof *GROUPS };

static size_t group_of(const OrderKind *kind) {
  size_t i = 0;
  while (GROUPS[i].id && !text_is(kind->group, GROUPS[i].id)) i++;
  return i;
}

static void write_kind_link(const HttpRequest *request, Buffer *out, const OrderKind *kind) {
  buffer_format(out, "<li><a href=\"/hall/%.*s\"><b>", TEXT_ARG(kind->origin.id));
  page_text(out, page_name(request, kind->origin.name_zh, kind->origin.name_en));
  buffer_string(out, "</b><span>");
  page_text(out, page_name(request, kind->guide_zh, kind->guide_en));
  buffer_string(out, "</span></a></li>");
}

static bool get_hall(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Hall *hall = room;
  const RuleBook *book = hall->orders->book;
  Buffer *out = &reply->body;
  (void)error;
  page_begin(request, reply, text_of(IN(request, "您要办什么", "What can we do for you")));
  buffer_format(out, "<ul class=\"kinds\"><li><a href=\"/hall/follow\"><b>%s</b><span>%s</span></a></li></ul>", IN(request, "查询办理进度", "Follow a matter"),
                IN(request, "凭工单号和所留电话的后四位", "With its number and the last four digits of the telephone left with it"));
  for (size_t g = 0; g < GROUP_COUNT; g++) {
    bool any = false;
    for (size_t i = 0; i < book_kind_count(book); i++) {
      const OrderKind *kind = book_kind(book, i);
      if (!hall_is_public(kind) || group_of(kind) != g) continue;
      if (!any) buffer_format(out, "<h2>%s</h2><ul class=\"kinds\">", IN(request, GROUPS[g].zh, GROUPS[g].en));
      write_kind_link(request, out, kind);
      any = true;
    }
    if (any) buffer_string(out, "</ul>");
  }
  page_end(request, reply);
  return true;
}

static void write_papers(const HttpRequest *request, Buffer *out, const OrderKind *kind) {
  buffer_format(out, "<h2>%s</h2><ul>", IN(request, "要准备什么", "What to bring"));
  for (size_t i = 0; i < kind->form_count; i++) {
    const KindField *field = &kind->form[i];
    if (!form_is_public(field)) continue;
    buffer_string(out, "<li>");
    page_text(out, page_name(request, field->name_zh, field->name_en));
    if (!field->required) buffer_string(out, IN(request, " (可以后补)", " (may follow later)"));
    buffer_string(out, "</li>");
  }
  buffer_string(out, "</ul>");
}

/* Where a step leads when nothing goes wrong; -1: nowhere else. */
static int leads_to(const KindStep *step) {
  if (step->reopens || step->roles == KIND_ROLE_SYSTEM) return -1;
  switch ((KindEffect)step->effect) {
    case EFFECT_LINK:
    case EFFECT_UNLINK:
    case EFFECT_MERGE:
    case EFFECT_UNMERGE:
    case EFFECT_CALL_AGAIN:
    case EFFECT_SUSPEND: return -1;
    default: break;
  }
  if (step->to >= 0) return step->to;
  for (size_t b = 0; b < step->branch_count; b++)
    if (step->branches[b].to >= 0 && !step->branches[b].reopens) return step->branches[b].to;
  return -1;
}

size_t hall_way(const OrderKind *kind, int state, uint16_t out[KIND_STATES_MAX]) {
  uint64_t seen = 0;
  size_t count = 0;
  for (int at = state; !kind->states[at].final && count < KIND_STATES_MAX;) {
    int next = -1, best = 0;
    seen |= UINT64_C(1) << at;
    for (size_t s = 0; s < kind->step_count; s++) { /* the first that goes on; one further down the ladder, an early end, only where nothing else does */
      int to = kind->steps[s].from >> at & 1 ? leads_to(&kind->steps[s]) : -1;
      if (to < 0 || (seen >> to & 1)) continue;
      int rank = kind->states[to].final ? 1 : kind->states[to].ladder < kind->states[at].ladder ? 2 : 3;
      if (rank > best) best = rank, next = to;
    }
    if (next < 0) break;
    out[count++] = (uint16_t)next;
    at = next;
  }
  return count;
}

static void write_way(const HttpRequest *request, Buffer *out, const OrderKind *kind) {
  uint16_t way[KIND_STATES_MAX];
  size_t count = hall_way(kind, kind->start, way);
  buffer_format(out, "<h2>%s</h2><ol><li>", IN(request, "怎么办理", "The steps"));
  page_text(out, page_name(request, kind->states[kind->start].name_zh, kind->states[kind->start].name_en));
  for (size_t i = 0; i < count; i++) {
    buffer_string(out, "</li><li>");
    page_text(out, page_name(request, kind->states[way[i]].name_zh, kind->states[way[i]].name_en));
  }
  buffer_string(out, "</li></ol>");
  if (!kind->clock_count) return;
  buffer_format(out, "<h2>%s</h2><dl>", IN(request, "我们的承诺", "What we promise"));
  for (size_t i = 0; i < kind->clock_count; i++) {
    const KindClock *clock = &kind->clocks[i];
    buffer_string(out, "<div><dt>");
    page_text(out, page_name(request, clock->name_zh, clock->name_en));
    buffer_string(out, "</dt><dd>");
    page_span(request, out, clock->promise->limit[AREA_URBAN]); /* those of the towns */
    buffer_string(out, "<small>");
    page_text(out, clock->promise->origin.source);
    buffer_string(out, "</small></dd></div>");
  }
  buffer_string(out, "</dl>");
}

static void write_button(const HttpRequest *request, Buffer *out, const OrderKind *kind) {
  if (!(kind->opened_by & KIND_ROLE_CUSTOMER)) return;
  buffer_format(out, "<p class=\"buttons\"><a class=\"button\" href=\"/hall/%.*s/apply\">%s</a></p>", TEXT_ARG(kind->origin.id), IN(request, "在线办理", "Apply here"));
}

static bool get_procedure(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Hall *hall = room;
  Text id = request->argument[0];
  const OrderKind *kind = book_kind_of(hall->orders->book, id);
  if (!hall_is_public(kind)) return error_raise(error, ERROR_NOT_FOUND, "办理事项" ERROR_BOTH "procedure\t%.*s", (int)(id.len < 60 ? id.len : 60), id.at);
  page_begin(request, reply, page_name(request, kind->origin.name_zh, kind->origin.name_en));
  buffer_string(&reply->body, "<p class=\"guide\">");
  page_text(&reply->body, page_name(request, kind->guide_zh, kind->guide_en));
  buffer_string(&reply->body, "</p>");
  write_button(request, &reply->body, kind);
  write_papers(request, &reply->body, kind);
  write_way(request, &reply->body, kind);
  write_button(request, &reply->body, kind);
  page_end(request, reply);
  return true;
}

const HttpRoute HALL_PROCEDURE_ROUTES[] = {
    {.method = "GET", .path = "/hall", .flags = HTTP_PUBLIC, .summary = "What one can apply for, as a page for everyone", .read = get_hall},
    {.method = "GET",
     .path = "/hall/{kind}",
     .flags = HTTP_PUBLIC,
     .summary = "One procedure: what to bring, its steps, what is promised",
     .read = get_procedure},
    {.method = NULL},
};
