/* The HTTP face of the network (/api/v1/grid/…), of customers and organisation. Both tables' room is the People.
 *
 * Names and telephones go out masked, whoever asks; who needs one asks for it by household and with a reason (reveal), which is recorded
 * as the event customer.revealed {record, sum}: the reason stands in the row it names, which can be erased, its salted hash in the
 * chain. People see the customers of their own part of the organisation. The network itself is not
 * personal: everyone signed in sees all of it. */
#ifndef PEOPLE_ROUTES_H
#define PEOPLE_ROUTES_H

#include "http/http.h"
#include "people/customer.h"

extern const HttpRoute CUSTOMER_ROUTES[];
extern const HttpRoute GRID_ROUTES[];

/* Adds both tables and the schemas they refer to. `people` must outlive the server. */
bool people_add_routes(Http *http, People *people, Error *error) MUST_USE;

#endif
