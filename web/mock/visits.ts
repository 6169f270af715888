// The mock's visits: six grids cut by place, a month of doors for whoever asks, marks that stick.
import type { VisitArea, VisitCut, VisitStop } from "../src/types";
import { customers, devices } from "./network";
import { emit, iso, now } from "./world";

const GRIDS = 6;
const orgs = Array.from({ length: GRIDS }, (_, i) => ({ id: String(900 + i), name: `青禾${"一二三四五六"[i]}网格`, manager: ["何建华", "李秀英", "王志强", "陈玉兰", "刘建军", "周小红"][i]! }));
const areas = devices.filter(({ kind, customers: n, lon }) => kind === 7 && n > 0 && lon !== null);
const byLon = [...areas].sort((a, b) => a.lon! - b.lon!);
const cut = (skew: number) => new Map(byLon.map((area, i) => [area.index, Math.min(GRIDS - 1, Math.floor((i / byLon.length) ** skew * GRIDS))]));
const [present, even] = [cut(1.6), cut(1)];
let inForce: VisitCut | null = null;
let proposed: VisitCut | null = null;
const grid = (map: Map<number, number>, at: number) => areas.filter(({ index }) => map.get(index) === at).reduce((sum, { customers: n }) => sum + n, 0);

const month = () => iso(now()).slice(0, 7);
const dateOf = (day: number) => `${month()}-${String(day).padStart(2, "0")}`;
const days = Array.from({ length: 28 }, (_, i) => i + 1).filter((day) => ![0, 6].includes(new Date(`${dateOf(day)}T12:00:00`).getDay()));
const stops: VisitStop[] = customers.slice(0, days.length * 12).map((c, i) => {
  const area = devices[c.device]!;
  return { customer_id: c.id, number: c.number, name: `${c.name[0]}**`, address: c.address, phone: c.phone.replace(/^(...)....(....)$/, "$1****$2"), lon: (area.lon ?? 112) + (i % 4) * 0.0004, lat: (area.lat ?? 27) + (i % 3) * 0.0004, date: dateOf(days[Math.floor(i / 12)]!), state: "to_come", missed: 0, due: i % 12 === 0 ? ["arrears"] : i % 12 === 1 ? ["vulnerable"] : [], tags: [] };
}); // prettier-ignore
const counted = { missed: 0, findings: 0 };
const counts = () => ({ planned: stops.length, visited: stops.filter(({ state }) => state === "visited").length, refused: stops.filter(({ state }) => state === "refused").length, given_up: 0, ...counted });
const make = (keep: VisitCut["keep"]): VisitCut => ({ id: String(5000 + Math.floor(now() / 1000)), state: "proposed", keep, grids: GRIDS, pieces_over: 0, mean_minutes: 5600, deviation: 0.094, deviation_before: 0.31, radius_m: 442, moved: keep === "hard" ? 0 : 0.29, made_at: iso(), accepted_at: null });

export function visitsGet(path: string[], query: URLSearchParams): unknown {
  const map = inForce ? even : present;
  switch (path[1]) {
    case "cuts":
      return { in_force: inForce, proposed, grids: orgs.map((org, i) => ({ org, households: grid(map, i), minutes: grid(map, i) * 10.4, radius_m: 500, lon: null, lat: null, households_proposed: proposed ? grid(even, i) : null, minutes_proposed: proposed ? grid(even, i) * 10.4 : null, radius_proposed_m: proposed ? 440 : null, lon_proposed: null, lat_proposed: null })) }; // prettier-ignore
    case "areas":
      return { orgs, areas: areas.map((a): VisitArea => [a.lon!, a.lat!, a.customers, map.get(a.index)!, proposed ? even.get(a.index)! : -1]) };
    case "plan": {
      const day = query.get("day") ?? dateOf(days.find((one) => dateOf(one) >= iso(now()).slice(0, 10)) ?? days.at(-1)!);
      const of = (date: string) => stops.filter((stop) => stop.date === date);
      return { org: orgs[0], month: month(), version: 1, ...counts(), doors_m: 8200, base_m: 21400, lon: null, lat: null, day, days: days.map((one) => ({ date: dateOf(one), households: of(dateOf(one)).length, done: of(dateOf(one)).filter(({ state }) => state !== "to_come").length, minutes: 280 })), items: of(day) }; // prettier-ignore
    }
    case "due":
      return { items: stops.filter(({ due, state }) => due.length && state === "to_come") };
    case "figures":
      return { month: query.get("month") ?? month(), items: [{ org: { id: "1", name: "青禾县供电公司", manager: null }, parent_id: null, level: "county", grids: GRIDS, ...counts() }, { org: { id: "11", name: "城关供电所", manager: null }, parent_id: "1", level: "station", grids: 4, ...counts() }] }; // prettier-ignore
    default:
      return { items: [] };
  }
}

export function visitsPost(path: string[], body: Record<string, unknown>): unknown {
  if (path[1] === "months") return { month: body.month, grids: GRIDS, households: stops.length };
  if (path[1] === "marks") {
    const stop = stops.find(({ customer_id }) => customer_id === body.customer_id)!;
    let again: string | null = null;
    if (body.result === "missed") {
      again = dateOf(days[Math.min(days.length - 1, days.findIndex((day) => dateOf(day) === stop.date) + 2)]!);
      Object.assign(stop, { missed: stop.missed + 1, date: again });
      counted.missed++;
    } else stop.state = body.result === "visited" ? "visited" : "refused";
    if (body.finding) counted.findings++;
    emit("visit.marked", { kind: "org", id: orgs[0]!.id }, { result: body.result });
    return { stop, order_id: body.finding ? "7001" : null, again };
  }
  if (path[2] === "undo") [inForce, proposed] = [null, inForce ? { ...inForce, state: "proposed" } : null];
  else if (path[3] === "accept") [inForce, proposed] = [{ ...proposed!, state: "in_force", accepted_at: iso() }, null];
  else proposed = make(body.keep as VisitCut["keep"]);
  emit("visit.cut_proposed", { kind: "visit_cut", id: "1" }, {});
  return proposed ?? inForce;
}
