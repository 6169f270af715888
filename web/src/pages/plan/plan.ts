// What the parts of the plan's page share: the axis of time, how a job stands, its words.
import { locale, t, word } from "../../i18n";
import type { Stop } from "../../map/ways";
import type { Plan, PlanLane, PlanNeed, PlanTask } from "../../types";
import { materialName } from "../../ui/materials";

export const TIGHT_MINUTES = 10;
const HALF_HOUR = 30 * 60_000;

export interface Axis {
  from: number;
  until: number;
}
export const axisAt = (now: number, hours: number): Axis => {
  const from = Math.floor((now - HALF_HOUR) / HALF_HOUR) * HALF_HOUR;
  return { from, until: from + hours * 2 * HALF_HOUR };
};
export const share = (axis: Axis, at: number | string): number => ((typeof at === "number" ? at : Date.parse(at)) - axis.from) / (axis.until - axis.from);
export const percent = (part: number): string => `${(100 * part).toFixed(3)}%`;
export const within = (axis: Axis, from: string, until: string): boolean => Date.parse(until) > axis.from && Date.parse(from) < axis.until;

export type Standing = "late" | "tight" | "fine";
export const standing = (task: PlanTask): Standing => (task.slack_minutes === null ? "fine" : task.slack_minutes < 0 ? "late" : task.slack_minutes < TIGHT_MINUTES ? "tight" : "fine");

export const reasonOf = (task: PlanTask): string => (locale.value === "zh" ? task.reason_zh : task.reason_en);
export const needsText = (needs: PlanNeed[]): string => needs.map(({ item, quantity }) => `${materialName(item)} × ${quantity}`).join(t("list.comma"));
export const titleOf = (task: PlanTask): string => [t(`plan.kind.${task.kind}`), task.device, task.round].filter(Boolean).join(" · ");
export const stateOf = (task: PlanTask): string => (task.pinned ? t("plan.in_hand") : task.state === "accepted" ? t("plan.accepted") : "");
export const skillsText = (skills: string): string => skills.split(";").filter(Boolean).map((skill) => word("skill", skill)).join(t("list.comma")); // prettier-ignore
export const taskOf = (plan: Plan, id: string | null): PlanTask | undefined => plan.tasks.find((task) => task.id === id);

/** A crew's way: where it is, the stores, its jobs in order. */
export function stopsOf(plan: Plan, { crew, stops }: PlanLane): Stop[] {
  const list: Stop[] = [];
  if (crew.lon !== null && crew.lat !== null) list.push({ lon: crew.lon, lat: crew.lat, kind: "crew", name: crew.name, task: null });
  for (const { task_id, store } of stops) {
    const task = taskOf(plan, task_id);
    if (task && task.lon !== null && task.lat !== null) list.push({ lon: task.lon, lat: task.lat, kind: standing(task), name: task.device, task: task.id });
    if (store?.lon != null && store.lat != null) list.push({ lon: store.lon, lat: store.lat, kind: "store", name: store.name ?? "", task: null });
  }
  return list;
}
