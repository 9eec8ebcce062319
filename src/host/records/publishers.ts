/**
 * The publishers of whom this home seeds something: their identities, which of them this home is, and
 * how many mirrors each has.
 *
 * @module
 */

import { toHex } from "../../base/mod.ts";
import { parsePublicKey } from "../../identity/mod.ts";
import { parseMinimal } from "../../package/mod.ts";
import type { StateDatabase } from "../../store/mod.ts";
import { type Care, careOf, drawOf, KEEPERS, smoothedMirrors } from "./mirror_draw.ts";
import type { NameCare } from "./name_schedule.ts";

/** Name of the secret in `state.db` from which the draws of this home are made. */
const SECRET = "mirror draw";

/** The publishers of one home. */
export class Publishers {
  readonly #state: Pick<StateDatabase, "announcing" | "records" | "secrets" | "verifiedFiles">;
  readonly #homeId: Uint8Array;
  /** Identities (32 bytes) by signing key (hex). */
  readonly #identities = new Map<string, Uint8Array>();
  /** Draws by name. */
  readonly #draws = new Map<string, number>();
  #seeded = new Map<string, Uint8Array>();
  #own = new Set<string>();
  readonly #mirrors: Map<string, number>;

  constructor(
    state: Pick<StateDatabase, "announcing" | "records" | "secrets" | "verifiedFiles">,
  ) {
    this.#state = state;
    this.#homeId = homeIdOf(state);
    this.#mirrors = state.announcing.mirrors();
  }

  /** Reads again whose archives are seeded, and which keys have signed here. */
  refresh(): void {
    const { records, verifiedFiles } = this.#state;
    const ownLists = [
      ...records.list({ kind: "announce", own: true }),
      ...records.list({ kind: "publisher", own: true }),
    ].map(({ item }) => this.identityOf(item.publicKey));
    this.#own = new Set(ownLists.map(toHex));
    const seeded = verifiedFiles.totals().map(({ publicKey }) => this.identityOf(publicKey));
    this.#seeded = new Map([...ownLists, ...seeded].map((identity) => [toHex(identity), identity]));
  }

  /** Identities of the publishers of whom something is kept or seeded, 32 bytes each. */
  get identities(): Uint8Array[] {
    return [...this.#seeded.values()];
  }

  /** Returns the identity for which a key signs: that in a manifest of it, or the key itself. */
  identityOf(signingKey: Uint8Array): Uint8Array {
    const keyHex = toHex(signingKey);
    const known = this.#identities.get(keyHex);
    if (known) return known;
    const manifest = this.#state.announcing.manifestOf(signingKey);
    // A key without a manifest may get one later, so it is not remembered.
    if (manifest === undefined) return Uint8Array.from(signingKey);
    const identity = parsePublicKey(parseMinimal(manifest).pubkey);
    this.#identities.set(keyHex, identity);
    return identity;
  }

  /**
   * Returns the identity of which the key, or a signing key, begins with these hexadecimal digits, as in
   * the file name of a catalog; `undefined` if nothing of it is seeded.
   */
  identityByPrefix(keyHex: string): Uint8Array | undefined {
    const byKey = [...this.#identities].find(([key]) => key.startsWith(keyHex))?.[1];
    return byKey ?? this.identities.find((identity) => toHex(identity).startsWith(keyHex));
  }

  /** Whether this home has published under an identity. */
  isOwn(identity: Uint8Array): boolean {
    return this.#own.has(toHex(identity));
  }

  /** Estimated number of mirrors of a publisher, at least 1. */
  mirrorsOf(identity: Uint8Array): number {
    return this.#mirrors.get(toHex(identity)) ?? 1;
  }

  /** Notes how many networks with peers were named at the rendezvous of a publisher. */
  noteNetworks(identity: Uint8Array, networks: number, nowMs: number): void {
    const keyHex = toHex(identity);
    const mirrors = smoothedMirrors(this.#mirrors.get(keyHex), networks);
    this.#mirrors.set(keyHex, mirrors);
    this.#state.announcing.setMirrors(identity, mirrors, nowMs);
  }

  /** Whether this home alone, or with two others at most, keeps a publisher's packages. */
  isAmongFew(identity: Uint8Array): boolean {
    return this.isOwn(identity) || this.mirrorsOf(identity) <= KEEPERS;
  }

  /**
   * Returns the care of this home for a name that several publishers have. The publisher with the
   * fewest mirrors decides.
   */
  careOfName(name: string, identities: readonly Uint8Array[]): NameCare {
    if (identities.some((identity) => this.isOwn(identity))) return "publisher";
    const mirrors = Math.min(...identities.map((identity) => this.mirrorsOf(identity)));
    return careOf(this.#drawOf(name), identities.length === 0 ? 1 : mirrors);
  }

  /** Returns how this home cares for the list of a publisher. */
  careOfList(identity: Uint8Array): Care {
    if (this.isOwn(identity)) return "keeper";
    return careOf(this.#drawOf(`list ${toHex(identity)}`), this.mirrorsOf(identity));
  }

  #drawOf(what: string): number {
    const known = this.#draws.get(what);
    if (known !== undefined) return known;
    const draw = drawOf(this.#homeId, what);
    this.#draws.set(what, draw);
    return draw;
  }
}

/** Returns the random id of a home; one for this process if none can be kept, as on a full disk. */
function homeIdOf({ secrets }: Pick<StateDatabase, "secrets">): Uint8Array {
  try {
    return secrets.get(SECRET);
  } catch {
    return crypto.getRandomValues(new Uint8Array(32));
  }
}
