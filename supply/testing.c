#include "supply/testing.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const PHASE_KEY[3] = {"phase_A", "phase_B", "phase_C"};
#define NOMINAL_VOLTS 230.0

static json_t *file(const char *folder, const char *below, const char *name, const char *what) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s/%s_%s.json", folder, below, name, what);
  return json_load_file(path, 0, NULL);
}

static bool series(const json_t *object, int phase, double *out) {
  const json_t *array = json_object_get(object, PHASE_KEY[phase]);
  if (json_array_size(array) != LV_HOURS) return false;
  for (size_t i = 0; i < LV_HOURS; i++) out[i] = json_number_value(json_array_get(array, i));
  return true;
}

static const json_t *numbered(const json_t *object, int number) {
  char key[16];
  snprintf(key, sizeof key, "%d", number);
  return json_object_get(object, key);
}

static bool customers(LvFeeder *out, const json_t *list, const json_t *loads) {
  double one[LV_HOURS];
  out->customers = (int)json_array_size(list);
  if (out->customers < 1 || out->customers > LV_CUSTOMERS) return false;
  for (int i = 0; i < out->customers; i++) {
    const json_t *customer = json_array_get(list, (size_t)i), *phases = json_object_get(customer, "phases");
    const json_t *load = numbered(loads, (int)json_integer_value(json_object_get(customer, "deviceId")));
    out->bus[i] = (int)json_integer_value(json_object_get(customer, "busId"));
    out->wires[i] = (int)json_array_size(phases);
    out->phase[i] = (int)json_integer_value(json_array_get(phases, 0)) - 1;
    for (int k = 0; k < 3; k++) {
      if (!series(load, k, one)) return false;
      for (int t = 0; t < LV_HOURS; t++) out->load[i][t] += (float)(one[t] * 1000);
    }
  }
  return true;
}

bool lv_feeder_read(LvFeeder *out, const char *folder, const char *name) {
  memset(out, 0, sizeof *out);
  json_t *devices = file(folder, "POLA", name, "devices"), *volts = file(folder, "POLA_data", name, "voltage_data"),
         *loads = file(folder, "POLA_data", name, "load_data");
  bool ok = devices && volts && loads && customers(out, json_object_get(devices, "LVcustomers"), loads);
  double load[LV_HOURS];
  out->buses = (int)json_object_size(volts) - 1;
  ok = ok && out->buses <= LV_BUSES;
  for (int k = 0; ok && k < 3; k++) {
    ok = series(json_object_get(volts, "transfo"), k, out->transformer_pu[k]) && series(json_object_get(loads, "transfo"), k, load);
    for (int t = 0; t < LV_HOURS; t++) out->transformer_load[k][t] = (float)(load[t] * 1000);
    for (int bus = 0; ok && bus < out->buses; bus++) ok = series(numbered(volts, bus), k, out->bus_pu[bus][k]);
  }
  json_decref(devices), json_decref(volts), json_decref(loads);
  return ok;
}

static void read_volts(float *to, const double *pu, const double *common, const LvNoise *noise, int samples, Random *random) {
  for (int t = 0; t < samples; t++) {
    double volts = NOMINAL_VOLTS * (pu[t] + common[t] + noise->class_percent / 300 * random_normal(random));
    to[t] = (float)(noise->step_volts > 0 ? round(volts / noise->step_volts) * noise->step_volts : volts);
  }
}

static void read_load(float *to, const float *from, const LvNoise *noise, int samples, Random *random) {
  for (int t = 0; t < samples; t++) to[t] = (float)((double)from[t] * (1 + noise->load_percent / 100 * random_normal(random)));
}

void lv_draw(LvDraw *out, const LvFeeder *const *feeders, int count, const LvNoise *noise, int moved, uint64_t seed) {
  Random random;
  double common[LV_HOURS] = {0}, at = 0;
  int samples = noise->days * LV_DAY;
  size_t m = 0;
  random_seed(&random, seed);
  memset(out, 0, sizeof *out);
  for (int t = 0; t < samples; t++)
    common[t] = (at = 0.95 * at + sqrt(1 - 0.95 * 0.95) * random_normal(&random)) * noise->common_percent / 100;
  for (int f = 0; f < count; f++) {
    for (int k = 0; k < 3; k++) {
      read_volts(out->transformer_volts[f][k], feeders[f]->transformer_pu[k], common, noise, samples, &random);
      out->transformers[f].volts[k] = out->transformer_volts[f][k];
      if (!noise->transformer_loads) continue;
      read_load(out->transformer_load[f][k], feeders[f]->transformer_load[k], noise, samples, &random);
      out->transformers[f].kw[k] = out->transformer_load[f][k];
    }
    for (int i = 0; i < feeders[f]->customers; i++) {
      int wires = feeders[f]->wires[i];
      if (wires == 3 && !noise->three_phase && !noise->loads) continue;
      IdentifyMeter *meter = &out->meters[m];
      *meter = (IdentifyMeter){.transformer = (uint32_t)f, .wires = (uint8_t)wires};
      for (int w = 0; w < wires; w++) {
        meter->volts[w] = out->volts[m][w];
        if (wires == 3 && !noise->three_phase)
          for (int t = 0; t < samples; t++) out->volts[m][w][t] = NAN;
        else
          read_volts(out->volts[m][w], feeders[f]->bus_pu[feeders[f]->bus[i]][wires == 1 ? feeders[f]->phase[i] : w], common, noise,
                     samples, &random);
      }
      if (noise->loads) read_load(out->load[m], feeders[f]->load[i], noise, samples, &random), meter->kw = out->load[m];
      out->transformer[m] = (uint32_t)f;
      out->phase[m++] = wires == 1 ? feeders[f]->phase[i] : -1;
    }
  }
  for (int k = 0; k < moved && count > 1; k++) {
    size_t i = random_below(&random, (uint32_t)m);
    out->meters[i].transformer = 1 - out->transformer[i];
  }
  out->given = (IdentifyCase){(size_t)samples,      m,
                              (size_t)count,        out->meters,
                              out->transformers,    hypot(noise->class_percent / 300 * NOMINAL_VOLTS, noise->step_volts / sqrt(12)),
                              moved > 0 ? 0.02 : 0, seed};
  if (out->given.sigma_volts < 0.05) out->given.sigma_volts = 0.05; /* no meter is better than that */
}

LvScore lv_score(const LvDraw *draw, const IdentifyVerdict *verdicts) {
  LvScore score = {0};
  double ones = 0, all = 0, sure = 0, moved = 0;
  for (size_t i = 0; i < draw->given.meter_count; i++) {
    bool there = verdicts[i].transformer == draw->transformer[i], right = there && verdicts[i].phase[0] == draw->phase[i];
    all++;
    score.transformer += there;
    if (draw->meters[i].transformer != draw->transformer[i])
      moved++, score.moved_found += there;
    else
      score.moved_false += !there;
    if (draw->phase[i] < 0) continue;
    ones++;
    score.phase += right;
    if (verdicts[i].confidence >= 0.95) sure++, score.sure_right += right;
  }
  score.phase /= ones, score.transformer /= all, score.sure_right /= sure > 0 ? sure : 1, score.sure = sure / ones;
  score.moved_false /= all - moved, score.moved_found /= moved > 0 ? moved : 1;
  return score;
}
