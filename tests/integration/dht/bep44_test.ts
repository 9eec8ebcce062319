/** Tests libreseed's DHT node as a store for items of others (BEP 44), with raw packets. */

import assert from "node:assert/strict";
import { concatBytes, equalBytes, utf8 } from "../../../src/base/mod.ts";
import {
  generateKeyPair,
  type KeyPair,
  recordBytes,
  verifySignature,
} from "../../../src/identity/mod.ts";
import { type BDecoded, bencode, type BValue } from "../../../src/bencode/mod.ts";
import { immutableTarget, targetOf } from "../../../src/records/mod.ts";
import { startTestnet } from "../../../src/testnet/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { RawUdp } from "../../support/raw_udp.ts";

const NONE = new Uint8Array();

/** An encoded value that is copied into the packet unchanged. */
class Raw {
  constructor(readonly text: string) {}
}

/** Bencodes a value. Members of type {@linkcode Raw} are copied unchanged. */
function encode(value: BValue | Raw | { [name: string]: BValue | Raw }): Uint8Array {
  if (value instanceof Raw) return utf8(value.text);
  if (typeof value !== "object" || value instanceof Uint8Array || Array.isArray(value)) {
    return bencode(value as BValue);
  }
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = members.flatMap(([name, member]) => [bencode(name), encode(member as BValue)]);
  return concatBytes(utf8("d"), ...parts, utf8("e"));
}

/** Starts a small testnet, and a raw client that queries one of the nodes. */
async function setUp() {
  const stack = new AsyncDisposableStack();
  const testnet = stack.use(await startTestnet({ nodes: 10 }));
  const { engine } = stack.use(await TestEngine.start({ testnet }));
  const raw = stack.use(await RawUdp.bind());
  await eventually(() => engine.node()!.tableSize() >= 8, "the table is filled");
  let transactions = 0;
  const ask = async (q: string, a: Record<string, BValue | Raw>) => {
    const t = utf8(`t${transactions++}`);
    const packet = encode({ t, y: "q", q, a: { id: raw.id, ...a } as never });
    const { message, lengthBytes } = await raw.exchange(packet, t, engine.port, { what: q });
    const [code] = message.get("e") as [number] ?? [];
    if (code !== undefined) {
      assert.ok(
        lengthBytes <= packet.length,
        `error ${code}: ${packet.length} in, ${lengthBytes} out`,
      );
    }
    return { r: message.get("r") as Map<string, BDecoded> | undefined, code };
  };
  const get = async (target: Uint8Array, more: Record<string, BValue | Raw> = {}) =>
    (await ask("get", { target, ...more })).r!;
  const token = async () => (await get(new Uint8Array(20))).get("token") as Uint8Array;
  const put = async (a: Record<string, BValue | Raw>) =>
    await ask("put", { token: await token(), ...a });
  return { ask, get, put, raw, engine, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Makes the arguments of a `put` query. The signature covers the encoded value as it is. */
function signed(
  keys: KeyPair,
  seq: number | string,
  v: BValue | Raw,
  salt: Uint8Array = NONE,
): Record<string, BValue | Raw> {
  const value = encode(v);
  const bytes = typeof seq === "number"
    ? recordBytes({ salt, seq, value })
    : concatBytes(utf8(`3:seqi${seq}e1:v`), value);
  return {
    k: keys.publicKey,
    seq: typeof seq === "number" ? seq : new Raw(`i${seq}e`),
    sig: keys.signBytes(bytes),
    v: v as BValue,
  };
}

Deno.test("each error of BEP 44 is no longer than its query, and nothing is stored", async () => {
  await using at = await setUp();
  const keys = generateKeyPair();
  const good = signed(keys, 1, "a");
  const { k: _k, ...withoutKey } = good;
  const { sig: _sig, ...withoutSignature } = good;
  const { seq: _seq, ...withoutSeq } = good;
  const { v: _v, ...withoutValue } = good;
  const cases: [string, Record<string, BValue | Raw>, number][] = [
    ["a token that was not given", { ...good, token: "wrong" }, 203],
    ["no value", withoutValue, 203],
    ["no key", withoutKey, 203],
    ["no signature", withoutSignature, 203],
    ["no seq", withoutSeq, 203],
    ["a seq of 2^53", signed(keys, "9007199254740992", "a"), 203],
    ["a seq of 2^62", signed(keys, "4611686018427387904", "a"), 203],
    ["a negative seq", signed(keys, "-1", "a"), 203],
    ["a value of 1,001 bytes", signed(keys, 1, "x".repeat(997)), 205],
    ["a list of 1,001 bytes", signed(keys, 1, ["x".repeat(995)]), 205],
    ["a signature over another value", { ...good, v: "b" }, 206],
    ["a signature of 63 bytes", { ...good, sig: new Uint8Array(63) }, 206],
    ["a salt of 65 bytes", { ...good, salt: new Uint8Array(65) }, 207],
  ];
  for (const [what, a, code] of cases) assert.equal((await at.put(a)).code, code, what);
  assert.ok(!(await at.get(targetOf(keys.publicKey, NONE))).has("v"));
  assert.equal((await at.ask("get", {})).code, 203);
  assert.equal((await at.ask("vote", {})).code, 204);
  assert.equal((await at.ask("find_node", {})).code, 203);
  assert.equal(
    (await at.ask("announce_peer", { info_hash: new Uint8Array(20), port: 1 })).code,
    203,
  );
});

Deno.test("a seq of 2^53 - 1 is stored and returned unchanged", async () => {
  await using at = await setUp();
  const keys = generateKeyPair();
  const { code } = await at.put(signed(keys, Number.MAX_SAFE_INTEGER, "a"));
  assert.equal(code, undefined);
  const r = await at.get(targetOf(keys.publicKey, NONE));
  assert.equal(r.get("seq"), Number.MAX_SAFE_INTEGER);
});

Deno.test("any bencoded value is stored and returned byte for byte", async () => {
  await using at = await setUp();
  const values = ["i0e", "0:", "le", "de", "i9223372036854775807e", "li-5e3:abce", "i007e"];
  for (const text of values) {
    const v = new Raw(text);
    const keys = generateKeyPair();
    assert.equal((await at.put(signed(keys, 1, v))).code, undefined, text);
    assert.equal((await at.put({ v })).code, undefined, text);
    for (const target of [targetOf(keys.publicKey, NONE), immutableTarget(utf8(text))]) {
      const t = utf8("tt");
      const packet = encode({ t, y: "q", q: "get", a: { id: at.raw.id, target } });
      const bytes = await rawAnswer(at.raw, packet, at.engine.port);
      assert.ok(includes(bytes, utf8(`1:v${text}`)), `${text}: ${new TextDecoder().decode(bytes)}`);
    }
  }
});

Deno.test("an empty salt equals no salt", async () => {
  await using at = await setUp();
  const keys = generateKeyPair();
  assert.equal((await at.put({ ...signed(keys, 1, "a"), salt: "" })).code, undefined);
  const r = await at.get(targetOf(keys.publicKey, NONE));
  const value = bencode("a");
  const signature = r.get("sig") as Uint8Array;
  assert.ok(verifySignature(keys.publicKey, utf8("3:seqi1e1:v1:a"), signature));
  assert.deepEqual(encode(r.get("v") as Uint8Array), value);
});

Deno.test("a newer put replaces the item, a repeated one succeeds, older and conflicting ones are refused", async () => {
  await using at = await setUp();
  const keys = generateKeyPair();
  const salt = utf8("salt");
  const put = async (seq: number, v: string, more = {}) =>
    (await at.put({ ...signed(keys, seq, v, salt), salt, ...more })).code;
  assert.equal(await put(5, "a"), undefined);
  assert.equal(await put(5, "a"), undefined, "the same again");
  assert.equal(await put(5, "b"), 302, "another value under the same seq");
  assert.equal(await put(4, "a"), 302, "an older seq");
  assert.equal(await put(6, "b", { cas: 4 }), 301, "made from another than the one held");
  assert.equal(await put(6, "b", { cas: 5 }), undefined);
  const r = await at.get(targetOf(keys.publicKey, salt));
  assert.equal(r.get("seq"), 6);
  assert.ok(!r.has("salt"), "the salt is not told");
  const other = generateKeyPair();
  const first = await at.put({ ...signed(other, 1, "a"), cas: 9 });
  assert.equal(first.code, undefined, "cas without a value that is held is ignored");
});

Deno.test("a get returns nodes beside the value, and no value that the requester has by its seq", async () => {
  await using at = await setUp();
  const keys = generateKeyPair();
  await at.put(signed(keys, 7, "x".repeat(996)));
  const target = targetOf(keys.publicKey, NONE);
  for (const [seq, isSent] of [[6, true], [7, false], [8, false], [undefined, true]] as const) {
    const r = await at.get(target, seq === undefined ? {} : { seq });
    assert.equal((r.get("nodes") as Uint8Array).length, 8 * 26);
    assert.equal(r.get("seq"), 7);
    assert.ok(r.has("token"));
    for (const name of ["k", "sig", "v"]) {
      assert.equal(r.has(name), isSent, `${name} at seq ${seq}`);
    }
  }
  await at.put({ v: "immutable" });
  const r = await at.get(immutableTarget(bencode("immutable")));
  assert.deepEqual([r.has("v"), r.has("seq"), r.has("nodes")], [true, false, true]);
});

Deno.test("an answer to a get fits into one Ethernet frame, whatever the length of the transaction id", async () => {
  await using at = await setUp();
  const keys = generateKeyPair();
  await at.put(signed(keys, Number.MAX_SAFE_INTEGER, "x".repeat(996)));
  const target = targetOf(keys.publicKey, NONE);
  for (const length of [1, 2, 64]) {
    const t = new Uint8Array(length).fill(0x74);
    const packet = encode({ t, y: "q", q: "get", a: { id: at.raw.id, target } });
    const { message, lengthBytes } = await at.raw.exchange(packet, t, at.engine.port);
    assert.ok(lengthBytes <= 1_472, `${lengthBytes} bytes`);
    const nodes = (message.get("r") as Map<string, BDecoded>).get("nodes") as Uint8Array;
    assert.ok(nodes.length >= 6 * 26 && nodes.length % 26 === 0, `${nodes.length} bytes of nodes`);
  }
});

/** Sends a packet, and resolves with the node's reply. */
function rawAnswer(raw: RawUdp, packet: Uint8Array, port: number): Promise<Uint8Array> {
  return new Promise((resolve) => {
    raw.onPacket = (bytes) => {
      // Queries that the node sends to its clients are ignored here.
      if (!equalBytes(bytes.subarray(-7), utf8("1:y1:re"))) return;
      raw.onPacket = undefined;
      resolve(bytes);
    };
    void raw.send(packet, port);
  });
}

function includes(bytes: Uint8Array, part: Uint8Array): boolean {
  return bytes.some((_, at) => equalBytes(bytes.subarray(at, at + part.length), part));
}
