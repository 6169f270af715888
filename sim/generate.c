#include "sim/generate.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/disk.h"
#include "sim/generate_county.h"

enum { COUNTY_CUSTOMERS_MOST = 700000, COUNTY_CUSTOMERS_USUAL = 350000, WRITE_BYTES = 1 << 20 };

static const char *const FILES[SHEETS] = {[SHEET_ORGS] = "orgs.csv",
                                          [SHEET_DEVICES] = "devices.csv",
                                          [SHEET_TIES] = "ties.csv",
                                          [SHEET_CUSTOMERS] = "customers.csv",
                                          [SHEET_CREWS] = "crews.csv",
                                          [SHEET_STOCK] = "stock.csv",
                                          [SHEET_BACKDROP] = "backdrop.geojson"};
static const char *const HEADERS[SHEETS] = {
    [SHEET_ORGS] = "id,parent_id,level,name,area_type,manager,manager_phone\n",
    [SHEET_DEVICES] = "id,parent_id,kind,name,org_id,lon,lat,phases,rated_kva,ownership,length_m,conductor\n",
    [SHEET_TIES] = "id,device_a,device_b,kind,name,lon,lat\n",
    [SHEET_CUSTOMERS] = "number,name,phone,address,device_id,phases,category,importance,tags,contract_kw,meter_id,lon,lat\n",
    [SHEET_CREWS] = "id,name,org_id,base_lon,base_lat,skills,members,shift_start,shift_end,phone\n",
    [SHEET_STOCK] = "org_id,item,quantity,unit,lon,lat\n",
    [SHEET_BACKDROP] = "{\"type\":\"FeatureCollection\",\"features\":[\n"};

bool county_out_of_memory(const County *county) { return error_raise(county->error, ERROR_OUT_OF_MEMORY, "%s", "generate"); }

void *county_take(County *county, int32_t count, size_t size) {
  void *taken = arena_take_array(county->arena, (size_t)count, size);
  if (!taken) county_out_of_memory(county);
  return taken;
}

void county_random(const County *county, Random *random, Stage stage, uint64_t which) {
  random_fork(random, county->seed, ((uint64_t)county->index << 8 | (uint64_t)stage) << 32 | which);
}

/* Metres in a degree of longitude (WGS84) at 20° north, 21°, … 35°; of latitude they differ by 2 ‰ there. */
static const int32_t LONGITUDE_M[] = {104647, 103970, 103262, 102523, 101752, 100950, 100118, 99255,
                                      98362,  97439,  96486,  95504,  94493,  93453,  92385,  91288};
enum { LATITUDE_M = 110815, MIDDLE_LON_E6 = 113000000, MIDDLE_LAT_E6 = 27600000 };

/* Counties of a province lie side by side in rows, the province's middle at 113.0 E 27.6 N. */
static void place_county(County *county) {
  int32_t side = 1;
  while (side * side < county->of) side++;
  int64_t column = county->index % side, row = county->index / side, width = county->land.width_dm, height = county->land.height_dm;
  county->lat_dm = LATITUDE_M * 10;
  county->lat_e6 = MIDDLE_LAT_E6 + (int32_t)((2 * row - side) * height * 500000 / county->lat_dm);
  int32_t middle = county->lat_e6 + (int32_t)(height * 500000 / county->lat_dm), degree = middle / 1000000 - 20;
  assert(degree >= 0 && degree + 1 < (int32_t)(sizeof LONGITUDE_M / sizeof *LONGITUDE_M));
  int64_t step = LONGITUDE_M[degree + 1] - LONGITUDE_M[degree];
  county->lon_dm = (int32_t)(LONGITUDE_M[degree] * 10 + step * (middle % 1000000) / 100000);
  county->lon_e6 = MIDDLE_LON_E6 + (int32_t)((2 * column - side) * width * 500000 / county->lon_dm);
}

static void put_fixed(Buffer *out, int64_t value, int32_t decimals) { /* value > 0 in units of the last decimal */
  char digits[16];
  int32_t at = sizeof digits;
  for (int32_t i = 0; i < decimals; i++, value /= 10) digits[--at] = (char)('0' + value % 10);
  digits[--at] = '.';
  do digits[--at] = (char)('0' + value % 10);
  while (value /= 10);
  buffer_put(out, digits + at, sizeof digits - (size_t)at);
}

static int64_t lon_of(const County *county, Spot at) { return county->lon_e6 + (int64_t)at.x * 1000000 / county->lon_dm; }
static int64_t lat_of(const County *county, Spot at) { return county->lat_e6 + (int64_t)at.y * 1000000 / county->lat_dm; }

void put_degrees(Buffer *out, const County *county, Spot at, char between) {
  put_fixed(out, lon_of(county, at), 6);
  buffer_byte(out, between);
  put_fixed(out, lat_of(county, at), 6);
}

void put_degrees5(Buffer *out, const County *county, Spot at) {
  buffer_byte(out, '[');
  put_fixed(out, (lon_of(county, at) + 5) / 10, 5);
  buffer_byte(out, ',');
  put_fixed(out, (lat_of(county, at) + 5) / 10, 5);
  buffer_byte(out, ']');
}

void put_point(Buffer *out, const County *county, const Point *point) {
  if (point->private_) {
    private_put_name(out, county, point);
    return;
  }
  put_settlement(out, &county->settlements[point->settlement]);
  buffer_i64(out, point->number);
  buffer_string(out, "号台区");
}

Buffer *sheet_rows(County *county, SheetName name) { return &county->sheets[name].rows; }

static void sheet_write(Sheet *sheet, const char *name) {
  if (!sheet->fault.code) (void)!disk_write(sheet->file, sheet->rows.at, sheet->rows.len, name, &sheet->fault);
  sheet->rows.len = 0;
}

void sheet_flush(County *county, SheetName name) {
  if (county->sheets[name].rows.len >= WRITE_BYTES) sheet_write(&county->sheets[name], FILES[name]);
}

void sheet_end_row(County *county, SheetName name) {
  buffer_byte(&county->sheets[name].rows, '\n');
  sheet_flush(county, name);
}

static bool sheets_sound(const Sheet *sheets, Error *error) {
  for (int i = 0; i < SHEETS; i++) {
    if (sheets[i].rows.failed) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", FILES[i]);
    if (!sheets[i].fault.code) continue;
    if (error) *error = sheets[i].fault;
    return false;
  }
  return true;
}

/* The folder there, and nothing in it but a former package. */
static bool check_folder(const char *out, Error *error) {
  if (mkdir(out, 0777) == 0) return disk_sync_name(out, error);
  if (errno != EEXIST) return error_raise(error, ERROR_IO, "%s\t%s", out, strerror(errno));
  DIR *folder = opendir(out);
  if (!folder) return error_raise(error, ERROR_IO, "%s\t%s", out, strerror(errno));
  bool ok = true;
  for (struct dirent *entry; ok && (entry = readdir(folder));) {
    Text name = text_of(entry->d_name), part = TEXT(".part");
    if (text_is(name, ".") || text_is(name, "..")) continue;
    if (text_ends(name, part)) name.len -= part.len;
    ok = false;
    for (int i = 0; i < SHEETS; i++) ok |= text_is(name, FILES[i]);
    if (!ok) error_raise(error, ERROR_FOLDER_NOT_PACKAGE, "%s\t%s", out, entry->d_name);
  }
  closedir(folder);
  return ok;
}

static bool open_sheets(int folder, Sheet *sheets, Error *error) {
  for (int i = 0; i < SHEETS; i++) {
    char part[64];
    snprintf(part, sizeof part, "%s.part", FILES[i]);
    sheets[i].file = openat(folder, part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (sheets[i].file < 0) return error_raise(error, ERROR_IO, "%s\t%s", part, strerror(errno));
    buffer_string(&sheets[i].rows, HEADERS[i]);
  }
  return true;
}

/* Takes the places of the former package, file by file, once all are whole. */
static bool finish_sheets(int folder, Sheet *sheets, Error *error) {
  buffer_string(&sheets[SHEET_BACKDROP].rows, "\n]}\n");
  for (int i = 0; i < SHEETS; i++) {
    sheet_write(&sheets[i], FILES[i]);
    int file = sheets[i].file;
    sheets[i].file = -1;
    Error *first = sheets[i].fault.code ? NULL : &sheets[i].fault;
    if (first && !disk_sync(file, FILES[i], first)) first = NULL;
    if (!disk_close(file, FILES[i], first)) continue; /* sheets_sound tells */
  }
  if (!sheets_sound(sheets, error)) return false;
  for (int i = 0; i < SHEETS; i++) {
    char part[64];
    snprintf(part, sizeof part, "%s.part", FILES[i]);
    if (!disk_rename(folder, part, FILES[i], error)) return false;
  }
  return true;
}

static void drop_sheets(int folder, Sheet *sheets, bool ok) {
  for (int i = 0; i < SHEETS; i++) {
    char part[64];
    snprintf(part, sizeof part, "%s.part", FILES[i]);
    if (sheets[i].file >= 0) close(sheets[i].file);
    if (!ok && folder >= 0) unlinkat(folder, part, 0);
    buffer_end(&sheets[i].rows);
  }
}

static bool make_county(County *county, void (*progress)(void *self, int64_t done, int64_t total), void *self, int64_t total) {
  Random random;
  county_random(county, &random, STAGE_NAMES, 0);
  names_begin(&county->names, &random);
  county->river_name = names_take(&county->names);
  random_seed(&random, county->seed); /* the same for all counties, so that they differ from each other */
  county->name = (int32_t)(random_below(&random, NAMES_COUNTIES) + (uint32_t)county->index) % NAMES_COUNTIES;
  county->city_name = (int32_t)(random_below(&random, NAMES_CITIES) + (uint32_t)county->index / COUNTIES_A_CITY) % NAMES_CITIES;
  int64_t before = county->tally->customers;
  if (!buffer_reserve(&county->id, 64)) return county_out_of_memory(county);
  if (!county_make_land(county)) return false;
  place_county(county);
  if (!county_make_places(county) || !county_make_roads(county) || !county_make_stations(county) || !county_make_feeders(county))
    return false;
  county_write_orgs(county);
  if (!county_write_lines(county, progress, self, total)) return false;
  if (!county_write_ties(county) || !county_write_backdrop(county)) return false;
  assert(county->tally->customers - before == county->customers);
  return sheets_sound(county->sheets, county->error);
}

bool sim_generate_package(const char *out, const GenerateOptions *options, void (*progress)(void *self, int64_t done, int64_t total),
                          void *self, Error *error) {
  bool ok = false;
  int folder = -1;
  Sheet sheets[SHEETS];
  Arena arena;
  Tally tally = {0};
  County county = {0};
  int64_t customers = options->customers;
  if (customers < GENERATE_CUSTOMERS_MIN || customers > GENERATE_CUSTOMERS_MAX)
    return error_raise(error, ERROR_FIELD_INVALID, "customers\t%lld\t%d … %d", (long long)customers, GENERATE_CUSTOMERS_MIN,
                       GENERATE_CUSTOMERS_MAX);
  arena_begin(&arena, 0);
  for (int i = 0; i < SHEETS; i++) {
    sheets[i] = (Sheet){.file = -1};
    buffer_begin(&sheets[i].rows, 0);
  }
  if (!check_folder(out, error)) goto done;
  folder = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) {
    error_raise(error, ERROR_IO, "%s\t%s", out, strerror(errno));
    goto done;
  }
  if (!open_sheets(folder, sheets, error)) goto done;
  int32_t counties = customers <= COUNTY_CUSTOMERS_MOST ? 1 : (int32_t)((customers + COUNTY_CUSTOMERS_USUAL / 2) / COUNTY_CUSTOMERS_USUAL);
  for (int32_t i = 0; i < counties; i++) {
    int64_t share = customers * (i + 1) / counties - customers * i / counties;
    county = (County){.index = i,
                      .of = counties,
                      .customers = share,
                      .seed = options->seed,
                      .arena = &arena,
                      .error = error,
                      .sheets = sheets,
                      .base = tally,
                      .tally = &tally,
                      .search.heap = county.search.heap,
                      .poles = county.poles,
                      .id = county.id};
    vector_clear(&county.poles);
    if (!make_county(&county, progress, self, customers)) goto done;
    tally.stations += county.station_count;
    tally.grids += county.grid_count;
    tally.substations += county.substation_count;
    tally.feeders += county.feeder_count;
    tally.points += county.point_count;
    arena_reset(&arena);
  }
  ok = finish_sheets(folder, sheets, error);
  if (ok && progress) progress(self, customers, customers);
done:
  vector_free(&county.search.heap);
  vector_free(&county.poles);
  buffer_end(&county.id);
  drop_sheets(folder, sheets, ok);
  if (folder >= 0) close(folder);
  arena_end(&arena);
  return ok;
}
