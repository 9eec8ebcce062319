/**
 * The knowledge of a home about publishers' keys: the tables of `state.db`, and `trust.log`, from
 * which a new database begins.
 *
 * @module
 */

import { type Clock, toHex, trustLogOf } from "../base/mod.ts";
import { certificateOf } from "../package/mod.ts";
import { decodePublisherRecord, type MutableItem } from "../records/mod.ts";
import {
  appendLine,
  type IdentitiesTable,
  logBytes,
  readLines,
  type StateDatabase,
  StoreError,
} from "../store/mod.ts";
import { isNewerRecord, problemOfTimes } from "./record_order.ts";
import { formatLine, type LogLine, readLine } from "./trust_log.ts";

/** Dependencies of {@linkcode Knowledge}. */
export interface KnowledgeOptions {
  /** Opens the home's state database. `trust.log` lies beside its file. */
  state: () => StateDatabase;
  clock: Clock;
  onWarning?: (message: string) => void;
}

/** The tables and the log with what a home has learned. */
export class Knowledge {
  readonly #options: KnowledgeOptions;
  #isRead = false;

  constructor(options: KnowledgeOptions) {
    this.#options = options;
  }

  /** The tables, which have everything that the log has. */
  get table(): IdentitiesTable {
    const { identities } = this.#options.state();
    if (!this.#isRead) {
      this.#isRead = true;
      this.#readLog();
    }
    return identities;
  }

  /** Saves a verified record or manifest in the log and in the tables. */
  add(line: LogLine): void {
    try {
      appendLine(this.#logPath, formatLine(line));
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#warnUnwritten(error);
      this.#apply(line);
      // The log counts as cut short, so the next start writes to it what the tables have.
      this.#options.state().identities.logBytes = Number.MAX_SAFE_INTEGER;
      return;
    }
    this.#readLog();
  }

  /**
   * Takes up the lines of the log that the database lacks: all of them if the database is new. If the
   * log was lost or is shorter than before, what the database has is added to it.
   */
  #readLog(): void {
    const state = this.#options.state();
    const { identities } = state;
    const path = this.#logPath;
    if (logBytes(path) === identities.logBytes) return;
    if (logBytes(path) < identities.logBytes) {
      try {
        this.#writeLog(identities);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        return this.#warnUnwritten(error);
      }
      identities.logBytes = 0;
    }
    state.transaction(() => {
      const { lines, endBytes } = readLines(path, identities.logBytes);
      let damaged = 0;
      for (const text of lines.filter((one) => one !== "")) {
        const line = readLine(text);
        if (line) this.#apply(line);
        else damaged++;
      }
      identities.logBytes = endBytes;
      if (damaged === 0) return;
      this.#options.onWarning?.(
        `${damaged === 1 ? "1 damaged line" : `${damaged} damaged lines`} of ${path} ` +
          "left out: what it said about keys of publishers is learned again from the network",
      );
    });
  }

  #warnUnwritten(error: StoreError): void {
    this.#options.onWarning?.(`trust.log was not written: ${error.message}`);
  }

  #writeLog(identities: IdentitiesTable): void {
    const seenMs = this.#options.clock.now();
    const items = new Map<string, MutableItem>();
    for (const { item } of [...identities.revocations(), ...identities.list()]) {
      if (item) items.set(toHex(item.signature), item);
    }
    for (const item of items.values()) appendLine(this.#logPath, formatLine({ seenMs, item }));
    for (const { root } of identities.list()) {
      for (const manifest of identities.proofs(root)) {
        appendLine(this.#logPath, formatLine({ seenMs, manifest }));
      }
    }
  }

  get #logPath(): string {
    return trustLogOf(this.#options.state().path);
  }

  #apply({ seenMs, item, manifest }: LogLine): void {
    const { identities, pins } = this.#options.state();
    if (!item) {
      const { root, key } = certificateOf(manifest)!;
      identities.add(root, seenMs);
      return identities.setProof(root, key, manifest);
    }
    const record = decodePublisherRecord(item.value);
    const root = item.publicKey;
    identities.add(root, seenMs);
    for (const revoked of record.revokedKeys) {
      const before = identities.revocation(root, revoked.key);
      if (!before) {
        // A thief of the key may have raised the high-water marks of the publisher's packages to versions
        // that are refused now. The marks do not say which key has signed a version, so all begin anew.
        for (const publicKey of [root, revoked.key]) pins.forgetMarks(publicKey);
      }
      if (!before || isNewerRecord(item, before.item)) {
        identities.revoke({ root, ...revoked, item });
      }
    }
    if (problemOfTimes(item, record, this.#options.clock.now()) !== undefined) return;
    const newest = identities.get(root)?.item;
    if (newest && !isNewerRecord(item, newest)) return;
    identities.setItem(item);
    identities.setSeen(root, seenMs);
  }
}
