// What /api/v1/supply gives. See /api/openapi.json of a running program.
export interface Remedy {
  kinds: ("tap" | "balance" | "hours" | "conductor" | "transformer" | "second")[];
  cures: boolean;
  cured: number;
  low: number;
  worst_volts: number;
  cost_yuan: number;
  days: number;
  tap_percent?: number;
  kva?: number;
  at?: string;
  conductor?: string;
  metres?: number;
  spans?: string[];
  moves?: { customer: string; from: string; to: string }[];
}
export interface Household {
  customer_id: string;
  number: string;
  device: string;
  metres: number;
  phases: string;
  least_volts: number;
  quarters_low: number;
  measured_volts: number | null;
  after_volts: number | null;
  shiftable: boolean;
}
export interface View {
  name: string;
  recovered: number;
  low: number;
  worst_volts: number;
}
export interface Area {
  device_id: string;
  name: string;
  day: string;
  rated_kva: number;
  households: number;
  read: number;
  guessed: number;
  worst_volts: number;
  low: number;
  high: number;
  unsolved: number;
  peak_load: number;
  loss_kwh: number;
  cause: string | null;
  views: View[];
  remedies: Remedy[];
  customers: Household[];
}
export interface Pump {
  customer_id: string;
  number: string;
  kw: number;
  hours_needed: number;
  days: { from: string; until: string }[][];
}
export interface Picture extends Omit<Area, "cause" | "views" | "remedies"> {
  remedy: Remedy;
  pumps: Pump[];
}
export interface Hours {
  device_id: string;
  name: string;
  day: string;
  keeps: boolean;
  given_share: number;
  night_spread: number;
  worst_volts: number;
  without_volts: number;
  pumps: Pump[];
}
export interface Choice {
  id: string;
  order_id: string;
  day: string;
  chosen_at: string;
  cause: string;
  remedy: Remedy;
  cost_yuan: number;
  works_days: number;
  worst_before: number;
  low_before: number;
  worst_after: number;
  low_after: number;
  measured: number | null;
  measured_at: string | null;
}
export interface FanDay {
  day: string;
  festival: boolean;
  p10: (number | null)[];
  p50: (number | null)[];
  p90: (number | null)[];
  p975: (number | null)[];
}
export interface Overload {
  device_id: string;
  name: string;
  rated_kw: number;
  day: string;
  overload: number;
  peak_p50: number;
  peak_p90: number;
  fan: FanDay[];
}
export interface Overloads {
  areas: number;
  of: number;
  from: string;
  seasonal: boolean;
  items: Overload[];
}
export interface Phases {
  days: number;
  items: { customer_id: string; number: string; recorded: string; found: string | null; confidence: number; differs: boolean; put_right: boolean }[];
}
export interface Stray {
  id: string;
  customer_id: string;
  number: string;
  from: { id: string; name: string };
  to: { id: string; name: string };
  phase: string | null;
  confidence: number;
  days: number;
  metres: number | null;
  found_at: string;
  state: "open" | "accepted" | "refused" | "taken_back";
  decided_at: string | null;
  decided_by: string | null;
  at_next_start: boolean;
}
export interface Strays {
  running: boolean;
  failed: boolean;
  done: number;
  areas: number;
  began_at: string | null;
  items: Stray[];
}
