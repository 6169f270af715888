// The loop as several people take it, each in a browser of their own, against the program itself: the mock takes no steps.
import type { Page } from "playwright-core";
import { accessible, base, expect, search, test, until } from "./harness";

type Role = "agent" | "dispatcher" | "crew" | "manager" | "head";
interface Account {
  name: string;
  full: string;
  password: string;
}
const real = () => !!process.env.BASE_URL; // the mock takes no steps
const made = new Map<string, Promise<Account>>();
/** An account with this role; `which` tells two of them apart. */
function account(page: Page, role: Role, which = ""): Promise<Account> {
  const name = `loop-${role}${which}`;
  const full = `${{ agent: "甲", dispatcher: "乙", crew: "丙", manager: "丁", head: "戊" }[role]}${which || "一"}环`;
  const make = async () => {
    const reply = await page.request.post("/api/v1/staff", { data: { name, full_name: full, roles: [role], org_id: "0" }, headers: { Origin: base } });
    expect(reply.ok(), `an account for ${role}, got ${reply.status()}`);
    return { name, full, password: ((await reply.json()) as { password: string }).password };
  };
  const known = made.get(name) ?? make();
  made.set(name, known);
  return known;
}
/** Their browser. */
async function as(page: Page, role: Role, which = ""): Promise<Page> {
  const { name, password } = await account(page, role, which);
  const context = await page.context().browser()!.newContext({ baseURL: base, viewport: { width: 1366, height: 900 }, locale: "zh-CN", timezoneId: "Asia/Shanghai" });
  const reply = await context.request.post("/api/v1/session", { data: { name, password }, headers: { Origin: base } });
  expect(reply.ok(), `${name} to be signed in`);
  return context.newPage();
}
let keys = 0;
const post = async <T>(page: Page, path: string, data: unknown): Promise<T> => {
  const reply = await page.request.post(`/api/v1${path}`, { data, headers: { Origin: base, "Idempotency-Key": `loop-${process.pid}-${keys++}` } });
  expect(reply.ok(), `${path} to go, got ${reply.status()} ${await reply.text()}`);
  return (await reply.json()) as T;
};
const customer = async (page: Page, nth: number): Promise<string> => {
  return (await search<{ id: string }>(page, "customers/search?limit=1", String(4300000100 + nth)))[0]!.id;
};
async function open(page: Page, kind: string, body: Record<string, unknown>): Promise<string> {
  return (await post<{ id: string }>(page, "/orders", { kind, source: "console", urgency: 0, ...body })).id;
}
const panel = (page: Page) => page.locator(".order-panel");
const look = async (page: Page, order: string) => (await page.goto(`/orders/${order}`), await panel(page).locator(".order-steps, h3").first().waitFor());
const state = (page: Page, words: string) => panel(page).locator("header .quiet", { hasText: words }).waitFor();
/** Takes a step, filling its form. */
async function step(page: Page, name: string, fill: (form: ReturnType<Page["locator"]>) => Promise<unknown> = async () => {}): Promise<void> {
  await panel(page).locator(".order-steps").getByRole("button", { name, exact: true }).click();
  const form = panel(page).locator("form.asked");
  await fill(form);
  await form.locator("button[type=submit]").click();
}
const picture = { name: "a.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4\n1 0 obj\n%%EOF\n") };
async function choose(page: Page, form: ReturnType<Page["locator"]>, label: string, typed: string): Promise<void> {
  await form.locator(".el-select", { has: page.getByLabel(label) }).click();
  await page.keyboard.type(typed);
  await page.locator(".el-select-dropdown__item:visible", { hasText: typed }).first().click();
}

test("orders: an award is proposed, approved by another, paid by a third and published", async ({ page }) => {
  if (!real()) return;
  const [agent, manager, head, payer] = [await as(page, "agent"), await as(page, "manager"), await as(page, "head"), await as(page, "head", "二")];
  await post(head, "/fund", { amount_fen: 1_000_000, note: "年度奖励" });
  const id = await open(agent, "suggestion", { customer_id: await customer(agent, 1), description: "电费单加二维码", fields: { topic: "账单" } });
  await look(agent, id);
  await step(agent, "派发", async (form) => choose(agent, form, "承办人", (await account(page, "manager")).full));
  await look(manager, id);
  await panel(manager).locator("dd", { hasText: (await account(page, "manager")).full }).first().waitFor();
  await step(manager, "采纳", (form) => form.locator("textarea").fill("可行"));
  await step(manager, "提请奖励", (form) => form.getByLabel(/奖励金额/).fill("200"));
  await state(manager, "已提请奖励");
  expect(!(await panel(manager).getByRole("button", { name: "批准奖励" }).count()), "who proposed not to approve");
  await look(head, id);
  await step(head, "批准奖励", (form) => form.getByLabel(/批准金额/).fill("150"));
  await state(head, "已批准奖励");
  await step(head, "发放奖励");
  await panel(head).locator(".order-steps [role=alert]", { hasText: "不得由同一人执行" }).waitFor();
  await look(payer, id);
  await step(payer, "发放奖励");
  await state(payer, "已发放奖励");
  await look(manager, id);
  await step(manager, "公示并答复", (form) => form.locator("textarea").fill("奖励 150 元"));
  await state(manager, "已答复");
  await accessible(manager);
});

test("orders: three approve in any order; two persons suspend, and it says until when", async ({ page }) => {
  if (!real()) return;
  const [manager, head, other, dispatcher] = [await as(page, "manager"), await as(page, "head"), await as(page, "head", "二"), await as(page, "dispatcher")];
  const bytes = async (on: Page) => ((await (await on.request.post("/api/v1/attachments", { data: picture.buffer, headers: { Origin: base, "Content-Type": "application/octet-stream", "Idempotency-Key": `loop-file-${process.pid}-${keys++}` } })).json()) as { id: string }).id;
  const id = await open(manager, "transformer_handover", { customer_id: await customer(manager, 2), fields: { owner_paper: await bytes(manager), rated: 400 } });
  await look(manager, id);
  await step(manager, "现场核查", async (form) => (await form.getByText("良好").click(), await form.locator("input[type=file]").setInputFiles(picture), await form.locator(".tag").waitFor()));
  await state(manager, "已核查");
  await look(dispatcher, id);
  await step(dispatcher, "调度会签");
  await until("approved by one, and not asked again", async () => !(await panel(dispatcher).getByRole("button", { name: "调度会签" }).count()));
  await state(dispatcher, "已核查");
  await look(head, id);
  await step(head, "财务会签");
  await look(other, id);
  await step(other, "设备部门会签");
  await state(other, "已会签");
  await look(manager, id);
  await step(manager, "签订移交协议", async (form) => (await form.locator("input[type=file]").setInputFiles(picture), await form.locator(".tag").waitFor()));
  await state(manager, "已签移交协议");
  await step(manager, "申请挂起", async (form) => {
    await form.getByText("客户原因").click();
    await form.locator("input[type=file]").setInputFiles(picture);
    await form.locator(".tag").waitFor();
    await form.locator("input[type=date]").fill("2035-01-01"); // the program's own time is that of the evening played
    await form.getByLabel("说明").fill("等业主回复");
  });
  await look(dispatcher, id);
  await step(dispatcher, "批准挂起");
  await state(dispatcher, "自行恢复");
  await accessible(dispatcher);
  await step(dispatcher, "恢复");
  await until("no longer suspended", async () => !(await panel(dispatcher).locator("header .quiet").innerText()).includes("挂起"));
});

test("orders: returned, handed over, urged at most twice, supervised; merged and taken out; one waits for another", async ({ page }) => {
  if (!real()) return;
  const [agent, manager, head] = [await as(page, "agent"), await as(page, "manager"), await as(page, "head")];
  const whose = await customer(agent, 3);
  const opinion = (topic: string) => open(agent, "opinion", { customer_id: whose, description: "抄表短信太晚", fields: { topic } });
  const id = await opinion("短信");
  await look(agent, id);
  await step(agent, "派发");
  await state(agent, "已派发");
  await look(manager, id);
  await step(manager, "退单", (form) => form.locator("textarea").fill("非本所户"));
  await state(manager, "已受理");
  await panel(manager).locator(".history li", { hasText: "非本所户" }).waitFor();
  await step(manager, "转办", async (form) => choose(manager, form, "接办人", (await account(page, "head")).full));
  await panel(manager).locator("dd", { hasText: (await account(page, "head")).full }).first().waitFor();
  await look(agent, id);
  for (const times of [1, 2]) {
    await step(agent, "催办", (form) => form.locator("textarea").fill(`第 ${times} 次`));
    await panel(agent).locator(".history li", { hasText: `第 ${times} 次` }).waitFor();
  }
  await step(agent, "催办");
  await panel(agent).locator(".order-steps [role=alert]", { hasText: "已达上限" }).waitFor();
  await look(head, id);
  await step(head, "督办", (form) => form.locator("textarea").fill("今日办结"));
  await panel(head).locator(".history li", { hasText: "今日办结" }).waitFor();
  const second = await opinion("短信再提");
  const number = ((await (await agent.request.get(`/api/v1/orders/${id}`)).json()) as { number: string }).number;
  await look(agent, second);
  await step(agent, "合并", (form) => choose(agent, form, "主工单", number));
  await state(agent, "已合并");
  await panel(agent).locator(".order-links a", { hasText: number }).waitFor();
  await step(agent, "取消合并");
  await state(agent, "已受理");
  const finding = await open(manager, "visit_finding", { customer_id: whose, what: "voltage", description: "晚上电压低" });
  await look(manager, finding);
  await step(manager, "转低电压治理");
  await state(manager, "等待派生工单");
  await panel(manager).locator(".order-links a", { hasText: "低电压" }).click();
  await panel(manager).locator(".order-links li", { hasText: "来自" }).or(panel(manager).locator(".order-links a")).first().waitFor();
  await accessible(manager);
});

test("orders: a group is made and linked, one touch makes the order its words ask for, and it is closed", async ({ page }) => {
  if (!real()) return;
  const manager = await as(page, "manager");
  await manager.setViewportSize({ width: 390, height: 844 });
  await manager.goto("/manager?tab=groups");
  await manager.getByLabel("新群名称").fill("柳树村用电群");
  await manager.locator(".group-new .el-select").click();
  await manager.locator(".el-select-dropdown__item:visible").last().click();
  await manager.locator(".group-new button[type=submit]").click();
  await manager.getByRole("button", { name: "生成住户链接" }).click();
  const token = new URL(await manager.locator(".link-given input").inputValue()).pathname.split("/").pop()!;
  const said = await page.request.post(`/api/v1/group-links/${token}/messages`, { data: { body: "大树压着线了", name: "李四" }, headers: { Origin: base, "Idempotency-Key": `loop-say-${process.pid}` } });
  expect(said.ok(), `a household to speak, got ${said.status()}`);
  const thread = manager.locator(".group-thread");
  await thread.getByText("大树压着线了").waitFor();
  await thread.getByRole("button", { name: "换一类" }).click();
  await manager.locator(".el-dialog:visible").getByText("大树压着线了").waitFor();
  await manager.keyboard.press("Escape");
  await thread.getByRole("button", { name: /转为隐患/ }).click();
  await manager.waitForURL(/order=/);
  await panel(manager).locator("h2").waitFor();
  await manager.goBack();
  await thread.getByRole("button", { name: "查看工单" }).waitFor();
  await manager.getByRole("button", { name: "群资料" }).click();
  await manager.locator(".group-members li", { hasText: "李四" }).waitFor();
  await manager.getByRole("button", { name: "关闭本群" }).click();
  await manager.locator(".el-message-box:visible").getByRole("button", { name: "关闭本群" }).click();
  await manager.waitForURL((url) => !url.searchParams.has("group"));
}); // prettier-ignore
