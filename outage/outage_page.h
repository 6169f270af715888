/* One outage's page, and a customer's standing. */
#ifndef OUTAGE_PAGE_H
#define OUTAGE_PAGE_H

#include "http/http.h"
#include "outage/outage_internal.h"

bool outage_page_write(HttpRequest *request, HttpReply *reply, Outages *outages, OutageId id, Error *error) MUST_USE;
bool outage_standing_write(HttpRequest *request, HttpReply *reply, Outages *outages, CustomerId id, Error *error) MUST_USE;
bool outage_in_reach(const Outages *outages, const Outage *o, int64_t org_id);
const HttpRoute *outage_routes(void); /* for the tests */
const HttpRoute *outage_evidence_routes(void); /* evidence_routes.c */

#endif
