// The public pages before the real program, as a customer's phone and a clerk's desk meet them: without script where they are public.
import type { Page } from "playwright-core";
import { accessible, base, expect, search, test, until } from "./harness";

const PHONE = { viewport: { width: 390, height: 844 } };
const SCRIPTLESS = { signedIn: false, javaScriptEnabled: false, ...PHONE };
const real = !!process.env.BASE_URL; // the program itself renders these pages; the mock has none

async function post(page: Page, path: string, data: unknown): Promise<Record<string, unknown>> {
  const reply = await page.request.post(path, { data, headers: { Origin: base, "Idempotency-Key": crypto.randomUUID() } });
  expect(reply.ok(), `${path} to be taken, got ${reply.status()} ${await reply.text()}`);
  return (await reply.json()) as Record<string, unknown>;
}
async function get<T>(page: Page, path: string): Promise<T> {
  const reply = await page.request.get(path);
  expect(reply.ok(), `${path} to be there, got ${reply.status()}`);
  return (await reply.json()) as T;
}

/** Fills an opinion in as a customer would, and gives the number on the receipt. */
async function opine(page: Page, phone: string): Promise<string> {
  await page.goto("/hall");
  await page.locator('.kinds a[href="/hall/opinion"]').click();
  await page.locator("a.button").first().click();
  await page.locator("#f_topic").fill("停电通知");
  await page.locator("#f_description").fill("希望提前一天通知");
  await page.locator("#caller_phone").fill(phone);
  await page.locator("#where").fill("柳树村 3 组");
  await page.locator("form button").click();
  await page.waitForURL(/\/hall\/applied\/[0-9a-f]{32}$/);
  return (await page.locator(".number").textContent())!.trim();
}

/** Without script a driver cannot tell when a button stands still; Enter in a field sends the form as well. */
const send = (page: Page) => page.locator("form input[inputmode]").last().press("Enter");

test("hall: applied for without script, refused beside the field, followed by number and telephone", async ({ page }) => {
  if (!real) return;
  await page.goto("/hall/application_resident/apply");
  await page.locator("#f_applicant").fill("王五");
  await page.locator("#f_phone").fill("13911112222");
  await page.locator("#f_address").fill("柳树村 3 组");
  await page.locator("#f_capacity_wanted").fill("500");
  await page.locator("#f_identity").setInputFiles({ name: "a.jpg", mimeType: "image/jpeg", buffer: Buffer.from("no picture") });
  await send(page);
  await page.locator("#f_identity-wrong").waitFor();
  expect((await page.locator("#f_capacity_wanted-wrong").textContent())!.includes("超出范围"), "the reason beside the capacity");
  expect((await page.locator("#f_applicant").inputValue()) === "王五", "what was said to be kept");
  await page.locator("#f_capacity_wanted").fill("8");
  await page.locator("#f_identity").setInputFiles({ name: "a.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4\n1 0 obj\n%%EOF\n") });
  await send(page);
  await page.waitForURL(/\/hall\/applied\//);
  const number = (await page.locator(".number").textContent())!.trim();
  await page.reload();
  expect((await page.locator(".number").textContent())!.trim() === number, "the same number after a reload");
  await page.goto("/hall/follow");
  await page.locator("#number").fill(number);
  await page.locator("#phone").fill("0000");
  await send(page);
  await page.locator(".note.bad").waitFor();
  await page.locator("#phone").fill("2222");
  await send(page);
  await page.getByText("还要补交").waitFor();
  expect(!(await page.content()).includes("王五"), "no name on the page");
}, SCRIPTLESS); // prettier-ignore

test("hall: an opinion goes round, and its survey is answered and counted", async ({ page }) => {
  if (!real) return;
  for (const path of ["/hall", "/hall/opinion", "/hall/fault_repair/apply", "/hall/application_high_voltage/apply", "/hall/follow"]) {
    await page.goto(path);
    await accessible(page);
  }
  const number = await opine(page, "13911113333");
  await accessible(page);
  const named = async () => (await get<{ named: { answers: number } }>(page, "/api/v1/satisfaction")).named.answers;
  const before = await named();
  const items = await search<{ id: string; version: number }>(page, "orders/search", number);
  const { id, version } = items[0]!;
  const steps: [string, unknown][] = [["send", {}], ["conclude", { justified: true, note: "属实" }], ["answer", { note: "已改进" }]];
  for (const [i, [step, fields]] of steps.entries()) await post(page, `/api/v1/orders/${id}/steps`, { step, version: version + i, fields });
  await page.goto(`/orders/${id}?state=open`);
  await page.getByRole("button", { name: "生成评价链接" }).click();
  await page.locator(".link-given input").waitFor();
  await accessible(page);
  const link = await page.locator(".link-given input").inputValue();
  expect(new RegExp(`^${base}/survey/[0-9a-f]{32}$`).test(link), `a link to the survey's page, got ${link}`);
  await page.goto(link);
  await accessible(page);
  await page.locator("form button").click(); // nothing chosen: the browser itself holds it back
  expect(page.url() === link, "to stay on the form");
  await page.locator('input[name="f_answer"][value="satisfied"]').check();
  for (const dimension of ["attitude", "speed"]) await page.locator(`input[name="s_${dimension}"][value="5"]`).check();
  await page.locator("form button").click();
  await page.getByRole("heading", { name: "谢谢您的评价" }).waitFor();
  await accessible(page);
  await until("the answer to be counted", async () => (await named()) === before + 1);
  await page.goto(link);
  await page.getByText("您已经评价过了").waitFor();
  await page.goto("/hall/follow");
  await page.locator("#number").fill(number);
  await page.locator("#phone").fill("3333");
  await page.locator("form button").click();
  await page.locator(".way li.done", { hasText: "已归档" }).waitFor();
  await accessible(page);
}, PHONE); // prettier-ignore

test("hall: a household speaks in its group with a picture, and reads the answer", async ({ page }) => {
  if (!real) return;
  const { items: parts } = await get<{ items: { id: string }[] }>(page, "/api/v1/orgs");
  const { id } = await post(page, "/api/v1/groups", { org_id: parts[0]!.id, name: "柳树村用电群" });
  await page.goto("/manager?tab=groups");
  await page.getByLabel("新群名称").waitFor();
  await accessible(page);
  await page.goto(`/manager?tab=groups&group=${id as string}`);
  await page.getByRole("button", { name: "生成住户链接" }).click();
  await page.locator(".link-given input").waitFor();
  await accessible(page);
  const manager = page.url();
  const link = await page.locator(".link-given input").inputValue();
  await page.goto(link);
  await accessible(page);
  await page.locator("#body").fill("鱼塘停电, 增氧机停了");
  await page.locator("summary").click();
  await page.locator("#name").fill("李四");
  const dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  await page.locator("#f_picture").setInputFiles({ name: "a.png", mimeType: "image/png", buffer: Buffer.from(dot, "base64") });
  await page.locator("form button").click();
  await page.locator(".thread .household", { hasText: "李*" }).waitFor();
  await page.locator(".thread img").scrollIntoViewIfNeeded();
  await until("the picture to be seen", () => page.locator(".thread img").evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth === 1));
  await accessible(page);
  await page.goto(manager);
  await page.locator(".group-thread li", { hasText: "鱼塘停电" }).waitFor();
  await page.getByLabel("回复群里").fill("马上到");
  await page.getByRole("button", { name: "发送" }).click();
  await page.locator(".group-thread li", { hasText: "马上到" }).waitFor();
  await page.goto(link);
  await page.locator(".thread .staff", { hasText: "马上到" }).waitFor();
}, PHONE); // prettier-ignore

test(
  "hall: the other language by a touch, kept on the way and on a matter that was looked up; only promises to the customer",
  async ({ page }) => {
    if (!real) return;
    const number = await opine(page, "13944445555");
    expect((await page.locator("dl dt").allTextContents()).join() === "答复", "of the promises the one to the customer");
    await page.locator("header .language").click();
    await page.getByRole("heading", { name: "What we promised" }).waitFor();
    await page.goto("/hall/follow");
    await page.getByRole("heading", { name: "Follow a matter" }).waitFor();
    await page.locator("#number").fill(number);
    await page.locator("#phone").fill("5555");
    await send(page);
    await page.getByText("As of").waitFor();
    await accessible(page);
    await page.locator("header .language button").click();
    await page.getByText("截至").waitFor();
    expect((await page.locator(".number").textContent())!.trim() === number, "the same matter in the other language");
  },
  { signedIn: false, ...PHONE },
);
