// The mock's low-voltage area and overloads.
import { devices, KINDS } from "./network";
import { iso } from "./world";

const areas = () => devices.filter((d) => KINDS[d.kind] === "transformer");
const remedy = (kinds: string[], cures: boolean, low: number, worst_volts: number, cost_yuan: number, days: number, more: object = {}) => ({ kinds, cures, cured: 9 - low, low, worst_volts, cost_yuan, days, ...more });
const REMEDIES = [
  remedy(["tap"], true, 0, 199.2, 800, 1, { tap_percent: 5 }),
  remedy(["balance"], true, 0, 198.6, 900, 1, { moves: [{ customer: "3", from: "A", to: "C" }, { customer: "7", from: "A", to: "B" }] }),
  remedy(["conductor"], true, 0, 203.1, 31500, 33, { conductor: "JKLYJ-120", metres: 300, spans: ["T1-1", "T1-1-1"] }),
  remedy(["second"], true, 0, 211.4, 96000, 60, { kva: 100, at: "T1-1-4" }),
  remedy(["hours"], false, 2, 196.4, 200, 1),
  remedy(["transformer"], false, 7, 193.9, 47000, 20, { kva: 315 }),
];
const households = (after: boolean) =>
  Array.from({ length: 42 }, (_, i) => {
    const metres = 40 + ((i * 37) % 460), least = Math.round((226 - metres * 0.068 - ((i * 13) % 7)) * 10) / 10;
    return { customer_id: String(i + 1), number: String(4300000100 + i), device: `T1-1-${i % 6}`, metres, phases: "ABC"[i % 3]!, least_volts: least, quarters_low: least < 198 ? 9 : 0, measured_volts: i % 5 ? Math.round((least + 0.4) * 10) / 10 : null, after_volts: after ? Math.round((least + 8 + metres * 0.01) * 10) / 10 : null, shiftable: i % 9 === 0 };
  }); // prettier-ignore
const pumps = [0, 1, 2].map((i) => ({ customer_id: String(i), number: String(4300000100 + i * 9), kw: 7.5, hours_needed: 4, days: [0, 1, 2].map((d) => [{ from: `${String(6 + 5 * ((i + d) % 3)).padStart(2, "0")}:00`, until: `${String(10 + 5 * ((i + d) % 3)).padStart(2, "0")}:00` }]) }));

const decisions = new Map<string, string>();
export function supplyPost(path: string[], body: Record<string, unknown>): unknown {
  if (path[1] === "search") return { running: true };
  const state = body.decision === "accept" ? "accepted" : body.decision === "refuse" ? "refused" : decisions.get(path[2]!) === "accepted" ? "taken_back" : "open";
  decisions.set(path[2]!, state);
  return { state };
}

export function supply(path: string[]): unknown {
  if (path[1] === "overloads") {
    const list = areas().slice(0, 3);
    return {
      areas: 40, of: 44, from: "2026-02-14", seasonal: true,
      items: list.map((d, n) => {
        const middle = (day: number, hour: number) => (d.rated || 200) * 0.95 * (0.45 + (day === 2 ? 0.35 : 0.15) * Math.exp(-((hour - 19) ** 2) / 8)) * (1.25 - n * 0.12);
        const fan = Array.from({ length: 7 }, (_, day) => { const of = (k: number) => Array.from({ length: 24 }, (_, h) => Math.round(middle(day, h) * k * 10) / 10); return { day: `2026-02-${14 + day}`, festival: true, p10: of(0.85), p50: of(1), p90: of(1.2), p975: of(1.35) }; });
        return { device_id: d.id, name: d.name, rated_kw: (d.rated || 200) * 0.95, day: "2026-02-16", overload: 0.82 - n * 0.3, peak_p50: middle(2, 19), peak_p90: middle(2, 19) * 1.2, fan };
      }),
    }; // prettier-ignore
  }
  if (path[1] === "strays") {
    const [a, b] = areas();
    const stray = (id: string) => ({ id, customer_id: id, number: `43000001${id}`, from: { id: a!.id, name: a!.name }, to: { id: b!.id, name: b!.name }, phase: "B", confidence: 0.998, days: 20, metres: 310, found_at: iso(), state: decisions.get(id) ?? "open", decided_at: null, decided_by: null, at_next_start: decisions.get(id) === "accepted" });
    return { running: false, failed: false, done: 88, areas: 88, began_at: iso(), items: ["21", "22"].map(stray) };
  }
  const device = devices.find(({ id }) => id === path[2]);
  const base = { device_id: path[2], name: device?.name ?? "台区", day: "2026-11-20", rated_kva: device?.rated || 200, households: 42, read: 40, guessed: 1, worst_volts: 191.2, low: 9, high: 0, unsolved: 0, peak_load: 0.86, loss_kwh: 31.4 };
  if (path[3] === "choices") return { items: [] };
  if (path[3] === "phases") return { device_id: path[2], days: 20, items: households(false).map(({ customer_id, number, phases }, i) => ({ customer_id, number, recorded: phases, found: i === 4 ? "A" : phases, confidence: 0.97, differs: i === 4 && phases !== "A", put_right: false })) };
  if (path[3] === "hours") return { ...base, keeps: true, given_share: 1, night_spread: 0.5, worst_volts: 200.3, without_volts: 203, pumps };
  if (path[3] === "remedies") return { ...base, remedy: REMEDIES[Number(path[4])], customers: households(true), pumps: [], at: iso() };
  const view = (name: string, recovered: number, low: number, worst_volts: number) => ({ name, recovered, low, worst_volts });
  return { ...base, cause: "line", views: [view("source", 0.12, 8, 192), view("transformer", 0.2, 7, 193.9), view("line", 1, 0, 204.6), view("balance", 0.55, 4, 196.8), view("hours", 0.6, 2, 196.4)], remedies: REMEDIES, customers: households(false) };
}
