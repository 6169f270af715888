#ifndef GROUP_INSIDE_H
#define GROUP_INSIDE_H

#include "base/map.h"
#include "group/words.h"
#include "group/group.h"

struct Groups {
  Desk *desk;
  const People *people;
  Orders *orders;
  int64_t county_id;
  GroupWords *words;
  Map of_order; /* open order → its group */
};

typedef struct GroupRow {
  int64_t id, org_id;
  Text name;
  bool linked;
  Instant last;      /* of its newest message, INSTANT_NONE */
  Instant closed_at; /* INSTANT_NONE: open */
} GroupRow;
typedef struct MessageRow {
  int64_t id, group_id, attachment_id;
  CustomerId customer;
  OrderId order;
  Text author, author_name, body, body_en;
  Instant at;
} MessageRow;
typedef struct MemberRow { /* a household that wrote */
  Text name;
  CustomerId customer;
  int64_t messages;
  Instant last;
} MemberRow;
typedef void (*MemberVisit)(void *self, const MemberRow *row);
typedef void (*GroupVisit)(void *self, const GroupRow *row);
typedef void (*MessageVisit)(void *self, const MessageRow *row);

/* group_store.c */
bool group_store_insert(DeskContext *context, int64_t id, int64_t org_id, Text name, Error *error) MUST_USE;
bool group_store_link(DeskContext *context, int64_t id, const unsigned char hash[32], Error *error) MUST_USE;
bool group_store_end(DeskContext *context, int64_t id, Error *error) MUST_USE;
bool group_store_members(Db *db, int64_t county_id, int64_t group_id, MemberVisit visit, void *self, Error *error) MUST_USE;
/* One, open or closed. */
bool group_store_group(Db *db, int64_t county_id, int64_t id, GroupVisit visit, void *self, Error *error) MUST_USE;
/* Those of the part of the organisation, 0 all; closed ones too if so. */
bool group_store_groups(Db *db, int64_t county_id, int64_t part, bool closed, GroupVisit visit, void *self, Error *error) MUST_USE;
bool group_store_by_token(int64_t *id, Db *db, int64_t county_id, const unsigned char hash[32], Error *error) MUST_USE; /* 0: none */
bool group_store_say(DeskContext *context, const MessageRow *row, Error *error) MUST_USE;
bool group_store_messages(Db *db, int64_t county_id, int64_t group_id, int64_t before, int64_t most, MessageVisit visit, void *self,
                          Error *error) MUST_USE;
bool group_store_message(Db *db, int64_t county_id, int64_t id, MessageVisit visit, void *self, Error *error) MUST_USE;
bool group_store_set_order(DeskContext *context, int64_t message, OrderId order, int64_t attachment, Error *error) MUST_USE;
bool group_store_count(int64_t *out, Db *db, int64_t county_id, int64_t group_id, Instant since, Error *error) MUST_USE;
bool group_store_has_picture(bool *out, Db *db, int64_t county_id, int64_t group_id, int64_t attachment, Error *error) MUST_USE;
bool group_store_open_orders(Db *db, int64_t county_id, Map *of_order, Error *error) MUST_USE;
bool group_store_lost(int64_t *out, Db *db, int64_t county_id, Error *error) MUST_USE; /* messages whose order is not there */

bool group_by_token(int64_t *id, const Groups *groups, Db *db, Text token,
                    Error *error) MUST_USE; /* ERROR_SURVEY_LINK when there is none */

#endif
