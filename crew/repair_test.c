#include "crew/repair.h"

#include "base/testing.h"

static const char *const WORKS =
  "version: \"1\"\nsource: a test\nstrength: R\nregion: CN\nfrom: 2026-01-01\n"
  "skills:\n  - {kind: transformer, skill: transformer}\n"
  "steps:\n"
  "  - {id: test_dead, name_zh: 验电, name_en: Tested dead, safety: yes}\n"
  "  - {id: earth, name_zh: 接地, name_en: Earthed, safety: yes}\n"
  "  - {id: photo, name_zh: 拍照, name_en: Photograph}\n"
  "  - {id: mend, name_zh: 修复, name_en: Mended, required: yes}\n"
  "causes:\n"
  "  - {id: burnt, name_zh: 烧毁, name_en: Burnt, kinds: [transformer, fuse], skill: lv, minutes: 60, steps: [test_dead, earth, photo, mend]}\n";

static void safety_steps_are_neither_skipped_nor_reordered(void **state) {
  (void)state;
  Error error = {0};
  Repair *repair;
  assert_ok(repair_from_text(&repair, "test.yaml", text_of(WORKS), &error), &error);
  const Procedure *p = repair_of(repair, TEXT("burnt"));
  assert_non_null(p);
  assert_int_equal(p->kinds, 1u << GRID_TRANSFORMER | 1u << GRID_FUSE);
  assert_true(text_is(repair_skill_for(repair, GRID_TRANSFORMER), "transformer"));
  assert_int_equal(repair_skill_for(repair, GRID_METER_BOX).len, 0);
  assert_null(repair_of(repair, TEXT("nothing")));
  bool done[REPAIR_STEPS_MAX] = {false};
  int missing;
  enum { TEST_DEAD, EARTH, PHOTO, MEND };
  assert_int_equal(repair_next(p, done), TEST_DEAD);
  assert_int_equal(repair_may(p, done, EARTH, &missing), REPAIR_MISSING);
  assert_int_equal(missing, TEST_DEAD);
  assert_int_equal(repair_may(p, done, MEND, &missing), REPAIR_MISSING);
  assert_int_equal(missing, TEST_DEAD);
  done[TEST_DEAD] = true;
  assert_int_equal(repair_may(p, done, TEST_DEAD, &missing), REPAIR_DONE_ALREADY);
  assert_int_equal(repair_may(p, done, PHOTO, &missing), REPAIR_MISSING);
  assert_int_equal(missing, EARTH);
  done[EARTH] = true;
  assert_int_equal(repair_next(p, done), PHOTO);
  assert_int_equal(repair_may(p, done, MEND, &missing), REPAIR_MAY); /* the photograph may be left out */
  done[MEND] = true;
  assert_int_equal(repair_next(p, done), -1);
  repair_close(repair);
}

static void what_is_built_in_is_sound(void **state) {
  (void)state;
  Error error = {0};
  Repair *repair;
  assert_ok(repair_open(&repair, NULL, &error), &error);
  for (size_t i = 0; i < repair_count(repair); i++) {
    const Procedure *p = repair_at(repair, i);
    int dead = repair_step_of(p, TEXT("test_dead")), earth = repair_step_of(p, TEXT("earth")), off = repair_step_of(p, TEXT("remove_earth"));
    int close = repair_step_of(p, TEXT("close")), down = repair_step_of(p, TEXT("all_down"));
    assert_true(p->step_count > 0 && p->minutes > 0 && p->kinds != 0);
    assert_true((earth >= 0) == (off >= 0)); /* what is earthed is freed again … */
    if (earth >= 0) assert_true(dead >= 0 && dead < earth && earth < off && off < close && down >= 0 && down < off); /* … before it is closed, with everyone down */
    for (int k = 0; k < p->step_count; k++) assert_true(p->step[k]->name_zh.len && p->step[k]->name_en.len && (!p->step[k]->safety || p->step[k]->required));
  }
  assert_non_null(repair_of(repair, TEXT("transformer_burnt")));
  for (int kind = 0; kind < GRID_KIND_COUNT; kind++) {
    assert_true(repair_skill_for(repair, (GridKind)kind).len > 0);
    bool some = false;
    for (size_t i = 0; i < repair_count(repair); i++) some |= (repair_at(repair, i)->kinds >> kind & 1) != 0;
    assert_true(some);
  }
  repair_close(repair);
}

static void bad_files_are_named(void **state) {
  (void)state;
  const struct {
    const char *was, *is;
    ErrorCode code;
  } cases[] = {
    {"steps: [test_dead, earth, photo, mend]", "steps: [test_dead, nowhere]", ERROR_NOT_FOUND},
    {"steps: [test_dead, earth, photo, mend]", "steps: [mend, mend]", ERROR_ALREADY_EXISTS},
    {"steps: [test_dead, earth, photo, mend]", "steps: []", ERROR_LIMIT},
    {"{id: earth,", "{id: test_dead,", ERROR_ALREADY_EXISTS},
    {"kinds: [transformer, fuse]", "kinds: [elephant]", ERROR_RULE_FORM},
    {"minutes: 60", "minutes: soon", ERROR_RULE_FORM},
    {"safety: yes", "colour: red", ERROR_RULE_FORM},
    {"causes:", "causes: [", ERROR_RULE_FORM},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[2000];
    const char *at = strstr(WORKS, cases[i].was);
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - WORKS), WORKS, cases[i].is, at + strlen(cases[i].was));
    Error error = {0};
    Repair *repair = NULL;
    assert_false(repair_from_text(&repair, "test.yaml", text_of(text), &error));
    assert_int_equal(error.code, cases[i].code);
    assert_true(text_starts(text_of(error.where), TEXT("test.yaml")));
    if (strcmp(cases[i].is, "minutes: soon") == 0) assert_true(text_starts(text_of(error.where), TEXT("test.yaml:14:")));
  }
  Error error = {0};
  Repair *repair = NULL;
  assert_false(repair_from_text(&repair, "test.yaml", TEXT(""), &error));
}

TEST_MAIN(TEST(safety_steps_are_neither_skipped_nor_reordered), TEST(what_is_built_in_is_sound), TEST(bad_files_are_named))
