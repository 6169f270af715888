/* Sums of what customers said, by month, kept with every answer for each part of the organisation and all above it (see roll.h), and made anew
 * when the organisation's tree changes. Of an anonymous answer they know no more than its row does: the month. */
#ifndef ORDER_ANSWER_H
#define ORDER_ANSWER_H

#include "order/roll.h"

bool answers_add(DeskContext *context, const Orders *orders, const Satisfaction *said, Error *error) MUST_USE;
bool answers_anew(DeskContext *context, const Orders *orders, Error *error) MUST_USE;
/* Sums of a part, months [from, to] (202611); name: the kind, figure: the dimension, of answers, n their sum. */
#define ANSWER_MONTH(entry) ((entry)->area / 2)
#define ANSWER_NAMED(entry) ((entry)->area % 2)
bool store_answers(Db *db, int64_t county_id, int64_t org_id, int32_t from, int32_t to, RollVisit visit, void *self, Error *error) MUST_USE;
/* For the check: every sum as it is kept, and as the answers make it; both merged. Texts live in the arena. */
bool answers_kept(RollEntries *out, Arena *arena, Db *db, int64_t county_id, Error *error) MUST_USE;
bool answers_counted(RollEntries *out, Arena *arena, Db *db, const Orders *orders, Error *error) MUST_USE;

#endif
