// What was done on a phone without a net: kept with its own key and base version, sent in order when the net is back. What the
// program refuses stays until its person has decided; nothing is dropped in silence.
import { ref, shallowRef } from "vue";
import { ApiError, asApiError, call, isAway, newKey } from "../http";
import { exactNow } from "./clock";
import { all, drop, put, take } from "./kept";
import { resync } from "./live";
import { filesIn, givenUp, KEPT_FILE, nextOf, withFile, without, type Unsent } from "./queue";
import { session } from "./session";

/** Mine, in the order they were made. */
export const unsent = shallowRef<readonly Unsent[]>([]);
export const sending = ref(false);
const RETRY_MS = 15_000;

interface KeptFile {
  key: string;
  path: string;
  file: Blob;
}

/** Those of the person who is signed in. */
export async function openOutbox(): Promise<void> {
  const staff = session.value?.staff.id;
  unsent.value = (await all<Unsent>("unsent").catch(() => [])).filter((each) => each.staff === staff).sort((a, b) => a.place - b.place);
  void flush();
}
export const waitingFor = (about: string): readonly Unsent[] => unsent.value.filter((each) => each.about === about);

/** Sends it, or keeps it where the program is away or others about the same thing wait; null: kept. */
export async function later<R>(about: string, path: string, body: Record<string, unknown>, what: string, key = newKey()): Promise<R | null> {
  if (!waitingFor(about).length && !filesIn(body).length) {
    try {
      return await call<R>("POST", path, { body, key });
    } catch (error) {
      if (!isAway(asApiError(error).status)) throw error;
    }
  }
  const place = Math.max(0, ...unsent.value.map((each) => each.place)) + 1;
  const entry: Unsent = { key, place, staff: session.value!.staff.id, about, path, body, what, at: exactNow(), refused: null };
  unsent.value = [...unsent.value, entry];
  try {
    await put("unsent", entry);
  } catch (error) {
    unsent.value = unsent.value.filter((each) => each.key !== key);
    throw error;
  }
  void flush();
  return null;
}

/** Its id; where there is no net, what stands for it in a form until it has been sent. */
export async function fileLater(path: string, file: Blob): Promise<string> {
  const key = newKey();
  try {
    return (await call<{ id: string }>("POST", path, { raw: file, key })).id;
  } catch (error) {
    if (!isAway(asApiError(error).status)) throw error;
  }
  await put("files", { key, path, file } as KeptFile);
  return KEPT_FILE + key;
}

async function change(key: string, by: Partial<Unsent>): Promise<Unsent> {
  const changed = { ...unsent.value.find((each) => each.key === key)!, ...by };
  await put("unsent", changed);
  unsent.value = unsent.value.map((each) => (each.key === key ? changed : each));
  return changed;
}
// At once in memory: what is done while the phone is writing comes behind it. Should the phone die in between, the same is sent again under the same key.
async function leave(list: readonly Unsent[], key: string): Promise<void> {
  const changed = list.filter((each) => !unsent.value.includes(each));
  unsent.value = list;
  for (const each of changed) await put("unsent", each);
  await drop("unsent", key);
}

async function sendFiles(entry: Unsent): Promise<Unsent> {
  let present = entry;
  for (const key of filesIn(entry.body)) {
    const kept = await take<KeptFile>("files", key);
    if (!kept) throw new ApiError(410, "CONSOLE", ""); // cannot be: a file goes with its action only
    const { id } = await call<{ id: string }>("POST", kept.path, { raw: kept.file, key });
    present = await change(entry.key, { body: withFile(present.body, key, id) });
    await drop("files", key);
  }
  return present;
}

let again: ReturnType<typeof setTimeout> | undefined;
export async function flush(): Promise<void> {
  if (sending.value) return;
  clearTimeout(again);
  sending.value = true;
  let sent = 0;
  try {
    for (let entry = nextOf(unsent.value); entry; entry = nextOf(unsent.value)) {
      try {
        const { path, body, key, at } = await sendFiles(entry);
        const reply = await call<{ version?: number } | undefined>("POST", path, { body: path.endsWith("/steps") ? { ...body, done_at: new Date(at).toISOString() } : body, key });
        await leave(without(unsent.value, key, reply?.version), key);
        sent++;
      } catch (error) {
        const { status, detail, code } = asApiError(error);
        if (isAway(status) || status === 429 || status === 401) {
          if (status !== 401) again = setTimeout(() => void flush(), RETRY_MS);
          break;
        }
        await change(entry.key, { refused: { status, detail: detail || code } });
      }
    }
  } finally {
    sending.value = false;
    if (sent) resync();
  }
}

/** Once more, based on what the program knows now: another intention, with a key of its own. */
export async function sendAgain(key: string): Promise<void> {
  const entry = unsent.value.find((each) => each.key === key);
  if (!entry) return;
  const fresh: Unsent = { ...entry, key: newKey(), refused: null };
  if ("version" in entry.body) fresh.body = { ...entry.body, version: (await call<{ version: number }>("GET", `/api/v1/${entry.about}`)).version };
  await leave(unsent.value.map((each) => (each === entry ? fresh : each)), key);
  void flush();
}
export async function giveUp(key: string): Promise<void> {
  const entry = unsent.value.find((each) => each.key === key);
  for (const file of filesIn(entry?.body ?? {})) await drop("files", file);
  await leave(givenUp(unsent.value, key), key);
  resync();
  void flush();
}
