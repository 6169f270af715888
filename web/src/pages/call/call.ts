// A call as it is being taken.
export interface Call {
  customer_id: string | null;
  caller_phone: string;
  caller_name: string;
  what: string;
  description: string;
  urgency: string;
}
export const emptyCall = (): Call => ({ customer_id: null, caller_phone: "", caller_name: "", what: "", description: "", urgency: "normal" });

export const WHAT = ["no_power", "area_out", "partial", "low_voltage", "flicker", "line_down", "fire", "other"] as const;
export const URGENCY = ["normal", "urgent", "danger"] as const;
/** What is dangerous is urgent at once. */
export const DANGEROUS: readonly string[] = ["line_down", "fire"];
