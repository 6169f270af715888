/* Customers: one household, one file. Loaded at start into flat arrays ordered by the index of the device they hang on, so that the
 * customers below a device are one range of positions; changed by imports (while the program does not serve), and one by one when somebody's personal data are put right or erased (people_refresh).
 *
 * Finding: over 350,000 customers in under 10 ms by number, telephone, meter, or any part of name or address. */
#ifndef PEOPLE_CUSTOMER_H
#define PEOPLE_CUSTOMER_H

#include "grid/grid.h"

typedef enum CustomerCategory {
  CUSTOMER_RESIDENTIAL,
  CUSTOMER_COMMERCIAL,
  CUSTOMER_INDUSTRIAL,
  CUSTOMER_FARM,
  CUSTOMER_PUBLIC
} CustomerCategory;
typedef enum CustomerImportance {
  IMPORTANCE_NONE,
  IMPORTANCE_TEMPORARY,
  IMPORTANCE_2,
  IMPORTANCE_1,
  IMPORTANCE_SPECIAL
} CustomerImportance;
#define CUSTOMER_NONE UINT32_MAX

/* All the texts are slices of one block that lives as long as People. */
typedef struct Customer {
  CustomerId id;
  uint32_t device;       /* grid index */
  Text number, name, phone, meter, address, tags; /* tags: ";" between */
  int32_t lon_e6, lat_e6;
  float contract_kw;
  uint8_t category, importance, phases;
  bool vulnerable;       /* one of the tags that mark people who must not be without */
} Customer;

typedef struct Org {
  int64_t id;
  int64_t parent_id;     /* 0: the top */
  Text code, level, name, area_type, manager, manager_phone; /* area_type: urban, rural, remote; "" inherits */
} Org;

typedef struct People People;

bool people_open(People **out, Db *db, const Grid *grid, int64_t county_id, Error *error) MUST_USE;
void people_close(People *people);

const Grid *people_grid(const People *people);
uint32_t people_customer_count(const People *people);
void people_customer(const People *people, uint32_t position, Customer *out);          /* position < count */
bool people_position_of(const People *people, CustomerId id, uint32_t *position);
bool people_position_of_number(const People *people, Text number, uint32_t *position);
bool people_position_of_meter(const People *people, Text meter, uint32_t *position);
uint32_t people_customer_device(const People *people, uint32_t position);              /* cheap */
/* Positions [*from, *to) of the customers whose device index lies in the range. O(log n) or better. */
void people_customers_in(const People *people, GridRange devices, uint32_t *from, uint32_t *to);

typedef struct CustomerMatch {
  uint32_t position;
  int rank; /* 0 exact number/phone/meter, 1 their beginning, 2 beginning of name or address, 3 part of it */
} CustomerMatch;
/* Best first, at most `most`; `query` as typed: blanks between words mean all of them. Safe from any thread. */
size_t people_find(const People *people, Text query, CustomerMatch *out, size_t most);

/* Reads this household's row again: its texts changed. From the desk's thread; whoever reads meanwhile sees the one or the other. */
bool people_refresh(People *people, Db *db, CustomerId id, Error *error) MUST_USE;
/* … of all that were changed since the start: for desk_on_reload. `people` is a People. */
bool people_refresh_changed(Db *db, void *people, Error *error) MUST_USE;

/* Organisation. */
size_t people_org_count(const People *people);
const Org *people_org(const People *people, size_t row);
bool people_org_row(const People *people, int64_t id, size_t *row);
bool people_org_within(const People *people, int64_t org_id, int64_t ancestor_id);     /* equal or below; ancestor 0: everything */
bool people_org_whole(const People *people, int64_t org_id); /* everything lies within it or holds it */
/* The row of the grid (网格) a device's customers belong to, the station above it; SIZE_MAX when unknown. */
size_t people_org_of_device(const People *people, uint32_t device);
/* ERROR_FORBIDDEN_PLACE, unless whoever belongs to `org_id` may act on what stands at this device: theirs or below. */
bool people_check_place(const People *people, int64_t org_id, uint32_t device, Error *error) MUST_USE;
/* The same for what lies above them too, such as an outage of the feeder they are on; what lies in no part is everyone's. */
bool people_check_reach(const People *people, int64_t org_id, uint32_t device, Error *error) MUST_USE;
/* "urban", "rural" or "remote" for the device, by its org or the nearest above that says so; "rural" when none does. */
Text people_area_type(const People *people, uint32_t device);

/* Masking, for whoever does not need them: 138****5678; first character of a name and * for the rest (李**). Into the arena. */
Text people_mask_phone(Arena *arena, Text phone);
Text people_mask_name(Arena *arena, Text name);

#endif
