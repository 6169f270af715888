/* The counties of one database together: for city and province. */
#ifndef APP_COUNTIES_H
#define APP_COUNTIES_H

#include "http/http.h"

extern const HttpRoute COUNTIES_ROUTES[]; /* their room: the People. For who sees the whole company */

#endif
