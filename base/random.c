#include "base/random.h"

#include <assert.h>
#include <math.h>

static uint64_t splitmix(uint64_t *state) {
  uint64_t z = (*state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

void random_seed(Random *random, uint64_t seed) {
  for (int i = 0; i < 4; i++) random->state[i] = splitmix(&seed);
}

void random_fork(Random *random, uint64_t seed, uint64_t stream) {
  uint64_t mixed = stream;
  random_seed(random, seed ^ splitmix(&mixed));
}

static uint64_t rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

uint64_t random_u64(Random *random) {
  uint64_t *s = random->state, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate(s[3], 45);
  return result;
}

uint32_t random_below(Random *random, uint32_t bound) { /* Lemire 2019 */
  assert(bound > 0);
  uint64_t product = (random_u64(random) >> 32) * bound;
  if ((uint32_t)product < bound) {
    uint32_t threshold = (0u - bound) % bound;
    while ((uint32_t)product < threshold) product = (random_u64(random) >> 32) * bound;
  }
  return (uint32_t)(product >> 32);
}

int64_t random_between(Random *random, int64_t low, int64_t high) {
  assert(low <= high && (uint64_t)high - (uint64_t)low < UINT32_MAX);
  return low + random_below(random, (uint32_t)(high - low) + 1);
}

double random_unit(Random *random) { return (double)(random_u64(random) >> 11) * 0x1p-53; }

double random_normal(Random *random) {
  double u = 1 - random_unit(random), v = random_unit(random);
  return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

double random_exponential(Random *random, double mean) { return -mean * log(1 - random_unit(random)); }
