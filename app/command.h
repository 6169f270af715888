/* The commands of the program. Each is a row of the table in main.c: a name, its options as data, and a function. Everything a command prints
 * for a person follows the environment's language (zh… or else English); results go to standard output, all else to standard error. */
#ifndef APP_COMMAND_H
#define APP_COMMAND_H

#include "base/error.h"
#include "base/text.h"

enum { COMMAND_OPTIONS_MAX = 20, COMMAND_WORDS_MAX = 8 };

typedef struct CommandOption {
  const char *name;  /* "--data" */
  const char *value; /* "DIR", or NULL for a switch */
  const char *about;
} CommandOption;

typedef struct Command Command;

typedef struct CommandLine {
  const Command *command;
  const char *word[COMMAND_WORDS_MAX]; /* what is not an option */
  int words;
  const char *given[COMMAND_OPTIONS_MAX]; /* by row of the command's options; a switch that is on gives "" */
} CommandLine;

struct Command {
  const char *name, *words; /* "import", "PACKAGE" */
  const char *about;
  CommandOption options[COMMAND_OPTIONS_MAX];
  int (*run)(const CommandLine *line); /* exit status: 0 well, 1 the work failed, 2 wrong usage */
};

Language command_language(void);
/* The option's value; NULL when it was not given. The option must be one of the command's. */
const char *command_option(const CommandLine *line, const char *name);
/* Where the company lies: --database, or --data, or "data"; and which county of it (--county, 1). */
const char *command_data(const CommandLine *line);
bool command_county(const CommandLine *line, int64_t *county_id, Error *error) MUST_USE;
/* A whole number between `least` and `most`; `fallback` when not given. */
bool command_number(const CommandLine *line, const char *name, int64_t fallback, int64_t least, int64_t most, int64_t *out, Error *error) MUST_USE;
bool command_decimal(const CommandLine *line, const char *name, double fallback, double least, double most, double *out, Error *error) MUST_USE;
/* Exactly `least`…`most` words. */
bool command_words(const CommandLine *line, int least, int most, Error *error) MUST_USE;
/* Prints the error as a person reads it, gives the exit status for it. */
int command_failed(const Error *error);
/* A progress line on standard error, redrawn in place on a terminal, at most ten times a second; `done` == `total` ends it. Its self is the
 * label (a C string). */
void command_progress(void *label, int64_t done, int64_t total);

/* Runs a command of the table by its name, as if these words had been typed. */
int command_run(const char *name, int argc, const char *const *argv);

bool command_parse(CommandLine *out, const Command *command, int argc, const char *const *argv, Error *error) MUST_USE;

int command_serve(const CommandLine *line);
int command_import(const CommandLine *line);
int command_ingest(const CommandLine *line);
int command_meter645(const CommandLine *line);
int command_generate_readings(const CommandLine *line);
int command_generate(const CommandLine *line);
int command_replay(const CommandLine *line);
int command_check(const CommandLine *line);
int command_flow(const CommandLine *line);
int command_backup(const CommandLine *line);
int command_restore(const CommandLine *line);
int command_copy(const CommandLine *line);
int command_password(const CommandLine *line);
int command_dispatch(const CommandLine *line);
int command_locate(const CommandLine *line);
int command_sim(const CommandLine *line);
int command_storm(const CommandLine *line);
int command_visits(const CommandLine *line);
int command_simulate_outages(const CommandLine *line);

#endif
