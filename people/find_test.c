#include "people/find.h"

#include <string.h>

#include "base/buffer.h"
#include "base/random.h"
#include "base/testing.h"

typedef struct Person {
  const char *number, *phone, *meter, *name, *address;
} Person;

/* Persons packed as the engine wants them. */
typedef struct Fixture {
  Buffer texts, keys;
  uint32_t *text_at, *key_at, count;
  FindIndex index;
} Fixture;

static void fixture_begin(Fixture *f, uint32_t most) {
  *f = (Fixture){.text_at = memory_new((most + 1) * 4), .key_at = memory_new((most + 1) * 4)};
  assert_true(f->text_at && f->key_at);
  buffer_begin(&f->texts, 0);
  buffer_begin(&f->keys, 0);
}

static void fixture_add(Fixture *f, Person p) {
  const char *const KEYS[] = {p.number, p.phone, p.meter};
  for (int i = 0; i < 3; i++) {
    buffer_byte(&f->keys, (char)strlen(KEYS[i]));
    buffer_string(&f->keys, KEYS[i]);
  }
  buffer_format(&f->texts, "%s\t%s\n", p.name, p.address);
  f->count++;
  f->text_at[f->count] = (uint32_t)f->texts.len;
  f->key_at[f->count] = (uint32_t)f->keys.len;
}

static FindRows fixture_rows(const Fixture *f) {
  Error error = {0};
  assert_ok(buffer_is_whole(&f->texts, "texts", &error) && buffer_is_whole(&f->keys, "keys", &error), &error);
  return (FindRows){f->count, f->texts.at, f->text_at, f->keys.at, f->key_at};
}

static void fixture_open(Fixture *f) {
  Error error = {0};
  FindRows rows = fixture_rows(f);
  assert_ok(find_open(&f->index, &rows, &error), &error);
}

static void fixture_end(Fixture *f) {
  find_close(&f->index);
  memory_free(f->text_at);
  memory_free(f->key_at);
  buffer_end(&f->texts);
  buffer_end(&f->keys);
}

static const Person PERSONS[] = {
    {"4300000001", "13800000001", "910001", "李明", "安远县竹铺镇柳树村一组"},
    {"4300000002", "13800000002", "910002", "王柳", "安远县竹铺镇桂桥村二组"},
    {"4300000003", "0731-8412345", "910003", "柳青", "竹铺镇李家湾"},
    {"43000000031", "", "A-17", "李", ""},
    {"9", "13900000002", "4300000001", "", "柳树"},
};

static void finds_by_any_of_them(void **state) {
  (void)state;
  static const struct {
    const char *query, *want; /* "position:rank …" */
  } CASES[] = {
      {"4300000001", "0:0 4:0 "},
      {"4300000003", "2:0 3:1 "},
      {"43000", "0:1 1:1 2:1 3:1 4:1 "},
      {"13800000002", "1:0 "},
      {"138", "0:1 1:1 "},
      {"138 0000 0002", "1:0 "},
      {"+86 138-0000-0002", "1:0 "},
      {"07318412345", "2:0 "},
      {"0731-8412345", "2:0 "},
      {"0731-84", "2:1 "},
      {"(0731)8412345", "2:0 "},
      {"A-17", "3:0 "},
      {"A-1", "3:1 "},
      {"B-1", ""},
      {"李", "0:2 3:2 2:3 "},
      {"柳", "2:2 4:2 0:3 1:3 "},
      {"柳树", "4:2 0:3 "},
      {"李明", "0:2 "},
      {"李 一组", "0:3 "},
      {"一组 李", "0:3 "},
      {"李　柳树村", "0:3 "},
      {"李 138", "0:2 "},
      {"李 139", ""},
      {"柳 4300000001", "4:2 0:3 "},
      {"明安", ""}, /* not across name and address */
      {"组竹", ""}, {"", ""}, {"   ", ""}, {"9", "4:0 0:1 1:1 2:1 "},
      {"一 一 一 一 一 一 一 一 一", ""},
  };
  Fixture f;
  fixture_begin(&f, 8);
  for (size_t i = 0; i < sizeof PERSONS / sizeof *PERSONS; i++) fixture_add(&f, PERSONS[i]);
  fixture_open(&f);
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    FindMatch out[10];
    char said[200] = "";
    size_t count = find_query(&f.index, text_of(CASES[i].query), out, 10), len = 0;
    for (size_t k = 0; k < count; k++) len += (size_t)snprintf(said + len, sizeof said - len, "%u:%d ", out[k].position, out[k].rank);
    print_message("# %s\n", CASES[i].query);
    assert_string_equal(said, CASES[i].want);
  }
  fixture_end(&f);
}

/* ---- against a naive twin ---- */

static int naive_key(const char *key, Text word, bool phone) {
  char plain[300], bare[300];
  size_t len = 0, bare_len = 0;
  if (strlen(key) >= word.len && memcmp(key, word.at, word.len) == 0) return strlen(key) > word.len;
  if (!phone) return 4;
  for (; *key; key++)
    if (*key != '-' && *key != ' ') plain[len++] = *key;
  for (size_t i = 0; i < word.len; i++) bare[bare_len++] = word.at[i];
  if (len >= bare_len && memcmp(plain, bare, bare_len) == 0) return len > bare_len;
  return 4;
}

static int naive_rank(const Person *p, Text word) {
  int best = naive_key(p->number, word, false), rank;
  if ((rank = naive_key(p->phone, word, true)) < best) best = rank;
  if ((rank = naive_key(p->meter, word, false)) < best) best = rank;
  if (best < 2) return best;
  if (text_starts(text_of(p->name), word) || text_starts(text_of(p->address), word)) return 2;
  return text_find(text_of(p->name), word) >= 0 || text_find(text_of(p->address), word) >= 0 ? 3 : 4;
}

static size_t naive_find(const Person *persons, uint32_t count, Text query, FindMatch *out, size_t most) {
  char buffer[FIND_QUERY_MAX];
  Text words[FIND_WORDS_MAX];
  size_t word_count = find_words(query, words, buffer), found = 0;
  for (int rank = 0; word_count && rank < 4; rank++)
    for (uint32_t i = 0; i < count && found < most; i++) {
      int worst = 0;
      for (size_t w = 0; w < word_count; w++) {
        int one = naive_rank(&persons[i], words[w]);
        if (one > worst) worst = one;
      }
      if (worst == rank) out[found++] = (FindMatch){i, rank};
    }
  return found;
}

static char *draw(Random *random, const char *const *alphabet, uint32_t letters, uint32_t longest) {
  char *text = memory_new(4 * longest + 1);
  assert_non_null(text);
  for (uint32_t n = random_below(random, longest + 1); n; n--) strcat(text, alphabet[random_below(random, letters)]);
  return text;
}

static void agrees_with_looking_at_everyone(void **state) {
  (void)state;
  static const char *const DIGITS[] = {"1", "3", "8", "0"}, *const DASHED[] = {"1", "3", "8", "0", "1", "3"},
                           *const METERS[] = {"1", "3", "p", "8"};
  static const char *const LETTERS[] = {"李", "明", "村", "1", "a", "柳", "组", "3"};
  static const char *const TYPED[] = {"李", "明", "村", "1", "a", "柳", "3", " ", "8", "p", "0", "　"};
  Random random;
  random_seed(&random, 11);
  for (int round = 0; round < 60; round++) {
    uint32_t count = random_below(&random, round % 3 ? 40 : 400);
    Person *persons = memory_new((count + 1) * sizeof *persons);
    assert_non_null(persons);
    Fixture f;
    fixture_begin(&f, count);
    for (uint32_t i = 0; i < count; i++) {
      persons[i] = (Person){draw(&random, DIGITS, 4, 18), draw(&random, DASHED, 6, 6), draw(&random, METERS, 4, 20),
                            draw(&random, LETTERS, 8, 3), draw(&random, LETTERS, 8, round % 2 ? 4 : 40)};
      fixture_add(&f, persons[i]);
    }
    fixture_open(&f);
    for (int q = 0; q < 150; q++) {
      char *query = draw(&random, TYPED, 12, q % 2 ? 3 : 8);
      FindMatch mine[64], theirs[64];
      size_t most = 1 + random_below(&random, 64);
      size_t found = find_query(&f.index, text_of(query), mine, most);
      assert_int_equal(found, naive_find(persons, count, text_of(query), theirs, most));
      for (size_t i = 0; i < found; i++) {
        assert_int_equal(mine[i].position, theirs[i].position);
        assert_int_equal(mine[i].rank, theirs[i].rank);
      }
      memory_free(query);
    }
    for (uint32_t i = 0; i < count; i++) {
      uint32_t position;
      if (!*persons[i].number) continue;
      assert_true(find_exact(&f.index, FIND_NUMBER, text_of(persons[i].number), &position));
      assert_true(position <= i);
      assert_string_equal(persons[position].number, persons[i].number);
    }
    fixture_end(&f);
    for (uint32_t i = 0; i < count; i++) {
      const char *const OWNED[] = {persons[i].number, persons[i].phone, persons[i].meter, persons[i].name, persons[i].address};
      for (int k = 0; k < 5; k++) memory_free((void *)(uintptr_t)OWNED[k]);
    }
    memory_free(persons);
  }
}

static void memory_may_run_out(void **state) {
  (void)state;
  Fixture f;
  fixture_begin(&f, 8);
  for (size_t i = 0; i < sizeof PERSONS / sizeof *PERSONS; i++) fixture_add(&f, PERSONS[i]);
  FindRows rows = fixture_rows(&f);
  for (int64_t nth = 1; nth <= 5; nth++) {
    Error error = {0};
    memory_fail_at(nth);
    assert_false(find_open(&f.index, &rows, &error));
    memory_fail_at(0);
    assert_int_equal(error.code, ERROR_OUT_OF_MEMORY);
  }
  fixture_end(&f);
}

TEST_MAIN(TEST(finds_by_any_of_them), TEST(agrees_with_looking_at_everyone), TEST(memory_may_run_out))
