/* What is believed of an outage, in words and numbers, for its page and the list of what may be. */
#ifndef OUTAGE_BELIEF_H
#define OUTAGE_BELIEF_H

#include "http/http.h"
#include "outage/outage_internal.h"

/* The class the device stands in, with reasons and whom to ask; arrays live in `arena`. */
bool outage_belief(const Outages *outages, uint32_t device, Instant since, Instant now, Arena *arena, LocateOutage *out, Error *error) MUST_USE;
/* Members of an open object: explanation, and belief: {class, important, vulnerable, ask_next, dear}. */
void outage_write_belief(const Outages *outages, const Outage *outage, const LocateOutage *belief, HttpRequest *request, Json *json);
void outage_write_ask(const Outages *outages, const LocateOutage *belief, HttpRequest *request, Json *json); /* an object, or null */
bool outage_possible_write(HttpRequest *request, HttpReply *reply, const Outages *outages, Error *error) MUST_USE;
/* What an agent says to a caller at once, in the language; "" when there is nothing to say. */
void outage_say(const Outages *outages, const Outage *outage, const LocateCustomer *believed, bool neighbours_have_power, Instant now, Language language,
                Buffer *out);

#endif
