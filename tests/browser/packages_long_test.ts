/** Tests the page of all packages in Chromium: ten thousand rows, filter, order, keyboard, changes. */

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { MAX_WINDOW_ROWS } from "../../src/dashboard/listing/mod.ts";
import { browserTest } from "../support/browser.ts";
import { DashboardDaemon, SEEDED } from "../support/dashboard_daemon.ts";
import { FakeHome, packageOf } from "../support/fake_home.ts";
import { serveHome } from "../support/served_home.ts";

/** Returns the names in the rows that the page holds, in their order. */
function namesOf(page: Page): Promise<string[]> {
  return page.locator("tbody th").allInnerTexts();
}

await browserTest("ten thousand packages are a table of few elements", async (browser) => {
  await using served = serveHome(new FakeHome(10_000));
  await using opened = await browser.open(`${served.origin}/#/packages`);
  const { page, problems } = opened;
  const table = page.getByRole("table", { name: "Packages" });
  await table.waitFor();
  assert.equal(await table.getAttribute("aria-rowcount"), "10001");
  const held = await page.locator("tbody tr[aria-rowindex]").count();
  assert(held > 10 && held <= MAX_WINDOW_ROWS, `${held} rows`);
  assert.equal(
    await page.locator("tbody tr[aria-rowindex]").first().getAttribute("aria-rowindex"),
    "2",
  );
  // The empty space has the height of the rows that are not there, so the scroll bar is right.
  const heights = await page.evaluate(`(() => {
    const row = document.querySelector("tbody tr[aria-rowindex]").getBoundingClientRect().height;
    return [document.querySelector("tbody").getBoundingClientRect().height, 10000 * row];
  })()`) as [number, number];
  assert(Math.abs(heights[0] - heights[1]) < 1, heights.join());
  // The last row comes into sight at the end of the page.
  await page.evaluate("scrollTo(0, document.documentElement.scrollHeight)");
  await page.locator('tr[aria-rowindex="10001"]').waitFor();
  assert(await page.locator("tbody tr[aria-rowindex]").count() <= MAX_WINDOW_ROWS);
  assert.deepEqual(problems, []);
});

await browserTest("a new table grows from frame to frame", async (browser) => {
  await using served = serveHome(new FakeHome(200));
  await using opened = await browser.open(`${served.origin}/#/publishers`);
  const { page, problems } = opened;
  await page.evaluate(`(() => {
    const drawn = globalThis.drawn = [];
    new MutationObserver((changes) => {
      const added = changes.flatMap(({ addedNodes }) => [...addedNodes])
        .filter((node) => node.nodeType === Node.ELEMENT_NODE);
      const rows = added.flatMap((element) => [element, ...element.querySelectorAll("*")])
        .filter((element) => element.matches("tr[aria-rowindex]")).length;
      if (rows > 0) drawn.push(rows);
    }).observe(document.body, { subtree: true, childList: true });
    location.hash = "#/packages";
  })()`);
  // The window shows 20 rows, and the page holds some more around them.
  await page.locator('tr[aria-rowindex="38"]').waitFor();
  const drawn = await page.evaluate("drawn") as number[];
  assert(drawn.length >= 3 && Math.max(...drawn) < 20, `rows in each drawing: ${drawn}`);
  assert.deepEqual(problems, []);
});

await browserTest("the filter finds by name, version, publisher and problem", async (browser) => {
  const home = new FakeHome(5_000);
  home.packages[7]!.problem = "The disk has a scratch";
  await using served = serveHome(home);
  await using opened = await browser.open(`${served.origin}/#/packages`);
  const { page, problems } = opened;
  const field = page.getByRole("searchbox", { name: "Filter" });
  const table = page.getByRole("table", { name: "Packages" });
  await field.fill("package-00ff");
  await page.getByText("1 of 5,000 packages").first().waitFor();
  assert.deepEqual(await namesOf(page), ["package-00ff"]);
  assert.equal(await table.getAttribute("aria-rowcount"), "2");
  await field.fill("SCRATCH");
  await page.getByText("The disk has a scratch").waitFor();
  assert.deepEqual(await namesOf(page), [packageOf(7).name]);
  const key = packageOf(3).publisher!;
  const ofKey = home.packages.filter(({ publisher }) => publisher === key).length;
  await field.fill(`${key} package-`);
  await page.getByText(`${ofKey} of 5,000 packages`).first().waitFor();
  await field.fill("no such thing");
  await page.getByText("No package matches").waitFor();
  await page.getByRole("button", { name: "Show all" }).click();
  await page.getByText("5,000 packages", { exact: true }).first().waitFor();
  assert.equal(await table.getAttribute("aria-rowcount"), "5001");
  assert.deepEqual(problems, []);
});

await browserTest("filter and order are there again after Back", async (browser) => {
  await using served = serveHome(new FakeHome(200));
  await using opened = await browser.open(`${served.origin}/#/packages`);
  const { page, problems } = opened;
  await page.getByRole("searchbox", { name: "Filter" }).fill("package-001");
  await page.getByText("16 of 200 packages").first().waitFor();
  await page.getByRole("button", { name: "Size" }).click();
  await page.getByRole("columnheader", { name: "Size" }).and(page.locator("[aria-sort=ascending]"))
    .waitFor();
  await page.waitForURL(/filter=package-001&sort=size/);
  const names = await namesOf(page);
  await page.locator("tbody a").first().click();
  await page.getByRole("heading", { level: 1, name: names[0]! }).waitFor();
  await page.goBack();
  await page.getByText("16 of 200 packages").first().waitFor();
  assert.deepEqual(await namesOf(page), names);
  assert.deepEqual(problems, []);
});

await browserTest(
  "a heading sorts, and sorts the other way when pressed again",
  async (browser) => {
    const home = new FakeHome(3_000);
    await using served = serveHome(home);
    await using opened = await browser.open(`${served.origin}/#/packages`);
    const { page, problems } = opened;
    const sizes = home.packages.map(({ lengthBytes }) => lengthBytes).sort((a, b) => a - b);
    const nameOf = (size: number) => home.packages.find((each) => each.lengthBytes === size)!.name;
    const heading = page.getByRole("columnheader", { name: "Size" });
    const first = page.locator('tr[aria-rowindex="2"] th');
    for (
      const [direction, size] of [["ascending", sizes[0]], ["descending", sizes.at(-1)]] as const
    ) {
      await heading.getByRole("button").click();
      await first.getByText(nameOf(size!), { exact: true }).waitFor();
      assert.equal(await heading.getAttribute("aria-sort"), direction);
    }
    assert.equal(await page.locator("[aria-sort]").count(), 1);
    assert.deepEqual(problems, []);
  },
);

await browserTest(
  "keys move through all rows, and the focus survives scrolling",
  async (browser) => {
    await using served = serveHome(new FakeHome(5_000));
    await using opened = await browser.open(`${served.origin}/#/packages`);
    const { page, problems } = opened;
    await page.locator("tbody a").first().focus();
    const focusedRow = () =>
      page.evaluate("document.activeElement.closest('tr')?.getAttribute('aria-rowindex')");
    assert.equal(await focusedRow(), "2");
    await page.keyboard.press("ArrowDown");
    assert.equal(await focusedRow(), "3");
    await page.keyboard.press("End");
    await page.locator('tr[aria-rowindex="5001"] a:focus').waitFor();
    await page.locator('tr[aria-rowindex="4990"]').waitFor();
    await page.keyboard.press("Home");
    await page.locator('tr[aria-rowindex="2"] a:focus').waitFor();
    // The row with the focus stays while others are in sight.
    await page.evaluate("scrollTo(0, document.documentElement.scrollHeight)");
    await page.locator('tr[aria-rowindex="5001"]').waitFor();
    assert.equal(await focusedRow(), "2");
    assert.deepEqual(problems, []);
  },
);

await browserTest(
  "packages that come and go appear and disappear by themselves",
  async (browser) => {
    const home = new FakeHome(20);
    await using served = serveHome(home);
    await using opened = await browser.open(`${served.origin}/#/packages`);
    const { page, problems } = opened;
    await page.getByText("20 packages").first().waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    home.packages = [{ ...packageOf(21), name: "a-new-one" }, ...home.packages.slice(1)];
    home.tell({ kind: "packages" });
    await page.getByRole("link", { name: "a-new-one" }).waitFor();
    assert.equal(await page.getByRole("link", { name: packageOf(0).name }).count(), 0);
    home.packages = [];
    home.tell({ kind: "packages" });
    await page.getByText("No package yet").waitFor();
    assert.deepEqual(problems, []);
  },
);

await browserTest("the packages of a real daemon are shown", async (browser) => {
  await using daemon = await DashboardDaemon.start();
  await using opened = await browser.open(`${daemon.origin}/#/packages`);
  const { page, problems } = opened;
  await page.getByRole("link", { name: SEEDED.name }).click();
  await page.getByRole("heading", { level: 1, name: SEEDED.name }).waitFor();
  await page.getByText("README.md").waitFor();
  const records = page.getByRole("table", { name: "Records" });
  await records.getByText("Manifest record").waitFor();
  await records.getByRole("img", { name: /nodes hold it/ }).first().waitFor();
  assert.deepEqual(problems, []);
});
