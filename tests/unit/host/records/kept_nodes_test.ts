/**
 * The nodes of the DHT routing table that are saved for the next start.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Contact } from "../../../../src/dht/mod.ts";
import { KeptNodes } from "../../../../src/host/records/kept_nodes.ts";
import type { StoredNode } from "../../../../src/store/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const contact: Contact = { host: "192.0.2.1", port: 6881, id: new Uint8Array(20).fill(7) };

function keeping() {
  const clock = new FakeClock();
  const warnings: string[] = [];
  let stored: StoredNode[] = [];
  const table = {
    loadNodes: () => stored,
    replaceNodes: (nodes: Iterable<StoredNode>) => void (stored = [...nodes]),
  };
  const nodes = new KeptNodes({ table, clock, onWarning: (message) => warnings.push(message) });
  return { clock, warnings, nodes, table };
}

Deno.test("known nodes are saved every five minutes and at the end", async () => {
  const { clock, nodes } = keeping();
  let known: Contact[] = [];
  nodes.start(() => Promise.resolve(known));
  known = [contact];
  await clock.advance(5 * 60_000 + 1);
  assert.deepEqual(nodes.load(), [contact]);
  known = [{ ...contact, port: 6882 }];
  await nodes.stop();
  assert.deepEqual(nodes.load(), known);
  assert.equal(clock.timers, 0);
});

Deno.test("an empty or missing answer does not overwrite the saved nodes", async () => {
  for (const silent of [() => Promise.resolve([]), () => new Promise<Contact[]>(() => {})]) {
    const { clock, nodes, table } = keeping();
    table.replaceNodes([{ host: "192.0.2.1", port: 6881, idHex: "07".repeat(20), seenMs: 1 }]);
    nodes.start(silent);
    await clock.until(nodes.stop());
    assert.deepEqual(nodes.load(), [contact]);
  }
});

Deno.test("a failure to save nodes is a warning", async () => {
  const { nodes, table, warnings } = keeping();
  table.replaceNodes = () => {
    throw new Error("the disk is full");
  };
  nodes.start(() => Promise.resolve([contact]));
  await nodes.stop();
  assert.deepEqual(warnings, ["the DHT nodes were not saved: the disk is full"]);
});
