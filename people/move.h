/* A customer whose meter hangs elsewhere than its file says. The file keeps its word; a row beside it says where the meter is, holds until it is
 * undone or the file itself says something new, and is read whenever customers are loaded: memory follows at the next start of the program.
 *
 * Events (subject kind "customer"): customer.moved, customer.moved_back {from_device_id, to_device_id}. */
#ifndef PEOPLE_MOVE_H
#define PEOPLE_MOVE_H

#include "people/customer.h"
#include "store/desk.h"

/* For use cases. Errors: NOT_FOUND (customer, device). A customer moved before is moved from there. */
bool people_move(DeskContext *context, const People *people, CustomerId customer, DeviceId to, Error *error) MUST_USE;
/* To where the file says. One that was not moved stays. */
bool people_move_back(DeskContext *context, const People *people, CustomerId customer, Error *error) MUST_USE;

/* Every customer whose place by the rows is another than in memory: moved, or moved back, since customers were loaded. */
typedef bool (*PeopleMoveVisit)(void *self, uint32_t position, uint32_t device); /* grid index where it is; false stops */
bool people_moves(const People *people, Db *db, PeopleMoveVisit visit, void *self, Error *error) MUST_USE;

#endif
