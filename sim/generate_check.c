#include "sim/generate_check.h"

#include "base/testing.h"

bool rows_next(Rows *rows) {
  Text line, field;
  if (!text_next(&rows->rest, '\n', &line) || line.len == 0) return false;
  int count = 0;
  while (count < rows->fields && text_next(&line, ',', &field)) rows->field[count++] = field;
  assert_int_equal(count, rows->fields);
  assert_null(line.at); /* no field left */
  return true;
}

void rows_open(Rows *rows, const char *folder, const char *file, const char *header) {
  char path[PATH_BYTES];
  Error error = {0};
  snprintf(path, sizeof path, "%s/%s", folder, file);
  *rows = (Rows){.fields = 1};
  buffer_begin(&rows->bytes, 0);
  assert_ok(buffer_read_file(&rows->bytes, path, &error), &error);
  rows->rest = buffer_as_text(&rows->bytes);
  assert_true(text_is_utf8(rows->rest));
  assert_int_equal(text_find(rows->rest, TEXT("\"")), -1);
  assert_true(text_ends(rows->rest, TEXT("\n")));
  Text first;
  assert_true(text_next(&rows->rest, '\n', &first));
  assert_true(text_is(first, header));
  for (size_t i = 0; i < first.len; i++) rows->fields += first.at[i] == ',';
}

void rows_close(Rows *rows) { buffer_end(&rows->bytes); }

static bool one_of(Text text, const char *words) { /* words between spaces */
  Text rest = text_of(words), word;
  while (text_next(&rest, ' ', &word))
    if (text_equal(text, word)) return true;
  return false;
}

static void put_new(TextMap *map, Text key, int64_t value) {
  bool fresh;
  assert_true(text_map_put(map, key, &value, &fresh));
  if (!fresh) fail_msg("'%.*s' stands twice", TEXT_ARG(key));
}

int64_t look_up(const TextMap *map, Text key) {
  int64_t value = -1;
  if (!text_map_get(map, key, &value)) fail_msg("'%.*s' is not there", TEXT_ARG(key));
  return value;
}

static double number(Text text) {
  double value = -1;
  if (!text_to_f64(text, &value)) fail_msg("'%.*s' is no number", TEXT_ARG(text));
  return value;
}

static void check_place(Text lon, Text lat) {
  assert_in_range((uint64_t)(number(lon) * 1e6), 105000000, 121000000);
  assert_in_range((uint64_t)(number(lat) * 1e6), 22000000, 33000000);
  assert_int_equal(lon.len, 10); /* six decimals */
  assert_int_equal(lat.len, 9);
}

static void check_phone(Text phone) {
  assert_int_equal(phone.len, 11);
  assert_true(text_starts(phone, TEXT("154")));
  int64_t value;
  assert_true(text_to_i64(phone, &value));
}

static const char KIND_LETTERS[] = "SBbrsflTLMX";
static const char *const KIND_WORDS[] = {"substation", "busbar",      "breaker",    "recloser",  "switch",    "fuse",
                                         "line",       "transformer", "lv_breaker", "meter_box", "branch_box"};
static char kind_of(Text word) {
  for (size_t i = 0; i < sizeof KIND_WORDS / sizeof *KIND_WORDS; i++)
    if (text_is(word, KIND_WORDS[i])) return KIND_LETTERS[i];
  fail_msg("kind '%.*s'", TEXT_ARG(word));
  return 0;
}

/* What may feed a device of each kind. */
static const char *parents_of(char kind) {
  switch (kind) {
    case 'S':
      return "";
    case 'B':
      return "S";
    case 'b':
      return "B";
    case 'r':
    case 's':
    case 'l':
      return "brsfl";
    case 'f':
      return "brsl";
    case 'T':
      return "f";
    case 'L':
      return "T";
    case 'X':
      return "LX";
    default:
      return "XL";
  }
}

static int phases_of(Text text) {
  int bits = 0;
  for (size_t i = 0; i < text.len; i++) bits |= text.at[i] == 'A' ? 1 : text.at[i] == 'B' ? 2 : text.at[i] == 'C' ? 4 : 8;
  assert_in_range(bits, 1, 7);
  return bits;
}

static void read_orgs(County *county, const char *folder) {
  static const char *const LEVELS[] = {"province", "city", "county", "station", "grid"};
  Rows *rows = &county->orgs;
  rows_open(rows, folder, "orgs.csv", "id,parent_id,level,name,area_type,manager,manager_phone");
  while (rows_next(rows)) {
    char level = -1;
    for (char i = 0; i < 5; i++)
      if (text_is(rows->field[2], LEVELS[(int)i])) level = i;
    assert_true(level >= 0);
    assert_true(rows->field[3].len > 0);
    if (level == 0)
      assert_int_equal(county->org_level.count, 0); /* one province, first */
    else
      assert_int_equal(county->org_level.at[look_up(&county->org_rows, rows->field[1])], level - 1);
    if (level >= 3) assert_true(one_of(rows->field[4], "urban rural remote"));
    if (level >= 2) {
      assert_in_range(text_characters(rows->field[5]), 3, 3);
      check_phone(rows->field[6]);
      put_new(&county->phones, rows->field[6], 0);
    }
    county->stations += level == 3;
    county->grids += level == 4;
    put_new(&county->org_rows, rows->field[0], (int64_t)county->org_level.count);
    assert_true(vector_push(&county->org_level, level));
  }
}

static void read_devices(County *county, const char *folder, bool many) {
  Rows *rows = &county->devices;
  rows_open(rows, folder, "devices.csv", "id,parent_id,kind,name,org_id,lon,lat,phases,rated_kva,ownership,length_m,conductor");
  while (rows_next(rows)) {
    const Text *field = rows->field;
    Device device = {.id = field[0], .parent = -1, .kind = kind_of(field[2]), .phases = phases_of(field[7]), .feeder = -1};
    if (device.kind == 'S') {
      assert_int_equal(field[1].len, 0);
    } else { /* parents stand before their children, so there is no loop */
      device.parent = look_up(&county->device_rows, field[1]);
      const Device *parent = &county->device.at[device.parent];
      if (!strchr(parents_of(device.kind), parent->kind)) fail_msg("%c below %c: %.*s", device.kind, parent->kind, TEXT_ARG(device.id));
      assert_int_equal(device.phases & ~parent->phases, 0);
      device.feeder = device.kind == 'b' ? (int64_t)county->device.count : parent->feeder;
    }
    assert_true(field[3].len > 0 && field[3].len < 200);
    /* a transformer, its fuse and all below belong to a grid, the line to a station */
    assert_int_equal(county->org_level.at[look_up(&county->org_rows, field[4])], field[0].at[0] == 'T' ? 4 : 3);
    check_place(field[5], field[6]);
    if (device.kind == 'T') {
      assert_true(one_of(field[8], "30 50 80 100 125 160 200 250 315 400 500 630 800 1000"));
      device.kva = number(field[8]);
    } else {
      assert_int_equal(field[8].len, 0);
    }
    assert_true(one_of(field[9], "public private"));
    device.public_ = text_is(field[9], "public");
    device.length = field[10].len ? number(field[10]) : 0;
    assert_true(device.length >= 0 && device.length < 20000);
    if (device.length > 0) assert_true(field[11].len > 0);
    device.cabinet = text_find(field[3], TEXT("环网柜")) > 0;
    device.section = device.cabinet || text_find(field[3], TEXT("分段")) > 0;
    device.branch_fuse = text_find(field[3], TEXT("支线熔断器")) > 0;
    if (device.kind == 'b' && !many) put_new(&county->breakers, field[3], 0); /* each feeder of a county has its own name */
    put_new(&county->device_rows, field[0], (int64_t)county->device.count);
    assert_true(vector_push(&county->device, device));
  }
}

static void read_customers(County *county, const char *folder) {
  Rows *rows = &county->customers;
  rows_open(rows, folder, "customers.csv",
            "number,name,phone,address,device_id,phases,category,importance,tags,contract_kw,meter_id,lon,lat");
  while (rows_next(rows)) {
    const Text *field = rows->field;
    int64_t digits;
    assert_true(field[0].len == 10 && text_to_i64(field[0], &digits));
    put_new(&county->numbers, field[0], 0);
    assert_true(field[1].len > 0 && field[3].len > 0 && field[3].len < 200);
    check_phone(field[2]);
    put_new(&county->phones, field[2], 0);
    Device *device = &county->device.at[look_up(&county->device_rows, field[4])];
    assert_int_equal(device->kind, 'M');
    int phases = phases_of(field[5]);
    assert_int_equal(phases & ~device->phases, 0);
    assert_true(phases == 7 || phases == 1 || phases == 2 || phases == 4);
    county->phase[phases == 7 ? 3 : phases / 2]++;
    county->boxes += device->customers++ == 0;
    assert_in_range(device->customers, 1, 12);
    for (; device->kind != 'T'; device = &county->device.at[device->parent]) continue;
    device->customers++;
    assert_true(one_of(field[6], "residential commercial industrial farm public"));
    county->residential += text_is(field[6], "residential");
    assert_true(one_of(field[7], "none temporary 2 1 special"));
    county->special += !text_is(field[7], "none");
    Text tags = field[8], tag;
    while (tags.len && text_next(&tags, ';', &tag))
      assert_true(one_of(tag,
                         "fish_farm irrigation curing cold_store vulnerable life_support elder_alone one_kwh school hospital water telecom "
                         "street_lamps temporary_supply"));
    assert_true(number(field[9]) >= 2);
    assert_true(field[10].len == 12 && text_to_i64(field[10], &digits));
    put_new(&county->meters, field[10], 0);
    check_place(field[11], field[12]);
    county->customer_count++;
  }
}

static void read_ties(County *county, const char *folder) {
  TextMap ids = {0};
  Rows *rows = &county->ties;
  rows_open(rows, folder, "ties.csv", "id,device_a,device_b,kind,name,lon,lat");
  for (; rows_next(rows); county->tie_count++) {
    const Device *a = &county->device.at[look_up(&county->device_rows, rows->field[1])];
    const Device *b = &county->device.at[look_up(&county->device_rows, rows->field[2])];
    put_new(&ids, rows->field[0], 0);
    assert_true(strchr("rsfl", a->kind) && strchr("rsfl", b->kind));
    assert_int_not_equal(a->feeder, b->feeder);
    assert_true(text_is(rows->field[3], "switch"));
    check_place(rows->field[5], rows->field[6]);
  }
  text_map_free(&ids);
}

static void read_crews(County *county, const char *folder) {
  TextMap ids = {0};
  Rows *rows = &county->crews;
  bool day = false, night = false;
  int skills[7] = {0};
  rows_open(rows, folder, "crews.csv", "id,name,org_id,base_lon,base_lat,skills,members,shift_start,shift_end,phone");
  for (; rows_next(rows); county->crew_count++) {
    static const char *const SKILLS[] = {"lv", "mv", "transformer", "cable", "live_line", "crane", "tree"};
    put_new(&ids, rows->field[0], 0);
    assert_int_equal(county->org_level.at[look_up(&county->org_rows, rows->field[2])], 3);
    check_place(rows->field[3], rows->field[4]);
    Text rest = rows->field[5], skill;
    while (text_next(&rest, ';', &skill)) {
      int found = -1;
      for (int i = 0; i < 7; i++)
        if (text_is(skill, SKILLS[i])) found = i;
      assert_true(found >= 0);
      skills[found]++;
    }
    assert_in_range((int)number(rows->field[6]), 2, 5);
    bool by_day = text_is(rows->field[7], "08:00") && text_is(rows->field[8], "20:00");
    assert_true(by_day || (text_is(rows->field[7], "20:00") && text_is(rows->field[8], "08:00")));
    day |= by_day, night |= !by_day;
    check_phone(rows->field[9]);
    put_new(&county->phones, rows->field[9], 0);
  }
  assert_true(county->crew_count >= 3 && day && night);
  for (int i = 0; i < 7; i++) assert_true(skills[i] > 0);
  text_map_free(&ids);
}

static void read_stock(County *county, const char *folder) {
  Rows *rows = &county->stock;
  int sizes[14] = {0};
  rows_open(rows, folder, "stock.csv", "org_id,item,quantity,unit,lon,lat");
  while (rows_next(rows)) {
    static const char *const KVA[] = {"30", "50", "80", "100", "125", "160", "200", "250", "315", "400", "500", "630", "800", "1000"};
    look_up(&county->org_rows, rows->field[0]);
    assert_true(number(rows->field[2]) > 0 && rows->field[3].len > 0);
    check_place(rows->field[4], rows->field[5]);
    for (int i = 0; i < 14; i++) {
      char item[32];
      snprintf(item, sizeof item, "transformer_%skva", KVA[i]);
      sizes[i] += text_is(rows->field[1], item);
    }
  }
  for (int i = 0; i < 14; i++) assert_true(sizes[i] > 0); /* somewhere there is each */
}

void county_read(County *county, const char *folder, int64_t customers) {
  *county = (County){0};
  read_orgs(county, folder);
  read_devices(county, folder, customers > 700000);
  read_customers(county, folder);
  read_ties(county, folder);
  read_crews(county, folder);
  read_stock(county, folder);
  assert_int_equal(county->customer_count, customers);
  for (size_t i = 0; i < county->device.count; i++) {
    const Device *device = &county->device.at[i];
    if (device->kind == 'M' || device->kind == 'T') assert_true(device->customers > 0); /* nothing hangs empty */
  }
}

void county_free(County *county) {
  Rows *const rows[] = {&county->orgs, &county->devices, &county->ties, &county->customers, &county->crews, &county->stock};
  TextMap *const maps[] = {&county->org_rows, &county->device_rows, &county->breakers, &county->numbers, &county->phones, &county->meters};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) rows_close(rows[i]);
  for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) text_map_free(maps[i]);
  vector_free(&county->device);
  vector_free(&county->org_level);
}
