/* The server opened, started and stopped; what libmicrohttpd calls. A request that waits for the desk is suspended: no thread waits. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "http/http_internal.h"

/* --- what libmicrohttpd calls --- */

/* The target as it came. After its end NUL stands the protocol's version, or else the NUL came from the client. */
void *server_on_target(void *loop, const char *target, struct MHD_Connection *connection) {
  bool sound = target && strncmp(target + strlen(target) + 1, "HTTP/1.", 7) == 0;
  return request_new(loop, connection, sound ? target : NULL);
}

void server_on_connection(void *loop, struct MHD_Connection *connection, void **of_connection, enum MHD_ConnectionNotificationCode what) {
  if (what == MHD_CONNECTION_NOTIFY_STARTED)
    *of_connection = peer_begin(loop_peers(loop), MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
  else
    peer_end(*of_connection), *of_connection = NULL;
}

static Peer *peer_of(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info ? info->socket_context : NULL;
}

Peer *request_peer(const Request *request) { return peer_of(request->connection); }

/* Decoding is target.c's business. */
static size_t leave_coded(void *self, struct MHD_Connection *connection, char *text) {
  (void)self, (void)connection;
  return strlen(text);
}

enum MHD_Result server_on_request(void *loop, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                                  const char *bytes, size_t *len, void **of_request) {
  (void)loop, (void)url, (void)version;
  Request *request = *of_request;
  if (!request) return MHD_NO; /* out of memory */
  switch (request->stage) {
    case STAGE_HEADERS:
      request_examine(request, method);
      peer_owes(peer_of(connection), PEER_BODY, request->announced > 0 ? (size_t)request->announced : 0);
      return request->close ? reply_send(request) : MHD_YES;
    case STAGE_BODY: break;
    case STAGE_AWAY: return MHD_YES;
    case STAGE_ANSWERED: return reply_send(request);
  }
  if (*len == 0) return request_run(request);
  bool go_on = request_take(request, bytes, *len);
  *len = 0;
  return go_on ? MHD_YES : MHD_NO;
}

static void on_completed(void *self, struct MHD_Connection *connection, void **of_request, enum MHD_RequestTerminationCode how) {
  (void)self, (void)how;
  if (*of_request) request_free(*of_request);
  *of_request = NULL;
  peer_owes(peer_of(connection), PEER_HEAD, 0);
}

__attribute__((format(printf, 2, 0))) static void on_message(void *self, const char *format, va_list list) {
  (void)self;
  char text[512];
  int len = vsnprintf(text, sizeof text, format, list);
  while (len > 0 && len < (int)sizeof text && text[len - 1] == '\n') text[--len] = '\0';
  log_line(LOG_DEBUG, "http: %s", text);
}

/* --- the desk's calls --- */

static bool reload_keys(Db *db, void *room, Error *error) {
  Http *http = room;
  return keys_forget_undone(&http->keys, db, http->options.county_id, error);
}

/* Old keys are forgotten and their rows removed, a few at each tick. */
enum { PRUNE_ROWS = 500 };
static bool prune_keys(DeskContext *context, void *room, Error *error) {
  Http *http = room;
  bool all;
  keys_forget_old(&http->keys, context->now - LIMIT_IDEMPOTENCY_DAYS * SPAN_DAY, PRUNE_ROWS);
  int64_t gone = http->keys.gone;
  if (gone <= http->pruned) return true;
  if (!keys_prune(&all, context->db, context->county_id, gone, PRUNE_ROWS, error)) return false;
  if (all) http->pruned = gone;
  return true;
}

void http_published(void *self, const Event *events, size_t count) {
  feed_published(((Http *)self)->feed, events, count);
}

/* --- open, start, stop, close --- */

static char *keep_text(Arena *arena, const char *text) { return (char *)(uintptr_t)text_copy(arena, text_of(text ? text : "")).at; }

static bool load_keys(Http *http, Error *error) {
  Db *db = readers_take(http, error);
  if (!db) return false;
  bool ok = keys_load(&http->keys, db, http->options.county_id, error);
  readers_give(http, db);
  desk_saw_id(http->options.desk, keys_newest(&http->keys));
  return ok;
}

static bool open_parts(Http *http, Error *error) {
  http->schemas = schema_set_new();
  http->limits = limits_new();
  http->address = keep_text(&http->arena, http->options.address);
  http->store_address = keep_text(&http->arena, http->options.store_address);
  if (!http->schemas || !http->limits || !http->address || !http->store_address) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "http");
  if (!load_keys(http, error) || !feed_new(&http->feed, http, error) || !openapi_problem(http, error)) return false;
  for (const HttpRoute *row = HTTP_OWN_ROUTES; row->method; row++)
    if (!routes_add(http, row, http, false, error)) return false;
  return routes_add(http, HTTP_FEED_ROUTES, http, true, error);
}

bool http_open(Http **out, const HttpOptions *options, Error *error) {
  Http *http = memory_new(sizeof *http);
  if (!http) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "http");
  http->options = *options;
  http->listening = -1;
  arena_begin(&http->arena, 0);
  keys_begin(&http->keys, LIMIT_IDEMPOTENCY_KEYS);
  buffer_begin(&http->openapi, 0);
  buffer_begin(&http->reference, 0);
  pthread_mutex_init(&http->readers.lock, NULL);
  if (!open_parts(http, error)) {
    http_close(http);
    return false;
  }
  desk_on_reload(options->desk, reload_keys, http);
  desk_on_tick(options->desk, prune_keys, http);
  *out = http;
  return true;
}

static bool listen_address(struct sockaddr_storage *out, const Http *http, Error *error) {
  struct sockaddr_in *four = (struct sockaddr_in *)(void *)out;
  struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)out;
  *out = (struct sockaddr_storage){0};
  if (inet_pton(AF_INET, http->address, &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(http->options.port);
    return true;
  }
  if (inet_pton(AF_INET6, http->address, &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(http->options.port);
    return true;
  }
  return error_raise(error, ERROR_FIELD_INVALID, "address\t%s\tan IP address is needed", http->address);
}

static bool listen_there(Http *http, Error *error) {
  struct sockaddr_storage address;
  int yes = 1;
  if (!listen_address(&address, http, error)) return false;
  http->listening = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  socklen_t len = address.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
  if (http->listening >= 0 && setsockopt(http->listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
      bind(http->listening, (struct sockaddr *)&address, len) == 0 && listen(http->listening, 1024) == 0)
    return true;
  return error_raise(error, ERROR_IO, "%s port %u\t%s", http->address, http->options.port, strerror(errno));
}

/* As many files as there may be connections, and some; where the system gives fewer, there are fewer connections. */
static void allow_connections(void) {
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= LIMIT_CONNECTIONS + 1000) return;
  files.rlim_cur = files.rlim_max == RLIM_INFINITY || files.rlim_max > LIMIT_CONNECTIONS + 1000 ? LIMIT_CONNECTIONS + 1000 : files.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur < LIMIT_CONNECTIONS + 1000)
    log_line(LOG_WARN, "http: the system gives %llu open files, fewer than %d connections need", (unsigned long long)files.rlim_cur, LIMIT_CONNECTIONS);
}

static bool start_loops(Http *http, Error *error) {
  long cores = sysconf(_SC_NPROCESSORS_ONLN);
  int threads = http->options.threads > 0 ? http->options.threads : cores > 0 ? (int)cores : 1;
  if (threads > HTTP_LOOPS_MAX) threads = HTTP_LOOPS_MAX;
  http->threads = threads;
  allow_connections();
  struct MHD_OptionItem options[] = {
      {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)on_message, http},
      {MHD_OPTION_CONNECTION_TIMEOUT, LIMIT_CONNECTION_SECONDS, NULL},
      {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
      {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)leave_coded, http},
      {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, http},
      {MHD_OPTION_END, 0, NULL},
  };
  for (int i = 0; i < threads; i++) {
    http->loop_count++;
    if (!loop_start(&http->loops[i], http, http->listening, options, error)) return false;
  }
  return true;
}

bool http_start(Http *http, Error *error) {
  assert(http->loop_count == 0);
  return schema_resolve(http->schemas, error) && openapi_build(http, error) && slow_start(&http->slow, http, false, error) && slow_start(&http->reports, http, true, error) &&
         feed_start(http->feed, error) && listen_there(http, error) && start_loops(http, error);
}

uint16_t http_port(const Http *http) {
  struct sockaddr_storage address = {0};
  socklen_t len = sizeof address;
  if (http->listening < 0 || getsockname(http->listening, (struct sockaddr *)&address, &len) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)(void *)&address)->sin6_port : ((struct sockaddr_in *)(void *)&address)->sin_port);
}

/* Replies that are on their way get a moment; those still at the desk or on the slow thread are waited for, since they will be called back. */
static void wait_for_requests(Http *http) {
  for (int ms = 0; atomic_load(&http->under_way) > 0 || (atomic_load(&http->alive) > 0 && ms < 1000); ms++) {
    if (ms == 10000) log_line(LOG_WARN, "http: waiting for %lld requests", (long long)atomic_load(&http->under_way));
    usleep(1000);
  }
}

void http_stop(Http *http) {
  if (http->listening < 0) return;
  atomic_store(&http->closing, true);
  for (int i = 0; i < http->loop_count; i++)
    if (http->loops[i]) loop_quiet(http->loops[i]);
  close(http->listening);
  http->listening = -1;
  feed_stop(http->feed);
  wait_for_requests(http);
  for (int i = 0; i < http->loop_count; i++) loop_stop(http->loops[i]);
  http->loop_count = 0;
}

void http_close(Http *http) {
  if (!http) return;
  http_stop(http);
  slow_stop(http->slow);
  slow_stop(http->reports);
  feed_free(http->feed);
  for (int i = 0; i < http->readers.count; i++) db_close(http->readers.free[i]);
  pthread_mutex_destroy(&http->readers.lock);
  keys_end(&http->keys);
  schema_set_free(http->schemas);
  limits_free(http->limits);
  vector_free(&http->routes);
  vector_free(&http->assets);
  buffer_end(&http->openapi);
  buffer_end(&http->reference);
  arena_end(&http->arena);
  memory_free(http);
}
