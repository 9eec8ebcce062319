/**
 * Transfers over simulated paths that lose, delay, reorder and repeat packets, each from one seed.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { UtpSocket } from "../../src/utp/mod.ts";
import { seededRandom } from "./simulated_dht.ts";
import { type LinkOptions, makePair, type Pair } from "./utp_network.ts";

/** Number of bytes that each transfer has at least. */
const LEAST_BYTES = 1024 * 1024;
/** Longest simulated time of a transfer. With 10 % loss and a long path, some take minutes. */
const LIMIT_MS = 3_600_000;

/** Draws a path: 0 to 10 % loss, 1 to 150 ms, reordering and duplicates, sometimes a bottleneck. */
export function drawLink(random: () => number): LinkOptions {
  const hasBottleneck = random() < 0.5;
  return {
    delayMs: 1 + random() * 150,
    jitterMs: random() < 0.5 ? random() * 40 : 0,
    loss: random() * 0.1,
    duplicates: random() < 0.5 ? random() * 0.05 : 0,
    ...(hasBottleneck &&
      { bytesPerSecond: 100_000 + random() * 5_000_000, queueMs: 20 + random() * 300 }),
    ...(random() < 0.3 && { mtuBytes: 1_232 + Math.floor(random() * 240) }),
  };
}

/**
 * Runs the transfer of a seed: one end sends at least 1 MiB, the other a part of it, both in writes of
 * random length and with readers that pause. Checks that all bytes arrive, in order and once, that
 * both ends hear of the end, and that nothing is left.
 */
export async function runTransfer(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const pair = makePair(seed, drawLink(random), drawLink(random));
  const { clock } = pair.network;
  const ends = await pair.open();
  // An end that hears of the other's end, ends too; so both have to have written all before.
  let waiting = 2;
  let release = () => {};
  const bothWritten = new Promise<void>((resolve) => release = resolve);
  const written = () => {
    if (--waiting === 0) release();
    return bothWritten;
  };
  const main = send(
    pair,
    ends.dialled,
    ends.accepted,
    LEAST_BYTES + random() * LEAST_BYTES,
    random,
    written,
  );
  const back = send(pair, ends.accepted, ends.dialled, random() * LEAST_BYTES / 4, random, written);
  const [there, here] = await clock.until(Promise.all([main, back]), LIMIT_MS);
  assert.equal(there.got, there.sent, `seed ${seed}: what was dialled`);
  assert.equal(here.got, here.sent, `seed ${seed}: what was accepted`);
  // The longest wait is for a peer's end whose acknowledgements are lost.
  await clock.advance(120_000);
  for (const { counts } of [pair.dialler, pair.acceptor]) {
    assert.deepEqual(
      [counts.connections, counts.halfOpen, counts.keptBytes, counts.flightBytes],
      [0, 0, 0, 0],
      `seed ${seed}: what is left`,
    );
  }
}

async function send(
  { network: { clock } }: Pair,
  from: UtpSocket,
  to: UtpSocket,
  lengthBytes: number,
  random: () => number,
  written: () => Promise<void>,
): Promise<{ sent: string; got: string }> {
  const got = createHash("sha256");
  const sent = createHash("sha256");
  const ended = new Promise<void>((resolve, reject) => {
    to.once("end", resolve);
    for (const socket of [from, to]) {
      socket.once("error", reject);
    }
  });
  to.onBytes = (bytes) => {
    got.update(bytes);
    if (random() > 0.002) return true;
    clock.after(random() * 500, () => to.resume());
    return false;
  };
  to.resume();
  for (let left = Math.floor(lengthBytes); left > 0;) {
    const bytes = new Uint8Array(Math.min(Math.ceil(random() ** 3 * 200_000), left));
    for (let i = 0; i < bytes.length; i += 1 + i % 7) bytes[i] = random() * 256;
    left -= bytes.length;
    sent.update(bytes);
    // The writer alters its memory as soon as it may.
    await new Promise<void>((resolve) => from.write(bytes, () => resolve()));
    bytes.fill(0xff);
  }
  await written();
  from.end();
  await ended;
  return { sent: sent.digest("hex"), got: got.digest("hex") };
}
