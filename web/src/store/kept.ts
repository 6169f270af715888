// What a phone keeps for when there is no net: today's pages, what has not been sent yet, and its photographs. Goes at sign-out.
import { ref } from "vue";
import { asApiError, isAway } from "../http";
import { exactNow } from "./clock";

export type Drawer = "pages" | "unsent" | "files";
const DRAWERS: readonly Drawer[] = ["pages", "unsent", "files"];
const NAME = "dianbaomu";

let opening: Promise<IDBDatabase> | null = null;
function database(): Promise<IDBDatabase> {
  return (opening ??= new Promise((done, fail) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => DRAWERS.forEach((drawer) => request.result.createObjectStore(drawer, { keyPath: "key" }));
    request.onsuccess = () => done(request.result);
    request.onerror = () => {
      opening = null;
      fail(request.error);
    };
  }));
}
const finished = <R>(request: IDBRequest<R>): Promise<R> =>
  new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
const within = async (drawer: Drawer, mode: IDBTransactionMode) => (await database()).transaction(drawer, mode).objectStore(drawer);

// Plain copies: what a page makes reactive cannot be kept as it is.
export async function put(drawer: Drawer, value: { key: string }): Promise<void> {
  const plain = drawer === "files" ? value : (JSON.parse(JSON.stringify(value)) as typeof value);
  await finished((await within(drawer, "readwrite")).put(plain));
}
export const take = async <T>(drawer: Drawer, key: string): Promise<T | undefined> => finished((await within(drawer, "readonly")).get(key)) as Promise<T | undefined>;
export const all = async <T>(drawer: Drawer): Promise<T[]> => finished((await within(drawer, "readonly")).getAll()) as Promise<T[]>;
export const drop = async (drawer: Drawer, key: string): Promise<void> => void (await finished((await within(drawer, "readwrite")).delete(key)));
export const empty = async (drawer: Drawer): Promise<void> => void (await finished((await within(drawer, "readwrite")).clear()));

interface Page {
  key: string;
  day: string;
  at: number;
  value: unknown;
}
const today = (): string => new Date().toDateString();
/** Kept pages are shown: since when they are no longer sure; null: what is shown is fresh. */
export const trueAt = ref<number | null>(null);

/** Only today's work stays on the phone. */
export async function forgetOldPages(): Promise<void> {
  for (const { key, day } of await all<Page>("pages")) if (day !== today()) await drop("pages", key);
}
export const keep = (key: string, value: unknown): Promise<void> => put("pages", { key, day: today(), at: exactNow(), value } as Page);
export async function keptPage<T>(key: string): Promise<{ value: T; at: number } | null> {
  const page = await take<Page>("pages", key);
  return page?.day === today() ? { value: page.value as T, at: page.at } : null;
}

/** Reads from the program; where it cannot be reached, what it said last today. */
export const orKept = <T>(key: () => string, read: () => Promise<T>) => async (): Promise<T> => {
  const name = key();
  try {
    const value = await read();
    trueAt.value = null;
    void keep(name, value).catch(() => {}); // a phone that keeps nothing (private browsing) works with the net
    return value;
  } catch (error) {
    const old = isAway(asApiError(error).status) ? await keptPage<T>(name).catch(() => null) : null;
    if (!old) throw error;
    trueAt.value = Math.min(trueAt.value ?? Infinity, old.at);
    return old.value;
  }
};
