/* The public hall: pages for everyone, rendered by the program, that work without script: what one can apply for and the form for it, how a matter
 * stands, the questions after it, and the thread of an emergency group. Whatever is done here is done by the use cases of the rooms below; this room
 * reads forms and writes pages.
 *
 * - Nobody signs in. A form carries a token of chance: sent twice it is taken once (table hall_form), and the page that answers it stands under
 *   that token. Writes from another site are refused by the server.
 * - Who asks how a matter stands names its number and the telephone left with it. A wrong telephone and an unknown number are answered alike, and
 *   guessing is slow: by address and by number. Nothing of a household is shown, not even that an order was put to it.
 * - A household is named by its number and, so that nobody acts for another, by the name or telephone the company has. When they do not fit, the order
 *   is taken all the same, and what was written stands in its words for the agent to look at.
 * Called by browsers of everyone; stands on order, group and outage. */
#ifndef HALL_HALL_H
#define HALL_HALL_H

#include "group/group.h"
#include "outage/outage.h"

typedef struct Hall Hall;

enum {
  HALL_PHONE_A_DAY = 6,       /* orders by one telephone */
  HALL_GUESSES_ADDRESS = 20,  /* wrong telephones from one address, one more every … */
  HALL_GUESSES_NUMBER = 10,   /* … for one number, from anywhere: then the whole telephone is asked for */
};
#define HALL_GUESSES_ADDRESS_EVERY (3 * SPAN_MINUTE)
#define HALL_GUESSES_NUMBER_EVERY SPAN_HOUR
#define HALL_FORM_KEPT (90 * SPAN_DAY)

/* groups, outages: NULL where a test has none. Before the desk starts. */
bool hall_open(Hall **out, Desk *desk, const People *people, Orders *orders, Groups *groups, const Outages *outages, Error *error) MUST_USE;
void hall_close(Hall *hall);

bool hall_add_routes(Http *http, Hall *hall, Error *error) MUST_USE;

#endif
