/* `check --rules DIR` before the real program: no data are needed and none are made; every kind of rule file is read, and what is wrong is named by
 * its file. */
#include "base/testing.h"

#include <sys/stat.h>
#include <unistd.h>


static char root[] = "/tmp/dianbaomu-check-XXXXXX";

static void put(const char *name, const char *words) {
  char path[160];
  snprintf(path, sizeof path, "%s/rules/%s", root, name);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(words, file);
  fclose(file);
}

/* What it says, and its status. */
static int check(const char *rules, char *said, size_t size) {
  char command[600];
  snprintf(command, sizeof command, "cd %s && '%s' check --rules %s 2>&1", root, getenv("DIANBAOMU_PROGRAM"), rules);
  FILE *pipe = popen(command, "r");
  assert_non_null(pipe);
  size_t len = fread(said, 1, size - 1, pipe);
  said[len] = '\0';
  return pclose(pipe) == 0 ? 0 : 1;
}

static void rules_need_no_data(void **state) {
  (void)state;
  static const char *const FOLDERS[] = {"rules", "rules/orders", "rules/promises", "rules/calendars", "rules/parts", "rules/surveys", "rules/company"};
  static const char *const FILES[] = {"orders/fault_repair.yaml", "promises/fault.yaml",  "calendars/working_hours.yaml", "surveys/satisfaction.yaml", "company/company.yaml", "locate.yaml",
                                      "watches.yaml",             "tariffs.yaml",         "remedies.yaml",                "conductors.yaml",           "dispatch.yaml",        "repair_steps.yaml",
                                      "group_words.yaml"};
  char said[8192], path[160];
  assert_non_null(mkdtemp(root));
  for (size_t i = 0; i < sizeof FOLDERS / sizeof *FOLDERS; i++) {
    snprintf(path, sizeof path, "%s/%s", root, FOLDERS[i]);
    assert_int_equal(mkdir(path, 0700), 0);
  }
  if (check("rules", said, sizeof said) || !strstr(said, "rules      sound")) fail_msg("%s", said); /* an empty folder: the built-in ones */
  for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
    put(FILES[i], "nothing: of the kind\n");
    if (!check("rules", said, sizeof said) || !strstr(said, FILES[i])) fail_msg("%s: %s", FILES[i], said);
    snprintf(path, sizeof path, "%s/rules/%s", root, FILES[i]);
    unlink(path);
  }
  if (!check("nowhere", said, sizeof said) || !strstr(said, "nowhere")) fail_msg("%s", said);
  snprintf(path, sizeof path, "%s/data", root);
  assert_int_not_equal(access(path, F_OK), 0); /* none made */
  for (size_t i = sizeof FOLDERS / sizeof *FOLDERS; i-- > 0;) {
    snprintf(path, sizeof path, "%s/%s", root, FOLDERS[i]);
    assert_int_equal(rmdir(path), 0);
  }
  assert_int_equal(rmdir(root), 0);
}

TEST_MAIN(TEST(rules_need_no_data))
