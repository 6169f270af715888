#include "people/session_delay.h"

#include <pthread.h>
#include <sodium.h>

enum { SETS = 512, WAYS = 8 };

typedef struct Pair {
  uint64_t hash; /* 0: free */
  int wrong;
  Instant last, until;
} Pair;

struct Delays {
  pthread_mutex_t lock;
  unsigned char key[crypto_shorthash_KEYBYTES]; /* so that nobody can choose which pairs push out which */
  Pair pair[SETS][WAYS];
};

Delays *delays_new(void) {
  Delays *delays = memory_new(sizeof *delays);
  if (!delays) return NULL;
  pthread_mutex_init(&delays->lock, NULL);
  randombytes_buf(delays->key, sizeof delays->key);
  return delays;
}

void delays_free(Delays *delays) {
  if (!delays) return;
  pthread_mutex_destroy(&delays->lock);
  memory_free(delays);
}

static uint64_t hash_of(const Delays *delays, Text name, Text address) {
  uint64_t part[2];
  crypto_shorthash((unsigned char *)&part[0], (const unsigned char *)(name.len ? name.at : ""), name.len, delays->key);
  crypto_shorthash((unsigned char *)&part[1], (const unsigned char *)(address.len ? address.at : ""), address.len, delays->key);
  uint64_t hash;
  crypto_shorthash((unsigned char *)&hash, (const unsigned char *)part, sizeof part, delays->key);
  return hash ? hash : 1;
}

/* The pair's place, or the one it may have: free, else the longest unheard of. Lock held. */
static Pair *place_of(Delays *delays, uint64_t hash, Instant now) {
  Pair *set = delays->pair[hash % SETS], *oldest = &set[0];
  for (int i = 0; i < WAYS; i++) {
    if (set[i].hash && now - set[i].last > DELAY_FORGOTTEN) set[i] = (Pair){0};
    if (set[i].hash == hash) return &set[i];
    if (!set[i].hash || (oldest->hash && set[i].last < oldest->last)) oldest = &set[i];
  }
  return oldest;
}

bool delays_check(Delays *delays, Text name, Text address, Instant now, Error *error) {
  uint64_t hash = hash_of(delays, name, address);
  pthread_mutex_lock(&delays->lock);
  const Pair *pair = place_of(delays, hash, now);
  Span wait = pair->hash == hash ? pair->until - now : 0;
  pthread_mutex_unlock(&delays->lock);
  if (wait <= 0) return true;
  return error_raise(error, ERROR_SIGN_IN_SLOW_DOWN, "%lld", (long long)((wait + SPAN_SECOND - 1) / SPAN_SECOND));
}

void delays_note(Delays *delays, Text name, Text address, Instant now, bool right) {
  uint64_t hash = hash_of(delays, name, address);
  pthread_mutex_lock(&delays->lock);
  Pair *pair = place_of(delays, hash, now);
  if (right) {
    if (pair->hash == hash) *pair = (Pair){0};
  } else {
    if (pair->hash != hash) *pair = (Pair){.hash = hash};
    pair->wrong++;
    pair->last = now;
    int doublings = pair->wrong - DELAY_FREE;
    Span wait = doublings < 0 ? 0 : doublings > 6 ? DELAY_MOST : SPAN_SECOND << doublings;
    pair->until = now + (wait > DELAY_MOST ? DELAY_MOST : wait);
  }
  pthread_mutex_unlock(&delays->lock);
}
