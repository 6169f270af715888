// A second factor from the menu to the next sign-in, in a browser; and the record that tells of it.
import type { Page } from "playwright-core";
import { accessible, base, expect, search, test, until } from "./harness";
import { totp as code } from "./totp";

if (process.env.E2E_NAME) // the invented company has no second factors
  test("second factor: set up from the menu, asked for at the next sign-in, kept in the record", async ({ page }) => {
    const name = `factor${Date.now() % 1e6}`;
    const made = await page.context().request.post("/api/v1/staff", { data: { name, full_name: "验证员", roles: ["agent"], org_id: "0" }, headers: { Origin: base } });
    expect(made.status() === 201, `an account, got ${made.status()}`);
    const { password } = (await made.json()) as { password: string };
    await page.context().clearCookies();
    const enter = async () => {
      await page.goto("/sign-in");
      await page.fill("input[name=name]", name);
      await page.fill("input[name=password]", password);
      await page.click("button[type=submit]");
    };
    await enter();
    await page.locator(".person > button").click();
    await page.getByRole("button", { name: "双因素验证" }).click();
    await page.locator(".two-factor input[type=password]").fill(password);
    await page.getByRole("button", { name: "开始设置" }).click();
    await page.locator(".two-factor .code-picture").waitFor();
    const secret = (await page.locator(".two-factor code").innerText()).replace(/ /g, "");
    const now = Date.now();
    await page.locator(".two-factor input").fill(code(secret, now));
    await page.getByRole("button", { name: "确认" }).click();
    const recovery = page.locator(".two-factor .codes code");
    await recovery.first().waitFor();
    expect((await recovery.count()) === 8, "eight recovery codes");
    const spare = await recovery.first().innerText();
    await page.getByRole("button", { name: "已记下" }).click();
    await page.context().clearCookies();
    await enter();
    await page.fill("input[name=code]", code(secret, now)); // used already
    await page.click("button[type=submit]");
    await page.locator("[role=alert]").waitFor();
    await page.fill("input[name=code]", spare);
    await page.click("button[type=submit]");
    await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
  });

test("audit: the newest changes, and the chain recounted", async ({ page }) => {
  await page.goto("/audit");
  await page.locator(".audit tbody tr").first().waitFor();
  await page.getByRole("button", { name: "核验链条" }).click();
  await page.locator(".audit .alert.good").waitFor();
});

/** What the live feed tells whoever is signed in, of what was before. */
const heard = (page: Page): Promise<{ kind: string; data?: object }[]> =>
  page.evaluate(async () => {
    const { seq } = (await (await fetch("/api/v1/outages/dark")).json()) as { seq: number };
    const stop = new AbortController();
    const reader = (await fetch(`/api/v1/events?after=${Math.max(0, seq - 500)}`, { signal: stop.signal })).body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (const end = Date.now() + 20_000; Date.now() < end && !(text.includes("event: clock") && text.length > 1000); ) {
      const { value, done } = await reader.read();
      if (done) break;
      text += value;
    }
    stop.abort();
    return text.split("\n\n").flatMap((event) => (event.startsWith("id: ") && !event.includes("event: resync") ? [JSON.parse(event.slice(event.indexOf("data: ") + 6)) as { kind: string; data?: object }] : []));
  });

if (process.env.E2E_NAME)
  test("live feed: who sees a part of the company hears that something changed, not of what; who signed in is nobody's to hear", async ({ page }) => {
    await page.goto("/orders");
    const all = await heard(page);
    expect(all.some(({ data }) => data && Object.keys(data).length), "what happened, to who sees all");
    interface Org {
      id: string;
      children: Org[];
    }
    const { items } = (await (await page.request.get("/api/v1/orgs")).json()) as { items: Org[] };
    const beside = (orgs: Org[]): Org => (orgs.length > 1 ? orgs[0]! : beside(orgs[0]!.children)); // others lie beside it
    const name = `station${Date.now() % 1e6}`;
    const made = await page.request.post("/api/v1/staff", { data: { name, roles: ["dispatcher"], org_id: beside(items).id }, headers: { Origin: base } });
    expect(made.status() === 201, `an account, got ${made.status()}`);
    const { password } = (await made.json()) as { password: string };
    await page.context().clearCookies();
    await page.request.post("/api/v1/session", { data: { name, password }, headers: { Origin: base } });
    await page.goto("/orders");
    const part = await heard(page);
    expect(part.length && part.every(({ data }) => data === undefined), `no data of what changed, got ${JSON.stringify(part.find(({ data }) => data))}`);
    expect([...all, ...part].every(({ kind }) => !/^(people|customer)\./.test(kind)), "nothing of who signed in");
  });

if (process.env.E2E_NAME)
  test("personal data: put right, handed out, erased by another person, and found no more", async ({ page }) => {
    const context = page.context();
    const ask = async (method: "post" | "get", path: string, data?: object) => {
      const reply = await context.request[method](path, { ...(data ? { data } : {}), headers: { Origin: base } });
      expect(reply.ok(), `${path}, got ${reply.status()}`);
      return (await reply.json()) as Record<string, never>;
    };
    const words = `澹台${Date.now() % 1e8}`;
    const guard = `guard${Date.now() % 1e7}`;
    const { password } = (await ask("post", "/api/v1/staff", { name: guard, roles: ["security"], org_id: "0" })) as unknown as { password: string };
    const items = await search<{ id: string; number: string }>(page, "customers/search?limit=500", "1");
    let customer: { id: string; number: string } | undefined;
    for (const each of items.reverse()) {
      if (!(await search(page, "orders/search", each.number)).length) {
        customer = each;
        break;
      }
    }
    expect(customer, "a household without an order");
    await page.goto("/privacy");
    await page.locator(".privacy .el-select input").first().fill(customer.number);
    await page.getByRole("option").first().click();
    await page.getByLabel("原因", { exact: true }).fill("来电申请");
    await page.getByLabel("更正后的姓名").fill(words);
    await page.getByRole("button", { name: "更正", exact: true }).click();
    await page.getByRole("status").filter({ hasText: "已更正" }).waitFor();
    await page.getByRole("button", { name: "导出全部信息" }).click();
    await page.getByRole("cell", { name: words }).first().waitFor();
    await page.getByRole("link", { name: "下载 JSON" }).waitFor();
    await accessible(page);
    await page.getByRole("button", { name: "申请删除" }).click();
    await page.getByRole("status").filter({ hasText: "另一人" }).waitFor();
    await context.clearCookies();
    await ask("post", "/api/v1/session", { name: guard, password });
    await page.goto("/privacy");
    const row = page.locator(".privacy tbody tr", { hasText: customer.number }).first();
    await row.getByRole("button", { name: "删除", exact: true }).click();
    await page.locator(".el-message-box").getByRole("button", { name: "删除", exact: true }).click();
    await row.filter({ hasText: "已删除" }).waitFor();
    await accessible(page);
    const left = await context.request.post("/api/v1/customers/search", { data: { q: words } });
    expect(left.status() === 403, "security finds nobody");
  });

test("a search leaves no trace in any address, and the way back remembers it", async ({ page }) => {
  const words = "李13800001234";
  const addresses: string[] = [];
  page.on("request", (request) => addresses.push(request.url()));
  page.on("framenavigated", (frame) => addresses.push(frame.url()));
  const asked = (what: string) => page.waitForResponse((reply) => reply.url().includes(`/api/v1/${what}/search`) && reply.ok());
  await page.goto("/orders?state=open");
  const box = page.locator(".order-filters .search input");
  await Promise.all([asked("orders"), box.fill(words)]);
  await page.getByText("没有找到").first().waitFor();
  await page.goto("/call");
  await Promise.all([asked("customers"), page.locator(".call-search input").fill(words)]);
  await page.goto("/");
  await Promise.all([asked("grid"), page.locator(".map-search input").fill(words)]);
  await page.goBack();
  await page.goBack();
  await until("the words again", async () => (await box.inputValue()) === words);
  const told = addresses.filter((address) => /李|1380000|%E6%9D%8E/i.test(decodeURI(address)));
  expect(addresses.length > 20 && !told.length, `no address with words in it, got ${told.join(" ")}`);
});
