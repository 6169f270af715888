/* Rights in the SQL of lists that are read from rows, as people_org_within and people_check_reach are for what stands in memory. Table org_part has a row
 * for each part of the organisation and each org in it, itself and all below; a device's row names its own org or the nearest above that names one.
 * In each statement ?1 is the county, ?2 the part whoever asks belongs to, 0 everything: "(?2 = 0 OR org_id IN " PART_ORGS ")". */
#ifndef GRID_PART_H
#define GRID_PART_H

#include "grid/grid.h"

/* The part and all below it. */
#define PART_ORGS "(SELECT p.org_id FROM org_part p WHERE p.county_id = ?1 AND p.part_id = ?2)"
/* All above it too, for what concerns both, such as an outage of the feeder they are on; and 0: what lies in no part is everyone's. */
#define REACH_ORGS                                                                        \
  "(SELECT p.org_id FROM org_part p WHERE p.county_id = ?1 AND p.part_id = ?2 UNION ALL"  \
  " SELECT p.part_id FROM org_part p WHERE p.county_id = ?1 AND p.org_id = ?2 UNION ALL SELECT 0)"
/* Whether what stands at `device`, a column, lies in one of `orgs`. */
#define DEVICE_IN(device, orgs) \
  "EXISTS (SELECT 1 FROM device d WHERE d.county_id = ?1 AND d.id = " device " AND d.position IS NOT NULL AND d.org_id IN " orgs ")"

/* Inside the caller's transaction, after an import's orgs: the rows of org_part anew. */
bool part_rows_write(Db *db, int64_t county_id, Error *error) MUST_USE;
/* Rows of data from before org_part was there are brought to this; of others, nothing. */
bool part_rows_settle(Db *db, const Grid *grid, Error *error) MUST_USE;
/* For `dianbaomu check`: `problem` (of ERROR_TEXT_MAX) gets the first row that is missing, too much or of another org than memory has, or "". */
bool part_check(Db *db, const Grid *grid, char *problem, Error *error) MUST_USE;

#endif
