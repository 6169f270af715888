#include "app/command.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"

Language command_language(void) {
  static const char *const NAMES[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
  for (int i = 0; i < 3; i++) {
    const char *value = getenv(NAMES[i]);
    if (value && *value) return strncmp(value, "zh", 2) == 0 ? LANGUAGE_ZH : LANGUAGE_EN;
  }
  return LANGUAGE_EN;
}

static int option_row(const Command *command, Text name) {
  for (int i = 0; i < COMMAND_OPTIONS_MAX && command->options[i].name; i++)
    if (text_is(name, command->options[i].name)) return i;
  return -1;
}

bool command_parse(CommandLine *out, const Command *command, int argc, const char *const *argv, Error *error) {
  *out = (CommandLine){.command = command};
  for (int i = 0; i < argc; i++) {
    Text word = text_of(argv[i]);
    if (!text_starts(word, TEXT("--"))) {
      if (out->words == COMMAND_WORDS_MAX) return error_raise(error, ERROR_USAGE, "too many words: '%s'\t%s", argv[i], command->name);
      out->word[out->words++] = argv[i];
      continue;
    }
    ptrdiff_t equals = text_find(word, TEXT("="));
    Text name = equals < 0 ? word : text_slice(word, 0, (size_t)equals);
    int row = option_row(command, name);
    if (row < 0) return error_raise(error, ERROR_USAGE, "unknown option '%.*s'\t%s", TEXT_ARG(name), command->name);
    if (!command->options[row].value) {
      if (equals >= 0) return error_raise(error, ERROR_USAGE, "option %.*s takes no value\t%s", TEXT_ARG(name), command->name);
      out->given[row] = "";
    } else if (equals >= 0) {
      out->given[row] = argv[i] + equals + 1;
    } else if (i + 1 < argc) {
      out->given[row] = argv[++i];
    } else {
      return error_raise(error, ERROR_USAGE, "option %s needs a value %s\t%s", argv[i], command->options[row].value, command->name);
    }
  }
  return true;
}

const char *command_option(const CommandLine *line, const char *name) {
  int row = option_row(line->command, text_of(name));
  assert(row >= 0);
  return line->given[row];
}

const char *command_data(const CommandLine *line) {
  const char *database = command_option(line, "--database"), *data = command_option(line, "--data");
  return database ? database : data ? data : "data";
}

bool command_county(const CommandLine *line, int64_t *county_id, Error *error) {
  return command_number(line, "--county", 1, 1, INT32_MAX, county_id, error);
}

bool command_decimal(const CommandLine *line, const char *name, double fallback, double least, double most, double *out, Error *error) {
  const char *given = command_option(line, name);
  *out = fallback;
  if (!given || (text_to_f64(text_of(given), out) && *out >= least && *out <= most)) return true;
  return error_raise(error, ERROR_USAGE, "option %s takes a number from %g to %g, not '%s'\t%s", name, least, most, given, line->command->name);
}

bool command_number(const CommandLine *line, const char *name, int64_t fallback, int64_t least, int64_t most, int64_t *out, Error *error) {
  const char *given = command_option(line, name);
  *out = fallback;
  if (!given || (text_to_i64(text_of(given), out) && *out >= least && *out <= most)) return true;
  return error_raise(error, ERROR_USAGE, "option %s takes a whole number from %lld to %lld, not '%s'\t%s", name, (long long)least,
                     (long long)most, given, line->command->name);
}

bool command_words(const CommandLine *line, int least, int most, Error *error) {
  if (line->words >= least && line->words <= most) return true;
  return error_raise(error, ERROR_USAGE, "'%s' takes %s\t%s", line->command->name, line->command->words ? line->command->words : "no words",
                     line->command->name);
}

int command_failed(const Error *error) {
  char text[ERROR_TEXT_MAX];
  fprintf(stderr, "dianbaomu: %s\n", error_text(error, command_language(), text, sizeof text));
  return error->code == ERROR_USAGE ? 2 : 1;
}

void command_progress(void *label, int64_t done, int64_t total) {
  static int64_t last_us, started_us, last_total;
  int64_t now = time_monotonic_us();
  bool end = done >= total;
  if (done == 0 || total != last_total) started_us = now;
  last_total = total;
  if (!end && (!isatty(STDERR_FILENO) || now - last_us < 100000)) return;
  last_us = now;
  fprintf(stderr, "%s%s %lld / %lld (%.1f s)%s", isatty(STDERR_FILENO) ? "\r" : "", (const char *)label, (long long)done, (long long)total,
          (double)(now - started_us) / 1e6, end ? "\n" : "");
}
