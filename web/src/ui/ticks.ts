/** Round numbers between `low` and `high`, about `count` of them: 1, 2 or 5 times a power of ten apart. */
export function ticks(low: number, high: number, count = 4): number[] {
  const rough = (high - low) / count;
  if (!(rough > 0)) return [];
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * size).find((each) => each >= rough)!;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
}
