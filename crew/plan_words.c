/* The plan in words a dispatcher accepts, in both languages. */
#include <math.h>
#include <stdio.h>

#include "crew/plan_page.h"

typedef struct Say {
  char *zh, *en;
  size_t size;
} Say;

static void add(char *out, size_t size, const char *between, const char *text) {
  size_t len = strlen(out);
  if (len < size) snprintf(out + len, size - len, "%s%s", len ? between : "", text);
}

static void say(Say *say, const char *zh, const char *en) {
  add(say->zh, say->size, "，", zh);
  add(say->en, say->size, ", ", en);
}

static void skill_words(Text skills, char zh[120], char en[120]) {
  static const struct {
    const char *id, *zh, *en;
  } KNOWN[] = {{"lv", "低压", "low voltage"}, {"mv", "中压", "medium voltage"}, {"transformer", "变压器", "transformers"}, {"cable", "电缆", "cable"},
               {"live_line", "带电作业", "live line"}, {"crane", "吊车", "the crane lorry"}, {"tree", "清障", "tree clearing"}};
  Text skill;
  zh[0] = en[0] = 0;
  while (text_next(&skills, ';', &skill)) {
    char own[40];
    const char *is_zh = own, *is_en = own;
    snprintf(own, sizeof own, "%.*s", (int)(skill.len < 39 ? skill.len : 39), skill.at);
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
      if (text_is(skill, KNOWN[i].id)) is_zh = KNOWN[i].zh, is_en = KNOWN[i].en;
    add(zh, 120, "、", is_zh);
    add(en, 120, ", ", is_en);
  }
}

void plan_say_reason(DispatchReason reason, char zh[PLAN_SAY_MAX], char en[PLAN_SAY_MAX]) {
  static const char *const ZH[] = {"没有班组具备所需技能", "具备技能的班组人数不足", "车辆装不下",       "没有仓库能提供所需物资",
                                   "没有班组能在当班时间内完成", "前置任务未安排",         "没有足够班组同时到场", "各班组当班时间已排满"};
  static const char *const EN[] = {"no crew has the skills it needs", "no crew with the skills has enough people", "it fits no crew's vehicle",
                                   "no store has the material", "no crew could be there within its hours", "what must come first is not planned",
                                   "not enough crews can begin together", "every able crew's hours are full"};
  snprintf(zh, PLAN_SAY_MAX, "%s", ZH[reason]);
  snprintf(en, PLAN_SAY_MAX, "%s", EN[reason]);
}

void plan_say_waits(char zh[PLAN_SAY_MAX], char en[PLAN_SAY_MAX]) {
  snprintf(zh, PLAN_SAY_MAX, "同时编排的任务已达 %d 件，较轻的排队等候", PLAN_PLACED_MAX);
  snprintf(en, PLAN_SAY_MAX, "%d jobs are planned at once; what weighs less waits for room", PLAN_PLACED_MAX);
}

static void say_whys(const Crews *crews, const PlanChange *change, Say *out) {
  char zh[160], en[160], skill_zh[120], skill_en[120];
  skill_words(text_of(change->skills), skill_zh, skill_en);
  if (change->why & DISPATCH_WHY_UNABLE) {
    snprintf(zh, sizeof zh, change->skills[0] ? "具备%s" : "原班组已不能承担", skill_zh);
    snprintf(en, sizeof en, change->skills[0] ? "has %s" : "the crew before cannot any more", skill_en);
    say(out, zh, en);
  }
  if (change->why & DISPATCH_WHY_MATERIAL) say(out, "车上有所需物资", "has the material on board");
  if (change->why & DISPATCH_WHY_EARLIER && change->earlier_s >= 60) {
    snprintf(zh, sizeof zh, "早 %.0f 分钟", change->earlier_s / 60);
    snprintf(en, sizeof en, "%.0f min earlier", change->earlier_s / 60);
    say(out, zh, en);
  }
  if (change->why & DISPATCH_WHY_DUE) say(out, "保住到达承诺", "keeps the promise of arrival");
  if (change->why & DISPATCH_WHY_FREES) {
    const PlanTask *frees = plan_task_find(crews, change->frees);
    Text name = frees ? grid_name(crews->grid, frees->device) : TEXT("");
    snprintf(zh, sizeof zh, "原班组先去更要紧的%.*s", (int)(name.len < 60 ? name.len : 60), name.at);
    snprintf(en, sizeof en, "the crew before goes to %.*s first, which weighs more", (int)(name.len < 60 ? name.len : 60), name.at);
    say(out, zh, en);
  }
  if (change->why & DISPATCH_WHY_OTHERS) say(out, "整体恢复更快", "power is back sooner on the whole");
}

void plan_say_change(const Crews *crews, const PlanChange *change, char zh[PLAN_SAY_MAX], char en[PLAN_SAY_MAX]) {
  const Crew *from = change->from.value ? crew_find(crews, change->from) : NULL, *to = change->to.value ? crew_find(crews, change->to) : NULL;
  Text was = from ? from->name : TEXT("?"), is = to ? to->name : TEXT("?");
  zh[0] = en[0] = 0;
  if (!change->to.value) {
    plan_say_reason((DispatchReason)change->reason, zh, en);
    return;
  }
  if (change->from.value) {
    snprintf(zh, PLAN_SAY_MAX, "由%.*s改为%.*s：", TEXT_ARG(was), TEXT_ARG(is));
    snprintf(en, PLAN_SAY_MAX, "%.*s instead of %.*s: ", TEXT_ARG(is), TEXT_ARG(was));
  } else {
    snprintf(zh, PLAN_SAY_MAX, "%.*s：", TEXT_ARG(is));
    snprintf(en, PLAN_SAY_MAX, "%.*s: ", TEXT_ARG(is));
  }
  char why_zh[PLAN_SAY_MAX] = "", why_en[PLAN_SAY_MAX] = "", customers_zh[40], customers_en[40];
  Say out = {why_zh, why_en, sizeof why_zh};
  if (change->staff_id) say(&out, "人工安排", "put there by hand");
  else if (!change->from.value) say(&out, "新任务", "new");
  else say_whys(crews, change, &out);
  snprintf(customers_zh, sizeof customers_zh, "%u 户", change->customers);
  snprintf(customers_en, sizeof customers_en, "%u customers", change->customers);
  if (change->customers) say(&out, customers_zh, customers_en);
  snprintf(zh + strlen(zh), PLAN_SAY_MAX - strlen(zh), "%s", why_zh);
  snprintf(en + strlen(en), PLAN_SAY_MAX - strlen(en), "%s", why_en);
}
