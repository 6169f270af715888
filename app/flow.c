#include <stdio.h>

#include "app/command.h"
#include "flow/solve.h"

int command_flow(const CommandLine *line) {
  Error error = {0};
  Buffer out;
  const char *script = command_option(line, "--opendss"), *controls = command_option(line, "--controls");
  if (!command_words(line, 0, 0, &error)) return command_failed(&error);
  if (!script || (controls && strcmp(controls, "off") != 0 && strcmp(controls, "on") != 0)) {
    error_raise(&error, ERROR_USAGE, "%s\tflow", script ? "option --controls takes on or off" : "say which: --opendss FILE.dss");
    return command_failed(&error);
  }
  FlowFileOptions options = {.controls_off = controls && strcmp(controls, "off") == 0, .csv = command_option(line, "--csv") != NULL};
  if (!command_number(line, "--steps", 0, 0, FLOW_STEPS_MAX, &options.steps, &error)) return command_failed(&error);
  buffer_begin(&out, 0);
  bool ok = flow_solve_file(script, &options, &out, &error);
  if (ok) {
    fwrite(out.at, 1, out.len, stdout);
    if (!out.len || out.at[out.len - 1] != '\n') putchar('\n');
  }
  buffer_end(&out);
  return ok ? 0 : command_failed(&error);
}
