/* Signing in by the company's own sign-in service: OpenID Connect, authorization code with PKCE (S256). The service says who somebody is; what they
 * may do stays the program's own: the claim names an account that is here already (or, where configured, a new one without any role).
 *
 *   browser ─► POST /session/oidc ─► address of the service, and a sealed flow that the browser keeps
 *   browser ─► the service ─► /sign-in?code&state ─► POST /session/oidc/finish {flow, state, code}
 *                 program ─► token endpoint ─► ID token: signature (RS256, ES256) by the service's keys, iss, aud, azp, exp, iat, nbf, nonce ─► session
 *
 * The flow holds state, nonce and the PKCE verifier under a key: nothing is kept for somebody who only begins, so nothing can be filled up; it is good
 * for ten minutes, and once (a code is good once at the service, too, so that holds on another server). The key stands in the store, so that a sign-in
 * goes on where another server takes the county over, or this one is started again; a new one each hour, so that an old copy of the store opens nothing.
 * Sources: OpenID Connect Core 1.0 §3.1, Discovery 1.0, RFC 7636, RFC 9207, RFC 8725.
 *
 * Configured by a JSON file (docs/operations.md). All but oidc_label is for one thread at a time: the server's slow one. */
#ifndef PEOPLE_OIDC_H
#define PEOPLE_OIDC_H

#include <jansson.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/time.h"

typedef struct Oidc Oidc;

/* Reads the file, and the secret it names; asks nobody yet. The clock is the wall's. */
bool oidc_open(Oidc **out, const char *file, TimeSource *wall, Error *error) MUST_USE;
void oidc_close(Oidc *oidc);
Text oidc_label(const Oidc *oidc, Language language); /* of the button */
int64_t oidc_create_org(const Oidc *oidc);            /* where accounts of people not known yet are made; -1: nowhere */

/* The keys, the newest and the one before it, as the store has them ("" where it has none): before anybody signs in. */
void oidc_use_keys(Oidc *oidc, Text kept);
/* true: there is one that the store has not: the caller writes it down before the answer goes out, or says that it could not. From any thread. */
enum { OIDC_KEYS_TEXT = 160 };
bool oidc_take_unkept(Oidc *oidc, char out[OIDC_KEYS_TEXT]);
void oidc_keys_unkept(Oidc *oidc);

typedef struct OidcStart {
  Text url, flow; /* in the arena */
} OidcStart;
/* `origin`: "https://dianbaomu.example.com", as the browser says it. */
bool oidc_begin(OidcStart *out, Oidc *oidc, Text origin, Arena *arena, Error *error) MUST_USE;

typedef struct OidcAnswer {
  Text flow, state, code, issuer; /* issuer: as it stands in the address; may be missing */
} OidcAnswer;
typedef struct OidcPerson {
  Text name, full_name;  /* of the account, as the claim says it; full_name may be missing. In the arena */
  bool second_factor;    /* the service vouches for one */
} OidcPerson;
/* ERROR_OIDC_FLOW, ERROR_OIDC_REFUSED, ERROR_OIDC_AWAY. */
bool oidc_finish(OidcPerson *out, Oidc *oidc, const OidcAnswer *answer, Arena *arena, Error *error) MUST_USE;

/* Vouched for, but a code of the program's own second factor is missing: the browser keeps who it is, sealed, until it brings one. */
bool oidc_pause(Text *out, Oidc *oidc, int64_t staff_id, Arena *arena, Error *error) MUST_USE;
bool oidc_resume(int64_t *staff_id, Oidc *oidc, Text paused, Error *error) MUST_USE;
void oidc_resumed(Oidc *oidc, Text paused); /* it has been used */

/* --- people/oidc_token.c: the judge of an ID token. Pure. --- */
typedef struct OidcExpected {
  Text issuer, client_id, nonce;
  Instant now;
} OidcExpected;
typedef enum OidcVerdict { OIDC_GOOD, OIDC_BAD, OIDC_KEY_UNKNOWN } OidcVerdict;
enum { OIDC_SKEW_SECONDS = 60, OIDC_AGE_SECONDS = 600 };
/* `keys`: a JWK set. OIDC_GOOD: *claims is the caller's to json_decref; else *why says what is wrong with it. */
OidcVerdict oidc_judge(json_t **claims, const char **why, const json_t *keys, Text token, const OidcExpected *expected);

/* --- people/oidc_fetch.c: https only, but for the machine itself; no redirects; bounded in bytes and time. --- */
enum { OIDC_REPLY_BYTES = 256 * 1024, OIDC_PATIENCE_MS = 5000 };
typedef struct OidcFetch {
  const char *url, *ca_file;
  Text form;                        /* given: POST */
  const char *user, *password;      /* of a client, already encoded; or NULL */
  const char *bearer;               /* or NULL */
} OidcFetch;
bool oidc_address_is_sound(const char *url);
/* The reply's JSON object, whatever its status; ERROR_OIDC_AWAY. */
bool oidc_fetch(json_t **out, long *status, const OidcFetch *fetch, Error *error) MUST_USE;

#endif
