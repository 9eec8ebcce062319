/** Tests the token in Chromium: a page under another name than localhost, and actions. */

import assert from "node:assert/strict";
import { browserTest, OTHER_NAME } from "../support/browser.ts";
import { DashboardDaemon } from "../support/dashboard_daemon.ts";

await browserTest(
  "under another name, the page shows nothing without the token",
  async (browser) => {
    await using daemon = await DashboardDaemon.start(["--http-hosts", OTHER_NAME]);
    const url = daemon.origin.replace("127.0.0.1", OTHER_NAME);
    await using opened = await browser.open(`${url}/`);
    const { page, problems } = opened;
    await page.getByText("libreseed token show", { exact: true }).waitFor();
    assert.equal(await page.getByText(daemon.home).count(), 0);
    const field = page.getByRole("textbox", { name: "Token" });
    await field.fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByText("does not know this token").waitFor();
    assert.equal(await page.getByText(daemon.home).count(), 0);
    await field.fill((await daemon.run(["token", "show"])).trim());
    await page.getByRole("button", { name: "Use the token" }).click();
    await page.getByText(daemon.home).waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    await page.reload();
    await page.getByText(daemon.home).waitFor();
    assert.deepEqual(problems, []);
  },
);

await browserTest("a page of another site cannot use the daemon's name", async (browser) => {
  await using daemon = await DashboardDaemon.start();
  // The name resolves to 127.0.0.1, as in DNS rebinding, and is not among the daemon's own.
  const url = daemon.origin.replace("127.0.0.1", OTHER_NAME);
  await using opened = await browser.open(`${url}/`);
  await opened.page.getByText("does not answer under that name").waitFor();
});

await browserTest(
  "changes need the token; the daemon stops after a confirmation",
  async (browser) => {
    await using daemon = await DashboardDaemon.start();
    await using opened = await browser.open(`${daemon.origin}/`);
    const { page, problems } = opened;
    await page.getByText(daemon.home).waitFor();
    await page.getByRole("button", { name: "Announce all" }).click();
    const dialog = page.getByRole("dialog", { name: "Token" });
    await dialog.getByText("Changes need a token").waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Announce all" }).click();
    await dialog.getByLabel("Token").fill((await daemon.run(["token", "show"])).trim());
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Announce all" }).click();
    await page.getByText(/^\d+ announced/).waitFor();
    const stop = page.getByRole("button", { name: "Stop the daemon" });
    await stop.click();
    const question = page.getByRole("dialog", { name: "Stop the daemon" });
    await question.getByRole("button", { name: "Cancel" }).click();
    await question.waitFor({ state: "detached" });
    assert.equal((await fetch(`${daemon.origin}/healthz`)).ok, true);
    await stop.click();
    await question.getByRole("button", { name: "Stop the daemon" }).click();
    await daemon.ended();
    await page.getByText("the daemon does not answer").first().waitFor();
    assert.deepEqual(problems, []);
  },
);
