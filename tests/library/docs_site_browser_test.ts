/**
 * Opens the pages of the docs in Chromium, from the disk.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { buildSite } from "../../scripts/docs_site.ts";
import { temporaryHome } from "../support/mod.ts";

const executablePath = "/usr/bin/chromium";
const hasChromium = await Deno.stat(executablePath).then(() => true, () => false);

Deno.test({
  name: "the pages work from the disk in Chromium: search, links, both themes, a narrow screen",
  ignore: !hasChromium,
  // Playwright keeps its connection to the browser until the browser has ended.
  sanitizeResources: false,
  sanitizeOps: false,
  async fn() {
    await using home = await temporaryHome();
    const { directory } = await buildSite(join(home.path, "site"));
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    try {
      const page = await browser.newPage({ colorScheme: "light" });
      const problems: string[] = [];
      page.on("pageerror", (error) => problems.push(error.message));
      page.on("requestfailed", (request) => problems.push(request.url()));
      page.on("request", (request) => {
        if (!request.url().startsWith("file:")) problems.push(request.url());
      });
      await page.goto(pathToFileURL(join(directory, "docs", "index.html")).href);
      const background = () =>
        page.evaluate("getComputedStyle(document.body).backgroundColor") as Promise<string>;
      assert.equal(await background(), "rgb(255, 255, 255)");
      await page.emulateMedia({ colorScheme: "dark" });
      assert.equal(await background(), "rgb(18, 22, 28)");

      await page.keyboard.press("/");
      await page.keyboard.type("offline verify");
      const found = page.locator("#found a").first();
      assert.equal(await found.textContent(), "Verify offline");
      await found.click();
      await page.waitForURL(/deployment\.html#verify-offline$/);
      assert(await page.locator("#verify-offline").isVisible());

      await page.setViewportSize({ width: 360, height: 640 });
      const widths = await page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
      ) as [number, number];
      assert(widths[0] <= widths[1], `the page is ${widths[0]} wide on a screen of ${widths[1]}`);
      assert.deepEqual(problems, []);
    } finally {
      await browser.close();
    }
  },
});
