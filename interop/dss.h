/* Reads OpenDSS scripts, the language in which the public feeders are written, into a plain model of what they describe. For flow/, which
 * solves it; nothing is solved here.
 *
 * Understood: New, Edit, More (~), BatchEdit, Class.Name.Property=value, Redirect, Compile, Set, Clear, Enable, Disable, BusCoords;
 * comments
 * (!, //, lines between slash-star); properties by name, by a beginning of the name, or by their place; quotes of every kind, arrays,
 * matrices with |, lower triangles, numbers in reverse Polish, file=…; like=…. Commands that only show, draw or record are passed over.
 * What would change the answer and is not understood is an error at its file and line, never a guess. Facts of the language: OpenDSS manual
 * and the sources of dss-extensions/dss_capi (defaults, orders of properties, side effects). */
#ifndef INTEROP_DSS_H
#define INTEROP_DSS_H

#include "base/buffer.h"
#include "base/map.h"
#include "base/vector.h"

enum { DSS_CONDUCTORS_MAX = 6, DSS_WINDINGS_MAX = 3, DSS_DEPTH_MAX = 16, DSS_NODE_MAX = 99 };

typedef enum DssConnection { DSS_WYE, DSS_DELTA } DssConnection;

/* "671.1.2.3": the bus and the node of each conductor; those not named are -1 until dss_nodes fills in 1, 2, 3 … */
typedef struct DssTerminal {
  Text bus; /* lower case */
  int node[DSS_CONDUCTORS_MAX + 1];
} DssTerminal;

#define DSS_OBJECT                       \
  Text name; /* lower case */            \
  Text file;                             \
  uint32_t line; /* where it was made */ \
  bool enabled

typedef struct DssObject {
  DSS_OBJECT;
} DssObject;

/* Impedances for each unit of length, ohm and nF; `symmetric`: by sequence, else as matrices (rows of `phases`). */
typedef struct DssCode {
  DSS_OBJECT;
  int phases, units; /* units: enum DssUnits */
  bool symmetric;
  double r1, x1, r0, x0, c1, c0, frequency;
  double r[DSS_CONDUCTORS_MAX * DSS_CONDUCTORS_MAX], x[DSS_CONDUCTORS_MAX * DSS_CONDUCTORS_MAX], c[DSS_CONDUCTORS_MAX * DSS_CONDUCTORS_MAX];
} DssCode;

typedef struct DssLine {
  DSS_OBJECT;
  DssTerminal end[2];
  DssCode code;     /* its own copy; `phases` are the line's */
  bool coded;       /* `code` came by linecode= and was not touched since */
  bool capacitance; /* given, or from a code */
  double length;
  int units;
  bool is_switch;
} DssLine;

typedef struct DssWinding {
  DssTerminal end;
  DssConnection connection;
  double kv, kva, tap, r_percent, r_neutral, x_neutral; /* r_neutral < 0: no path to ground but the bus's node */
  double tap_least, tap_most;
  int taps;
} DssWinding;

typedef struct DssTransformer {
  DSS_OBJECT;
  int phases, windings, active; /* active: the winding that wdg= chose, from 0 */
  DssWinding winding[DSS_WINDINGS_MAX];
  double x12, x13, x23; /* percent */
  double loss_percent, no_load_percent, magnetising_percent, antifloat_ppm;
  bool low_leads; /* leadlag=lead: the low side 30° ahead (Dyn11), not behind (Dyn1) */
} DssTransformer;

typedef struct DssShape {
  DSS_OBJECT;
  double *p, *q; /* q NULL: as p */
  size_t count, q_count;
  int64_t points;
  double interval_hours;
  bool actual; /* kW, not a factor */
} DssShape;

typedef struct DssLoad {
  DSS_OBJECT;
  DssTerminal end;
  int phases, model;
  DssConnection connection;
  double kv, kw, kvar, pf, kva;
  int told; /* 0: kw and pf, 1: kw and kvar, 2: kva and pf */
  double v_least, v_most, v_low, cvr_watts, cvr_vars, zip[7];
  bool zip_given;
  int daily, yearly; /* index of the shape, -1: none */
  bool fixed;        /* status: not moved by shapes or loadmult */
} DssLoad;

typedef struct DssCapacitor {
  DSS_OBJECT;
  DssTerminal end[2];
  bool second; /* end[1] given: in series or to another node; otherwise to ground */
  int phases;
  DssConnection connection;
  double kvar, kv;
} DssCapacitor;

typedef struct DssReactor {
  DSS_OBJECT;
  DssTerminal end[2];
  bool second;
  int phases;
  DssConnection connection;
  double kvar, kv, r, x;
  bool ohms; /* r and x given */
} DssReactor;

typedef struct DssRegulator {
  DSS_OBJECT;
  int transformer, winding, tap_winding, pt_phase; /* transformer: index, -1 until told; windings from 1 */
  double vreg, band, pt_ratio, ct_primary, r, x, delay, v_limit;
  int most_taps;
} DssRegulator;

typedef struct DssSource {
  DSS_OBJECT;
  DssTerminal end;
  int phases, told; /* told: 1 MVAsc, 2 Isc, 3 ohm */
  double kv, pu, angle_degrees, mva3, mva1, isc3, isc1, x1r1, x0r0, r1, x1, r0, x0;
} DssSource;

typedef struct DssPlace {
  Text bus;
  double x, y;
} DssPlace;

typedef enum DssMode { DSS_SNAPSHOT, DSS_DAILY, DSS_YEARLY } DssMode;

typedef struct DssModel {
  Arena arena; /* texts and shapes */
  bool begun;  /* New Circuit was seen */
  Text name;
  double frequency, load_factor, tolerance; /* tolerance 0: not told */
  int64_t steps;
  double step_hours;
  DssMode mode;
  bool controls;
  DssSource source;
  double voltage_base[16];
  size_t voltage_bases;
  VECTOR(DssCode) codes;
  VECTOR(DssLine) lines;
  VECTOR(DssTransformer) transformers;
  VECTOR(DssTransformer) transformer_codes; /* XfmrCode */
  VECTOR(DssLoad) loads;
  VECTOR(DssCapacitor) capacitors;
  VECTOR(DssReactor) reactors;
  VECTOR(DssRegulator) regulators;
  VECTOR(DssShape) shapes;
  VECTOR(DssPlace) places; /* BusCoords */
} DssModel;

/* Where scripts and the files they name come from. `path` is NUL-ended; a path in a script is joined to the folder of the script that names
 * it. */
typedef struct DssFiles {
  void *self;
  bool (*read)(void *self, const char *path, Buffer *out, Error *error);
} DssFiles;

extern const DssFiles dss_disk;

/* Reads the script at `path` and all it names. On failure the model is empty. Errors: DSS_…, FIELD_…, IO, each with where = "file:line". */
bool dss_read(DssModel *out, const char *path, const DssFiles *files, Error *error) MUST_USE;
void dss_end(DssModel *model);

/* The node of conductor `i` (from 0) of a terminal whose first `phases` conductors default to nodes 1, 2 …, the rest to ground. */
int dss_node(const DssTerminal *end, int i, int phases);
/* The impedance of one line whole, its length and units applied: ohm, and nF. */
void dss_line_whole(const DssLine *line, double *r, double *x, double *c);

#endif
