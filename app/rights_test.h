/* What app/rights_test.c tries. */
#ifndef APP_RIGHTS_TEST_H
#define APP_RIGHTS_TEST_H

#include "app/rights_world.h"

/* The network and the rules are the company's. */
bool is_everybodys(const char *method, const char *path);
/* With the part's things in the place of {…}; false: none is known. */
bool fill_path(const Part *part, char out[PATH_MOST], const char *path);

enum { LISTS_MAX = 30000 };
typedef struct Lists {
  char *said[LISTS_MAX]; /* by what was asked, before theirs was made */
  Map known;
  size_t count;
} Lists;
/* One operation of openapi.json. Round 0: before anything was made; 1: theirs is there, ours is not; 2: both are. */
void try_list(World *w, Lists *lists, int round, const char *method, const char *template, const json_t *operation);
/* Field by field, what a body names. All that is made must be there. */
void try_bodies(World *w, const json_t *root);
bool role_may(const json_t *operation, const char *role); /* by x-roles */
void lists_end(Lists *lists);

#endif
