// From the call to the call-back, by hand, as agent and dispatcher.
import type { Page } from "playwright-core";
import { accessible, base, expect, search, test, until } from "./harness";

interface Hit {
  id: string;
  number: string;
}
/** A household that has power and no open matter, by asking the program itself. */
async function someone(page: Page): Promise<Hit> {
  for (let tries = 0; tries < 80; tries++) {
    const q = tries % 2 ? "王李张刘陈杨黄周吴徐孙朱马胡郭林何高梁郑"[Math.floor(Math.random() * 20)]! : `${1 + Math.floor(Math.random() * 60)}号`;
    const items = await search<Hit>(page, "customers/search?limit=20", q);
    const hit = items[Math.floor(Math.random() * items.length)];
    if (!hit) continue;
    const open = await search(page, "orders/search", hit.number);
    const { known_outage } = (await (await page.request.get(`/api/v1/customers/${hit.id}/standing`)).json()) as { known_outage: unknown };
    if (!open.length && !known_outage) return hit;
  }
  throw new Error("no customer found to call");
}

/** On the call page: whoever rings is found by number. */
async function find(page: Page, number: string): Promise<void> {
  await page.waitForFunction(() => document.activeElement?.getAttribute("role") === "combobox");
  await page.keyboard.type(number);
  await page.locator("[role=option]").first().waitFor();
  await page.keyboard.press("Enter");
  await page.locator(".household dl").waitFor();
}

/** What is wrong, all by keys. */
async function typeCall(page: Page, words: string): Promise<void> {
  await page.keyboard.press("Alt+1");
  await page.keyboard.press("Tab");
  await page.keyboard.type(words);
  await page.keyboard.press("Control+Enter");
}

async function takeCall(page: Page, number: string): Promise<string> {
  await page.keyboard.press("F2");
  await page.waitForURL(/\/call$/);
  await find(page, number);
  await typeCall(page, "家里没有电");
  return (await page.locator(".call-taken li.first b").first().textContent())!;
}

test("a call from ring to order by keyboard alone", async ({ page }) => {
  await page.goto("/");
  await page.locator(".figures").waitFor();
  const { number } = await someone(page);
  const order = await takeCall(page, number);
  expect(/\S/.test(order), "an order number to read out");
  expect((await page.locator(".call-search input").inputValue()) === "", "an empty search for the next call");
  await page.goto("/orders?state=open");
  await page.locator(".order-filters .search input").fill(order);
  await page.getByText(order).first().waitFor();
});

test("an order opens beside the list, its page passes axe, Escape leads back to the place", async ({ page }) => {
  await page.goto("/");
  await page.locator(".figures").waitFor();
  await takeCall(page, (await someone(page)).number);
  await page.goto("/orders?sort=at");
  await page.locator(".order-table tbody tr").first().waitFor();
  await page.keyboard.press("Enter");
  await page.locator(".order-panel .history li").first().waitFor();
  await page.waitForURL(/\/orders\/\d+/);
  await accessible(page);
  await page.keyboard.press("Escape");
  await page.waitForURL(/\/orders\?sort=at$/);
  expect(await page.locator(".order-table tr.at").count(), "the row still marked");
});

test("a note is added to an order and shows in its history", async ({ page }) => {
  await page.goto("/");
  await page.locator(".figures").waitFor();
  await takeCall(page, (await someone(page)).number);
  await page.locator(".call-taken li.first a").first().click();
  await page.locator(".order-steps").waitFor();
  await page.getByRole("button", { name: "备注" }).click();
  await page.locator(".order-steps textarea").fill("客户说门口的变压器冒过火花");
  await page.locator(".order-steps button[type=submit]").click();
  await page.locator(".order-panel .history").getByText("客户说门口的变压器冒过火花").waitFor();
});

test("the whole loop by hand: call, outage, confirm, crew, power back, call-back, archived", async ({ page }) => {
  await page.goto("/");
  await page.locator(".figures").waitFor();
  const { number } = await someone(page);
  await takeCall(page, number);
  await page.locator(".call-taken li.first a").first().click();
  await page.locator(".order-panel .in-outage").click();
  await page.waitForURL(/\/outages\/\d+/);
  await page.locator(".outage-panel .facts").waitFor();
  const confirm = page.getByRole("button", { name: "确认停电" });
  if (await confirm.count()) {
    await confirm.click();
    await confirm.waitFor({ state: "detached" });
  }
  const send = page.locator(".proposals .el-button:not(.is-disabled)").first();
  await until("crews proposed, or one that is sent", async () => (await page.locator(".proposals li, .outage-crew .sent").count()) > 0);
  if (await send.count()) {
    await send.click();
    await page.locator(".outage-crew .sent b").waitFor();
  } // else all are busy
  await accessible(page);
  await page.getByRole("button", { name: "登记复电…" }).click();
  const submit = page.locator(".outage-restore button[type=submit]:enabled");
  await until("power back", async () => {
    if (await submit.count()) await submit.click({ timeout: 1000 }).catch(() => {}); // once more when the evening changed the outage meanwhile
    return page.locator(".outage-panel .facts div:first-child b:not(.red)").count();
  });
  const order = async () => (await search<{ id: string; number: string; ladder: string }>(page, "orders/search", number))[0];
  await until("the order restored", async () => ((await order())?.ladder ?? "restored") === "restored");
  const mine = await order();
  if (!mine) return; // an evening that is being replayed has called back already
  await page.goto("/callbacks");
  await until("the order archived", async () => {
    const detail = page.locator(".callbacks-page .detail").getByText(mine.number);
    for (const row of await page.locator(".callbacks-page li").all()) {
      if (await detail.count()) break;
      await row.click({ timeout: 1000 }).catch(() => {}); // gone: called back by the evening
    }
    if (await detail.count()) await page.keyboard.press("1");
    return !(await order());
  });
});

test("an ended session leads to sign-in and back to the same page", async ({ page }) => {
  await page.goto("/orders?sort=at");
  await page.locator(".orders-page").waitFor();
  await page.context().clearCookies();
  await page.getByRole("radio", { name: "最先到时" }).check();
  await page.waitForURL(/sign-in\?back=/);
  await page.fill("input[name=name]", process.env.E2E_NAME ?? "admin");
  await page.fill("input[name=password]", process.env.E2E_PASSWORD ?? "mock");
  await page.click("button[type=submit]");
  await page.waitForURL(/\/orders/);
});

test("an outage is opened, and its page passes axe", async ({ page }) => {
  await page.goto("/");
  const row = page.locator(".outage-row").first();
  await until("an outage", async () => (await row.count()) > 0);
  await row.click();
  await page.locator(".outage-panel .facts").waitFor();
  await page.waitForURL(/\/outages\/\d+/);
  const text = await page.locator(".outage-panel").innerText();
  expect(!/undefined|NaN|\[object|Invalid Date/.test(text), `no "undefined" on the outage page`);
  await accessible(page);
  await page.keyboard.press("Escape");
  await page.locator(".outage-column").waitFor();
});

test("what is believed: reasons with bars, the one to ask, his answer counts; what may be is listed", async ({ page }) => {
  await page.goto("/");
  await page.locator(".figures").waitFor();
  await takeCall(page, (await someone(page)).number);
  await page.locator(".call-taken li.first a").first().click();
  await page.locator(".order-panel .in-outage").click();
  await page.locator(".outage-belief .reason-bars li").first().waitFor();
  await page.locator(".etas li").first().waitFor();
  const ask = page.locator(".ask-next");
  if (await ask.count()) {
    await ask.getByRole("button", { name: "回访: 没电" }).click();
    await page.getByText("已记录, 正按新情况研判").waitFor();
  }
  await accessible(page);
  await page.goto("/");
  await page.locator(".outage-column .tabs").getByText("可能").click();
  await until("the list of what may be", async () => (await page.locator(".possible-list, .outage-column .empty").count()) > 0);
  const row = page.locator(".possible-row").first();
  if (await row.count()) {
    await row.click();
    await page.locator(".possible-more").waitFor();
  }
  await accessible(page);
});

test("the agent's sentence: neighbours have power, or a known outage with its time", async ({ page }) => {
  await page.goto("/");
  const { number } = await someone(page);
  await page.goto("/call");
  await find(page, number);
  const items = await search<Hit>(page, "customers/search?limit=1", number);
  const { say } = (await (await page.request.get(`/api/v1/customers/${items[0]!.id}/standing`)).json()) as { say: { zh: string } };
  if (say.zh) await page.locator(".household .said").getByText(say.zh.slice(0, 8)).waitFor();
});

for (const [what, words] of [["store", "数据库无响应"], ["program", "连不上程序"]] as const)
  test(`the ${what} gone while a call is typed: the page says so, keeps it, sends it afterwards once`, async ({ page }) => {
    await page.goto("/");
    await page.locator(".figures").waitFor();
    const { number } = await someone(page);
    await page.goto("/call");
    await find(page, number);
    const gone = JSON.stringify({ status: 503, code: "STORE_GONE", title: "Service Unavailable", detail: "" });
    const keys: (string | undefined)[] = [];
    page.on("request", (request) => request.method() === "POST" && request.url().endsWith("/api/v1/orders") && keys.push(request.headers()["idempotency-key"]));
    await page.route("**/api/v1/health", (route) => (what === "store" ? route.fulfill({ json: { ok: false, store: "gone", version: "" } }) : route.abort()));
    await page.route("**/api/v1/orders", (route) =>
      route.request().method() !== "POST" ? route.continue() : what === "store" ? route.fulfill({ status: 503, contentType: "application/problem+json", headers: { "Retry-After": "1" }, body: gone }) : route.abort(),
    );
    await typeCall(page, "电表箱有焦味");
    await page.locator(".lost[role=alert]").getByText(words).waitFor({ timeout: 20_000 });
    expect((await page.locator(".what textarea").first().inputValue()) === "电表箱有焦味", "what was typed to be there");
    await page.unroute("**/api/v1/health");
    await page.unroute("**/api/v1/orders");
    await page.locator(".lost[role=alert]").waitFor({ state: "detached", timeout: 20_000 });
    await until("the call to be taken after all", async () => {
      await page.keyboard.press("Control+Enter");
      return page.locator(".call-taken li").count();
    });
    expect(keys.length > 1 && keys.every((key) => key && key === keys[0]), `one key for one intention, got ${keys.join(" ")}`);
  });

test("arrears: told on the call and on the order, a sold house waits for them, and who paid is owed power", async ({ page }) => {
  if (!process.env.BASE_URL) return; // the mock has no billing
  await page.goto("/");
  await page.locator(".figures").waitFor();
  const hit = await someone(page);
  const day = (now: string) => now.slice(0, 10);
  const { now } = (await (await page.request.get("/api/v1/company")).json()) as { now: string };
  const before = new Date(Date.parse(now) - 2 * 86_400_000).toISOString();
  let said = 0;
  const post = (path: string, type: string, data: string) => page.request.post(path, { headers: { "Content-Type": type, "Idempotency-Key": `arrears-${hit.number}-${++said}`, Origin: base }, data });
  const billing = async (line: string) => {
    const answer = (await (await post("/api/v1/arrears", "text/csv", `customer_number,owed_fen,as_of,disconnected\n${line}\n0,1,${day(before)},\n`)).json()) as { kept: number; problems: { line: number; detail: string }[] };
    expect(answer.kept === 1 && answer.problems.length === 1 && answer.problems[0]!.line === 3, `one line kept and the wrong one named: ${JSON.stringify(answer)}`);
  };
  await billing(`${hit.number},12345,${day(before)},yes`);
  await page.goto("/call");
  await find(page, hit.number);
  await page.locator(".household .said").getByText("欠费已停电").waitFor();
  await page.locator(".household dl").getByText("欠费停电 123.45 元").waitFor();
  await accessible(page);
  const registry = JSON.stringify({ customer_number: hit.number, registry_number: `湘${hit.number}`, new_owner: "王五", new_phone: "13900000001", sold_on: "2026-11-20" });
  const refused = await post("/api/v1/land-registry/transfers", "application/json", registry);
  expect(refused.status() === 409 && (await refused.text()).includes("欠费 123.45 元"), `the sold house refused with the reason, not ${refused.status()}`);
  await billing(`${hit.number},0,${day(new Date(Date.parse(before) + 86_400_000).toISOString())},`);
  const items = await search<{ id: string; kind: string }>(page, "orders/search", hit.number);
  const order = items.find(({ kind }) => kind === "reconnection");
  expect(order, "an order to connect them again");
  await page.goto(`/orders/${order.id}`);
  await page.locator(".order-customer").getByText("无欠费").waitFor();
});
