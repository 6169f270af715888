/* More than the server can take, and clients that are slow, over HTTP on this machine:
 *
 *   overload --data DIR|URL --port N --password P [--seconds 8] [--times 3] [--slow 0] [--tls NAME] [--addresses N]
 *
 * First what it can take: a mix of fault calls (70 %), queues (25 %), reports (5 %: board, figures, an export) from 64 connections that ask again as soon as
 * they are answered. Then on a timetable (open loop: whoever is due comes, answered or not): a third of that; --times of it; a third again. With --slow N,
 * a third once more while N connections send a byte of a head a second, N say nothing at all, N never read their reply, N send large bodies
 * slowly, and N / 10 bodies of 7 and of 64 MB, 64 kB a second; and once more without them. For each phase and kind: offered, answered, refused politely (503 with Retry-After), otherwise;
 * latency from when it was due.
 * --tls: through a proxy that speaks TLS and has this name; --addresses: from so many addresses of this machine, 127.1.0.1 and on (a proxy limits each).
 * bench/overload-nginx does both. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/time.h"
#include "base/vector.h"
#include "store/db.h"

enum { CONNECTIONS = 1500, HEAD_MOST = 8192, CLOSED = 64, SLOW_MOST = 3000, SLOW_KINDS = 5 };
typedef enum Kind { CALL, QUEUE, REPORT, KINDS } Kind;
static const char *const KIND_NAMES[] = {"fault calls", "queues", "reports"};

typedef struct Line {
  int socket; /* -1: not open */
  SSL *tls;   /* NULL: in the clear */
} Line;

typedef struct Connection {
  Line line;
  bool busy;
  Kind kind;
  int64_t due_us;
  char request[1024], head[HEAD_MOST];
  size_t to_send, sent, got, body_left;
  bool head_done, closing;
  int status;
  bool polite;
} Connection;

typedef struct Figures {
  int64_t offered, answered, refused, rude, failed, lost, nowhere;
  VECTOR(int64_t) latencies, refusals;
} Figures;

typedef struct Load {
  const char *data, *password, *host;
  SSL_CTX *tls; /* NULL: in the clear */
  int port, slow, addresses, opened;
  double seconds, times;
  char token[512];
  VECTOR(int64_t) customers;
  Connection *connection;
  int poll, failures;
  int64_t next, run_id;
  Random random;
  Figures figures[KINDS];
} Load;

static void die(const char *what) {
  fprintf(stderr, "overload: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void line_close(Line *line) {
  SSL_free(line->tls);
  close(line->socket);
  *line = (Line){.socket = -1};
}

static bool line_open(Load *load, Line *line) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)load->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, own = {.sin_family = AF_INET};
  int one = 1, s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (s < 0) die("socket");
  *line = (Line){.socket = s};
  if (load->addresses) {
    int n = load->opened++ % load->addresses;
    own.sin_addr.s_addr = htonl((uint32_t)(127 << 24 | 1 << 16 | n / 250 << 8 | (n % 250 + 1)));
    if (bind(s, (struct sockaddr *)&own, sizeof own) != 0) die("bind");
  }
  if (connect(s, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS) {
    line_close(line);
    return false;
  }
  setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (!load->tls) return true;
  if (!(line->tls = SSL_new(load->tls)) || !SSL_set_fd(line->tls, s)) die("tls");
  SSL_set_connect_state(line->tls);
  SSL_set_tlsext_host_name(line->tls, load->host);
  return true;
}

/* As send and recv; hands are shaken meanwhile. */
static ssize_t line_result(Line *line, int result) {
  if (result > 0) return result;
  int why = SSL_get_error(line->tls, result);
  if (why == SSL_ERROR_ZERO_RETURN) return 0;
  errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
  return -1;
}

static ssize_t line_send(Line *line, const void *bytes, size_t len) {
  if (!line->tls) return send(line->socket, bytes, len, MSG_NOSIGNAL);
  ERR_clear_error();
  return line_result(line, SSL_write(line->tls, bytes, (int)len));
}

static ssize_t line_recv(Line *line, void *bytes, size_t len) {
  if (!line->tls) return recv(line->socket, bytes, len, 0);
  ERR_clear_error();
  return line_result(line, SSL_read(line->tls, bytes, (int)len));
}

static void sign_in(Load *load) {
  char body[512], request[1024], reply[16384];
  size_t got = 0;
  Line line;
  if (!line_open(load, &line)) die("connect");
  fcntl(line.socket, F_SETFL, 0);
  int body_len = snprintf(body, sizeof body, "{\"name\":\"admin\",\"password\":\"%s\"}", load->password);
  int len = snprintf(request, sizeof request,
                     "POST /api/v1/session HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", load->host, body_len, body);
  if (line_send(&line, request, (size_t)len) != len) die("write");
  for (ssize_t more; got < sizeof reply - 1 && (more = line_recv(&line, reply + got, sizeof reply - 1 - got)) > 0;) got += (size_t)more;
  reply[got] = '\0';
  line_close(&line);
  char *cookie = strcasestr(reply, "set-cookie: dianbaomu=");
  if (!cookie || sscanf(cookie + 22, "%500[^; \r\n]", load->token) != 1) {
    fprintf(stderr, "overload: sign-in refused: %s\n", reply);
    exit(1);
  }
}

static void load_customers(Load *load) {
  char path[4096];
  Error error = {0};
  Db *db;
  DbStatement *s;
  snprintf(path, sizeof path, db_address_is_file(load->data) ? "%s/dianbaomu.db" : "%s", load->data);
  bool ok = db_open(&db, path, DB_READ, &error) && db_prepare(&s, db, "SELECT id FROM customer", &error);
  for (bool row = true; ok && (ok = db_step(&row, s, &error)) && row;) ok = vector_push(&load->customers, db_column_i64(s, 0));
  if (!ok) die("customers");
  db_close(db);
}

static void compose(Load *load, Connection *c, Kind kind) {
  static const char *const QUEUES[] = {"/api/v1/orders?limit=50", "/api/v1/orders/counts", "/api/v1/outages", "/api/v1/orders?kind=fault_repair&limit=50"};
  static const char *const REPORTS[] = {"/api/v1/promises/board", "/api/v1/orders/figures", "/api/v1/exports/orders", "/api/v1/promises/board"};
  int64_t n = load->next++;
  int len;
  c->kind = kind;
  if (kind == CALL) {
    char body[512];
    int body_len = snprintf(body, sizeof body,
                            "{\"kind\":\"fault_repair\",\"customer_id\":\"%lld\",\"caller_phone\":\"10000000000\",\"what\":\"no_power\","
                            "\"description\":\"家里突然没电了\",\"source\":\"hotline\"}",
                            (long long)load->customers.at[random_below(&load->random, (uint32_t)load->customers.count)]);
    len = snprintf(c->request, sizeof c->request,
                   "POST /api/v1/orders HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"
                   "Idempotency-Key: %lld-%lld\r\nContent-Length: %d\r\n\r\n%s",
                   load->host, load->token, (long long)load->run_id, (long long)n, body_len, body);
  } else {
    len = snprintf(c->request, sizeof c->request, "GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", kind == QUEUE ? QUEUES[n % 4] : REPORTS[n % 4],
                   load->host, load->token);
  }
  c->to_send = (size_t)len;
  c->sent = c->got = c->body_left = 0;
  c->head_done = c->closing = false;
  c->busy = true;
}

static bool push_out(Connection *c) {
  while (c->sent < c->to_send) {
    ssize_t put = line_send(&c->line, c->request + c->sent, c->to_send - c->sent);
    if (put < 0) return errno == EAGAIN || errno == ENOTCONN;
    c->sent += (size_t)put;
  }
  return true;
}

static void drop(Load *load, Connection *c) {
  if (c->busy) load->figures[c->kind].lost++;
  line_close(&c->line);
  c->busy = false;
}

static bool open_it(Load *load, Connection *c) {
  if (c->line.socket >= 0) return true;
  if (!line_open(load, &c->line)) return false;
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
  epoll_ctl(load->poll, EPOLL_CTL_ADD, c->line.socket, &event);
  return true;
}

static void answered(Load *load, Connection *c) {
  Figures *f = &load->figures[c->kind];
  int64_t took = time_monotonic_us() - c->due_us;
  c->busy = false;
  if (c->status / 100 == 2) {
    f->answered++;
    if (!vector_push(&f->latencies, took)) die("memory");
  } else if (c->status == 503) {
    f->refused++;
    f->rude += !c->polite;
    if (!vector_push(&f->refusals, took)) die("memory");
  } else {
    f->failed++;
    if (load->failures++ < 3) fprintf(stderr, "overload: %s: %.*s\n", KIND_NAMES[c->kind], 300, c->head);
  }
}

/* false: the connection is gone. */
static bool take_in(Load *load, Connection *c) {
  char rest[65536];
  for (;;) {
    char *at = c->head_done ? rest : c->head + c->got;
    ssize_t got = line_recv(&c->line, at, c->head_done ? sizeof rest : HEAD_MOST - 1 - c->got);
    if (got < 0 && (errno == EAGAIN || errno == ENOTCONN)) return true;
    if (got <= 0 || !c->busy) return false;
    if (c->head_done) {
      c->body_left -= (size_t)got < c->body_left ? (size_t)got : c->body_left;
    } else {
      c->got += (size_t)got;
      c->head[c->got] = '\0';
      char *end = strstr(c->head, "\r\n\r\n"), *length = strcasestr(c->head, "\r\ncontent-length:");
      if (!end) continue;
      size_t want = length && length < end ? (size_t)strtoul(length + 17, NULL, 10) : 0, have = c->got - (size_t)(end + 4 - c->head);
      char *retry = strcasestr(c->head, "\r\nretry-after:"), *closing = strcasestr(c->head, "\r\nconnection: close");
      c->status = atoi(c->head + 9);
      c->polite = retry && retry < end;
      c->closing = closing && closing < end;
      c->head_done = true;
      c->body_left = want > have ? want - have : 0;
    }
    if (!c->head_done || c->body_left) continue;
    answered(load, c);
    if (c->closing) return false;
  }
}

static Kind choose(Load *load) {
  uint32_t chance = random_below(&load->random, 100);
  return chance < 70 ? CALL : chance < 95 ? QUEUE : REPORT;
}

static void pump(Load *load, int wait_ms) {
  struct epoll_event events[256];
  int count = epoll_wait(load->poll, events, 256, wait_ms);
  for (int i = 0; i < count; i++) {
    Connection *c = events[i].data.ptr;
    if (c->line.socket < 0) continue;
    if ((c->busy && !push_out(c)) || !take_in(load, c) || (c->busy && !push_out(c))) drop(load, c);
  }
}

static void start(Load *load, Connection *c, Kind kind, int64_t due_us) {
  if (!open_it(load, c)) {
    load->figures[kind].nowhere++;
    return;
  }
  c->due_us = due_us;
  compose(load, c, kind);
  if (!push_out(c)) drop(load, c);
}

static int64_t percentile(const int64_t *at, size_t n, double part) { return n ? at[(size_t)((double)(n - 1) * part)] : 0; }
static int by_value(const void *a, const void *b) { return (*(const int64_t *)a > *(const int64_t *)b) - (*(const int64_t *)a < *(const int64_t *)b); }

/* Prints and forgets; gives the requests answered a second. */
static double tell(Load *load, const char *phase, double seconds) {
  double rate = 0;
  printf("%s\n", phase);
  for (Kind k = 0; k < KINDS; k++) {
    Figures *f = &load->figures[k];
    size_t n = f->latencies.count, r = f->refusals.count;
    if (n) qsort(f->latencies.at, n, sizeof *f->latencies.at, by_value);
    if (r) qsort(f->refusals.at, r, sizeof *f->refusals.at, by_value);
    printf("  %-11s offered %6.0f/s, answered %6.0f/s = %5.1f %%, 503 %5.1f %%%s; no connection %lld, lost %lld, failed %lld; ms: median %.1f, 99 %% %.1f, worst %.1f; 503 after %.1f, 99 %% %.1f\n",
           KIND_NAMES[k], (double)f->offered / seconds, (double)f->answered / seconds, 100.0 * (double)f->answered / (double)(f->offered ? f->offered : 1),
           100.0 * (double)f->refused / (double)(f->offered ? f->offered : 1), f->rude ? " (some without Retry-After)" : "", (long long)f->nowhere, (long long)f->lost,
           (long long)f->failed, (double)percentile(f->latencies.at, n, 0.5) / 1e3, (double)percentile(f->latencies.at, n, 0.99) / 1e3,
           (double)percentile(f->latencies.at, n, 1) / 1e3, (double)percentile(f->refusals.at, r, 0.5) / 1e3, (double)percentile(f->refusals.at, r, 0.99) / 1e3);
    rate += (double)f->answered / seconds;
    vector_free(&f->latencies);
    vector_free(&f->refusals);
    *f = (Figures){0};
  }
  fflush(stdout);
  return rate;
}

static void finish_round(Load *load) {
  int64_t until = time_monotonic_us() + 10000000;
  for (bool busy = true; busy && time_monotonic_us() < until;) {
    pump(load, 10);
    busy = false;
    for (int i = 0; i < CONNECTIONS; i++) busy = busy || load->connection[i].busy;
  }
  for (int i = 0; i < CONNECTIONS; i++)
    if (load->connection[i].busy) drop(load, &load->connection[i]);
}

static double closed_loop(Load *load, const char *phase) {
  int64_t begun = time_monotonic_us(), until = begun + (int64_t)(load->seconds * 1e6);
  for (int64_t now; (now = time_monotonic_us()) < until;) {
    for (int i = 0; i < CLOSED; i++) {
      Connection *c = &load->connection[i];
      if (c->busy) continue;
      Kind kind = choose(load);
      load->figures[kind].offered++;
      start(load, c, kind, now);
    }
    pump(load, 10);
  }
  double seconds = (double)(time_monotonic_us() - begun) / 1e6;
  finish_round(load);
  return tell(load, phase, seconds);
}

static void open_loop(Load *load, const char *phase, double rate) {
  int64_t begun = time_monotonic_us(), until = begun + (int64_t)(load->seconds * 1e6), due = 0;
  int at = 0;
  for (int64_t now; (now = time_monotonic_us()) < until;) {
    for (int64_t due_us; (due_us = begun + (int64_t)((double)due * 1e6 / rate)) <= now; due++) {
      Kind kind = choose(load);
      load->figures[kind].offered++;
      int tries = 0;
      while (tries < CONNECTIONS && load->connection[at].busy) at = (at + 1) % CONNECTIONS, tries++;
      if (tries == CONNECTIONS) load->figures[kind].nowhere++; /* all of ours still wait: this one is turned away by nobody's fault but the server's */
      else start(load, &load->connection[at], kind, due_us);
      at = (at + 1) % CONNECTIONS;
      if (due % 64 == 63) pump(load, 0);
    }
    pump(load, 1);
  }
  double seconds = (double)(time_monotonic_us() - begun) / 1e6;
  finish_round(load);
  tell(load, phase, seconds);
}

/* --- slow clients, in a process of their own --- */

typedef enum SlowKind { SLOW_HEAD, SLOW_SILENT, SLOW_READER, SLOW_BODY, SLOW_HUGE } SlowKind;

typedef struct SlowClient {
  Line line;
  int said; /* so often, since it connected */
} SlowClient;

/* What it does this second; false: it was closed, or refused. */
static bool slow_step(Load *load, SlowClient *client, SlowKind kind, int number) {
  static char big[65536];
  char head[1024], bytes[4096];
  int few = 1024, len = 0;
  ssize_t put = 1;
  if (client->line.socket < 0) {
    client->said = 0;
    if (!line_open(load, &client->line)) return true;
    if (kind == SLOW_READER) setsockopt(client->line.socket, SOL_SOCKET, SO_RCVBUF, &few, sizeof few);
    return true;
  }
  if (kind == SLOW_SILENT) return recv(client->line.socket, bytes, sizeof bytes, 0) != 0;
  if (client->line.tls && !SSL_is_init_finished(client->line.tls)) {
    ERR_clear_error();
    return line_result(&client->line, SSL_do_handshake(client->line.tls)) > 0 || errno == EAGAIN;
  }
  int said = client->said++;
  if (kind == SLOW_HEAD) put = line_send(&client->line, &"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"[said % 60], 1);
  if (kind == SLOW_READER && said % 5 == 0) len = snprintf(head, sizeof head, "GET /api/openapi.json HTTP/1.1\r\nHost: %s\r\n\r\n", load->host);
  if (kind >= SLOW_BODY && said == 0)
    len = snprintf(head, sizeof head, "POST /api/v1/session HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", load->host,
                   kind == SLOW_BODY ? 200000 : number % 2 ? 7000000 : 64000000);
  else if (kind >= SLOW_BODY) put = line_send(&client->line, memset(big, ' ', sizeof big), kind == SLOW_BODY ? 100 : sizeof big);
  if (len) put = line_send(&client->line, head, (size_t)len);
  if (put < 0 && errno != EAGAIN && errno != ENOTCONN) return false;
  if (kind == SLOW_READER) return true;
  ssize_t got = line_recv(&client->line, bytes, sizeof bytes);
  return got < 0 && (errno == EAGAIN || errno == ENOTCONN);
}

static void be_slow(Load *load) {
  static SlowClient clients[SLOW_KINDS][SLOW_MOST];
  int64_t closed[SLOW_KINDS] = {0};
  for (int kind = 0; kind < SLOW_KINDS; kind++)
    for (int i = 0; i < SLOW_MOST; i++) clients[kind][i].line.socket = -1;
  for (int tick = 0;; tick++) {
    for (int kind = 0; kind < SLOW_KINDS; kind++)
      for (int i = 0; i < (kind == SLOW_HUGE ? load->slow / 10 : load->slow); i++) {
        SlowClient *client = &clients[kind][i];
        if (slow_step(load, client, (SlowKind)kind, i)) continue;
        line_close(&client->line);
        closed[kind]++;
      }
    if (tick % 5 == 4)
      fprintf(stderr, "overload: closed or refused by the server so far: %lld heads a byte a second, %lld that say nothing, %lld that do not read, %lld slow bodies, %lld huge ones\n",
              (long long)closed[0], (long long)closed[1], (long long)closed[2], (long long)closed[3], (long long)closed[4]);
    sleep(1);
  }
}

int main(int argc, char **argv) {
  static Load load = {.host = "127.0.0.1", .port = 9559, .seconds = 8, .times = 3};
  load.run_id = time_monotonic_us();
  for (int i = 1; i + 1 < argc; i += 2) {
    Text option = text_of(argv[i]);
    const char *value = argv[i + 1];
    if (text_is(option, "--data")) load.data = value;
    else if (text_is(option, "--port")) load.port = atoi(value);
    else if (text_is(option, "--password")) load.password = value;
    else if (text_is(option, "--seconds")) load.seconds = atof(value);
    else if (text_is(option, "--times")) load.times = atof(value);
    else if (text_is(option, "--slow")) load.slow = atoi(value);
    else if (text_is(option, "--addresses")) load.addresses = atoi(value);
    else if (text_is(option, "--tls")) load.host = value, load.tls = SSL_CTX_new(TLS_client_method());
    else return fprintf(stderr, "overload: unknown option %s\n", argv[i]), 2;
  }
  if (!load.data || !load.password || load.seconds > 60 || load.slow > SLOW_MOST || load.addresses > 50000)
    return fprintf(stderr, "usage: overload --data DIR|URL --port N --password P [--seconds ..60] [--times 3] [--slow ..%d] [--tls NAME] [--addresses N]\n", SLOW_MOST), 2;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max < 20000 ? files.rlim_max : 20000;
  setrlimit(RLIMIT_NOFILE, &files);
  random_seed(&load.random, 1);
  signal(SIGPIPE, SIG_IGN);
  sign_in(&load);
  load_customers(&load);
  load.poll = epoll_create1(EPOLL_CLOEXEC);
  load.connection = memory_new(CONNECTIONS * sizeof *load.connection);
  for (int i = 0; i < CONNECTIONS; i++) load.connection[i].line.socket = -1;
  double most = closed_loop(&load, "as fast as it answers, 64 connections");
  printf("it can take %.0f of the mix a second\n", most);
  char phase[64];
  open_loop(&load, "a third of that", most / 3);
  snprintf(phase, sizeof phase, "%g times that", load.times);
  open_loop(&load, phase, most * load.times);
  open_loop(&load, "a third again, at once", most / 3);
  if (load.slow > 0) {
    pid_t child = fork();
    if (child == 0) be_slow(&load);
    sleep(3);
    open_loop(&load, "a third, while slow clients are there", most / 3);
    kill(child, SIGTERM);
    open_loop(&load, "a third, and they are gone", most / 3);
  }
  return 0;
}
