/**
 * One contender of `dht_records.ts`, in a process of its own: joins, and when it is told to, puts
 * records and gets them, one after the other. Prints how long each took, and how many packets it sent.
 *
 * Arguments: side, bootstrap address, number of records, and of those before that do not count.
 *
 * @module
 */

import { delay, systemClock } from "../../src/base/mod.ts";
import { generateKeyPair } from "../../src/identity/mod.ts";
import { Counter } from "./counted_socket.ts";
import { type RecordToPut, type SideName, sides } from "./dht_sides.ts";
import { tell, waitForGo } from "./program.ts";

/** Long enough for the first lookup to end. */
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
