/* Inside the reader of OpenDSS scripts: words, numbers, the tables of properties. */
#ifndef INTEROP_DSS_PRIVATE_H
#define INTEROP_DSS_PRIVATE_H

#include "interop/dss.h"

/* One "name=value" or "value" of a command. */
typedef struct DssWord {
  Text name, value; /* name empty: by place */
  bool named;
} DssWord;

/* Cuts the next word; *more false at the end. */
bool dss_word(Text *rest, DssWord *word, bool *more, Error *error);
/* A number, also in reverse Polish: "1.73 2 /". */
bool dss_number(Text field, Text value, double *out, Error *error);
bool dss_whole(Text field, Text value, int64_t least, int64_t most, int64_t *out, Error *error);
bool dss_flag(Text field, Text value, bool *out, Error *error);
/* The next element of an array ("1 2 3", "1, 2", "'a' 'b'"); false at the end. */
bool dss_element(Text *rest, Text *element);
/* Up to `room` numbers; *count of them. */
bool dss_numbers(Text field, Text value, size_t room, double *out, size_t *count, Error *error);
/* A matrix of `order`: whole or lower triangle, rows parted by |. Symmetric either way, as OpenDSS makes it. */
bool dss_matrix(Text field, Text value, int order, double *out, Error *error);
bool dss_same(Text a, Text b); /* ASCII case ignored */
bool dss_begins(Text text, Text with);
/* OpenDSS's names by pattern: . any character, * the one before it any number of times, ^ and $; found anywhere, case ignored. */
bool dss_pattern(Text pattern, Text text);
Text dss_lower(Arena *arena, Text text); /* at NULL: out of memory */

typedef enum DssUnits { DSS_NONE, DSS_MILE, DSS_KFT, DSS_KM, DSS_METRE, DSS_FOOT, DSS_INCH, DSS_CM, DSS_MM } DssUnits;
double dss_metres(int units); /* 1 for DSS_NONE */

typedef enum DssKind {
  DSS_PASS,   /* known, without effect here */
  DSS_REFUSE, /* known, would change the answer, not understood */
  DSS_NUMBER,
  DSS_INTEGER,
  DSS_FLAG,
  DSS_CONNECTION,
  DSS_BUS,
  DSS_OWN, /* the class's own function reads it */
} DssKind;

typedef struct DssProperty {
  const char *name;
  DssKind kind;
  int id; /* what `after` or `own` gets; 0: nothing to do afterwards */
  size_t offset;
} DssProperty;

typedef struct DssReader DssReader;
typedef enum DssClassId {
  DSS_SOURCE,
  DSS_LINE,
  DSS_CODE,
  DSS_TRANSFORMER,
  DSS_TRANSFORMER_CODE,
  DSS_LOAD,
  DSS_CAPACITOR,
  DSS_REACTOR,
  DSS_REGULATOR,
  DSS_SHAPE,
  DSS_CLASSES,
} DssClassId;

typedef struct DssClass {
  DssClassId id;
  const char *name;
  const DssProperty *properties; /* in OpenDSS's order; a NULL name ends */
  size_t size;
  void *(*add)(DssReader *reader); /* a fresh object with its defaults; NULL: out of memory */
  void *(*at)(DssModel *model, size_t index);
  size_t (*count)(const DssModel *model);
  bool (*own)(DssReader *reader, void *object, int id, Text field, Text value, Error *error);
  void (*after)(DssReader *reader, void *object, int id);
} DssClass;

extern const DssClass *const dss_classes[DSS_CLASSES];

struct DssReader {
  DssModel *model;
  const DssFiles *files;
  Text file, folder; /* of the script being read; `folder` ends with / or is empty */
  uint32_t line;
  int depth;
  TextMap names[DSS_CLASSES];
  const DssClass *kind; /* what ~ goes on with; NULL: something passed over */
  size_t active;
  int place;    /* the last property's place */
  bool comment; /* between slash-star and star-slash */
};

const DssClass *dss_class(Text name);
/* The object's index, or -1. */
int64_t dss_find(const DssReader *reader, const char *class_name, Text name);
bool dss_read_file(DssReader *reader, Text name, Buffer *bytes, Error *error);
bool dss_set(DssReader *reader, const DssClass *kind, void *object, const DssProperty *property, Text value, Error *error);

#endif
