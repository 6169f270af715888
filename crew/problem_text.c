/* The published instances' text forms. */
#include <math.h>
#include <string.h>

#include "base/limits.h"
#include "crew/problem.h"

typedef struct Lines {
  Text rest;
  int number;
} Lines;

static bool next_line(Lines *lines, Text *line) {
  while (text_next(&lines->rest, '\n', line)) {
    lines->number++;
    *line = text_trim(*line);
    if (line->len) return true;
  }
  return false;
}

/* The next word of a line; what stands in brackets is one word. */
static bool next_word(Text *line, Text *word) {
  *line = text_trim(*line);
  if (!line->len) return false;
  size_t end = 0;
  bool open = false;
  while (end < line->len && (open || (line->at[end] != ' ' && line->at[end] != '\t'))) {
    open = line->at[end] == '[' ? true : line->at[end] == ']' ? false : open;
    end++;
  }
  *word = text_slice(*line, 0, end);
  *line = text_slice(*line, end, line->len);
  return true;
}

static bool wrong(const Lines *lines, const char *what, Error *error) {
  error_raise(error, ERROR_FIELD_INVALID, "line\t%d\t%s", lines->number, what);
  return error_at(error, "line %d", lines->number);
}

static bool read_numbers(const Lines *lines, Text *line, double *out, int count, Error *error) {
  for (int i = 0; i < count; i++) {
    Text word;
    if (!next_word(line, &word) || !text_to_f64(word, &out[i])) return wrong(lines, "a number is missing", error);
    if (!(fabs(out[i]) <= 1e9)) return wrong(lines, "a number is out of range", error);
  }
  return true;
}

typedef struct Point {
  double x, y;
} Point;

static const double *euclid(Arena *arena, const Point *points, size_t count, int decimals) {
  double *travel = ARENA_ARRAY(arena, double, count *count + 1), scale = pow(10, decimals < 0 ? 0 : decimals);
  for (size_t i = 0; travel && i < count; i++)
    for (size_t j = 0; j < count; j++) {
      double exact = hypot(points[i].x - points[j].x, points[i].y - points[j].y);
      travel[i * count + j] = decimals < 0 ? exact : floor(exact * scale) / scale;
    }
  return travel;
}

static DispatchJob plain_job(int64_t id, int place, const double row[6], DispatchWindow *window) {
  *window = (DispatchWindow){row[3], row[4]};
  return (DispatchJob){.id = id,
                       .place = place,
                       .service = row[5],
                       .windows = window,
                       .window_count = 1,
                       .due = INFINITY,
                       .together = -1,
                       .crew = -1,
                       .crew_before = -1,
                       .started = NAN};
}

static DispatchCrew plain_crew(int64_t id, int place, double from, double to) {
  DispatchCrew crew = {.id = id, .start = place, .end = place, .shift = {from, to}, .slowness = 1, .jobs_max = 1 << 20};
  for (int k = 0; k < DISPATCH_AMOUNTS; k++) crew.amount[k] = INFINITY;
  return crew;
}

static bool count_ok(const Lines *lines, double count, int limit, Error *error) {
  if (count >= 1 && count <= limit && count == floor(count)) return true;
  return wrong(lines, "a count is out of range", error);
}

bool problem_read_solomon(Arena *arena, Text text, int decimals, DispatchProblem *out, Error *error) {
  Lines lines = {.rest = text};
  Text line;
  double fleet[2];
  memset(out, 0, sizeof *out);
  for (int i = 0; i < 4; i++) /* name, VEHICLE, its header, its values */
    if (!next_line(&lines, &line)) return wrong(&lines, "the text ends before the vehicles", error);
  if (!read_numbers(&lines, &line, fleet, 2, error) || !count_ok(&lines, fleet[0], LIMIT_DISPATCH_CREWS, error)) return false;
  if (!next_line(&lines, &line) || !next_line(&lines, &line)) return wrong(&lines, "the text ends before the customers", error);
  size_t most = 1;
  for (size_t i = 0; i < lines.rest.len; i++) most += lines.rest.at[i] == '\n';
  if (most > LIMIT_DISPATCH_JOBS + 2) return error_raise(error, ERROR_LIMIT, "jobs\t%d", LIMIT_DISPATCH_JOBS);
  Point *points = ARENA_ARRAY(arena, Point, most);
  DispatchJob *jobs = ARENA_ARRAY(arena, DispatchJob, most);
  DispatchWindow *windows = ARENA_ARRAY(arena, DispatchWindow, most), shift = {0, 0};
  DispatchCrew *crews = ARENA_ARRAY(arena, DispatchCrew, (size_t)fleet[0]);
  if (!points || !jobs || !windows || !crews) return error_raise(error, ERROR_OUT_OF_MEMORY, "instance");
  int places = 0;
  while (next_line(&lines, &line)) {
    double id, row[6];
    if (!read_numbers(&lines, &line, &id, 1, error) || !read_numbers(&lines, &line, row, 6, error)) return false;
    points[places] = (Point){row[0], row[1]};
    if (!places)
      shift = (DispatchWindow){row[3], row[4]};
    else
      jobs[places - 1] = plain_job((int64_t)id, places, row, &windows[places]), jobs[places - 1].amount[0] = row[2];
    places++;
  }
  if (places < 2) return wrong(&lines, "no customers", error);
  for (int k = 0; k < (int)fleet[0]; k++) crews[k] = plain_crew(k, 0, shift.from, shift.to), crews[k].amount[0] = fleet[1];
  const double *travel = euclid(arena, points, (size_t)places, decimals);
  if (!travel) return error_raise(error, ERROR_OUT_OF_MEMORY, "instance");
  *out = (DispatchProblem){.jobs = jobs,
                           .job_count = places - 1,
                           .crews = crews,
                           .crew_count = (int)fleet[0],
                           .travel = travel,
                           .place_count = places,
                           .travel_stride = (size_t)places,
                           .rules = dispatch_rules(DISPATCH_TRAVEL)};
  return dispatch_check(out, error);
}

/* "[1,3]": up to `most` numbers. */
static bool read_list(const Lines *lines, Text *line, double *out, int most, int *count, Error *error) {
  Text word, part;
  if (!next_word(line, &word) || word.len < 2 || word.at[0] != '[' || word.at[word.len - 1] != ']')
    return wrong(lines, "a list is missing", error);
  word = text_trim(text_slice(word, 1, word.len - 1));
  for (*count = 0; word.len && text_next(&word, ',', &part); (*count)++)
    if (*count == most || !text_to_f64(text_trim(part), &out[*count]) || !(out[*count] >= 0 && out[*count] <= 1e6))
      return wrong(lines, "a list holds something else than numbers", error);
  return true;
}

enum { TRSP_MOST = 32 };
typedef struct TrspRow {
  double number[6]; /* x y from to service; by plain_job's order: x y - from to service */
  uint64_t skills;
  double have[2 * TRSP_MOST]; /* tools, then spare parts */
} TrspRow;

static bool read_trsp_row(const Lines *lines, Text line, const int sizes[3], double *id, TrspRow *row, Error *error) {
  double list[TRSP_MOST];
  int count;
  *row = (TrspRow){.skills = 0};
  if (!read_numbers(lines, &line, id, 1, error) || !read_numbers(lines, &line, row->number, 2, error) ||
      !read_numbers(lines, &line, row->number + 3, 3, error) || !read_list(lines, &line, list, TRSP_MOST, &count, error))
    return false;
  for (int i = 0; i < count; i++) {
    if (list[i] >= sizes[0]) return wrong(lines, "an unknown skill", error);
    row->skills |= (uint64_t)1 << (int)list[i];
  }
  if (!read_list(lines, &line, list, TRSP_MOST, &count, error)) return false;
  for (int i = 0; i < count; i++) {
    if (list[i] >= sizes[1]) return wrong(lines, "an unknown tool", error);
    row->have[(int)list[i]] = 1;
  }
  if (!read_list(lines, &line, list, TRSP_MOST, &count, error)) return false;
  if (count > sizes[2]) return wrong(lines, "too many spare parts", error);
  for (int i = 0; i < count; i++) row->have[sizes[1] + i] = list[i];
  return true;
}

bool problem_read_trsp(Arena *arena, Text text, DispatchProblem *out, Error *error) {
  Lines lines = {.rest = text};
  Text line, word;
  double counts[4], id;
  memset(out, 0, sizeof *out);
  do
    if (!next_line(&lines, &line)) return wrong(&lines, "no line CREW COUNT", error);
  while (!text_starts(line, TEXT("CREW COUNT")));
  if (!next_line(&lines, &line) || !read_numbers(&lines, &line, counts, 4, error)) return wrong(&lines, "the counts are missing", error);
  if (!count_ok(&lines, counts[0], LIMIT_DISPATCH_CREWS, error)) return false;
  for (int i = 1; i < 4; i++)
    if (!count_ok(&lines, counts[i], TRSP_MOST, error)) return false;
  int sizes[3] = {(int)counts[1], (int)counts[2], (int)counts[3]}, crew_count = (int)counts[0], items = sizes[1] + sizes[2];
  do
    if (!next_line(&lines, &line)) return wrong(&lines, "no line ID", error);
  while (!next_word(&line, &word) || !text_is(word, "ID"));
  size_t most = 1, crews_at = (size_t)crew_count, item_count = (size_t)items;
  for (size_t i = 0; i < lines.rest.len; i++) most += lines.rest.at[i] == '\n';
  if (most > LIMIT_DISPATCH_JOBS) return error_raise(error, ERROR_LIMIT, "jobs\t%d", LIMIT_DISPATCH_JOBS);
  Point *points = ARENA_ARRAY(arena, Point, most);
  DispatchJob *jobs = ARENA_ARRAY(arena, DispatchJob, most);
  DispatchWindow *windows = ARENA_ARRAY(arena, DispatchWindow, most);
  DispatchNeed *needs = ARENA_ARRAY(arena, DispatchNeed, most * item_count);
  DispatchCrew *crews = ARENA_ARRAY(arena, DispatchCrew, crews_at);
  DispatchItem *item = ARENA_ARRAY(arena, DispatchItem, item_count);
  DispatchStore *store = ARENA_NEW(arena, DispatchStore);
  double *board = ARENA_ARRAY(arena, double, crews_at *item_count), *stock = ARENA_ARRAY(arena, double, item_count);
  if (!points || !jobs || !windows || !needs || !crews || !item || !store || !board || !stock)
    return error_raise(error, ERROR_OUT_OF_MEMORY, "instance");
  int place = 0, job_count = 0;
  for (; next_line(&lines, &line); place++) {
    TrspRow row;
    if (!read_trsp_row(&lines, line, sizes, &id, &row, error)) return false;
    points[place] = (Point){row.number[0], row.number[1]};
    if (place == 0) {
      *store = (DispatchStore){.place = 0, .open = {-INFINITY, INFINITY}, .stock = stock};
    } else if (place <= crew_count) {
      DispatchCrew *crew = &crews[place - 1];
      *crew = plain_crew((int64_t)id, place, row.number[3], row.number[4]);
      crew->skills = row.skills, crew->on_board = memcpy(&board[(size_t)(place - 1) * item_count], row.have, item_count * sizeof *board);
    } else {
      DispatchJob *job = &jobs[job_count];
      *job = plain_job((int64_t)id, place, row.number, &windows[job_count]);
      job->skills = row.skills, job->needs = &needs[(size_t)job_count++ * item_count];
      for (int i = 0; i < items; i++)
        if (row.have[i] > 0) needs[(size_t)(job_count - 1) * item_count + (size_t)job->need_count++] = (DispatchNeed){i, row.have[i]};
    }
  }
  if (!job_count) return wrong(&lines, "no requests", error);
  for (int i = 0; i < items; i++) item[i] = (DispatchItem){i, i < sizes[1]}, stock[i] = INFINITY;
  const double *travel = euclid(arena, points, (size_t)place, -1);
  if (!travel) return error_raise(error, ERROR_OUT_OF_MEMORY, "instance");
  *out = (DispatchProblem){.jobs = jobs,
                           .job_count = job_count,
                           .crews = crews,
                           .crew_count = crew_count,
                           .stores = store,
                           .store_count = 1,
                           .items = item,
                           .item_count = items,
                           .travel = travel,
                           .place_count = place,
                           .travel_stride = (size_t)place,
                           .rules = dispatch_rules(DISPATCH_DURATION)};
  return dispatch_check(out, error);
}
