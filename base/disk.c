#include "base/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static _Atomic int64_t call_count, fail_countdown;
static _Atomic int fault_kind;
static bool (*_Atomic asked)(void);

void disk_ask(bool (*fails)(void)) { atomic_store(&asked, fails); }

void disk_fail_at(int64_t nth, DiskFault fault) {
  atomic_store(&fault_kind, (int)fault);
  atomic_store(&fail_countdown, nth);
}

int64_t disk_calls(void) { return atomic_load(&call_count); }

static bool must_fail(void) {
  atomic_fetch_add_explicit(&call_count, 1, memory_order_relaxed);
  bool (*ask)(void) = atomic_load_explicit(&asked, memory_order_relaxed);
  bool fails = ask && ask();
  if (!fails && (atomic_load_explicit(&fail_countdown, memory_order_relaxed) <= 0 || atomic_fetch_sub(&fail_countdown, 1) != 1)) return false;
  errno = atomic_load(&fault_kind) == DISK_FAULT_FULL ? ENOSPC : EIO;
  return true;
}

static bool told(const char *path, Error *error) {
  return error_raise(error, errno == ENOSPC || errno == EDQUOT ? ERROR_STORE_FULL : ERROR_IO, "%s\t%s", path, strerror(errno));
}

static ssize_t put(int file, const void *bytes, size_t len) {
  if (!must_fail()) return write(file, bytes, len);
  return atomic_load(&fault_kind) == DISK_FAULT_SHORT ? write(file, bytes, (len + 1) / 2) : -1;
}

bool disk_write(int file, const void *bytes, size_t len, const char *path, Error *error) {
  for (size_t done = 0; done < len;) {
    ssize_t more = put(file, (const char *)bytes + done, len - done);
    if (more < 0 && errno == EINTR) continue;
    if (more == 0) errno = EIO;
    if (more <= 0) return told(path, error);
    done += (size_t)more;
  }
  return true;
}

/* A fault of another kind than a short write, which these cannot have. */
static bool refused(void) { return must_fail() && atomic_load(&fault_kind) != DISK_FAULT_SHORT; }

bool disk_sync(int file, const char *path, Error *error) { return !refused() && fsync(file) == 0 ? true : told(path, error); }

bool disk_close(int file, const char *path, Error *error) {
  bool refuse = refused();
  int why = errno;
  if (close(file) == 0 && !refuse) return true;
  if (refuse) errno = why;
  return told(path, error);
}

bool disk_sync_name(const char *path, Error *error) {
  char folder[4096];
  if ((size_t)snprintf(folder, sizeof folder, "%s", path) >= sizeof folder) return error_raise(error, ERROR_LIMIT, "path\t%zu", sizeof folder);
  char *slash = strrchr(folder, '/');
  if (slash) slash[slash == folder ? 1 : 0] = '\0';
  int file = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return told(path, error);
  bool ok = disk_sync(file, path, error);
  close(file);
  return ok;
}

bool disk_rename(int folder, const char *from, const char *to, Error *error) {
  if (refused() || renameat(folder, from, folder, to) != 0) return told(to, error);
  return folder == AT_FDCWD ? disk_sync_name(to, error) : disk_sync(folder, to, error);
}
