/* The live feed. Each durable event is written once as the bytes of a Server-Sent Event, into a ring; a stream is no more than the number
 * of the last event it was given. Streams with nothing to send are suspended; one thread wakes them, at most every FEED_PAUSE_MS, and tells
 * them the time every FEED_CLOCK_MS. A stream that falls behind the ring reads on from the store; too far behind, it is told to begin anew
 * (`resync`). A client that takes nothing costs nothing, and the server's idle limit ends it. */
#include <errno.h>
#include <time.h>

#include "base/limits.h"
#include "http/http_internal.h"

enum { FEED_PAUSE_MS = 40, FEED_CLOCK_MS = 5000, FEED_FILL = 32 * 1024, FEED_STORE_ROWS = 500, FEED_EVENT_MAX = 1024 * 1024 };

typedef struct Stream {
  struct Stream *next, *previous;
  Feed *feed;
  Away away;
  int64_t seq; /* the newest event it was given */
  int64_t clock;
  Buffer out; /* whole events */
  size_t sent;
  int64_t stored_until; /* the ring goes on behind it */
  bool waiting;         /* suspended */
  bool sees_all;
  char token[256];
} Stream;

typedef struct Slot {
  size_t at, len; /* in bytes; none: nobody hears of it */
  size_t head;    /* without its data */
} Slot;

struct Feed {
  Http *http;
  pthread_t thread;
  bool running;
  Buffer scratch; /* the desk's thread's */
  pthread_mutex_t lock; /* all below */
  pthread_cond_t wake;
  char *bytes;
  size_t end;
  int64_t backlog;
  Slot *slots; /* event n in slot n % backlog */
  int64_t first_seq, next_seq; /* [first, next) are in the ring */
  Stream *streams;
  int stream_count;
  int64_t clock;
  bool stopping, fresh;
};

/* --- events into the ring --- */

/* White space between the parts of JSON may hold line breaks, which would end the event too early. */
static void one_line(Buffer *out, Text json) {
  size_t at = out->len;
  buffer_text(out, json);
  for (size_t i = at; i < out->len; i++)
    if (out->at[i] == '\n' || out->at[i] == '\r') out->at[i] = ' ';
}

static const char END[] = "}\n\n";

/* Nothing where nobody hears of it. How much of it is said to those who do not see all of the company. */
static size_t write_event(const Http *http, Buffer *out, const Event *event) {
  for (const char *const *kind = http->options.unheard; kind && *kind; kind++)
    if (text_starts(event->kind, text_of(*kind))) return 0;
  Json json;
  size_t from = out->len;
  buffer_string(out, "id: ");
  buffer_i64(out, event->seq);
  buffer_string(out, "\ndata: ");
  json_begin(&json, out);
  json_open_object(&json);
  json_put_i64(&json, "seq", event->seq);
  json_put_instant(&json, "at", event->at);
  json_put_text(&json, "kind", event->kind);
  json_key(&json, "subject");
  json_open_object(&json);
  json_put_text(&json, "kind", event->subject_kind);
  json_put_id(&json, "id", event->subject_id);
  json_close(&json);
  size_t head = out->len - from;
  json_key(&json, "data");
  one_line(out, event->data.len ? event->data : TEXT("{}"));
  buffer_string(out, END);
  return head;
}

static Slot *slot_of(Feed *feed, int64_t seq) { return &feed->slots[seq % feed->backlog]; }

/* Drops from the front what lies in [from, to). */
static void give_way(Feed *feed, size_t from, size_t to) {
  while (feed->first_seq < feed->next_seq) {
    const Slot *oldest = slot_of(feed, feed->first_seq);
    if (oldest->len && (oldest->at >= to || oldest->at + oldest->len <= from)) return;
    feed->first_seq++;
  }
}

static void put_event(Feed *feed, int64_t seq, Text bytes, size_t head) {
  if (seq != feed->next_seq) feed->first_seq = seq; /* a gap: what was is of no use */
  if (feed->end + bytes.len > LIMIT_LIVE_BYTES) {
    give_way(feed, feed->end, LIMIT_LIVE_BYTES); /* the oldest lie behind the end; then those at the beginning */
    feed->end = 0;
  }
  give_way(feed, feed->end, feed->end + bytes.len);
  if (seq - feed->first_seq >= feed->backlog) feed->first_seq = seq - feed->backlog + 1;
  if (bytes.len) memcpy(feed->bytes + feed->end, bytes.at, bytes.len);
  *slot_of(feed, seq) = (Slot){feed->end, bytes.len, head};
  feed->end += bytes.len;
  feed->next_seq = seq + 1;
}

void feed_published(Feed *feed, const Event *events, size_t count) {
  for (size_t i = 0; i < count; i++) {
    buffer_clear(&feed->scratch);
    size_t head = write_event(feed->http, &feed->scratch, &events[i]);
    pthread_mutex_lock(&feed->lock);
    if (feed->scratch.failed) feed->first_seq = feed->next_seq = events[i].seq + 1; /* too large for here: the store has it */
    else put_event(feed, events[i].seq, buffer_as_text(&feed->scratch), head);
    feed->fresh = true;
    if (i + 1 == count && feed->stream_count) pthread_cond_signal(&feed->wake);
    pthread_mutex_unlock(&feed->lock);
  }
}

/* --- a stream --- */

static void write_clock(Stream *stream) {
  Http *http = stream->feed->http;
  Json json;
  buffer_string(&stream->out, "event: clock\ndata: ");
  json_begin(&json, &stream->out);
  json_open_object(&json);
  json_put_instant(&json, "now", time_now(http->options.time));
  json_put_f64(&json, "speed", time_speed(http->options.time), 3);
  json_close(&json);
  buffer_string(&stream->out, "\n\n");
}

static bool put_stored(void *self, const Event *event) {
  Stream *stream = self;
  size_t from = stream->out.len, head = write_event(stream->feed->http, &stream->out, event);
  if (head && !stream->sees_all && !stream->out.failed) {
    stream->out.len = from + head;
    buffer_string(&stream->out, END);
  }
  stream->seq = event->seq;
  return stream->out.len < FEED_FILL;
}

static void begin_anew(Stream *stream, int64_t newest) {
  buffer_format(&stream->out, "id: %lld\nevent: resync\ndata: {\"seq\":%lld}\n\n", (long long)newest, (long long)newest);
  stream->seq = newest;
}

/* Lock held. true: the ring has not got the next ones, the store has. */
static bool fill_from_ring(Stream *stream) {
  Feed *feed = stream->feed;
  int64_t next = stream->seq + 1, newest = feed->next_seq - 1;
  if (next > feed->next_seq || newest - stream->seq > LIMIT_LIVE_BEHIND * feed->backlog) { /* ahead of us: another history */
    begin_anew(stream, newest);
    return false;
  }
  stream->stored_until = feed->first_seq - 1;
  if (next < feed->first_seq) return true;
  for (; next < feed->next_seq && stream->out.len < FEED_FILL; next++) {
    const Slot *slot = slot_of(feed, next);
    buffer_put(&stream->out, feed->bytes + slot->at, stream->sees_all ? slot->len : slot->head);
    if (slot->len && !stream->sees_all) buffer_string(&stream->out, END);
    stream->seq = next;
  }
  return false;
}

static bool fill_from_store(Stream *stream) {
  Http *http = stream->feed->http;
  Error error = {0};
  Db *db = readers_take(http, &error);
  if (!db) return false;
  int64_t before = stream->seq;
  int64_t most = stream->stored_until - stream->seq < FEED_STORE_ROWS ? stream->stored_until - stream->seq : FEED_STORE_ROWS;
  bool ok = event_after(db, http->options.county_id, stream->seq, most, put_stored, stream, &error);
  readers_give(http, db);
  if (ok && stream->seq == before) begin_anew(stream, stream->stored_until); /* the store has not got them either */
  return ok;
}

static bool sees_all(const HttpOptions *options, const HttpWho *who) { return !options->sees_all || options->sees_all(options->identify_self, who); }

static bool still_welcome(Stream *stream) {
  const HttpOptions *options = &stream->feed->http->options;
  HttpWho who = {0};
  if (!options->identify || !options->identify(options->identify_self, text_of(stream->token), time_now(options->time), &who)) return false;
  stream->sees_all = sees_all(options, &who);
  return true;
}

/* Puts the next bytes into the stream's `out`. false: the stream is over. */
static bool fill(Stream *stream) {
  Feed *feed = stream->feed;
  buffer_clear(&stream->out);
  stream->sent = 0;
  pthread_mutex_lock(&feed->lock);
  bool over = feed->stopping, stored = false;
  bool clock = stream->clock != feed->clock;
  stream->clock = feed->clock;
  if (!over) stored = fill_from_ring(stream);
  pthread_mutex_unlock(&feed->lock);
  if (over || (clock && !still_welcome(stream)) || (stored && !fill_from_store(stream))) return false;
  if (clock) write_clock(stream);
  return !stream->out.failed;
}

/* Suspends the connection; false when something has come in the meantime. */
static bool rest(Stream *stream) {
  Feed *feed = stream->feed;
  pthread_mutex_lock(&feed->lock);
  bool nothing = !feed->stopping && stream->seq == feed->next_seq - 1 && stream->clock == feed->clock;
  if (nothing) {
    stream->waiting = true;
    MHD_suspend_connection(stream->away.connection);
  }
  pthread_mutex_unlock(&feed->lock);
  return nothing;
}

/* 0 is given only together with the suspension: the library does not ask again by itself. */
static ssize_t on_read(void *self, uint64_t position, char *to, size_t most) {
  (void)position;
  Stream *stream = self;
  while (stream->sent == stream->out.len) {
    if (!fill(stream)) return MHD_CONTENT_READER_END_OF_STREAM;
    if (stream->out.len == 0 && rest(stream)) return 0;
  }
  size_t len = stream->out.len - stream->sent;
  if (len > most) len = most;
  memcpy(to, stream->out.at + stream->sent, len);
  stream->sent += len;
  return (ssize_t)len;
}

static void on_free(void *self) {
  Stream *stream = self;
  Feed *feed = stream->feed;
  pthread_mutex_lock(&feed->lock);
  if (stream->next) stream->next->previous = stream->previous;
  if (stream->previous) stream->previous->next = stream->next;
  else feed->streams = stream->next;
  feed->stream_count--;
  pthread_mutex_unlock(&feed->lock);
  buffer_end(&stream->out);
  memory_free(stream);
}

/* Where the client wants to go on: Last-Event-ID, as the browser says when it comes again, or ?after=, else from now. */
static bool wanted_seq(int64_t *seq, Request *request, int64_t newest) {
  *seq = newest;
  if (!request->header.last_event.len) return http_query_i64(&request->open, "after", newest, 0, INT64_MAX - 1, seq, &request->error);
  if (text_to_i64(request->header.last_event, seq) && *seq >= 0 && *seq < INT64_MAX) return true;
  return error_raise(&request->error, ERROR_HTTP_HEADER, "Last-Event-ID\tnot a number");
}

static bool join(Stream **out, Request *request) {
  Feed *feed = request->http->feed;
  Stream *stream = memory_new(sizeof *stream);
  if (!stream) return error_raise(&request->error, ERROR_OUT_OF_MEMORY, "%s", "feed");
  *stream = (Stream){.feed = feed, .away = request->away, .clock = -1, .sees_all = sees_all(&request->http->options, &request->open.who)};
  buffer_begin(&stream->out, FEED_FILL + 2 * FEED_EVENT_MAX);
  buffer_string(&stream->out, "retry: 2000\n\n");
  Text token = request->token;
  memcpy(stream->token, token.at ? token.at : "", token.len < sizeof stream->token ? token.len : 0);
  pthread_mutex_lock(&feed->lock);
  bool room = feed->stream_count < LIMIT_LIVE_FEEDS;
  bool ok = room && wanted_seq(&stream->seq, request, feed->next_seq - 1);
  if (ok) {
    stream->next = feed->streams;
    if (feed->streams) feed->streams->previous = stream;
    feed->streams = stream;
    feed->stream_count++;
  }
  pthread_mutex_unlock(&feed->lock);
  if (!room) error_raise(&request->error, ERROR_HTTP_FEEDS_FULL, "%d", LIMIT_LIVE_FEEDS);
  if (!ok) {
    buffer_end(&stream->out);
    memory_free(stream);
  }
  *out = stream;
  return ok;
}

enum MHD_Result feed_open(Request *request) {
  Stream *stream = NULL;
  request->failed = !join(&stream, request);
  if (request->failed) return reply_send(request);
  struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, FEED_FILL, on_read, stream, on_free);
  if (!response) {
    on_free(stream);
    return MHD_NO;
  }
  request->reply.content_type = "text/event-stream";
  http_reply_header(&request->reply, "X-Accel-Buffering", "no"); /* nginx in front: pass on at once */
  reply_headers(response, request);
  enum MHD_Result queued = MHD_queue_response(request->connection, 200, response);
  MHD_destroy_response(response);
  atomic_fetch_add_explicit(&request->route->answered, 1, memory_order_relaxed);
  return queued;
}

/* --- the thread that wakes them --- */

static void in_ms(struct timespec *out, const struct timespec *from, int ms) {
  out->tv_sec = from->tv_sec + ms / 1000;
  out->tv_nsec = from->tv_nsec + (long)(ms % 1000) * 1000000;
  if (out->tv_nsec >= 1000000000) out->tv_sec++, out->tv_nsec -= 1000000000;
}

static void wake_streams(Feed *feed) {
  for (Stream *stream = feed->streams; stream; stream = stream->next) {
    if (!stream->waiting) continue;
    stream->waiting = false;
    loop_resume(&stream->away);
  }
}

static void *feed_thread(void *self) {
  Feed *feed = self;
  struct timespec now, clock_at, pause_until;
  clock_gettime(CLOCK_MONOTONIC, &now);
  in_ms(&clock_at, &now, FEED_CLOCK_MS);
  pthread_mutex_lock(&feed->lock);
  while (!feed->stopping) {
    int code = 0;
    while (!feed->fresh && !feed->stopping && code != ETIMEDOUT) code = pthread_cond_timedwait(&feed->wake, &feed->lock, &clock_at);
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec > clock_at.tv_sec || (now.tv_sec == clock_at.tv_sec && now.tv_nsec >= clock_at.tv_nsec)) {
      feed->clock++;
      in_ms(&clock_at, &now, FEED_CLOCK_MS);
    }
    feed->fresh = false;
    wake_streams(feed);
    in_ms(&pause_until, &now, FEED_PAUSE_MS);
    code = 0;
    while (!feed->stopping && code != ETIMEDOUT) code = pthread_cond_timedwait(&feed->wake, &feed->lock, &pause_until);
  }
  wake_streams(feed);
  pthread_mutex_unlock(&feed->lock);
  return NULL;
}

bool feed_new(Feed **out, Http *http, Error *error) {
  Feed *feed = *out = memory_new(sizeof *feed);
  if (!feed) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "feed");
  feed->http = http;
  feed->backlog = http->options.backlog ? http->options.backlog : LIMIT_LIVE_BACKLOG;
  buffer_begin(&feed->scratch, FEED_EVENT_MAX);
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&feed->wake, &monotonic);
  pthread_condattr_destroy(&monotonic);
  pthread_mutex_init(&feed->lock, NULL);
  feed->first_seq = feed->next_seq = desk_last_seq(http->options.desk) + 1;
  feed->bytes = memory_new(LIMIT_LIVE_BYTES);
  feed->slots = memory_new((size_t)feed->backlog * sizeof *feed->slots);
  return feed->bytes && feed->slots ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "feed");
}

bool feed_start(Feed *feed, Error *error) {
  int code = pthread_create(&feed->thread, NULL, feed_thread, feed);
  feed->running = code == 0;
  return feed->running ? true : error_raise(error, ERROR_INTERNAL, "thread: %s", strerror(code));
}

void feed_stop(Feed *feed) {
  if (!feed->running) return;
  pthread_mutex_lock(&feed->lock);
  feed->stopping = true;
  pthread_cond_broadcast(&feed->wake);
  pthread_mutex_unlock(&feed->lock);
  pthread_join(feed->thread, NULL);
  feed->running = false;
}

void feed_free(Feed *feed) {
  if (!feed) return;
  feed_stop(feed);
  buffer_end(&feed->scratch);
  memory_free(feed->bytes);
  memory_free(feed->slots);
  pthread_mutex_destroy(&feed->lock);
  pthread_cond_destroy(&feed->wake);
  memory_free(feed);
}
