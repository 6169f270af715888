#include "app/command.h"

#include "base/testing.h"

static int nothing(const CommandLine *line) { return line->words; }

static const Command COMMAND = {.name = "import", .words = "PACKAGE", .options = {{"--data", "DIR", ""}, {"--port", "N", ""}, {"--json", NULL, ""}}, .run = nothing};

static void options_are_read_or_refused_by_name(void **state) {
  (void)state;
  static const struct { const char *argv[4]; bool ok; const char *told; } ROWS[] = {
      {{"pack", "--data", "d", "--json"}, true, NULL},     {{"--data=d", "pack", "--port=80", NULL}, true, NULL},
      {{"pack", "--dat", "d", NULL}, false, "--dat"},      {{"pack", "--data", NULL, NULL}, false, "--data"},
      {{"pack", "--json=1", NULL, NULL}, false, "--json"}};
  for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
    Error error = {0};
    CommandLine line;
    int argc = 0;
    while (argc < 4 && ROWS[i].argv[argc]) argc++;
    assert_int_equal(command_parse(&line, &COMMAND, argc, ROWS[i].argv, &error), ROWS[i].ok);
    if (!ROWS[i].ok) {
      assert_int_equal(error.code, ERROR_USAGE);
      assert_non_null(strstr(error.argument[0], ROWS[i].told));
    } else {
      assert_string_equal(command_option(&line, "--data"), "d");
      assert_string_equal(line.word[0], "pack");
    }
  }
}

static void numbers_are_bounded(void **state) {
  (void)state;
  static const struct { const char *value; bool ok; } ROWS[] = {{"80", true}, {"0", false}, {"70000", false}, {"x", false}, {"", false}};
  for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
    Error error = {0};
    CommandLine line = {.command = &COMMAND};
    int64_t port;
    line.given[1] = ROWS[i].value;
    assert_int_equal(command_number(&line, "--port", 9559, 1, 65535, &port, &error), ROWS[i].ok);
    line.given[1] = NULL;
    assert_true(command_number(&line, "--port", 9559, 1, 65535, &port, &error) && port == 9559);
  }
}

TEST_MAIN(TEST(options_are_read_or_refused_by_name), TEST(numbers_are_bounded))
