/**
 * A seed directory with listed archives, a state database, and a fake worker, for the tests of reuse.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { parsePublicKey } from "../../../../src/identity/mod.ts";
import type { ReusedRange } from "../../../../src/engine/mod.ts";
import { rememberVerified } from "../../../../src/fetching/mod.ts";
import { Reuser, type ReuserOptions } from "../../../../src/host/reuse/mod.ts";
import type { ReusingWorker } from "../../../../src/host/reuse/reuse.ts";
import { minimalFileName, serializeMinimal } from "../../../../src/package/mod.ts";
import { SeedDirectory, StateDatabase } from "../../../../src/store/mod.ts";
import type { ListedArchive } from "../../../support/listed_archives.ts";
import { temporaryHome } from "../../../support/mod.ts";
import { signer } from "../../../support/package_archives.ts";
import { signedMinimal } from "../../../support/signed.ts";

/** A fake worker, which remembers what it was asked for. */
export class FakeWorker implements ReusingWorker {
  readonly wanted: number[] = [];
  readonly #offered = Promise.withResolvers<ReusedRange[]>();
  offers = 0;

  wantBeginning = (_infoHashHex: string, wantedBytes: number): Promise<void> => {
    this.wanted.push(wantedBytes);
    return Promise.resolve();
  };

  offerReused = (_infoHashHex: string, ranges: ReusedRange[]) => {
    this.offers++;
    this.#offered.resolve(ranges);
    const reusedBytes = ranges.reduce(
      (sum, { startBytes, endBytes }) => sum + endBytes - startBytes,
      0,
    );
    return Promise.resolve({ reusedBytes });
  };

  /** Resolves with the ranges of the first offer. */
  get offered(): Promise<ReusedRange[]> {
    return this.#offered.promise;
  }
}

export const infoHashHex = "ab".repeat(20);
/** Identity of the publisher of all archives that name no other one. */
export const publisher = signer.publicKey;

/** Makes an empty seed directory with a state database. */
export async function reuseWorld(options: Partial<ReuserOptions> = {}) {
  const home = await temporaryHome();
  const seeds = new SeedDirectory(join(home.path, "seed"));
  await seeds.ensure();
  const clock = { now: () => 0, after: () => assert.fail("the state sets no timers") };
  const state = StateDatabase.open(join(home.path, "state.db"), clock);
  const worker = new FakeWorker();
  const partial = join(seeds.path, `.partial-${infoHashHex}`);
  const reuser = new Reuser({
    ...{ state, worker, directory: seeds.path, isOn: () => true, isSeeded: () => true },
    ...options,
  });
  return {
    ...{ seeds, state, worker, partial, reuser },
    /** Puts an archive into the seed directory, as a verified one. Returns its path. */
    async add(name: string, { bytes }: Pick<ListedArchive, "bytes">, pair = signer) {
      const archivePath = join(seeds.path, `${name}-1.0.0.tgz`);
      const minimal = signedMinimal({
        ...{ name, version: "1.0.0", btih: infoHashHex, length: bytes.length, timestamp: 0 },
        archiveSha256: "sha256:" + createHash("sha256").update(bytes).digest("hex"),
      }, pair);
      await Deno.writeFile(archivePath, bytes);
      await Deno.writeTextFile(minimalFileName(archivePath), serializeMinimal(minimal));
      const entry = await seeds.entry(`${name}-1.0.0.tgz`);
      assert.ok(entry && entry.problem === undefined, entry?.problem);
      assert.deepEqual(parsePublicKey(minimal.pubkey), pair.publicKey);
      rememberVerified(state, entry);
      return archivePath;
    },
    /** Begins the reuse of a download of an archive, and writes the beginning that is there. */
    async begin(
      { bytes }: ListedArchive,
      readyBytes: number,
      of: Uint8Array | undefined = publisher,
    ) {
      await Deno.writeFile(partial, bytes.subarray(0, readyBytes));
      const copied: number[] = [];
      const reuse = reuser.begin({
        ...{ infoHashHex, path: partial, lengthBytes: bytes.length, publisher: of },
        onCopied: (count) => copied.push(count),
      });
      reuse?.advance({ readyBytes: 0, lengthBytes: bytes.length });
      reuse?.advance({ readyBytes, lengthBytes: bytes.length });
      return { reuse, copied };
    },
    async [Symbol.asyncDispose]() {
      state.close();
      await home.remove();
    },
  };
}
