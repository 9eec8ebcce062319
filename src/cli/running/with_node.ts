/**
 * The engine of commands that need the network. A command uses the engine of a running process, or
 * starts its own; the engine is always released at the end. Also provides the context for resolving
 * names.
 *
 * @module
 */

import { homePaths } from "../../base/mod.ts";
import type { Settings } from "../../config/mod.ts";
import type { AnswerCounts, FetchContext } from "../../fetching/mod.ts";
import type { NodeHandle } from "../../host/mod.ts";
import type { NamesContext } from "../../names/mod.ts";
import type { ListedPackages } from "../../publishing/mod.ts";
import type { StateDatabase } from "../../store/mod.ts";
import type { CommandEnvironment } from "../flags/command.ts";
import { ownIdentity } from "./publisher_key.ts";

/** The objects that a command needs to use the network: engine, settings, state database. */
export interface Network extends Required<FetchContext> {
  node: NodeHandle;
  values: Settings;
  /** Returns the home's state database, which is opened at the first call. */
  state: () => StateDatabase;
  /**
   * The packages in the list that this home's own publisher has published, as far as this home
   * knows that list.
   */
  listed: ListedPackages;
}

type Environment = Pick<CommandEnvironment, "output" | "io" | "settings" | "state">;

/** Options of {@linkcode withNode}. */
interface NodeUse {
  /**
   * Called before the engine starts, to begin work that does not need the engine. The seed directory
   * exists by then.
   */
  meanwhile?: (early: Pick<Network, "seeds" | "limits">) => void;
  /** Whether the command reads or writes files of the seed directory. Default: it does. */
  usesSeeds?: boolean;
}

/**
 * Opens an engine, calls `work`, and releases the engine afterwards.
 *
 * @throws {HostError} the errors of `openNode`
 */
export async function withNode<T>(
  { output, io, settings, state: openState }: Environment,
  work: (network: Network) => Promise<T>,
  { meanwhile, usesSeeds = true }: NodeUse = {},
): Promise<T> {
  const { values } = await settings();
  const { ensureHome } = await import("../../control/mod.ts");
  const { fetchContext, knownManifest } = await import("../../fetching/mod.ts");
  const { openNode } = await import("../../host/mod.ts");
  const { archiveLimitsOf } = await import("../../package/mod.ts");
  const { ListedPackages } = await import("../../publishing/mod.ts");
  const { SeedDirectory } = await import("../../store/mod.ts");
  const { Trust } = await import("../../trust/mod.ts");
  const seeds = new SeedDirectory(values.dir);
  const state = await openState();
  seeds.known = (archivePath) => knownManifest(state(), archivePath);
  const limits = archiveLimitsOf(values);
  const trust = new Trust({
    state,
    clock: io.clock,
    onWarning: (message) => output.warning(message),
    onNotice: (message) => output.notice(message),
  });
  if (meanwhile) {
    await ensureHome(values.home);
    await seeds.ensure();
    meanwhile({ seeds, limits });
  }
  const node = await openNode({
    settings: values,
    clock: io.clock,
    launcher: io.launcher,
    state,
    usesSeeds,
    onNotice: (message) => output.notice(message),
    onWarning: (message) => output.warning(message),
    signal: io.signal,
  });
  try {
    await seeds.ensure();
    const finding = {
      clock: io.clock,
      timeoutMs: values.timeoutMs,
      signal: io.signal,
      onMiss: (outcome: AnswerCounts) => output.step(`not found yet: ${describeMiss(outcome)}`),
    };
    return await work({
      ...fetchContext({ operations: node.operations, seeds, limits, trust, finding }, state),
      reuse: values.reuse,
      node,
      values,
      state,
      listed: new ListedPackages(state, homePaths(values.home).listLock, io.clock),
    });
  } finally {
    await node.close();
  }
}

function describeMiss({ asked, responded }: AnswerCounts): string {
  return `${responded} of ${asked} nodes answered`;
}

/**
 * Calls `work` with the context for resolving names: this home's pins, its own key, and the trust
 * policy.
 */
export async function withNames<T>(
  run: Environment,
  { operations, values, finding, state, trust }: Network,
  work: (names: NamesContext) => Promise<T>,
): Promise<T> {
  const { output, io } = run;
  const { OfferCache } = await import("../../fetching/mod.ts");
  return await work({
    operations,
    state: state(),
    finding,
    policy: values.policy,
    offers: new OfferCache(trust, state().offers),
    ownKey: await ownIdentity(io, values.home),
    chosen: new Set(),
    onNotice: (message) => output.notice(message),
    onSkipped: (message) => output.warning(message),
    onDetail: (message) => output.detail(message),
  });
}
