/* Private to the CIM reader: the objects of a file, as cim.c reads them and cim_tree.c plants them. */
#ifndef INTEROP_CIM_PRIVATE_H
#define INTEROP_CIM_PRIVATE_H

#include "base/map.h"
#include "base/vector.h"
#include "interop/cim.h"

typedef enum CimClass {
  CIM_MISSING, /* only spoken of */
  CIM_OTHER,   /* of no class needed here */
  CIM_NODE,
  CIM_TERMINAL,
  CIM_SOURCE,
  CIM_BUSBAR,
  CIM_LINE,
  CIM_BREAKER,
  CIM_RECLOSER,
  CIM_SWITCH,
  CIM_FUSE,
  CIM_TRANSFORMER,
  CIM_CONSUMER,
  CIM_WINDING,
  CIM_TANK,     /* of a transformer made of several */
  CIM_PHASE,
  CIM_USAGE_POINT,
  CIM_METER,
  CIM_LOCATION,
  CIM_POINT,
  CIM_FEEDER,
  CIM_SUBSTATION,
  CIM_LEVEL,        /* VoltageLevel, Bay: between a thing and its substation */
  CIM_BASE_VOLTAGE,
} CimClass;

#define CIM_NONE UINT32_MAX
enum { CIM_OWNER, CIM_OTHER_END, CIM_CONTAINER, CIM_VOLTAGE, CIM_REFERENCES };

typedef struct CimObject {
  Text id, name;
  uint32_t line;
  uint32_t ref[CIM_REFERENCES];  /* objects: what it belongs to, a feeder's head; a terminal's node or a thing's location; its container,
                                  a terminal's feeder; its BaseVoltage */
  double number[2];              /* length in m; rated VA; volts; x and y of a point */
  int32_t sequence;              /* of a point; of a switch 1: normalOpen was said */
  uint8_t class, phases;         /* CimClass; bits A 1, B 2, C 4 */
  bool open;                     /* normally */
} CimObject;

typedef struct Cim {
  const char *name; /* of the file */
  Package *package;
  PackageProblems *problems;
  VECTOR(CimObject) objects;
  TextMap ids;
  Error *error; /* what stops the reading altogether */
} Cim;

static inline bool cim_is_switch(int class) { return class >= CIM_BREAKER && class <= CIM_FUSE; }
static inline bool cim_is_branch(int class) { return class >= CIM_LINE && class <= CIM_TRANSFORMER; }
static inline bool cim_is_equipment(int class) { return class >= CIM_SOURCE && class <= CIM_CONSUMER; }
Error *cim_problem(Cim *cim);                 /* a fresh one, to be raised; then cim_at */
void cim_at(const Cim *cim, uint32_t object, Error *problem);
Text cim_called(const CimObject *object);     /* its name, or else its id */
bool cim_stop(Cim *cim);                      /* out of memory */
bool cim_plant(Cim *cim, PackageProblems *aside);

#endif
