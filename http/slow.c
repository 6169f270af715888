/* One thread for writes whose decoding takes long, such as the hash of a password, and one for reports: the event loops go on meanwhile, and no more than
 * a core and one such handler's memory is ever in use by each. Reports give way: to everything else on the processor, and, since they hold
 * the state lock for reading, to a desk that has work, for three times as long as the last one took. */
#include <sys/resource.h>
#include <time.h>

#include "base/limits.h"
#include "http/http_internal.h"

struct Slow {
  Http *http;
  bool reports;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  Request *queue[LIMIT_SLOW_QUEUE];
  size_t first, count;
  bool stopping;
};

enum { SLOW_NICE = 10, SLOW_YIELD_MOST_US = 1000000 };

static void run_one(Slow *slow, Request *request) {
  int64_t began = time_monotonic_us();
  request_run_slowly(request);
  int64_t took = 3 * (time_monotonic_us() - began);
  if (!slow->reports || !desk_figures(slow->http->options.desk).waiting) return;
  if (took > SLOW_YIELD_MOST_US) took = SLOW_YIELD_MOST_US;
  nanosleep(&(struct timespec){.tv_sec = took / 1000000, .tv_nsec = took % 1000000 * 1000}, NULL);
}

static void *slow_thread(void *self) {
  Slow *slow = self;
  if (slow->reports) (void)setpriority(PRIO_PROCESS, 0, SLOW_NICE); /* of this thread alone, on Linux */
  for (;;) {
    pthread_mutex_lock(&slow->lock);
    while (!slow->count && !slow->stopping) pthread_cond_wait(&slow->wake, &slow->lock);
    Request *request = slow->count ? slow->queue[slow->first] : NULL;
    if (request) slow->first = (slow->first + 1) % LIMIT_SLOW_QUEUE, slow->count--;
    pthread_mutex_unlock(&slow->lock);
    if (!request) return NULL;
    run_one(slow, request);
  }
}

bool slow_start(Slow **out, Http *http, bool reports, Error *error) {
  Slow *slow = memory_new(sizeof *slow);
  if (!slow) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "http");
  slow->http = http;
  slow->reports = reports;
  pthread_mutex_init(&slow->lock, NULL);
  pthread_cond_init(&slow->wake, NULL);
  int code = pthread_create(&slow->thread, NULL, slow_thread, slow);
  if (code == 0) {
    *out = slow;
    return true;
  }
  pthread_mutex_destroy(&slow->lock);
  pthread_cond_destroy(&slow->wake);
  memory_free(slow);
  return error_raise(error, ERROR_INTERNAL, "thread: %s", strerror(code));
}

void slow_stop(Slow *slow) {
  if (!slow) return;
  pthread_mutex_lock(&slow->lock);
  slow->stopping = true;
  pthread_cond_signal(&slow->wake);
  pthread_mutex_unlock(&slow->lock);
  pthread_join(slow->thread, NULL);
  pthread_mutex_destroy(&slow->lock);
  pthread_cond_destroy(&slow->wake);
  memory_free(slow);
}

/* One address cannot fill the queue for all. */
bool slow_submit(Slow *slow, Request *request, Error *error) {
  size_t alike = 0;
  bool pressed = slow->reports && desk_figures(slow->http->options.desk).waiting > LIMIT_DESK_QUEUE / 4;
  pthread_mutex_lock(&slow->lock);
  for (size_t i = 0; i < slow->count; i++) alike += text_equal(slow->queue[(slow->first + i) % LIMIT_SLOW_QUEUE]->open.address, request->open.address);
  bool taken = !pressed && slow->count < LIMIT_SLOW_QUEUE && alike < LIMIT_SLOW_PER_ADDRESS;
  if (taken) {
    slow->queue[(slow->first + slow->count++) % LIMIT_SLOW_QUEUE] = request;
    pthread_cond_signal(&slow->wake);
  }
  pthread_mutex_unlock(&slow->lock);
  return taken ? true : error_raise(error, ERROR_HTTP_BUSY, "%s", "");
}
