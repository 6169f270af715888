/* Pieces of the public pages: HTML, in the reader's language. Inside of the hall. */
#ifndef HALL_PAGE_H
#define HALL_PAGE_H

#include "http/form_data.h"
#include "http/http.h"
#include "order/kind.h"

#define IN(request, zh, en) ((request)->language == LANGUAGE_ZH ? (zh) : (en))
static inline Text page_name(const HttpRequest *request, Text zh, Text en) { return request->language == LANGUAGE_ZH ? zh : en; }

void page_begin(const HttpRequest *request, HttpReply *reply, Text title);
/* Of a page that a form asked for: that form, so that it can be asked for in the other language. */
typedef struct PageAgain {
  const char *action, *name[2];
  Text value[2];
} PageAgain;
void page_begin_again(const HttpRequest *request, HttpReply *reply, Text title, const PageAgain *again);
void page_end(const HttpRequest *request, HttpReply *reply);
void page_text(Buffer *out, Text text);  /* & < > " ' written out */
void page_lines(Buffer *out, Text text); /* the same, line ends as <br> */
void page_span(const HttpRequest *request, Buffer *out, Span span); /* "45 分钟", "2.5 hours" */
void page_moment(const HttpRequest *request, Buffer *out, Instant at); /* "11月21日 20:37", as <time> */
typedef enum PageNote { NOTE_GOOD, NOTE_BAD, NOTE_PLAIN } PageNote;
void page_note(Buffer *out, PageNote how, const char *text);

/* What is wrong with a form, by field. */
enum { TROUBLES_MAX = 24 };
typedef struct Troubles {
  struct { Text field; char text[400]; } at[TROUBLES_MAX];
  size_t count;
} Troubles;
void trouble_add(Troubles *troubles, Text field, const char *text);
/* In the reader's language: what is wrong, without naming the field again. */
void trouble_of_error(Troubles *troubles, const HttpRequest *request, Text field, const Error *error);

/* A form in the making: what was said before (NULL: nothing) and what is wrong with it (NULL: nothing). */
typedef struct FormPage {
  const HttpRequest *request;
  Buffer *out;
  const FormData *said;
  const Troubles *troubles;
} FormPage;
typedef struct FormInput {
  const char *name, *type, *autocomplete, *inputmode; /* type "textarea" too; NULL where there is none */
  Text label, hint;
  bool required;
  int most;
} FormInput;
void form_input(const FormPage *form, const FormInput *input);
void form_field(const FormPage *form, const KindField *fields, const KindField *field); /* named f_ID */
void form_hidden(Buffer *out, const char *name, Text value);
void form_troubles(const FormPage *form); /* the list above the form */
bool form_is_public(const KindField *field); /* a customer can fill it in: no crews, staff, orders */

#endif
