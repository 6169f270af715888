/* What was sent is taken whole or refused for want of memory: never a field less, never one called missing that was filled in. */
#include "base/testing.h"
#include "hall/hall_internal.h"
#include "http/schema_node.h"

/* Every field that a customer can fill in, filled in. */
static void fill_in(Buffer *body, const OrderKind *kind) {
  buffer_clear(body);
  buffer_string(body, "token=00000000000000000000000000000001");
  for (size_t i = 0; i < kind->form_count; i++) {
    const KindField *field = &kind->form[i];
    if (!form_is_public(field) || field->type == FIELD_FILE) continue;
    buffer_format(body, "&f_%.*s=", TEXT_ARG(field->id));
    switch ((KindFieldType)field->type) {
      case FIELD_BOOL: buffer_string(body, "yes"); break;
      case FIELD_CHOICE:
      case FIELD_CHOICES: buffer_string(body, field->choices[0].id); break;
      case FIELD_NUMBER:
      case FIELD_WHOLE:
      case FIELD_MONEY: buffer_format(body, "%.0f", field->least > 0 ? field->least : 1.0); break;
      case FIELD_TIME: buffer_string(body, "2026-12-01T08%3A00"); break;
      case FIELD_DATE: buffer_string(body, "2026-12-01"); break;
      default: buffer_string(body, "words"); break;
    }
  }
}

static bool check(Said *said, Arena *arena, const OrderKind *kind, Text body, int64_t nth, Error *error) {
  HttpRequest request = {.arena = arena, .raw_body = body, .language = LANGUAGE_EN};
  *said = (Said){0};
  *error = (Error){0};
  assert_ok(form_data_read(&said->form, arena, TEXT("application/x-www-form-urlencoded"), body, error), error);
  memory_fail_at(nth);
  bool ok = said_check(said, &request, kind->form, kind->form_count, kind->keeps_place, error);
  memory_fail_at(0);
  return ok;
}

static void no_field_is_lost_for_want_of_memory(void **state) {
  (void)state;
  Error error = {0};
  RuleBook *book;
  Buffer body;
  int kinds = 0;
  schema_own_memory();
  buffer_begin(&body, 0);
  assert_ok(book_open(&book, NULL, &error), &error);
  for (size_t k = 0; k < book_kind_count(book); k++) {
    const OrderKind *kind = book_kind(book, k);
    if (!hall_is_public(kind)) continue;
    Arena arena, again;
    Said whole, said;
    arena_begin(&arena, 0), arena_begin(&again, 0);
    fill_in(&body, kind);
    assert_false(body.failed);
    assert_ok(check(&whole, &arena, kind, buffer_as_text(&body), 0, &error), &error);
    bool ended = false;
    for (int64_t nth = 1; !ended; nth++) {
      int64_t before = memory_allocations();
      arena_end(&again), arena_begin(&again, 0);
      bool ok = check(&said, &again, kind, buffer_as_text(&body), nth, &error);
      ended = memory_allocations() - before < nth;
      assert_true(nth < 5000);
      if (!ok) {
        assert_int_equal(error.code, ERROR_OUT_OF_MEMORY);
        continue;
      }
      if (!text_equal(said.values, whole.values)) fail_msg("%.*s, allocation %lld: %.*s", TEXT_ARG(kind->group), (long long)nth, TEXT_ARG(said.values));
      assert_true(text_equal(said.what, whole.what));
      assert_true(text_equal(said.description, whole.description));
      assert_int_equal(said.troubles.count, whole.troubles.count);
    }
    arena_end(&arena), arena_end(&again);
    kinds++;
  }
  assert_true(kinds > 5);
  buffer_end(&body);
  book_close(book);
}

TEST_MAIN(TEST(no_field_is_lost_for_want_of_memory))
