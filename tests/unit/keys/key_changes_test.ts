import assert from "node:assert/strict";
import { join } from "node:path";
import { utf8 } from "../../../src/base/mod.ts";
import { bencode } from "../../../src/bencode/mod.ts";
import {
  encryptKey,
  formatPublicKey,
  generateKeyPair,
  keyPairFromSeed,
  parseCertificateFile,
  type PublicKey,
  readKeyFile,
  recoveryGroups,
  seedOf,
  writeKeyFile,
} from "../../../src/identity/mod.ts";
import {
  changeKeys as change,
  createIdentity,
  type KeyChange,
  keyFacts,
  type KeyOrder,
  type KeySurroundings,
  type KnownElsewhere,
  openRoot,
} from "../../../src/keys/mod.ts";
import {
  decodeItem,
  decodePublisherRecord,
  encodeItem,
  encodePublisherRecord,
  publisherSalt,
  signItem,
  verifyItem,
} from "../../../src/records/mod.ts";
import { FakeTerminal, keySurroundings } from "../../support/key_surroundings.ts";
import { temporaryHome } from "../../support/mod.ts";

const root = { from: "home" } as const;
const other = generateKeyPair();
const NOW = keySurroundings().now();
const DAY_MS = 86_400_000;
/** Days that have passed since {@linkcode NOW}: each change is made on a day of its own. */
let day = 0;

/** A home with an identity whose root key stays in it. */
class Home implements AsyncDisposable {
  readonly keyPath: string;
  readonly #directory: AsyncDisposable;

  private constructor(path: string, directory: AsyncDisposable) {
    this.keyPath = join(path, "keys", "publisher.key");
    this.#directory = directory;
  }

  static async make(): Promise<Home> {
    const directory = await temporaryHome();
    const home = new Home(directory.path, directory);
    const order = { root: { to: "home" as const }, certifyExisting: false };
    await createIdentity(home.keyPath, order, keySurroundings());
    return home;
  }

  at(given: Parameters<typeof keySurroundings>[0] = {}): KeySurroundings {
    return keySurroundings({ now: () => NOW + day * DAY_MS, ...given });
  }

  async change(
    order: KeyOrder,
    known: KnownElsewhere = {},
    at: KeySurroundings = this.at(),
  ): Promise<KeyChange> {
    const opened = await openRoot(order.root, join(this.keyPath, "..", "root.key"), at);
    return await change(this.keyPath, order, known, opened, at);
  }

  async facts() {
    const { publicKey, certificate, record } = await keyFacts(this.keyPath, this.at());
    return {
      publicKey: publicKey!,
      certificate: certificate!,
      record: decodePublisherRecord(decodeItem(record!).value),
      bytes: record!,
    };
  }

  /** Everything in `keys`, by name. */
  async files(): Promise<Record<string, string>> {
    const files: Record<string, string> = {};
    for await (const { name } of Deno.readDir(join(this.keyPath, ".."))) {
      files[name] = (await Deno.readFile(join(this.keyPath, "..", name))).toBase64();
    }
    return files;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#directory[Symbol.asyncDispose]();
  }
}

const certify = (key: PublicKey, more: { names?: string[]; forMs?: number } = {}): KeyOrder => ({
  do: "certify",
  root,
  key: formatPublicKey(key),
  ...more,
});
const revoke = (key?: PublicKey): KeyOrder => ({
  do: "revoke",
  root,
  ...(key && { key: formatPublicKey(key) }),
  reason: "stolen",
  yes: true,
});

Deno.test("a certified key is in the record, with its names and its time", async () => {
  await using home = await Home.make();
  day++;
  const { identity, record, certificate, key } = await home.change(
    certify(other.publicKey, { names: ["a", "b-*"], forMs: DAY_MS }),
  );
  assert.deepEqual(key, other.publicKey);
  const now = NOW + day * DAY_MS;
  const limits = { fromMs: now, untilMs: now + DAY_MS, names: ["a", "b-*"] };
  const read = parseCertificateFile(certificate!);
  assert.deepEqual(
    [read.root, read.key, read.fromMs, read.untilMs, read.names],
    [identity, other.publicKey, ...Object.values(limits)],
  );
  const item = decodeItem(record);
  assert(verifyItem(item) && item.seq === now);
  const facts = await home.facts();
  assert.deepEqual(facts.bytes, record);
  assert.deepEqual(facts.record.signingKeys[1], { key: other.publicKey, ...limits });
  assert.deepEqual(facts.record.signingKeys[0]!.key, facts.publicKey);
});

Deno.test("a rotation certifies a new key, and ends the time of the old one", async () => {
  await using home = await Home.make();
  const before = await home.facts();
  day++;
  const { key, keptAs } = await home.change({ do: "rotate", root });
  const after = await home.facts();
  assert.deepEqual([after.publicKey, after.certificate.key], [key, key]);
  assert.notDeepEqual(after.publicKey, before.publicKey);
  assert.deepEqual((await readKeyFile(keptAs!)).publicKey, before.publicKey);
  assert.deepEqual(after.record.signingKeys, [
    { key, fromMs: NOW + day * DAY_MS },
    { key: before.publicKey, fromMs: NOW, untilMs: NOW + day * DAY_MS },
  ]);
});

Deno.test("a revocation of the home's own key certifies a new one in the same record", async () => {
  await using home = await Home.make();
  const before = await home.facts();
  day++;
  const good = { hashes: [new Uint8Array(32).fill(2), new Uint8Array(32).fill(1)] };
  const { revoked, key } = await home.change(revoke(), { good });
  const { record, publicKey } = await home.facts();
  assert.deepEqual([revoked, publicKey], [before.publicKey, key]);
  assert.deepEqual(record.signingKeys, [{ key, fromMs: NOW + day * DAY_MS }]);
  const sinceMs = NOW + day * DAY_MS;
  assert.deepEqual(record.revokedKeys, [{ key: revoked, sinceMs, reason: "stolen" }]);
  assert.deepEqual(record.good, [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)]);
  const named = await home.change(revoke(publicKey));
  assert.notDeepEqual(named.key, undefined, "the own key is replaced when it is named, too");
});

Deno.test("good archives of two revocations add up, and a list takes their place", async () => {
  await using home = await Home.make();
  const hash = (byte: number) => new Uint8Array(16).fill(byte);
  await home.change(revoke(), { good: { hashes: [hash(1)] } });
  await home.change(revoke(), { good: { hashes: [hash(3), hash(1)] } });
  assert.deepEqual((await home.facts()).record.good, [hash(1), hash(3)]);
  const many = Array.from({ length: 16 }, (_, at) => hash(at));
  const before = await home.files();
  await assert.rejects(home.change(revoke(), { good: { hashes: [...many, hash(99)] } }), {
    code: "KEY_CHANGE_INVALID",
  });
  assert.deepEqual(await home.files(), before);
  const list = new Uint8Array(20).fill(7);
  await home.change(revoke(), { good: { hashes: [], list } });
  const { record } = await home.facts();
  assert.deepEqual([record.good, record.goodList], [undefined, list]);
  await home.change(revoke());
  assert.deepEqual((await home.facts()).record.goodList, list);
});

Deno.test("a change continues the newest record, and keeps the revocations of all", async () => {
  await using home = await Home.make();
  const { publicKey, certificate } = await home.facts();
  const rootPair = await readKeyFile(join(home.keyPath, "..", "root.key"));
  const [third, fourth] = [generateKeyPair().publicKey, generateKeyPair().publicKey];
  const seen = (record: Parameters<typeof encodePublisherRecord>[0], seq: number) =>
    signItem(rootPair, { salt: publisherSalt(), seq, value: encodePublisherRecord(record) })
      .then(encodeItem);
  await home.change(revoke(third));
  day++;
  const elsewhere = await seen({
    timestampMs: NOW,
    signingKeys: [{ key: publicKey, fromMs: NOW }, { key: fourth, fromMs: NOW }],
    revokedKeys: [],
  }, NOW + 1_000 * DAY_MS);
  const { record } = await home.change(certify(other.publicKey), { seen: [elsewhere] });
  const item = decodeItem(record);
  assert.equal(item.seq, NOW + 1_000 * DAY_MS + 1);
  const { signingKeys, revokedKeys } = decodePublisherRecord(item.value);
  assert.deepEqual(signingKeys.map(({ key }) => key), [publicKey, fourth, other.publicKey]);
  assert.deepEqual(revokedKeys.map(({ key }) => key), [third]);
  assert.deepEqual(certificate.root, rootPair.publicKey);
});

Deno.test("a record that the root key has not signed is refused, and so are a huge seq and a key twice", async () => {
  await using home = await Home.make();
  const { publicKey, bytes } = await home.facts();
  const rootPair = await readKeyFile(join(home.keyPath, "..", "root.key"));
  const signing = await readKeyFile(home.keyPath);
  const value = encodePublisherRecord({ timestampMs: NOW, signingKeys: [], revokedKeys: [] });
  const salt = publisherSalt();
  const byThief = encodeItem(await signItem(signing, { salt, seq: NOW * 2, value }));
  const damaged = bytes.with(bytes.length - 2, bytes.at(-2)! ^ 1);
  const elsewhere = encodeItem(
    await signItem(rootPair, { salt: new Uint8Array(32), seq: NOW * 2, value }),
  );
  const huge = encodeItem(
    await signItem(rootPair, { salt, seq: Number.MAX_SAFE_INTEGER - 1, value }),
  );
  const before = await home.files();
  const entry = { f: NOW, k: signing.publicKey };
  const twice = encodeItem(
    await signItem(rootPair, { salt, seq: NOW * 2, value: bencode({ c: [entry, entry], t: NOW }) }),
  );
  for (const seen of [byThief, damaged, elsewhere, huge, twice, utf8("x")]) {
    await assert.rejects(home.change(certify(other.publicKey), { seen: [seen] }), {
      code: "RECORD_INVALID",
    });
    assert.deepEqual(await home.files(), before);
  }
  assert.deepEqual((await home.facts()).publicKey, publicKey);
});

Deno.test("a change that is not possible names the reason, and changes nothing", async () => {
  await using home = await Home.make();
  const rootKey = (await home.facts()).certificate.root;
  await home.change(revoke(other.publicKey));
  const before = await home.files();
  const orders: [KeyOrder, RegExp][] = [
    [certify(other.publicKey), /was revoked \(stolen\).*not taken back/],
    [certify(rootKey), /root key itself/],
    [revoke(other.publicKey), /revoked already/],
    [revoke(rootKey), /root key itself/],
    [{ ...revoke(), sinceMs: NOW + 1_000 * DAY_MS } as KeyOrder, /--since is in the future/],
  ];
  for (const [order, message] of orders) {
    await assert.rejects(home.change(order), { code: "KEY_CHANGE_INVALID", message });
    assert.deepEqual(await home.files(), before);
  }
});

Deno.test("five keys are in force at most; those whose time has ended make place", async () => {
  await using home = await Home.make();
  await home.change(certify(generateKeyPair().publicKey, { forMs: DAY_MS }));
  for (let i = 0; i < 3; i++) await home.change(certify(generateKeyPair().publicKey));
  await assert.rejects(home.change(certify(other.publicKey)), { message: /5 keys sign/ });
  day += 2;
  await home.change(certify(other.publicKey));
  assert.equal((await home.facts()).record.signingKeys.length, 5);
});

Deno.test("eight keys are revoked at most", async () => {
  await using home = await Home.make();
  for (let i = 0; i < 8; i++) await home.change(revoke(generateKeyPair().publicKey));
  await assert.rejects(home.change(revoke()), { message: /8 keys of this identity are revoked/ });
});

Deno.test("the root key of another identity is refused", async () => {
  await using home = await Home.make();
  await using elsewhere = await temporaryHome();
  const path = join(elsewhere.path, "root.key");
  await writeKeyFile(path, other);
  const before = await home.files();
  await assert.rejects(home.change({ do: "rotate", root: { from: "file", path } }), {
    code: "ROOT_MISMATCH",
  });
  assert.deepEqual(await home.files(), before);
});

Deno.test("the recovery code on standard input is the root key; a wrong letter names its group", async () => {
  await using home = await Home.make();
  const rootFile = join(home.keyPath, "..", "root.key");
  const rootPair = await readKeyFile(rootFile);
  const groups = recoveryGroups(seedOf(rootPair));
  await Deno.remove(rootFile);
  const order: KeyOrder = { do: "rotate", root: { from: "stdin" } };
  await assert.rejects(home.change({ do: "rotate", root }), { code: "NO_ROOT" });
  const { identity } = await home.change(order, {}, home.at({ stdin: groups.join(" ") }));
  assert.deepEqual(identity, rootPair.publicKey);
  const before = await home.files();
  const wrong = groups.with(6, groups[6]!.replace(/^./, (c) => c === "x" ? "y" : "x"));
  await assert.rejects(home.change(order, {}, home.at({ stdin: wrong.join(" ") })), {
    message: /group 7 has a wrong character/,
  });
  assert.deepEqual(await home.files(), before);
  let asked = 0;
  const terminal = new FakeTerminal(() => (asked++ === 0 ? wrong : groups).join(" "));
  await home.change(order, {}, home.at({ terminal }));
  assert.match(terminal.shown, /group 7 has a wrong character/);
});

Deno.test("a revocation is confirmed at the terminal, or by --yes", async () => {
  await using home = await Home.make();
  const { yes: _, ...order } = revoke() as KeyOrder & { yes?: true };
  const before = await home.files();
  await assert.rejects(home.change(order as KeyOrder), { code: "TERMINAL_NEEDED" });
  const no = new FakeTerminal(() => "n");
  await assert.rejects(home.change(order as KeyOrder, {}, home.at({ terminal: no })), {
    code: "UNCONFIRMED",
  });
  assert.deepEqual(await home.files(), before);
  const good = { hashes: [new Uint8Array(16)] };
  const terminal = new FakeTerminal(() => "y");
  await home.change(order as KeyOrder, { good }, home.at({ terminal }));
  assert.match(terminal.shown, /stay good: 1\.\n/);
});

Deno.test("an encrypted key is replaced by one under the same passphrase", async () => {
  await using home = await Home.make();
  const pair = await readKeyFile(home.keyPath);
  await Deno.writeTextFile(home.keyPath, encryptKey(pair, "secret"));
  const before = await home.files();
  const wrong = new FakeTerminal(() => "wrong");
  await assert.rejects(
    home.change({ do: "rotate", root }, {}, home.at({ terminal: wrong })),
    { code: "PASSPHRASE_WRONG" },
  );
  assert.equal(wrong.shown.match(/Passphrase of/g)!.length, 3);
  await assert.rejects(home.change({ do: "rotate", root }), { code: "PASSPHRASE_NEEDED" });
  assert.deepEqual(await home.files(), before);
  const terminal = new FakeTerminal(() => "secret");
  const { key } = await home.change({ do: "rotate", root }, {}, home.at({ terminal }));
  const trying = async function* () {
    yield "secret";
  };
  assert.deepEqual((await readKeyFile(home.keyPath, undefined, trying)).publicKey, key);
});

Deno.test("two processes do not change keys at the same time", async () => {
  await using home = await Home.make();
  const lock = await Deno.open(join(home.keyPath, "..", ".lock"), { write: true });
  await lock.lock(true);
  await assert.rejects(home.change({ do: "rotate", root }), { code: "KEYS_BUSY", kind: "in-use" });
  lock.close();
  await home.change({ do: "rotate", root });
});

Deno.test("a key that has no root is not rotated", async () => {
  await using directory = await temporaryHome();
  const keyPath = join(directory.path, "keys", "publisher.key");
  await writeKeyFile(keyPath, keyPairFromSeed(new Uint8Array(32)));
  const order: KeyOrder = { do: "rotate", root };
  await assert.rejects(change(keyPath, order, {}, other, keySurroundings()), {
    message: /keygen --certify-existing/,
  });
});

Deno.test("a root key that is not where it was named is an error that says which file to name", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "stick", "root.key");
  await assert.rejects(openRoot({ from: "file", path }, path, keySurroundings()), {
    name: "KeysError",
    code: "NO_ROOT",
    kind: "not-found",
    message: /There is no root key at .*root\.key\. Name the file that `keygen --root-out`/,
  });
});
