/**
 * Downloads from peers of the publisher's rendezvous, most of which do not have the archive. The peers
 * listen on real sockets, each in its own way of not having it.
 */

import assert from "node:assert/strict";
import type { EncryptionMode } from "../../../src/engine/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { sampleTorrent } from "../../support/torrents.ts";
import { wireHandshake, WireListener } from "../../support/wire_peer.ts";

const [sample, other] = [sampleTorrent(200_000), sampleTorrent(200_000, { seed: 2 })];
const publisher = new Uint8Array(32).fill(7);

/** Starts a download that nothing but the peers of a rendezvous can serve. */
function downloading(reader: TestEngine) {
  const ended = reader.download(sample, [], { publisher });
  ended.catch(() => {});
  const name = (search: number, ...answers: { host: string; port: number }[][]) => {
    for (const answer of answers) {
      reader.engine.downloadOf(sample.infoHashHex)!.addRendezvousPeers(search, answer);
    }
  };
  return { ended, name };
}

for (const encryption of ["prefer", "require", "off"] as EncryptionMode[]) {
  Deno.test(`a peer of the rendezvous is asked for the archive and wakes it, encryption ${encryption}`, async () => {
    await using seeder = await TestEngine.start({ encryption });
    await using reader = await TestEngine.start({ encryption });
    await seeder.seed(sample);
    const { ended, name } = downloading(reader);
    name(1, [seeder.address]);
    assert.deepEqual(await ended, sample.content);
  });
}

Deno.test("a mirror that has other archives only, and peers that listen no more, are asked once", async () => {
  await using mirror = await TestEngine.start();
  await mirror.seed(other);
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  await using reader = await TestEngine.start();
  // A port where nobody listens: its owner has left.
  const gone = await TestEngine.start();
  await gone[Symbol.asyncDispose]();
  const { ended, name } = downloading(reader);
  const dialled: string[] = [];
  const torrent = reader.engine.downloadOf(sample.infoHashHex)!.torrent;
  const fruitless: string[] = [];
  torrent.on("dial", (address: string) => dialled.push(address));
  torrent.on("fruitless", (address: string) => fruitless.push(address));
  const addresses = [mirror.address, gone.address];
  name(1, addresses);
  await eventually(() => fruitless.length === 2, "both turn out not to have the archive");
  const before = dialled.length;
  for (let search = 2; search < 20; search++) name(search, addresses);
  name(20, [...addresses, seeder.address]);
  assert.deepEqual(await ended, sample.content);
  const again = dialled.slice(before).filter((address) =>
    !address.endsWith(`:${seeder.engine.port}`)
  );
  assert.deepEqual(again, []);
});

Deno.test("a download among peers that answer with another archive, with nothing, or not at all completes", async () => {
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  await using reader = await TestEngine.start();
  using ended = new DisposableStack();
  const liars = [
    ...Array.from(
      { length: 6 },
      () => new WireListener(sample, () => ({ handshake: wireHandshake(other) })),
    ),
    ...Array.from({ length: 6 }, () => new WireListener(sample, () => ({}))),
    ...Array.from(
      { length: 6 },
      () => new WireListener(sample, () => ({ handshake: new Uint8Array() })),
    ),
    ...Array.from(
      { length: 30 },
      () => new WireListener(sample, () => ({ greeted: (peer) => peer[Symbol.dispose]() })),
    ),
  ];
  for (const liar of liars) ended.use(liar);
  const download = downloading(reader);
  const addresses = liars.map(({ address }) => address);
  // Each node names a part of them; one of the nodes knows the honest peer, too.
  download.name(1, addresses.slice(0, 30), addresses.slice(10), [...addresses, seeder.address]);
  assert.deepEqual(await download.ended, sample.content);
});
