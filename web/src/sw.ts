// The service worker: the console's own files, so that a phone's page opens without a net. No data passes through here.
// What stands in `self` is the part of ServiceWorkerGlobalScope that is used: its full types do not go together with the page's.
interface Waits extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Asked extends Waits {
  readonly request: Request;
  respondWith(reply: Promise<Response>): void;
}
interface Worker {
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
  addEventListener(kind: "install" | "activate", listener: (event: Waits) => void): void;
  addEventListener(kind: "fetch", listener: (event: Asked) => void): void;
}
const worker = self as unknown as Worker;

declare const SHELL: { version: string; files: string[] }; // put in by the build
const { version, files } = SHELL;
const PAGE = "/index.html";
const PUBLIC = /^\/(hall|survey|group|api|docs)(\/|$)/; // pages of their own, made by the program
const PATIENCE_MS = 4000;

worker.addEventListener("install", (event) => {
  event.waitUntil(caches.open(version).then((cache) => cache.addAll([PAGE, ...files])).then(() => worker.skipWaiting()));
});
worker.addEventListener("activate", (event) => {
  const others = async () => Promise.all((await caches.keys()).filter((name) => name !== version).map((name) => caches.delete(name)));
  event.waitUntil(others().then(() => worker.clients.claim()));
});

const kept = async (path: string): Promise<Response> => (await caches.match(path)) ?? Response.error();
/** The program's own answer; the kept page where it cannot be reached, or takes too long. */
async function page(request: Request): Promise<Response> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  return fetch(request, { signal: patience.signal }).then(
    (reply) => (reply.status === 502 || reply.status === 503 || reply.status === 504 ? kept(PAGE) : reply),
    () => kept(PAGE),
  ).finally(() => clearTimeout(timer));
}

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || PUBLIC.test(pathname)) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (files.includes(pathname)) event.respondWith(caches.match(pathname).then((found) => found ?? fetch(request)));
});
