import assert from "node:assert/strict";
import { grantedRequests, type RequestGrants } from "../../../src/launcher/granted_requests.ts";
import { formatPublicKey } from "../../../src/identity/mod.ts";
import { type KeyOrder, keyOrderOf } from "../../../src/keys/mod.ts";
import {
  KEY_CHANGING,
  KEY_PACKING,
  KEY_PUBLISHING,
  KEY_PUTTING,
  KEY_READING,
  type KeyUse,
} from "../../../src/launcher/key_uses.ts";
import { localRequests } from "../../../src/launcher/mod.ts";
import type { Statement } from "../../../src/identity/mod.ts";

const NOW = Date.UTC(2026, 0, 1);
const YEAR_MS = 366 * 24 * 3_600_000;
const key = "/home/keys/publisher.key";
const [ANN, BEN] = [1, 2].map((byte) => formatPublicKey(new Uint8Array(32).fill(byte))) as [
  string,
  string,
];
const record: Statement = { kind: "record", seq: 1, value: new Uint8Array(1) };

function requestsFor(
  keyUses: readonly KeyUse[],
  keyPath: string | undefined = key,
  keyLine?: RequestGrants["keyLine"],
) {
  const grants: RequestGrants = {
    ...{ keyPath, keyUses, port: 6881, storePath: undefined, links: [], staging: new Map() },
    ...{ places: [], described: [], isExamined: false, wantsEngine: false, mapsPort: false },
    keyLine,
    watchesAddresses: false,
    bind: undefined,
  };
  const bytes = () => Promise.resolve(new Uint8Array(1));
  const fakes = {
    ...localRequests(),
    signingKey: async () => ({ publicKey: await bytes() }),
    sign: bytes,
    createKey: bytes,
    rootKey: bytes,
    changeKeys: async () => ({ identity: await bytes(), record: await bytes() }),
    createIdentity: async () => ({
      identity: await bytes(),
      key: await bytes(),
      record: await bytes(),
    }),
    examineKey: () => Promise.resolve({ owners: [] }),
  };
  return grantedRequests(grants, fakes, () => NOW);
}

async function isRefused(request: Promise<unknown>): Promise<boolean> {
  return await request.then(() => false, ({ code }) => code === "NOT_GRANTED");
}

Deno.test("each use of the key is granted separately", async () => {
  const statements: Statement[] = [
    { kind: "full manifest", json: new Uint8Array(1) },
    { kind: "minimal manifest", json: new Uint8Array(1) },
    record,
    { kind: "name entry", name: "a", version: "1.0.0", firstSeenMs: 1, timestampMs: 1 },
  ];
  const expected: [readonly KeyUse[], string][] = [
    [KEY_READING, "signingKey"],
    [["create it"], "createKey"],
    [["examine it"], "examineKey"],
    [KEY_PACKING, "signingKey full manifest minimal manifest"],
    [KEY_PUTTING, "signingKey record"],
    [KEY_PUBLISHING, "signingKey full manifest minimal manifest record name entry"],
    [[], ""],
  ];
  for (const [uses, names] of expected) {
    const { signingKey, createKey, examineKey, sign } = requestsFor(uses);
    const asked: [string, Promise<unknown>][] = [
      ["signingKey", signingKey(key)],
      ["createKey", createKey(key)],
      ["examineKey", examineKey(key)],
      ...statements.map((one): [string, Promise<unknown>] => [one.kind, sign(key, one)]),
    ];
    const granted: string[] = [];
    for (const [name, request] of asked) if (!await isRefused(request)) granted.push(name);
    assert.equal(granted.join(" "), names);
  }
});

Deno.test("the launcher carries out the order of the command line, and no other", async () => {
  const line = { args: ["certify", ANN], flags: { names: "a", until: "1d" }, cwd: "/here" };
  const { rootKey, changeKeys } = requestsFor(KEY_CHANGING, key, line);
  const order = keyOrderOf(line.args, line.flags, line.cwd)!;
  assert(!await isRefused(rootKey(key, order)));
  assert(!await isRefused(changeKeys(key, order, {})));
  const others: KeyOrder[] = [
    { ...order, key: BEN } as KeyOrder,
    { ...order, names: undefined } as unknown as KeyOrder,
    { ...order, root: { from: "file", path: "/here/other.key" } },
    { do: "rotate", root: { from: "home" } },
  ];
  for (const other of others) {
    assert(await isRefused(rootKey(key, other)), JSON.stringify(other));
    assert(await isRefused(changeKeys(key, other, {})), JSON.stringify(other));
  }
  const { createIdentity } = requestsFor(["make an identity"], key, {
    args: [],
    flags: { rootOut: "root.key" },
    cwd: "/here",
  });
  const made = (path: string) =>
    createIdentity(key, { root: { to: "file", path }, certifyExisting: false });
  assert(!await isRefused(made("/here/root.key")));
  assert(await isRefused(made("/here/other.key")));
});

Deno.test("a path other than the key's is refused, also if no key is known", async () => {
  assert(await isRefused(requestsFor(KEY_PUBLISHING).sign("/home/keys/../keys/other.key", record)));
  const { signingKey } = requestsFor(KEY_READING, undefined);
  assert(await isRefused(signingKey("/other")));
});

Deno.test("a record whose sequence number lies too far ahead is not signed", async () => {
  const { sign } = requestsFor(KEY_PUBLISHING);
  for (const seq of [Number.MAX_SAFE_INTEGER, NOW + 101 * YEAR_MS, Infinity]) {
    assert(await isRefused(sign(key, { ...record, seq })), String(seq));
  }
  for (const seq of [1, NOW, NOW + 99 * YEAR_MS]) {
    assert(!await isRefused(sign(key, { ...record, seq })), String(seq));
  }
});
