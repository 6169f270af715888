#include "people/people_private.h"

#include <assert.h>

size_t people_org_count(const People *people) { return people->orgs.count; }

const Org *people_org(const People *people, size_t row) {
  assert(row < people->orgs.count);
  return &people->orgs.at[row];
}

bool people_org_row(const People *people, int64_t id, size_t *row) {
  size_t low = 0, high = people->orgs.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (people->orgs.at[middle].id < id) low = middle + 1;
    else high = middle;
  }
  *row = low;
  return low < people->orgs.count && people->orgs.at[low].id == id;
}

/* The row above, SIZE_MAX at the top. */
static size_t above(const People *people, size_t row) {
  size_t up;
  return people_org_row(people, people->orgs.at[row].parent_id, &up) ? up : SIZE_MAX;
}

bool people_org_within(const People *people, int64_t org_id, int64_t ancestor_id) {
  size_t row;
  if (ancestor_id == 0) return true;
  if (!people_org_row(people, org_id, &row)) return false;
  for (size_t steps = 0; row != SIZE_MAX && steps <= people->orgs.count; steps++, row = above(people, row))
    if (people->orgs.at[row].id == ancestor_id) return true;
  return false;
}

bool people_org_whole(const People *people, int64_t org_id) {
  for (size_t i = 0; i < people->orgs.count; i++) {
    int64_t other = people->orgs.at[i].id;
    if (!people_org_within(people, other, org_id) && !people_org_within(people, org_id, other)) return false;
  }
  return true;
}

size_t people_org_of_device(const People *people, uint32_t device) {
  uint32_t row = grid_device(people->grid, device)->org;
  return row < people->orgs.count ? row : SIZE_MAX;
}

static bool place_refused(const People *people, size_t row, Error *error) {
  return error_raise(error, ERROR_FORBIDDEN_PLACE, "%.*s", TEXT_ARG(row == SIZE_MAX ? TEXT("") : people->orgs.at[row].name));
}

bool people_check_place(const People *people, int64_t org_id, uint32_t device, Error *error) {
  size_t row = people_org_of_device(people, device);
  return org_id == 0 || (row != SIZE_MAX && people_org_within(people, people->orgs.at[row].id, org_id)) || place_refused(people, row, error);
}

bool people_check_reach(const People *people, int64_t org_id, uint32_t device, Error *error) {
  size_t row = people_org_of_device(people, device);
  return org_id == 0 || row == SIZE_MAX || people_org_within(people, people->orgs.at[row].id, org_id) ||
         people_org_within(people, org_id, people->orgs.at[row].id) || place_refused(people, row, error);
}

Text people_area_type(const People *people, uint32_t device) {
  size_t row = people_org_of_device(people, device);
  for (size_t steps = 0; row != SIZE_MAX && steps <= people->orgs.count; steps++, row = above(people, row))
    if (people->orgs.at[row].area_type.len) return people->orgs.at[row].area_type;
  return TEXT("rural");
}

/* A copy of `text` with the characters [from, to) replaced by stars. */
static Text starred(Arena *arena, Text text, size_t from, size_t to) {
  char *masked = arena_take(arena, text.len + 1);
  size_t len = 0, character = 0;
  if (!masked) return TEXT("*");
  for (size_t i = 0; i < text.len; character++) {
    size_t next = i + 1;
    while (next < text.len && ((unsigned char)text.at[next] & 0xC0) == 0x80) next++;
    if (character >= from && character < to) {
      masked[len++] = '*';
    } else {
      memcpy(masked + len, text.at + i, next - i);
      len += next - i;
    }
    i = next;
  }
  return (Text){masked, len};
}

Text people_mask_phone(Arena *arena, Text phone) {
  size_t count = text_characters(phone);
  return count >= 11 ? starred(arena, phone, 3, count - 4) : starred(arena, phone, 0, count - count / 4);
}

Text people_mask_name(Arena *arena, Text name) {
  size_t count = text_characters(name);
  return starred(arena, name, count > 1 ? 1 : 0, count);
}
