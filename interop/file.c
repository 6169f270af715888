#include "interop/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/memory.h"

struct File {
  int descriptor;
  ZSTD_DStream *zstd;
  char *packed;     /* compressed bytes read, of ZSTD_DStreamInSize */
  ZSTD_inBuffer in; /* what of them is still to be decompressed */
  size_t frame;     /* 0: the bytes so far end with a whole frame */
};

static int open_regular(const char *path, Error *error) {
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  struct stat found;
  if (descriptor >= 0 && fstat(descriptor, &found) == 0 && S_ISDIR(found.st_mode)) {
    close(descriptor);
    descriptor = -1;
    errno = EISDIR;
  }
  if (descriptor < 0 && errno != ENOENT) error_raise(error, ERROR_IO, "%s\t%s", path, strerror(errno));
  return descriptor;
}

bool file_open(File **out, const char *path, Error *error) {
  char packed_path[4096];
  *out = NULL;
  size_t len = strlen(path);
  bool packed = len > 4 && strcmp(path + len - 4, ".zst") == 0;
  int descriptor = open_regular(path, error);
  if (descriptor < 0 && errno == ENOENT && !packed) {
    if (snprintf(packed_path, sizeof packed_path, "%s.zst", path) >= (int)sizeof packed_path)
      return error_raise(error, ERROR_IO, "%s\t%s", path, strerror(ENAMETOOLONG));
    packed = true;
    descriptor = open_regular(packed_path, error);
  }
  if (descriptor < 0) return errno == ENOENT;
  File *file = memory_new(sizeof *file);
  if (file) file->descriptor = descriptor;
  if (file && packed) {
    file->zstd = ZSTD_createDStream();
    file->packed = memory_new(ZSTD_DStreamInSize());
    file->in.src = file->packed;
  }
  if (!file || (packed && (!file->zstd || !file->packed))) {
    if (!file) close(descriptor);
    file_close(file);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", path);
  }
  *out = file;
  return true;
}

void file_close(File *file) {
  if (!file) return;
  close(file->descriptor);
  ZSTD_freeDStream(file->zstd);
  memory_free(file->packed);
  memory_free(file);
}

static bool read_plain(File *file, char *out, size_t room, size_t *got, Error *error) {
  ssize_t count;
  do count = read(file->descriptor, out, room);
  while (count < 0 && errno == EINTR);
  if (count < 0) return error_raise(error, ERROR_IO, "%s\t%s", "read", strerror(errno));
  *got = (size_t)count;
  return true;
}

bool file_read(void *self, char *out, size_t room, size_t *got, Error *error) {
  File *file = self;
  if (!file->zstd) return read_plain(file, out, room, got, error);
  ZSTD_outBuffer to = {out, room, 0};
  while (to.pos == 0) {
    if (file->in.pos == file->in.size) {
      file->in.pos = 0;
      if (!read_plain(file, file->packed, ZSTD_DStreamInSize(), &file->in.size, error)) return false;
      if (file->in.size == 0) {
        if (file->frame) return error_raise(error, ERROR_IO, "%s\t%s", "zstd", "the file is cut short");
        break;
      }
    }
    file->frame = ZSTD_decompressStream(file->zstd, &to, &file->in);
    if (ZSTD_isError(file->frame)) return error_raise(error, ERROR_IO, "%s\t%s", "zstd", ZSTD_getErrorName(file->frame));
  }
  *got = to.pos;
  return true;
}
