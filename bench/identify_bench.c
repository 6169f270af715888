/* identify_bench [LV_PHASE [DRAWS]]: phase and transformer of meters found from their readings, on the two public low-voltage feeders:
 * share right over noise and days, mean of 20 draws, beside the plain correlation on the very same draws. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "supply/testing.h"

static LvFeeder feeders[2];
static LvDraw drawn;
static IdentifyVerdict verdicts[LV_METERS];
static int draws = 20;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* One line of a table: mean over draws of what the engine and the yardstick get right. */
static bool row(const char *name, int from, int count, const LvNoise *noise, int moved) {
  const LvFeeder *at[2] = {&feeders[from], &feeders[1]};
  LvScore mean = {0}, plain = {0};
  double ms = 0;
  for (int k = 0; k < draws; k++) {
    Arena arena;
    Error error = {0};
    arena_begin(&arena, 0);
    lv_draw(&drawn, at, count, noise, moved, 1000 + (uint64_t)k);
    bool ok = identify_plain(&drawn.given, verdicts, &arena, &error);
    LvScore one = lv_score(&drawn, verdicts);
    plain.phase += one.phase / draws, plain.transformer += one.transformer / draws, plain.moved_found += one.moved_found / draws;
    double begun = now();
    ok = ok && identify_meters(&drawn.given, verdicts, &arena, &error);
    ms += (now() - begun) / draws;
    arena_end(&arena);
    if (!ok) return false;
    one = lv_score(&drawn, verdicts);
    mean.phase += one.phase / draws, mean.transformer += one.transformer / draws, mean.sure += one.sure / draws;
    mean.sure_right += one.sure * one.sure_right / draws, mean.moved_found += one.moved_found / draws,
        mean.moved_false += one.moved_false / draws;
  }
  printf("%-28s class %4.2f %%  %2d days  plain %.3f  found %.3f  told with 95 %% %.3f, of those right %.3f  ", name, noise->class_percent,
         noise->days, plain.phase, mean.phase, mean.sure, mean.sure > 0 ? mean.sure_right / mean.sure : 0);
  if (moved) printf("moved: found %.3f (plain %.3f) falsely %.4f  ", mean.moved_found, plain.moved_found, mean.moved_false);
  printf("%.0f ms\n", ms);
  fflush(stdout);
  return true;
}

int main(int count, char **arguments) {
  const char *folder = count > 1 ? arguments[1] : "../shared/data/lv_phase", *names[2] = {"65025_80035", "1076069_1274125"};
  static const double CLASSES[] = {0, 0.1, 0.2, 0.5, 1};
  static const int DAYS[] = {2, 5, 10, 20};
  if (count > 2) draws = atoi(arguments[2]);
  for (int f = 0; f < 2; f++)
    if (!lv_feeder_read(&feeders[f], folder, names[f])) return fprintf(stderr, "cannot read %s in %s\n", names[f], folder), 1;
  for (int what = 0; what < 4; what++) {
    static const char *const WHAT[] = {"volts alone", "and three-phase meters", "and the transformer's load",
                                       "and all loads (error 0.5 %)"};
    printf("\n%s; readings in steps of 0.1 V\n", WHAT[what]);
    for (int f = 0; f < 2; f++) {
      for (size_t c = 0; c < sizeof CLASSES / sizeof *CLASSES; c++) {
        for (size_t d = 0; d < sizeof DAYS / sizeof *DAYS; d++) {
          LvNoise noise = {.class_percent = CLASSES[c],
                           .step_volts = 0.1,
                           .days = DAYS[d],
                           .three_phase = what >= 1,
                           .transformer_loads = what >= 2,
                           .loads = what >= 3,
                           .load_percent = 0.5};
          if ((d + 1 == sizeof DAYS / sizeof *DAYS || c == 1) && !row(names[f], f, 1, &noise, 0)) return 1;
        }
      }
    }
  }
  puts("\nvolts alone, the medium voltage wandering by 1 % at all of them");
  LvNoise wander = {.class_percent = 0.1, .step_volts = 0.1, .days = 20, .common_percent = 1};
  for (int f = 0; f < 2; f++)
    if (!row(names[f], f, 1, &wander, 0)) return 1;
  puts("\nboth transformers side by side, 6 of the meters at the wrong one in the books");
  for (size_t c = 1; c < sizeof CLASSES / sizeof *CLASSES; c++) {
    LvNoise noise = {.class_percent = CLASSES[c], .step_volts = 0.1, .days = 20, .three_phase = true};
    LvNoise more = noise;
    more.transformer_loads = more.loads = true, more.load_percent = 0.5;
    if (!row("volts", 0, 2, &noise, 6) || !row("volts and loads", 0, 2, &more, 6)) return 1;
  }
  return 0;
}
