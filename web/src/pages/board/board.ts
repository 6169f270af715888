// What the board is asked, and how its figures are said.
import { locale, t } from "../../i18n";

export interface Asked {
  from: string;
  to: string;
  org?: string | undefined;
}
const two = (n: number) => String(n).padStart(2, "0");
/** "2026-11-21" in local time. */
export function dayOf(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
/** A share in per cent that never says 100 % of what was broken once. */
export function share(rate: number | null): string {
  if (rate === null) return "–";
  if (rate >= 1) return "100 %";
  return `${(Math.floor(rate * 1000) / 10).toFixed(1)} %`;
}
export const count = (n: number): string => n.toLocaleString(locale.value === "zh" ? "zh-CN" : "en-GB");
/** A promise's limit: in workdays where its calendar has shorter days than the clock and the limit is whole ones. */
export function limitOf(seconds: number, day_s: number | undefined): string {
  return day_s && day_s < 86400 && seconds >= day_s && seconds % day_s === 0 ? t("rules.workdays", { n: seconds / day_s }) : lasted(seconds);
}
/** "45 min", "5 d": how long a promise gives or an order took. */
export function lasted(seconds: number | null): string {
  if (seconds === null) return "–";
  const minutes = seconds / 60;
  const digits = (n: number) => String(Math.round(n * 10) / 10);
  if (minutes < 90) return t("board.minutes", { n: digits(minutes) });
  return minutes < 48 * 60 ? t("board.hours", { n: digits(minutes / 60) }) : t("board.days", { n: digits(minutes / 1440) });
}
