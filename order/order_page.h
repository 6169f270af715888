/* One order's page: everything about it. */
#ifndef ORDER_PAGE_H
#define ORDER_PAGE_H

#include "http/http.h"
#include "order/order_list.h"

bool page_write(HttpRequest *request, HttpReply *reply, const Orders *orders, OrderId id, Error *error) MUST_USE;
/* Which parts of the organisation this person may see, by row; NULL: all. `org` narrows it further (0: not). */
bool page_orgs(const bool **out, HttpRequest *request, const Orders *orders, int64_t org, Error *error) MUST_USE;
/* The same as a part with all below it (order/roll.h): 0: all, -1: none. */
int64_t page_root(const HttpRequest *request, const Orders *orders, int64_t org);

void survey_write_dimensions(Json *json, const Survey *survey);
const HttpRoute *order_routes(void); /* for the tests */
/* An attachment's bytes into a reply, with type and headers. Who may see it is the caller's to know. */
bool order_attachment_body(HttpReply *reply, Db *db, int64_t county_id, int64_t id, Error *error) MUST_USE;
extern const HttpRoute FILE_ROUTES[];   /* file_routes.c */
extern const HttpRoute SURVEY_ROUTES[]; /* survey_routes.c: links, the reward fund, the land registry */
extern const HttpRoute FIGURE_ROUTES[]; /* figure_routes.c */
/* What a list's query asks for. */
bool order_read_wish(ListWish *wish, HttpRequest *request, const Orders *orders, Error *error) MUST_USE;
extern const HttpRoute SHEET_ROUTES[];  /* sheet_routes.c */
extern const HttpRoute RULE_ROUTES[];   /* rule_routes.c */
/* [*from, *to] as the beginnings of days; this month up to today when nothing is said. */
bool query_days(HttpRequest *request, Instant *from, Instant *to, Error *error) MUST_USE;
Instant query_year_before(Instant at);
extern const HttpRoute BOARD_ROUTES[]; /* board_routes.c */

#endif
