/**
 * Looks the manifest record of one version up in the DHT and at the publisher's rendezvous. A version that
 * its publisher does not announce individually has no record in the DHT, but its seeders have the record, and
 * the publisher's catalog has the manifest.
 *
 * @module
 */

import { equalBytes, LibreseedError, type Timer, toHex } from "../base/mod.ts";
import type { CallOptions } from "../control/mod.ts";
import {
  manifestSalt,
  type MutableItem,
  type RendezvousAnswer,
  verifyItem,
} from "../records/mod.ts";
import type { Trust } from "../trust/mod.ts";
import type { MinimalManifest } from "../package/mod.ts";
import type { FindOptions } from "./find_record.ts";
import type { ShownItem } from "./head_start.ts";
import { minimalOf } from "./manifest_record.ts";
import type { Lookups } from "./publisher_keys.ts";
import type { LookupCounts } from "./record_lookup.ts";
import { Asking } from "./rendezvous.ts";

/** One version of a package of a known publisher. */
export interface WantedVersion {
  /** The publisher's identity, 32 bytes. */
  publicKey: Uint8Array;
  name: string;
  version: string;
  /** `HOST:PORT` of peers that may have the record, besides those that the DHT names. */
  peers?: string[];
}

/** A manifest in a catalog, and the node counts of the lookup that found no record of it. */
export interface ListedManifest {
  minimal: MinimalManifest;
  counts: LookupCounts;
}

/**
 * Time that the DHT has to show the record before the peers of the rendezvous are asked for it (ms). Most
 * records are shown within that time, and the question would cost one more lookup and up to 64 connections.
 */
const DHT_FIRST_MS = 1_000;

/** The lookups of one version's manifest record. */
export class ManifestLookups implements Lookups {
  readonly askRendezvous: Lookups["askRendezvous"];
  readonly #operations: Lookups;
  readonly #trust: Trust;
  readonly #wanted: WantedVersion;
  readonly #options: FindOptions;
  readonly #salt: Uint8Array;
  /** Keys (hex) under which the record was looked up. */
  readonly #keys = new Set<string>();
  /** Records of the version that peers or nodes have shown, with a valid signature. */
  readonly #shown: MutableItem[] = [];
  /** Keys (hex) whose records are accepted. */
  readonly #accepted = new Set<string>();
  /** Number of answers that were looked at. */
  #checked = 0;
  #asking: Asking | undefined;
  #askLater: Timer | undefined;
  /** Resolves when the question that is asked later has been asked, or given up. */
  readonly #due = Promise.withResolvers<void>();
  readonly #listed = Promise.withResolvers<ListedManifest>();
  /** Resolves when the manifest in the catalog has come; never if there is none. */
  readonly #lineCame: Promise<void>;
  #line: MinimalManifest | undefined;
  #hasEnded = false;

  /** @param line the manifest in the publisher's catalog, if there is one */
  constructor(
    operations: Lookups,
    trust: Trust,
    wanted: WantedVersion,
    options: FindOptions,
    line?: Promise<MinimalManifest | undefined>,
  ) {
    this.askRendezvous = operations.askRendezvous;
    this.#operations = operations;
    this.#trust = trust;
    this.#wanted = wanted;
    this.#options = options;
    this.#salt = manifestSalt(wanted.name, wanted.version);
    this.#lineCame = new Promise((resolve) => {
      line?.then((minimal) => {
        if (!minimal || !trust.accepts(minimal)) return;
        this.#line = minimal;
        resolve();
      }, () => {
        // Without the catalog, the record is needed.
      });
    });
  }

  /** Resolves when no node has the record, and the catalog has the manifest; otherwise never. */
  get listed(): Promise<ListedManifest> {
    return this.#listed.promise;
  }

  /** Asks the peers of the rendezvous for the record, unless they were asked before. */
  ask(): Asking {
    this.#due.resolve();
    const { publicKey, name, version, peers = [] } = this.#wanted;
    const question = { publicKey, name, version, ...(peers.length > 0 && { peers }) };
    return this.#asking ??= new Asking(this.#operations, question, this.#options);
  }

  /**
   * Asks the peers of the rendezvous in a second, unless the DHT has shown a record by then that is
   * accepted. A lookup that ends without a record asks them at once, if the publisher's keys are known.
   */
  askLater(): void {
    this.#askLater = this.#options.clock.after(DHT_FIRST_MS, () => this.ask());
  }

  /** Gives the question to the rendezvous up, and refuses further lookups. */
  end(): void {
    this.#hasEnded = true;
    this.#giveUp();
  }

  /** Ends the question to the rendezvous, or prevents it if it was not asked yet. */
  #giveUp(): void {
    this.#askLater?.cancel();
    this.#due.resolve();
    this.#asking?.stop();
  }

  /**
   * Looks a record up in the DHT. If no node has the manifest record, waits until a peer of the rendezvous
   * has shown one that is accepted, the question has ended, or the catalog has the manifest.
   */
  readonly lookUp: Lookups["lookUp"] = async (key, options) => {
    if (this.#hasEnded) throw new Error("The manifest is known from elsewhere");
    this.#keys.add(toHex(key.publicKey));
    if (!equalBytes(key.salt, this.#salt)) return await this.#operations.lookUp(key, options);
    const outcome = await this.#operations.lookUp(key, this.#watched(options));
    if (outcome.item) {
      // Lookups under other keys then need not wait for the peers.
      if (this.#check(outcome.item)) this.#giveUp();
      return outcome;
    }
    // The publisher record may lead to another key, which has signed the version.
    const isKnown = this.#trust.signingKeys(this.#wanted.publicKey) !== undefined;
    if (this.#askLater && !isKnown) await this.#due.promise;
    if (!this.#line && !this.#hasAccepted([]) && !this.#hasEnded) {
      const answered = this.ask().until((answers) => this.#hasAccepted(answers));
      await Promise.race([answered, this.#lineCame]);
    }
    if (this.#line) {
      this.#giveUp();
      const { item: _, others: __, ...counts } = outcome;
      this.#listed.resolve({ minimal: this.#line, counts });
      return outcome;
    }
    const [item] = this.#shown.filter(({ publicKey }) => equalBytes(publicKey, key.publicKey))
      .sort((a, b) => b.seq - a.seq);
    return item ? { ...outcome, item } : outcome;
  };

  /** Has the first accepted record that a node shows end the question: the lookup then finds a record. */
  #watched(options: CallOptions<ShownItem> = {}): CallOptions<ShownItem> {
    return {
      ...options,
      onEvent: (event) => {
        options.onEvent?.(event);
        if (this.#check(event.item)) this.#giveUp();
      },
    };
  }

  /** Whether peers have shown a record that is accepted, under one of the keys that were looked up. */
  #hasAccepted(answers: readonly RendezvousAnswer[]): boolean {
    for (; this.#checked < answers.length; this.#checked++) {
      for (const item of answers[this.#checked]!.items) this.#check(item);
    }
    return [...this.#accepted].some((keyHex) => this.#keys.has(keyHex));
  }

  /**
   * Takes a record up if it is one of the wanted version. Strangers may have sent it. Returns whether it is
   * accepted.
   */
  #check(item: MutableItem): boolean {
    if (!equalBytes(item.salt, this.#salt) || !verifyItem(item)) return false;
    try {
      const minimal = minimalOf(item, this.#wanted);
      this.#shown.push(item);
      if (!this.#trust.accepts(minimal)) return false;
      this.#accepted.add(toHex(item.publicKey));
      return true;
    } catch (error) {
      if (!(error instanceof LibreseedError)) throw error;
      return false;
    }
  }
}
