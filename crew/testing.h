/* For tests: the tiny county (grid/testing.h) with its rooms put together as the program does it: orders, outages, crews, on one desk without a
 * thread, under a virtual clock. Every helper fails the running test when what it does fails. */
#ifndef CREW_TESTING_H
#define CREW_TESTING_H

#include "base/testing.h"
#include "crew/crew.h"
#include "outage/outage.h"

typedef struct Town {
  Db *db;
  TimeSource time;
  Desk *desk;
  Grid *grid;
  People *people;
  Orders *orders;
  Outages *outages;
  Crews *crews;
  bool owns_desk;
} Town;

/* 2026-12-31T20:10+08:00. */
void town_open(Town *town);
/* The rooms alone, on a desk that is there already and stays; town_import comes before that desk is opened. */
void town_open_rooms(Town *town, Db *db, Desk *desk);
/* In so small a county a few calls must tell much: most people call, and soon; and nothing is fitted to it. town_open does this. */
void town_talks(Town *town);
void town_close_rooms(Town *town); /* without the checks */
void town_import(Db *db, Instant now);
/* Also checks that what is in memory is what the rows say, and that the events' chain is whole. A desk that was there already stays. */
void town_close(Town *town);
void town_sites(CrewSites *out, Outages *outages); /* how the app joins the two rooms */

void town_pass(Town *town, double minutes); /* and a tick of the desk */
uint32_t town_device(const Town *town, const char *code);
CustomerId town_customer(const Town *town, const char *number);
CrewId town_crew(const Town *town, const char *code);
/* The customer calls: no power. Also when an order of his is open already. */
OrderId town_call(Town *town, const char *number);
OrderId town_call_about(Town *town, const char *number, const char *what);
const Order *town_order(const Town *town, OrderId id);
const Outage *town_outage_at(const Town *town, const char *code); /* the lowest open one that darkens it, or NULL */
JobId town_send(Town *town, const Outage *outage, const char *crew);
/* The step, with fields as JSON (NULL none); ERROR_NONE when it was taken, else why not. */
ErrorCode town_step(Town *town, JobId job, const char *step, const char *fields);
ErrorCode town_order_step(Town *town, OrderId order, const char *step, const char *fields);
/* All steps of the procedure that are left. */
void town_mend(Town *town, JobId job);
/* The whole visit up to the survey. */
JobId town_survey(Town *town, const Outage *outage, const char *crew, const char *cause);
/* Satisfied call-backs for every order that waits for one. */
void town_call_back_all(Town *town);

#endif
