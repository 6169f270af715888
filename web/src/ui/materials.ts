// Material as people say it: "transformer_250kva" is a transformer, 250 kVA. What is not known is shown as the company wrote it.
import { t } from "../i18n";

const KINDS = ["transformer", "fuse_link", "fuse", "switch", "insulator", "arrester", "pole", "meter_single_phase", "meter_three_phase", "meter_box", "lv_breaker", "conductor", "cable"] as const; // prettier-ignore

export function materialName(item: string): string {
  const kind = KINDS.find((each) => item === each || item.startsWith(`${each}_`));
  if (!kind) return item;
  const size = item.slice(kind.length + 1);
  const unit = /^(\d+)(kva|kv|m|a)$/.exec(size);
  const says = unit ? `${unit[1]} ${{ kva: "kVA", kv: "kV", m: "m", a: "A" }[unit[2]!]}` : size.replace(/_/g, "-").toUpperCase();
  return says ? `${t(`material.${kind}`)} ${says}` : t(`material.${kind}`);
}
