/* Inside `locate`: the layout of the network, the records of evidence, the active nodes. For outage/locate*.c only. */
#ifndef OUTAGE_LOCATE_INTERNAL_H
#define OUTAGE_LOCATE_INTERNAL_H

#include "base/map.h"
#include "base/vector.h"
#include "outage/locate.h"

/* A node's states: 0 lit; 1 + k dark since onset k. Where phases play a part (a node of several phases) also
 * 1 + m·K + k, m = 1…3: only phase A, B or C dark since onset k. */
enum { LOCATE_STATES_MAX = 1 + 4 * LOCATE_ONSETS_MAX };

/* How a device carries phases. ANY: phases play no part, or one only. SEVERAL: has single-phase states. */
enum { LOCATE_LANE_A, LOCATE_LANE_B, LOCATE_LANE_C, LOCATE_LANE_ANY, LOCATE_LANE_SEVERAL };

typedef struct LocatePhaseSums {
  uint32_t weight[3], gasps[3];
} LocatePhaseSums;

/* The network in preorder: what lies below a device is devices [d, end[d]) and customers [first[d], first[end[d]]).
 * Everything inside the engine counts in these places. */
typedef struct LocateLayout {
  uint32_t device_count, customer_count;
  uint32_t *parent, *end, *first;               /* end exclusive; first has one more */
  uint32_t *device_of, *place_of;               /* place → caller's index and back */
  uint32_t *customer_of, *customer_place, *customer_device;
  uint8_t *kind, *lane, *phase_bits;
  float *log_odds;
  uint8_t *customer_lane, *customer_class, *customer_flags;
  uint32_t *weight_before, *gasps_before;       /* prefix sums over customers: call weight in 1/16, meters that gasp */
  uint32_t *several_at;                         /* of devices of several phases: index of `several` */
  LocatePhaseSums *several;
  uint64_t bytes;
} LocateLayout;

bool locate_layout_make(LocateLayout *layout, const LocateNetwork *network, const LocateParameters *p, Error *error) MUST_USE;
void locate_layout_free(LocateLayout *layout);

typedef struct LocateItem {
  Instant at;
  uint32_t subject; /* a place */
  uint32_t next;    /* of the same subject, or free */
  uint8_t kind;     /* LocateEvidenceKind; LOCATE_EVIDENCE_KINDS when free */
  bool on_device;
  uint8_t word;     /* of LOCATE_WORD: LocateWord */
} LocateItem;

/* What speaks of a device's own failing (its switch, a plan, the dispatcher). */
typedef struct LocateOwn {
  double llr[LOCATE_ONSETS_MAX]; /* added to the log-odds of failing at each onset */
  double stay; /* log-weight of not having failed: 0, or −INFINITY when it surely has */
  bool sound;  /* surely has not */
} LocateOwn;

typedef struct LocateNode {
  uint32_t device, parent, child, sibling; /* parent, child, sibling are nodes; parents come before children */
  uint32_t own;                            /* index of `own`, LOCATE_NONE */
  uint32_t sure;                           /* here and below: devices that surely have failed */
  uint8_t lane;
  int64_t quiet_weight, quiet_gasps;       /* silent customers here and in inactive parts below */
  uint32_t several;                        /* index of node_several */
  double odds;                             /* exp(log_odds) */
  size_t at;                               /* of its states in `states`: C max, C sum, A max, A sum, each of its size */
} LocateNode;

struct Locate {
  LocateParameters p;
  LocateLayout layout;
  LocateOnsets onsets;
  Instant now;
  double all_share[LOCATE_KINDS], one_share[LOCATE_KINDS]; /* logs: of failing in all phases; in a given one, times phase count */
  uint32_t *customer_items;            /* by place: newest item */
  Map device_items;                    /* device place → newest item */
  uint32_t *node_of;                   /* by device place */
  VECTOR(LocateItem) items;
  uint32_t free_item, item_count;
  VECTOR(LocateNode) nodes;
  VECTOR(LocateOwn) own;
  VECTOR(LocatePhaseSums) node_several; /* quiet sums by phase, of active nodes of several phases */
  VECTOR(double) states;
  uint32_t first_root;                 /* roots linked by sibling */
  uint64_t *active;                    /* scratch of locate_solve: a bit a device */
  uint64_t counts[LOCATE_VERDICTS];
};

static inline int locate_state_count(const Locate *l, uint8_t lane) {
  return 1 + (lane == LOCATE_LANE_SEVERAL ? 4 : 1) * l->onsets.count;
}
enum { LOCATE_C_MAX, LOCATE_C_SUM, LOCATE_A_MAX, LOCATE_A_SUM };
static inline double *locate_states(const Locate *l, const LocateNode *node, int which) {
  return l->states.at + node->at + which * locate_state_count(l, node->lane);
}

/* One device's ways to fail: log-weight of failing at onset j (a cause), and of failing at k or later, unseen, when dark since k. */
typedef struct LocateWays {
  double all[LOCATE_ONSETS_MAX], one[3][LOCATE_ONSETS_MAX];           /* −INFINITY where impossible */
  double stay;                                                        /* of not failing */
  double all_hidden[LOCATE_ONSETS_MAX], one_hidden[3][LOCATE_ONSETS_MAX]; /* log(1 + Σ_{j≥k} …) (maxima in place of sums for the most probable set) */
} LocateWays;
void locate_ways(const Locate *l, const LocateNode *node, bool sum, LocateWays *ways);

/* C with the silence of this moment added. */
void locate_inner(const Locate *l, const LocateNode *node, bool sum, double *c);
/* A from C: the device itself may fail. */
void locate_outer(const Locate *l, const LocateNode *node, const LocateWays *ways, const double *c, bool sum, double *a);
/* A child's vector as its parent's states see it. */
void locate_spread(const Locate *l, uint8_t parent_lane, uint8_t child_lane, const double *child, double *out);
double locate_log_add(double a, double b);

uint32_t locate_items_of_device(const Locate *l, uint32_t device);
/* What an item says of its subject being dark (or, of switches, plans and words, of its device having failed), by onset. */
void locate_item_llr(const Locate *l, const LocateItem *item, double *out);
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
  double log_z;                        /* of the whole tree this node is in */
  double inner[LOCATE_STATES_MAX];
  double cause[4][LOCATE_ONSETS_MAX];  /* log-weight of failing visibly at each onset: all phases, A, B, C */
} LocateView;
void locate_look(const Locate *l, const LocateBeam *beam, LocateView *view);
void locate_beam(const Locate *l, const LocateBeam *above, const LocateView *view, uint32_t child, LocateBeam *out);
void locate_beam_root(const Locate *l, uint32_t root, LocateBeam *out);
uint32_t locate_path(const Locate *l, uint32_t node, uint32_t *path); /* source first; path holds LIMIT_TREE_DEPTH */
/* The beam that reaches a node, and the tree's log Z. */
void locate_beam_at(const Locate *l, uint32_t node, LocateBeam *out, double *log_z);
double locate_view_cause(const Locate *l, const LocateView *view, int *onset, int *mode);
double locate_view_dark(const Locate *l, const LocateNode *node, const LocateView *view, uint8_t lane);
/* Source-side end of the class of devices no evidence can tell apart, and the next one below (LOCATE_NONE at its end). */
uint32_t locate_class_head(const Locate *l, uint32_t device);
uint32_t locate_class_next(const Locate *l, uint32_t device);

#endif
