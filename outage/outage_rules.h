/* The rules of locating as data (rules/locate.yaml, built in; a company's own file of that name in its rules folder replaces it): when the room acts,
 * the priors the engine begins with, and how long each stage of a repair takes. Every error names file, line and column. */
#ifndef OUTAGE_RULES_H
#define OUTAGE_RULES_H

#include "base/text.h"
#include "outage/locate.h"
#include "outage/restore_time.h"

typedef struct OutageRules {
  double open, better, stay, drop, possible; /* probabilities, see the file */
  bool lone_calls;
  double place_m;       /* a crew so near is at the place; 0: positions say nothing */
  Span look, sound_for; /* all is looked at anew; a dispatcher's "sound" holds */
  LocateParameters locate;
  RestoreModel restore;
  double restore_weight;
  int cause_count; /* causes 1 … cause_count; 0 is unknown */
  char cause[RESTORE_CAUSES_MAX][40];
} OutageRules;

bool outage_rules_open(OutageRules *out, const char *rules_folder_or_null, Error *error) MUST_USE;
bool outage_rules_from_text(OutageRules *out, const char *file, Text yaml, Error *error) MUST_USE;
int outage_rules_cause(const OutageRules *rules, const char *cause); /* 0: unknown */

#endif
