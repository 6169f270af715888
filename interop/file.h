/* A file read from its beginning to its end, decompressed on the way when its name ends with ".zst". */
#ifndef INTEROP_FILE_H
#define INTEROP_FILE_H

#include "base/error.h"

typedef struct File File;

/* Opens `path`, or where that is missing `path`.zst. *out NULL with true: neither is there. */
bool file_open(File **out, const char *path, Error *error) MUST_USE;
void file_close(File *file); /* NULL is fine */
/* Fills up to `room` bytes; *got = 0 is the end. `self` is the File: fits CsvRead. */
bool file_read(void *self, char *out, size_t room, size_t *got, Error *error) MUST_USE;

#endif
