/* One thread for handlers that take long, such as the hash of a password: the event loops go on meanwhile, and no more than one core and
 * one such handler's memory is ever in use. */
#include "base/limits.h"
#include "http/http_internal.h"

struct Slow {
  Http *http;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  Request *queue[LIMIT_SLOW_QUEUE];
  size_t first, count;
  bool stopping;
};

static void *slow_thread(void *self) {
  Slow *slow = self;
  for (;;) {
    pthread_mutex_lock(&slow->lock);
    while (!slow->count && !slow->stopping) pthread_cond_wait(&slow->wake, &slow->lock);
    Request *request = slow->count ? slow->queue[slow->first] : NULL;
    if (request) slow->first = (slow->first + 1) % LIMIT_SLOW_QUEUE, slow->count--;
    pthread_mutex_unlock(&slow->lock);
    if (!request) return NULL;
    request_run_slowly(request);
  }
}

bool slow_start(Slow **out, Http *http, Error *error) {
  Slow *slow = memory_new(sizeof *slow);
  if (!slow) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "http");
  slow->http = http;
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
  pthread_mutex_lock(&slow->lock);
  for (size_t i = 0; i < slow->count; i++) alike += text_equal(slow->queue[(slow->first + i) % LIMIT_SLOW_QUEUE]->open.address, request->open.address);
  bool taken = slow->count < LIMIT_SLOW_QUEUE && alike < LIMIT_SLOW_PER_ADDRESS;
  if (taken) {
    slow->queue[(slow->first + slow->count++) % LIMIT_SLOW_QUEUE] = request;
    pthread_cond_signal(&slow->wake);
  }
  pthread_mutex_unlock(&slow->lock);
  return taken ? true : error_raise(error, ERROR_HTTP_BUSY, "%s", "");
}
