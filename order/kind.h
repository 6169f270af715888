/* Kinds of order, promises and calendars as the company's rules have them: compiled, checked wholly, unchanging afterwards. A RuleBook is
 * one version of all rules; an order keeps the book it began under, whatever comes later.
 *
 * What happens to an order is a row of small numbers, its events: 0 is "accepted", then each step, and for a step with branches each of its
 * branches. A kind says by event what each clock does. */
#ifndef ORDER_KIND_H
#define ORDER_KIND_H

#include "order/clock.h"
#include "order/order.h"

enum {
  KIND_STATES_MAX = 64,
  KIND_STEPS_MAX = 64,
  KIND_EVENTS_MAX = 128,
  KIND_CLOCKS_MAX = 16,
  KIND_FIELDS_MAX = 64,
};

/* Roles in the order of the API; "system" is the program itself. */
enum {
  KIND_ROLE_AGENT = 1,
  KIND_ROLE_DISPATCHER = 2,
  KIND_ROLE_CREW = 4,
  KIND_ROLE_MANAGER = 8,
  KIND_ROLE_HEAD = 16,
  KIND_ROLE_ADMINISTRATOR = 32,
  KIND_ROLE_CUSTOMER = 1 << 29, /* by a page without sign-in; never of a member of staff */
  KIND_ROLE_SYSTEM = 1 << 30,
};
enum { KIND_TO_ASSIGNEE = 1, KIND_TO_MANAGER = 2, KIND_TO_STATION = 4, KIND_TO_COUNTY = 8, KIND_TO_CENTRE = 16 }; /* whom a mark is told */
enum { AREA_URBAN, AREA_RURAL, AREA_REMOTE, AREA_COUNT };

typedef enum RuleStrength { RULE_READ_IN_TEXT, RULE_READ_IN_WEAKER, RULE_UNCONFIRMED } RuleStrength; /* V W R */

typedef struct RuleOrigin { /* which rule a limit came from */
  Text id, version, source, source_zh, region, from, until, name_zh, name_en;
  RuleStrength strength;
} RuleOrigin;

typedef enum PromiseJudged { JUDGED_EACH, JUDGED_AVERAGE } PromiseJudged; /* each order by itself, or the mean over a period */

typedef struct Promise {
  RuleOrigin origin;
  ClockPromise clock;
  Span limit[AREA_COUNT];
  PromiseJudged judged;
  uint8_t told[CLOCK_MARKS_MAX]; /* KIND_TO_… by mark */
  size_t calendar;               /* into the book's */
  bool in_force;                 /* of promises of one id, the one the company's region and date choose */
} Promise;

typedef enum KindFieldType {
  FIELD_TEXT,
  FIELD_NOTE,
  FIELD_CHOICE,
  FIELD_TIME,
  FIELD_DATE,
  FIELD_BOOL,
  FIELD_NUMBER,
  FIELD_CREW,
  FIELD_STAFF,
  FIELD_ORDER,
  FIELD_OUTAGE,
  FIELD_FILE,     /* ids of attachments: one, or a list */
  FIELD_WHOLE,
  FIELD_MONEY,    /* fen */
  FIELD_PHONE,
  FIELD_CHOICES,  /* a list of them */
  FIELD_CUSTOMER,
  FIELD_ORG
} KindFieldType;

typedef struct KindChoice {
  char *id, *name_zh, *name_en;
} KindChoice;

typedef struct KindField {
  Text id, name_zh, name_en;
  uint8_t type;
  bool required;
  bool personal;        /* kept apart from events: free text that is not marked plain */
  double least, most;   /* number: its range; text, note: characters */
  const KindChoice *choices;
  size_t choice_count;
  int16_t when_field;   /* into the same form: asked for only when that one is `when_is`; -1: always */
  Text when_is;
} KindField;

typedef struct KindState {
  Text id, name_zh, name_en;
  uint8_t ladder;       /* OrderLadder */
  bool final;
} KindState;

typedef enum KindEffect {
  EFFECT_NONE, EFFECT_CALL_AGAIN, /* the customer calls again in this matter: order_accept takes it */
  EFFECT_LINK, EFFECT_UNLINK,     /* order_link takes them */
  EFFECT_SUSPEND, EFFECT_RESUME,
  EFFECT_URGENCY,                 /* field "urgency": normal, urgent, life */
  EFFECT_MERGE,                   /* under the order that field "order" names: it waits for that one */
  EFFECT_UNMERGE,
  EFFECT_MAIN_DONE,               /* follows by itself when the order it was merged into is answered */
  EFFECT_FILL_IN,                 /* its fields are those of the kind's form, all optional: the form filled in later */
  EFFECT_PAY,                     /* the award last named on the order leaves the reward fund */
  EFFECT_CHILDREN_DONE,           /* follows by itself when the last order that came of this one has ended */
} KindEffect;
typedef enum KindAssigns { ASSIGNS_NOTHING, ASSIGNS_CREW, ASSIGNS_STAFF, ASSIGNS_NOBODY, ASSIGNS_ORG, ASSIGNS_TAKER } KindAssigns;

typedef struct KindBranch {
  Text id, is, outcome;
  int16_t field;        /* into the step's; -1: always */
  int16_t to;           /* state, -1: stays */
  int16_t then;         /* step that follows by itself, -1 */
  uint16_t after;       /* only when this would be at least the n-th try */
  bool reopens, try;
  uint8_t event;
  uint64_t all;         /* bits of steps: only when these were taken since the state began */
} KindBranch;

typedef struct KindStep {
  Text id, name_zh, name_en, outcome, opens;
  uint64_t from;        /* bits of states */
  uint32_t roles;
  int16_t to, then;     /* as in a branch */
  uint8_t effect, assigns, event, times;
  bool reopens, waits;  /* waits: not while a child order is open */
  bool once, visit;     /* once: since the state began; visit: counts as one of the kind's visits */
  int16_t needs;        /* step that asks for this one, and is used up by it: -1 */
  int16_t other_than;   /* not by who took that step last: -1 */
  uint64_t after;       /* bits of steps that must have been taken before, at any time */
  const KindField *fields;
  size_t field_count;
  const KindBranch *branches;
  size_t branch_count;
} KindStep;

typedef enum ClockAction { ACT_NOTHING, ACT_START, ACT_STOP, ACT_PAUSE, ACT_RESUME, ACT_CANCEL } ClockAction;

typedef struct KindClock {
  Text id, name_zh, name_en;
  bool public;          /* shown to the customer who follows the matter */
  const Promise *promise;
  const Promise **also; /* judged by the same clock, for figures */
  size_t also_count;
  uint8_t on[KIND_EVENTS_MAX]; /* ClockAction by event */
} KindClock;

typedef enum KindAccount { ACCOUNT_ANY, ACCOUNT_PAID, ACCOUNT_CLEAR } KindAccount; /* paid: no arrears; clear: nor other open orders */

typedef struct KindRoute { /* to whom it goes: the first that fits */
  int16_t field;        /* into the form, -1: always */
  Text is, level;       /* level of the organisation above where it is felt: "grid", "station", "county", … */
  uint32_t role;        /* of whom there it is given to; 0: to nobody yet */
} KindRoute;

typedef struct KindCount { /* a figure: how often a step was taken, said this, or the sum of a number */
  Text id, name_zh, name_en, is;
  int16_t step, field;  /* field -1: every time */
  bool sum;
} KindCount;

struct OrderKind {
  RuleOrigin origin;
  size_t row;           /* in its book */
  int64_t book;         /* of which it is part */
  bool one_open;        /* a customer has one open order of this kind at most */
  uint32_t opened_by;   /* roles */
  uint16_t start;       /* state */
  const KindField *form;
  size_t form_count;
  const KindState *states;
  size_t state_count;
  const KindStep *steps;
  size_t step_count;
  const KindClock *clocks;
  size_t clock_count;
  size_t event_count;
  uint8_t event_step[KIND_EVENTS_MAX];   /* of event ≥ 1 */
  int8_t event_branch[KIND_EVENTS_MAX];  /* -1: none */
  Text group, guide_zh, guide_en; /* for lists of procedures */
  uint8_t account;      /* KindAccount */
  bool public;          /* customers may apply by themselves */
  bool keeps_place;     /* photographs keep where they were taken */
  int visits_most;      /* visits of the customer that are promised at most, 0: none said */
  int repeat_calls;     /* so many calls of one customer in this matter … */
  Span repeat_window;   /* … within this are a repeated matter; 0: not looked at */
  const KindRoute *routes;
  size_t route_count;
  const KindCount *counts;
  size_t count_count;
};

typedef struct Survey { /* what is asked after an order */
  RuleOrigin origin;
  const KindChoice *dimensions;
  size_t dimension_count;
  Span valid;           /* of a link */
} Survey;

typedef struct RuleBook RuleBook;
/* The rules built into the program, each file replaced by one of the same path in the folder (orders/x.yaml, promises/…, calendars/…), and
 * those the folder has besides. folder NULL: the built-in ones. */
bool book_open(RuleBook **out, const char *folder_or_null, Error *error) MUST_USE;
/* From text that book_text gave: how a stored version comes back. */
bool book_from_text(RuleBook **out, Text text, Error *error) MUST_USE;
void book_close(RuleBook *book);
Text book_text(const RuleBook *book);
int64_t book_id(const RuleBook *book);         /* 63 bits of its text's hash: the same rules, the same id */
size_t book_kind_count(const RuleBook *book);
const OrderKind *book_kind(const RuleBook *book, size_t row);
const OrderKind *book_kind_of(const RuleBook *book, Text id); /* NULL */
size_t book_promise_count(const RuleBook *book);
const Promise *book_promise(const RuleBook *book, size_t row);
Text book_calendar_name(const RuleBook *book, size_t calendar);
Text book_region(const RuleBook *book);                       /* of the company */
const Survey *book_survey(const RuleBook *book);              /* NULL */
const Calendar *book_calendar_of(const RuleBook *book, Text id); /* NULL */

int kind_state_of(const OrderKind *kind, Text id);             /* -1 */
const KindStep *kind_step_of(const OrderKind *kind, Text id);  /* NULL */
const KindStep *kind_effect_step(const OrderKind *kind, KindEffect effect,
                                 uint16_t state);              /* the step with this effect possible in the state, or NULL */
uint32_t kind_role_of(Text name);                              /* 0: unknown */
const char *kind_role_names(char *out, size_t size, uint32_t roles); /* for an error, in both languages */
const char *kind_field_type_name(KindFieldType type);
const char *kind_effect_name(KindEffect effect);                /* NULL: none */
const char *kind_ladder_name(OrderLadder ladder);              /* "crew_assigned" */

#endif
