#include "sim/replay_internal.h"


void replay_summarize(const Replay *replay, ReplaySummary *out) {
  *out = replay->figures;
  out->from = replay->evening.from;
  out->until = time_now(replay->rooms.time);
  out->answer_seconds = out->calls_answered ? replay->wait_seconds / (double)out->calls_answered : 0;
  int arrived = 0, restored = 0;
  double arrive_sum = 0, restore_sum = 0;
  for (size_t i = 0; i < replay->evening.faults.count; i++) {
    const EveningFault *fault = &replay->evening.faults.at[i];
    Instant lit = fault->repaired_at == INSTANT_NONE ? out->until : fault->repaired_at;
    out->faults++;
    out->faults_located += fault->located;
    Instant dark_from = fault->at;
    if (fault->nested_in >= 0) { /* in the dark by the other fault first: counted there, and here only what comes after */
      Instant freed = replay->evening.faults.at[fault->nested_in].repaired_at;
      dark_from = freed == INSTANT_NONE ? lit : freed;
    } else {
      out->customers_dark += fault->customers;
    }
    double minutes = lit > dark_from ? (double)(lit - dark_from) / (double)SPAN_MINUTE : 0;
    out->customer_hours += minutes / 60 * fault->customers;
    if (fault->repaired_at == INSTANT_NONE) continue;
    restored++;
    restore_sum += minutes;
    if (minutes > out->restore_worst) out->restore_worst = minutes;
    if (fault->arrived_at == INSTANT_NONE || fault->found_at == INSTANT_NONE) continue;
    double arrive = (double)(fault->arrived_at - fault->found_at) / (double)SPAN_MINUTE;
    arrived++;
    arrive_sum += arrive;
    if (arrive > out->arrive_worst) out->arrive_worst = arrive;
  }
  if (arrived) out->arrive_minutes = arrive_sum / arrived;
  if (restored) out->restore_minutes = restore_sum / restored;
}

void replay_print_summary(const ReplaySummary *s, Language language, Buffer *out) {
  char from[INSTANT_TEXT_MAX], until[INSTANT_TEXT_MAX];
  bool zh = language == LANGUAGE_ZH;
  buffer_format(out, zh ? "除夕夜 %.16s 至 %.16s\n" : "New Year's Eve, %.16s to %.16s\n", instant_to_text(s->from, ZONE_SHANGHAI, from),
                instant_to_text(s->until, ZONE_SHANGHAI, until));
  buffer_format(out, zh ? "  停电: 实有故障 %d 处, 准确定位 %d 处, 程序立停电 %d 起\n" : "  outages      %d faults that were, %d found at the very device, %d outages opened\n",
                s->faults, s->faults_located, s->outages);
  buffer_format(out, zh ? "  客户: 停电 %lld 户, %.1f 时户数\n" : "  customers    %lld in the dark, %.1f customer-hours\n", (long long)s->customers_dark, s->customer_hours);
  buffer_format(out, zh ? "  来电: %lld 个, 接听 %lld, 放弃 %lld, 平均等待 %.0f 秒\n" : "  calls        %lld offered, %lld answered, %lld gave up, %.0f s mean wait\n",
                (long long)s->calls_offered, (long long)s->calls_answered, (long long)s->calls_abandoned, s->answer_seconds);
  buffer_format(out, zh ? "  到达: 平均 %.1f 分钟, 最长 %.1f\n" : "  to arrive    %.1f min mean, %.1f worst\n", s->arrive_minutes, s->arrive_worst);
  buffer_format(out, zh ? "  复电: 平均 %.1f 分钟, 最长 %.1f\n" : "  to restore   %.1f min mean, %.1f worst\n", s->restore_minutes, s->restore_worst);
  buffer_format(out, zh ? "  工单: %lld 张, 归档 %lld, 未结 %lld\n" : "  orders       %lld, archived %lld, open %lld\n", (long long)s->orders, (long long)s->archived, (long long)s->open);
  buffer_format(out, zh ? "  回访: 满意 %lld, 不满意 (已重办) %lld, 未接通 %lld\n" : "  call-backs   %lld satisfied, %lld not (taken up again), %lld unanswered\n",
                (long long)s->callbacks_satisfied, (long long)s->callbacks_dissatisfied, (long long)s->callbacks_unanswered);
}

void replay_write_summary(const ReplaySummary *s, Json *json) {
  json_open_object(json);
  json_put_instant(json, "from", s->from);
  json_put_instant(json, "until", s->until);
  json_put_i64(json, "faults", s->faults);
  json_put_i64(json, "faults_located", s->faults_located);
  json_put_i64(json, "outages", s->outages);
  json_put_i64(json, "customers_dark", s->customers_dark);
  json_put_f64(json, "customer_hours", s->customer_hours, 2);
  json_put_i64(json, "calls_offered", s->calls_offered);
  json_put_i64(json, "calls_answered", s->calls_answered);
  json_put_i64(json, "calls_abandoned", s->calls_abandoned);
  json_put_f64(json, "answer_seconds", s->answer_seconds, 1);
  json_put_f64(json, "arrive_minutes", s->arrive_minutes, 1);
  json_put_f64(json, "arrive_worst", s->arrive_worst, 1);
  json_put_f64(json, "restore_minutes", s->restore_minutes, 1);
  json_put_f64(json, "restore_worst", s->restore_worst, 1);
  json_put_i64(json, "orders", s->orders);
  json_put_i64(json, "archived", s->archived);
  json_put_i64(json, "open", s->open);
  json_put_i64(json, "callbacks_satisfied", s->callbacks_satisfied);
  json_put_i64(json, "callbacks_dissatisfied", s->callbacks_dissatisfied);
  json_put_i64(json, "callbacks_unanswered", s->callbacks_unanswered);
  json_close(json);
}
