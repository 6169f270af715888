// Whether the program answers, and its database behind it: asked when something failed or the feed fell silent, now and then otherwise.
import { ref } from "vue";

export type Wellness = "ok" | "store" | "program";
export const wellness = ref<Wellness>("ok");

const SOON_MS = 2000;
const SELDOM_MS = 5000;
let timer: ReturnType<typeof setTimeout> | undefined;
let asking: Promise<void> | null = null;

async function ask(): Promise<void> {
  const was = wellness.value;
  try {
    const reply = await fetch("/api/v1/health", { signal: AbortSignal.timeout(5000), cache: "no-store" });
    const health = (await reply.json()) as { ok?: boolean; store?: string };
    wellness.value = !reply.ok ? "program" : health.store === "gone" ? "store" : "ok";
  } catch {
    wellness.value = "program";
  }
  if (was !== "ok" && wellness.value === "ok") wells.forEach((well) => well());
  plan(wellness.value === "ok" ? SELDOM_MS : SOON_MS);
}

function plan(ms: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => void lookAtWellness(), ms);
}

/** Asks at once, unless asked already. */
export const lookAtWellness = (): Promise<void> => (asking ??= ask().finally(() => (asking = null)));

const wells = new Set<() => void>();
/** Runs `well` whenever all is well again. */
export function onWell(well: () => void): () => void {
  wells.add(well);
  return () => wells.delete(well);
}
