#include "people/factor.h"

#include <liboath/oath.h>
#include <sodium.h>
#include <string.h>

enum { DIGITS = 6, CODE_MOST = 24 };

void factor_make(Factor *out) {
  *out = (Factor){.set = true};
  randombytes_buf(out->secret, sizeof out->secret);
}

/* RFC 4648; 20 bytes are 32 letters without padding. */
void factor_secret_text(const Factor *factor, char out[FACTOR_SECRET_TEXT]) {
  static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  for (int i = 0; i < FACTOR_SECRET_TEXT - 1; i++) {
    int bit = i * 5;
    unsigned two = (unsigned)factor->secret[bit / 8] << 8 | (bit / 8 + 1 < FACTOR_SECRET_BYTES ? factor->secret[bit / 8 + 1] : 0u);
    out[i] = LETTERS[two >> (11 - bit % 8) & 31u];
  }
  out[FACTOR_SECRET_TEXT - 1] = '\0';
}

static void hash_recovery(unsigned char out[FACTOR_RECOVERY_BYTES], const char *code, size_t len) {
  crypto_generichash(out, FACTOR_RECOVERY_BYTES, (const unsigned char *)code, len, NULL, 0);
}

void factor_make_recovery(Factor *factor, char out[FACTOR_RECOVERY_CODES][FACTOR_RECOVERY_TEXT]) {
  static const char LETTERS[] = "abcdefghjkmnpqrstuvwxyz23456789"; /* none that look alike */
  for (int code = 0; code < FACTOR_RECOVERY_CODES; code++) {
    char plain[CODE_MOST];
    size_t at = 0, plain_len = 0;
    for (int i = 0; i < 12; i++) {
      char letter = LETTERS[randombytes_uniform(sizeof LETTERS - 1)];
      if (i && i % 4 == 0) out[code][at++] = '-';
      out[code][at++] = plain[plain_len++] = letter;
    }
    out[code][at] = '\0';
    hash_recovery(factor->recovery[code], plain, plain_len);
  }
  factor->recovery_count = FACTOR_RECOVERY_CODES;
}

static bool check_recovery(Factor *used, const char *code, size_t len) {
  unsigned char hash[FACTOR_RECOVERY_BYTES];
  hash_recovery(hash, code, len);
  int found = -1;
  for (int i = 0; i < used->recovery_count; i++) /* all of them, so that the time tells nothing */
    if (sodium_memcmp(hash, used->recovery[i], sizeof hash) == 0) found = i;
  if (found < 0) return false;
  used->recovery_count--;
  memcpy(used->recovery[found], used->recovery[used->recovery_count], sizeof hash);
  return true;
}

bool factor_check(Factor *used, const Factor *factor, Text code, Instant now) {
  char plain[CODE_MOST + 1] = "";
  size_t len = 0;
  *used = *factor;
  if (!factor->set) return false;
  for (size_t i = 0; i < code.len; i++) {
    char c = code.at[i];
    if (c == ' ' || c == '-') continue;
    if (len == CODE_MOST) return false;
    plain[len++] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
  }
  if (len != DIGITS) return check_recovery(used, plain, len);
  int64_t step = now / (FACTOR_STEP_SECONDS * SPAN_SECOND), found = -1;
  for (int64_t at = step - 1; at <= step + 1; at++) {
    char right[DIGITS + 1];
    if (oath_hotp_generate((const char *)factor->secret, FACTOR_SECRET_BYTES, (uint64_t)at, DIGITS, false, OATH_HOTP_DYNAMIC_TRUNCATION, right) != OATH_OK) return false;
    if (sodium_memcmp(right, plain, DIGITS) == 0 && at > factor->last_step) found = at;
  }
  if (found < 0) return false;
  used->last_step = found;
  return true;
}
