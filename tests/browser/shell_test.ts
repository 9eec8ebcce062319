/** Tests the frame of the dashboard in Chromium: navigation, connection, policy, access, weight. */

import assert from "node:assert/strict";
import { routes } from "../../src/dashboard/routes.ts";
import { assertAccessible, assertFits, assertStill, browserTest } from "../support/browser.ts";
import { DashboardDaemon, SEEDED } from "../support/dashboard_daemon.ts";
import { eventually } from "../support/engines.ts";
import { temporaryHome } from "../support/mod.ts";
import { bundleDashboard } from "../../scripts/dashboard.ts";

/** Maximum size of page, script and style sheet together, before compression (bytes). */
const MAX_BYTES = 150_000;

/** Addresses of all pages. */
const addresses = routes.map(({ path }) =>
  `/#${path}`.replace(":name", SEEDED.name).replace(":version", SEEDED.version)
);

Deno.test("page, script and style sheet have less than 150 kB together", async () => {
  await using directory = await temporaryHome();
  const bytes = await bundleDashboard(directory.path);
  assert(bytes < MAX_BYTES, `${bytes} bytes`);
});

await browserTest("all pages keep to their policy and are accessible", async (browser, t) => {
  await using daemon = await DashboardDaemon.start();
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1_280, 360]) {
      const how = `${colorScheme}, ${width} px`;
      await t.step(`${how}: axe-core finds nothing, and nothing is too wide`, async () => {
        await using opened = await browser.open(`${daemon.origin}/`, { colorScheme, width });
        const { page, problems } = opened;
        await page.getByText("Live", { exact: true }).waitFor();
        for (const address of addresses) {
          await page.goto(daemon.origin + address);
          await page.getByText("Loading …").first().waitFor({ state: "hidden" });
          await assertAccessible(page, `${address}, ${how}`);
          await assertFits(page, `${address}, ${how}`);
        }
        assert.deepEqual(problems, []);
      });
    }
  }
  await t.step("nothing moves while the first page is loaded", async () => {
    await using opened = await browser.open(`${daemon.origin}/`);
    await opened.page.getByText("Live", { exact: true }).waitFor();
    await opened.page.getByText("Loading …").first().waitFor({ state: "hidden" });
    await assertStill(opened.page, "the first page");
  });
  await t.step("the policy lets no script of others run", async () => {
    await using opened = await browser.open(`${daemon.origin}/`);
    const { page, problems } = opened;
    const hasRun = await page.evaluate(`new Promise((resolve) => {
      const script = document.createElement("script");
      script.textContent = "globalThis.hasRun = true";
      document.body.append(script);
      setTimeout(() => resolve(globalThis.hasRun === true), 50);
    })`);
    assert.equal(hasRun, false);
    assert.match(problems.join("\n"), /Content Security Policy/);
  });
  await t.step("without JavaScript, the page says that it needs it", async () => {
    await using opened = await browser.open(`${daemon.origin}/`, { javaScriptEnabled: false });
    const text = await opened.page.locator("noscript").innerText();
    assert.match(text, /needs JavaScript/);
    assert.match(text, /libreseed status/);
  });
});

await browserTest("the keyboard reaches every page, and each has a title", async (browser) => {
  await using daemon = await DashboardDaemon.start();
  await using opened = await browser.open(`${daemon.origin}/`);
  const { page, problems } = opened;
  await page.getByText("Live", { exact: true }).waitFor();
  const focused = () => page.evaluate("document.activeElement.textContent");
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Skip to the content");
  await page.keyboard.press("Enter");
  await eventually(
    async () => await page.evaluate("document.activeElement.id") === "main",
    "the content has the focus",
  );
  const titles = routes.filter(({ under }) => under === undefined).map(({ title }) => title);
  for (const title of titles) {
    await page.evaluate("document.querySelector('.brand').focus()");
    for (let tabs = 0; await focused() !== title; tabs++) {
      assert(tabs < 20, `the keyboard does not reach ${title}`);
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: title }).waitFor();
    // The title and the marked link follow the heading.
    const names = async () => [
      await page.title(),
      ...await page.locator("nav [aria-current=page]").allInnerTexts(),
    ];
    await eventually(
      async () => (await names()).join("; ") === `${title} – libreseed; ${title}`,
      `${title} is the title, and its link is marked`,
    );
  }
  const theme = page.getByRole("button", { name: /^Theme: system/ });
  await theme.focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate("document.documentElement.dataset.theme"), "dark");
  await page.reload();
  await page.getByRole("button", { name: /^Theme: dark/ }).waitFor();
  assert.equal(await page.evaluate("document.documentElement.dataset.theme"), "dark");
  assert.deepEqual(problems, []);
});

await browserTest(
  "the page says that the daemon is offline, and goes on at its return",
  async (browser) => {
    await using daemon = await DashboardDaemon.start();
    await using opened = await browser.open(`${daemon.origin}/`);
    const { page } = opened;
    await page.getByText("Live", { exact: true }).waitFor();
    await page.getByText(daemon.home).waitFor();
    await daemon.stop();
    await page.getByText("the daemon does not answer").first().waitFor();
    // Old data stays.
    await page.getByText(daemon.home).waitFor();
    await daemon.restart();
    await page.getByText("Live", { exact: true }).waitFor();
    await page.getByText("the daemon does not answer").first().waitFor({ state: "hidden" });
  },
);
