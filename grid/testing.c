#include "grid/testing.h"

#include <unistd.h>

#include "base/testing.h"

static const char *const FILES[] = {"orgs.csv", "devices.csv", "ties.csv", "customers.csv", "crews.csv", "stock.csv"};

static FILE *begin(const char *folder, const char *name, const char *header) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fprintf(file, "%s\n", header);
  return file;
}

/* Transformer t (1 … 6) stands t·500 m east of the substation, on the north or the south side. */
static double lon_of(int t) { return 112.5 + 0.005 * ((t - 1) % 3 + 1); }
static double lat_of(int t) { return t <= 3 ? 27.21 : 27.19; }

static void put_transformer(FILE *file, int t, const char *above) {
  const char *grid = t <= 3 ? "G1" : "G2";
  fprintf(file, "T%d-FU,%s,fuse,,%s,%.6f,%.6f,,,,400\n", t, above, grid, lon_of(t), lat_of(t));
  fprintf(file, "T%d,T%d-FU,transformer,柳树村%d号台区,%s,%.6f,%.6f,,%d,public,10\n", t, t, t, grid, lon_of(t), lat_of(t) + 0.0005, 100 * t);
  for (int b = 1; b <= 2; b++) {
    fprintf(file, "T%d-L%d,T%d,lv_breaker,,%s,%.6f,%.6f,,,,20\n", t, b, t, grid, lon_of(t) + 0.0004 * (b == 1 ? -1 : 1),
            lat_of(t) + 0.0005);
    for (int m = 1; m <= 5; m++) fprintf(file, "T%d-L%d-M%d,T%d-L%d,meter_box,,%s,,,%c,,,30\n", t, b, m, t, b, grid, 'A' + m % 3);
  }
}

static void write_devices(const char *folder) {
  FILE *file = begin(folder, "devices.csv", "id,parent_id,kind,name,org_id,lon,lat,phases,rated_kva,ownership,length_m");
  fprintf(file, "S1,,substation,竹铺变,ST1,112.500000,27.200000,ABC,,,\nBUS,S1,busbar,10kV母线,ST1,112.500000,27.200000,,,,\n");
  for (int f = 1; f <= 2; f++) {
    char feeder[8], far[8];
    int side = f == 1 ? 1 : -1;
    snprintf(feeder, sizeof feeder, "F%d", f);
    snprintf(far, sizeof far, "F%d-SW", f);
    fprintf(file, "%s,BUS,breaker,竹铺%d线,ST1,112.500000,%.6f,,,,40\n", feeder, f, 27.2 + side * 0.0003);
    put_transformer(file, 3 * f - 2, feeder);
    fprintf(file, "%s,%s,switch,%d号开关,ST1,112.507500,%.6f,,,,900\n", far, feeder, f, 27.2 + side * 0.008);
    put_transformer(file, 3 * f - 1, far);
    put_transformer(file, 3 * f, far);
  }
  fclose(file);
}

static void write_customers(const char *folder) {
  static const char *const NAME[] = {"李明", "王强", "李秀英", "王建国", "欧阳晓红"};
  static const char *const TAG[] = {"", "", "", "elder_alone", "life_support"};
  FILE *file =
      begin(folder, "customers.csv", "number,name,phone,address,device_id,phases,category,importance,tags,contract_kw,meter_id,lon,lat");
  for (int t = 1; t <= 6; t++)
    for (int b = 1; b <= 2; b++)
      for (int m = 1; m <= 5; m++)
        for (int k = 1; k <= (m == 5 ? 1 : 2); k++) {
          fprintf(file, "1000%d%d%d%d,%s,1380000%d%d%d%d,柳树村%d组%d-%d号%d,T%d-L%d-M%d,,residential,none,%s,4,M1000%d%d%d%d,,\n", t, b, m, k,
                  NAME[(t + m + k) % 5], t, b, m, k, t, b, m, k, t, b, m, b == 1 ? TAG[m - 1] : "", t, b, m, k);
        }
  fprintf(file, "10006000,柳树碾米厂,13800006000,柳树村6组碾米厂,T6-FU,ABC,industrial,1,,400,M10006000,112.52,27.18\n");
  fclose(file);
}

void testing_county_write(char folder[64]) {
  strcpy(folder, "/tmp/testing_county_XXXXXX");
  assert_non_null(mkdtemp(folder));
  FILE *file = begin(folder, "orgs.csv", "id,parent_id,level,name,area_type,manager,manager_phone");
  fprintf(file,
          "C1,,county,安远县供电公司,,,\nST1,C1,station,竹铺供电所,rural,,\nG1,ST1,grid,柳树网格,,张经理,13900000001\nG2,ST1,grid,桂桥网格,"
          ",赵经理,13900000002\n");
  fclose(file);
  write_devices(folder);
  file = begin(folder, "ties.csv", "id,device_a,device_b,kind,name,lon,lat");
  fprintf(file, "X1,F1-SW,F2-SW,switch,联络开关,112.5075,27.2\n");
  fclose(file);
  write_customers(folder);
  file = begin(folder, "crews.csv", "id,name,org_id,base_lon,base_lat,skills,members,shift_start,shift_end,phone");
  fprintf(file, "K1,抢修一班,ST1,112.501,27.201,mv;lv,3,00:00,24:00,13900000011\nK2,抢修二班,ST1,112.55,27.25,lv,2,00:00,24:00,13900000012\n"
                "K3,夜班,ST1,,,mv;lv,2,18:00,06:00,13900000013\n");
  fclose(file);
  file = begin(folder, "stock.csv", "org_id,item,quantity,unit,lon,lat");
  fprintf(file, "ST1,transformer_200,1,台,112.501,27.201\nST1,transformer_400,2,台,112.501,27.201\nST1,cable,500,m,112.501,27.201\n");
  fclose(file);
}

void testing_county_remove(const char *folder) {
  for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, FILES[i]);
    unlink(path);
  }
  rmdir(folder);
}

void testing_county(Db *db, int64_t county_id, Instant now, const PackageImporter *importers) {
  char folder[64], text[ERROR_TEXT_MAX];
  Error error = {0};
  PackageProblems problems;
  testing_county_write(folder);
  PackageImport import = {.folder = folder, .county_id = county_id, .now = now, .actor = TEXT("system"), .importers = importers};
  bool ok = package_import(&import, db, &problems, &error);
  for (size_t i = 0; i < problems.listed; i++) print_message("# %s\n", error_text(&problems.at[i], LANGUAGE_EN, text, sizeof text));
  testing_county_remove(folder);
  package_problems_end(&problems);
  assert_ok(ok, &error);
}
