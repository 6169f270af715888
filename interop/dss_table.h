/* For the files that hold OpenDSS's classes: rows of properties, and where a class's objects are kept. */
#ifndef INTEROP_DSS_TABLE_H
#define INTEROP_DSS_TABLE_H

#include "interop/dss_private.h"

#define PASS(name) {name, DSS_PASS, 0, 0}
#define REFUSE(name) {name, DSS_REFUSE, 0, 0}
#define OWN(name, id) {name, DSS_OWN, id, 0}
#define NUMBER(Type, name, field, id) {name, DSS_NUMBER, id, offsetof(Type, field)}
#define INTEGER(Type, name, field, id) {name, DSS_INTEGER, id, offsetof(Type, field)}
#define FLAG(Type, name, field, id) {name, DSS_FLAG, id, offsetof(Type, field)}
#define CONNECTION(Type, name, field) {name, DSS_CONNECTION, 0, offsetof(Type, field)}
#define BUS(Type, name, field) {name, DSS_BUS, 0, offsetof(Type, field)}
#define CARRIES PASS("normamps"), PASS("emergamps"), PASS("faultrate"), PASS("pctperm"), PASS("repair")
#define LAST(Type) PASS("basefreq"), FLAG(Type, "enabled", enabled, 0), OWN("like", LIKE), {NULL, DSS_PASS, 0, 0}

enum { LIKE = 1000 }; /* the id of like= */

#define STORE(function, Type, vector)                                                        \
  static void *function##_at(DssModel *model, size_t i) { return &model->vector.at[i]; }     \
  static size_t function##_count(const DssModel *model) { return model->vector.count; }      \
  static void *function##_add(DssReader *reader) {                                           \
    Type fresh = function##_default(reader->model);                                          \
    return vector_push(&reader->model->vector, fresh) ? &reader->model->vector.at[reader->model->vector.count - 1] : NULL; \
  }

#define CLASS(which, name, list, Type, function, own, after) \
  const DssClass dss_##function##_class = {which, name, list, sizeof(Type), function##_add, function##_at, function##_count, own, after}

DssTerminal dss_no_terminal(void);
bool dss_read_terminal(DssReader *reader, Text field, Text value, DssTerminal *out, Error *error);
bool dss_read_connection(Text field, Text value, DssConnection *out, Error *error);

extern const DssClass dss_source_class, dss_code_class, dss_line_class, dss_transformer_class, dss_transformer_code_class, dss_load_class, dss_capacitor_class, dss_reactor_class,
    dss_regulator_class, dss_shape_class;

#endif
