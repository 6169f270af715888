/* What forms send: both ways of writing it, files as they are, and everything that is not sound refused. */
#include "base/buffer.h"
#include "base/testing.h"
#include "http/form_data.h"

#define TYPE "multipart/form-data; boundary=XX"
#define HEAD(name) "Content-Disposition: form-data; name=\"" name "\"\r\n\r\n"
#define FILE_HEAD(name, file) "Content-Disposition: form-data; name=\"" name "\"; filename=\"" file "\"\r\nContent-Type: image/jpeg\r\n\r\n"

static FormData form;

static bool read_form(Arena *arena, const char *type, const char *body, Error *error) {
  return form_data_read(&form, arena, text_of(type), text_of(body), error);
}

static void both_ways_are_read(void **state) {
  (void)state;
  static const struct { const char *type, *body; } CASES[] = {
      {"application/x-www-form-urlencoded", "name=%E6%9D%8E%E5%9B%9B&note=a%0D%0Ab+c&empty=&pick=1&pick=2&bare"},
      {TYPE, "--XX\r\n" HEAD("name") "李四\r\n--XX\r\n" HEAD("note") "a\r\nb c\r\n--XX\r\n" HEAD("empty") "\r\n--XX\r\n" HEAD("pick") "1\r\n--XX\r\n" HEAD("pick") "2\r\n--XX\r\n" HEAD("bare") "\r\n--XX--\r\n"},
      {"multipart/form-data; charset=utf-8; boundary=\"XX\"", "--XX\r\ncontent-disposition: form-data; name=\"name\"\r\n\r\n李四\r\n--XX\r\nX: y\r\n" HEAD("note") " a\nb c \r\n--XX\r\n" HEAD("empty") "\r\n--XX\r\n" HEAD("pick") "1\r\n--XX\r\n" HEAD("pick") "2\r\n--XX\r\n" HEAD("bare") "\r\n--XX--"},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    Arena arena;
    Error error = {0};
    size_t at = 0;
    arena_begin(&arena, 0);
    assert_ok(read_form(&arena, CASES[i].type, CASES[i].body, &error), &error);
    assert_int_equal(form.count, 6);
    assert_true(text_is(form_data_text(&form, "name"), "李四"));
    assert_true(text_is(form_data_text(&form, "note"), "a\nb c"));
    assert_true(form_data_text(&form, "empty").at && form_data_text(&form, "empty").len == 0);
    assert_null(form_data_text(&form, "other").at);
    assert_true(text_is(form_data_next(&form, TEXT("pick"), &at)->value, "1") && text_is(form_data_next(&form, TEXT("pick"), &at)->value, "2"));
    assert_null(form_data_next(&form, TEXT("pick"), &at));
    arena_end(&arena);
  }
}

/* A file's bytes are whatever they are: a boundary's beginning, NUL, line ends. */
static void files_stay_as_they_are(void **state) {
  (void)state;
  static const char BODY[] = "--XX\r\n" FILE_HEAD("f_identity", "a\\b;name=%22x.jpg") "\r\n--X\0\r\n\xFF\xD8--XX\r\n--XY\r\n--XX\r\n" FILE_HEAD("none", "") "\r\n--XX--\r\n";
  Arena arena;
  Error error = {0};
  arena_begin(&arena, 0);
  assert_ok(form_data_read(&form, &arena, TEXT(TYPE), (Text){BODY, sizeof BODY - 1}, &error), &error);
  assert_int_equal(form.count, 2);
  assert_true(form.part[0].file && text_is(form.part[0].name, "f_identity"));
  assert_true(text_equal(form.part[0].value, TEXT("\r\n--X\0\r\n\xFF\xD8--XX\r\n--XY")));
  assert_true(form.part[1].file && form.part[1].value.len == 0);
  assert_null(form_data_text(&form, "f_identity").at); /* no text */
  arena_end(&arena);
}

static void what_is_not_sound_is_refused(void **state) {
  (void)state;
  static const struct { const char *type, *body; } CASES[] = {
      {"application/x-www-form-urlencoded", "a=%4"}, {"application/x-www-form-urlencoded", "a=%00"}, {"application/x-www-form-urlencoded", "a=%FF"},
      {"application/x-www-form-urlencoded", "=x"}, {"multipart/form-data", "--XX--"}, {"multipart/form-data; boundary=", "----"},
      {TYPE, ""}, {TYPE, "XX"}, {TYPE, "--XX"}, {TYPE, "--XX\r\n"}, {TYPE, "--XX\r\n" HEAD("a") "no end"}, {TYPE, "--XX\r\nContent-Disposition: form-data\r\n\r\nx\r\n--XX--"},
      {TYPE, "--XX\r\n\r\n\r\nx\r\n--XX--"}, {TYPE, "--XX\r\n" HEAD("a") "\x01\r\n--XX--"}, {TYPE, "--XX\r\n" HEAD("a") "x\r\n--XXY"}, {TYPE, "--XX\r\n" HEAD("") "x\r\n--XX--"},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    Arena arena;
    Error error = {0};
    arena_begin(&arena, 0);
    if (read_form(&arena, CASES[i].type, CASES[i].body, &error)) fail_msg("taken: %s", CASES[i].body);
    assert_int_equal(error.code, ERROR_HTTP_BODY);
    arena_end(&arena);
  }
  Buffer many;
  Arena arena;
  Error error = {0};
  arena_begin(&arena, 0);
  buffer_begin(&many, 0);
  for (int i = 0; i <= FORM_DATA_PARTS_MAX; i++) buffer_string(&many, "a=b&");
  assert_false(form_data_read(&form, &arena, TEXT("application/x-www-form-urlencoded"), buffer_as_text(&many), &error));
  buffer_end(&many);
  arena_end(&arena);
}

/* Whatever is written is read again, in both ways. */
static void what_is_written_is_read(void **state) {
  (void)state;
  uint64_t seed = 11;
  for (int round = 0; round < 300; round++) {
    Buffer pairs, parts;
    Text value[8];
    char kept[8][64];
    buffer_begin(&pairs, 0), buffer_begin(&parts, 0);
    for (int f = 0; f < 8; f++) {
      size_t len = 0;
      static const char ALPHABET[] = "ab &=+%\"<>-\t\n;X李";
      for (int n = 0; n < 12; n++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        unsigned pick = (unsigned)(seed >> 33) % 16;
        if (pick == 15) memcpy(kept[f] + len, "李", 3), len += 3;
        else kept[f][len++] = ALPHABET[pick];
      }
      value[f] = (Text){kept[f], len};
      buffer_format(&pairs, "%sf%d=", f ? "&" : "", f);
      for (size_t i = 0; i < len; i++) buffer_format(&pairs, "%%%02x", (unsigned char)kept[f][i]);
      buffer_format(&parts, "--XX\r\nContent-Disposition: form-data; name=\"f%d\"\r\n\r\n%.*s\r\n", f, TEXT_ARG(value[f]));
    }
    buffer_string(&parts, "--XX--\r\n");
    for (int way = 0; way < 2; way++) {
      Arena arena;
      Error error = {0};
      arena_begin(&arena, 0);
      assert_ok(form_data_read(&form, &arena, way ? TEXT(TYPE) : TEXT("application/x-www-form-urlencoded"), buffer_as_text(way ? &parts : &pairs), &error), &error);
      assert_int_equal(form.count, 8);
      for (int f = 0; f < 8; f++) assert_true(text_equal(form.part[f].value, value[f]));
      arena_end(&arena);
    }
    buffer_end(&pairs), buffer_end(&parts);
  }
}

TEST_MAIN(TEST(both_ways_are_read), TEST(files_stay_as_they_are), TEST(what_is_not_sound_is_refused), TEST(what_is_written_is_read))
