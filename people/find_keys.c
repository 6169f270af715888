/* The lists sorted by key. Numbers, telephones and meters are nearly always digits, at most 16: such a key is one 64-bit number of 4 bits
 * a digit, so that sorting is a radix sort and looking up compares numbers. What is not a digit counts as one and the same; texts then
 * decide. */
#include <string.h>

#include "base/memory.h"
#include "people/find_private.h"

uint64_t find_packed(Text key, bool digits_only) {
  uint64_t packed = 0;
  int filled = 0;
  for (size_t i = 0; i < key.len && filled < 16; i++) {
    char c = key.at[i];
    if (digits_only && (c == '-' || c == ' ')) continue;
    packed |= (uint64_t)(c >= '0' && c <= '9' ? c - '0' + 1 : 15) << (60 - 4 * filled++);
  }
  return packed;
}

Text find_key(const FindRows *rows, uint32_t position, int which) {
  const char *at = rows->keys + rows->key_at[position];
  while (which-- > 0) at += 1 + (unsigned char)*at;
  return (Text){at + 1, (unsigned char)*at};
}

typedef struct Entry {
  uint64_t packed;
  uint32_t position;
} Entry;

/* Least digit first, a byte a round; rounds in which all have the same byte are left out. Keeps the order of equals. */
static void radix_sort(Entry *entries, Entry *other, uint32_t count, uint32_t *out) {
  uint32_t counts[8][256] = {0};
  for (uint32_t i = 0; i < count; i++)
    for (int byte = 0; byte < 8; byte++) counts[byte][entries[i].packed >> (8 * byte) & 0xFF]++;
  for (int byte = 0; byte < 8; byte++) {
    uint32_t *place = counts[byte], sum = 0;
    if (count && place[entries[0].packed >> (8 * byte) & 0xFF] == count) continue;
    for (int value = 0; value < 256; value++) {
      uint32_t here = place[value];
      place[value] = sum;
      sum += here;
    }
    for (uint32_t i = 0; i < count; i++) other[place[entries[i].packed >> (8 * byte) & 0xFF]++] = entries[i];
    Entry *kept = entries;
    entries = other;
    other = kept;
  }
  for (uint32_t i = 0; i < count; i++) out[i] = entries[i].position;
}

bool find_open(FindIndex *index, const FindRows *rows, Error *error) {
  *index = (FindIndex){.rows = *rows};
  Entry *entries = memory_grow(NULL, (size_t)rows->count * sizeof *entries),
        *other = memory_grow(NULL, (size_t)rows->count * sizeof *other);
  bool ok = entries && other;
  for (int which = 0; ok && which < FIND_KEYS; which++) {
    index->order[which] = memory_grow(NULL, (size_t)rows->count * sizeof(uint32_t));
    if (!(ok = index->order[which] != NULL)) break;
    for (uint32_t i = 0; i < rows->count; i++) entries[i] = (Entry){find_packed(find_key(rows, i, which), which == FIND_PHONE), i};
    radix_sort(entries, other, rows->count, index->order[which]);
  }
  for (uint32_t i = 0; ok && i < rows->text_at[rows->count]; i += FIND_SAMPLE)
    index->frequency[(unsigned char)rows->texts[i]] += FIND_SAMPLE;
  memory_free(entries);
  memory_free(other);
  if (ok) return true;
  find_close(index);
  return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "customers");
}

void find_close(FindIndex *index) {
  for (int which = 0; which < FIND_KEYS; which++) memory_free(index->order[which]);
  *index = (FindIndex){0};
}

/* The first place in the list whose packed key is at least `packed`. */
static uint32_t lower_bound(const FindIndex *index, int which, uint64_t packed) {
  uint32_t low = 0, high = index->rows.count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (find_packed(find_key(&index->rows, index->order[which][middle], which), which == FIND_PHONE) < packed) low = middle + 1;
    else high = middle;
  }
  return low;
}

void find_key_range(const FindIndex *index, int which, Text beginning, uint32_t *from, uint32_t *to) {
  uint64_t packed = find_packed(beginning, which == FIND_PHONE), past = packed;
  int filled = 0;
  while (filled < 16 && packed << (4 * filled)) filled++;
  *from = *to = 0;
  if (filled == 0) return;
  past += 1ull << (64 - 4 * filled);
  *from = lower_bound(index, which, packed);
  *to = past ? lower_bound(index, which, past) : index->rows.count;
}

bool find_exact(const FindIndex *index, int which, Text key, uint32_t *position) {
  uint64_t packed = find_packed(key, which == FIND_PHONE);
  if (key.len == 0) return false;
  for (uint32_t i = lower_bound(index, which, packed); i < index->rows.count; i++) {
    Text have = find_key(&index->rows, index->order[which][i], which);
    if (find_packed(have, which == FIND_PHONE) != packed) return false;
    if (!text_equal(have, key)) continue;
    *position = index->order[which][i];
    return true;
  }
  return false;
}
