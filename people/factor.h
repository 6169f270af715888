/* The second factor of a sign-in: a code of six digits from a phone (TOTP, RFC 6238: SHA-1, 30 s), good for its own half minute and the ones
 * before and after, and never twice; or one of a few recovery codes, each good once. Pure, but for the chance that makes a secret. */
#ifndef PEOPLE_FACTOR_H
#define PEOPLE_FACTOR_H

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"

enum {
  FACTOR_SECRET_BYTES = 20,
  FACTOR_SECRET_TEXT = 33,    /* in base32, and NUL */
  FACTOR_RECOVERY_CODES = 8,
  FACTOR_RECOVERY_BYTES = 16, /* of a code's hash */
  FACTOR_RECOVERY_TEXT = 15,  /* "abcd-efgh-jkmn" and NUL: 59 bits */
  FACTOR_STEP_SECONDS = 30,
};

typedef struct Factor {
  unsigned char secret[FACTOR_SECRET_BYTES];
  bool set, confirmed;        /* set: a secret was made; confirmed: the person has proved to have it */
  int64_t last_step;          /* the newest time step a code was taken for */
  int recovery_count;
  unsigned char recovery[FACTOR_RECOVERY_CODES][FACTOR_RECOVERY_BYTES];
} Factor;

/* A new secret, not confirmed. */
void factor_make(Factor *out);
void factor_secret_text(const Factor *factor, char out[FACTOR_SECRET_TEXT]);
/* New recovery codes in place of the old ones; the texts are told once. */
void factor_make_recovery(Factor *factor, char out[FACTOR_RECOVERY_CODES][FACTOR_RECOVERY_TEXT]);
/* Whether `code` is good at `now`: *used is then the factor with that code used up. Blanks and capitals do not matter. */
bool factor_check(Factor *used, const Factor *factor, Text code, Instant now);

#endif
