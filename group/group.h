/* Emergency groups: messages and pictures of a grid's households and its manager in one thread; a message becomes an order in one touch,
 * of the kind its words ask for (words.h) or the person chooses, and how that order goes on is said in the thread. Called by its routes; hears of orders by their events.
 *
 * Households write by the group's link, without signing in; a new link ends the old one. Staff see the groups of their part of the
 * organisation. A closed group
 * is read, and nothing more is said in it by people. Rows are the truth; in memory stands only which open order came of which group.
 *
 * Events (subject kind "group"): group.opened {org}, group.closed {}, group.said {message, by: "staff" | "household" | "system", order}. No words, no names.
 */
#ifndef GROUP_GROUP_H
#define GROUP_GROUP_H

#include "http/http.h"
#include "order/order.h"

typedef struct Groups Groups;

enum { GROUP_TEXT_MAX = 1000, GROUP_NAME_MAX = 60, GROUP_TOKEN_TEXT = 33, GROUP_DAY_MAX = 2000 /* messages by link in a day */ };

bool group_open(Groups **out, Desk *desk, Db *db, const People *people, Orders *orders, const char *rules_folder_or_null, Error *error) MUST_USE;
void group_close(Groups *groups);

/* --- use cases: inside a desk job --- */
bool group_new(DeskContext *context, Groups *groups, int64_t org_id, Text name, int64_t *id, Error *error) MUST_USE;
/* A new link for its households; the one before is no longer good. */
bool group_link(DeskContext *context, Groups *groups, int64_t id, char token[GROUP_TOKEN_TEXT], Error *error) MUST_USE;
/* It is over: no link, no more messages. ERROR_GROUP_CLOSED when it is already. */
bool group_end(DeskContext *context, Groups *groups, int64_t id, Error *error) MUST_USE;
typedef struct GroupSaid {
  int64_t group_id;  /* or … */
  Text token;        /* … the link it came by */
  Text name, number; /* of a household: how it calls itself, its customer number; may be empty */
  Text body;
  int64_t attachment_id; /* held to this group; 0: none */
  int64_t org_id;    /* the part that a member of staff belongs to; 0: the whole company */
} GroupSaid;
bool group_say(DeskContext *context, Groups *groups, const GroupSaid *said, int64_t *message, Error *error) MUST_USE;
typedef struct GroupTouch {
  int64_t message;
  Text kind, what;      /* kind empty: what its words ask for */
  const json_t *fields; /* of the kind's form, where it asks for more than words; NULL: none */
  uint32_t roles;       /* of who touches */
  int64_t org_id;       /* the part they belong to; 0: the whole company */
} GroupTouch;
/* One touch: an order from the message, its words and picture with it. ERROR_ALREADY_EXISTS when there is one. */
bool group_to_order(DeskContext *context, Groups *groups, const GroupTouch *touch, OrderId *out, Error *error) MUST_USE;

/* For `dianbaomu check`; `problem` is "" when sound: every message that became an order has it, memory knows the open ones. */
bool group_check(const Groups *groups, Db *db, char problem[ERROR_TEXT_MAX], Error *error) MUST_USE;

extern const HttpRoute GROUP_ROUTES[]; /* group_routes.c; the room is the Groups */

#endif
