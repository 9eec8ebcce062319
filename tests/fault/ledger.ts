/**
 * A ledger of the changes that commands reported as done in a home. The test compares the ledger
 * with the home's files.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../src/base/mod.ts";
import { minimalFileName, parseMinimal, verifyArchive } from "../../src/package/mod.ts";
import { targetOf, verifyItem } from "../../src/records/mod.ts";
import { isArchiveName, StateDatabase } from "../../src/store/mod.ts";
import type { Home } from "../support/place.ts";

/** The ledger of one home: changes that commands have reported as done. */
export class Ledger {
  readonly #home: Home;
  /**
   * Packages reported as added, by `NAME@VERSION`, with whether the home also keeps their records.
   */
  readonly #present = new Map<string, { recordKept: boolean }>();
  readonly #removed = new Set<string>();
  /**
   * Verified archives: file name, and a stamp of inode, size and time. An archive with an unchanged
   * stamp is not verified again.
   */
  readonly #verified = new Map<string, string>();

  constructor(home: Home) {
    this.#home = home;
  }

  /** Packages that must be present in the home. */
  get present(): string[] {
    return [...this.#present.keys()];
  }

  /**
   * Notes a report that a package was added. With `recordKept`, the report also says that the home
   * keeps its record.
   */
  added(label: string, recordKept: boolean): void {
    const before = this.#present.get(label)?.recordKept ?? false;
    this.#present.set(label, { recordKept: recordKept || before });
    this.#removed.delete(label);
  }

  /** Notes a report that a package was removed. */
  removed(label: string): void {
    this.#present.delete(label);
    this.#removed.add(label);
  }

  /**
   * Notes that a change began but was not reported as done. The package may then be present or
   * absent.
   */
  uncertain(label: string): void {
    this.#present.delete(label);
    this.#removed.delete(label);
  }

  /** Compares the ledger with the files of the home. */
  async check(): Promise<void> {
    using state = StateDatabase.open(join(this.#home.path, "state.db"), systemClock);
    assert.equal(state.replaced, undefined, "the state was damaged");
    const found = new Set<string>();
    for (const name of this.#home.files().filter(isArchiveName)) {
      const archivePath = join(this.#home.seed, name);
      // Each file whose name is that of an archive must be a complete archive with its manifest.
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
      // Records of other kinds, such as entries of a name index, are not signed items.
      if (record.kind !== "manifest" && record.kind !== "announce") continue;
      const { item, target } = record;
      assert(verifyItem(item), "a kept record has a wrong signature");
      assert.deepEqual(targetOf(item.publicKey, item.salt), target);
    }
  }
}
