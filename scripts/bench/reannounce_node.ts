/**
 * One compared program of `reannounce.ts`, in a process of its own. It puts records once, and then
 * announces them twice again. Prints the cost of the first time, and the mean cost of the other
 * two.
 *
 * Arguments: keeper (the way of keeping records alive), bootstrap address, number of records.
 */

import { cpuUsage } from "node:process";
import { type Clock, delay, systemClock } from "../../src/base/mod.ts";
import { RateLimiter, Reannouncer } from "../../src/dht/mod.ts";
import { generateKeyPair } from "../../src/identity/mod.ts";
import { bencode } from "../../src/bencode/mod.ts";
import { Counter, difference } from "./counted_socket.ts";
import { type RecordToPut, sides, startOurs } from "./dht_sides.ts";
import { tell } from "./program.ts";
import { keepRecord } from "../../tests/support/keep_record.ts";
import { signedItem } from "../../tests/support/signed.ts";

/** Delay that lets the first lookup end, in milliseconds. */
const JOIN_MS = 1_000;
const VALUE_BYTES = 300;
/**
 * Maximum packets per second. Without this limit, the single-threaded testnet would fall behind and
 * answer late.
 */
const PACKETS_A_SECOND = 1_000;
/**
 * The default of `reannounce-interval`, and the maximum factor by which jitter lengthens an
 * interval.
 */
const INTERVAL_MS = 50 * 60_000;
const SPREAD = 1.1;

/** Cost of keeping one record alive, per announcement. */
export interface Cycle {
  /** Processor time of all threads of the process, per record. */
  cpuMs: number;
  /** Packets sent and received, per record. */
  packets: number;
  bytes: number;
  /** Number of announcements of a record per hour. */
  anHour: number;
}

/**
 * The compared ways to keep records alive: libreseed's reannouncer, or a loop over `put` of
 * npm:bittorrent-dht.
 */
export type Keeper = "reannouncer" | "loop";

const [keeper, bootstrap, size] = Deno.args as [Keeper, string, string];
const counter = new Counter();

async function measured(records: number, work: () => Promise<void>): Promise<Cycle> {
  const begun = counter.now();
  const used = cpuUsage();
  await work();
  const { user, system } = cpuUsage(used);
  const { packetsIn, packetsOut, bytesIn, bytesOut } = difference(counter.now(), begun);
  return {
    cpuMs: (user + system) / 1_000 / records,
    packets: (packetsIn + packetsOut) / records,
    bytes: (bytesIn + bytesOut) / records,
    anHour: keeper === "loop" ? 1 : 3_600_000 / INTERVAL_MS,
  };
}

/** Makes a function that announces all records at each call, with libreseed's reannouncer. */
async function reannouncer(records: RecordToPut[]) {
  let aheadMs = 0;
  const clock: Clock = {
    now: () => systemClock.now() + aheadMs,
    after: (delayMs, fire) => systemClock.after(delayMs, fire),
  };
  const limiter = new RateLimiter(systemClock, PACKETS_A_SECOND);
  const manager = await startOurs(bootstrap, counter, limiter, clock);
  await delay(systemClock, JOIN_MS);
  let left = 0;
  let done: () => void;
  const announcing = new Reannouncer({
    announcer: manager,
    clock,
    intervalMs: INTERVAL_MS,
    port: 1,
    onReport({ idHex, failures, put }) {
      if (failures > 0) throw new Error(`the record ${idHex} is not held: ${JSON.stringify(put)}`);
      if (--left === 0) done();
    },
  });
  const items = records.map(({ keys, salt, seq, value }) =>
    signedItem(keys, { salt, seq, value: bencode(value) })
  );
  return () =>
    new Promise<void>((resolve) => {
      left = items.length;
      done = resolve;
      if (aheadMs === 0) { for (const item of items) keepRecord(announcing, item, 0); }
      aheadMs += SPREAD * INTERVAL_MS;
      // The reannouncer checks the clock once a minute and whenever its interval is set. Setting
      // the interval here triggers the check.
      announcing.intervalMs = INTERVAL_MS;
    });
}

async function loop(records: RecordToPut[]) {
  const side = await sides.library(bootstrap, counter);
  await delay(systemClock, JOIN_MS);
  return async () => {
    side.forgetLookups();
    for (const record of records) {
      await side.put(record);
      // A node answers a `put` that it refuses with the `seq` of the item that it holds.
      record.seq++;
    }
  };
}

if (import.meta.main) {
  const keys = generateKeyPair();
  const records: RecordToPut[] = Array.from({ length: Number(size) }, () => ({
    keys,
    salt: crypto.getRandomValues(new Uint8Array(32)),
    seq: 1,
    value: crypto.getRandomValues(new Uint8Array(VALUE_BYTES)),
  }));
  const announce = await { reannouncer, loop }[keeper](records);
  const first = await measured(records.length, announce);
  const again = await measured(records.length * 2, async () => {
    await announce();
    await announce();
  });
  tell({ first, again });
  Deno.exit(0);
}
