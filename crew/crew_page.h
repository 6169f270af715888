/* Between the files of the crew room's HTTP face. */
#ifndef CREW_PAGE_H
#define CREW_PAGE_H

#include "crew/crew_internal.h"
#include "http/http.h"
#include "order/kind.h"

void crew_write(const Crews *crews, const Crew *crew, HttpRequest *request, Json *json);
/* `db`: where to read notes and material; the writer's inside a command. */
bool job_write(const Crews *crews, Db *db, const Job *job, HttpRequest *request, Json *json, Error *error) MUST_USE;
/* A dispatcher acts for the crews and jobs of his part (*own 0: any of them); anyone else for his own crew only. `job`, `crew` 0: not of one. */
bool crew_may_act(const Crews *crews, const HttpWho *who, JobId job, CrewId crew, CrewId *own, Error *error) MUST_USE;
/* ERROR_CREW_NOT_YOURS for a crew that is there and not in reach. */
bool crew_reached(const Crews *crews, int64_t org, CrewId id, Error *error) MUST_USE;
const HttpRoute *crew_routes(void); /* for the tests */

#endif
