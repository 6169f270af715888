/* What the tables say, for readers: /api/openapi.json (OpenAPI 3.1) and a plain page, /api/. Made once, at start. */
#include <ctype.h>

#include "http/http_internal.h"

static bool get_openapi(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  (void)request, (void)error;
  buffer_text(&reply->body, buffer_as_text(&((Http *)room)->openapi));
  return true;
}

static bool get_reference(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  (void)request, (void)error;
  reply->content_type = "text/html; charset=utf-8";
  buffer_text(&reply->body, buffer_as_text(&((Http *)room)->reference));
  return true;
}

const HttpRoute HTTP_OWN_ROUTES[] = {
    {.method = "GET", .path = "/api/openapi.json", .flags = HTTP_PUBLIC | HTTP_UNLOCKED, .summary = "This description, as OpenAPI 3.1",
     .reply_schema = "{\"type\":\"object\",\"additionalProperties\":true,\"properties\":{\"openapi\":{\"type\":\"string\"}},\"required\":[\"openapi\"]}",
     .read = get_openapi},
    {.method = "GET", .path = "/api/", .flags = HTTP_PUBLIC | HTTP_UNLOCKED, .summary = "This description, as a page", .read = get_reference},
    {0},
};

const HttpRoute HTTP_FEED_ROUTES[] = {
    {.method = "GET", .path = "/api/v1/events", .query = "after",
     .summary = "The live feed (text/event-stream); goes on after Last-Event-ID or ?after=. A change has its kind in its data, and no data of its own for who does not see all of the company; clock and resync are events of that name"},
    {0},
};

static const char PROBLEM[] =
    "{\"type\":\"object\",\"required\":[\"type\",\"title\",\"status\",\"code\",\"detail\",\"where\"],\"properties\":{"
    "\"type\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},\"status\":{\"type\":\"integer\"},\"code\":{\"type\":\"string\"},"
    "\"detail\":{\"type\":\"string\"},\"where\":{\"type\":[\"string\",\"null\"]}}}";

static const struct { const char *name; int status; const char *english; } ERRORS[] = {
#define ERROR(name, status, english, chinese) {#name, status, english},
#include "base/errors.def"
#undef ERROR
};

/* --- openapi.json --- */

static void write_parameter(Json *json, Text name, const char *in, bool required) {
  json_open_object(json);
  json_put_text(json, "name", name);
  json_put_string(json, "in", in);
  if (required) json_put_bool(json, "required", true);
  json_key(json, "schema");
  json_raw(json, TEXT("{\"type\":\"string\"}"));
  json_close(json);
}

static void write_parameters(Json *json, const Route *route) {
  Text list = text_of(route->row->query ? route->row->query : ""), name;
  json_key(json, "parameters");
  json_open_array(json);
  for (int i = 0; i < route->segments; i++)
    if (route->argument[i]) write_parameter(json, route->segment[i], "path", true);
  while (text_next(&list, ' ', &name))
    if (name.len) write_parameter(json, name, "query", false);
  if (route->row->flags & HTTP_KEYED) write_parameter(json, TEXT("Idempotency-Key"), "header", true);
  json_close(json);
}

static void write_content(Json *json, const char *media_types, const Schema *schema) {
  char media_type[64];
  Text list = text_of(media_types), one;
  json_key(json, "content");
  json_open_object(json);
  while (text_next(&list, ' ', &one)) {
    snprintf(media_type, sizeof media_type, "%.*s", TEXT_ARG(one));
    json_key(json, media_type);
    json_open_object(json);
    if (schema) {
      Buffer text;
      buffer_begin(&text, 0);
      schema_write(schema, &text);
      if (text.failed) json->out->failed = true;
      json_key(json, "schema");
      json_raw(json, buffer_as_text(&text));
      buffer_end(&text);
    }
    json_close(json);
  }
  json_close(json);
}

static void write_roles(Json *json, const Http *http, uint32_t roles) {
  json_key(json, "x-roles");
  json_open_array(json);
  for (int bit = 0; http->options.role_names && http->options.role_names[bit]; bit++)
    if (roles >> bit & 1u) json_text(json, text_of(http->options.role_names[bit]));
  json_close(json);
}

static void write_operation(Json *json, const Http *http, const Route *route) {
  const HttpRoute *row = route->row;
  char method[16] = "";
  for (size_t i = 0; row->method[i] && i + 1 < sizeof method; i++) method[i] = (char)tolower(row->method[i]);
  json_key(json, method);
  json_open_object(json);
  json_put_string(json, "summary", row->summary ? row->summary : "");
  if (row->flags & HTTP_PUBLIC) json_key(json, "security"), json_raw(json, TEXT("[]"));
  else write_roles(json, http, row->roles);
  write_parameters(json, route);
  if (row->request_schema) {
    json_key(json, "requestBody");
    json_open_object(json);
    json_put_bool(json, "required", true);
    write_content(json, row->flags & HTTP_RAW_BODY ? row->request_schema : "application/json", route->request);
    json_close(json);
  }
  json_key(json, "responses");
  json_open_object(json);
  json_key(json, "2XX");
  json_open_object(json);
  json_put_string(json, "description", "done");
  if (route->reply) write_content(json, "application/json", route->reply);
  else if (route->feed) write_content(json, "text/event-stream", NULL);
  json_close(json);
  json_key(json, "default");
  json_raw(json, TEXT("{\"$ref\":\"#/components/responses/Problem\"}"));
  json_close(json);
  json_close(json);
}

static void write_paths(Json *json, const Http *http) {
  json_key(json, "paths");
  json_open_object(json);
  for (size_t i = 0; i < http->routes.count; i++) {
    const char *path = http->routes.at[i]->row->path;
    bool earlier = false;
    for (size_t k = 0; k < i && !earlier; k++) earlier = strcmp(http->routes.at[k]->row->path, path) == 0;
    if (earlier) continue;
    json_key(json, path);
    json_open_object(json);
    for (size_t k = i; k < http->routes.count; k++)
      if (strcmp(http->routes.at[k]->row->path, path) == 0) write_operation(json, http, http->routes.at[k]);
    json_close(json);
  }
  json_close(json);
}

static void write_openapi(Http *http) {
  Json json;
  Buffer components;
  buffer_begin(&components, 0);
  schema_write_components(http->schemas, &components);
  json_begin(&json, &http->openapi);
  json_open_object(&json);
  json_put_string(&json, "openapi", "3.1.0");
  json_key(&json, "info");
  json_raw(&json, TEXT("{\"title\":\"Dianbaomu\",\"version\":\"1\",\"license\":{\"name\":\"Apache-2.0\",\"identifier\":\"Apache-2.0\"},"
                       "\"description\":\"Ids are strings of digits, instants RFC 3339. Objects hold no properties but those listed.\"}"));
  json_key(&json, "security");
  json_raw(&json, TEXT("[{\"cookie\":[]},{\"bearer\":[]}]"));
  write_paths(&json, http);
  json_key(&json, "components");
  json_open_object(&json);
  json_key(&json, "schemas");
  json_raw(&json, buffer_as_text(&components));
  json_key(&json, "responses");
  json_raw(&json, TEXT("{\"Problem\":{\"description\":\"what went wrong\",\"content\":{\"application/problem+json\":"
                       "{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}}}"));
  json_key(&json, "securitySchemes");
  json_raw(&json, TEXT("{\"cookie\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"dianbaomu\"},\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\"}}"));
  json_close(&json);
  json_close(&json);
  if (components.failed) http->openapi.failed = true;
  buffer_end(&components);
}

/* --- the page --- */

static void html(Buffer *out, const char *text) {
  for (; *text; text++) {
    if (*text == '<') buffer_string(out, "&lt;");
    else if (*text == '&') buffer_string(out, "&amp;");
    else if (*text == '"') buffer_string(out, "&quot;");
    else buffer_byte(out, *text);
  }
}

static void html_schema(Buffer *out, const char *name, const char *schema) {
  if (!schema) return;
  buffer_format(out, "<details><summary>%s</summary><pre>", name);
  html(out, schema);
  buffer_string(out, "</pre></details>\n");
}

static void html_route(Buffer *out, const Http *http, const HttpRoute *row) {
  buffer_format(out, "<h3><code>%s %s</code></h3>\n<p>", row->method, row->path);
  html(out, row->summary ? row->summary : "");
  buffer_string(out, row->flags & HTTP_PUBLIC ? " <em>Public.</em>" : row->roles ? " <em>Roles:" : " <em>Anyone signed in.</em>");
  if (!(row->flags & HTTP_PUBLIC) && row->roles) {
    for (int bit = 0; http->options.role_names && http->options.role_names[bit]; bit++)
      if (row->roles >> bit & 1u) buffer_format(out, " %s", http->options.role_names[bit]);
    buffer_string(out, ".</em>");
  }
  if (row->query) buffer_format(out, " Query: <code>%s</code>.", row->query);
  if (row->flags & HTTP_KEYED) buffer_string(out, " Needs <code>Idempotency-Key</code>.");
  buffer_string(out, "</p>\n");
  html_schema(out, "request", row->request_schema);
  html_schema(out, "reply", row->reply_schema);
}

static void write_reference(Http *http) {
  Buffer *out = &http->reference;
  buffer_string(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
                     "<title>Dianbaomu API</title></head><body>\n<h1>Dianbaomu API</h1>\n"
                     "<p>Machine-readable: <a href=\"/api/openapi.json\">openapi.json</a>. Errors: <a href=\"#errors\">below</a>.</p>\n");
  for (size_t i = 0; i < http->routes.count; i++) html_route(out, http, http->routes.at[i]->row);
  buffer_string(out, "<h2 id=\"errors\">Errors</h2>\n<p>application/problem+json: type, title, status, code, detail, where.</p>\n<dl>\n");
  for (size_t i = 0; i < sizeof ERRORS / sizeof *ERRORS; i++) {
    buffer_format(out, "<dt id=\"%s\"><code>%s</code> %d</dt><dd>", ERRORS[i].name, ERRORS[i].name, ERRORS[i].status);
    html(out, ERRORS[i].english);
    buffer_string(out, "</dd>\n");
  }
  buffer_string(out, "</dl>\n</body></html>\n");
}

bool openapi_build(Http *http, Error *error) {
  write_openapi(http);
  write_reference(http);
  return http->openapi.failed || http->reference.failed ? error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "openapi") : true;
}

bool openapi_problem(Http *http, Error *error) { return schema_component(http->schemas, "Problem", PROBLEM, error); }
