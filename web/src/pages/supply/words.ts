import { locale, t } from "../../i18n";
import type { Remedy } from "./types";

type Key = Parameters<typeof t>[0];
export const kindName = (kind: string) => t(`supply.kind_${kind}` as Key);
export const causeName = (cause: string) => (cause ? t(`supply.cause_${cause}` as Key) : "–");
export const money = (yuan: number) => `¥${yuan.toLocaleString(locale.value === "zh" ? "zh-CN" : "en")}`;

/** What is to be done, in a line. */
export function wordsOf(remedy: Remedy): string {
  const parts: string[] = [];
  if (remedy.tap_percent !== undefined) parts.push(t("supply.do_tap", { percent: `${remedy.tap_percent > 0 ? "+" : ""}${remedy.tap_percent}` }));
  if (remedy.moves) parts.push(t("supply.do_balance", { count: remedy.moves.length }));
  if (remedy.kinds.includes("hours")) parts.push(t("supply.do_hours"));
  if (remedy.conductor) parts.push(t("supply.do_conductor", { what: remedy.conductor, metres: remedy.metres ?? 0, spans: remedy.spans?.length ?? 0 }));
  if (remedy.kinds.includes("transformer")) parts.push(t("supply.do_transformer", { kva: remedy.kva ?? 0 }));
  if (remedy.kinds.includes("second")) parts.push(t("supply.do_second", { kva: remedy.kva ?? 0, at: remedy.at ?? "" }));
  return parts.join(t("list.comma"));
}
