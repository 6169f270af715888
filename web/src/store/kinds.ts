// The kinds of order as the program knows them: their forms, states and steps. Read once; they change with a new set of rules only.
import { shallowRef } from "vue";
import { orders } from "../api";
import { named } from "../i18n";
import { orKept } from "./kept";
import type { Field, OrderKind } from "../types";

export const kinds = shallowRef<OrderKind[]>([]);
let asked: Promise<void> | null = null;

export function loadKinds(): Promise<void> {
  asked ??= orKept(() => "kinds", orders.kinds)().then(
    ({ items }) => void (kinds.value = items),
    (error: unknown) => {
      asked = null; // the next page asks again
      throw error;
    },
  );
  return asked;
}

export const kindOf = (id: string): OrderKind | undefined => kinds.value.find((kind) => kind.id === id);

export function stateName(kind: string, state: string): string {
  const found = kindOf(kind)?.states.find(({ id }) => id === state);
  return found ? named(found) : state;
}

/** The words for what was chosen in a field, or what was written in it. */
export function valueName(field: Field | undefined, value: unknown): string {
  const choice = field?.choices?.find(({ id }) => id === value);
  return choice ? named(choice) : String(value);
}

export const formField = (kind: string, id: string): Field | undefined => kindOf(kind)?.form.find((field) => field.id === id);
export const whatName = (kind: string, what: string | null): string => (what ? valueName(formField(kind, "what"), what) : "");
