#include "interop/cim.h"

#include <libxml/xmlreader.h>
#include <math.h>
#include <stdio.h>

#include "interop/cim_private.h"
#include "interop/file.h"
#include "interop/package_reader.h"

#define RDF "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
enum { VALUE_MAX = 4096, DEPTH_MAX = 16 };

static const struct {
  const char *name;
  uint8_t class;
} CLASSES[] = {
    {"Terminal", CIM_TERMINAL},           {"ConnectivityNode", CIM_NODE},         {"ACLineSegment", CIM_LINE},
    {"PositionPoint", CIM_POINT},         {"Location", CIM_LOCATION},             {"ServiceLocation", CIM_LOCATION},
    {"EnergyConsumer", CIM_CONSUMER},     {"UsagePoint", CIM_USAGE_POINT},        {"Meter", CIM_METER},
    {"PowerTransformer", CIM_TRANSFORMER}, {"PowerTransformerEnd", CIM_WINDING},  {"ACLineSegmentPhase", CIM_PHASE},
    {"EnergyConsumerPhase", CIM_PHASE},   {"SwitchPhase", CIM_PHASE},             {"EnergySource", CIM_SOURCE},
    {"ExternalNetworkInjection", CIM_SOURCE}, {"BusbarSection", CIM_BUSBAR},      {"Breaker", CIM_BREAKER},
    {"ProtectedSwitch", CIM_BREAKER},     {"Recloser", CIM_RECLOSER},             {"LoadBreakSwitch", CIM_SWITCH},
    {"Disconnector", CIM_SWITCH},         {"Sectionaliser", CIM_SWITCH},          {"Jumper", CIM_SWITCH},
    {"Switch", CIM_SWITCH},               {"Fuse", CIM_FUSE},
    {"TransformerTank", CIM_TANK},        {"TransformerTankEnd", CIM_PHASE},
    {"Feeder", CIM_FEEDER},               {"Substation", CIM_SUBSTATION},
    {"VoltageLevel", CIM_LEVEL},          {"Bay", CIM_LEVEL},
    {"BaseVoltage", CIM_BASE_VOLTAGE},
};

typedef enum CimField { FIELD_NAME, FIELD_REFERENCE, FIELD_NUMBER, FIELD_SEQUENCE, FIELD_PHASES, FIELD_OPEN } CimField;
static const struct CimProperty {
  const char *name;
  CimField field;
  int at; /* which reference or number */
} PROPERTIES[] = {
    {"IdentifiedObject.name", FIELD_NAME, 0},
    {"Terminal.ConductingEquipment", FIELD_REFERENCE, CIM_OWNER},
    {"Terminal.ConnectivityNode", FIELD_REFERENCE, CIM_OTHER_END},
    {"Terminal.phases", FIELD_PHASES, 0},
    {"ConductingEquipment.phases", FIELD_PHASES, 0},
    {"PositionPoint.xPosition", FIELD_NUMBER, 0},
    {"PositionPoint.yPosition", FIELD_NUMBER, 1},
    {"PositionPoint.sequenceNumber", FIELD_SEQUENCE, 0},
    {"PositionPoint.Location", FIELD_REFERENCE, CIM_OWNER},
    {"PowerSystemResource.Location", FIELD_REFERENCE, CIM_OTHER_END},
    {"Equipment.EquipmentContainer", FIELD_REFERENCE, CIM_CONTAINER},
    {"Conductor.length", FIELD_NUMBER, 0},
    {"ACLineSegment.PerLengthImpedance", FIELD_REFERENCE, CIM_OWNER},
    {"ACLineSegmentPhase.ACLineSegment", FIELD_REFERENCE, CIM_OWNER},
    {"ACLineSegmentPhase.phase", FIELD_PHASES, 0},
    {"EnergyConsumerPhase.EnergyConsumer", FIELD_REFERENCE, CIM_OWNER},
    {"EnergyConsumerPhase.phase", FIELD_PHASES, 0},
    {"SwitchPhase.Switch", FIELD_REFERENCE, CIM_OWNER},
    {"SwitchPhase.phaseSide1", FIELD_PHASES, 0},
    {"Switch.normalOpen", FIELD_OPEN, 0},
    {"Switch.open", FIELD_OPEN, 1}, /* of this moment: where the normal state is not said */
    {"ConductingEquipment.BaseVoltage", FIELD_REFERENCE, CIM_VOLTAGE},
    {"VoltageLevel.BaseVoltage", FIELD_REFERENCE, CIM_VOLTAGE},
    {"BaseVoltage.nominalVoltage", FIELD_NUMBER, 0},
    {"VoltageLevel.Substation", FIELD_REFERENCE, CIM_CONTAINER},
    {"Bay.VoltageLevel", FIELD_REFERENCE, CIM_CONTAINER},
    {"Bay.Substation", FIELD_REFERENCE, CIM_CONTAINER},
    {"Feeder.NormalEnergizingSubstation", FIELD_REFERENCE, CIM_CONTAINER},
    {"Feeder.NormalHeadTerminal", FIELD_REFERENCE, CIM_OWNER},
    {"Terminal.NormalHeadFeeder", FIELD_REFERENCE, CIM_CONTAINER},
    {"TransformerTank.PowerTransformer", FIELD_REFERENCE, CIM_OWNER},
    {"TransformerTankEnd.TransformerTank", FIELD_REFERENCE, CIM_OWNER},
    {"TransformerTankEnd.phases", FIELD_PHASES, 0},
    {"TransformerTankEnd.orderedPhases", FIELD_PHASES, 0},
    {"PowerTransformerEnd.PowerTransformer", FIELD_REFERENCE, CIM_OWNER},
    {"PowerTransformerEnd.ratedS", FIELD_NUMBER, 0},
    {"UsagePoint.Equipments", FIELD_REFERENCE, CIM_OWNER},
    {"UsagePoint.UsagePointLocation", FIELD_REFERENCE, CIM_OTHER_END},
    {"EndDevice.UsagePoint", FIELD_REFERENCE, CIM_OWNER},
};
typedef struct CimProperty CimProperty;

typedef struct CimReader {
  Cim *cim;
  xmlTextReaderPtr xml;
  CimSource source;
  void *self;
  Error said;               /* by the source, or by libxml2: the first */
  uint32_t object;          /* being read, CIM_NONE: one that plays no part */
  const CimProperty *property;
  uint32_t line, text_line; /* of the last element; of the text before it */
  size_t len;
  bool rooted;
  char value[VALUE_MAX];
} CimReader;

Error *cim_problem(Cim *cim) { return package_problem_in(cim->problems); }

void cim_at(const Cim *cim, uint32_t object, Error *problem) {
  error_at(problem, "%s:%u (%.*s)", cim->name, cim->objects.at[object].line, TEXT_ARG(text_slice(cim->objects.at[object].id, 0, 80)));
}

Text cim_called(const CimObject *object) { return object->name.len ? object->name : object->id; }

bool cim_stop(Cim *cim) { return error_raise(cim->error, ERROR_OUT_OF_MEMORY, "%s", cim->name); }

/* "#_x", "_x", "urn:uuid:x" and "x" are one object. */
static Text bare(Text id) {
  if (id.len && id.at[0] == '#') id = text_slice(id, 1, id.len);
  if (text_starts(id, TEXT("urn:uuid:"))) id = text_slice(id, 9, id.len);
  if (id.len && id.at[0] == '_') id = text_slice(id, 1, id.len);
  return id;
}

/* The object of this id; spoken of before it stands is fine. */
static bool find_object(CimReader *r, Text id, uint32_t *out) {
  Cim *cim = r->cim;
  int64_t row = (int64_t)cim->objects.count;
  bool fresh;
  *out = CIM_NONE;
  if (text_map_get(&cim->ids, id, &row)) return *out = (uint32_t)row, true;
  if (cim->objects.count >= LIMIT_CIM_OBJECTS) return error_raise(cim->error, ERROR_LIMIT, "objects\t%d", LIMIT_CIM_OBJECTS);
  row = (int64_t)cim->objects.count;
  CimObject object = {.id = text_copy(&cim->package->texts, id), .name = TEXT(""), .line = r->line, .ref = {CIM_NONE, CIM_NONE, CIM_NONE}, .number = {NAN, NAN}};
  if (!object.id.at || !text_map_put(&cim->ids, object.id, &row, &fresh) || !vector_push(&cim->objects, object)) return cim_stop(cim);
  *out = (uint32_t)row;
  return true;
}

static void problem_here(CimReader *r, ErrorCode code, const char *what, Text value, const char *why) {
  Error *problem = cim_problem(r->cim);
  error_raise(problem, code, "%s\t%.*s\t%s", what, TEXT_ARG(text_slice(value, 0, 100)), why);
  error_at(problem, "%s:%u", r->cim->name, r->line);
}

static bool is_cim(const char *space) {
  Text uri = text_of(space);
  return text_starts(uri, TEXT("http://iec.ch/TC57/")) &&
         (text_ends(uri, TEXT("CIM-schema-cim16#")) || text_ends(uri, TEXT("CIM-schema-cim17#")) || text_ends(uri, TEXT("/CIM100#")));
}

static bool begin_object(CimReader *r) {
  r->object = CIM_NONE;
  r->line = (uint32_t)xmlGetLineNo(xmlTextReaderCurrentNode(r->xml));
  if (r->line >= UINT16_MAX && r->text_line >= UINT16_MAX) r->line = r->text_line; /* past 65535 libxml2 knows the lines of texts only */
  if (!is_cim((const char *)xmlTextReaderConstNamespaceUri(r->xml))) return true;
  const char *class = (const char *)xmlTextReaderConstLocalName(r->xml);
  bool about = false;
  xmlChar *id = xmlTextReaderGetAttributeNs(r->xml, (const xmlChar *)"ID", (const xmlChar *)RDF);
  if (!id) id = xmlTextReaderGetAttributeNs(r->xml, (const xmlChar *)"about", (const xmlChar *)RDF), about = true;
  Text key = bare(text_of((const char *)id));
  bool ok = true;
  if (key.len == 0) {
    problem_here(r, ERROR_FIELD_MISSING, "rdf:ID", key, "");
  } else if (key.len > PACKAGE_CODE_MAX) {
    problem_here(r, ERROR_LIMIT, "bytes of rdf:ID", TEXT("100"), "");
  } else {
    ok = find_object(r, key, &r->object);
  }
  xmlFree(id);
  if (!ok || r->object == CIM_NONE) return ok;
  CimObject *object = &r->cim->objects.at[r->object];
  uint8_t found = CIM_OTHER;
  for (size_t i = 0; i < sizeof CLASSES / sizeof *CLASSES && found == CIM_OTHER; i++)
    if (strcmp(CLASSES[i].name, class) == 0) found = CLASSES[i].class;
  if (object->class == CIM_MISSING) {
    object->class = found, object->line = r->line;
  } else if (!about || object->class != found) {
    char line[16];
    snprintf(line, sizeof line, "%u", object->line);
    problem_here(r, ERROR_IMPORT_DUPLICATE, "rdf:ID", object->id, line);
    r->object = CIM_NONE;
  }
  return true;
}

static bool refer(CimReader *r, Text value) {
  uint32_t to;
  value = bare(value);
  if (value.len == 0 || value.len > PACKAGE_CODE_MAX) return problem_here(r, ERROR_FIELD_INVALID, r->property->name, value, "no reference"), true;
  if (!find_object(r, value, &to)) return false;
  r->cim->objects.at[r->object].ref[r->property->at] = to; /* after: the vector may have moved */
  return true;
}

/* "…#PhaseCode.ABCN", "…#SinglePhaseKind.A", "ABC"; what is no A, B or C (N, s1, s2) says nothing. */
static uint8_t phases_of(Text value) {
  uint8_t bits = 0;
  for (size_t i = value.len; i-- > 0 && value.at[i] != '.' && value.at[i] != '#';)
    if (value.at[i] >= 'A' && value.at[i] <= 'C') bits |= (uint8_t)(1 << (value.at[i] - 'A'));
  return bits;
}

static bool set_name(CimReader *r, Text value) {
  CimObject *object = &r->cim->objects.at[r->object];
  if (value.len > PACKAGE_NAME_MAX) return problem_here(r, ERROR_LIMIT, "bytes of IdentifiedObject.name", TEXT("200"), ""), true;
  object->name = text_copy(&r->cim->package->texts, value);
  if (!object->name.at) return cim_stop(r->cim);
  for (size_t i = 0; i < value.len; i++)
    if ((unsigned char)value.at[i] < 0x20 || value.at[i] == 0x7F) ((char *)(uintptr_t)object->name.at)[i] = ' ';
  return true;
}

/* A property with its whole value. */
static bool end_property(CimReader *r) {
  Text value = text_trim((Text){r->value, r->len});
  const CimProperty *property = r->property;
  CimObject *object = &r->cim->objects.at[r->object];
  int64_t whole;
  double number;
  switch (property->field) {
    case FIELD_NAME: return set_name(r, value);
    case FIELD_REFERENCE: return refer(r, value);
    case FIELD_PHASES: object->phases = phases_of(value); break;
    case FIELD_OPEN:
      if (property->at == 1 && object->sequence == 1) break;
      object->open = text_is(value, "true") || text_is(value, "1"), object->sequence = property->at == 0;
      if (!object->open && !text_is(value, "false") && !text_is(value, "0")) problem_here(r, ERROR_FIELD_INVALID, property->name, value, "must be true or false");
      break;
    case FIELD_SEQUENCE:
      if (text_to_i64(value, &whole) && whole >= 0 && whole <= INT32_MAX) object->sequence = (int32_t)whole;
      else problem_here(r, ERROR_FIELD_INVALID, property->name, value, "must be a whole number");
      break;
    case FIELD_NUMBER:
      if (text_to_f64(value, &number) && fabs(number) <= 1e12) object->number[property->at] = number;
      else problem_here(r, ERROR_FIELD_INVALID, property->name, value, "must be a number");
      break;
  }
  return true;
}

static bool add_value(CimReader *r, const char *text) {
  size_t len = text ? strlen(text) : 0;
  if (r->len + len > sizeof r->value) {
    error_raise(r->cim->error, ERROR_LIMIT, "bytes of %s\t%d", r->property->name, VALUE_MAX);
    return error_at(r->cim->error, "%s:%u", r->cim->name, r->line);
  }
  if (len) memcpy(r->value + r->len, text, len);
  r->len += len;
  return true;
}

static bool begin_property(CimReader *r) {
  r->property = NULL;
  r->len = 0;
  if (r->object == CIM_NONE) return true;
  const char *name = (const char *)xmlTextReaderConstLocalName(r->xml);
  for (size_t i = 0; i < sizeof PROPERTIES / sizeof *PROPERTIES; i++)
    if (strcmp(PROPERTIES[i].name, name) == 0) r->property = &PROPERTIES[i];
  if (!r->property) return true;
  xmlChar *resource = xmlTextReaderGetAttributeNs(r->xml, (const xmlChar *)"resource", (const xmlChar *)RDF);
  bool ok = add_value(r, (const char *)resource);
  xmlFree(resource);
  return ok;
}

static bool read_node(CimReader *r) {
  int type = xmlTextReaderNodeType(r->xml), depth = xmlTextReaderDepth(r->xml);
  bool element = type == XML_READER_TYPE_ELEMENT, end = type == XML_READER_TYPE_END_ELEMENT || (element && xmlTextReaderIsEmptyElement(r->xml));
  if (type == XML_READER_TYPE_DOCUMENT_TYPE) return error_raise(r->cim->error, ERROR_CIM_FORM, "%s", "a document type is not taken here");
  if (depth > DEPTH_MAX) return error_raise(r->cim->error, ERROR_LIMIT, "depth\t%d", DEPTH_MAX);
  if (type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE || type == XML_READER_TYPE_WHITESPACE) {
    long line = xmlGetLineNo(xmlTextReaderCurrentNode(r->xml));
    if (depth == 1 && line > 0) r->text_line = (uint32_t)line;
    return true;
  }
  bool text = type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_CDATA;
  if (text && depth == 3 && r->property) return add_value(r, (const char *)xmlTextReaderConstValue(r->xml));
  if (element && depth == 0) {
    r->rooted = strcmp((const char *)xmlTextReaderConstLocalName(r->xml), "RDF") == 0;
    return r->rooted || error_raise(r->cim->error, ERROR_CIM_FORM, "%s", "the outermost element must be rdf:RDF");
  }
  if (element && depth == 1 && !begin_object(r)) return false;
  if (element && depth == 2 && !begin_property(r)) return false;
  if (end && depth == 2 && r->property) {
    bool ok = end_property(r);
    r->property = NULL;
    return ok;
  }
  return true;
}

static int pull(void *self, char *out, int room) {
  CimReader *r = self;
  size_t got = 0;
  return r->source(r->self, out, (size_t)room, &got, &r->said) ? (int)got : -1;
}

static int nothing_to_close(void *self) { return (void)self, 0; }

static void heard(void *self, xmlErrorPtr xml) {
  CimReader *r = self;
  if (r->said.code != ERROR_NONE || xml->level < XML_ERR_ERROR) return;
  char text[ERROR_ARGUMENT_MAX];
  snprintf(text, sizeof text, "%s", xml->message ? xml->message : "");
  text[strcspn(text, "\r\n")] = '\0';
  error_raise(&r->said, ERROR_CIM_FORM, "%s", text_is_utf8(text_of(text)) ? text : "not sound XML");
  error_at(&r->said, "%s:%d:%d", r->cim->name, xml->line, xml->int2);
}

static bool read_objects(CimReader *r, PackageProgress progress, void *progress_self) {
  enum { TELL_EVERY = 65536 };
  Cim *cim = r->cim;
  r->xml = xmlReaderForIO(pull, nothing_to_close, r, NULL, NULL, XML_PARSE_NONET | XML_PARSE_BIG_LINES);
  if (!r->xml) return cim_stop(cim);
  xmlTextReaderSetStructuredErrorHandler(r->xml, heard, r);
  bool ok = true;
  int more = 1;
  for (int64_t nodes = 0; ok && (more = xmlTextReaderRead(r->xml)) == 1; nodes++) {
    ok = read_node(r);
    if (progress && nodes % TELL_EVERY == 0) progress(progress_self, cim->name, (int64_t)cim->objects.count, 0);
  }
  xmlFreeTextReader(r->xml);
  if (!ok) return error_at(cim->error, "%s", cim->name);
  if (more == 0 && r->rooted && r->said.code == ERROR_NONE) return true;
  if (r->said.code == ERROR_NONE) error_raise(&r->said, ERROR_CIM_FORM, "%s", "it ends before it is whole");
  error_at(&r->said, "%s", cim->name);
  *cim->error = r->said;
  return false;
}

bool cim_read_stream(Package *out, const char *name, CimSource source, void *self, PackageProblems *problems, PackageProgress progress,
                     void *progress_self, Error *error) {
  PackageProblems own = {0}, aside = {0};
  Error stop = {0};
  *out = (Package){.backdrop = TEXT("")};
  Cim cim = {.name = name, .package = out, .problems = problems ? problems : &own, .error = &stop};
  CimReader *reader = memory_new(sizeof *reader);
  *cim.problems = own;
  arena_begin(&out->texts, 0);
  if (!reader) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", name);
  *reader = (CimReader){.cim = &cim, .source = source, .self = self, .object = CIM_NONE};
  bool ok = read_objects(reader, progress, progress_self) && cim_plant(&cim, &aside);
  memory_free(reader);
  vector_free(&cim.objects);
  text_map_free(&cim.ids);
  if (!ok && error) *error = stop;
  if (ok && cim.problems->count) ok = error_raise(error, ERROR_IMPORT_FAILED, "%zu", cim.problems->count);
  if (!ok) package_end(out);
  if (ok && problems) *problems = aside, aside = own;
  package_problems_end(&aside);
  package_problems_end(&own);
  return ok;
}

bool cim_read(Package *out, const char *path, PackageProblems *problems, PackageProgress progress, void *progress_self, Error *error) {
  File *file;
  const char *slash = strrchr(path, '/');
  *out = (Package){0};
  if (!file_open(&file, path, error)) return false;
  if (!file) return error_raise(error, ERROR_NOT_FOUND, "file\t%.150s", path);
  bool ok = cim_read_stream(out, slash ? slash + 1 : path, file_read, file, problems, progress, progress_self, error);
  file_close(file);
  return ok;
}
