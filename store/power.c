#include "store/power.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/vector.h"

enum { POWER_PATH_MAX = 1024, POWER_SECTOR = 512 };

typedef struct Unsynced { /* one write or truncation: how the file was, and what was asked */
  char path[POWER_PATH_MAX];
  sqlite3_int64 at, former_size;
  size_t len, former_len; /* former: as much as there was; a truncation has len SIZE_MAX and keeps what it cut off */
  unsigned char *former, *written;
} Unsynced;

typedef struct PowerFile {
  sqlite3_file base;
  const char *path; /* SQLite keeps it as long as the file is open; NULL: a temporary one */
} PowerFile;

static struct {
  sqlite3_vfs vfs, *below;
  bool begun, off;
  int64_t countdown;
  PowerFault fault;
  void (*synced)(void *self);
  void *synced_self;
  PowerFigures figures;
  VECTOR(Unsynced) unsynced;
} power;

static sqlite3_file *below(sqlite3_file *file) { return (sqlite3_file *)(void *)((char *)file + sizeof(PowerFile)); }

static void forget_at(size_t i) {
  memory_free(power.unsynced.at[i].former);
  memory_free(power.unsynced.at[i].written);
}

static void forget_path(const char *path) {
  size_t kept = 0;
  for (size_t i = 0; i < power.unsynced.count; i++) {
    if (!path || strcmp(power.unsynced.at[i].path, path) == 0) forget_at(i);
    else power.unsynced.at[kept++] = power.unsynced.at[i];
  }
  power.unsynced.count = kept;
}

/* SQLITE_OK, or what this call is to fail with. */
static int weather(void) {
  if (power.off) return SQLITE_IOERR;
  if (power.countdown <= 0 || --power.countdown > 0) return SQLITE_OK;
  if (power.fault == POWER_CUT) power_cut();
  return power.fault == POWER_DISK_FULL ? SQLITE_FULL : SQLITE_IOERR;
}

static int remember(sqlite3_file *file, const void *bytes, size_t len, sqlite3_int64 at) {
  PowerFile *mine = (PowerFile *)(void *)file;
  Unsynced one = {.at = at, .len = len};
  if (!mine->path) return SQLITE_OK;
  snprintf(one.path, sizeof one.path, "%s", mine->path);
  int code = below(file)->pMethods->xFileSize(below(file), &one.former_size);
  if (code != SQLITE_OK) return code;
  sqlite3_int64 there = one.former_size > at ? one.former_size - at : 0;
  one.former_len = len == SIZE_MAX || (size_t)there < len ? (size_t)there : len;
  one.former = one.former_len ? memory_new(one.former_len) : NULL;
  one.written = len != SIZE_MAX && len ? memory_new(len) : NULL;
  bool ok = (one.former || !one.former_len) && (one.written || !bytes);
  if (ok && one.former_len) ok = below(file)->pMethods->xRead(below(file), one.former, (int)one.former_len, at) == SQLITE_OK;
  if (ok && bytes) memcpy(one.written, bytes, len);
  if (ok && vector_push(&power.unsynced, one)) return SQLITE_OK;
  memory_free(one.former);
  memory_free(one.written);
  return SQLITE_NOMEM;
}

static int file_xClose(sqlite3_file *file) {
  int code = below(file)->pMethods ? below(file)->pMethods->xClose(below(file)) : SQLITE_OK;
  file->pMethods = NULL;
  return code;
}
static int file_xRead(sqlite3_file *file, void *to, int len, sqlite3_int64 at) { return below(file)->pMethods->xRead(below(file), to, len, at); }
static int file_xWrite(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at) {
  int code = weather();
  power.figures.writes++;
  if (code == SQLITE_OK) code = remember(file, bytes, (size_t)len, at);
  return code == SQLITE_OK ? below(file)->pMethods->xWrite(below(file), bytes, len, at) : code;
}
static int file_xTruncate(sqlite3_file *file, sqlite3_int64 size) {
  int code = weather();
  if (code == SQLITE_OK) code = remember(file, NULL, SIZE_MAX, size);
  return code == SQLITE_OK ? below(file)->pMethods->xTruncate(below(file), size) : code;
}
static int file_xSync(sqlite3_file *file, int flags) {
  int code = weather();
  power.figures.syncs++;
  (void)flags; /* the disk is imagined: what is remembered no longer is on it */
  if (code != SQLITE_OK) return code;
  const PowerFile *mine = (const PowerFile *)(const void *)file;
  if (mine->path) forget_path(mine->path);
  if (power.synced) power.synced(power.synced_self);
  return SQLITE_OK;
}
static int file_xFileSize(sqlite3_file *file, sqlite3_int64 *size) { return below(file)->pMethods->xFileSize(below(file), size); }
static int file_xLock(sqlite3_file *file, int level) { return below(file)->pMethods->xLock(below(file), level); }
static int file_xUnlock(sqlite3_file *file, int level) { return below(file)->pMethods->xUnlock(below(file), level); }
static int file_xCheckReservedLock(sqlite3_file *file, int *out) { return below(file)->pMethods->xCheckReservedLock(below(file), out); }
static int file_xFileControl(sqlite3_file *file, int op, void *argument) {
  return below(file)->pMethods->xFileControl(below(file), op, argument);
}
static int file_xSectorSize(sqlite3_file *file) { return below(file)->pMethods->xSectorSize(below(file)); }
static int file_xDeviceCharacteristics(sqlite3_file *file) { return below(file)->pMethods->xDeviceCharacteristics(below(file)); }
static int file_xShmMap(sqlite3_file *file, int page, int size, int extend, void volatile **out) {
  return below(file)->pMethods->xShmMap(below(file), page, size, extend, out);
}
static int file_xShmLock(sqlite3_file *file, int offset, int n, int flags) { return below(file)->pMethods->xShmLock(below(file), offset, n, flags); }
static void file_xShmBarrier(sqlite3_file *file) { below(file)->pMethods->xShmBarrier(below(file)); }
static int file_xShmUnmap(sqlite3_file *file, int remove) { return below(file)->pMethods->xShmUnmap(below(file), remove); }

static const sqlite3_io_methods METHODS = { /* version 2: no file is mapped into memory, past this disk */
    .iVersion = 2, .xClose = file_xClose, .xRead = file_xRead, .xWrite = file_xWrite, .xTruncate = file_xTruncate, .xSync = file_xSync,
    .xFileSize = file_xFileSize, .xLock = file_xLock, .xUnlock = file_xUnlock, .xCheckReservedLock = file_xCheckReservedLock,
    .xFileControl = file_xFileControl, .xSectorSize = file_xSectorSize, .xDeviceCharacteristics = file_xDeviceCharacteristics,
    .xShmMap = file_xShmMap, .xShmLock = file_xShmLock, .xShmBarrier = file_xShmBarrier, .xShmUnmap = file_xShmUnmap};

static int vfs_xOpen(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags) {
  (void)vfs;
  memset(file, 0, sizeof(PowerFile));
  int code = power.below->xOpen(power.below, path, below(file), flags, out_flags);
  if (code != SQLITE_OK) return code;
  ((PowerFile *)(void *)file)->path = path;
  file->pMethods = &METHODS;
  return SQLITE_OK;
}

static int vfs_xDelete(sqlite3_vfs *vfs, const char *path, int sync_folder) {
  (void)vfs;
  int code = weather();
  if (code != SQLITE_OK) return code;
  forget_path(path);
  return power.below->xDelete(power.below, path, sync_folder);
}

bool power_begin(Error *error) {
  if (power.begun) return true;
  power.below = sqlite3_vfs_find(NULL);
  if (!power.below) return error_raise(error, ERROR_INTERNAL, "%s", "sqlite has no vfs");
  power.vfs = *power.below;
  power.vfs.zName = "power";
  power.vfs.szOsFile = (int)sizeof(PowerFile) + power.below->szOsFile;
  power.vfs.xOpen = vfs_xOpen;
  power.vfs.xDelete = vfs_xDelete;
  if (sqlite3_vfs_register(&power.vfs, 1) != SQLITE_OK) return error_raise(error, ERROR_INTERNAL, "%s", "sqlite vfs");
  power.begun = true;
  power.off = false;
  return true;
}

void power_end(void) {
  if (!power.begun) return;
  sqlite3_vfs_unregister(&power.vfs);
  sqlite3_vfs_register(power.below, 1);
  forget_path(NULL);
  vector_free(&power.unsynced);
  power.begun = false;
}

void power_fail_at(int64_t nth, PowerFault fault) {
  power.countdown = nth;
  power.fault = fault;
}

void power_cut(void) {
  if (!power.off) power.figures.cuts++;
  power.off = true;
}

bool power_is_off(void) { return power.off; }
PowerFigures power_figures(void) { return power.figures; }

void power_on_sync(void (*synced)(void *self), void *self) {
  power.synced = synced;
  power.synced_self = self;
}

static bool put_back(int file, const void *bytes, size_t len, sqlite3_int64 at) {
  return !len || pwrite(file, bytes, len, at) == (ssize_t)len;
}

static bool in_file(const char *path, const Unsynced *one, bool undo, size_t len, Error *error) {
  int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return errno == ENOENT ? true : error_raise(error, ERROR_IO, "%s\t%s", path, strerror(errno));
  bool ok = undo                   ? ftruncate(file, one->former_size) == 0 && put_back(file, one->former, one->former_len, one->at)
            : one->len == SIZE_MAX ? ftruncate(file, one->at) == 0
                                   : put_back(file, one->written, len, one->at);
  if (!ok) error_raise(error, ERROR_IO, "%s\t%s", path, strerror(errno));
  close(file);
  return ok;
}

/* All are taken back, the newest first; then those that chance had reach the disk happen again, in any case in their order. */
bool power_restore(Random *random, Error *error) {
  bool ok = true;
  uint32_t of_ten = random_below(random, 3) == 0 ? 0 : random_below(random, 11);
  for (size_t i = power.unsynced.count; ok && i-- > 0;) ok = in_file(power.unsynced.at[i].path, &power.unsynced.at[i], true, 0, error);
  for (size_t i = 0; ok && i < power.unsynced.count; i++) {
    const Unsynced *one = &power.unsynced.at[i];
    if (random_below(random, 10) >= of_ten) {
      power.figures.dropped++;
      continue;
    }
    bool torn = one->len != SIZE_MAX && one->len > POWER_SECTOR && random_below(random, 4) == 0;
    size_t len = torn ? (size_t)random_below(random, (uint32_t)(one->len / POWER_SECTOR)) * POWER_SECTOR : one->len;
    power.figures.kept += !torn, power.figures.torn += torn;
    ok = in_file(one->path, one, false, len, error);
  }
  forget_path(NULL);
  power.off = false;
  power.countdown = 0;
  return ok;
}
