/* What torture has seen and made to fail, over all programs: a file of lines, and in memory a set that all processes share. Inside base/. */
#ifndef BASE_TORTURE_BOOK_H
#define BASE_TORTURE_BOOK_H

#include <stdbool.h>
#include <stdint.h>

bool torture_book_open(const char *path, const char *const *kinds, int count); /* path NULL: none is kept; kinds: their names */
/* word: "seen", "done"; hash: a place's or a whole stack's. Nothing here allocates: it is asked within an allocation. */
bool torture_book_has(const char *word, int kind, uint64_t hash);
void torture_book_write(const char *word, int kind, uint64_t place, uint64_t whole); /* "wrong" is written, and stays to be tried again */

#endif
