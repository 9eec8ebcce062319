/** Tests the page of the records in Chromium: ten thousand records, the weakest first. */

import assert from "node:assert/strict";
import { MAX_WINDOW_ROWS } from "../../src/dashboard/listing/mod.ts";
import { browserTest } from "../support/browser.ts";
import { FakeHome, hostile, recordOf } from "../support/fake_home.ts";
import { serveHome } from "../support/served_home.ts";

await browserTest(
  "ten thousand records: failed ones first, then the weak ones",
  async (browser) => {
    const home = new FakeHome(0, 10_000);
    await using served = serveHome(home);
    await using opened = await browser.open(`${served.origin}/#/records`);
    const { page, problems } = opened;
    const table = page.getByRole("table", { name: "Records" });
    await table.waitFor();
    assert.equal(await table.getAttribute("aria-rowcount"), "10001");
    assert(await table.locator("tbody tr[aria-rowindex]").count() <= MAX_WINDOW_ROWS);
    const first = table.locator('tr[aria-rowindex="2"]');
    await first.getByText("No node answered").waitFor();
    await first.getByRole("img", { name: "0 of 8 nodes hold it, 8 did not answer" }).waitFor();
    const failed = home.records.filter(({ error }) => error !== undefined).length;
    await page.getByRole("region", { name: "Announcements that failed" })
      .getByText(`${failed} records`).waitFor();
    const weak = home.records.filter(({ weak, error }) => weak && error === undefined).length;
    await page.getByText(`${weak} records are weak`).waitFor();
    // The first weak record comes right after the last failed one.
    await page.evaluate(`scrollTo(0, document.querySelector("tbody").offsetTop + ${failed} * 40)`);
    const after = table.locator(`tr[aria-rowindex="${2 + failed}"]`);
    await after.getByText("weak", { exact: true }).waitFor();
    await after.getByRole("img", { name: /^2 of 8 nodes hold it, 3 answered without it/ })
      .waitFor();
    assert.deepEqual(problems, []);
  },
);

await browserTest(
  "records are found by package, kind and error, and update live",
  async (browser) => {
    const home = new FakeHome(0, 3);
    home.records.push({
      ...recordOf(9),
      kind: "publisher",
      name: undefined,
      version: undefined,
      publisher: "ed25519:KEY",
      holding: 0,
      asked: 0,
      responded: 0,
      lastAttemptMs: undefined,
      nextDueMs: undefined,
    });
    await using served = serveHome(home);
    await using opened = await browser.open(`${served.origin}/#/records`);
    const { page, problems } = opened;
    const field = page.getByRole("searchbox", { name: "Filter" });
    await field.fill("publisher record");
    await page.getByText("1 of 4 records").first().waitFor();
    await page.locator(".mark", { hasText: "not announced yet" }).waitFor();
    await page.getByRole("img", { name: "Not announced yet" }).waitFor();
    await field.fill("firewall");
    await page.getByText("1 of 4 records").first().waitFor();
    await field.fill("");
    await page.getByText("Live", { exact: true }).waitFor();
    home.records[1] = {
      ...recordOf(2),
      target: recordOf(1).target,
      error: hostile.markup,
      failures: 1,
    };
    home.tell({ kind: "records" });
    await page.getByRole("region", { name: "Announcements that failed" }).getByText(hostile.markup)
      .waitFor();
    home.records = [];
    home.tell({ kind: "records" });
    await page.getByText("No record yet").waitFor();
    assert.deepEqual(problems, []);
  },
);

await browserTest("a due time is relative to now", async (browser) => {
  const home = new FakeHome(0, 2);
  home.records[0]!.nextDueMs = Date.now() + 3 * 3_600_000 + 5_000;
  home.records[1]!.nextDueMs = Date.now() - 2 * 86_400_000;
  await using served = serveHome(home);
  await using opened = await browser.open(`${served.origin}/#/records`);
  await opened.page.getByText(/^in (3 h|2 h 59 min)/).waitFor();
  await opened.page.getByText(/^overdue for 2 d/).waitFor();
});
