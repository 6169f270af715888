/* A storm night played with each way of choosing who goes, seed by seed. */
#include <stdio.h>

#include "app/command.h"
#include "app/import.h"
#include "base/json.h"
#include "sim/storm.h"

enum { SEEDS_MOST = 1000 };

static void put(Json *json, const StormFigures *f, StormWay way, uint64_t seed) {
  json_open_object(json);
  json_put_i64(json, "seed", (int64_t)seed), json_put_string(json, "way", STORM_WAY_NAMES[way]);
  json_put_i64(json, "faults", f->faults), json_put_i64(json, "customers", f->customers), json_put_i64(json, "mended", f->mended);
  json_put_f64(json, "customer_hours", f->customer_hours, 0);
  json_put_i64(json, "promised", f->promised), json_put_i64(json, "kept", f->kept);
  json_put_i64(json, "critical", f->critical), json_put_i64(json, "critical_kept", f->critical_kept);
  json_put_f64(json, "arrival_minutes", f->arrival_minutes, 1);
  json_put_i64(json, "sent", f->sent), json_put_i64(json, "in_vain", f->in_vain), json_put_i64(json, "replans", f->replans);
  json_put_f64(json, "replan_p50_ms", f->replan_p50_ms, 2), json_put_f64(json, "replan_p99_ms", f->replan_p99_ms, 2);
  json_put_f64(json, "replan_most_ms", f->replan_most_ms, 2), json_put_f64(json, "seconds", f->seconds, 2);
  json_close(json);
}

static void tell(const StormFigures *f, StormWay way, const char *seed) {
  printf("%-5s %-8s %9.0f customer-hours  promises %4u of %4u  critical %3u of %3u  arrival %5.1f min  mended %u of %u  drives %u, in vain %u", seed, STORM_WAY_NAMES[way],
         f->customer_hours, f->kept, f->promised, f->critical_kept, f->critical, f->arrival_minutes, f->mended, f->faults, f->sent, f->in_vain);
  if (f->replans) printf("  re-plans %u: median %.1f ms, 99 %% %.1f, most %.1f", f->replans, f->replan_p50_ms, f->replan_p99_ms, f->replan_most_ms);
  printf("  (%.1f s)\n", f->seconds);
  fflush(stdout);
}

static void add(StormFigures *sum, const StormFigures *f, int64_t nights) {
  sum->customer_hours += f->customer_hours / (double)nights, sum->arrival_minutes += f->arrival_minutes / (double)nights;
  sum->faults += f->faults, sum->mended += f->mended, sum->promised += f->promised, sum->kept += f->kept;
  sum->critical += f->critical, sum->critical_kept += f->critical_kept, sum->sent += f->sent, sum->in_vain += f->in_vain;
  sum->seconds += f->seconds;
}

static bool play(const LocatePackage *package, StormOptions options, int64_t seeds, Json *json, Error *error) {
  StormFigures sums[STORM_WAYS] = {0};
  uint64_t first = options.seed;
  for (int64_t s = 0; s < seeds; s++)
    for (int way = 0; way < STORM_WAYS; way++) {
      StormFigures figures;
      char name[24];
      options.seed = first + (uint64_t)s;
      if (!storm_run(&figures, package, &options, (StormWay)way, error)) return false;
      snprintf(name, sizeof name, "%llu", (unsigned long long)options.seed);
      if (json) put(json, &figures, (StormWay)way, options.seed);
      else tell(&figures, (StormWay)way, name);
      add(&sums[way], &figures, seeds);
    }
  for (int way = 0; !json && way < STORM_WAYS; way++) tell(&sums[way], (StormWay)way, "mean");
  return true;
}

int command_storm(const CommandLine *line) {
  Error error = {0};
  Package package = {0};
  LocatePackage located = {0};
  StormOptions options = storm_options();
  Buffer out;
  Json json;
  int64_t seeds, seed, faults, rounds;
  double spread, length;
  const char *grid = command_option(line, "--grid");
  if (!command_words(line, 0, 0, &error) || !command_number(line, "--seeds", 10, 1, SEEDS_MOST, &seeds, &error) ||
      !command_number(line, "--seed", 1, 0, INT64_MAX / 2, &seed, &error) || !command_number(line, "--faults", options.faults, 1, 2000, &faults, &error) ||
      !command_number(line, "--rounds", options.rounds, 0, 10000000, &rounds, &error) || !command_decimal(line, "--spread", 4, 0, 24, &spread, &error) ||
      !command_decimal(line, "--length", 18, 1, 48, &length, &error))
    return command_failed(&error);
  if (!grid) {
    error_raise(&error, ERROR_USAGE, "say which network: --grid PACKAGE\tstorm");
    return command_failed(&error);
  }
  options.seed = (uint64_t)seed, options.faults = (uint32_t)faults, options.rounds = rounds;
  options.spread = (Span)(spread * (double)SPAN_HOUR), options.length = (Span)(length * (double)SPAN_HOUR);
  bool as_json = command_option(line, "--json") != NULL;
  buffer_begin(&out, 0);
  json_begin(&json, &out);
  json_open_array(&json);
  bool ok = app_package_read(&package, grid, &error) && locate_package_begin(&located, &package, &error) && play(&located, options, seeds, as_json ? &json : NULL, &error);
  json_close(&json);
  buffer_byte(&out, '\n');
  if (ok && out.failed) ok = error_raise(&error, ERROR_OUT_OF_MEMORY, "%s", "storm");
  if (ok && as_json) fwrite(out.at, 1, out.len, stdout);
  buffer_end(&out);
  if (located.package) locate_package_end(&located);
  package_end(&package);
  return ok ? 0 : command_failed(&error);
}
