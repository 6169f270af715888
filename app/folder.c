#include "app/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/disk.h"
#include "store/db.h"

static bool place(Folder *out, const char *path, Error *error) {
  out->lock = -1;
  if (!db_address_is_file(path)) {
    if (strlen(path) >= sizeof out->store) return error_raise(error, ERROR_LIMIT, "%s\t%zu", "database", sizeof out->store);
    snprintf(out->store, sizeof out->store, "%s", path);
    return true;
  }
  if (strlen(path) + sizeof "/dianbaomu.db-journal" > sizeof out->store)
    return error_raise(error, ERROR_LIMIT, "%s\t%zu", "path", sizeof out->store);
  snprintf(out->store, sizeof out->store, "%s/dianbaomu.db", path);
  return true;
}

static bool make_one(const char *path, mode_t mode, Error *error) {
  if (mkdir(path, mode) == 0) return disk_sync_name(path, error);
  return errno == EEXIST ? true : error_raise(error, ERROR_IO, "%s\t%s", path, strerror(errno));
}

static bool make_path(const char *path, Error *error) {
  char part[4096];
  snprintf(part, sizeof part, "%s", path);
  for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    if (!make_one(part, 0777, error)) return false;
    *slash = '/';
  }
  return make_one(part, 0700, error);
}

bool folder_look(Folder *out, const char *path, Error *error) {
  if (!place(out, path, error)) return false;
  if (!db_address_is_file(path)) return true;
  if (access(out->store, R_OK) == 0) return true;
  return error_raise(error, ERROR_IO, "%s\t%s; 'dianbaomu import PACKAGE --data %s' makes one", out->store, strerror(errno), path);
}

bool folder_open(Folder *out, const char *path, bool make, Error *error) {
  char lock[4096];
  if (!place(out, path, error)) return false;
  if (!db_address_is_file(path)) return true; /* guarded county by county: store/lease.h */
  if (make) {
    if (!make_path(path, error)) return false;
  } else if (!folder_look(out, path, error)) {
    return false;
  }
  snprintf(lock, sizeof lock, "%.*s/lock", (int)(strlen(out->store) - strlen("/dianbaomu.db")), out->store);
  out->lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (out->lock < 0) return error_raise(error, ERROR_IO, "%s\t%s", lock, strerror(errno));
  if (flock(out->lock, LOCK_EX | LOCK_NB) == 0) return true;
  error_raise(error, ERROR_STORE_LOCKED, "%s", path);
  folder_close(out);
  return false;
}

void folder_close(Folder *folder) {
  if (folder->lock >= 0) close(folder->lock);
  folder->lock = -1;
}

void folder_remove(const char *path) {
  static const char *const FILES[] = {"dianbaomu.db", "dianbaomu.db-wal", "dianbaomu.db-shm", "lock",
                                      "orgs.csv", "devices.csv", "ties.csv", "customers.csv", "crews.csv", "stock.csv", "backdrop.geojson"};
  char file[4096];
  for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
    snprintf(file, sizeof file, "%s/%s", path, FILES[i]);
    unlink(file);
  }
  rmdir(path);
}
