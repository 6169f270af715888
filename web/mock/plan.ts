// The mock's plan: each outage to the crew that has it or the next one round, one after the other. Moves hold; nothing is searched.
import { crews, emit, iso, jobs, newId, now, outages, send, unsend } from "./world";
import type { Duty, PatrolRound, Plan, PlanChange, PlanScore, PlanTask } from "../src/types";

const MINUTE = 60_000;
const byHand = new Map<string, string>(); // task → crew
const undo: { of: "move" | "accept"; back: () => { taken_back: number; departed: number } }[] = [];
const changes: PlanChange[] = [];
const duties = new Map<string, { duty: Duty; from: string; until: string; version: number }>();
const rounds: PatrolRound[] = [];
let version = 1;

const open = () => outages.filter(({ customers_out }) => customers_out > 0);
const on = () => crews.filter(({ shift }) => shift.on);

function score(tasks: PlanTask[]): PlanScore {
  const kept = tasks.filter(({ slack_minutes }) => (slack_minutes ?? 0) >= 0).length;
  return { assigned: tasks.filter(({ crew_id }) => crew_id).length, unassigned: tasks.filter(({ crew_id }) => !crew_id).length, due: tasks.length, due_kept: kept, critical: 1, critical_kept: 1, customer_hours: tasks.reduce((sum, { customers }) => sum + customers * 1.4, 0), late_hours: 0, travel_hours: 1.2, overtime_hours: 0, called_in: 0 }; // prettier-ignore
}

export function mockPlan(): Plan {
  const free = new Map(on().map(({ id }) => [id, now()]));
  const tasks: PlanTask[] = [];
  const lanes: Plan["lanes"] = crews.map((crew) => ({
    crew: { id: crew.id, name: crew.name, org_name: crew.org?.name ?? null, skills: crew.skills.join(";"), members: crew.members, state: crew.state, lon: crew.lon, lat: crew.lat },
    shift_from: iso(now() - 130 * MINUTE), shift_until: iso(now() + (crew.shift.on ? 590 : -10) * MINUTE), standby: false, available: crew.shift.on, leave: null, end: null, next: null, stops: [],
  })); // prettier-ignore
  open().forEach((outage, i) => {
    const crew_id = outage.crew?.id ?? byHand.get(outage.id) ?? on()[i % on().length]?.id ?? null;
    const job = jobs.find((each) => each.outage?.id === outage.id && !each.closed_at);
    const lane = lanes.find(({ crew }) => crew.id === crew_id);
    const from = free.get(crew_id ?? "") ?? now();
    const start = from + (job ? 0 : 14 * MINUTE);
    const due = Date.parse(outage.found_at) + 90 * MINUTE;
    if (lane) {
      if (!job) lane.next ??= outage.id;
      lane.stops.push({ kind: "job", task_id: outage.id, travel_minutes: job ? 0 : 14, arrive: iso(start), start: iso(start), finish: iso(start + 75 * MINUTE) });
      free.set(crew_id!, start + 75 * MINUTE);
    }
    tasks.push({ id: outage.id, kind: "outage", outage_id: outage.id, number: outage.number, device: outage.device.name, device_kind: outage.device.kind, round: null, lon: outage.device.lon, lat: outage.device.lat, crew_id, place: lane?.stops.length ?? 0, state: job?.state ?? "planned", pinned: !!job, by_hand: byHand.has(outage.id), job_id: job?.id ?? null, due: iso(due), from: null, until: null, arrive: iso(start), finish: iso(start + 75 * MINUTE), slack_minutes: (due - start) / MINUTE, customers: outage.customers_out, critical: 0, members: 0, skills: ["transformer"], needs: [], reason_zh: `${lane?.crew.name ?? ""}：新任务，${outage.customers_out} 户`, reason_en: `${lane?.crew.name ?? ""}: new, ${outage.customers_out} customers` }); // prettier-ignore
  });
  return { version, computed_at: iso(), now: iso(), undo: undo.length, undo_of: undo[undo.length - 1]?.of ?? null, score: score(tasks), lanes, tasks, waiting: 0, travel: { from: "learned", router: false, share: 0, drives: 12, asked_at: null, why: "" } };
}

const dayAt = (i: number): number => {
  const date = new Date(now() + i * 86_400_000);
  return date.getFullYear() * 10000 + (date.getMonth() + 1) * 100 + date.getDate();
};
const clock = (minute: number) => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

export function planGet([room, part]: string[], query: URLSearchParams): unknown {
  if (room === "rounds") return { items: rounds };
  if (room === "roster") {
    const days = Array.from({ length: Number(query.get("days") ?? 14) }, (_, i) => dayAt(i));
    return { days, items: crews.map((crew) => ({ crew: { id: crew.id, name: crew.name, org_name: crew.org?.name ?? null, skills: crew.skills.join(";") }, days: days.map((day) => ({ day, duty: "on", ...crew.shift, version: 0, usual: !duties.has(`${crew.id}:${day}`), ...duties.get(`${crew.id}:${day}`) })) })) }; // prettier-ignore
  }
  if (part === "changes") return { items: [...changes].reverse() };
  const plan = mockPlan();
  if (part === "advice") return { before: plan.score, items: [{ kind: "call_in", count: 1, minutes: 0, called: [{ id: "105", name: "抢修 6 队" }], after: { ...plan.score, due_kept: plan.score.due }, text_zh: "召回 1 个班组：到达承诺多保住 1 件，多安排 0 件，少停 38 时户", text_en: "Call in 1 crew: 1 more promises kept, 0 more jobs planned, 38 customer-hours less" }] }; // prettier-ignore
  return query.get("crew") === "me" ? { ...plan, lanes: plan.lanes.filter(({ crew }) => crew.id === "104"), tasks: plan.tasks.filter(({ crew_id }) => crew_id === "104") } : plan;
}

export function planPost([room, id, act]: string[], body: Record<string, unknown>): unknown {
  const done = { version: ++version, undo: undo.length, assigned: 0, taken_back: 0, departed: 0, task_id: null };
  const crewOf = (crew: unknown) => crews.find((each) => each.id === crew);
  const tell = () => emit("plan.changed", { kind: "plan", id: String(version) }, { version });
  if (room === "roster" && id === "swap") return done;
  if (room === "roster") {
    duties.set(`${String(body.crew_id)}:${String(body.day)}`, { duty: body.duty as Duty, from: clock(Number(body.from)), until: clock(Number(body.until)), version: Number(body.version) + 1 });
    return done;
  }
  if (room === "rounds" && act === "end") return rounds.splice(0, rounds.length, ...rounds.filter((each) => each.id !== id)), done;
  if (room === "rounds") {
    const round = { ...(body as unknown as PatrolRound), id: newId(), places: (body.device_ids as string[]).map((each) => ({ id: each, name: each })), open_visits: 4, version: 1 };
    rounds.push(round);
    return round;
  }
  if (id === "what-if") {
    const { score: before } = mockPlan();
    return { before, after: { ...before, customer_hours: Math.round(before.customer_hours * 0.8), due_kept: before.due }, called: [], mutual_aid: 0, ms: 12 };
  }
  if (id === "move") {
    const task = String(body.task_id);
    const was = byHand.get(task);
    undo.push({ of: "move", back: () => (was ? byHand.set(task, was) : byHand.delete(task), { taken_back: 0, departed: 0 }) });
    byHand.set(task, String(body.crew_id));
    changes.push({ id: newId(), at: iso(), task_id: task, outage_id: task, device: open().find((each) => each.id === task)?.device.name ?? "", by: "hand", text_zh: `改为${crewOf(body.crew_id)?.name}：人工安排`, text_en: `${crewOf(body.crew_id)?.name}: put there by hand` });
    tell();
    return { ...done, undo: undo.length };
  }
  if (id === "undo") {
    const undone = undo.pop()?.back();
    tell();
    return { ...done, ...undone, undo: undo.length };
  }
  if (id === "accept") {
    const sent: string[] = [];
    for (const { next, crew } of mockPlan().lanes)
      if (next && (!body.task_id || body.task_id === next)) send(open().find((each) => each.id === next)!, crewOf(crew.id)!), sent.push(next);
    const back = () => ({ taken_back: sent.filter(unsend).length, departed: 0 });
    if (sent.length) undo.push({ of: "accept", back: () => { const { taken_back } = back(); return { taken_back, departed: sent.length - taken_back }; } });
    tell();
    return { ...done, undo: undo.length, assigned: sent.length };
  }
  return done;
}
