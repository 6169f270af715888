#include "supply/site.h"

#include <math.h>

enum { FALLBACK_KVA = 200, FALLBACK_KW = 6, TABLE_MAX = 256 };
#define METRES_A_DEGREE 111320.0

static bool no_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "site"); }

static uint32_t conductor_of(const SupplyBook *book, Text name, AreaConductor *table, uint32_t *count, uint32_t *guessed) {
  AreaConductor one;
  if (!name.len || !supply_book_conductor(book, name, &one)) {
    (*guessed)++;
    if (!supply_book_conductor(book, supply_book_fallback(book), &one)) return 0; /* the book was checked */
  }
  for (uint32_t i = 0; i < *count; i++)
    if (text_equal(table[i].id, one.id)) return i;
  if (*count == TABLE_MAX) return 0;
  table[*count] = one;
  return (*count)++;
}

static void place(const SiteDevice *device, const SiteDevice *origin, AreaNode *node) {
  node->x_m = node->y_m = NAN;
  if (device->lon_e6 == INT32_MIN || origin->lon_e6 == INT32_MIN) return;
  node->x_m = (device->lon_e6 - origin->lon_e6) / 1e6 * METRES_A_DEGREE * cos(origin->lat_e6 / 1e6 * 3.14159265358979 / 180);
  node->y_m = (device->lat_e6 - origin->lat_e6) / 1e6 * METRES_A_DEGREE;
}

static void put_nodes(const Site *site, const SupplyBook *book, AreaConductor *table, uint32_t *count, AreaNode *nodes, SiteGuess *guess) {
  for (uint32_t i = 0; i < site->device_count; i++) {
    const SiteDevice *device = &site->devices[i];
    AreaNode *node = &nodes[i];
    place(device, &site->devices[0], node);
    if (i == 0) continue;
    node->parent = device->parent;
    node->conductor = conductor_of(book, device->conductor, table, count, &guess->conductors);
    node->length_m = (double)device->length_m;
    if (node->length_m > 0) continue;
    double straight = hypot(node->x_m - nodes[node->parent].x_m, node->y_m - nodes[node->parent].y_m);
    node->length_m = isfinite(straight) ? straight : 0;
    guess->lengths++;
  }
}

bool site_area(const Site *site, const SupplyBook *book, Area *out, CauseStandard *standard, SiteGuess *guess, Arena *arena, Error *error) {
  const AreaConductor *works;
  size_t standard_at, work_count = supply_book_works(book, &works, &standard_at);
  AreaConductor *table = ARENA_ARRAY(arena, AreaConductor, TABLE_MAX + BOOK_WORKS_MAX);
  AreaNode *nodes = ARENA_ARRAY(arena, AreaNode, site->device_count + 1);
  AreaCustomer *customers = ARENA_ARRAY(arena, AreaCustomer, site->customer_count + 1);
  float *kw = ARENA_ARRAY(arena, float, (size_t)site->customer_count *AREA_QUARTERS + 1);
  uint32_t count = 0;
  *guess = (SiteGuess){.rating = site->rated_kva <= 0};
  if (!table || !nodes || !customers || !kw) return no_memory(error);
  put_nodes(site, book, table, &count, nodes, guess);
  for (size_t i = 0; i < work_count; i++) table[count + i] = works[i];
  for (uint32_t i = 0; i < site->customer_count; i++) {
    const SiteCustomer *customer = &site->customers[i];
    uint8_t phases = customer->phases;
    bool odd = phases != 1 && phases != 2 && phases != 4 && phases != 7;
    double contract = customer->contract_kw > 0 ? (double)customer->contract_kw : FALLBACK_KW;
    guess->phases += odd, guess->contracts += customer->contract_kw <= 0;
    customers[i] = (AreaCustomer){customer->device, odd ? 7 : phases, supply_book_shiftable(book, customer->tags)};
    for (int t = 0; t < AREA_QUARTERS; t++)
      kw[(size_t)i * AREA_QUARTERS + (size_t)t] = (float)(contract * supply_book_share(book, customer->category, t));
  }
  double kva = guess->rating ? FALLBACK_KVA : (double)site->rated_kva;
  RemedyRating rating = supply_book_transformer(book, kva);
  *out = (Area){.conductors = table,
                .conductor_count = count + (uint32_t)work_count,
                .nodes = nodes,
                .node_count = site->device_count,
                .customers = customers,
                .customer_count = site->customer_count,
                .kw = kw,
                .rated_kva = kva,
                .impedance_percent = rating.impedance_percent,
                .loss_percent = rating.loss_percent,
                .power_factor = supply_book_power_factor(book)};
  if (standard) *standard = *supply_book_standard(book), standard->conductor = count + (uint32_t)standard_at;
  return area_check(out, error);
}
