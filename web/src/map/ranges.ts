// What is dark, as ranges of device indexes: a device's subtree is one range, so a county in the dark is a handful of numbers.

export type Ranges = Uint32Array; // from, to (exclusive), from, to, … ascending, apart

/** Sorts and joins. */
export function makeRanges(pairs: Iterable<readonly [number, number]>): Ranges {
  const sorted = [...pairs].filter(([from, to]) => to > from).sort((a, b) => a[0] - b[0]);
  const out: number[] = [];
  for (const [from, to] of sorted) {
    const end = out[out.length - 1];
    if (end !== undefined && from <= end) out[out.length - 1] = Math.max(end, to);
    else out.push(from, to);
  }
  return Uint32Array.from(out);
}

export function inRanges(ranges: Ranges, index: number): boolean {
  let low = 0;
  let high = ranges.length >> 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[2 * middle + 1]! <= index) low = middle + 1;
    else high = middle;
  }
  return 2 * low < ranges.length && ranges[2 * low]! <= index;
}

export function sameRanges(a: Ranges, b: Ranges): boolean {
  return a.length === b.length && a.every((value, at) => value === b[at]);
}
