/* The inside of the staff half of this room.
 *
 *   staff.c        accounts: memory, use cases       session.c        sessions: memory, use cases
 *   staff_store.c  SQL of both                       session_delay.c  who guesses passwords waits
 *   staff_factor.c the second factor                 factor.c         its codes
 *   staff_routes.c HTTP                              colleague.c      who can be given something to do
 *   oidc_routes.c  signing in by the company's own service (oidc.h) */
#ifndef PEOPLE_STAFF_PRIVATE_H
#define PEOPLE_STAFF_PRIVATE_H

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>

#include "base/map.h"
#include "base/vector.h"
#include "people/factor.h"
#include "people/oidc.h"
#include "people/session_delay.h"
#include "people/staff.h"

enum { SESSION_HASH_BYTES = 32, SESSION_TOKEN_TEXT = 44 /* 32 bytes in base64 and NUL */ };

typedef struct Account {
  StaffMember member; /* texts in Staff.texts */
  char password[crypto_pwhash_STRBYTES];
  _Atomic int64_t seen; /* the newest sign of life, INSTANT_NONE */
  Instant stored;       /* … as the row has it */
  bool loaded, factor_loaded; /* met with in the rows, while loading */
  Factor factor;
} Account;

typedef struct Session {
  int64_t id, staff_id;
  unsigned char hash[SESSION_HASH_BYTES];
  Instant begun;
  Instant stored;       /* `seen` as the row has it */
  bool strong;          /* vouched for together with a second factor */
  bool loaded;          /* met with in the rows, while loading */
  _Atomic int64_t seen;
} Session;

struct Staff {
  Desk *desk;
  StaffOptions options;
  Delays *delays;
  Instant last_stored;     /* the desk's own: when signs of life were last written to rows */
  pthread_rwlock_t lock;   /* all below: written on the desk's thread, read on any */
  Arena texts;
  VECTOR(Account *) accounts; /* by id, ascending; few enough to be searched by name */
  VECTOR(Session *) sessions;
  Map by_hash;             /* first 8 bytes of the hash → session pointer */
  int two_factor_rule;     /* TwoFactorRule */
  Oidc *oidc;              /* NULL: none */
};

/* --- accounts; lock held --- */
Account *account_find(const Staff *staff, int64_t id);
Account *account_find_name(const Staff *staff, Text name);
bool account_put(Staff *staff, const StaffMember *member, const char *password, Error *error) MUST_USE; /* new or changed */
StaffMember account_member(const Account *account);

/* --- commands, run by the desk. `by` NULL: the program itself --- */
typedef struct StaffAdd {
  Staff *staff;
  const HttpWho *by;
  StaffNew account;
  char password[crypto_pwhash_STRBYTES];
  StaffMember out;
} StaffAdd;
bool staff_work_add(DeskContext *context, void *command, Error *error);

typedef struct StaffChange {
  Staff *staff;
  const HttpWho *by;
  int64_t id, version;
  bool set_roles, set_org, set_crew, set_full_name, set_disabled, set_password, reset_factor;
  StaffNew to;
  bool disabled;
  char password[crypto_pwhash_STRBYTES];
  StaffMember out;
} StaffChange;
bool staff_work_change(DeskContext *context, void *command, Error *error);

typedef struct StaffPassword {
  Staff *staff;
  int64_t id;
  char checked[crypto_pwhash_STRBYTES], password[crypto_pwhash_STRBYTES]; /* `checked`: must still be the one */
  unsigned char keep[SESSION_HASH_BYTES];                                 /* the other sessions end */
} StaffPassword;
bool staff_work_password(DeskContext *context, void *command, Error *error);

typedef struct SessionBegin {
  Staff *staff;
  int64_t staff_id;
  char checked[crypto_pwhash_STRBYTES]; /* the hash the password was checked against */
  Text code;                            /* of the second factor, where there is one */
  bool vouched, strong;                 /* by the sign-in service, so that `checked` is not looked at; `strong`: nor `code` */
  char token[SESSION_TOKEN_TEXT];
  StaffMember member;
  Instant expires;
  bool must; /* they may do nothing before they have set up a second factor */
} SessionBegin;
bool session_work_begin(DeskContext *context, void *command, Error *error);

typedef struct SessionEnd {
  Staff *staff;
  unsigned char hash[SESSION_HASH_BYTES];
} SessionEnd;
bool session_work_end(DeskContext *context, void *command, Error *error);

/* --- staff_routes.c --- */
void staff_write_session(HttpReply *reply, const Staff *staff, const StaffMember *member, Instant expires, bool must);
Text staff_plain_name(Arena *arena, Text name); /* as names are signed in with: in small letters, without blanks around them */
void session_new_token(SessionBegin *begin);

/* --- staff_factor.c --- */
typedef enum TwoFactorRule { TWO_FACTOR_FREE, TWO_FACTOR_APART, TWO_FACTOR_ALL, TWO_FACTOR_RULES } TwoFactorRule; /* APART: who holds a role of STAFF_APART */
extern const char *const TWO_FACTOR_RULE_NAMES[TWO_FACTOR_RULES];
/* They have to set one up, and have not; lock held. */
bool factor_is_missing(const Staff *staff, const Account *account, const Session *session);

typedef enum FactorAct { FACTOR_BEGIN, FACTOR_CONFIRM, FACTOR_REMOVE } FactorAct;
typedef struct StaffFactor {
  Staff *staff;
  int64_t id;
  FactorAct act;
  char checked[crypto_pwhash_STRBYTES]; /* the hash the password was checked against; "" for FACTOR_CONFIRM */
  Text code;                            /* FACTOR_CONFIRM, FACTOR_REMOVE */
  Factor out;
  char recovery[FACTOR_RECOVERY_CODES][FACTOR_RECOVERY_TEXT]; /* made by FACTOR_CONFIRM, told once */
} StaffFactor;
bool staff_work_factor(DeskContext *context, void *command, Error *error);
/* For a sign-in: true when there is no factor, or the code is good; it is then used up, in rows and memory. */
bool factor_use(Staff *staff, DeskContext *context, const Account *account, Text code, Error *error) MUST_USE;
/* In a command that goes on: rows only, then memory. */
bool factor_drop(Staff *staff, DeskContext *context, int64_t staff_id, Error *error) MUST_USE;

typedef struct StaffRule {
  Staff *staff;
  TwoFactorRule rule;
} StaffRule;
bool staff_work_rule(DeskContext *context, void *command, Error *error);

/* --- session.c --- */
void session_hash(unsigned char out[SESSION_HASH_BYTES], Text token);
Instant session_expires(const Session *session); /* at the latest: in the absolute limit */
bool session_find(Staff *staff, Text token, Instant *expires, bool *must); /* of a valid one; from any thread */
/* On the desk's thread, in a command: rows and memory. `keep` may be NULL. */
bool session_end_all_of(Staff *staff, DeskContext *context, int64_t staff_id, const unsigned char *keep, Error *error) MUST_USE;
void session_clear(Staff *staff);
void session_loading(Staff *staff); /* before the rows are read; … and after: what was not among them is forgotten */
void session_loaded(Staff *staff);
bool session_add_loaded(Staff *staff, const Session *session, Error *error) MUST_USE;
bool session_tick(DeskContext *context, void *room, Error *error);

/* --- passwords (slow: about 50 ms and 64 MB each) --- */
void password_random(char out[STAFF_PASSWORD_TEXT]);
bool password_hash(char out[crypto_pwhash_STRBYTES], Text password, Error *error) MUST_USE;
bool password_fits(const char *hash, Text password); /* hash NULL: takes as long, and does not fit */

/* --- staff_routes.c, colleague.c --- */
void staff_write_roles(Json *json, uint32_t roles);
bool colleague_list(HttpRequest *request, HttpReply *reply, void *room, Error *error) MUST_USE;

/* --- staff_store.c --- */
bool store_load_staff(Staff *staff, Db *db, Error *error) MUST_USE; /* accounts and sessions; lock held for writing */
bool store_put_staff(Db *db, int64_t county_id, const StaffMember *member, const char *password, bool fresh, Error *error) MUST_USE;
bool store_seen_staff(Db *db, int64_t county_id, int64_t id, Instant seen, Error *error) MUST_USE;
bool store_put_factor(Db *db, int64_t county_id, int64_t staff_id, const Factor *factor, bool fresh, Error *error) MUST_USE;
bool store_remove_factor(Db *db, int64_t county_id, int64_t staff_id, Error *error) MUST_USE;
bool store_put_setting(Db *db, int64_t county_id, const char *name, Text value, Error *error) MUST_USE;
bool store_load_sign_in_keys(Staff *staff, Db *db, Error *error) MUST_USE;
bool store_add_session(Db *db, int64_t county_id, const Session *session, Error *error) MUST_USE;
bool store_seen_session(Db *db, int64_t county_id, int64_t id, Instant seen, Error *error) MUST_USE;
bool store_remove_session(Db *db, int64_t county_id, int64_t id, Error *error) MUST_USE;

#endif
