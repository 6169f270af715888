/* The server's inside, shared by the files of this room.
 *
 *   server.c    open, start, stop; bytes in                 request.c  a request's life: who, what, which way
 *   loop.c      the event loops over libmicrohttpd      peer.c     connections that are late, or too many
 *   routes.c    the tables: compiled, matched               write.c    over the desk, with keys
 *   reply.c     replies out: headers, problems, assets      feed.c     the live feed
 *   keys.c      Idempotency-Keys    limit.c  how often         slow.c     a thread for what takes long
 *   openapi.c   what the tables say, for readers            access.c   accessors for handlers */
#ifndef HTTP_HTTP_INTERNAL_H
#define HTTP_HTTP_INTERNAL_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/vector.h"
#include "http/http.h"
#include "http/keys.h"
#include "http/limit.h"
#include "http/schema.h"
#include "http/target.h"

typedef struct Feed Feed;
typedef struct Slow Slow;
typedef struct Loop Loop;

/* A connection, and what it owes us (peer.c). */
typedef enum PeerOwes { PEER_NOTHING, PEER_HEAD, PEER_BODY, PEER_TAKING } PeerOwes;
typedef struct Peers Peers;
typedef struct Peer {
  struct Peer *before, *after;
  Peers *peers;
  int socket;
  PeerOwes owes;
  bool served; /* a request of its has been answered */
  int64_t until;
} Peer;
struct Peers {
  Peer ring; /* the longest unmoved first */
  size_t count, limit;
  int64_t patience_us, swept, shed, late;
};

/* A suspended connection, and the loop it belongs to. */
typedef struct Away {
  struct Away *next;
  Loop *loop;
  struct MHD_Connection *connection;
} Away;

typedef struct Route {
  const HttpRoute *row;
  void *room;
  Text segment[TARGET_SEGMENTS];
  bool argument[TARGET_SEGMENTS]; /* {…} */
  int segments;
  Schema *request, *reply;
  HttpProblem problem;        /* NULL: problem+json */
  bool feed;                  /* answered by the live feed itself */
  _Atomic int64_t answered;   /* 2xx and 3xx replies */
} Route;

typedef struct Asset {
  HttpAsset file;
  char etag[24];
} Asset;

enum { HTTP_READERS_MAX = 64, HTTP_LOOPS_MAX = 64 };
typedef struct Readers {
  pthread_mutex_t lock;
  Db *free[HTTP_READERS_MAX];
  int count;
} Readers;

struct Http {
  HttpOptions options;
  char *store_address, *address;
  Loop *loops[HTTP_LOOPS_MAX];
  int loop_count, threads;
  int listening; /* socket, or -1 */
  Arena arena;
  SchemaSet *schemas;
  VECTOR(Route *) routes;
  VECTOR(Asset) assets;
  Readers readers;
  Keys keys;
  Limits *limits; /* of writes, by person and by address */
  int64_t pruned; /* rows of keys up to this id are removed */
  Feed *feed;
  Slow *slow, *reports;
  _Atomic int64_t alive;     /* requests, feeds among them */
  _Atomic int64_t under_way; /* of these, suspended: at the desk, or on the slow thread */
  _Atomic bool closing;
  Buffer openapi, reference;
};

/* The headers the server itself looks at; at == NULL where absent. */
typedef struct RequestHeaders {
  Text host, content_length, transfer_encoding, content_type, authorization, cookie, origin, fetch_site, key, language, accept, encoding, none_match,
      last_event, forwarded_for;
} RequestHeaders;

typedef enum RequestStage { STAGE_HEADERS, STAGE_BODY, STAGE_AWAY, STAGE_ANSWERED } RequestStage;

typedef struct Request {
  HttpRequest open; /* what handlers see */
  HttpReply reply;
  Http *http;
  struct MHD_Connection *connection;
  Away away;
  Arena arena;
  Text raw_target; /* at == NULL: unsound */
  Target target;
  Route *route;
  const Asset *asset;
  Buffer body;
  size_t discarded;
  int64_t announced;     /* bytes of the body, as its head says; 0: not said */
  RequestStage stage;
  bool refused, failed; /* `error` says why: before the body was looked at, afterwards */
  uint64_t hunger;      /* memory_hunger as the command began */
  bool close; /* refused in a way that leaves the connection unsound */
  bool by_cookie, head;
  RequestHeaders header;
  Error error;
  Text token;
  /* a write */
  DeskJob job;
  void *command;
  bool replayed; /* the reply to an earlier request with this key */
  uint64_t key_hash, fingerprint;
} Request;

/* routes.c */
bool routes_add(Http *http, const HttpRoute *row, void *room, bool feed, Error *error) MUST_USE;
/* false: ERROR_HTTP_NOT_FOUND or ERROR_HTTP_METHOD (`allowed` lists the methods). */
bool routes_match(Route **out, Http *http, Text method, Request *request, char allowed[128], Error *error) MUST_USE;

/* loop.c */
bool loop_start(Loop **out, Http *http, int listening, const struct MHD_OptionItem *options, Error *error) MUST_USE;
Http *loop_http(const Loop *loop);
Peers *loop_peers(Loop *loop);
bool loop_takes_read(Loop *loop); /* false: this round has had its time, and more wait */
void loop_quiet(Loop *loop);    /* takes no more connections */
void loop_stop(Loop *loop);     /* nothing may be suspended; frees it */
void loop_resume(Away *away);   /* from any thread, after MHD_suspend_connection */

/* peer.c */
void peers_begin(Peers *peers, size_t limit, int64_t patience_us);
void peers_sweep(Peers *peers); /* often: closes those that are late */
Peer *peer_begin(Peers *peers, int socket); /* NULL: out of memory; may be handed on as a peer that owes nothing */
void peer_end(Peer *peer);
void peer_owes(Peer *peer, PeerOwes what, size_t bytes); /* from now on; bytes of the body, or of the reply */
Peer *request_peer(const Request *request);

/* server.c, for the loops */
void server_on_connection(void *loop, struct MHD_Connection *connection, void **of_connection, enum MHD_ConnectionNotificationCode what);
void *server_on_target(void *loop, const char *target, struct MHD_Connection *connection);
enum MHD_Result server_on_request(void *loop, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                                  const char *bytes, size_t *len, void **of_request);

/* request.c */
Request *request_new(Loop *loop, struct MHD_Connection *connection, const char *raw_target);
void request_free(Request *request);
void request_examine(Request *request, const char *method); /* the headers are there */
bool request_take(Request *request, const char *bytes, size_t len); /* false: too much, give up */
enum MHD_Result request_run(Request *request);             /* the body is there */
Db *readers_take(Http *http, Error *error);
void readers_give(Http *http, Db *db);

/* write.c: the connection is suspended and resumed when the answer is there. */
void write_submit(Request *request);
void request_resume(Request *request);

/* slow.c */
bool slow_start(Slow **out, Http *http, bool reports, Error *error) MUST_USE; /* reports: they give way to the desk, and are refused while it is pressed */
void slow_stop(Slow *slow);
bool slow_submit(Slow *slow, Request *request, Error *error) MUST_USE;
void request_run_slowly(Request *request); /* request.c, on the slow thread */

/* reply.c */
enum MHD_Result reply_send(Request *request);
enum MHD_Result reply_asset(Request *request);
void reply_problem(Request *request);  /* from request->error into request->reply */
bool reply_is_whole(const HttpReply *reply, Error *error) MUST_USE; /* it fitted into memory and the limit */
int reply_status(const HttpReply *reply);
void reply_headers(struct MHD_Response *response, const Request *request);
const Asset *asset_find(Request *request); /* NULL: none */

/* feed.c */
bool feed_new(Feed **out, Http *http, Error *error) MUST_USE;
bool feed_start(Feed *feed, Error *error) MUST_USE;
void feed_stop(Feed *feed); /* every stream ends; before the daemon stops */
void feed_free(Feed *feed);
enum MHD_Result feed_open(Request *request);
void feed_published(Feed *feed, const Event *events, size_t count);

/* openapi.c */
extern const HttpRoute HTTP_OWN_ROUTES[];
extern const HttpRoute HTTP_FEED_ROUTES[];
bool openapi_problem(Http *http, Error *error) MUST_USE; /* the component of what went wrong */
bool openapi_build(Http *http, Error *error) MUST_USE;

#endif
