/* A company's data copied whole while the program serves, and put back. A copy is verified before it has its name: file and chain of events. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/command.h"
#include "app/house.h"
#include "base/disk.h"
#include "store/copy.h"
#include "store/schema.h"

enum { PATH_MOST = 4096 };

static bool sync_path(const char *path, Error *error) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  bool ok = file >= 0 ? disk_sync(file, path, error) : error_raise(error, ERROR_IO, "%s\t%s", path, strerror(errno));
  if (file >= 0) close(file);
  return ok;
}

/* Sound, and every event fits the chain; tells how many, and the hash of the last. */
static bool verify(EventVerdict *verdict, EventChain *chain, const char *path, int64_t county_id, Error *error) {
  Db *db = NULL;
  char problem[ERROR_TEXT_MAX];
  bool ok = db_open(&db, path, DB_READ, error) && db_verify(db, problem, error);
  if (ok && problem[0]) ok = error_raise(error, ERROR_STORE_CORRUPT, "%s: %s", path, problem);
  ok = ok && event_verify(verdict, db, county_id, error) && event_chain_load(chain, db, county_id, error);
  if (ok && verdict->broken_seq) ok = error_raise(error, ERROR_STORE_CORRUPT, "%s: event %lld does not fit the chain", path, (long long)verdict->broken_seq);
  db_close(db);
  return ok;
}

/* A file page by page; a database row by row, all of one moment, whoever writes meanwhile. */
static bool take(const char *from, const char *to, Error *error) {
  Db *source = NULL, *target = NULL;
  CopyCount count;
  int version;
  bool ok = db_open(&source, from, DB_READ, error);
  if (ok && db_address_is_file(from)) ok = db_backup(source, to, error);
  else if (ok && (ok = schema_version(&version, source, error))) {
    if (version < schema_newest()) ok = error_raise(error, ERROR_STORE, "the data are of version %d, older than this program: serve or check them once", version);
    ok = ok && db_open(&target, to, DB_WRITE_UNSYNCED, error) && store_copy(&count, source, target, NULL, NULL, error);
  }
  db_close(source);
  db_close(target); /* nothing of it is beside the file any more */
  return ok;
}

static void forget(const char *part) {
  static const char *const BESIDE[] = {"", "-wal", "-shm", "-journal"};
  char path[PATH_MOST + 16];
  for (size_t i = 0; i < sizeof BESIDE / sizeof *BESIDE; i++) {
    snprintf(path, sizeof path, "%s%s", part, BESIDE[i]);
    unlink(path);
  }
}

/* Everything of `from` into the new file `to`, which has its name only once it is whole and on the disk. */
static bool copy(const char *from, const char *to, int64_t county_id, Error *error) {
  char part[PATH_MOST];
  EventVerdict verdict;
  EventChain chain;
  struct stat size;
  if (snprintf(part, sizeof part, "%s.part", to) >= (int)sizeof part) return error_raise(error, ERROR_LIMIT, "path\t%d", PATH_MOST);
  if (access(to, F_OK) == 0) return error_raise(error, ERROR_ALREADY_EXISTS, "file\t%s", to);
  forget(part);
  mode_t mask = umask(0077); /* people's names and numbers are in it */
  bool ok = take(from, part, error);
  umask(mask);
  ok = ok && verify(&verdict, &chain, part, county_id, error) && sync_path(part, error) && disk_rename(AT_FDCWD, part, to, error);
  if (!ok) {
    forget(part);
    return false;
  }
  bool zh = command_language() == LANGUAGE_ZH;
  printf(zh ? "%s: %lld 字节, %lld 条事件, 最后一条的指纹 " : "%s: %lld bytes, %lld events, the last has hash ", to,
         stat(to, &size) == 0 ? (long long)size.st_size : 0LL, (long long)verdict.checked);
  for (int i = 0; i < EVENT_HASH_BYTES; i++) printf("%02x", chain.hash[i]);
  putchar('\n');
  return true;
}

int command_backup(const CommandLine *line) {
  Error error = {0};
  Folder folder;
  int64_t county;
  bool ok = command_words(line, 1, 1, &error) && command_county(line, &county, &error) && folder_look(&folder, command_data(line), &error) &&
            copy(folder.store, line->word[0], county, &error);
  return ok ? 0 : command_failed(&error);
}

int command_restore(const CommandLine *line) {
  Error error = {0};
  Folder folder = {.lock = -1};
  const char *data = command_option(line, "--data");
  bool ok = command_words(line, 1, 1, &error);
  if (ok && access(line->word[0], R_OK) != 0) ok = error_raise(&error, ERROR_IO, "%s\t%s", line->word[0], strerror(errno));
  ok = ok && folder_open(&folder, data ? data : "data", true, &error) && copy(line->word[0], folder.store, HOUSE_COUNTY, &error);
  folder_close(&folder);
  return ok ? 0 : command_failed(&error);
}
