#include "order/kind.h"

#include <stdio.h>

#include "base/buffer.h"
#include "order/book.h"

/* --- one kind in the making --- */

typedef struct Making {
  OrderKind *kind;
  RuleBook *book;
  const BookFile *file;
  const RuleKind *rule;
  KindState *states;
  KindStep *steps;
  KindClock *clocks;
  Error *error;
} Making;

#define WRONG_AT(m, ...) book_error_at((m)->error, (m)->file, __VA_ARGS__)

static bool no_memory(Making *m) { return error_raise(m->error, ERROR_OUT_OF_MEMORY, "%s", "rules"); }

static bool within(Making *m, size_t count, size_t most, const char *what) {
  if (count <= most) return true;
  error_raise(m->error, ERROR_LIMIT, "%s\t%zu", what, most);
  return WRONG_AT(m, "%s", what);
}

/* Raises that `id` is none of the known ones, which `known` lists. */
static bool unknown(Making *m, const char *what, const char *id, const Buffer *known) {
  static const char *const CHINESE[][2] = {{"state", "状态"}, {"step", "步骤"}, {"field", "字段"}, {"choice", "选项"}, {"promise", "承诺"}, {"event", "事件"}};
  const char *zh = what;
  for (size_t i = 0; i < sizeof CHINESE / sizeof *CHINESE; i++)
    if (strcmp(what, CHINESE[i][0]) == 0) zh = CHINESE[i][1];
  return error_raise(m->error, ERROR_RULE_UNKNOWN, "%s" ERROR_BOTH "%s\t%.60s\t%.*s", zh, what, id, TEXT_ARG(buffer_as_text(known)));
}

static bool unknown_state(Making *m, const char *id) {
  Buffer known;
  buffer_begin(&known, 1024);
  for (unsigned i = 0; i < m->rule->states_count; i++) buffer_format(&known, "%s%s", i ? ", " : "", m->rule->states[i].id);
  unknown(m, "state", id, &known);
  buffer_end(&known);
  return false;
}

static bool unknown_step(Making *m, const char *what, const char *id) {
  Buffer known;
  buffer_begin(&known, 1024);
  for (unsigned i = 0; i < m->rule->steps_count; i++) buffer_format(&known, "%s%s", i ? ", " : "", m->rule->steps[i].id);
  unknown(m, what, id, &known);
  buffer_end(&known);
  return false;
}

static bool twice(Making *m, const char *what, const char *id) { return error_raise(m->error, ERROR_RULE_TWICE, "%s\t%.80s", what, id); }

/* --- fields --- */

/* "field=value": another field of the form, which comes before. */
static bool make_whens(Making *m, KindField *fields, const RuleField *rules, unsigned count, const char *path) {
  for (unsigned i = 0; i < count; i++) {
    if (!rules[i].when) continue;
    Text value = text_of(rules[i].when), id;
    text_next(&value, '=', &id);
    bool known = false;
    for (unsigned f = 0; f < i && !known; f++) {
      if (!text_equal(fields[f].id, id)) continue;
      fields[i].when_field = (int16_t)f;
      fields[i].when_is = value;
      known = fields[f].type == FIELD_BOOL && (text_is(value, "yes") || text_is(value, "no"));
      for (size_t c = 0; c < fields[f].choice_count; c++) known |= text_is(value, fields[f].choices[c].id);
    }
    if (known) continue;
    error_raise(m->error, ERROR_RULE_VALUE, "when\t%.60s\t%s", rules[i].when,
                "须为 字段=取值, 且该选择或是否字段位于此字段之前" ERROR_BOTH "field=value of a choice or yes/no field that comes before this one");
    return WRONG_AT(m, "%s.%u.when", path, i);
  }
  return true;
}

static bool make_fields(Making *m, const KindField **out, const RuleField *rules, unsigned count, const char *path) {
  KindField *fields = ARENA_ARRAY(&m->book->arena, KindField, count + 1);
  if (!fields) return no_memory(m);
  if (!within(m, count, KIND_FIELDS_MAX, path)) return false;
  for (unsigned i = 0; i < count; i++) {
    const RuleField *rule = &rules[i];
    bool text = rule->type == FIELD_TEXT || rule->type == FIELD_NOTE, list = rule->type == FIELD_FILE || rule->type == FIELD_CHOICES;
    bool bounded = text || list;
    for (unsigned j = 0; j < i; j++)
      if (strcmp(rules[j].id, rule->id) == 0) {
        twice(m, "field", rule->id);
        return WRONG_AT(m, "%s.%u.id", path, i);
      }
    if ((rule->type == FIELD_CHOICE || rule->type == FIELD_CHOICES) != (rule->choices_count > 0)) {
      error_raise(m->error, ERROR_RULE_VALUE, "choices\t%u\t%s", rule->choices_count, "a field of type choice has some, others none");
      return WRONG_AT(m, "%s.%u", path, i);
    }
    double most = rule->most != 0 ? rule->most : list ? 20 : text ? (rule->type == FIELD_NOTE ? 2000 : 200) : 1e15;
    double least = rule->least != 0 || rule->most != 0 || bounded || rule->type == FIELD_MONEY ? rule->least : -1e15;
    if (least > most) {
      error_raise(m->error, ERROR_RULE_VALUE, "least\t%g\t%s", least, "not more than most");
      return WRONG_AT(m, "%s.%u.least", path, i);
    }
    fields[i] = (KindField){.id = text_of(rule->id),
                            .name_zh = text_of(rule->name_zh),
                            .name_en = text_of(rule->name_en),
                            .type = (uint8_t)rule->type,
                            .required = rule->required,
                            .personal = (text || rule->type == FIELD_PHONE) && !rule->plain,
                            .when_field = -1,
                            .least = least,
                            .most = most,
                            .choices = rule->choices,
                            .choice_count = rule->choices_count};
  }
  *out = fields;
  return make_whens(m, fields, rules, count, path);
}

/* --- states and steps --- */

static bool make_states(Making *m) {
  const RuleKind *rule = m->rule;
  int starts = 0;
  if (!within(m, rule->states_count, KIND_STATES_MAX, "states")) return false;
  m->states = ARENA_ARRAY(&m->book->arena, KindState, rule->states_count + 1);
  if (!m->states) return no_memory(m);
  for (unsigned i = 0; i < rule->states_count; i++) {
    const RuleState *state = &rule->states[i];
    for (unsigned j = 0; j < i; j++)
      if (strcmp(rule->states[j].id, state->id) == 0) {
        twice(m, "state", state->id);
        return WRONG_AT(m, "states.%u.id", i);
      }
    m->states[i] = (KindState){text_of(state->id), text_of(state->name_zh), text_of(state->name_en), (uint8_t)state->ladder, state->final};
    if (state->start) m->kind->start = (uint16_t)i, starts++;
  }
  m->kind->states = m->states;
  m->kind->state_count = rule->states_count;
  if (starts == 1) return true;
  error_raise(m->error, ERROR_RULE_START, "%d", starts);
  return WRONG_AT(m, "%s", "states");
}

static bool state_at(Making *m, int16_t *out, const char *id) {
  *out = -1;
  if (!id) return true;
  *out = (int16_t)kind_state_of(m->kind, text_of(id));
  return *out >= 0 ? true : unknown_state(m, id);
}

static bool step_at(Making *m, int16_t *out, const char *what, const char *id) {
  *out = -1;
  for (unsigned i = 0; id && i < m->rule->steps_count; i++)
    if (strcmp(m->rule->steps[i].id, id) == 0) *out = (int16_t)i;
  return !id || *out >= 0 ? true : unknown_step(m, what, id);
}

/* The field a branch looks at, and that its value is one of the choices. */
static bool branch_field(Making *m, KindBranch *made, const KindStep *step, const RuleBranch *rule, unsigned s, unsigned b) {
  made->field = -1;
  if (!rule->field) return true;
  const KindField *field = NULL;
  for (size_t i = 0; i < step->field_count; i++)
    if (text_is(step->fields[i].id, rule->field)) field = &step->fields[i], made->field = (int16_t)i;
  bool fits = !rule->is || (field && field->type != FIELD_CHOICE);
  for (size_t i = 0; field && !fits && i < field->choice_count; i++) fits = strcmp(field->choices[i].id, rule->is) == 0;
  if (field && fits) return true;
  Buffer known;
  buffer_begin(&known, 1024);
  for (size_t i = 0; !field && i < step->field_count; i++) buffer_format(&known, "%s%.*s", i ? ", " : "", TEXT_ARG(step->fields[i].id));
  for (size_t i = 0; field && i < field->choice_count; i++) buffer_format(&known, "%s%s", i ? ", " : "", field->choices[i].id);
  unknown(m, field ? "choice" : "field", field ? rule->is : rule->field, &known);
  WRONG_AT(m, field ? "steps.%u.branches.%u.is" : "steps.%u.branches.%u.field", s, b);
  buffer_end(&known);
  return false;
}

/* The event numbers: the step's own and, where it has branches, one a branch. */
static bool number_events(Making *m, KindStep *step, KindBranch *branches, size_t row) {
  OrderKind *kind = m->kind;
  step->event = (uint8_t)kind->event_count;
  if (!within(m, kind->event_count + step->branch_count + 1, KIND_EVENTS_MAX, "steps")) return false;
  kind->event_step[kind->event_count] = (uint8_t)row;
  kind->event_branch[kind->event_count++] = -1;
  for (size_t b = 0; b < step->branch_count; b++) {
    branches[b].event = (uint8_t)kind->event_count;
    kind->event_step[kind->event_count] = (uint8_t)row;
    kind->event_branch[kind->event_count++] = (int8_t)b;
  }
  return true;
}

static bool make_branches(Making *m, KindStep *step, const RuleStep *rule, unsigned s) {
  KindBranch *branches = ARENA_ARRAY(&m->book->arena, KindBranch, rule->branches_count + 1);
  if (!branches) return no_memory(m);
  for (unsigned b = 0; b < rule->branches_count; b++) {
    const RuleBranch *from = &rule->branches[b];
    KindBranch *made = &branches[b];
    *made = (KindBranch){.id = text_of(from->id),
                         .is = text_of(from->is),
                         .outcome = text_of(from->outcome),
                         .reopens = from->reopens,
                         .try = from->try,
                         .after = (uint16_t)(from->after > 0 ? from->after : 0)};
    for (unsigned a = 0; a < from->all_count; a++) {
      int16_t other;
      if (!step_at(m, &other, "step", from->all[a])) return WRONG_AT(m, "steps.%u.branches.%u.all.%u", s, b, a);
      made->all |= 1ull << other;
    }
    for (unsigned j = 0; j < b; j++)
      if (text_is(branches[j].id, from->id)) {
        twice(m, "branch", from->id);
        return WRONG_AT(m, "steps.%u.branches.%u.id", s, b);
      }
    if (!branch_field(m, made, step, from, s, b)) return false;
    if (!state_at(m, &made->to, from->to)) return WRONG_AT(m, "steps.%u.branches.%u.to", s, b);
    if (!step_at(m, &made->then, "step", from->then)) return WRONG_AT(m, "steps.%u.branches.%u.then", s, b);
  }
  step->branches = branches;
  step->branch_count = rule->branches_count;
  return number_events(m, step, branches, s);
}

/* The kind's form, none of it required. */
static bool fill_in_later(Making *m, KindStep *step) {
  KindField *fields = ARENA_ARRAY(&m->book->arena, KindField, m->kind->form_count + 1);
  if (!fields) return no_memory(m);
  step->field_count = 0;
  for (size_t i = 0; i < m->kind->form_count; i++) {
    if (text_is(m->kind->form[i].id, "what") || text_is(m->kind->form[i].id, "description")) continue; /* these stand in the order's row */
    fields[step->field_count] = m->kind->form[i];
    fields[step->field_count].when_field = -1;
    fields[step->field_count++].required = false;
  }
  step->fields = fields;
  return make_branches(m, step, &(RuleStep){0}, (unsigned)(step - m->steps));
}

static bool make_step(Making *m, unsigned s) {
  const RuleStep *rule = &m->rule->steps[s];
  KindStep *step = &m->steps[s];
  char path[64];
  *step = (KindStep){.id = text_of(rule->id),
                     .name_zh = text_of(rule->name_zh),
                     .name_en = text_of(rule->name_en),
                     .outcome = text_of(rule->outcome),
                     .opens = text_of(rule->opens),
                     .roles = rule->roles,
                     .effect = (uint8_t)rule->effect,
                     .assigns = (uint8_t)rule->assigns,
                     .field_count = rule->fields_count,
                     .reopens = rule->reopens,
                     .waits = rule->waits,
                     .once = rule->once,
                     .visit = rule->visit,
                     .times = (uint8_t)(rule->times > 0 && rule->times < 256 ? rule->times : 0)};
  for (unsigned j = 0; j < s; j++)
    if (strcmp(m->rule->steps[j].id, rule->id) == 0) {
      twice(m, "step", rule->id);
      return WRONG_AT(m, "steps.%u.id", s);
    }
  if (rule->roles == 0) {
    error_raise(m->error, ERROR_RULE_NOBODY, "%.80s", rule->id);
    return WRONG_AT(m, "steps.%u.roles", s);
  }
  if (rule->from_count == 0) {
    error_raise(m->error, ERROR_RULE_NOWHERE, "%.80s", rule->id);
    return WRONG_AT(m, "steps.%u.from", s);
  }
  for (unsigned i = 0; i < rule->from_count; i++) {
    int16_t state;
    if (strcmp(rule->from[i], "any") == 0) { /* every state that is not the end */
      for (size_t at = 0; at < m->kind->state_count; at++)
        if (!m->kind->states[at].final) step->from |= 1ull << at;
      continue;
    }
    if (!state_at(m, &state, rule->from[i])) return WRONG_AT(m, "steps.%u.from.%u", s, i);
    step->from |= 1ull << state;
  }
  if (!state_at(m, &step->to, rule->to)) return WRONG_AT(m, "steps.%u.to", s);
  if (!step_at(m, &step->then, "step", rule->then)) return WRONG_AT(m, "steps.%u.then", s);
  if (!step_at(m, &step->needs, "step", rule->needs)) return WRONG_AT(m, "steps.%u.needs", s);
  if (!step_at(m, &step->other_than, "step", rule->other_than)) return WRONG_AT(m, "steps.%u.other_than", s);
  for (unsigned i = 0; i < rule->after_count; i++) {
    int16_t before;
    if (!step_at(m, &before, "step", rule->after[i])) return WRONG_AT(m, "steps.%u.after.%u", s, i);
    step->after |= 1ull << before;
  }
  if (step->effect == EFFECT_FILL_IN) return fill_in_later(m, step);
  snprintf(path, sizeof path, "steps.%u.fields", s);
  return make_fields(m, &step->fields, rule->fields, rule->fields_count, path) && make_branches(m, step, rule, s);
}

static bool make_steps(Making *m) {
  if (!within(m, m->rule->steps_count, KIND_STEPS_MAX, "steps")) return false;
  m->steps = ARENA_ARRAY(&m->book->arena, KindStep, m->rule->steps_count + 1);
  if (!m->steps) return no_memory(m);
  m->kind->event_count = 1; /* 0: accepted, of no step */
  m->kind->event_branch[0] = -1;
  for (unsigned s = 0; s < m->rule->steps_count; s++)
    if (!make_step(m, s)) return false;
  m->kind->steps = m->steps;
  m->kind->step_count = m->rule->steps_count;
  return true;
}

/* --- clocks --- */

/* Every event that ends the order, unless it does something else to the clock. */
static bool on_the_end(Making *m, KindClock *clock, ClockAction action) {
  for (size_t e = 1; e < m->kind->event_count; e++) {
    const KindStep *step = &m->kind->steps[m->kind->event_step[e]];
    int branch = m->kind->event_branch[e], to = branch >= 0 && step->branches[branch].to >= 0 ? step->branches[branch].to : step->to;
    if (to >= 0 && m->kind->states[to].final && clock->on[e] == ACT_NOTHING) clock->on[e] = (uint8_t)action;
  }
  return true;
}

/* "accepted", "step" (with all its branches), "step.branch", or "ended": whatever ends the order. */
static bool set_action(Making *m, KindClock *clock, const char *name, ClockAction action) {
  Text rest = text_of(name), step_id, branch_id;
  if (strcmp(name, "accepted") == 0) {
    clock->on[0] = (uint8_t)action;
    return true;
  }
  if (strcmp(name, "ended") == 0) return on_the_end(m, clock, action);
  text_next(&rest, '.', &step_id);
  branch_id = rest;
  const KindStep *step = kind_step_of(m->kind, step_id);
  bool found = false;
  for (size_t b = 0; step && b < step->branch_count; b++) {
    if (branch_id.len && !text_equal(step->branches[b].id, branch_id)) continue;
    clock->on[step->branches[b].event] = (uint8_t)action;
    found = true;
  }
  if (step && !branch_id.len) clock->on[step->event] = (uint8_t)action, found = true;
  return found ? true : unknown_step(m, "step", name);
}

static bool set_actions(Making *m, KindClock *clock, unsigned c, char *const *names, unsigned count, ClockAction action, const char *key) {
  for (unsigned i = 0; i < count; i++)
    if (!set_action(m, clock, names[i], action)) return WRONG_AT(m, "clocks.%u.%s.%u", c, key, i);
  return true;
}

static bool promise_of(Making *m, const Promise **out, const char *id) {
  *out = NULL;
  for (size_t i = 0; i < m->book->promises.count; i++)
    if (m->book->promises.at[i].in_force && text_is(m->book->promises.at[i].origin.id, id)) *out = &m->book->promises.at[i];
  if (*out) return true;
  Buffer known;
  buffer_begin(&known, 1024);
  for (size_t i = 0; i < m->book->promises.count; i++)
    if (m->book->promises.at[i].in_force) buffer_format(&known, "%s%.*s", known.len ? ", " : "", TEXT_ARG(m->book->promises.at[i].origin.id));
  unknown(m, "promise", id, &known);
  buffer_end(&known);
  return false;
}

static bool make_clock(Making *m, unsigned c) {
  const RuleClock *rule = &m->rule->clocks[c];
  KindClock *clock = &m->clocks[c];
  *clock = (KindClock){.id = text_of(rule->id), .name_zh = text_of(rule->name_zh), .name_en = text_of(rule->name_en)};
  for (unsigned j = 0; j < c; j++)
    if (strcmp(m->rule->clocks[j].id, rule->id) == 0) {
      twice(m, "clock", rule->id);
      return WRONG_AT(m, "clocks.%u.id", c);
    }
  if (!promise_of(m, &clock->promise, rule->promise)) return WRONG_AT(m, "clocks.%u.promise", c);
  clock->public = rule->public;
  clock->also = ARENA_ARRAY(&m->book->arena, const Promise *, rule->also_count + 1);
  if (!clock->also) return no_memory(m);
  for (unsigned i = 0; i < rule->also_count; i++)
    if (!promise_of(m, &clock->also[clock->also_count++], rule->also[i])) return WRONG_AT(m, "clocks.%u.also.%u", c, i);
  return set_actions(m, clock, c, rule->stop, rule->stop_count, ACT_STOP, "stop") &&
         set_actions(m, clock, c, rule->cancel, rule->cancel_count, ACT_CANCEL, "cancel") &&
         set_actions(m, clock, c, rule->pause, rule->pause_count, ACT_PAUSE, "pause") &&
         set_actions(m, clock, c, rule->resume, rule->resume_count, ACT_RESUME, "resume") &&
         set_actions(m, clock, c, rule->start, rule->start_count, ACT_START, "start");
}

static bool make_clocks(Making *m) {
  if (!within(m, m->rule->clocks_count, KIND_CLOCKS_MAX, "clocks")) return false;
  m->clocks = ARENA_ARRAY(&m->book->arena, KindClock, m->rule->clocks_count + 1);
  if (!m->clocks) return no_memory(m);
  for (unsigned c = 0; c < m->rule->clocks_count; c++)
    if (!make_clock(m, c)) return false;
  m->kind->clocks = m->clocks;
  m->kind->clock_count = m->rule->clocks_count;
  return true;
}

/* --- routes and figures --- */

static bool make_routes(Making *m) {
  KindRoute *routes = ARENA_ARRAY(&m->book->arena, KindRoute, m->rule->routes_count + 1);
  if (!routes) return no_memory(m);
  for (unsigned r = 0; r < m->rule->routes_count; r++) {
    const RuleRoute *rule = &m->rule->routes[r];
    routes[r] = (KindRoute){-1, text_of(rule->is), text_of(rule->to), rule->role};
    bool fits = !rule->field;
    for (size_t f = 0; rule->field && f < m->kind->form_count; f++) {
      const KindField *field = &m->kind->form[f];
      if (!text_is(field->id, rule->field)) continue;
      routes[r].field = (int16_t)f;
      fits = field->choice_count == 0;
      for (size_t c = 0; rule->is && c < field->choice_count; c++) fits |= strcmp(field->choices[c].id, rule->is) == 0;
    }
    if (fits) continue;
    error_raise(m->error, ERROR_RULE_VALUE, "routes\t%.40s=%.40s\t%s", rule->field, rule->is ? rule->is : "",
                "须为表单字段及其选项" ERROR_BOTH "a field of the form and one of its choices");
    return WRONG_AT(m, "routes.%u", r);
  }
  m->kind->routes = routes;
  m->kind->route_count = m->rule->routes_count;
  return true;
}

static bool make_counts(Making *m) {
  KindCount *counts = ARENA_ARRAY(&m->book->arena, KindCount, m->rule->counts_count + 1);
  if (!counts) return no_memory(m);
  for (unsigned c = 0; c < m->rule->counts_count; c++) {
    const RuleCount *rule = &m->rule->counts[c];
    counts[c] = (KindCount){text_of(rule->id), text_of(rule->name_zh), text_of(rule->name_en), text_of(rule->is), -1, -1, rule->sum};
    for (unsigned j = 0; j < c; j++)
      if (strcmp(m->rule->counts[j].id, rule->id) == 0) {
        twice(m, "count", rule->id);
        return WRONG_AT(m, "counts.%u.id", c);
      }
    if (!step_at(m, &counts[c].step, "step", rule->step)) return WRONG_AT(m, "counts.%u.step", c);
    const KindStep *step = &m->kind->steps[counts[c].step];
    for (size_t f = 0; rule->field && f < step->field_count; f++)
      if (text_is(step->fields[f].id, rule->field)) counts[c].field = (int16_t)f;
    const KindField *field = counts[c].field >= 0 ? &step->fields[counts[c].field] : NULL;
    bool number = field && (field->type == FIELD_NUMBER || field->type == FIELD_WHOLE || field->type == FIELD_MONEY);
    bool fits = (!rule->field || field) && (!rule->sum || number) && (!field || field->choice_count == 0 || rule->is);
    for (size_t i = 0, known = 0; fits && rule->is && i < (field ? field->choice_count : 0); i++) {
      known |= strcmp(field->choices[i].id, rule->is) == 0;
      if (i + 1 == field->choice_count) fits = known;
    }
    if (fits) continue;
    error_raise(m->error, ERROR_RULE_VALUE, "counts\t%.40s\t%s", rule->id,
                "字段须属于该步骤, 取值须为其选项, 求和须为数值字段" ERROR_BOTH "the field must be one of the step, its value one of the choices, a sum one of numbers");
    return WRONG_AT(m, "counts.%u", c);
  }
  m->kind->counts = counts;
  m->kind->count_count = m->rule->counts_count;
  return true;
}

bool kind_compile(OrderKind *kind, RuleBook *book, const BookFile *file, Error *error) {
  const RuleKind *rule = &file->merged;
  Making m = {.kind = kind, .book = book, .file = file, .rule = rule, .error = error};
  kind->origin = BOOK_ORIGIN(rule);
  kind->one_open = rule->one_open;
  kind->opened_by = rule->opened_by;
  kind->group = text_of(rule->group);
  kind->guide_zh = text_of(rule->guide_zh);
  kind->guide_en = text_of(rule->guide_en);
  kind->public = rule->public;
  kind->account = (uint8_t)rule->account;
  kind->keeps_place = rule->keeps_place;
  kind->visits_most = rule->visits;
  if (rule->repeat) kind->repeat_calls = rule->repeat->calls, kind->repeat_window = rule->repeat->days * SPAN_DAY;
  kind->form_count = rule->form_count;
  if (!make_fields(&m, &kind->form, rule->form, rule->form_count, "form") || !make_states(&m)) return false;
  return make_steps(&m) && make_clocks(&m) && make_routes(&m) && make_counts(&m) && kind_check(kind, file, error);
}

/* --- asking --- */

int kind_state_of(const OrderKind *kind, Text id) {
  for (size_t i = 0; i < kind->state_count; i++)
    if (text_equal(kind->states[i].id, id)) return (int)i;
  return -1;
}

const KindStep *kind_step_of(const OrderKind *kind, Text id) {
  for (size_t i = 0; i < kind->step_count; i++)
    if (text_equal(kind->steps[i].id, id)) return &kind->steps[i];
  return NULL;
}

const KindStep *kind_effect_step(const OrderKind *kind, KindEffect effect, uint16_t state) {
  for (size_t i = 0; i < kind->step_count; i++)
    if (kind->steps[i].effect == effect && kind->steps[i].from >> state & 1) return &kind->steps[i];
  return NULL;
}

static const char *const ROLE_NAMES[] = {"agent", "dispatcher", "crew", "manager", "head", "administrator"};
static const char *const ROLE_NAMES_ZH[] = {"客服代表", "调度员", "抢修人员", "客户经理", "负责人", "管理员"};
enum { ROLE_COUNT = sizeof ROLE_NAMES / sizeof *ROLE_NAMES };

uint32_t kind_role_of(Text name) {
  for (unsigned i = 0; i < ROLE_COUNT; i++)
    if (text_is(name, ROLE_NAMES[i])) return 1u << i;
  return text_is(name, "system") ? KIND_ROLE_SYSTEM : 0;
}

const char *kind_role_names(char *out, size_t size, uint32_t roles) {
  size_t len = 0;
  out[0] = '\0';
  for (int english = 0; english < 2; english++) {
    bool any = false;
    for (unsigned i = 0; i < ROLE_COUNT; i++) {
      if (!(roles & 1u << i) || len >= size) continue;
      len += (size_t)snprintf(out + len, size - len, "%s%s", any ? ", " : "", (english ? ROLE_NAMES : ROLE_NAMES_ZH)[i]);
      any = true;
    }
    if (!any && len < size) len += (size_t)snprintf(out + len, size - len, "%s", english ? "system" : "系统");
    if (!english && len < size) len += (size_t)snprintf(out + len, size - len, ERROR_BOTH);
  }
  return out;
}

const char *kind_field_type_name(KindFieldType type) {
  static const char *const NAMES[] = {"text",   "note", "choice", "time",  "date",   "bool",
                                      "number", "crew", "staff",  "order", "outage", "file",
                                      "whole",  "money", "phone", "choices", "customer", "org"};
  return NAMES[type];
}

const char *kind_effect_name(KindEffect effect) {
  switch (effect) {
    case EFFECT_NONE: break;
    case EFFECT_CALL_AGAIN: return "call_again";
    case EFFECT_LINK: return "link";
    case EFFECT_UNLINK: return "unlink";
    case EFFECT_SUSPEND: return "suspend";
    case EFFECT_RESUME: return "resume";
    case EFFECT_URGENCY: return "urgency";
    case EFFECT_MERGE: return "merge";
    case EFFECT_UNMERGE: return "unmerge";
    case EFFECT_MAIN_DONE: return "main_done";
    case EFFECT_FILL_IN: return "fill_in";
    case EFFECT_PAY: return "pay";
    case EFFECT_CHILDREN_DONE: return "children_done";
  }
  return NULL;
}

const char *kind_ladder_name(OrderLadder ladder) {
  static const char *const NAMES[] = {"reported", "assessing",       "crew_assigned", "on_the_way",
                                      "on_site",  "partly_restored", "restored",      "closed"};
  return NAMES[ladder];
}
