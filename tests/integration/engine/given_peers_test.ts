/** Peers that the caller of a download has given, and that are down for a while. */

import assert from "node:assert/strict";
import { eventually, TestEngine } from "../../support/engines.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { freePort } from "../../support/free_port.ts";
import { sampleTorrent } from "../../support/torrents.ts";

const sample = sampleTorrent(64 * 1024);

for (const isLater of [false, true]) {
  const when = isLater ? "during the download" : "at its start";
  Deno.test(`a peer given ${when} is found again after two minutes, though nobody names it`, async () => {
    const clock = new FakeClock();
    await using reader = await TestEngine.start({ clock });
    const address = { host: "127.0.0.1", port: await freePort() };
    const [peers, later] = isLater ? [[], [address]] : [[address], []];
    let isThere = false;
    const done = reader.download(sample, [], { peers }).finally(() => isThere = true);
    reader.engine.addSources(sample.infoHashHex, later, []);
    const startMs = clock.now();
    const advanceUntil = (holds: () => boolean, what: string) =>
      eventually(async () => {
        await clock.advance(1_000);
        return holds();
      }, what);
    await advanceUntil(() => clock.now() - startMs >= 120_000, "two minutes pass");
    await using seeder = await TestEngine.start({ port: address.port });
    await seeder.seed(sample);
    await advanceUntil(() => isThere, "the download ends");
    assert.deepEqual(await done, sample.content);
  });
}
