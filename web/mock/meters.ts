// Areas and households as the meters tell of them, made from the mock's network.
import { customers, devices, KINDS } from "./network";
import { iso, now } from "./world";

const SLOTS = 96;
const transformers = () => devices.filter((d) => KINDS[d.kind] === "transformer");
const alarm = (id: string) => ({ id, watch: "low_voltage", name_zh: "低电压", name_en: "Low voltage", since: iso(now() - 7_200_000), meters: 9, worst: 187.4, order_id: null });
const shape = (i: number) => 0.35 + 0.25 * Math.exp(-(((i - 48) / 8) ** 2)) + 0.6 * Math.exp(-(((i - 78) / 7) ** 2));
const isLow = (index: number) => index % 7 === 3;
const card = (d: (typeof devices)[number], i: number) => ({
  id: d.id, code: d.id, name: d.name, device_index: d.index, customers: d.customers, rated_kva: d.rated || 200, org: "城关供电所", last_at: iso(now() - 600_000), load: isLow(i) ? 0.92 : 0.41, lowest_v: isLow(i) ? 187.4 : 221.6, alarms: isLow(i) ? [alarm(`9${i}`)] : [],
}); // prettier-ignore

export function areaList(query: URLSearchParams) {
  const q = query.get("q") ?? "";
  const all = transformers().map(card).filter(({ name, alarms }) => name.includes(q) && (query.get("alarms") !== "1" || alarms.length)).sort((a, b) => b.alarms.length - a.alarms.length || b.load - a.load);
  return { items: all.slice(0, Number(query.get("limit") ?? 50)), next: null, count: all.length, with_alarms: all.filter(({ alarms }) => alarms.length).length, heard: all.length, collection_down: false };
}

export function areaDay(id: string, query: URLSearchParams) {
  const i = transformers().findIndex((d) => d.id === id);
  if (i < 0) return null;
  const d = transformers()[i]!, area = card(d, i), drop = isLow(i) ? 36 : 8;
  const slots = Array.from({ length: SLOTS }, (_, slot) => slot);
  const homes = customers.filter((c) => c.device >= d.index && c.device < d.end).slice(0, 8);
  const volts = slots.map((slot) => Number((226 - drop * shape(slot)).toFixed(1)));
  return {
    area, date: query.get("date") ?? "2026-11-21", closed: false, slots: SLOTS, step_min: 15, limits: { low_v: 198, high_v: 235.4, heavy: 0.8, loss: 0.1 },
    voltage: { low: volts, median: volts.map((v) => Number((v + drop / 3).toFixed(1))), high: volts.map(() => 229) },
    load: { kva: slots.map((slot) => Number((area.rated_kva * area.load * shape(slot)).toFixed(1))), rated_kva: area.rated_kva, source: "meter" },
    worst: homes.map((c, n) => ({ customer_id: c.id, number: c.number, name: `${c.name[0]}**`, address: c.address, meter: `2016${c.number}`, lowest_v: Math.min(...volts) + n, low_minutes: isLow(i) ? 120 - n * 10 : 0, step_min: 15, volts })),
    loss: { supplied_kwh: 812, used_kwh: 776, share: 0.044 }, households: { count: d.customers, under: isLow(i) ? 9 : 0, over: 0, silent: 1 },
    silent: homes.slice(0, 1).map((c) => ({ customer_id: c.id, number: c.number, address: c.address, meter: `2016${c.number}` })), marks: { estimated: 3, replaced: 0, absurd: 1, late: 4 }, alarms: area.alarms,
  }; // prettier-ignore
}

const dateBack = (days: number) => iso(now() - days * 86_400_000).slice(0, 10);
export function useOf() {
  const days = Array.from({ length: 31 }, (_, i) => ({ date: dateBack(30 - i), kwh: i < 4 ? null : Number((5 + 3 * Math.sin(i)).toFixed(2)) }));
  return {
    from: days[0]!.date, to: days[30]!.date, days, month_kwh: 118.2, last_month_kwh: 104.9, neighbours: { households: 37, median_kwh: 96.4 },
    cost: { fen: 6950, tier: 1, tiers: 3, price: 0.588, to_next_kwh: 81.8, tariff: "hunan", name_zh: "湖南居民阶梯电价", name_en: "Residential tiers, Hunan", source: "mock" },
  }; // prettier-ignore
}
export function meterDay(query: URLSearchParams) {
  const volts = Array.from({ length: SLOTS }, (_, slot) => Number((226 - 9 * shape(slot)).toFixed(1)));
  return { date: query.get("date") ?? dateBack(0), meter: "201612345678", slots: SLOTS, step_min: 15, used_kwh: 6.2, channels: { voltage_a: volts }, marks: volts.map(() => 0) };
}
