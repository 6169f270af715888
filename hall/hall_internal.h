/* What the files of the hall share.
 *
 *   hall.c       open, close, the routes           page.c form.c  pieces of pages, forms
 *   procedure.c  what one can apply for            said.c         a form that was sent, against a kind's fields
 *   apply.c      the form for it, and its receipt  status.c       how a matter stands
 *   follow.c     a matter by its number            survey.c group.c  the two kinds of link */
#ifndef HALL_HALL_INTERNAL_H
#define HALL_HALL_INTERNAL_H

#include "hall/hall.h"
#include "http/limit.h"
#include "hall/page.h"
#include "order/order_list.h"

struct Hall {
  Desk *desk;
  const People *people;
  Orders *orders;
  Groups *groups;
  const Outages *outages;
  int64_t county_id;
  Limits *limits;
  Instant tidied; /* old forms were put away */
};

extern const LimitRule HALL_GUESSES, HALL_NUMBER_GUESSES;
/* ERROR_HALL_SLOW_DOWN with the seconds; counts one more otherwise. */

/* --- a form that was sent --- */
enum { HALL_TOKEN_TEXT = 33, HALL_HASH = 32, HALL_FILES_MAX = 20 };
typedef struct HallFile {
  const KindField *field; /* NULL: of no field */
  const char *type;
  Text body;
} HallFile;
typedef struct Said {
  FormData form;
  Text values;            /* by field, as JSON: without files, "what" and "description" */
  Text what, description;
  HallFile file[HALL_FILES_MAX];
  size_t file_count;
  Troubles troubles;
} Said;
/* Into the arena. */
bool said_read(Said **out, HttpRequest *request, Error *error) MUST_USE;
/* The fields of a kind's form, or of a step: into said->values and said->file, what is wrong into said->troubles. The bytes of files are stripped
 * where they stand. */
bool said_check(Said *said, HttpRequest *request, const KindField *fields, size_t count, bool keeps_place, Error *error) MUST_USE;
bool said_take_file(Said *said, const HttpRequest *request, const KindField *field, const FormPart *part, bool keeps_place);
/* Inside the desk: keeps the files; the values with the files' ids among them, the caller's to give back. */
bool said_fields(json_t **out, DeskContext *context, const Said *said, Error *error) MUST_USE;
void hall_new_token(char token[HALL_TOKEN_TEXT]);
bool hall_token_is_sound(Text token); /* 32 hexadecimal digits */
size_t hall_digits(char *out, size_t size, Text phone); /* its digits alone, NUL-ended; at most size - 1 */

/* --- rows: hall_store.c --- */
typedef struct HallForm {
  OrderId order;
  int64_t message;
  bool joined;
} HallForm;
bool hall_store_find(bool *found, HallForm *out, Db *db, int64_t county_id, Text token, Error *error) MUST_USE;
bool hall_store_add(DeskContext *context, Text token, const HallForm *form, Text phone, Error *error) MUST_USE; /* phone: digits, or none */
bool hall_store_by_phone(int64_t *count, DeskContext *context, Text phone, Error *error) MUST_USE; /* of the last day */
bool hall_store_tidy(DeskContext *context, Error *error) MUST_USE;
bool hall_store_order(bool *found, OrderId *out, Db *db, int64_t county_id, int64_t number, Error *error) MUST_USE;

/* --- pages --- */
/* The states an order passes from `state` on when nothing goes wrong, the first being the one after it; returns how many. */
bool hall_is_public(const OrderKind *kind); /* NULL is not */
size_t hall_way(const OrderKind *kind, int state, uint16_t out[KIND_STATES_MAX]);
/* How a matter stands, as a part of a page. *found false: there is none. `key`: what a form beneath it must carry to be believed. */
typedef struct StatusKey {
  Text token;          /* of a receipt, or … */
  Text number, phone;  /* … what was typed */
} StatusKey;
bool status_may_take(const Order *order, const KindStep *step); /* a customer, on a page */
bool status_write(HttpRequest *request, Buffer *out, Hall *hall, OrderId id, const StatusKey *key, Error *error) MUST_USE;
void hall_problem(HttpRequest *request, void *command, HttpReply *reply, void *room, const Error *error);
void hall_see_other(HttpReply *reply, const char *format, ...) PRINTF_LIKE(2, 3);

extern const HttpRoute HALL_PROCEDURE_ROUTES[], HALL_APPLY_ROUTES[], HALL_FOLLOW_ROUTES[], HALL_SURVEY_ROUTES[], HALL_GROUP_ROUTES[], HALL_STYLE_ROUTES[];
extern const struct HallTable { const HttpRoute *routes; HttpProblem problem; } HALL_TABLES[]; /* all of them, NULL at the end */
void hall_refuse_apply(HttpRequest *request, void *command, HttpReply *reply, void *room, const Error *error);
void hall_refuse_follow(HttpRequest *request, void *command, HttpReply *reply, void *room, const Error *error);
void hall_refuse_survey(HttpRequest *request, void *command, HttpReply *reply, void *room, const Error *error);
void hall_refuse_group(HttpRequest *request, void *command, HttpReply *reply, void *room, const Error *error);

#endif
