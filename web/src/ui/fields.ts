// What a step's form holds while it is being filled in.
import type { Field } from "../types";

export type Values = Record<string, string | boolean>;

export const emptyValues = (fields: readonly Field[]): Values => Object.fromEntries(fields.map(({ id, type }) => [id, type === "bool" ? false : ""]));

export const complete = (fields: readonly Field[], values: Values): boolean => fields.every(({ id, required }) => !required || values[id] !== "");

/** What is sent: fields left empty are left out. */
export function filled(fields: readonly Field[], values: Values): Record<string, unknown> {
  const given = fields.filter(({ id }) => values[id] !== "" && values[id] !== undefined);
  return Object.fromEntries(given.map(({ id, type }) => [id, type === "number" ? Number(values[id]) : values[id]]));
}

const two = (n: number) => String(n).padStart(2, "0");
/** An instant as <input type="datetime-local"> writes it, and back. */
export function toLocalInput(instant: string | number): string {
  const at = new Date(instant);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}
export const fromLocalInput = (text: string): string => (text ? new Date(text).toISOString() : "");
