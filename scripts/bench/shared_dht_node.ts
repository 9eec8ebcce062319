/**
 * One compared program of `shared_dht.ts`, in a process of its own. It joins the DHT, works, and
 * stays idle while other nodes look records up. Prints the traffic of its sockets in each phase.
 *
 * Arguments: side (way to use the DHT), bootstrap address, number of records and of torrents.
 */

import { delay, systemClock, toHex } from "../../src/base/mod.ts";
import { generateKeyPair } from "../../src/identity/mod.ts";
import { targetOf } from "../../src/records/mod.ts";
import { type Count, Counter, difference } from "./counted_socket.ts";
import { type RecordToPut, type SideName, sides } from "./dht_sides.ts";
import { tell, waitForGo } from "./program.ts";

/**
 * Duration without any packet that ends a phase, in milliseconds. By then, every query in flight
 * has been answered or will never be.
 */
const QUIET_MS = 500;
const VALUE_BYTES = 300;
const [name, bootstrap, size] = Deno.args as [SideName, string, string];
const counter = new Counter();
let before: Count = counter.now();

async function quiet(): Promise<void> {
  for (let seen = -1, now = 0; now !== seen;) {
    seen = now;
    await delay(systemClock, QUIET_MS);
    const { packetsIn, packetsOut } = counter.now();
    now = packetsIn + packetsOut;
  }
}

async function endPhase(phase: string, more: Record<string, unknown> = {}): Promise<void> {
  await quiet();
  const after = counter.now();
  tell({ phase, count: difference(after, before), ...more });
  before = after;
}

/**
 * Calls `work` for one member after the other. A node of npm:bittorrent-dht that puts several items
 * at once divides its 16 concurrent queries among the items, and then stores some items on only one
 * node.
 */
async function oneByOne<T>(members: readonly T[], work: (member: T) => Promise<unknown>) {
  for (const member of members) await work(member);
}

function random(bytes: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(bytes));
}

const side = await sides[name](bootstrap, counter);
await endPhase("join");

const keys = generateKeyPair();
const records: RecordToPut[] = Array.from({ length: Number(size) }, () => ({
  keys,
  salt: random(32),
  seq: 1,
  value: random(VALUE_BYTES),
}));
await oneByOne(records, (record) => side.put(record));
// Simulates that an hour has passed: tokens have expired, and lookup results are discarded.
side.forgetLookups();
await oneByOne(records, (record) => side.put({ ...record, seq: 2 }));
await endPhase("records", {
  targets: records.map(({ salt }) => toHex(targetOf(keys.publicKey, salt))),
});

const torrents = Array.from({ length: Number(size) }, () => random(20));
await oneByOne(torrents, (infoHash) => side.announce(infoHash, 6881));
side.forgetLookups();
let found = 0;
await oneByOne(torrents, async (infoHash) => {
  if (await side.findPeers(infoHash) > 0) found++;
});
await endPhase("torrents", { found });

await waitForGo();
await endPhase("others", { residentBytes: Deno.memoryUsage().rss });
Deno.exit(0);
