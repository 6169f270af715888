// An invented county for the mock server: 4 substations, 24 feeders, some 480 transformers. The same every time.
export interface MockDevice {
  id: string;
  index: number;
  end: number;
  parent: number; // index; −1 for a source
  kind: number;
  name: string;
  lon: number;
  lat: number;
  feeder: number;
  rated: number;
  customers: number;
  line: [number, number][]; // from the parent
}
export interface MockCustomer {
  id: string;
  number: string;
  name: string;
  phone: string;
  address: string;
  device: number;
}

let seed = 20260216;
export function chance(): number {
  seed = (Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
  return ((seed ^ (seed >>> 13)) >>> 0) / 2 ** 32;
}
export const pick = <T>(from: readonly T[]): T => from[Math.floor(chance() * from.length)]!;

const VILLAGES = "青禾 白鹭 石桥 枫林 梅溪 竹山 柳塘 双井 长岭 金盆 荷塘 松坡 杨梅 铁炉 云台 清水 板桥 大冲 桃源 高坪 龙口 新田 沙洲 古塘".split(" ");
const SURNAMES = [..."王李张刘陈杨黄周吴徐孙朱马胡郭林何高梁郑"];
const GIVEN = [..."明华建国秀兰英玉春生福贵桂芳德良"];
export const KINDS = ["substation", "busbar", "breaker", "recloser", "switch", "fuse", "line", "transformer", "lv_breaker", "branch_box", "meter_box"];

export const devices: MockDevice[] = [];
export const customers: MockCustomer[] = [];
export const ties: [number, number][][] = [];
export const places: { name: string; kind: "city" | "town" | "village"; lon: number; lat: number }[] = [];

function add(parent: number, kind: number, name: string, lon: number, lat: number, feeder: number, rated = 0, bends: [number, number][] = []): number {
  const index = devices.length;
  const from: [number, number][] = parent < 0 ? [] : [[devices[parent]!.lon, devices[parent]!.lat]];
  devices.push({ id: String(7000000 + index), index, end: index + 1, parent, kind, name, lon, lat, feeder, rated, customers: 0, line: [...from, ...bends, [lon, lat]] });
  return index;
}
const close = (index: number) => (devices[index]!.end = devices.length);

function lowVoltage(area: number, village: string): void {
  const { lon, lat, feeder } = devices[area]!;
  for (let b = 0; b < 2; b++) {
    const breaker = add(area, 8, `${b + 1}号出线`, lon + (b ? 1 : -1) * 0.0002, lat - 0.0001, feeder);
    const box = add(breaker, 9, `${b + 1}号分支箱`, lon + (b ? 1 : -1) * 0.0008, lat - 0.0003 - 0.0004 * chance(), feeder);
    for (let m = 0; m < 3; m++) {
      const angle = (m - 1) * 0.9 + (b ? 0 : Math.PI);
      const at = [devices[box]!.lon + 0.0009 * Math.cos(angle), devices[box]!.lat + 0.0007 * Math.sin(angle)] as const;
      const meters = add(box, 10, `表箱 ${b + 1}-${m + 1}`, at[0], at[1], feeder);
      const homes = 6 + Math.floor(chance() * 7);
      for (let h = 0; h < homes; h++) {
        const n = customers.length;
        customers.push({
          id: String(9000000 + n),
          number: String(4300100000 + n),
          name: pick(SURNAMES) + pick(GIVEN) + (chance() < 0.6 ? pick(GIVEN) : ""),
          phone: `1990000${String(n % 10000).padStart(4, "0")}`,
          address: `${village}村 ${b * 3 + m + 1} 组 ${h + 1} 号`,
          device: meters,
        });
      }
      devices[meters]!.customers = homes;
      close(meters);
    }
    close(box);
    close(breaker);
  }
}

function makeFeeder(station: number, f: number, heading: number): void {
  const head = devices[station]!;
  const name = `${head.name.slice(0, 2)}${"一二三四五六"[f % 6]}线`;
  let at = add(station, 2, `${name}出线断路器`, head.lon + 0.001 * Math.cos(heading), head.lat + 0.001 * Math.sin(heading), f);
  const trunk = [at];
  let turn = heading;
  for (let s = 0; s < 10; s++) {
    turn += (chance() - 0.5) * 0.7;
    const { lon, lat } = devices[at]!;
    const [x, y] = [lon + 0.011 * Math.cos(turn), lat + 0.0095 * Math.sin(turn)];
    at = add(at, s % 3 === 2 ? 4 : 6, `${name} ${s + 1}${s % 3 === 2 ? "号开关" : "段"}`, x, y, f, 0, [[lon + (x - lon) / 2 + 0.0012 * (chance() - 0.5), lat + (y - lat) / 2 + 0.0012 * (chance() - 0.5)]]);
    trunk.push(at);
    for (let b = 0; b < 2; b++) {
      const village = VILLAGES[(f * 7 + s * 2 + b) % VILLAGES.length]!;
      const side = turn + (b ? 1.4 : -1.4) + (chance() - 0.5) * 0.6;
      const far = 0.3 + 0.7 * chance();
      const [bx, by] = [x + 0.011 * far * Math.cos(side), y + 0.0095 * far * Math.sin(side)];
      const fuse = add(at, 5, `${village}${b + 1}号熔断器`, x + 0.15 * (bx - x), y + 0.15 * (by - y), f);
      const area = add(fuse, 7, `${village}${"东西南北"[(s + b) % 4]}台区`, bx, by, f, pick([100, 160, 200, 315, 400, 630]));
      lowVoltage(area, village);
      close(area);
      close(fuse);
      if (s % 3 === 1 && b === 0) places.push({ name: `${village}村`, kind: "village", lon: bx, lat: by + 0.0012 });
    }
  }
  for (const section of trunk) close(section);
  if (f % 2 === 0) ties.push([[devices[at]!.lon, devices[at]!.lat]] as [number, number][]);
  else ties[ties.length - 1]!.push([devices[at]!.lon, devices[at]!.lat]);
}

const STATIONS = [["城关变", 113.48, 27.66], ["东塘变", 113.62, 27.7], ["北岭变", 113.5, 27.8], ["南洲变", 113.58, 27.55]] as const; // prettier-ignore
STATIONS.forEach(([name, lon, lat], s) => {
  const station = add(-1, 0, name, lon, lat, 0xffff);
  places.push({ name: s === 0 ? "青禾县城" : `${name.slice(0, 2)}镇`, kind: s === 0 ? "city" : "town", lon, lat: lat + 0.006 });
  for (let f = 0; f < 6; f++) makeFeeder(station, s * 6 + f, (f / 6) * 2 * Math.PI + s * 0.4);
  close(station);
});
for (let i = devices.length - 1; i > 0; i--) if (devices[i]!.parent >= 0) devices[devices[i]!.parent]!.customers += devices[i]!.customers;

export const pathOf = (index: number): MockDevice[] => (index < 0 ? [] : [...pathOf(devices[index]!.parent), devices[index]!]);
export const feederName = (f: number): string | null => (f === 0xffff ? null : (devices.find((d) => d.feeder === f)?.name.replace("出线断路器", "") ?? null));
export const bounds: [number, number, number, number] = [113.35, 27.44, 113.75, 27.92];

const wave = (from: [number, number], to: [number, number], bend: number): [number, number][] =>
  Array.from({ length: 40 }, (_, i) => {
    const u = i / 39;
    return [from[0] + u * (to[0] - from[0]) + bend * Math.sin(u * 9), from[1] + u * (to[1] - from[1]) + bend * Math.cos(u * 7)];
  });
export const backdrop = {
  rivers: [
    { name: "青禾江", width: 2, line: wave([113.2, 27.5], [113.9, 27.78], 0.02) },
    { name: "白鹭溪", width: 1, line: wave([113.45, 27.98], [113.56, 27.63], 0.012) },
  ],
  roads: [
    { name: "G320", class: "national", line: wave([113.2, 27.62], [113.9, 27.68], 0.008) },
    { name: "S211", class: "county", line: wave([113.5, 27.35], [113.48, 28.0], 0.012) },
    { name: "X012", class: "county", line: wave([113.4, 27.84], [113.75, 27.5], 0.01) },
  ],
  places,
};
