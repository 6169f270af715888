import { accessible, expect, test, until } from "./harness";

test("sign-in: wrong password is said in place, the right one leads on", async ({ page }) => {
  await page.goto("/orders");
  await page.waitForURL(/sign-in\?back=/);
  await accessible(page);
  await page.fill("input[name=name]", process.env.E2E_NAME ?? "admin");
  await page.fill("input[name=password]", "certainly not this one");
  await page.click("button[type=submit]");
  await page.locator("[role=alert]").waitFor();
  await page.fill("input[name=password]", process.env.E2E_PASSWORD ?? "mock");
  await page.click("button[type=submit]");
  await page.waitForURL(/\/orders$/);
}, { signedIn: false }); // prettier-ignore

for (const colorScheme of ["light", "dark"] as const)
  for (const [name, path] of [["command centre", "/"], ["orders", "/orders"], ["call", "/call"], ["call-backs", "/callbacks"], ["crews", "/crews"], ["areas", "/areas"], ["plan", "/plan"], ["roster", "/roster"], ["visits", "/visits"], ["voltage and load", "/supply"], ["board", "/board"], ["rules", "/rules"], ["staff", "/staff"], ["audit", "/audit"]] as const)
    test(`${name}: reads, axe finds nothing serious, ${colorScheme}`, async ({ page }) => {
      await page.goto(path);
      await page.locator("h1").first().waitFor({ state: "attached" });
      await until("what is loading", async () => !(await page.locator(".state-box .bars").count()));
      await page.waitForTimeout(500); // for the first marks on the map
      const text = await page.locator("body").innerText();
      expect(!/undefined|NaN|\[object|Invalid Date/.test(text), `no "undefined" among the words of ${path}`);
      await accessible(page);
    }, { colorScheme }); // prettier-ignore

test("map: the first picture is drawn from tiles", async ({ page }) => {
  await page.goto("/");
  await page.locator(".leaflet-tile-loaded").first().waitFor({ state: "attached" });
  const inked = await until("ink on the map", () =>
    page.evaluate(() =>
      [...document.querySelectorAll<HTMLCanvasElement>("canvas.leaflet-tile-loaded")].some((canvas) => {
        const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
        return data.some((value, i) => i % 4 === 3 && value > 0);
      }),
    ),
  );
  expect(inked, "drawn tiles");
});

test("language and theme: switched in place and kept", async ({ page }) => {
  await page.goto("/");
  await page.locator(".person > button").click();
  await page.getByRole("button", { name: "English" }).click();
  await page.getByRole("link", { name: "Command centre" }).waitFor();
  await page.getByRole("button", { name: "Dark" }).click();
  await page.reload();
  await page.getByRole("link", { name: "Command centre" }).waitFor();
  expect(await page.evaluate(() => document.documentElement.classList.contains("dark")), "the dark theme kept");
});

test("keyboard: ? lists the shortcuts, g o goes to the orders", async ({ page }) => {
  await page.goto("/");
  await page.locator(".figures").waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog").getByText("F2 / N").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await page.waitForURL(/\/orders$/);
});

for (const viewport of [{ width: 390, height: 844 }, { width: 1366, height: 768 }, { width: 1920, height: 1080 }])
  test(`no page is wider than a screen of ${viewport.width}`, async ({ page }) => {
    for (const path of ["/", "/orders", "/call", "/callbacks", "/staff", "/plan", "/roster", "/board", "/rules"]) {
      await page.goto(path);
      await until("what is loading", async () => !(await page.locator(".state-box .bars").count()));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(wide <= 0, `${path} to fit, it is ${wide} px too wide`);
    }
  }, { viewport }); // prettier-ignore

test("signing out leads to the sign-in page and back needs a password", async ({ page }) => {
  await page.goto("/");
  await page.locator(".person > button").click();
  await page.getByRole("button", { name: "退出登录" }).click();
  await page.waitForURL(/sign-in/);
  await page.goto("/orders");
  await page.waitForURL(/sign-in/);
});

test("nothing jumps: no layout shift while the command centre loads", async ({ page }) => {
  await page.goto("/");
  await page.locator(".leaflet-tile-loaded").first().waitFor({ state: "attached" });
  await page.waitForTimeout(1000);
  const shift = await page.evaluate(
    () =>
      new Promise<number>((done) => {
        let sum = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((entry) => (sum += (entry as PerformanceEntry & { value: number }).value))).observe({ type: "layout-shift", buffered: true });
        setTimeout(() => done(sum), 200);
      }),
  );
  expect(shift < 0.02, `no layout shift, got ${shift.toFixed(3)}`);
});

test("voltage: an area is found by name and says what it gets, on a phone too", async ({ page }) => {
  await page.goto("/supply");
  await page.locator(".supply-page form input").fill((process.env.E2E_NAME ? "T5" : "台区"));
  await page.locator(".supply-page form button").click();
  await page.locator(".supply-page .found button").first().click();
  await page.locator(".supply-area .tiles dd").first().waitFor();
  expect(/\d V/.test(await page.locator(".supply-area .tiles").innerText()), "volts among the tiles");
  expect((await page.locator(".feeder-picture circle").count()) > 0, "households in the picture");
  expect((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, "nothing beyond the phone's edge");
  await accessible(page);
}, { viewport: { width: 390, height: 844 } }); // prettier-ignore
