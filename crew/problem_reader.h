/* Inside the JSON reader: fields by name, errors by path. */
#ifndef CREW_PROBLEM_READER_H
#define CREW_PROBLEM_READER_H

#include <jansson.h>
#include <math.h>

#include "base/limits.h"
#include "base/map.h"
#include "crew/problem_geo.h"

typedef struct Reader {
  Arena *arena;
  Error *error;
  ProblemJson *out;
  ProblemGeo geo;
  bool has_matrix;
  int64_t skills[64]; /* the number of each bit */
  int skill_count;
  bool skills_declared;
  Map jobs, vehicles, items, groups; /* id → index; of jobs: the first of those that stand for it */
  DispatchJob *job;
  DispatchCrew *crew;
} Reader;

typedef struct Path {
  char text[96];
} Path;

Path path_of(const char *format, ...) PRINTF_LIKE(1, 2);
bool read_invalid(Reader *r, Path path, const char *field, const json_t *value, const char *why);
bool read_missing(Reader *r, Path path, const char *field);
bool read_out_of_memory(Reader *r);
bool read_known_keys(Reader *r, Path path, const json_t *object, const char *const *known);
bool read_number(Reader *r, Path path, const json_t *object, const char *key, double low, double high, double *out);
bool read_whole(Reader *r, Path path, const json_t *object, const char *key, int64_t low, int64_t high, int64_t *out);
bool read_whole_int(Reader *r, Path path, const json_t *object, const char *key, int low, int high, int *out);
bool read_identity(Reader *r, Path path, const json_t *object, const char *key, int64_t *id);
bool read_array(Reader *r, Path path, const json_t *object, const char *key, size_t most, const json_t **list, size_t *count);
bool read_window_of(Reader *r, Path path, const char *key, const json_t *pair, DispatchWindow *out);
bool read_windows_of(Reader *r, Path path, const json_t *object, DispatchWindow **out, int *count);
bool read_skills_of(Reader *r, Path path, const json_t *object, bool declare, uint64_t *out);
bool read_amounts_of(Reader *r, Path path, const json_t *object, const char *key, double out[DISPATCH_AMOUNTS]);
bool read_place_of(Reader *r, Path path, const json_t *object, const char *key, const char *index_key, bool required, int *place);
bool read_put_id(Reader *r, Path path, Map *map, int64_t id, int index);
bool read_find_id(Reader *r, Path path, const char *field, const Map *map, const json_t *value, const char *what, int *index);
bool read_quantities_of(Reader *r, Path path, const json_t *object, const char *key, double *quantities);

bool read_grounds(Reader *r, const json_t *root); /* matrix, objective, rules, day, travel */
bool read_people(Reader *r, const json_t *root);  /* items, stores, vehicles, jobs */

#endif
