/* One order's page: everything about it. */
#ifndef ORDER_PAGE_H
#define ORDER_PAGE_H

#include "http/http.h"
#include "order/order_list.h"

bool page_write(HttpRequest *request, HttpReply *reply, const Orders *orders, OrderId id, Error *error) MUST_USE;
/* Which parts of the organisation this person may see, by row; NULL: all. `org` narrows it further (0: not). */
bool page_orgs(const bool **out, HttpRequest *request, const Orders *orders, int64_t org, Error *error) MUST_USE;

const HttpRoute *order_routes(void); /* for the tests */
extern const HttpRoute BOARD_ROUTES[]; /* board_routes.c */

#endif
