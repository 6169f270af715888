// Signing in by a company's own service, the whole way: a real provider (e2e/provider.ts) and the real program.
import { accessible, base, expect, test, until, type Bench } from "./harness";
import { totp } from "./totp";

type Page = Bench["page"];
const BUTTON = "测试身份认证登录";

async function makeAccount(page: Page): Promise<{ name: string; id: string; password: string }> {
  const name = `sso${Date.now() % 1e7}`;
  const made = await page.context().request.post("/api/v1/staff", { data: { name, full_name: "验证员", roles: ["agent"], org_id: "0" }, headers: { Origin: base } });
  expect(made.status() === 201, `an account, got ${made.status()}`);
  return { name, ...((await made.json()) as { id: string; password: string }) };
}

async function throughTheService(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: BUTTON }).click();
  await page.fill("input[name=login]", name);
  await page.fill("input[name=password]", "any");
  await page.click("button[type=submit]");
  await page.locator("button[type=submit]", { hasText: "Continue" }).click();
}

if (process.env.E2E_OIDC) {
  test("sign-in service: there and back, to the page that was asked for; signing out ends it", async ({ page }) => {
    const { name } = await makeAccount(page);
    await page.context().clearCookies();
    await page.goto("/orders");
    await page.getByRole("button", { name: BUTTON }).waitFor();
    await accessible(page);
    await throughTheService(page, name);
    await page.waitForURL((url) => url.pathname === "/orders" && !url.search);
    const who = (await (await page.context().request.get("/api/v1/session")).json()) as { staff: { name: string } };
    expect(who.staff.name === name, `${name}, got ${who.staff.name}`);
    const out = await page.context().request.delete("/api/v1/session", { headers: { Origin: base } });
    expect(out.status() === 204, `signed out, got ${out.status()}`);
    expect((await page.context().request.get("/api/v1/session")).status() === 401, "nobody");
  }, { locale: "zh-CN" });

  test("sign-in service: who is unknown here, disabled here, or came by another window is told so", async ({ page }) => {
    const { name, id } = await makeAccount(page);
    const off = await page.context().request.patch(`/api/v1/staff/${id}`, { data: { version: 1, disabled: true }, headers: { Origin: base } });
    expect(off.ok(), `disabled, got ${off.status()}`);
    await page.context().clearCookies();
    for (const [who, words] of [["nobody-here", "没有您的账号"], [name, "已停用"]] as const) {
      await page.context().clearCookies();
      await page.goto("/sign-in");
      await throughTheService(page, who);
      await page.getByRole("alert").filter({ hasText: words }).waitFor();
      expect(new URL(page.url()).search === "", "no code left in the address");
    }
    await accessible(page);
    await page.goto("/sign-in?code=stolen&state=stolen");
    await page.getByRole("alert").filter({ hasText: "不是在本窗口发起" }).waitFor();
    await page.goto("/sign-in?error=access_denied&state=x");
    await page.getByRole("alert").filter({ hasText: "未完成登录" }).waitFor();
  });

  test("sign-in service: the program's own second factor is asked for", async ({ page }) => {
    const { name, password } = await makeAccount(page);
    const { context } = { context: page.context() };
    await context.clearCookies();
    const post = async (path: string, data: object) => {
      const reply = await context.request.post(path, { data, headers: { Origin: base } });
      expect(reply.ok(), `${path}, got ${reply.status()}`);
      return (await reply.json()) as Record<string, string>;
    };
    await post("/api/v1/session", { name, password });
    const { secret } = await post("/api/v1/session/two-factor", { password });
    const { recovery } = (await post("/api/v1/session/two-factor/confirm", { code: totp(secret!) })) as unknown as { recovery: string[] };
    await context.clearCookies();
    await page.goto("/sign-in");
    await throughTheService(page, name);
    await page.fill("input[name=code]", "000000");
    await page.click("button[type=submit]");
    await page.getByRole("alert").waitFor();
    await page.fill("input[name=code]", recovery[0]!);
    await page.click("button[type=submit]");
    await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
    await until("somebody signed in", async () => (await context.request.get("/api/v1/session")).ok());
  });
}
