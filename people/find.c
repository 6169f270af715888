#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "people/find_private.h"

/* ---- words ---- */

/* "+86 138-0000-1234" → "13800001234"; false when the query is not just a telephone number with something between its digits. */
static bool written_phone(Text query, char *digits, size_t *len) {
  bool between = false;
  *len = 0;
  for (size_t i = 0; i < query.len; i++) {
    char c = query.at[i];
    if (c >= '0' && c <= '9') digits[(*len)++] = c;
    else if (c == '-' || c == ' ' || c == '(' || c == ')' || (c == '+' && i == 0)) between = true;
    else return false;
  }
  if (*len == 13 && memcmp(digits, "86", 2) == 0 && query.at[0] == '+') memmove(digits, digits + 2, *len -= 2);
  return between && *len >= 7;
}

static const char WIDE_BLANK[] = "\xE3\x80\x80"; /* U+3000 */

static size_t blank_at(Text text, size_t at) {
  if (text.at[at] == ' ' || text.at[at] == '\t' || text.at[at] == '\n' || text.at[at] == '\r') return 1;
  return text.len - at >= 3 && memcmp(text.at + at, WIDE_BLANK, 3) == 0 ? 3 : 0;
}

size_t find_words(Text query, Text words[FIND_WORDS_MAX], char *buffer) {
  size_t count = 0, len;
  query = text_trim(query);
  if (query.len > FIND_QUERY_MAX) return 0;
  if (written_phone(query, buffer, &len)) {
    words[0] = (Text){buffer, len};
    return 1;
  }
  for (size_t at = 0; at < query.len;) {
    size_t blank = blank_at(query, at), from = at;
    if (blank) {
      at += blank;
      continue;
    }
    while (at < query.len && !blank_at(query, at)) at++;
    if (count == FIND_WORDS_MAX) return 0;
    words[count++] = (Text){query.at + from, at - from};
  }
  return count;
}

/* ---- one row ---- */

/* 0 equal, 1 begins, FIND_NO_MATCH; `dashed`: '-' and ' ' in the key do not count. */
static int key_rank(Text key, Text word, bool dashed) {
  size_t matched = 0, i = 0;
  for (; i < key.len && matched < word.len; i++) {
    if (dashed && (key.at[i] == '-' || key.at[i] == ' ')) {
      if (word.at[matched] == key.at[i]) matched++; /* typed as it is written */
      continue;
    }
    if (key.at[i] != word.at[matched]) return FIND_NO_MATCH;
    matched++;
  }
  if (matched < word.len) return FIND_NO_MATCH;
  return i < key.len;
}

int find_rank(const FindRows *rows, uint32_t position, Text word) {
  int best = FIND_NO_MATCH;
  for (int which = 0; which < FIND_KEYS; which++) {
    int rank = key_rank(find_key(rows, position, which), word, which == FIND_PHONE);
    if (rank < best) best = rank;
  }
  if (best < 2) return best;
  Text row = {rows->texts + rows->text_at[position], rows->text_at[position + 1] - rows->text_at[position]};
  for (ptrdiff_t at; row.len && (at = text_find(row, word)) >= 0; row = text_slice(row, (size_t)at + 1, row.len)) {
    const char *found = row.at + at;
    bool begins = found == rows->texts + rows->text_at[position] || found[-1] == '\t';
    if (begins) return 2;
    best = 3;
  }
  return best;
}

/* ---- the best so far ---- */

typedef struct Search {
  const FindIndex *index;
  Text words[FIND_WORDS_MAX];
  size_t word_count;
  FindMatch *best; /* in order */
  size_t count, most;
} Search;

static bool before(FindMatch a, FindMatch b) { return a.rank != b.rank ? a.rank < b.rank : a.position < b.position; }

/* Nothing at or after (rank, position) could get among the best any more. */
static bool full_for(const Search *search, int rank, uint32_t position) {
  return search->count == search->most && !before((FindMatch){position, rank}, search->best[search->most - 1]);
}

/* Looks at a row whose rank is at best `at_best`. */
static void consider(Search *search, uint32_t position, int at_best) {
  if (full_for(search, at_best, position)) return;
  if (search->index->hidden && search->index->hidden(search->index->hidden_self, position)) return;
  FindMatch match = {position, 0};
  for (size_t i = 0; i < search->word_count; i++) {
    int rank = find_rank(&search->index->rows, position, search->words[i]);
    if (rank == FIND_NO_MATCH) return;
    if (rank > match.rank) match.rank = rank;
  }
  size_t low = 0, high = search->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (before(search->best[middle], match)) low = middle + 1;
    else high = middle;
  }
  if (low == search->most || (low < search->count && search->best[low].position == position)) return;
  if (search->count < search->most) search->count++;
  memmove(search->best + low + 1, search->best + low, (search->count - 1 - low) * sizeof match);
  search->best[low] = match;
}

/* ---- running over the texts ---- */

/* A word to run after: the two of its bytes that are rarest in these texts (maybe one and the same). */
typedef struct Needle {
  Text word;
  size_t first, second;
} Needle;

static Needle make_needle(const FindIndex *index, Text word) {
  Needle needle = {word, 0, 0};
  const uint32_t *frequency = index->frequency;
#define OFTEN(i) frequency[(unsigned char)word.at[i]]
  for (size_t i = 1; i < word.len; i++)
    if (OFTEN(i) < OFTEN(needle.first)) needle.first = i;
  needle.second = needle.first ? 0 : word.len - 1;
  for (size_t i = 0; i < word.len; i++)
    if (i != needle.first && OFTEN(i) < OFTEN(needle.second)) needle.second = i;
#undef OFTEN
  return needle;
}

/* The next place of the word in texts[from, end), or `end`. begins: only behind a separator, that is where a name or an address begins. */
static size_t run(const char *texts, size_t from, size_t end, const Needle *needle, bool begins) {
  Text word = needle->word;
  size_t at = from, last = end - from < word.len ? from : end - word.len + 1; /* places [from, last) can hold it */
#ifdef __SSE2__
  const __m128i first = _mm_set1_epi8(word.at[needle->first]), second = _mm_set1_epi8(word.at[needle->second]), blank = _mm_set1_epi8(' ');
  for (; at + 16 <= last; at += 16) {
    __m128i a = _mm_loadu_si128((const __m128i *)(const void *)(texts + at + needle->first));
    __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(texts + at + needle->second));
    __m128i hit = _mm_and_si128(_mm_cmpeq_epi8(a, first), _mm_cmpeq_epi8(b, second));
    if (begins) { /* the byte before is less than a blank, unsigned: max(byte, blank) ≠ byte */
      __m128i ahead = _mm_loadu_si128((const __m128i *)(const void *)(texts + at - 1));
      hit = _mm_andnot_si128(_mm_cmpeq_epi8(_mm_max_epu8(ahead, blank), ahead), hit);
    }
    for (unsigned mask = (unsigned)_mm_movemask_epi8(hit); mask; mask &= mask - 1) {
      size_t place = at + (size_t)__builtin_ctz(mask);
      if (memcmp(texts + place, word.at, word.len) == 0) return place;
    }
  }
#endif
  for (; at < last; at++) {
    if (begins && (unsigned char)texts[at - 1] >= ' ') continue;
    if (texts[at + needle->first] == word.at[needle->first] && memcmp(texts + at, word.at, word.len) == 0) return at;
  }
  return end;
}

/* All rows in which the word stands in name or address, in order of position, as long as they can still be among the best. */
static void run_over_texts(Search *search, Text word) {
  const FindRows *rows = &search->index->rows;
  Needle needle = make_needle(search->index, word);
  size_t end = rows->text_at[rows->count], at = 0;
  for (uint32_t row = 0; row < rows->count && !full_for(search, 2, row);) {
    bool begins = full_for(search, 3, row);
    if (begins && at == 0) { /* nothing stands before the first byte: look at that row by itself */
      consider(search, row++, 2);
      at = rows->text_at[row];
      continue;
    }
    at = run(rows->texts, at, end, &needle, begins);
    if (at == end) return;
    while (rows->text_at[row + 1] <= at) row++;
    consider(search, row++, 2);
    at = rows->text_at[row];
  }
}

/* ---- the query ---- */

/* About how many rows a word will bring: by its key ranges, and by its rarest byte. */
static uint64_t expected(const FindIndex *index, Text word) {
  uint64_t sum = UINT32_MAX;
  for (size_t i = 0; i < word.len; i++)
    if (index->frequency[(unsigned char)word.at[i]] < sum) sum = index->frequency[(unsigned char)word.at[i]];
  for (int which = 0; which < FIND_KEYS; which++) {
    uint32_t from, to;
    find_key_range(index, which, word, &from, &to);
    sum += to - from;
  }
  return sum;
}

static void search_keys(Search *search, Text word) {
  const FindIndex *index = search->index;
  uint64_t packed[FIND_KEYS];
  for (int which = 0; which < FIND_KEYS; which++) packed[which] = find_packed(word, which == FIND_PHONE);
  for (int pass = 0; pass < 2; pass++) { /* exact ones first: they let most of the others be passed over unread */
    for (int which = 0; which < FIND_KEYS; which++) {
      uint32_t from, to;
      find_key_range(index, which, word, &from, &to);
      for (uint32_t i = from; i < to; i++) {
        uint32_t position = index->order[which][i];
        if (pass == 1 && full_for(search, 1, position)) continue;
        Text key = find_key(&index->rows, position, which);
        if (pass == 0 && find_packed(key, which == FIND_PHONE) != packed[which]) break;
        if (key_rank(key, word, which == FIND_PHONE) != FIND_NO_MATCH) consider(search, position, pass);
      }
    }
  }
}

size_t find_query(const FindIndex *index, Text query, FindMatch *out, size_t most) {
  char buffer[FIND_QUERY_MAX];
  Search search = {.index = index, .best = out, .most = most};
  search.word_count = find_words(query, search.words, buffer);
  if (search.word_count == 0 || most == 0 || index->rows.count == 0) return 0;
  Text rarest = search.words[0];
  for (size_t i = 1; i < search.word_count; i++)
    if (expected(index, search.words[i]) < expected(index, rarest)) rarest = search.words[i];
  search_keys(&search, rarest);
  run_over_texts(&search, rarest);
  return search.count;
}

int find_one(const FindRows *rows, Text query) {
  char buffer[FIND_QUERY_MAX];
  Text words[FIND_WORDS_MAX];
  size_t count = find_words(query, words, buffer);
  int worst = count ? 0 : FIND_NO_MATCH;
  for (size_t i = 0; i < count; i++) {
    int rank = find_rank(rows, 0, words[i]);
    if (rank > worst) worst = rank;
  }
  return worst;
}
