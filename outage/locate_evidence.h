/* Evidence as a file (`dianbaomu locate --evidence FILE.csv`) and what is said about it: decode, run the engine, write the answer. Columns:
 * time (RFC 3339), kind (call … planned_end), subject (customer number, meter id or device id). Rows that cannot be read are errors with
 * line and column; rows that cannot be true (unknown meter, time to come, a switch both open and closed) are set aside, with the reason,
 * and counted. */
#ifndef OUTAGE_LOCATE_EVIDENCE_H
#define OUTAGE_LOCATE_EVIDENCE_H

#include "base/buffer.h"
#include "interop/csv.h"
#include "outage/evidence_sim.h"
#include "outage/locate.h"

/* Names to indices and back; LOCATE_NONE: no such thing. A tie is given as its index among `ties`. */
typedef struct LocateNames {
  void *self;
  uint32_t (*customer)(void *self, Text number_or_meter);
  uint32_t (*device)(void *self, Text id);
  uint32_t (*tie)(void *self, Text id); /* may be NULL */
  Text (*customer_name)(void *self, uint32_t customer);
  Text (*device_name)(void *self, uint32_t device);
} LocateNames;

typedef struct LocateEvidenceRow {
  LocateEvidence evidence;
  uint32_t tie; /* the subject is this tie; LOCATE_NONE: it is not one */
  uint64_t line;
  Text subject; /* in the arena */
} LocateEvidenceRow;

enum { LOCATE_EVIDENCE_ROWS_MAX = 20000000 };

/* Takes an open reader before csv_columns. Rows are sorted by time (then by line). */
bool locate_evidence_read(Csv *csv, const LocateNames *names, Arena *arena, LocateEvidenceRow **rows, size_t *count, Error *error) MUST_USE;

typedef struct LocateQuestion {
  const LocateNetwork *network;
  const LocateTie *ties; /* as they normally lie: all open */
  size_t tie_count;
  const LocateNames *names;
  const LocateParameters *parameters;
  Instant at;   /* INSTANT_NONE: the time of the last row */
  double least; /* probability from which an outage is told; 0: 0.2 */
  bool json;
} LocateQuestion;

/* The whole command: evidence in, the answer in `out` (JSON, or lines for people). */
bool locate_answer(const LocateQuestion *question, const LocateEvidenceRow *rows, size_t count, Buffer *out, Error *error) MUST_USE;

/* What simulate-outages writes: evidence.csv as above, and the truth (device, phases, time, customers). */
void evidence_write(const EvidenceRun *run, const LocateNames *names, Span zone, Buffer *evidence, Buffer *truth);

#endif
