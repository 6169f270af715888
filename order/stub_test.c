/* Stands in for the grid and the people until a test brings real ones: the order room's own tests open it without them. */
#include "order/order.h"

const GridDevice *grid_device(const Grid *grid, uint32_t index) { return (void)grid, (void)index, NULL; }
bool grid_index_of(const Grid *grid, DeviceId id, uint32_t *index) { return (void)grid, (void)id, (void)index, false; }
bool people_position_of(const People *people, CustomerId id, uint32_t *position) { return (void)people, (void)id, (void)position, false; }
uint32_t people_customer_device(const People *people, uint32_t position) { return (void)people, (void)position, GRID_NONE; }
const Org *people_org(const People *people, size_t row) { return (void)people, (void)row, NULL; }
bool people_org_row(const People *people, int64_t id, size_t *row) { return (void)people, (void)id, (void)row, false; }
size_t people_org_of_device(const People *people, uint32_t device) { return (void)people, (void)device, SIZE_MAX; }
Text people_area_type(const People *people, uint32_t device) { return (void)people, (void)device, TEXT("rural"); }
void people_customer(const People *people, uint32_t position, Customer *out) { (void)people, (void)position, *out = (Customer){0}; }
size_t people_find(const People *people, Text query, CustomerMatch *out, size_t most) { return (void)people, (void)query, (void)out, (void)most, 0; }
size_t people_org_count(const People *people) { return (void)people, 0; }
bool people_org_within(const People *people, int64_t org_id, int64_t ancestor_id) { return (void)people, (void)org_id, (void)ancestor_id, true; }
Text people_mask_phone(Arena *arena, Text phone) { return (void)arena, phone; }
Text people_mask_name(Arena *arena, Text name) { return (void)arena, name; }
Text grid_name(const Grid *grid, uint32_t index) { return (void)grid, (void)index, TEXT_NONE; }
