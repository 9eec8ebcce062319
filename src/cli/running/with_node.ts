/**
 * What the commands that need the network have in common: an engine, borrowed or their own, given
 * back whatever happens; and the package that the user named.
 *
 * @module
 */

import type { Settings } from "../../config/mod.ts";
import type { Answers, FetchContext } from "../../fetching/mod.ts";
import type { NodeHandle } from "../../host/mod.ts";
import type { NamesContext } from "../../names/mod.ts";
import type { ListedPackages } from "../../publishing/mod.ts";
import type { CommandRun } from "../flags/command.ts";
import { publisherKeyPath } from "../flags/publisher_key.ts";
import { openState } from "./open_state.ts";

/** What a command works with. */
export interface Network extends Required<FetchContext> {
  node: NodeHandle;
  values: Settings;
  /** What is known of the list of this home's publisher. */
  listed: ListedPackages;
}

// deno-lint-ignore no-explicit-any -- the flags and arguments do not matter here
type AnyRun = Pick<CommandRun<any, any>, "output" | "io" | "settings">;

/**
 * Opens the engine, does the work, gives the engine back.
 *
 * @param meanwhile begins what can be done before there is an engine; the seed directory is there
 */
export async function withNode<T>(
  { output, io, settings }: AnyRun,
  work: (network: Network) => Promise<T>,
  meanwhile?: (early: Pick<Network, "seeds" | "limits">) => void,
): Promise<T> {
  const { values } = await settings();
  const { ensureHome, homePaths } = await import("../../control/mod.ts");
  const { fetchContext, knownManifest } = await import("../../fetching/mod.ts");
  const { limitsOf, openNode } = await import("../../host/mod.ts");
  const { ListedPackages } = await import("../../publishing/mod.ts");
  const { SeedDirectory, StateDatabase } = await import("../../store/mod.ts");
  const seeds = new SeedDirectory(values.dir);
  let opened: ReturnType<typeof StateDatabase.open> | undefined;
  // Once for a command: opening takes a millisecond.
  const state = () => opened ??= StateDatabase.open(homePaths(values.home).state, io.clock);
  seeds.known = (archivePath) => knownManifest(state(), archivePath);
  const limits = limitsOf(values);
  if (meanwhile) {
    await ensureHome(values.home);
    await seeds.ensure();
    meanwhile({ seeds, limits });
  }
  const node = await openNode({
    settings: values,
    clock: io.clock,
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
      onMiss: (outcome: Answers) => output.step(`not found yet: ${describeMiss(outcome)}`),
    };
    return await work({
      ...fetchContext({ operations: node.operations, seeds, limits, finding }, state),
      node,
      values,
      listed: new ListedPackages(state, homePaths(values.home).listLock, io.clock),
    });
  } finally {
    opened?.close();
    await node.close();
  }
}

function describeMiss({ asked, responded }: Answers): string {
  return `${responded} of ${asked} nodes answered`;
}

/** This home's own publisher, 32 bytes; `undefined` if it has none. */
async function ownPublicKey({ settings }: AnyRun): Promise<Uint8Array | undefined> {
  const { IdentityError, readKeyFile } = await import("../../identity/mod.ts");
  try {
    return (await readKeyFile(publisherKeyPath((await settings()).values))).publicKey;
  } catch (error) {
    if (error instanceof IdentityError && error.code === "KEY_NOT_FOUND") return undefined;
    throw error;
  }
}

/** Does the work with this home's pins and the policy at hand. */
export async function withNames<T>(
  run: AnyRun,
  { operations, values, finding }: Network,
  work: (names: NamesContext) => Promise<T>,
): Promise<T> {
  const { output } = run;
  const { Offers } = await import("../../fetching/mod.ts");
  using state = await openState(run, values);
  return await work({
    operations,
    state,
    finding,
    policy: values.policy,
    offers: new Offers(),
    ownKey: await ownPublicKey(run),
    chosen: new Set(),
    onNotice: (message) => output.notice(message),
    onSkipped: (message) => output.warning(message),
    onDetail: (message) => output.detail(message),
  });
}
