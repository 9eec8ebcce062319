/**
 * Tests questions at a rendezvous between engines: all pairings of encryption, transports and address
 * families, and beside a torrent.
 */

import assert from "node:assert/strict";
import { equalBytes, toHex, utf8 } from "../../../src/base/mod.ts";
import type { EncryptionMode, EngineOptions } from "../../../src/engine/mod.ts";
import {
  type RendezvousAnswer,
  rendezvousOf,
  type RendezvousQuestion,
} from "../../../src/records/mod.ts";
import { TestEngine } from "../../support/engines.ts";
import { askPeers } from "../../support/rendezvous.ts";
import { sampleTorrent } from "../../support/torrents.ts";

const QUESTION: RendezvousQuestion = { kind: "publisher", publicKey: new Uint8Array(32).fill(5) };
const ANSWER: RendezvousAnswer = {
  entries: [],
  items: [],
  seeder: { version: "2.0.0", archives: 3, bytes: 4, uptimeSeconds: 5 },
};
const modes: readonly EncryptionMode[] = ["prefer", "require", "off"];

async function startMet(options: Partial<EngineOptions> = {}): Promise<TestEngine> {
  const met = await TestEngine.start({ ...options, onQuestion: () => Promise.resolve(ANSWER) });
  met.engine.rendezvous.setPlaces(new Set([toHex(rendezvousOf(QUESTION))]));
  return met;
}

for (const ours of modes) {
  for (const theirs of modes) {
    const canMeet = ours === theirs || ours === "prefer" || theirs === "prefer";
    const outcome = canMeet ? "is answered" : "is not answered";
    Deno.test(`a question ${outcome}: encryption ${ours}, of the peer ${theirs}`, async () => {
      await using met = await startMet({ encryption: theirs });
      await using reader = await TestEngine.start({ encryption: ours });
      const { asked, answers } = await askPeers(reader, QUESTION, [met.address]);
      assert.deepEqual(asked, { found: 1, dialled: 1, answered: canMeet ? 1 : 0 });
      assert.deepEqual(answers, canMeet ? [ANSWER] : []);
    });
  }
}

Deno.test("a question is answered over IPv6", async () => {
  await using met = await startMet();
  await using reader = await TestEngine.start();
  const { port } = met.address;
  const { answers } = await askPeers(reader, QUESTION, [{ host: "::1", port }]);
  assert.deepEqual(answers, [ANSWER]);
});

Deno.test("an engine that is met at a rendezvous seeds as before", async () => {
  const sample = sampleTorrent(300_000);
  await using met = await startMet();
  await met.seed(sample);
  await using reader = await TestEngine.start();
  const asking = askPeers(reader, QUESTION, [met.address]);
  assert.ok(equalBytes(await reader.download(sample, [met]), sample.content));
  assert.deepEqual((await asking).answers, [ANSWER]);
  assert.equal(met.engine.torrents().length, 1, "a rendezvous is no torrent");
});

Deno.test("an answer that is too long for a message is told in part", async () => {
  const item = {
    publicKey: new Uint8Array(32),
    salt: new Uint8Array(32),
    seq: 1,
    value: utf8(`990:${"1".repeat(990)}`),
    signature: new Uint8Array(64),
  };
  // Certificates with so many names are refused by readers, but they make an answer long.
  const names = Array.from({ length: 8 }, (_, i) => `${i}`.repeat(200));
  const entries = Array.from({ length: 100 }, (_, i) => ({
    publicKey: new Uint8Array(32).fill(i),
    version: "1.0.0",
    firstSeenMs: 1_780_000_000_000,
    timestampMs: 1_780_000_000_000,
    signature: new Uint8Array(64),
    ...(i > 2 && {
      certificate: {
        root: new Uint8Array(32).fill(i),
        key: new Uint8Array(32),
        fromMs: 1,
        names,
        signature: new Uint8Array(64),
      },
    }),
  }));
  const long = { entries, items: Array.from({ length: 20 }, () => item) };
  await using met = await TestEngine.start({ onQuestion: () => Promise.resolve(long) });
  met.engine.rendezvous.setPlaces(new Set([toHex(rendezvousOf(QUESTION))]));
  await using reader = await TestEngine.start();
  const { answers: [answer] } = await askPeers(reader, QUESTION, [met.address]);
  assert.ok(answer!.entries.length >= 3, "the first entries are told");
  assert.equal(answer!.items.length, 8);
});
