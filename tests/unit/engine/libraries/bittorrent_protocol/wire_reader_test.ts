import assert from "node:assert/strict";
import Connection from "bittorrent-protocol";
import { concatBytes } from "../../../../../src/base/mod.ts";
import { receive } from "../../../../../src/engine/libraries/bittorrent_protocol/wire_reader.ts";
import { applyReplacements } from "../../../../../src/engine/libraries/mod.ts";
import { randomBytes } from "../../../../support/torrents.ts";

applyReplacements();

type Wire = Parameters<typeof receive>[0] & {
  on(event: string, listener: (...args: never[]) => void): void;
  peerPieces: { get(index: number): boolean };
};

function uint32(...numbers: number[]): Uint8Array {
  const bytes = new Uint8Array(numbers.length * 4);
  numbers.forEach((number, i) => new DataView(bytes.buffer).setUint32(i * 4, number));
  return bytes;
}

function message(id: number, ...parts: Uint8Array[]): Uint8Array {
  const body = concatBytes(Uint8Array.of(id), ...parts);
  return concatBytes(uint32(body.length), body);
}

const handshake = concatBytes(
  new TextEncoder().encode("\x13BitTorrent protocol"),
  new Uint8Array(8),
  new Uint8Array(20).fill(1),
  new Uint8Array(20).fill(2),
);
const blocks = [randomBytes(16_384, 1), randomBytes(5, 2), randomBytes(128 * 1024, 3)];
const said = concatBytes(
  handshake,
  message(5, Uint8Array.of(0b10100000)),
  uint32(0),
  message(1),
  ...blocks.map((block, i) => message(7, uint32(i, i * 100), block)),
  message(4, uint32(1)),
  message(6, uint32(3, 4, 5)),
  // A message whose type (99) no specification defines.
  message(99, randomBytes(300, 4)),
  message(0),
);

/**
 * Returns the events that a connection emits when it receives the messages in chunks of the given
 * lengths. All chunks use the same memory.
 */
function heard(lengths: () => number): { events: unknown[]; wire: Wire } {
  const wire = new Connection("tcpIncoming") as unknown as Wire;
  const events: unknown[] = [];
  const names = ["handshake", "keep-alive", "unchoke", "have", "unknownmessage", "choke"];
  for (const name of names) {
    wire.on(name, (...args: unknown[]) => events.push([name, ...args]));
  }
  wire.on(
    "piece",
    ((piece: number, offset: number, block: Uint8Array) => {
      events.push(["piece", piece, offset, block.slice()]);
    }) as never,
  );
  const memory = new Uint8Array(said.length);
  for (let at = 0; at < said.length;) {
    const part = said.subarray(at, at + lengths());
    at += part.length;
    memory.set(part);
    receive(wire, memory.subarray(0, part.length));
    memory.fill(0xee);
  }
  return { events, wire };
}

const whole = heard(() => said.length);

Deno.test("messages that come all at once are parsed", () => {
  assert.deepEqual(
    whole.events.map((event) => (event as unknown[])[0]),
    [
      ...["handshake", "keep-alive", "unchoke", "piece", "piece", "piece", "have"],
      ...["unknownmessage", "choke"],
    ],
  );
  const pieces = whole.events.filter((event) => (event as unknown[])[0] === "piece");
  assert.deepEqual(pieces, blocks.map((block, i) => ["piece", i, i * 100, block]));
});

for (
  const [how, lengths] of [
    ["byte by byte", () => 1],
    ["in parts of 13 bytes", () => 13],
    ["in parts of 1,448 bytes", () => 1_448],
    ["in parts of odd lengths", oddLengths()],
  ] as const
) {
  Deno.test(`messages that come ${how} are parsed alike, and none of their memory is kept`, () => {
    const { events, wire } = heard(lengths);
    assert.deepEqual(events, whole.events);
    for (let i = 0; i < 8; i++) {
      assert.equal(wire.peerPieces.get(i), [0, 1, 2].includes(i), `piece ${i}`);
    }
  });
}

function oddLengths(): () => number {
  let length = 1;
  return () => length = (length * 7 + 3) % 40_009;
}

Deno.test("messages after the end of a connection are not parsed", () => {
  const { events, wire } = heard(() => said.length);
  const before = events.length;
  wire.destroy();
  receive(wire, message(4, uint32(7)));
  assert.equal(events.filter((event) => (event as unknown[])[0] === "have").length, 1);
  assert.ok(events.length - before <= 1, "the end itself emits a choke");
});

Deno.test("a message of more than a mebibyte ends the connection before it has come", () => {
  const { wire } = heard(() => said.length);
  receive(wire, uint32(2 * 1024 * 1024));
  assert.equal(wire.isEnding, true);
  assert.equal(wire.partial, undefined);
});

Deno.test("a long message takes memory only for the bytes that have come", () => {
  const { wire } = heard(() => said.length);
  receive(wire, concatBytes(uint32(1024 * 1024), new Uint8Array(100)));
  assert.ok(wire.partial!.length < 20_000);
  for (let i = 0; i < 3; i++) receive(wire, new Uint8Array(16_384));
  assert.ok(wire.partial!.length < 100_000);
});

Deno.test("blocks that come in parts share one buffer", () => {
  const { wire } = heard(() => said.length);
  const block = message(7, uint32(0, 0), randomBytes(16_384, 5));
  const buffers = new Set<ArrayBufferLike>();
  for (let i = 0; i < 3; i++) {
    receive(wire, block.subarray(0, 10_000));
    buffers.add(wire.partial!.buffer);
    receive(wire, block.subarray(10_000));
  }
  assert.equal(buffers.size, 1);
  // Another message in parts begins anew.
  receive(wire, message(4, uint32(7)).subarray(0, 6));
  receive(wire, message(4, uint32(7)).subarray(6));
  assert.equal(wire.peerPieces.get(7), true);
});
