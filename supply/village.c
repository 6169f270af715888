#include "supply/village.h"

#include <math.h>
#include <string.h>

/* GB/T 3956 (IEC 60228) class 2 aluminium at 20 °C; reactance of a line in the air. */
const AreaConductor VILLAGE_CONDUCTOR[VILLAGE_CONDUCTORS] = {
    {TEXT("Al-16"), TEXT("Al-16"), 1.91, 0.36, 1.91, 85, 0},        {TEXT("Al-25"), TEXT("Al-25"), 1.2, 0.35, 1.2, 110, 0},
    {TEXT("Al-35"), TEXT("Al-35"), 0.868, 0.34, 0.868, 135, 0},     {TEXT("Al-50"), TEXT("Al-50"), 0.641, 0.33, 0.641, 165, 60},
    {TEXT("Al-70"), TEXT("Al-70"), 0.443, 0.32, 0.443, 205, 75},    {TEXT("Al-95"), TEXT("Al-95"), 0.32, 0.31, 0.32, 250, 90},
    {TEXT("Al-120"), TEXT("Al-120"), 0.253, 0.3, 0.253, 285, 105},  {TEXT("Al-150"), TEXT("Al-150"), 0.206, 0.3, 0.206, 325, 125},
    {TEXT("Al-185"), TEXT("Al-185"), 0.164, 0.29, 0.164, 375, 145}, {TEXT("Al-240"), TEXT("Al-240"), 0.125, 0.28, 0.125, 440, 180}};
const CauseStandard VILLAGE_STANDARD = {0.98, 0.8, 500, 0.25, 6, 24, 88};

void village_rates(RemedyRates *out) {
  static const double KVA[] = {50, 100, 200, 315, 400, 630};
  *out = (RemedyRates){.taps = {-5, -2.5, 0, 2.5, 5},
                       .tap_count = 5,
                       .tap_yuan = 800,
                       .tap_days = 1,
                       .swap_yuan = 150,
                       .swap_per_day = 10,
                       .hours_yuan = 200,
                       .hours_days = 1,
                       .conductor_days_km = 8,
                       .conductor_days = 30,
                       .transformer_yuan = 12000,
                       .transformer_days = 20,
                       .second_yuan = 40000,
                       .second_days = 60,
                       .second_mv_yuan_m = 150,
                       .load_share = 0.8,
                       .hours = {AREA_LOW_VOLTS, 20, 92, 88, 24, 4, 3}};
  for (size_t i = 0; i < sizeof KVA / sizeof *KVA; i++)
    out->ratings[out->rating_count++] = (RemedyRating){KVA[i], 4, KVA[i] < 150 ? 1.7 : 1.4, 15000 + 90 * KVA[i]};
}

/* A household's day: standing load, morning, noon, evening, each drawn. */
static void draw_day(float *kw, Random *random) {
  double base = 0.05 + 0.1 * random_unit(random), size = 0.5 + random_exponential(random, 0.6);
  double at[3] = {28 + 3 * random_normal(random), 47 + 3 * random_normal(random), 79 + 4 * random_normal(random)};
  double high[3] = {0.4 * random_unit(random), 0.5 * random_unit(random), 0.6 + 0.8 * random_unit(random)};
  for (int t = 0; t < AREA_QUARTERS; t++) {
    double value = base;
    for (int k = 0; k < 3; k++) value += size * high[k] * exp(-(t - at[k]) * (t - at[k]) / 50);
    kw[t] = (float)(value * (0.85 + 0.3 * random_unit(random)));
  }
}

static void draw_customer(Village *out, uint32_t node, Random *random) {
  uint32_t i = out->area.customer_count++;
  bool three = random_below(random, 14) == 0, pump = three && random_below(random, 2);
  uint32_t phase = random_below(random, 4) ? i % 3 : random_below(random, 3);
  out->customers[i] = (AreaCustomer){node, (uint8_t)(three ? 7 : 1 << phase), pump};
  float *kw = out->kw + (size_t)i * AREA_QUARTERS;
  memset(kw, 0, AREA_QUARTERS * sizeof *kw);
  if (!pump) {
    draw_day(kw, random);
    return;
  }
  int from = (int)random_between(random, 24, 64), len = (int)random_between(random, 12, 24);
  double load = 1 + 2 * random_unit(random);
  for (int t = from; t < from + len; t++) kw[t] = (float)load;
}

static void draw_network(Village *out, int customers, Random *random) {
  Area *area = &out->area;
  int circuits = 2 + (int)random_below(random, 2);
  area->node_count = 1;
  for (int c = 0; c < circuits; c++) {
    double way = 0, heading = 6.28 * (c + random_unit(random)) / circuits, limit = 380 + 150 * random_unit(random);
    uint32_t at = 0, trunk = 5 + random_below(random, 2);
    int left = customers / circuits;
    while (left > 0 && area->node_count + 8 < VILLAGE_NODES) {
      double step = 45 + 35 * random_unit(random);
      if (way + step < limit) { /* else more boxes hang on the last pole */
        uint32_t next = area->node_count++;
        way += step;
        out->nodes[next] = (AreaNode){at, trunk, step, out->nodes[at].x_m + step * cos(heading), out->nodes[at].y_m + step * sin(heading)};
        at = next;
      }
      for (uint32_t boxes = 1 + random_below(random, 3); boxes > 0 && left > 0; boxes--) {
        uint32_t box = area->node_count++;
        double length = 10 + 30 * random_unit(random);
        out->nodes[box] = (AreaNode){at, 3 + random_below(random, 2), length, out->nodes[at].x_m + length * sin(heading),
                                     out->nodes[at].y_m - length * cos(heading)};
        for (uint32_t k = 1 + random_below(random, 5); k > 0 && left > 0; k--, left--) draw_customer(out, box, random);
      }
    }
  }
}

/* One step worse. */
static void worsen(Village *out, CauseKind wrong, int step, Random *random) {
  Area *area = &out->area;
  switch (wrong) {
    case CAUSE_SOURCE:
      for (int t = 0; t < AREA_QUARTERS; t++) out->source[t] *= 0.99f;
      return;
    case CAUSE_TRANSFORMER:
      area->rated_kva *= 0.85;
      return;
    case CAUSE_LINE:
      for (uint32_t i = 1; i < area->node_count; i++) {
        if (step % 3 == 2 && out->nodes[i].conductor > 1) out->nodes[i].conductor--;
        out->nodes[i].length_m *= 1.08;
      }
      return;
    case CAUSE_BALANCE: /* household after household to phase A */
      for (int k = 0; k < 6; k++) {
        AreaCustomer *customer = &out->customers[random_below(random, area->customer_count)];
        if (customer->phases != 7) customer->phases = 1;
      }
      return;
    default: { /* one more pump beside somebody, all in the same evening hours */
      if (area->customer_count == VILLAGE_CUSTOMERS) return;
      uint32_t i = area->customer_count++;
      double load = 3 + 5 * random_unit(random);
      out->customers[i] = (AreaCustomer){out->customers[random_below(random, i)].node, 7, true};
      for (size_t t = 70; t < 86; t++) out->kw[(size_t)i * AREA_QUARTERS + t] = (float)load;
    }
  }
}

bool village_draw(Village *out, int wrong, int customers, uint64_t seed, Arena *work) {
  Random random;
  random_seed(&random, seed);
  memset(out, 0, sizeof *out);
  Area *area = &out->area;
  *area = (Area){.conductors = VILLAGE_CONDUCTOR,
                 .conductor_count = VILLAGE_CONDUCTORS,
                 .nodes = out->nodes,
                 .customers = out->customers,
                 .kw = out->kw,
                 .source_pu = out->source,
                 .impedance_percent = 4,
                 .loss_percent = 1.5,
                 .power_factor = 0.95,
                 .rated_kva = 1000};
  draw_network(out, customers, &random);
  for (int t = 0; t < AREA_QUARTERS; t++) out->source[t] = (float)(0.99 + 0.015 * random_unit(&random) - (t > 68 && t < 90 ? 0.01 : 0));
  for (int step = 0; step < 400; step++) {
    AreaDay day;
    Arena own;
    Error error = {0};
    arena_begin(&own, 0);
    bool ok = area_solve(area, false, &day, &own, work, &error);
    arena_end(&own);
    if (!ok) return false;
    if (step == 0) {
      area->rated_kva = 1000 * day.peak_load / (0.7 + 0.2 * random_unit(&random));
      if (day.low_customers > 0) return false; /* not a well one: another seed */
      continue;
    }
    if (wrong == VILLAGE_WELL) return day.low_customers == 0;
    if (day.low_customers > 0) { /* and clearly so */
      if (step < 400 && day.low_customers * 20 >= area->customer_count) return true;
    }
    worsen(out, (CauseKind)wrong, step, &random);
  }
  return false;
}
