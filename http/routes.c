#include <assert.h>
#include <stdio.h>

#include "http/http_internal.h"

static bool split_path(Route *route, Error *error) {
  const char *path = route->row->path;
  Text rest = text_of(path), part;
  if (rest.len < 2 || rest.at[0] != '/') return error_raise(error, ERROR_ROUTE, "%s\tthe path must begin with '/'", path);
  rest = text_slice(rest, 1, rest.len);
  int arguments = 0;
  while (text_next(&rest, '/', &part)) {
    if (part.len == 0 && !rest.at) return true; /* "/api/" */
    if (route->segments == TARGET_SEGMENTS) return error_raise(error, ERROR_ROUTE, "%s\ttoo many parts", path);
    bool argument = part.len > 2 && part.at[0] == '{' && part.at[part.len - 1] == '}';
    if (argument && ++arguments > HTTP_PATH_ARGUMENTS) return error_raise(error, ERROR_ROUTE, "%s\ttoo many arguments", path);
    if (part.len == 0 || (!argument && memchr(part.at, '{', part.len))) return error_raise(error, ERROR_ROUTE, "%s\ta part is not sound", path);
    route->argument[route->segments] = argument;
    route->segment[route->segments++] = argument ? text_slice(part, 1, part.len - 1) : part;
  }
  return true;
}

static bool same_place(const Route *a, const Route *b) {
  if (a->segments != b->segments || strcmp(a->row->method, b->row->method) != 0) return false;
  for (int i = 0; i < a->segments; i++)
    if (a->argument[i] != b->argument[i] || (!a->argument[i] && !text_equal(a->segment[i], b->segment[i]))) return false;
  return true;
}

static bool flags_fit(const HttpRoute *row, bool feed) {
  bool get = strcmp(row->method, "GET") == 0, writes = row->decode && row->work && row->encode;
  if (feed) return get;
  if (row->read ? (row->decode || row->work || row->encode || (row->flags & HTTP_KEYED)) : !writes) return false;
  if (!row->read && (row->flags & (HTTP_UNLOCKED))) return false;
  return !get || (row->read && !row->request_schema);
}

bool routes_add(Http *http, const HttpRoute *row, void *room, bool feed, Error *error) {
  Route *route = ARENA_NEW(&http->arena, Route);
  if (!route || !vector_reserve(&http->routes, 1)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "routes");
  route->row = row;
  route->room = room;
  route->feed = feed;
  if (!split_path(route, error)) return false;
  if (!flags_fit(row, feed)) return error_raise(error, ERROR_ROUTE, "%s\thandlers and flags do not fit each other", row->path);
  if (row->request_schema && !(row->flags & HTTP_RAW_BODY) && !schema_compile(&route->request, http->schemas, row->request_schema, error))
    return error_at(error, "%s %s request", row->method, row->path);
  if (row->reply_schema && !schema_compile(&route->reply, http->schemas, row->reply_schema, error))
    return error_at(error, "%s %s reply", row->method, row->path);
  for (size_t i = 0; i < http->routes.count; i++)
    if (same_place(http->routes.at[i], route)) return error_raise(error, ERROR_ROUTE, "%s %s\tstands twice", row->method, row->path);
  return vector_push(&http->routes, route);
}

bool http_add_routes(Http *http, const HttpRoute *routes, void *room, Error *error) {
  assert(http->loop_count == 0);
  for (const HttpRoute *row = routes; row->method; row++)
    if (!routes_add(http, row, room, false, error)) return false;
  return true;
}

bool http_add_pages(Http *http, const HttpRoute *routes, HttpProblem problem, void *room, Error *error) {
  size_t from = http->routes.count;
  if (!http_add_routes(http, routes, room, error)) return false;
  for (size_t i = from; i < http->routes.count; i++) http->routes.at[i]->problem = problem;
  return true;
}

bool http_add_component(Http *http, const char *name, const char *schema, Error *error) {
  assert(http->loop_count == 0);
  return schema_component(http->schemas, name, schema, error);
}

/* How well a route's path fits: -1 not at all, else a number that is greater when fixed parts stand further in front. */
static int fit(const Route *route, const Target *target) {
  if (route->segments != target->segments) return -1;
  int score = 0;
  for (int i = 0; i < route->segments; i++) {
    score *= 2;
    if (route->argument[i]) continue;
    if (!text_equal(route->segment[i], target->segment[i])) return -1;
    score++;
  }
  return score;
}

bool routes_match(Route **out, Http *http, Text method, Request *request, char allowed[128], Error *error) {
  const Target *target = &request->target;
  bool get = text_is(method, "GET") || text_is(method, "HEAD");
  int best = -1;
  size_t len = 0;
  *out = NULL;
  allowed[0] = '\0';
  for (size_t i = 0; i < http->routes.count; i++) {
    Route *route = http->routes.at[i];
    int score = fit(route, target);
    if (score < 0) continue;
    const char *name = route->row->method;
    if (get ? strcmp(name, "GET") != 0 : !text_is(method, name)) {
      if (len < 100) len += (size_t)snprintf(allowed + len, 128 - len, "%s%s%s", len ? ", " : "", name, strcmp(name, "GET") == 0 ? ", HEAD" : "");
    } else if (score > best) {
      best = score;
      *out = route;
    }
  }
  if (!*out && allowed[0]) return error_raise(error, ERROR_HTTP_METHOD, "%.*s\t%s", TEXT_ARG(text_cut(method, 40)), allowed);
  if (!*out) return error_raise(error, ERROR_HTTP_NOT_FOUND, "%.*s", TEXT_ARG(text_cut(target->path, 120)));
  int arguments = 0;
  for (int i = 0; i < target->segments; i++)
    if ((*out)->argument[i]) request->open.argument[arguments++] = target->segment[i];
  return true;
}
