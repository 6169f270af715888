// The mock's promises, figures and rules.
import type { BoardPromise, KindFigures, PromiseSum, Rules } from "../src/types";
import { iso, now, orders } from "./world";

const SOURCE = "供电服务“十项承诺” (mock)";
const PROMISES = [["arrive", "到达现场", "Arrive", 45, 412, 9], ["dispatch", "派单", "Dispatch", 3, 418, 31], ["complaint_answer", "投诉答复", "Complaint answered", 7200, 14, 0], ["call_back", "回访", "Called back", 1440, 388, 2], ["meter_test", "电表校验", "Meter tested", 7200, 0, 0]] as const; // prettier-ignore
const sum = (measured: number, broken: number): PromiseSum => ({ measured, kept: measured - broken, broken, rate: measured ? (measured - broken) / measured : null, average_s: measured ? 1380 : null });
const AREAS = ["urban", "rural", "remote"] as const;
const board = (): BoardPromise[] =>
  PROMISES.map(([id, name_zh, name_en, minutes, measured, broken], i) => ({
    id, name_zh, name_en, source: SOURCE, source_zh: SOURCE, rule_version: "2", judged: i === 0 ? "average" : "each", kept_as_a_whole: i !== 1, ...sum(measured, broken), running: measured && 6 + i, in_danger: i % 2, broken_now: i === 1 ? 2 : 0,
    areas: AREAS.map((area, a) => ({ area, limit_s: minutes * 60 * (a + 1), ...sum(Math.floor(measured / 3), Math.floor(broken / 3)) })),
    parts: [["11", "城关供电所"], ["12", "东塘供电所"]].map(([org_id, name], p) => ({ org_id: org_id!, name: name!, ...sum(Math.floor(measured / 2), p ? broken : 0) })),
    year_before: sum(measured, broken * 2),
  })); // prettier-ignore
const figure = (id: string, name_zh: string, name_en: string, n: number, of: number) => ({ id, name_zh, name_en, n, of, rate: of ? n / of : null, total: 0, year_before: { n: n + 3, of, rate: of ? (n + 3) / of : null, total: 0 } });
const figures = (): KindFigures[] => [
  { kind: "fault_repair", name_zh: "故障报修", name_en: "Fault repair", group: "repair", figures: [figure("accepted", "受理", "Accepted", 420, 0), figure("repeat", "重复诉求率", "Repeated matters", 7, 420), figure("outcome.satisfied", "办结: 满意", "Closed: satisfied", 371, 388), figure("outcome.unanswered", "办结: 三次未接", "Closed: three calls not answered", 17, 388)] },
  { kind: "complaint", name_zh: "投诉", name_en: "Complaint", group: "service", figures: [figure("accepted", "受理", "Accepted", 14, 0), figure("violations", "违规", "Violations", 2, 0)] },
];
const answers = (n: number) => ({ answers: n, hidden: n < 5, satisfied: n - 4, rate: (n - 4) / n, dimensions: [["speed", "响应速度", "Speed"], ["attitude", "服务态度", "Attitude"]].map(([id, name_zh, name_en], i) => ({ id: id!, name_zh: name_zh!, name_en: name_en!, answers: n, average: 4.6 - i * 0.2 })) });
const origin = (id: string, name_zh: string, name_en: string) => ({ id, name_zh, name_en, rule_version: "2", source: SOURCE, source_zh: SOURCE, strength: "V" as const, region: "CN", from: "2026-01-01", until: null });
const rules = (): Rules => ({
  region: "CN", as_of: null, book: "1", calendars: [origin("workdays", "工作日", "Working days")],
  promises: PROMISES.map(([id, zh, en, minutes], i) => ({ ...origin(id, zh, en), strength: (["V", "W", "R"] as const)[i % 3]!, calendar: "always", in_force: i !== 4, judged: i ? "each" : "average", urban_s: minutes * 60, rural_s: minutes * 120, remote_s: minutes * 160, marks: [50, 75, 100], used_by: [`fault_repair.${id}`] })),
  kinds: [{ ...origin("fault_repair", "故障报修", "Fault repair"), group: "repair", running: 12, running_older: 3 }],
}); // prettier-ignore

export function boardGet(path: string[]): unknown {
  if (path[0] === "rules") return rules();
  if (path[0] === "satisfaction") return { named: answers(60), anonymous: answers(9) };
  if (path[0] === "orders") return { from_day: 20261101, to_day: 20261121, items: figures() };
  if (path[1] === "board") return { from_day: 20261101, to_day: 20261121, items: board() };
  const some = orders.slice(0, path[1] === "dispatch" ? 5 : 1);
  return { items: some.map(({ id, number }) => ({ order_id: id, number, org_id: "11", clock: "dispatch", started: iso(now() - 3600e3), ended: iso(now() - 3000e3), used_s: 600, limit_s: 180 })) };
}
