#include "app/relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "store/lease.h"

enum { CONNECTIONS_MAX = 500, LOOK_EVERY_MS = 300, STACK_BYTES = 128 * 1024, PIECE_BYTES = 16 * 1024, IDLE_MS = 120000 };

typedef struct Passed {
  Relay *relay;
  int near, far; /* -1: free */
  pthread_t thread;
} Passed;

struct Relay {
  char store[1024], own[128];
  int64_t county_id;
  int listening;
  pthread_t thread;
  bool running;
  pthread_mutex_t lock; /* all below */
  pthread_cond_t fewer;
  bool stopping;
  char holder[128];
  int64_t looked_at;
  Db *db;
  size_t open;
  Passed passed[CONNECTIONS_MAX];
};

static bool socket_address(struct sockaddr_in *out, const char *host, uint16_t port) {
  *out = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
  return inet_pton(AF_INET, host, &out->sin_addr) == 1;
}

/* "" while nobody else holds the county. Lock held. */
static const char *find_holder(Relay *relay) {
  Error error = {0};
  int64_t now = time_monotonic_us();
  if (now - relay->looked_at < LOOK_EVERY_MS * 1000) return relay->holder;
  relay->looked_at = now;
  relay->holder[0] = '\0';
  if (!relay->db && !db_open(&relay->db, relay->store, DB_READ, &error)) {
    relay->db = NULL;
    log_error("relay", &error);
  } else if (!lease_holder(relay->holder, sizeof relay->holder, relay->db, relay->county_id, &error)) {
    log_error("relay", &error);
  }
  if (strcmp(relay->holder, relay->own) == 0) relay->holder[0] = '\0';
  return relay->holder;
}

static int connect_to(const char *holder) {
  char host[128];
  struct sockaddr_in address;
  const char *colon = strrchr(holder, ':');
  if (!colon) return -1;
  snprintf(host, sizeof host, "%.*s", (int)(colon - holder), holder);
  if (!socket_address(&address, host, (uint16_t)atoi(colon + 1))) return -1;
  int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct timeval patience = {.tv_sec = 3};
  if (s >= 0) setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (s >= 0 && connect(s, (struct sockaddr *)&address, sizeof address) == 0) return s;
  if (s >= 0) close(s);
  return -1;
}

static bool send_all(int to, const char *bytes, size_t len) {
  while (len > 0) {
    ssize_t put = send(to, bytes, len, MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    bytes += put, len -= (size_t)put;
  }
  return true;
}

static void refuse(int near) {
  static const char ANSWER[] =
      "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Type: "
      "application/problem+json\r\nContent-Length: 128\r\n\r\n";
  char body[129], rest[PIECE_BYTES];
  snprintf(body, sizeof body, "%-128s",
           "{\"status\":503,\"code\":\"LEASE_LOST\",\"title\":\"Service Unavailable\",\"detail\":\"the county changes its server\"}");
  struct timeval patience = {.tv_sec = 1};
  setsockopt(near, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (recv(near, rest, sizeof rest, 0) > 0) send_all(near, ANSWER, sizeof ANSWER - 1), send_all(near, body, 128);
  shutdown(near, SHUT_WR);
}

static void pass_bytes(int near, int far) {
  char piece[PIECE_BYTES];
  struct pollfd both[2] = {{.fd = near, .events = POLLIN}, {.fd = far, .events = POLLIN}};
  while (poll(both, 2, IDLE_MS) > 0) {
    for (int i = 0; i < 2; i++) {
      if (!both[i].revents) continue;
      ssize_t got = recv(both[i].fd, piece, sizeof piece, 0);
      if (got <= 0 || !send_all(both[1 - i].fd, piece, (size_t)got)) return;
    }
  }
}

static void *pass_on(void *self) {
  Passed *passed = self;
  Relay *relay = passed->relay;
  char holder[128];
  pthread_mutex_lock(&relay->lock);
  snprintf(holder, sizeof holder, "%s", find_holder(relay));
  pthread_mutex_unlock(&relay->lock);
  int far = holder[0] ? connect_to(holder) : -1;
  pthread_mutex_lock(&relay->lock);
  passed->far = far;
  bool stopping = relay->stopping;
  pthread_mutex_unlock(&relay->lock);
  if (far < 0 || stopping)
    refuse(passed->near);
  else
    pass_bytes(passed->near, far);
  pthread_mutex_lock(&relay->lock);
  close(passed->near);
  if (far >= 0) close(far);
  passed->near = passed->far = -1;
  relay->open--;
  pthread_cond_signal(&relay->fewer);
  pthread_mutex_unlock(&relay->lock);
  return NULL;
}

static void take_in(Relay *relay, int near) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, STACK_BYTES);
  pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
  pthread_mutex_lock(&relay->lock);
  Passed *place = NULL;
  for (size_t i = 0; i < CONNECTIONS_MAX && !place && !relay->stopping; i++)
    if (relay->passed[i].near < 0) place = &relay->passed[i];
  if (place) {
    *place = (Passed){.relay = relay, .near = near, .far = -1};
    relay->open++;
    if (pthread_create(&place->thread, &small, pass_on, place) != 0) {
      relay->open--;
      place->near = -1;
      place = NULL;
    }
  }
  pthread_mutex_unlock(&relay->lock);
  pthread_attr_destroy(&small);
  if (!place) close(near);
}

static void *relay_thread(void *self) {
  Relay *relay = self;
  for (;;) {
    int near = accept4(relay->listening, NULL, NULL, SOCK_CLOEXEC);
    if (near >= 0) {
      take_in(relay, near);
      continue;
    }
    if (errno != EINTR && errno != ECONNABORTED && errno != EMFILE && errno != ENFILE) return NULL; /* shut down */
  }
}

static bool listen_at(Relay *relay, const char *address, uint16_t port, Error *error) {
  struct sockaddr_in where;
  int one = 1;
  if (!socket_address(&where, address, port))
    return error_raise(error, ERROR_FIELD_INVALID, "address\t%s\tan IPv4 address is needed here", address);
  relay->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (relay->listening >= 0) setsockopt(relay->listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (relay->listening >= 0 && bind(relay->listening, (struct sockaddr *)&where, sizeof where) == 0 && listen(relay->listening, 512) == 0)
    return true;
  return error_raise(error, ERROR_IO, "%s:%u\t%s", address, port, strerror(errno));
}

bool relay_start(Relay **out, const char *address, uint16_t port, const char *store, int64_t county_id, const char *own, Error *error) {
  Relay *relay = memory_new(sizeof *relay);
  if (!relay) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "relay");
  snprintf(relay->store, sizeof relay->store, "%s", store);
  snprintf(relay->own, sizeof relay->own, "%s", own);
  relay->county_id = county_id;
  relay->looked_at = INT64_MIN / 2;
  for (size_t i = 0; i < CONNECTIONS_MAX; i++) relay->passed[i].near = relay->passed[i].far = -1;
  pthread_mutex_init(&relay->lock, NULL);
  pthread_cond_init(&relay->fewer, NULL);
  bool ok = listen_at(relay, address, port, error);
  if (ok) relay->running = pthread_create(&relay->thread, NULL, relay_thread, relay) == 0;
  if (ok && !relay->running) ok = error_raise(error, ERROR_INTERNAL, "%s", "thread");
  if (ok)
    *out = relay;
  else
    relay_stop(relay);
  return ok;
}

void relay_stop(Relay *relay) {
  if (!relay) return;
  if (relay->running) {
    shutdown(relay->listening, SHUT_RDWR);
    pthread_join(relay->thread, NULL);
  }
  pthread_mutex_lock(&relay->lock);
  relay->stopping = true;
  for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
    if (relay->passed[i].near >= 0) shutdown(relay->passed[i].near, SHUT_RDWR);
    if (relay->passed[i].far >= 0) shutdown(relay->passed[i].far, SHUT_RDWR);
  }
  while (relay->open) pthread_cond_wait(&relay->fewer, &relay->lock);
  pthread_mutex_unlock(&relay->lock);
  if (relay->listening >= 0) close(relay->listening);
  db_close(relay->db);
  pthread_mutex_destroy(&relay->lock);
  pthread_cond_destroy(&relay->fewer);
  memory_free(relay);
}
