/**
 * A vandal locks all slots of a name's index, of yesterday, today and tomorrow, and announces peers at the
 * rendezvous of the name, which are dead, silent, or lie: a thousand in simulated networks, and some at this
 * machine. Readers find the name all the same, and the publisher is told what has happened.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock, toHex } from "../../src/base/mod.ts";
import { bencode } from "../../src/bencode/mod.ts";
import { generateKeyPair } from "../../src/identity/mod.ts";
import {
  announceSalt,
  dayOf,
  decodeNameIndex,
  encodeAnswer,
  type NameIndexEntry,
  nameIndexKeyPair,
  nameIndexSalt,
  nameRendezvous,
  publisherRendezvous,
  targetOf,
} from "../../src/records/mod.ts";
import { StateDatabase } from "../../src/store/mod.ts";
import { TestEngine } from "../support/engines.ts";
import { freePort } from "../support/free_port.ts";
import { eventually, type Home, newPlace, type Place } from "../support/place.ts";
import { namesHandshake, speakingNames } from "../support/rendezvous.ts";
import { signedEntry, signedItem } from "../support/signed.ts";
import { withoutStall } from "../support/stalls.ts";
import { type Misdeed, VandalWorld } from "../support/vandal.ts";
import { extendedMessage, type WireBehaviour, WireListener } from "../support/wire_peer.ts";

const TRIES = 20;

for (
  const [what, misdeeds] of Object.entries<Misdeed[] | undefined>({
    "of all kinds": undefined,
    "that are dead": ["dead"],
    "that are silent": ["silent"],
    "that forge entries": ["forges"],
    "that are strangers under the same name": ["stranger"],
  })
) {
  Deno.test(`a locked name is found among a thousand peers in 50 networks ${what}`, async () => {
    await using vandal = await VandalWorld.make({ misdeeds });
    let found = 0;
    for (let i = 0; i < TRIES; i++) if ((await vandal.resolve()).found) found++;
    // The peers that a node names are drawn at random: one reader in some thousands meets no honest one.
    assert(found >= TRIES - 1, `${found} of ${TRIES}`);
    assert.equal((await vandal.resolve({ atRendezvous: false })).found, false);
  });
}

/** Locks all slots of the index of a name, on every node. */
async function lock(place: Place, name: string): Promise<void> {
  await using engine = await TestEngine.start({ testnet: place.testnet });
  const manager = engine.manager({ storeNodes: place.testnet.nodes.length });
  const today = dayOf(Date.now());
  for (const day of [today - 1, today, today + 1]) {
    await Promise.all(
      [0, 1, 2, 3].map((slot) =>
        manager.put(signedItem(nameIndexKeyPair(name, day), {
          salt: nameIndexSalt(name, slot),
          seq: Number.MAX_SAFE_INTEGER,
          value: bencode("vandal"),
        }))
      ),
    );
  }
  await manager.stop();
}

function entryOf(home: Home, name: string): NameIndexEntry {
  using state = StateDatabase.open(join(home.path, "state.db"), systemClock);
  const [row] = state.records.list({ kind: "name-entry", name });
  return decodeNameIndex(row!.item.value).entries[0]!;
}

/** Delay of a timer (ms) in which a reader may have given up peers: it dials the others after 1.5 s. */
const STALL_MS = 500;

Deno.test("get NAME works while a vandal holds the index and crowds the rendezvous, and publish says so", () =>
  withoutStall(getsNameAmongVandals, STALL_MS));

async function getsNameAmongVandals(): Promise<void> {
  await using place = await newPlace();
  const [ann, user] = [await place.home(), await place.home(null)];
  await lock(place, "hello");
  const published = await ann.run(["publish", await place.source("hello", "1.0.0")]);
  assert.equal(published.code, 0, published.stderr);
  assert.match(
    published.stderr,
    /^libreseed: warning: the slot of this publisher .* hello is locked: readers find hello by its name only while a daemon/m,
  );
  await using daemon = await ann.daemon();
  const again = await ann.run(["publish", await place.source("hello", "1.1.0")]);
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stderr, /the slot .* hello is locked: readers find hello at its rendezvous/);
  assert.doesNotMatch(again.stderr, /warning/);

  const infoHash = nameRendezvous("hello");
  const entry = entryOf(ann, "hello");
  const nowMs = Date.now();
  const times = { firstSeenMs: nowMs, timestampMs: nowMs };
  const stranger = () => signedEntry(generateKeyPair(), "hello", { version: "9.9.9", ...times });
  const telling = (entries: () => NameIndexEntry[]): WireBehaviour =>
    speakingNames((peer, id, message) =>
      message && peer.send(extendedMessage(id, encodeAnswer(1, { entries: entries(), items: [] })))
    );
  const misdeeds: (() => WireBehaviour)[] = [
    () => ({}),
    () => ({ opened: (peer) => peer.send(namesHandshake({ ut_metadata: 1 })) }),
    () => telling(() => []),
    () => telling(() => [{ ...stranger(), publicKey: ann.keys.publicKey }]),
    () => telling(() => [{ ...entry, version: "6.6.6" }]),
    () => telling(() => Array.from({ length: 20 }, stranger)),
  ];
  using vandals = new DisposableStack();
  const ports: number[] = [];
  for (let i = 0; i < 36; i++) {
    const misdeed = misdeeds[i % misdeeds.length]!;
    ports.push(vandals.use(new WireListener({ infoHash }, misdeed)).address.port);
  }
  for (let i = 0; i < 8; i++) ports.push(await freePort());
  await using engine = await TestEngine.start({ testnet: place.testnet });
  const manager = engine.manager();
  for (const port of ports) await manager.announcePeer(infoHash, port);
  await eventually(async () => {
    const { peers } = await manager.findPeers(infoHash);
    return peers.some(({ port }) => port === daemon.port);
  });
  await manager.stop();

  const got = await user.run(["get", "hello", "-v"]);
  assert.equal(got.code, 0, got.stderr);
  assert.match(got.stderr, /told by 127\.0\.0\.1: bad-signature/);
  assert.match(got.stdout, /hello-1\.1\.0\.tgz/);
  assert.match(got.stderr, /first use of hello: pinned to/);
  await daemon.end();
}

Deno.test("what the nodes withhold of a publisher is met at its rendezvous", async () => {
  await using place = await newPlace();
  const [ann, user] = [await place.home(), await place.home(null)];
  await using daemon = await ann.daemon();
  await ann.must(["publish", "-q", await place.source("hello", "1.0.0")]);
  await using engine = await TestEngine.start({ testnet: place.testnet });
  const manager = engine.manager();
  const infoHash = publisherRendezvous(ann.keys.publicKey);
  await eventually(async () => {
    const { peers } = await manager.findPeers(infoHash);
    return peers.some(({ port }) => port === daemon.port);
  });
  await manager.stop();
  const listTarget = toHex(targetOf(ann.keys.publicKey, announceSalt(ann.keys.publicKey)));
  for (const node of place.testnet.nodes) node.forget(listTarget);
  assert.equal(ann.listHolders().length, 0);
  const spec = `${ann.publicKey}/hello@^1`;
  assert.match(await user.must(["resolve", spec]), /"version":"1\.0\.0"/);
  assert.equal(ann.listHolders().length, 0, "nobody has put the list again meanwhile");
  await daemon.end();
});
