/* A network as its equipment between nodes, made into the tree of a Package. For the readers of formats that hold networks so (CIM,
 * OpenDSS); they fill in the pieces, plant them, and then hang customers on the nodes.
 *
 * From the sources over closed equipment. Pieces side by side between the same two nodes, of different phases, are one device (a bank). An
 * open switch between two living devices is a tie; with one living end it hangs there, open. A loop is a problem, told by the piece that
 * closes it and by what feeds its ends. What no source reaches is set aside: one note for each part that hangs together. */
#ifndef INTEROP_WIRES_H
#define INTEROP_WIRES_H

#include "base/map.h"
#include "base/vector.h"
#include "interop/package.h"

typedef enum WiresRole {
  WIRES_SOURCE,
  WIRES_HEAD, /* where a feeder begins: a source, if no source feeds its node */
  WIRES_BAR,  /* stands at one node: all that hangs there hangs from it */
  WIRES_BRANCH,
  WIRES_CONSUMER, /* is no device; told when on an island */
} WiresRole;

typedef struct WiresPiece {
  PackageDevice device; /* as it shall stand; phases 0: as what feeds it. Parent, end and depth are found */
  uint32_t end, ends;   /* of Wires.ends: the nodes, all different from WIRES_NONE */
  uint8_t role;
  bool open, is_switch;
  Text file;     /* for messages */
  uint32_t line;
} WiresPiece;

#define WIRES_NONE UINT32_MAX

typedef struct Wires {
  Package *package;          /* gets devices, ties, customers */
  PackageProblems *problems; /* what is wrong */
  PackageProblems *aside;    /* what was left out */
  Error *error;              /* what stops altogether */
  bool cut_phases; /* a piece of other phases than what feeds it takes those it shares with it (or else all of them); otherwise a problem */
  VECTOR(WiresPiece) pieces;
  VECTOR(uint32_t) ends;
  uint32_t node_count;
  uint32_t *fed; /* once planted, by node: the row of the device that feeds it, WIRES_NONE */
  VECTOR(PackageCustomer) customers;
  VECTOR(uint32_t) customer_lines;
  TextMap numbers;
} Wires;

bool wires_add(Wires *wires, const WiresPiece *piece, const uint32_t *nodes, uint32_t count) MUST_USE;
/* Fills package->devices and ->ties, and `fed`. Where there are problems, nothing is filled in. */
bool wires_plant(Wires *wires) MUST_USE;
/* A customer, his device by fed[node] (a row). A number that stands already is a problem. */
bool wires_add_customer(Wires *wires, const PackageCustomer *customer, Text file, uint32_t line) MUST_USE;
/* Hands the customers to the package, in order. */
void wires_settle(Wires *wires);
void wires_end(Wires *wires);
Text wires_called(const PackageDevice *device); /* its name, or else its code */

#endif
