/* The public hall: what one can apply for, as plain pages that work without script: what to bring, the steps, the promised time, all of it
 * from the rules in force. Nothing of a household is shown. Called by browsers of everyone; stands on the order room. */
#ifndef HALL_HALL_H
#define HALL_HALL_H

#include "http/http.h"
#include "order/order.h"

extern const HttpRoute HALL_ROUTES[]; /* the room is the Orders */

/* Text into HTML: & < > " ' written out. */
void hall_write_text(Buffer *out, Text text);

#endif
