/* Parts: what several kinds share stands once, in parts/, and is put into each kind that uses it, with its own words for $names. An entry
 * of the kind itself takes the place of a part's with the same id. Errors name the line of the part and the file that uses it. */
#include "order/book.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const LIST_NAMES[MERGED_LISTS] = {"form", "states", "steps", "clocks", "counts"};

/* --- $names --- */

static bool is_name(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }

static const char *value_of(const RuleUse *use, Text name, bool *used) {
  for (unsigned i = 0; i < use->with_count; i++) {
    Text rest = text_of(use->with[i]), key;
    if (!text_next(&rest, '=', &key) || !text_equal(key, name)) continue;
    used[i] = true;
    return rest.len ? rest.at : "";
  }
  return NULL;
}

enum { WITH_MAX = 32 };

static bool fill_names(Buffer *out, Text text, const RuleUse *use, const BookFile *user, unsigned u, Error *error) {
  bool used[WITH_MAX] = {0};
  if (use->with_count > WITH_MAX) return error_raise(error, ERROR_LIMIT, "with\t%d", WITH_MAX);
  for (size_t i = 0; i < text.len;) {
    if (text.at[i] != '$' || i + 1 == text.len || !is_name(text.at[i + 1])) {
      buffer_byte(out, text.at[i++]);
      continue;
    }
    size_t from = ++i;
    while (i < text.len && is_name(text.at[i])) i++;
    const char *value = value_of(use, text_slice(text, from, i), used);
    if (!value) {
      error_raise(error, ERROR_RULE_PART_NEEDS, "%.60s\t%.*s", use->part, TEXT_ARG(text_slice(text, from, i)));
      return book_error_at(error, user, "use.%u", u);
    }
    buffer_string(out, value);
  }
  for (unsigned i = 0; i < use->with_count; i++) {
    if (used[i]) continue;
    error_raise(error, ERROR_RULE_VALUE, "with\t%.60s\t%s", use->with[i], "部件中没有该参数" ERROR_BOTH "the part has no such $name");
    return book_error_at(error, user, "use.%u.with.%u", u, i);
  }
  return out->failed ? error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "rules") : true;
}

static const BookFile *find_part(const RuleBook *book, const char *name) {
  char path[128];
  snprintf(path, sizeof path, "parts/%.100s.yaml", name);
  for (size_t i = 0; i < book->files.count; i++)
    if (text_is(book->files.at[i].path, path)) return &book->files.at[i];
  return NULL;
}

static bool unknown_part(const RuleBook *book, const BookFile *user, unsigned u, const char *name, Error *error) {
  Buffer known;
  buffer_begin(&known, 1024);
  for (size_t i = 0; i < book->files.count; i++)
    if (book->files.at[i].form == RULE_PART)
      buffer_format(&known, "%s%.*s", known.len ? ", " : "", (int)book->files.at[i].path.len - 11, book->files.at[i].path.at + 6);
  error_raise(error, ERROR_RULE_UNKNOWN, "part\t%.60s\t%.*s", name, TEXT_ARG(buffer_as_text(&known)));
  buffer_end(&known);
  return book_error_at(error, user, "use.%u.part", u);
}

/* Says in whose use a part went wrong. */
static bool name_user(Error *error, const BookFile *user) {
  size_t len = error ? strlen(error->where) : 0;
  if (len && !strstr(error->where, " < ")) snprintf(error->where + len, sizeof error->where - len, " < %.100s", user->shown.at);
  return false;
}

static bool expand(BookFile **out, RuleBook *book, const BookFile *user, unsigned u, Error *error) {
  const RuleUse *use = &((const RuleKind *)user->rule)->use[u];
  const BookFile *part = find_part(book, use->part);
  if (!part) return unknown_part(book, user, u, use->part, error);
  Buffer text;
  buffer_begin(&text, 0);
  bool ok = fill_names(&text, part->text, use, user, u, error);
  *out = NULL;
  for (size_t i = 0; ok && i < book->expanded.count && !*out; i++) /* the same words: read once */
    if (text_equal(book->expanded.at[i]->shown, part->shown) && text_equal(book->expanded.at[i]->text, buffer_as_text(&text)))
      *out = book->expanded.at[i];
  if (ok && !*out) {
    BookFile *made = *out = ARENA_NEW(&book->arena, BookFile);
    ok = made && vector_push(&book->expanded, made) ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "rules");
    if (ok)
      *made =
          (BookFile){.path = part->path, .shown = part->shown, .text = text_copy(&book->arena, buffer_as_text(&text)), .form = RULE_PART};
    if (ok && !made->text.at) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "rules");
    ok = ok && (rule_read(&made->rule, RULE_PART, made->shown.at, made->text, error) || name_user(error, user));
  }
  buffer_end(&text);
  return ok;
}

/* --- merging --- */

typedef struct List { /* one of a rule's lists, whatever its entries are: each begins with its id */
  void **entries;
  unsigned *count;
  size_t size;
} List;

static List list_of(RuleKind *rule, int which) {
  switch (which) {
    case MERGED_FORM:
      return (List){(void **)&rule->form, &rule->form_count, sizeof *rule->form};
    case MERGED_STATES:
      return (List){(void **)&rule->states, &rule->states_count, sizeof *rule->states};
    case MERGED_STEPS:
      return (List){(void **)&rule->steps, &rule->steps_count, sizeof *rule->steps};
    case MERGED_CLOCKS:
      return (List){(void **)&rule->clocks, &rule->clocks_count, sizeof *rule->clocks};
    default:
      return (List){(void **)&rule->counts, &rule->counts_count, sizeof *rule->counts};
  }
}

static const char *id_at(List list, unsigned at) {
  const char *id;
  memcpy(&id, (const char *)*list.entries + at * list.size, sizeof id);
  return id;
}

static bool merge_list(RuleBook *book, BookFile *file, int which, BookFile *const *parts, unsigned part_count, Error *error) {
  List own = list_of(file->rule, which), out = list_of(&file->merged, which);
  unsigned most = *own.count;
  for (unsigned p = 0; p < part_count; p++) most += *list_of(parts[p]->rule, which).count;
  char *entries = arena_take_array(&book->arena, most + 1, own.size);
  BookItem *items = ARENA_ARRAY(&book->arena, BookItem, most + 1);
  if (!entries || !items) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "rules");
  if (*own.count) memcpy(entries, *own.entries, *own.count * own.size);
  for (unsigned i = 0; i < *own.count; i++) items[i] = (BookItem){file, i};
  unsigned count = *own.count;
  *out.entries = entries;
  for (unsigned p = 0; p < part_count; p++) {
    List from = list_of(parts[p]->rule, which);
    for (unsigned i = 0; i < *from.count; i++) {
      bool replaced = false;
      for (unsigned o = 0; o < *own.count; o++) replaced |= strcmp(id_at(own, o), id_at(from, i)) == 0;
      if (replaced) continue;
      memcpy(entries + count * own.size, (const char *)*from.entries + i * from.size, from.size);
      items[count++] = (BookItem){parts[p], i};
    }
  }
  *out.count = count;
  file->items[which] = items;
  return true;
}

bool book_merge(RuleBook *book, BookFile *file, Error *error) {
  const RuleKind *rule = file->rule;
  BookFile **parts = ARENA_ARRAY(&book->arena, BookFile *, rule->use_count + 1);
  if (!parts) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "rules");
  for (unsigned u = 0; u < rule->use_count; u++)
    if (!expand(&parts[u], book, file, u, error)) return false;
  file->merged = *rule;
  for (int which = 0; which < MERGED_LISTS; which++)
    if (!merge_list(book, file, which, parts, rule->use_count, error)) return false;
  return true;
}

bool book_error_at(Error *error, const BookFile *file, const char *path_format, ...) {
  char path[256], inner[256];
  va_list arguments;
  va_start(arguments, path_format);
  vsnprintf(path, sizeof path, path_format, arguments);
  va_end(arguments);
  Text rest = text_of(path), list, number;
  int64_t at;
  text_next(&rest, '.', &list);
  for (int which = 0; which < MERGED_LISTS; which++) {
    if (!text_is(list, LIST_NAMES[which]) || !file->items[which] || !text_next(&rest, '.', &number) || !text_to_i64(number, &at)) continue;
    const BookItem *item = &file->items[which][at];
    snprintf(inner, sizeof inner, "%s.%u%s%.*s", LIST_NAMES[which], item->at, rest.len ? "." : "", TEXT_ARG(rest));
    rule_error_at(error, item->file->shown.at, item->file->text, "%s", inner);
    return item->file->form == RULE_PART ? name_user(error, file) : false;
  }
  return rule_error_at(error, file->shown.at, file->text, "%s", path);
}
