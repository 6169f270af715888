#include "app/command.h"
#include "sim/generate.h"

int command_generate(const CommandLine *line) {
  Error error = {0};
  GenerateOptions options = {0};
  int64_t seed;
  const char *out = command_option(line, "--out");
  if (!command_words(line, 0, 0, &error) || !command_number(line, "--customers", 350000, 100, 40000000, &options.customers, &error) ||
      !command_number(line, "--seed", 1, 0, INT64_MAX, &seed, &error))
    return command_failed(&error);
  if (!out) {
    error_raise(&error, ERROR_USAGE, "say where to: --out PACKAGE\tgenerate");
    return command_failed(&error);
  }
  options.seed = (uint64_t)seed;
  return sim_generate_package(out, &options, command_progress, "generate", &error) ? 0 : command_failed(&error);
}
