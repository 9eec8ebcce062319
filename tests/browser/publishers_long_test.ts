/** Tests the page of the publishers in Chromium: follow by key, unfollow, ended and revoked keys. */

import assert from "node:assert/strict";
import { browserTest } from "../support/browser.ts";
import { DashboardDaemon } from "../support/dashboard_daemon.ts";
import { emptyPublisher, FakeHome, hostile, publisherOf } from "../support/fake_home.ts";
import { serveHome, TOKEN } from "../support/served_home.ts";

await browserTest("a wrong key is explained, and nothing is sent", async (browser) => {
  const home = new FakeHome();
  await using served = serveHome(home);
  await using opened = await browser.open(`${served.origin}/#/publishers`);
  const { page, problems } = opened;
  await page.getByText("No publisher is known yet").waitFor();
  const field = page.getByLabel("Publisher's key");
  await field.fill("ed25519:short");
  await page.keyboard.press("Enter");
  await page.getByText("this one has 5 characters").waitFor();
  assert.equal(await field.getAttribute("aria-invalid"), "true");
  assert.equal(await page.evaluate("document.activeElement.value"), "ed25519:short");
  await field.fill(publisherOf(1));
  await page.getByLabel("Versions (all, if empty)").fill("^1.0.0");
  await page.keyboard.press("Enter");
  await page.getByText("name the package too").waitFor();
  assert.equal(await field.getAttribute("aria-invalid"), "false");
  assert.equal(home.publishers.length, 0);
  assert.deepEqual(problems, []);
});

await browserTest("a publisher is followed by its key, and unfollowed", async (browser) => {
  const home = new FakeHome();
  await using served = serveHome(home);
  await using opened = await browser.open(`${served.origin}/#/publishers`);
  const { page, problems } = opened;
  const key = publisherOf(4);
  await page.getByLabel("Publisher's key").fill(`  ${key} `);
  await page.getByLabel("Package (all, if empty)").fill("left-pad");
  await page.getByLabel("Versions (all, if empty)").fill("^1.0.0");
  const follow = page.getByRole("button", { name: "Follow", exact: true });
  await follow.click();
  const token = page.getByRole("dialog", { name: "Token" });
  await token.getByLabel("Token").fill(TOKEN);
  await page.keyboard.press("Enter");
  await token.waitFor({ state: "detached" });
  assert.equal(home.publishers.length, 0, "nothing is followed without a token");
  // The typed text is still there.
  await follow.click();
  await page.getByText("Followed: 3 versions in its list").waitFor();
  const card = page.getByRole("region", { name: key });
  await card.getByText("left-pad").waitFor();
  await card.getByText("^1.0.0").waitFor();
  assert.equal(await page.getByLabel("Publisher's key").inputValue(), "");
  await card.getByRole("button", { name: "Unfollow" }).click();
  const question = page.getByRole("dialog", { name: "Unfollow" });
  await question.getByRole("button", { name: "Unfollow" }).click();
  await card.getByText("not followed").waitFor();
  assert.deepEqual(home.publishers[0]!.follows, []);
  assert.deepEqual(problems, []);
});

await browserTest(
  "own and mirrored publishers, and those with ended and revoked keys, are told apart",
  async (browser) => {
    const home = new FakeHome();
    const [own, rotated, met, rooted] = [0, 1, 2, 3].map((number) =>
      emptyPublisher(publisherOf(number))
    );
    home.publishers = [
      { ...own!, own: true, keys: [own!.publisher] },
      {
        ...rotated!,
        mirrored: true,
        follows: [{ sinceMs: 1e12 }],
        keys: [publisherOf(9)],
        ended: [{ key: publisherOf(10), untilMs: 1e12 }],
        revoked: [{ key: publisherOf(11), sinceMs: 1e12, reason: hostile.turned }],
      },
      met!,
      // The identity is a root key, which another key signs for: the way in which `keygen` makes them all.
      { ...rooted!, keys: [publisherOf(8)] },
    ];
    await using served = serveHome(home);
    await using opened = await browser.open(`${served.origin}/#/publishers`);
    const { page, problems } = opened;
    const marksOf = (name: string) =>
      page.getByRole("region", { name }).locator(".marks .mark").allInnerTexts();
    await page.getByRole("region", { name: met!.publisher }).waitFor();
    assert.deepEqual(await marksOf("This home's publisher"), ["own"]);
    assert.deepEqual(await marksOf(rotated!.publisher), [
      ...["followed", "mirrored", "key ended", "key revoked"],
    ]);
    assert.deepEqual(await marksOf(met!.publisher), ["not followed"]);
    assert.deepEqual(await marksOf(rooted!.publisher), ["not followed"]);
    const card = page.getByRole("region", { name: rotated!.publisher });
    for (const key of [9, 10, 11]) await card.getByText(publisherOf(key)).waitFor();
    await card.getByText("safe⟨U+202E⟩gpj.exe").waitFor();
    assert.deepEqual(problems, []);
  },
);

await browserTest("many publishers are shown in parts, and filtered by key", async (browser) => {
  const home = new FakeHome();
  home.publishers = Array.from({ length: 120 }, (_, number) => emptyPublisher(publisherOf(number)));
  await using served = serveHome(home);
  await using opened = await browser.open(`${served.origin}/#/publishers`);
  const { page, problems } = opened;
  await page.getByRole("button", { name: "Show 50 of 70 more publishers" }).click();
  await page.getByRole("button", { name: "Show 20 of 20 more publishers" }).waitFor();
  await page.getByRole("searchbox", { name: "Filter" }).fill(publisherOf(100));
  await page.getByText("1 of 120 publishers").first().waitFor();
  await page.getByRole("region", { name: publisherOf(100) }).waitFor();
  assert.deepEqual(problems, []);
});

await browserTest("a real daemon follows a publisher by its key", async (browser) => {
  await using daemon = await DashboardDaemon.start();
  await using opened = await browser.open(`${daemon.origin}/#/publishers`);
  const { page, problems } = opened;
  await page.getByRole("region", { name: "This home's publisher" }).waitFor();
  const key = publisherOf(77);
  await page.getByLabel("Publisher's key").fill(key);
  const follow = page.getByRole("button", { name: "Follow", exact: true });
  await follow.click();
  const token = page.getByRole("dialog", { name: "Token" });
  await token.getByLabel("Token").fill((await daemon.run(["token", "show"])).trim());
  await page.keyboard.press("Enter");
  await token.waitFor({ state: "detached" });
  await follow.click();
  const card = page.getByRole("region", { name: key });
  await card.getByText("Everything").waitFor();
  assert.match(await daemon.run(["following"]), new RegExp(key.replace(/[+/]/g, "\\$&")));
  await card.getByRole("button", { name: "Unfollow" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Unfollow" }).click();
  await card.waitFor({ state: "detached" });
  assert.deepEqual(problems, []);
});
