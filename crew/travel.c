#include "crew/travel.h"

#include <curl/curl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/map.h"

enum { BLOCK_LEAST = 2, CELL_BYTES = 24, REPLY_EXTRA = 65536, PAUSE_FIRST_MS = 50 };
#define SULK (30 * SPAN_SECOND) /* so long a server that failed is not asked again: a plan must not wait for it every time */
static const double LONGEST_S = 1e6;

struct Travel {
  CURL *curl;
  Buffer address, request, reply;
  Map young, old; /* pair of places → until when, and how long; when the young is full the old one goes */
  size_t keep_most;
  double timeout_s, patience_s, keep_s;
  int table_most, tries;
  Instant silent_until;
  char profile[32];
  char curl_error[CURL_ERROR_SIZE];
};

typedef struct Ask { /* one travel_table */
  Travel *travel;
  const TravelPoint *points;
  int count;
  Instant now;
  double *seconds;
  size_t stride;
  TravelAnswer answer;
  int64_t until_us; /* patience ends, by the machine */
  int *index;       /* of one request's places: rows, then columns */
  int rows, columns;
  bool same;        /* rows and columns are the same places */
  bool stop;        /* ask no more */
} Ask;

static void say(Ask *ask, const char *why) {
  if (!ask->answer.why[0]) snprintf(ask->answer.why, sizeof ask->answer.why, "%s", why);
}

/* --- what is kept --------------------------------------------------------------------------------------------------- */

static uint64_t mixed(uint64_t state, int64_t value) {
  uint64_t z = (state ^ (uint64_t)value) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  return z ^ (z >> 31);
}

/* Places to a metre; two pairs share a key once in 10^19. */
static int64_t pair_key(TravelPoint a, TravelPoint b) {
  uint64_t state = mixed(0, llround(a.lon * 1e5));
  state = mixed(mixed(mixed(state, llround(a.lat * 1e5)), llround(b.lon * 1e5)), llround(b.lat * 1e5));
  int64_t key = (int64_t)state;
  return key == MAP_NO_KEY ? 0 : key;
}

static bool keep_get(const Travel *travel, int64_t key, Instant now, double *seconds) {
  int64_t value;
  if (!map_get(&travel->young, key, &value) && !map_get(&travel->old, key, &value)) return false;
  if ((uint64_t)value >> 32 <= (uint64_t)(now / SPAN_SECOND)) return false;
  *seconds = (double)(uint32_t)value / 10;
  return true;
}

static void keep_put(Travel *travel, int64_t key, Instant now, double seconds) {
  uint64_t until = (uint64_t)((double)(now / SPAN_SECOND) + travel->keep_s);
  if (travel->young.count * 2 >= travel->keep_most) {
    map_free(&travel->old);
    travel->old = travel->young;
    travel->young = (Map){0};
  }
  if (!map_put(&travel->young, key, (int64_t)(until << 32 | (uint32_t)llround(seconds * 10)))) map_free(&travel->young); /* only a loss of time */
}

/* --- one request ---------------------------------------------------------------------------------------------------- */

static size_t take_bytes(char *bytes, size_t size, size_t count, void *self) {
  buffer_put(self, bytes, size * count);
  return ((Buffer *)self)->failed ? 0 : size * count; /* too much: curl ends the transfer */
}

static void put_indices(Buffer *out, const char *name, int from, int to) {
  buffer_string(out, name);
  for (int i = from; i < to; i++) {
    if (i > from) buffer_byte(out, ';');
    buffer_i64(out, i);
  }
}

static bool write_request(Ask *ask) {
  Travel *travel = ask->travel;
  Buffer *out = &travel->request;
  int places = ask->same ? ask->rows : ask->rows + ask->columns;
  buffer_clear(out);
  buffer_text(out, buffer_as_text(&travel->address));
  buffer_string(out, "/table/v1/");
  buffer_string(out, travel->profile);
  for (int i = 0; i < places; i++) {
    buffer_byte(out, i ? ';' : '/');
    buffer_f64(out, ask->points[ask->index[i]].lon, 6);
    buffer_byte(out, ',');
    buffer_f64(out, ask->points[ask->index[i]].lat, 6);
  }
  buffer_string(out, "?annotations=duration");
  if (!ask->same) {
    put_indices(out, "&sources=", 0, ask->rows);
    put_indices(out, "&destinations=", ask->rows, places);
  }
  buffer_byte(out, '\0');
  return !out->failed;
}

/* A cell that is a time is written and kept; any other than null spoils the reply. */
static bool take_cell(Ask *ask, int row, int column, const json_t *cell) {
  int a = ask->index[row], b = ask->index[ask->same ? column : ask->rows + column];
  if (json_is_null(cell)) return true;
  double seconds = json_number_value(cell);
  if (!json_is_number(cell) || !(seconds >= 0 && seconds <= LONGEST_S)) return false;
  if (a == b) return true;
  ask->seconds[(size_t)a * ask->stride + (size_t)b] = seconds;
  keep_put(ask->travel, pair_key(ask->points[a], ask->points[b]), ask->now, seconds);
  return true;
}

static bool take_durations(Ask *ask, const json_t *durations) {
  if (json_array_size(durations) != (size_t)ask->rows) return false;
  for (int i = 0; i < ask->rows; i++)
    if (json_array_size(json_array_get(durations, (size_t)i)) != (size_t)ask->columns) return false;
  for (int i = 0; i < ask->rows; i++)
    for (int j = 0; j < ask->columns; j++)
      if (!take_cell(ask, i, j, json_array_get(json_array_get(durations, (size_t)i), (size_t)j))) return false;
  return true;
}

typedef enum Got { GOT_TIMES, GOT_TOO_BIG, GOT_REFUSED, GOT_FAILED } Got; /* refused: the same again would be refused again */

static Got read_reply(Ask *ask, long status) {
  Text bytes = buffer_as_text(&ask->travel->reply);
  json_t *root = json_loadb(bytes.at ? bytes.at : "", bytes.len, 0, NULL);
  const char *code = json_string_value(json_object_get(root, "code"));
  char why[TRAVEL_WHY_MAX];
  Got got = GOT_FAILED;
  if (status == 200 && code && strcmp(code, "Ok") == 0) {
    got = take_durations(ask, json_object_get(root, "durations")) ? GOT_TIMES : GOT_REFUSED;
    if (got != GOT_TIMES) say(ask, "the server's table is not one");
  } else if (code && strcmp(code, "TooBig") == 0) {
    got = GOT_TOO_BIG;
  } else if (status >= 500 || status == 429) {
    snprintf(why, sizeof why, "the server failed with status %ld", status);
    say(ask, why);
  } else {
    got = GOT_REFUSED;
    if (status == 200) snprintf(why, sizeof why, "the server's answer is not readable");
    else snprintf(why, sizeof why, "the server refused with status %ld (%.40s)", status, code ? code : "no code");
    say(ask, why);
  }
  json_decref(root);
  return got;
}

static Got try_once(Ask *ask) {
  Travel *travel = ask->travel;
  double left_s = (double)(ask->until_us - time_monotonic_us()) / 1e6;
  if (left_s <= 0) return say(ask, "patience is over"), GOT_REFUSED;
  buffer_clear(&travel->reply);
  travel->reply.limit = REPLY_EXTRA + (size_t)(ask->rows + ask->columns) * 512 + (size_t)ask->rows * (size_t)ask->columns * CELL_BYTES;
  travel->curl_error[0] = '\0';
  curl_easy_setopt(travel->curl, CURLOPT_URL, travel->request.at);
  curl_easy_setopt(travel->curl, CURLOPT_TIMEOUT_MS, (long)(fmin(travel->timeout_s, left_s) * 1000) + 1);
  ask->answer.requests++;
  CURLcode code = curl_easy_perform(travel->curl);
  if (code == CURLE_WRITE_ERROR) return say(ask, "the server's answer is too long"), GOT_REFUSED;
  if (code != CURLE_OK) return say(ask, curl_easy_strerror(code)), GOT_FAILED;
  long status = 0;
  curl_easy_getinfo(travel->curl, CURLINFO_RESPONSE_CODE, &status);
  return read_reply(ask, status);
}

static Got try_some(Ask *ask) {
  Got got = GOT_FAILED;
  if (!write_request(ask)) return say(ask, "out of memory"), GOT_REFUSED;
  for (int t = 0; t < ask->travel->tries && got == GOT_FAILED; t++) {
    if (t) {
      int64_t pause_us = (int64_t)PAUSE_FIRST_MS * 1000 << (2 * (t - 1) > 12 ? 12 : 2 * (t - 1)), left_us = ask->until_us - time_monotonic_us();
      if (left_us <= pause_us) return GOT_FAILED;
      nanosleep(&(struct timespec){pause_us / 1000000, pause_us % 1000000 * 1000}, NULL);
      ask->answer.retries++;
    }
    got = try_once(ask);
  }
  return got;
}

/* --- the table ------------------------------------------------------------------------------------------------------ */

static bool block_is_known(const Ask *ask, int row, int rows, int column, int columns) {
  for (int i = row; i < row + rows; i++)
    for (int j = column; j < column + columns; j++)
      if (i != j && isnan(ask->seconds[(size_t)i * ask->stride + (size_t)j])) return false;
  return true;
}

static void ask_blocks(Ask *ask) {
  int *most = &ask->travel->table_most;
  for (int row = 0; row < ask->count && !ask->stop; row += *most)
    for (int column = 0; column < ask->count && !ask->stop; column += *most) {
      int rows = ask->count - row < *most ? ask->count - row : *most, columns = ask->count - column < *most ? ask->count - column : *most;
      if (block_is_known(ask, row, rows, column, columns)) continue;
      ask->rows = rows, ask->columns = columns, ask->same = row == column;
      for (int i = 0; i < rows; i++) ask->index[i] = row + i;
      for (int j = 0; j < columns && !ask->same; j++) ask->index[rows + j] = column + j;
      Got got = try_some(ask);
      if (got == GOT_TOO_BIG && *most > BLOCK_LEAST) { /* from the beginning, smaller: what is known by now is passed over */
        *most = *most / 2 < BLOCK_LEAST ? BLOCK_LEAST : *most / 2;
        row = -*most;
        break;
      }
      if (got == GOT_TIMES) continue;
      if (got == GOT_TOO_BIG) say(ask, "the server takes no table of two places");
      ask->stop = true;
      ask->travel->silent_until = ask->now + SULK;
    }
}

/* What is kept goes in; what is not stays NAN. */
static void begin_cells(Ask *ask) {
  for (int i = 0; i < ask->count; i++)
    for (int j = 0; j < ask->count; j++) {
      double *cell = &ask->seconds[(size_t)i * ask->stride + (size_t)j];
      *cell = i == j ? 0 : NAN;
      if (i != j && ask->travel->address.len && keep_get(ask->travel, pair_key(ask->points[i], ask->points[j]), ask->now, cell)) ask->answer.kept++;
    }
}

static void fill_cells(Ask *ask, const TravelSpeeds *speeds) {
  int hour = travel_hour(ask->now);
  int64_t cells = (int64_t)ask->count * (ask->count - 1);
  for (int i = 0; i < ask->count; i++)
    for (int j = 0; j < ask->count; j++) {
      double *cell = &ask->seconds[(size_t)i * ask->stride + (size_t)j];
      if (!isnan(*cell)) continue;
      if (speeds) *cell = travel_seconds(speeds, ask->points[i], ask->points[j], hour);
      ask->answer.filled++;
    }
  ask->answer.asked = cells - ask->answer.kept - ask->answer.filled;
}

static bool check_points(const TravelSpeeds *speeds, const TravelPoint *points, int count, Error *error) {
  for (int i = 0; i < count; i++) {
    const TravelPoint *p = &points[i];
    if (fabs(p->lon) <= 180 && fabs(p->lat) <= 90 && (!speeds || (p->zone >= 0 && p->zone < speeds->zone_count))) continue;
    return error_raise(error, ERROR_FIELD_INVALID, "points[%d]\t%g, %g\tdegrees and a known zone are needed", i, p->lon, p->lat);
  }
  return true;
}

bool travel_table(Travel *travel, const TravelSpeeds *speeds, const TravelPoint *points, int count, Instant now, double *seconds, size_t stride,
                  TravelAnswer *answer, Error *error) {
  Ask ask = {.travel = travel, .points = points, .count = count, .now = now, .seconds = seconds, .stride = stride};
  if (!check_points(speeds, points, count, error)) return false;
  ask.index = memory_new(((size_t)count * 2 + 1) * sizeof *ask.index);
  if (!ask.index) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "travel");
  ask.until_us = time_monotonic_us() + (int64_t)(travel->patience_s * 1e6);
  begin_cells(&ask);
  bool asks = travel->address.len > 0 && ask.answer.kept < (int64_t)count * (count - 1);
  if (asks && now < travel->silent_until) say(&ask, "the server failed a moment ago and is not asked again yet");
  else if (asks) ask_blocks(&ask);
  fill_cells(&ask, speeds);
  ask.answer.degraded = asks && ask.answer.filled > 0;
  if (ask.answer.degraded) say(&ask, "the server knows no way between some places");
  if (answer) *answer = ask.answer;
  memory_free(ask.index);
  return true;
}

/* --- begin and end -------------------------------------------------------------------------------------------------- */

static bool sound_options(const char *osrm, const char *profile, Error *error) {
  if (strncmp(osrm, "http://", 7) != 0 && strncmp(osrm, "https://", 8) != 0)
    return error_raise(error, ERROR_FIELD_INVALID, "osrm\t%s\tan address begins with http:// or https://", osrm);
  for (const char *c = osrm; *c; c++)
    if ((unsigned char)*c <= ' ' || *c == '?' || *c == '#') return error_raise(error, ERROR_FIELD_INVALID, "osrm\t%s\tno blanks, ? or #", osrm);
  size_t letters = strspn(profile, "abcdefghijklmnopqrstuvwxyz0123456789_-");
  if (!letters || profile[letters] || letters >= sizeof(((Travel *)NULL)->profile))
    return error_raise(error, ERROR_FIELD_INVALID, "profile\t%s\tsmall letters, digits, _ and -", profile);
  return true;
}

static bool begin_curl(Travel *travel, Error *error) {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 || !(travel->curl = curl_easy_init())) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "curl");
  curl_easy_setopt(travel->curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(travel->curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(travel->curl, CURLOPT_PROXY, ""); /* the company's own server: never by way of the environment's proxy */
  curl_easy_setopt(travel->curl, CURLOPT_WRITEFUNCTION, take_bytes);
  curl_easy_setopt(travel->curl, CURLOPT_WRITEDATA, &travel->reply);
  curl_easy_setopt(travel->curl, CURLOPT_ERRORBUFFER, travel->curl_error);
  return true;
}

bool travel_open(Travel **out, const TravelOptions *options, Error *error) {
  const char *osrm = options->osrm ? options->osrm : "", *profile = options->profile ? options->profile : "driving";
  *out = NULL;
  if (*osrm && !sound_options(osrm, profile, error)) return false;
  Travel *travel = memory_new(sizeof *travel);
  if (!travel) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "travel");
  travel->table_most = options->table_most > 0 ? options->table_most : 100;
  if (travel->table_most < BLOCK_LEAST) travel->table_most = BLOCK_LEAST;
  travel->tries = options->tries > 0 ? options->tries : 3;
  travel->timeout_s = options->timeout_s > 0 ? options->timeout_s : 5;
  travel->patience_s = options->patience_s > 0 ? options->patience_s : 20;
  travel->keep_s = options->keep_s > 0 ? options->keep_s : 3600;
  travel->keep_most = options->keep_most ? options->keep_most : 1000000;
  travel->silent_until = INSTANT_NONE;
  snprintf(travel->profile, sizeof travel->profile, "%s", profile);
  buffer_begin(&travel->address, 0), buffer_begin(&travel->request, 0), buffer_begin(&travel->reply, 0);
  size_t length = strlen(osrm);
  while (length && osrm[length - 1] == '/') length--;
  buffer_put(&travel->address, osrm, length);
  if (travel->address.failed || (length && !begin_curl(travel, error))) {
    travel_close(travel);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "travel");
  }
  *out = travel;
  return true;
}

void travel_close(Travel *travel) {
  if (!travel) return;
  if (travel->curl) curl_easy_cleanup(travel->curl);
  buffer_end(&travel->address), buffer_end(&travel->request), buffer_end(&travel->reply);
  map_free(&travel->young), map_free(&travel->old);
  memory_free(travel);
}
