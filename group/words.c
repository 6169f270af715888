#include "group/words.h"

#include "interop/rule_text.h"

enum { ROWS_MAX = 256, WORDS_MAX = 64 };

typedef struct Row {
  char *kind, *what, *topic;
  char **words;
  unsigned words_count;
} Row;

typedef struct File {
  char *version, *source, *strength, *region, *from;
  Row *rows;
  unsigned rows_count;
} File;

struct GroupWords {
  File *file;
  uint32_t *opened_by; /* roles, by row */
};

#define WORD(key, flags, type, member) CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | (flags), type, member, 1, 200)
static const cyaml_schema_value_t ONE_WORD = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 60)};
static const cyaml_schema_field_t ROW_FIELDS[] = {
    WORD("kind", 0, Row, kind), WORD("what", CYAML_FLAG_OPTIONAL, Row, what), WORD("topic", CYAML_FLAG_OPTIONAL, Row, topic),
    CYAML_FIELD_SEQUENCE("words", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, Row, words, &ONE_WORD, 1, WORDS_MAX), CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_ROW = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, Row, ROW_FIELDS)};
static const cyaml_schema_field_t FILE_FIELDS[] = {
    WORD("version", 0, File, version), WORD("source", 0, File, source),
    WORD("strength", 0, File, strength), WORD("region", 0, File, region),
    WORD("from", 0, File, from),       CYAML_FIELD_SEQUENCE("rows", CYAML_FLAG_POINTER, File, rows, &ONE_ROW, 1, ROWS_MAX),
    CYAML_FIELD_END};
static const cyaml_schema_value_t WHOLE_FILE = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, File, FILE_FIELDS)};

static Text said(const char *text) { return text ? text_of(text) : TEXT(""); }

/* A row's kind is there and takes what the row gives it. */
static bool check_row(GroupWords *words, const Orders *orders, unsigned i, Error *error) {
  const Row *row = &words->file->rows[i];
  json_t *fields = row->topic ? json_pack("{s:s}", "topic", row->topic) : NULL;
  OrderAccept accept = {.kind = text_of(row->kind), .what = said(row->what), .description = TEXT("…"), .fields = fields};
  bool ok = !row->topic || fields ? order_may_open(orders, &accept, &words->opened_by[i], error) : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "group");
  json_decref(fields);
  if (ok && !row->words_count != (i + 1 == words->file->rows_count))
    ok = error_raise(error, ERROR_RULE_VALUE, "words\t%s\t%s", row->words_count ? row->words[0] : "",
                     "只有最后一行不写词, 其余每行都要写" ERROR_BOTH "the last row alone has none, every other has some");
  return ok;
}

bool group_words_from_text(GroupWords **out, const Orders *orders, const char *file, Text yaml, Error *error) {
  GroupWords *words = memory_new(sizeof *words);
  *out = NULL;
  if (!words) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", file);
  bool ok = rule_text_load((cyaml_data_t **)&words->file, file, yaml, &WHOLE_FILE, error);
  if (ok && !(words->opened_by = memory_new(words->file->rows_count * sizeof *words->opened_by)))
    ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", file);
  for (unsigned i = 0; ok && i < words->file->rows_count; i++) {
    ok = check_row(words, orders, i, error);
    if (ok) continue;
    error->where[0] = '\0'; /* a place in the form says nothing here */
    error_at(error, "%s: rows[%u]", file, i + 1);
  }
  if (!ok) group_words_close(words);
  else *out = words;
  return ok;
}

static const struct {
  const char *name, *text;
} BUILT_IN[] = {
#include "words_embedded.h" /* made from rules/group_words.yaml */
};

typedef struct Opening {
  GroupWords **out;
  const Orders *orders;
} Opening;
static bool take_text(void *self, const char *file, Text yaml, Error *error) {
  Opening *opening = self;
  return group_words_from_text(opening->out, opening->orders, file, yaml, error);
}

bool group_words_open(GroupWords **out, const Orders *orders, const char *folder, Error *error) {
  Opening opening = {out, orders};
  return rule_text_open(folder, "group_words.yaml", BUILT_IN[0].text, take_text, &opening, error);
}

void group_words_close(GroupWords *words) {
  if (!words) return;
  rule_text_free(words->file, &WHOLE_FILE);
  memory_free(words->opened_by);
  memory_free(words);
}

bool group_words_guess(const GroupWords *words, Text body, uint32_t roles, GroupGuess *out) {
  for (unsigned i = 0; i < words->file->rows_count; i++) {
    const Row *row = &words->file->rows[i];
    bool fits = row->words_count == 0;
    for (unsigned w = 0; w < row->words_count && !fits; w++) fits = text_holds(body, text_of(row->words[w]));
    if (!fits || !(words->opened_by[i] & roles)) continue;
    *out = (GroupGuess){text_of(row->kind), said(row->what), said(row->topic)};
    return true;
  }
  return false;
}
