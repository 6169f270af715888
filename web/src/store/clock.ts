// The program's time: a demonstration evening runs faster than the wall clock, and a browser's clock may be wrong. Everything that
// shows time uses this one.
import { ref } from "vue";

let base = Date.now();
let since = performance.now();
let speed = 1;

export const timeSpeed = ref(1);
/** The program's present, in ms since 1970; moves once a second. */
export const now = ref(base);

export function setClock(instant: string, factor: number): void {
  const at = Date.parse(instant);
  if (Number.isNaN(at)) return;
  base = at;
  since = performance.now();
  speed = factor;
  timeSpeed.value = factor;
  now.value = exactNow();
}

export function exactNow(): number {
  return base + (performance.now() - since) * speed;
}

setInterval(() => (now.value = exactNow()), 1000);
