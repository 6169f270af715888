// The live feed: one EventSource for the whole console.
import { ref } from "vue";
import type { FeedEvent } from "../types";
import { setClock } from "./clock";
import { restore, session } from "./session";
import { onWell } from "./wellness";

const RETRY_MS = 3000;
const SILENCE_MS = 20_000; // the program says the time every 5 s: a connection that says nothing is dead, whatever the browser believes

export type LiveState = "connecting" | "live" | "lost";
export const liveState = ref<LiveState>("connecting");

type Handler = (event: FeedEvent) => void;
const handlers = new Set<Handler>();
const resyncs = new Set<() => void>();
let source: EventSource | null = null;
let last = 0; // event handed on
let heard = 0;

/** Runs `handler` on each event until the returned function is called. */
export function onEvent(handler: Handler): () => void {
  handlers.add(handler);
  return () => handlers.delete(handler);
}
/** Runs `handler` when what was read before can no longer be trusted: read it anew. */
export function onResync(handler: () => void): () => void {
  resyncs.add(handler);
  return () => resyncs.delete(handler);
}
export const resync = (): void => resyncs.forEach((handler) => handler());
onWell(resync); // what failed meanwhile is read again

/** `after`: the event before the first wanted; what was seen already is never handed on twice. */
export function openFeed(after = last): void {
  if (source) return;
  const opened = new EventSource(`/api/v1/events${after ? `?after=${after}` : ""}`);
  source = opened;
  heard = Date.now();
  opened.onopen = () => {
    heard = Date.now();
    const wasLost = liveState.value === "lost";
    liveState.value = "live";
    if (wasLost) resync();
  };
  opened.onerror = () => {
    liveState.value = "lost";
    if (opened.readyState === EventSource.CLOSED) void reopen();
  };
  opened.onmessage = take;
  opened.addEventListener("resync", (message: MessageEvent<string>) => {
    last = Number(message.lastEventId) || last;
    resync();
  });
  opened.addEventListener("clock", (message: MessageEvent<string>) => {
    heard = Date.now();
    const clock = JSON.parse(message.data) as { now: string; speed: number };
    setClock(clock.now, clock.speed);
  });
}

/** The program's newest event is this one: had we seen later ones, they were another program's. */
export function newestIs(seq: number): void {
  if (seq >= last) return;
  closeFeed();
  openFeed((last = seq));
}

setInterval(() => {
  if (source && Date.now() - heard > SILENCE_MS) void reopen();
}, SILENCE_MS / 4);

export function closeFeed(): void {
  source?.close();
  source = null;
  liveState.value = "connecting";
}

function take(message: MessageEvent<string>): void {
  const event = { data: {}, ...(JSON.parse(message.data) as Omit<FeedEvent, "data">) } as FeedEvent; // who does not see all of the company is told no data
  if (event.seq <= last) return; // sent again after a reconnection
  last = event.seq;
  handlers.forEach((handler) => handler(event));
}

// The browser gives up on an answer that is not a stream: the session may have ended, or the program is starting.
async function reopen(): Promise<void> {
  closeFeed();
  liveState.value = "lost";
  await new Promise((done) => setTimeout(done, RETRY_MS));
  await restore().catch(() => {});
  if (session.value) openFeed();
}
