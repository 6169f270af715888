// Times as people say them, in local time by the program's clock.
import { locale, t } from "../i18n";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const two = (n: number) => String(n).padStart(2, "0");

export function hourMinute(at: number | string): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

export function hourMinuteSecond(at: number | string): string {
  return `${hourMinute(at)}:${two(new Date(at).getSeconds())}`;
}

/** "22:10" today, "yesterday 22:10", "tomorrow 00:30", "12-31 22:10" on another day of the year, with the year otherwise. */
export function moment(at: number | string, now: number): string {
  const date = new Date(at);
  const present = new Date(now);
  if (date.toDateString() === present.toDateString()) return hourMinute(at);
  if (date.toDateString() === new Date(now - DAY).toDateString()) return t("time.yesterday", { at: hourMinute(at) });
  if (date.toDateString() === new Date(now + DAY).toDateString()) return t("time.tomorrow", { at: hourMinute(at) });
  const day = `${two(date.getMonth() + 1)}-${two(date.getDate())} ${hourMinute(at)}`;
  return date.getFullYear() === present.getFullYear() ? day : `${date.getFullYear()}-${day}`;
}

export function longDate(at: number): string {
  return new Intl.DateTimeFormat(locale.value === "zh" ? "zh-CN" : "en-GB", { year: "numeric", month: "long", day: "numeric", weekday: "long" }).format(at);
}

export function ago(at: number | string, now: number): string {
  const passed = now - new Date(at).getTime();
  if (passed < 10_000) return t("time.just_now");
  if (passed < MINUTE) return t("time.seconds_ago", { n: Math.floor(passed / 1000) });
  if (passed < HOUR) return t("time.minutes_ago", { n: Math.floor(passed / MINUTE) });
  if (passed < DAY) return t("time.hours_ago", { h: Math.floor(passed / HOUR), m: Math.floor((passed % HOUR) / MINUTE) });
  return t("time.days_ago", { n: Math.floor(passed / DAY) });
}

/** "m:ss" under an hour, "h:mm:ss" under a day, then days and hours; without the sign. */
export function span(ms: number): string {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  const h = Math.floor(seconds / 3600);
  const m = Math.floor((seconds % 3600) / 60);
  if (h >= 24) return t("time.days_hours", { d: Math.floor(h / 24), h: h % 24 });
  return h ? `${h}:${two(m)}:${two(seconds % 60)}` : `${m}:${two(seconds % 60)}`;
}
