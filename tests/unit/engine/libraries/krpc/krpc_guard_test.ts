import assert from "node:assert/strict";
import npmBencode from "bencode";
import fc from "fast-check";
import { concatBytes, utf8 } from "../../../../../src/base/mod.ts";
import {
  classifyByPrefix,
  validatePacket,
} from "../../../../../src/engine/libraries/krpc/krpc_guard.ts";
import { bencode, type BValue } from "../../../../../src/bencode/mod.ts";

const id = new Uint8Array(20).fill(7);
const t = Uint8Array.of(1, 2);

function query(q: string, a: Record<string, BValue>, more: Record<string, BValue> = {}) {
  return bencode({ t, y: "q", q, a: { id, ...a }, ...more });
}

function reply(r: BValue): Uint8Array {
  return bencode({ t, y: "r", r });
}

const putArguments = {
  k: new Uint8Array(32),
  sig: new Uint8Array(64),
  salt: new Uint8Array(64),
  seq: 1,
  cas: 0,
  token: new Uint8Array(20),
  v: "a value",
};

const sound: [string, Uint8Array][] = [
  ["ping", query("ping", {})],
  ["find_node", query("find_node", { target: id, want: ["n4", "n6"] })],
  ["get_peers", query("get_peers", { info_hash: id, noseed: 1, scrape: 1 })],
  [
    "announce_peer",
    query("announce_peer", { info_hash: id, port: 1, token: "t", implied_port: 1 }),
  ],
  ["get", query("get", { target: id, seq: 3 })],
  ["a put of a mutable item", query("put", putArguments)],
  ["a put without salt and cas", query("put", { ...putArguments, salt: "", cas: 1 })],
  ["a put of an immutable item", query("put", { token: "x", v: { a: [1, { b: "c" }] } })],
  ["a put of 1,000 bytes", query("put", { ...putArguments, v: "x".repeat(996) })],
  ["a query that no BEP knows", query("vote", { target: id })],
  ["a query from a read-only node, with a version", query("ping", {}, { ro: 1, v: "LT\0\x01" })],
  ["a reply with nodes", reply({ id, nodes: new Uint8Array(26 * 8), token: "t" })],
  ["a reply with peers", reply({ id, values: [new Uint8Array(6)], token: "t" })],
  ["a reply with an item", reply({ id, v: [1, -2, "x"], k: new Uint8Array(32), seq: 1 })],
  [
    "a reply with a seq of 64 bits",
    concatBytes(
      utf8("d1:rd2:id20:"),
      id,
      utf8("3:seqi9223372036854775807ee1:t2:aa1:y1:re"),
    ),
  ],
  ["a reply without an id", reply({ token: "t" })],
  ["an error", bencode({ t, y: "e", e: [203, "no"] })],
  ["an error without a list", bencode({ t, y: "e" })],
  ["a packet with bytes after its end", concatBytes(query("ping", {}), utf8("tail"))],
  [
    "members in no order",
    concatBytes(utf8("d1:y1:q1:t2:aa1:q4:ping1:ad2:id20:"), id, utf8("ee")),
  ],
];

for (const [what, packet] of sound) {
  Deno.test(`a valid packet passes: ${what}`, () => {
    const seen = validatePacket(packet);
    assert.ok(seen && !seen.refusal, what);
  });
}

/**
 * Makes invalid DHT messages, each with a description. In each message one member has a wrong
 * value; every member of every kind of message is made wrong in turn.
 */
function wrongMembers(): [string, Uint8Array][] {
  const odd: [string, BValue][] = [["a number", 5], ["a list", [id]], ["a dictionary", { a: id }]];
  const bytes: [string, BValue][] = [["bytes", "1"]];
  const lengths: [string, BValue][] = [["too short", ""], ["too long", new Uint8Array(300)]];
  const cases: [string, Uint8Array][] = [];
  for (const name of ["id", "target", "info_hash", "token", "k", "sig", "salt"]) {
    const wrong = name === "salt" ? [...odd, lengths[1]!] : [...odd, ...lengths];
    for (const [what, value] of wrong) {
      cases.push([
        `${what} for ${name} of a query`,
        query("put", { ...putArguments, [name]: value }),
      ]);
    }
  }
  for (const name of ["seq", "cas", "port", "implied_port"]) {
    for (const [what, value] of [...bytes, ...odd.slice(1)]) {
      cases.push([
        `${what} for ${name} of a query`,
        query("put", { ...putArguments, [name]: value }),
      ]);
    }
  }
  for (const [what, value] of [...odd, ...lengths]) {
    cases.push([`${what} for t`, bencode({ t: value, y: "q", q: "ping", a: { id } })]);
    cases.push([`${what} for y`, bencode({ t, y: value, q: "ping", a: { id } })]);
    cases.push([`${what} for q`, bencode({ t, y: "q", q: value, a: { id } })]);
  }
  for (const [what, value] of [...bytes, ...odd.slice(0, 2)]) {
    cases.push([`${what} for a`, bencode({ t, y: "q", q: "ping", a: value })]);
    cases.push([`${what} for r`, reply(value)]);
  }
  for (const [what, value] of odd) {
    cases.push([`${what} for the id of a reply`, reply({ id: value })]);
  }
  for (const e of ["203", 203, { a: 1 }, [203, ["no"]], [{ toString: "x" }]] as BValue[]) {
    cases.push([`an error that is ${JSON.stringify(e)}`, bencode({ t, y: "e", e })]);
  }
  return cases;
}

const unsound: [string, Uint8Array][] = [
  ["nothing", new Uint8Array()],
  ["a byte string", utf8("4:ping")],
  ["a list", utf8("l1:te")],
  ["a length of less than zero, a key", utf8("d-3:")],
  ["a length of less than zero, a value", utf8("d1:t-3:")],
  ["a length of less than zero, in a list", utf8("d1:al-3:")],
  ["a length with a plus", utf8("d+1:t2:aae")],
  ["a length with a point", utf8("d1.5:t2:aae")],
  ["a length without digits", utf8("d:t2:aae")],
  ["a string that ends too early", utf8("d1:t9:aae")],
  ["a length of forty digits", utf8(`d${"9".repeat(40)}:t`)],
  ["a number without digits", utf8("d1:q4:ping1:ti-e1:y1:qe")],
  ["a number that ends too early", utf8("d1:ai5")],
  ["a number that is none", utf8("d1:ai5xee")],
  ["a dictionary that does not end", utf8("d1:t2:aa1:y1:q")],
  ["a dictionary with a number for a key", utf8("di5e2:aae")],
  ["lists thirty thousand deep", utf8(`d1:a${"l".repeat(30_000)}`)],
  ["lists 33 deep", utf8(`d1:a${"l".repeat(33)}${"e".repeat(33)}e`)],
  ["dictionaries thirty thousand deep", utf8(`d1:a${"d1:a".repeat(15_000)}`)],
  ["a member that would become a prototype", query("ping", { ["__proto__"]: "x" })],
  [
    "a message with a prototype",
    bencode(
      new Map<string, BValue>([
        ["__proto__", { t }],
        ["t", t],
        ["y", "q"],
        ["q", "ping"],
        ["a", { id }],
      ]),
    ),
  ],
  ["a query that does not name its sender", bencode({ t, y: "q", q: "ping", a: {} })],
  ["a query without arguments", bencode({ t, y: "q", q: "ping" })],
  ["a reply without a body", bencode({ t, y: "r" })],
  ["a message without y", bencode({ t, q: "ping", a: { id } })],
  ["a message without t", bencode({ y: "q", q: "ping", a: { id } })],
  ["a message of another kind", bencode({ t, y: "x", q: "ping", a: { id } })],
  ["a put of 1,001 bytes", query("put", { ...putArguments, v: "x".repeat(997) })],
  ["a put of a list of 1,001 bytes", query("put", { ...putArguments, v: ["x".repeat(995)] })],
  ...wrongMembers(),
];

for (const [what, packet] of unsound) {
  Deno.test(`an invalid packet is dropped: ${what}`, () => {
    const seen = validatePacket(packet);
    assert.ok(!seen || seen.refusal, what);
  });
}

/** Makes a put message whose argument `name` is replaced by the given bencoded text. */
function putWith(name: string, encoded: string): Uint8Array {
  const marker = "5:xyzzy";
  const text = new TextDecoder("latin1").decode(query("put", { ...putArguments, [name]: "xyzzy" }));
  return Uint8Array.from(text.replace(marker, encoded), (character) => character.charCodeAt(0));
}

for (
  const [what, packet, code] of [
    ["a put of 1,001 bytes", query("put", { ...putArguments, v: "x".repeat(997) }), 205],
    ["a signature of 63 bytes", query("put", { ...putArguments, sig: new Uint8Array(63) }), 206],
    ["a salt of 65 bytes", query("put", { ...putArguments, salt: new Uint8Array(65) }), 207],
    ["a seq of 2^53", putWith("seq", "i9007199254740992e"), 203],
    ["a seq of 2^62", putWith("seq", "i4611686018427387904e"), 203],
    ["a negative seq", putWith("seq", "i-1e"), 203],
    ["a cas of 2^62", putWith("cas", "i4611686018427387904e"), 203],
    ["a key of 31 bytes", query("put", { ...putArguments, k: new Uint8Array(31) }), 203],
    ["a target of 19 bytes", query("get", { target: new Uint8Array(19) }), 203],
  ] as const
) {
  Deno.test(`a query is refused with error ${code}: ${what}`, () => {
    const seen = validatePacket(packet);
    assert.equal(seen?.refusal?.code, code);
    assert.deepEqual(seen.t, t);
  });
}

Deno.test("the value of a put is passed on byte by byte, also a 64-bit integer", () => {
  const seen = validatePacket(putWith("v", "li9223372036854775807ei007ee"));
  assert.equal(new TextDecoder().decode(seen?.value), "li9223372036854775807ei007ee");
  assert.equal(validatePacket(putWith("seq", "i9007199254740991e"))?.refusal, undefined);
});

Deno.test("no input throws, and npm:bencode decodes every packet that passes", () => {
  const seeds = [...sound, ...unsound].map(([, packet]) => packet).filter(({ length }) =>
    length < 2_000
  );
  const change = fc.record({
    at: fc.nat(),
    byte: fc.constantFrom(...utf8("0123456789:-+.eidl\0\xff")),
  });
  const mutated = fc.tuple(fc.constantFrom(...seeds), fc.array(change, { maxLength: 4 }), fc.nat())
    .map(([seed, changes, cut]) => {
      const packet = new Uint8Array(seed);
      for (const { at, byte } of changes) packet[at % packet.length] = byte;
      return cut % 3 === 0 ? packet.subarray(0, cut % (packet.length + 1)) : packet;
    });
  let passed = 0;
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), (packet) => {
      const seen = validatePacket(packet);
      if (!seen || seen.refusal) return;
      passed++;
      const message = npmBencode.decode(packet) as Record<string, unknown>;
      assert.equal(typeof message, "object");
    }),
    { numRuns: 20_000 },
  );
  assert.ok(passed > 500, `only ${passed} passed`);
});

Deno.test("a packet is classified by its first key, also after the address of BEP 42", () => {
  const kinds = { a: "query", r: "answer", e: "answer", q: "unclear" };
  for (const [key, kind] of Object.entries(kinds)) {
    for (const ip of ["", "2:ip6:abcdef", "2:ip18:abcdefghijklmnopqr"]) {
      assert.equal(classifyByPrefix(utf8(`d${ip}1:${key}d2:id20:`)), kind, ip + key);
    }
  }
  for (const text of ["d2:ip6:abcde1:r", "d2:ip4:abcd1:r", "d2:ip", "d2:ix6:abcdef1:r"]) {
    assert.equal(classifyByPrefix(utf8(text)), "unclear", text);
  }
  assert.equal(classifyByPrefix(utf8("x")), "malformed");
});
