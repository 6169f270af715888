/* A tiny county for tests: one substation, two feeders, six transformers, a little over a hundred customers, with codes that can be
 * foreseen.
 *
 *   S1 ─ BUS ─┬─ F1 ─┬─ T1-FU ─ T1 ─┬─ T1-L1 ─ T1-L1-M1 … M5
 *             │      │               └─ T1-L2 ─ …
 *             │      └─ F1-SW ─┬─ T2-FU ─ T2 ─ …
 *             │                └─ T3-FU ─ T3 ─ …
 *             └─ F2 ─ … the same with T4 before F2-SW, T5 and T6 beyond
 *
 * Below each transformer Tn two breakers Tn-L1, Tn-L2; below each of these five meter boxes Tn-L1-M1 … Tn-L2-M5; on each box two
 * customers: number 1000nbmk (transformer, breaker, box, which: 1000 1 2 5 1), meter "M" before the number, phone 1380000nbmk, address
 * "柳树村n组b-m号k", names 李… and 王…. Every box with m = 5 has just one customer. On T6-FU hangs the industrial customer 10006000 of high
 * importance. T1 … T6 are public of 100 … 600 kVA. Tie X1 joins F1-SW and F2-SW. Orgs: C1 county < ST1 station (rural) < G1, G2 grids: T1
 * … T3 under G1, T4 … T6 under G2, the rest under ST1. Crews K1, K2 and K3 at ST1 (K3 without a place); stock of transformers of 200 and
 * 400 kVA at ST1. All devices stand on a grid round 112.5 E, 27.2 N, feeder 1 north, feeder 2 south; boxes have no place of their own. */
#ifndef GRID_TESTING_H
#define GRID_TESTING_H

#include "people/customer.h"
#include "people/import.h"

enum { TESTING_COUNTY_CUSTOMERS = 6 * 2 * 9 + 1, TESTING_COUNTY_DEVICES = 1 + 1 + 2 * 2 + 6 * (2 + 2 * (1 + 5)) };

/* The package, written as a folder under /tmp whose path goes to `folder`; to be removed with testing_county_remove. */
void testing_county_write(char folder[64]);
void testing_county_remove(const char *folder);
/* Imports it into a store whose schema is there. Fails the running test if that fails. `importers` may be NULL. Before a desk is opened on
 * that store: an import appends its event by itself. */
void testing_county(Db *db, int64_t county_id, Instant now, const PackageImporter *importers);

#endif
