/* Made-up Chinese names for a made-up county: they read naturally and nobody could take them for a real person's.
 *
 * Families have real surnames, and given names that are crops, tools, weather and farm work (张晒谷, 李大蒜). Villages are
 * a plant or an animal and a piece of land (柳树, 荷塘); such names are everywhere and nowhere. The province, cities and
 * counties are words no administrative division of China bears.
 *
 * Telephones are 154 and eight digits: eleven digits like any mobile number, but 154 was left out when 150–159 were given
 * to the operators and no operator has it (libphonenumber's metadata for CN: mobile numbers match 15[0-35-9]). Numbers
 * beginning with 10, 11 or 12 would not do: there the exchange stops at the short code and somebody's hotline rings. */
#ifndef SIM_NAMES_H
#define SIM_NAMES_H

#include "base/buffer.h"
#include "base/random.h"

enum { NAMES_SURNAMES = 60, NAMES_PLACES = 1319, NAMES_PLACE_CODES = 1350, NAMES_COUNTIES = 144, NAMES_CITIES = 16 };

/* The places of one county in their own order, each name once. */
typedef struct Names {
  uint16_t place[NAMES_PLACES];
  int32_t used; /* handed out so far by names_take */
} Names;

void names_begin(Names *names, Random *random);
int32_t names_take(Names *names);                   /* the next unused place, below NAMES_PLACE_CODES; after the last it begins again */
void names_put_place(Buffer *out, int32_t place);   /* two characters: 柳树 */
void names_put_county(Buffer *out, int32_t county); /* 望禾; below NAMES_COUNTIES */
void names_put_city(Buffer *out, int32_t city);
void names_put_person(Buffer *out, Random *random, int32_t surname); /* surname below NAMES_SURNAMES */
void names_put_word(Buffer *out, Random *random);                    /* a given name alone, for shops and works: 稻香 */
void names_put_number(Buffer *out, int32_t number);                  /* 1…99 in Chinese: 二十三 */
void names_put_phone(Buffer *out, int64_t which);                    /* different for each 0 … 99,999,999 */

#endif
