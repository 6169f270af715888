// The network's own vector tile. Little-endian:
//   "DBT1"  u32 features
//   each    u8 type  u8 kind  u16 feeder colour  u32 device index  u16 rating kVA  u8 name bytes, name (UTF-8)  u16 vertices
//           then per vertex i16 x, i16 y in 0..4096 (a shape may reach outside)
// A line is the conductor from a device's parent to it. Kept as flat arrays: a busy tile has thousands of features.

export const TILE_UNITS = 4096;
export const LINE = 1;
export const POINT = 2;
export const NO_FEEDER = 0xffff;

export enum Kind {
  substation, busbar, breaker, recloser, switch, fuse, line, transformer, lv_breaker, branch_box, meter_box, tie,
} // prettier-ignore

export interface Tile {
  count: number;
  type: Uint8Array;
  kind: Uint8Array;
  feeder: Uint16Array;
  index: Uint32Array;
  rating: Uint16Array;
  name: string[];
  start: Uint32Array; // of each feature's vertices; count + 1 entries
  xy: Int16Array;
}

const HEAD_BYTES = 8;
const LEAST_FEATURE_BYTES = 13;

export function decodeTile(bytes: ArrayBuffer): Tile {
  const view = new DataView(bytes);
  if (bytes.byteLength < HEAD_BYTES || view.getUint32(0, false) !== 0x44425431) throw new Error("not a network tile");
  const count = view.getUint32(4, true);
  if (count * LEAST_FEATURE_BYTES > bytes.byteLength - HEAD_BYTES) throw new Error("network tile: more features than bytes");
  const tile: Tile = {
    count,
    type: new Uint8Array(count),
    kind: new Uint8Array(count),
    feeder: new Uint16Array(count),
    index: new Uint32Array(count),
    rating: new Uint16Array(count),
    name: new Array<string>(count),
    start: new Uint32Array(count + 1),
    xy: new Int16Array((bytes.byteLength - HEAD_BYTES) >> 1),
  };
  const text = new TextDecoder();
  let at = HEAD_BYTES;
  let vertex = 0;
  for (let i = 0; i < count; i++) {
    tile.type[i] = view.getUint8(at);
    tile.kind[i] = view.getUint8(at + 1);
    tile.feeder[i] = view.getUint16(at + 2, true);
    tile.index[i] = view.getUint32(at + 4, true);
    tile.rating[i] = view.getUint16(at + 8, true);
    const nameBytes = view.getUint8(at + 10);
    at += 11;
    tile.name[i] = nameBytes ? text.decode(new Uint8Array(bytes, at, nameBytes)) : "";
    at += nameBytes;
    const vertices = view.getUint16(at, true);
    at += 2;
    tile.start[i] = vertex;
    for (const end = vertex + 2 * vertices; vertex < end; vertex++, at += 2) tile.xy[vertex] = view.getInt16(at, true);
  }
  tile.start[count] = vertex;
  if (at !== bytes.byteLength) throw new Error("network tile: bytes left over");
  tile.xy = tile.xy.slice(0, vertex);
  return tile;
}
