#include "crew/repair.h"

#include <stdio.h>

#include "base/vector.h"
#include "interop/rule_text.h"

/* --- the file as it stands --- */

typedef struct FileSkill {
  int kind;
  char *skill;
} FileSkill;

typedef struct FileStep {
  char *id, *name_zh, *name_en;
  int safety, required;
} FileStep;

typedef struct FileCause {
  char *id, *name_zh, *name_en, *skill;
  unsigned kinds;
  int minutes;
  char **materials, **steps;
  unsigned materials_count, steps_count;
} FileCause;

typedef struct File {
  char *version, *source, *strength, *region, *from;
  FileSkill *skills;
  FileStep *steps;
  FileCause *causes;
  unsigned skills_count, steps_count, causes_count;
} File;

#define WORD(key, type, member) CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, 200)
#define YES_NO(key, type, member) CYAML_FIELD_ENUM(key, CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, type, member, YES_OR_NO, CYAML_ARRAY_LEN(YES_OR_NO))
#define LIST(key, flags, type, member, entry) CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER | (flags), type, member, entry, 0, 256)

static const cyaml_strval_t YES_OR_NO[] = {{"no", 0}, {"yes", 1}, {"false", 0}, {"true", 1}};
static const cyaml_strval_t KINDS[] = {
  {"substation", GRID_SUBSTATION}, {"busbar", GRID_BUSBAR}, {"breaker", GRID_BREAKER}, {"recloser", GRID_RECLOSER},
  {"switch", GRID_SWITCH}, {"fuse", GRID_FUSE}, {"line", GRID_LINE}, {"transformer", GRID_TRANSFORMER},
  {"lv_breaker", GRID_LV_BREAKER}, {"branch_box", GRID_BRANCH_BOX}, {"meter_box", GRID_METER_BOX}};
static const cyaml_strval_t KIND_BITS[] = {
  {"substation", 1 << GRID_SUBSTATION}, {"busbar", 1 << GRID_BUSBAR}, {"breaker", 1 << GRID_BREAKER}, {"recloser", 1 << GRID_RECLOSER},
  {"switch", 1 << GRID_SWITCH}, {"fuse", 1 << GRID_FUSE}, {"line", 1 << GRID_LINE}, {"transformer", 1 << GRID_TRANSFORMER},
  {"lv_breaker", 1 << GRID_LV_BREAKER}, {"branch_box", 1 << GRID_BRANCH_BOX}, {"meter_box", 1 << GRID_METER_BOX}};

static const cyaml_schema_value_t ONE_WORD = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 200)};
static const cyaml_schema_field_t SKILL_FIELDS[] = {CYAML_FIELD_ENUM("kind", CYAML_FLAG_STRICT, FileSkill, kind, KINDS, CYAML_ARRAY_LEN(KINDS)),
                                                    WORD("skill", FileSkill, skill), CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_SKILL = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, FileSkill, SKILL_FIELDS)};
static const cyaml_schema_field_t STEP_FIELDS[] = {WORD("id", FileStep, id), WORD("name_zh", FileStep, name_zh), WORD("name_en", FileStep, name_en),
                                                   YES_NO("safety", FileStep, safety), YES_NO("required", FileStep, required), CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_STEP = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, FileStep, STEP_FIELDS)};
static const cyaml_schema_field_t CAUSE_FIELDS[] = {
  WORD("id", FileCause, id), WORD("name_zh", FileCause, name_zh), WORD("name_en", FileCause, name_en), WORD("skill", FileCause, skill),
  CYAML_FIELD_FLAGS("kinds", CYAML_FLAG_STRICT, FileCause, kinds, KIND_BITS, CYAML_ARRAY_LEN(KIND_BITS)),
  CYAML_FIELD_INT("minutes", CYAML_FLAG_DEFAULT, FileCause, minutes), LIST("materials", CYAML_FLAG_OPTIONAL, FileCause, materials, &ONE_WORD),
  LIST("steps", CYAML_FLAG_DEFAULT, FileCause, steps, &ONE_WORD), CYAML_FIELD_END};
static const cyaml_schema_value_t ONE_CAUSE = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, FileCause, CAUSE_FIELDS)};
static const cyaml_schema_field_t FILE_FIELDS[] = {
  WORD("version", File, version), WORD("source", File, source), WORD("strength", File, strength), WORD("region", File, region), WORD("from", File, from),
  LIST("skills", CYAML_FLAG_DEFAULT, File, skills, &ONE_SKILL), LIST("steps", CYAML_FLAG_DEFAULT, File, steps, &ONE_STEP),
  LIST("causes", CYAML_FLAG_DEFAULT, File, causes, &ONE_CAUSE), CYAML_FIELD_END};
static const cyaml_schema_value_t WHOLE_FILE = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, File, FILE_FIELDS)};

/* --- compiled --- */

struct Repair {
  File *file; /* what the texts point into */
  RepairStep *steps;
  Procedure *procedures;
};

static const RepairStep *step_named(const Repair *repair, const char *id) {
  for (unsigned i = 0; i < repair->file->steps_count; i++)
    if (text_is(repair->steps[i].id, id)) return &repair->steps[i];
  return NULL;
}

static bool compile_cause(Repair *repair, Procedure *p, const FileCause *cause, const char *file, Error *error) {
  *p = (Procedure){.id = text_of(cause->id), .name_zh = text_of(cause->name_zh), .name_en = text_of(cause->name_en), .skill = text_of(cause->skill),
                   .kinds = cause->kinds, .minutes = cause->minutes};
  if (cause->steps_count == 0 || cause->steps_count > REPAIR_STEPS_MAX)
    return error_raise(error, ERROR_LIMIT, "steps of %s\t1…%d", cause->id, REPAIR_STEPS_MAX) || error_at(error, "%s", file);
  if (cause->materials_count > REPAIR_MATERIALS_MAX)
    return error_raise(error, ERROR_LIMIT, "materials of %s\t%d", cause->id, REPAIR_MATERIALS_MAX) || error_at(error, "%s", file);
  for (unsigned i = 0; i < cause->steps_count; i++) {
    const RepairStep *step = step_named(repair, cause->steps[i]);
    if (!step) return error_raise(error, ERROR_NOT_FOUND, "step of %s\t%s", cause->id, cause->steps[i]) || error_at(error, "%s", file);
    if (repair_step_of(p, step->id) >= 0) return error_raise(error, ERROR_ALREADY_EXISTS, "step of %s\t%s", cause->id, cause->steps[i]) || error_at(error, "%s", file);
    p->step[p->step_count++] = step;
  }
  for (unsigned i = 0; i < cause->materials_count; i++) p->material[p->material_count++] = text_of(cause->materials[i]);
  return true;
}

bool repair_from_text(Repair **out, const char *file, Text yaml, Error *error) {
  Repair *repair = memory_new(sizeof *repair);
  if (!repair) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", file);
  bool ok = rule_text_load((cyaml_data_t **)&repair->file, file, yaml, &WHOLE_FILE, error);
  if (ok) {
    repair->steps = memory_new((repair->file->steps_count + 1u) * sizeof *repair->steps);
    repair->procedures = memory_new((repair->file->causes_count + 1u) * sizeof *repair->procedures);
    if (!repair->steps || !repair->procedures) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", file);
  }
  for (unsigned i = 0; ok && i < repair->file->steps_count; i++) {
    const FileStep *step = &repair->file->steps[i];
    for (unsigned k = 0; k < i && ok; k++)
      if (text_is(repair->steps[k].id, step->id)) ok = error_raise(error, ERROR_ALREADY_EXISTS, "step\t%s", step->id) || error_at(error, "%s", file);
    repair->steps[i] = (RepairStep){text_of(step->id), text_of(step->name_zh), text_of(step->name_en), step->safety != 0, step->safety || step->required};
  }
  for (unsigned i = 0; ok && i < repair->file->causes_count; i++) ok = compile_cause(repair, &repair->procedures[i], &repair->file->causes[i], file, error);
  if (!ok) repair_close(repair);
  else *out = repair;
  return ok;
}

static const struct {
  const char *name, *text;
} BUILT_IN[] = {
#include "repair_embedded.h" /* made from rules/repair_steps.yaml */
};

static bool take_text(void *self, const char *file, Text yaml, Error *error) { return repair_from_text(self, file, yaml, error); }

bool repair_open(Repair **out, const char *folder, Error *error) {
  return rule_text_open(folder, "repair_steps.yaml", BUILT_IN[0].text, take_text, out, error);
}

void repair_close(Repair *repair) {
  if (!repair) return;
  rule_text_free(repair->file, &WHOLE_FILE);
  memory_free(repair->steps);
  memory_free(repair->procedures);
  memory_free(repair);
}

size_t repair_count(const Repair *repair) { return repair->file->causes_count; }
const Procedure *repair_at(const Repair *repair, size_t i) { return &repair->procedures[i]; }

const Procedure *repair_of(const Repair *repair, Text cause) {
  for (size_t i = 0; i < repair->file->causes_count; i++)
    if (text_equal(repair->procedures[i].id, cause)) return &repair->procedures[i];
  return NULL;
}

Text repair_skill_for(const Repair *repair, GridKind kind) {
  for (unsigned i = 0; i < repair->file->skills_count; i++)
    if (repair->file->skills[i].kind == (int)kind) return text_of(repair->file->skills[i].skill);
  return TEXT("");
}

int repair_step_of(const Procedure *procedure, Text step) {
  for (int i = 0; i < procedure->step_count; i++)
    if (text_equal(procedure->step[i]->id, step)) return i;
  return -1;
}

RepairVerdict repair_may(const Procedure *procedure, const bool *done, int step, int *missing) {
  *missing = step;
  if (done[step]) return REPAIR_DONE_ALREADY;
  for (int i = 0; i < step; i++)
    if (procedure->step[i]->required && !done[i]) {
      *missing = i;
      return REPAIR_MISSING;
    }
  return REPAIR_MAY;
}

int repair_next(const Procedure *procedure, const bool *done) {
  int last = -1;
  for (int i = 0; i < procedure->step_count; i++)
    if (done[i]) last = i;
  for (int i = 0; i < procedure->step_count; i++)
    if (!done[i] && (i > last || procedure->step[i]->required)) return i;
  return -1;
}
