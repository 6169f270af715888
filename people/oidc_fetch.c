#include <curl/curl.h>

#include "base/buffer.h"
#include "people/oidc.h"

enum { CONNECT_MS = 3000 };

static bool is_here(const char *host) { return strcmp(host, "127.0.0.1") == 0 || strcmp(host, "[::1]") == 0 || strcmp(host, "localhost") == 0; }

/* *here: at the machine itself, where nothing needs to be hidden from a line. */
static bool look_at(const char *url, bool *here) {
  CURLU *parts = curl_url();
  char *scheme = NULL, *host = NULL, *user = NULL, *fragment = NULL;
  bool sound = parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK && curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
               curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK && curl_url_get(parts, CURLUPART_USER, &user, 0) != CURLUE_OK &&
               curl_url_get(parts, CURLUPART_FRAGMENT, &fragment, 0) != CURLUE_OK;
  *here = sound && is_here(host);
  sound = sound && (strcmp(scheme, "https") == 0 || (*here && strcmp(scheme, "http") == 0));
  curl_free(scheme);
  curl_free(host);
  curl_free(user);
  curl_free(fragment);
  curl_url_cleanup(parts);
  return sound;
}

bool oidc_address_is_sound(const char *url) {
  bool here;
  return look_at(url, &here);
}

static size_t take_bytes(char *bytes, size_t size, size_t count, void *self) {
  buffer_put(self, bytes, size * count);
  return ((Buffer *)self)->failed ? 0 : size * count; /* too much: curl ends the transfer */
}

static struct curl_slist *with(struct curl_slist *list, const char *line) {
  struct curl_slist *longer = curl_slist_append(list, line);
  if (!longer) curl_slist_free_all(list);
  return longer;
}

static CURLcode perform(CURL *curl, const OidcFetch *fetch, bool here, Buffer *reply, long *status) {
  struct curl_slist *headers = with(NULL, "Accept: application/json");
  if (!headers) return CURLE_OUT_OF_MEMORY;
  curl_easy_setopt(curl, CURLOPT_URL, fetch->url);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, here ? "http,https" : "https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)OIDC_PATIENCE_MS);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply);
  if (here) curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  if (fetch->ca_file) curl_easy_setopt(curl, CURLOPT_CAINFO, fetch->ca_file);
  if (fetch->form.at) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)fetch->form.len);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, fetch->form.at);
  }
  if (fetch->user) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(curl, CURLOPT_USERNAME, fetch->user);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, fetch->password);
  }
  if (fetch->bearer) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, fetch->bearer);
  }
  CURLcode code = curl_easy_perform(curl);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
  curl_slist_free_all(headers);
  return code;
}

bool oidc_fetch(json_t **out, long *status, const OidcFetch *fetch, Error *error) {
  bool here;
  Buffer reply;
  *out = NULL;
  *status = 0;
  if (!look_at(fetch->url, &here)) return error_raise(error, ERROR_OIDC_AWAY, "%s", "an address of it is not https");
  CURL *curl = curl_easy_init();
  if (!curl) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "oidc");
  buffer_begin(&reply, OIDC_REPLY_BYTES);
  CURLcode code = perform(curl, fetch, here, &reply, status);
  curl_easy_cleanup(curl);
  if (code == CURLE_OK) *out = json_loadb(reply.at ? reply.at : "", reply.len, JSON_REJECT_DUPLICATES, NULL);
  buffer_end(&reply);
  if (code == CURLE_WRITE_ERROR) return error_raise(error, ERROR_OIDC_AWAY, "an answer of more than %d bytes", OIDC_REPLY_BYTES);
  if (code != CURLE_OK) return error_raise(error, ERROR_OIDC_AWAY, "%s", curl_easy_strerror(code));
  if (json_is_object(*out)) return true;
  json_decref(*out);
  *out = NULL;
  return error_raise(error, ERROR_OIDC_AWAY, "status %ld, and no JSON", *status);
}
