// A small runner: each test has a browser context of its own, signed in over HTTP; afterwards one line "N passed, N failed".
// The address and who signs in come from the environment: BASE_URL, E2E_NAME, E2E_PASSWORD; the browser from CHROMIUM; E2E_SLOW=6: its processor six times slower.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";

export const base = process.env.BASE_URL ?? "http://127.0.0.1:4173";
const NAME = process.env.E2E_NAME ?? "admin";
const PASSWORD = process.env.E2E_PASSWORD ?? "mock";
const TEST_LIMIT_MS = 400_000; // a busy machine is no failure
const STEP_LIMIT_MS = 30_000;

export interface Bench {
  page: Page;
  /** Page errors and refusals of the content security policy seen so far. */
  complaints: string[];
}
type Body = (bench: Bench) => Promise<void>;
interface Options extends BrowserContextOptions {
  signedIn?: boolean;
}
interface Test {
  name: string;
  options: Options;
  body: Body;
}
const tests: Test[] = [];
const pures: { name: string; body: () => void }[] = [];

/** A test that needs no browser. */
export function pure(name: string, body: () => void): void {
  pures.push({ name, body });
}

export function test(name: string, body: Body, options: Options = {}): void {
  tests.push({ name, body, options });
}

export function expect(holds: unknown, what: string): asserts holds {
  if (!holds) throw new Error(`expected ${what}`);
}

/** Waits until `holds` gives something true. */
export async function until<T>(what: string, holds: () => Promise<T>): Promise<T> {
  const end = Date.now() + STEP_LIMIT_MS;
  for (;;) {
    const value = await holds();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${STEP_LIMIT_MS / 1000} s for ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** Whatever moves or fades has come to rest: colours are judged as they stay, on a slow machine too. What turns for ever is not waited for. */
const settled = (page: Page): Promise<boolean> =>
  until("the page to come to rest", () =>
    page.evaluate(async () => {
      const frame = () => new Promise((done) => requestAnimationFrame(done));
      for (let i = 0; i < 3; i++) {
        await frame();
        if (document.getAnimations().some(({ playState, effect }) => playState !== "finished" && effect?.getComputedTiming().endTime !== Infinity)) return false;
      }
      return !document.querySelector("[class*=-enter-active], [class*=-leave-active]");
    }),
  );

/** What a search finds: words go in the body. */
export async function search<T>(page: Page, what: string, q: string): Promise<T[]> {
  const reply = await page.request.post(`/api/v1/${what}`, { data: { q } });
  expect(reply.ok(), `a search of ${what}, got ${reply.status()}`);
  return ((await reply.json()) as { items: T[] }).items;
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Fails on a serious or critical finding of axe. The policy forbids injected script tags, so it goes in through the debugger. */
export async function accessible(page: Page): Promise<void> {
  await settled(page);
  await page.evaluate(axeSource);
  const findings = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: (options: object) => Promise<{ violations: { id: string; impact: string; nodes: { target: string[] }[] }[] }> } };
    const { violations } = await axe.run({ resultTypes: ["violations"] });
    return violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id, nodes }) => `${id}: ${nodes.slice(0, 4).map(({ target }) => target.join(" ")).join("; ")}`);
  });
  expect(!findings.length, `nothing serious from axe, found ${findings.join(" | ")}`);
}

async function runOne(browser: Browser, { body, options }: Test): Promise<void> {
  const { signedIn = true, ...rest } = options;
  const context = await browser.newContext({ baseURL: base, viewport: { width: 1366, height: 768 }, locale: "zh-CN", timezoneId: "Asia/Shanghai", ...rest });
  context.setDefaultTimeout(STEP_LIMIT_MS);
  try {
    if (signedIn) {
      const reply = await context.request.post("/api/v1/session", { data: { name: NAME, password: PASSWORD }, headers: { Origin: base } });
      expect(reply.ok(), `${NAME} to be signed in, got ${reply.status()}`);
    }
    const page = await context.newPage();
    const rate = Number(process.env.E2E_SLOW ?? 1);
    if (rate > 1) await (await context.newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate });
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => message.type() === "error" && /Content Security Policy/.test(message.text()) && complaints.push(message.text()));
    let timer: ReturnType<typeof setTimeout> | undefined;
    const limit = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error(`took over ${TEST_LIMIT_MS / 1000} s`)), TEST_LIMIT_MS)));
    await Promise.race([body({ page, complaints }), limit]).finally(() => clearTimeout(timer));
    expect(!complaints.length, `no page error, got ${complaints.join(" | ")}`);
  } finally {
    for (const each of browser.contexts()) await each.close(); // those of other people, too
  }
}

export async function runAll(only: string): Promise<void> {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
  let passed = 0;
  let failed = 0;
  const all = [...pures.map(({ name, body }) => ({ name, run: async () => body() })), ...tests.map((each) => ({ name: each.name, run: () => runOne(browser, each) }))];
  for (const each of all.filter(({ name }) => name.includes(only))) {
    const started = Date.now();
    try {
      await each.run();
      passed++;
      console.log(`ok   ${each.name} (${Date.now() - started} ms)`);
    } catch (error) {
      failed++;
      console.log(`FAIL ${each.name}\n     ${(error as Error).message.split("\n").slice(0, 6).join("\n     ")}`);
    }
  }
  await browser.close();
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed || !passed ? 1 : 0;
}
