/* Who guesses passwords waits: after DELAY_FREE wrong tries for one name from one address, each further one doubles the wait, up to DELAY_MOST.
 * Only that pair waits: nobody can lock a person out from somewhere else, and a minute is the longest wait even there. Bounded: the table
 * forgets whom it has not heard of the longest. From any thread. */
#ifndef PEOPLE_SESSION_DELAY_H
#define PEOPLE_SESSION_DELAY_H

#include "base/error.h"
#include "base/time.h"

enum { DELAY_FREE = 4 };
#define DELAY_MOST (60 * SPAN_SECOND)
#define DELAY_FORGOTTEN (15 * SPAN_MINUTE)

typedef struct Delays Delays;

Delays *delays_new(void); /* NULL: out of memory */
void delays_free(Delays *delays);
/* ERROR_SIGN_IN_SLOW_DOWN with the seconds to wait. */
bool delays_check(Delays *delays, Text name, Text address, Instant now, Error *error) MUST_USE;
void delays_note(Delays *delays, Text name, Text address, Instant now, bool right);

#endif
