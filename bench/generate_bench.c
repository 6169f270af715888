/* generate_bench [customers [seed [folder]]]: makes a county and says how long it took and what came of it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/time.h"
#include "sim/generate.h"

int main(int count, char **arguments) {
  GenerateOptions options = {.customers = count > 1 ? strtoll(arguments[1], NULL, 10) : 350000,
                             .seed = count > 2 ? strtoull(arguments[2], NULL, 10) : 1};
  const char *out = count > 3 ? arguments[3] : "/tmp/dianbaomu-generate-bench";
  static const char *const FILES[] = {"orgs.csv", "devices.csv", "ties.csv", "customers.csv", "crews.csv", "stock.csv", "backdrop.geojson"};
  Error error = {0};
  int64_t begun = time_monotonic_us();
  if (!sim_generate_package(out, &options, NULL, NULL, &error)) {
    char text[ERROR_TEXT_MAX];
    fprintf(stderr, "%s\n", error_text(&error, LANGUAGE_EN, text, sizeof text));
    return 1;
  }
  double seconds = (double)(time_monotonic_us() - begun) / 1e6;
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  int64_t bytes = 0;
  for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
    char path[4096];
    struct stat found;
    snprintf(path, sizeof path, "%s/%s", out, FILES[i]);
    if (stat(path, &found) != 0) return 1;
    printf("%-18s %12" PRId64 " bytes\n", FILES[i], (int64_t)found.st_size);
    bytes += found.st_size;
  }
  printf("%" PRId64 " customers, seed %" PRIu64 ": %.3f s, %.1f MB, %.0f customers a second, %ld MB of memory at most\n", options.customers,
         options.seed, seconds, (double)bytes / 1e6, (double)options.customers / seconds, used.ru_maxrss / 1024);
  return 0;
}
