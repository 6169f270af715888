import { accessible, base, expect, test } from "./harness";

const real = Boolean(process.env.E2E_NAME);

test("supply: meters at a wrong transformer are searched for; one is accepted, and taken back", async ({ page }) => {
  await page.goto("/supply");
  const panel = page.locator(".supply-strays");
  await panel.getByRole("button", { name: "全县查找" }).click();
  await panel.getByRole("button", { name: "采纳" }).first().waitFor({ timeout: 120_000 }); // the whole county, on a slow machine
  await panel.getByRole("button", { name: "全县查找" }).waitFor({ timeout: 120_000 });
  const open = panel.locator("li", { has: page.getByRole("button", { name: "采纳" }) });
  const count = await open.count();
  const number = await open.first().locator("a").first().innerText();
  expect(/\d/.test(await open.first().locator("b").innerText()), "how sure one is");
  await accessible(page);
  await open.first().getByRole("button", { name: "采纳" }).click();
  const chosen = panel.locator("li", { hasText: number, has: page.locator(".tag") });
  await chosen.locator(".tag", { hasText: "已采纳" }).waitFor();
  expect((await open.count()) === count - 1, "one less to decide");
  await chosen.getByRole("button", { name: "撤回" }).click();
  await chosen.locator(".tag", { hasText: "已撤回" }).waitFor();
});

test("supply: low voltage is seen, its cause named, a remedy picked; the order says later what was measured", async ({ page }) => {
  if (!real) return;
  await page.goto("/supply");
  // An evening of twice what the transformer may carry, sent in as readings of every household of an area.
  const id = await page.evaluate(async () => {
    const json = (path: string) => fetch(`/api/v1${path}`).then((reply) => reply.json());
    const { items } = (await json("/areas?limit=200")) as { items: { id: string; customers: number }[] };
    for (const area of items.filter(({ customers }) => customers > 20).slice(0, 20)) {
      const { day, rated_kva, households } = (await json(`/supply/areas/${area.id}`)) as { day: string; rated_kva: number; households: number };
      const csv = await fetch(`/api/v1/areas/${area.id}/readings.csv?date=${day}`).then((reply) => reply.text());
      const rows = csv.trim().split("\n").slice(1).map((line) => line.split(","));
      const meters = [...new Set(rows.map(([meter]) => meter!))].filter((meter) => meter !== rows[0]![1]);
      const power = Array.from({ length: 16 }, () => Math.round((2000 * rated_kva) / households));
      const body = JSON.stringify({ area: rows[0]![1], time: `${day}T18:00:00+08:00`, step_min: 15, meters: meters.map((meter) => ({ meter, power })) });
      const reply = await fetch("/api/v1/readings", { method: "POST", headers: { "Content-Type": "application/json" }, body });
      if (!reply.ok) throw new Error(await reply.text());
      const seen = (await json(`/supply/areas/${area.id}`)) as { low: number; remedies: unknown[] };
      if (seen.low && seen.remedies.length) return area.id;
    }
    return "";
  });
  expect(id, "an area to be low");
  await page.goto(`/supply/${id}`);
  await page.locator(".causes li.first").waitFor();
  await page.locator(".remedies button.plain").first().click();
  await page.locator(".supply-area th", { hasText: "措施后" }).or(page.locator(".feeder-picture circle").first()).first().waitFor();
  await accessible(page);
  await page.locator(".remedies li").first().getByRole("button", { name: "选用" }).click();
  await page.locator(".el-message-box").getByRole("button", { name: "选用" }).click();
  await page.waitForURL(/\/orders\/\d+/);
  const order = /\/orders\/(\d+)/.exec(page.url())![1]!;
  const failed = await page.evaluate(async (number) => {
    const steps: [string, object][] = [["verify", { real: "yes", voltage: 185 }], ["plan", { remedy: "transformer", until: "2027-03-01" }], ["start_works", {}], ["finish", {}], ["check", { voltage: 215.5 }]];
    for (const [step, fields] of steps) {
      const { version } = (await fetch(`/api/v1/orders/${number}`).then((reply) => reply.json())) as { version: number };
      const reply = await fetch(`/api/v1/orders/${number}/steps`, { method: "POST", headers: { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() }, body: JSON.stringify({ step, version, fields }) });
      if (!reply.ok) return `${step}: ${await reply.text()}`;
    }
    return "";
  }, order);
  expect(!failed, `the order to go round, got ${failed}`);
  await page.goto(`/supply/${id}`);
  await page.locator(".supply-area td", { hasText: "215.5 V" }).first().waitFor();
});

test("areas: readings set aside are shown with their reason and who can mend them, and go when mended", async ({ page }) => {
  if (real) {
    const csv = "meter,time,voltage_a\nNO-SUCH-METER,2026-12-31 18:00,221.0\n";
    const reply = await page.context().request.post("/api/v1/readings", { data: csv, headers: { Origin: base, "Content-Type": "text/csv" } });
    expect(reply.ok(), `readings to be taken, got ${reply.status()}`);
  }
  await page.goto("/areas");
  await page.getByRole("link", { name: /搁置的读数/ }).click();
  const rows = page.locator(".area-aside li");
  await rows.first().waitFor();
  const row = real ? rows.filter({ hasText: "NO-SUCH-METER" }) : rows.first();
  expect(/处理人/.test(await row.innerText()), "who can mend it");
  await accessible(page);
  await row.getByRole("button", { name: "已处理" }).click();
  await row.waitFor({ state: "detached" });
});
