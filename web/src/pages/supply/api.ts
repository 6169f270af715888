import { call, newKey, query } from "../../http";
import type * as S from "./types";

const at = (id: string, rest = "") => `/api/v1/supply/areas/${id}${rest}`;
export const area = (id: string, day?: string) => call<S.Area>("GET", at(id, query({ day })));
export const picture = (id: string, which: number, day: string) => call<S.Picture>("GET", at(id, `/remedies/${which}${query({ day })}`));
export const hours = (id: string, day: string) => call<S.Hours>("GET", at(id, `/hours${query({ day })}`));
export const choices = (id: string) => call<{ items: S.Choice[] }>("GET", at(id, "/choices"));
export const pick = (id: string, day: string, remedy: number, key = newKey()) => call<{ id: string; order_id: string }>("POST", at(id, "/choices"), { body: { day, remedy }, key });
export const overloads = () => call<S.Overloads>("GET", "/api/v1/supply/overloads");
export const phases = (id: string) => call<S.Phases>("GET", at(id, "/phases"));
export const correct = (id: string, items: { customer_id: string; phase: string | null }[], key = newKey()) => call<{ items: number }>("POST", at(id, "/corrections"), { body: { items }, key });
export const strays = () => call<S.Strays>("GET", "/api/v1/supply/strays");
export const search = (key = newKey()) => call<{ running: boolean }>("POST", "/api/v1/supply/search", { body: {}, key });
export const decide = (id: string, decision: "accept" | "refuse" | "undo", key = newKey()) => call<{ state: string }>("POST", `/api/v1/supply/strays/${id}/decision`, { body: { decision }, key });
