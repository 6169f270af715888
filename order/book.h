/* The inside of a book, for book.c and kind.c alone. */
#ifndef ORDER_BOOK_H
#define ORDER_BOOK_H

#include "base/vector.h"
#include "order/kind.h"
#include "order/rule.h"

enum { MERGED_FORM, MERGED_STATES, MERGED_STEPS, MERGED_CLOCKS, MERGED_COUNTS, MERGED_LISTS };
typedef struct BookFile BookFile;
typedef struct BookItem { /* where an entry of a merged list stands */
  const BookFile *file;
  unsigned at;
} BookItem;

struct BookFile {
  Text path, shown, text; /* "orders/x.yaml"; as errors name it (NUL-ended); its bytes */
  RuleForm form;
  void *rule;
  RuleKind merged;             /* of a kind: with what its parts bring */
  BookItem *items[MERGED_LISTS];
};

typedef struct BookCalendar {
  RuleOrigin origin;
  const BookFile *file;
  Calendar *calendar;
} BookCalendar;

struct RuleBook {
  int64_t id;
  Arena arena;
  Text text;
  VECTOR(BookFile) files;
  VECTOR(BookFile *) expanded; /* parts, once a use */
  Text region, as_of;
  Survey survey;               /* dimension_count 0: none */
  VECTOR(BookCalendar) calendars;
  VECTOR(Promise) promises;
  OrderKind *kinds;
  size_t kind_count;
};

#define BOOK_ORIGIN(rule)                                                                                                        \
  (RuleOrigin) {                                                                                                                 \
    text_of((rule)->id), text_of((rule)->version), text_of((rule)->source), text_of((rule)->source_zh ? (rule)->source_zh : (rule)->source), text_of((rule)->region), text_of((rule)->from),      \
        text_of((rule)->until), text_of((rule)->name_zh), text_of((rule)->name_en), (RuleStrength)(rule)->strength               \
  }

/* The kind together with its parts: file->merged. */
bool book_merge(RuleBook *book, BookFile *file, Error *error) MUST_USE;
/* rule_error_at, which finds also what a part brought: "steps.3.to" counts over the merged lists. */
bool book_error_at(Error *error, const BookFile *file, const char *path_format, ...) PRINTF_LIKE(3, 4);

/* Compiles and checks one kind; the book's promises are there, kinds it names may come later. */
bool kind_compile(OrderKind *kind, RuleBook *book, const BookFile *file, Error *error) MUST_USE;
/* What can only be seen over the whole: reachable states, ways out, clocks that end. */
bool kind_check(const OrderKind *kind, const BookFile *file, Error *error) MUST_USE;

#endif
