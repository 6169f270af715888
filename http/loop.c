/* One event loop a core, each with a daemon of libmicrohttpd of its own on the shared listening socket.
 *
 * The loop is ours and not the library's: its inner loop (0.9.75 to 1.0.1, MHD_epoll) waits again, without limit, when exactly as many
 * events came as it takes at once, and does not look at the requests it has already got meanwhile; with MHD_run it never waits. And ours
 * takes back any number of suspended connections with one wake-up. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "http/http_internal.h"

enum { LOOP_WAIT_MS = 1000, LOOP_ROOM = 64 /* connections taken in before those let go are seen to be gone */ };

struct Loop {
  Http *http;
  struct MHD_Daemon *daemon;
  Peers peers;
  int64_t round_cpu_us; /* of this thread when the round began */
  int round_reads;
  pthread_t thread;
  bool running;
  int wake;
  pthread_mutex_t lock; /* all below */
  Away *back;           /* suspended connections that may go on */
  bool quiet, stopping; /* no new connections; nothing more */
};

static int64_t cpu_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

bool loop_takes_read(Loop *loop) { return loop->round_reads++ < LIMIT_ROUND_READS || cpu_us() - loop->round_cpu_us < LIMIT_ROUND_CPU_MS * 1000; }
Peers *loop_peers(Loop *loop) { return &loop->peers; }

static void poke(Loop *loop) {
  uint64_t one = 1;
  while (write(loop->wake, &one, sizeof one) < 0 && errno == EINTR) continue;
}

void loop_resume(Away *away) {
  Loop *loop = away->loop;
  pthread_mutex_lock(&loop->lock);
  bool first = !loop->back;
  away->next = loop->back;
  loop->back = away;
  if (first) poke(loop);
  pthread_mutex_unlock(&loop->lock);
}

static void take_back(Away *list) {
  Away *order = NULL; /* it was a stack: the first that was put is answered first */
  for (Away *next; list; list = next) {
    next = list->next;
    list->next = order;
    order = list;
  }
  for (Away *next; order; order = next) {
    next = order->next;
    MHD_resume_connection(order->connection);
  }
}

static void refuse_more(Loop *loop) {
  MHD_socket listening = MHD_quiesce_daemon(loop->daemon);
  if (listening != MHD_INVALID_SOCKET) close(listening);
}

static void wait_for_work(Loop *loop) {
  MHD_UNSIGNED_LONG_LONG left;
  int ms = LOOP_WAIT_MS;
  if (MHD_get_timeout(loop->daemon, &left) == MHD_YES && left < LOOP_WAIT_MS) ms = (int)left;
  struct pollfd waited[2] = {{.fd = MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, .events = POLLIN},
                             {.fd = loop->wake, .events = POLLIN}};
  uint64_t count;
  if (loop->peers.count && ms > 250) ms = 250; /* somebody may be late */
  if (poll(waited, 2, ms) > 0 && (waited[1].revents & POLLIN))
    while (read(loop->wake, &count, sizeof count) < 0 && errno == EINTR) continue;
}

static void *loop_thread(void *self) {
  Loop *loop = self;
  bool quiet = false, stopping = false;
  while (!stopping) {
    pthread_mutex_lock(&loop->lock);
    Away *back = loop->back;
    loop->back = NULL;
    stopping = loop->stopping;
    bool be_quiet = loop->quiet && !quiet;
    pthread_mutex_unlock(&loop->lock);
    if (be_quiet) {
      quiet = true;
      refuse_more(loop);
    }
    take_back(back);
    loop->round_cpu_us = cpu_us();
    loop->round_reads = 0;
    MHD_run(loop->daemon);
    peers_sweep(&loop->peers);
    if (!stopping) wait_for_work(loop);
  }
  return NULL;
}

bool loop_start(Loop **out, Http *http, int listening, const struct MHD_OptionItem *options, Error *error) {
  Loop *loop = *out = memory_new(sizeof *loop);
  if (!loop) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "http");
  loop->http = http;
  size_t most = http->options.connections ? http->options.connections : LIMIT_CONNECTIONS;
  most = most / (size_t)http->threads + 1;
  peers_begin(&loop->peers, most, (http->options.patience_ms ? http->options.patience_ms : LIMIT_PATIENCE_SECONDS * 1000) * INT64_C(1000));
  pthread_mutex_init(&loop->lock, NULL);
  loop->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  int own = fcntl(listening, F_DUPFD_CLOEXEC, 0); /* the daemon closes its own */
  unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
  if (loop->wake >= 0 && own >= 0)
    loop->daemon = MHD_start_daemon(flags, 0, NULL, NULL, server_on_request, loop, MHD_OPTION_LISTEN_SOCKET, own, MHD_OPTION_URI_LOG_CALLBACK,
                                    server_on_target, loop, MHD_OPTION_NOTIFY_CONNECTION, server_on_connection, loop, MHD_OPTION_CONNECTION_LIMIT,
                                    (unsigned)(most + LOOP_ROOM), MHD_OPTION_ARRAY, options, MHD_OPTION_END);
  if (!loop->daemon && own >= 0) close(own);
  if (!loop->daemon) return error_raise(error, ERROR_IO, "http\t%s", errno ? strerror(errno) : "the server cannot start");
  int code = pthread_create(&loop->thread, NULL, loop_thread, loop);
  loop->running = code == 0;
  return loop->running ? true : error_raise(error, ERROR_INTERNAL, "thread: %s", strerror(code));
}

Http *loop_http(const Loop *loop) { return loop->http; }

static void tell(Loop *loop, bool stopping) {
  pthread_mutex_lock(&loop->lock);
  loop->quiet = true;
  loop->stopping = stopping;
  poke(loop);
  pthread_mutex_unlock(&loop->lock);
}

void loop_quiet(Loop *loop) { tell(loop, false); }

void loop_stop(Loop *loop) {
  if (!loop) return;
  if (loop->running) {
    tell(loop, true);
    pthread_join(loop->thread, NULL);
  }
  if (loop->daemon) MHD_stop_daemon(loop->daemon);
  if (loop->wake >= 0) close(loop->wake);
  pthread_mutex_destroy(&loop->lock);
  memory_free(loop);
}
