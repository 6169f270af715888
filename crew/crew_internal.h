/* Inside the crew room. */
#ifndef CREW_INTERNAL_H
#define CREW_INTERNAL_H

#include "base/map.h"
#include "base/vector.h"
#include "crew/crew.h"
#include "crew/roster.h"

typedef struct CrewPrivate { /* beside each Crew, same place */
  Instant row_placed_at;      /* what its row says of its place */
} CrewPrivate;

struct Crews {
  Desk *desk;
  const Grid *grid;
  const People *people;
  CrewSites sites;
  int64_t county_id;
  Repair *repair;
  VECTOR(Crew) crews;
  VECTOR(CrewPrivate) crews_private;
  VECTOR(StockPlace) stock;
  VECTOR(Job *) jobs;         /* open, by id, rising */
  Map crew_of_id, job_of_id, job_of_outage; /* → place; → Job *; → Job * */
  Text skill[CREW_SKILLS_MAX];
  int skill_count;
  Arena texts;
  CrewId (*member_of)(void *self, int64_t staff_id);
  void *member_of_self;
  VECTOR(DutyDay) roster; /* by crew, then day */
  struct Plan *plan;          /* NULL in `check` */
};

/* crew.c */
int crew_members(const Crew *crew);                                          /* a number, or as many as there are names */
Crew *crew_mutable(const Crews *crews, CrewId id);                           /* NULL */
Job *crew_job_mutable(const Crews *crews, JobId id);
bool crew_reload(Db *db, void *room, Error *error) MUST_USE;
bool crew_job_adopt(Crews *crews, Job *job, Error *error) MUST_USE;          /* owned then, also on failure */
void crew_job_forget(Crews *crews, Job *job);                                /* freed */
void crew_place_of_device(const Grid *grid, uint32_t device, double *lon, double *lat); /* NAN unknown */

/* crew_job.c */
/* The head of an event's data: {"name":…,"state":…,"job_id":…,"outage_id":…,"outage_number":… — the caller goes on and closes it. */
void crew_event_begin(const Crews *crews, const Crew *crew, const Job *job, Instant now, Json *json, Buffer *buffer);
bool crew_event_end(DeskContext *context, const char *kind, const Crew *crew, Json *json, Error *error) MUST_USE; /* closes, appends, frees */
const char *crew_stage_of(JobState state);                                   /* as the outage room calls it */
/* What the crew promised is later by so much; told as a survey's times are. */
bool crew_tell_later(DeskContext *context, Crews *crews, Job *job, Span later, Error *error) MUST_USE;
void crew_listen(Crews *crews);

/* stock.c */
bool crew_give_back(DeskContext *context, Crews *crews, const Crew *crew, const Job *job, Error *error) MUST_USE;

/* crew_store.c */
bool crew_rows(Db *db, Crews *crews, Error *error) MUST_USE;                 /* all crews, into memory */
bool crew_row_place(Db *db, int64_t county_id, const Crew *crew, Error *error) MUST_USE;
bool crew_row_version(Db *db, int64_t county_id, const Crew *crew, Error *error) MUST_USE;
bool stock_rows(Db *db, Crews *crews, Error *error) MUST_USE;
bool stock_row_take(Db *db, int64_t county_id, int64_t id, int64_t quantity, Error *error) MUST_USE; /* negative: gives back */
bool job_rows_open(Db *db, Crews *crews, Error *error) MUST_USE;
bool job_row_load(Db *db, const Crews *crews, JobId id, Job *out, Error *error) MUST_USE; /* open or not; ERROR_NOT_FOUND */
bool job_row_save(Db *db, int64_t county_id, const Job *job, Error *error) MUST_USE;
bool job_row_words(Db *db, int64_t county_id, JobId id, Text finding, Text note, Error *error) MUST_USE; /* at NULL: stays */
bool job_row_note(Db *db, int64_t county_id, JobId id, Arena *arena, Text *finding, Text *note, Error *error) MUST_USE;
bool job_row_step(Db *db, int64_t county_id, JobId id, Text step, Instant at, int64_t staff_id, Error *error) MUST_USE;
/* Calls each closed job's id, newest first, of the crew (0: any); of those, what the part of the organisation (0: all) may see: by its outage while that
 * is open, by its crew afterwards, and the crew's `own`, that of who asks (0: none). */
bool job_rows_closed(Db *db, int64_t county_id, int64_t part, CrewId own, CrewId crew, JobId before, int64_t most, bool (*each)(void *self, JobId id), void *self, Error *error) MUST_USE;

typedef struct MaterialRow {
  int64_t id, stock_id, quantity;
  Text item, unit;
  bool given_back;
  Instant at;
} MaterialRow;
bool material_row_add(Db *db, int64_t county_id, JobId job, const MaterialRow *row, Error *error) MUST_USE;
bool material_row_back(Db *db, int64_t county_id, int64_t id, Instant at, Error *error) MUST_USE;
/* Into the arena, oldest first. */
bool material_rows(Db *db, int64_t county_id, JobId job, Arena *arena, MaterialRow **out, size_t *count, Error *error) MUST_USE;

#endif
