// Every route the console uses, typed. See /api/openapi.json of a running program.
import { call, newKey, query, send, type CallOptions } from "./http";
import { later } from "./store/outbox";
import type * as T from "./types";

const V1 = "/api/v1";
const get = <R>(path: string, options?: CallOptions) => call<R>("GET", V1 + path, options);
/** What people type goes in the body: addresses are kept by histories and logs. */
const search = <R>(path: string, q: string, options?: CallOptions) => call<R>("POST", V1 + path, { ...options, body: { q }, reads: true });
/** A write that may be repeated: the caller may hand in the key of an earlier try. */
const keyed = <R>(path: string, body: unknown, key = newKey()) => call<R>("POST", V1 + path, { body, key });
/** The same on a phone: where there is no net it is kept and sent later (null), told to its person by `what`. */
const kept = <R>(about: string, path: string, body: Record<string, unknown>, what: string, key?: string) => later<R>(about, V1 + path, body, what, key);

export const session = {
  current: () => get<T.Session>("/session", { quiet: true }),
  open: (name: string, password: string, code?: string) => call<T.Session>("POST", `${V1}/session`, { body: { name, password, ...(code ? { code } : {}) }, quiet: true }),
  close: () => call<void>("DELETE", `${V1}/session`),
  ways: () => get<{ oidc: string | null }>("/session/ways"),
  serviceBegin: () => call<{ url: string; flow: string }>("POST", `${V1}/session/oidc`),
  serviceFinish: (flow: string, state: string, code: string, issuer?: string) => call<{ paused: string | null }>("POST", `${V1}/session/oidc/finish`, { body: { flow, state, code, ...(issuer ? { issuer } : {}) }, quiet: true }),
  serviceCode: (paused: string, code: string) => call<{ paused: null }>("POST", `${V1}/session/oidc/code`, { body: { paused, code }, quiet: true }),
  password: (old: string, fresh: string) => call<void>("POST", `${V1}/session/password`, { body: { old, new: fresh } }),
  twoFactor: (password: string) => call<{ secret: string; uri: string }>("POST", `${V1}/session/two-factor`, { body: { password } }),
  twoFactorConfirm: (code: string) => call<{ recovery: string[] }>("POST", `${V1}/session/two-factor/confirm`, { body: { code } }),
  twoFactorRemove: (password: string, code: string) => call<void>("DELETE", `${V1}/session/two-factor`, { body: { password, code } }),
};

export const company = () => get<T.Company>("/company");
export const orgs = () => get<{ items: T.Org[] }>("/orgs");

export const staff = {
  list: () => get<T.Page<T.StaffAccount>>("/staff"),
  create: (body: { name: string; full_name: string; roles: T.Role[]; org_id: string; crew_id: string | null }) => call<T.StaffAccount>("POST", `${V1}/staff`, { body }),
  change: (id: string, body: Partial<{ roles: T.Role[]; org_id: string; crew_id: string | null; full_name: string; disabled: boolean; reset_password: true; reset_two_factor: true }> & { version: number }) =>
    call<T.StaffAccount>("PATCH", `${V1}/staff/${id}`, { body }),
};

export const colleagues = { find: (q: string) => search<T.Page<T.Colleague>>(`/colleagues/search${query({ limit: 50 })}`, q) };

export const security = {
  rule: () => get<{ two_factor: T.TwoFactorRule }>("/security"),
  decide: (two_factor: T.TwoFactorRule) => call<{ two_factor: T.TwoFactorRule }>("PUT", `${V1}/security`, { body: { two_factor } }),
};

export const audit = {
  list: (filter: Record<string, string | number>) => get<T.Page<T.AuditEvent>>(`/audit${query(filter)}`),
  verify: () => get<{ checked: number; broken_seq: number | null }>("/audit/verify"),
};

export const grid = {
  backdrop: () => get<T.Backdrop>("/grid/backdrop"),
  tile: async (z: number, x: number, y: number, signal: AbortSignal) => (await send("GET", `${V1}/grid/tiles/${z}/${x}/${y}`, { signal })).arrayBuffer(),
  deviceAt: (index: number) => get<T.DeviceCard>(`/grid/devices${query({ index })}`),
  find: (q: string, signal?: AbortSignal) => search<{ items: T.DeviceCard[] }>("/grid/search", q, signal ? { signal } : {}),
};

export const customers = {
  find: (q: string, signal: AbortSignal) => search<{ items: T.CustomerHit[]; took_us: number }>(`/customers/search${query({ limit: 20 })}`, q, { signal }),
  file: (id: string) => get<T.Customer>(`/customers/${id}`),
  standing: (id: string) => get<T.Standing>(`/customers/${id}/standing`),
  supply: (id: string, has_power: boolean) => keyed<unknown>(`/customers/${id}/supply`, { has_power }),
  reveal: (id: string, reason: string) => call<{ name: string; phone: string }>("POST", `${V1}/customers/${id}/reveal`, { body: { reason } }),
};

export interface OrderFilter {
  state?: string;
  kind?: string;
  assigned?: "me";
  outage?: string;
  q?: string;
  sort?: "due" | "at";
  limit?: number;
  after?: string;
}
export interface NewOrder {
  kind: string;
  customer_id: string | null;
  caller_phone: string | null;
  caller_name: string | null;
  what?: string;
  description?: string;
  urgency: number;
  source: "hotline" | "console";
  fields?: Record<string, unknown>;
}
export const orders = {
  list: ({ q, ...filter }: OrderFilter) => (q ? search<T.Page<T.OrderSummary>>(`/orders/search${query({ ...filter })}`, q) : get<T.Page<T.OrderSummary>>(`/orders${query({ ...filter })}`)),
  one: (id: string) => get<T.Order>(`/orders/${id}`),
  kinds: () => get<{ items: T.OrderKind[] }>("/orders/kinds"),
  counts: () => get<T.OrderCounts>("/orders/counts"),
  create: (body: NewOrder, key: string) => keyed<T.OrderSummary>("/orders", body, key),
  step: (id: string, step: string, version: number, fields: Record<string, unknown>, key?: string) =>
    keyed<T.OrderSummary>(`/orders/${id}/steps`, { step, version, fields }, key),
  stepLater: (id: string, step: string, version: number, fields: Record<string, unknown>, what: string, key?: string) =>
    kept<T.OrderSummary>(`orders/${id}`, `/orders/${id}/steps`, { step, version, fields }, what, key),
  attachTo: (order: string | null) => `${V1}/attachments${query({ order })}`,
  attach: (file: Blob, order: string | null, key = newKey()) => call<T.Attachment>("POST", orders.attachTo(order), { raw: file, key }),
  attachment: (id: string) => `${V1}/attachments/${id}`,
  surveyLink: (id: string) => call<{ path: string; expires: string }>("POST", `${V1}/orders/${id}/survey-links`),
  callbacks: () => get<T.Page<T.Callback>>("/callbacks"),
};

export const outages = {
  list: (state: "open" | "closed") => get<T.Page<T.OutageSummary>>(`/outages${query({ state })}`),
  one: (id: string) => get<T.Outage>(`/outages/${id}`),
  dark: () => get<T.DarkAreas>("/outages/dark"),
  declare: (device_id: string, cause?: string) => keyed<T.OutageSummary>("/outages", { device_id, ...(cause ? { cause } : {}) }),
  act: (id: string, act: T.OutageAct, body: { version: number } & Record<string, unknown>) => keyed<unknown>(`/outages/${id}/${act}`, body),
  possible: () => get<{ items: T.PossibleOutage[] }>("/outages/possible"),
  estimates: () => get<T.EstimateScore>("/outages/estimates"),
  word: (device_id: string, said: "out" | "sound" | "judge") => keyed<unknown>("/outages/word", { device_id, word: said }),
  proposals: (id: string) => get<{ items: T.Proposal[] }>(`/outages/${id}/proposals`),
};

export const crews = {
  list: () => get<T.Page<T.Crew>>("/crews"),
};

interface PlanDone {
  version: number;
  undo: number;
  assigned: number;
  taken_back: number;
  departed: number;
  task_id: string | null;
}
export const plan = {
  whole: () => get<T.Plan>("/plan"),
  mine: () => get<T.Plan>(`/plan${query({ crew: "me" })}`),
  changes: () => get<{ items: T.PlanChange[] }>(`/plan/changes${query({ limit: 100 })}`),
  move: (task_id: string, crew_id: string, to: { before_id?: string; at?: string }) => keyed<PlanDone>("/plan/move", { task_id, crew_id, ...to }),
  undo: () => keyed<PlanDone>("/plan/undo", {}),
  accept: (task_id: string | null) => keyed<PlanDone>("/plan/accept", task_id ? { task_id } : {}),
  whatIf: (changes: T.PlanWhatIf[]) => call<T.PlanCompare>("POST", `${V1}/plan/what-if`, { body: { changes } }),
  advice: () => get<T.PlanAdvice>("/plan/advice"),
  errand: (id: string, step: "start" | "done" | "cancel") => keyed<PlanDone>(`/plan/errands/${id}`, { step }),
  errandLater: (id: string, step: "start" | "done", what: string) => kept<PlanDone>(`errands/${id}`, `/plan/errands/${id}`, { step }, what),
  delay: (job: string, minutes: number, what: string) => kept<PlanDone>(`jobs/${job}`, `/jobs/${job}/delay`, { minutes }, what),
  need: (job: string, body: T.PlanAsk, what: string) => kept<PlanDone>(`jobs/${job}`, `/jobs/${job}/needs`, { ...body }, what),
  taskNeed: (task: string, body: T.PlanAsk) => keyed<PlanDone>(`/plan/tasks/${task}/needs`, body),
};

export const roster = {
  read: (from: number | undefined, days: number) => get<T.Roster>(`/roster${query({ from, days })}`),
  set: (body: { crew_id: string; day: number; duty: T.Duty; from: number; until: number; version: number }) => keyed<{ version: number }>("/roster", body),
  swap: (crew_a: string, day_a: number, crew_b: string, day_b: number) => keyed<{ version: number }>("/roster/swap", { crew_a, day_a, crew_b, day_b }),
  rounds: () => get<{ items: T.PatrolRound[] }>("/rounds"),
  saveRound: (body: { id?: string; name: string; reason?: string; from_day: number; until_day: number; windows: { from: number; until: number }[]; minutes: number; device_ids: string[]; customer_ids?: string[]; version?: number }) =>
    keyed<T.PatrolRound>("/rounds", body),
  endRound: (id: string, version: number) => keyed<{ version: number }>(`/rounds/${id}/end`, { version }),
};

export const jobs = {
  mine: () => get<T.Page<T.Job>>(`/jobs${query({ crew: "me", state: "open" })}`),
  one: (id: string) => get<T.Job>(`/jobs/${id}`),
  step: (id: string, step: string, version: number, fields: Record<string, unknown>, what: string, key?: string) =>
    kept<T.Job>(`jobs/${id}`, `/jobs/${id}/steps`, { step, version, fields }, what, key),
  stock: (item: string, near: string) => get<{ items: T.StockItem[] }>(`/stock${query({ item, near })}`),
  take: (id: string, item: string, quantity: number, org_id: string | null) => keyed<T.Job>(`/jobs/${id}/materials`, { item, quantity, ...(org_id ? { org_id } : {}) }),
};

export const visits = {
  cuts: () => get<T.VisitCuts>("/visits/cuts"),
  areas: () => get<T.VisitAreas>("/visits/areas"),
  propose: (keep: T.VisitKeep) => keyed<T.VisitCut>("/visits/cuts", { keep }),
  accept: (id: string) => keyed<T.VisitCut>(`/visits/cuts/${id}/accept`, {}),
  undo: () => keyed<T.VisitCut>("/visits/cuts/undo", {}),
  plan: (month: string) => keyed<{ month: string; grids: number; households: number }>("/visits/months", { month }),
  day: (month: string, day?: string) => get<T.VisitPlan>(`/visits/plan${query({ manager: "me", month, day })}`),
  due: (month: string) => get<{ items: T.VisitStop[] }>(`/visits/due${query({ manager: "me", month })}`),
  figures: (month: string) => get<{ month: string; items: T.VisitFigures[] }>(`/visits/figures${query({ month })}`),
  mark: (body: T.VisitMark, what: string, key: string) => kept<{ stop: T.VisitStop; order_id: string | null; again: string | null }>(`visits/${body.customer_id}`, "/visits/marks", { ...body }, what, key),
};

export const areas = {
  list: (q: string, filter: Record<string, string | number>) => (q ? search<T.AreaPage>(`/areas/search${query(filter)}`, q) : get<T.AreaPage>(`/areas${query(filter)}`)),
  day: (id: string, date: string) => get<T.AreaDay>(`/areas/${id}/day${query({ date })}`),
  csv: (id: string, date: string) => `${V1}/areas/${id}/readings.csv${query({ date })}`,
  setAside: () => get<T.Asides>("/readings/set-aside"),
  settle: (row: { date: string; reason: string; subject: string }, key: string) => call<void>("POST", `${V1}/readings/set-aside/settle`, { body: row, key }),
};

export const use = {
  use: (id: string) => get<T.Use>(`/customers/${id}/use`),
  day: (id: string, date: string) => get<T.MeterDay>(`/customers/${id}/readings${query({ date })}`),
  sheet: (id: string) => `${V1}/customers/${id}/readings.xlsx`,
  greenButton: (id: string) => `${V1}/customers/${id}/green-button.xml`,
};

export const groups = {
  list: () => get<{ items: T.Group[] }>("/groups"),
  open: (org_id: string, name: string, key: string) => keyed<{ id: string }>("/groups", { org_id, name }, key),
  link: (id: string) => call<{ path: string }>("POST", `${V1}/groups/${id}/link`),
  thread: (id: string) => get<T.Page<T.GroupMessage> & { closed_at?: string | null }>(`/groups/${id}/messages${query({ limit: 100 })}`),
  say: (id: string, body: { body?: string; attachment_id?: string }, what: string, key: string) => kept<{ id: string }>(`groups/${id}`, `/groups/${id}/messages`, body, what, key),
  pictureTo: (id: string) => `${V1}/groups/${id}/pictures`,
  pictureAt: (id: string, picture: string) => `${V1}/groups/${id}/pictures/${picture}`,
  /** Without a kind: what the message's words ask for. */
  order: (message: string, asked: { kind?: string; what?: string; fields?: Record<string, unknown> } = {}) => keyed<{ id: string }>(`/group-messages/${message}/order`, asked),
  members: (id: string) => get<{ items: T.GroupMember[] }>(`/groups/${id}/members`),
  close: (id: string) => call<{ id: string }>("POST", `${V1}/groups/${id}/close`),
};

interface BoardAsked {
  from: string;
  to: string;
  org?: string | undefined;
}
export const board = {
  promises: (asked: BoardAsked) => get<{ from_day: number; to_day: number; items: T.BoardPromise[] }>(`/promises/board${query({ ...asked })}`),
  broken: (id: string, asked: BoardAsked) => get<{ items: T.BrokenOrder[] }>(`/promises/${id}/broken${query({ ...asked })}`),
  figures: (asked: BoardAsked) => get<{ items: T.KindFigures[] }>(`/orders/figures${query({ ...asked })}`),
  satisfaction: (asked: BoardAsked) => get<{ named: T.Answers; anonymous: T.Answers }>(`/satisfaction${query({ ...asked })}`),
  /** Where the spreadsheet is. */
  sheet: (asked: BoardAsked) => `${V1}/exports/promises${query({ ...asked })}`,
  rules: () => get<T.Rules>("/rules"),
};

export const privacy = {
  handOut: (id: string, reason: string) => call<T.HouseholdData>("POST", `${V1}/customers/${id}/export`, { body: { reason } }),
  correct: (id: string, reason: string, to: { name?: string; phone?: string; address?: string }) => call<unknown>("PATCH", `${V1}/customers/${id}`, { body: { reason, ...to } }),
  ask: (id: string, reason: string) => call<T.Erasure>("POST", `${V1}/customers/${id}/erasure`, { body: { reason } }),
  list: () => get<{ items: T.Erasure[] }>("/erasures"),
  decide: (id: string, agree: boolean) => call<T.Erasure>("POST", `${V1}/erasures/${id}/decision`, { body: { agree } }),
};
