/* Personal data of one household: handed out, put right, erased. Everything the program holds on a customer stands in one list of places
 * (privacy_store.c); its test knows every text column of the store and fails on a new one that nobody has thought about. Stands above the rooms whose
 * rows it reads and empties; called by its routes only.
 *
 * - Handing out: one JSON of all there is, pictures too. Putting right: name, telephone, address, tags; searches find the new ones at once.
 * - Erasing: asked by one person, done by another, and only when the household has no open order. Names, telephones, addresses, tags, places,
 *   pictures, words said or written are gone from its row, its orders, messages, visits; its telephone, its address, and its name where nobody
 *   else bears it, from every other free text; imports do not bring them back. What stays is the supply point (customer and meter number, readings)
 *   and facts without a person. SQLite overwrites what it frees. Copies made before (backups) are the company's to find.
 * - Every one of these has a reason. Reasons are free words: they stand in rows that can be erased; the chain holds a salted hash of them.
 *
 * Events (subject kind "customer"): customer.exported, customer.corrected {record, sum, fields}, customer.erasure_asked, customer.erasure_refused,
 * customer.erased {erasure, …}. No personal data. */
#ifndef PRIVACY_PRIVACY_H
#define PRIVACY_PRIVACY_H

#include "http/http.h"
#include "people/customer.h"

typedef struct Privacy Privacy;

bool privacy_open(Privacy **out, Desk *desk, Db *db, People *people, int64_t county_id, Error *error) MUST_USE;
void privacy_close(Privacy *privacy);

extern const HttpRoute PRIVACY_ROUTES[]; /* the room is the Privacy */

#endif
