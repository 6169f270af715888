import type { Locator, Page } from "playwright-core";
import { accessible, expect, test, until } from "./harness";

const jobs = ".plan-lanes .job";

test("plan: lanes with jobs; one is chosen, its card says when and why; what if, advice and changes answer", async ({ page }) => {
  await page.goto("/plan");
  await page.locator(jobs).first().waitFor();
  await page.locator(jobs).first().focus();
  await page.keyboard.press("Enter");
  await page.locator(".plan-card dl").waitFor();
  await page.locator(".map-stop.looked").first().waitFor(); // its crew's way on the map, numbered
  await accessible(page);
  await page.getByRole("button", { name: "假如" }).click();
  await page.getByRole("button", { name: "加上" }).click();
  await page.locator(".plan-if .compare").waitFor();
  await page.getByRole("button", { name: "建议" }).click();
  await until("the advice", async () => !(await page.locator(".side .state-box .bars").count()));
  await page.getByRole("button", { name: "变更", exact: true }).click();
  await page.locator(".plan-page .side .said li, .plan-page .side p.quiet").first().waitFor();
});

test("plan: on the map a crew's way leads to its jobs; without the map there is more room for lanes", async ({ page }) => {
  await page.goto("/plan");
  await page.locator(".plan-lanes .job").first().waitFor();
  // Outages and other stops may lie over a stop, and the plan changes meanwhile: by its own event, until it is heard.
  await until("the card of a stop's job", async () => {
    if (await page.locator(".plan-card dl").count()) return true;
    const stop = page.locator(".map-stop.looked:not(.store)").first();
    if (await stop.count()) await stop.dispatchEvent("click", {}, { timeout: 2000 }).catch(() => {});
    else await page.locator(".plan-lanes .lane:has(.job) .who").first().click({ timeout: 2000 }).catch(() => {});
    return false;
  });
  await page.locator(".map-stop.chosen").waitFor();
  await accessible(page);
  await page.getByRole("button", { name: "地图", exact: true }).click();
  await page.locator(".network-map").waitFor({ state: "detached" });
});

test("plan: a job is moved to another crew with the keyboard and taken back with Ctrl+Z", async ({ page }) => {
  await page.goto("/plan");
  await page.locator(jobs).first().waitFor();
  const free = page.locator(`${jobs}:not(.pinned)`);
  if (!(await free.count())) return; // everything is in hand: there is nothing to move
  const undo = page.getByRole("button", { name: "撤销移动" });
  const before = await page.evaluate(() => fetch("/api/v1/plan").then((reply) => reply.json()).then((plan: { undo: number }) => plan.undo));
  await free.first().focus();
  const task = await free.first().getAttribute("data-task");
  const crewOf = () => page.evaluate((id) => fetch("/api/v1/plan").then((reply) => reply.json()).then((plan: { tasks: { id: string; crew_id: string }[] }) => plan.tasks.find((each) => each.id === id)?.crew_id), task);
  const was = await crewOf();
  await page.keyboard.press("ArrowDown");
  const settled = await until("the move to be settled or refused", async () => ((await crewOf()) !== was && (await undo.isEnabled()) ? "moved" : (await page.locator(".el-message--error").count()) ? "refused" : ""));
  if (settled === "refused") return; // the crew below cannot: said in words
  await page.locator("h1").first().click();
  await page.keyboard.press("Control+z");
  await until("the move to be taken back", () => page.evaluate((n) => fetch("/api/v1/plan").then((reply) => reply.json()).then((plan: { undo: number }) => plan.undo <= n), before));
});

test("plan: a job is dragged to another lane", async ({ page }) => {
  await page.goto("/plan");
  await page.locator(jobs).first().waitFor();
  const free = page.locator(`${jobs}:not(.pinned)`);
  if (!(await free.count())) return;
  const from = (await free.first().locator("rect").first().boundingBox())!;
  const lanes = await page.locator(".plan-lanes svg[data-crew]").count();
  expect(lanes > 0, "a lane");
  const other = (await page.locator(".plan-lanes svg[data-crew]").nth(lanes - 1).boundingBox())!;
  const request = page.waitForRequest((asked) => asked.url().endsWith("/plan/move"));
  await page.mouse.move(from.x + 4, from.y + from.height / 2);
  await page.mouse.down();
  await page.mouse.move(other.x + other.width / 2, other.y + other.height / 2, { steps: 5 });
  await page.mouse.up();
  expect((await request).postDataJSON().at, "a time it was dropped at");
});

test("plan: a list where there is no room for lanes", async ({ page }) => {
  await page.goto("/plan");
  await page.locator(".plan-list").waitFor();
  await accessible(page);
}, { viewport: { width: 390, height: 844 } }); // prettier-ignore

test("roster: a day is set to standby, and a patrol round can be begun", async ({ page }) => {
  await page.goto("/roster");
  await page.locator(".duty").nth(3).click();
  await page.getByRole("dialog").waitFor();
  await page.getByRole("dialog").locator(".el-select").first().click();
  await page.getByRole("option", { name: "备班" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "保存" }).click();
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.locator(".duty.standby").first().waitFor();
  await page.getByRole("button", { name: "新的巡视" }).click();
  await page.getByRole("dialog").getByText("保什么").waitFor();
});

interface Planned {
  undo: number;
  lanes: { crew: { id: string }; next: string | null }[];
  tasks: { id: string; crew_id: string | null; state: string; pinned: boolean; from: string | null; lon: number | null }[];
}
const planOf = (page: Page) => page.evaluate(() => fetch("/api/v1/plan").then((reply) => reply.json())) as Promise<Planned>;

test("plan: every what-if is answered, one after the other and together", async ({ page }) => {
  await page.goto("/plan");
  await page.locator(jobs).first().waitFor();
  await page.getByRole("button", { name: "假如" }).click();
  const what = page.locator(".plan-if");
  const choose = async (box: Locator, name?: string) => {
    await box.click();
    if (name) return page.getByRole("option", { name, exact: true }).click();
    await page.keyboard.press("ArrowDown"); // the plan goes on under the list: the keys take what stands first
    await page.keyboard.press("Enter");
  };
  const add = what.getByRole("button", { name: "加上" });
  if (!(await planOf(page)).tasks.some(({ pinned }) => !pinned)) return; // everything is in hand: there is nothing to call off
  const kinds = ["召回班组", "邻近单位支援", "允许加班", "班组退出", "任务取消", "道路中断"];
  for (const [i, kind] of kinds.entries()) {
    if (i) await choose(what.locator(".el-select").first(), kind);
    if (i >= 3) await until("something to be chosen", async () => (await choose(what.locator(".el-select").nth(1)), await add.isEnabled()));
    const reply = page.waitForResponse((each) => each.url().endsWith("/plan/what-if"));
    await add.click();
    const answer = await reply;
    expect(answer.ok(), `an answer to ${kind}: ${answer.status()} ${answer.ok() ? "" : await answer.text()}`);
    expect((answer.request().postDataJSON() as { changes: unknown[] }).changes.length === i + 1, `${i + 1} changes together`);
    await until("the comparison", async () => (await what.locator(".compare tbody tr").count()) === 6 && !(await what.locator(".is-loading").count()));
  }
  const reply = page.waitForResponse((each) => each.url().endsWith("/plan/what-if"));
  await what.locator(".chosen-changes button").first().click();
  expect((await reply).ok(), "an answer to the rest");
  await until("one change fewer", async () => (await what.locator(".chosen-changes li").count()) === kinds.length - 1 && !(await what.locator(".is-loading").count()));
  await accessible(page);
});

test("plan: one job is accepted on its card, all by the button", async ({ page }) => {
  await page.goto("/plan");
  await page.locator(jobs).first().waitFor();
  const begun = (plan: Planned) => plan.tasks.filter(({ state }) => state !== "planned").length;
  const before = await planOf(page);
  const one = before.tasks.find(({ id, crew_id, state, pinned }) => crew_id && state === "planned" && !pinned && before.lanes.every(({ next }) => next !== id)) ?? before.tasks.find(({ crew_id, state, pinned }) => crew_id && state === "planned" && !pinned);
  if (!one) return; // everything is in hand: there is nothing to accept
  await page.locator(`${jobs}[data-task="${one.id}"]`).first().focus();
  await page.keyboard.press("Enter");
  await page.locator(".plan-card").getByRole("button", { name: /下达/ }).click();
  await page.locator(".el-message--success").waitFor();
  await until("the job to be accepted", async () => (await planOf(page)).tasks.every(({ id, state }) => id !== one.id || state !== "planned"));
  const all = page.getByRole("button", { name: "全部下达" });
  if (await all.isDisabled()) return; // no crew is free
  const asked = page.waitForResponse((each) => each.url().endsWith("/plan/accept"));
  await all.click();
  expect((await asked).ok(), "all to be accepted");
  await until("more in hand than before", async () => begun(await planOf(page)) > begun(before));
});

test("plan: what was accepted is taken back with Ctrl+Z, unless the crew has departed", async ({ page }) => {
  await page.goto("/plan");
  await page.locator(jobs).first().waitFor();
  const before = await planOf(page);
  // One for its turn where there is one: the evening's own crews do not set out with it meanwhile.
  const free = before.tasks.filter(({ crew_id, state, pinned }) => crew_id && state === "planned" && !pinned);
  const one = free.find(({ id }) => before.lanes.every(({ next }) => next !== id)) ?? free[0];
  if (!one) return; // everything is in hand: there is nothing to accept
  await page.locator(`${jobs}[data-task="${one.id}"]`).first().focus();
  await page.keyboard.press("Enter");
  await page.locator(".plan-card").getByRole("button", { name: /下达/ }).click();
  await page.locator(".el-message--success").first().waitFor();
  await page.getByRole("button", { name: "撤回下达" }).waitFor();
  await page.locator("h1").first().click();
  const asked = page.waitForResponse((each) => each.url().endsWith("/plan/undo"));
  await page.keyboard.press("Control+z");
  const undone = (await (await asked).json()) as { taken_back: number; departed: number };
  expect(undone.taken_back + undone.departed <= 1, "no other job to be touched");
  if (undone.taken_back) await page.locator(".el-message", { hasText: "已撤回 1 件下达" }).waitFor();
  if (undone.departed) await page.locator(".el-message", { hasText: "已出发" }).waitFor();
  await until("one act fewer to take back", async () => (await planOf(page)).undo <= before.undo);
});
