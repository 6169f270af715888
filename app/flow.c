#include <stdio.h>

#include "app/command.h"
#include "flow/solve.h"
#include "supply/area_file.h"

static bool solve_script(const CommandLine *line, const char *script, Buffer *out, Error *error) {
  const char *controls = command_option(line, "--controls");
  if (controls && strcmp(controls, "off") != 0 && strcmp(controls, "on") != 0)
    return error_raise(error, ERROR_USAGE, "option --controls takes on or off\tflow");
  FlowFileOptions options = {.controls_off = controls && strcmp(controls, "off") == 0, .csv = command_option(line, "--csv") != NULL};
  return command_number(line, "--steps", 0, 0, FLOW_STEPS_MAX, &options.steps, error) && flow_solve_file(script, &options, out, error);
}

static bool solve_area(const CommandLine *line, const char *package, Buffer *out, Error *error) {
  AreaFileOptions options = {package, command_option(line, "--area"), command_option(line, "--readings"), command_option(line, "--csv") != NULL};
  SupplyBook *book = NULL;
  if (!options.area) return error_raise(error, ERROR_USAGE, "say which transformer: --area CODE\tflow");
  bool ok = supply_book_open(&book, command_option(line, "--rules"), error) && area_file_solve(&options, book, out, error);
  supply_book_close(book);
  return ok;
}

int command_flow(const CommandLine *line) {
  Error error = {0};
  Buffer out;
  const char *script = command_option(line, "--opendss"), *package = command_option(line, "--grid");
  if (!command_words(line, 0, 0, &error)) return command_failed(&error);
  if (!script == !package) {
    error_raise(&error, ERROR_USAGE, "say which: --opendss FILE.dss, or --grid PACKAGE --area CODE\tflow");
    return command_failed(&error);
  }
  buffer_begin(&out, 0);
  bool ok = script ? solve_script(line, script, &out, &error) : solve_area(line, package, &out, &error);
  if (ok) {
    fwrite(out.at, 1, out.len, stdout);
    if (!out.len || out.at[out.len - 1] != '\n') putchar('\n');
  }
  buffer_end(&out);
  return ok ? 0 : command_failed(&error);
}
