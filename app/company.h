/* What a browser asks first: whose house this is, what time it is there, and whether an evening is being played. */
#ifndef APP_COMPANY_H
#define APP_COMPANY_H

#include "app/house.h"
#include "http/http.h"
#include "sim/replay.h"

typedef struct Company {
  House *house;
  Replay *replay;      /* NULL: none */
  bool demonstration;
  char name[200];
} Company;

bool company_add_routes(Http *http, Company *company, Error *error) MUST_USE;

#endif
