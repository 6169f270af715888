/* Replies: strict headers on each, problems as application/problem+json, files of the console. */
#include <assert.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/log.h"
#include "http/header.h"
#include "http/http_internal.h"

#define POLICY_NOTHING "default-src 'none'; frame-ancestors 'none'"
#define POLICY_CONSOLE                                                                                                        \
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; " \
  "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

static const char *title_of(int status) {
  switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 503: return "Service Unavailable";
    case 507: return "Insufficient Storage";
    default: return "Internal Server Error";
  }
}

static bool has_header(const HttpReply *reply, const char *name) {
  for (int i = 0; i < reply->header_count; i++)
    if (strcmp(reply->header[i].name, name) == 0) return true;
  return false;
}

int reply_status(const HttpReply *reply) { return reply->status ? reply->status : reply->body.len ? 200 : 204; }

bool reply_is_whole(const HttpReply *reply, Error *error) { return buffer_is_whole(&reply->body, "reply", error); }

void reply_problem(Request *request) {
  HttpReply *reply = &request->reply;
  const Error *error = &request->error;
  char text[ERROR_TEXT_MAX], type[80];
  Error bare = *error;
  bare.where[0] = '\0';
  reply->status = error_status(error->code);
  if (reply->status == 200) reply->status = 500;
  if (reply->status >= 500 && reply->status != 503) log_error("http", error);
  if (reply->status == 503) http_reply_header(reply, "Retry-After", "1");
  if (reply->status == 429) http_reply_header(reply, "Retry-After", "%.10s", error->argument[0]);
  if (reply->status == 401) http_reply_header(reply, "WWW-Authenticate", "Bearer");
  buffer_clear(&reply->body);
  if (request->route && request->route->problem) {
    request->route->problem(&request->open, request->command, reply, request->route->room, error);
    if (!reply->body.failed) return;
    buffer_clear(&reply->body);
  }
  reply->content_type = "application/problem+json";
  Json json;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  snprintf(type, sizeof type, "/api/#%s", error_name(error->code));
  json_put_string(&json, "type", type);
  json_put_string(&json, "title", title_of(reply->status));
  json_put_i64(&json, "status", reply->status);
  json_put_string(&json, "code", error_name(error->code));
  json_put_string(&json, "detail", error_text(&bare, request->open.language, text, sizeof text));
  json_put_string(&json, "where", error->where[0] && reply->status < 500 ? error->where : NULL); /* a fault's place is for the log */
  json_close(&json);
}

static void add(struct MHD_Response *response, const char *name, const char *value) { (void)MHD_add_response_header(response, name, value); }

/* What every reply carries, beside what its handler said. */
static void strict_headers(struct MHD_Response *response, const Request *request, bool page) {
  add(response, "Content-Security-Policy", page ? POLICY_CONSOLE : POLICY_NOTHING);
  add(response, "X-Content-Type-Options", "nosniff");
  add(response, "Referrer-Policy", "no-referrer");
  add(response, "Cross-Origin-Resource-Policy", "same-origin");
  add(response, "Cross-Origin-Opener-Policy", "same-origin");
  add(response, "Permissions-Policy", "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()");
  if (request->http->options.behind_tls) add(response, "Strict-Transport-Security", "max-age=31536000; includeSubDomains");
}

void reply_headers(struct MHD_Response *response, const Request *request) {
  const HttpReply *reply = &request->reply;
  const char *type = reply->content_type ? reply->content_type : "application/json";
  if (reply->body.len || strcmp(type, "text/event-stream") == 0) add(response, "Content-Type", type);
  if (!has_header(reply, "Cache-Control")) add(response, "Cache-Control", "no-store");
  for (int i = 0; i < reply->header_count; i++) add(response, reply->header[i].name, reply->header[i].value);
  if (request->replayed) add(response, "Idempotency-Replayed", "true");
  if (request->close) add(response, "Connection", "close");
  strict_headers(response, request, strncmp(type, "text/html", 9) == 0);
}

/* The bytes stay where they are: the request outlives its response. */
static enum MHD_Result queue(Request *request, int status, const void *bytes, size_t len, void (*headers)(struct MHD_Response *, const Request *)) {
  struct MHD_Response *response = MHD_create_response_from_buffer(len, (void *)(uintptr_t)bytes, MHD_RESPMEM_PERSISTENT);
  if (!response) return MHD_NO;
  headers(response, request);
  peer_owes(request_peer(request), PEER_TAKING, len);
  enum MHD_Result queued = MHD_queue_response(request->connection, (unsigned)status, response);
  MHD_destroy_response(response);
  return queued;
}

enum MHD_Result reply_send(Request *request) {
  HttpReply *reply = &request->reply;
  if (request->refused || request->failed) reply_problem(request);
  int status = reply_status(reply);
  for (int i = 0; i < reply->header_count && status == 200; i++)
    if (strcmp(reply->header[i].name, "ETag") == 0 && header_etag_matches(request->header.none_match, reply->header[i].value)) status = 304;
  if (request->route && status < 400) atomic_fetch_add_explicit(&request->route->answered, 1, memory_order_relaxed);
  return queue(request, status, reply->body.at ? reply->body.at : "", status == 304 ? 0 : reply->body.len, reply_headers);
}

/* --- files --- */

void http_add_assets(Http *http, const HttpAsset *assets, size_t count) {
  assert(http->loop_count == 0);
  for (size_t i = 0; i < count; i++) {
    Asset asset = {.file = assets[i]};
    snprintf(asset.etag, sizeof asset.etag, "\"%016llx\"", (unsigned long long)text_hash((Text){(const char *)assets[i].bytes, assets[i].len}));
    if (!vector_push(&http->assets, asset)) log_line(LOG_ERROR, "http: out of memory, %s will be missing", assets[i].path);
  }
}

static const Asset *find(const Http *http, Text path, bool gzip) {
  const Asset *found = NULL;
  for (size_t i = 0; i < http->assets.count; i++) {
    const Asset *asset = &http->assets.at[i];
    if (text_is(path, asset->file.path) && (!found || gzip == (asset->file.encoding != NULL))) found = asset;
  }
  return found;
}

const Asset *asset_find(Request *request) {
  bool get = text_is(request->open.method, "GET") || request->head;
  bool gzip = text_find(request->header.encoding, TEXT("gzip")) >= 0;
  Text path = request->target.path;
  if (!get || text_starts(path, TEXT("/api/"))) return NULL;
  const Asset *asset = find(request->http, path, gzip);
  bool page = text_is(path, "/") || text_find(request->header.accept, TEXT("text/html")) >= 0;
  if (!asset && page) asset = find(request->http, TEXT("/index.html"), gzip);
  return asset;
}

static void asset_headers(struct MHD_Response *response, const Request *request) {
  const Asset *asset = request->asset;
  add(response, "Content-Type", asset->file.content_type);
  add(response, "ETag", asset->etag);
  add(response, "Cache-Control", asset->file.immutable ? "public, max-age=31536000, immutable" : "no-cache");
  if (asset->file.encoding) {
    add(response, "Content-Encoding", asset->file.encoding);
    add(response, "Vary", "Accept-Encoding");
  }
  strict_headers(response, request, true);
}

enum MHD_Result reply_asset(Request *request) {
  const Asset *asset = request->asset;
  if (asset->file.encoding && text_find(request->header.encoding, text_of(asset->file.encoding)) < 0) {
    request->failed = true;
    error_raise(&request->error, ERROR_HTTP_ENCODING, "%s", asset->file.encoding);
    return reply_send(request);
  }
  bool same = header_etag_matches(request->header.none_match, asset->etag);
  return queue(request, same ? 304 : 200, asset->file.bytes, same ? 0 : asset->file.len, asset_headers);
}
