/** Tests the pages Now, Log and Settings in Chromium with a real daemon. */

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { assertAccessible, browserTest } from "../support/browser.ts";
import { eventually } from "../support/engines.ts";
import { DashboardDaemon } from "../support/dashboard_daemon.ts";
import { version as VERSION } from "../../src/base/mod.ts";

/** Waits until an expression is true in the page. The page's policy forbids it to evaluate text itself. */
const shown = (page: Page, expression: string) =>
  eventually(async () => await page.evaluate(expression) === true, expression);

await browserTest("Now shows the daemon, live", async (browser) => {
  await using daemon = await DashboardDaemon.start();
  await using opened = await browser.open(`${daemon.origin}/`);
  const { page, problems } = opened;
  await page.getByText(daemon.home).waitFor();
  const fact = (name: string) => page.locator("dt", { hasText: name }).locator("xpath=../dd");
  assert.equal(await fact("Version").innerText(), VERSION);
  assert.match(await fact("Disk").innerText(), /of .*iB/);
  assert.match(await fact("Memory").innerText(), /MiB/);
  const status = await (await fetch(`${daemon.origin}/v1/status`)).json();
  assert.equal(await fact("Port").innerText(), String(status.port));
  const overview = await (await fetch(`${daemon.origin}/v1/overview`)).json();
  await page.getByText(overview.reachability.text).first().waitFor();
  // The figures and the plots follow the events.
  const upload = page.locator(".figure", { hasText: "Upload" }).locator(".value");
  await shown(page, "document.querySelector('.figure .value').textContent !== '–'");
  assert.match(await upload.innerText(), /B\/s$/);
  await page.getByRole("img", { name: /Speeds of the last minutes/ }).waitFor();
  // The day has no values in its first minute, and says so.
  await page.getByText("The first values come a minute after")
    .or(page.getByRole("img", { name: /Speeds of the last day/ })).waitFor();
  // Two rates are needed for packets a second.
  await shown(
    page,
    "[...document.querySelectorAll('.figure')].some((figure) => /\\d\\/s/.test(" +
      "figure.querySelector('.value').textContent) && /DHT packets/.test(figure.textContent))",
  );
  assert.deepEqual(problems, []);
});

await browserTest("Log shows lines as they come, filters them and pauses", async (browser) => {
  await using daemon = await DashboardDaemon.start();
  await using opened = await browser.open(`${daemon.origin}/#/log`);
  const { page, problems } = opened;
  const lines = page.locator(".log li");
  await page.getByLabel("Lines of the log").waitFor();
  await daemon.logError();
  await lines.first().waitFor();
  const { lines: sent } = await (await fetch(`${daemon.origin}/v1/logs`)).json();
  assert.equal(await lines.first().locator("span").innerText(), sent[0].message);
  assert.match(await page.locator(".log li.error").last().innerText(), /no-setting/);
  await page.getByLabel("Text").fill("no line has this text");
  await page.getByText("No line matches").waitFor();
  await assertAccessible(page, "log without lines");
  await page.getByLabel("Text").fill("no-setting");
  await page.getByLabel("Level").selectOption("error");
  await lines.first().waitFor();
  const errors = page.locator(".log li.error");
  const before = await errors.count();
  await page.getByRole("button", { name: "Pause" }).click();
  await daemon.logError();
  await eventually(
    async () => (await (await fetch(`${daemon.origin}/v1/logs`)).json()).lines.length > sent.length,
    "another line",
  );
  assert.equal(await errors.count(), before);
  await page.getByRole("button", { name: "Go on" }).click();
  await errors.nth(before).waitFor();
  await daemon.logError();
  await errors.nth(before + 1).waitFor();
  assert.deepEqual(problems, []);
});

await browserTest("Settings shows values and where they came from", async (browser) => {
  await using daemon = await DashboardDaemon.start(["--max-disk", "3GiB"]);
  await using opened = await browser.open(`${daemon.origin}/#/settings`);
  const { page, problems } = opened;
  const row = (name: string) =>
    page.getByRole("row").filter({ has: page.getByText(name, { exact: true }) });
  await row("http").waitFor();
  assert.match(await row("http").innerText(), /127\.0\.0\.1/);
  assert.match(await row("http").innerText(), /--http/);
  const all = await page.getByRole("row").count();
  const only = page.getByLabel("Only those that are not the default");
  await only.check();
  await row("max-disk").waitFor();
  assert.match(await row("max-disk").innerText(), /3GiB/);
  assert(await page.getByRole("row").count() < all);
  await only.uncheck();
  await page.getByLabel("Name").fill("max-disk");
  await shown(page, "document.querySelectorAll('tbody tr').length === 1");
  assert.deepEqual(problems, []);
});
