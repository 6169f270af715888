// The mock's routes: the shapes of the contract, none of its checks.
import { backdrop, bounds, customers, devices, feederName, KINDS, pathOf, type MockDevice } from "./network";
import { crews, declare, emit, iso, jobs, jobStep, log, now, orders, outages, report, restore, send, SPEED, written, type MockOrder, type MockOutage } from "./world";
import { areaDay, areaList, meterDay, useOf } from "./meters";
import { planGet, planPost } from "./plan";
import { boardGet } from "./board";
import { visitsGet, visitsPost } from "./visits";
import { supply, supplyPost } from "./supply";
import type { Ladder, Role } from "../src/types";

type Body = Record<string, unknown>;
export interface Asked {
  path: string[];
  query: URLSearchParams;
  body: Body;
  role: Role | null;
}
export class Refused extends Error {
  constructor(readonly status: number, readonly code: string, detail: string) {
    super(detail);
  }
}
const missing = (what: string) => new Refused(404, "NOT_FOUND", `没有这个${what}`);
function found<T>(thing: T | undefined, what: string): T {
  if (!thing) throw missing(what);
  return thing;
}
const apart = (a: { lon: number | null; lat: number | null }, b: { lon: number | null; lat: number | null }) => Math.hypot(a.lon! - b.lon!, a.lat! - b.lat!);
const page = <T>(items: T[]) => ({ items, next: null });

const ref = (d: MockDevice) => ({ id: d.id, index: d.index, end: d.end, kind: KINDS[d.kind]!, name: d.name, customers: d.customers });
const card = (d: MockDevice) => ({ ...ref(d), code: d.id, parent_id: null, feeder: feederName(d.feeder), org: "城关供电所", lon: d.lon, lat: d.lat, rated_kva: d.rated || null, phases: "ABC", path: pathOf(d.index).map(ref) });
const masked = (c: (typeof customers)[number]) => ({ id: c.id, number: c.number, name: `${c.name[0]}**`, phone: c.phone.replace(/^(...)....(....)$/, "$1****$2"), address: c.address, device_id: devices[c.device]!.id, device_index: c.device, category: "residential", importance: "none", tags: Number(c.id) % 9 ? [] : ["elder_alone"] });

const note = { id: "note", name_zh: "说明", name_en: "Note", type: "note", required: false };
const reason = { ...note, id: "reason", name_zh: "原因", name_en: "Reason", required: true };
const STEPS: Record<string, [string, string, object[]]> = {
  assess: ["研判", "Assess", [{ id: "result", name_zh: "结论", name_en: "Finding", type: "choice", required: true, choices: [{ id: "single", name_zh: "单户", name_en: "Single household" }, { id: "area", name_zh: "台区", name_en: "Transformer area" }] }, note]],
  dispatch: ["派单", "Dispatch", [{ id: "crew_id", name_zh: "抢修队", name_en: "Crew", type: "crew", required: true }]],
  call_back: ["回访", "Call back", [{ id: "answer", name_zh: "结果", name_en: "Answer", type: "choice", required: true, choices: [{ id: "satisfied", name_zh: "满意", name_en: "Satisfied" }, { id: "dissatisfied", name_zh: "不满意", name_en: "Dissatisfied" }, { id: "unanswered", name_zh: "无人接听", name_en: "No answer" }] }, note]],
  urge: ["催办", "Urge", [note]],
  suspend: ["挂起", "Suspend", [reason, { id: "until", name_zh: "挂起至", name_en: "Until", type: "time", required: true }]],
  note: ["备注", "Add a note", [{ ...note, required: true }]],
}; // prettier-ignore
const stepsOf = ({ ladder, outage_id }: MockOrder) => (ladder === "restored" ? ["call_back", "note"] : outage_id ? ["urge", "note", "suspend"] : ["assess", "dispatch", "urge", "suspend", "note"]);
const WHAT = [["no_power", "停电", "No power"], ["part_power", "部分停电", "Part of the supply is gone"], ["voltage", "电压异常", "Voltage too low or too high"], ["flicker", "电灯闪烁", "Lights flicker"], ["danger", "线路落地或险情", "Wire down or danger"], ["fire", "冒烟或着火", "Smoke or fire"], ["meter", "电表故障", "Meter fault"], ["other", "其他", "Something else"]] as const; // prettier-ignore
const FORM = [{ id: "what", name_zh: "故障现象", name_en: "What is wrong", type: "choice", required: true, choices: WHAT.map(([id, name_zh, name_en]) => ({ id, name_zh, name_en })) }];
const SUGGESTION = { id: "suggestion", name_zh: "建议", name_en: "Suggestion", states: [{ id: "accepted", name_zh: "已受理", name_en: "Accepted", ladder: "reported", final: false }], steps: [], group: "service", public: true, guide_zh: "说说您的想法。", guide_en: "Tell us.", opened_by: ["agent", "manager"], clocks: [{ id: "answer", name_zh: "答复", name_en: "Answered", urban_s: 432000, rural_s: 432000, remote_s: 432000 }], form: [{ ...FORM[0]! }, { ...note, id: "description", name_zh: "内容", name_en: "What", required: true }, { id: "award", name_zh: "要奖励", name_en: "Award", type: "bool", required: false }, { id: "amount", name_zh: "金额 (元)", name_en: "Amount", type: "money", required: true, when: "award=yes" }] };
const STATES: [string, string, string, Ladder][] = [["accepted", "已受理", "Accepted", "reported"], ["assessed", "已研判", "Assessed", "assessing"], ["merged", "已合并", "Merged", "assessing"], ["dispatched", "已派单", "Dispatched", "crew_assigned"], ["restored", "已复电", "Restored", "restored"], ["archived", "已归档", "Archived", "restored"]]; // prettier-ignore

const summary = ({ description: _description, clocks: _clocks, history: _history, ...rest }: MockOrder) => rest;
const open = () => orders.filter(({ state }) => state !== "archived");
const bySlip = (a: MockOrder, b: MockOrder) => (a.nearest_clock?.due ?? "9").localeCompare(b.nearest_clock?.due ?? "9");
const fullOrder = (order: MockOrder) => ({
  ...summary(order), fields: {}, description: order.description, caller_name: null, caller_phone: "199****0001", source: "hotline", clocks: order.clocks, history: order.history,
  steps: stepsOf(order).map((id) => ({ id, name_zh: STEPS[id]![0], name_en: STEPS[id]![1], fields: STEPS[id]![2] })),
  parent_id: null, main_id: null, children: [], merged: [], attachments: [], links: outages.filter(({ id }) => id === order.outage_id).map(({ id, number }) => ({ kind: "outage", id, label: number })),
}); // prettier-ignore
const outageSummary = ({ etas: _etas, history: _history, back: _back, ...rest }: MockOutage) => rest;
const reasons = (calls: number) => ({ for: [{ kind: "call", count: calls, weight: 4 + calls, zh: `${calls} 户来电报停电`, en: `${calls} customers called: no power` }], against: [{ kind: "silence", count: 40, weight: -2.1, zh: "40 户尚未来电, 电表也无上报", en: "40 customers have said nothing, nor their meters" }, { kind: "prior", count: 1, weight: -8.2, zh: "此类设备平时很少故障", en: "such a device seldom fails" }] });
function askNext(device: MockDevice): object | null {
  const customer = customers.find((c) => c.device >= device.index && c.device < device.end);
  const at = customer ? devices[customer.device]! : device;
  return customer ? { customer_id: customer.id, name: customer.name[0] + "**", phone: "138****0001", device: at.name, by_ping: false, bits: 0.4, lon: at.lon, lat: at.lat } : null;
}
const suspects = devices.filter(({ kind }) => kind === 7).slice(60, 63);
function fullOutage(outage: MockOutage): object {
  const device = devices[outage.device.index]!;
  const children = devices.filter(({ parent }) => parent === device.index).map((d) => ({ ...ref(d), dark: !outage.back.includes(d.index) && outage.customers_out > 0 }));
  return {
    ...outageSummary(outage), etas: outage.etas, history: outage.history, orders: orders.filter(({ outage_id }) => outage_id === outage.id).map(summary), nested: [], children,
    explanation: reasons(outage.calls),
    belief: { probability: outage.probability, class: [], important: outage.important_out, vulnerable: 1, phases: null, ask_next: outage.customers_out ? askNext(device) : null, dear: [] },
    path: pathOf(device.index).map(ref), candidates: pathOf(device.index).slice(1, -1).reverse().map(ref), job: jobs.filter((job) => job.outage!.id === outage.id).map(({ id }) => ({ id })).pop() ?? null,
    closed_at: null, merged_into: null, can: outage.customers_out ? ["confirm", "move", "split", "merge", "dismiss", "undo", "eta", "restore", "assign", ...(outage.crew ? ["unassign"] : [])] : ["undo"],
  }; // prettier-ignore
}

const ROLES: Record<string, Role[]> = { admin: ["administrator", "dispatcher", "agent", "manager", "head"], agent: ["agent"], crew: ["crew"], dispatcher: ["dispatcher"], manager: ["manager"] };
const nobody = new Set<string>();
export const who = (name: string) => ({ staff: { id: "1", name, full_name: { admin: "系统管理员", agent: "何芳", crew: "抢修 5 队", dispatcher: "周明" }[name] ?? name, roles: ROLES[name] ?? [], org: { id: "1", name: "青禾县供电公司" }, crew_id: name === "crew" ? "104" : null }, token_expires: iso(Date.now() + 8 * 3600e3), two_factor: false, two_factor_needed: false });
const accounts = Object.keys(ROLES).map((name, i) => ({ ...who(name).staff, id: String(i + 1), disabled: nobody.has(name), two_factor: name === "dispatcher", last_seen: i ? null : iso(), version: 1 }));

export function get({ path, query }: Asked): unknown {
  const [room, id, part] = path;
  switch (room) {
    case "company": return { name: "青禾县供电公司", demonstration: true, now: iso(), time_speed: SPEED, version: "mock", customers: customers.length, devices: devices.length, bounds, replay: { name: "new-year", state: "running", from: iso(), until: iso(), now: iso() } };
    case "orgs": return page([{ id: "1", name: "青禾县供电公司", level: "county", children: [{ id: "11", name: "城关供电所", level: "station" }, { id: "12", name: "东塘供电所", level: "station" }] }]);
    case "staff": return page(accounts);
    case "security": return { two_factor: "administrators" };
    case "audit": return path[1] === "verify" ? { checked: log.length, broken_seq: null } : page(log.slice(-100).reverse().map((event) => ({ ...event, actor: "staff:1", actor_name: "系统管理员", hash: "5f".repeat(32) })));
    case "grid":
      if (id === "backdrop") return backdrop;
      if (query.has("q")) return page(devices.filter(({ name }) => name.includes(query.get("q") ?? "")).slice(0, 12).map(card));
      return card(found(devices[Number(query.get("index"))], "设备"));
    case "areas": return path[1] ? found(areaDay(path[1], query) ?? undefined, "台区") : areaList(query);
    case "customers": {
      if (!id) return { took_us: 1800, ...page(customers.filter((c) => [c.number, c.name, c.phone, c.address].some((text) => text.includes(query.get("q") ?? ""))).slice(0, 20).map(masked)) };
      const customer = found(customers.find((c) => c.id === id), "客户");
      const device = devices[customer.device]!;
      const path = pathOf(device.index);
      if (part === "use") return useOf();
      if (part === "readings") return meterDay(query);
      if (!part) return { ...masked(customer), meter_id: `0000${customer.number}`, contract_kw: 8, phases: "A", lon: device.lon, lat: device.lat, area: { transformer: path.find((d) => d.kind === 7)!.name, feeder: feederName(device.feeder), station: path[0]!.name, grid: "青禾一网格" }, manager: { name: "何建华", phone: "199****0088" } };
      const outage = outages.find((o) => o.customers_out && o.dark.some(([a, b]) => device.index >= a && device.index < b));
      const area = path.find((d) => d.kind === 7)!;
      const crew = outage?.crew ? ["抢修人员已出动", "a crew is sent"] : ["正在安排抢修", "a crew is being arranged"];
      const say = outage ? { zh: `您处于已知的停电范围 (${outage.device.name}); ${crew[0]}。`, en: `You lie in an outage we know (${outage.device.name}); ${crew[1]}.` } : { zh: "您的邻居有电, 请先看一下自家开关: 我们一起检查。", en: "Your neighbours have power: let us look at your own switch together." };
      return { say, belief: { dark: outage ? 0.97 : 0.001, neighbours_have_power: !outage, neighbours_lit: 0, neighbours_dark: 0 }, known_outage: outage ? { id: outage.id, status: outage.ladder, device: outage.device.name, since: outage.since, eta: outage.eta } : null, planned: null, neighbours: open().filter((o) => o.device_index !== null && o.device_index >= area.index && o.device_index < area.end && o.customer?.id !== id).map(summary), earlier: [{ id: "1", number: "GD2511000021", at: "2025-11-02T03:10:00.000Z", state: "archived", what: "no_power", ladder: "restored" }], answered: { outage: true, planned: true, arrears: true, relay: false, neighbours: true }, arrears: "ok", account: { state: "ok", owed_fen: null, as_of: null }, relay: "unknown" };
    }
    case "orders":
      if (!id) {
        const want = query.get("state") ?? "open";
        const q = query.get("q") ?? "";
        const list = (want === "open" ? open() : orders.filter(({ state }) => state === want)).filter((o) => !q || [o.number, o.address, o.customer?.number].some((text) => text?.includes(q)));
        const sorted = query.get("sort") === "at" ? [...list].reverse() : [...list].sort(bySlip);
        const from = Number(query.get("after") ?? 0);
        const limit = Number(query.get("limit") ?? 50);
        return { items: sorted.slice(from, from + limit).map(summary), next: from + limit < sorted.length ? String(from + limit) : null };
      }
      if (id === "figures") return boardGet(path);
      if (id === "kinds") return page([{ id: "fault_repair", name_zh: "故障报修", name_en: "Fault repair", states: STATES.map(([s, name_zh, name_en, ladder]) => ({ id: s, name_zh, name_en, ladder, final: s === "archived" })), steps: [], form: FORM, group: "repair", public: true, guide_zh: null, guide_en: null, opened_by: ["agent"], clocks: [] }, SUGGESTION]);
      if (id === "counts") {
        const list = open();
        const live = (o: MockOrder) => o.nearest_clock?.state === "running";
        const by_ladder: Partial<Record<Ladder, number>> = {};
        for (const o of list) by_ladder[o.ladder] = (by_ladder[o.ladder] ?? 0) + 1;
        return { open: list.length, calls_10min: orders.filter(({ at }) => Date.parse(at) > now() - 600e3).length, amber: list.filter((o) => live(o) && Date.parse(o.nearest_clock!.amber_at) < now() && Date.parse(o.nearest_clock!.due) >= now()).length, broken: list.filter((o) => live(o) && Date.parse(o.nearest_clock!.due) < now()).length, callbacks: list.filter(({ ladder }) => ladder === "restored").length, by_ladder, by_state: {} };
      }
      return fullOrder(found(orders.find((o) => o.id === id), "工单"));
    case "callbacks": return page(open().filter(({ ladder }) => ladder === "restored").map((o) => ({ order_id: o.id, order_version: o.version, number: o.number, customer: o.customer, address: o.address, restored_at: iso(now() - 300e3), since: o.at, outage_id: o.outage_id, tries: 0, due: iso(now() + 86400e3) })));
    case "outages": {
      if (!id) return page(outages.filter((o) => (query.get("state") === "open") === (o.state !== "closed" && o.state !== "dismissed")).map(outageSummary));
      if (id === "possible") return { seq: log.length, meters_speak: true, ...page(suspects.map((d, i) => ({ device: { ...ref(d), lon: d.lon, lat: d.lat }, probability: 0.41 - 0.13 * i, customers: d.customers, important: 0, vulnerable: 0, planned: false, since: iso(), explanation: reasons(1), ask_next: askNext(d) }))) };
      if (id === "estimates") return { repairs: 31, estimates: 88, inside: 0.81, pinball_min: 6.4 };
      if (id === "dark") return { seq: log.length, ranges: outages.flatMap((o) => o.dark), customers: outages.reduce((sum, o) => sum + o.customers_out, 0) };
      const outage = found(outages.find((o) => o.id === id), "停电");
      if (part === "proposals") return page(crews.map((crew) => ({ crew, distance_km: Math.round(1000 * apart(crew, outage.device)) / 10, minutes: Math.round(180 * apart(crew, outage.device)) + 4, able: crew.state === "free" && crew.shift.on, why_zh: crew.state === "free" ? "最近，当班，会换变压器" : crew.state === "off" ? "不当班" : "正在另一处抢修", why_en: crew.state === "free" ? "Nearest, on shift, can replace transformers" : crew.state === "off" ? "Off shift" : "Busy at another outage" })).sort((a, b) => Number(b.able) - Number(a.able) || a.minutes - b.minutes));
      return fullOutage(outage);
    }
    case "supply": return supply(path);
    case "readings": return { items: asides, count: asides.length };
    case "crews": return page(crews);
    case "jobs": return id ? found(jobs.find((j) => j.id === id), "任务") : page(jobs.filter((j) => j.crew.id === "104" && !j.closed_at));
    case "stock": return page([{ item: "S13-200 变压器", unit: "台", quantity: 2, org_id: "12", org_name: "东塘供电所仓库", distance_km: 6.4 }, { item: "JKLYJ-70 绝缘线", unit: "m", quantity: 800, org_id: "11", org_name: "城关供电所仓库", distance_km: 2.1 }]);
    case "plan":
    case "roster":
    case "rounds": return planGet(path, query);
    case "colleagues": return page([{ id: "9", name: "李敏", roles: ["manager"], org: { id: "11", name: "城关供电所" } }]);
    case "groups": return id ? { name: "青禾一网格", ...page([{ id: "71", at: iso(), author: "household", name: "何**", customer_id: customers[0]!.id, body: "三栋停电了", body_en: null, attachment_id: null, order_id: null }]) } : page([{ id: "7", org_id: "11", name: "青禾一网格应急群", linked: true, last: iso() }]);
    case "promises":
    case "rules":
    case "satisfaction": return boardGet(path);
    case "visits": return visitsGet(path, query);
    default: throw missing("页面");
  }
} // prettier-ignore

const asides = [{ date: "2026-11-20", reason: "clock", subject: "43000010", source: "http", detail: "61 min", first_at: "2026-11-20T01:00:00Z", last_at: "2026-11-20T02:00:00Z", count: 5, area: null, mended_by: "manager" }];
export function post({ path, query, body, role }: Asked): unknown {
  const [room, id, act] = path;
  if (id === "search" && room !== "supply") return query.set("q", String(body.q)), get({ path: [room!], query, body, role });
  if (room === "supply" && (id === "search" || id === "strays")) return supplyPost(path, body);
  if (room === "readings") return asides.splice(0, 1).length;
  if (room === "supply") return { id: "1", order_id: orders[0]?.id ?? "1" };
  if (room === "group-messages") return { id: orders[0]!.id };
  if (room === "groups") return { id: String(now()) };
  if (room === "attachments") return { id: String(now()), type: "image/png", bytes: 1000 };
  if (room === "orders" && !id) return summary(report((body.customer_id as string | null) ?? null, String(body.what), String(body.description), String(body.caller_phone)));
  if (room === "orders") {
    const order = found(orders.find((o) => o.id === id), "工单");
    const stepId = String(body.step);
    const [zh, en] = STEPS[stepId] ?? [stepId, stepId];
    const fields = (body.fields ?? {}) as Body;
    if (Number(body.version) !== order.version) throw new Refused(409, "CONFLICT", "这张工单刚被别人改过，请看最新内容再办。");
    order.history.push(written(stepId, zh, en, Object.values(fields).join(" · ") || null));
    order.version++;
    if (stepId === "call_back") order.state = fields.answer === "satisfied" ? "archived" : order.state;
    emit("order.step", { kind: "order", id: order.id }, { number: order.number, step: stepId, ladder: order.ladder });
    return summary(order);
  }
  if (room === "outages" && id === "word") return { device_id: body.device_id, word: body.word };
  if (room === "customers" && act === "supply") return { taken: 1, repeated: 0, set_aside: 0, items: [] };
  if (room === "outages" && !id) return outageSummary(declare(found(devices.find((d) => d.id === body.device_id), "设备"), "confirmed"));
  if (room === "outages") {
    const outage = found(outages.find((o) => o.id === id), "停电");
    outage.version++;
    outage.history.push(written(act!, { confirm: "确认", eta: "复电时间", dismiss: "排除", undo: "撤销", restore: "复电" }[act!] ?? act!, act!));
    if (act === "assign") send(outage, found(crews.find((c) => c.id === body.crew_id), "抢修队"));
    if (act === "confirm") outage.state = "confirmed";
    if (act === "dismiss") Object.assign(outage, { state: "dismissed", dark: [], customers_out: 0 });
    if (act === "restore") restore(outage, (body.devices as string[] | null) ?? null);
    if (act === "eta") {
      outage.eta = { from: String(body.from), until: String(body.until), likely: iso((Date.parse(String(body.from)) + Date.parse(String(body.until))) / 2), source: "dispatcher" };
      outage.etas.push({ ...outage.eta, at: iso(), actor_name: "调度 周明" });
    }
    emit("outage.changed", { kind: "outage", id: outage.id }, { number: outage.number, device: outage.device.name, customers_out: outage.customers_out });
    return outageSummary(outage);
  }
  if (room === "visits") return visitsPost(path, body);
  if (room === "plan" || room === "roster" || room === "rounds" || act === "delay" || act === "needs") return planPost(path, body);
  if (room === "jobs") {
    const job = found(jobs.find((j) => j.id === id), "任务");
    if (act === "materials") job.materials.push({ item: String(body.item), quantity: Number(body.quantity), unit: "台", org_name: "东塘供电所仓库", state: "released", at: iso() });
    else jobStep(job, String(body.step), body.fields as Body);
    return job;
  }
  if (room === "customers") return { name: customers.find((c) => c.id === id)?.name, phone: customers.find((c) => c.id === id)?.phone };
  if (room === "staff") {
    const made = { ...who(String(body.name)).staff, id: String(accounts.length + 1), full_name: String(body.full_name), roles: body.roles as Role[], disabled: false, two_factor: false, last_seen: null, version: 1 };
    accounts.push(made);
    return { ...made, password: "竹-7431-溪" };
  }
  if (room === "session") return undefined;
  throw missing("操作");
}

export function patch({ path, body }: Asked): unknown {
  const account = found(accounts.find((a) => a.id === path[1]), "人员");
  const { reset_password, ...rest } = body;
  Object.assign(account, rest, { version: account.version + 1 });
  return reset_password ? { ...account, password: "桥-2209-青" } : account;
}
