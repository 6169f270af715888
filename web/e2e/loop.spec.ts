// From the call to the call-back, by hand, as agent and dispatcher.
import type { Page } from "playwright-core";
import { accessible, expect, test, until } from "./harness";

/** Some households below one transformer, by asking the program itself. */
async function someone(page: Page): Promise<{ number: string }> {
  for (const q of ["村", "路", "1"]) {
    const reply = await page.request.get(`/api/v1/customers?q=${encodeURIComponent(q)}&limit=20`);
    const { items } = (await reply.json()) as { items: { number: string }[] };
    if (items.length) return items[Math.floor(Math.random() * items.length)]!;
  }
  throw new Error("no customer found to call");
}

async function takeCall(page: Page, number: string): Promise<string> {
  await page.keyboard.press("F2");
  await page.waitForURL(/\/call$/);
  await page.waitForFunction(() => document.activeElement?.getAttribute("role") === "combobox");
  await page.keyboard.type(number);
  await page.locator("[role=option]").first().waitFor();
  await page.keyboard.press("Enter");
  await page.locator(".household dl").waitFor();
  await page.keyboard.press("Alt+1");
  await page.keyboard.press("Tab");
  await page.keyboard.type("家里没有电");
  await page.keyboard.press("Control+Enter");
  return (await page.locator(".call-taken li.first b").first().textContent())!;
}

test("a call from ring to order by keyboard alone", async ({ page }) => {
  await page.goto("/");
  await page.locator(".figures").waitFor();
  const { number } = await someone(page);
  const order = await takeCall(page, number);
  expect(/\S/.test(order), "an order number to read out");
  expect((await page.locator(".call-search input").inputValue()) === "", "an empty search for the next call");
  await page.goto(`/orders?state=open&q=${order}`);
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
