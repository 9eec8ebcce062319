/**
 * Where `install` gets its packages from: first from what is here, and only if that does not do, from
 * the network.
 *
 * @module
 */

import type { InstallContext } from "../../install/mod.ts";
import type { NamesContext } from "../../names/mod.ts";
import type { ArchiveLimits } from "../../package/mod.ts";
import type { PackageName, StateDatabase, ValidSeedEntry } from "../../store/mod.ts";
import type { CommandRun } from "../flags/command.ts";
import { DownloadBar } from "../terminal/download_bar.ts";
import { NetworkCost } from "./network_cost.ts";
import { packageStore } from "./package_store.ts";
import { type Network, withNames, withNode } from "./with_node.ts";
import { withState } from "./with_state.ts";

// deno-lint-ignore no-explicit-any -- the flags and arguments do not matter here
type AnyRun = Pick<CommandRun<any, any>, "output" | "io" | "settings">;

/** What is wanted is not here. */
class NetworkNeeded extends Error {}

/**
 * Installs without the network if that can be done, and otherwise with it.
 *
 * @param work done again from the start when it turns out that the network is needed
 * @param done what to do with the outcome, while names can still be looked up and pinned
 */
export async function installing<T>(
  given: AnyRun,
  work: (context: InstallContext) => Promise<T>,
  done: (outcome: T, names: Pick<NamesContext, "state" | "finding" | "onNotice">) => Promise<void>,
): Promise<void> {
  const { io, output } = given;
  try {
    await withState(given, async (state, values) => {
      const { limitsOf } = await import("../../host/mod.ts");
      const held = await heldIn(values.dir);
      const context = await contextHere(given, state, limitsOf(values), held);
      const outcome = await work({ ...context, ...fromHere(held) });
      output.detail("the network was not needed");
      await done(outcome, {
        state,
        finding: { clock: io.clock, timeoutMs: values.timeoutMs },
        onNotice: (message) => output.notice(message),
      });
    });
  } catch (error) {
    if (!(error instanceof NetworkNeeded)) throw error;
    await withNode(given, async (network) => {
      const cost = new NetworkCost(network.operations, output.verbose);
      const counted = { ...network, operations: cost.operations };
      await withNames(given, counted, async (names) => {
        const held = await heldIn(network.values.dir);
        const context = await contextHere(given, names.state, network.limits, held);
        const outcome = await work({ ...context, ...await fromNetwork(given, counted, names) });
        await cost.tell(output);
        await done(outcome, names);
      });
    });
  }
}

/** What does not depend on the network. */
async function contextHere(
  given: AnyRun,
  state: StateDatabase,
  limits: ArchiveLimits,
  held: Held,
): Promise<Omit<InstallContext, "resolve" | "fetch">> {
  const { formatPublicKey, parsePublicKey } = await import("../../identity/mod.ts");
  const { checkPin } = await import("../../names/mod.ts");
  const { values } = await given.settings();
  return {
    store: await packageStore(given),
    limits,
    signal: given.io.signal,
    held: async (name) => (await held(name))?.minimal,
    pinned(name) {
      // Another policy may choose another publisher, for the pin to refuse.
      const [pin, ...others] = values.policy === "first-seen" ? state.pins.list(name) : [];
      return pin && others.length === 0 ? formatPublicKey(pin.publicKey) : undefined;
    },
    checkPublisher: (name, publisher) =>
      checkPin(name, parsePublicKey(publisher), state.pins.list(name)),
    onStep: (message) => given.output.step(message),
    onSkipped: (message) => given.output.warning(message),
  };
}

/** Nothing is asked of the network. */
function fromHere(held: Held): Pick<InstallContext, "resolve" | "fetch"> {
  return {
    resolve: () => Promise.reject(new NetworkNeeded()),
    async fetch(minimal) {
      const entry = await held(minimal);
      if (entry?.minimal.archiveSha256 === minimal.archiveSha256) return entry.archivePath;
      throw new NetworkNeeded();
    },
  };
}

/** Looks a package up in the seed directory. */
type Held = (name: PackageName) => Promise<ValidSeedEntry | undefined>;

async function heldIn(dir: string): Promise<Held> {
  const { SeedDirectory } = await import("../../store/mod.ts");
  const seeds = new SeedDirectory(dir);
  return (wanted) => seeds.find(wanted);
}

async function fromNetwork(
  { io, output }: AnyRun,
  network: Network,
  names: NamesContext,
): Promise<Pick<InstallContext, "resolve" | "fetch">> {
  const { getArchive } = await import("../../fetching/mod.ts");
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
    async fetch(minimal, signal) {
      const context = { ...network, finding: { ...network.finding, signal } };
      const label = `${minimal.name}@${minimal.version}`;
      const { archivePath } = await getArchive(context, { kind: "minimal", minimal }, {
        onStep: (message) => output.step(message),
        onProgress: (progress) =>
          bar.update(minimal.archiveSha256, label, progress, minimal.length),
      }).finally(() => bar.end(minimal.archiveSha256));
      return archivePath;
    },
  };
}
