/* What supply/ holds for true that is not measured: conductors (rules/conductors.yaml) and what remedies cost, what is standard, what loads
 * are where no meter tells (rules/remedies.yaml). Built in; files of the same name in a company's own rules folder take their place. */
#ifndef SUPPLY_BOOK_H
#define SUPPLY_BOOK_H

#include "supply/cause.h"
#include "supply/remedy.h"

enum { BOOK_TAGS_MAX = 16, BOOK_CATEGORIES = 5, BOOK_WORKS_MAX = 16 };

typedef struct SupplyBook SupplyBook;

bool supply_book_open(SupplyBook **out, const char *rules_folder_or_null, Error *error) MUST_USE;
void supply_book_close(SupplyBook *book);

/* "JKLYJ-70" as a conductor, price 0; false: no such family or section. The name must live as long as what comes out. */
bool supply_book_conductor(const SupplyBook *book, Text name, AreaConductor *out);
Text supply_book_fallback(const SupplyBook *book); /* the conductor of spans that say none */
/* What works would use, thinnest first, with prices; `standard`: which of them is. Texts of the book. */
size_t supply_book_works(const SupplyBook *book, const AreaConductor **out, size_t *standard);
const RemedyRates *supply_book_rates(const SupplyBook *book);
const CauseStandard *supply_book_standard(const SupplyBook *book); /* conductor: among the works; to be moved to the area's table */
RemedyRating supply_book_transformer(const SupplyBook *book, double kva); /* the nearest */
double supply_book_power_factor(const SupplyBook *book);
/* Whether one of a customer's tags ("a;b") marks loads whose hours can be agreed upon. */
bool supply_book_shiftable(const SupplyBook *book, Text tags);
/* kW over contract kW in a quarter-hour of a day of much load. category: people/customer.h. */
double supply_book_share(const SupplyBook *book, uint8_t category, int quarter);

#endif
