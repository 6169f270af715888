#include "http/limit.h"

#include <pthread.h>
#include <sodium.h>

enum { SETS = 1024, WAYS = 8 };

/* A bucket is one instant: when it will be empty. */
typedef struct Bucket {
  uint64_t hash; /* 0: free */
  Instant empty;
} Bucket;

struct Limits {
  pthread_mutex_t lock;
  unsigned char key[crypto_shorthash_KEYBYTES]; /* so that nobody can choose which push out which */
  Bucket bucket[SETS][WAYS];
};

Limits *limits_new(void) {
  Limits *limits = memory_new(sizeof *limits);
  if (!limits) return NULL;
  pthread_mutex_init(&limits->lock, NULL);
  randombytes_buf(limits->key, sizeof limits->key);
  return limits;
}

void limits_free(Limits *limits) {
  if (!limits) return;
  pthread_mutex_destroy(&limits->lock);
  memory_free(limits);
}

static uint64_t hash_of(const Limits *limits, char what, Text who) {
  uint64_t part[2] = {(uint64_t)(unsigned char)what, 0}, hash;
  crypto_shorthash((unsigned char *)&part[1], (const unsigned char *)(who.len ? who.at : ""), who.len, limits->key);
  crypto_shorthash((unsigned char *)&hash, (const unsigned char *)part, sizeof part, limits->key);
  return hash ? hash : 1;
}

/* Its bucket, or the one it may have: the one that is empty first. Lock held. */
static Bucket *bucket_of(Limits *limits, uint64_t hash) {
  Bucket *set = limits->bucket[hash % SETS], *first = &set[0];
  for (int i = 0; i < WAYS; i++) {
    if (set[i].hash == hash) return &set[i];
    if (set[i].empty < first->empty) first = &set[i];
  }
  return first;
}

/* How full it is, as time. More than it can hold: the clock was put back, and what stands there means nothing. */
static Span filled(const Bucket *bucket, uint64_t hash, const LimitRule *rule, Instant now) {
  Span level = bucket->hash == hash && bucket->empty > now ? bucket->empty - now : 0;
  return level > rule->most * rule->every ? 0 : level;
}

Span limits_wait(Limits *limits, const LimitRule *rule, Text who, Instant now) {
  uint64_t hash = hash_of(limits, rule->what, who);
  pthread_mutex_lock(&limits->lock);
  Span level = filled(bucket_of(limits, hash), hash, rule, now), room = (rule->most - 1) * rule->every;
  pthread_mutex_unlock(&limits->lock);
  return level > room ? level - room : 0;
}

void limits_count(Limits *limits, const LimitRule *rule, Text who, Instant now) {
  uint64_t hash = hash_of(limits, rule->what, who);
  pthread_mutex_lock(&limits->lock);
  Bucket *bucket = bucket_of(limits, hash);
  Span level = filled(bucket, hash, rule, now) + rule->every, whole = rule->most * rule->every;
  *bucket = (Bucket){hash, now + (level < whole ? level : whole)}; /* a full one stays full */
  pthread_mutex_unlock(&limits->lock);
}
