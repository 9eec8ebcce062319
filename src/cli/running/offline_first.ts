/**
 * The package sources of `install`. An installation first uses only the seed directory and the
 * store; it uses the network only if a package is in neither.
 *
 * @module
 */

import { NO_FLAGS } from "../../base/mod.ts";
import type { InstallContext } from "../../install/mod.ts";
import type { NamesContext } from "../../names/mod.ts";
import type { ArchiveLimits } from "../../package/mod.ts";
import type { PackageName, StateDatabase, ValidSeedEntry } from "../../store/mod.ts";
import type { CommandEnvironment } from "../flags/command.ts";
import { DownloadBar } from "../terminal/download_bar.ts";
import { knownKeys } from "./known_keys.ts";
import { NetworkCost } from "./network_cost.ts";
import { packageStore } from "./package_store.ts";
import { type Network, withNames, withNode } from "./with_node.ts";
import { withState } from "./with_state.ts";

type Environment = Pick<CommandEnvironment, "output" | "io" | "settings" | "state">;

/**
 * Ends an installation without the network, because a package is neither in the seed directory nor
 * in the store. The installation is then repeated with the network.
 */
class NetworkNeeded extends Error {}

/**
 * Runs an installation without the network. If a package is neither in the seed directory nor in
 * the store, runs the installation again with the network.
 *
 * @param work the installation; restarted from the beginning if it needs the network
 * @param done receives the outcome, before the state and the engine are closed
 */
export async function installOfflineFirst<T>(
  given: Environment,
  work: (context: InstallContext) => Promise<T>,
  done: (outcome: T, names: Pick<NamesContext, "state" | "finding" | "onNotice">) => Promise<void>,
): Promise<void> {
  const { io, output } = given;
  try {
    await withState(given, async (state, values) => {
      const { archiveLimitsOf } = await import("../../package/mod.ts");
      const held = await seedLookup(values.dir);
      const context = await commonContext(given, state, archiveLimitsOf(values), held);
      const outcome = await work({
        ...context,
        ...offlineSources(held),
        flagsOf: (minimal) => Promise.resolve(state.offers.ofManifest(minimal)?.flags ?? NO_FLAGS),
      });
      output.detail("the network was not needed");
      await done(outcome, {
        state,
        finding: { clock: io.clock, timeoutMs: values.timeoutMs },
        onNotice: (message) => output.notice(message),
      });
    });
  } catch (error) {
    if (!(error instanceof NetworkNeeded)) throw error;
    await installOnline(given, async (context, names) => await done(await work(context), names));
  }
}

/**
 * Runs an installation with the network.
 *
 * @param work the installation, with what finds and fetches packages
 */
export async function installOnline<T>(
  given: Environment,
  work: (context: InstallContext, names: NamesContext) => Promise<T>,
): Promise<T> {
  const { output } = given;
  return await withNode(given, async (network) => {
    const cost = new NetworkCost(network.operations, output.verbose);
    const counted = { ...network, operations: cost.operations };
    return await withNames(given, counted, async (names) => {
      const held = await seedLookup(network.values.dir);
      const context = await commonContext(given, names.state, network.limits, held);
      const outcome = await work(
        { ...context, ...await networkSources(given, counted, names) },
        names,
      );
      await cost.print(output);
      return outcome;
    });
  });
}

/**
 * Builds the members of the installation's context that are the same with and without the network.
 */
async function commonContext(
  given: Environment,
  state: StateDatabase,
  limits: ArchiveLimits,
  held: SeedLookup,
): Promise<Omit<InstallContext, "resolve" | "fetch">> {
  const { formatPublicKey, parsePublicKey } = await import("../../identity/mod.ts");
  const { checkPin } = await import("../../names/mod.ts");
  const { values } = await given.settings();
  const trust = await knownKeys(given);
  return {
    store: await packageStore(given),
    limits,
    startThread: given.io.launcher.startHelper,
    signal: given.io.signal,
    held: async (name) => (await held(name))?.minimal,
    pinned(name) {
      // A pin replaces the lookup only under the policy `first-seen`. Under any other policy the
      // lookup must run, because it may find a publisher that contradicts the pin.
      const [pin, ...others] = values.policy === "first-seen" ? state.pins.list(name) : [];
      return pin && others.length === 0 ? formatPublicKey(pin.publicKey) : undefined;
    },
    checkPublisher: (name, publisher) =>
      checkPin(name, parsePublicKey(publisher), state.pins.list(name), trust),
    accept: (minimal) => Promise.resolve(trust.check(minimal, minimal.archiveSha256)),
    onStep: (message) => given.output.step(message),
    onSkipped: (message) => given.output.warning(message),
    onFlagged: (message) => given.output.warning(message),
  };
}

/**
 * Package sources for an installation without the network. If a package is not stored locally, they
 * reject with {@linkcode NetworkNeeded}.
 */
function offlineSources(held: SeedLookup): Pick<InstallContext, "resolve" | "fetch"> {
  return {
    resolve: () => Promise.reject(new NetworkNeeded()),
    async fetch(minimal) {
      const entry = await held(minimal);
      if (entry?.minimal.archiveSha256 === minimal.archiveSha256) {
        return { archivePath: entry.archivePath };
      }
      throw new NetworkNeeded();
    },
  };
}

/** A function that finds a package in the seed directory. */
type SeedLookup = (name: PackageName) => Promise<ValidSeedEntry | undefined>;

async function seedLookup(dir: string): Promise<SeedLookup> {
  const { SeedDirectory } = await import("../../store/mod.ts");
  const seeds = new SeedDirectory(dir);
  return (wanted) => seeds.find(wanted);
}

/** Sources that look up packages in the DHT and download their archives. */
async function networkSources(
  { io, output }: Environment,
  network: Network,
  names: NamesContext,
): Promise<Pick<InstallContext, "resolve" | "fetch" | "flagsOf" | "accept">> {
  const { acceptManifest, getArchive, knownFlags } = await import("../../fetching/mod.ts");
  const { resolveByName } = await import("../../names/mod.ts");
  const { parsePublicKey } = await import("../../identity/mod.ts");
  const bar = new DownloadBar(output, io.clock);
  return {
    async resolve({ publisher, name, range }, signal, without) {
      const wanted = {
        ...(publisher !== undefined && { publicKey: parsePublicKey(publisher) }),
        name,
        range,
      };
      output.step(`looking for ${name}${range === undefined ? "" : `@${range}`}`);
      const context = { ...names, finding: { ...names.finding, signal } };
      return await resolveByName(context, wanted, without);
    },
    async flagsOf({ pubkey, name }, signal) {
      const { operations, finding, offers } = names;
      const wanted = { publicKey: parsePublicKey(pubkey), name };
      return await knownFlags(operations, wanted, { ...finding, signal }, offers);
    },
    async accept(minimal, signal) {
      // A package of a lock file needs no record, but its key may have been revoked since.
      await names.offers.records.learnOf(network.operations, minimal, {
        ...network.finding,
        signal,
      });
      await acceptManifest(network, minimal, { ...network.finding, signal });
    },
    async fetch(minimal, signal) {
      const context = { ...network, finding: { ...network.finding, signal } };
      const label = `${minimal.name}@${minimal.version}`;
      const { archivePath, ...counts } = await getArchive(context, { kind: "minimal", minimal }, {
        onStep: (message) => output.step(message),
        onDetail: (message) => output.detail(message),
        onProgress: (progress) =>
          bar.update(minimal.archiveSha256, label, progress, minimal.length),
      }).finally(() => bar.end(minimal.archiveSha256));
      const { reusedBytes, fetchedBytes } = counts;
      return { archivePath, counts: { reusedBytes, fetchedBytes } };
    },
  };
}
