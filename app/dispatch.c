#include <stdio.h>

#include "app/command.h"
#include "crew/dispatch_run.h"

int command_dispatch(const CommandLine *line) {
  Error error = {0};
  Buffer out;
  int64_t threads, seed, decimals;
  DispatchCommand command = {.input = command_option(line, "--input"), .solomon = command_option(line, "--solomon"), .trsp = command_option(line, "--trsp"), .osrm = command_option(line, "--osrm")};
  if (!command_words(line, 0, 0, &error) || !command_decimal(line, "--seconds", 1, 0, 86400, &command.run.seconds, &error) ||
      !command_number(line, "--threads", 1, 1, DISPATCH_THREADS, &threads, &error) || !command_number(line, "--seed", 1, 0, INT64_MAX, &seed, &error) ||
      !command_number(line, "--decimals", -1, -1, 9, &decimals, &error))
    return command_failed(&error);
  command.decimals = (int)decimals;
  command.run.threads = (int)threads;
  command.run.seed = (uint64_t)seed;
  buffer_begin(&out, 0);
  bool ok = dispatch_command(&command, &out, &error);
  if (ok) {
    fwrite(out.at, 1, out.len, stdout);
    if (!out.len || out.at[out.len - 1] != '\n') putchar('\n');
  }
  buffer_end(&out);
  return ok ? 0 : command_failed(&error);
}
