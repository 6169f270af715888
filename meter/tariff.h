/* Residential prices by tiers (rules/tariffs.yaml), and what an amount of energy costs. Pure but for reading the rules. Money is in fen. */
#ifndef METER_TARIFF_H
#define METER_TARIFF_H

#include "base/error.h"
#include "base/text.h"

enum { TARIFF_TIERS_MAX = 6 };

typedef struct Tariff {
  char id[40], name_zh[64], name_en[64], source[120], from[16];
  bool by_year; /* tiers count from January, else from the first of the month */
  int tiers;
  int64_t price_li[TARIFF_TIERS_MAX];     /* 0.001 yuan a kWh */
  int64_t upto_kwh[13][TARIFF_TIERS_MAX]; /* by month 1…12; the last tier's is INT64_MAX */
} Tariff;

bool tariff_read(Tariff *out, const char *file, Text yaml, Error *error) MUST_USE; /* the first one of the file; all are checked */
bool tariff_load(Tariff *out, const char *rules_folder_or_null, Error *error) MUST_USE;

typedef struct TariffCost {
  int64_t fen; /* rounded half up */
  int tier;    /* in which the last kWh lies, from 0 */
  int64_t tier_centi_kwh[TARIFF_TIERS_MAX];
} TariffCost;
/* Of `centi_kwh` (0.01 kWh) used since the period began, after `before` of it were used already (0 but for a part of a period). */
TariffCost tariff_cost(const Tariff *tariff, int month, int64_t before, int64_t centi_kwh);

#endif
