#include "http/header.h"
#include "http/http_internal.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"

Request *request_new(Loop *loop, struct MHD_Connection *connection, const char *raw_target) {
  Request *request = memory_new(sizeof *request);
  if (!request) return NULL;
  Http *http = request->http = loop_http(loop);
  request->connection = connection;
  request->away = (Away){.loop = loop, .connection = connection};
  arena_begin(&request->arena, LIMIT_REQUEST_ARENA);
  buffer_begin(&request->body, LIMIT_BODY_BYTES);
  buffer_begin(&request->reply.body, LIMIT_REPLY_BYTES);
  request->open.arena = &request->arena;
  request->open.http = http;
  atomic_fetch_add(&http->alive, 1);
  if (!raw_target) return request;
  request->raw_target = text_copy(&request->arena, text_of(raw_target));
  if (request->raw_target.at) return request;
  request_free(request);
  return NULL;
}

void request_free(Request *request) {
  Http *http = request->http;
  json_decref(request->open.body);
  buffer_end(&request->body);
  buffer_end(&request->reply.body);
  arena_end(&request->arena);
  memory_free(request);
  atomic_fetch_sub(&http->alive, 1);
}

/* --- headers --- */

static const struct { const char *name; size_t at; bool many; } HEADERS[] = {
    {"Host", offsetof(RequestHeaders, host), false},
    {"Content-Length", offsetof(RequestHeaders, content_length), false},
    {"Transfer-Encoding", offsetof(RequestHeaders, transfer_encoding), false},
    {"Content-Type", offsetof(RequestHeaders, content_type), false},
    {"Authorization", offsetof(RequestHeaders, authorization), false},
    {"Cookie", offsetof(RequestHeaders, cookie), true},
    {"Origin", offsetof(RequestHeaders, origin), false},
    {"Sec-Fetch-Site", offsetof(RequestHeaders, fetch_site), false},
    {"Idempotency-Key", offsetof(RequestHeaders, key), false},
    {"Accept-Language", offsetof(RequestHeaders, language), true},
    {"Accept", offsetof(RequestHeaders, accept), true},
    {"Accept-Encoding", offsetof(RequestHeaders, encoding), true},
    {"If-None-Match", offsetof(RequestHeaders, none_match), true},
    {"Last-Event-ID", offsetof(RequestHeaders, last_event), false},
    {"X-Forwarded-For", offsetof(RequestHeaders, forwarded_for), true},
};

/* Refuses what leaves it open where this request ends: the connection is closed after the reply. */
static bool refuse_frame(Request *request, const char *header, const char *why) {
  request->close = true;
  return error_raise(&request->error, ERROR_HTTP_HEADER, "%s\t%s", header, why);
}

static enum MHD_Result on_header(void *self, enum MHD_ValueKind kind, const char *name, size_t name_len, const char *value, size_t value_len) {
  (void)kind;
  Request *request = self;
  if (!header_name_is_sound((Text){name, name_len})) return refuse_frame(request, "names", "a name holds a blank or a character that may not be there"), MHD_NO;
  if (!header_value_is_sound((Text){value, value_len})) return refuse_frame(request, "values", "a value holds a control character"), MHD_NO;
  for (size_t i = 0; i < sizeof HEADERS / sizeof *HEADERS; i++) {
    if (strlen(HEADERS[i].name) != name_len || strncasecmp(HEADERS[i].name, name, name_len) != 0) continue;
    Text *header = (Text *)((char *)&request->header + HEADERS[i].at);
    if (header->at && !HEADERS[i].many) return refuse_frame(request, HEADERS[i].name, "stands twice"), MHD_NO;
    if (!header->at) *header = text_trim((Text){value ? value : "", value_len});
  }
  return MHD_YES;
}

static bool read_headers(Request *request) {
  RequestHeaders *header = &request->header;
  MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, on_header, request);
  if (request->close) return false;
  if (header->transfer_encoding.at && header->content_length.at) return refuse_frame(request, "Content-Length", "not together with Transfer-Encoding");
  if (header->transfer_encoding.at && (header->transfer_encoding.len != 7 || strncasecmp(header->transfer_encoding.at, "chunked", 7) != 0))
    return refuse_frame(request, "Transfer-Encoding", "only chunked");
  if (!header_host_is_sound(header->host)) return refuse_frame(request, "Host", "not a host's name");
  int64_t length = 0;
  if (header->content_length.at && (!text_to_i64(header->content_length, &length) || length < 0)) return refuse_frame(request, "Content-Length", "not a number");
  request->announced = length;
  if (length > (int64_t)LIMIT_LARGE_BODY_BYTES) {
    request->close = true;
    return error_raise(&request->error, ERROR_HTTP_BODY_TOO_LARGE, "%u", LIMIT_LARGE_BODY_BYTES);
  }
  return true;
}

static Text client_address(Request *request) {
  if (request->http->options.behind_tls && request->header.forwarded_for.len) {
    Text last = text_copy(&request->arena, header_last(request->header.forwarded_for));
    unsigned char bytes[16];
    if (last.at && (inet_pton(AF_INET, last.at, bytes) == 1 || inet_pton(AF_INET6, last.at, bytes) == 1)) return last;
  }
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  const struct sockaddr *address = info ? info->client_addr : NULL;
  char *text = arena_take(&request->arena, INET6_ADDRSTRLEN);
  if (!address || !text) return TEXT("?");
  const void *bytes = address->sa_family == AF_INET6 ? (const void *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr
                                                     : (const void *)&((const struct sockaddr_in *)(const void *)address)->sin_addr;
  return text_of(inet_ntop(address->sa_family, bytes, text, INET6_ADDRSTRLEN) ? text : "?");
}

/* --- who is it, may they --- */

static void find_token(Request *request) {
  request->token = header_bearer(request->header.authorization);
  if (request->token.at) return;
  request->token = header_cookie(request->header.cookie, TEXT("dianbaomu"));
  request->by_cookie = request->token.len > 0;
}

/* Browsers say where a write comes from. One that says nothing, and does not use the cookie, is no browser. */
static bool same_origin(const Request *request) {
  Text site = request->header.fetch_site, origin = request->header.origin;
  if (site.at) return text_is(site, "same-origin") || text_is(site, "none");
  return origin.at ? header_origin_is(origin, request->header.host) : !request->by_cookie;
}

static void list_roles(const Http *http, uint32_t roles, char out[ERROR_ARGUMENT_MAX]) {
  size_t len = 0;
  out[0] = '\0';
  for (int bit = 0; http->options.role_names && http->options.role_names[bit]; bit++)
    if ((roles >> bit & 1u) && len < ERROR_ARGUMENT_MAX - 1)
      len += (size_t)snprintf(out + len, ERROR_ARGUMENT_MAX - len, "%s%s", len ? ", " : "", http->options.role_names[bit]);
}

static bool may_they(Request *request) {
  Http *http = request->http;
  const HttpRoute *row = request->route->row;
  HttpWho *who = &request->open.who;
  find_token(request);
  if (request->token.len && !(http->options.identify && http->options.identify(http->options.identify_self, request->token, request->open.now, who))) {
    *who = (HttpWho){0};
    request->token = TEXT_NONE;
  }
  if (!who->staff_id) snprintf(who->actor, sizeof who->actor, "public");
  if (!row->read && !request->route->feed && !same_origin(request)) return error_raise(&request->error, ERROR_CROSS_SITE, "%s", "");
  if (row->flags & HTTP_PUBLIC) return true;
  if (!who->staff_id) return error_raise(&request->error, ERROR_SIGN_IN_NEEDED, "%s", "");
  if (row->roles == 0 || (who->roles & row->roles)) return true;
  char has[ERROR_ARGUMENT_MAX], needs[ERROR_ARGUMENT_MAX];
  list_roles(http, who->roles, has);
  list_roles(http, row->roles, needs);
  return error_raise(&request->error, ERROR_FORBIDDEN, "%s\t%s", has, needs);
}

/* --- what is asked --- */

/* A page for people is in the language they chose, which a cookie remembers; else in their browser's. */
static void choose_language(Request *request) {
  Text said = TEXT_NONE;
  if (!request->route->problem) return;
  for (int i = 0; i < request->target.pairs; i++)
    if (text_is(request->target.pair[i].name, "language")) said = request->target.pair[i].value;
  Text chosen = said.at ? said : header_cookie(request->header.cookie, TEXT("language"));
  if (!text_is(chosen, "zh") && !text_is(chosen, "en")) return;
  request->open.language = text_is(chosen, "en") ? LANGUAGE_EN : LANGUAGE_ZH;
  if (said.at) http_reply_header(&request->reply, "Set-Cookie", "language=%.2s; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000%s", said.at, request->http->options.behind_tls ? "; Secure" : "");
}

static bool names_known(Request *request) {
  const char *known = request->route->row->query;
  for (int i = 0; i < request->target.pairs; i++) {
    Text list = text_of(known ? known : ""), name, wanted = request->target.pair[i].name;
    bool found = request->route->problem && text_is(wanted, "language");
    while (!found && text_next(&list, ' ', &name)) found = name.len && text_equal(name, wanted);
    if (found) continue;
    error_raise(&request->error, ERROR_FIELD_UNKNOWN, "%.*s", TEXT_ARG(text_cut(wanted, 80)));
    return error_at(&request->error, "?%.*s", TEXT_ARG(text_cut(wanted, 80)));
  }
  return true;
}

static bool key_is_sound(Request *request) {
  Text key = request->header.key;
  if (!key.len) return error_raise(&request->error, ERROR_HTTP_HEADER, "%s\t%s", "Idempotency-Key", "this request needs one (a new UUID for each new intent)");
  if (key.len > 128) return error_raise(&request->error, ERROR_HTTP_HEADER, "%s\t%s", "Idempotency-Key", "longer than 128 characters");
  return true;
}

/* A picture may be larger than any JSON. */
static size_t body_limit(const Request *request) {
  if (!request->route) return LIMIT_BODY_BYTES;
  unsigned flags = request->route->row->flags;
  return flags & HTTP_LARGE_BODY ? LIMIT_LARGE_BODY_BYTES : flags & HTTP_RAW_BODY ? LIMIT_UPLOAD_BYTES : LIMIT_BODY_BYTES;
}

static bool body_is_announced(Request *request) {
  const HttpRoute *row = request->route->row;
  if (request->announced > (int64_t)body_limit(request)) return error_raise(&request->error, ERROR_HTTP_BODY_TOO_LARGE, "%zu", body_limit(request));
  request->body.limit = body_limit(request);
  const char *wanted = row->flags & HTTP_RAW_BODY ? row->request_schema : row->request_schema ? "application/json" : NULL;
  if (!wanted || header_media_type_is(request->header.content_type, wanted)) return true;
  return error_raise(&request->error, ERROR_HTTP_MEDIA_TYPE, "%s", wanted);
}

static const LimitRule PERSON_WRITES = {'p', LIMIT_PERSON_WRITES, SPAN_MINUTE / LIMIT_PERSON_WRITES};
static const LimitRule ADDRESS_FORMS = {'a', LIMIT_ADDRESS_FORMS, LIMIT_ADDRESS_FORM_SECONDS * SPAN_SECOND};

/* A write of a person, or of the public, is counted. */
static bool not_too_often(Request *request) {
  const HttpRoute *row = request->route->row;
  const HttpWho *who = &request->open.who;
  bool form = row->flags & HTTP_FORM;
  if (row->read || request->route->feed || (!form && (!who->staff_id || (row->flags & HTTP_UNCOUNTED)))) return true;
  const LimitRule *rule = form ? &ADDRESS_FORMS : &PERSON_WRITES;
  Text name = form ? request->open.address : text_of(who->actor);
  Span wait = limits_wait(request->http->limits, rule, name, request->open.now);
  if (wait) return error_raise(&request->error, form ? ERROR_HALL_SLOW_DOWN : ERROR_WRITES_SLOW_DOWN, "%lld", (long long)((wait + SPAN_SECOND - 1) / SPAN_SECOND));
  limits_count(request->http->limits, rule, name, request->open.now);
  return true;
}

static bool examine(Request *request, const char *method) {
  Http *http = request->http;
  Error *error = &request->error;
  char allowed[128] = "";
  if (!read_headers(request)) return false;
  request->open.language = header_language(request->header.language);
  request->open.method = text_of(method);
  request->open.now = time_now(http->options.time);
  request->head = strcmp(method, "HEAD") == 0;
  if (!request->raw_target.at) return error_raise(error, ERROR_HTTP_TARGET, "%s", "it holds NUL, or is missing");
  if (!target_parse(&request->target, &request->arena, request->raw_target, error)) return false;
  request->open.path = request->target.path;
  if (atomic_load(&http->closing)) return error_raise(error, ERROR_DESK_STOPPED, "%s", "");
  if (!routes_match(&request->route, http, request->open.method, request, allowed, error)) {
    if (error->code == ERROR_HTTP_NOT_FOUND) request->asset = asset_find(request);
    else http_reply_header(&request->reply, "Allow", "%s", allowed);
    if (request->asset) error_clear(error);
    return request->asset != NULL;
  }
  choose_language(request);
  if (request->route->row->flags & HTTP_LARGE_BODY) request->arena.limit = LIMIT_LARGE_REQUEST_ARENA;
  else if (request->route->row->flags & HTTP_RAW_BODY) request->arena.limit += LIMIT_UPLOAD_BYTES; /* its handler may copy it */
  request->open.address = client_address(request);
  return may_they(request) && names_known(request) && (!(request->route->row->flags & HTTP_KEYED) || key_is_sound(request)) && body_is_announced(request) &&
         not_too_often(request);
}

void request_examine(Request *request, const char *method) {
  request->refused = !examine(request, method);
  request->stage = STAGE_BODY;
}

bool request_take(Request *request, const char *bytes, size_t len) {
  bool wanted = !request->refused && request->route && request->route->row->request_schema;
  if (wanted && request->body.len + len <= body_limit(request)) {
    buffer_put(&request->body, bytes, len);
    return true;
  }
  if (!request->refused && (wanted || len > 0)) {
    request->refused = true;
    if (wanted) error_raise(&request->error, ERROR_HTTP_BODY_TOO_LARGE, "%zu", body_limit(request));
    else error_raise(&request->error, ERROR_HTTP_BODY, "%s", "none is taken here");
  }
  request->discarded += len; /* read and dropped, so that the reply can be read, by a proxy too; but not without end */
  return request->discarded <= LIMIT_LARGE_BODY_BYTES;
}

/* --- run --- */

static bool read_body(Request *request) {
  const HttpRoute *row = request->route->row;
  Text bytes = buffer_as_text(&request->body);
  if (request->body.failed) return error_raise(&request->error, ERROR_OUT_OF_MEMORY, "%s", "body");
  if (row->flags & HTTP_RAW_BODY) {
    request->open.raw_body = bytes;
    return true;
  }
  if (!request->route->request) return true;
  return schema_read_json(&request->open.body, bytes, &request->error) && schema_check(request->route->request, request->open.body, &request->error);
}

static uint64_t hash_of(crypto_generichash_state *state) {
  uint64_t hash;
  unsigned char bytes[16];
  crypto_generichash_final(state, bytes, sizeof bytes);
  memcpy(&hash, bytes, sizeof hash);
  return hash;
}

/* A key belongs to the one who uses it; a fingerprint says whether it is the same request. */
static void hash_key(Request *request) {
  crypto_generichash_state state;
  Text key = request->header.key, target = request->raw_target, body = buffer_as_text(&request->body);
  crypto_generichash_init(&state, NULL, 0, 16);
  crypto_generichash_update(&state, (const unsigned char *)&request->open.who.staff_id, sizeof request->open.who.staff_id);
  crypto_generichash_update(&state, (const unsigned char *)key.at, key.len);
  request->key_hash = hash_of(&state);
  crypto_generichash_init(&state, NULL, 0, 16);
  crypto_generichash_update(&state, (const unsigned char *)request->open.method.at, request->open.method.len + 1);
  crypto_generichash_update(&state, (const unsigned char *)target.at, target.len + 1);
  if (body.len) crypto_generichash_update(&state, (const unsigned char *)body.at, body.len);
  request->fingerprint = hash_of(&state);
}

Db *readers_take(Http *http, Error *error) {
  Db *db = NULL;
  pthread_mutex_lock(&http->readers.lock);
  if (http->readers.count > 0) db = http->readers.free[--http->readers.count];
  pthread_mutex_unlock(&http->readers.lock);
  if (!db && !db_open(&db, http->store_address, DB_READ, error)) return NULL;
  return db;
}

void readers_give(Http *http, Db *db) {
  pthread_mutex_lock(&http->readers.lock);
  bool kept = http->readers.count < HTTP_READERS_MAX;
  if (kept) http->readers.free[http->readers.count++] = db;
  pthread_mutex_unlock(&http->readers.lock);
  if (!kept) db_close(db);
}

static bool run_read(Request *request) {
  Http *http = request->http;
  const HttpRoute *row = request->route->row;
  bool locked = !(row->flags & HTTP_UNLOCKED);
  request->open.db = readers_take(http, &request->error);
  if (!request->open.db) return false;
  uint64_t since = memory_hunger();
  bool ready = !locked || desk_read_whole(http->options.desk, &request->error);
  bool ok = ready && row->read(&request->open, &request->reply, request->route->room, &request->error);
  if (locked && ready) desk_read_end(http->options.desk);
  readers_give(http, request->open.db);
  request->open.db = NULL;
  return schema_fed(since, ok, "reply", &request->error) && reply_is_whole(&request->reply, &request->error);
}

static bool run_decode(Request *request) {
  const HttpRoute *row = request->route->row;
  if (row->flags & HTTP_KEYED) hash_key(request);
  bool reads = row->flags & HTTP_SLOW; /* the others must not wait for the store */
  if (reads && !(request->open.db = readers_take(request->http, &request->error))) return false;
  uint64_t since = memory_hunger();
  bool ok = row->decode(&request->open, &request->command, request->route->room, &request->error);
  if (reads) readers_give(request->http, request->open.db);
  request->open.db = NULL;
  return schema_fed(since, ok, "body", &request->error);
}

static void go_away(Request *request) {
  peer_owes(request_peer(request), PEER_NOTHING, 0);
  request->stage = STAGE_AWAY;
  atomic_fetch_add(&request->http->under_way, 1);
  MHD_suspend_connection(request->connection);
}

/* From any thread, and the last thing that is done with the request there: it may be gone on return. */
void request_resume(Request *request) {
  Http *http = request->http;
  request->stage = STAGE_ANSWERED;
  loop_resume(&request->away);
  atomic_fetch_sub(&http->under_way, 1);
}

void request_run_slowly(Request *request) {
  if (request->route->row->read) {
    request->failed = !run_read(request);
  } else if (run_decode(request)) {
    write_submit(request);
    return;
  } else {
    request->failed = true;
  }
  request_resume(request);
}

enum MHD_Result request_run(Request *request) {
  if (request->refused) return reply_send(request);
  if (request->asset) return reply_asset(request);
  request->failed = !read_body(request);
  if (request->failed) return reply_send(request);
  if (request->route->feed) {
    peer_owes(request_peer(request), PEER_NOTHING, 0);
    return feed_open(request);
  }
  const HttpRoute *row = request->route->row;
  if (row->flags & HTTP_SLOW) {
    go_away(request);
    if (slow_submit(row->read ? request->http->reports : request->http->slow, request, &request->error)) return MHD_YES;
    request->failed = true;
    request_resume(request);
    return MHD_YES;
  }
  if (row->read) {
    bool taken = (row->flags & HTTP_PUBLIC) || loop_takes_read(request->away.loop) || error_raise(&request->error, ERROR_HTTP_BUSY, "%s", "");
    request->failed = !taken || !run_read(request);
    return reply_send(request);
  }
  request->failed = !run_decode(request);
  if (request->failed) return reply_send(request);
  go_away(request);
  write_submit(request);
  return MHD_YES;
}
