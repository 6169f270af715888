// An event as one line of the ticker.
import type { RouteLocationRaw } from "vue-router";
import { t, word } from "../../i18n";
import { outages } from "../../store/board";
import type { FeedEvent } from "../../types";
import type { IconName } from "../../ui/Icon.vue";

const ICONS: Record<string, IconName> = {
  "order.accepted": "phone",
  "order.reopened": "undo",
  "order.archived": "restored",
  "outage.found": "bolt",
  "outage.restored": "restored",
  "outage.closed": "restored",
  "outage.eta": "clock",
  "crew.assigned": "crew_assigned",
  "crew.step": "on_the_way",
  "crew.material": "box",
  "meter.alarm": "warning",
  "meter.alarm_cured": "restored",
};

/** The steps of a repair are the company's own; which one it was stands on the outage's page. */
const stepWord = (step: string) => (word("step", step) === step ? t("step.repair") : word("step", step));

export function eventLine({ kind, subject, data }: FeedEvent): { icon: IconName; text: string; to: RouteLocationRaw | undefined } {
  const room = kind.split(".")[0];
  const given = (name: string) => (data[name] === undefined || data[name] === null ? "" : String(data[name]));
  const outage = outages.value.find(({ id }) => id === (room === "outage" ? subject.id : given("outage_id")));
  const what = [given("name"), outage?.device.name ?? given("number")].filter(Boolean).join(" → ");
  const step = given("step") && stepWord(given("step"));
  const out = typeof data.customers_out === "number" ? t("outage.households", { n: data.customers_out }) : "";
  const text = [word("event", kind), what, step, room === "outage" && kind !== "outage.eta" ? out : ""].filter(Boolean).join(" · ");
  const to = subject.kind === "order" ? { name: "order", params: { id: subject.id } } : subject.kind === "outage" ? { name: "outage", params: { id: subject.id } } : subject.kind === "area" ? { name: "area", params: { id: subject.id } } : undefined; // prettier-ignore
  return { icon: ICONS[kind] ?? (room === "outage" ? "bolt" : room === "crew" ? "people" : "list"), text, to };
}
