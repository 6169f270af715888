#include <stdio.h>

#include "app/command.h"

#ifndef DIANBAOMU_VERSION
#define DIANBAOMU_VERSION "0"
#endif

static int command_help(const CommandLine *line);
static int command_version(const CommandLine *line);

#define COMPANY_ON_DATABASE {"--database", "URL", "or where it lies on PostgreSQL: postgresql://…"}, {"--county", "N", "its number (1)"}

static const Command COMMANDS[] = {
    {.name = "serve",
     .about = "serve a company's data to browsers",
     .options = {{"--data", "DIR", "the company's folder (made if missing)"},
                 COMPANY_ON_DATABASE,
                 {"--address", "IP", "listen here (127.0.0.1)"},
                 {"--port", "N", "and on this port (9559; 0: any free one)"},
                 {"--reach", "IP:PORT", "where other servers of the database reach this one (address and port)"},
                 {"--replay", "NAME", "play an evening on it: new-year"},
                 {"--speed", "X", "so many times faster than the wall (60)"},
                 {"--seed", "S", "the evening's chance (1)"},
                 {"--rules", "DIR", "the company's own rules"},
                 {"--mqtt", "HOST:PORT", "take readings from this broker too (docs/meter.md)"},
                 {"--oidc", "FILE", "staff may sign in by the OpenID Connect service this file describes (docs/operations.md)"},
                 {"--osrm", "URL", "the plan's travel times by this OSRM server; what it does not say by straight line and learned speed"},
                 {"--behind-tls", NULL, "a proxy in front speaks TLS: secure cookies"},
                 {"--password-file", "FILE", "write the first password there, not on the terminal"}},
     .run = command_serve},
    {.name = "import",
     .words = "PACKAGE",
     .about = "bring in a network and its customers, all or nothing",
     .options = {{"--data", "DIR", "the company's folder (made if missing)"},
                 COMPANY_ON_DATABASE,
                 {"--strict", NULL, "parts that no source feeds are an error, not left out"}},
     .run = command_import},
    {.name = "generate",
     .about = "make up a county as a grid package",
     .options = {{"--customers", "N", "so many customers (350000)"}, {"--seed", "S", "the same seed, the same bytes (1)"}, {"--out", "PACKAGE", "into this folder"}},
     .run = command_generate},
    {.name = "meter645",
     .words = "[ITEM…]",
     .about = "a simulated meter that speaks DL/T 645 over TCP on the loopback, or its reader",
     .options = {{"--serve", "PORT", "be a meter on this port (0: any free one)"},
                 {"--address", "DIGITS", "its address (202411110002)"},
                 {"--read", "ADDRESS", "read the meter with this address (AAAAAAAAAAAA: any): energy voltages current_a power, or the items named"},
                 {"--port", "PORT", "… on this port"}},
     .run = command_meter645},
    {.name = "generate-readings",
     .about = "make up what the meters of a company measured",
     .options = {{"--data", "DIR", "the company's folder"},
                 COMPANY_ON_DATABASE,
                 {"--days", "N", "so many days, the last one until now (3)"},
                 {"--areas", "N", "so many transformer areas, spread over the county (all)"},
                 {"--astray", "N", "every N areas one meter hangs at another transformer than the books say (none)"},
                 {"--until", "TIME", "up to this moment; new-year: the evening that serve --replay plays"},
                 {"--seed", "S", "the same seed, the same readings (1)"}},
     .run = command_generate_readings},
    {.name = "ingest",
     .words = "FILE…",
     .about = "bring in readings of meters: CSV, JSON or binary batches",
     .options = {{"--data", "DIR", "the company's folder"}, COMPANY_ON_DATABASE, {"--rules", "DIR", "the company's own rules"}},
     .run = command_ingest},
    {.name = "replay",
     .words = "new-year | month",
     .about = "play an evening, or a month of all orders, under a virtual clock and print what came of it",
     .options = {{"--data", "DIR", "on a copy of this company's network; without it a county is made up"},
                 COMPANY_ON_DATABASE,
                 {"--customers", "N", "size of the county made up (60000; month: 350000)"},
                 {"--seed", "S", "its chance (1)"},
                 {"--days", "N", "month: so many days (30)"},
                 {"--then-days", "N", "month: then nothing new, until all is archived, so long at most (365; 0: not)"},
                 {"--rules", "DIR", "month: the company's own rules"},
                 {"--speed", "X", "serve it, so many times faster than the wall; without it: as fast as it goes"},
                 {"--port", "N", "with --speed: serve on this port (9559)"},
                 {"--json", NULL, "print the summary as JSON"}},
     .run = command_replay},
    {.name = "dispatch",
     .about = "plan who goes where, in what order",
     .options = {{"--input", "PROBLEM.json", "the problem (-: standard input); its form: docs/dispatch.md"},
                 {"--solomon", "FILE", "or an instance in Solomon's form"},
                 {"--trsp", "FILE", "or in the form of the technician routing instances"},
                 {"--seconds", "S", "improve the plan for so long (1; 0: the first plan)"},
                 {"--threads", "N", "on so many threads (1)"},
                 {"--seed", "K", "the search's chance (1)"},
                 {"--osrm", "URL", "travel times by this OSRM server; what it does not know by straight line and speed"},
                 {"--decimals", "D", "truncate each leg of Solomon's form to so many decimals"}},
     .run = command_dispatch},
    {.name = "locate",
     .about = "find the most probable outages from calls, meters, switches and silence",
     .options = {{"--grid", "PACKAGE", "the network and its customers"},
                 {"--evidence", "FILE.csv", "what was seen: time,kind,subject; see docs/locate.md"},
                 {"--at", "TIME", "as of this moment (that of the last row)"},
                 {"--least", "P", "tell outages at least so probable (0.2)"},
                 {"--json", NULL, "print the answer as JSON"}},
     .run = command_locate},
    {.name = "simulate-outages",
     .about = "make up outages and the evidence they leave, with the truth beside it",
     .options = {{"--grid", "PACKAGE", "the network and its customers"},
                 {"--out", "FOLDER", "evidence.csv and truth.csv go here"},
                 {"--outages", "K", "so many (20)"},
                 {"--seed", "S", "the same seed, the same bytes (1)"},
                 {"--calls", "RATE", "share of dark customers who call in the end (0.05)"},
                 {"--gasp", "RATE", "share of last gasps delivered (0.7)"},
                 {"--mute", "RATE", "chance that all meters of a transformer stay mute (0)"},
                 {"--stray-calls", "RATE", "calls of a customer who has power, in all (0.0002)"},
                 {"--stray-gasps", "RATE", "false gasps of a meter, in all (0.0002)"},
                 {"--single-phase", "RATE", "share of faults that take one phase only (0)"},
                 {"--begin", "TIME", "of the first fault (2025-12-31T20:00:00+08:00)"},
                 {"--spread", "MINUTES", "faults begin within so long (10)"},
                 {"--length", "MINUTES", "evidence for so long (60)"},
                 {"--least-customers", "N", "below each faulty device (1)"},
                 {"--most-customers", "N", "and at most (0: any)"},
                 {"--nested", NULL, "faults may lie above one another"},
                 {"--by-prior", NULL, "what fails more often is drawn more often"}},
     .run = command_simulate_outages},
    {.name = "sim",
     .about = "play small counties from seeds, with everything failing that can, and check that the books balance",
     .options = {{"--seeds", "A-B", "these (1-100)"},
                 {"--steps", "N", "so many things happen in each (150)"},
                 {"--customers", "N", "of the county (2000)"},
                 {"--database", "URL", "in schemas of its own in this PostgreSQL, dropped afterwards, instead of in files"},
                 {"--cluster", "FOLDER", "of scripts/with-postgres: that database itself is stopped in the middle, too"},
                 {"--plant", NULL, "one seed, then errors put into its rows: the books must find each"},
                 {"--tap", NULL, "print a line a seed, as tests do"}},
     .run = command_sim},
    {.name = "storm",
     .about = "play a storm night with the planner and with the nearest-able rule, side by side",
     .options = {{"--grid", "PACKAGE", "the network, its customers and crews"},
                 {"--seeds", "N", "so many nights (10)"},
                 {"--seed", "S", "the first of them (1)"},
                 {"--faults", "K", "so many faults (250)"},
                 {"--spread", "HOURS", "faults strike within (4)"},
                 {"--length", "HOURS", "of the night (18)"},
                 {"--rounds", "N", "of improving at each re-plan (3000)"},
                 {"--json", NULL, "print JSON"}},
     .run = command_storm},
    {.name = "visits",
     .about = "cut a network's households into managers' grids, and each grid into a month of visits",
     .options = {{"--grid", "PACKAGE", "the network and its customers"},
                 {"--managers", "N", "so many (as many as there are grids)"},
                 {"--keep", "hard|soft|none", "present grids stay, cost to change (soft), or count for nothing"},
                 {"--days", "D", "working days of the month (22)"},
                 {"--hours", "H", "of a day, way included (7)"},
                 {"--minutes", "M", "at a door (10)"},
                 {"--threads", "N", "on so many threads (2)"},
                 {"--seed", "S", "the same seed, the same plan (1)"},
                 {"--json", NULL, "print the grids as JSON"},
                 {"--csv", NULL, "print a row a household: grid, day, place in the day"}},
     .run = command_visits},
    {.name = "flow",
     .about = "the power flow of a feeder, or of a low-voltage area with what would help it",
     .options = {{"--opendss", "FILE.dss", "an OpenDSS script"},
                 {"--grid", "PACKAGE", "or a network and its customers"},
                 {"--area", "CODE", "the transformer whose area is meant"},
                 {"--readings", "FILE.csv", "its loads of one day: number,time,kw; without: by contract and category"},
                 {"--rules", "DIR", "the company's own conductors.yaml and remedies.yaml"},
                 {"--controls", "on|off", "regulators move their taps (on), or stay as written"},
                 {"--steps", "N", "so many steps of its load shapes (as the script says)"},
                 {"--json", NULL, "print JSON (what it does anyway)"},
                 {"--csv", NULL, "print CSV"}},
     .run = command_flow},
    {.name = "copy",
     .about = "move a company between a folder and PostgreSQL, either way, and compare every row",
     .options = {{"--from", "DIR|URL", "the company"}, {"--to", "DIR|URL", "where there is none yet"}},
     .run = command_copy},
    {.name = "password",
     .words = "NAME",
     .about = "give someone a new password, printed once (while not serving)",
     .options = {{"--data", "DIR", "the company's folder"}, COMPANY_ON_DATABASE},
     .run = command_password},
    {.name = "backup",
     .words = "FILE",
     .about = "copy a company's data whole into a new file, also while it is served; verified",
     .options = {{"--data", "DIR", "the company's folder"}, COMPANY_ON_DATABASE},
     .run = command_backup},
    {.name = "restore",
     .words = "FILE",
     .about = "put such a copy into a folder that has no data yet",
     .options = {{"--data", "DIR", "the company's folder (made if missing)"}},
     .run = command_restore},
    {.name = "check",
     .about = "verify file, event chain, rules and books; with --rules alone, without data, the rules",
     .options = {{"--data", "DIR", "the company's folder"}, COMPANY_ON_DATABASE, {"--rules", "DIR", "the company's own rules"}},
     .run = command_check},
    {.name = "help", .words = "[COMMAND]", .about = "this, or one command in full", .run = command_help},
    {.name = "version", .about = "print the version", .run = command_version},
};
enum { COMMAND_COUNT = sizeof COMMANDS / sizeof *COMMANDS };

static const Command *command_find(const char *name) {
  for (size_t i = 0; i < COMMAND_COUNT; i++)
    if (strcmp(COMMANDS[i].name, name) == 0) return &COMMANDS[i];
  return NULL;
}

static void print_command(const Command *command) {
  printf("dianbaomu %s%s%s\n    %s\n", command->name, command->words ? " " : "", command->words ? command->words : "", command->about);
  for (const CommandOption *option = command->options; option->name; option++) {
    char name[40];
    snprintf(name, sizeof name, "%s%s%s", option->name, option->value ? " " : "", option->value ? option->value : "");
    printf("    %-20s %s\n", name, option->about);
  }
}

static int command_help(const CommandLine *line) {
  if (line->words == 1 && command_find(line->word[0])) {
    print_command(command_find(line->word[0]));
    return 0;
  }
  puts("Dianbaomu: from a customer's call to power back.\n\nusage: dianbaomu COMMAND [WORDS] [OPTIONS]\n");
  for (size_t i = 0; i < COMMAND_COUNT; i++) printf("  %-16s %s\n", COMMANDS[i].name, COMMANDS[i].about);
  puts("\n'dianbaomu help COMMAND' tells the options.");
  return line->words == 0 ? 0 : 2;
}

static int command_version(const CommandLine *line) {
  (void)line;
  puts("dianbaomu " DIANBAOMU_VERSION);
  return 0;
}

int command_run(const char *name, int argc, const char *const *argv) {
  Error error = {0};
  CommandLine line;
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) name = "help";
  if (strcmp(name, "--version") == 0) name = "version";
  const Command *command = command_find(name);
  if (!command) {
    error_raise(&error, ERROR_USAGE, "unknown command '%s'\t", name);
    return command_failed(&error);
  }
  return command_parse(&line, command, argc, argv, &error) ? command->run(&line) : command_failed(&error);
}

int main(int argc, char **argv) {
  return command_run(argc > 1 ? argv[1] : "help", argc > 1 ? argc - 2 : 0, argc > 1 ? (const char *const *)argv + 2 : NULL);
}
