/**
 * Tests questions at rendezvous where all peers but one are hostile, and a seeder to which hostile peers
 * put questions.
 */

import assert from "node:assert/strict";
import { concatBytes, toHex, utf8 } from "../../src/base/mod.ts";
import { bencode } from "../../src/bencode/mod.ts";
import {
  decodeAnswer,
  encodeAnswer,
  encodeQuestion,
  MAX_QUESTIONS,
  type RendezvousAnswer,
  rendezvousOf,
  type RendezvousQuestion,
} from "../../src/records/mod.ts";
import { eventually, TestEngine } from "../support/engines.ts";
import { together } from "../support/place.ts";
import { askPeers, namesHandshake, speakingNames } from "../support/rendezvous.ts";
import { withoutStall } from "../support/stalls.ts";
import {
  extendedMessage,
  uint32,
  type WireBehaviour,
  WireListener,
  wireMessage,
  WirePeer,
} from "../support/wire_peer.ts";

/** Registers a test. A stall takes the seconds that a question and a silent connection have. */
const test = (name: string, run: () => Promise<void>) => Deno.test(name, () => withoutStall(run));

const KIB = 1_024;
const QUESTION: RendezvousQuestion = { kind: "name", name: "demo" };
const MEETING = { infoHash: rendezvousOf(QUESTION) };
const PLACE = toHex(MEETING.infoHash);
const ANSWER: RendezvousAnswer = {
  entries: [],
  items: [],
  seeder: { version: "2.0.0", archives: 1, bytes: 2, uptimeSeconds: 3 },
};
const LIE = encodeAnswer(1, { ...ANSWER, seeder: { ...ANSWER.seeder!, archives: 99 } });

/** Starts an engine that can be met at the rendezvous, and counts the questions. */
async function startHonest(): Promise<TestEngine & { questions: number }> {
  const honest = await TestEngine.start({
    onQuestion: () => {
      counted.questions++;
      return Promise.resolve(ANSWER);
    },
  });
  const counted = Object.assign(honest, { questions: 0 });
  honest.engine.rendezvous.setPlaces(new Set([PLACE]));
  return counted;
}

/** An answer of a length from 10 kB to 100 kB, all of which but a few bytes are a malformed entry. */
function fillingAnswer(lengthBytes: number): Uint8Array {
  return bencode({ e: [new Uint8Array(lengthBytes - 19)], t: 1 });
}

/** The peers that a question meets, each of which it has to survive. */
const hostile: Record<string, WireBehaviour> = {
  "sends noise instead of a handshake": {
    handshake: crypto.getRandomValues(new Uint8Array(4 * KIB)),
  },
  "does not know the extension": {
    opened: (peer) => peer.send(namesHandshake({ ut_metadata: 3 })),
  },
  "gives the extension no number": {
    opened: (peer) => peer.send(namesHandshake({ lr_names: "seven" })),
  },
  "answers before it is asked": {
    opened: (peer) => peer.send(extendedMessage(1, LIE), extendedMessage(2, LIE)),
  },
  "answers another question": speakingNames((peer, id, message) =>
    message && peer.send(extendedMessage(id, encodeAnswer(2, ANSWER)))
  ),
  "asks instead of answering": speakingNames((peer, id, message) =>
    message && peer.send(extendedMessage(id, encodeQuestion(1, QUESTION)))
  ),
  "answers with noise": speakingNames((peer, id, message) =>
    message && peer.send(extendedMessage(id, crypto.getRandomValues(new Uint8Array(KIB))))
  ),
  "answers with more than 64 KiB": speakingNames((peer, id, message) =>
    message && peer.send(extendedMessage(id, fillingAnswer(64 * KIB + 1)))
  ),
  "sends other messages without end": {
    opened: async (peer) => {
      await peer.send(namesHandshake());
      while (await peer.send(wireMessage(20, Uint8Array.of(200), new Uint8Array(8 * KIB))));
    },
  },
};

/** Peers that take all the time of a question, each of which it has to survive. */
const slow: Record<string, WireBehaviour> = {
  "sends nothing": { handshake: new Uint8Array() },
  "shakes hands and sends nothing more": {},
  "names the extension and sends nothing more": speakingNames(() => {}),
  "announces a long answer and sends a byte at a time": speakingNames(async (peer, id, message) => {
    if (!message) return;
    await peer.send(uint32(60 * KIB), Uint8Array.of(20, id));
    while (await peer.send(utf8("d"))) await new Promise((resolve) => setTimeout(resolve, 50));
  }),
};

async function askBeside(how: string, behaviour: WireBehaviour): Promise<void> {
  await using honest = await startHonest();
  await using reader = await TestEngine.start();
  using listener = new WireListener(MEETING, () => behaviour);
  const peers = [listener.address, honest.address];
  const { asked, answers } = await askPeers(reader, QUESTION, peers);
  assert.deepEqual(answers, [ANSWER], how);
  assert.deepEqual(asked, { found: 2, dialled: 2, answered: 1 }, how);
  assert.equal(honest.questions, 1, `a peer that has answered is not dialled again: ${how}`);
  assert.ok(listener.dialled > 0, how);
  assert.ok(listener.dialled <= 2, `encrypted, and then plain: ${how}`);
}

for (const [how, behaviour] of Object.entries(hostile)) {
  test(`a question is answered beside a peer that ${how}`, () => askBeside(how, behaviour));
}

// These take all of a question's time, so they are beside each other.
test(`a question is answered beside a peer that ${Object.keys(slow).join(", or ")}`, async () => {
  await together(Object.entries(slow).map(([how, behaviour]) => askBeside(how, behaviour)));
});

test("a peer that answers twice counts once", async () => {
  await using reader = await TestEngine.start();
  using listener = new WireListener(MEETING, () =>
    speakingNames((peer, id, message) => {
      const answer = extendedMessage(id, encodeAnswer(1, ANSWER));
      return message && peer.send(answer, answer);
    }));
  const { asked, answers } = await askPeers(reader, QUESTION, [listener.address]);
  assert.equal(asked.answered, 1);
  assert.deepEqual(answers, [ANSWER]);
});

test("long answers of many peers do not keep short ones from the reader", async () => {
  await using honest = await startHonest();
  await using reader = await TestEngine.start();
  using liars = new DisposableStack();
  const long = () =>
    speakingNames((peer, id, message) =>
      message && peer.send(extendedMessage(id, fillingAnswer(60 * KIB)))
    );
  const listeners = Array.from({ length: 40 }, () => liars.use(new WireListener(MEETING, long)));
  const addresses = [...listeners.map(({ address }) => address), honest.address];
  const { asked, answers } = await askPeers(reader, QUESTION, addresses);
  assert.equal(asked.dialled, 41);
  assert.ok(answers.some(({ seeder }) => seeder), "the honest peer is heard");
  assert.ok(answers.length < 20, `${answers.length} long answers are read`);
});

test("at most 64 peers are dialled", async () => {
  await using reader = await TestEngine.start();
  using listeners = new DisposableStack();
  const addresses = Array.from(
    { length: 70 },
    () => listeners.use(new WireListener(MEETING, () => ({ handshake: utf8("no") }))).address,
  );
  const { asked } = await askPeers(reader, QUESTION, addresses);
  assert.deepEqual(asked, { found: 70, dialled: 64, answered: 0 });
});

test("private addresses, which a node may name by the thousand, take no dial", async () => {
  await using honest = await startHonest();
  const { host } = honest.address;
  await using reader = await TestEngine.start({ isFreeHost: (one) => one === host });
  const named = Array.from({ length: 1_000 }, (_, i) => ({
    host: `10.0.${i % 256}.${Math.floor(i / 256)}`,
    port: 6_881,
  }));
  const others = ["fe80::1", "::ffff:10.0.0.1", "224.0.0.1", "0.0.0.0", "name.invalid"];
  named.push(...others.map((host) => ({ host, port: 6_881 })), honest.address);
  const { asked, answers } = await askPeers(reader, QUESTION, named);
  assert.deepEqual(asked, { found: 1, dialled: 1, answered: 1 });
  assert.deepEqual(answers, [ANSWER]);
});

test("ports of services of a system take no turn of their network", async () => {
  await using honest = await startHonest();
  await using reader = await TestEngine.start();
  const named = [1, 22, 25, 1_023].map((port) => ({ host: "127.0.0.1", port }));
  const { asked, answers } = await askPeers(reader, QUESTION, [...named, honest.address]);
  assert.deepEqual(asked, { found: 1, dialled: 1, answered: 1 });
  assert.deepEqual(answers, [ANSWER]);
});

test("a question ends with the engine", async () => {
  const reader = await TestEngine.start();
  using silent = new WireListener(MEETING, () => ({ handshake: new Uint8Array() }));
  const asking = askPeers(reader, QUESTION, [silent.address]);
  await eventually(() => silent.dialled > 0, "the peer is dialled");
  await reader[Symbol.asyncDispose]();
  assert.deepEqual((await asking).asked, { found: 1, dialled: 1, answered: 0 });
});

/** Misbehaviour of askers that must end their connection. */
const rude: Record<string, WireBehaviour> = {
  "sends noise": speakingNames((peer, id) =>
    peer.send(extendedMessage(id, crypto.getRandomValues(new Uint8Array(64))))
  ),
  "sends an answer": speakingNames((peer, id) => peer.send(extendedMessage(id, LIE))),
  "asks a question of another kind": speakingNames((peer, id) =>
    peer.send(extendedMessage(id, { q: "everything", t: 1 }))
  ),
  "sends a long message": speakingNames((peer, id) =>
    peer.send(extendedMessage(id, new Uint8Array(64 * KIB)))
  ),
  "sends other messages without end": {
    opened: async (peer) => {
      while (await peer.send(wireMessage(4, uint32(0))));
    },
  },
  "asks for pieces without end": {
    opened: async (peer) => {
      while (await peer.send(wireMessage(6, uint32(0, 0, 16 * KIB))));
    },
  },
};

/** Askers of whom nothing comes. They are disconnected after ten seconds. */
const silent: Record<string, WireBehaviour> = {
  "stays silent": {},
  "stays silent after the handshakes": speakingNames(() => {}),
};

async function endsAsker(how: string, behaviour: WireBehaviour): Promise<void> {
  await using honest = await startHonest();
  using peer = await WirePeer.dial(honest.engine.port, MEETING, behaviour);
  await eventually(() => peer.closed, `the connection is closed of one that ${how}`);
  assert.equal(honest.questions, 0);
}

for (const [how, behaviour] of Object.entries(rude)) {
  test(`an asker that ${how} is disconnected`, () => endsAsker(how, behaviour));
}

test(`an asker that ${Object.keys(silent).join(", or ")} is disconnected`, async () => {
  await together(Object.entries(silent).map(([how, behaviour]) => endsAsker(how, behaviour)));
});

test("a connection has four questions", async () => {
  await using honest = await startHonest();
  let answers = 0;
  const questions = Array.from({ length: 9 }, (_, i) => i);
  using peer = await WirePeer.dial(
    honest.engine.port,
    MEETING,
    speakingNames((peer, id, message) => {
      if (message) return void answers++;
      const each = questions.map((number) => extendedMessage(id, encodeQuestion(number, QUESTION)));
      return peer.send(concatBytes(...each));
    }),
  );
  await eventually(() => peer.closed, "the connection is closed");
  assert.equal(honest.questions, MAX_QUESTIONS);
  assert.ok(answers <= MAX_QUESTIONS);
});

test("a question about another name or publisher learns nothing", async () => {
  await using honest = await startHonest();
  const publicKey = new Uint8Array(32).fill(1);
  const others: RendezvousQuestion[] = [
    { kind: "name", name: "other" },
    { kind: "publisher", publicKey },
    { kind: "manifest", publicKey, name: "demo", version: "1.0.0" },
  ];
  const heard: unknown[] = [];
  using _peer = await WirePeer.dial(
    honest.engine.port,
    MEETING,
    speakingNames((peer, id, message) => {
      if (message) return void heard.push(decodeAnswer(message).answer);
      return peer.send(...others.map((one, at) => extendedMessage(id, encodeQuestion(at, one))));
    }),
  );
  await eventually(() => heard.length === others.length, "all are answered");
  for (const answer of heard) assert.deepEqual(answer, { entries: [], items: [] });
  assert.equal(honest.questions, 0);
});

test("silent connections do not keep a reader away", async () => {
  await using honest = await startHonest();
  await using reader = await TestEngine.start();
  using silent = new DisposableStack();
  const peers: WirePeer[] = [];
  const dialSilent = async () => {
    const peer = await WirePeer.dial(honest.engine.port, MEETING, speakingNames(() => {}));
    peers.push(silent.use(peer));
  };
  for (let i = 0; i < 64; i++) await dialSilent();
  assert.ok(!peers[0]!.closed);
  // Connections are few a second, too, so that the reader may have to come again.
  await eventually(async () => {
    const { answers } = await askPeers(reader, QUESTION, [honest.address]);
    return answers.length > 0;
  }, "the reader is answered");
});

test("a handshake for another infohash is not taken", async () => {
  await using honest = await startHonest();
  const other = { infoHash: rendezvousOf({ kind: "name", name: "other" }) };
  using peer = await WirePeer.dial(honest.engine.port, other, speakingNames(() => {}));
  await eventually(() => peer.closed, "the connection is closed");
  assert.equal(peer.received, 0);
});
