#include "outage/outage_rules.h"

#include <stdio.h>

#include "base/buffer.h"
#include "base/testing.h"

static Buffer built_in(void) {
  Buffer text;
  Error error = {0};
  buffer_begin(&text, 0);
  assert_ok(buffer_read_file(&text, "rules/locate.yaml", &error), &error);
  return text;
}

static void the_built_in_rules_are_the_files(void **state) {
  (void)state;
  OutageRules rules;
  Error error = {0};
  assert_ok(outage_rules_open(&rules, NULL, &error), &error);
  assert_true(rules.open > rules.stay && rules.stay > rules.drop && rules.lone_calls);
  assert_true(rules.locate.kind[LOCATE_FUSE].per_year > rules.locate.kind[LOCATE_METER_BOX].per_year);
  int burnt = outage_rules_cause(&rules, "transformer_burnt");
  assert_true(burnt > 0 && outage_rules_cause(&rules, "never heard of") == 0 && outage_rules_cause(&rules, "") == 0);
  assert_true(rules.restore.stage[burnt][RESTORE_WORK].median_min > rules.restore.stage[0][RESTORE_WORK].median_min);
}

/* What is wrong is named with its place. */
static void mistakes_are_told_with_line_and_column(void **state) {
  (void)state;
  static const struct {
    const char *was, *is, *where;
    ErrorCode code;
  } CASES[] = {
      {"  open: 0.5 ", "  open: 1.5 ", "own.yaml:11:9", ERROR_RULE_VALUE},
      {"  stay: 0.25", "  stay: 0.75", "own.yaml:13:9", ERROR_RULE_VALUE},
      {"lone_calls: yes", "lone_calls: maybe", "own.yaml:16:", ERROR_RULE_FORM},
      {"keep_h: 48 ", "keep_q: 48 ", "own.yaml:1", ERROR_RULE_FORM},
      {"kind: busbar", "kind: substation", "own.yaml:24:12", ERROR_RULE_TWICE},
      {"share: 0.10", "share: 0", "own.yaml:37:16", ERROR_RULE_VALUE},
      {"{cause: tripped,", "{cause: fuse_burnt,", "own.yaml:57:15", ERROR_RULE_TWICE},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    Buffer text = built_in(), changed;
    OutageRules rules;
    Error error = {0};
    Text whole = buffer_as_text(&text);
    ptrdiff_t at = text_find(whole, text_of(CASES[i].was));
    assert_true(at >= 0);
    buffer_begin(&changed, 0);
    buffer_text(&changed, text_slice(whole, 0, (size_t)at));
    buffer_string(&changed, CASES[i].is);
    buffer_text(&changed, text_slice(whole, (size_t)at + strlen(CASES[i].was), whole.len));
    assert_false(changed.failed);
    assert_false(outage_rules_from_text(&rules, "own.yaml", buffer_as_text(&changed), &error));
    if (error.code != CASES[i].code || strncmp(error.where, CASES[i].where, strlen(CASES[i].where)) != 0)
      fail_msg("case %zu: code %d at %s", i, (int)error.code, error.where);
    buffer_end(&changed);
    buffer_end(&text);
  }
}

TEST_MAIN(TEST(the_built_in_rules_are_the_files), TEST(mistakes_are_told_with_line_and_column))
