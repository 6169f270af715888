// What needs no page: the ranges of what is dark, and the tile's decoder against good and broken bytes.
import { encodeTile } from "../mock/tiles";
import { fill } from "../src/i18n/fill";
import { inRanges, makeRanges } from "../src/map/ranges";
import { decodeTile, LINE } from "../src/map/tile";
import { expect, pure } from "./harness";

let seed = 7;
const chance = (below: number) => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % below;

pure("ranges: the same answers as looking at every pair", () => {
  for (let round = 0; round < 300; round++) {
    const pairs = Array.from({ length: chance(12) }, () => [chance(60), chance(60)] as [number, number]);
    const ranges = makeRanges(pairs);
    for (let i = 0; i < 62; i++) {
      const is = pairs.some(([from, to]) => i >= from && i < to);
      expect(inRanges(ranges, i) === is, `${i} to be ${is ? "in" : "out of"} ${JSON.stringify(pairs)}`);
    }
    for (let i = 2; i < ranges.length; i += 2) expect(ranges[i]! > ranges[i - 1]!, `ranges apart and ascending: ${ranges.join(" ")}`);
  }
});

const bytesOf = (buffer: Buffer) => buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength) as ArrayBuffer;

pure("tile: decoded as it was written", () => {
  const tile = decodeTile(bytesOf(encodeTile(10, 834, 430)));
  expect(tile.count > 100, "many features in the middle of the county");
  expect(tile.start[tile.count] === tile.xy.length, "vertices as many as said");
  for (let i = 0; i < tile.count; i++) expect(tile.start[i + 1]! - tile.start[i]! >= (tile.type[i] === LINE ? 4 : 2), "a line of two vertices or more, a point of one");
  expect([...tile.name].some((name) => name.endsWith("变")), "names in Chinese");
});

pure("tile: cut short or spoiled, it is refused and nothing hangs", () => {
  const whole = encodeTile(10, 834, 430);
  const refused = (bytes: Buffer): boolean => {
    try {
      decodeTile(bytesOf(bytes));
      return false;
    } catch {
      return true;
    }
  };
  for (let cut = 0; cut < whole.length; cut += 97) expect(refused(whole.subarray(0, cut)), `refusal of the first ${cut} bytes`);
  expect(refused(Buffer.concat([whole, Buffer.alloc(1)])), "refusal of a byte too many");
  const many = Buffer.from(whole);
  many.writeUInt32LE(0xffffffff, 4);
  expect(refused(many), "refusal of four thousand million features");
});

pure("words: one job, two jobs", () => {
  expect(fill("{n} {n|job|jobs} planned, {left}", { n: 1 }) === "1 job planned, {left}", "one job");
  expect(fill("{n} {n|job|jobs} planned, {left}", { n: 0, left: 3 }) === "0 jobs planned, 3", "none, and another value");
});
