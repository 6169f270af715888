/* Signing in by a company's service: its tokens judged one by one, and the whole way over HTTP with a little service in this process. That a real
 * one is understood shows the browser's test (web/e2e/oidc.spec.ts). */
#include "people/oidc.h"

#include <arpa/inet.h>
#include <liboath/oath.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/testing.h"
#include "people/factor.h"
#include "people/staff.h"

enum { BASE64_WEB = sodium_base64_VARIANT_URLSAFE_NO_PADDING, BEGUN = 1795264620 };

/* --- keys and tokens --- */

static EVP_PKEY *rsa, *other_rsa, *elliptic;

static void make_keys(void) {
  if (rsa) return;
  assert_non_null(rsa = EVP_RSA_gen(2048));
  assert_non_null(other_rsa = EVP_RSA_gen(2048));
  assert_non_null(elliptic = EVP_EC_gen("P-256"));
}

static void put_web(Buffer *out, const void *bytes, size_t len) {
  char text[8192];
  assert_true(sodium_base64_ENCODED_LEN(len, BASE64_WEB) <= sizeof text);
  buffer_string(out, sodium_bin2base64(text, sizeof text, bytes, len, BASE64_WEB));
}

static void put_number(Buffer *out, EVP_PKEY *key, const char *name) {
  BIGNUM *number = NULL;
  unsigned char bytes[512];
  assert_int_equal(EVP_PKEY_get_bn_param(key, name, &number), 1);
  put_web(out, bytes, (size_t)BN_bn2bin(number, bytes));
  BN_free(number);
}

static void put_key_set(Buffer *out, const char *rsa_id, EVP_PKEY *rsa_key) {
  buffer_format(out, "{\"keys\":[{\"kty\":\"RSA\",\"use\":\"enc\",\"kid\":\"sealing\",\"n\":\"AQAB\",\"e\":\"AQAB\"},{\"kty\":\"RSA\",\"use\":\"sig\",\"kid\":\"%s\",\"n\":\"", rsa_id);
  put_number(out, rsa_key, OSSL_PKEY_PARAM_RSA_N);
  buffer_string(out, "\",\"e\":\"");
  put_number(out, rsa_key, OSSL_PKEY_PARAM_RSA_E);
  unsigned char point[65];
  size_t len;
  assert_int_equal(EVP_PKEY_get_octet_string_param(elliptic, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &len), 1);
  assert_int_equal(len, 65);
  buffer_string(out, "\"},{\"kty\":\"EC\",\"alg\":\"ES256\",\"crv\":\"P-256\",\"kid\":\"curve\",\"x\":\"");
  put_web(out, point + 1, 32);
  buffer_string(out, "\",\"y\":\"");
  put_web(out, point + 33, 32);
  buffer_string(out, "\"}]}");
}

static void put_signature(Buffer *out, const char *how, EVP_PKEY *key) {
  unsigned char bytes[512];
  size_t len = sizeof bytes;
  if (strcmp(how, "none") == 0) return;
  if (strcmp(how, "HS256") == 0) { /* with what everybody can read: the public key */
    unsigned char *der = NULL;
    unsigned hmac_len = 0;
    int der_len = i2d_PUBKEY(rsa, &der);
    assert_non_null(HMAC(EVP_sha256(), der, der_len, (const unsigned char *)out->at, out->len - 1, bytes, &hmac_len));
    OPENSSL_free(der);
    len = hmac_len;
  } else {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key), 1);
    assert_int_equal(EVP_DigestSign(context, bytes, &len, (const unsigned char *)out->at, out->len - 1), 1);
    EVP_MD_CTX_free(context);
  }
  if (key == elliptic && strcmp(how, "DER") != 0) {
    const unsigned char *at = bytes;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
    unsigned char both[64];
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(pair), both, 32), 32);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(pair), both + 32, 32), 32);
    ECDSA_SIG_free(pair);
    memcpy(bytes, both, len = sizeof both);
  }
  put_web(out, bytes, len);
}

static void put_token(Buffer *out, const char *how, EVP_PKEY *key, const char *header, const char *claims) {
  put_web(out, header, strlen(header));
  buffer_byte(out, '.');
  put_web(out, claims, strlen(claims));
  buffer_byte(out, '.');
  put_signature(out, how, key);
}

/* --- one by one --- */

#define RS "{\"alg\":\"RS256\",\"kid\":\"main\"}"
#define ISS "\"iss\":\"https://sso\""
#define AUD ",\"aud\":\"us\""
#define WHEN ",\"iat\":1795264610,\"exp\":1795264920"
#define WHO ",\"nonce\":\"n-1\",\"sub\":\"7\""
#define SOUND "{" ISS AUD WHEN WHO "}"

static const struct {
  const char *what, *how, *header, *claims, *why; /* why NULL: good */
} TOKENS[] = {
    {"sound", "RS256", RS, SOUND, NULL},
    {"sound, by a curve", "ES256", "{\"alg\":\"ES256\",\"kid\":\"curve\"}", SOUND, NULL},
    {"for us among others, and ours", "RS256", RS, "{" ISS ",\"aud\":[\"them\",\"us\"],\"azp\":\"us\"" WHEN WHO "}", NULL},
    {"no key's name, and only one fits", "RS256", "{\"alg\":\"RS256\"}", SOUND, NULL},
    {"a minute late", "RS256", RS, "{" ISS AUD ",\"iat\":1795264510,\"exp\":1795264570" WHO "}", NULL},
    {"for somebody else", "RS256", RS, "{" ISS ",\"aud\":\"them\"" WHEN WHO "}", "aud"},
    {"for nobody", "RS256", RS, "{" ISS WHEN WHO "}", "aud"},
    {"for many, nobody's", "RS256", RS, "{" ISS ",\"aud\":[\"them\",\"us\"]" WHEN WHO "}", "aud"},
    {"for us, another's", "RS256", RS, "{" ISS AUD ",\"azp\":\"them\"" WHEN WHO "}", "aud"},
    {"by somebody else", "RS256", RS, "{\"iss\":\"https://sso/\"" AUD WHEN WHO "}", "iss"},
    {"by nobody", "RS256", RS, "{\"aud\":\"us\"" WHEN WHO "}", "iss"},
    {"of another sign-in", "RS256", RS, "{" ISS AUD WHEN ",\"nonce\":\"n-2\",\"sub\":\"7\"}", "nonce"},
    {"of no sign-in", "RS256", RS, "{" ISS AUD WHEN ",\"sub\":\"7\"}", "nonce"},
    {"over", "RS256", RS, "{" ISS AUD ",\"iat\":1795264200,\"exp\":1795264560" WHO "}", "exp"},
    {"without end", "RS256", RS, "{" ISS AUD ",\"iat\":1795264610" WHO "}", "exp"},
    {"the end as a word", "RS256", RS, "{" ISS AUD ",\"iat\":1795264610,\"exp\":\"1795264920\"" WHO "}", "exp"},
    {"made tomorrow", "RS256", RS, "{" ISS AUD ",\"iat\":1795351020,\"exp\":1795351320" WHO "}", "iat"},
    {"made an hour ago", "RS256", RS, "{" ISS AUD ",\"iat\":1795261020,\"exp\":1795264920" WHO "}", "iat"},
    {"not good yet", "RS256", RS, "{" ISS AUD WHEN ",\"nbf\":1795264900" WHO "}", "nbf"},
    {"about nobody", "RS256", RS, "{" ISS AUD WHEN ",\"nonce\":\"n-1\"}", "sub"},
    {"not signed", "none", "{\"alg\":\"none\"}", SOUND, "form"},
    {"not signed, with the word of a key", "RS256", "{\"alg\":\"none\",\"kid\":\"main\"}", SOUND, "alg"},
    {"the public key as a secret", "HS256", "{\"alg\":\"HS256\",\"kid\":\"main\"}", SOUND, "alg"},
    {"another way of signing", "RS256", "{\"alg\":\"PS256\",\"kid\":\"main\"}", SOUND, "alg"},
    {"no way of signing", "RS256", "{\"kid\":\"main\"}", SOUND, "alg"},
    {"a key nobody knows", "RS256", "{\"alg\":\"RS256\",\"kid\":\"theirs\"}", SOUND, "kid"},
    {"the key of sealing", "RS256", "{\"alg\":\"RS256\",\"kid\":\"sealing\"}", SOUND, "kid"},
    {"the curve's key for RSA", "RS256", "{\"alg\":\"RS256\",\"kid\":\"curve\"}", SOUND, "kid"},
    {"the RSA key for the curve", "ES256", "{\"alg\":\"ES256\",\"kid\":\"main\"}", SOUND, "kid"},
    {"signed by another", "other", RS, SOUND, "signature"},
    {"a signature written in DER", "DER", "{\"alg\":\"ES256\",\"kid\":\"curve\"}", SOUND, "signature"},
    {"what must be understood, and is not", "RS256", "{\"alg\":\"RS256\",\"kid\":\"main\",\"crit\":[\"b64\"],\"b64\":false}", SOUND, "crit"},
    {"a claim twice", "RS256", RS, "{" ISS AUD AUD WHEN WHO "}", "form"},
    {"no claims", "RS256", RS, "[]", "form"},
};

static OidcVerdict judge(Text token, const char **why) {
  json_t *claims;
  Buffer set;
  OidcExpected expected = {TEXT("https://sso"), TEXT("us"), TEXT("n-1"), BEGUN * SPAN_SECOND};
  buffer_begin(&set, 0);
  put_key_set(&set, "main", rsa);
  json_t *keys = json_loadb(set.at, set.len, 0, NULL);
  assert_non_null(keys);
  OidcVerdict verdict = oidc_judge(&claims, why, keys, token, &expected);
  assert_true((claims != NULL) == (verdict == OIDC_GOOD));
  json_decref(claims);
  json_decref(keys);
  buffer_end(&set);
  return verdict;
}

static void tokens_are_judged(void **state) {
  (void)state;
  make_keys();
  for (size_t i = 0; i < sizeof TOKENS / sizeof *TOKENS; i++) {
    bool curve = strcmp(TOKENS[i].how, "ES256") == 0 || strcmp(TOKENS[i].how, "DER") == 0;
    const char *why = NULL;
    Buffer token;
    buffer_begin(&token, 0);
    put_token(&token, TOKENS[i].how, curve ? elliptic : strcmp(TOKENS[i].how, "other") == 0 ? other_rsa : rsa, TOKENS[i].header, TOKENS[i].claims);
    OidcVerdict verdict = judge(buffer_as_text(&token), &why);
    if ((verdict == OIDC_GOOD) != !TOKENS[i].why || (TOKENS[i].why && strcmp(why, TOKENS[i].why) != 0)) fail_msg("%s: %d, %s", TOKENS[i].what, (int)verdict, why);
    buffer_end(&token);
  }
}

/* Every byte counts: none may be another. */
static void a_token_that_was_touched_is_refused(void **state) {
  (void)state;
  make_keys();
  Buffer token;
  const char *why;
  buffer_begin(&token, 0);
  put_token(&token, "RS256", rsa, RS, SOUND);
  assert_int_equal(judge(buffer_as_text(&token), &why), OIDC_GOOD);
  for (size_t i = 0; i < token.len; i += 7) {
    char was = token.at[i];
    token.at[i] = was == 'A' ? 'B' : 'A';
    if (judge(buffer_as_text(&token), &why) == OIDC_GOOD) fail_msg("byte %zu", i);
    token.at[i] = was;
  }
  for (size_t len = 0; len < token.len; len += 13) assert_int_not_equal(judge((Text){token.at, len}, &why), OIDC_GOOD);
  buffer_string(&token, ".AAAA");
  assert_int_not_equal(judge(buffer_as_text(&token), &why), OIDC_GOOD);
  buffer_end(&token);
}

static void addresses_are_https_or_here(void **state) {
  (void)state;
  static const char *const SOUND_ONES[] = {"https://sso.example.com", "https://sso.example.com:8443/realms/a", "http://127.0.0.1:8080", "http://localhost/x", "http://[::1]:9/"};
  static const char *const BAD[] = {"http://sso.example.com", "http://127.0.0.1.example.com", "http://localhost.example.com", "ftp://127.0.0.1", "file:///etc/passwd", "https://a:b@sso", "https://sso/#x", "sso", ""};
  for (size_t i = 0; i < sizeof SOUND_ONES / sizeof *SOUND_ONES; i++) assert_true(oidc_address_is_sound(SOUND_ONES[i]));
  for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
    if (oidc_address_is_sound(BAD[i])) fail_msg("%s", BAD[i]);
}

/* --- a service of our own --- */

typedef enum Mood { MOOD_SOUND, MOOD_GARBAGE, MOOD_ENDLESS, MOOD_ELSEWHERE, MOOD_OTHER_ISSUER, MOOD_OTHER_NONCE } Mood;

typedef struct Service {
  int socket;
  uint16_t port;
  pthread_t thread;
  _Atomic bool stop;
  _Atomic int mood, asked;
  pthread_mutex_t lock;
  char nonce[64], challenge[64], code[64], name[64], more[128]; /* what the next token says; code: good once */
  bool new_keys;
} Service;

static void send_reply(int client, const char *status, Text body) {
  char head[200];
  int len = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", status, body.len);
  if (send(client, head, (size_t)len, MSG_NOSIGNAL) == len && body.len) (void)!send(client, body.at, body.len, MSG_NOSIGNAL);
}

static bool pkce_fits(const Service *service, const char *form) {
  char verifier[64] = "", text[64];
  unsigned char hash[32];
  const char *at = strstr(form, "code_verifier=");
  if (at) sscanf(at, "code_verifier=%63[^&]", verifier);
  crypto_hash_sha256(hash, (const unsigned char *)verifier, strlen(verifier));
  return strcmp(sodium_bin2base64(text, sizeof text, hash, sizeof hash, BASE64_WEB), service->challenge) == 0;
}

static void put_answer(Buffer *out, Service *service, const char *form) {
  char claims[512], wanted[80];
  snprintf(wanted, sizeof wanted, "&code=%s&", service->code);
  if (!service->code[0] || !strstr(form, wanted) || !pkce_fits(service, form)) {
    buffer_string(out, "{\"error\":\"invalid_grant\"}");
    return;
  }
  service->code[0] = '\0';
  snprintf(claims, sizeof claims, "{\"iss\":\"http://127.0.0.1:%u\",\"aud\":\"us\",\"iat\":%d,\"exp\":%d,\"nonce\":\"%s\",\"sub\":\"u-7\"%s}", service->port, BEGUN, BEGUN + 300,
           service->mood == MOOD_OTHER_NONCE ? "another" : service->nonce, service->more);
  buffer_string(out, "{\"token_type\":\"Bearer\",\"access_token\":\"at\",\"id_token\":\"");
  Buffer token;
  buffer_begin(&token, 0);
  put_token(&token, "RS256", service->new_keys ? other_rsa : rsa, service->new_keys ? "{\"alg\":\"RS256\",\"kid\":\"new\"}" : RS, claims);
  buffer_text(out, buffer_as_text(&token));
  buffer_end(&token);
  buffer_string(out, "\"}");
}

static void answer(Service *service, int client, const char *request) {
  Buffer out;
  buffer_begin(&out, 0);
  pthread_mutex_lock(&service->lock);
  service->asked++;
  if (service->mood == MOOD_GARBAGE) {
    buffer_string(&out, "<html>it works</html>");
  } else if (service->mood == MOOD_ENDLESS) {
    for (int i = 0; i < 40000; i++) buffer_string(&out, "[0,0,0,0]");
  } else if (strncmp(request, "GET /.well-known/openid-configuration ", 38) == 0) {
    buffer_format(&out, "{\"issuer\":\"http://127.0.0.1:%u%s\",", service->port, service->mood == MOOD_OTHER_ISSUER ? "/other" : "");
    buffer_format(&out, "\"authorization_endpoint\":\"%s/auth\",", service->mood == MOOD_ELSEWHERE ? "http://sso.example.com" : "http://127.0.0.1:1");
    buffer_format(&out, "\"token_endpoint\":\"http://127.0.0.1:%u/token\",\"jwks_uri\":\"http://127.0.0.1:%u/keys\",", service->port, service->port);
    buffer_format(&out, "\"userinfo_endpoint\":\"http://127.0.0.1:%u/me\"}", service->port);
  } else if (strncmp(request, "GET /keys ", 10) == 0) {
    put_key_set(&out, service->new_keys ? "new" : "main", service->new_keys ? other_rsa : rsa);
  } else if (strncmp(request, "POST /token ", 12) == 0 && strstr(request, "Authorization: Basic dXM6YSUyRmI=\r\n")) { /* us:a%2Fb */
    put_answer(&out, service, request);
  } else if (strncmp(request, "GET /me ", 8) == 0 && strstr(request, "Authorization: Bearer at\r\n")) {
    buffer_format(&out, "{\"sub\":\"u-7\",\"preferred_username\":\"%s\",\"name\":\"李明\"}", service->name);
  } else {
    buffer_string(&out, "{}");
  }
  pthread_mutex_unlock(&service->lock);
  send_reply(client, text_starts(buffer_as_text(&out), TEXT("{\"error\"")) ? "400 No" : "200 OK", buffer_as_text(&out));
  buffer_end(&out);
}

static _Thread_local bool not_ours; /* a thread of the service or the test */

static void *serve(void *self) {
  not_ours = true;
  torture_mine(true);
  Service *service = self;
  for (;;) {
    int client = accept(service->socket, NULL, NULL);
    if (service->stop || client < 0) {
      if (client >= 0) close(client);
      return NULL;
    }
    char request[16384] = "", *end;
    size_t got = 0, body = 0;
    while (got < sizeof request - 1) {
      if ((end = strstr(request, "\r\n\r\n"))) {
        const char *length = strstr(request, "Content-Length: ");
        body = length ? strtoul(length + 16, NULL, 10) : 0;
        if (got >= (size_t)(end + 4 - request) + body) break;
      }
      ssize_t more = recv(client, request + got, sizeof request - 1 - got, 0);
      if (more <= 0) break;
      got += (size_t)more, request[got] = '\0';
    }
    answer(service, client, request);
    close(client);
  }
}

static void open_service(Service *service) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  make_keys();
  memset(service, 0, sizeof *service);
  pthread_mutex_init(&service->lock, NULL);
  service->socket = socket(AF_INET, SOCK_STREAM, 0);
  assert_true(service->socket >= 0 && bind(service->socket, (struct sockaddr *)&address, sizeof address) == 0 && listen(service->socket, 16) == 0);
  assert_int_equal(getsockname(service->socket, (struct sockaddr *)&address, &length), 0);
  service->port = ntohs(address.sin_port);
  assert_int_equal(pthread_create(&service->thread, NULL, serve, service), 0);
}

static void close_service(Service *service) {
  service->stop = true;
  shutdown(service->socket, SHUT_RDWR); /* wakes its accept */
  pthread_join(service->thread, NULL);
  close(service->socket);
}

/* --- the whole way --- */

typedef struct Fixture {
  HttpTest test;
  Staff *staff;
  Oidc *oidc;
  Service service;
  TimeSource wall;
  char password[STAFF_PASSWORD_TEXT], flow[2048], sign_in_state[64], config[128], secret[128];
} Fixture;

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

static void begin(Fixture *f, bool configured) {
  Error error = {0};
  StaffOptions options = {.county_id = 1, .wall = &f->wall};
  assert_ok(staff_open(&f->staff, f->test.desk, f->test.db, &options, &error), &error);
  if (configured) assert_ok(oidc_open(&f->oidc, f->config, &f->wall, &error), &error);
  assert_ok(staff_use_oidc(f->staff, f->oidc, f->test.db, &error), &error);
  assert_ok(http_add_routes(f->test.http, STAFF_ROUTES, f->staff, &error), &error);
  assert_ok(http_add_routes(f->test.http, OIDC_ROUTES, f->staff, &error), &error);
  assert_ok(http_add_routes(f->test.http, AUDIT_ROUTES, f->staff, &error), &error);
  f->test.identify = staff_identify;
  f->test.identify_self = f->staff;
}

static void open_fixture(Fixture *f, const char *more) {
  Error error = {0};
  char config[512];
  memset(f, 0, sizeof *f);
  open_service(&f->service);
  time_virtual(&f->wall, BEGUN * SPAN_SECOND);
  http_test_open(&f->test);
  snprintf(f->config, sizeof f->config, "%s/oidc.json", f->test.folder);
  snprintf(f->secret, sizeof f->secret, "%s/oidc.secret", f->test.folder);
  snprintf(config, sizeof config, "{\"issuer\":\"http://127.0.0.1:%u\",\"client_id\":\"us\",\"client_secret_file\":\"%s\",\"label_en\":\"County account\"%s}", f->service.port, f->secret, more ? more : "");
  write_file(f->secret, "a/b\n");
  write_file(f->config, config);
  begin(f, more != NULL);
  assert_ok(staff_first_administrator(f->staff, f->password, &error), &error);
  http_test_start(&f->test);
}

static void end(Fixture *f) {
  http_test_end(&f->test);
  staff_close(f->staff);
  oidc_close(f->oidc);
}

static void close_fixture(Fixture *f) {
  unlink(f->config);
  unlink(f->secret);
  http_test_close(&f->test);
  staff_close(f->staff);
  oidc_close(f->oidc);
  close_service(&f->service);
}

static void later(Fixture *f, Span span) { time_virtual(&f->wall, time_now(&f->wall) + span); }

static void part_of(const char *url, const char *name, char out[64]) {
  char form[32];
  const char *at = strstr(url, name);
  assert_non_null(at);
  snprintf(form, sizeof form, "%s=%%63[^&]", name);
  assert_int_equal(sscanf(at, form, out), 1);
}

/* As the browser: begins, goes to the service, which notes who it is. */
static void start(Fixture *f, const char *name) {
  f->test.token[0] = '\0';
  snprintf(f->test.headers, sizeof f->test.headers, "Origin: http://127.0.0.1\r\n");
  json_t *begun = http_test_do(&f->test, 200, "POST", "/api/v1/session/oidc", NULL);
  f->test.headers[0] = '\0';
  const char *url = http_test_text(begun, "url");
  assert_non_null(strstr(url, "/auth?response_type=code&client_id=us&redirect_uri=http%3A%2F%2F127.0.0.1%2Fsign-in&scope=openid%20profile&state="));
  assert_non_null(strstr(url, "&code_challenge_method=S256"));
  snprintf(f->flow, sizeof f->flow, "%s", http_test_text(begun, "flow"));
  part_of(url, "&state", f->sign_in_state);
  pthread_mutex_lock(&f->service.lock);
  part_of(url, "&nonce", f->service.nonce);
  part_of(url, "&code_challenge", f->service.challenge);
  snprintf(f->service.code, sizeof f->service.code, "code-1");
  snprintf(f->service.name, sizeof f->service.name, "%s", name);
  pthread_mutex_unlock(&f->service.lock);
}

static json_t *finish(Fixture *f, int status, const char *code) {
  return http_test_do(&f->test, status, "POST", "/api/v1/session/oidc/finish", "{\"flow\":\"%s\",\"state\":\"%s\",\"code\":\"%s\"}", f->flow, f->sign_in_state, code);
}

static void refused(Fixture *f, int status, const char *code, const char *wanted) {
  const char *got = http_test_text(finish(f, status, code), "code");
  if (strcmp(got, wanted) != 0) fail_msg("%s, not %s", got, wanted);
}

static void take_token(HttpTest *test) {
  Text cookie = http_test_header(test, "Set-Cookie");
  assert_true(text_starts(cookie, TEXT("dianbaomu=")) && text_find(cookie, TEXT("; HttpOnly; SameSite=Strict; ")) > 0);
  snprintf(test->token, sizeof test->token, "%.*s", TEXT_ARG(text_slice(cookie, 10, (size_t)text_find(cookie, TEXT(";")))));
}

static json_t *enter(Fixture *f, const char *name) {
  start(f, name);
  finish(f, 200, "code-1");
  take_token(&f->test);
  return http_test_do(&f->test, 200, "GET", "/api/v1/session", NULL);
}

static void sign_in(Fixture *f) {
  f->test.token[0] = '\0';
  http_test_do(&f->test, 200, "POST", "/api/v1/session", "{\"name\":\"admin\",\"password\":\"%s\"}", f->password);
  take_token(&f->test);
}

static const char *newest_event(Fixture *f) {
  return http_test_text(http_test_do(&f->test, 200, "GET", "/api/v1/audit?limit=1&kind=people.sign", NULL), "items.0.kind");
}

static void nothing_is_offered_that_is_not_configured(void **state) {
  (void)state;
  Fixture f;
  open_fixture(&f, NULL);
  assert_true(json_is_null(http_test_at(http_test_do(&f.test, 200, "GET", "/api/v1/session/ways", NULL), "oidc")));
  http_test_do(&f.test, 404, "POST", "/api/v1/session/oidc", NULL);
  http_test_do(&f.test, 404, "POST", "/api/v1/session/oidc/finish", "{\"flow\":\"x\",\"state\":\"x\",\"code\":\"x\"}");
  http_test_do(&f.test, 404, "POST", "/api/v1/session/oidc/code", "{\"paused\":\"x\",\"code\":\"x\"}");
  close_fixture(&f);
}

static void a_person_signs_in(void **state) {
  (void)state;
  Fixture f;
  open_fixture(&f, "");
  snprintf(f.test.headers, sizeof f.test.headers, "Accept-Language: en\r\n");
  assert_string_equal(http_test_text(http_test_do(&f.test, 200, "GET", "/api/v1/session/ways", NULL), "oidc"), "County account");
  f.test.headers[0] = '\0';
  json_t *session = enter(&f, " Admin");
  assert_string_equal(http_test_text(session, "staff.name"), "admin");
  assert_string_equal(http_test_text(session, "staff.roles.0"), "agent"); /* the program's own: the service says nothing of them */
  json_t *record = http_test_do(&f.test, 200, "GET", "/api/v1/audit?limit=1&kind=people.signed_in", NULL);
  assert_string_equal(http_test_text(record, "items.0.data.by"), "oidc");
  assert_string_equal(http_test_text(record, "items.0.actor_name"), "admin");
  http_test_do(&f.test, 204, "DELETE", "/api/v1/session", NULL);
  http_test_do(&f.test, 401, "GET", "/api/v1/session", NULL);
  close_fixture(&f);
}

static void what_is_not_this_sign_in_is_refused(void **state) {
  (void)state;
  Fixture f;
  open_fixture(&f, "");
  char kept[sizeof f.sign_in_state], flow[sizeof f.flow];
  /* the state of another sign-in */
  start(&f, "admin");
  snprintf(kept, sizeof kept, "%s", f.sign_in_state);
  start(&f, "admin");
  char own[sizeof kept];
  snprintf(own, sizeof own, "%s", f.sign_in_state);
  snprintf(f.sign_in_state, sizeof f.sign_in_state, "%s", kept);
  refused(&f, 400, "code-1", "OIDC_FLOW");
  snprintf(f.sign_in_state, sizeof f.sign_in_state, "x");
  refused(&f, 400, "code-1", "OIDC_FLOW");
  snprintf(f.sign_in_state, sizeof f.sign_in_state, "%s", own);
  /* a flow that was touched, or is none */
  snprintf(flow, sizeof flow, "%s", f.flow);
  f.flow[40] = f.flow[40] == 'A' ? 'B' : 'A';
  refused(&f, 400, "code-1", "OIDC_FLOW");
  f.flow[0] = '\0';
  refused(&f, 400, "code-1", "OIDC_FLOW");
  snprintf(f.flow, sizeof f.flow, "%s", flow);
  /* a code of nobody's; an answer of another service; from another site */
  refused(&f, 401, "code-2", "OIDC_REFUSED");
  json_t *reply = http_test_do(&f.test, 401, "POST", "/api/v1/session/oidc/finish", "{\"flow\":\"%s\",\"state\":\"%s\",\"code\":\"code-1\",\"issuer\":\"https://evil\"}", f.flow, f.sign_in_state);
  assert_string_equal(http_test_text(reply, "code"), "OIDC_REFUSED");
  snprintf(f.test.headers, sizeof f.test.headers, "Sec-Fetch-Site: cross-site\r\n");
  refused(&f, 403, "code-1", "CROSS_SITE");
  snprintf(f.test.headers, sizeof f.test.headers, "Origin: https://evil.example\r\n");
  http_test_do(&f.test, 403, "POST", "/api/v1/session/oidc", NULL);
  f.test.headers[0] = '\0';
  http_test_do(&f.test, 403, "POST", "/api/v1/session/oidc", NULL);
  /* it is good still; once, and no more */
  finish(&f, 200, "code-1");
  refused(&f, 400, "code-1", "OIDC_FLOW");
  start(&f, "admin");
  f.service.code[0] = '\0';
  refused(&f, 401, "code-1", "OIDC_REFUSED"); /* the code, with a flow of its own */
  /* too late */
  start(&f, "admin");
  later(&f, 10 * SPAN_MINUTE);
  refused(&f, 400, "code-1", "OIDC_FLOW");
  close_fixture(&f);
}

static void a_token_of_another_sign_in_is_refused(void **state) {
  (void)state;
  Fixture f;
  open_fixture(&f, "");
  start(&f, "admin");
  f.service.mood = MOOD_OTHER_NONCE;
  json_t *reply = finish(&f, 401, "code-1");
  assert_string_equal(http_test_text(reply, "code"), "OIDC_REFUSED");
  assert_non_null(strstr(http_test_text(reply, "detail"), "nonce"));
  close_fixture(&f);
}

static void new_keys_are_fetched(void **state) {
  (void)state;
  Fixture f;
  open_fixture(&f, "");
  enter(&f, "admin");
  start(&f, "admin");
  f.service.new_keys = true;
  refused(&f, 401, "code-1", "OIDC_REFUSED"); /* within the minute nobody makes us ask again */
  later(&f, SPAN_MINUTE);
  enter(&f, "admin");
  close_fixture(&f);
}

static void who_is_no_account_stays_outside(void **state) {
  (void)state;
  Fixture f;
  open_fixture(&f, "");
  start(&f, "stranger");
  refused(&f, 403, "code-1", "OIDC_NOBODY");
  sign_in(&f);
  json_t *made = http_test_do(&f.test, 201, "POST", "/api/v1/staff", "{\"name\":\"li\",\"roles\":[\"agent\"],\"org_id\":\"0\"}");
  char id[32], path[64];
  snprintf(id, sizeof id, "%s", http_test_text(made, "id"));
  snprintf(path, sizeof path, "/api/v1/staff/%s", id);
  char admin[sizeof f.test.token], li[sizeof f.test.token];
  snprintf(admin, sizeof admin, "%s", f.test.token);
  enter(&f, "li");
  snprintf(li, sizeof li, "%s", f.test.token);
  snprintf(f.test.token, sizeof f.test.token, "%s", admin);
  http_test_do(&f.test, 200, "PATCH", path, "{\"version\":1,\"disabled\":true}");
  snprintf(f.test.token, sizeof f.test.token, "%s", li);
  http_test_do(&f.test, 401, "GET", "/api/v1/session", NULL); /* that one ended with it */
  start(&f, "li");
  refused(&f, 403, "code-1", "OIDC_DISABLED");
  sign_in(&f);
  json_t *record = http_test_do(&f.test, 200, "GET", "/api/v1/audit?kind=people.sign_in_refused", NULL);
  assert_string_equal(http_test_text(record, "items.0.data.why"), "disabled");
  assert_string_equal(http_test_text(record, "items.0.subject.id"), id);
  assert_string_equal(http_test_text(record, "items.1.data.why"), "unknown");
  close_fixture(&f);
}

static void who_is_new_is_made_where_configured(void **state) {
  (void)state;
  Fixture f;
  open_fixture(&f, ",\"create_in\":\"0\"");
  json_t *session = enter(&f, "Wang");
  assert_string_equal(http_test_text(session, "staff.name"), "wang");
  assert_string_equal(http_test_text(session, "staff.full_name"), "李明");
  assert_int_equal(json_array_size(http_test_at(session, "staff.roles")), 0); /* rights are given by people */
  char id[32];
  snprintf(id, sizeof id, "%s", http_test_text(session, "staff.id"));
  assert_string_equal(http_test_text(enter(&f, "wang"), "staff.id"), id);
  start(&f, "a name with blanks");
  refused(&f, 403, "code-1", "OIDC_NOBODY");
  close_fixture(&f);
}

static void code_of(Fixture *f, const char *text, char out[8]) {
  char *key;
  size_t len;
  assert_int_equal(oath_base32_decode(text, strlen(text), &key, &len), OATH_OK);
  assert_int_equal(oath_totp_generate(key, len, (time_t)(time_now(&f->wall) / SPAN_SECOND), FACTOR_STEP_SECONDS, 0, 6, out), OATH_OK);
  free(key);
}

static json_t *bring(Fixture *f, int status, const char *paused, const char *code) {
  return http_test_do(&f->test, status, "POST", "/api/v1/session/oidc/code", "{\"paused\":\"%s\",\"code\":\"%s\"}", paused, code);
}

static void the_second_factor_is_asked_for(void **state) {
  (void)state;
  Fixture f;
  char secret[64], code[8], paused[2048];
  open_fixture(&f, "");
  sign_in(&f);
  snprintf(secret, sizeof secret, "%s", http_test_text(http_test_do(&f.test, 200, "POST", "/api/v1/session/two-factor", "{\"password\":\"%s\"}", f.password), "secret"));
  code_of(&f, secret, code);
  http_test_do(&f.test, 200, "POST", "/api/v1/session/two-factor/confirm", "{\"code\":\"%s\"}", code);
  later(&f, FACTOR_STEP_SECONDS * SPAN_SECOND);
  start(&f, "admin");
  snprintf(paused, sizeof paused, "%s", http_test_text(finish(&f, 200, "code-1"), "paused"));
  assert_null(http_test_header(&f.test, "Set-Cookie").at); /* nobody is in yet */
  assert_string_equal(http_test_text(bring(&f, 401, paused, "000000"), "code"), "SIGN_IN_CODE_WRONG");
  assert_string_equal(http_test_text(bring(&f, 400, f.flow, "000000"), "code"), "OIDC_FLOW"); /* the one is not the other */
  code_of(&f, secret, code);
  bring(&f, 200, paused, code);
  take_token(&f.test);
  http_test_do(&f.test, 200, "GET", "/api/v1/session", NULL);
  f.test.token[0] = '\0';
  assert_string_equal(http_test_text(bring(&f, 400, paused, code), "code"), "OIDC_FLOW"); /* used */
  /* who guesses waits, as with a password */
  start(&f, "admin");
  snprintf(paused, sizeof paused, "%s", http_test_text(finish(&f, 200, "code-1"), "paused"));
  for (int i = 0; i < 4; i++) bring(&f, 401, paused, "000000");
  bring(&f, 429, paused, "000000");
  close_fixture(&f);
}

static void a_second_factor_of_the_service_counts_where_configured(void **state) {
  (void)state;
  Fixture f;
  open_fixture(&f, ",\"second_factor\":[\"mfa\",\"gold\"]");
  sign_in(&f);
  http_test_do(&f.test, 200, "PUT", "/api/v1/security", "{\"two_factor\":\"everyone\"}");
  json_t *session = enter(&f, "admin"); /* by password alone there */
  assert_true(json_is_true(http_test_at(session, "two_factor_needed")));
  http_test_do(&f.test, 403, "GET", "/api/v1/staff", NULL);
  snprintf(f.service.more, sizeof f.service.more, ",\"amr\":[\"pwd\",\"mfa\"]");
  session = enter(&f, "admin");
  assert_true(json_is_false(http_test_at(session, "two_factor_needed")));
  http_test_do(&f.test, 200, "GET", "/api/v1/staff", NULL);
  assert_string_equal(http_test_text(http_test_do(&f.test, 200, "GET", "/api/v1/audit?limit=1&kind=people.signed_in", NULL), "items.0.data.second_factor"), "oidc");
  end(&f); /* a restart: the session is as strong as it was, the service is asked anew */
  http_test_begin(&f.test);
  begin(&f, true);
  http_test_start(&f.test);
  http_test_do(&f.test, 200, "GET", "/api/v1/staff", NULL);
  snprintf(f.service.more, sizeof f.service.more, ",\"acr\":\"gold\"");
  assert_true(json_is_false(http_test_at(enter(&f, "admin"), "two_factor_needed")));
  snprintf(f.service.more, sizeof f.service.more, ",\"acr\":\"silver\",\"amr\":[\"pwd\"]");
  assert_true(json_is_true(http_test_at(enter(&f, "admin"), "two_factor_needed")));
  close_fixture(&f);
}

static void over(Fixture *f) {
  end(f);
  http_test_begin(&f->test);
  begin(f, true);
  http_test_start(&f->test);
}

/* The county taken over by another server, or this one started again, between going and coming back; the keys changed meanwhile, too. */
static void a_sign_in_goes_on_at_another_server(void **state) {
  (void)state;
  Fixture f;
  Service kept = {.port = 0};
  char flow[2048], sign_in_state[64];
  open_fixture(&f, "");
  time_virtual(&f.wall, BEGUN * SPAN_SECOND - SPAN_HOUR - SPAN_MINUTE);
  start(&f, "admin"); /* makes a key */
  later(&f, 55 * SPAN_MINUTE);
  start(&f, "admin"); /* goes under it */
  snprintf(flow, sizeof flow, "%s", f.flow), snprintf(sign_in_state, sizeof sign_in_state, "%s", f.sign_in_state);
  memcpy(kept.nonce, f.service.nonce, sizeof kept.nonce), memcpy(kept.challenge, f.service.challenge, sizeof kept.challenge);
  later(&f, 6 * SPAN_MINUTE);
  start(&f, "admin"); /* makes the next one */
  snprintf(f.flow, sizeof f.flow, "%s", flow), snprintf(f.sign_in_state, sizeof f.sign_in_state, "%s", sign_in_state);
  pthread_mutex_lock(&f.service.lock);
  memcpy(f.service.nonce, kept.nonce, sizeof kept.nonce), memcpy(f.service.challenge, kept.challenge, sizeof kept.challenge);
  pthread_mutex_unlock(&f.service.lock);
  over(&f);
  finish(&f, 200, "code-1");
  take_token(&f.test);
  http_test_do(&f.test, 200, "GET", "/api/v1/session", NULL);
  refused(&f, 400, "code-1", "OIDC_FLOW");
  start(&f, "admin");
  over(&f);
  finish(&f, 200, "code-1");
  start(&f, "admin");
  oidc_use_keys(f.oidc, TEXT("x 1:! :")); /* what is not sound is no key */
  refused(&f, 400, "code-1", "OIDC_FLOW");
  enter(&f, "admin");
  close_fixture(&f);
}

static void a_service_that_fails_is_told_of(void **state) {
  (void)state;
  static const Mood MOODS[] = {MOOD_GARBAGE, MOOD_ENDLESS, MOOD_ELSEWHERE, MOOD_OTHER_ISSUER};
  Fixture f;
  open_fixture(&f, "");
  for (size_t i = 0; i < sizeof MOODS / sizeof *MOODS; i++) {
    f.service.mood = (int)MOODS[i];
    later(&f, SPAN_MINUTE);
    snprintf(f.test.headers, sizeof f.test.headers, "Origin: http://127.0.0.1\r\n");
    assert_string_equal(http_test_text(http_test_do(&f.test, 503, "POST", "/api/v1/session/oidc", NULL), "code"), "OIDC_AWAY");
    int asked = f.service.asked;
    http_test_do(&f.test, 503, "POST", "/api/v1/session/oidc", NULL);
    if (MOODS[i] == MOOD_GARBAGE || MOODS[i] == MOOD_ENDLESS) assert_int_equal(f.service.asked, asked); /* not at once again: passwords wait for the same thread */
  }
  f.service.mood = MOOD_SOUND;
  later(&f, SPAN_MINUTE);
  enter(&f, "admin");
  assert_string_equal(newest_event(&f), "people.signed_in");
  http_test_all_answered(OIDC_ROUTES);
  close_fixture(&f);
}

static _Atomic int64_t asked_for, without;
static bool is_without(void) { return !not_ours && atomic_fetch_add(&asked_for, 1) + 1 == without; }

/* Nor is the service told of, and left alone for a while, when there was no memory to ask it. */
static void short_of_memory_the_service_is_not_away(void **state) {
  (void)state;
  Fixture f;
  int refused = 0;
  open_fixture(&f, "");
  not_ours = true;
  for (bool all = false; !all;) {
    later(&f, 2 * SPAN_HOUR); /* what it told is too old: it is asked again */
    atomic_store(&asked_for, 0);
    without++;
    memory_ask(is_without);
    int status = http_test_raw(&f.test, TEXT("POST /api/v1/session/oidc HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nContent-Length: 0\r\n\r\n"));
    memory_ask(NULL);
    all = asked_for < without;
    if (status != 200 && status != 503 && status != 0) fail_msg("the call %lld: status %d", (long long)without, status);
    refused += status == 503;
    snprintf(f.test.headers, sizeof f.test.headers, "Origin: http://127.0.0.1\r\n");
    http_test_do(&f.test, 200, "POST", "/api/v1/session/oidc", NULL);
    assert_true(without < 300);
  }
  assert_true(refused > 5);
  not_ours = false;
  close_fixture(&f);
}

static void a_config_that_is_not_sound_is_refused(void **state) {
  (void)state;
  static const char *const BAD[] = {"", "[]", "{", "{\"issuer\":\"http://sso.example.com\",\"client_id\":\"a\"}", "{\"issuer\":\"https://sso\"}", "{\"issuer\":\"https://sso\",\"client_id\":7}",
                                    "{\"issuer\":\"https://sso\",\"client_id\":\"a\",\"secret\":\"here\"}", "{\"issuer\":\"https://sso\",\"client_id\":\"a\",\"client_secret_file\":\"/nowhere\"}",
                                    "{\"issuer\":\"https://sso\",\"client_id\":\"a\",\"create_in\":\"x\"}", "{\"issuer\":\"https://sso\",\"client_id\":\"a\",\"second_factor\":\"mfa\"}"};
  TimeSource wall = {0};
  char path[] = "/tmp/oidc-XXXXXX";
  close(mkstemp(path));
  for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
    Error error = {0};
    Oidc *oidc;
    write_file(path, BAD[i]);
    if (oidc_open(&oidc, path, &wall, &error)) fail_msg("%s", BAD[i]);
    assert_int_not_equal(error.code, ERROR_NONE);
  }
  unlink(path);
}

TEST_MAIN(cmocka_unit_test(tokens_are_judged), cmocka_unit_test(a_token_that_was_touched_is_refused), cmocka_unit_test(addresses_are_https_or_here),
          cmocka_unit_test(nothing_is_offered_that_is_not_configured), cmocka_unit_test(a_person_signs_in), cmocka_unit_test(what_is_not_this_sign_in_is_refused),
          cmocka_unit_test(a_token_of_another_sign_in_is_refused), cmocka_unit_test(new_keys_are_fetched), cmocka_unit_test(who_is_no_account_stays_outside),
          cmocka_unit_test(who_is_new_is_made_where_configured), cmocka_unit_test(the_second_factor_is_asked_for),
          cmocka_unit_test(a_second_factor_of_the_service_counts_where_configured), cmocka_unit_test(a_sign_in_goes_on_at_another_server), cmocka_unit_test(a_service_that_fails_is_told_of), cmocka_unit_test(short_of_memory_the_service_is_not_away),
          cmocka_unit_test(a_config_that_is_not_sound_is_refused))
