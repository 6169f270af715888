// A second factor from the menu to the next sign-in, in a browser; and the record that tells of it.
import { base, expect, test } from "./harness";
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
