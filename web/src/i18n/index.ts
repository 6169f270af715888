// Two languages, one dictionary: the Chinese one names the keys, the English one must have each of them or the build fails.
import { ref } from "vue";
import { en } from "./en";
import { fill } from "./fill";
import { zh } from "./zh";

export type Locale = "zh" | "en";
export type Key = keyof typeof zh;

const KEPT = "dianbaomu.language";
const dictionaries: Record<Locale, Record<Key, string>> = { zh, en };

function first(): Locale {
  const kept = localStorage.getItem(KEPT);
  if (kept === "zh" || kept === "en") return kept;
  return navigator.language.toLowerCase().startsWith("en") ? "en" : "zh";
}

export const locale = ref<Locale>(first());

export function setLocale(next: Locale): void {
  locale.value = next;
  localStorage.setItem(KEPT, next);
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
}
setLocale(locale.value);

/** The words for `key`, with {names} replaced by `values`, and {name|one|many} by the one or the other. */
export function t(key: Key, values?: Record<string, string | number>): string {
  const text = dictionaries[locale.value][key];
  return values ? fill(text, values) : text;
}

export const hasWord = (prefix: string, code: string): boolean => `${prefix}.${code}` in zh;

/** The words for a code the program sent (`prefix.code`), or the code itself where this console is older than the program. */
export function word(prefix: string, code: string): string {
  const key = `${prefix}.${code}`;
  return hasWord(prefix, code) ? t(key as Key) : code;
}

/** Where a rule comes from. */
export const sourced = (rule: { source: string; source_zh: string }): string => (locale.value === "zh" ? rule.source_zh : rule.source);

export function named(thing: { name_zh: string; name_en: string }): string {
  return locale.value === "zh" ? thing.name_zh : thing.name_en;
}
