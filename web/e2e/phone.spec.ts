// The phone without a net: it opens, what is done is kept and sent later, what was refused is decided by its person. And the queue's own rules.
import { randomUUID } from "node:crypto";
import type { Page } from "playwright-core";
import { filesIn, givenUp, nextOf, withFile, without, type Unsent } from "../src/store/queue";
import { accessible, base, expect, pure, test, until } from "./harness";

const entry = (key: string, about: string, version: number | null, more: Partial<Unsent> = {}): Unsent => ({
  key, place: 0, staff: "1", about, path: "", body: version === null ? {} : { version }, what: key, at: 0, refused: null, ...more,
}); // prettier-ignore
const no = { status: 409, detail: "" };

pure("queue: in order; behind what was refused nothing about the same thing goes, all else does", () => {
  const list = [entry("a", "jobs/1", 1, { refused: no }), entry("b", "jobs/1", 1), entry("c", "visits/9", null), entry("d", "jobs/2", 4)];
  expect(nextOf(list)?.key === "c", "c first");
  expect(nextOf(without(list, "c", undefined))?.key === "d", "then d");
  expect(nextOf(without(without(list, "c", undefined), "d", 5)) === undefined, "then nothing before a person has decided");
  expect(nextOf(givenUp(list, "a"))?.key === "b", "then b, on what it knew");
});

pure("queue: each is based on the answer to the one before, however many and however they lie", () => {
  let seed = 11;
  const chance = (below: number) => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % below;
  for (let round = 0; round < 200; round++) {
    const truth = new Map<string, number>(); // what the program has
    let list: Unsent[] = Array.from({ length: 1 + chance(12) }, (_, i) => {
      const about = `jobs/${chance(3)}`;
      truth.set(about, 7);
      return entry(`k${i}`, about, 7);
    });
    const order: string[] = [];
    for (let next = nextOf(list); next; next = nextOf(list)) {
      expect(next.body.version === truth.get(next.about), `${next.key} to be based on ${truth.get(next.about)}, is on ${String(next.body.version)}`);
      const version = truth.get(next.about)! + 1 + chance(3); // others may be written down with it
      truth.set(next.about, version);
      order.push(next.key);
      list = without(list, next.key, version);
    }
    expect(!list.length && order.join() === order.map((_, i) => `k${i}`).join(), `all sent in order, was ${order.join()}`);
  }
});

pure("queue: what has no version neither takes one nor hands on the version of something else", () => {
  const list = [entry("step", "jobs/1", 3), entry("delay", "jobs/1", null), entry("next", "jobs/1", 3)];
  const after = without(without(list, "step", 4), "delay", 91); // the plan's
  expect(after.length === 1 && after[0]!.body.version === 4, `the job's version 4, is ${String(after[0]?.body.version)}`);
});

pure("queue: a photograph is found in a form and named when it has been sent", () => {
  const body = { step: "done", fields: { photo: ["kept:0a1b", "12"], note: "kept: no" } };
  expect(filesIn(body).join() === "0a1b", "the one that is kept");
  expect(JSON.stringify(withFile(body, "0a1b", "77").fields) === JSON.stringify({ photo: ["77", "12"], note: "kept: no" }), "its number in its place");
});

interface Made {
  id: string;
  version: number;
  number: string;
}
async function makeOrder(page: Page): Promise<Made> {
  const { items } = (await (await page.request.get("/api/v1/orders/kinds")).json()) as { items: { id: string; form: { id: string; required: boolean; type: string; choices?: { id: string }[] }[] }[] };
  const kind = items.find(({ id }) => id === "enquiry")!;
  const fields = Object.fromEntries(kind.form.filter(({ required, id }) => required && id !== "what" && id !== "description").map(({ id, type, choices }) => [id, choices?.[0]?.id ?? (type === "bool" ? true : "1")]));
  const what = kind.form.find(({ id }) => id === "what")?.choices?.[0]?.id;
  const reply = await page.request.post("/api/v1/orders", {
    headers: { Origin: base, "Idempotency-Key": randomUUID() },
    data: { kind: "enquiry", customer_id: null, caller_phone: "15412345678", caller_name: null, ...(what ? { what } : {}), description: "阶梯电价怎么算", urgency: 0, source: "console", fields },
  });
  expect(reply.ok(), `an order to be made, got ${reply.status()} ${await reply.text()}`);
  return (await reply.json()) as Made;
}
const orderOf = async (page: Page, id: string) => (await (await page.request.get(`/api/v1/orders/${id}`)).json()) as { version: number; history: { data?: unknown }[] };

/** Opens an order on the phone and waits until it can be opened without a net. */
async function onPhone(page: Page, id: string): Promise<void> {
  await page.goto(`/manager?order=${id}`);
  await page.locator(".order-steps").waitFor();
  await page.evaluate(async () => (await navigator.serviceWorker.ready).active!.state);
  await until("the page to be the worker's", () => page.evaluate(() => navigator.serviceWorker.controller !== null));
}
async function note(page: Page, text: string): Promise<void> {
  await page.getByRole("button", { name: "备注" }).click();
  await page.locator(".order-steps textarea").fill(text);
  await page.locator(".order-steps button[type=submit]").click();
  await page.locator(".outbox summary").waitFor();
}

test("phone without a net: a step is kept, the page opens again, the step is sent when the net is back", async ({ page }) => {
  const { id } = await makeOrder(page);
  await onPhone(page, id);
  await page.context().setOffline(true);
  await note(page, "客户说月底再问");
  await page.getByText("待发送 1 项").waitFor();
  await page.reload();
  await page.locator(".order-panel").getByText("待发送").waitFor();
  await page.locator(".lost").getByText("没有网络").waitFor();
  await accessible(page);
  await page.context().setOffline(false);
  await page.locator(".outbox").waitFor({ state: "detached" });
  expect(JSON.stringify((await orderOf(page, id)).history).split("客户说月底再问").length === 2, "the note once in the history");
  await page.locator(".order-panel .history").getByText("客户说月底再问").waitFor();
  if (process.env.BASE_URL) await page.locator(".order-panel .history").getByText("，收到").waitFor(); // done then, told now
}, { viewport: { width: 390, height: 844 } });

test("phone, its database away: the bar says so, a step is kept, and sent when it is back", async ({ page }) => {
  const { id } = await makeOrder(page);
  const gone = JSON.stringify({ status: 503, code: "STORE_GONE", title: "Service Unavailable", detail: "" });
  await page.goto(`/manager?order=${id}`);
  await page.locator(".order-steps").waitFor();
  await page.route("**/api/v1/health", (route) => route.fulfill({ json: { ok: false, store: "gone", version: "" } }));
  await page.route("**/api/v1/orders/*/steps", (route) => route.fulfill({ status: 503, contentType: "application/problem+json", headers: { "Retry-After": "1" }, body: gone }));
  await note(page, "记下等恢复");
  await page.getByText("待发送 1 项").waitFor();
  await page.locator(".lost").getByText("数据库无响应").waitFor();
  expect((await page.locator(".lost").count()) === 1, "one bar");
  await accessible(page);
  await page.unroute("**/api/v1/orders/*/steps");
  await page.unroute("**/api/v1/health");
  await page.locator(".lost").waitFor({ state: "detached" });
  await page.locator(".outbox").waitFor({ state: "detached" });
  expect(JSON.stringify((await orderOf(page, id)).history).split("记下等恢复").length === 2, "the note once in the history");
}, { viewport: { width: 390, height: 844 }, serviceWorkers: "block" });

test("phone without a net: what others changed meanwhile is shown, and sent again or given up by its person", async ({ page }) => {
  const { id, version } = await makeOrder(page);
  await onPhone(page, id);
  await page.context().setOffline(true);
  await note(page, "电话里已答复");
  const other = await page.request.post(`/api/v1/orders/${id}/steps`, { headers: { Origin: base, "Idempotency-Key": randomUUID() }, data: { step: "note", version, fields: { note: "另一个人先写了" } } });
  expect(other.ok(), `another's note, got ${other.status()} ${await other.text()}`);
  await page.context().setOffline(false);
  const again = page.getByRole("button", { name: "按现状再发" });
  await again.waitFor();
  await accessible(page);
  await again.click();
  await page.locator(".outbox").waitFor({ state: "detached" });
  expect(JSON.stringify((await orderOf(page, id)).history).includes("电话里已答复"), "the note in the history after all");
}, { viewport: { width: 390, height: 844 } });

/** How much the phone keeps. */
const kept = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      new Promise<number>((done, fail) => {
        const opening = indexedDB.open("dianbaomu");
        opening.onerror = () => fail(opening.error!);
        opening.onsuccess = () => {
          const drawers = [...opening.result.objectStoreNames];
          const within = opening.result.transaction(drawers, "readonly");
          let sum = 0;
          drawers.forEach((drawer) => (within.objectStore(drawer).count().onsuccess = (event) => (sum += (event.target as IDBRequest<number>).result)));
          within.oncomplete = () => done(sum);
        };
      }),
  );

test("phone without a net: signing out asks about what was not sent, and leaves nothing behind", async ({ page }) => {
  const { id } = await makeOrder(page);
  await onPhone(page, id);
  await page.context().setOffline(true);
  await note(page, "不该发出去");
  await page.getByRole("button", { name: "退出" }).first().click();
  await page.getByRole("button", { name: "先不退出" }).click();
  await page.getByText("待发送 1 项").waitFor();
  await page.getByRole("button", { name: "退出" }).first().click();
  await page.getByRole("button", { name: "仍要退出, 不再发送" }).click();
  await page.waitForURL(/sign-in/);
  const left = await kept(page);
  expect(left === 0, `nothing kept on the phone, found ${left}`);
  await page.context().setOffline(false);
  await page.reload();
  await page.locator("input[name=password]").waitFor();
  expect(!JSON.stringify((await orderOf(page, id).catch(() => ({ history: [] }))).history ?? []).includes("不该发出去"), "the note never sent");
}, { viewport: { width: 390, height: 844 } });

test("what a phone page has kept goes too when one signs out from the console", async ({ page }) => {
  const { id } = await makeOrder(page);
  await onPhone(page, id);
  await until("the order to be kept", async () => (await kept(page)) > 0);
  await page.goto("/orders");
  await page.getByRole("button", { name: process.env.E2E_NAME ?? "admin" }).click();
  await page.getByRole("button", { name: "退出" }).click();
  await page.waitForURL(/sign-in/);
  expect((await kept(page)) === 0, "nothing kept on the phone");
});
