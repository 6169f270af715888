#include "outage/outage_belief.h"

#include <math.h>
#include <stdio.h>

#include "outage/outage_page.h"

enum { CLASS_SHOWN = 20, DEAR_SHOWN = 20, POSSIBLE_SHOWN = 50 };

/* --- the class of a device --- */

static int onset_of(const LocateParameters *p, Span age) {
  int onset = 0;
  while (onset + 1 < p->onsets && age <= p->onset_age[onset + 1]) onset++;
  return onset;
}

static bool in_class(const LocateOutage *class, uint32_t device) {
  for (uint32_t i = 0; i < class->class_count; i++)
    if (class->class_devices[i] == device) return true;
  return false;
}

bool outage_belief(const Outages *outages, uint32_t device, Instant since, Instant now, Arena *arena, LocateOutage *out, Error *error) {
  LocateOutage *classes;
  size_t count;
  *out = (LocateOutage){.device = device, .onset = onset_of(&outages->rules.locate, now - since), .since = since, .ask_customer = LOCATE_NONE};
  if (!locate_report(outages->locate, 0.01, arena, &classes, &count, error)) return false;
  for (size_t i = 0; i < count; i++)
    if (in_class(&classes[i], device)) *out = classes[i];
  return locate_explain(outages->locate, out, error);
}

/* --- in words --- */

static const struct {
  const char *zh, *en;
} WORDS[LOCATE_EVIDENCE_KINDS] = {
    [LOCATE_CALL] = {"%u 户来电报停电", "%u customers called: no power"},
    [LOCATE_LAST_GASP] = {"%u 只电表上报断电", "%u meters reported that their supply is gone"},
    [LOCATE_POWER_UP] = {"%u 只电表上报已上电", "%u meters reported that they have power"},
    [LOCATE_PING_OFF] = {"%u 只电表召测无应答", "%u meters do not answer"},
    [LOCATE_PING_ON] = {"%u 只电表召测有应答", "%u meters answer"},
    [LOCATE_CONCENTRATOR_OFF] = {"%u 台集中器离线", "%u concentrators are gone"},
    [LOCATE_CONCENTRATOR_ON] = {"%u 台集中器在线", "%u concentrators are there"},
    [LOCATE_SWITCH_OPEN] = {"开关遥信为分 (%u)", "the switch is reported open (%u)"},
    [LOCATE_SWITCH_CLOSED] = {"开关遥信为合 (%u)", "the switch is reported closed (%u)"},
    [LOCATE_CREW_DARK] = {"现场或回访确认无电 (%u)", "seen or told to be dark (%u)"},
    [LOCATE_CREW_LIT] = {"现场或回访确认有电 (%u)", "seen or told to have power (%u)"},
    [LOCATE_PLANNED_START] = {"计划停电 (%u)", "planned work (%u)"},
    [LOCATE_PLANNED_END] = {"计划停电结束 (%u)", "planned work has ended (%u)"},
    [LOCATE_SILENCE] = {"%u 户尚未来电, 电表也无上报", "%u customers have said nothing, nor their meters"},
    [LOCATE_PRIOR] = {"此类设备平时很少故障 (%u)", "such a device seldom fails (%u)"},
    [LOCATE_WORD] = {"调度员或班组已判定 (%u)", "the dispatcher or a crew has said so (%u)"},
};

static void write_reason(const char *zh, const char *en, uint32_t count, const char *kind, double weight, Json *json) {
  char text[200];
  bool counted = kind && strcmp(kind, "prior") != 0 && strcmp(kind, "word") != 0;
  json_open_object(json);
  for (int k = 0; k < 2; k++) {
    const char *from = k ? en : zh;
    Text whole = text_of(from);
    ptrdiff_t paren = text_find(whole, TEXT(" (%u)"));
    if (paren >= 0 && (!counted || count == 1)) snprintf(text, sizeof text, "%.*s", (int)paren, from);
    else if (paren >= 0) snprintf(text, sizeof text, "%.*s (%u)", (int)paren, from, count);
    else {
      ptrdiff_t at = text_find(whole, TEXT("%u"));
      if (at < 0) snprintf(text, sizeof text, "%s", from);
      else snprintf(text, sizeof text, "%.*s%u%s", (int)at, from, count, from + at + 2);
    }
    json_put_string(json, k ? "en" : "zh", text);
  }
  json_put_string(json, "kind", kind);
  json_put_i64(json, "count", count);
  json_put_f64(json, "weight", weight, 2);
  json_close(json);
}

static void write_side(const Outage *o, const LocateOutage *belief, bool speaks_for, Json *json) {
  json_key(json, speaks_for ? "for" : "against");
  json_open_array(json);
  for (uint32_t i = 0; i < belief->reason_count; i++) {
    const LocateReason *r = &belief->reason[i];
    bool sure = r->kind == LOCATE_WORD || r->kind == LOCATE_PLANNED_START;
    if ((r->nats > 0 || sure) != speaks_for || (r->nats < 0.005 && r->nats > -0.005 && !sure) || r->count == 0) continue;
    write_reason(WORDS[r->kind].zh, WORDS[r->kind].en, r->count, locate_evidence_names[r->kind], r->nats, json);
  }
  if (speaks_for && o->cause[0]) {
    char zh[120], en[120];
    snprintf(zh, sizeof zh, "原因: %s", o->cause);
    snprintf(en, sizeof en, "cause: %s", o->cause);
    write_reason(zh, en, 1, NULL, 0, json);
  }
  json_close(json);
}

void outage_write_ask(const Outages *outages, const LocateOutage *belief, HttpRequest *request, Json *json) {
  bool someone = belief->ask_customer != LOCATE_NONE && belief->ask_bits >= 0.001;
  if (!someone || !people_check_place(outages->people, request->who.org_id, people_customer_device(outages->people, belief->ask_customer), NULL)) {
    json_nil(json);
    return;
  }
  Customer customer;
  people_customer(outages->people, belief->ask_customer, &customer);
  const GridDevice *device = grid_device(outages->grid, customer.device);
  bool own = customer.lon_e6 != GRID_NO_PLACE && customer.lat_e6 != GRID_NO_PLACE;
  int32_t lon = own ? customer.lon_e6 : device->lon_e6, lat = own ? customer.lat_e6 : device->lat_e6;
  json_open_object(json);
  json_put_id(json, "customer_id", customer.id.value);
  json_put_text(json, "name", people_mask_name(request->arena, customer.name));
  json_put_text(json, "phone", people_mask_phone(request->arena, customer.phone));
  json_put_text(json, "device", grid_name(outages->grid, customer.device));
  json_put_bool(json, "by_ping", belief->ask_by_ping);
  json_put_f64(json, "bits", belief->ask_bits, 3);
  json_put_f64(json, "lon", lon == GRID_NO_PLACE ? (double)NAN : lon / 1e6, 6);
  json_put_f64(json, "lat", lat == GRID_NO_PLACE ? (double)NAN : lat / 1e6, 6);
  json_close(json);
}

/* Those below who must not be without: at most so many. */
static void write_dear(const Outages *outages, const Outage *o, HttpRequest *request, Json *json) {
  int shown = 0;
  json_key(json, "dear");
  json_open_array(json);
  for (size_t k = 0; k < o->dark.count; k++) {
    uint32_t from, to;
    people_customers_in(outages->people, o->dark.at[k], &from, &to);
    for (uint32_t i = from; i < to && shown < DEAR_SHOWN; i++) {
      Customer customer;
      people_customer(outages->people, i, &customer);
      if ((!customer.importance && !customer.vulnerable) || !people_check_place(outages->people, request->who.org_id, customer.device, NULL)) continue;
      shown++;
      json_open_object(json);
      json_put_id(json, "customer_id", customer.id.value);
      json_put_text(json, "name", people_mask_name(request->arena, customer.name));
      json_put_bool(json, "important", customer.importance != IMPORTANCE_NONE);
      json_put_bool(json, "vulnerable", customer.vulnerable);
      json_close(json);
    }
  }
  json_close(json);
}

void outage_write_belief(const Outages *outages, const Outage *o, const LocateOutage *belief, HttpRequest *request, Json *json) {
  json_key(json, "explanation");
  json_open_object(json);
  write_side(o, belief, true, json);
  write_side(o, belief, false, json);
  json_close(json);
  json_key(json, "belief");
  json_open_object(json);
  json_put_f64(json, "probability", o->probability, 3);
  json_key(json, "class");
  json_open_array(json);
  for (uint32_t i = 0; i < belief->class_count && i < CLASS_SHOWN && belief->class_count > 1; i++) {
    json_open_object(json);
    outage_write_device(outages, belief->class_devices[i], json);
    json_close(json);
  }
  json_close(json);
  json_put_i64(json, "important", belief->important);
  json_put_i64(json, "vulnerable", belief->vulnerable);
  json_put_string(json, "phases", belief->phases == LOCATE_PHASE_A ? "A" : belief->phases == LOCATE_PHASE_B ? "B" : belief->phases == LOCATE_PHASE_C ? "C" : NULL);
  json_key(json, "ask_next");
  outage_write_ask(outages, belief, request, json);
  write_dear(outages, o, request, json);
  json_close(json);
}

/* --- what may be --- */

static bool stands(const Outages *outages, const LocateOutage *class) {
  const Outage *o = outage_of_device(outages, outage_seat(outages, class->device));
  return o && (o->device == class->device || in_class(class, o->device));
}

static bool write_possible(HttpRequest *request, const Outages *outages, LocateOutage *class, Json *json, Error *error) {
  if (!locate_explain(outages->locate, class, error)) return false;
  Outage nothing = {.device = outage_seat(outages, class->device), .probability = (float)class->probability};
  json_open_object(json);
  json_key(json, "device");
  json_open_object(json);
  outage_write_device(outages, nothing.device, json);
  json_close(json);
  json_put_f64(json, "probability", class->probability, 3);
  json_put_i64(json, "customers", class->customers);
  json_put_i64(json, "important", class->important);
  json_put_i64(json, "vulnerable", class->vulnerable);
  json_put_bool(json, "planned", class->planned);
  json_put_instant(json, "since", class->since);
  json_key(json, "explanation");
  json_open_object(json);
  write_side(&nothing, class, true, json);
  write_side(&nothing, class, false, json);
  json_close(json);
  json_key(json, "ask_next");
  outage_write_ask(outages, class, request, json);
  json_close(json);
  return true;
}

bool outage_possible_write(HttpRequest *request, HttpReply *reply, const Outages *outages, Error *error) {
  LocateOutage *classes;
  size_t count;
  int shown = 0;
  Json json;
  if (!locate_report(outages->locate, outages->rules.possible, request->arena, &classes, &count, error)) return false;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_i64(&json, "seq", desk_last_seq(outages->desk));
  json_key(&json, "items");
  json_open_array(&json);
  for (size_t i = 0; i < count && shown < POSSIBLE_SHOWN; i++) {
    Outage place = {.device = classes[i].device};
    if (classes[i].by_word || stands(outages, &classes[i]) || !outage_in_reach(outages, &place, request->who.org_id)) continue;
    if (!write_possible(request, outages, &classes[i], &json, error)) return false;
    shown++;
  }
  json_close(&json);
  json_put_bool(&json, "meters_speak", outages->meters_speak);
  json_close(&json);
  return true;
}

/* --- what an agent says --- */

static void clock_text(Instant at, char out[8]) {
  Civil civil = civil_of(at, ZONE_SHANGHAI);
  snprintf(out, 8, "%02d:%02d", civil.hour, civil.minute);
}

static const char *crew_words(const Outage *o, bool zh) {
  if (o->state == OUTAGE_PARTLY_RESTORED) return zh ? "部分已恢复供电, 其余正在抢修" : "some have power again, the rest is being repaired";
  if (o->stage >= OUTAGE_SURVEYED) return zh ? "抢修人员正在现场抢修" : "the crew is repairing it";
  if (o->stage == OUTAGE_ON_SITE) return zh ? "抢修人员已到现场" : "the crew is there";
  if (o->stage == OUTAGE_ON_THE_WAY) return zh ? "抢修人员正在路上" : "the crew is on its way";
  if (o->stage >= OUTAGE_ASSIGNED) return zh ? "已派抢修班组" : "a crew is sent";
  return zh ? "正在安排抢修" : "a crew is being arranged";
}

void outage_say(const Outages *outages, const Outage *o, const LocateCustomer *believed, bool lit, Instant now, Language language, Buffer *out) {
  bool zh = language == LANGUAGE_ZH;
  if (!o) {
    if (lit) buffer_string(out, zh ? "您的邻居有电, 请先看一下自家开关: 我们一起检查。" : "Your neighbours have power: let us look at your own switch together.");
    else if (believed->dark >= 0.2)
      buffer_string(out, zh ? "您那一带可能停电, 我们正在核实。" : "There may be an outage where you live; we are finding out.");
    return;
  }
  Text name = grid_name(outages->grid, o->device);
  if (o->state >= OUTAGE_RESTORED) return;
  if (o->state == OUTAGE_SUSPECTED && o->probability < 0.9f && !o->crew.value)
    buffer_format(out, zh ? "您那一带很可能停电 (%.*s), 我们已知道; %s。" : "Very likely you lie in an outage we know of (%.*s); %s.", TEXT_ARG(name), crew_words(o, zh));
  else buffer_format(out, zh ? "您处于已知的停电范围 (%.*s); %s。" : "You lie in an outage we know (%.*s); %s.", TEXT_ARG(name), crew_words(o, zh));
  if (o->eta_source == OUTAGE_ETA_NONE || o->eta_likely == INSTANT_NONE || o->eta_until < now) return;
  char likely[8], from[8], until[8];
  clock_text(o->eta_likely, likely), clock_text(o->eta_from, from), clock_text(o->eta_until, until);
  buffer_format(out, zh ? "预计 %s 左右来电 (%s–%s)。" : " Back at about %s (%s–%s).", likely, from, until);
}
