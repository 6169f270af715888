/* Staff: who works here, what they may do, and in which part of the organisation. Accounts are made and changed by administrators; each has a
 * name to sign in with and an Argon2id hash of a password. Kept in memory, rebuilt from rows at start; all changes go over the desk.
 *
 * Events (subject kind "staff"): people.staff_added and people.staff_changed {roles, org, crew, disabled, password: bool, version},
 *   people.password_changed {}, people.signed_in {} or {by: "oidc", second_factor: "oidc" when vouched for}, people.sign_in_refused {by, why: unknown, disabled},
 *   people.signed_out {}, people.two_factor {on, recovery}, people.two_factor_rule {rule}.
 *   No names: the feed carries them to everyone.
 *
 * A person sees and changes what belongs to their org and all below it; org 0 is the whole company. Whether one org lies within another is
 * asked of StaffOptions.orgs, which the customers' half of this room answers.
 * Sessions live by the wall's clock, not by the company's, which may run faster in a replay. */
#ifndef PEOPLE_STAFF_H
#define PEOPLE_STAFF_H

#include "http/http.h"

/* The order is the API's; the same bits as KIND_ROLE_… of order/kind.h. */
enum {
  STAFF_AGENT = 1, STAFF_DISPATCHER = 2, STAFF_CREW = 4, STAFF_MANAGER = 8, STAFF_HEAD = 16, STAFF_ADMINISTRATOR = 32, STAFF_SECURITY = 64, STAFF_AUDITOR = 128,
  STAFF_ROLE_COUNT = 8,
  /* The three that keep an eye on each other: who runs the system, who grants rights, who reads the record. Nobody holds two of them, but for the
   * first administrator, alone in the house, who loses each one as soon as somebody else is given it. */
  STAFF_APART = STAFF_ADMINISTRATOR | STAFF_SECURITY | STAFF_AUDITOR,
};
extern const char *const STAFF_ROLE_NAMES[]; /* "agent" … NULL; for HttpOptions.role_names */

typedef struct Staff Staff;

typedef struct StaffOrgs {
  bool (*within)(void *self, int64_t org_id, int64_t ancestor_id); /* equal or below; an ancestor 0 holds everything */
  bool (*whole)(void *self, int64_t org_id);                       /* nothing lies beside it */
  Text (*name)(void *self, int64_t org_id);                        /* at == NULL: no such org; of 0 the company's */
  int64_t (*of_crew)(void *self, int64_t crew_id);                 /* the part a crew belongs to; -1: there is no such crew. NULL: not looked at */
  void *self;
} StaffOrgs;

typedef struct StaffOptions {
  int64_t county_id;
  TimeSource *wall; /* real time, also where the company's runs faster */
  StaffOrgs orgs;   /* functions NULL: every org is known and within every other (tools, tests) */
} StaffOptions;

/* Reads the accounts and sessions, and joins the desk (reload, tick). The desk must be stopped before staff_close. */
bool staff_open(Staff **out, Desk *desk, Db *db, const StaffOptions *options, Error *error) MUST_USE;
void staff_close(Staff *staff);

enum { STAFF_PASSWORD_LEAST = 10, STAFF_PASSWORD_MOST = 128, STAFF_PASSWORD_TEXT = 24, STAFF_NAME_MOST = 40 };

/* In a company without any account: makes the administrator "admin" with a random password, which is put here and nowhere else.
 * Otherwise *password is "". Over the desk. */
bool staff_first_administrator(Staff *staff, char password[STAFF_PASSWORD_TEXT], Error *error) MUST_USE;

typedef struct StaffNew {
  Text name, full_name; /* full_name.at may be NULL */
  uint32_t roles;
  int64_t org_id, crew_id;
} StaffNew;
/* Makes an account and, when `password` is empty, a random one for it. For tools and the demonstration; people come by POST /api/v1/staff. */
bool staff_add(int64_t *id, char password[STAFF_PASSWORD_TEXT], Staff *staff, const StaffNew *account, Error *error) MUST_USE;

/* A new random password for whoever signs in by this name; their sessions end. For the command line, while the program does not serve. */
bool staff_reset_password(Staff *staff, Text name, char password[STAFF_PASSWORD_TEXT], Error *error) MUST_USE;

typedef struct StaffMember {
  int64_t id, org_id, crew_id, version;
  uint32_t roles;
  bool disabled, two_factor; /* two_factor: their sign-in asks for a code */
  Instant last_seen;    /* INSTANT_NONE: never */
  Text name, full_name; /* these live as long as Staff */
} StaffMember;

/* From any thread. */
bool staff_member(Staff *staff, int64_t id, StaffMember *out);
bool staff_may_see_org(Staff *staff, const HttpWho *who, int64_t org_id);
/* ERROR_FORBIDDEN_PLACE unless they may. */
bool staff_check_org(Staff *staff, const HttpWho *who, int64_t org_id, Error *error) MUST_USE;
/* Who has this role in exactly this part of the organisation: the first account, 0: nobody. */
int64_t staff_of_role(Staff *staff, int64_t org_id, uint32_t role);
/* Whether there is such an account, not disabled, that can be given something to do by somebody of this part (0: of the whole company). */
bool colleague_works(Staff *staff, int64_t id, int64_t org_id);
int64_t staff_crew_of(Staff *staff, int64_t staff_id); /* 0: none */

/* The company's own sign-in service; before the server starts. It is not owned. */
struct Oidc;
bool staff_use_oidc(Staff *staff, struct Oidc *oidc, Db *db, Error *error) MUST_USE; /* NULL: none; before the desk starts */

/* For HttpOptions.identify; `self` is the Staff. */
bool staff_identify(void *self, Text token, Instant now, HttpWho *who);
bool staff_sees_all(void *self, const HttpWho *who);
extern const char *const STAFF_UNHEARD[]; /* who signed in, whose data was looked at: the auditor's alone; for HttpOptions.unheard */

/* people/staff_routes.c: session, password, accounts. The room for http_add_routes is the Staff. */
extern const HttpRoute STAFF_ROUTES[];
/* people/oidc_routes.c: signing in by that service. The room is the Staff. */
extern const HttpRoute OIDC_ROUTES[];
/* people/audit.c: the record of all changes, for the auditor. The room is the Staff too. */
extern const HttpRoute AUDIT_ROUTES[];

#endif
