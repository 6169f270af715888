/* Every SQL text of the program: none holds what PostgreSQL-compatible clusters do not share, and both stores' ways of writing it are known. The
 * sources are read, so a text no test ever runs is looked at too; that both stores accept them shows where they are run, on both. */
#include <ctype.h>
#include <dirent.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/testing.h"
#include "store/postgres.h"

static const char *const ROOMS[] = {"app", "crew", "grid", "group", "hall", "http", "meter", "notify", "order", "outage", "people", "privacy", "report", "sim", "store", "supply", "visit", "bill", "flow"};

/* As words, in any case. */
static const char *const WORDS[] = {"PRAGMA", "AUTOINCREMENT", "BIGSERIAL", "ROWID", "STRFTIME", "DATETIME", "JULIANDAY", "TYPEOF", "GLOB", "TRIGGER", "RECURSIVE",
                                    "LISTEN", "NOTIFY", "DEFERRABLE", "DEFERRED", "SEQUENCE", "NEXTVAL", "IFNULL", "TRUE", "FALSE", "BOOLEAN", "ILIKE",
                                    "UNIXEPOCH", "CURRENT_TIMESTAMP", "GROUP_CONCAT", "STRING_AGG", "PG_ADVISORY_LOCK", "VARCHAR", "SMALLINT"};
static const char *const PHRASES[] = {"INSERT OR ", "SKIP LOCKED", "FOR UPDATE", "NOW()", "::", " LIMIT -1"};

static bool is_word_byte(char c) { return isalnum((unsigned char)c) || c == '_'; }

static bool has_word(const char *sql, const char *word) {
  size_t len = strlen(word);
  for (const char *at = sql; (at = strcasestr(at, word)); at += len)
    if ((at == sql || !is_word_byte(at[-1])) && !is_word_byte(at[len])) return true;
  return false;
}

/* Strings blanked; false when one is written with double quotes. */
static void blank_strings(char *sql) {
  bool inside = false;
  for (char *at = sql; *at; at++) {
    if (*at == '\'') inside = !inside;
    else if (inside) *at = ' ';
  }
}

/* "" when the text keeps the rules. */
static const char *fault_of(const char *text) {
  static char fault[128];
  char *sql = strdup(text);
  fault[0] = '\0';
  blank_strings(sql);
  for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
    if (has_word(sql, WORDS[i])) snprintf(fault, sizeof fault, "%s", WORDS[i]);
  for (size_t i = 0; i < sizeof PHRASES / sizeof *PHRASES; i++)
    if (strcasestr(sql, PHRASES[i])) snprintf(fault, sizeof fault, "%s", PHRASES[i]);
  if (strchr(sql, '"')) snprintf(fault, sizeof fault, "double quotes");
  if (strchr(sql, '/')) snprintf(fault, sizeof fault, "division");
  for (const char *at = sql; (at = strchr(at, '?')); at++)
    if (!isdigit((unsigned char)at[1])) snprintf(fault, sizeof fault, "a parameter without a number");
  if (strcasestr(sql, "CREATE TABLE") && has_word(sql, "TABLE") && !strcasestr(sql, "county_id") && !strcasestr(sql, "migration"))
    snprintf(fault, sizeof fault, "a table without its county");
  for (const char *at = sql; (at = strcasestr(at, "PRIMARY KEY (")); at++)
    if (strncmp(at + 13, "county_id", 9) != 0) snprintf(fault, sizeof fault, "a key that the county does not lead");
  free(sql);
  return fault;
}

static bool is_sql(const char *text) {
  static const char *const BEGINS[] = {"SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE ", "ALTER TABLE ", "WITH "};
  for (size_t i = 0; i < sizeof BEGINS / sizeof *BEGINS; i++)
    if (strncmp(text, BEGINS[i], strlen(BEGINS[i])) == 0) return true;
  return false;
}

typedef struct Look {
  int texts, faults;
} Look;

static void look_at(Look *look, const char *file, const char *sql) {
  if (!is_sql(sql)) return;
  look->texts++;
  const char *fault = fault_of(sql);
  int parameters;
  char *theirs = pg_translate(sql, &parameters);
  assert_non_null(theirs);
  if (!fault[0]) {
    memory_free(theirs);
    return;
  }
  print_message("# %s: %s: %.200s\n", file, fault, sql);
  look->faults++;
  memory_free(theirs);
}

/* Runs of string literals as the compiler joins them; a macro between two of them counts as a space. */
static void look_into(Look *look, const char *file, char *at) {
  Buffer text;
  buffer_begin(&text, 0);
  bool open = false;
  while (*at) {
    if (at[0] == '/' && at[1] == '*') {
      char *end = strstr(at, "*/");
      at = end ? end + 2 : at + strlen(at);
    } else if (at[0] == '/' && at[1] == '/') {
      at += strcspn(at, "\n");
    } else if (*at == '\'') {
      at += at[1] == '\\' ? 4 : 3;
    } else if (*at == '"') {
      open = true;
      for (at++; *at && *at != '"'; at++) {
        if (*at == '\\') at++;
        buffer_byte(&text, *at);
      }
      if (*at) at++;
    } else if (isspace((unsigned char)*at) || *at == '\\') {
      at++;
    } else if (open && isupper((unsigned char)*at)) {
      while (is_word_byte(*at)) at++;
      if (*at == '(') at += strcspn(at, ")") + 1; /* with what is said to it */
      buffer_byte(&text, ' ');
    } else {
      if (open) {
        buffer_byte(&text, '\0');
        assert_false(text.failed);
        look_at(look, file, text.at);
        buffer_clear(&text);
        open = false;
      }
      at++;
    }
  }
  buffer_end(&text);
}

static void look_through(Look *look, const char *room, const char *ending) {
  struct dirent *entry;
  DIR *folder = opendir(room);
  if (!folder) return;
  while ((entry = readdir(folder))) {
    char path[512];
    Buffer file;
    Error error = {0};
    Text name = text_of(entry->d_name);
    if (!text_ends(name, text_of(ending)) || text_ends(name, TEXT("_test.c")) || text_starts(name, TEXT("db_")) || text_starts(name, TEXT("postgres")) ||
        text_is(name, "thing_room.c"))
      continue;
    snprintf(path, sizeof path, "%s/%s", room, entry->d_name);
    buffer_begin(&file, 0);
    assert_ok(buffer_read_file(&file, path, &error), &error);
    buffer_byte(&file, '\0');
    assert_false(file.failed);
    if (strcmp(ending, ".sql") == 0) {
      for (char *comment; (comment = strstr(file.at, "--"));) memset(comment, ' ', strcspn(comment, "\n"));
      for (char *statement = strtok(file.at, ";"); statement; statement = strtok(NULL, ";")) look_at(look, path, statement + strspn(statement, " \n"));
    } else {
      look_into(look, path, file.at);
    }
    buffer_end(&file);
  }
  closedir(folder);
}

static void every_text_keeps_the_rules(void **state) {
  (void)state;
  Look look = {0};
  for (size_t i = 0; i < sizeof ROOMS / sizeof *ROOMS; i++) look_through(&look, ROOMS[i], ".c");
  look_through(&look, "store/schema", ".sql");
  assert_true(look.texts > 150); /* else it did not find them */
  assert_int_equal(look.faults, 0);
}

/* The rules themselves: each is broken once. */
static void a_broken_rule_is_found(void **state) {
  (void)state;
  static const char *const BROKEN[] = {
      "SELECT rowid FROM t", "SELECT a / 2 FROM t", "SELECT \"a\" FROM t", "INSERT OR REPLACE INTO t VALUES (?1)", "SELECT a FROM t WHERE b = true",
      "SELECT strftime('x') FROM t", "SELECT a FROM t FOR UPDATE", "SELECT a::text FROM t", "SELECT a FROM t WHERE b = ?", "CREATE TABLE t (a INTEGER)",
      "CREATE TABLE t (county_id INTEGER, a INTEGER, PRIMARY KEY (a, county_id))", "CREATE TRIGGER x"};
  static const char *const SOUND[] = {"SELECT 'a / b \"c\" rowid' FROM t WHERE a = ?1", "UPDATE t SET browid = 1", "CREATE TABLE t (county_id INTEGER, PRIMARY KEY (county_id))"};
  for (size_t i = 0; i < sizeof BROKEN / sizeof *BROKEN; i++) assert_true(fault_of(BROKEN[i])[0] != '\0');
  for (size_t i = 0; i < sizeof SOUND / sizeof *SOUND; i++) assert_string_equal(fault_of(SOUND[i]), "");
}

static void words_are_translated_outside_of_strings(void **state) {
  (void)state;
  static const struct { const char *ours, *theirs; int parameters; } CASES[] = {
      {"SELECT ?1, '?2 INTEGER', CAST(a AS INTEGER) FROM t", "SELECT $1, '?2 INTEGER', CAST(a AS BIGINT) FROM t", 1},
      {"CREATE TABLE t (a TEXT NOT NULL, b BLOB, c REAL)", "CREATE TABLE t (a TEXT COLLATE \"C\" NOT NULL, b BYTEA, c DOUBLE PRECISION)", 0},
      {"INSERT INTO INTEGERS VALUES (?12)", "INSERT INTO INTEGERS VALUES ($12)", 12},
      {"SELECT CAST(a AS TEXT), 'it''s ?1' FROM t", "SELECT CAST(a AS TEXT), 'it''s ?1' FROM t", 0}};
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    int parameters;
    char *theirs = pg_translate(CASES[i].ours, &parameters);
    assert_string_equal(theirs, CASES[i].theirs);
    assert_int_equal(parameters, CASES[i].parameters);
    memory_free(theirs);
  }
  char *copy = pg_copy_from("INSERT INTO t (a, b) VALUES (?1, ?2)");
  assert_string_equal(copy, "COPY t (a, b) FROM STDIN BINARY");
  memory_free(copy);
  assert_null(pg_copy_from("INSERT INTO t SELECT 1"));
  assert_true(pg_reads(" select 1") && pg_reads("DELETE FROM t RETURNING a") && !pg_reads("UPDATE t SET a = 1"));
}

TEST_MAIN(TEST(every_text_keeps_the_rules), TEST(a_broken_rule_is_found), TEST(words_are_translated_outside_of_strings))
