/* A month of a county on the real order room, under the virtual clock: orders of all kinds come in at real rates (month_rates.c), and people take
 * them round their loops by the rules alone (drive.h): agents, dispatchers, crews, managers, heads, customers, each with delays of their own.
 * Outages as such are played elsewhere (replay.h): here a fault repair is one household's, or one that called in.
 *
 * Everything goes over the desk. Since one transaction holds a minute of many people's commands, each is given its own instant in it. */
#ifndef SIM_MONTH_H
#define SIM_MONTH_H

#include "order/order.h"

typedef struct MonthRooms {
  Desk *desk; /* without a thread */
  Db *db;
  TimeSource *time; /* virtual */
  const People *people;
  Orders *orders;
} MonthRooms;

typedef struct MonthOptions {
  uint64_t seed;
  Instant from;
  int days;
  double rate;  /* of the county's size, 1: as month_rates.c has it */
  Span step;    /* so much in one transaction, and how often marks of clocks are looked for; 0: a minute */
  int drain_days; /* after that nothing new comes in, and people go on until all is archived, so long at most */
} MonthOptions;

enum { MONTH_KINDS_MAX = 64, MONTH_STATES_SHOWN = 512 };
typedef struct MonthOpen { /* orders open at the end of the month, by kind and state */
  Text kind, state;
  int64_t count;
  int64_t moving;    /* somebody will take a step, at an instant that is set */
  int64_t waiting;   /* for an order that came of it, or that it was merged into */
  int64_t suspended, broken; /* broken: a promise is past its time */
} MonthOpen;

typedef struct MonthSummary {
  int64_t accepted, again, steps, refused, archived, open, ticks;
  int64_t unmoved;   /* open, and nobody will ever do anything: must be 0 */
  size_t open_count;
  MonthOpen at[MONTH_STATES_SHOWN];
  int64_t left;      /* open after draining */
} MonthSummary;

typedef struct Month Month;
bool month_open(Month **out, const MonthRooms *rooms, const MonthOptions *options, Error *error) MUST_USE; /* joins the desk */
void month_close(Month *month);
bool month_run(Month *month, Error *error) MUST_USE;   /* to the month's end */
bool month_drain(Month *month, Error *error) MUST_USE; /* until nothing is open */
/* So many new orders now, which nobody touches. */
bool month_accept_many(Month *month, size_t count, Error *error) MUST_USE;
void month_summarize(Month *month, MonthSummary *out);

/* --- rates: month_rates.c --- */
typedef struct MonthRate {
  const char *kind;
  double a_month;       /* at MONTH_CUSTOMERS */
  bool at_any_hour;     /* else in office hours */
  const char *from;     /* the figures it is derived from */
} MonthRate;
enum { MONTH_CUSTOMERS = 350000 };
extern const MonthRate MONTH_RATES[]; /* ends with kind NULL */

/* --- counted again, independently: month_count.c --- */
/* Counts orders, outcomes, figures and promises kept from the `event` rows and the rules alone, and compares with the sums the boards are
 * made of, over all days. *differences: how many figures differ; the first of them are written to `said`. `compared`: how many there were. */
bool month_count(const MonthRooms *rooms, int64_t *compared, int64_t *differences, Buffer *said, Error *error) MUST_USE;

#endif
