/* A whole county's visits planned: households with places into transformer areas' atoms, atoms into grids, grids into months. The thin edge
 * over the two engines (district.h, tour.h): it projects degrees onto a plane, makes and splits atoms, and shares the managers among
 * threads. With the same input and seed the plan is the same on any number of threads.
 *
 * Who may call: the visit room, `dianbaomu visits`, benches. */
#ifndef VISIT_CAMPAIGN_H
#define VISIT_CAMPAIGN_H

#include "visit/district.h"
#include "visit/tour.h"

enum { CAMPAIGN_THREADS = 64, CAMPAIGN_GRIDS = 20000 };

typedef struct CampaignHousehold {
  double lon, lat;
  double minutes;    /* at the door */
  int area;          /* its transformer area, 0 … area_count - 1 */
  int grid_before;   /* -1: none */
  int day_before, place_before, urgency, earliest; /* as in TourVisit */
} CampaignHousehold;

typedef struct Campaign {
  const CampaignHousehold *households;
  int household_count, area_count, grid_count;
  bool keep_grids;     /* hard: who has a grid keeps it */
  bool fresh_grids;    /* as if nobody had one */
  int day_count;
  double capacity[TOUR_DAYS];
  DistrictRules grid_rules;
  TourRules tour_rules;
  uint64_t seed;
  int threads;         /* 0: 1 */
  int64_t rounds_share; /* percent of the engines' own rounds; 0: 100. For tests */
} Campaign;

typedef struct CampaignGrid {
  int from, to;        /* its households: member[from … to - 1] */
  DistrictGrid figures;
  double base_lon, base_lat;
  TourPlan tour;       /* order[] counts from the grid's first member */
  double sweep_legs_m, sweep_base_m, sweep_minutes;
} CampaignGrid;

typedef struct CampaignPlan {
  int *grid_of;        /* of each household */
  int *member;         /* households by grid */
  CampaignGrid *grids;
  int grid_count, atom_count, split_areas;
  DistrictFigures figures;
  double grids_s, tours_s, sweep_s; /* of the wall */
  double legs_m, base_m, minutes, sweep_legs_m, sweep_base_m, sweep_minutes; /* of all managers' months */
  int moved_days;      /* households on another day than before */
} CampaignPlan;

/* Grids only: `grid_of`, `member`, `grids[].from, to, figures, base`. All in `arena`. Errors: those of the engines, with the household's row. */
bool campaign_grids(const Campaign *campaign, Arena *arena, CampaignPlan *out, Error *error) MUST_USE;
/* The months of the grids of `plan`, and with `sweep` the yardstick's figures beside them. */
bool campaign_tours(const Campaign *campaign, bool sweep, Arena *arena, CampaignPlan *plan, Error *error) MUST_USE;
/* Every household in one grid, each grid's tour over just its members, by a count of its own; ERROR_INTERNAL says what does not hold. */
bool campaign_check(const Campaign *campaign, const CampaignPlan *plan, Error *error) MUST_USE;

/* Metres east and north of the middle of all households. */
typedef struct CampaignPlane {
  double lon, lat, east; /* the middle; metres a degree of longitude there */
} CampaignPlane;
#define CAMPAIGN_NORTH 111195.0 /* metres a degree of latitude */
static inline double campaign_x(const CampaignPlane *plane, double lon) { return (lon - plane->lon) * plane->east; }
static inline double campaign_y(const CampaignPlane *plane, double lat) { return (lat - plane->lat) * CAMPAIGN_NORTH; }
bool campaign_plane(const Campaign *campaign, CampaignPlane *out, Error *error) MUST_USE;

#endif
