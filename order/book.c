/* A book of rules: files gathered from the program and a folder, read, and compiled in the order calendars, promises, kinds. */
#include "order/book.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"

static const struct {
  const char *path, *text;
} BUILT_IN[] = {
#include "rules_embedded.h" /* made from rules/ by rules/embed.sh */
};
enum { BUILT_IN_COUNT = sizeof BUILT_IN / sizeof *BUILT_IN, FILES_MAX = 512, FILE_BYTES_MAX = 1 << 20 };

static const char *const PARTS[] = {[RULE_KIND] = "orders/", [RULE_PROMISES] = "promises/", [RULE_CALENDAR] = "calendars/",
                                    [RULE_PART] = "parts/",   [RULE_COMPANY] = "company/",    [RULE_SURVEY] = "surveys/"};
#define FILE_MARK "--- # file: "

/* --- files --- */

static int by_path(const void *a, const void *b) { return text_compare(((const BookFile *)a)->path, ((const BookFile *)b)->path); }

static bool add_file(RuleBook *book, Text path, Text shown, Text text, Error *error) {
  if (text_find(text, TEXT("\n" FILE_MARK)) >= 0) {
    error_raise(error, ERROR_RULE_FORM, "%s", "a line begins with '" FILE_MARK "', which a stored version uses between files");
    return error_at(error, "%.*s:1:1", TEXT_ARG(shown));
  }
  BookFile file = {.path = text_copy(&book->arena, path), .shown = text_copy(&book->arena, shown), .text = text_copy(&book->arena, text)};
  if (!file.path.at || !file.shown.at || !file.text.at) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "rules");
  for (int form = 0; form < RULE_FORMS; form++)
    if (text_starts(path, text_of(PARTS[form]))) file.form = (RuleForm)form;
  for (size_t i = 0; i < book->files.count; i++) {
    if (!text_equal(book->files.at[i].path, path)) continue;
    book->files.at[i] = file;
    return true;
  }
  if (book->files.count == FILES_MAX) return error_raise(error, ERROR_LIMIT, "rule files\t%d", FILES_MAX);
  return vector_push(&book->files, file) ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "rules");
}

static bool add_folder_file(RuleBook *book, const char *folder, const char *part, const char *name, Error *error) {
  char shown[4096];
  Buffer bytes;
  snprintf(shown, sizeof shown, "%s/%s%s", folder, part, name);
  buffer_begin(&bytes, FILE_BYTES_MAX);
  bool ok = buffer_read_file(&bytes, shown, error);
  if (ok && !text_is_utf8(buffer_as_text(&bytes))) {
    error_raise(error, ERROR_NOT_UTF8, "%s", name);
    ok = error_at(error, "%s:1:1", shown);
  }
  if (ok) ok = add_file(book, text_of(shown + strlen(folder) + 1), text_of(shown), buffer_as_text(&bytes), error);
  buffer_end(&bytes);
  return ok;
}

static bool add_folder(RuleBook *book, const char *folder, Error *error) {
  for (int form = 0; form < RULE_FORMS; form++) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, PARTS[form]);
    DIR *listing = opendir(path);
    if (!listing) {
      if (errno == ENOENT) continue;
      return error_raise(error, ERROR_IO, "%s\t%s", path, strerror(errno));
    }
    bool ok = true;
    for (struct dirent *entry; ok && (entry = readdir(listing));)
      if (entry->d_name[0] != '.' && text_ends(text_of(entry->d_name), TEXT(".yaml")))
        ok = add_folder_file(book, folder, PARTS[form], entry->d_name, error);
    closedir(listing);
    if (!ok) return false;
  }
  return true;
}

static bool write_text(RuleBook *book, Error *error) {
  Buffer text;
  buffer_begin(&text, 0);
  qsort(book->files.at, book->files.count, sizeof *book->files.at, by_path);
  for (size_t i = 0; i < book->files.count; i++) {
    Text file = book->files.at[i].text;
    buffer_string(&text, FILE_MARK);
    buffer_text(&text, book->files.at[i].path);
    buffer_byte(&text, '\n');
    buffer_text(&text, file);
    if (!text_ends(file, TEXT("\n"))) buffer_byte(&text, '\n');
  }
  book->text = text_copy(&book->arena, buffer_as_text(&text));
  bool ok = !text.failed && book->text.at;
  buffer_end(&text);
  if (!ok) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "rules");
  unsigned char hash[16];
  crypto_generichash(hash, sizeof hash, (const unsigned char *)book->text.at, book->text.len, NULL, 0);
  for (int i = 0; i < 8; i++) book->id = (int64_t)((uint64_t)book->id << 8 | hash[i]);
  book->id &= INT64_MAX;
  return true;
}

static bool split_text(RuleBook *book, Text text, Error *error) {
  size_t at = 0;
  while (at < text.len) {
    Text rest = text_slice(text, at, text.len);
    ptrdiff_t eol = text_find(rest, TEXT("\n"));
    if (!text_starts(rest, TEXT(FILE_MARK)) || eol < 0)
      return error_raise(error, ERROR_STORE_CORRUPT, "%s", "a stored version of the rules is not readable");
    Text path = text_slice(rest, sizeof FILE_MARK - 1, (size_t)eol);
    Text body = text_slice(rest, (size_t)eol + 1, rest.len);
    ptrdiff_t next = text_starts(body, TEXT(FILE_MARK)) ? 0 : text_find(body, TEXT("\n" FILE_MARK)) + 1;
    if (next > 0 || text_starts(body, TEXT(FILE_MARK))) body = text_slice(body, 0, (size_t)next);
    if (!add_file(book, path, path, body, error)) return false;
    at += (size_t)eol + 1 + body.len;
  }
  return true;
}

/* --- calendars --- */

static bool date_of(Text text, int32_t *day) {
  char whole[32];
  Instant at;
  if (text.len != 10) return false;
  snprintf(whole, sizeof whole, "%.10sT00:00:00Z", text.at);
  if (!instant_from_text(text_of(whole), &at)) return false;
  *day = (int32_t)(at / SPAN_DAY);
  return true;
}

static bool clock_time(Text text, int32_t *seconds) {
  int64_t hour, minute;
  if (text.len != 5 || text.at[2] != ':' || !text_to_i64(text_slice(text, 0, 2), &hour) || !text_to_i64(text_slice(text, 3, 5), &minute))
    return false;
  if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || (hour == 24 && minute)) return false;
  *seconds = (int32_t)(hour * 3600 + minute * 60);
  return true;
}

static bool hours_of(CalendarHours *out, const BookFile *file, char *const *lines, unsigned count, const char *path, Error *error) {
  *out = (CalendarHours){.count = (int32_t)count};
  if (count > CALENDAR_INTERVALS_MAX) {
    error_raise(error, ERROR_LIMIT, "working intervals a day\t%d", CALENDAR_INTERVALS_MAX);
    return rule_error_at(error, file->shown.at, file->text, "%s", path);
  }
  for (unsigned i = 0; i < count; i++) {
    Text line = text_of(lines[i]);
    CalendarInterval *interval = &out->at[i];
    if (line.len == 11 && line.at[5] == '-' && clock_time(text_slice(line, 0, 5), &interval->from_s) &&
        clock_time(text_slice(line, 6, 11), &interval->to_s) && interval->from_s < interval->to_s &&
        (i == 0 || interval->from_s > out->at[i - 1].to_s))
      continue;
    error_raise(error, ERROR_RULE_VALUE, "%s\t%.60s\t%s", "hours", lines[i], "形如 08:30-12:00, 依次排列" ERROR_BOTH "08:30-12:00, one after the other");
    return rule_error_at(error, file->shown.at, file->text, "%s.%u", path, i);
  }
  return true;
}

typedef VECTOR(CalendarException) Exceptions;

/* Holidays or make-up workdays: each day of each stretch. */
static bool add_days(Exceptions *out, const BookFile *file, const RuleDays *days, unsigned count, const CalendarHours *work,
                     const char *key, Error *error) {
  for (unsigned i = 0; i < count; i++) {
    int32_t from, to;
    CalendarHours hours = *work;
    char path[64];
    snprintf(path, sizeof path, "%s.%u.hours", key, i);
    if (days[i].hours_count && !hours_of(&hours, file, days[i].hours, days[i].hours_count, path, error)) return false;
    const char *last = days[i].to ? days[i].to : days[i].from;
    if (!date_of(text_of(days[i].from), &from) || !date_of(text_of(last), &to) || to < from || to - from > 366) {
      error_raise(error, ERROR_RULE_VALUE, "%s\t%.20s - %.20s\t%s", key, days[i].from, last, "2026-10-01, the earlier date first");
      return rule_error_at(error, file->shown.at, file->text, "%s.%u", key, i);
    }
    for (int32_t day = from; day <= to; day++)
      if (!vector_push(out, (CalendarException){day, hours})) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "calendar");
  }
  return true;
}

static bool make_calendar(RuleBook *book, const BookFile *file, Error *error) {
  const RuleCalendar *rule = file->rule;
  CalendarRules rules = {.always = rule->always};
  Exceptions exceptions = {0};
  BookCalendar made = {.origin = BOOK_ORIGIN(rule), .file = file};
  CalendarHours hours, none = {0};
  bool ok = hours_of(&hours, file, rule->hours, rule->hours_count, "hours", error) &&
            add_days(&exceptions, file, rule->holidays, rule->holidays_count, &none, "holidays", error) &&
            add_days(&exceptions, file, rule->workdays, rule->workdays_count, &hours, "workdays", error);
  for (int day = 0; day < 7; day++)
    if (rule->week & 1u << day) rules.week[day] = hours;
  rules.exceptions = exceptions.at;
  rules.exception_count = exceptions.count;
  if (ok && !calendar_make(&made.calendar, &rules, error)) ok = rule_error_at(error, file->shown.at, file->text, "%s", "week");
  if (ok && !vector_push(&book->calendars, made)) {
    calendar_free(made.calendar);
    ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "calendar");
  }
  vector_free(&exceptions);
  return ok;
}

/* --- promises --- */

static bool limit_of(Span *out, const char *text, const Calendar *calendar) {
  static const struct {
    const char *unit;
    Span span;
  } UNITS[] = {{"s", SPAN_SECOND}, {"min", SPAN_MINUTE}, {"h", SPAN_HOUR}, {"days", SPAN_DAY}, {"workdays", 0}};
  Text rest = text_of(text), number, unit;
  int64_t count;
  if (!text_next(&rest, ' ', &number) || !text_to_i64(number, &count) || count <= 0 || count > 100000) return false;
  unit = text_trim(rest);
  for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++) {
    if (!text_is(unit, UNITS[i].unit)) continue;
    *out = count * (UNITS[i].span ? UNITS[i].span : calendar_day_length(calendar));
    return true;
  }
  return false;
}

static bool promise_limits(Promise *made, const RulePromise *rule, const Calendar *calendar, const char **wrong) {
  const char *texts[AREA_COUNT] = {rule->limit, rule->limit, rule->limit};
  if (rule->limits)
    texts[AREA_URBAN] = rule->limits->urban, texts[AREA_RURAL] = rule->limits->rural, texts[AREA_REMOTE] = rule->limits->remote;
  for (int area = 0; area < AREA_COUNT; area++) {
    *wrong = texts[area] ? texts[area] : "";
    if (!texts[area] || !limit_of(&made->limit[area], texts[area], calendar)) return false;
  }
  return true;
}

static bool make_promise(RuleBook *book, const BookFile *file, unsigned at, Error *error) {
  const RulePromise *rule = &((const RulePromises *)file->rule)->promises[at];
  Promise made = {.origin = BOOK_ORIGIN(rule), .judged = (PromiseJudged)rule->judged, .calendar = SIZE_MAX};
  for (size_t i = 0; i < book->calendars.count; i++)
    if (text_is(book->calendars.at[i].origin.id, rule->calendar)) made.calendar = i;
  if (made.calendar == SIZE_MAX) {
    Buffer known;
    buffer_begin(&known, 256);
    for (size_t i = 0; i < book->calendars.count; i++) buffer_format(&known, "%s%.*s", i ? ", " : "", TEXT_ARG(book->calendars.at[i].origin.id));
    error_raise(error, ERROR_RULE_UNKNOWN, "calendar\t%.60s\t%.*s", rule->calendar, TEXT_ARG(buffer_as_text(&known)));
    buffer_end(&known);
    return rule_error_at(error, file->shown.at, file->text, "promises.%u.calendar", at);
  }
  const char *wrong;
  const Calendar *calendar = book->calendars.at[made.calendar].calendar;
  if (!promise_limits(&made, rule, calendar, &wrong)) {
    error_raise(error, ERROR_RULE_VALUE, "limit\t%.40s\t%s", wrong, "a whole number and s, min, h, days or workdays: \"45 min\"");
    return rule_error_at(error, file->shown.at, file->text, "promises.%u.limit%s", at, rule->limits ? "s" : "");
  }
  made.clock = (ClockPromise){.calendar = calendar, .first_day_free = rule->first_day_free, .mark_count = (uint8_t)rule->marks_count};
  for (unsigned i = 0; i < rule->marks_count; i++) {
    int mark = rule->marks[i].at;
    if (i >= CLOCK_MARKS_MAX || mark < 1 || mark > 1000 || (i && mark <= rule->marks[i - 1].at)) {
      error_raise(error, ERROR_RULE_VALUE, "marks\t%d\t%s", mark, "at most 8 rising per cents from 1 to 1000");
      return rule_error_at(error, file->shown.at, file->text, "promises.%u.marks.%u", at, i);
    }
    made.clock.marks[i] = (uint16_t)mark;
    made.told[i] = (uint8_t)rule->marks[i].to;
  }
  return vector_push(&book->promises, made) ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "rules");
}

/* --- whose promises: the company's region, and the date whose versions hold --- */

static bool make_company(RuleBook *book, const BookFile *file, Error *error) {
  const RuleCompany *rule = file->rule;
  int32_t day;
  book->region = text_of(rule->region);
  book->as_of = text_of(rule->as_of);
  if (!rule->as_of || date_of(book->as_of, &day)) return true;
  error_raise(error, ERROR_RULE_VALUE, "as_of\t%.40s\t2026-11-21", rule->as_of);
  return rule_error_at(error, file->shown.at, file->text, "as_of");
}

/* Begun by the date before not begun, the region before all of China, then the newest begun, else the first to come. */
static int64_t fitness(const RuleBook *book, const Promise *promise) {
  const RuleOrigin *origin = &promise->origin;
  int32_t day;
  if (!date_of(origin->from, &day)) day = 0;
  bool ours = text_equal(origin->region, book->region);
  if (!ours && !text_is(origin->region, "CN")) return -1;
  bool begun = !book->as_of.at || text_compare(origin->from, book->as_of) <= 0;
  if (book->as_of.at && origin->until.at && text_compare(origin->until, book->as_of) < 0) return -1;
  return (int64_t)begun << 40 | (int64_t)ours << 32 | (begun ? day : 100000 - day);
}

static bool chosen(const RuleBook *book, size_t row) {
  const Promise *promise = &book->promises.at[row];
  int64_t mine = fitness(book, promise);
  bool best = mine >= 0;
  for (size_t i = 0; best && i < book->promises.count; i++)
    if (i != row && text_equal(book->promises.at[i].origin.id, promise->origin.id)) best = fitness(book, &book->promises.at[i]) <= mine;
  return best;
}

static bool make_survey(RuleBook *book, const BookFile *file, Error *error) {
  const RuleSurvey *rule = file->rule;
  if (rule->days < 1 || rule->days > 90 || rule->dimensions_count == 0 || rule->dimensions_count > 16) {
    error_raise(error, ERROR_RULE_VALUE, "survey\t%d/%u\t%s", rule->days, rule->dimensions_count, "days 1-90, dimensions 1-16");
    return rule_error_at(error, file->shown.at, file->text, "dimensions");
  }
  book->survey = (Survey){BOOK_ORIGIN(rule), rule->dimensions, rule->dimensions_count, rule->days * SPAN_DAY};
  return true;
}

const Survey *book_survey(const RuleBook *book) { return book->survey.dimension_count ? &book->survey : NULL; }
Text book_region(const RuleBook *book) { return book->region; }

/* --- the whole --- */

static bool check_twice(const RuleBook *book, RuleForm form, Error *error) {
  for (size_t i = 0; i < book->files.count; i++)
    for (size_t j = 0; j < i; j++) {
      const BookFile *a = &book->files.at[i], *b = &book->files.at[j];
      if (a->form != form || b->form != form || form > RULE_CALENDAR || form == RULE_PROMISES) continue;
      const char *id = form == RULE_KIND ? ((RuleKind *)a->rule)->id : ((RuleCalendar *)a->rule)->id;
      if (strcmp(id, form == RULE_KIND ? ((RuleKind *)b->rule)->id : ((RuleCalendar *)b->rule)->id) != 0) continue;
      error_raise(error, ERROR_RULE_TWICE, "%s\t%.80s", form == RULE_KIND ? "kind" : "calendar", id);
      return rule_error_at(error, a->shown.at, a->text, "%s", "id");
    }
  for (size_t i = 0; form == RULE_PROMISES && i < book->promises.count; i++)
    for (size_t j = 0; j < i; j++)
      if (text_equal(book->promises.at[i].origin.id, book->promises.at[j].origin.id) &&
          text_equal(book->promises.at[i].origin.region, book->promises.at[j].origin.region) &&
          text_equal(book->promises.at[i].origin.from, book->promises.at[j].origin.from))
        return error_raise(error, ERROR_RULE_TWICE, "promise\t%.*s", TEXT_ARG(book->promises.at[i].origin.id));
  return true;
}

/* A step may open an order of another kind, which may stand in a file that comes later. */
static bool check_opens(const RuleBook *book, Error *error) {
  for (size_t i = 0, k = 0; i < book->files.count; i++) {
    const BookFile *file = &book->files.at[i];
    if (file->form != RULE_KIND) continue;
    const OrderKind *kind = &book->kinds[k++];
    for (size_t s = 0; s < kind->step_count; s++) {
      if (!kind->steps[s].opens.at || book_kind_of(book, kind->steps[s].opens)) continue;
      error_raise(error, ERROR_NOT_FOUND, "kind\t%.*s", TEXT_ARG(kind->steps[s].opens));
      return book_error_at(error, file, "steps.%zu.opens", s);
    }
  }
  return true;
}

static bool compile(RuleBook *book, Error *error) {
  for (size_t i = 0; i < book->files.count; i++) {
    BookFile *file = &book->files.at[i];
    if (file->form != RULE_PART && !rule_read(&file->rule, file->form, file->shown.at, file->text, error)) return false;
  }
  book->region = TEXT("State Grid");
  for (size_t i = 0; i < book->files.count; i++) {
    BookFile *file = &book->files.at[i];
    if (file->form == RULE_CALENDAR && !make_calendar(book, file, error)) return false;
    if (file->form == RULE_COMPANY && !make_company(book, file, error)) return false;
    if (file->form == RULE_SURVEY && !make_survey(book, file, error)) return false;
    if (file->form == RULE_KIND && !book_merge(book, file, error)) return false;
  }
  size_t kinds = 0;
  for (size_t i = 0; i < book->files.count; i++) {
    const BookFile *file = &book->files.at[i];
    kinds += file->form == RULE_KIND;
    for (unsigned p = 0; file->form == RULE_PROMISES && p < ((RulePromises *)file->rule)->promises_count; p++)
      if (!make_promise(book, file, p, error)) return false;
  }
  if (!check_twice(book, RULE_KIND, error) || !check_twice(book, RULE_CALENDAR, error) || !check_twice(book, RULE_PROMISES, error))
    return false;
  for (size_t i = 0; i < book->promises.count; i++) book->promises.at[i].in_force = chosen(book, i);
  book->kinds = ARENA_ARRAY(&book->arena, OrderKind, kinds + 1);
  if (!book->kinds) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "rules");
  for (size_t i = 0; i < book->files.count; i++) {
    if (book->files.at[i].form != RULE_KIND) continue;
    OrderKind *kind = &book->kinds[book->kind_count];
    *kind = (OrderKind){.row = book->kind_count, .book = book->id};
    if (!kind_compile(kind, book, &book->files.at[i], error)) return false;
    book->kind_count++;
  }
  return check_opens(book, error);
}

static bool begin(RuleBook **out, Error *error) {
  *out = memory_new(sizeof **out);
  if (!*out) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "rules");
  arena_begin(&(*out)->arena, 64u << 20);
  return true;
}

bool book_open(RuleBook **out, const char *folder, Error *error) {
  RuleBook *book;
  if (!begin(&book, error)) return false;
  bool ok = true;
  for (size_t i = 0; ok && i < BUILT_IN_COUNT; i++) {
    char shown[256];
    snprintf(shown, sizeof shown, "rules/%s", BUILT_IN[i].path);
    ok = add_file(book, text_of(BUILT_IN[i].path), text_of(shown), text_of(BUILT_IN[i].text), error);
  }
  ok = ok && (!folder || add_folder(book, folder, error)) && write_text(book, error) && compile(book, error);
  if (ok) *out = book;
  else book_close(book);
  return ok;
}

bool book_from_text(RuleBook **out, Text text, Error *error) {
  RuleBook *book;
  if (!begin(&book, error)) return false;
  bool ok = split_text(book, text, error) && write_text(book, error) && compile(book, error);
  if (ok) *out = book;
  else book_close(book);
  return ok;
}

void book_close(RuleBook *book) {
  if (!book) return;
  for (size_t i = 0; i < book->files.count; i++) rule_free(book->files.at[i].form, book->files.at[i].rule);
  for (size_t i = 0; i < book->calendars.count; i++) calendar_free(book->calendars.at[i].calendar);
  for (size_t i = 0; i < book->expanded.count; i++) rule_free(RULE_PART, book->expanded.at[i]->rule);
  vector_free(&book->files);
  vector_free(&book->expanded);
  vector_free(&book->calendars);
  vector_free(&book->promises);
  arena_end(&book->arena);
  memory_free(book);
}

Text book_text(const RuleBook *book) { return book->text; }
int64_t book_id(const RuleBook *book) { return book->id; }
size_t book_kind_count(const RuleBook *book) { return book->kind_count; }
const OrderKind *book_kind(const RuleBook *book, size_t row) { return &book->kinds[row]; }
size_t book_promise_count(const RuleBook *book) { return book->promises.count; }
const Promise *book_promise(const RuleBook *book, size_t row) { return &book->promises.at[row]; }

const OrderKind *book_kind_of(const RuleBook *book, Text id) {
  for (size_t i = 0; i < book->kind_count; i++)
    if (text_equal(book->kinds[i].origin.id, id)) return &book->kinds[i];
  return NULL;
}
Text book_calendar_name(const RuleBook *book, size_t calendar) { return book->calendars.at[calendar].origin.id; }

const Calendar *book_calendar_of(const RuleBook *book, Text id) {
  for (size_t i = 0; i < book->calendars.count; i++)
    if (text_equal(book->calendars.at[i].origin.id, id)) return book->calendars.at[i].calendar;
  return NULL;
}
