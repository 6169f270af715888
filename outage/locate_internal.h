/* Inside `locate`: the layout of the network, the records of evidence, the active nodes. For outage/locate*.c only. */
#ifndef OUTAGE_LOCATE_INTERNAL_H
#define OUTAGE_LOCATE_INTERNAL_H

#include "base/map.h"
#include "base/vector.h"
#include "outage/locate.h"

/* A node's states: 0 lit; 1 + k dark since onset k. Where phases play a part (a node of several phases) 1 + 4k + m: m = 0 all dark since
 * onset k, m = 1…3 only phase A, B or C: so that one onset is one vector of four. */
enum { LOCATE_STATES_MAX = 1 + 4 * LOCATE_ONSETS_MAX };

/* How a device carries phases. ANY: phases play no part, or one only. SEVERAL: has single-phase states. */
enum { LOCATE_LANE_A, LOCATE_LANE_B, LOCATE_LANE_C, LOCATE_LANE_ANY, LOCATE_LANE_SEVERAL };

typedef struct LocatePhaseSums {
  uint32_t weight[3], gasps[3];
} LocatePhaseSums;

/* One device, in 32 bytes, so that a step up the tree is one line of the cache. */
typedef struct LocateDevice {
  uint32_t parent, end; /* what lies below is devices [itself, end) */
  uint32_t first, last; /* and customers [first, last); its own come first, up to the next device's first */
  uint32_t several;     /* of devices of several phases: index of `several`, else LOCATE_NONE */
  uint32_t node;        /* active node, LOCATE_NONE */
  float log_odds;
  uint8_t kind, lane, phase_bits;
} LocateDevice;

typedef struct LocateBefore {
  uint32_t weight, gasps; /* of all customers before: call weight in 1/16, meters that gasp */
} LocateBefore;

/* Devices of one kind that feed about as many people: how many faults the priors expect of them all in the window, and their mean
 * customers. A fault nobody speaks of is not found, so what is found is held against what could be. */
enum { LOCATE_EXPOSURE_CALLS = 16, LOCATE_EXPOSURE_GASPS = 8, LOCATE_EXPOSURES = LOCATE_EXPOSURE_CALLS * LOCATE_EXPOSURE_GASPS };
typedef struct LocateExposure {
  double faults, weight, gasps;
} LocateExposure;

/* The network in preorder. Everything inside the engine counts in these places. */
typedef struct LocateLayout {
  uint32_t device_count, customer_count;
  LocateDevice *device;           /* one more than there are, for its `first` */
  uint32_t *device_of, *place_of; /* place → caller's index and back */
  uint32_t *customer_of, *customer_place, *customer_device;
  uint8_t *customer_lane, *customer_class, *customer_flags;
  LocateBefore *before; /* one more than there are customers */
  LocatePhaseSums *several;
  LocateExposure (*exposure)[LOCATE_EXPOSURES]; /* by kind */
  uint64_t bytes;
} LocateLayout;

bool locate_layout_make(LocateLayout *layout, const LocateNetwork *network, const LocateParameters *p, Error *error) MUST_USE;
void locate_layout_free(LocateLayout *layout);
void locate_layout_expose(LocateLayout *layout); /* `exposure`, anew */

typedef struct LocateItem {
  Instant at;
  uint32_t subject; /* a place */
  uint32_t next;    /* of the same subject, or free */
  uint8_t kind;     /* LocateEvidenceKind; LOCATE_EVIDENCE_KINDS when free */
  bool on_device;
  uint8_t word; /* of LOCATE_WORD: LocateWord */
} LocateItem;

/* What speaks of a device's own failing (its switch, a plan, the dispatcher). */
typedef struct LocateOwn {
  double llr[LOCATE_ONSETS_MAX]; /* added to the log-odds of failing at each onset */
  double stay;                   /* log-weight of not having failed: 0, or −INFINITY when it surely has */
  bool sound;                    /* surely has not */
} LocateOwn;

/* What a step up the tree needs stands together: two lines of the cache, and the states. */
typedef struct LocateNode {
  double weight[4],
      gasps[4]; /* silent customers here and in inactive parts below: call weight, meters that gasp; of all, of phase A, B, C only */
  double log_odds, odds;                   /* by the prior */
  size_t at;                               /* of its states in `states`: inner, then outer */
  uint32_t device, parent, child, sibling; /* parent, child, sibling are nodes. A free one: no device, sibling the next free */
  uint32_t own;                            /* index of `own`, LOCATE_NONE */
  uint32_t sure;                           /* here and below: devices that surely have failed */
  uint32_t tree;                           /* index of `trees` */
  float cause;                             /* scratch of the fit */
  uint8_t lane, kind, phase_bits;
  bool bare; /* nothing is said here or below: to be taken away */
} LocateNode;

/* Of a device's failings: those of all its phases, those of a given one. */
typedef struct LocateShare {
  double all, one, log_all, log_one;
} LocateShare;

/* The same for the four modes of a device, by kind and the phases it has, the night's factor in it; log −1e300 where it has not the phase.
 */
typedef struct LocateFour {
  double log[4], odds[4];
} LocateFour;

/* Adds `change` to an ordinary node's inner vector, makes its outer one anew, and leaves in `change` by how much that changed. */
typedef void LocateSettle(const LocateOnsets *onsets, const LocateNode *node, const LocateFour *share, double *inner, double *outer,
                          double *change);
LocateSettle locate_settle_plain, locate_settle_avx2;

/* What all is judged by, from one moment on. The trees are brought up to the newest one after the other, so a few stand at a time. */
enum { LOCATE_ERAS = 128 };
/* Brought up at one go, in nodes swept: some 25 ms. From nothing, and told to the fit, one is as much work as LOCATE_WORK_RELAY swept. */
enum { LOCATE_WORK_MOST = 100000, LOCATE_WORK_RELAY = 4 };
typedef struct LocateEra {
  Instant now;   /* silence is of this moment */
  uint32_t laid; /* another when what is said weighs differently: onsets, slots, strays */
  LocateOnsets onsets;
  double storm[LOCATE_KINDS], log_storm[LOCATE_KINDS]; /* factor on the odds; its log */
  LocateFour four[LOCATE_KINDS][8];
} LocateEra;

/* What one tree told the fit, when it was last asked. */
typedef struct LocateTally {
  double faults[LOCATE_KINDS], began[LOCATE_ONSETS_MAX], all;
  double slot[LOCATE_ONSETS_MAX][LOCATE_SLOTS];
  double stray_calls, stray_gasps; /* expected number of those no fault explains */
  double calls, calls_expected;    /* below the greater faults, and how many there should be */
  Instant first;                   /* of its pieces; INSTANT_NONE */
} LocateTally;

/* The active nodes below one source. */
typedef struct LocateTree {
  uint32_t root, nodes; /* LOCATE_NONE: none now */
  uint8_t era;
  LocateTally tally;
} LocateTree;

struct Locate {
  LocateParameters p;
  LocateLayout layout;
  LocateEra *eras; /* LOCATE_ERAS of them */
  uint8_t era;     /* the newest */
  Instant now;
  LocateShare share[LOCATE_KINDS + 1][4]; /* by kind and number of phases; the last: where phases play no part */
  LocateSettle *settle;                   /* the best this machine has */
  uint32_t *customer_items;               /* by place: newest item */
  Map device_items;                       /* device place → newest item */
  VECTOR(LocateItem) items;
  uint32_t free_item, item_count;
  VECTOR(LocateTree) trees;
  uint32_t free_trees; /* of them without a root */
  VECTOR(LocateNode) nodes;
  uint32_t free_node[2], free_nodes; /* of one phase, of several; how many of both */
  VECTOR(LocateOwn) own;
  VECTOR(double) states;
  size_t nodes_touched, states_touched; /* so far each was written to since it was last moved */
  size_t work_most;                     /* nodes brought up at one go */
  size_t next_tree;                     /* where that goes on */
  uint64_t *active;                     /* scratch of locate_solve: a bit a device */
  uint64_t counts[LOCATE_VERDICTS];
};

static inline LocateEra *locate_era(const Locate *l) { return &l->eras[l->era]; }
static inline const LocateEra *locate_era_of(const Locate *l, const LocateNode *node) { return &l->eras[l->trees.at[node->tree].era]; }
const LocateEra *locate_era_at(const Locate *l, uint32_t device); /* of the tree a device place is in */

/* The next onset's state stands so many further on. */
static inline int locate_stride(uint8_t lane) { return lane == LOCATE_LANE_SEVERAL ? 4 : 1; }
static inline int locate_state_count(const Locate *l, uint8_t lane) { return 1 + (lane == LOCATE_LANE_SEVERAL ? 4 : 1) * l->p.onsets; }
/* A node's own vectors, sums: inner (what hangs on it and below says, given the state it hands on; but for silence) and outer
 * (given the state that reaches it). */
static inline double *locate_inner_of(const Locate *l, const LocateNode *node) { return l->states.at + node->at; }
static inline double *locate_outer_of(const Locate *l, const LocateNode *node) {
  return l->states.at + node->at + locate_state_count(l, node->lane);
}

/* One device's ways to fail, m = 0 in all phases, 1…3 in one. way: log-weight of failing at onset j, a cause. hidden: of failing, or
 * not, unseen, when its supply is dark since k in any case: log(stay + Σ_{j≥k} …), [0] with the greatest in place of the sum. */
typedef struct LocateWays {
  double stay;                      /* of not failing */
  double way[4][LOCATE_ONSETS_MAX]; /* −INFINITY where impossible */
  double hidden[2][4][LOCATE_ONSETS_MAX];
} LocateWays;
void locate_ways(const Locate *l, const LocateNode *node, LocateWays *ways);

/* The inner vector with the silence of this moment added. */
void locate_inner(const Locate *l, const LocateNode *node, double *c);
/* The outer vector from it: the device itself may fail. By sums, or by the greatest. */
void locate_outer(const Locate *l, const LocateNode *node, const LocateWays *ways, const double *c, bool sum, double *a);
/* A child's vector as its parent's states see it. */
void locate_spread(const Locate *l, uint8_t parent_lane, uint8_t child_lane, const double *child, double *out);
double locate_log_add(double a, double b);

/* Trees: outage/locate_tree.c */
bool locate_ensure_node(Locate *l, uint32_t device, Error *error) MUST_USE; /* and its tree is not so far behind that now has no onset */
void locate_weigh(Locate *l, const LocateItem *item, double sign, uint32_t node, double *delta);
void locate_refresh_own(Locate *l, uint32_t node);
void locate_climb(Locate *l, uint32_t node, double *change); /* from a node whose inner vector changes up to its source */
LocateEra *locate_begin_era(Locate *l);                      /* a copy of the newest, to be changed, then caught up with */
void locate_refresh(Locate *l, uint32_t tree);               /* brings it up to the newest era */
void locate_relay(Locate *l, uint32_t tree);                 /* the same, from what is said; what nobody speaks of any more is taken away */
bool locate_reserve_ahead(Locate *l, Error *error) MUST_USE;
/* Nodes of a tree, children before parents. */
uint32_t locate_first_up(const Locate *l, uint32_t root);
uint32_t locate_next_up(const Locate *l, uint32_t root, uint32_t node);
void locate_drop_item(Locate *l, uint32_t which);
void locate_unsay(Locate *l, uint32_t item);                  /* drops it, its customer silent again; its tree is to be relaid */
void locate_tally(Locate *l, uint32_t tree, bool *ok);        /* what it tells the fit */
void locate_fit_era(Locate *l, LocateEra *era, bool *steady); /* rates from what all trees told */
bool locate_fit_steps(Locate *l, int steps, Error *error) MUST_USE;
uint32_t locate_device_of(const Locate *l, const LocateItem *item); /* the device place an item hangs on */
uint32_t locate_items_of_device(const Locate *l, uint32_t device);
/* What an item says of its subject being dark (or, of switches, plans and words, of its device having failed), by onset. */
void locate_weigh_night(const Locate *l, LocateEra *era); /* after `storm` changed */
void locate_item_llr(const Locate *l, const LocateEra *era, const LocateItem *item, double *out);
static inline bool locate_item_is_own(int kind) {
  return kind == LOCATE_SWITCH_OPEN || kind == LOCATE_SWITCH_CLOSED || kind == LOCATE_PLANNED_START || kind == LOCATE_WORD;
}

/* From above: the log-weight of everything outside a node, by the state of the supply that reaches it. `inner` are the log-weights
 * of the states it hands on (its own failing and all below weighed in); exp(inner − log Z) are probabilities. */
typedef struct LocateBeam {
  uint32_t node;
  double from[LOCATE_STATES_MAX];
} LocateBeam;
typedef struct LocateView {
  double log_z; /* of the whole tree this node is in */
  double inner[LOCATE_STATES_MAX];
  double cause[4][LOCATE_ONSETS_MAX]; /* log-weight of failing visibly at each onset: all phases, A, B, C */
} LocateView;
void locate_look(const Locate *l, const LocateBeam *beam, LocateView *view);
void locate_beam(const Locate *l, const LocateBeam *above, const LocateView *view, uint32_t child, LocateBeam *out);
void locate_beam_root(const Locate *l, uint32_t root, LocateBeam *out);
/* Every device more probably a cause than `least`, with its probability; a part where hardly anything can have failed is left out. */
typedef struct LocateCandidate {
  uint32_t head; /* a device place; of its class, once merged */
  int onset, mode;
  double best, probability;
} LocateCandidate;
typedef VECTOR(LocateCandidate) LocateCandidates;
bool locate_find_candidates(const Locate *l, uint32_t root, double least, LocateCandidates *found) MUST_USE; /* of one tree; adds */

uint32_t locate_path(const Locate *l, uint32_t node, uint32_t *path); /* source first; path holds LIMIT_TREE_DEPTH */
/* The beam that reaches a node, and the tree's log Z. */
void locate_beam_at(const Locate *l, uint32_t node, LocateBeam *out, double *log_z);
double locate_view_cause(const Locate *l, const LocateView *view, int *onset, int *mode);
double locate_view_dark(const Locate *l, const LocateNode *node, const LocateView *view, uint8_t lane);
/* Source-side end of the class of devices no evidence can tell apart, and the next one below (LOCATE_NONE at its end). */
uint32_t locate_class_head(const Locate *l, uint32_t device);
uint32_t locate_class_next(const Locate *l, uint32_t device);

#endif
