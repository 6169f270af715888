/* For tests and benches of supply/: the public low-voltage series with known phases (../shared/data/lv_phase), and meters made of them. */
#ifndef SUPPLY_TESTING_H
#define SUPPLY_TESTING_H

#include "base/random.h"
#include "supply/identify.h"

enum { LV_HOURS = 480, LV_CUSTOMERS = 80, LV_BUSES = 24, LV_DAY = 24 };

typedef struct LvFeeder {
  int customers, buses;
  int bus[LV_CUSTOMERS], wires[LV_CUSTOMERS], phase[LV_CUSTOMERS]; /* phase of a one-phase customer: the truth */
  double bus_pu[LV_BUSES][3][LV_HOURS], transformer_pu[3][LV_HOURS];
  float load[LV_CUSTOMERS][LV_HOURS], transformer_load[3][LV_HOURS]; /* kW; a customer's all phases together */
} LvFeeder;

/* `name`: "65025_80035". false: a file is missing or not as described. */
bool lv_feeder_read(LvFeeder *out, const char *folder, const char *name);

typedef struct LvNoise {
  double class_percent;  /* of volts: a normal error of class / 3 of nominal */
  double step_volts;     /* a reading is a multiple of this; 0: not rounded */
  double common_percent; /* the medium voltage wanders: a first-order walk of this deviation, the same at all */
  double load_percent;   /* of loads: a normal error of that share of the reading */
  int days;
  bool loads, transformer_loads, three_phase; /* what is handed over besides one-phase meters' and transformers' volts */
} LvNoise;

enum { LV_FEEDERS = 2, LV_METERS = LV_FEEDERS * LV_CUSTOMERS };
/* One draw of readings of up to two feeders side by side; `moved` of the meters stand at the other one in the books. */
typedef struct LvDraw {
  float volts[LV_METERS][3][LV_HOURS], load[LV_METERS][LV_HOURS];
  float transformer_volts[LV_FEEDERS][3][LV_HOURS], transformer_load[LV_FEEDERS][3][LV_HOURS];
  IdentifyMeter meters[LV_METERS];
  IdentifyTransformer transformers[LV_FEEDERS];
  uint32_t transformer[LV_METERS]; /* the truth */
  int phase[LV_METERS];
  IdentifyCase given;
} LvDraw;
void lv_draw(LvDraw *out, const LvFeeder *const *feeders, int count, const LvNoise *noise, int moved, uint64_t seed);

typedef struct LvScore {
  double phase, transformer;       /* share right: phase and transformer of one-phase meters; transformer of all */
  double sure, sure_right;         /* share told with 0.95 and more; of those the share right */
  double moved_found, moved_false; /* of those that stand elsewhere in the books the share found; of the rest the share accused */
} LvScore;
LvScore lv_score(const LvDraw *draw, const IdentifyVerdict *verdicts);

#endif
