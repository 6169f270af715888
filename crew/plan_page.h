/* The plan as the HTTP face shows it. */
#ifndef CREW_PLAN_PAGE_H
#define CREW_PLAN_PAGE_H

#include "crew/plan_internal.h"
#include "http/http.h"

enum { PLAN_SAY_MAX = 400 };
void plan_say_change(const Crews *crews, const PlanChange *change, char zh[PLAN_SAY_MAX], char en[PLAN_SAY_MAX]);
void plan_say_waits(char zh[PLAN_SAY_MAX], char en[PLAN_SAY_MAX]); /* of a task past PLAN_PLACED_MAX */
void plan_say_reason(DispatchReason reason, char zh[PLAN_SAY_MAX], char en[PLAN_SAY_MAX]);

/* The whole plan; `crew`: its lane and tasks alone, 0 all. */
void plan_write(const Crews *crews, CrewId crew, HttpRequest *request, Json *json);
/* ERROR_NOT_FOUND for a task that is there, but not theirs to see. */
bool plan_reached(const Crews *crews, int64_t org, int64_t task_id, Error *error) MUST_USE;
void plan_write_changes(const Crews *crews, int64_t org, int64_t most, Json *json);
void plan_write_score(const DispatchScore *score, Json *json);
const HttpRoute *plan_routes(void);
const HttpRoute *roster_routes(void);
bool plan_add_routes(Http *http, Crews *crews, Error *error) MUST_USE;   /* with the roster's and the rounds' */
bool roster_add_routes(Http *http, Crews *crews, Error *error) MUST_USE;
CrewId crew_of_who(const Crews *crews, const HttpWho *who); /* 0: of no crew */

#endif
