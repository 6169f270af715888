#include "outage/restore_time.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* Defaults (unconfirmed): the promise of arrival within 45 min in town makes the way; the rest is what fault-repair orders are allowed. */
RestoreModel restore_model_default(void) {
  RestoreModel model = {.causes = RESTORE_CAUSES_MAX, .night = 1.25, .weather = 1.3, .load = 0.7, .zone = ZONE_SHANGHAI};
  for (int cause = 0; cause < RESTORE_CAUSES_MAX; cause++) {
    model.stage[cause][RESTORE_ASSIGN] = (RestoreStageModel){5, 0.9};
    model.stage[cause][RESTORE_TRAVEL] = (RestoreStageModel){25, 0.5};
    model.stage[cause][RESTORE_SURVEY] = (RestoreStageModel){15, 0.7};
    model.stage[cause][RESTORE_WORK] = (RestoreStageModel){50, 0.8};
  }
  return model;
}

static double factor_of(const RestoreModel *model, RestoreStage stage, Instant began, int weather, double waiting) {
  int hour = civil_of(began, model->zone).hour;
  double factor = (hour >= 22 || hour < 6 ? model->night : 1) * pow(model->weather, weather);
  return stage == RESTORE_ASSIGN ? factor * pow(1 + fmax(waiting, 0), model->load) : factor;
}

static int cause_of(const RestoreModel *model, int cause) { return cause >= 0 && cause < model->causes ? cause : 0; }

void restore_fit(RestoreModel *model, const RestoreHistory *history, size_t count, double weight) {
  for (int cause = 0; cause < model->causes; cause++)
    for (int stage = 0; stage < RESTORE_STAGES; stage++) {
      RestoreStageModel *of = &model->stage[cause][stage];
      double n = 0, sum = 0, squares = 0, prior = log(of->median_min);
      for (size_t i = 0; i < count; i++) {
        const RestoreHistory *h = &history[i];
        /* an unknown cause learns from every repair */
        if ((cause != 0 && h->cause != cause) || h->stage_min[stage] <= 0) continue;
        double x = log(h->stage_min[stage] / factor_of(model, (RestoreStage)stage, h->began, h->weather, h->waiting));
        n++, sum += x, squares += x * x;
      }
      if (n + weight <= 0) continue;
      double mean = (weight * prior + sum) / (n + weight);
      double variance =
          (weight * (of->sigma * of->sigma + (prior - mean) * (prior - mean)) + squares - 2 * mean * sum + n * mean * mean) / (n + weight);
      *of = (RestoreStageModel){exp(mean), sqrt(fmax(variance, 0.01))};
    }
}

/* Inverse of the normal distribution: Acklam's rational approximation, relative error below 1.2e-9 (P. J. Acklam, 2003). */
static double normal_quantile(double p) {
  static const double a[6] = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                              1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  static const double b[5] = {-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02, 6.680131188771972e+01,
                              -1.328068155288572e+01};
  static const double c[6] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                              -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  static const double d[4] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00};
  if (p > 0.5) return -normal_quantile(1 - p);
  if (p < 0.02425) {
    double q = sqrt(-2 * log(p));
    return (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) / ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
  }
  double q = p - 0.5, r = q * q;
  return (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
         (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
}

/* A distribution as so many equally likely lengths in minutes, rising. */
enum { POINTS = 40 };
typedef struct Lengths {
  double at[POINTS];
} Lengths;

/* What is left of a log-normal stage that has lasted `spent` minutes already. */
static Lengths remaining(double mu, double sigma, double spent) {
  Lengths out;
  double tail = spent > 0 ? fmax(0.5 * erfc((log(spent) - mu) / sigma / sqrt(2)), 1e-250) : 1;
  for (int i = 0; i < POINTS; i++) {
    double z = -normal_quantile((1 - (i + 0.5) / POINTS) * tail);
    out.at[i] = fmax(exp(mu + sigma * z) - spent, 0.05 * (i + 1));
  }
  return out;
}

static int by_length(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The sum of two independent ones: all pairs, sorted, each POINTS of them drawn together to their mean. */
static Lengths add(const Lengths *a, const Lengths *b) {
  double all[POINTS * POINTS];
  for (int i = 0; i < POINTS; i++)
    for (int j = 0; j < POINTS; j++) all[i * POINTS + j] = a->at[i] + b->at[j];
  qsort(all, POINTS * POINTS, sizeof *all, by_length);
  Lengths out = {{0}};
  for (int i = 0; i < POINTS * POINTS; i++) out.at[i / POINTS] += all[i] / POINTS;
  return out;
}

/* False: all is done, at *since. */
static bool still_to_come(const RestoreModel *model, const RestoreCase *c, Instant now, Lengths *sum, Instant *since) {
  bool running = true; /* the first stage not done runs since the last one ended */
  *since = c->began;
  for (int stage = 0; stage < RESTORE_STAGES; stage++) {
    /* a stage skipped in the reports is over when a later one is */
    bool over = false;
    for (int later = stage; later < RESTORE_STAGES; later++) over = over || c->done[later] != INSTANT_NONE;
    if (c->done[stage] != INSTANT_NONE) *since = c->done[stage];
    if (over) continue;
    const RestoreStageModel *of = &model->stage[cause_of(model, c->cause)][stage];
    double median = of->median_min * factor_of(model, (RestoreStage)stage, c->began, c->weather, c->waiting), sigma = of->sigma;
    if (stage == RESTORE_TRAVEL && c->travel_min >= 0) median = fmax(c->travel_min, 1), sigma = fmin(sigma, 0.3);
    if (stage == RESTORE_WORK && c->promised_min >= 0) median = fmax(c->promised_min, 1), sigma = fmin(sigma, 0.4);
    Lengths left = remaining(log(median), sigma, running ? fmax((double)(now - *since) / (double)SPAN_MINUTE, 0) : 0);
    *sum = running ? left : add(sum, &left);
    running = false;
  }
  return !running;
}

static Instant quantile(const Lengths *sum, Instant now, double q) {
  double at = q * POINTS - 0.5;
  int low = at < 0 ? 0 : at >= POINTS - 1 ? POINTS - 2 : (int)at;
  double minutes = sum->at[low] + (at - low) * (sum->at[low + 1] - sum->at[low]);
  return now + (Span)(fmin(fmax(minutes, 0), 60 * 24 * 30) * (double)SPAN_MINUTE);
}

Instant restore_quantile(const RestoreModel *model, const RestoreCase *c, Instant now, double q) {
  assert(q > 0 && q < 1);
  Lengths sum;
  Instant done;
  return still_to_come(model, c, now, &sum, &done) ? quantile(&sum, now, q) : done;
}

RestoreEstimate restore_estimate(const RestoreModel *model, const RestoreCase *c, Instant now) {
  Lengths sum;
  Instant done;
  if (!still_to_come(model, c, now, &sum, &done)) return (RestoreEstimate){done, done, done};
  return (RestoreEstimate){.likely = quantile(&sum, now, 0.5), .from = quantile(&sum, now, 0.1), .until = quantile(&sum, now, 0.9)};
}

void restore_score_add(RestoreScore *score, const RestoreEstimate *estimate, Instant restored) {
  const double quantile[3] = {0.1, 0.5, 0.9};
  const Instant at[3] = {estimate->from, estimate->likely, estimate->until};
  double loss = 0;
  for (int i = 0; i < 3; i++) {
    double over = (double)(restored - at[i]) / (double)SPAN_MINUTE;
    loss += (over >= 0 ? quantile[i] * over : (quantile[i] - 1) * over) / 3;
  }
  double n = (double)score->count++;
  score->pinball_min = (score->pinball_min * n + loss) / (n + 1);
  score->inside = (score->inside * n + (restored >= estimate->from && restored <= estimate->until)) / (n + 1);
}
