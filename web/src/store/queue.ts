// The order in which kept actions are sent, apart from where they are kept and how they are sent: nothing is lost, nothing jumps the queue.

export interface Unsent {
  key: string; // the idempotency key: sent twice, it counts once
  place: number; // in the order they were made
  staff: string; // whose they are
  about: string; // what they change, "jobs/7": those about one thing go one after the other
  path: string;
  body: Record<string, unknown>; // its version is that of the reply to the one before about the same thing
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

/** What is left when `key` has been sent: the next that is based on a version of the same thing gets the one it was answered with. */
export function without(list: readonly Unsent[], key: string, version: number | undefined): Unsent[] {
  const sent = list.find((each) => each.key === key);
  const left = list.filter((each) => each !== sent);
  if (!sent || version === undefined || !("version" in sent.body)) return left; // the version it was answered with is of something else
  const heir = left.find(({ about, body }) => about === sent.about && "version" in body);
  return left.map((each) => (each === heir ? { ...each, body: { ...each.body, version } } : each));
}

/** Given up by its person: what came after it about the same thing is based on what the program knows, so it is looked at, too. */
export const givenUp = (list: readonly Unsent[], key: string): Unsent[] => without(list, key, undefined);

export const KEPT_FILE = "kept:";
/** The kept files that a body names. */
export const filesIn = (body: unknown): string[] => [...new Set([...JSON.stringify(body).matchAll(/"kept:([0-9a-f]+)"/g)].map((found) => found[1]!))];
export const withFile = (body: Record<string, unknown>, file: string, id: string): Record<string, unknown> =>
  JSON.parse(JSON.stringify(body).replaceAll(`"${KEPT_FILE}${file}"`, JSON.stringify(id))) as Record<string, unknown>;
