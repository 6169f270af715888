#include "interop/package.h"

#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "base/buffer.h"
#include "base/map.h"
#include "base/random.h"
#include "base/testing.h"

/* A folder of its own for each test, gone at its end. */
typedef struct Folder {
  char path[64];
} Folder;

static void folder_make(Folder *folder) {
  strcpy(folder->path, "/tmp/package_test_XXXXXX");
  assert_non_null(mkdtemp(folder->path));
}

static void folder_put(const Folder *folder, const char *name, const char *bytes) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", folder->path, name);
  if (!bytes) {
    unlink(path);
    return;
  }
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(bytes, file);
  fclose(file);
}

static const char *const FILES[] = {"orgs.csv", "devices.csv", "ties.csv", "customers.csv", "crews.csv", "stock.csv", "backdrop.geojson"};

static void folder_end(const Folder *folder) {
  for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) folder_put(folder, FILES[i], NULL);
  rmdir(folder->path);
}

static const char ORGS[] = "id,parent_id,level,name,area_type,manager,manager_phone\n"
                           "g1,s1,grid,柳树网格,,李明,13800000001\n"
                           "s1,c,station,竹铺供电所,rural,,\n"
                           "c,,county,安远县,,,\n";
static const char DEVICES[] = "id,parent_id,kind,name,org_id,lon,lat,phases,rated_kva,ownership,length_m,conductor\n"
                              "t1,f1,transformer,1号台区,g1,112.5,27.25,AB,400,public,,\n"
                              "sub,,substation,竹铺变,s1,112.4999995,-27.1234567,,,,,\n"
                              "b1,sub,breaker,,s1,,,ABC,,,12.5,LGJ-120\n"
                              "m1,t1,meter_box,,,,,A,,,,\n"
                              "f1,b1,fuse,,,,,,,,800,\n"
                              "t2,b1,transformer,2号台区,,1.125e2,27,,100,private,,\n";
static const char TIES[] = "id,device_a,device_b,kind,name,lon,lat\nx1,t1,t2,,联络,112.5,27.2\n";
static const char CUSTOMERS[] = "number,name,phone,address,device_id,phases,category,importance,tags,contract_kw,meter_id,lon,lat\n"
                                "1002,王强,13800000003,\"柳树村\n二组\",t2,,farm,2,oxygen;elder,4.5,m-2,,\n"
                                "1001,李明,13800000002,柳树村一组,m1,,,,,,m-1,112.5,27.2\n"
                                "1003,,,,m1,A,public,special,,,,,\n";
static const char CREWS[] = "id,name,org_id,base_lon,base_lat,skills,members,shift_start,shift_end,phone\n"
                            "k1,抢修一班,s1,112.5,27.2,mv;lv,3,08:00,20:30,13800000009\n";
static const char STOCK[] = "org_id,item,quantity,unit,lon,lat\ns1,transformer_400,2,台,112.5,27.2\ns1,cable,120.5,m,,\n";

static void folder_good(const Folder *folder) {
  folder_put(folder, "orgs.csv", ORGS);
  folder_put(folder, "devices.csv", DEVICES);
  folder_put(folder, "ties.csv", TIES);
  folder_put(folder, "customers.csv", CUSTOMERS);
  folder_put(folder, "crews.csv", CREWS);
  folder_put(folder, "stock.csv", STOCK);
  folder_put(folder, "backdrop.geojson", NULL);
}

static void reads_a_package(void **state) {
  (void)state;
  Folder folder;
  Package p;
  Error error = {0};
  folder_make(&folder);
  folder_good(&folder);
  assert_ok(package_read(&p, folder.path, NULL, NULL, NULL, &error), &error);
  folder_end(&folder);
  assert_int_equal(p.org_count, 3);
  assert_int_equal(p.orgs[0].parent, 1);
  assert_int_equal(p.orgs[1].parent, 2);
  assert_int_equal(p.orgs[2].parent, PACKAGE_NONE);
  assert_int_equal(p.orgs[1].level, PACKAGE_STATION);
  assert_true(text_is(p.orgs[1].area_type, "rural"));
  static const char *const ORDER[] = {"sub", "b1", "f1", "t1", "m1", "t2"};
  static const uint32_t PARENT[] = {PACKAGE_NONE, 0, 1, 2, 3, 1}, END[] = {6, 6, 5, 5, 5, 6};
  static const int PHASES[] = {7, 7, 7, 3, 1, 7};
  assert_int_equal(p.device_count, 6);
  for (uint32_t i = 0; i < 6; i++) {
    assert_true(text_is(p.devices[i].code, ORDER[i]));
    assert_int_equal(p.devices[i].parent, PARENT[i]);
    assert_int_equal(p.devices[i].end, END[i]);
    assert_int_equal(p.devices[i].phases, PHASES[i]);
  }
  assert_int_equal(p.devices[4].depth, 4);
  assert_int_equal(p.devices[0].lon_e6, 112500000);
  assert_int_equal(p.devices[0].lat_e6, -27123457);
  assert_int_equal(p.devices[5].lon_e6, 112500000);
  assert_int_equal(p.devices[1].lon_e6, PACKAGE_NO_PLACE);
  assert_true(p.devices[1].length_m == 12.5f && p.devices[3].rated_kva == 400);
  assert_int_equal(p.devices[3].ownership, 1);
  assert_int_equal(p.devices[5].ownership, 2);
  assert_int_equal(p.tie_count, 1);
  assert_int_equal(p.ties[0].a, 3);
  assert_int_equal(p.ties[0].b, 5);
  static const char *const NUMBERS[] = {"1001", "1003", "1002"}; /* by device, then as in the file */
  for (size_t i = 0; i < 3; i++) assert_true(text_is(p.customers[i].number, NUMBERS[i]));
  assert_int_equal(p.customers[0].phases, 1);
  assert_int_equal(p.customers[2].device, 5);
  assert_int_equal(p.customers[2].category, 3);
  assert_int_equal(p.customers[2].importance, 2);
  assert_true(text_is(p.customers[2].address, "柳树村 二组"));
  assert_int_equal(p.crews[0].shift_end_min, 20 * 60 + 30);
  assert_int_equal(p.crews[0].org, 1);
  assert_int_equal(p.stock_count, 2);
  assert_true(p.stock[1].quantity == 120.5);
  package_end(&p);
}

/* Only devices.csv must be there. */
static void missing_files_are_empty(void **state) {
  (void)state;
  Folder folder;
  Package p;
  Error error = {0};
  folder_make(&folder);
  assert_false(package_read(&p, folder.path, NULL, NULL, NULL, &error));
  assert_int_equal(error.code, ERROR_NOT_FOUND);
  folder_put(&folder, "devices.csv", "id,kind\nsub,substation\n");
  assert_ok(package_read(&p, folder.path, NULL, NULL, NULL, &error), &error);
  assert_int_equal(p.device_count, 1);
  assert_int_equal(p.customer_count + p.org_count + p.tie_count + p.crew_count + p.stock_count + p.backdrop.len, 0);
  package_end(&p);
  folder_end(&folder);
}

static void every_wrong_row_is_named(void **state) {
  (void)state;
  static const struct {
    const char *file, *bytes, *want; /* want: all problems, one a line */
  } CASES[] = {
      {"devices.csv", "id\nsub\n", "devices.csv:1: column 'kind' is required and missing\n"},
      {"devices.csv", "id,kind,volts\n", "devices.csv:1:3 (volts): column 'volts' is not one of: id parent_id kind name org_id lon lat phases rated_kva ownership length_m conductor\n"},
      {"devices.csv", "id,kind\n,substation\n", "devices.csv:2:1 (id): field 'id' is missing\n"},
      {"devices.csv", "id,kind\na,\n", "devices.csv:2:2 (kind): field 'kind' is missing\n"},
      {"devices.csv", "id,kind\na,pylon\n", "devices.csv:2:2 (kind): field 'kind' cannot be 'pylon': known are substation, busbar, breaker, recloser, switch, fuse, line, transformer, lv_breaker, branch_box, meter_box\n"},
      {"devices.csv", "id,kind\na,substation\nb,substation\na,substation\n", "devices.csv:4:1 (id): id 'a' stands already in line 2\n"},
      {"devices.csv", "id,kind,parent_id\na,substation,\nb,breaker,c\n", "devices.csv:3:3 (parent_id): parent_id 'c' is not in devices.csv\n"},
      {"devices.csv", "id,kind,parent_id\na,substation,\nb,breaker,\n", "devices.csv:3:3 (parent_id): field 'parent_id' cannot be '': only a substation has none\n"},
      {"devices.csv", "id,kind\nb,breaker\n", "devices.csv:2 (parent_id): field 'parent_id' cannot be '': only a substation has none\n"},
      {"devices.csv", "id,kind,parent_id\na,substation,\nx,switch,z\ny,switch,x\nz,switch,y\nw,fuse,z\n", "devices.csv:3:3 (parent_id): 'x' lies below itself, by way of 'z, y'\n"},
      {"devices.csv", "id,kind,parent_id\na,substation,\nx,switch,x\n", "devices.csv:3:3 (parent_id): 'x' lies below itself, by way of 'x'\n"},
      {"devices.csv", "id,kind,phases\na,substation,ABD\n", "devices.csv:2:3 (phases): field 'phases' cannot be 'ABD': must be a subset of ABC\n"},
      {"devices.csv", "id,kind,phases\na,substation,AA\n", "devices.csv:2:3 (phases): field 'phases' cannot be 'AA': must be a subset of ABC\n"},
      {"devices.csv", "id,kind,parent_id,phases\nc,fuse,b,CA\nb,breaker,a,AB\na,substation,,\n", "devices.csv:2:4 (phases): field 'phases' cannot be 'AC': its parent 'b' has AB\n"},
      {"devices.csv", "id,kind,lon,lat\na,substation,112,\n", "devices.csv:2:4 (lat): field 'lat' is missing\n"},
      {"devices.csv", "id,kind,lon,lat\na,substation,181,27\n", "devices.csv:2:3 (lon): field 'lon' cannot be '181': must be degrees from -180 to 180\n"},
      {"devices.csv", "id,kind,lon,lat\na,substation,27,112\n", "devices.csv:2:4 (lat): field 'lat' cannot be '112': must be degrees from -90 to 90\n"},
      {"devices.csv", "id,kind,lon,lat\na,substation,x,1.2.3\n", "devices.csv:2:3 (lon): field 'lon' cannot be 'x': must be degrees from -180 to 180\ndevices.csv:2:4 (lat): field 'lat' cannot be '1.2.3': must be degrees from -90 to 90\n"},
      {"devices.csv", "id,kind,rated_kva,length_m\na,substation,-1,1e10\n", "devices.csv:2:3 (rated_kva): field 'rated_kva' cannot be '-1': must be from 0 to 1000000000\ndevices.csv:2:4 (length_m): field 'length_m' cannot be '1e10': must be from 0 to 1000000000\n"},
      {"devices.csv", "id,kind,rated_kva\na,substation,nan\n", "devices.csv:2:3 (rated_kva): field 'rated_kva' cannot be 'nan': not a number\n"},
      {"devices.csv", "id,kind,ownership\na,substation,mine\n", "devices.csv:2:3 (ownership): field 'ownership' cannot be 'mine': known are public, private\n"},
      {"devices.csv", "id,kind,org_id\na,substation,nowhere\n", "devices.csv:2:3 (org_id): org_id 'nowhere' is not in orgs.csv\n"},
      {"devices.csv", "id,kind\na,substation\nb,\"fuse\n", "devices.csv:3:2 (kind): a quoted field is not closed\n"},
      {"devices.csv", "id,kind,parent_id\na,substation\nb,breaker,a\n", "devices.csv:2: 2 fields where the header has 3\n"}, /* and no word about b's parent */
      {"devices.csv", "id,kind\n\"a\nb\",substation\n", "devices.csv:2:1 (id): field 'id' cannot be 'a': a control character stands behind this\n"},
      {"devices.csv", "id,kind\n", "devices.csv: no devices in it: that would put away all there are\n"},
      {"orgs.csv", "id,level,name\n,county,x\n", "orgs.csv:2:1 (id): field 'id' is missing\n"},
      {"orgs.csv", "id,level,name\na,town,x\n", "orgs.csv:2:2 (level): field 'level' cannot be 'town': known are province, city, county, station, grid\n"},
      {"orgs.csv", "id,level,name\na,county,\n", "orgs.csv:2:3 (name): field 'name' is missing\n"},
      {"orgs.csv", "id,level,name,area_type\na,county,x,hilly\n", "orgs.csv:2:4 (area_type): field 'area_type' cannot be 'hilly': known are urban, rural, remote\n"},
      {"orgs.csv", "id,level,name,parent_id\na,county,x,b\n", "orgs.csv:2:4 (parent_id): parent_id 'b' is not in orgs.csv\n"},
      {"orgs.csv", "id,level,name,parent_id\na,county,x,b\nb,county,x,a\n", "orgs.csv:2:4 (parent_id): 'a' lies below itself, by way of 'b'\n"},
      {"orgs.csv", "id,level,name\na,county,x\na,county,y\n", "orgs.csv:3:1 (id): id 'a' stands already in line 2\n"},
      {"orgs.csv", "id,level,name,parent_id\na,grid,x,\nb,grid,x,a\nc,grid,x,b\nd,grid,x,c\ne,grid,x,d\nf,grid,x,e\ng,grid,x,f\nh,grid,x,g\ni,grid,x,h\nj,grid,x,i\nk,grid,x,j\nl,grid,x,k\nm,grid,x,l\n",
       "orgs.csv:14:4 (parent_id): depth of the organisation is over the limit of 12\n"},
      {"ties.csv", "id,device_a,device_b\nx,t1,t9\n", "ties.csv:2:3 (device_b): device_b 't9' is not in devices.csv\n"},
      {"ties.csv", "id,device_a,device_b\nx,t1,t1\n", "ties.csv:2:3 (device_b): field 'device_b' cannot be 't1': must be another device than device_a\n"},
      {"ties.csv", "id,device_a,device_b\nx,t1,\n", "ties.csv:2:3 (device_b): field 'device_b' is missing\n"},
      {"ties.csv", "id,device_a,device_b\nx,t1,t2\nx,t2,t1\n", "ties.csv:3:1 (id): id 'x' stands already in line 2\n"},
      {"ties.csv", "id,device_a,device_b,kind\nx,t1,t2,rope\n", "ties.csv:2:4 (kind): field 'kind' cannot be 'rope': known are substation, busbar, breaker, recloser, switch, fuse, line, transformer, lv_breaker, branch_box, meter_box\n"},
      {"customers.csv", "number,device_id\n,t1\n", "customers.csv:2:1 (number): field 'number' is missing\n"},
      {"customers.csv", "number,device_id\n1,\n", "customers.csv:2:2 (device_id): field 'device_id' is missing\n"},
      {"customers.csv", "number,device_id\n1,t9\n", "customers.csv:2:2 (device_id): device_id 't9' is not in devices.csv\n"},
      {"customers.csv", "number,device_id\n1,t1\n2,t2\n1,t2\n", "customers.csv:4:1 (number): number '1' stands already in line 2\n"},
      {"customers.csv", "number,device_id,phases\n1,m1,B\n", "customers.csv:2:3 (phases): field 'phases' cannot be 'B': the device has A\n"},
      {"customers.csv", "number,device_id,category\n1,m1,home\n", "customers.csv:2:3 (category): field 'category' cannot be 'home': known are residential, commercial, industrial, farm, public\n"},
      {"customers.csv", "number,device_id,importance\n1,m1,3\n", "customers.csv:2:3 (importance): field 'importance' cannot be '3': known are none, temporary, 2, 1, special\n"},
      {"customers.csv", "number,device_id,contract_kw\n1,m1,-3\n", "customers.csv:2:3 (contract_kw): field 'contract_kw' cannot be '-3': must be from 0 to 1000000000\n"},
      {"customers.csv", "number,device_id,lon,lat\n1,m1,,27\n", "customers.csv:2:3 (lon): field 'lon' is missing\n"},
      {"crews.csv", "id,name,org_id\nk,,s1\n", "crews.csv:2:2 (name): field 'name' is missing\n"},
      {"crews.csv", "id,name,org_id\nk,x,s9\n", "crews.csv:2:3 (org_id): org_id 's9' is not in orgs.csv\n"},
      {"crews.csv", "id,name,org_id,shift_start\nk,x,s1,8:00\n", "crews.csv:2:4 (shift_start): field 'shift_start' cannot be '8:00': must be a time of day, as 08:00\n"},
      {"crews.csv", "id,name,org_id,shift_end\nk,x,s1,24:01\n", "crews.csv:2:4 (shift_end): field 'shift_end' cannot be '24:01': must be a time of day, as 08:00\n"},
      {"crews.csv", "id,name,org_id\nk,x,s1\nk,y,s1\n", "crews.csv:3:1 (id): id 'k' stands already in line 2\n"},
      {"stock.csv", "org_id,item,quantity\ns1,fuse,\n", "stock.csv:2:3 (quantity): field 'quantity' is missing\n"},
      {"stock.csv", "org_id,item,quantity\ns1,fuse,-1\n", "stock.csv:2:3 (quantity): field 'quantity' cannot be '-1': must be from 0 to 1000000000\n"},
      {"stock.csv", "org_id,item,quantity\ns9,fuse,1\n", "stock.csv:2:1 (org_id): org_id 's9' is not in orgs.csv\n"},
      {"stock.csv", "org_id,item,quantity\ns1,fuse,1\nc,fuse,1\ns1,fuse,2\n", "stock.csv:4:2 (item): item 'fuse' stands already in line 2\n"},
      {"backdrop.geojson", "{\"features\":[\n{]}", "backdrop.geojson:2:2: field 'backdrop' cannot be 'GeoJSON': string or '}' expected near ']'\n"},
      {"backdrop.geojson", "{}", "backdrop.geojson: field 'features' is missing\n"},
      {"backdrop.geojson", "{\"features\":[{\"properties\":{\"kind\":\"river\"},\"geometry\":{\"type\":\"LineString\",\"coordinates\":[[1,100]]}}]}",
       "backdrop.geojson: $.features[0]: field 'coordinates' cannot be 'river': must be degrees\n"},
  };
  Folder folder;
  Buffer said;
  buffer_begin(&said, 0);
  folder_make(&folder);
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    Package p;
    PackageProblems problems;
    Error error = {0};
    char text[ERROR_TEXT_MAX];
    folder_good(&folder);
    if (strcmp(CASES[i].file, "devices.csv") == 0 || strcmp(CASES[i].file, "orgs.csv") == 0) {
      for (size_t k = 0; k < 6; k++) folder_put(&folder, FILES[k], NULL);
      folder_put(&folder, "devices.csv", "id,kind\nsub,substation\n");
    }
    folder_put(&folder, CASES[i].file, CASES[i].bytes);
    assert_false(package_read(&p, folder.path, &problems, NULL, NULL, &error));
    assert_int_equal(error.code, ERROR_IMPORT_FAILED);
    assert_null(p.devices);
    buffer_clear(&said);
    for (size_t k = 0; k < problems.listed; k++) buffer_format(&said, "%s\n", error_text(&problems.at[k], LANGUAGE_EN, text, sizeof text));
    buffer_byte(&said, '\0');
    assert_false(said.failed);
    assert_string_equal(said.at, CASES[i].want);
    package_problems_end(&problems);
  }
  folder_end(&folder);
  buffer_end(&said);
}

static void put_packed(const Folder *folder, const char *name, const char *bytes, size_t cut) {
  char packed[1000], path[128];
  size_t len = ZSTD_compress(packed, sizeof packed, bytes, strlen(bytes), 3);
  assert_false(ZSTD_isError(len));
  snprintf(path, sizeof path, "%s/%s", folder->path, name);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_int_equal(fwrite(packed, 1, len - cut, file), len - cut);
  fclose(file);
}

static void compressed_files_too(void **state) {
  (void)state;
  Folder folder;
  Package p;
  Error error = {0};
  folder_make(&folder);
  put_packed(&folder, "devices.csv.zst", "id,kind\nsub,substation\n", 0);
  put_packed(&folder, "customers.csv.zst", "number,device_id\n1,sub\n2,sub\n", 0);
  assert_ok(package_read(&p, folder.path, NULL, NULL, NULL, &error), &error);
  assert_int_equal(p.customer_count, 2);
  package_end(&p);
  put_packed(&folder, "customers.csv.zst", "number,device_id\n1,sub\n2,sub\n", 3);
  assert_false(package_read(&p, folder.path, NULL, NULL, NULL, &error));
  assert_int_equal(error.code, ERROR_IO);
  folder_put(&folder, "customers.csv.zst", "number,device_id\n");
  assert_false(package_read(&p, folder.path, NULL, NULL, NULL, &error));
  assert_int_equal(error.code, ERROR_IO);
  folder_put(&folder, "customers.csv.zst", NULL);
  folder_put(&folder, "devices.csv.zst", NULL);
  folder_end(&folder);
}

static void a_folder_is_no_file(void **state) {
  (void)state;
  Folder folder;
  Package p;
  Error error = {0};
  char path[128];
  folder_make(&folder);
  snprintf(path, sizeof path, "%s/devices.csv", folder.path);
  assert_int_equal(mkdir(path, 0700), 0);
  assert_false(package_read(&p, folder.path, NULL, NULL, NULL, &error));
  assert_int_equal(error.code, ERROR_IO);
  rmdir(path);
  folder_end(&folder);
}

static void listing_is_bounded(void **state) {
  (void)state;
  Folder folder;
  Buffer bytes;
  Package p;
  PackageProblems problems;
  Error error = {0};
  folder_make(&folder);
  buffer_begin(&bytes, 0);
  buffer_string(&bytes, "id,kind\n");
  for (int i = 0; i < LIMIT_IMPORT_ERRORS + 50; i++) buffer_format(&bytes, "d%d,pylon\n", i);
  buffer_byte(&bytes, '\0');
  assert_false(bytes.failed);
  folder_put(&folder, "devices.csv", bytes.at);
  assert_false(package_read(&p, folder.path, &problems, NULL, NULL, &error));
  assert_int_equal(problems.listed, LIMIT_IMPORT_ERRORS);
  assert_int_equal(problems.count, LIMIT_IMPORT_ERRORS + 50);
  package_problems_end(&problems);
  buffer_end(&bytes);
  folder_end(&folder);
}

static void depth_is_bounded(void **state) {
  (void)state;
  Folder folder;
  Buffer bytes;
  Package p;
  Error error = {0};
  folder_make(&folder);
  buffer_begin(&bytes, 0);
  buffer_string(&bytes, "id,parent_id,kind\nd0,,substation\n");
  for (int i = 1; i <= LIMIT_TREE_DEPTH; i++) buffer_format(&bytes, "d%d,d%d,line\n", i, i - 1);
  buffer_byte(&bytes, '\0');
  assert_false(bytes.failed);
  folder_put(&folder, "devices.csv", bytes.at);
  assert_false(package_read(&p, folder.path, NULL, NULL, NULL, &error));
  assert_int_equal(error.code, ERROR_LIMIT);
  buffer_end(&bytes);
  folder_end(&folder);
}

static void backdrop_is_rewritten(void **state) {
  (void)state;
  Folder folder;
  Package p;
  Error error = {0};
  folder_make(&folder);
  folder_put(&folder, "devices.csv", "id,kind\nsub,substation\n");
  folder_put(&folder, "backdrop.geojson",
             "{\"type\":\"FeatureCollection\",\"features\":["
             "{\"type\":\"Feature\",\"properties\":{\"kind\":\"river\",\"width\":2},\"geometry\":{\"type\":\"LineString\",\"coordinates\":[[112.1,27.2],[112.25,27.3]]}},"
             "{\"type\":\"Feature\",\"properties\":{\"kind\":\"road\",\"class\":\"highway\"},\"geometry\":{\"type\":\"LineString\",\"coordinates\":[[1,2],[3,4]]}},"
             "{\"type\":\"Feature\",\"properties\":{\"kind\":\"settlement\",\"class\":\"town\",\"name\":\"竹铺镇\"},\"geometry\":{\"type\":\"Point\",\"coordinates\":[1,2]}},"
             "{\"type\":\"Feature\",\"properties\":{\"kind\":\"border\",\"name\":\"县\"},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[1,2],[3,4],[5,6],[1,2]]]}},"
             "{\"type\":\"Feature\",\"properties\":{\"kind\":\"dragon\"},\"geometry\":null}]}");
  assert_ok(package_read(&p, folder.path, NULL, NULL, NULL, &error), &error);
  Buffer made;
  buffer_begin(&made, 0);
  buffer_text(&made, p.backdrop);
  buffer_byte(&made, '\0');
  assert_false(made.failed);
  assert_string_equal(made.at, "{\"rivers\":[{\"width\":2,\"line\":[[112.1,27.2],[112.25,27.3]]}],"
                               "\"roads\":[{\"class\":\"national\",\"line\":[[1,2],[3,4]]}],"
                               "\"places\":[{\"name\":\"竹铺镇\",\"kind\":\"town\",\"lon\":1,\"lat\":2}],"
                               "\"waters\":[],\"borders\":[{\"name\":\"县\",\"ring\":[[1,2],[3,4],[5,6],[1,2]]}]}");
  buffer_end(&made);
  package_end(&p);
  folder_end(&folder);
}

/* Any forest, its rows in any order, comes out in preorder with the same parents. */
static void forests_come_out_in_preorder(void **state) {
  (void)state;
  Random random;
  random_seed(&random, 7);
  Folder folder;
  folder_make(&folder);
  for (int round = 0; round < 60; round++) {
    enum { MOST = 60 };
    uint32_t count = 1 + random_below(&random, MOST), parent[MOST], order[MOST];
    for (uint32_t i = 0; i < count; i++) {
      parent[i] = i && random_below(&random, 8) ? random_below(&random, i) : PACKAGE_NONE;
      order[i] = i;
    }
    for (uint32_t i = count; i > 1; i--) {
      uint32_t k = random_below(&random, i), kept = order[i - 1];
      order[i - 1] = order[k];
      order[k] = kept;
    }
    Buffer bytes;
    buffer_begin(&bytes, 0);
    buffer_string(&bytes, "parent_id,kind,id\n");
    for (uint32_t i = 0; i < count; i++) {
      if (parent[order[i]] != PACKAGE_NONE) buffer_format(&bytes, "%u", parent[order[i]]);
      buffer_format(&bytes, ",substation,%u\n", order[i]);
    }
    buffer_byte(&bytes, '\0');
    assert_false(bytes.failed);
    folder_put(&folder, "devices.csv", bytes.at);
    buffer_end(&bytes);
    Package p;
    Error error = {0};
    assert_ok(package_read(&p, folder.path, NULL, NULL, NULL, &error), &error);
    assert_int_equal(p.device_count, count);
    for (uint32_t i = 0; i < count; i++) {
      int64_t mine, theirs;
      assert_true(text_to_i64(p.devices[i].code, &mine));
      if (parent[mine] == PACKAGE_NONE) {
        assert_int_equal(p.devices[i].parent, PACKAGE_NONE);
      } else {
        assert_true(p.devices[i].parent < i && i < p.devices[p.devices[i].parent].end);
        assert_true(text_to_i64(p.devices[p.devices[i].parent].code, &theirs));
        assert_int_equal(theirs, parent[mine]);
      }
      uint32_t below = 0;
      for (uint32_t k = 0; k < count; k++) {
        uint32_t up = k;
        while (up != PACKAGE_NONE && up != (uint32_t)mine) up = parent[up];
        below += up == (uint32_t)mine;
      }
      assert_int_equal(p.devices[i].end - i, below);
    }
    package_end(&p);
  }
  folder_end(&folder);
}

static void real_networks(void **state) {
  (void)state;
  static const struct {
    const char *folder;
    size_t customers, devices, ties;
  } NETWORKS[] = {
      {"hpk11", 5275, 10708, 0}, {"smr8", 3669, 8559, 0}, {"smartds-small", 3460, 6920, 27}, {"smartds-large", 57666, 108624, 198}};
  char grids[4096];
  snprintf(grids, sizeof grids, "%s", testing_shared("data/grids"));
  for (size_t i = 0; i < sizeof NETWORKS / sizeof *NETWORKS; i++) {
    char path[4200];
    Package p;
    Error error = {0};
    snprintf(path, sizeof path, "%s/%s", grids, NETWORKS[i].folder);
    assert_ok(package_read(&p, path, NULL, NULL, NULL, &error), &error);
    assert_int_equal(p.customer_count, NETWORKS[i].customers);
    assert_int_equal(p.device_count, NETWORKS[i].devices);
    assert_int_equal(p.tie_count, NETWORKS[i].ties);
    package_end(&p);
  }
}

static void memory_may_run_out(void **state) {
  (void)state;
  Folder folder;
  folder_make(&folder);
  folder_good(&folder);
  int failed = 0;
  for (int64_t nth = 1; nth < 400; nth++) {
    Package p;
    Error error = {0};
    memory_fail_at(nth);
    bool ok = package_read(&p, folder.path, NULL, NULL, NULL, &error);
    memory_fail_at(0);
    if (ok) package_end(&p);
    else assert_int_equal(error.code, ERROR_OUT_OF_MEMORY);
    failed += !ok;
  }
  assert_true(failed > 20);
  folder_end(&folder);
}

TEST_MAIN(TEST(reads_a_package), TEST(missing_files_are_empty), TEST(every_wrong_row_is_named), TEST(compressed_files_too),
          TEST(a_folder_is_no_file), TEST(listing_is_bounded), TEST(depth_is_bounded), TEST(backdrop_is_rewritten),
          TEST(forests_come_out_in_preorder), TEST(real_networks), TEST(memory_may_run_out))
