#include "base/map.h"

static size_t mix(uint64_t key) {
  key ^= key >> 33;
  key *= 0xff51afd7ed558ccdu;
  key ^= key >> 33;
  return (size_t)key;
}

static const uint64_t EMPTY = (uint64_t)MAP_NO_KEY;

static void map_place(MapSlot *slots, size_t mask, MapSlot slot) {
  size_t at = mix(slot.key) & mask;
  while (slots[at].key != EMPTY) at = (at + 1) & mask;
  slots[at] = slot;
}

bool map_reserve(Map *map, size_t count) {
  size_t have = map->slots ? map->mask + 1 : 0, want = have ? have : 16;
  while (want / 4 * 3 < count) want *= 2;
  if (want == have) return true;
  MapSlot *slots = memory_grow(NULL, want * sizeof *slots);
  if (!slots) return false;
  for (size_t i = 0; i < want; i++) slots[i].key = EMPTY;
  for (size_t i = 0; i < have; i++)
    if (map->slots[i].key != EMPTY) map_place(slots, want - 1, map->slots[i]);
  memory_free(map->slots);
  map->slots = slots;
  map->mask = want - 1;
  return true;
}

bool map_put(Map *map, int64_t key, int64_t value) {
  if (!map_reserve(map, map->count + 1)) return false;
  size_t at = mix((uint64_t)key) & map->mask;
  while (map->slots[at].key != EMPTY && map->slots[at].key != (uint64_t)key) at = (at + 1) & map->mask;
  if (map->slots[at].key == EMPTY) map->count++;
  map->slots[at] = (MapSlot){(uint64_t)key, (uint64_t)value};
  return true;
}

bool map_get(const Map *map, int64_t key, int64_t *value) {
  if (!map->slots) return false;
  for (size_t at = mix((uint64_t)key) & map->mask; map->slots[at].key != EMPTY; at = (at + 1) & map->mask) {
    if (map->slots[at].key != (uint64_t)key) continue;
    if (value) *value = (int64_t)map->slots[at].value;
    return true;
  }
  return false;
}

bool map_remove(Map *map, int64_t key) {
  if (!map->slots) return false;
  size_t at = mix((uint64_t)key) & map->mask;
  while (map->slots[at].key != (uint64_t)key) {
    if (map->slots[at].key == EMPTY) return false;
    at = (at + 1) & map->mask;
  }
  /* Close the gap: pull back what would no longer be found past it. */
  for (size_t next = (at + 1) & map->mask; map->slots[next].key != EMPTY; next = (next + 1) & map->mask) {
    size_t home = mix(map->slots[next].key) & map->mask;
    if (((next - home) & map->mask) < ((next - at) & map->mask)) continue;
    map->slots[at] = map->slots[next];
    at = next;
  }
  map->slots[at].key = EMPTY;
  map->count--;
  return true;
}

bool map_next(const Map *map, size_t *at, int64_t *key, int64_t *value) {
  for (; map->slots && *at <= map->mask; ++*at) {
    if (map->slots[*at].key == EMPTY) continue;
    *key = (int64_t)map->slots[*at].key;
    if (value) *value = (int64_t)map->slots[*at].value;
    ++*at;
    return true;
  }
  return false;
}

void map_free(Map *map) {
  memory_free(map->slots);
  *map = (Map){0};
}

bool text_map_reserve(TextMap *map, size_t count) {
  size_t have = map->slots ? map->mask + 1 : 0, want = have ? have : 16;
  while (want / 4 * 3 < count) want *= 2;
  if (want == have) return true;
  TextMapSlot *slots = memory_new(want * sizeof *slots);
  if (!slots) return false;
  for (size_t i = 0; i < have; i++) {
    if (!map->slots[i].key.at) continue;
    size_t at = map->slots[i].hash & (want - 1);
    while (slots[at].key.at) at = (at + 1) & (want - 1);
    slots[at] = map->slots[i];
  }
  memory_free(map->slots);
  map->slots = slots;
  map->mask = want - 1;
  return true;
}

bool text_map_put(TextMap *map, Text key, int64_t *value, bool *fresh) {
  if (!map->slots || (map->count + 1) > (map->mask + 1) / 4 * 3)
    if (!text_map_reserve(map, map->count + 1)) return false;
  if (!key.at) key.at = "";
  uint64_t hash = text_hash(key);
  size_t at = hash & map->mask;
  for (; map->slots[at].key.at; at = (at + 1) & map->mask) {
    if (map->slots[at].hash != hash || !text_equal(map->slots[at].key, key)) continue;
    *value = map->slots[at].value;
    *fresh = false;
    return true;
  }
  map->slots[at] = (TextMapSlot){key, hash, *value};
  map->count++;
  *fresh = true;
  return true;
}

bool text_map_get(const TextMap *map, Text key, int64_t *value) {
  if (!map->slots) return false;
  uint64_t hash = text_hash(key);
  for (size_t at = hash & map->mask; map->slots[at].key.at; at = (at + 1) & map->mask) {
    if (map->slots[at].hash != hash || !text_equal(map->slots[at].key, key)) continue;
    if (value) *value = map->slots[at].value;
    return true;
  }
  return false;
}

void text_map_free(TextMap *map) {
  memory_free(map->slots);
  *map = (TextMap){0};
}
