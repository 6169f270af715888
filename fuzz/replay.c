/* replay FOLDER: runs a fuzz target over every file of its corpus, one test each, without a fuzzer. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "fuzz/fuzz.h"

int main(int count, char **arguments) {
  struct dirent **entries;
  int found = count == 2 ? scandir(arguments[1], &entries, NULL, alphasort) : -1, tests = 0;
  if (found < 0) return fprintf(stderr, "replay FOLDER\n"), 2;
  for (int i = 0; i < found; i++) {
    char path[4096];
    Buffer bytes;
    Error error = {0};
    if (entries[i]->d_name[0] == '.') {
      free(entries[i]);
      continue;
    }
    snprintf(path, sizeof path, "%s/%s", arguments[1], entries[i]->d_name);
    buffer_begin(&bytes, 0);
    bool read = buffer_read_file(&bytes, path, &error);
    if (read) LLVMFuzzerTestOneInput((const uint8_t *)(bytes.at ? bytes.at : ""), bytes.len);
    printf("%s %d - %s\n", read ? "ok" : "not ok", ++tests, entries[i]->d_name);
    fflush(stdout); /* so that a crash shows after which file */
    buffer_end(&bytes);
    free(entries[i]);
  }
  free(entries);
  printf("1..%d\n", tests);
  return tests == 0;
}
