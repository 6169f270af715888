/* Migrations under load: a desk that serves on an earlier schema, calls on it, and the newest schema brought meanwhile by another connection, as a newer
 * server does it that starts beside an older one. Calls wait; none fails, none is lost or doubled, the chain stays whole. From every earlier version. */
#include <pthread.h>
#include <unistd.h>

#include "base/testing.h"
#include "store/desk.h"
#include "store/lease.h"
#include "store/schema.h"

enum { CALLERS = 4, BEFORE = 3, AFTER = 3, CALLS_MOST = 100000 };

typedef struct Place {
  char folder[64], file[96], address[1024];
  Db *db;
  Desk *desk;
  Lease *lease;
  TimeSource time;
  _Atomic int64_t answered;
  _Atomic bool migrated;
  _Atomic int ended; /* callers that stopped */
  int version;
} Place;

typedef struct Caller {
  Place *place;
  pthread_t thread;
  int number, calls, after;
  Error error;
} Caller;

typedef struct Call {
  int64_t id;
  int caller, number, version;
} Call;

/* Two tables that later migrations alter, in the other order: who did not stop the desk first would wait for it as it waits for him. */
static bool touch(DeskContext *context, const char *sql, Error *error) {
  DbStatement *s;
  return db_prepare(&s, context->db, sql, error) && db_done(s, error);
}

static bool work_call(DeskContext *context, void *command, Error *error) {
  Call *call = command;
  char name[64], data[96];
  DbStatement *s;
  snprintf(name, sizeof name, "call-%d-%d", call->caller, call->number);
  snprintf(data, sizeof data, "{\"call\":\"%s\"}", name);
  call->id = desk_new_id(context);
  if (!db_prepare(&s, context->db, "INSERT INTO setting (county_id, name, value) VALUES (?1, ?2, ?3)", error)) return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_text(s, 2, text_of(name));
  db_bind_text(s, 3, text_of(data));
  return db_done_rows(s, 1, error) && desk_event(context, "call", "call", call->id, text_of(data), error) &&
         (call->version < 41 || (touch(context, "DELETE FROM outage_evidence WHERE county_id = 0", error) && touch(context, "DELETE FROM outage WHERE county_id = 0", error)));
}

/* Until the schema is the newest, and a little longer. */
static void *calls(void *self) {
  Caller *caller = self;
  while (caller->after < AFTER && caller->calls < CALLS_MOST) {
    bool after = atomic_load(&caller->place->migrated);
    Call call = {.caller = caller->number, .number = caller->calls, .version = caller->place->version};
    if (!desk_do(caller->place->desk, work_call, &call, TEXT("staff:1"), &caller->error)) break;
    caller->calls++;
    caller->after += after;
    atomic_fetch_add(&caller->place->answered, 1);
  }
  atomic_fetch_add(&caller->place->ended, 1);
  return NULL;
}

static void open_place(Place *place, int version) {
  Error error = {0};
  *place = (Place){.version = version, .folder = "/tmp/dianbaomu-migrate-XXXXXX"};
  assert_non_null(mkdtemp(place->folder));
  snprintf(place->file, sizeof place->file, "%s/a.db", place->folder);
  assert_ok(db_test_address(place->address, sizeof place->address, place->file, &error), &error);
  assert_ok(db_open(&place->db, place->address, DB_WRITE_UNSYNCED, &error), &error);
  assert_ok(schema_migrate_to(place->db, version, &error), &error);
  if (version >= 2) assert_ok(lease_take(&place->lease, place->address, 1, "older:1", &error), &error);
  DeskOptions options = {.county_id = 1, .time = &place->time, .lease = place->lease};
  assert_ok(desk_open(&place->desk, place->db, &options, &error), &error);
  assert_ok(desk_start(place->desk, &error), &error);
}

static void close_place(Place *place) {
  char command[128];
  desk_close(place->desk);
  lease_give(place->lease);
  db_close(place->db);
  snprintf(command, sizeof command, "rm -r %s", place->folder);
  assert_int_equal(system(command), 0);
}

static int64_t count(Db *db, const char *sql) {
  Error error = {0};
  DbStatement *s;
  bool row;
  assert_ok(db_prepare(&s, db, sql, &error) && db_step(&row, s, &error) && row, &error);
  int64_t found = db_column_i64(s, 0);
  db_reset(s);
  return found;
}

static void migrate_under_load(int version) {
  static Place place; /* a failed test leaves its threads behind */
  static Caller caller[CALLERS];
  Error error = {0}, why = {0};
  Db *newer;
  int64_t made = 0;
  open_place(&place, version);
  for (int i = 0; i < CALLERS; i++) {
    caller[i] = (Caller){.place = &place, .number = i};
    assert_int_equal(pthread_create(&caller[i].thread, NULL, calls, &caller[i]), 0);
  }
  while (atomic_load(&place.answered) < BEFORE * CALLERS && atomic_load(&place.ended) < CALLERS) usleep(200);
  bool ok = db_open(&newer, place.address, DB_WRITE_UNSYNCED, &why) && schema_migrate(newer, &why);
  atomic_store(&place.migrated, true);
  for (int i = 0; i < CALLERS; i++) {
    pthread_join(caller[i].thread, NULL);
    if (caller[i].error.code != ERROR_NONE) print_message("# from version %d\n", version);
    assert_ok(caller[i].error.code == ERROR_NONE, &caller[i].error);
    made += caller[i].calls;
  }
  assert_ok(ok, &why);
  desk_stop(place.desk);
  assert_int_equal(count(newer, "SELECT COUNT(*) FROM setting WHERE county_id = 1 AND name LIKE 'call-%'"), made);
  assert_int_equal(count(newer, "SELECT COUNT(*) FROM event WHERE county_id = 1 AND kind = 'call'"), made);
  EventVerdict verdict;
  assert_ok(event_verify(&verdict, newer, 1, &error), &error);
  assert_int_equal(verdict.broken_seq, 0);
  int have;
  assert_ok(schema_version(&have, newer, &error), &error);
  assert_int_equal(have, schema_newest());
  db_close(newer);
  close_place(&place);
}

/* The numbers there are, but for the newest. */
static void from_every_earlier_version(void **state) {
  (void)state;
  int versions[256], found = 0;
  Error error = {0};
  Db *db;
  DbStatement *s;
  assert_ok(db_open(&db, ":memory:", DB_WRITE_UNSYNCED, &error), &error);
  assert_ok(schema_migrate(db, &error), &error);
  assert_ok(db_prepare(&s, db, "SELECT number FROM migration WHERE number > 0 ORDER BY number", &error), &error);
  for (bool row; db_step(&row, s, &error) && row && found < 256;) versions[found++] = (int)db_column_i64(s, 0);
  db_reset(s);
  db_close(db);
  assert_true(found > 20);
  for (int i = 0; i + 1 < found; i += found / torture_rounds(found)) migrate_under_load(versions[i]);
}

TEST_MAIN(TEST(from_every_earlier_version))
