// A call as it is being taken.
export interface Call {
  customer_id: string | null;
  caller_phone: string;
  caller_name: string;
  what: string;
  description: string;
  urgency: 0 | 1 | 2;
}
export const emptyCall = (): Call => ({ customer_id: null, caller_phone: "", caller_name: "", what: "", description: "", urgency: 0 });

export const URGENCIES = [0, 1, 2] as const;
/** What is dangerous is a matter of life at once. */
export const DANGEROUS: readonly string[] = ["danger", "fire"];
