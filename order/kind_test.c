#include "order/kind.h"

#include <unistd.h>

#include "base/buffer.h"
#include "base/testing.h"

static void the_built_in_rules_are_sound(void **state) {
  (void)state;
  Error error = {0};
  RuleBook *book = NULL, *again = NULL;
  assert_ok(book_open(&book, NULL, &error), &error);
  const OrderKind *kind = book_kind_of(book, TEXT("fault_repair"));
  assert_non_null(kind);
  assert_int_equal(kind->start, kind_state_of(kind, TEXT("accepted")));
  assert_true(kind->clock_count >= 7);
  assert_int_equal(kind->clocks[2].promise->limit[AREA_URBAN], 45 * SPAN_MINUTE);
  assert_ok(book_from_text(&again, book_text(book), &error), &error);
  assert_int_equal(book_id(again), book_id(book));
  assert_true(text_equal(book_text(again), book_text(book)));
  assert_int_equal(book_kind_count(again), book_kind_count(book));
  for (size_t i = 0; i < book_kind_count(book) + book_promise_count(book); i++) { /* in both languages */
    const RuleOrigin *origin = i < book_kind_count(book) ? &book_kind(book, i)->origin : &book_promise(book, i - book_kind_count(book))->origin;
    if (text_equal(origin->source, origin->source_zh)) fail_msg("%.*s has no source_zh", TEXT_ARG(origin->id));
  }
  book_close(again);
  book_close(book);
}

/* --- rule files that are wrong: each is refused with the place and the reason --- */

static const char SOUND[] = /* line numbers count from here */
    "id: leak\n"                                                                                           /* 1 */
    "version: \"1\"\n"
    "source: test\n"
    "strength: R\n"
    "region: CN\n"                                                                                         /* 5 */
    "from: 2026-01-01\n"
    "name_zh: 漏\n"
    "name_en: Leak\n"
    "opened_by: [agent]\n"
    "form:\n"                                                                                              /* 10 */
    "  - {id: where, name_zh: 处, name_en: Where, type: text}\n"
    "states:\n"
    "  - {id: begun, name_zh: 始, name_en: Begun, ladder: reported, start: yes}\n"
    "  - {id: under_way, name_zh: 中, name_en: Under way, ladder: on_site}\n"
    "  - {id: done, name_zh: 终, name_en: Done, ladder: closed, final: yes}\n"                             /* 15 */
    "steps:\n"
    "  - {id: go, name_zh: 去, name_en: Go, from: [begun], to: under_way, roles: [crew]}\n"
    "  - {id: back, name_zh: 回, name_en: Back, from: [under_way], to: begun, roles: [crew]}\n"
    "  - {id: end, name_zh: 完, name_en: End, from: [under_way], to: done, roles: [crew]}\n"
    "clocks:\n"                                                                                            /* 20 */
    "  - {id: quick, name_zh: 快, name_en: Quick, promise: arrival, start: [accepted], stop: [end]}\n";

typedef struct Wrong {
  const char *was, *is; /* the change to the sound file */
  ErrorCode code;
  const char *where, *says;
} Wrong;

static const Wrong WRONGS[] = {
    {"roles: [crew]}\n  - {id: back", "roles: [cook]}\n  - {id: back", ERROR_RULE_FORM, ":17:", "cook"},
    {"version: \"1\"\n", "", ERROR_RULE_FORM, ":", "version"},
    {"name_en: Leak\n", "name_en: Leak\ncolour: red\n", ERROR_RULE_FORM, ":9:", "colour"},
    {"from: [begun], to: under_way", "from: [begun, to: under_way", ERROR_RULE_FORM, ":17:", ""},
    {"strength: R", "strength: X", ERROR_RULE_FORM, ":4:", ""},
    {", start: yes", "", ERROR_RULE_START, ":13:", "0"},
    {"ladder: on_site}", "ladder: on_site, start: yes}", ERROR_RULE_START, ":13:", "2"},
    {"to: under_way", "to: nowhere", ERROR_RULE_UNKNOWN, ":17:", "begun, under_way, done"},
    {"from: [under_way], to: begun", "from: [begun, mars], to: begun", ERROR_RULE_UNKNOWN, ":18:", "mars"},
    {"id: under_way", "id: begun", ERROR_RULE_TWICE, ":14:", "begun"},
    {"id: back", "id: go", ERROR_RULE_TWICE, ":18:", "go"},
    {"to: done", "to: begun", ERROR_RULE_UNREACHABLE, ":15:", "done"},
    {"from: [under_way], to: done", "from: [begun], to: done", ERROR_NONE, "", ""}, /* back is a way out */
    {"from: [under_way], to: begun, roles: [crew]}\n  - {id: end, name_zh: 完, name_en: End, from: [under_way]",
     "from: [under_way], to: under_way, roles: [crew]}\n  - {id: end, name_zh: 完, name_en: End, from: [begun]", ERROR_RULE_TRAP,
     ":14:", "under_way"},
    {"to: begun, roles: [crew]", "to: begun, roles: []", ERROR_RULE_NOBODY, ":18:", "back"},
    {"from: [under_way], to: begun", "from: [], to: begun", ERROR_RULE_NOWHERE, ":18:", "back"},
    {"from: [under_way], to: begun", "from: [under_way, done], to: begun", ERROR_RULE_VALUE, ":18:", "done"},
    {"promise: arrival", "promise: love", ERROR_RULE_UNKNOWN, ":21:", "meter_test"},
    {"stop: [end]", "stop: [back]", ERROR_RULE_CLOCK_ENDLESS, ":21:", "done"},
    {"stop: [end]", "stop: [end], pause: [go]", ERROR_RULE_CLOCK_PAUSE, ":21:", "quick"},
    {"stop: [end]", "stop: [stop]", ERROR_RULE_UNKNOWN, ":21:", "back"},
    {"start: [accepted]", "start: [end.twice]", ERROR_RULE_UNKNOWN, ":21:", "end.twice"},
    {"type: text", "type: choice", ERROR_RULE_VALUE, ":11:", "choices"},
    {"type: text", "type: text, least: 9, most: 3", ERROR_RULE_VALUE, ":11:", "least"},
    {"id: leak", "id: fault_repair", ERROR_RULE_TWICE, ":1:", "fault_repair"},
};

static void put_file(const char *folder, const char *name, const char *text) {
  char path[512];
  Buffer bytes;
  Error error = {0};
  buffer_begin(&bytes, 0);
  buffer_string(&bytes, text);
  snprintf(path, sizeof path, "%s/%s", folder, name);
  torture_apart();
  assert_ok(buffer_write_file(&bytes, path, &error), &error);
  buffer_end(&bytes);
}

/* What a part brings is refused at the part's line, and the file that uses it is named. */
typedef struct WrongPart {
  const char *part, *use;
  ErrorCode code;
  const char *where, *also, *says;
} WrongPart;
#define PART_STEP(rest) "# a part\nsteps:\n  - {id: look, name_zh: 看, name_en: Look, from: [$from], roles: [crew]" rest "}\n"
static const WrongPart WRONG_PARTS[] = {
    {PART_STEP(""), "use: [{part: look, with: [from=begun]}]\n", ERROR_NONE, "", "", ""},
    {PART_STEP(""), "use: [{part: look, with: [\"from=begun, under_way\"]}]\n", ERROR_NONE, "", "", ""},
    {PART_STEP(""), "use: [{part: look}]\n", ERROR_RULE_PART_NEEDS, "orders/leak.yaml:20:", "", "$from"},
    {PART_STEP(""), "use: [{part: look, with: [from=begun, to=x]}]\n", ERROR_RULE_VALUE, "orders/leak.yaml:20:", "", "to=x"},
    {PART_STEP(""), "use: [{part: stare, with: [from=begun]}]\n", ERROR_RULE_UNKNOWN, "orders/leak.yaml:20:", "", "look"},
    {PART_STEP(""), "use: [{part: look, with: [from=mars]}]\n", ERROR_RULE_UNKNOWN, "parts/look.yaml:3:", "orders/leak.yaml", "mars"},
    {PART_STEP(", to: nowhere"), "use: [{part: look, with: [from=begun]}]\n", ERROR_RULE_UNKNOWN, "parts/look.yaml:3:", "orders/leak.yaml", "nowhere"},
    {PART_STEP(", colour: red"), "use: [{part: look, with: [from=begun]}]\n", ERROR_RULE_FORM, "parts/look.yaml:3:", "orders/leak.yaml", "colour"},
    {PART_STEP(", needs: dance"), "use: [{part: look, with: [from=begun]}]\n", ERROR_RULE_UNKNOWN, "parts/look.yaml:3:", "orders/leak.yaml", "dance"},
    {PART_STEP("") "clocks:\n  - {id: slow, name_zh: 慢, name_en: Slow, promise: arrival, start: [look], stop: [look]}\n",
     "use: [{part: look, with: [from=begun]}]\n", ERROR_RULE_CLOCK_ENDLESS, "parts/look.yaml:5:", "orders/leak.yaml", "slow"},
    {PART_STEP("") "clocks:\n  - {id: slow, name_zh: 慢, name_en: Slow, promise: arrival, start: [look], cancel: [ended]}\n",
     "use: [{part: look, with: [from=begun]}]\n", ERROR_NONE, "", "", ""},
    {PART_STEP("") "counts:\n  - {id: looks, name_zh: 看, name_en: Looks, step: look, field: eye}\n",
     "use: [{part: look, with: [from=begun]}]\n", ERROR_RULE_VALUE, "parts/look.yaml:5:", "orders/leak.yaml", "looks"},
    {PART_STEP(", fields: [{id: a, name_zh: 甲, name_en: A, type: text, when: b=yes}]"), "use: [{part: look, with: [from=begun]}]\n",
     ERROR_RULE_VALUE, "parts/look.yaml:3:", "orders/leak.yaml", "b=yes"},
};

typedef struct Folder {
  char path[64], part[4][96];
} Folder;

static void make_folder(Folder *folder) {
  static const char *const PARTS[] = {"orders", "promises", "calendars", "parts"};
  snprintf(folder->path, sizeof folder->path, "/tmp/dianbaomu_rules_XXXXXX");
  assert_non_null(mkdtemp(folder->path));
  for (int i = 0; i < 4; i++) {
    snprintf(folder->part[i], sizeof folder->part[i], "%s/%s", folder->path, PARTS[i]);
    assert_int_equal(mkdir(folder->part[i], 0700), 0);
  }
}

static void drop_folder(const Folder *folder, const char *const *files) {
  char path[512];
  for (; *files; files++) {
    snprintf(path, sizeof path, "%s/%s", folder->path, *files);
    unlink(path);
  }
  for (int i = 0; i < 4; i++) rmdir(folder->part[i]);
  assert_int_equal(rmdir(folder->path), 0);
}

static void refused(const Folder *folder, size_t i, ErrorCode code, const char *where, const char *says) {
  char text[ERROR_TEXT_MAX];
  Error error = {0};
  RuleBook *book = NULL;
  bool ok = book_open(&book, folder->path, &error);
  if (code == ERROR_NONE) {
    assert_ok(ok, &error);
    book_close(book);
    return;
  }
  if (ok) fail_msg("case %zu was taken", i);
  error_text(&error, LANGUAGE_EN, text, sizeof text);
  if (error.code != code) fail_msg("case %zu: %s %s", i, error_name(error.code), text);
  if (!strstr(error.where, where) || !strstr(error.where, ".yaml:") || !strstr(text, says))
    fail_msg("case %zu: '%s' lacks '%s' or '%s'", i, text, where, says);
}

static void wrong_kinds_are_refused_with_their_place(void **state) {
  (void)state;
  Folder folder;
  make_folder(&folder);
  put_file(folder.path, "orders/leak.yaml", SOUND);
  refused(&folder, 999, ERROR_NONE, "", "");
  for (size_t i = 0; i < sizeof WRONGS / sizeof *WRONGS; i++) {
    Buffer text;
    const char *at = strstr(SOUND, WRONGS[i].was);
    assert_non_null(at);
    buffer_begin(&text, 0);
    buffer_put(&text, SOUND, (size_t)(at - SOUND));
    buffer_string(&text, WRONGS[i].is);
    buffer_string(&text, at + strlen(WRONGS[i].was));
    buffer_byte(&text, '\0');
    assert_false(text.failed);
    put_file(folder.path, "orders/leak.yaml", text.at);
    refused(&folder, i, WRONGS[i].code, WRONGS[i].where, WRONGS[i].says);
    buffer_end(&text);
  }
  drop_folder(&folder, (const char *const[]){"orders/leak.yaml", NULL});
}

static void what_a_part_brings_is_checked_at_its_line(void **state) {
  (void)state;
  Folder folder;
  make_folder(&folder);
  for (size_t i = 0; i < sizeof WRONG_PARTS / sizeof *WRONG_PARTS; i++) {
    Buffer text;
    const char *at = strstr(SOUND, "clocks:");
    buffer_begin(&text, 0);
    buffer_put(&text, SOUND, (size_t)(at - SOUND));
    buffer_string(&text, WRONG_PARTS[i].use);
    buffer_string(&text, at);
    buffer_byte(&text, '\0');
    assert_false(text.failed);
    put_file(folder.path, "orders/leak.yaml", text.at);
    put_file(folder.path, "parts/look.yaml", WRONG_PARTS[i].part);
    refused(&folder, i, WRONG_PARTS[i].code, WRONG_PARTS[i].where, WRONG_PARTS[i].says);
    if (WRONG_PARTS[i].code != ERROR_NONE) refused(&folder, i, WRONG_PARTS[i].code, WRONG_PARTS[i].also, WRONG_PARTS[i].says);
    buffer_end(&text);
  }
  drop_folder(&folder, (const char *const[]){"orders/leak.yaml", "parts/look.yaml", NULL});
}

/* Whose promises hold: the company's region, and its date. */
static void promises_are_chosen_by_region_and_date(void **state) {
  (void)state;
  static const struct { const char *company, *kind, *clock; int64_t days, hours; } CASES[] = {
      {NULL, "application_resident", "plan", 3, 0},
      {"region: Southern Grid\n", "application_resident", "plan", 2, 0},
      {NULL, "application_high_voltage", "whole", 22, 0},
      {NULL, "application_high_voltage_dual", "whole", 32, 0},
      {"region: Southern Grid\n", "application_high_voltage_dual", "plan", 30, 0},
      {NULL, "reading_dispute", "answer", 5, 0},
      {"region: State Grid\nas_of: 2015-06-01\n", "reading_dispute", "answer", 7, 0},
      {NULL, "reconnection", "reconnect", 0, 24},
      {"region: Southern Grid\n", "reconnection", "reconnect", 0, 12},
      {NULL, "complaint", "answer", 5, 0},
      {"region: Somewhere else\n", NULL, NULL, 0, 0},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    char folder[64] = "/tmp/dianbaomu_rules_XXXXXX", part[96], file[128];
    Error error = {0};
    RuleBook *book = NULL;
    assert_non_null(mkdtemp(folder));
    snprintf(part, sizeof part, "%s/company", folder);
    snprintf(file, sizeof file, "%s/company.yaml", part);
    assert_int_equal(mkdir(part, 0700), 0);
    if (CASES[i].company) put_file(part, "company.yaml", CASES[i].company);
    bool ok = book_open(&book, folder, &error);
    if (!CASES[i].kind) { /* a region without promises of its own: said, not left out in silence */
      assert_false(ok);
      assert_int_equal(error.code, ERROR_RULE_UNKNOWN);
      unlink(file), rmdir(part), rmdir(folder);
      continue;
    }
    assert_ok(ok, &error);
    const OrderKind *kind = book_kind_of(book, text_of(CASES[i].kind));
    for (size_t c = 0; c < kind->clock_count; c++)
      if (text_is(kind->clocks[c].id, CASES[i].clock)) {
        const Promise *promise = kind->clocks[c].promise;
        Span want = CASES[i].days ? CASES[i].days * calendar_day_length(promise->clock.calendar) : CASES[i].hours * SPAN_HOUR;
        assert_int_equal(promise->limit[AREA_RURAL], want);
      }
    book_close(book);
    unlink(file), rmdir(part), rmdir(folder);
  }
}

#define HEAD_OF(id) "id: " id "\nversion: \"1\"\nsource: t\nstrength: R\nregion: CN\nfrom: 2026-01-01\nname_zh: 日\nname_en: Days\n"
#define PROMISE(rest)                                                                                                                   \
  "promises:\n  - {id: swift, version: \"1\", source: t, strength: R, region: CN, from: 2026-01-01, name_zh: 快, name_en: Swift, " rest \
  "}\n"

static void wrong_calendars_and_promises_are_refused(void **state) {
  (void)state;
  static const struct { const char *file, *text; ErrorCode code; const char *where, *says;
  } CASES[] = {
      {"calendars/office.yaml", HEAD_OF("office") "week: [mon]\nhours: [\"08:30-12:00\", \"14:00-17:30\"]\n", ERROR_NONE, "", ""},
      {"calendars/office.yaml", HEAD_OF("office") "week: []\nhours: [\"08:30-12:00\"]\n", ERROR_RULE_CALENDAR, ":9:", "no working day"},
      {"calendars/office.yaml", HEAD_OF("office") "week: [mon]\nhours: []\n", ERROR_RULE_CALENDAR, ":9:", "no working day"},
      {"calendars/office.yaml", HEAD_OF("office") "week: [mon]\nhours: [\"08:30-12\"]\n", ERROR_RULE_VALUE, ":10:", "08:30-12"},
      {"calendars/office.yaml", HEAD_OF("office") "week: [mon]\nhours: [\"14:00-17:30\", \"08:30-12:00\"]\n", ERROR_RULE_VALUE,
       ":10:", "08:30-12:00"},
      {"calendars/office.yaml", HEAD_OF("office") "week: [mon]\nhours: [\"08:30-12:00\"]\nholidays:\n  - {from: 2026-13-01}\n",
       ERROR_RULE_VALUE, ":12:", "2026-13-01"},
      {"calendars/office.yaml", HEAD_OF("always") "always: yes\n", ERROR_RULE_TWICE, ":1:", "always"},
      {"promises/swift.yaml", PROMISE("calendar: always, limit: 5 min"), ERROR_NONE, "", ""},
      {"promises/swift.yaml", PROMISE("calendar: moon, limit: 5 min"), ERROR_RULE_UNKNOWN, ":2:", "always"},
      {"promises/swift.yaml", PROMISE("calendar: always, limit: soon"), ERROR_RULE_VALUE, ":2:", "soon"},
      {"promises/swift.yaml", PROMISE("calendar: always, limit: 0 min"), ERROR_RULE_VALUE, ":2:", "0 min"},
      {"promises/swift.yaml", PROMISE("calendar: always"), ERROR_RULE_VALUE, ":2:", "limit"},
      {"promises/swift.yaml", PROMISE("calendar: always, limit: 5 min, marks: [{at: 90}, {at: 75}]"), ERROR_RULE_VALUE, ":2:", "75"},
  };
  Folder folder;
  make_folder(&folder);
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    char path[512];
    put_file(folder.path, CASES[i].file, CASES[i].text);
    refused(&folder, i, CASES[i].code, CASES[i].where, CASES[i].says);
    snprintf(path, sizeof path, "%s/%s", folder.path, CASES[i].file);
    unlink(path);
  }
  drop_folder(&folder, (const char *const[]){NULL});
}

static void a_file_of_the_company_takes_the_place_of_ours(void **state) {
  (void)state;
  Folder folder;
  Error error = {0};
  RuleBook *ours = NULL, *theirs = NULL;
  make_folder(&folder);
  put_file(folder.path, "orders/fault_repair.yaml", SOUND);
  assert_ok(book_open(&ours, NULL, &error), &error);
  assert_ok(book_open(&theirs, folder.path, &error), &error);
  assert_null(book_kind_of(theirs, TEXT("fault_repair")));
  assert_non_null(book_kind_of(theirs, TEXT("leak")));
  assert_int_equal(book_kind_count(ours), book_kind_count(theirs));
  assert_int_not_equal(book_id(ours), book_id(theirs));
  book_close(ours);
  book_close(theirs);
  drop_folder(&folder, (const char *const[]){"orders/fault_repair.yaml", NULL});
}

/* Whichever allocation fails: an error, and nothing kept. */
static void no_memory_is_an_error(void **state) {
  (void)state;
  RuleBook *book = NULL;
  bool ok = false;
  int64_t began = memory_allocations();
  Error error = {0};
  assert_ok(book_open(&book, NULL, &error), &error);
  book_close(book);
  int64_t all = memory_allocations() - began;
  int refusals = 0;
  for (int64_t nth = 1; nth < all; nth += 1 + all / 150) {
    memory_fail_at(nth);
    ok = book_open(&book, NULL, &error);
    memory_fail_at(0);
    if (ok) book_close(book); /* what was missing was only for an error that did not come */
    else assert_int_equal(error.code, ERROR_OUT_OF_MEMORY);
    refusals += !ok;
  }
  assert_true(refusals > 100);
}

TEST_MAIN(TEST(the_built_in_rules_are_sound), TEST(wrong_kinds_are_refused_with_their_place),
          TEST(wrong_calendars_and_promises_are_refused), TEST(a_file_of_the_company_takes_the_place_of_ours), TEST(no_memory_is_an_error),
          TEST(what_a_part_brings_is_checked_at_its_line), TEST(promises_are_chosen_by_region_and_date))
