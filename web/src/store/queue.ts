// The order in which kept actions are sent, apart from where they are kept and how they are sent: nothing is lost, nothing jumps the queue.

export interface Unsent {
  key: string; // the idempotency key: sent twice, it counts once
  place: number; // in the order they were made
  staff: string; // whose they are
  about: string; // what they change, "jobs/7": those about one thing go one after the other
  path: string;
  body: Record<string, unknown>;
  /** Made after others about the same thing: its base version is that of their reply. */
  follows: boolean;
  what: string; // in words
  at: number; // when it was done, the program's time
  /** The program said no: a person decides. */
  refused: { status: number; detail: string } | null;
}

/** The next to send: the first that is not refused, nor behind a refused one about the same thing. */
export function nextOf(list: readonly Unsent[]): Unsent | undefined {
  const stuck = new Set<string>();
  for (const each of list) {
    if (each.refused) stuck.add(each.about);
    else if (!stuck.has(each.about)) return each;
  }
  return undefined;
}

/** What is left when `key` has been sent: the next about the same thing is based on the version it was answered with. */
export function without(list: readonly Unsent[], key: string, version: number | undefined): Unsent[] {
  const sent = list.find((each) => each.key === key);
  const left = list.filter((each) => each !== sent);
  const heir = sent && left.findIndex(({ about }) => about === sent.about);
  if (heir === undefined || heir < 0) return left;
  const next = left[heir]!;
  const body = next.follows && version !== undefined && "version" in next.body ? { ...next.body, version } : next.body;
  return left.map((each, i) => (i === heir ? { ...next, body, follows: false } : each));
}

/** Given up by its person: what came after it about the same thing is based on what the program knows, so it is looked at, too. */
export const givenUp = (list: readonly Unsent[], key: string): Unsent[] => without(list, key, undefined);

export const KEPT_FILE = "kept:";
/** The kept files that a body names. */
export const filesIn = (body: unknown): string[] => [...new Set([...JSON.stringify(body).matchAll(/"kept:([0-9a-f]+)"/g)].map((found) => found[1]!))];
export const withFile = (body: Record<string, unknown>, file: string, id: string): Record<string, unknown> =>
  JSON.parse(JSON.stringify(body).replaceAll(`"${KEPT_FILE}${file}"`, JSON.stringify(id))) as Record<string, unknown>;
