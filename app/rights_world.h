/* For the tests of rights: the real program with a company of two stations, one account of each role at the first, and whatever the rooms know made at
 * both, so that what is the other one's can be asked for, looked for and named. What is made stands in rights_things.c, what gives it away in
 * rights_marks.c. */
#ifndef APP_RIGHTS_WORLD_H
#define APP_RIGHTS_WORLD_H

#include "base/testing.h"

#include <jansson.h>

#include "base/buffer.h"
#include "base/map.h"
#include "http/client.h"
#include "people/customer.h"

enum { THING_MAX = 48, ROLE_MAX = 8, PATH_MOST = 512, HOUSE_MAX = 8 };

typedef struct Thing {
  char name[32], id[64]; /* "orders": what stands before {…} in a path */
} Thing;

typedef struct Household { /* each on a transformer of its own */
  char id[24], number[40], phone[40], address[200], meter[40], device[24], area[24], area_code[64];
} Household;

typedef struct Part { /* a station */
  char id[32], name[128], grid[32], tile[40]; /* grid: one of its grids, that of the first household; tile: of the map, where it stands */
  const char *word;                 /* stands in every text that is written about it */
  Household house[HOUSE_MAX];
  int houses;
  Thing thing[THING_MAX];
  int things;
} Part;

typedef struct Role {
  char name[24], token[128];
} Role;

typedef struct World {
  char folder[64], store[1024], admin_password[128];
  pid_t program;
  uint16_t port;
  Client client;
  int64_t keys;
  char admin[128], seer[128]; /* tokens: all of the company, with the rights of the administrator; with all others */
  Part ours, theirs;
  Role role[ROLE_MAX]; /* of people of ours */
  int roles;
  Map before, marks; /* ids there were before theirs were made; hashes of what is theirs alone */
  int tried, asked, words;
  Buffer wrong;      /* a line for everything found */
  /* the last reply as it came */
  int status;
  Buffer said;
} World;

void world_open(World *w);
void world_close(World *w);
void world_accounts(World *w);
/* Whether it is true depends on the hour only, or on what the machine did meanwhile. */
void world_wrong(World *w, const char *format, ...) PRINTF_LIKE(2, 3);

/* The reply's JSON, the caller's to give back; NULL when it is none. Its bytes stand in w->said, its status in w->status. */
json_t *world_send(World *w, const char *token, const char *method, const char *path, const char *media_type, const char *body);
/* The same, and it must have this status. */
json_t *world_must(World *w, const char *token, int wanted, const char *method, const char *path, const char *format, ...) PRINTF_LIKE(6, 7);
void world_sign_in(World *w, char token[128], const char *name, const char *password);
const char *world_text(const json_t *json, const char *key);

const char *thing(const Part *part, const char *name, size_t len); /* NULL: there is none */
void add_thing(Part *part, const char *name, const char *id);
/* Everything of one part, as the people who work there would make it. */
void make_things(World *w, Part *part);

/* What is theirs alone: marks_before, then making it, then marks_after. */
void marks_before(World *w);
void marks_after(World *w);
void marks_add(World *w, const char *text);
typedef enum MarkKind { MARK_OF_THE_NETWORK = 1, MARK_OF_A_PART } MarkKind; /* the name of a device; everything else */
/* The first of them in the last reply, of this kind or a later one, into `out`; false: none. */
bool marks_found(World *w, MarkKind least, char out[80]);
/* A number of all rows of each table that only people change. */
typedef struct Pile {
  char table[64];
  uint64_t hash;
} Pile;
size_t marks_piles(World *w, Pile out[200]);

#endif
