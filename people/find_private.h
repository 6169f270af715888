/* Private to finding. */
#ifndef PEOPLE_FIND_PRIVATE_H
#define PEOPLE_FIND_PRIVATE_H

#include "people/find.h"

/* The first 16 characters, 4 bits each: 0 end, 1…10 a digit, 15 anything else. digits_only passes over '-' and ' '. */
uint64_t find_packed(Text key, bool digits_only);
/* The places of the list that can hold a key with this beginning; the text must still be compared. */
void find_key_range(const FindIndex *index, int which, Text beginning, uint32_t *from, uint32_t *to);

enum { FIND_NO_MATCH = 4 };
/* The row's rank for one word. */
int find_rank(const FindRows *rows, uint32_t position, Text word);

#endif
