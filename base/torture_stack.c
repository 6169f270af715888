#include "base/torture_stack.h"

#include <elf.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <unwind.h>

typedef struct Function {
  uintptr_t from, to;
  const char *name, *file; /* file: of a static function, else "" */
} Function;

static struct {
  Function *at; /* by `from`; kept until the process ends */
  size_t count;
} functions;

extern const char __executable_start;

static int by_address(const void *a, const void *b) {
  const Function *x = a, *y = b;
  return x->from < y->from ? -1 : x->from > y->from;
}

static void read_names(const unsigned char *file, size_t size) {
  const Elf64_Ehdr *head = (const void *)file;
  if (size < sizeof *head || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0) return;
  const Elf64_Shdr *sections = (const void *)(file + head->e_shoff);
  uintptr_t base = head->e_type == ET_DYN ? (uintptr_t)&__executable_start : 0;
  for (size_t s = 0; s < head->e_shnum; s++) {
    if (sections[s].sh_type != SHT_SYMTAB) continue;
    const Elf64_Sym *symbols = (const void *)(file + sections[s].sh_offset);
    const char *names = (const char *)file + sections[sections[s].sh_link].sh_offset, *source = "";
    size_t count = sections[s].sh_size / sizeof *symbols;
    functions.at = calloc(count, sizeof *functions.at);
    for (size_t i = 0; functions.at && i < count; i++) {
      const char *name = names + symbols[i].st_name;
      int type = ELF64_ST_TYPE(symbols[i].st_info);
      if (type == STT_FILE) source = name;
      if (type != STT_FUNC || symbols[i].st_value == 0) continue;
      uintptr_t from = base + symbols[i].st_value;
      bool local = ELF64_ST_BIND(symbols[i].st_info) == STB_LOCAL;
      functions.at[functions.count++] = (Function){from, from + symbols[i].st_size, name, local ? source : ""};
    }
  }
  if (functions.count) qsort(functions.at, functions.count, sizeof *functions.at, by_address);
}

static _Unwind_Reason_Code count_frame(struct _Unwind_Context *context, void *self) {
  (void)context;
  return ++*(int *)self > 2 ? _URC_END_OF_STACK : _URC_NO_REASON;
}

void torture_stack_begin(void) {
  struct stat found;
  int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), some = 0;
  if (file >= 0 && fstat(file, &found) == 0) {
    void *all = mmap(NULL, (size_t)found.st_size, PROT_READ, MAP_PRIVATE, file, 0); /* the names are used from it */
    if (all != MAP_FAILED) read_names(all, (size_t)found.st_size);
  }
  if (file >= 0) close(file);
  _Unwind_Backtrace(count_frame, &some); /* the first time may load what it needs */
}

static const Function *function_of(uintptr_t address) {
  size_t low = 0, high = functions.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (functions.at[middle].from <= address) low = middle + 1;
    else high = middle;
  }
  return low > 0 && address < functions.at[low - 1].to ? &functions.at[low - 1] : NULL;
}

static bool of_tests(const Function *function) {
  static const char *const FILES[] = {"_test.c", "_cases.c", "testing.c", "_twin.c", "_fuzz.c"};
  size_t len = strlen(function->file);
  for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++)
    if (len >= strlen(FILES[i]) && strcmp(function->file + len - strlen(FILES[i]), FILES[i]) == 0) return true;
  return strcmp(function->name, "main") == 0 || strncmp(function->name, "torture_", 8) == 0 || strncmp(function->name, "http_test_", 10) == 0 ||
         strncmp(function->name, "LLVMFuzzer", 10) == 0;
}

static bool of_torture(const Function *function) {
  return strncmp(function->name, "torture_", 8) == 0 || strncmp(function->file, "torture", 7) == 0;
}

static uint64_t mix(uint64_t hash, uintptr_t at) {
  hash = (hash ^ at) * 1099511628211u;
  return hash ^ hash >> 29;
}

typedef struct Walk {
  uintptr_t *at;
  int depth;
  uint64_t hash;
} Walk;

static _Unwind_Reason_Code walk_frame(struct _Unwind_Context *context, void *self) {
  Walk *walk = self;
  uintptr_t at = _Unwind_GetIP(context);
  const Function *function = function_of(at - 1);
  if (!function || (walk->depth == 0 && of_torture(function))) return _URC_NO_REASON; /* a library's, or our own */
  if (of_tests(function) || walk->depth == TORTURE_DEPTH) return _URC_END_OF_STACK;
  if (walk->depth && walk->at[walk->depth - 1] == at) return _URC_NO_REASON; /* it calls itself */
  walk->at[walk->depth++] = at;
  walk->hash = mix(walk->hash, at);
  return _URC_NO_REASON;
}

uint64_t torture_stack_here(uintptr_t at[TORTURE_DEPTH], int *depth) {
  Walk walk = {.at = at, .hash = 14695981039346656037u};
  _Unwind_Backtrace(walk_frame, &walk);
  *depth = walk.depth;
  return walk.hash | 1;
}

typedef struct Way {
  uintptr_t test, from;
  uint64_t hash;
} Way;

static _Unwind_Reason_Code way_frame(struct _Unwind_Context *context, void *self) {
  Way *way = self;
  uintptr_t at = _Unwind_GetIP(context);
  const Function *function = function_of(at - 1);
  if (function && function->from == way->test) return way->from = at, _URC_END_OF_STACK;
  way->hash = mix(way->hash, at);
  return _URC_NO_REASON;
}

uint64_t torture_stack_way(uintptr_t test, uintptr_t *from) {
  Way way = {.test = test, .hash = 14695981039346656037u};
  _Unwind_Backtrace(way_frame, &way);
  *from = way.from;
  return way.hash;
}

bool torture_stack_is(const TortureStack *stack, const uintptr_t at[TORTURE_DEPTH], int depth, int most) {
  int wanted = stack->depth < most ? stack->depth : most;
  return (depth < most ? depth : most) == wanted && memcmp(stack->at, at, sizeof *at * (size_t)wanted) == 0;
}

TortureStack *torture_stack_note(TortureStack table[TORTURE_STACKS], int64_t nth, bool *fresh) {
  uintptr_t at[TORTURE_DEPTH];
  int depth;
  *fresh = false;
  uint64_t hash = torture_stack_here(at, &depth);
  for (size_t i = 0; i < TORTURE_STACKS; i++) {
    TortureStack *stack = &table[(hash + i) % TORTURE_STACKS];
    uint64_t was = 0;
    if (atomic_compare_exchange_strong(&stack->hash, &was, hash)) {
      stack->first = nth;
      stack->depth = depth;
      memcpy(stack->at, at, sizeof *at * (size_t)depth);
      was = hash;
      *fresh = true;
    }
    if (was != hash) continue;
    atomic_fetch_add(&stack->count, 1);
    return stack;
  }
  return NULL;
}

static uint64_t hash_name(uint64_t hash, const Function *function, uintptr_t at) {
  for (const char *c = function->name; *c; c++) hash = (hash ^ (unsigned char)*c) * 1099511628211u;
  return (hash ^ (at - function->from)) * 1099511628211u;
}

void torture_stack_name(const TortureStack *stack, uint64_t *place, uint64_t *whole) {
  *place = *whole = 14695981039346656037u;
  for (int i = 0; i < stack->depth; i++) {
    const Function *function = function_of(stack->at[i] - 1);
    if (!function) continue;
    *whole = hash_name(*whole, function, stack->at[i]);
    if (i < TORTURE_PLACE) *place = hash_name(*place, function, stack->at[i]);
  }
}

void torture_stack_print(const TortureStack *stack, int to) {
  dprintf(to, "#   from:");
  for (int i = 0; i < stack->depth; i++) {
    const Function *function = function_of(stack->at[i] - 1);
    dprintf(to, "%s %s", i ? " <" : "", function ? function->name : "?");
  }
  dprintf(to, "\n");
}
