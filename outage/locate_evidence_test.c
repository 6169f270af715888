#include "outage/locate_evidence.h"

#include <dirent.h>

#include "base/testing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replays_the_corpus(void **state) {
  (void)state;
  DIR *folder = opendir("fuzz/corpus/evidence");
  assert_non_null(folder);
  int count = 0;
  for (struct dirent *entry; (entry = readdir(folder));) {
    if (entry->d_name[0] == '.') continue;
    char path[512];
    snprintf(path, sizeof path, "fuzz/corpus/evidence/%s", entry->d_name);
    Buffer bytes;
    Error error = {0};
    buffer_begin(&bytes, 0);
    assert_ok(buffer_read_file(&bytes, path, &error), &error);
    /* the file, and cut short anywhere */
    for (size_t cut = 0; cut <= bytes.len; cut++) LLVMFuzzerTestOneInput((const uint8_t *)bytes.at, bytes.len - cut);
    buffer_end(&bytes);
    count++;
  }
  closedir(folder);
  assert_true(count >= 8);
}

/* substation 0 ─ breaker 1 ─ switch 2 ─ transformer 3; substation 4 ─ breaker 5 ─ transformer 6; a tie from 3 to 6 */
enum { DEVICES = 7, CUSTOMERS = 40 };
static const uint32_t parent[DEVICES] = {LOCATE_NONE, 0, 1, 2, LOCATE_NONE, 4, 5};
static const uint8_t kind[DEVICES] = {LOCATE_SUBSTATION, LOCATE_BREAKER, LOCATE_SWITCH,     LOCATE_TRANSFORMER,
                                      LOCATE_SUBSTATION, LOCATE_BREAKER, LOCATE_TRANSFORMER};
static char names_of[DEVICES + CUSTOMERS][8];

static uint32_t number_of(Text text, char first, uint32_t count) {
  int64_t value;
  if (text.len < 2 || text.at[0] != first || !text_to_i64(text_slice(text, 1, text.len), &value) || value < 0 || value >= (int64_t)count)
    return LOCATE_NONE;
  return (uint32_t)value;
}
static uint32_t find_customer(void *self, Text text) { return (void)self, number_of(text, 'c', CUSTOMERS); }
static uint32_t find_device(void *self, Text text) { return (void)self, number_of(text, 'd', DEVICES); }
static uint32_t find_tie(void *self, Text text) { return (void)self, number_of(text, 't', 1); }
static Text device_name(void *self, uint32_t d) { return (void)self, snprintf(names_of[d], 8, "d%u", d), text_of(names_of[d]); }
static Text customer_name(void *self, uint32_t c) {
  return (void)self, snprintf(names_of[DEVICES + c], 8, "c%u", c), text_of(names_of[DEVICES + c]);
}
static const LocateNames names = {NULL, find_customer, find_device, find_tie, customer_name, device_name};

static bool read_text(void *self, char *out, size_t room, size_t *got, Error *error) {
  (void)error;
  Text *text = self;
  *got = text->len < room ? text->len : room;
  if (*got) memcpy(out, text->at, *got);
  *text = text_slice(*text, *got, text->len);
  return true;
}

static bool ask(const char *csv_text, bool json, Buffer *out, Error *error) {
  static uint32_t customer_device[CUSTOMERS];
  for (uint32_t c = 0; c < CUSTOMERS; c++) customer_device[c] = c < 20 ? 3 : 6;
  LocateNetwork network = {
      .device_count = DEVICES, .customer_count = CUSTOMERS, .parent = parent, .kind = kind, .customer_device = customer_device};
  LocateParameters parameters = locate_parameters_default();
  LocateTie tie = {3, 6, false};
  LocateQuestion question = {
      .network = &network, .ties = &tie, .tie_count = 1, .names = &names, .parameters = &parameters, .at = INSTANT_NONE, .json = json};
  Text text = text_of(csv_text);
  Csv *csv = NULL;
  Arena arena;
  arena_begin(&arena, 0);
  LocateEvidenceRow *rows;
  size_t count;
  bool ok = csv_open(&csv, "evidence.csv", read_text, &text, error) && locate_evidence_read(csv, &names, &arena, &rows, &count, error) &&
            locate_answer(&question, rows, count, out, error);
  csv_close(csv);
  arena_end(&arena);
  return ok;
}

static void says_where_a_row_is_wrong(void **state) {
  (void)state;
  static const struct {
    const char *csv, *where;
    ErrorCode code;
  } table[] = {
      {"time,kind,subject\n2026-01-01T20:00:00Z,call,c1\nyesterday,call,c1\n", "evidence.csv:3:1 (time)", ERROR_FIELD_INVALID},
      {"kind,time,subject\nring,2026-01-01T20:00:00Z,c1\n", "evidence.csv:2:1 (kind)", ERROR_FIELD_INVALID},
      {"time,kind,subject\n2026-01-01T20:00:00Z,silence,c1\n", "evidence.csv:2:2 (kind)", ERROR_FIELD_INVALID},
      {"time,kind,subject\n2026-01-01T20:00:00Z,call,\n", "evidence.csv:2:3 (subject)", ERROR_FIELD_MISSING},
      {"time,subject\n", NULL, ERROR_CSV_HEADER_MISSING},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    Error error = {0};
    Buffer out;
    buffer_begin(&out, 0);
    assert_false(ask(table[i].csv, true, &out, &error));
    assert_int_equal(error.code, table[i].code);
    if (table[i].where) assert_string_equal(error.where, table[i].where);
    buffer_end(&out);
  }
}

static void answers(const char *csv, const char *const *holds) {
  for (int json = 1; json >= 0; json--) {
    Error error = {0};
    Buffer out;
    buffer_begin(&out, 0);
    assert_ok(ask(csv, json, &out, &error), &error);
    for (const char *const *part = holds; json && *part; part++)
      if (text_find(buffer_as_text(&out), text_of(*part)) < 0) fail_msg("%s is not in %.*s", *part, (int)out.len, out.at);
    buffer_end(&out);
  }
}

static void answers_with_reasons_and_what_it_set_aside(void **state) {
  (void)state;
  answers(
      "time,kind,subject\n2026-01-01T20:00:30Z,last_gasp,c1\n2026-01-01T20:00:31Z,last_gasp,c2\n2026-01-01T20:00:35Z,last_gasp,c4\n2026-01-"
      "01T20:00:41Z,"
      "last_gasp,c5\n2026-01-01T20:00:41Z,last_gasp,c6\n2026-01-01T20:00:42Z,last_gasp,c7\n2026-01-01T20:02:00Z,call,c3\n2026-01-01T20:02:"
      "00Z,call,c77\n"
      "2026-01-01T20:02:00Z,switch_open,d1\n2026-01-01T20:02:00Z,switch_closed,d1\n",
      (const char *const[]){"\"device\":\"d1\"", "\"customers\":20", "\"evidence_for\":[{\"kind\":\"last_gasp\",\"count\":6",
                            "\"ask_next\":", "\"unknown_subject\":1", "\"reason\":\"contradicts\"", NULL});
}

/* The fault is above switch 2; it is opened, the tie closed: the island has power, and what it said before is over. */
static void follows_the_switching(void **state) {
  (void)state;
  answers(
      "time,kind,subject\n2026-01-01T20:00:30Z,last_gasp,c1\n2026-01-01T20:00:31Z,last_gasp,c2\n2026-01-01T20:00:35Z,last_gasp,c4\n2026-01-"
      "01T20:00:36Z,last_gasp,c5\n"
      "2026-01-01T20:20:00Z,switch_open,d2\n2026-01-01T20:21:00Z,switch_closed,t0\n2026-01-01T20:22:00Z,power_up,c1\n",
      (const char *const[]){"\"outages\":[]", "\"taken\":7", NULL});
  /* later the other side's breaker trips: the island goes dark with it */
  answers(
      "time,kind,subject\n2026-01-01T20:20:00Z,switch_open,d2\n2026-01-01T20:21:00Z,switch_closed,t0\n"
      "2026-01-01T20:40:30Z,last_gasp,c1\n2026-01-01T20:40:31Z,last_gasp,c2\n2026-01-01T20:40:35Z,last_gasp,c24\n2026-01-01T20:40:36Z,last_"
      "gasp,c25\n"
      "2026-01-01T20:40:35Z,last_gasp,c26\n2026-01-01T20:40:36Z,last_gasp,c27\n2026-01-01T20:40:35Z,last_gasp,c6\n2026-01-01T20:40:36Z,"
      "last_gasp,c7\n",
      (const char *const[]){"\"customers\":40", "\"d5\"", NULL});
}

static void feeds_islands_and_finds_loops(void **state) {
  (void)state;
  static const uint32_t normal[6] = {LOCATE_NONE, 0, 1, LOCATE_NONE, 3, 4};
  static const struct {
    uint8_t open[6];
    bool closed[2];
    uint32_t parent[6], loop;
  } table[] = {
      {{0}, {false, false}, {LOCATE_NONE, 0, 1, LOCATE_NONE, 3, 4}, LOCATE_NONE},
      {{0, 1}, {true, false}, {LOCATE_NONE, 2, 5, LOCATE_NONE, 3, 4}, LOCATE_NONE}, /* 1 cut off: fed backwards by 2 from 5 */
      {{0, 0, 1}, {true, false}, {LOCATE_NONE, 0, 5, LOCATE_NONE, 3, 4}, LOCATE_NONE},
      {{0}, {true, false}, {LOCATE_NONE, 0, 1, LOCATE_NONE, 3, 4}, 0},               /* nothing opened: a loop */
      {{0, 1}, {false, false}, {LOCATE_NONE, 0, 1, LOCATE_NONE, 3, 4}, LOCATE_NONE}, /* dark, where it was */
      {{0, 1}, {true, true}, {LOCATE_NONE, 4, 5, LOCATE_NONE, 3, 4}, 0},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    LocateTie ties[2] = {{2, 5, table[i].closed[0]}, {1, 4, table[i].closed[1]}};
    uint32_t fed[6], loop;
    Error error = {0};
    assert_ok(locate_feed(6, normal, table[i].open, ties, 2, fed, &loop, &error), &error);
    for (int d = 0; d < 6; d++)
      if (fed[d] != table[i].parent[d] && !(i == 5)) fail_msg("case %d: device %d is fed by %d", (int)i, d, (int)fed[d]);
    assert_true((loop == LOCATE_NONE) == (table[i].loop == LOCATE_NONE));
  }
}

static void simulates_what_it_can_read(void **state) {
  (void)state;
  static uint32_t customer_device[CUSTOMERS];
  for (uint32_t c = 0; c < CUSTOMERS; c++) customer_device[c] = c < 20 ? 3 : 6;
  LocateNetwork network = {
      .device_count = DEVICES, .customer_count = CUSTOMERS, .parent = parent, .kind = kind, .customer_device = customer_device};
  LocateParameters parameters = locate_parameters_default();
  EvidenceSim sim = evidence_sim_default();
  sim.outages = 1;
  for (sim.seed = 1; sim.seed <= 20; sim.seed++) {
    Arena arena;
    arena_begin(&arena, 0);
    EvidenceRun run, again;
    Error error = {0};
    assert_ok(evidence_simulate(&sim, &network, &parameters, &arena, &run, &error), &error);
    assert_ok(evidence_simulate(&sim, &network, &parameters, &arena, &again, &error), &error);
    assert_int_equal(run.truth_count, 1);
    assert_int_equal(run.evidence_count, again.evidence_count);
    Buffer evidence, truth, answer;
    buffer_begin(&evidence, 0), buffer_begin(&truth, 0), buffer_begin(&answer, 0);
    evidence_write(&run, &names, ZONE_SHANGHAI, &evidence, &truth);
    buffer_byte(&evidence, '\0');
    assert_false(evidence.failed);
    assert_ok(ask(evidence.at, true, &answer, &error), &error);
    char device[32];
    snprintf(device, sizeof device, "\"d%u\"", run.truth[0].device);
    assert_true(text_find(buffer_as_text(&answer), text_of(device)) >= 0);
    buffer_end(&evidence), buffer_end(&truth), buffer_end(&answer);
    arena_end(&arena);
  }
}

TEST_MAIN(TEST(replays_the_corpus), TEST(says_where_a_row_is_wrong), TEST(answers_with_reasons_and_what_it_set_aside),
          TEST(follows_the_switching), TEST(feeds_islands_and_finds_loops), TEST(simulates_what_it_can_read))
