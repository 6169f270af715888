/* The HTTP server: routes as data, over libmicrohttpd. A room lists its routes in one table; from the tables come dispatch, rights,
 * checking of what comes in, GET /api/openapi.json, and the tests' check of what goes out.
 *
 *   bytes ─► who is it, may they ─► body checked against the route's schema ─┬─► read: handler on this thread, state lock held for reading
 *                                                                            └─► write: decode ─► desk: work, reactions, encode ─► durable ─► reply
 *
 * Errors go out as application/problem+json: {type, title, status, code, detail, where}, in the reader's language
 * (Accept-Language; zh by default). Strict headers go out on every reply.
 * - A write must carry `Idempotency-Key` when its route asks for it (HTTP_KEYED): the same key and body give the first reply again,
 *   the same key with another body ERROR_IDEMPOTENCY_REUSED. The reply is kept in the command's own transaction.
 * - A session travels in the cookie `dianbaomu` (HttpOnly, SameSite=Strict; Secure behind TLS) or as `Authorization: Bearer`. Writes by cookie
 *   must come from the same origin (Sec-Fetch-Site / Origin), else ERROR_CROSS_SITE.
 * - Who writes more than a person can (LIMIT_PERSON_WRITES), or sends more forms than an address may, waits: 429 with Retry-After.
 * - What is too much is answered with 503 and Retry-After: 1. First to be refused are reports (HTTP_SLOW reads), then other reads that a loop has no time
 *   for, then writes, last HTTP_URGENT ones (fault calls). Connections that are late with a head, a body or the taking of a reply are closed.
 * The server knows nobody: who a token belongs to is asked of HttpOptions.identify. */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <jansson.h>

#include "base/json.h"
#include "store/desk.h"

typedef struct Http Http;

/* Who asks. Roles are bits, named by HttpOptions.role_names. */
typedef struct HttpWho {
  int64_t staff_id; /* 0: nobody signed in */
  uint32_t roles;
  int64_t org_id;   /* the part of the organisation they may see: this one and all below */
  char actor[32];   /* "staff:ID" */
  char name[64];    /* as shown */
} HttpWho;

enum { HTTP_PATH_ARGUMENTS = 4, HTTP_REPLY_HEADERS = 8 };

typedef struct HttpRequest {
  Text method, path;
  Text argument[HTTP_PATH_ARGUMENTS]; /* what {…} in the route's path stood for, decoded, in order */
  json_t *body;                       /* checked against the schema; NULL where the route takes none */
  Text raw_body;                      /* where the route takes another media type */
  HttpWho who;
  Language language;
  Arena *arena;                       /* lives as long as the request */
  Db *db;                             /* a reader of this thread (reads, and the decode of a slow write) */
  Instant now;
  Text address;                       /* of the client, "127.0.0.1"; behind TLS the last of X-Forwarded-For */
  Http *http;
} HttpRequest;

typedef struct HttpReply {
  int status;               /* 200 when the handler leaves it */
  Buffer body;
  const char *content_type; /* "application/json" when left */
  struct { const char *name; char value[256]; } header[HTTP_REPLY_HEADERS];
  int header_count;
} HttpReply;

/* A read: GET, or POST where a body says what is searched for (words of people do not belong into addresses). `room` is the route table's. The state lock
 * is held for reading. */
typedef bool (*HttpRead)(HttpRequest *request, HttpReply *reply, void *room, Error *error);
/* A write: `decode` makes the command (in request->arena) from a body that fits the schema; the desk runs `work`; `encode` writes the reply
 * from the command's results, on the desk's thread, before the commit. */
typedef bool (*HttpDecode)(HttpRequest *request, void **command, void *room, Error *error);
typedef bool (*HttpEncode)(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error);
/* A refusal as a page for people: writes reply->body (HTML) and content type; the status stands. `command`: what decode made, if it came so far, else
 * NULL. Without the state lock and a store; where the page did not fit into memory, the problem goes out as JSON. */
typedef void (*HttpProblem)(HttpRequest *request, void *command, HttpReply *reply, void *room, const Error *error);

enum HttpRouteFlags {
  HTTP_KEYED = 1,     /* an Idempotency-Key is required */
  HTTP_URGENT = 2,    /* ahead of the others at a pressed desk */
  HTTP_PUBLIC = 4,    /* no sign-in needed (roles ignored) */
  HTTP_RAW_BODY = 8,  /* the handler reads the bytes; request_schema is then the media types taken, blank between */
  HTTP_UNLOCKED = 16, /* a read that takes the state lock itself, or needs none */
  HTTP_SLOW = 32,     /* takes long: a `decode` (a password's hash) runs on a thread of its own, a `read` (a report) on another, one at a time */
  HTTP_LARGE_BODY = 64, /* up to LIMIT_LARGE_BODY_BYTES, and memory to go with it */
  HTTP_FORM = 128,     /* a write of the public: so many from an address (LIMIT_ADDRESS_FORMS) */
  HTTP_UNCOUNTED = 256, /* not counted among its person's writes (LIMIT_PERSON_WRITES): fault calls, and what machines send */
};

typedef struct HttpRoute {
  const char *method, *path;   /* "GET", "/api/v1/orders/{id}" */
  uint32_t roles;              /* any of these bits; 0: anyone signed in */
  unsigned flags;
  const char *summary;         /* one line, English, for the reference page */
  const char *query;           /* names of the query parameters taken, blank between; others are refused. NULL: none */
  const char *request_schema;  /* JSON Schema (the part http/schema.h knows), or NULL */
  const char *reply_schema;    /* of a 2xx reply; NULL: no body or not JSON */
  HttpRead read;               /* either this … */
  HttpDecode decode;           /* … or these three */
  DeskWork work;
  HttpEncode encode;
} HttpRoute;

typedef struct HttpAsset {
  const char *path, *content_type, *encoding; /* "/assets/a1b2.js", "text/javascript", "gzip" or NULL */
  const unsigned char *bytes;
  size_t len;
  bool immutable; /* its name carries its hash */
} HttpAsset;

typedef struct HttpOptions {
  const char *address; /* "127.0.0.1" */
  uint16_t port;       /* 0: any free one; see http_port */
  int threads;         /* 0: one a core */
  const char *store_address; /* each thread opens its own reader */
  int64_t county_id;
  Desk *desk;
  TimeSource *time;
  size_t connections;  /* 0: LIMIT_CONNECTIONS */
  int patience_ms;     /* 0: LIMIT_PATIENCE_SECONDS */
  int64_t backlog;     /* of the live feed; 0: LIMIT_LIVE_BACKLOG */
  bool behind_tls;     /* cookies get Secure, HSTS is sent */
  const char *const *role_names; /* by bit, NULL at the end */
  /* Fills `who` for a token that is valid now; false: not valid. Called on any thread. */
  bool (*identify)(void *self, Text token, Instant now, HttpWho *who);
  /* Whether all of the company is theirs to see; NULL: everyone's. Others hear on the live feed that something changed, and ask for what they
   * may see of it. Called on any thread. */
  bool (*sees_all)(void *self, const HttpWho *who);
  void *identify_self;
  const char *const *unheard; /* beginnings of the kinds of event that nobody hears on the feed, NULL at the end */
} HttpOptions;

/* Before the desk starts: reads the Idempotency-Keys, and joins the desk (reload, tick). */
bool http_open(Http **out, const HttpOptions *options, Error *error) MUST_USE;
/* Before http_start. `routes` ends with a row whose method is NULL; it and its texts must outlive the server. A schema that is not
 * sound, or a path that two rows share, is an error. Schemas may refer to components by {"$ref":"#/components/schemas/NAME"}. */
bool http_add_routes(Http *http, const HttpRoute *routes, void *room, Error *error) MUST_USE;
/* The same, where refusals are pages for people. Their language is `?language=zh` or `en`, which a cookie of that name keeps, else the
 * browser's. */
bool http_add_pages(Http *http, const HttpRoute *routes, HttpProblem problem, void *room, Error *error) MUST_USE;
bool http_add_component(Http *http, const char *name, const char *schema, Error *error) MUST_USE;
/* Paths not found among the assets and not under /api/ are answered with the asset "/index.html" (the console's own routes) where the
 * client accepts HTML. */
void http_add_assets(Http *http, const HttpAsset *assets, size_t count);
bool http_start(Http *http, Error *error) MUST_USE;
uint16_t http_port(const Http *http);
/* Takes no more requests, finishes what runs, ends the feeds. While the desk still runs. */
void http_stop(Http *http);
/* The desk calls into the server (reload, tick, published): it must have been stopped first. Stops the server when that has not been done. */
void http_close(Http *http);
/* The live feed: to be given to desk_on_published (self is the Http). */
void http_published(void *self, const Event *events, size_t count);

/* For handlers. */
Text http_query(const HttpRequest *request, const char *name);  /* decoded; at == NULL when absent */
bool http_query_i64(const HttpRequest *request, const char *name, int64_t fallback, int64_t least, int64_t most, int64_t *out, Error *error) MUST_USE;
/* One of `choices` (blank between), else ERROR_FIELD_CHOICE; *out's at is NULL when absent. */
bool http_query_choice(const HttpRequest *request, const char *name, const char *choices, Text *out, Error *error) MUST_USE;
Text http_header(const HttpRequest *request, const char *name);
Text http_token(const HttpRequest *request);                    /* the session's token, or none */
bool http_argument_id(const HttpRequest *request, int at, const char *what, int64_t *out, Error *error) MUST_USE;
void http_reply_header(HttpReply *reply, const char *name, const char *format, ...) PRINTF_LIKE(3, 4);
/* The session's cookie: HttpOnly, SameSite=Strict, Secure behind TLS. An empty token takes it away. */
void http_reply_session(const HttpRequest *request, HttpReply *reply, Text token, int64_t seconds);
/* Fields of a checked body; a missing optional one gives the fallback. */
Text http_body_text(const json_t *body, const char *key);       /* at == NULL when absent or null */
int64_t http_body_i64(const json_t *body, const char *key, int64_t fallback);
int64_t http_body_id(const json_t *body, const char *key);      /* ids travel as strings; 0 when absent */
double http_body_f64(const json_t *body, const char *key, double fallback);
bool http_body_bool(const json_t *body, const char *key, bool fallback);

#endif
