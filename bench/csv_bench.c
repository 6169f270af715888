/* csv_bench FILE…: reads each, MB a second, beside counting its line feeds (what `wc -l` does), in processor time. Twice: the second time
 * the file lies in memory. */
#include <stdio.h>
#include <time.h>

#include "base/memory.h"
#include "interop/csv.h"
#include "interop/file.h"

static bool count_lines(const char *path, uint64_t *lines, uint64_t *bytes, Error *error) {
  enum { CHUNK = 256 * 1024 };
  File *file;
  char *chunk = memory_new(CHUNK);
  size_t got = 1;
  *lines = *bytes = 0;
  if (!chunk || !file_open(&file, path, error) || !file) return false;
  while (got) {
    if (!file_read(file, chunk, CHUNK, &got, error)) return false;
    *bytes += got;
    for (const char *at = chunk; (at = memchr(at, '\n', (size_t)(chunk + got - at))); at++) ++*lines;
  }
  file_close(file);
  memory_free(chunk);
  return true;
}

static bool read_rows(const char *path, uint64_t *rows, uint64_t *sum, Error *error) {
  Csv *csv;
  bool row = true;
  *rows = *sum = 0;
  if (!csv_open_file(&csv, path, error)) return false;
  while (row) {
    if (!csv_next(csv, &row, error)) return false;
    *rows += row;
    *sum += row;
  }
  *sum = csv_bytes(csv);
  csv_close(csv);
  return true;
}

int main(int count, char **arguments) {
  for (int i = 1; i < count; i++) {
    for (int again = 0; again < 2; again++) {
      Error error = {0};
      char text[ERROR_TEXT_MAX];
      uint64_t lines = 0, bytes = 0, rows = 0, read = 0;
      int64_t begun = clock();
      if (!count_lines(arguments[i], &lines, &bytes, &error))
        return fprintf(stderr, "%s\n", error_text(&error, LANGUAGE_EN, text, sizeof text)), 1;
      int64_t counted = clock();
      if (!read_rows(arguments[i], &rows, &read, &error))
        return fprintf(stderr, "%s\n", error_text(&error, LANGUAGE_EN, text, sizeof text)), 1;
      int64_t done = clock();
      printf("%s: %llu lines, %.1f MB; counting lines %.0f MB/s; csv %llu rows, %.0f MB/s\n", arguments[i], (unsigned long long)lines,
             (double)bytes / 1e6, (double)bytes / (double)(counted - begun), (unsigned long long)rows,
             (double)read / (double)(done - counted));
    }
  }
  return 0;
}
