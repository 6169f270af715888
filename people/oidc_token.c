#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <sodium.h>
#include <string.h>

#include "people/oidc.h"

enum { TOKEN_MOST = 32 * 1024, RSA_BITS_LEAST = 2048, RSA_BYTES_MOST = 1024, P256_BYTES = 32 };

/* --- its three parts --- */

typedef struct Part {
  unsigned char at[TOKEN_MOST];
  size_t len;
} Part;

static bool decode(Part *out, Text text) {
  return text.len && sodium_base642bin(out->at, sizeof out->at, text.at, text.len, NULL, &out->len, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

static json_t *object_of(const Part *part) {
  json_t *json = json_loadb((const char *)part->at, part->len, JSON_REJECT_DUPLICATES, NULL);
  if (json_is_object(json)) return json;
  json_decref(json);
  return NULL;
}

static const char *string_of(const json_t *object, const char *key) {
  const char *value = json_string_value(json_object_get(object, key));
  return value ? value : "";
}

/* --- keys --- */

static BIGNUM *number_of(const json_t *key, const char *name, size_t most) {
  unsigned char bytes[RSA_BYTES_MOST];
  size_t len;
  Text text = text_of(string_of(key, name));
  if (!text.len || sodium_base642bin(bytes, most, text.at, text.len, NULL, &len, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0) return NULL;
  return BN_bin2bn(bytes, (int)len, NULL);
}

static EVP_PKEY *key_of(const char *type, OSSL_PARAM_BLD *build) {
  EVP_PKEY *made = NULL;
  OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
  if (!params || !context || EVP_PKEY_fromdata_init(context) != 1 || EVP_PKEY_fromdata(context, &made, EVP_PKEY_PUBLIC_KEY, params) != 1) made = NULL;
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(params);
  return made;
}

static EVP_PKEY *rsa_key(const json_t *jwk) {
  EVP_PKEY *key = NULL;
  BIGNUM *n = number_of(jwk, "n", RSA_BYTES_MOST), *e = number_of(jwk, "e", 8);
  OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
  if (n && e && build && BN_num_bits(n) >= RSA_BITS_LEAST && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e))
    key = key_of("RSA", build);
  OSSL_PARAM_BLD_free(build);
  BN_free(n);
  BN_free(e);
  return key;
}

static EVP_PKEY *p256_key(const json_t *jwk) {
  static const char *const AXES[] = {"x", "y"};
  unsigned char point[1 + 2 * P256_BYTES] = {4};
  if (strcmp(string_of(jwk, "crv"), "P-256") != 0) return NULL;
  for (size_t i = 0; i < 2; i++) {
    size_t len;
    Text text = text_of(string_of(jwk, AXES[i]));
    if (!text.len || sodium_base642bin(point + 1 + i * P256_BYTES, P256_BYTES, text.at, text.len, NULL, &len, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 || len != P256_BYTES)
      return NULL;
  }
  EVP_PKEY *key = NULL;
  OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
  if (build && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) &&
      OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point))
    key = key_of("EC", build);
  OSSL_PARAM_BLD_free(build);
  return key;
}

/* A JWK's own words on what it is for, where it has any. */
static bool is_for(const json_t *jwk, const char *type, const char *algorithm) {
  const char *use = string_of(jwk, "use"), *own = string_of(jwk, "alg");
  return strcmp(string_of(jwk, "kty"), type) == 0 && (!*use || strcmp(use, "sig") == 0) && (!*own || strcmp(own, algorithm) == 0);
}

/* The key of that id; without an id in the token, the only one that fits. */
static const json_t *find_key(const json_t *keys, const char *id, const char *type, const char *algorithm) {
  const json_t *found = NULL;
  size_t at, count = 0;
  json_t *jwk;
  json_array_foreach(json_object_get(keys, "keys"), at, jwk) {
    if (!is_for(jwk, type, algorithm)) continue;
    if (*id && strcmp(string_of(jwk, "kid"), id) == 0) return jwk;
    found = jwk;
    count++;
  }
  return !*id && count == 1 ? found : NULL;
}

/* --- signature --- */

/* JWS writes r and s side by side, OpenSSL reads them as DER. */
static unsigned char *der_of(const Part *signature, int *len) {
  unsigned char *der = NULL;
  BIGNUM *r = BN_bin2bn(signature->at, P256_BYTES, NULL), *s = BN_bin2bn(signature->at + P256_BYTES, P256_BYTES, NULL);
  ECDSA_SIG *pair = ECDSA_SIG_new();
  if (r && s && pair && ECDSA_SIG_set0(pair, r, s) == 1) {
    r = s = NULL;
    *len = i2d_ECDSA_SIG(pair, &der);
    if (*len <= 0) der = NULL;
  }
  BN_free(r);
  BN_free(s);
  ECDSA_SIG_free(pair);
  return der;
}

static bool is_signed(EVP_PKEY *key, bool elliptic, const Part *signature, Text what) {
  unsigned char *der = NULL;
  const unsigned char *bytes = signature->at;
  size_t len = signature->len;
  if (elliptic) {
    int der_len = 0;
    if (signature->len != 2 * P256_BYTES || !(der = der_of(signature, &der_len))) return false;
    bytes = der;
    len = (size_t)der_len;
  }
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  bool good = context && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestVerify(context, bytes, len, (const unsigned char *)what.at, what.len) == 1;
  EVP_MD_CTX_free(context);
  OPENSSL_free(der);
  return good;
}

static OidcVerdict check_signature(const char **why, const json_t *header, const json_t *keys, const Part *signature, Text what) {
  const char *algorithm = string_of(header, "alg");
  bool elliptic = strcmp(algorithm, "ES256") == 0;
  *why = "alg"; /* none, HS256 and all others: a key of the service is never taken for a shared secret */
  if (!elliptic && strcmp(algorithm, "RS256") != 0) return OIDC_BAD;
  *why = "crit";
  if (json_object_get(header, "crit")) return OIDC_BAD;
  *why = "kid";
  const json_t *jwk = find_key(keys, string_of(header, "kid"), elliptic ? "EC" : "RSA", algorithm);
  if (!jwk) return OIDC_KEY_UNKNOWN;
  *why = "key";
  EVP_PKEY *key = elliptic ? p256_key(jwk) : rsa_key(jwk);
  if (!key) return OIDC_BAD;
  *why = "signature";
  bool good = is_signed(key, elliptic, signature, what);
  EVP_PKEY_free(key);
  return good ? OIDC_GOOD : OIDC_BAD;
}

/* --- claims --- */

static bool is_meant_for(const json_t *claims, Text client_id) {
  const json_t *audience = json_object_get(claims, "aud"), *party = json_object_get(claims, "azp");
  bool meant = json_is_string(audience) && text_is(client_id, json_string_value(audience));
  for (size_t i = 0; i < json_array_size(audience); i++) {
    const char *one = json_string_value(json_array_get(audience, i));
    meant = meant || (one && text_is(client_id, one));
  }
  if (!party) return meant && json_array_size(audience) <= 1;
  return meant && json_is_string(party) && text_is(client_id, json_string_value(party));
}

static const char *fault_of(const json_t *claims, const OidcExpected *expected) {
  json_int_t now = expected->now / SPAN_SECOND, issued = json_integer_value(json_object_get(claims, "iat"));
  const json_t *expires = json_object_get(claims, "exp"), *not_before = json_object_get(claims, "nbf");
  if (!text_is(expected->issuer, string_of(claims, "iss"))) return "iss";
  if (!is_meant_for(claims, expected->client_id)) return "aud";
  if (!json_is_integer(expires) || json_integer_value(expires) <= now - OIDC_SKEW_SECONDS) return "exp";
  if (!json_is_integer(json_object_get(claims, "iat")) || issued > now + OIDC_SKEW_SECONDS || issued < now - OIDC_AGE_SECONDS) return "iat";
  if (not_before && (!json_is_integer(not_before) || json_integer_value(not_before) > now + OIDC_SKEW_SECONDS)) return "nbf";
  if (!expected->nonce.len || !text_is(expected->nonce, string_of(claims, "nonce"))) return "nonce";
  return *string_of(claims, "sub") ? NULL : "sub";
}

OidcVerdict oidc_judge(json_t **claims, const char **why, const json_t *keys, Text token, const OidcExpected *expected) {
  OidcVerdict verdict = OIDC_BAD;
  Text rest = token, part[3];
  json_t *header = NULL;
  Part *bytes = memory_new(3 * sizeof *bytes);
  *claims = NULL;
  *why = "form";
  bool whole = bytes && token.len <= TOKEN_MOST;
  for (int i = 0; i < 3 && whole; i++) whole = text_next(&rest, '.', &part[i]) && decode(&bytes[i], part[i]);
  if (whole && !rest.len && (header = object_of(&bytes[0])) && (*claims = object_of(&bytes[1])))
    verdict = check_signature(why, header, keys, &bytes[2], (Text){token.at, part[0].len + 1 + part[1].len});
  if (verdict == OIDC_GOOD && (*why = fault_of(*claims, expected))) verdict = OIDC_BAD;
  json_decref(header);
  memory_free(bytes);
  if (verdict == OIDC_GOOD) return verdict;
  json_decref(*claims);
  *claims = NULL;
  return verdict;
}
