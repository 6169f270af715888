/* Where a county is played: in files on a disk that can be unplugged (store/power.h), or in schemas of a PostgreSQL whose connections are cut. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/county_sim.h"
#include "base/disk.h"
#include "store/copy.h"
#include "store/power.h"
#include "store/schema.h"

enum { CALLS_A_WRITE = 8 /* SQL calls to one write of the disk, about */, GONE_MS = 20000 };

struct SimStore {
  char folder[64], package[80], county[80], data[80];
  /* PostgreSQL */
  char database[1024], address[1200], base[64], work[64];
  const char *cluster;
  Db *admin;      /* sees the connections and may end them */
  Buffer renew;   /* SQL that makes the work schema what the base is */
  pthread_t player;
  int64_t nth;    /* SQL calls from now */
  SimFault fault;
  bool inside, off;
  int64_t lost, stops;
};

static bool is_file(const SimStore *store) { return !store->database[0]; }
const char *sim_store_package(const SimStore *store) { return store->package; }
const char *sim_store_county(const SimStore *store) { return store->county; }
const char *sim_store_address(const SimStore *store) { return is_file(store) ? store->data : store->address; }
bool sim_store_is_shared(const SimStore *store) { return !is_file(store); }

/* --- files --- */

static bool copy_file(const char *from, const char *to, Error *error) {
  Buffer bytes;
  char path[300];
  buffer_begin(&bytes, 0);
  snprintf(path, sizeof path, "%s/dianbaomu.db-wal", to);
  remove(path);
  snprintf(path, sizeof path, "%s/dianbaomu.db-shm", to);
  remove(path);
  snprintf(path, sizeof path, "%s/dianbaomu.db", from);
  bool ok = buffer_read_file(&bytes, path, error);
  snprintf(path, sizeof path, "%s/dianbaomu.db", to);
  int file = ok ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1; /* not synced: it is thrown away */
  if (ok && file < 0) ok = error_raise(error, ERROR_IO, "%s\t%s", path, strerror(errno));
  if (file >= 0) ok = disk_write(file, bytes.at, bytes.len, path, error), close(file);
  buffer_end(&bytes);
  return ok;
}

/* --- PostgreSQL: two schemas, the county as it was made and the one that is played --- */

static SimStore *asked; /* by every SQL call */

static bool connections(int64_t *count, SimStore *store, Error *error) {
  DbStatement *s;
  bool row;
  if (!db_prepare(&s, store->admin, "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = ?1", error)) return false;
  db_bind_text(s, 1, text_of(store->work));
  if (!db_step(&row, s, error)) return false;
  *count = row ? db_column_i64(s, 0) : 0;
  db_reset(s);
  return true;
}

/* Every connection of the program ends, wherever it is. */
static bool cut_connections(SimStore *store, Error *error) {
  char sql[200];
  int64_t left = 1;
  snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '%s'", store->work);
  if (!db_run(store->admin, sql, error)) return false;
  for (int ms = 0; left && ms < GONE_MS; ms += 2) {
    if (!connections(&left, store, error)) return false;
    if (left) nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
  }
  store->lost++;
  return left == 0 || error_raise(error, ERROR_INTERNAL, "%s", "a connection does not end");
}

static bool stop_database(SimStore *store, Error *error) {
  char path[300], word[32] = "";
  snprintf(path, sizeof path, "%s/data/postmaster.pid", store->cluster);
  FILE *file = fopen(path, "re");
  bool read = file && fgets(word, sizeof word, file);
  if (file) fclose(file);
  pid_t pid = read ? (pid_t)strtol(word, NULL, 10) : 0;
  if (pid <= 1 || kill(pid, SIGQUIT) != 0) return error_raise(error, ERROR_IO, "%s\t%s", path, "no database to stop"); /* "immediate" */
  for (int ms = 0; kill(pid, 0) == 0 && ms < GONE_MS; ms += 5) nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
  store->stops++;
  return true;
}

static bool start_database(SimStore *store, Error *error) {
  char command[300];
  snprintf(command, sizeof command, "'%s/start' >/dev/null 2>&1", store->cluster);
  bool started = false;
  for (int try = 0; try < 10 && !started; try++) { /* its port may be somebody else's for a moment */
    if (try) nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    started = system(command) == 0;
  }
  if (!started) return error_raise(error, ERROR_IO, "%s\t%s", command, "the database does not start");
  db_close(store->admin);
  store->admin = NULL;
  return db_open(&store->admin, store->database, DB_WRITE_UNSYNCED, error);
}

static void strike(SimStore *store) {
  Error error = {0};
  bool ok = store->cluster && store->fault != SIM_IO_ERROR ? stop_database(store, &error) && (store->fault == SIM_CUT || start_database(store, &error))
                                                           : cut_connections(store, &error);
  store->off = store->fault == SIM_CUT;
  if (!ok) fprintf(stderr, "sim: %s\n", error.argument[0]);
}

/* Hears of each SQL call before it is made; never fails one itself. */
static bool hear_call(void) {
  SimStore *store = asked;
  if (!store || store->inside || !store->nth || !pthread_equal(pthread_self(), store->player) || --store->nth) return false;
  store->inside = true;
  strike(store);
  store->inside = false;
  return false;
}

static void address_of(const SimStore *store, const char *schema, char *out, size_t size) {
  snprintf(out, size, "%s%coptions=-csearch_path%%3D%s&application_name=%s", store->database, strchr(store->database, '?') ? '&' : '?', schema, schema);
}

static bool make_schema(SimStore *store, const char *schema, Error *error) {
  char sql[160], address[1200];
  Db *db;
  snprintf(sql, sizeof sql, "CREATE SCHEMA %s", schema);
  address_of(store, schema, address, sizeof address);
  if (!db_run(store->admin, sql, error) || !db_open(&db, address, DB_WRITE_UNSYNCED, error)) return false;
  bool ok = schema_migrate(db, error);
  db_close(db);
  return ok;
}

static bool copy_rows(SimStore *store, Error *error) {
  char file[120], address[1200];
  Db *from = NULL, *to = NULL;
  CopyCount count;
  snprintf(file, sizeof file, "%s/dianbaomu.db", store->county);
  address_of(store, store->base, address, sizeof address);
  bool ok = db_open(&from, file, DB_WRITE, error) && db_open(&to, address, DB_WRITE_UNSYNCED, error) && store_copy(&count, from, to, NULL, NULL, error);
  db_close(from);
  db_close(to);
  return ok;
}

static bool add_truncate(void *self, const char *table, Error *error) {
  SimStore *store = self;
  (void)error;
  buffer_format(&store->renew, "TRUNCATE %s.%s; ", store->work, table);
  if (strcmp(table, "lease") != 0) buffer_format(&store->renew, "INSERT INTO %s.%s SELECT * FROM %s.%s; ", store->work, table, store->base, table);
  return true;
}

static bool plan_renewal(SimStore *store, Error *error) {
  Db *db;
  if (!db_open(&db, store->address, DB_READ, error)) return false;
  buffer_begin(&store->renew, 0);
  bool ok = db_tables(db, add_truncate, store, error);
  db_close(db);
  buffer_byte(&store->renew, '\0');
  return ok && (!store->renew.failed || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "sim"));
}

static bool drop_schemas(SimStore *store, Error *error) {
  char sql[200];
  snprintf(sql, sizeof sql, "DROP SCHEMA IF EXISTS %s CASCADE; DROP SCHEMA IF EXISTS %s CASCADE", store->work, store->base);
  return db_run(store->admin, sql, error);
}

/* --- either --- */

bool sim_store_open(SimStore **out, const char *database, const char *cluster, Error *error) {
  SimStore *store = memory_new(sizeof *store);
  if (!store) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "sim");
  *out = store;
  snprintf(store->folder, sizeof store->folder, "/tmp/dianbaomu-sim-XXXXXX");
  if (!mkdtemp(store->folder)) return error_raise(error, ERROR_IO, "%s\t%s", store->folder, strerror(errno));
  snprintf(store->package, sizeof store->package, "%s/package", store->folder);
  snprintf(store->county, sizeof store->county, "%s/county", store->folder);
  snprintf(store->data, sizeof store->data, "%s/data", store->folder);
  if (!database) return true;
  if (db_address_is_file(database) || strlen(database) >= sizeof store->database) return error_raise(error, ERROR_FIELD_INVALID, "--database\t%s\tpostgresql://…", database);
  snprintf(store->database, sizeof store->database, "%s", database);
  snprintf(store->work, sizeof store->work, "sim_%d", (int)getpid());
  snprintf(store->base, sizeof store->base, "sim_%d_base", (int)getpid());
  address_of(store, store->work, store->address, sizeof store->address);
  store->cluster = cluster;
  store->player = pthread_self();
  return db_open(&store->admin, database, DB_WRITE_UNSYNCED, error);
}

bool sim_store_ready(SimStore *store, Error *error) {
  if (is_file(store)) return power_begin(error) && (mkdir(store->data, 0700) == 0 || error_raise(error, ERROR_IO, "%s\t%s", store->data, strerror(errno)));
  asked = store;
  db_ask(hear_call);
  return make_schema(store, store->base, error) && copy_rows(store, error) && make_schema(store, store->work, error) && plan_renewal(store, error);
}

bool sim_store_fresh(SimStore *store, Error *error) {
  return is_file(store) ? copy_file(store->county, store->data, error) : db_run(store->admin, store->renew.at, error);
}

void sim_store_on_sync(SimStore *store, void (*synced)(void *self), void *self) {
  if (is_file(store)) power_on_sync(synced, self);
}

void sim_store_arm(SimStore *store, int64_t nth, SimFault fault) {
  static const PowerFault FAULTS[] = {[SIM_DISK_FULL] = POWER_DISK_FULL, [SIM_IO_ERROR] = POWER_IO_ERROR, [SIM_CUT] = POWER_CUT};
  if (is_file(store)) power_fail_at(nth, FAULTS[fault]);
  store->nth = nth * CALLS_A_WRITE;
  store->fault = fault;
}

bool sim_store_is_off(const SimStore *store) { return is_file(store) ? power_is_off() : store->off; }

bool sim_store_restore(SimStore *store, Random *random, Error *error) {
  if (is_file(store)) return power_restore(random, error);
  store->off = false;
  return !store->cluster || start_database(store, error);
}

/* As who watched the lease in vain for a while and raised its token; it gives the county to whoever asks next. */
bool sim_store_take_over(SimStore *store, Error *error) {
  char sql[160];
  snprintf(sql, sizeof sql, "UPDATE %s.lease SET token = token + 1, beat = 0, is_held = 0 WHERE county_id = 1", store->work);
  return db_run(store->admin, sql, error);
}

typedef struct Summing {
  Db *db;
  crypto_generichash_state state;
} Summing;

static bool sum_table(void *self, const char *table, Error *error) {
  Summing *summing = self;
  unsigned char hash[COPY_HASH_BYTES];
  int64_t rows;
  if (strcmp(table, "lease") == 0) return true;
  if (!store_table_hash(hash, &rows, summing->db, table, error)) return false;
  crypto_generichash_update(&summing->state, hash, sizeof hash);
  return true;
}

bool sim_store_sum(SimStore *store, unsigned char out[32], Error *error) {
  Summing summing = {0};
  if (!db_open(&summing.db, store->address, DB_READ, error)) return false;
  crypto_generichash_init(&summing.state, NULL, 0, 32);
  bool ok = db_tables(summing.db, sum_table, &summing, error);
  crypto_generichash_final(&summing.state, out, 32);
  db_close(summing.db);
  return ok;
}

void sim_store_tell(const SimStore *store) {
  PowerFigures disk = power_figures();
  if (is_file(store)) printf("unsynced writes: %lld lost, %lld kept, %lld torn", (long long)disk.dropped, (long long)disk.kept, (long long)disk.torn);
  else printf("on PostgreSQL: connections cut %lld times, the database stopped %lld times", (long long)store->lost, (long long)store->stops);
}

void sim_store_close(SimStore *store) {
  Error error = {0};
  if (!store) return;
  db_ask(NULL);
  asked = NULL;
  if (is_file(store)) power_end();
  if (store->admin && !drop_schemas(store, &error)) fprintf(stderr, "sim: %s\n", error.argument[0]);
  db_close(store->admin);
  buffer_end(&store->renew);
  folder_remove(store->package);
  folder_remove(store->county);
  folder_remove(store->data);
  folder_remove(store->folder);
  memory_free(store);
}
