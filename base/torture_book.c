#include "base/torture_book.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SLOTS = 1 << 21 };

static struct {
  _Atomic uint64_t *slots; /* 0: free */
  const char *const *kinds;
  int count, file;
} book = {.file = -1};

static uint64_t key(const char *word, int kind, uint64_t hash) {
  hash = (hash * 31 + (uint64_t)kind) * 1099511628211u + (uint64_t)word[0];
  return (hash ^ hash >> 31) | 1;
}

static bool slot(uint64_t wanted, bool put) {
  for (uint64_t i = 0; i < SLOTS; i++) {
    uint64_t was = atomic_load(&book.slots[(wanted + i) % SLOTS]);
    if (was == wanted) return true;
    if (was == 0 && (!put || atomic_compare_exchange_strong(&book.slots[(wanted + i) % SLOTS], &was, wanted))) return put;
    if (was == wanted) return true;
  }
  return false;
}

bool torture_book_has(const char *word, int kind, uint64_t hash) { return slot(key(word, kind, hash), false); }

static void put(const char *word, int kind, uint64_t place, uint64_t whole) {
  if (strcmp(word, "wrong") == 0) return;
  slot(key(word, kind, place), true);
  slot(key(word, kind, whole), true);
}

void torture_book_write(const char *word, int kind, uint64_t place, uint64_t whole) {
  put(word, kind, place, whole);
  if (book.file >= 0) dprintf(book.file, "%s %s %016llx %016llx\n", word, book.kinds[kind], (unsigned long long)place, (unsigned long long)whole);
}

bool torture_book_open(const char *path, const char *const *kinds, int count) {
  char word[8], name[16];
  unsigned long long place, whole;
  book.kinds = kinds, book.count = count;
  void *slots = mmap(NULL, SLOTS * sizeof *book.slots, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (slots == MAP_FAILED) return false;
  book.slots = slots;
  FILE *before = path ? fopen(path, "r") : NULL;
  while (before && fscanf(before, "%7s %15s %llx %llx", word, name, &place, &whole) == 4)
    for (int kind = 0; kind < count; kind++)
      if (strcmp(name, kinds[kind]) == 0) put(word, kind, place, whole);
  if (before) fclose(before);
  book.file = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
  return !path || book.file >= 0;
}
