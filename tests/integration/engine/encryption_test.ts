/**
 * Tests how engines encrypt their connections (Message Stream Encryption): all pairings of the three
 * modes, and peers that know no encryption.
 */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { concatBytes, equalBytes, utf8 } from "../../../src/base/mod.ts";
import type { EncryptionMode } from "../../../src/engine/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { PlainGate } from "../../support/plain_gate.ts";
import { sampleTorrent } from "../../support/torrents.ts";
import { wireHandshake } from "../../support/wire_peer.ts";

const sample = sampleTorrent(64 * 1024);
const modes: readonly EncryptionMode[] = ["prefer", "require", "off"];
const KEY_BYTES = 96;

function canMeet(one: EncryptionMode, other: EncryptionMode): boolean {
  return one === other || one === "prefer" || other === "prefer";
}

/** Downloads the sample until `isOver` holds, and then cancels the download. */
async function tryToDownload(
  at: TestEngine,
  from: { host: string; port: number },
  isOver: () => boolean,
): Promise<void> {
  const ending = new AbortController();
  const ended = at.engine.download({
    infoHashHex: sample.infoHashHex,
    filePath: at.path("downloaded"),
    maxBytes: 1 << 20,
    peers: [from],
    signal: ending.signal,
  }).catch(() => {});
  await eventually(isOver, "the download's peer has been tried");
  ending.abort();
  await ended;
}

/** Accepts connections, answers each with `answer`, and keeps all bytes that arrive. */
class Recorder implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #answer: Uint8Array;
  /** The bytes of each connection that has ended. */
  readonly ended: Uint8Array[] = [];

  constructor(answer: Uint8Array) {
    this.#answer = answer;
    void this.#accept();
  }

  get address(): { host: string; port: number } {
    return { host: "127.0.0.1", port: (this.#listener.addr as Deno.NetAddr).port };
  }

  async #accept(): Promise<void> {
    try {
      for await (const connection of this.#listener) void this.#record(connection);
    } catch {
      // Ignore the error: the listener has been closed.
    }
  }

  async #record(connection: Deno.Conn): Promise<void> {
    let bytes: Uint8Array = new Uint8Array();
    try {
      await connection.write(this.#answer);
      for await (const more of connection.readable) bytes = concatBytes(bytes, more);
    } catch {
      // Ignore the error: the engine has closed the connection.
    }
    this.ended.push(bytes);
  }

  [Symbol.dispose](): void {
    this.#listener.close();
  }
}

/** Dials an engine, sends bytes, and returns the bytes that come until the engine hangs up. */
async function send(port: number, bytes: Uint8Array): Promise<Uint8Array> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  let answer: Uint8Array = new Uint8Array();
  try {
    await connection.write(bytes);
    for await (const more of connection.readable) answer = concatBytes(answer, more);
  } catch {
    // Ignore the error: the engine may reset the connection.
  }
  return answer;
}

function speaksPlainly(bytes: Uint8Array): boolean {
  return bytes[0] === 19 && equalBytes(bytes.subarray(1, 20), utf8("BitTorrent protocol"));
}

for (const seeding of modes) {
  for (const downloading of modes.filter((mode) => canMeet(mode, seeding))) {
    Deno.test(`an engine with encryption ${downloading} downloads from one with ${seeding}`, async () => {
      await using from = await TestEngine.start({ encryption: seeding });
      await using at = await TestEngine.start({ encryption: downloading });
      await from.seed(sample);
      assert.deepEqual(await at.download(sample, [from]), sample.content);
    });
  }
}

for (const [downloading, seeding] of [["require", "off"], ["off", "require"]] as const) {
  Deno.test(`an engine with encryption ${downloading} gets nothing from one with ${seeding}`, async () => {
    await using from = await TestEngine.start({ encryption: seeding });
    await from.seed(sample);
    await using gate = new PlainGate("pass", from.engine.port);
    await using at = await TestEngine.start({ encryption: downloading });
    await tryToDownload(at, gate.address, () => gate.plain + gate.encrypted >= 2);
    assert.equal(from.engine.totals().uploadedBytes, 0);
    assert.equal(downloading === "off" ? gate.encrypted : gate.plain, 0);
  });
}

Deno.test("a peer that hangs up at an encrypted byte is dialled plainly at once", async () => {
  await using from = await TestEngine.start({ encryption: "off" });
  await from.seed(sample);
  await using gate = new PlainGate("close", from.engine.port);
  await using at = await TestEngine.start();
  const peers = [gate.address];
  assert.deepEqual(await at.download(sample, [], { peers }), sample.content);
  assert.deepEqual([gate.encrypted, gate.plain], [1, 1]);
});

Deno.test("a peer that does not answer an encrypted byte is dialled plainly", async () => {
  await using from = await TestEngine.start({ encryption: "off" });
  await from.seed(sample);
  await using gate = new PlainGate("silent", from.engine.port);
  await using at = await TestEngine.start();
  const peers = [gate.address];
  assert.deepEqual(await at.download(sample, [], { peers }), sample.content);
  assert.deepEqual([gate.encrypted, gate.plain], [1, 1]);
});

Deno.test("a peer that accepted a plain handshake is dialled plainly first, until it wants encryption", async () => {
  await using from = await TestEngine.start();
  await from.seed(sample);
  await using gate = new PlainGate("close", from.engine.port);
  await using at = await TestEngine.start();
  const peers = [gate.address];
  for (const filePath of ["one", "two"].map((name) => at.path(name))) {
    assert.deepEqual(await at.download(sample, [], { peers, filePath }), sample.content);
  }
  assert.deepEqual([gate.encrypted, gate.plain], [1, 2]);
  gate.wants("encrypted");
  const filePath = at.path("three");
  assert.deepEqual(await at.download(sample, [], { peers, filePath }), sample.content);
  assert.deepEqual([gate.encrypted, gate.plain], [2, 3]);
});

Deno.test("an engine that requires encryption does not answer a plain handshake", async () => {
  await using from = await TestEngine.start({ encryption: "require" });
  await from.seed(sample);
  assert.equal((await send(from.engine.port, wireHandshake(sample))).length, 0);
});

Deno.test("an engine that requires encryption sends nothing plain to a peer that answers plainly", async () => {
  await using at = await TestEngine.start({ encryption: "require" });
  using peer = new Recorder(wireHandshake(sample));
  await tryToDownload(at, peer.address, () => peer.ended.length > 0);
  for (const bytes of peer.ended) {
    assert.ok(bytes.length >= KEY_BYTES && bytes.length <= KEY_BYTES + 512, `${bytes.length}`);
    assert.ok(!speaksPlainly(bytes));
  }
});

Deno.test("an engine with encryption off does not answer an encrypted handshake", async () => {
  await using from = await TestEngine.start({ encryption: "off" });
  await from.seed(sample);
  const key = randomBytes(KEY_BYTES);
  key[0] = 0;
  assert.equal((await send(from.engine.port, key)).length, 0);
});

Deno.test("an engine with encryption off dials with a plain handshake", async () => {
  await using at = await TestEngine.start({ encryption: "off" });
  using peer = new Recorder(Uint8Array.of(0));
  await tryToDownload(at, peer.address, () => peer.ended.length > 0);
  assert.ok(speaksPlainly(peer.ended[0]!));
});
