/* Hash maps with open addressing, from a 64-bit key or a text to a 64-bit value. They own their table, not the texts. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/error.h"
#include "base/text.h"

typedef struct MapSlot {
  uint64_t key, value;
} MapSlot;

/* Keys other than INT64_MIN, which marks an empty slot. */
typedef struct Map {
  MapSlot *slots;
  size_t count, mask; /* mask + 1 slots, a power of two; 0 slots before the first put */
} Map;

#define MAP_NO_KEY INT64_MIN
bool map_reserve(Map *map, size_t count) MUST_USE;              /* false: out of memory, map unchanged */
bool map_put(Map *map, int64_t key, int64_t value) MUST_USE;    /* replaces; false: out of memory */
bool map_get(const Map *map, int64_t key, int64_t *value);
bool map_remove(Map *map, int64_t key);
bool map_next(const Map *map, size_t *at, int64_t *key, int64_t *value); /* start with *at = 0; any order */
void map_free(Map *map);

typedef struct TextMapSlot {
  Text key;
  uint64_t hash;
  int64_t value;
} TextMapSlot;

typedef struct TextMap {
  TextMapSlot *slots;
  size_t count, mask;
} TextMap;

bool text_map_reserve(TextMap *map, size_t count) MUST_USE;
/* Puts unless the key is there; *value is then the present one and *fresh false. The key's bytes must outlive the map. */
bool text_map_put(TextMap *map, Text key, int64_t *value, bool *fresh) MUST_USE;
bool text_map_get(const TextMap *map, Text key, int64_t *value);
void text_map_free(TextMap *map);

#endif
