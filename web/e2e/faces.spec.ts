import { accessible, expect, test, until } from "./harness";

test("board: a promise leads to its parts and to the orders on which it was broken; the spreadsheet is asked with the same days", async ({ page }) => {
  await page.goto("/board");
  await until("the board", async () => !(await page.locator(".state-box .bars").count()));
  const more = page.getByRole("button", { name: "项承诺没有工单" });
  if (await more.count()) await more.click();
  await page.locator(".board-list button").first().click();
  await page.waitForURL(/promise=/);
  await page.locator(".board-one .board-parts li").first().waitFor();
  await until("the broken orders", async () => !(await page.locator(".board-one .state-box .bars").count()));
  await accessible(page);
  const sheet = new URL((await page.getByRole("link", { name: "下载表格" }).getAttribute("href"))!, page.url());
  expect(/^\d{4}-\d\d-01$/.test(sheet.searchParams.get("from")!), "the sheet to begin with the month");
  if (process.env.BASE_URL) {
    const bytes = await (await page.request.get(sheet.href)).body();
    expect(bytes.subarray(0, 2).toString() === "PK", "a spreadsheet");
  }
  const before = page.url();
  await page.getByLabel("查看下级…").selectOption({ index: 1 });
  await page.waitForURL(/org=/);
  await page.goBack();
  expect(page.url() === before, "back to come to the same board");
});

test("rules: found by a word, with source and standing", async ({ page }) => {
  await page.goto("/rules");
  const rows = page.locator(".rules-page tbody tr");
  await rows.first().waitFor();
  const all = await rows.count();
  await page.getByLabel("按名称、来源查找").fill("到达");
  await until("fewer rows", async () => (await rows.count()) < all);
  await page.locator(".strength").first().waitFor();
});

test("manager's phone: orders, an order opens in place, the groups; nothing is too wide, touch targets are large", async ({ page }) => {
  await page.goto("/manager");
  await page.getByRole("button", { name: "本辖区" }).click();
  const first = page.locator(".manager-list button").first();
  await first.waitFor();
  await accessible(page);
  const small = await page.evaluate(() => [...document.querySelectorAll(".manager-phone :is(button, a)")].filter((each) => each.getClientRects().length && each.getBoundingClientRect().height < 47).map((each) => each.textContent));
  expect(!small.length, `no small targets, found ${small.join("; ")}`);
  await first.click();
  await page.locator(".order-panel h3").first().waitFor();
  await accessible(page);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide <= 0, `the order to fit, it is ${wide} px too wide`);
  await page.getByRole("button", { name: "应急群" }).click();
  await page.locator(".manager-list button, .state-box").first().waitFor();
  await accessible(page);
  if (process.env.BASE_URL) return;
  await page.locator(".manager-list button").first().click();
  await page.getByRole("button", { name: "转为工单" }).click();
  await page.waitForURL(/order=/);
}, { viewport: { width: 390, height: 844 } }); // prettier-ignore

test("new order: a kind is chosen, a field appears when it is asked for, and the order opens", async ({ page }) => {
  await page.goto("/orders");
  await page.getByRole("link", { name: "新建工单" }).click();
  await page.getByRole("link", { name: "建议", exact: true }).waitFor();
  await accessible(page);
  await page.getByRole("link", { name: "建议", exact: true }).click();
  const form = page.locator(".new-order form");
  await form.waitFor();
  await accessible(page);
  const choices = form.locator(".choices").first();
  if (await choices.count()) await choices.locator("label").first().click();
  const topic = form.getByLabel(/主题/);
  if (await topic.count()) await topic.first().fill("线路");
  await form.locator("textarea").first().fill("路灯杆旁的线太低");
  await form.locator("input[inputmode=tel]").fill("13900000009");
  await form.getByRole("button", { name: "提交工单" }).click();
  await page.waitForURL(/\/orders\/\d+/);
  await page.locator(".order-panel h3", { hasText: "附件" }).waitFor();
  await accessible(page);
});

test("hall: a procedure is found and read without script or sign-in", async ({ page }) => {
  if (!process.env.BASE_URL) return; // the program itself renders these pages
  await page.goto("/hall");
  await accessible(page);
  await page.getByRole("link", { name: "居民新装" }).first().click();
  await page.getByRole("heading", { name: "我们的承诺" }).waitFor();
  await accessible(page);
}, { signedIn: false, viewport: { width: 390, height: 844 } }); // prettier-ignore
