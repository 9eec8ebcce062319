/** Tests the page of the DHT in Chromium: routing tables by distance, traffic by kind. */

import assert from "node:assert/strict";
import { assertAccessible, browserTest } from "../support/browser.ts";
import { DashboardDaemon } from "../support/dashboard_daemon.ts";
import { dhtOf, FakeHome } from "../support/fake_home.ts";
import { serveHome } from "../support/served_home.ts";

await browserTest("the routing table is drawn by distance, good nodes of all", async (browser) => {
  const home = new FakeHome();
  await using served = serveHome(home);
  await using opened = await browser.open(`${served.origin}/#/dht`);
  const { page, problems } = opened;
  await page.getByText("within 48 ms").waitFor();
  const rows = page.getByRole("table", { name: "Nodes of IPv4 by distance" }).locator("tbody tr");
  const texts = (await rows.allInnerTexts()).map((text) => text.replace(/\s+/g, " ").trim());
  assert.deepEqual(texts.slice(0, 2), ["0 8 of 8", "1 7 of 8"]);
  assert.deepEqual(texts.slice(-2), ["7–30 –", "31 1 of 1"]);
  const widths = await Promise.all(
    [0, 1].map((part) => rows.nth(1).locator("rect").nth(part).getAttribute("width")),
  );
  assert.deepEqual(widths, ["87.5", "12.5"]);
  await page.getByText("No node is known yet").waitFor();
  const traffic = page.getByRole("table", { name: "Packets of IPv4 by kind" });
  const ping = traffic.getByRole("row").filter({ hasText: "ping" });
  assert.match(await ping.innerText(), /8,000\s+7,920\s+400\s+350/);
  assert.deepEqual(problems, []);
});

await browserTest("figures of the DHT are read again by themselves", async (browser) => {
  const home = new FakeHome();
  await using served = serveHome(home);
  await using opened = await browser.open(`${served.origin}/#/dht`);
  const { page, problems } = opened;
  await page.getByText("within 48 ms").waitFor();
  home.dht = { ...dhtOf(), roundTripMs: 123 };
  await page.getByText("within 123 ms").waitFor();
  assert.deepEqual(problems, []);
});

await browserTest("the page says why no DHT node runs", async (browser) => {
  const home = new FakeHome();
  home.dht = { families: [] };
  home.status = {
    ...home.status,
    dht: { state: "off", why: "it is switched off", byChoice: true },
  };
  await using served = serveHome(home);
  await using opened = await browser.open(`${served.origin}/#/dht`);
  const { page, problems } = opened;
  await page.getByText("The DHT does not run: it is switched off.").waitFor();
  await assertAccessible(page, "no DHT");
  assert.deepEqual(problems, []);
});

await browserTest("a real daemon shows the nodes that it knows", async (browser) => {
  await using daemon = await DashboardDaemon.start();
  await using opened = await browser.open(`${daemon.origin}/#/dht`);
  const { page, problems } = opened;
  const table = page.getByRole("table", { name: "Nodes of IPv4 by distance" });
  await table.getByText(/^\d+ of \d+$/).first().waitFor();
  const traffic = page.getByRole("table", { name: "Packets of IPv4 by kind" });
  await traffic.getByText("find_node").waitFor();
  assert.deepEqual(problems, []);
});
