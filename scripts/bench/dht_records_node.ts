/**
 * One compared program of `dht_records.ts`, in a process of its own. It joins the DHT, waits for
 * the benchmark's signal, and then puts and gets records one at a time. Prints the time of each
 * operation and the number of packets sent.
 *
 * Arguments: side, bootstrap address, number of records, number of records before the measurement.
 */

import { delay, systemClock } from "../../src/base/mod.ts";
import { generateKeyPair } from "../../src/identity/mod.ts";
import { Counter } from "./counted_socket.ts";
import { type RecordToPut, type SideName, sides } from "./dht_sides.ts";
import { tell, waitForGo } from "./program.ts";

/** Delay that lets the first lookup end, in milliseconds. */
const JOIN_MS = 1_000;
const VALUE_BYTES = 300;

const [name, bootstrap, size, before] = Deno.args as [SideName, string, string, string];
const counter = new Counter();
const side = await sides[name](bootstrap, counter);
await delay(systemClock, JOIN_MS);
tell({ joined: true });
await waitForGo();

const keys = generateKeyPair();
const newRecords = (length: number): RecordToPut[] =>
  Array.from({ length }, () => ({
    keys,
    salt: crypto.getRandomValues(new Uint8Array(32)),
    seq: 1,
    value: crypto.getRandomValues(new Uint8Array(VALUE_BYTES)),
  }));

const find = async ({ salt }: RecordToPut) => {
  if (!await side.get(keys.publicKey, salt)) throw new Error("a record was not found");
};

async function timed(
  records: readonly RecordToPut[],
  work: (record: RecordToPut) => Promise<unknown>,
) {
  const begun = counter.now();
  const tookMs: number[] = [];
  for (const record of records) {
    const startMs = performance.now();
    await work(record);
    tookMs.push(performance.now() - startMs);
  }
  return { tookMs, packets: (counter.now().packetsOut - begun.packetsOut) / records.length };
}

async function putAndGet(count: number) {
  const records = newRecords(count);
  const put = await timed(records, (record) => side.put(record));
  side.forgetLookups();
  return { put, get: await timed(records, find) };
}

await putAndGet(Number(before));
const { put, get } = await putAndGet(Number(size));
tell({ put, get });
Deno.exit(0);
