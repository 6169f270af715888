// What the program sends, as the pages see it. Ids are decimal digits in text (64 bits do not fit a double); instants are RFC 3339.

export const LADDER = ["reported", "assessing", "crew_assigned", "on_the_way", "on_site", "partly_restored", "restored"] as const;
/** `closed` is past the ladder: archived, dismissed. */
export type Ladder = (typeof LADDER)[number] | "closed";

export type Role = "agent" | "dispatcher" | "crew" | "manager" | "head" | "administrator" | "security" | "auditor";
export const ROLES: readonly Role[] = ["agent", "dispatcher", "crew", "manager", "head", "administrator", "security", "auditor"];

export type ClockState = "running" | "paused" | "kept" | "broken" | "cancelled";
export type Named = { id: string; name: string };
export type Bilingual = { zh: string; en: string };
export type Page<T> = { items: T[]; next: string | null };

export interface Staff {
  id: string;
  name: string;
  full_name: string | null;
  roles: Role[];
  org: Named;
  crew_id: string | null;
}
export interface Session {
  staff: Staff;
  token_expires: string;
  two_factor: boolean;
  /** They may do nothing before they have set up a second factor. */
  two_factor_needed: boolean;
}
export type TwoFactorRule = "free" | "administrators" | "everyone";
export interface AuditEvent {
  seq: number;
  at: string;
  actor: string;
  actor_name: string | null;
  kind: string;
  subject: { kind: string; id: string | null };
  data: Record<string, unknown>;
  hash: string;
}
/** Somebody who can be given something to do. */
export interface Colleague {
  id: string;
  name: string;
  roles: Role[];
  org: Named;
}
export interface StaffAccount {
  id: string;
  name: string;
  full_name: string | null;
  roles: Role[];
  org: Named;
  crew_id: string | null;
  disabled: boolean;
  two_factor: boolean;
  last_seen: string | null;
  version: number;
  password?: string;
}
export interface Org {
  id: string;
  name: string;
  level: string;
  children?: Org[];
}

export interface Company {
  name: string;
  demonstration: boolean;
  now: string;
  time_speed: number;
  version: string;
  customers: number;
  devices: number;
  bounds: [number, number, number, number];
  replay: { name: string; state: "waiting" | "running" | "done"; from: string; until: string; now: string } | null;
}

export interface Clock {
  id: string;
  name_zh: string;
  name_en: string;
  due: string | null;
  amber_at: string | null;
  state: ClockState;
  started: string | null;
  ended: string | null;
}

export interface OrderCustomer {
  id: string;
  number: string | null;
  name: string | null;
  phone: string | null;
}

export interface OrderSummary {
  id: string;
  number: string;
  kind: string;
  state: string;
  ladder: Ladder;
  customer: OrderCustomer | null;
  address: string | null;
  device_id: string | null;
  device_index: number | null;
  outage_id: string | null;
  crew_id: string | null;
  assignee_id?: string | null;
  to_org_id?: string | null;
  at: string;
  nearest_clock: Clock | null;
  what: string | null;
  urgency: 0 | 1 | 2;
  calls: number;
  reopened: number;
  suspended: boolean;
  suspended_until?: string | null;
  version: number;
}

export type FieldType = "text" | "note" | "choice" | "choices" | "time" | "date" | "bool" | "number" | "whole" | "money" | "phone" | "crew" | "staff" | "customer" | "org" | "order" | "outage" | "file";
export interface Field {
  id: string;
  name_zh: string;
  name_en: string;
  type: FieldType;
  required: boolean;
  /** "field=value": asked for only when that field of the same form is so. */
  when?: string;
  least?: number;
  most?: number;
  choices?: { id: string; name_zh: string; name_en: string }[];
}
export interface Step {
  id: string;
  name_zh: string;
  name_en: string;
  side?: boolean;
  fields: Field[];
}
export interface HistoryItem {
  /** A phone told it later than it was done. */
  received_at?: string | null;
  seq: number;
  at: string;
  actor: string;
  actor_name: string | null;
  kind: string;
  step: string | null;
  name_zh: string;
  name_en: string;
  note: string | null;
}
export interface Attachment {
  id: string;
  type: string;
  bytes: number;
  at?: string;
  by?: string | null;
}
export interface Order extends OrderSummary {
  parent_id: string | null;
  main_id: string | null;
  children: OrderSummary[];
  merged: OrderSummary[];
  attachments: Attachment[];
  visits?: { count: number; most: number };
  outcome?: string | null;
  account?: Account | null;
  /** What ids on this page are called: staff, parts of the organisation, orders. */
  names?: Record<string, string>;
  fields: Record<string, unknown>;
  description: string | null;
  source: string | null;
  caller_name: string | null;
  caller_phone: string | null;
  clocks: Clock[];
  history: HistoryItem[];
  steps: Step[];
  links: { kind: "outage" | "crew" | "order" | "customer"; id: string; label: string | null }[];
}
export interface OrderKind {
  id: string;
  name_zh: string;
  name_en: string;
  states: { id: string; name_zh: string; name_en: string; ladder: Ladder; final: boolean }[];
  steps: Step[];
  form: Field[];
  group: string | null;
  public: boolean;
  guide_zh: string | null;
  guide_en: string | null;
  opened_by: string[];
  clocks: { id: string; name_zh: string; name_en: string; urban_s: number; rural_s: number; remote_s: number; day_s?: number }[];
}
export interface OrderCounts {
  open: number;
  calls_10min: number;
  amber: number;
  broken: number;
  callbacks: number;
  by_ladder: Partial<Record<Ladder, number>>;
  by_state: Record<string, number>;
}
export interface Callback {
  order_id: string;
  order_version: number;
  number: string;
  customer: OrderCustomer | null;
  address: string | null;
  restored_at: string | null;
  since: string | null;
  outage_id: string | null;
  tries: number;
  due: string | null;
}

export interface Eta {
  from: string;
  likely?: string;
  until: string;
  source: "crew" | "dispatcher" | "estimate";
}
export type OutageState = "suspected" | "confirmed" | "partly_restored" | "restored" | "closed" | "dismissed";
export interface OutageSummary {
  id: string;
  number: string;
  state: OutageState;
  ladder: Ladder;
  device: { id: string; index: number; end: number; kind: string; name: string; lon: number | null; lat: number | null };
  feeder: string | null;
  since: string;
  found_at: string;
  restored_at: string | null;
  customers_out: number;
  customers_total: number;
  important_out: number;
  calls: number;
  crew: Named | null;
  eta: Eta | null;
  cause: string | null;
  dark: [number, number][];
  probability: number;
  version: number;
}
export type OutageAct = "confirm" | "move" | "split" | "merge" | "dismiss" | "undo" | "eta" | "restore" | "assign" | "unassign";
export interface DeviceRef {
  id: string;
  index: number;
  kind: string;
  name: string;
  customers: number;
}
export interface Reason extends Bilingual {
  kind: string | null;
  count: number;
  weight: number | null;
}
export interface Explanation {
  for: Reason[];
  against: Reason[];
}
/** Whose answer would tell most. */
export interface AskNext {
  customer_id: string;
  name: string | null;
  phone: string | null;
  device: string | null;
  by_ping: boolean;
  bits: number;
  lon: number | null;
  lat: number | null;
}
export interface PossibleOutage {
  device: OutageSummary["device"] & { customers: number };
  probability: number;
  customers: number;
  important: number;
  vulnerable: number;
  planned: boolean;
  since: string | null;
  explanation: Explanation;
  ask_next: AskNext | null;
}
export interface EstimateScore {
  repairs: number;
  estimates: number;
  inside: number | null;
  pinball_min: number | null;
}
export interface Outage extends OutageSummary {
  orders: OrderSummary[];
  history: HistoryItem[];
  etas: (Eta & { at: string; actor_name: string | null })[];
  explanation: Explanation;
  belief: { probability: number; class: DeviceRef[]; important: number; vulnerable: number; phases: string | null; ask_next: AskNext | null; dear: { customer_id: string; name: string | null; important: boolean; vulnerable: boolean }[] };
  nested: OutageSummary[];
  path: DeviceRef[];
  children: (DeviceRef & { end: number; dark: boolean })[];
  candidates: Omit<DeviceRef, "index">[];
  job: { id: string } | null;
  can: OutageAct[];
  closed_at: string | null;
  merged_into: string | null;
}
export interface DarkAreas {
  seq: number;
  ranges: [number, number][];
  customers: number;
}

export type CrewState = "free" | "assigned" | "on_the_way" | "on_site" | "working" | "off";
export interface Crew {
  id: string;
  name: string;
  org: Named | null;
  lon: number | null;
  lat: number | null;
  heading: number | null;
  skills: string[];
  members: number;
  shift: { from: string; until: string; on: boolean }; // "08:00"
  state: CrewState;
  outage_id: string | null;
  phone: string;
  trail: [number, number, string][];
  version: number;
}
export interface Proposal {
  crew: Crew;
  minutes: number | null;
  distance_km: number | null;
  why_zh: string;
  why_en: string;
  able: boolean;
}
export interface JobStep {
  id: string;
  name_zh: string;
  name_en: string;
  safety: boolean;
  required: boolean;
  done_at: string | null;
  fields?: Field[];
}
export interface JobMaterial {
  item: string;
  quantity: number;
  unit: string;
  org_name: string | null;
  state: "released" | "returned";
  at: string;
}
export interface Job {
  id: string;
  outage: OutageSummary | null;
  crew: Named;
  state: string;
  cause_zh: string | null;
  cause_en: string | null;
  finding: string | null;
  closed_at: string | null;
  steps: JobStep[];
  side: JobStep[]; // that may be taken besides: to return the job
  next: string | null;
  usual_materials: string[];
  materials: JobMaterial[];
  version: number;
}
export interface StockItem {
  item: string;
  unit: string;
  quantity: number;
  org_id: string | null;
  org_name: string | null;
  distance_km: number | null;
}

export interface CustomerHit {
  id: string;
  number: string;
  name: string;
  phone: string;
  address: string;
  device_id: string;
  device_index: number;
  category: string;
  importance: string;
  tags: string[];
}
export interface Customer extends CustomerHit {
  meter_id: string | null;
  contract_kw: number | null;
  phases: string;
  lon: number;
  lat: number;
  area: { transformer: string | null; feeder: string | null; station: string | null; grid: string | null };
  manager: { name: string; phone: string } | null;
}
/** What billing last stated; the amount only for whoever needs it. */
export interface Account {
  state: "unknown" | "ok" | "arrears" | "disconnected";
  owed_fen: number | null;
  as_of: string | null;
}
export interface Standing {
  say: Bilingual;
  belief: { dark: number; neighbours_have_power: boolean; neighbours_lit: number; neighbours_dark: number };
  known_outage: { id: string; status: Ladder; device: string; since: string; eta: Eta | null } | null;
  planned: { from: string; until: string; reason: string } | null;
  neighbours: OrderSummary[];
  earlier: { id: string; number: string; at: string; state: string; what: string; ladder: Ladder }[];
  answered: Record<string, boolean>;
  arrears: string;
  account: Account;
  relay: string;
}

export interface DeviceCard {
  id: string;
  code: string | null;
  index: number;
  end: number;
  kind: string;
  name: string;
  parent_id: string | null;
  feeder: string | null;
  org: string | null;
  lon: number | null;
  lat: number | null;
  rated_kva: number | null;
  phases: string;
  customers: number;
  path: DeviceRef[];
}
export interface Backdrop {
  rivers: { name: string; width: number; line: [number, number][] }[];
  roads: { name: string; class: "national" | "county" | "village"; line: [number, number][] }[];
  waters?: { class: string; ring: [number, number][] }[];
  borders?: { name: string; ring: [number, number][] }[];
  places: { name: string; kind: "city" | "town" | "village"; lon: number; lat: number }[];
}

export interface FeedEvent {
  seq: number;
  at: string;
  kind: string;
  subject: { kind: string; id: string };
  data: Record<string, unknown>;
}

// The crews' plan.
export interface PlanScore {
  assigned: number;
  unassigned: number;
  due: number;
  due_kept: number;
  critical: number;
  critical_kept: number;
  customer_hours: number;
  late_hours: number;
  travel_hours: number;
  overtime_hours: number;
  called_in: number;
}
export interface PlanNeed {
  item: string;
  quantity: number;
}
export interface PlanStop {
  kind: "job" | "store" | "break";
  task_id: string | null;
  travel_minutes: number;
  arrive: string;
  start: string;
  finish: string;
  store?: { org_id: string; name: string | null; lon: number | null; lat: number | null };
  takes?: PlanNeed[];
}
export interface PlanLane {
  crew: { id: string; name: string; org_name: string | null; skills: string; members: number; state: CrewState; lon: number | null; lat: number | null };
  shift_from: string | null;
  shift_until: string | null;
  standby: boolean;
  available: boolean;
  leave: string | null;
  end: string | null;
  next: string | null;
  stops: PlanStop[];
}
export interface PlanTask {
  id: string;
  kind: "outage" | "patrol" | "bring" | "help";
  outage_id: string | null;
  number: string | null;
  device: string;
  device_kind: string;
  round: string | null;
  lon: number | null;
  lat: number | null;
  crew_id: string | null;
  place: number;
  state: string;
  pinned: boolean;
  by_hand: boolean;
  job_id: string | null;
  due: string | null;
  from: string | null;
  until: string | null;
  arrive: string | null;
  finish: string | null;
  slack_minutes: number | null;
  customers: number;
  critical: number;
  members: number;
  skills: string[];
  needs: PlanNeed[];
  reason_zh: string;
  reason_en: string;
}
export interface PlanAsk {
  skill?: string;
  item?: string;
  quantity?: number;
  members?: number;
}
/** Where travel times come from; of a router its share of the pairs, and what was wrong with it last. */
export interface PlanTravel {
  from: "line" | "learned" | "osrm";
  router: boolean;
  share: number;
  drives: number;
  asked_at: string | null;
  why: string;
}
export interface Plan {
  travel: PlanTravel;
  waiting: number;
  version: number;
  computed_at: string | null;
  now: string;
  undo: number;
  undo_of: "move" | "accept" | null;
  score: PlanScore;
  lanes: PlanLane[];
  tasks: PlanTask[];
}
export interface PlanChange {
  id: string;
  at: string;
  task_id: string;
  outage_id: string | null;
  device: string;
  by: "hand" | "planner";
  text_zh: string;
  text_en: string;
}
export interface PlanWhatIf {
  what: "call_in" | "close" | "crew_off" | "cancel" | "overtime" | "mutual_aid";
  count?: number;
  lon?: number;
  lat?: number;
  radius_m?: number;
  factor?: number;
  crew_id?: string;
  task_id?: string;
  minutes?: number;
}
export interface PlanCompare {
  before: PlanScore;
  after: PlanScore;
  called: Named[];
  mutual_aid: number;
  ms: number;
}
export interface PlanAdvice {
  before: PlanScore;
  items: { kind: "overtime" | "call_in" | "mutual_aid"; count: number; minutes: number; called: Named[]; after: PlanScore; text_zh: string; text_en: string }[];
}
export type Duty = "off" | "on" | "standby";
export interface RosterDay {
  day: number; // 20261121
  duty: Duty;
  from: string;
  until: string;
  usual: boolean;
  version: number;
}
export interface Roster {
  days: number[];
  items: { crew: { id: string; name: string; org_name: string | null; skills: string }; days: RosterDay[] }[];
}
export interface PatrolRound {
  id: string;
  name: string;
  reason: string;
  from_day: number;
  until_day: number;
  windows: { from: number; until: number }[];
  minutes: number;
  places: Named[];
  open_visits: number;
  version: number;
}

// Visits
export type VisitKeep = "none" | "soft" | "hard";
export interface VisitCut {
  id: string;
  state: "proposed" | "in_force" | "was_in_force" | "not_taken";
  keep: VisitKeep;
  grids: number;
  pieces_over: number;
  mean_minutes: number;
  deviation: number;
  deviation_before: number;
  radius_m: number;
  moved: number;
  made_at: string;
  accepted_at: string | null;
}
export interface VisitOrg {
  id: string;
  name: string;
  manager: string | null;
}
export interface VisitGrid {
  org: VisitOrg;
  households: number;
  minutes: number | null;
  radius_m: number | null;
  households_proposed: number | null;
  minutes_proposed: number | null;
  radius_proposed_m: number | null;
}
export interface VisitCuts {
  in_force: VisitCut | null;
  proposed: VisitCut | null;
  grids: VisitGrid[];
}
/** lon, lat, households, grid now, grid proposed: places in `orgs`, -1 none. */
export type VisitArea = [number, number, number, number, number];
export interface VisitAreas {
  orgs: VisitOrg[];
  areas: VisitArea[];
}
export type VisitState = "to_come" | "visited" | "refused" | "given_up";
export type VisitResult = "visited" | "refused" | "missed";
export interface VisitStop {
  customer_id: string;
  number: string;
  name: string;
  address: string;
  phone: string;
  lon: number | null;
  lat: number | null;
  date: string;
  state: VisitState;
  missed: number;
  due: ("vulnerable" | "important" | "arrears" | "complaint")[];
  tags: string[];
}
export interface VisitCounts {
  planned: number;
  visited: number;
  refused: number;
  given_up: number;
  missed: number;
  findings: number;
}
export interface VisitPlan extends VisitCounts {
  org: VisitOrg;
  month: string;
  doors_m: number;
  base_m: number;
  lon: number | null;
  lat: number | null;
  days: { date: string; households: number; done: number; minutes: number }[];
  day: string | null;
  items: VisitStop[];
}
export interface VisitFigures extends VisitCounts {
  org: VisitOrg;
  parent_id: string | null;
  level: string;
  grids: number;
}
export interface VisitMark {
  customer_id: string;
  month: string;
  result: VisitResult;
  note?: string;
  finding?: { what: string; description: string };
}

/* --- meters --- */
type Known = number | null;
export interface AreaAlarm { id: string; watch: string; name_zh: string; name_en: string; since: string; meters: number; worst: number; order_id: string | null }
export interface AreaCard { id: string; code: string; name: string; device_index: number; customers: number; rated_kva: Known; org: string | null; last_at: string | null; load: Known; lowest_v: Known; alarms: AreaAlarm[] }
export interface AreaPage { items: AreaCard[]; next: string | null; count: number; with_alarms: number; heard: number; collection_down: boolean }
export interface AreaDay {
  area: AreaCard; date: string; closed: boolean; slots: number; step_min: number;
  limits: { low_v: number; high_v: number; heavy: number; loss: number };
  voltage: { low: Known[]; median: Known[]; high: Known[] };
  load: { kva: Known[]; rated_kva: Known; source: string | null };
  worst: { customer_id: string; number: string; name: string; address: string; meter: string; lowest_v: number; low_minutes: number; step_min: number; volts: Known[] }[];
  loss: { supplied_kwh: number; used_kwh: number; share: number } | null;
  households: { count: number; under: number; over: number; silent: number };
  silent: { customer_id: string; number: string; address: string; meter: string }[];
  marks: { estimated: number; replaced: number; absurd: number; late: number };
  alarms: AreaAlarm[];
}
export interface MeterDay { date: string; meter: string; slots: number; step_min: number; used_kwh: Known; channels: Partial<Record<string, Known[]>>; marks: number[] }
export interface Use {
  from: string; to: string; days: { date: string; kwh: Known }[]; month_kwh: Known; last_month_kwh: Known;
  cost: { fen: number; tier: number; tiers: number; price: number; to_next_kwh: Known; tariff: string; name_zh: string; name_en: string; source: string } | null;
  neighbours: { households: number; median_kwh: number } | null;
}

export interface Group {
  id: string;
  org_id: string;
  name: string;
  linked: boolean;
  last: string | null;
  org?: string | null;
  closed_at?: string | null;
}
export interface GroupMessage {
  id: string;
  at: string;
  author: "staff" | "household" | "system";
  name: string | null;
  customer_id: string | null;
  body: string | null;
  body_en: string | null;
  attachment_id: string | null;
  order_id: string | null;
  /** What one touch makes of it. */
  guess?: { kind: string; what: string | null } | null;
}
/** A household that wrote. */
export interface GroupMember {
  name: string | null;
  customer_id: string | null;
  customer_number: string | null;
  messages: number;
  last: string;
}

// The promises board and the rules
export interface PromiseSum {
  measured: number;
  kept: number;
  broken: number;
  rate: number | null;
  average_s: number | null;
}
export interface BoardPromise extends PromiseSum {
  id: string;
  name_zh: string;
  name_en: string;
  source: string;
  source_zh: string;
  rule_version: string;
  judged: "each" | "average";
  kept_as_a_whole: boolean;
  running: number;
  in_danger: number;
  broken_now: number;
  areas: (PromiseSum & { area: "urban" | "rural" | "remote"; limit_s: number })[];
  parts: (PromiseSum & { org_id: string; name: string })[];
  year_before: PromiseSum;
}
export interface BrokenOrder {
  order_id: string;
  number: string;
  org_id: string | null;
  clock: string;
  started: string;
  ended: string | null;
  used_s: number;
  limit_s: number;
}
export interface FigureValue {
  n: number;
  of: number;
  rate: number | null;
  total: number;
}
export interface Figure extends FigureValue {
  id: string;
  name_zh: string;
  name_en: string;
  year_before: FigureValue;
}
export interface KindFigures {
  kind: string;
  name_zh: string;
  name_en: string;
  group: string | null;
  figures: Figure[];
}
export interface Answers {
  answers: number;
  hidden: boolean;
  satisfied: number;
  rate: number | null;
  dimensions: { id: string; name_zh: string; name_en: string; answers: number; average: number | null }[];
}
export interface RuleOrigin {
  id: string;
  name_zh: string;
  name_en: string;
  rule_version: string;
  source: string;
  source_zh: string;
  strength: "V" | "W" | "R";
  region: string | null;
  from: string | null;
  until: string | null;
}
export interface RulePromise extends RuleOrigin {
  calendar: string;
  in_force: boolean;
  judged: "each" | "average";
  /** Working time of one day of its calendar. */
  day_s?: number;
  urban_s: number;
  rural_s: number;
  remote_s: number;
  marks: number[];
  used_by: string[];
}
export interface Rules {
  region: string;
  as_of: string | null;
  book: string;
  promises: RulePromise[];
  kinds: (RuleOrigin & { group: string | null; running: number; running_older: number })[];
  calendars: RuleOrigin[];
}

/** All that is held on a household, part by part. */
export type HouseholdData = Record<string, unknown>;
export interface Erasure {
  id: string;
  customer_id: string;
  customer_number: string | null;
  state: "asked" | "erased" | "refused";
  asked_by: string;
  asked_at: string;
  reason: string | null;
  decided_by: string | null;
  decided_at: string | null;
}

/** Readings set aside with their reason: one row a reason, subject and day. */
export interface AsideRow {
  date: string;
  reason: "none" | "unknown_meter" | "clock" | "checksum" | "unit" | "time" | "form" | "other_area" | "too_old";
  subject: string;
  source: string;
  detail: string;
  first_at: string;
  last_at: string;
  count: number;
  area: { id: string; name: string } | null;
  mended_by: "records" | "manager" | "collection";
}
export interface Asides {
  items: AsideRow[];
  count: number;
}
