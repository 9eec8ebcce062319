/** Tests the page of one package in Chromium: peers, hostile texts, magnet link, removal. */

import assert from "node:assert/strict";
import { browserTest } from "../support/browser.ts";
import { DashboardDaemon, SEEDED } from "../support/dashboard_daemon.ts";
import { FakeHome, hostile, packageOf, peerOf } from "../support/fake_home.ts";
import { serveHome, TOKEN } from "../support/served_home.ts";

const { name, version, magnet } = packageOf(0);
const address = `/#/packages/${name}/${version}`;

/** A home whose first package has peers, and texts of people who mean no good. */
function hostileHome(): FakeHome {
  const home = new FakeHome(3, 3);
  const clients = ["qBittorrent 5.1", hostile.markup, hostile.turned, hostile.unbroken];
  home.details.set(`${name}@${version}`, {
    description: `${hostile.markup}\n${hostile.turned}\n${hostile.tall}${hostile.long}`,
    license: hostile.unbroken,
    files: Array.from({ length: 10_000 }, (_, number) => ({
      path: number === 0 ? `${hostile.turned}/${hostile.unbroken}` : `lib/file-${number}.js`,
      lengthBytes: number,
      executable: number === 0,
    })),
    fileCount: 12_345,
    versions: [
      { version: "9.0.0", seeding: false, tags: ["latest", "next"], yanked: hostile.markup },
      { version, seeding: true, lengthBytes: 1000, tags: [], deprecated: hostile.turned },
    ],
    torrent: {
      pieceBytes: 262_144,
      pieces: 12,
      piecesHeld: 9,
      peers: clients.map((client, number) => peerOf(number, client)),
      peersConnected: 230,
    },
  });
  return home;
}

await browserTest(
  "texts of strangers are text, and change nothing around them",
  async (browser) => {
    await using served = serveHome(hostileHome());
    await using opened = await browser.open(served.origin + address);
    const { page, problems } = opened;
    const about = page.getByRole("region", { name: "About" });
    await about.getByText(hostile.markup).waitFor();
    await about.getByText("safe⟨U+202E⟩gpj.exe⟨U+2066⟩").waitFor();
    const peers = page.getByRole("table", { name: "Peers" });
    await peers.getByText(hostile.markup).waitFor();
    await peers.getByText("⟨U+202E⟩").waitFor();
    await page.getByRole("table", { name: "Versions" }).getByText(hostile.markup).waitFor();
    assert.equal(await page.locator("main img:not([role]), main script").count(), 0);
    assert.match(await page.title(), new RegExp(name));
    const text = await page.locator("body").innerText();
    assert.doesNotMatch(text, /[\u202a-\u202e\u2066-\u2069\u200b]/);
    assert.deepEqual(problems, []);
  },
);

await browserTest(
  "the title of a package is as harmless as its name elsewhere",
  async (browser) => {
    const home = new FakeHome(1);
    home.packages[0]!.name = hostile.turned;
    await using served = serveHome(home);
    await using opened = await browser.open(`${served.origin}/#/packages`);
    const { page, problems } = opened;
    await page.getByRole("link", { name: "safe⟨U+202E⟩gpj.exe" }).click();
    await page.getByRole("heading", { level: 1, name: "safe⟨U+202E⟩gpj.exe⟨U+2066⟩" }).waitFor();
    assert.match(await page.title(), /^safe⟨U\+202E⟩gpj\.exe⟨U\+2066⟩/);
    await page.getByRole("region", { name: "About" }).waitFor();
    assert.deepEqual(problems, []);
  },
);

await browserTest("peers, pieces, versions and files are told apart", async (browser) => {
  const home = hostileHome();
  await using served = serveHome(home);
  await using opened = await browser.open(served.origin + address);
  const { page, problems } = opened;
  const peers = page.getByRole("table", { name: "Peers" });
  const first = peers.getByRole("row").filter({ hasText: "qBittorrent 5.1" });
  assert.match(await first.innerText(), /198\.51\.100\.0:6881/);
  assert.match(await first.innerText(), /TCP, from it, encrypted/);
  await peers.getByText("[2001:db8::2]:6883").waitFor();
  await page.getByText("226 slower peers not shown").waitFor();
  await page.getByText("9 of 12 pieces verified, 256.0 KiB each: 75 %").waitFor();
  const versions = page.getByRole("table", { name: "Versions" });
  const newest = versions.getByRole("row").filter({ hasText: "9.0.0" });
  assert.match(await newest.innerText(), /latest[^]*next[^]*yanked/);
  assert.equal(await versions.locator("[aria-current]").innerText(), version);
  await page.getByText("12,345 files").waitFor();
  await page.getByText("2,345 more are not shown").waitFor();
  const files = page.getByRole("table", { name: "Files" });
  assert.equal(await files.getAttribute("aria-rowcount"), "10001");
  assert(await files.locator("tbody tr").count() < 100);
  assert.deepEqual(problems, []);
});

await browserTest("speeds of peers are live", async (browser) => {
  const home = new FakeHome(1);
  const torrent = { pieceBytes: 16_384, pieces: 4, piecesHeld: 4, peersConnected: 1 };
  const show = (uploadSpeed: number) =>
    home.details.set(`${name}@${version}`, {
      torrent: { ...torrent, peers: [{ ...peerOf(1, "client"), uploadSpeed }] },
    });
  show(1024);
  await using served = serveHome(home);
  await using opened = await browser.open(served.origin + address);
  const { page, problems } = opened;
  const peers = page.getByRole("table", { name: "Peers" });
  await peers.getByText("1.0 KiB/s").waitFor();
  show(5 * 1024);
  await peers.getByText("5.0 KiB/s").waitFor();
  assert.deepEqual(problems, []);
});

await browserTest("the magnet link is copied", async (browser) => {
  await using served = serveHome(new FakeHome(1));
  await using opened = await browser.open(served.origin + address, {
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const { page, problems } = opened;
  await page.getByRole("button", { name: "Copy the magnet link" }).click();
  await page.getByText("Copied", { exact: true }).waitFor();
  assert.equal(await page.evaluate("navigator.clipboard.readText()"), magnet);
  assert.deepEqual(problems, []);
});

await browserTest("without a clipboard, the magnet link is selected", async (browser) => {
  await using served = serveHome(new FakeHome(1));
  await using opened = await browser.open(served.origin + address);
  const { page } = opened;
  await page.evaluate(
    "navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed'))",
  );
  await page.getByRole("button", { name: "Copy the magnet link" }).click();
  await page.getByText("Copy the selected text").waitFor();
  assert.equal(await page.evaluate("getSelection().toString()"), magnet);
});

await browserTest("a package is removed with a confirmation and the token", async (browser) => {
  const home = new FakeHome(3);
  await using served = serveHome(home);
  await using opened = await browser.open(served.origin + address);
  const { page, problems } = opened;
  const remove = page.getByRole("button", { name: "Remove" });
  const question = page.getByRole("dialog", { name: "Remove" });
  await remove.click();
  await question.getByRole("button", { name: "Cancel" }).click();
  await question.waitFor({ state: "detached" });
  assert.equal(home.packages.length, 3);
  await remove.click();
  await question.getByRole("button", { name: "Remove" }).click();
  const token = page.getByRole("dialog", { name: "Token" });
  await token.getByLabel("Token").fill(TOKEN);
  await page.keyboard.press("Enter");
  await token.waitFor({ state: "detached" });
  assert.equal(home.packages.length, 3, "nothing is removed without a token");
  await remove.click();
  await question.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("heading", { level: 1, name: "Packages" }).waitFor();
  await page.getByText("2 packages").first().waitFor();
  assert.equal(await page.getByRole("link", { name, exact: true }).count(), 0);
  assert.deepEqual(problems, []);
});

await browserTest("a package that is removed elsewhere says so", async (browser) => {
  await using daemon = await DashboardDaemon.start();
  const { name, version } = SEEDED;
  await using opened = await browser.open(`${daemon.origin}/#/packages/${name}/${version}`);
  const { page } = opened;
  await page.getByText("README.md").waitFor();
  await daemon.run(["remove", `${name}@${version}`]);
  await page.goto(`${daemon.origin}/#/packages`);
  await page.getByText("No package yet").waitFor();
});
