/**
 * What a home has been told is done, and whether it is still so.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../src/base/mod.ts";
import { minimalFileName, parseMinimal, verifyArchive } from "../../src/package/mod.ts";
import { targetOf, verifyItem } from "../../src/records/mod.ts";
import { isArchiveName, StateDatabase } from "../../src/store/mod.ts";
import type { Home } from "../support/place.ts";

/** Keeps account of one home. */
export class Ledger {
  readonly #home: Home;
  /** What was reported done: `NAME@VERSION` and whether its record is kept too. */
  readonly #present = new Map<string, { recordKept: boolean }>();
  readonly #removed = new Set<string>();
  /** Archives that were verified, as they lay there then. */
  readonly #verified = new Map<string, string>();

  constructor(home: Home) {
    this.#home = home;
  }

  /** Packages that must be there. */
  get present(): string[] {
    return [...this.#present.keys()];
  }

  /** It was reported that the package is there and, with `recordKept`, that its record is. */
  added(label: string, recordKept: boolean): void {
    const before = this.#present.get(label)?.recordKept ?? false;
    this.#present.set(label, { recordKept: recordKept || before });
    this.#removed.delete(label);
  }

  /** It was reported that the package is gone. */
  removed(label: string): void {
    this.#present.delete(label);
    this.#removed.add(label);
  }

  /** Something was begun with the package and nothing reported: both are right from now on. */
  uncertain(label: string): void {
    this.#present.delete(label);
    this.#removed.delete(label);
  }

  /** Compares the account with what lies on the disk. */
  async check(): Promise<void> {
    using state = StateDatabase.open(join(this.#home.path, "state.db"), systemClock);
    assert.equal(state.replaced, undefined, "the state was damaged");
    const found = new Set<string>();
    for (const name of this.#home.files().filter(isArchiveName)) {
      const archivePath = join(this.#home.seed, name);
      // Whatever has an archive's name is a whole archive with its manifest.
      const minimal = parseMinimal(await Deno.readFile(minimalFileName(archivePath)));
      const { ino, size, mtime } = await Deno.stat(archivePath);
      const stamp = `${ino} ${size} ${mtime!.getTime()} ${minimal.archiveSha256}`;
      if (this.#verified.get(name) !== stamp) await verifyArchive({ archivePath, minimal });
      this.#verified.set(name, stamp);
      found.add(`${minimal.name}@${minimal.version}`);
    }
    for (const [label, { recordKept }] of this.#present) {
      assert(found.has(label), `${label} was reported done, and is gone`);
      if (!recordKept) continue;
      const [, name, version] = /^(.+)@(.+)$/.exec(label)!;
      assert.equal(state.records.list({ kind: "manifest", name, version }).length, 1, label);
    }
    for (const label of this.#removed) {
      assert(!found.has(label), `${label} was reported removed, and is there`);
      const [, name, version] = /^(.+)@(.+)$/.exec(label)!;
      assert.deepEqual(state.records.list({ kind: "manifest", name, version }), [], label);
    }
    for (const record of state.records.list()) {
      // Of a name index an entry is kept too, which is no item.
      if (record.kind !== "manifest" && record.kind !== "announce") continue;
      const { item, target } = record;
      assert(verifyItem(item), "a record that is kept has a wrong signature");
      assert.deepEqual(targetOf(item.publicKey, item.salt), target);
    }
  }
}
