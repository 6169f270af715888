#include "base/random.h"

#include <math.h>

#include "base/testing.h"

static void repeats_from_its_seed(void **state) {
  (void)state;
  Random a, b, c;
  random_seed(&a, 5), random_seed(&b, 5), random_fork(&c, 5, 1);
  int same = 0;
  for (int i = 0; i < 1000; i++) {
    uint64_t x = random_u64(&a);
    assert_true(x == random_u64(&b));
    same += x == random_u64(&c);
  }
  assert_int_equal(same, 0);
}

static void is_even_and_of_the_shape_promised(void **state) {
  (void)state;
  Random random;
  random_seed(&random, 11);
  enum { N = 200000 };
  int count[7] = {0};
  double sum = 0, squares = 0, waits = 0;
  for (int i = 0; i < N; i++) {
    count[random_below(&random, 7)]++;
    double z = random_normal(&random), u = random_unit(&random);
    assert_true(u >= 0 && u < 1);
    sum += z, squares += z * z, waits += random_exponential(&random, 3);
  }
  for (int i = 0; i < 7; i++) assert_true(abs(count[i] - N / 7) < 1000);
  assert_true(fabs(sum / N) < 0.02 && fabs(squares / N - 1) < 0.03 && fabs(waits / N - 3) < 0.05);
}

TEST_MAIN(TEST(repeats_from_its_seed), TEST(is_even_and_of_the_shape_promised))
