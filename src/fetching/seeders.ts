/**
 * Asks for the seeders of a publisher: the peers at its rendezvous, and the claims of each about itself.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";
import type { SeederFacts } from "../records/mod.ts";
import type { HeardAnswer, PublisherRendezvous, RendezvousCaller } from "./rendezvous.ts";

/** Claim of a peer about itself as a seeder of a publisher. Nobody can check it. */
export interface HeardSeeder extends Omit<SeederFacts, "version"> {
  /** Version of libreseed that the peer runs; absent if the peer sent a text that is no version. */
  version?: string;
  /** Address of the peer, without its port. */
  from: string;
}

/** The peers at the rendezvous of a publisher. */
export interface FoundSeeders {
  /** Number of networks (/24, or /48 of IPv6) in which the DHT names a peer. */
  found: number;
  /** Number of peers that answered. */
  answered: number;
  /** The peers that say what they seed, those with the most bytes first. */
  seeders: HeardSeeder[];
}

/**
 * Asks the peers at the rendezvous of a publisher what they seed of it. Takes at most 6 s.
 *
 * @param publicKey the publisher's identity, 32 bytes
 * @param before the questions that this command has asked already; a complete one is not asked again
 * @returns `undefined` if nobody could be asked: the DHT is off, or the daemon is of an earlier version
 */
export async function findSeeders(
  operations: RendezvousCaller,
  publicKey: Uint8Array,
  signal?: AbortSignal,
  before?: Pick<PublisherRendezvous, "asked">,
): Promise<FoundSeeders | undefined> {
  const known = before?.asked(publicKey);
  if (known?.asked) return foundIn(known.asked, known.answers);
  const answers: HeardAnswer[] = [];
  try {
    const onEvent = (answer: HeardAnswer) => answers.push(answer);
    return foundIn(await operations.askRendezvous({ publicKey }, { signal, onEvent }), answers);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof LibreseedError) return undefined;
    throw error;
  }
}

function foundIn(
  { found, answered }: Pick<FoundSeeders, "found" | "answered">,
  answers: readonly HeardAnswer[],
): FoundSeeders {
  const seeders = answers.flatMap(({ seeder, from }): HeardSeeder[] => {
    if (!seeder) return [];
    const { version, ...claimed } = seeder;
    // A terminal would obey other characters.
    const isVersion = /^[0-9A-Za-z.+-]+$/.test(version);
    return [{ ...(isVersion && { version }), ...claimed, from }];
  });
  return { found, answered, seeders: seeders.sort((a, b) => b.bytes - a.bytes) };
}
