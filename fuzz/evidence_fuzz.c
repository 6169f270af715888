/* Any bytes as an evidence file: decoded, judged by the engine, told as JSON and as text. Under clang with -fsanitize=fuzzer it is a
 * libFuzzer target; the same function is replayed over fuzz/corpus/evidence by outage/locate_evidence_test.c. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "outage/locate_evidence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DEVICES = 6, CUSTOMERS = 8 };
static const uint32_t parent[DEVICES] = {LOCATE_NONE, 0, 1, 1, LOCATE_NONE, 4}, customer_device[CUSTOMERS] = {1, 2, 2, 3, 3, 3, 5, 5};
static const uint8_t kind[DEVICES] = {LOCATE_SUBSTATION,  LOCATE_BREAKER,    LOCATE_TRANSFORMER,
                                      LOCATE_TRANSFORMER, LOCATE_SUBSTATION, LOCATE_TRANSFORMER};
static const char *const device_names[DEVICES] = {"s1", "b1", "t1", "t2", "s2", "t3"};
static const char *const customer_names[CUSTOMERS] = {"1001", "1002", "1003", "1004", "1005", "1006", "1007", "1008"};

static uint32_t find(const char *const *names, uint32_t count, Text text) {
  for (uint32_t i = 0; i < count; i++)
    if (text_is(text, names[i])) return i;
  return LOCATE_NONE;
}
static uint32_t find_customer(void *self, Text text) { return (void)self, find(customer_names, CUSTOMERS, text); }
static uint32_t find_device(void *self, Text text) { return (void)self, find(device_names, DEVICES, text); }
static uint32_t find_tie(void *self, Text text) { return (void)self, text_is(text, "tie") ? 0 : LOCATE_NONE; }
static Text customer_name(void *self, uint32_t c) { return (void)self, text_of(customer_names[c]); }
static Text device_name(void *self, uint32_t d) { return (void)self, text_of(device_names[d]); }

typedef struct Bytes {
  const uint8_t *at;
  size_t left;
} Bytes;

static bool read_bytes(void *self, char *out, size_t room, size_t *got, Error *error) {
  (void)error;
  Bytes *bytes = self;
  *got = bytes->left < room ? bytes->left : room;
  if (*got) memcpy(out, bytes->at, *got);
  bytes->at += *got, bytes->left -= *got;
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  LocateNames names = {NULL, find_customer, find_device, find_tie, customer_name, device_name};
  LocateNetwork network = {
      .device_count = DEVICES, .customer_count = CUSTOMERS, .parent = parent, .kind = kind, .customer_device = customer_device};
  LocateParameters parameters = locate_parameters_default();
  LocateTie tie = {3, 5, false};
  Bytes bytes = {data, size};
  Csv *csv = NULL;
  Error error = {0};
  Arena arena;
  arena_begin(&arena, 0);
  LocateEvidenceRow *rows;
  size_t count;
  if (csv_open(&csv, "evidence.csv", read_bytes, &bytes, &error) && locate_evidence_read(csv, &names, &arena, &rows, &count, &error)) {
    for (int json = 0; json < 2; json++) {
      LocateQuestion question = {
          .network = &network, .ties = &tie, .tie_count = 1, .names = &names, .parameters = &parameters, .at = INSTANT_NONE, .json = json};
      Buffer out;
      buffer_begin(&out, 0);
      bool ok = locate_answer(&question, rows, count, &out, &error);
      assert(ok && !out.failed && out.len > 0);
      buffer_end(&out);
    }
  } else
    assert(error.code != ERROR_NONE);
  csv_close(csv);
  arena_end(&arena);
  return 0;
}
