// What the command centre and the bars show, kept true by the feed: outages, crews, what slips first, the figures, what is dark.
import { computed, ref, shallowRef } from "vue";
import { company as fetchCompany, crews as crewsApi, orders as ordersApi, outages as outagesApi } from "../api";
import { hasWord } from "../i18n";
import { asApiError, type ApiError } from "../http";
import { makeRanges, sameRanges, type Ranges } from "../map/ranges";
import type { AskNext, Company, Crew, CrewState, FeedEvent, OrderCounts, OrderSummary, OutageSummary, PossibleOutage } from "../types";
import { exactNow, setClock } from "./clock";
import { closeFeed, newestIs, onEvent, onResync, openFeed } from "./live";
import { throttled } from "./throttle";

const REFETCH_MS = 1000;
const TICKER_KEPT = 60;
const TICKER_MS = 250;
const TICKER_PAST = 150; // events asked for from before the console was opened
const QUEUE_SHOWN = 40;

export const company = ref<Company | null>(null);
export const outages = shallowRef<OutageSummary[]>([]);
export const crews = shallowRef<Crew[]>([]);
export const queue = shallowRef<OrderSummary[]>([]);
export const counts = ref<OrderCounts | null>(null);
export const dark = shallowRef<Ranges>(new Uint32Array());
/** Of what is dark, that which is known for sure. */
export const sure = shallowRef<Ranges>(new Uint32Array());
export const possible = shallowRef<PossibleOutage[]>([]);
/** Whom to ask next about the outage that is looked at. */
export const asked = shallowRef<AskNext | null>(null);
export const customersOut = ref(0);
export const ticker = shallowRef<FeedEvent[]>([]);
/** When each list was last true, in the program's time; 0: not read yet. */
export const readAt = ref({ outages: 0, crews: 0, queue: 0 });
export const failure = shallowRef<ApiError | null>(null);

export const crewsByState = computed(() => {
  const sums = { free: 0, busy: 0, off: 0 };
  for (const crew of crews.value) sums[crew.state === "off" ? "off" : crew.state === "free" ? "free" : "busy"]++;
  return sums;
});

async function reading(work: () => Promise<void>): Promise<void> {
  try {
    await work();
    failure.value = null;
  } catch (error) {
    failure.value = asApiError(error);
    throw error;
  }
}

const refreshOutages = throttled(
  () =>
    reading(async () => {
      const [list, areas] = await Promise.all([outagesApi.list("open"), outagesApi.dark()]);
      outages.value = list.items;
      customersOut.value = areas.customers;
      const next = makeRanges(areas.ranges);
      if (!sameRanges(next, dark.value)) dark.value = next;
      const known = makeRanges(list.items.filter(({ state }) => state !== "suspected").flatMap(({ dark: areas }) => areas));
      if (!sameRanges(known, sure.value)) sure.value = known;
      readAt.value.outages = exactNow();
    }),
  REFETCH_MS,
);
/** Not everyone may see them: then there are none. */
export const refreshPossible = throttled(async () => {
  possible.value = (await outagesApi.possible().catch(() => ({ items: [] }))).items;
}, 5 * REFETCH_MS);
const refreshQueue = throttled(
  () =>
    reading(async () => {
      const [list, sums] = await Promise.all([ordersApi.list({ state: "open", sort: "due", limit: QUEUE_SHOWN }), ordersApi.counts()]);
      queue.value = list.items;
      counts.value = sums;
      readAt.value.queue = exactNow();
    }),
  REFETCH_MS,
);
const refreshCrews = throttled(
  () =>
    reading(async () => {
      crews.value = (await crewsApi.list()).items;
      readAt.value.crews = exactNow();
    }),
  REFETCH_MS,
);
/** Before the first picture: the bars of the frame, the map's extent and the time depend on it. */
export const readCompany = (): Promise<void> =>
  reading(async () => {
    company.value = await fetchCompany();
    setClock(company.value.now, company.value.time_speed);
  });
const refreshCompany = throttled(readCompany, REFETCH_MS);

function refreshLists(): void {
  refreshPossible();
  refreshOutages();
  refreshQueue();
  refreshCrews();
}
export function refreshBoard(): void {
  refreshCompany();
  if (wanted) refreshLists();
}

let wanted = false;
/** The console shows the lists; a crew's phone does not. */
export function wantBoard(): void {
  if (wanted) return;
  wanted = true;
  refreshLists();
}

function move(event: FeedEvent): void {
  const { lon, lat, heading, state } = event.data as { lon: number; lat: number; heading?: number; state?: CrewState };
  crews.value = crews.value.map((crew) =>
    crew.id === event.subject.id
      ? { ...crew, lon, lat, heading: heading ?? crew.heading, state: state ?? crew.state, trail: [...crew.trail.slice(-80), [lon, lat, event.at]] }
      : crew,
  );
}

// What only follows from something else told: an order goes along with its outage, an outage with its crew.
const FOLLOWS = new Set(["merge", "dispatch", "take", "depart", "arrive", "survey", "work", "restore", "reply", "check", "archive"]);
function isNews({ kind, data }: FeedEvent): boolean {
  if (kind === "order.step") return !FOLLOWS.has(String(data.step));
  return hasWord("event", kind) && kind !== "outage.changed" && kind !== "outage.progress" && kind !== "order.linked";
}

// Calls may come by the thousand a second: the ticker is drawn a few times a second at most.
let arrived: FeedEvent[] = [];
function tick(event: FeedEvent): void {
  arrived.push(event);
  if (arrived.length > 1) return;
  setTimeout(() => {
    ticker.value = [...arrived.slice(-TICKER_KEPT).reverse(), ...ticker.value].slice(0, TICKER_KEPT);
    arrived = [];
  }, TICKER_MS);
}

function take(event: FeedEvent): void {
  const past = event.seq <= known; // read with the lists already; only the ticker wants it
  if (!wanted) return;
  if (event.kind === "crew.position" && "lon" in event.data) return past ? undefined : move(event);
  if (isNews(event)) tick(event);
  if (past) return;
  const [room] = event.kind.split(".");
  if (room === "order") {
    refreshQueue();
    refreshOutages();
  } else if (room === "outage") {
    refreshPossible();
    refreshOutages();
    refreshQueue();
  } else if (room === "crew") {
    refreshCrews();
    refreshOutages();
  } else if (room === "replay") refreshBoard();
}

// After a lost connection the program may be another one, with another folder of data.
function again(): void {
  refreshPossible();
  refreshBoard();
  void outagesApi.dark().then(({ seq }) => newestIs(seq), () => {}); // prettier-ignore
}

let stops: (() => void)[] = [];
let known = 0; // the last event that the lists, as first read, have seen
/** Starts the feed and reads everything once; called when someone is signed in. */
export function startBoard(): void {
  if (stops.length) return;
  stops = [onEvent(take), onResync(again)];
  if (!company.value) refreshCompany();
  void outagesApi.dark().then(
    ({ seq }) => {
      known = seq;
      if (stops.length) openFeed(Math.max(0, seq - TICKER_PAST));
    },
    () => stops.length && openFeed(),
  );
}
export function stopBoard(): void {
  stops.forEach((stop) => stop());
  stops = [];
  closeFeed();
  wanted = false;
  ticker.value = [];
}
