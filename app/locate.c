/* The locating engine from the command line: where are the outages, by this evidence? And evidence made up, with the truth beside it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "app/command.h"
#include "app/import.h"
#include "outage/locate_package.h"

typedef struct Room {
  Package package;
  LocatePackage located;
} Room;

static bool room_begin(Room *room, const CommandLine *line, Error *error) {
  const char *grid = command_option(line, "--grid");
  if (!grid) return error_raise(error, ERROR_USAGE, "say which network: --grid PACKAGE\t%s", line->command->name);
  return app_package_read(&room->package, grid, error) && locate_package_begin(&room->located, &room->package, error);
}

static void room_end(Room *room) {
  if (room->located.package) locate_package_end(&room->located);
  package_end(&room->package);
}

static bool time_option(const CommandLine *line, const char *name, Instant *out, Error *error) {
  const char *given = command_option(line, name);
  if (!given || instant_from_text(text_of(given), out)) return true;
  return error_raise(error, ERROR_USAGE, "option %s takes a time as 2026-01-31T20:15:00+08:00, not '%s'\t%s", name, given, line->command->name);
}

static bool answer(const Room *room, LocateQuestion *question, const char *file, Arena *arena, Buffer *out, Error *error) {
  Csv *csv = NULL;
  LocateEvidenceRow *rows = NULL;
  size_t count = 0;
  LocateParameters parameters = locate_parameters_default();
  question->network = &room->located.network, question->names = &room->located.names, question->parameters = &parameters;
  question->ties = room->located.ties, question->tie_count = room->located.tie_count;
  bool ok = csv_open_file(&csv, file, error) && locate_evidence_read(csv, &room->located.names, arena, &rows, &count, error);
  csv_close(csv);
  return ok && locate_answer(question, rows, count, out, error);
}

int command_locate(const CommandLine *line) {
  Error error = {0};
  Room room = {0};
  Arena arena;
  Buffer out;
  LocateQuestion question = {.at = INSTANT_NONE, .json = command_option(line, "--json") != NULL};
  const char *evidence = command_option(line, "--evidence");
  if (!command_words(line, 0, 0, &error) || !time_option(line, "--at", &question.at, &error) ||
      !command_decimal(line, "--least", 0.2, 0.001, 0.999, &question.least, &error))
    return command_failed(&error);
  if (!evidence) {
    error_raise(&error, ERROR_USAGE, "say what was seen: --evidence FILE.csv\tlocate");
    return command_failed(&error);
  }
  arena_begin(&arena, 0);
  buffer_begin(&out, 0);
  bool ok = room_begin(&room, line, &error) && answer(&room, &question, evidence, &arena, &out, &error);
  if (ok && out.failed) ok = error_raise(&error, ERROR_OUT_OF_MEMORY, "%s", "answer");
  if (ok) fwrite(out.at, 1, out.len, stdout);
  buffer_end(&out);
  arena_end(&arena);
  room_end(&room);
  return ok ? 0 : command_failed(&error);
}

static bool sim_options(const CommandLine *line, EvidenceSim *sim, Error *error) {
  int64_t outages, seed, least, most;
  double spread, length;
  *sim = evidence_sim_default();
  if (!command_number(line, "--outages", sim->outages, 0, 1000000, &outages, error) ||
      !command_number(line, "--seed", 1, 0, INT64_MAX, &seed, error) || !time_option(line, "--begin", &sim->begin, error) ||
      !command_decimal(line, "--spread", (double)(sim->spread / SPAN_MINUTE), 0, 1440, &spread, error) ||
      !command_decimal(line, "--length", (double)(sim->length / SPAN_MINUTE), 1, 1440, &length, error) ||
      !command_number(line, "--least-customers", 1, 1, LIMIT_CUSTOMERS, &least, error) ||
      !command_number(line, "--most-customers", 0, 0, LIMIT_CUSTOMERS, &most, error) ||
      !command_decimal(line, "--calls", sim->call_share, 0, 1, &sim->call_share, error) ||
      !command_decimal(line, "--gasp", sim->gasp_share, 0, 1, &sim->gasp_share, error) ||
      !command_decimal(line, "--mute", sim->gasp_area_loss, 0, 1, &sim->gasp_area_loss, error) ||
      !command_decimal(line, "--single-phase", sim->single_phase, 0, 1, &sim->single_phase, error) ||
      !command_decimal(line, "--stray-calls", sim->stray_calls, 0, 1, &sim->stray_calls, error) ||
      !command_decimal(line, "--stray-gasps", sim->stray_gasps, 0, 1, &sim->stray_gasps, error))
    return false;
  sim->outages = (uint32_t)outages, sim->seed = (uint64_t)seed;
  sim->least_customers = (uint32_t)least, sim->most_customers = (uint32_t)most;
  sim->spread = (Span)(spread * (double)SPAN_MINUTE), sim->length = (Span)(length * (double)SPAN_MINUTE);
  sim->nested = command_option(line, "--nested"), sim->by_prior = command_option(line, "--by-prior");
  return true;
}

static bool write_file(const Buffer *bytes, const char *folder, const char *name, Error *error) {
  char path[4096];
  if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
    return error_raise(error, ERROR_IO, "%.100s\t%s", folder, strerror(ENAMETOOLONG));
  if (bytes->failed) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", name);
  return buffer_write_file(bytes, path, error);
}

static bool simulate(const Room *room, const EvidenceSim *sim, const char *folder, Error *error) {
  Arena arena;
  Buffer evidence, truth;
  EvidenceRun run = {0};
  LocateParameters priors = locate_parameters_default();
  arena_begin(&arena, 0);
  buffer_begin(&evidence, 0), buffer_begin(&truth, 0);
  bool ok = evidence_simulate(sim, &room->located.network, &priors, &arena, &run, error);
  if (ok) evidence_write(&run, &room->located.names, priors.zone, &evidence, &truth);
  if (ok && mkdir(folder, 0777) != 0 && errno != EEXIST) ok = error_raise(error, ERROR_IO, "%s\t%s", folder, strerror(errno));
  ok = ok && write_file(&evidence, folder, "evidence.csv", error) && write_file(&truth, folder, "truth.csv", error);
  if (ok) fprintf(stderr, "%u of %u outages, %zu pieces of evidence\n", run.truth_count, sim->outages, run.evidence_count);
  buffer_end(&evidence), buffer_end(&truth);
  arena_end(&arena);
  return ok;
}

int command_simulate_outages(const CommandLine *line) {
  Error error = {0};
  Room room = {0};
  EvidenceSim sim;
  const char *folder = command_option(line, "--out");
  if (!command_words(line, 0, 0, &error) || !sim_options(line, &sim, &error)) return command_failed(&error);
  if (!folder) {
    error_raise(&error, ERROR_USAGE, "say where to: --out FOLDER\tsimulate-outages");
    return command_failed(&error);
  }
  bool ok = room_begin(&room, line, &error) && simulate(&room, &sim, folder, &error);
  room_end(&room);
  return ok ? 0 : command_failed(&error);
}
