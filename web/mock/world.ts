// The mock's rows and its evening: calls, outages, crews, moved on by a timer under a virtual clock. Just enough to look at every page.

import { chance, customers, devices, feederName, KINDS, pathOf, pick, type MockDevice } from "./network";
import type { Clock as AnyClock, Crew, CrewState, FeedEvent, HistoryItem, Job, Ladder, OrderSummary, OutageSummary } from "../src/types";

type Clock = AnyClock & { due: string; amber_at: string };
export const SPEED = 60;
const STARTED = Date.now();
const EVENING = Date.parse("2026-02-16T20:05:00+08:00");
export const now = () => EVENING + (Date.now() - STARTED) * SPEED;
export const iso = (at = now()) => new Date(at).toISOString();
const MINUTE = 60_000;

export interface MockOrder extends OrderSummary {
  nearest_clock: Clock | null;
  description: string;
  clocks: Clock[];
  history: HistoryItem[];
}
export interface MockOutage extends OutageSummary {
  etas: { from: string; likely?: string; until: string; source: "crew" | "dispatcher" | "estimate"; at: string; actor_name: string }[];
  history: HistoryItem[];
  back: number[]; // devices below that have power again
}

export const orders: MockOrder[] = [];
export const outages: MockOutage[] = [];
export const crews: Crew[] = [];
export const jobs: Job[] = [];
export const listeners = new Set<(event: FeedEvent) => void>();
export const log: FeedEvent[] = [];
let ids = 500000;
export const newId = () => String(++ids);

export function emit(kind: string, subject: { kind: string; id: string }, data: Record<string, unknown>): void {
  const event: FeedEvent = { seq: log.length + 1, at: iso(), kind, subject, data };
  log.push(event);
  listeners.forEach((listener) => listener(event));
}
export const written = (step: string, name_zh: string, name_en: string, note: string | null = null): HistoryItem => ({
  seq: log.length + 1, at: iso(), actor: "staff:1", actor_name: "调度 周明", kind: "order.step", step, name_zh, name_en, note,
}); // prettier-ignore

const clock = (id: string, name_zh: string, name_en: string, minutes: number): Clock => ({
  id, name_zh, name_en, started: iso(), due: iso(now() + minutes * MINUTE), amber_at: iso(now() + 0.75 * minutes * MINUTE), state: "running", ended: null,
}); // prettier-ignore

function turnClock(order: MockOrder, next: Clock | null): void {
  for (const each of order.clocks) if (each.state === "running") Object.assign(each, { state: Date.parse(each.due) < now() ? "broken" : "kept", ended: iso() });
  if (next) order.clocks.push(next);
  order.nearest_clock = next ?? order.clocks[order.clocks.length - 1] ?? null;
}

export function report(customerId: string | null, what = "no_power", description = "全家没电，邻居也没电", phone = ""): MockOrder {
  const customer = customers.find(({ id }) => id === customerId);
  const device = customer ? devices[customer.device]! : null;
  const order: MockOrder = {
    id: newId(), number: `GD2602${String(orders.length + 1).padStart(6, "0")}`, kind: "fault_repair", state: "accepted", ladder: "reported",
    customer: customer ? { id: customer.id, number: customer.number, name: customer.name[0] + "**", phone: customer.phone.replace(/^(...)....(....)$/, "$1****$2") } : null,
    address: customer?.address ?? phone, device_id: device?.id ?? null, device_index: device?.index ?? null, outage_id: null, crew_id: null, at: iso(),
    nearest_clock: null, urgency: 0, calls: 1, reopened: 0, suspended: false, version: 1, what, description, clocks: [],
    history: [{ ...written("accept", "受理", "Accepted", description), kind: "order.accepted", actor_name: "客服 何芳" }],
  }; // prettier-ignore
  turnClock(order, clock("dispatch", "派单 2 分钟", "Dispatch in 2 min", 2));
  orders.push(order);
  emit("order.accepted", { kind: "order", id: order.id }, { number: order.number, address: order.address, ladder: order.ladder });
  if (device) gather(order, device);
  return order;
}

/** The mock's whole art of finding a fault: it is always the transformer. */
function gather(order: MockOrder, device: MockDevice): void {
  const known = outages.find((outage) => outage.customers_out > 0 && device.index >= outage.device.index && device.index < outage.device.end);
  const area = pathOf(device.index).find(({ kind }) => kind === 7)!;
  const near = orders.filter((each) => !each.outage_id && each.state !== "archived" && each.device_index !== null && each.device_index >= area.index && each.device_index < area.end);
  if (known) join(order, known);
  else if (near.length) {
    const outage = declare(area, "suspected");
    near.forEach((each) => join(each, outage));
  }
}
function join(order: MockOrder, outage: MockOutage): void {
  order.outage_id = outage.id;
  order.state = "merged";
  order.history.push(written("merge", "并入停电", "Merged into the outage", outage.number));
  outage.calls += order.calls;
  step(order, outage.ladder);
  emit("outage.changed", { kind: "outage", id: outage.id }, { number: outage.number, device: outage.device.name, customers_out: outage.customers_out });
}
export function declare(device: MockDevice, state: MockOutage["state"]): MockOutage {
  const outage: MockOutage = {
    id: newId(), number: `TD2602${String(outages.length + 1).padStart(4, "0")}`, state, ladder: "assessing",
    device: { id: device.id, index: device.index, end: device.end, kind: KINDS[device.kind]!, name: device.name, lon: device.lon, lat: device.lat },
    feeder: feederName(device.feeder), since: iso(now() - 4 * MINUTE), found_at: iso(), restored_at: null, customers_out: device.customers, customers_total: device.customers,
    important_out: chance() < 0.4 ? 1 : 0, calls: 0, crew: null, eta: { from: iso(now() + 25 * MINUTE), likely: iso(now() + 55 * MINUTE), until: iso(now() + 110 * MINUTE), source: "estimate" }, cause: null, dark: [[device.index, device.end]], probability: state === "suspected" ? 0.86 : 1, version: 1, etas: [],
    history: [{ ...written("found", "发现停电", "Outage found"), kind: "outage.found", actor_name: "程序" }], back: [],
  }; // prettier-ignore
  outages.push(outage);
  emit("outage.found", { kind: "outage", id: outage.id }, { number: outage.number, device: device.name, customers_out: outage.customers_out });
  return outage;
}
function step(order: MockOrder, ladder: Ladder): void {
  order.ladder = ladder;
  order.version++;
  const minutes = { reported: 2, assessing: 2, crew_assigned: 3, on_the_way: 90, on_site: 240, partly_restored: 240, restored: 1440, closed: 1440 }[ladder];
  const name = { reported: "派单", assessing: "派单", crew_assigned: "接单", on_the_way: "到达现场", on_site: "修复", partly_restored: "修复", restored: "回访", closed: "归档" }[ladder];
  turnClock(order, clock(ladder, `${name} ${minutes} 分钟`, `${ladder.replace(/_/g, " ")}: ${minutes} min`, minutes));
}

export const JOB_STEPS: [string, string, string, boolean][] = [
  ["take", "接单", "Take the job", false], ["depart", "出发", "Set off", false], ["arrive", "到达现场", "Arrive on site", false], ["survey", "勘查并报复电时间", "Survey, give the time", false],
  ["test_dead", "验电", "Test dead", true], ["earth", "挂接地线", "Earth", true], ["fence", "设围栏、挂标示牌", "Fence off and sign", true], ["replace", "拆旧换新", "Remove and replace", false],
  ["unearth", "拆接地线", "Remove earths", true], ["restore", "送电", "Restore supply", false], ["reply", "回复中心", "Reply to the centre", false],
]; // prettier-ignore
const LADDER_OF: Record<string, [Ladder, CrewState]> = { take: ["crew_assigned", "assigned"], depart: ["on_the_way", "on_the_way"], arrive: ["on_site", "on_site"], survey: ["on_site", "working"], restore: ["restored", "working"], reply: ["restored", "free"] };

export function send(outage: MockOutage, crew: Crew): void {
  outage.crew = { id: crew.id, name: crew.name };
  crew.outage_id = outage.id;
  crew.state = "assigned";
  outage.version++;
  advance(outage, "crew_assigned");
  jobs.push({
    id: newId(), outage, crew: outage.crew, state: "assigned", next: "take", materials: [], version: 1, cause_zh: null, cause_en: null, finding: null, closed_at: null, side: [], usual_materials: ["transformer"],
    steps: JOB_STEPS.map(([id, name_zh, name_en, safety]) => ({ id, name_zh, name_en, safety, required: true, done_at: null,
      ...(id === "survey" ? { fields: [{ id: "eta_from", name_zh: "最早复电", name_en: "Earliest", type: "time", required: true }, { id: "eta_until", name_zh: "最晚复电", name_en: "Latest", type: "time", required: true }, { id: "finding", name_zh: "现场情况", name_en: "Finding", type: "note", required: false }] } : {}) })),
  } as Job); // prettier-ignore
  outage.history.push(written("assign", `派 ${crew.name}`, `${crew.name} sent`));
  emit("crew.assigned", { kind: "crew", id: crew.id }, { name: crew.name, outage_id: outage.id });
}
/** The crew is called back, unless it has departed. */
export function unsend(outageId: string): boolean {
  const job = jobs.find((each) => each.outage?.id === outageId && !each.closed_at);
  const outage = outages.find(({ id }) => id === outageId);
  const crew = crews.find(({ id }) => id === job?.crew.id);
  if (!job || !outage || !crew || job.steps.some(({ id, done_at }) => id === "depart" && done_at)) return false;
  job.state = "cancelled";
  job.closed_at = iso();
  outage.crew = null;
  crew.outage_id = null;
  crew.state = "free";
  advance(outage, "assessing");
  outage.history.push(written("unassign", `撤回 ${crew.name}`, `${crew.name} called back`));
  emit("crew.released", { kind: "crew", id: crew.id }, { name: crew.name, outage_id: outage.id });
  return true;
}
function advance(outage: MockOutage, ladder: Ladder): void {
  outage.ladder = ladder;
  outage.version++;
  for (const order of orders) if (order.outage_id === outage.id && order.ladder !== "restored") step(order, ladder);
}
export function restore(outage: MockOutage, deviceIds: string[] | null): void {
  const freed = deviceIds ? devices.filter(({ id }) => deviceIds.includes(id)) : [devices[outage.device.index]!];
  outage.back.push(...freed.map(({ index }) => index));
  const all = !deviceIds || freed.reduce((sum, { customers: n }) => sum + n, 0) >= outage.customers_out;
  outage.customers_out = all ? 0 : outage.customers_out - freed.reduce((sum, { customers: n }) => sum + n, 0);
  outage.dark = all ? [] : outage.dark.flatMap(([from, to]) => {
    let rest: [number, number][] = [[from, to]];
    for (const { index, end } of freed) rest = rest.flatMap(([a, b]) => ([[a, Math.min(b, index)], [Math.max(a, end), b]] as [number, number][]).filter(([p, q]) => p < q));
    return rest;
  }); // prettier-ignore
  outage.state = all ? "restored" : "partly_restored";
  outage.restored_at = all ? iso() : null;
  advance(outage, all ? "restored" : "partly_restored");
  emit("outage.restored", { kind: "outage", id: outage.id }, { number: outage.number, device: outage.device.name, customers_out: outage.customers_out });
}
export function jobStep(job: Job, id: string, fields: Record<string, unknown> = {}): void {
  const done = job.steps.find((each) => each.id === id)!;
  done.done_at = iso();
  job.next = job.steps.find((each) => !each.done_at)?.id ?? null;
  job.version++;
  const outage = outages.find((each) => each.id === job.outage!.id)!;
  const crew = crews.find((each) => each.id === job.crew.id)!;
  if (id === "survey") {
    const eta = { from: String(fields.eta_from ?? iso(now() + 60 * MINUTE)), until: String(fields.eta_until ?? iso(now() + 110 * MINUTE)), source: "crew" as const };
    outage.eta = eta;
    outage.etas.push({ ...eta, at: iso(), actor_name: crew.name });
  }
  const [ladder, state] = LADDER_OF[id] ?? [null, "working" as CrewState];
  crew.state = state;
  if (id === "restore") restore(outage, null);
  else if (ladder && ladder !== "restored") advance(outage, ladder);
  if (!job.next) {
    job.state = "replied";
    job.closed_at = iso();
    crew.outage_id = null;
  }
  emit("crew.step", { kind: "crew", id: crew.id }, { name: crew.name, step: id, outage_id: outage.id });
}

const BASES = [[113.485, 27.655], [113.615, 27.705], [113.505, 27.795], [113.575, 27.555], [113.47, 27.67], [113.53, 27.69]] as const; // prettier-ignore
BASES.forEach(([lon, lat], i) =>
  crews.push({
    id: String(100 + i), name: `抢修 ${i + 1} 队`, org: { id: "11", name: ["城关", "东塘", "北岭", "南洲", "城关", "城关"][i] + "供电所" }, lon, lat, heading: 0, skills: i % 2 ? ["mv", "transformer"] : ["mv", "transformer", "live_line"], members: 4 - (i % 2),
    shift: { from: "18:00", until: "06:00", on: i < 5 }, state: i < 5 ? "free" : "off", outage_id: null, phone: `199****000${i}`, trail: [], version: 1,
  }),
); // prettier-ignore

function drive(crew: Crew): void {
  const outage = outages.find(({ id }) => id === crew.outage_id);
  if (!outage || crew.state !== "on_the_way") return;
  const at = crew as { lon: number; lat: number };
  const [dx, dy] = [outage.device.lon! - at.lon, outage.device.lat! - at.lat];
  const far = Math.hypot(dx, dy);
  const stride = Math.min(far, 0.0065);
  if (far > 0) Object.assign(crew, { lon: at.lon + (dx / far) * stride, lat: at.lat + (dy / far) * stride, heading: (Math.atan2(dx, dy) * 180) / Math.PI });
  crew.trail = [...crew.trail.slice(-60), [at.lon, at.lat, iso()]];
  emit("crew.position", { kind: "crew", id: crew.id }, { lon: crew.lon, lat: crew.lat, heading: crew.heading, state: crew.state });
  if (far - stride < 1e-6) jobStep(jobs.find((job) => job.crew.id === crew.id && !job.closed_at)!, "arrive");
}

const areas = devices.filter(({ kind }) => kind === 7);
const STORY = [[1, 130], [4, 305], [9, 40], [14, 411], [20, 222]] as const; // seconds, transformer
/** Starts the evening; returns how to stop it. */
export function play(): () => void {
  let seconds = 0;
  const burning: MockDevice[] = [];
  const timer = setInterval(() => {
    seconds++;
    for (const [at, area] of STORY) if (at === seconds) burning.push(areas[area]!);
    for (const area of burning) {
      const homes = customers.filter(({ device }) => device >= area.index && device < area.end);
      if (chance() < 0.5 && !outages.some(({ device, customers_out, calls }) => device.index === area.index && (!customers_out || calls > 14))) report(pick(homes).id);
    }
    for (const outage of outages) if (!outage.crew && seconds > 8 && outage.number !== "TD26020004") {
      const free = crews.filter(({ state, shift }) => state === "free" && shift.on);
      if (free.length && Date.parse(outage.found_at) < now() - 4 * MINUTE) send(outage, free[0]!);
    } // prettier-ignore
    crews.forEach(drive);
    for (const job of jobs) if (!job.closed_at && job.crew.id !== "104" && job.next !== "arrive" && chance() < 0.16 && job.next) jobStep(job, job.next);
  }, 1000);
  return () => clearInterval(timer);
}
