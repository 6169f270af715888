#include "supply/area_file.h"

#include <math.h>

#include "base/time.h"
#include "interop/csv.h"

enum { KIND_TRANSFORMER = 7, REMEDIES_WRITTEN = 20 };

static bool no_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "area"); }

bool area_of_package(const Package *package, Text code, Site *site, uint32_t **rows, uint32_t *transformer, Arena *arena, Error *error) {
  uint32_t at = PACKAGE_NONE;
  for (uint32_t i = 0; i < package->device_count && at == PACKAGE_NONE; i++)
    if (package->devices[i].kind == KIND_TRANSFORMER && text_equal(package->devices[i].code, code)) at = i;
  if (at == PACKAGE_NONE) return error_raise(error, ERROR_NOT_FOUND, "transformer\t%.*s", TEXT_ARG(code));
  const PackageDevice *top = &package->devices[at];
  uint32_t count = top->end - at, customers = 0;
  for (size_t i = 0; i < package->customer_count; i++)
    customers += package->customers[i].device >= at && package->customers[i].device < top->end;
  SiteDevice *devices = ARENA_ARRAY(arena, SiteDevice, count + 1);
  SiteCustomer *list = ARENA_ARRAY(arena, SiteCustomer, customers + 1);
  *rows = ARENA_ARRAY(arena, uint32_t, customers + 1);
  if (!devices || !list || !*rows) return no_memory(error);
  for (uint32_t i = 0; i < count; i++) {
    const PackageDevice *device = top + i;
    devices[i] = (SiteDevice){i ? device->parent - at : 0, device->conductor, device->length_m, device->lon_e6, device->lat_e6};
  }
  *site = (Site){devices, list, count, 0, top->rated_kva};
  for (uint32_t i = 0; i < package->customer_count; i++) {
    const PackageCustomer *customer = &package->customers[i];
    if (customer->device < at || customer->device >= top->end) continue;
    (*rows)[site->customer_count] = i;
    list[site->customer_count++] =
        (SiteCustomer){customer->device - at, customer->phases, customer->category, customer->contract_kw, customer->tags};
  }
  *transformer = at;
  return true;
}

/* --- readings of one day --- */

typedef struct Readings {
  TextMap rows; /* number or meter → customer of the area */
  float *kw;
  uint8_t *seen; /* [customer] */
  int64_t day;   /* local days since 1970; INT64_MIN: none yet */
} Readings;

static bool read_row(Csv *csv, Readings *to, Error *error) {
  enum { NUMBER, TIME, KW };
  int64_t row;
  Instant at;
  double kw;
  if (!text_map_get(&to->rows, csv_field(csv, NUMBER), &row)) return true; /* a meter of another area */
  if (!instant_from_text(csv_field(csv, TIME), &at))
    return error_raise(error, ERROR_FIELD_INVALID, "time\t%.*s\texpected RFC 3339", TEXT_ARG(csv_field(csv, TIME))) ||
           csv_at(csv, csv_line(csv), TIME, error);
  if (!text_to_f64(csv_field(csv, KW), &kw) || kw < 0 || kw > 10000)
    return error_raise(error, ERROR_FIELD_INVALID, "kw\t%.*s\t0 to 10000", TEXT_ARG(csv_field(csv, KW))) ||
           csv_at(csv, csv_line(csv), KW, error);
  int64_t local = at + ZONE_SHANGHAI, day = local / SPAN_DAY;
  if (to->day != INT64_MIN && day != to->day)
    return error_raise(error, ERROR_FIELD_INVALID, "time\t%.*s\tall rows must be of one day", TEXT_ARG(csv_field(csv, TIME))) ||
           csv_at(csv, csv_line(csv), TIME, error);
  to->day = day;
  float *own = to->kw + (size_t)row * AREA_QUARTERS;
  if (!to->seen[row]) /* who is read is not guessed */
    for (int t = 0; t < AREA_QUARTERS; t++) own[t] = 0;
  to->seen[row] = 1;
  own[local % SPAN_DAY / (15 * SPAN_MINUTE)] = (float)kw;
  return true;
}

static bool read_loads(const char *path, const Package *package, const uint32_t *rows, const Area *area, float *kw, uint32_t *read,
                       Arena *arena, Error *error) {
  static const CsvColumn COLUMNS[] = {{"number", true}, {"time", true}, {"kw", true}};
  Readings to = {.kw = kw, .day = INT64_MIN, .seen = ARENA_ARRAY(arena, uint8_t, area->customer_count + 1)};
  Csv *csv = NULL;
  bool row = true, fresh, ok = to.seen != NULL || no_memory(error);
  for (uint32_t i = 0; ok && i < area->customer_count; i++) {
    int64_t value = i;
    const PackageCustomer *customer = &package->customers[rows[i]];
    ok = (text_map_put(&to.rows, customer->number, &value, &fresh) &&
          (value = i, !customer->meter.len || text_map_put(&to.rows, customer->meter, &value, &fresh))) ||
         no_memory(error);
  }
  ok = ok && csv_open_file(&csv, path, error) && csv_columns(csv, COLUMNS, 3, error);
  while (ok && (ok = csv_next(csv, &row, error)) && row) ok = read_row(csv, &to, error);
  csv_close(csv);
  text_map_free(&to.rows);
  for (uint32_t i = 0; ok && i < area->customer_count; i++) *read += to.seen[i];
  return ok;
}

/* --- writing --- */

void area_write_remedy(Json *json, const Area *area, const Remedy *remedy, const AreaNames *names) {
  json_open_object(json);
  json_key(json, "kinds");
  json_open_array(json);
  for (int k = 0; k < REMEDY_COUNT; k++)
    if (remedy->kinds >> k & 1) json_text(json, text_of(REMEDY_NAME[k]));
  json_close(json);
  json_put_bool(json, "cures", remedy->cures);
  json_put_i64(json, "cured", remedy->cured);
  json_put_i64(json, "low", remedy->after.low_customers);
  json_put_f64(json, "worst_volts", remedy->after.worst_volts, 1);
  json_put_f64(json, "cost_yuan", remedy->cost_yuan, 0);
  json_put_f64(json, "days", remedy->days, 0);
  if (remedy->kinds >> REMEDY_TAP & 1) json_put_f64(json, "tap_percent", remedy->tap_percent, 1);
  if (remedy->kinds & (1u << REMEDY_TRANSFORMER | 1u << REMEDY_SECOND)) json_put_f64(json, "kva", remedy->rating.kva, 0);
  if (remedy->kinds >> REMEDY_SECOND & 1) json_put_text(json, "at", names->node(names->self, remedy->node));
  if (remedy->kinds >> REMEDY_CONDUCTOR & 1) {
    json_put_text(json, "conductor", area->conductors[remedy->conductor].name);
    json_put_f64(json, "metres", remedy->span_m, 0);
    json_key(json, "spans");
    json_open_array(json);
    for (uint32_t i = 0; i < remedy->span_count; i++) json_text(json, names->node(names->self, remedy->spans[i]));
    json_close(json);
  }
  if (remedy->kinds >> REMEDY_BALANCE & 1) {
    json_key(json, "moves");
    json_open_array(json);
    for (uint32_t i = 0; i < remedy->move_count; i++) {
      const RemedyMove *move = &remedy->moves[i];
      json_open_object(json);
      json_put_text(json, "customer", names->customer(names->self, move->customer));
      json_put_string(json, "from", move->from == 1 ? "A" : move->from == 2 ? "B" : "C");
      json_put_string(json, "to", move->to == 1 ? "A" : move->to == 2 ? "B" : "C");
      json_close(json);
    }
    json_close(json);
  }
  json_close(json);
}

typedef struct Names {
  const Package *package;
  const uint32_t *rows;
  uint32_t transformer;
} Names;
static Text node_name(void *self, uint32_t node) {
  const Names *names = self;
  return names->package->devices[names->transformer + node].code;
}
static Text customer_name(void *self, uint32_t customer) {
  const Names *names = self;
  return names->package->customers[names->rows[customer]].number;
}

static void write_csv(const Area *area, const AreaDay *day, const Names *names, Buffer *out) {
  buffer_string(out, "number,device,phases,quarter,kw,volts\n");
  for (uint32_t i = 0; i < area->customer_count; i++) {
    static const char *const PHASES[8] = {"", "A", "B", "AB", "C", "AC", "BC", "ABC"};
    for (size_t t = 0; t < AREA_QUARTERS; t++) {
      Text number = customer_name((void *)names, i), device = node_name((void *)names, area->customers[i].node);
      buffer_format(out, "%.*s,%.*s,%s,%zu,%.3f,%.2f\n", TEXT_ARG(number), TEXT_ARG(device), PHASES[area->customers[i].phases], t,
                    (double)area->kw[i * AREA_QUARTERS + t], (double)day->volts[i * AREA_QUARTERS + t]);
    }
  }
}

static void write_day(Json *json, const AreaDay *day) {
  json_put_f64(json, "worst_volts", day->worst_volts, 2);
  json_put_i64(json, "worst_quarter", day->worst_quarter);
  json_put_i64(json, "low", day->low_customers);
  json_put_i64(json, "high", day->high_customers);
  json_put_i64(json, "unsolved", day->unsolved);
  json_put_f64(json, "peak_load", day->peak_load, 3);
  json_put_f64(json, "loss_kwh", day->loss_kwh, 2);
}

static void write_json(const Area *area, const Names *names, const SiteGuess *guess, uint32_t read, const AreaDay *day,
                       const CauseReport *cause, const RemedyList *remedies, Buffer *out) {
  AreaNames told = {node_name, customer_name, (void *)names};
  Json json;
  json_begin(&json, out);
  json_open_object(&json);
  json_put_text(&json, "area", names->package->devices[names->transformer].code);
  json_put_f64(&json, "rated_kva", area->rated_kva, 1);
  json_put_i64(&json, "nodes", area->node_count);
  json_put_i64(&json, "households", area->customer_count);
  json_put_i64(&json, "read", read);
  json_put_i64(&json, "guessed_conductors", guess->conductors);
  json_put_i64(&json, "guessed_lengths", guess->lengths);
  write_day(&json, day);
  json_key(&json, "customers");
  json_open_array(&json);
  for (uint32_t i = 0; i < area->customer_count; i++) {
    json_open_object(&json);
    json_put_text(&json, "number", customer_name((void *)names, i));
    json_put_f64(&json, "least_volts", (double)day->least[i], 2);
    json_put_i64(&json, "quarters_low", day->quarters[i]);
    json_close(&json);
  }
  json_close(&json);
  if (cause->low) {
    json_put_string(&json, "cause", CAUSE_NAME[cause->cause]);
    json_key(&json, "counterfactuals");
    json_open_object(&json);
    for (int k = 0; k < CAUSE_COUNT; k++) {
      json_key(&json, CAUSE_NAME[k]);
      json_open_object(&json);
      json_put_f64(&json, "recovered", cause->view[k].recovered, 3);
      json_put_i64(&json, "low", cause->view[k].low_customers);
      json_put_f64(&json, "worst_volts", cause->view[k].worst_volts, 1);
      json_close(&json);
    }
    json_close(&json);
    json_key(&json, "remedies");
    json_open_array(&json);
    for (size_t i = 0; i < remedies->count && i < REMEDIES_WRITTEN; i++) area_write_remedy(&json, area, &remedies->at[i], &told);
    json_close(&json);
  }
  json_close(&json);
}

bool area_file_solve(const AreaFileOptions *options, const SupplyBook *book, Buffer *out, Error *error) {
  Package package;
  if (!package_read(&package, options->package, NULL, NULL, NULL, error)) return false;
  Arena arena, work;
  Site site;
  Area area;
  CauseStandard standard;
  SiteGuess guess;
  AreaDay day;
  CauseReport cause = {0};
  RemedyList remedies = {0};
  Names names = {.package = &package};
  uint32_t *rows, read = 0;
  arena_begin(&arena, 0), arena_begin(&work, 0);
  bool ok = area_of_package(&package, text_of(options->area), &site, &rows, &names.transformer, &arena, error) &&
            site_area(&site, book, &area, &standard, &guess, &arena, error);
  names.rows = ok ? rows : NULL;
  ok = ok && (!options->readings || read_loads(options->readings, &package, rows, &area, (float *)area.kw, &read, &arena, error));
  ok = ok && area_solve(&area, true, &day, &arena, &work, error);
  if (ok && options->csv) write_csv(&area, &day, &names, out);
  if (ok && !options->csv) {
    ok = cause_find(&area, &standard, &cause, &arena, &work, error) &&
         remedy_search(&area, supply_book_rates(book), &remedies, &arena, &work, error);
    if (ok) write_json(&area, &names, &guess, read, &day, &cause, &remedies, out);
  }
  ok = ok && (!out->failed || no_memory(error));
  arena_end(&arena), arena_end(&work);
  package_end(&package);
  return ok;
}
