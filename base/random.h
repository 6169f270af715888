/* Chance, handed in as a seed: xoshiro256** (Blackman, Vigna 2018), seeded by splitmix64. Same seed, same numbers, on every
 * machine. Not for secrets: those come from libsodium. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

typedef struct Random {
  uint64_t state[4];
} Random;

void random_seed(Random *random, uint64_t seed);
/* An independent stream named by `stream`, so that adding a draw in one place does not move the others. */
void random_fork(Random *random, uint64_t seed, uint64_t stream);
uint64_t random_u64(Random *random);
uint32_t random_below(Random *random, uint32_t bound);           /* 0 … bound-1; bound > 0; without bias */
int64_t random_between(Random *random, int64_t low, int64_t high); /* both included */
double random_unit(Random *random);                              /* [0, 1) */
double random_normal(Random *random);                            /* mean 0, deviation 1 */
double random_exponential(Random *random, double mean);

#endif
