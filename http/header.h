/* What request headers say. Pure; a header that is missing is TEXT_NONE. */
#ifndef HTTP_HEADER_H
#define HTTP_HEADER_H

#include "base/error.h"
#include "base/text.h"

bool header_name_is_sound(Text name);   /* RFC 9110: a token */
bool header_value_is_sound(Text value); /* no control character */
bool header_host_is_sound(Text host);   /* a name or address, and a port; none is sound too */
/* The weightiest of zh and en in Accept-Language; the reader's own order breaks a tie; zh when neither is there. */
Language header_language(Text accept);
Text header_last(Text list);                  /* of "a, b, c" */
Text header_bearer(Text authorization);       /* at == NULL: no such */
Text header_cookie(Text cookies, Text name);  /* the first of that name; at == NULL: none */
bool header_origin_is(Text origin, Text host); /* "http://HOST" in either scheme */
bool header_media_type_is(Text content_type, const char *wanted); /* whatever parameters follow */
bool header_etag_matches(Text none_match, const char *etag);      /* etag with its quotes; weakly, as for GET */

#endif
