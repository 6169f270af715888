/* The house: all rooms of one company put together, from its folder. The only place that knows them all. */
#ifndef APP_HOUSE_H
#define APP_HOUSE_H

#include "app/folder.h"
#include "crew/crew.h"
#include "group/group.h"
#include "hall/hall.h"
#include "meter/meter.h"
#include "outage/outage.h"
#include "people/arrears.h"
#include "people/staff.h"
#include "privacy/privacy.h"
#include "store/lease.h"
#include "supply/supply.h"
#include "visit/visit.h"

enum { HOUSE_COUNTY = 1 }; /* the one county of a folder */

typedef struct HouseOptions {
  const char *data;   /* the folder, or postgresql://… */
  int64_t county_id;  /* 0: HOUSE_COUNTY */
  const char *holder; /* on PostgreSQL: this server in the lease; the lease may have been taken already */
  Lease *lease;       /* … then this one; the house gives it back */
  const char *rules;  /* the company's own, or NULL */
  DbMode mode;        /* DB_WRITE; DB_WRITE_UNSYNCED for a simulation's own folder */
  bool make;          /* make what is missing */
  bool checkpoints;   /* a thread keeps the store's log short: when the desk has its thread */
} HouseOptions;

typedef struct House {
  Folder folder;
  int64_t county_id;
  Lease *lease;    /* NULL: a folder, which has its lock */
  TimeSource time; /* the company's; real until somebody sets it */
  TimeSource wall; /* always real */
  Db *db;          /* the writer's */
  Grid *grid;
  People *people;
  Desk *desk;
  Arrears *arrears;
  Orders *orders;
  Outages *outages;
  Groups *groups;
  Privacy *privacy;
  Crews *crews;
  Hall *hall;
  Visits *visits;
  Meters *meters;
  Supply *supply;
  SupplyReadings readings; /* the meters', for supply */
  Staff *staff;
} House;

/* The whole company: the file, the chain of events, each room's books. `told` hears of each, with the first thing wrong in it or "". */
typedef void (*HouseTold)(void *self, const char *what, const char *problem, int64_t count); /* count -1: none */
/* Told as it goes on; done 0: it begins, done == total: it ends. */
typedef void (*HouseProgress)(void *self, const char *what, int64_t done, int64_t total);
bool house_books(House *house, HouseTold told, HouseProgress progress, void *self, Error *error) MUST_USE; /* progress may be NULL */
/* Customers dark, and each outage's own, counted again from rows and switches; `problem` (of ERROR_TEXT_MAX) gets the first thing that differs, or "". */
bool house_recount_dark(const House *house, char *problem, int64_t *count, Error *error) MUST_USE;

bool house_open(House *out, const HouseOptions *options, Error *error) MUST_USE;
void house_close(House *house);

/* A setting of the company, "" when it has none; in the arena. */
bool house_setting(Text *out, const House *house, const char *name, Arena *arena, Error *error) MUST_USE;
/* Whether no order was ever made here. */
bool house_untouched(bool *out, const House *house, Error *error) MUST_USE;
bool house_set(const House *house, const char *name, Text value, Error *error) MUST_USE;

#endif
