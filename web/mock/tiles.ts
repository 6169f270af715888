// Network tiles of the invented county, written as src/map/tile.ts reads them.
import { devices, ties } from "./network";

const UNITS = 4096;
const MARGIN = 300;

interface Shape {
  type: number;
  kind: number;
  feeder: number;
  index: number;
  rated: number;
  name: string;
  points: [number, number][]; // unit square
}

function project([lon, lat]: [number, number]): [number, number] {
  const s = Math.sin((lat * Math.PI) / 180);
  return [(lon + 180) / 360, 0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI)];
}
const shapes: Shape[] = [
  ...devices.filter(({ line }) => line.length > 1).map((d) => ({ type: 1, kind: d.kind, feeder: d.feeder, index: d.index, rated: 0, name: "", points: d.line.map(project) })),
  ...ties.map((line) => ({ type: 1, kind: 11, feeder: 0xffff, index: 0xffffffff, rated: 0, name: "", points: line.map(project) })),
  ...devices
    .filter(({ kind }) => kind !== 6)
    .map((d) => ({ type: 2, kind: d.kind, feeder: d.feeder, index: d.index, rated: d.rated, name: d.kind === 0 || d.kind === 7 ? d.name : "", points: [project([d.lon, d.lat])] })),
];

function shown({ type, kind }: Shape, z: number): boolean {
  if (kind >= 8 && kind !== 11) return z >= 15 || (kind === 8 && z >= 14);
  if (type === 2) return kind === 0 || (kind === 7 ? z >= 10 : z >= 12);
  return true;
}

export function encodeTile(z: number, x: number, y: number): Buffer {
  const parts: Buffer[] = [];
  const scale = 2 ** z * UNITS;
  let count = 0;
  for (const shape of shapes) {
    if (!shown(shape, z)) continue;
    const local = shape.points.map(([px, py]) => [Math.round(px * scale - x * UNITS), Math.round(py * scale - y * UNITS)] as const);
    const [xs, ys] = [local.map(([px]) => px), local.map(([, py]) => py)];
    if (Math.max(...xs) < -MARGIN || Math.min(...xs) > UNITS + MARGIN || Math.max(...ys) < -MARGIN || Math.min(...ys) > UNITS + MARGIN) continue;
    if (local.some(([px, py]) => Math.abs(px) > 32767 || Math.abs(py) > 32767)) continue;
    const name = Buffer.from(shape.name);
    const bytes = Buffer.alloc(13 + name.length + 4 * local.length);
    bytes.writeUInt8(shape.type, 0);
    bytes.writeUInt8(shape.kind, 1);
    bytes.writeUInt16LE(shape.feeder, 2);
    bytes.writeUInt32LE(shape.index, 4);
    bytes.writeUInt16LE(shape.rated, 8);
    bytes.writeUInt8(name.length, 10);
    name.copy(bytes, 11);
    bytes.writeUInt16LE(local.length, 11 + name.length);
    local.forEach(([px, py], i) => {
      bytes.writeInt16LE(px, 13 + name.length + 4 * i);
      bytes.writeInt16LE(py, 15 + name.length + 4 * i);
    });
    parts.push(bytes);
    count++;
  }
  const head = Buffer.alloc(8);
  head.write("DBT1", 0, "latin1");
  head.writeUInt32LE(count, 4);
  return Buffer.concat([head, ...parts]);
}
