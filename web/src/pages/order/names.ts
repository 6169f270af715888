import { named, t, word } from "../../i18n";
import { kindOf } from "../../store/kinds";
import type { OrderSummary } from "../../types";

/** A kind's name as the rules have it. */
export function kindName(id: string): string {
  const kind = kindOf(id);
  return kind ? named(kind) : word("order_kind", id);
}
/** The ladder's words are those of a repair; any other kind says its own states. */
export const isRepair = (id: string): boolean => (kindOf(id)?.group ?? "repair") === "repair";
/** Whose order it is; what the company found by itself has no customer and goes by its kind. */
export const whose = ({ customer, kind }: Pick<OrderSummary, "customer" | "kind">): string => customer?.name ?? (isRepair(kind) ? t("order.unknown_caller") : kindName(kind));
