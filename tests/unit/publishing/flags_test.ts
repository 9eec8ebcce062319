/**
 * Changes of a publisher's flags, with a fake DHT: without an answer, against another machine, and
 * without the catalog that has them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { equalBytes, LibreseedError, systemClock, toHex } from "../../../src/base/mod.ts";
import { homePaths } from "../../../src/control/mod.ts";
import type { Operations } from "../../../src/control/operations.ts";
import { manifestValue } from "../../../src/fetching/manifest_record.ts";
import { type KeyPair, keyPairFromSeed } from "../../../src/identity/mod.ts";
import { catalogFileName, type MinimalManifest } from "../../../src/package/mod.ts";
import { updateAnnounceRecord } from "../../../src/publishing/announce_record.ts";
import {
  changeFlags,
  deprecating,
  type FlagChange,
  settingTag,
  tagging,
  unyanking,
  yanking,
} from "../../../src/publishing/flags.ts";
import { ListedPackages } from "../../../src/publishing/listed_packages.ts";
import {
  announceSalt,
  decodeAnnounceRecord,
  manifestSalt,
  type MutableItem,
  type NameIndexEntry,
} from "../../../src/records/mod.ts";
import { SeedDirectory, StateDatabase } from "../../../src/store/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { packageFlagsOf } from "../../support/flags.ts";
import { temporaryHome } from "../../support/mod.ts";
import { signedItem, signedMinimal } from "../../support/signed.ts";
import { nobodyMet } from "../../support/fake_rendezvous.ts";

const keys = keyPairFromSeed(new Uint8Array(32).fill(61));
const REASONS = ["1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0"].map((version) =>
  [version, `${version} `.repeat(40).trim()] as const
);

function minimal(version: string, name = "hello", by: KeyPair = keys): MinimalManifest {
  const hashes = { archiveSha256: `sha256:${"cd".repeat(32)}`, btih: "ab".repeat(20) };
  return signedMinimal({ name, version, ...hashes, length: 3, timestamp: 1_780_000_000_000 }, by);
}

/** Faults of the fake DHT, which otherwise answers with the last list and the listed manifests. */
interface Trouble {
  isSilent?: boolean;
  isSuperseded?: boolean;
}

/** Makes a publisher's home, and a fake DHT that has its list and its manifests. */
async function publisher() {
  const [directory, home] = [await temporaryHome(), await temporaryHome()];
  const clock = new FakeClock();
  const state = StateDatabase.open(homePaths(home.path).state, systemClock);
  let item: MutableItem | undefined;
  const trouble: Trouble = {};
  const entries: NameIndexEntry[] = [];
  const warnings: string[] = [];
  const manifests = new Map<string, MutableItem>();
  const itemOf = (salt: Uint8Array) =>
    equalBytes(salt, announceSalt(keys.publicKey)) ? item : manifests.get(toHex(salt));
  const operations = {
    ...nobodyMet,
    lookUp: ({ salt }: { salt: Uint8Array }) => {
      const responded = trouble.isSilent ? 0 : 8;
      return Promise.resolve({
        ...{ item: responded > 0 ? itemOf(salt) : undefined, others: [] },
        ...{ asked: 8, responded, invalid: 0 },
      });
    },
    keptItem: ({ salt }: { salt: Uint8Array }) => Promise.resolve({ item: itemOf(salt) }),
    nameEntry: () => Promise.resolve({ entry: entries.at(-1) }),
    indexName({ entry }: { entry: NameIndexEntry }) {
      entries.push(entry);
      return Promise.resolve({ outcome: { holding: 8 }, listed: true });
    },
    store(request: { item: MutableItem }) {
      if (trouble.isSuperseded) return Promise.resolve({ holding: 0, superseded: true });
      item = request.item;
      return Promise.resolve({ holding: 8 });
    },
    status: () => Promise.resolve({ daemon: false }),
    download: () => Promise.reject(new LibreseedError("network", "NOBODY", "nobody has it")),
  } as unknown as Operations;
  const context = {
    operations,
    seeds: new SeedDirectory(directory.path),
    clock,
    listed: new ListedPackages(() => state, homePaths(home.path).listLock, systemClock),
    onWarning: (message: string) => warnings.push(message),
  };
  const step = async <T>(work: Promise<T>) => {
    const done = await work;
    await clock.advance(1_000);
    return done;
  };
  return {
    trouble,
    entries,
    warnings,
    state,
    list(...added: MinimalManifest[]) {
      for (const one of added) {
        const salt = manifestSalt(one.name, one.version);
        manifests.set(toHex(salt), signedItem(keys, { salt, seq: 1, value: manifestValue(one) }));
      }
      return step(updateAnnounceRecord(context, keys, added, clock.now()));
    },
    listTagged: (tag: string, ...added: MinimalManifest[]) =>
      step(updateAnnounceRecord(context, keys, added, clock.now(), { flags: tagging(added, tag) })),
    change: (change: FlagChange, name = "hello") =>
      step(changeFlags(context, keys, name, change, clock.now())),
    record: () => decodeAnnounceRecord(item!.value),
    seq: () => item!.seq,
    loseCatalog: () => Deno.remove(join(directory.path, catalogFileName(keys.publicKey))),
    async [Symbol.asyncDispose]() {
      state.close();
      await directory.remove();
      await home.remove();
    },
  };
}

Deno.test("flags stay when packages are added, and the record stays when nothing has changed", async () => {
  await using ann = await publisher();
  await ann.list(minimal("1.0.0"), minimal("1.1.0"));
  const { changed, flags } = await ann.change(yanking("hello", "1.1.0", "loses data"));
  assert.deepEqual(changed, ["1.1.0"]);
  await ann.change(deprecating("hello", "<1.1", "use 1.1"));
  await ann.listTagged("next", minimal("2.0.0-rc.1"));
  const expected = new Map([[
    "hello",
    packageFlagsOf({
      yanked: { "1.1.0": "loses data" },
      deprecated: { "1.0.0": "use 1.1" },
      tags: { next: "2.0.0-rc.1" },
    }),
  ]]);
  assert.deepEqual(flags, packageFlagsOf({ yanked: { "1.1.0": "loses data" } }));
  assert.deepEqual(ann.record().flags, expected);
  const seq = ann.seq();
  await ann.list(minimal("1.0.0"));
  assert.deepEqual((await ann.change(yanking("hello", "1.1.0"))).changed, [], "the reason stays");
  assert.equal(ann.seq(), seq, "nothing has changed");
  await ann.list(minimal("1.2.0"));
  assert.deepEqual(ann.record().flags, expected);
  await ann.change(unyanking("hello", "*"));
  await ann.change(deprecating("hello", "*", ""));
  assert.deepEqual(ann.record().flags!.get("hello")!.yanked.size, 0);
  assert.deepEqual(ann.warnings, []);
});

Deno.test("the index of the name has the newest version that is not yanked, and the last one if all are", async () => {
  await using ann = await publisher();
  await ann.list(minimal("1.0.0"), minimal("1.1.0"));
  const newest = () => ann.entries.at(-1)?.version;
  await ann.change(yanking("hello", "1.1.0"));
  assert.equal(newest(), "1.0.0");
  await ann.change(yanking("hello", "*"));
  assert.equal(newest(), "1.0.0");
  await ann.change(unyanking("hello", "1.1.0"));
  assert.equal(newest(), "1.1.0");
});

Deno.test("without an answer of the DHT no flag is changed, and none after another machine's list", async () => {
  await using ann = await publisher();
  await ann.list(minimal("1.0.0"), minimal("1.1.0"));
  const seq = ann.seq();
  ann.trouble.isSilent = true;
  await assert.rejects(ann.change(yanking("hello", "1.1.0")), {
    code: "DHT_UNREACHABLE",
    kind: "network",
  });
  ann.trouble.isSilent = false;
  ann.trouble.isSuperseded = true;
  await assert.rejects(ann.change(yanking("hello", "1.1.0")), { code: "RECORD_SUPERSEDED" });
  assert.equal(ann.seq(), seq);
  assert.equal(ann.state.offers.get(keys.publicKey, "hello"), undefined);
  assert.deepEqual(ann.entries, []);
});

Deno.test("flags in a catalog that nobody has any more come from the home's memory", async () => {
  await using ann = await publisher();
  await ann.list(minimal("1.0.0"), ...REASONS.map(([version]) => minimal(version)));
  for (const [version, reason] of REASONS) await ann.change(yanking("hello", version, reason));
  assert.equal(ann.record().catalogHasFlags, true);
  await ann.loseCatalog();
  await assert.rejects(ann.change(yanking("hello", "1.0.0")), { code: "LIST_UNKNOWN" });
  await ann.list(minimal("1.0.0"), ...REASONS.map(([version]) => minimal(version)));
  assert.match(ann.warnings.join("\n"), /nobody has the catalog/);
  const { flags } = await ann.change(deprecating("hello", "1.0.0", "old"));
  assert.deepEqual(flags.yanked, new Map(REASONS));
  assert.deepEqual(flags.deprecated, new Map([["1.0.0", "old"]]));
});

Deno.test("flags that fit again leave the catalog for the record", async () => {
  await using ann = await publisher();
  await ann.list(minimal("1.0.0"), ...REASONS.map(([version]) => minimal(version)));
  for (const [version, reason] of REASONS) await ann.change(yanking("hello", version, reason));
  await ann.change(unyanking("hello", ">1.1.0"));
  const { catalogHasFlags, catalogInfoHash, flags, count } = ann.record();
  assert.deepEqual([catalogHasFlags, catalogInfoHash?.length, count], [undefined, 20, 6]);
  assert.deepEqual(
    flags,
    new Map([["hello", packageFlagsOf({ yanked: Object.fromEntries(REASONS.slice(0, 1)) })]]),
  );
});

Deno.test("a range selects listed versions only, prereleases and the version of a tag among them", async () => {
  await using ann = await publisher();
  await ann.list(...["1.0.0", "1.1.0-rc.1", "2.0.0"].map((version) => minimal(version)));
  assert.deepEqual((await ann.change(yanking("hello", "^1"))).changed, ["1.1.0-rc.1", "1.0.0"]);
  await ann.change(settingTag("hello", "2.0.0", "next"));
  assert.deepEqual((await ann.change(yanking("hello", "next"))).changed, ["2.0.0"]);
  for (const range of ["3.0.0", "^3", "beta"]) {
    await assert.rejects(ann.change(yanking("hello", range)), { code: "NOT_LISTED" });
  }
  await assert.rejects(ann.change(yanking("other", "*"), "other"), { code: "NOT_LISTED" });
  await assert.rejects(ann.change(settingTag("hello", "2.0.0", "beta")), {
    code: "VERSION_YANKED",
  });
});
