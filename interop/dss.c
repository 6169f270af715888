/* The commands of OpenDSS scripts. */
#include "interop/dss_private.h"

static bool run_file(DssReader *reader, Text name, bool stay, Error *error);

static bool disk_read(void *self, const char *path, Buffer *out, Error *error) {
  (void)self;
  return buffer_read_file(out, path, error);
}

const DssFiles dss_disk = {NULL, disk_read};

/* Classes that neither carry power nor change a solution at given taps. */
static const char *const IDLE[] = {"energymeter", "monitor",     "capcontrol", "swtcontrol", "recloser", "relay",        "fuse",
                                   "tcc_curve",   "growthshape", "spectrum",   "sensor",     "wiredata", "linegeometry", "linespacing",
                                   "cndata",      "tsdata",      "priceshape", "tshape",     "xycurve"};

const DssClass *dss_class(Text name) {
  if (dss_same(name, TEXT("circuit"))) return dss_classes[DSS_SOURCE];
  for (int i = 0; i < DSS_CLASSES; i++)
    if (dss_same(name, text_of(dss_classes[i]->name))) return dss_classes[i];
  return NULL;
}

static bool is_idle(Text name) {
  for (size_t i = 0; i < sizeof IDLE / sizeof *IDLE; i++)
    if (dss_same(name, text_of(IDLE[i]))) return true;
  return false;
}

static TextMap *names_of(const DssReader *reader, const DssClass *kind) { return (TextMap *)&reader->names[kind->id]; }

int64_t dss_find(const DssReader *reader, const char *class_name, Text name) {
  char key[256];
  int64_t at;
  if (name.len > sizeof key) return -1;
  for (size_t i = 0; i < name.len; i++) key[i] = (char)(name.at[i] >= 'A' && name.at[i] <= 'Z' ? name.at[i] + 32 : name.at[i]);
  return text_map_get(names_of(reader, dss_class(text_of(class_name))), (Text){key, name.len}, &at) ? at : -1;
}

static Text folder_of(Text path) {
  size_t end = path.len;
  while (end && path.at[end - 1] != '/') end--;
  return text_slice(path, 0, end);
}

static Text join(DssReader *reader, Text name) {
  Buffer path;
  buffer_begin(&path, 4096);
  if (!name.len || name.at[0] != '/') buffer_text(&path, reader->folder);
  buffer_text(&path, name);
  for (size_t i = 0; !path.failed && i < path.len; i++)
    if (path.at[i] == '\\') path.at[i] = '/';
  Text joined = path.failed ? TEXT_NONE : text_copy(&reader->model->arena, buffer_as_text(&path));
  buffer_end(&path);
  return joined;
}

bool dss_read_file(DssReader *reader, Text name, Buffer *bytes, Error *error) {
  Text path = join(reader, name);
  if (!path.at) return error_raise(error, ERROR_OUT_OF_MEMORY, "dss");
  return reader->files->read(reader->files->self, path.at, bytes, error);
}

/* "class.name" into its class and its name; a name alone belongs to `fallback`. */
static void split_name(Text text, Text *kind, Text *name) {
  ptrdiff_t dot = text_find(text, TEXT("."));
  *kind = dot < 0 ? TEXT("") : text_slice(text, 0, (size_t)dot);
  *name = dot < 0 ? text : text_slice(text, (size_t)dot + 1, text.len);
}

static const DssProperty *find_property(const DssClass *kind, Text name, int *place) {
  for (int pass = 0; pass < 2; pass++)
    for (int i = 0; kind->properties[i].name; i++) {
      Text known = text_of(kind->properties[i].name);
      if (pass ? name.len && dss_begins(known, name) : dss_same(known, name)) return *place = i, &kind->properties[i];
    }
  return NULL;
}

/* The properties in the rest of a line, given to one object. */
static bool edit(DssReader *reader, const DssClass *kind, size_t at, Text rest, Error *error) {
  DssWord word;
  bool more = true;
  while (more) {
    const DssProperty *property;
    if (!dss_word(&rest, &word, &more, error)) return false;
    if (!more) break;
    if (word.named) {
      property = find_property(kind, word.name, &reader->place);
      if (!property) return error_raise(error, ERROR_DSS_PROPERTY, "%s\t%.*s", kind->name, TEXT_ARG(word.name));
    } else {
      int count = 0;
      while (kind->properties[count].name) count++;
      if (++reader->place >= count) return error_raise(error, ERROR_DSS_PROPERTY, "%s\t%.*s", kind->name, TEXT_ARG(word.value));
      property = &kind->properties[reader->place];
    }
    if (!dss_set(reader, kind, kind->at(reader->model, at), property, word.value, error)) return false;
  }
  return true;
}

static bool command_new(DssReader *reader, Text rest, Error *error) {
  DssWord word;
  bool more, fresh;
  Text kind_name, name;
  if (!dss_word(&rest, &word, &more, error)) return false;
  if (!more) return error_raise(error, ERROR_FIELD_MISSING, "object");
  split_name(word.value, &kind_name, &name);
  if (!kind_name.len) kind_name = name, name = TEXT("");
  const DssClass *kind = dss_class(kind_name);
  reader->kind = kind;
  if (!kind && is_idle(kind_name)) return true;
  if (!kind) return error_raise(error, ERROR_DSS_UNSUPPORTED, "class %.*s", TEXT_ARG(kind_name));
  bool circuit = kind->id == DSS_SOURCE;
  if (circuit && reader->model->begun) return error_raise(error, ERROR_DSS_UNSUPPORTED, "a second source");
  if (!circuit && !reader->model->begun) return error_raise(error, ERROR_DSS_NO_CIRCUIT, "%.*s", TEXT_ARG(word.value));
  name = dss_lower(&reader->model->arena, name);
  DssObject *object = name.at ? kind->add(reader) : NULL;
  if (!object) return error_raise(error, ERROR_OUT_OF_MEMORY, "dss");
  if (circuit) reader->model->begun = true, reader->model->name = name, name = TEXT("source");
  int64_t at = (int64_t)kind->count(reader->model) - 1;
  object->name = name;
  object->file = reader->file;
  object->line = reader->line;
  if (!text_map_put(names_of(reader, kind), name, &at, &fresh)) return error_raise(error, ERROR_OUT_OF_MEMORY, "dss");
  if (!fresh) return error_raise(error, ERROR_ALREADY_EXISTS, "%s\t%.*s", kind->name, TEXT_ARG(name));
  reader->active = (size_t)at;
  reader->place = -1;
  return edit(reader, kind, reader->active, rest, error);
}

/* Makes "class.name" the active object; *idle when its class is passed over. */
static bool choose(DssReader *reader, Text full, bool *idle, Error *error) {
  Text kind_name, name;
  split_name(full, &kind_name, &name);
  const DssClass *kind = dss_class(kind_name);
  *idle = !kind && is_idle(kind_name);
  reader->kind = kind;
  if (*idle) return true;
  int64_t at = kind ? dss_find(reader, kind->name, name) : -1;
  if (at < 0) {
    reader->kind = NULL;
    return error_raise(error, ERROR_NOT_FOUND, "object\t%.*s", TEXT_ARG(full));
  }
  reader->active = (size_t)at;
  reader->place = -1;
  return true;
}

static bool command_edit(DssReader *reader, Text rest, Error *error) {
  DssWord word;
  bool more, idle;
  if (!dss_word(&rest, &word, &more, error) || !choose(reader, word.value, &idle, error)) return false;
  return idle || edit(reader, reader->kind, reader->active, rest, error);
}

static bool command_more(DssReader *reader, Text rest, Error *error) {
  return !reader->kind || edit(reader, reader->kind, reader->active, rest, error);
}

static bool command_batch(DssReader *reader, Text rest, Error *error) {
  DssWord word;
  bool more;
  Text kind_name, pattern;
  if (!dss_word(&rest, &word, &more, error)) return false;
  split_name(word.value, &kind_name, &pattern);
  const DssClass *kind = dss_class(kind_name);
  if (!kind && is_idle(kind_name)) return true;
  if (!kind) return error_raise(error, ERROR_DSS_UNSUPPORTED, "class %.*s", TEXT_ARG(kind_name));
  for (size_t i = 0; i < kind->count(reader->model); i++) {
    DssObject *object = kind->at(reader->model, i);
    reader->place = -1;
    if (dss_pattern(pattern, object->name) && !edit(reader, kind, i, rest, error)) return false;
  }
  return true;
}

/* Class.Name.Property=value more… */
static bool command_assign(DssReader *reader, Text target, Text line, Error *error) {
  size_t end = target.len;
  bool idle;
  while (end && target.at[end - 1] != '.') end--;
  if (end < 2) return error_raise(error, ERROR_DSS_COMMAND, "%.*s", TEXT_ARG(target));
  if (!choose(reader, text_slice(target, 0, end - 1), &idle, error)) return false;
  /* The line from the property's name on is an edit like any other. */
  Text rest = {target.at + end, (size_t)(line.at + line.len - (target.at + end))};
  return idle || edit(reader, reader->kind, reader->active, rest, error);
}

static bool set_option(DssModel *model, DssWord word, Error *error) {
  Text name = word.name, value = word.value;
  if (dss_same(name, TEXT("defaultbasefrequency"))) return dss_number(name, value, &model->frequency, error);
  if (dss_same(name, TEXT("loadmult"))) return dss_number(name, value, &model->load_factor, error);
  if (dss_same(name, TEXT("tolerance"))) return dss_number(name, value, &model->tolerance, error);
  if (dss_same(name, TEXT("number"))) return dss_whole(name, value, 1, 1000000, &model->steps, error);
  if (dss_same(name, TEXT("voltagebases"))) return dss_numbers(name, value, 16, model->voltage_base, &model->voltage_bases, error);
  if (dss_same(name, TEXT("controlmode"))) return model->controls = !dss_same(value, TEXT("off")), true;
  if (dss_same(name, TEXT("mode"))) {
    bool daily = dss_begins(value, TEXT("dai")), yearly = dss_begins(value, TEXT("y")), snapshot = dss_begins(value, TEXT("s"));
    if (!daily && !yearly && !snapshot) return error_raise(error, ERROR_DSS_UNSUPPORTED, "mode %.*s", TEXT_ARG(value));
    model->mode = daily ? DSS_DAILY : yearly ? DSS_YEARLY : DSS_SNAPSHOT;
    return true;
  }
  if (dss_same(name, TEXT("stepsize"))) {
    char last = value.len ? value.at[value.len - 1] : 0;
    double unit = last == 'm' ? 1.0 / 60 : last == 's' ? 1.0 / 3600 : last == 'h' ? 1 : 0;
    if (!dss_number(name, unit > 0 ? text_slice(value, 0, value.len - 1) : value, &model->step_hours, error)) return false;
    model->step_hours *= unit > 0 ? unit : 1.0 / 3600;
    return true;
  }
  return true; /* the rest is how OpenDSS solves and shows */
}

static bool command_set(DssReader *reader, Text rest, Error *error) {
  DssWord word;
  bool more = true;
  while (more) {
    if (!dss_word(&rest, &word, &more, error)) return false;
    if (more && word.named && !set_option(reader->model, word, error)) return false;
  }
  return true;
}

static bool switch_object(DssReader *reader, Text rest, bool on, Error *error) {
  DssWord word;
  bool more, idle;
  if (!dss_word(&rest, &word, &more, error) || !choose(reader, word.value, &idle, error)) return false;
  if (!idle) ((DssObject *)reader->kind->at(reader->model, reader->active))->enabled = on;
  return true;
}

static bool command_enable(DssReader *reader, Text rest, Error *error) { return switch_object(reader, rest, true, error); }
static bool command_disable(DssReader *reader, Text rest, Error *error) { return switch_object(reader, rest, false, error); }

static bool command_redirect(DssReader *reader, Text rest, Error *error) {
  DssWord word;
  bool more;
  if (!dss_word(&rest, &word, &more, error)) return false;
  return more ? run_file(reader, word.value, false, error) : error_raise(error, ERROR_FIELD_MISSING, "file");
}

static bool command_compile(DssReader *reader, Text rest, Error *error) {
  DssWord word;
  bool more;
  if (!dss_word(&rest, &word, &more, error)) return false;
  return more ? run_file(reader, word.value, true, error) : error_raise(error, ERROR_FIELD_MISSING, "file");
}

/* Places are decoration: lines that are none are passed over, as OpenDSS does. */
static bool command_places(DssReader *reader, Text rest, Error *error) {
  DssWord word;
  Buffer bytes;
  bool more, ok;
  if (!dss_word(&rest, &word, &more, error)) return false;
  buffer_begin(&bytes, 256u << 20);
  ok = dss_read_file(reader, word.value, &bytes, error);
  Text text = buffer_as_text(&bytes), line, part;
  while (ok && text_next(&text, '\n', &line)) {
    DssPlace place = {TEXT_NONE, 0, 0};
    Error none;
    if (!dss_element(&line, &part)) continue;
    Text bus = part;
    if (!dss_element(&line, &part) || !dss_number(bus, part, &place.x, &none)) continue;
    if (!dss_element(&line, &part) || !dss_number(bus, part, &place.y, &none)) continue;
    place.bus = dss_lower(&reader->model->arena, bus);
    if (!place.bus.at || !vector_push(&reader->model->places, place)) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "dss");
  }
  buffer_end(&bytes);
  return ok;
}

static void empty(DssModel *model) {
  vector_free(&model->codes);
  vector_free(&model->lines);
  vector_free(&model->transformers);
  vector_free(&model->transformer_codes);
  vector_free(&model->loads);
  vector_free(&model->capacitors);
  vector_free(&model->reactors);
  vector_free(&model->regulators);
  vector_free(&model->shapes);
  vector_free(&model->places);
  Arena arena = model->arena;
  *model = (DssModel){.arena = arena, .frequency = 60, .load_factor = 1, .steps = 1, .step_hours = 1, .controls = true};
}

static bool command_clear(DssReader *reader, Text rest, Error *error) {
  (void)rest, (void)error;
  empty(reader->model);
  for (int i = 0; i < DSS_CLASSES; i++) text_map_free(&reader->names[i]);
  reader->kind = NULL;
  return true;
}

static bool command_pass(DssReader *reader, Text rest, Error *error) {
  (void)reader, (void)rest, (void)error;
  return true;
}

/* In OpenDSS's order, in which beginnings of names are looked up. */
static const struct {
  const char *name;
  bool (*run)(DssReader *reader, Text rest, Error *error);
} COMMANDS[] = {
    {"new", command_new},
    {"edit", command_edit},
    {"more", command_more},
    {"m", command_more},
    {"~", command_more},
    {"select", command_pass},
    {"save", command_pass},
    {"show", command_pass},
    {"solve", command_set},
    {"enable", command_enable},
    {"disable", command_disable},
    {"plot", command_pass},
    {"reset", command_pass},
    {"compile", command_compile},
    {"set", command_set},
    {"dump", command_pass},
    {"redirect", command_redirect},
    {"help", command_pass},
    {"quit", command_pass},
    {"?", command_pass},
    {"get", command_pass},
    {"clear", command_clear},
    {"clearall", command_clear},
    {"calcvoltagebases", command_pass},
    {"buscoords", command_places},
    {"latlongcoords", command_places},
    {"makebuslist", command_pass},
    {"export", command_pass},
    {"batchedit", command_batch},
    {"sample", command_pass},
    {"setkvbase", command_pass},
    {"closedi", command_pass},
    {"visualize", command_pass},
    {"summary", command_pass},
    {"say", command_pass},
    {"formedit", command_pass},
    {"userclasses", command_pass},
    {"cd", command_pass},
    {"interpolate", command_pass},
    {"fileedit", command_pass},
    {"var", command_pass},
};

static bool run_line(DssReader *reader, Text line, Error *error) {
  Text rest = line;
  DssWord word;
  bool more;
  if (!dss_word(&rest, &word, &more, error)) return false;
  if (!more) return true;
  if (word.value.len && word.value.at[0] == '~' && !word.named) {
    /* "~kv=…": the sign needs no space after it */
    return command_more(reader, text_slice(line, (size_t)(word.value.at + 1 - line.at), line.len), error);
  }
  if (word.named) return command_assign(reader, word.name, line, error);
  for (int pass = 0; pass < 2; pass++)
    for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++) {
      Text known = text_of(COMMANDS[i].name);
      if (pass ? word.value.len && dss_begins(known, word.value) : dss_same(known, word.value)) return COMMANDS[i].run(reader, rest, error);
    }
  return error_raise(error, ERROR_DSS_COMMAND, "%.*s", TEXT_ARG(word.value));
}

/* Without what follows ! or //, unless that stands in quotes. */
static Text without_comment(Text line) {
  char close = 0;
  for (size_t i = 0; i < line.len; i++) {
    char c = line.at[i];
    if (close) {
      if (c == close) close = 0;
    } else if (c == '"' || c == '\'') {
      if (memchr(line.at + i + 1, c, line.len - i - 1)) close = c;
    } else if (c == '!' || (c == '/' && i + 1 < line.len && line.at[i + 1] == '/')) {
      return text_slice(line, 0, i);
    }
  }
  return line;
}

static bool run_text(DssReader *reader, Text text, Error *error) {
  Text rest = text, line;
  while (text_next(&rest, '\n', &line)) {
    reader->line++;
    Text trimmed = text_trim(line);
    if (text_starts(trimmed, TEXT("/*"))) reader->comment = true;
    bool passed = reader->comment;
    if (passed && text_find(trimmed, TEXT("*/")) >= 0) reader->comment = false;
    if (passed) continue;
    trimmed = text_trim(without_comment(trimmed));
    if (trimmed.len && !run_line(reader, trimmed, error)) return error_at(error, "%.*s:%u", TEXT_ARG(reader->file), reader->line);
  }
  return true;
}

static bool run_file(DssReader *reader, Text name, bool stay, Error *error) {
  Buffer bytes;
  Text file = reader->file, folder = reader->folder, path = join(reader, name);
  uint32_t line = reader->line;
  bool comment = reader->comment;
  if (!path.at) return error_raise(error, ERROR_OUT_OF_MEMORY, "dss");
  if (reader->depth >= DSS_DEPTH_MAX) return error_raise(error, ERROR_LIMIT, "scripts within scripts\t%d", DSS_DEPTH_MAX);
  buffer_begin(&bytes, 256u << 20);
  bool ok = reader->files->read(reader->files->self, path.at, &bytes, error);
  if (ok) {
    reader->depth++;
    reader->file = path;
    reader->folder = folder_of(path);
    reader->line = 0;
    reader->comment = false;
    ok = run_text(reader, buffer_as_text(&bytes), error);
    reader->depth--;
  }
  buffer_end(&bytes);
  if (!stay) reader->folder = folder;
  reader->file = file;
  reader->line = line;
  reader->comment = comment;
  return ok;
}

bool dss_read(DssModel *out, const char *path, const DssFiles *files, Error *error) {
  DssReader reader = {.model = out, .files = files};
  *out = (DssModel){0};
  arena_begin(&out->arena, 0);
  empty(out);
  bool ok = run_file(&reader, text_of(path), false, error);
  if (ok && !out->begun) ok = error_raise(error, ERROR_DSS_NO_CIRCUIT, "%s", path) || error_at(error, "%s", path);
  for (int i = 0; i < DSS_CLASSES; i++) text_map_free(&reader.names[i]);
  if (!ok) dss_end(out);
  return ok;
}

void dss_end(DssModel *model) {
  empty(model);
  arena_end(&model->arena);
}
