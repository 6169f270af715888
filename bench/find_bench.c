/* find_bench STORE [rounds]: looks for customers as agents do: numbers, telephones, meters, whole and begun; names, villages, both; things
 * that are not there. Milliseconds of processor for 20 results, by kind of query. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/random.h"
#include "base/time.h"
#include "people/customer.h"

static int by_size(const void *a, const void *b) {
  return (*(const int64_t *)a > *(const int64_t *)b) - (*(const int64_t *)a < *(const int64_t *)b);
}

/* A slice of whole characters. */
static Text characters(Text text, size_t from, size_t count) {
  size_t at = 0, begun;
  for (; from && at < text.len; from--)
    for (at++; at < text.len && ((unsigned char)text.at[at] & 0xC0) == 0x80;) at++;
  begun = at;
  for (; count && at < text.len; count--)
    for (at++; at < text.len && ((unsigned char)text.at[at] & 0xC0) == 0x80;) at++;
  return (Text){text.at + begun, at - begun};
}

enum {
  NUMBER,
  NUMBER_BEGUN,
  PHONE,
  PHONE_BEGUN,
  METER,
  NAME,
  SURNAME,
  GIVEN_NAME,
  ADDRESS,
  ADDRESS_PART,
  VILLAGE,
  NAME_AND_VILLAGE,
  TWO_COMMON,
  NOT_THERE,
  KINDS
};
static const char *const KIND[KINDS] = {"number",
                                        "number, 8 of it",
                                        "telephone",
                                        "telephone, 3 of it",
                                        "meter",
                                        "name",
                                        "surname",
                                        "given name",
                                        "address",
                                        "5 characters of address",
                                        "2 characters of address",
                                        "name and 3 of address",
                                        "two common parts",
                                        "not there"};

static size_t make_query(int kind, const Customer *c, Random *random, char *out, size_t size) {
  Text parts[2] = {TEXT_NONE, TEXT_NONE};
  size_t long_address = text_characters(c->address);
  switch (kind) {
    case NUMBER: parts[0] = c->number; break;
    case NUMBER_BEGUN: parts[0] = characters(c->number, 0, 8); break;
    case PHONE: parts[0] = c->phone; break;
    case PHONE_BEGUN: parts[0] = characters(c->phone, 0, 3); break;
    case METER: parts[0] = c->meter; break;
    case NAME: parts[0] = c->name; break;
    case SURNAME: parts[0] = characters(c->name, 0, 1); break;
    case GIVEN_NAME: parts[0] = characters(c->name, 1, 2); break;
    case ADDRESS: parts[0] = c->address; break;
    case ADDRESS_PART: parts[0] = characters(c->address, long_address > 6 ? random_below(random, (uint32_t)long_address - 5) : 0, 5); break;
    case VILLAGE: parts[0] = characters(c->address, long_address > 6 ? random_below(random, (uint32_t)long_address - 5) : 0, 2); break;
    case NAME_AND_VILLAGE: parts[0] = c->name, parts[1] = characters(c->address, 3, 3); break;
    case TWO_COMMON: parts[0] = characters(c->address, long_address - 1, 1), parts[1] = TEXT("1"); break;
    default: parts[0] = characters(c->name, 0, 2), parts[1] = TEXT("曌"); break;
  }
  return (size_t)snprintf(out, size, parts[1].len ? "%.*s %.*s" : "%.*s%.*s", TEXT_ARG(parts[0]), TEXT_ARG(parts[1]));
}

int main(int count, char **arguments) {
  Error error = {0};
  Db *db;
  Grid *grid;
  People *people;
  Random random;
  enum { RESULTS = 20, ROUNDS_MAX = 20000 };
  static int64_t ns[ROUNDS_MAX], all[ROUNDS_MAX * KINDS];
  int rounds = count > 2 ? atoi(arguments[2]) : 300;
  if (count < 2 || rounds < 1 || rounds > ROUNDS_MAX) return fprintf(stderr, "find_bench STORE [rounds]\n"), 2;
  if (!db_open(&db, arguments[1], DB_READ, &error) || !grid_open(&grid, db, 1, &error) || !people_open(&people, db, grid, 1, &error)) {
    char text[ERROR_TEXT_MAX];
    return fprintf(stderr, "%s\n", error_text(&error, LANGUAGE_EN, text, sizeof text)), 1;
  }
  random_seed(&random, 1);
  printf("%u customers; processor ms for %d results\n%-24s %8s %8s %8s %9s\n", people_customer_count(people), RESULTS, "", "p50", "p99",
         "max", "found");
  for (int kind = 0; kind < KINDS; kind++) {
    size_t found = 0;
    for (int i = 0; i < rounds; i++) {
      Customer customer;
      CustomerMatch matches[RESULTS];
      char query[1000];
      people_customer(people, random_below(&random, people_customer_count(people)), &customer);
      size_t len = make_query(kind, &customer, &random, query, sizeof query);
      struct timespec from, to;
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
      found += people_find(people, (Text){query, len}, matches, RESULTS);
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
      ns[i] = all[kind * rounds + i] = (to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec;
    }
    qsort(ns, (size_t)rounds, sizeof *ns, by_size);
    printf("%-24s %8.3f %8.3f %8.3f %9.1f\n", KIND[kind], (double)ns[rounds / 2] / 1e6, (double)ns[rounds * 99 / 100] / 1e6,
           (double)ns[rounds - 1] / 1e6, (double)found / rounds);
  }
  qsort(all, (size_t)(rounds * KINDS), sizeof *all, by_size);
  printf("%-24s %8.3f %8.3f %8.3f\n", "all", (double)all[rounds * KINDS / 2] / 1e6, (double)all[rounds * KINDS * 99 / 100] / 1e6,
         (double)all[rounds * KINDS - 1] / 1e6);
  people_close(people);
  grid_close(grid);
  db_close(db);
  return 0;
}
