/* Finding a customer: a pure engine over packed texts. By number, telephone or meter, whole or their beginning, through three sorted
 * lists; by part of name or address by running over all the texts, which lie in one block, at about the speed of memory.
 *
 * A query is one to FIND_WORDS_MAX words (blanks between, also the wide one); all must match. A word's rank: 0 equals number, telephone or
 * meter; 1 begins one; 2 begins name or address; 3 stands in one. A customer's rank is the worst of its words'. Results: by rank, then by
 * position. A telephone number is compared by its digits; a query that is nothing but a written telephone number (digits, blanks, + - ( ))
 * counts as one word. */
#ifndef PEOPLE_FIND_H
#define PEOPLE_FIND_H

#include "base/error.h"
#include "base/text.h"

enum { FIND_NUMBER, FIND_PHONE, FIND_METER, FIND_KEYS };
enum { FIND_WORDS_MAX = 8, FIND_QUERY_MAX = 200 /* bytes */, FIND_SAMPLE = 7 };

/* What is looked through; owned by the caller, unchanged while in use. Row i of the texts: name, '\t', address, '\n'; names and addresses
 * hold no control characters. Row i of the keys: number, phone, meter, each a byte of length and the bytes, and what the caller likes to
 * put behind. */
typedef struct FindRows {
  uint32_t count;
  const char *texts;
  const uint32_t *text_at; /* count + 1 */
  const char *keys;
  const uint32_t *key_at;
} FindRows;

typedef struct FindIndex {
  FindRows rows;
  uint32_t *order[FIND_KEYS]; /* positions by key */
  uint32_t frequency[256];    /* of bytes in the texts, from every FIND_SAMPLE-th */
  bool (*hidden)(const void *self, uint32_t position); /* rows that count as not there; NULL: none */
  const void *hidden_self;
} FindIndex;

typedef struct FindMatch {
  uint32_t position;
  int rank;
} FindMatch;

bool find_open(FindIndex *index, const FindRows *rows, Error *error) MUST_USE;
void find_close(FindIndex *index);
/* Best first, at most `most`. Needs no memory but `out`; safe from any thread. */
size_t find_query(const FindIndex *index, Text query, FindMatch *out, size_t most);
/* How well these rows' only row fits: 0 … 3 as above, or more than 3: not at all. */
int find_one(const FindRows *rows, Text query);
/* The lowest position whose key is exactly `key`. */
bool find_exact(const FindIndex *index, int which, Text key, uint32_t *position);
Text find_key(const FindRows *rows, uint32_t position, int which);

/* Words of a query as they are looked for; `buffer` (of FIND_QUERY_MAX) may hold one of them. */
size_t find_words(Text query, Text words[FIND_WORDS_MAX], char *buffer);

#endif
