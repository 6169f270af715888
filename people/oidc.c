#include "people/oidc.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/log.h"

enum { WORD_BYTES = 32, WORD_TEXT = 44 /* in base64, and NUL */, MARK_BYTES = 16, USED_MOST = 1024, ORIGIN_MOST = 200, CONFIG_BYTES = 64 * 1024 };
#define FLOW_LIFE (10 * SPAN_MINUTE)
#define KEY_LIFE SPAN_HOUR                /* for sealing; what it sealed is read as long as a flow lives */
#define KEEP_SERVICE SPAN_HOUR           /* its addresses and keys */
#define KEEP_AT_LEAST SPAN_MINUTE        /* … also when a key is not among them */
#define SULK (10 * SPAN_SECOND)          /* so long a service that did not answer is not asked again: others wait for the same thread */

/* What the browser keeps for us, sealed. */
typedef enum SealedKind { SEALED_FLOW = 1, SEALED_PAUSE } SealedKind;
typedef struct Sealed {
  unsigned char mark[MARK_BYTES]; /* good once */
  int64_t kind, staff_id;
  Instant begun;
  char state[WORD_TEXT], nonce[WORD_TEXT], verifier[WORD_TEXT], origin[ORIGIN_MOST];
} Sealed;

typedef struct OidcKey {
  Instant made; /* 0: none */
  unsigned char bytes[crypto_secretbox_KEYBYTES];
} OidcKey;

struct Oidc {
  TimeSource *wall;
  Arena texts;
  Text issuer, client_id, secret, claim, zh, en, origin, scope;
  const char *ca_file;
  json_t *vouches; /* values of amr and acr that stand for a second factor */
  int64_t create_org;
  bool by_post;    /* the secret goes with the form */
  json_t *service, *keys;
  Instant service_at, keys_at, away_until;
  Error away;
  pthread_mutex_t lock; /* of the keys: the desk keeps what the slow thread made */
  OidcKey key[2];       /* the newest first */
  bool kept;
  struct { unsigned char mark[MARK_BYTES]; Instant until; } used[USED_MOST];
  size_t used_next;
};

/* --- configuration --- */

static Text word_of(Oidc *oidc, const json_t *config, const char *name, const char *fallback) {
  const char *value = json_string_value(json_object_get(config, name));
  return text_copy(&oidc->texts, text_of(value ? value : fallback));
}

static bool wrong(Error *error, const char *name, const char *wanted) { return error_raise(error, ERROR_RULE_VALUE, "%s\t\t%s", name, wanted); }

static bool names_are_known(const json_t *config, Error *error) {
  static const char *const NAMES[] = {"issuer", "client_id", "client_secret_file", "claim", "scope", "label", "label_en", "address", "ca_file", "second_factor", "create_in"};
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)config, key, value) {
    bool known = false;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) known = known || strcmp(NAMES[i], key) == 0;
    if (!known) return error_raise(error, ERROR_FIELD_UNKNOWN, "%s", key);
    if (strcmp(key, "second_factor") == 0 ? !json_is_array(value) : !json_is_string(value)) return error_raise(error, ERROR_FIELD_TYPE, "%s\ttext\tsomething else", key);
  }
  return true;
}

static bool read_secret(Oidc *oidc, const json_t *config, Error *error) {
  const char *path = json_string_value(json_object_get(config, "client_secret_file"));
  Buffer bytes;
  if (!path) return true; /* a public client: PKCE alone */
  buffer_begin(&bytes, 4096);
  bool ok = buffer_read_file(&bytes, path, error);
  if (ok) oidc->secret = text_copy(&oidc->texts, text_trim(buffer_as_text(&bytes)));
  if (bytes.at) sodium_memzero(bytes.at, bytes.len);
  buffer_end(&bytes);
  if (!ok) return false;
  return oidc->secret.len ? true : wrong(error, "client_secret_file", "a file that holds the secret");
}

static bool take_config(Oidc *oidc, const json_t *config, Error *error) {
  if (!names_are_known(config, error) || !read_secret(oidc, config, error)) return false;
  const char *create = json_string_value(json_object_get(config, "create_in")), *ca_file = json_string_value(json_object_get(config, "ca_file"));
  oidc->issuer = word_of(oidc, config, "issuer", "");
  oidc->client_id = word_of(oidc, config, "client_id", "");
  oidc->claim = word_of(oidc, config, "claim", "preferred_username");
  oidc->scope = word_of(oidc, config, "scope", text_is(oidc->claim, "email") ? "openid profile email" : "openid profile");
  oidc->zh = word_of(oidc, config, "label", "统一身份认证登录");
  oidc->en = word_of(oidc, config, "label_en", "Sign in with the company account");
  oidc->origin = word_of(oidc, config, "address", "");
  oidc->ca_file = ca_file ? word_of(oidc, config, "ca_file", "").at : NULL;
  oidc->vouches = json_incref(json_object_get(config, "second_factor"));
  oidc->create_org = -1;
  if (!oidc->origin.at || !oidc->issuer.at || !oidc->client_id.at || !oidc->claim.at || !oidc->scope.at || !oidc->zh.at || !oidc->en.at || (ca_file && !oidc->ca_file))
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "oidc");
  if (!oidc->issuer.len || !oidc_address_is_sound(oidc->issuer.at)) return wrong(error, "issuer", "an https address");
  if (!oidc->client_id.len) return wrong(error, "client_id", "as the service gave it");
  if (create && (!text_to_i64(text_of(create), &oidc->create_org) || oidc->create_org < 0)) return wrong(error, "create_in", "the id of a part of the organisation");
  return true;
}

bool oidc_open(Oidc **out, const char *file, TimeSource *wall, Error *error) {
  Buffer bytes;
  json_error_t where;
  *out = NULL;
  if (sodium_init() < 0) return error_raise(error, ERROR_INTERNAL, "%s", "libsodium");
  Oidc *oidc = memory_new(sizeof *oidc);
  if (!oidc) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "oidc");
  oidc->wall = wall;
  arena_begin(&oidc->texts, 0);
  pthread_mutex_init(&oidc->lock, NULL);
  buffer_begin(&bytes, CONFIG_BYTES);
  bool ok = buffer_read_file(&bytes, file, error);
  json_t *config = ok ? json_loadb(bytes.at ? bytes.at : "", bytes.len, JSON_REJECT_DUPLICATES, &where) : NULL;
  if (ok && !json_is_object(config)) ok = error_raise(error, ERROR_RULE_FORM, "line %d: %s", config ? 1 : where.line, config ? "not an object" : where.text);
  ok = ok && take_config(oidc, config, error);
  buffer_end(&bytes);
  json_decref(config);
  if (ok) {
    *out = oidc;
    return true;
  }
  error_at(error, "%s", file);
  oidc_close(oidc);
  return false;
}

void oidc_close(Oidc *oidc) {
  if (!oidc) return;
  if (oidc->secret.len) sodium_memzero((char *)(uintptr_t)oidc->secret.at, oidc->secret.len);
  sodium_memzero(oidc->key, sizeof oidc->key);
  pthread_mutex_destroy(&oidc->lock);
  json_decref(oidc->service);
  json_decref(oidc->keys);
  json_decref(oidc->vouches);
  arena_end(&oidc->texts);
  memory_free(oidc);
}

Text oidc_label(const Oidc *oidc, Language language) { return language == LANGUAGE_ZH ? oidc->zh : oidc->en; }
int64_t oidc_create_org(const Oidc *oidc) { return oidc->create_org; }

/* --- keys --- */

enum { KEY_TEXT = 44 /* in base64, and NUL */ };

void oidc_use_keys(Oidc *oidc, Text kept) {
  Text one, made;
  pthread_mutex_lock(&oidc->lock);
  oidc->kept = kept.len > 0;
  memset(oidc->key, 0, sizeof oidc->key);
  for (size_t i = 0; i < 2 && text_next(&kept, ' ', &one); i++) {
    OidcKey key;
    size_t len;
    if (!text_next(&one, ':', &made) || !text_to_i64(made, &key.made) || key.made <= 0) continue;
    if (sodium_base642bin(key.bytes, sizeof key.bytes, one.at, one.len, NULL, &len, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 && len == sizeof key.bytes) oidc->key[i] = key;
  }
  pthread_mutex_unlock(&oidc->lock);
}

bool oidc_take_unkept(Oidc *oidc, char out[OIDC_KEYS_TEXT]) {
  size_t at = 0;
  out[0] = '\0';
  pthread_mutex_lock(&oidc->lock);
  bool unkept = !oidc->kept && oidc->key[0].made;
  for (size_t i = 0; unkept && i < 2 && oidc->key[i].made; i++) {
    char text[KEY_TEXT];
    sodium_bin2base64(text, sizeof text, oidc->key[i].bytes, sizeof oidc->key[i].bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    at += (size_t)snprintf(out + at, OIDC_KEYS_TEXT - at, "%s%lld:%s", i ? " " : "", (long long)oidc->key[i].made, text);
  }
  oidc->kept = oidc->kept || unkept;
  pthread_mutex_unlock(&oidc->lock);
  return unkept;
}

void oidc_keys_unkept(Oidc *oidc) {
  pthread_mutex_lock(&oidc->lock);
  oidc->kept = false;
  pthread_mutex_unlock(&oidc->lock);
}

/* The newest, or a new one: it is to be kept before what it sealed goes out. */
static OidcKey sealing_key(Oidc *oidc) {
  Instant now = time_now(oidc->wall);
  pthread_mutex_lock(&oidc->lock);
  if (!oidc->key[0].made || now < oidc->key[0].made - SPAN_MINUTE || now >= oidc->key[0].made + KEY_LIFE) {
    oidc->key[1] = oidc->key[0];
    oidc->key[0].made = now;
    randombytes_buf(oidc->key[0].bytes, sizeof oidc->key[0].bytes);
    oidc->kept = false;
  }
  OidcKey key = oidc->key[0];
  pthread_mutex_unlock(&oidc->lock);
  return key;
}

/* --- sealing --- */

static void random_word(char out[WORD_TEXT]) {
  unsigned char bytes[WORD_BYTES];
  randombytes_buf(bytes, sizeof bytes);
  sodium_bin2base64(out, WORD_TEXT, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

enum { BOX_BYTES = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + sizeof(Sealed) };

static bool seal(Text *out, Oidc *oidc, const Sealed *sealed, Arena *arena, Error *error) {
  unsigned char box[BOX_BYTES];
  size_t size = sodium_base64_ENCODED_LEN(BOX_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  char *text = arena_take(arena, size);
  if (!text) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "oidc");
  OidcKey key = sealing_key(oidc);
  randombytes_buf(box, crypto_secretbox_NONCEBYTES);
  crypto_secretbox_easy(box + crypto_secretbox_NONCEBYTES, (const unsigned char *)sealed, sizeof *sealed, box, key.bytes);
  sodium_memzero(&key, sizeof key);
  sodium_bin2base64(text, size, box, sizeof box, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  *out = text_of(text);
  return true;
}

static bool is_used(const Oidc *oidc, const Sealed *sealed) {
  for (size_t i = 0; i < USED_MOST; i++)
    if (oidc->used[i].until && sodium_memcmp(oidc->used[i].mark, sealed->mark, MARK_BYTES) == 0) return true;
  return false;
}

static void use_up(Oidc *oidc, const Sealed *sealed) {
  memcpy(oidc->used[oidc->used_next].mark, sealed->mark, MARK_BYTES);
  oidc->used[oidc->used_next].until = sealed->begun + FLOW_LIFE;
  oidc->used_next = (oidc->used_next + 1) % USED_MOST;
}

static bool opens(Sealed *out, Oidc *oidc, const unsigned char box[BOX_BYTES]) {
  OidcKey key[2];
  bool good = false;
  pthread_mutex_lock(&oidc->lock);
  memcpy(key, oidc->key, sizeof key);
  pthread_mutex_unlock(&oidc->lock);
  for (size_t i = 0; i < 2 && !good; i++)
    good = key[i].made && crypto_secretbox_open_easy((unsigned char *)out, box + crypto_secretbox_NONCEBYTES, BOX_BYTES - crypto_secretbox_NONCEBYTES, box, key[i].bytes) == 0;
  sodium_memzero(key, sizeof key);
  return good;
}

static bool unseal(Sealed *out, Oidc *oidc, Text text, SealedKind kind, Error *error) {
  unsigned char box[BOX_BYTES];
  size_t len;
  Instant now = time_now(oidc->wall);
  bool good = text.len && sodium_base642bin(box, sizeof box, text.at, text.len, NULL, &len, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 && len == sizeof box && opens(out, oidc, box);
  good = good && out->kind == (int64_t)kind && now >= out->begun - SPAN_MINUTE && now < out->begun + FLOW_LIFE && !is_used(oidc, out);
  return good ? true : error_raise(error, ERROR_OIDC_FLOW, "%s", "");
}

/* --- the service --- */

static const char *address_of(const Oidc *oidc, const char *name) {
  const char *value = json_string_value(json_object_get(oidc->service, name));
  return value && oidc_address_is_sound(value) ? value : NULL;
}

static bool ask(json_t **out, Oidc *oidc, const OidcFetch *fetch, long *status, Error *error) {
  Instant now = time_now(oidc->wall);
  if (now < oidc->away_until && now >= oidc->away_until - SULK) {
    if (error) *error = oidc->away;
    return false;
  }
  uint64_t since = memory_hunger();
  error_clear(&oidc->away);
  if (oidc_fetch(out, status, fetch, &oidc->away)) return true;
  if (memory_hunger() != since || oidc->away.code == ERROR_OUT_OF_MEMORY) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "oidc"); /* ours, not the service's fault */
  oidc->away_until = now + SULK;
  log_error("oidc", &oidc->away);
  if (error) *error = oidc->away;
  return false;
}

static bool is_fresh(const json_t *kept, Instant at, Span life, Instant now) { return kept && now - at < life && now >= at; }

static bool discover(Oidc *oidc, Arena *arena, Error *error) {
  Instant now = time_now(oidc->wall);
  long status;
  json_t *found;
  if (is_fresh(oidc->service, oidc->service_at, KEEP_SERVICE, now)) return true;
  char *url = arena_take(arena, oidc->issuer.len + 64);
  if (!url) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "oidc");
  Text issuer = text_ends(oidc->issuer, TEXT("/")) ? text_slice(oidc->issuer, 0, oidc->issuer.len - 1) : oidc->issuer;
  snprintf(url, oidc->issuer.len + 64, "%.*s/.well-known/openid-configuration", TEXT_ARG(issuer));
  if (!ask(&found, oidc, &(OidcFetch){.url = url, .ca_file = oidc->ca_file}, &status, error)) return false;
  const char *says = json_string_value(json_object_get(found, "issuer"));
  json_decref(oidc->service);
  oidc->service = found;
  oidc->service_at = now;
  bool whole = status == 200 && says && text_is(oidc->issuer, says) && address_of(oidc, "authorization_endpoint") && address_of(oidc, "token_endpoint") && address_of(oidc, "jwks_uri");
  const json_t *methods = json_object_get(found, "token_endpoint_auth_methods_supported");
  bool basic = !methods, post = false;
  for (size_t i = 0; i < json_array_size(methods); i++) {
    const char *method = json_string_value(json_array_get(methods, i));
    basic = basic || (method && strcmp(method, "client_secret_basic") == 0);
    post = post || (method && strcmp(method, "client_secret_post") == 0);
  }
  oidc->by_post = !basic && post;
  if (whole) return true;
  json_decref(oidc->service);
  oidc->service = NULL;
  return error_raise(error, ERROR_OIDC_AWAY, "%s", "its discovery document is not whole, or of another issuer");
}

static bool fetch_keys(Oidc *oidc, Span life, Error *error) {
  Instant now = time_now(oidc->wall);
  long status;
  json_t *found;
  if (is_fresh(oidc->keys, oidc->keys_at, life, now)) return true;
  if (!ask(&found, oidc, &(OidcFetch){.url = address_of(oidc, "jwks_uri"), .ca_file = oidc->ca_file}, &status, error)) return false;
  json_decref(oidc->keys);
  oidc->keys = found;
  oidc->keys_at = now;
  return true;
}

/* --- beginning --- */

static void put_escaped(Buffer *out, Text text) {
  static const char DIGITS[] = "0123456789ABCDEF";
  for (size_t i = 0; i < text.len; i++) {
    unsigned char c = (unsigned char)text.at[i];
    bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("-._~", c);
    if (plain && c) buffer_byte(out, (char)c);
    else buffer_byte(out, '%'), buffer_byte(out, DIGITS[c >> 4]), buffer_byte(out, DIGITS[c & 15]);
  }
}

static void put_field(Buffer *out, const char *name, Text value) {
  if (out->len && out->at[out->len - 1] != '?') buffer_byte(out, '&');
  buffer_string(out, name);
  buffer_byte(out, '=');
  put_escaped(out, value);
}

static void put_return(Buffer *out, Text origin) {
  char address[ORIGIN_MOST + 16];
  snprintf(address, sizeof address, "%.*s/sign-in", TEXT_ARG(origin));
  put_field(out, "redirect_uri", text_of(address));
}

static Text taken(Buffer *buffer, Arena *arena) {
  buffer_byte(buffer, '\0');
  Text text = buffer->failed ? TEXT_NONE : text_copy(arena, (Text){buffer->at, buffer->len - 1});
  buffer_end(buffer);
  return text;
}

static Text challenge_of(const char *verifier, char out[WORD_TEXT]) {
  unsigned char hash[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(hash, (const unsigned char *)verifier, strlen(verifier));
  sodium_bin2base64(out, WORD_TEXT, hash, sizeof hash, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  return text_of(out);
}

bool oidc_begin(OidcStart *out, Oidc *oidc, Text origin, Arena *arena, Error *error) {
  Sealed sealed = {.kind = SEALED_FLOW, .begun = time_now(oidc->wall)};
  char challenge[WORD_TEXT];
  Buffer url;
  if (!origin.len || origin.len >= ORIGIN_MOST || (oidc->origin.len && !text_equal(origin, oidc->origin))) return error_raise(error, ERROR_CROSS_SITE, "%s", "");
  if (!discover(oidc, arena, error)) return false;
  randombytes_buf(sealed.mark, sizeof sealed.mark);
  random_word(sealed.state);
  random_word(sealed.nonce);
  random_word(sealed.verifier);
  memcpy(sealed.origin, origin.at, origin.len);
  const char *authorize = address_of(oidc, "authorization_endpoint");
  buffer_begin(&url, 8192);
  buffer_string(&url, authorize);
  if (!strchr(authorize, '?')) buffer_byte(&url, '?');
  put_field(&url, "response_type", TEXT("code"));
  put_field(&url, "client_id", oidc->client_id);
  put_return(&url, origin);
  put_field(&url, "scope", oidc->scope);
  put_field(&url, "state", text_of(sealed.state));
  put_field(&url, "nonce", text_of(sealed.nonce));
  put_field(&url, "code_challenge", challenge_of(sealed.verifier, challenge));
  put_field(&url, "code_challenge_method", TEXT("S256"));
  out->url = taken(&url, arena);
  bool ok = out->url.at ? seal(&out->flow, oidc, &sealed, arena, error) : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "oidc");
  sodium_memzero(&sealed, sizeof sealed);
  return ok;
}

/* --- coming back --- */

static bool refuse(Error *error, const char *why) {
  log_line(LOG_WARN, "oidc: refused: %s", why);
  return error_raise(error, ERROR_OIDC_REFUSED, "%s", why);
}

static Text escaped(Text text, Arena *arena) {
  Buffer buffer;
  buffer_begin(&buffer, 16384);
  put_escaped(&buffer, text);
  return taken(&buffer, arena);
}

static bool redeem(json_t **out, Oidc *oidc, const Sealed *sealed, Text code, Arena *arena, Error *error) {
  Buffer form;
  long status;
  bool basic = oidc->secret.len && !oidc->by_post;
  Text user = basic ? escaped(oidc->client_id, arena) : TEXT_NONE, password = basic ? escaped(oidc->secret, arena) : TEXT_NONE;
  buffer_begin(&form, 16384);
  put_field(&form, "grant_type", TEXT("authorization_code"));
  put_field(&form, "code", code);
  put_return(&form, text_of(sealed->origin));
  put_field(&form, "code_verifier", text_of(sealed->verifier));
  if (!basic) put_field(&form, "client_id", oidc->client_id);
  if (oidc->by_post && oidc->secret.len) put_field(&form, "client_secret", oidc->secret);
  Text body = taken(&form, arena);
  if (!body.at || (basic && (!user.at || !password.at))) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "oidc");
  if (!ask(out, oidc, &(OidcFetch){.url = address_of(oidc, "token_endpoint"), .ca_file = oidc->ca_file, .form = body, .user = user.at, .password = password.at}, &status, error)) return false;
  if (status == 200 && json_is_string(json_object_get(*out, "id_token"))) return true;
  json_decref(*out);
  *out = NULL;
  return refuse(error, "code");
}

static bool judge(json_t **claims, Oidc *oidc, const json_t *tokens, const Sealed *sealed, Error *error) {
  const char *why;
  OidcExpected expected = {.issuer = oidc->issuer, .client_id = oidc->client_id, .nonce = text_of(sealed->nonce), .now = time_now(oidc->wall)};
  Text token = text_of(json_string_value(json_object_get(tokens, "id_token")));
  if (!fetch_keys(oidc, KEEP_SERVICE, error)) return false;
  OidcVerdict verdict = oidc_judge(claims, &why, oidc->keys, token, &expected);
  if (verdict == OIDC_KEY_UNKNOWN) { /* the service has changed its keys, perhaps */
    if (!fetch_keys(oidc, KEEP_AT_LEAST, error)) return false;
    verdict = oidc_judge(claims, &why, oidc->keys, token, &expected);
  }
  return verdict == OIDC_GOOD ? true : refuse(error, why);
}

/* What the token does not say, the service is asked for; about the same person. */
static bool complete(json_t *claims, Oidc *oidc, const json_t *tokens, Error *error) {
  const char *bearer = json_string_value(json_object_get(tokens, "access_token")), *url = address_of(oidc, "userinfo_endpoint");
  long status;
  json_t *more;
  if (json_object_get(claims, oidc->claim.at) || !bearer || !url) return true;
  if (!ask(&more, oidc, &(OidcFetch){.url = url, .ca_file = oidc->ca_file, .bearer = bearer}, &status, error)) return false;
  bool same = status == 200 && json_is_string(json_object_get(more, "sub")) && json_equal(json_object_get(more, "sub"), json_object_get(claims, "sub"));
  bool ok = same && json_object_update_missing(claims, more) == 0;
  json_decref(more);
  return ok ? true : refuse(error, "userinfo");
}

static bool is_among(const json_t *list, const json_t *value) {
  for (size_t i = 0; i < json_array_size(list); i++)
    if (json_is_string(value) && json_equal(json_array_get(list, i), value)) return true;
  return false;
}

static bool read_person(OidcPerson *out, const Oidc *oidc, const json_t *claims, Arena *arena, Error *error) {
  const char *name = json_string_value(json_object_get(claims, oidc->claim.at)), *full = json_string_value(json_object_get(claims, "name"));
  const json_t *methods = json_object_get(claims, "amr");
  if (!name || !*name) return refuse(error, oidc->claim.at);
  if (text_is(oidc->claim, "email") && !json_is_true(json_object_get(claims, "email_verified"))) return refuse(error, "email_verified");
  *out = (OidcPerson){.name = text_copy(arena, text_of(name)), .full_name = full ? text_copy(arena, text_of(full)) : TEXT_NONE,
                      .second_factor = is_among(oidc->vouches, json_object_get(claims, "acr"))};
  for (size_t i = 0; i < json_array_size(methods); i++) out->second_factor = out->second_factor || is_among(oidc->vouches, json_array_get(methods, i));
  return out->name.at && (!full || out->full_name.at) ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "oidc");
}

bool oidc_finish(OidcPerson *out, Oidc *oidc, const OidcAnswer *answer, Arena *arena, Error *error) {
  Sealed sealed;
  json_t *tokens = NULL, *claims = NULL;
  if (!unseal(&sealed, oidc, answer->flow, SEALED_FLOW, error)) return false;
  if (answer->state.len != WORD_TEXT - 1 || sodium_memcmp(answer->state.at, sealed.state, WORD_TEXT - 1) != 0) return error_raise(error, ERROR_OIDC_FLOW, "%s", "");
  if (answer->issuer.len && !text_equal(answer->issuer, oidc->issuer)) return refuse(error, "iss");
  bool ok = discover(oidc, arena, error) && redeem(&tokens, oidc, &sealed, answer->code, arena, error) && judge(&claims, oidc, tokens, &sealed, error) &&
            complete(claims, oidc, tokens, error) && read_person(out, oidc, claims, arena, error);
  if (ok) use_up(oidc, &sealed);
  json_decref(tokens);
  json_decref(claims);
  sodium_memzero(&sealed, sizeof sealed);
  return ok;
}

bool oidc_pause(Text *out, Oidc *oidc, int64_t staff_id, Arena *arena, Error *error) {
  Sealed sealed = {.kind = SEALED_PAUSE, .begun = time_now(oidc->wall), .staff_id = staff_id};
  randombytes_buf(sealed.mark, sizeof sealed.mark);
  return seal(out, oidc, &sealed, arena, error);
}

bool oidc_resume(int64_t *staff_id, Oidc *oidc, Text paused, Error *error) {
  Sealed sealed;
  if (!unseal(&sealed, oidc, paused, SEALED_PAUSE, error)) return false;
  *staff_id = sealed.staff_id;
  return true;
}

void oidc_resumed(Oidc *oidc, Text paused) {
  Sealed sealed;
  if (unseal(&sealed, oidc, paused, SEALED_PAUSE, NULL)) use_up(oidc, &sealed);
}
