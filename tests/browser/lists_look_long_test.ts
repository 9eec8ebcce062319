/** Checks the pages of lists with hostile texts: accessible, not too wide and calm, in both themes. */

import assert from "node:assert/strict";
import { assertAccessible, assertFits, browserTest, layoutShift } from "../support/browser.ts";
import {
  emptyPublisher,
  FakeHome,
  hostile,
  packageOf,
  peerOf,
  publisherOf,
} from "../support/fake_home.ts";
import { serveHome } from "../support/served_home.ts";

/** A home whose every text is of somebody who means no good. */
function worstHome(): FakeHome {
  const home = new FakeHome(500, 500);
  const texts = Object.values(hostile);
  home.packages.forEach((entry, number) => {
    if (number > 0 && number < 20) entry.name = texts[number % texts.length]!;
    if (number % 3 === 2) entry.problem = texts[number % texts.length];
    if (number % 5 === 4) entry.version = hostile.unbroken;
  });
  home.records.forEach((record, number) => {
    if (number > 0 && number < 20) record.name = texts[number % texts.length];
    if (number % 40 === 0) record.error = texts[number / 40 % texts.length];
  });
  home.publishers = texts.map((text, number) => ({
    ...emptyPublisher(publisherOf(number)),
    mirrored: true,
    follows: [{ sinceMs: 1e12, name: text, range: text }, { sinceMs: 1e12 }],
    keys: [publisherOf(number + 50)],
    revoked: [{ key: publisherOf(number), sinceMs: 1e12, reason: text }],
  }));
  home.names = Array.from({ length: 300 }, (_, number) => ({
    name: number % 2 === 0 ? `name-${number}` : texts[number % texts.length]!,
    publisher: publisherOf(number),
    byHand: number % 3 === 0,
    sinceMs: 1e12,
    ...(number % 5 > 0 && { version: number % 7 === 1 ? hostile.unbroken : "1.0.0" }),
  }));
  const { name, version } = packageOf(0);
  home.details.set(`${name}@${version}`, {
    description: texts.join("\n"),
    license: hostile.unbroken,
    files: texts.map((path) => ({ path, lengthBytes: 1, executable: true })),
    versions: texts.map((text, number) => ({
      version: `${number}.0.0-${hostile.unbroken}`,
      seeding: number % 2 === 0,
      tags: [text, "latest"],
      yanked: text,
      deprecated: text,
    })),
    torrent: {
      pieceBytes: 16_384,
      pieces: 12,
      piecesHeld: 12,
      peers: texts.map((text, number) => peerOf(number, text)),
      peersConnected: texts.length,
    },
  });
  return home;
}

const { name, version } = packageOf(0);
const addresses = [
  ...["/#/packages", `/#/packages/${name}/${version}`, "/#/packages?filter=nothing-like-this"],
  ...["/#/records", "/#/publishers", "/#/names", "/#/dht"],
];

await browserTest(
  "pages of lists bear every text, in both themes and widths",
  async (browser, t) => {
    await using served = serveHome(worstHome());
    for (const colorScheme of ["light", "dark"] as const) {
      for (const width of [1_280, 360]) {
        await t.step(`${colorScheme}, ${width} px`, async () => {
          for (const address of addresses) {
            const how = `${address}, ${colorScheme}, ${width} px`;
            await using opened = await browser.open(served.origin + address, {
              colorScheme,
              width,
            });
            const { page, problems } = opened;
            await page.getByText("Live", { exact: true }).waitFor();
            await page.locator("main .card, main .empty").first().waitFor();
            await page.locator(".waiting").first().waitFor({ state: "detached" });
            await assertAccessible(page, how);
            await assertFits(page, how);
            const shift = await layoutShift(page);
            assert(shift < 0.01, `${how}: cumulative layout shift ${shift}`);
            assert.deepEqual(problems, [], how);
          }
        });
      }
    }
  },
);

await browserTest("empty pages say what to do next, and are accessible", async (browser) => {
  await using served = serveHome(new FakeHome());
  const texts = {
    "/#/packages": "No package yet",
    "/#/records": "No record yet",
    "/#/publishers": "No publisher is known yet",
    "/#/names": "No name is known yet",
    "/#/packages/no-such/1.0.0": "is not seeded here",
  };
  for (const [address, text] of Object.entries(texts)) {
    await using opened = await browser.open(served.origin + address, { width: 360 });
    await opened.page.getByText(text).waitFor();
    await assertAccessible(opened.page, address);
    await assertFits(opened.page, address);
  }
});

await browserTest("rows keep their height, whatever is in them", async (browser) => {
  await using served = serveHome(worstHome());
  for (const width of [1_280, 700, 360]) {
    for (const address of ["/#/packages", "/#/records", "/#/names"]) {
      await using opened = await browser.open(served.origin + address, { width });
      const { page } = opened;
      await page.getByRole("table").waitFor();
      const heights = await page.evaluate(
        `[...document.querySelectorAll("tbody tr[aria-rowindex]")]
          .map((row) => Math.round(row.getBoundingClientRect().height * 10) / 10)`,
      ) as number[];
      assert(heights.length > 10, `${heights.length} rows`);
      assert.deepEqual([...new Set(heights)].length, 1, `${address} ${width}: ${heights}`);
    }
  }
});
