import { named, word } from "../../i18n";
import { kindOf } from "../../store/kinds";
/** A kind's name as the rules have it. */
export function kindName(id: string): string {
  const kind = kindOf(id);
  return kind ? named(kind) : word("order_kind", id);
}
/** The ladder's words are those of a repair; any other kind says its own states. */
export const isRepair = (id: string): boolean => (kindOf(id)?.group ?? "repair") === "repair";
