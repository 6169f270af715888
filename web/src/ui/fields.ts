// What a step's form holds while it is being filled in.
import { named } from "../i18n";
import type { Field } from "../types";

export type Values = Record<string, string | boolean | string[]>;

/** Money is kept in fen; people write and read yuan. */
export const labelOf = (field: Field): string => (field.type === "money" ? named(field).replace("(分)", "(元)").replace("(fen)", "(yuan)") : named(field));
const LISTS: readonly string[] = ["choices", "file"];
const empty = (value: Values[string] | undefined) => value === undefined || value === "" || (Array.isArray(value) && !value.length);
/** Whether a field is asked for, as the others stand. */
export function asked({ when }: Field, values: Values): boolean {
  if (!when) return true;
  const [id, is] = [when.slice(0, when.indexOf("=")), when.slice(when.indexOf("=") + 1)];
  const value = values[id];
  return typeof value === "boolean" ? (value ? "yes" : "no") === is : Array.isArray(value) ? value.includes(is) : value === is;
}

export const emptyValues = (fields: readonly Field[]): Values => Object.fromEntries(fields.map(({ id, type }) => [id, type === "bool" ? false : LISTS.includes(type) ? [] : ""]));

export const complete = (fields: readonly Field[], values: Values): boolean => fields.every((field) => !field.required || !asked(field, values) || !empty(values[field.id]));

function sent(type: Field["type"], value: Values[string]): unknown {
  if (type === "number" || type === "whole") return Number(value);
  return type === "money" ? Math.round(Number(value) * 100) : value; // yuan are written, fen are sent
}
/** What is sent: fields left empty are left out. */
export function filled(fields: readonly Field[], values: Values): Record<string, unknown> {
  const given = fields.filter((field) => asked(field, values) && !empty(values[field.id]));
  return Object.fromEntries(given.map(({ id, type }) => [id, sent(type, values[id]!)]));
}

const two = (n: number) => String(n).padStart(2, "0");
/** An instant as <input type="datetime-local"> writes it, and back. */
export function toLocalInput(instant: string | number): string {
  const at = new Date(instant);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}
export const fromLocalInput = (text: string): string => (text ? new Date(text).toISOString() : "");
