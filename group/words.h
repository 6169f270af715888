/* Which kind of order a message most probably asks for, by its words: rules/group_words.yaml, or a company's own. Pure. */
#ifndef GROUP_WORDS_H
#define GROUP_WORDS_H

#include "order/order.h"

typedef struct GroupWords GroupWords;
typedef struct GroupGuess {
  Text kind, what, topic; /* what, topic: empty when the row names none */
} GroupGuess;

/* Refused with the row's number: a kind or `what` that is not in the rules, a kind whose form asks for more than words, no last row for everything. */
bool group_words_open(GroupWords **out, const Orders *orders, const char *rules_folder_or_null, Error *error) MUST_USE;
bool group_words_from_text(GroupWords **out, const Orders *orders, const char *file, Text yaml, Error *error) MUST_USE;
void group_words_close(GroupWords *words);
/* The first row that fits and whose kind one of these roles may open; false: none of them. */
bool group_words_guess(const GroupWords *words, Text body, uint32_t roles, GroupGuess *out);

#endif
