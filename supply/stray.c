#include "supply/stray.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PHASES = 3, TURNS = 6, CLASSES_MOST = (STRAY_NEIGHBOURS + 1) * PHASES };
static const uint8_t TURN[TURNS][PHASES] = {{0, 1, 2}, {1, 2, 0}, {2, 0, 1}, {0, 2, 1}, {2, 1, 0}, {1, 0, 2}};

static double dot(const float *a, const float *b, size_t count) {
  float sum[16] = {0}; /* lanes: so the compiler may keep them in vectors */
  double all = 0;
  size_t i = 0;
  for (; i + 16 <= count; i += 16)
    for (size_t k = 0; k < 16; k++) sum[k] += a[i + k] * b[i + k];
  for (size_t k = 0; k < 16; k++) all += (double)sum[k];
  for (; i < count; i++) all += (double)(a[i] * b[i]);
  return all;
}

/* Mean off, gaps as the mean. false: nothing there. */
static bool centre(const float *from, float *to, size_t count) {
  double sum = 0, seen = 0;
  for (size_t i = 0; from && i < count; i++)
    if (isfinite(from[i])) sum += (double)from[i], seen++;
  if (seen == 0) return false;
  for (size_t i = 0; i < count; i++) to[i] = isfinite(from[i]) ? (float)((double)from[i] - sum / seen) : 0;
  return true;
}

static void add(float *to, const float *from, float sign, size_t count) {
  for (size_t i = 0; i < count; i++) to[i] += sign * from[i];
}

static double correlation(const float *sum, const float *one, bool inside, size_t samples) {
  double own = dot(one, one, samples), with = dot(sum, one, samples) - (inside ? own : 0);
  double spread = dot(sum, sum, samples) - (inside ? 2 * (with + own) - own : 0);
  return spread > 0 && own > 0 ? with / sqrt(spread * own) : -1;
}

/* The place of each wire of a meter in its area. */
static void put(StrayReference *out, const float *rows, int wires, int state, float sign, size_t samples) {
  for (int wire = 0; wire < wires; wire++) {
    int phase = wires == 1 ? state : TURN[state][wire];
    add(out->sum[phase], rows + (size_t)wire * samples, sign, samples);
    if (sign > 0) out->members[phase]++;
    else out->members[phase]--;
  }
}

static int states_of(int wires) { return wires == 1 ? PHASES : TURNS; }
static int phase_of(int wires, int state, int wire) { return wires == 1 ? state : TURN[state][wire]; }

bool stray_refer(StrayReference *out, const IdentifyMeter *meters, uint8_t *phase, size_t count, size_t samples, Arena *work, Error *error) {
  float *rows = ARENA_ARRAY(work, float, PHASES *samples + 1);
  bool *in = ARENA_ARRAY(work, bool, count + 1);
  if (!rows || !in) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "stray");
  for (int k = 0; k < PHASES; k++) memset(out->sum[k], 0, samples * sizeof(float)), out->members[k] = 0;
  for (int round = 0; round < STRAY_ROUNDS; round++) {
    bool moved = false;
    for (size_t i = 0; i < count; i++) {
      int wires = meters[i].wires, best = 0;
      double most = -INFINITY;
      bool spoke = true;
      for (int wire = 0; wire < wires; wire++) spoke = centre(meters[i].volts[wire], rows + (size_t)wire * samples, samples) && spoke;
      if (!spoke) continue;
      if (round == 0 && phase[i] < states_of(wires)) { /* first as the books have it; three wires in the order of their terminals */
        put(out, rows, wires, phase[i], 1, samples), in[i] = true;
        continue;
      }
      if (round == 0) continue;
      for (int state = 0; state < states_of(wires); state++) {
        double value = 0;
        for (int wire = 0; wire < wires; wire++)
          value += correlation(out->sum[phase_of(wires, state, wire)], rows + (size_t)wire * samples, in[i] && phase[i] == state, samples);
        if (value > most) most = value, best = state;
      }
      if (in[i] && phase[i] == best) continue;
      if (in[i]) put(out, rows, wires, phase[i], -1, samples);
      put(out, rows, wires, best, 1, samples);
      phase[i] = (uint8_t)best, in[i] = moved = true;
    }
    if (round > 0 && !moved) break;
  }
  return true;
}

/* --- suspects --- */

typedef struct Field { /* the references of an area and of those around it */
  const float *sum[CLASSES_MOST];
  double members[CLASSES_MOST], gram[CLASSES_MOST][CLASSES_MOST], with_common[CLASSES_MOST];
  double common; /* its own square */
  size_t classes;
} Field;

static void look_around(Field *field, const StrayReference *own, const StrayReference *neighbours, size_t count, size_t samples) {
  *field = (Field){.classes = (count + 1) * PHASES};
  for (size_t c = 0; c < field->classes; c++) {
    const StrayReference *at = c < PHASES ? own : &neighbours[c / PHASES - 1];
    field->sum[c] = at->sum[c % PHASES], field->members[c] = at->members[c % PHASES];
  }
  for (size_t a = 0; a < field->classes; a++)
    for (size_t b = 0; b <= a; b++) field->gram[a][b] = field->gram[b][a] = dot(field->sum[a], field->sum[b], samples);
  for (size_t a = 0; a < field->classes; a++)
    for (size_t b = 0; b < field->classes; b++)
      if (field->members[b] > 0) field->with_common[a] += field->gram[a][b] / field->members[b];
  for (size_t a = 0; a < field->classes; a++)
    if (field->members[a] > 0) field->common += field->with_common[a] / field->members[a];
}

/* Log likelihood of a series in a class; its products with the classes are known. `inside`: it is a member, and is left out. */
static double likelihood(const Field *field, size_t c, const double *with, double own, bool inside, size_t samples, double sigma) {
  double y_common = 0, variance = sigma * sigma * (double)samples;
  if (field->members[c] < (inside ? 2 : 1)) return 0;
  for (size_t k = 0; k < field->classes; k++)
    if (field->members[k] > 0) y_common += with[k] / field->members[k];
  double xy = with[c] - (inside ? own : 0), xx = field->gram[c][c] - (inside ? 2 * with[c] - own : 0),
         x_common = field->with_common[c] - (inside ? y_common : 0), yy = own;
  if (field->common > 0) {
    xy -= x_common * y_common / field->common;
    xx -= x_common * x_common / field->common;
    yy -= y_common * y_common / field->common;
  }
  double explained = xx > 0 && xy > 0 ? xy * xy / xx : 0;
  return -0.5 * (double)samples * log((fmax(yy - explained, 0) + variance) / (fmax(yy, 0) + variance));
}

static int by_gain(const void *a, const void *b) {
  const StraySuspect *x = a, *y = b;
  return x->gain != y->gain ? (x->gain < y->gain ? 1 : -1) : (x->meter > y->meter) - (x->meter < y->meter);
}

bool stray_suspects(StraySuspect *out, size_t *found, const IdentifyMeter *meters, const uint8_t *phase, size_t count, const StrayReference *own,
                    const StrayReference *neighbours, size_t neighbour_count, size_t samples, double sigma, Arena *work, Error *error) {
  Field *field = ARENA_NEW(work, Field);
  float *row = ARENA_ARRAY(work, float, samples + 1);
  *found = 0;
  if (!field || !row) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "stray");
  if (neighbour_count > STRAY_NEIGHBOURS) return error_raise(error, ERROR_LIMIT, "neighbours\t%d", STRAY_NEIGHBOURS);
  look_around(field, own, neighbours, neighbour_count, samples);
  for (size_t i = 0; i < count; i++) {
    double with[PHASES][CLASSES_MOST], square[PHASES], best = -INFINITY, here = -INFINITY;
    size_t at = 0;
    bool spoke = true;
    int wires = meters[i].wires;
    for (int wire = 0; wire < wires; wire++) {
      spoke = centre(meters[i].volts[wire], row, samples) && spoke;
      if (!spoke) break;
      square[wire] = dot(row, row, samples);
      for (size_t c = 0; c < field->classes; c++) with[wire][c] = dot(row, field->sum[c], samples);
    }
    if (!spoke) continue;
    for (size_t a = 0; a <= neighbour_count; a++) {
      for (int state = 0; state < states_of(wires); state++) {
        double value = 0;
        for (int wire = 0; wire < wires; wire++) {
          int k = phase_of(wires, state, wire);
          bool inside = a == 0 && phase_of(wires, phase[i], wire) == k;
          value += likelihood(field, a * PHASES + (size_t)k, with[wire], square[wire], inside, samples, sigma);
        }
        if (a == 0) here = fmax(here, value);
        else if (value > best) best = value, at = a - 1;
      }
    }
    if (best > here) out[(*found)++] = (StraySuspect){(uint32_t)i, (uint32_t)at, best - here};
  }
  qsort(out, *found, sizeof *out, by_gain);
  return true;
}
