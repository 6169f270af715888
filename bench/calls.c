/* Load on a running server: fault calls over HTTP, one order each, from many connections of this machine, bounded in time and number.
 *
 *   calls --data DIR|URL --port N --password P [--connections 64] [--seconds 10] [--rate R] [--log FILE]     load; prints figures
 *   calls --data DIR --port N --password P --verify FILE                                             after a crash
 *
 * Each call carries its own Idempotency-Key. With --log every answered call's key and order number are written (and flushed) at once; --verify
 * sends each key of such a file again and demands the same order: what was answered is there, and there once. --rate sends on a timetable
 * (latency counted from when it was due), else each connection sends as soon as it was answered. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/random.h"
#include "base/time.h"
#include "base/vector.h"
#include "store/db.h"

enum { CONNECTIONS_MAX = 512, REPLY_MAX = 65536 };

typedef struct Connection {
  int socket;
  bool busy;
  int64_t due_us;
  int64_t call;
  char request[2048];
  size_t to_send, sent;
  char reply[REPLY_MAX];
  size_t got;
} Connection;

typedef struct Load {
  const char *data, *name, *password, *log_path, *verify_path;
  int port, connections;
  double seconds, rate;
  char token[512];
  VECTOR(int64_t) customers;
  VECTOR(int64_t) latencies_us;
  Connection *connection;
  int poll;
  int64_t next_call, answered, refused, failed, lost, run_id;
  int64_t started_us;
  FILE *log;
} Load;

static void die(const char *what) {
  fprintf(stderr, "calls: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int connect_to(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int one = 1, s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (s < 0) die("socket");
  if (connect(s, (struct sockaddr *)&address, sizeof address) != 0) {
    close(s);
    return -1;
  }
  setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return s;
}

/* The whole reply is there: its status, and where its body begins; 0 while more must come. */
static int reply_complete(Connection *c, char **body) {
  c->reply[c->got] = '\0';
  char *end = strstr(c->reply, "\r\n\r\n");
  if (!end) return 0;
  char *length = strcasestr(c->reply, "\r\ncontent-length:");
  size_t want = length && length < end ? (size_t)strtoul(length + 17, NULL, 10) : 0;
  *body = end + 4;
  return c->got >= (size_t)(end + 4 - c->reply) + want ? atoi(c->reply + 9) : 0;
}

static void sign_in(Load *load) {
  Connection *c = memory_new(sizeof *c);
  char body[512], *reply_body;
  c->socket = connect_to(load->port);
  if (c->socket < 0) die("connect");
  int body_len = snprintf(body, sizeof body, "{\"name\":\"%s\",\"password\":\"%s\"}", load->name, load->password);
  int len = snprintf(c->request, sizeof c->request,
                     "POST /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", body_len, body);
  if (write(c->socket, c->request, (size_t)len) != len) die("write");
  int status = 0;
  while (!status) {
    ssize_t got = read(c->socket, c->reply + c->got, REPLY_MAX - 1 - c->got);
    if (got <= 0) die("sign-in");
    c->got += (size_t)got;
    status = reply_complete(c, &reply_body);
  }
  char *cookie = strcasestr(c->reply, "set-cookie: dianbaomu=");
  if (status / 100 != 2 || !cookie) {
    fprintf(stderr, "calls: sign-in refused: %s\n", reply_body);
    exit(1);
  }
  sscanf(cookie + 22, "%500[^; \r\n]", load->token);
  close(c->socket);
  memory_free(c);
}

static void load_customers(Load *load) {
  char path[4096];
  Error error = {0};
  Db *db;
  DbStatement *statement;
  snprintf(path, sizeof path, db_address_is_file(load->data) ? "%s/dianbaomu.db" : "%s", load->data);
  bool ok = db_open(&db, path, DB_READ, &error) && db_prepare(&statement, db, "SELECT id FROM customer", &error);
  for (bool row = true; ok && (ok = db_step(&row, statement, &error)) && row;) ok = vector_push(&load->customers, db_column_i64(statement, 0));
  if (!ok) {
    char text[ERROR_TEXT_MAX];
    fprintf(stderr, "calls: %s\n", error_text(&error, LANGUAGE_EN, text, sizeof text));
    exit(1);
  }
  db_close(db);
  Random random;
  random_seed(&random, (uint64_t)load->run_id);
  for (size_t i = load->customers.count; i > 1; i--) { /* each customer calls once before any calls again */
    size_t j = random_below(&random, (uint32_t)i);
    int64_t swap = load->customers.at[i - 1];
    load->customers.at[i - 1] = load->customers.at[j];
    load->customers.at[j] = swap;
  }
}

static void compose(Load *load, Connection *c, const char *key, int64_t customer) {
  char body[512];
  int body_len = snprintf(body, sizeof body,
                          "{\"kind\":\"fault_repair\",\"customer_id\":\"%lld\",\"caller_phone\":\"10000000000\",\"what\":\"no_power\","
                          "\"description\":\"家里突然没电了\",\"source\":\"hotline\"}",
                          (long long)customer);
  c->to_send = (size_t)snprintf(c->request, sizeof c->request,
                                "POST /api/v1/orders HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"
                                "Idempotency-Key: %s\r\nContent-Length: %d\r\n\r\n%s",
                                load->token, key, body_len, body);
  c->sent = c->got = 0;
  c->busy = true;
}

static bool push_out(Connection *c) {
  while (c->sent < c->to_send) {
    ssize_t put = write(c->socket, c->request + c->sent, c->to_send - c->sent);
    if (put < 0) return errno == EAGAIN;
    c->sent += (size_t)put;
  }
  return true;
}

static void start_call(Load *load, Connection *c, int64_t due_us) {
  char key[64];
  c->call = load->next_call++;
  c->due_us = due_us;
  snprintf(key, sizeof key, "%lld-%lld", (long long)load->run_id, (long long)c->call);
  compose(load, c, key, load->customers.at[(size_t)c->call % load->customers.count]);
  if (!push_out(c)) c->busy = false, load->lost++;
}

static void order_id_of(const char *body, char id[32]) {
  const char *at = strstr(body, "\"id\":\"");
  id[0] = '\0';
  if (at) sscanf(at + 6, "%31[0-9]", id);
}

/* false: the connection is gone. */
static bool take_in(Load *load, Connection *c) {
  for (;;) {
    ssize_t got = read(c->socket, c->reply + c->got, REPLY_MAX - 1 - c->got);
    if (got < 0 && errno == EAGAIN) return true;
    if (got <= 0) return false;
    c->got += (size_t)got;
    char *body;
    int status = reply_complete(c, &body);
    if (!status) continue;
    c->busy = false;
    if (status / 100 == 2) {
      load->answered++;
      if (!vector_push(&load->latencies_us, time_monotonic_us() - c->due_us)) die("memory");
      if (load->log) {
        char id[32];
        order_id_of(body, id);
        fprintf(load->log, "%lld-%lld %lld %s\n", (long long)load->run_id, (long long)c->call,
                (long long)load->customers.at[(size_t)c->call % load->customers.count], id);
      }
    } else if (status == 503) {
      load->refused++;
    } else {
      if (load->failed++ == 0) fprintf(stderr, "calls: %d %s\n", status, body);
    }
    return true;
  }
}

static int by_value(const void *a, const void *b) { return (*(const int64_t *)a > *(const int64_t *)b) - (*(const int64_t *)a < *(const int64_t *)b); }

static void print_figures(Load *load, double seconds) {
  int64_t *at = load->latencies_us.at;
  size_t n = load->latencies_us.count;
  qsort(at, n, sizeof *at, by_value);
  printf("calls answered %lld in %.2f s: %.0f /s; refused (503) %lld, failed %lld, connection lost %lld\n", (long long)load->answered, seconds,
         (double)load->answered / seconds, (long long)load->refused, (long long)load->failed, (long long)load->lost);
  if (n)
    printf("latency ms: median %.1f, 90 %% %.1f, 99 %% %.1f, 99.9 %% %.1f, worst %.1f\n", (double)at[n / 2] / 1e3, (double)at[n * 90 / 100] / 1e3,
           (double)at[n * 99 / 100] / 1e3, (double)at[n * 999 / 1000] / 1e3, (double)at[n - 1] / 1e3);
}

static void run_load(Load *load) {
  struct epoll_event events[64];
  load->poll = epoll_create1(EPOLL_CLOEXEC);
  load->connection = memory_new((size_t)load->connections * sizeof *load->connection);
  for (int i = 0; i < load->connections; i++) {
    Connection *c = &load->connection[i];
    if ((c->socket = connect_to(load->port)) < 0) die("connect");
    fcntl(c->socket, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(load->poll, EPOLL_CTL_ADD, c->socket, &event);
  }
  load->started_us = time_monotonic_us();
  int64_t until = load->started_us + (int64_t)(load->seconds * 1e6), due = 0;
  for (int open = load->connections; open > 0;) {
    int64_t now = time_monotonic_us();
    bool over = now >= until, any_busy = false;
    for (int i = 0; i < load->connections; i++) {
      Connection *c = &load->connection[i];
      if (c->socket >= 0 && !c->busy && !over) {
        int64_t due_us = load->rate > 0 ? load->started_us + (int64_t)((double)due * 1e6 / load->rate) : now;
        if (due_us <= now) start_call(load, c, due_us), due++;
      }
      any_busy |= c->socket >= 0 && c->busy;
    }
    if ((over && !any_busy) || now > until + 10000000) break;
    int count = epoll_wait(load->poll, events, 64, 1);
    for (int i = 0; i < count; i++) {
      Connection *c = events[i].data.ptr;
      if (take_in(load, c)) continue;
      load->lost += c->busy;
      close(c->socket);
      c->socket = -1, c->busy = false;
      open--;
    }
  }
  print_figures(load, (double)(time_monotonic_us() - load->started_us) / 1e6);
  for (int i = 0; i < load->connections; i++)
    if (load->connection[i].socket >= 0) close(load->connection[i].socket);
  memory_free(load->connection);
  vector_free(&load->customers);
  vector_free(&load->latencies_us);
}

enum { ASKERS = 8 };
typedef struct Verdict {
  int64_t checked, wrong;
} Verdict;

/* One asker's share: every ASKERS-th line from `part` on. */
static Verdict verify_part(Load *load, int part) {
  FILE *file = fopen(load->verify_path, "r");
  if (!file) die(load->verify_path);
  char line[256], key[64], id[32], again[32];
  long long customer;
  int64_t line_number = 0;
  Verdict verdict = {0};
  Connection *c = memory_new(sizeof *c);
  if ((c->socket = connect_to(load->port)) < 0) die("connect");
  while (fgets(line, sizeof line, file)) {
    if (line_number++ % ASKERS != part) continue;
    if (!strchr(line, '\n') || sscanf(line, "%63s %lld %31s", key, &customer, id) != 3) continue; /* the last line may be torn */
    compose(load, c, key, customer);
    if (!push_out(c)) die("write");
    char *body;
    int status = 0;
    while (!status) {
      ssize_t got = read(c->socket, c->reply + c->got, REPLY_MAX - 1 - c->got);
      if (got <= 0) die("read");
      c->got += (size_t)got;
      status = reply_complete(c, &body);
    }
    order_id_of(body, again);
    verdict.checked++;
    if (status / 100 != 2 || strcmp(id, again) != 0) {
      if (verdict.wrong++ < 5) fprintf(stderr, "calls: key %s was order %s, is now %d %.120s\n", key, id, status, body);
    }
  }
  fclose(file);
  close(c->socket);
  memory_free(c);
  return verdict;
}

/* Every key once answered must be answered again with the same order. */
static int run_verify(Load *load) {
  int ends[2], status;
  Verdict sum = {0}, one;
  if (pipe(ends) != 0) die("pipe");
  for (int part = 0; part < ASKERS; part++) {
    pid_t child = fork();
    if (child < 0) die("fork");
    if (child > 0) continue;
    one = verify_part(load, part);
    _exit(write(ends[1], &one, sizeof one) == sizeof one ? 0 : 1);
  }
  for (int part = 0; part < ASKERS; part++) sum.wrong += wait(&status) < 0 || status != 0; /* one that could not ask */
  close(ends[1]);
  while (read(ends[0], &one, sizeof one) == sizeof one) sum.checked += one.checked, sum.wrong += one.wrong;
  close(ends[0]);
  printf("verified %lld answered calls: %lld not as they were\n", (long long)sum.checked, (long long)sum.wrong);
  return sum.wrong != 0;
}

int main(int argc, char **argv) {
  Load load = {.name = "admin", .port = 9559, .connections = 64, .seconds = 10, .run_id = time_monotonic_us()};
  for (int i = 1; i + 1 < argc; i += 2) {
    Text option = text_of(argv[i]);
    const char *value = argv[i + 1];
    if (text_is(option, "--data")) load.data = value;
    else if (text_is(option, "--port")) load.port = atoi(value);
    else if (text_is(option, "--name")) load.name = value;
    else if (text_is(option, "--password")) load.password = value;
    else if (text_is(option, "--connections")) load.connections = atoi(value);
    else if (text_is(option, "--seconds")) load.seconds = atof(value);
    else if (text_is(option, "--rate")) load.rate = atof(value);
    else if (text_is(option, "--log")) load.log_path = value;
    else if (text_is(option, "--verify")) load.verify_path = value;
    else return fprintf(stderr, "calls: unknown option %s\n", argv[i]), 2;
  }
  if (!load.data || !load.password || load.connections < 1 || load.connections > CONNECTIONS_MAX || load.seconds > 300)
    return fprintf(stderr, "usage: calls --data DIR --port N --password P [--name admin] [--connections 1..%d] [--seconds ..300] [--rate R] "
                           "[--log FILE | --verify FILE]\n", CONNECTIONS_MAX), 2;
  sign_in(&load);
  if (load.verify_path) return run_verify(&load);
  load_customers(&load);
  if (load.log_path && !(load.log = fopen(load.log_path, "a"))) die(load.log_path);
  if (load.log) setvbuf(load.log, NULL, _IOLBF, 0);
  run_load(&load);
  return load.failed != 0;
}
