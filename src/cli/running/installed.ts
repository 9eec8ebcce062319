/**
 * The steps after an installation: pinning and printing.
 *
 * @module
 */

import type { Installed } from "../../install/mod.ts";
import type { NamesContext } from "../../names/mod.ts";
import type { CommandEnvironment } from "../flags/command.ts";

/** The parts of {@linkcode NamesContext} that pinning needs. */
export type Pinning = Pick<NamesContext, "state" | "finding" | "onNotice">;

/**
 * Pins the publishers of the installed packages: of a requested package always, of a dependency
 * only if it was required by bare name.
 *
 * @param grantsTrust whether a requested package whose name has no pin is pinned; not if a lock file has
 * requested it, because a lock file grants no trust
 */
export async function pinInstalled(
  { graph, packages }: Installed,
  names: Pinning,
  { grantsTrust = true }: { grantsTrust?: boolean } = {},
): Promise<void> {
  const { packageRef } = await import("../../fetching/mod.ts");
  const { rememberPublisher } = await import("../../names/mod.ts");
  const { foundByBareName } = await import("../../install/mod.ts");
  const { parsePublicKey } = await import("../../identity/mod.ts");
  const asked = new Map(packages.map(({ minimal, asked }) => [packageRef(minimal), asked]));
  const requested = new Set(graph.direct.map(({ ref }) => ref));
  for (const minimal of foundByBareName(graph)) {
    const ref = packageRef(minimal);
    const isOfLock = !grantsTrust && requested.has(ref);
    if (isOfLock && names.state.pins.list(minimal.name).length === 0) continue;
    rememberPublisher(names, minimal, parsePublicKey(minimal.pubkey), asked.get(ref)!);
  }
}

/** Prints how many packages are new in the store, and with `--verbose` each of them. */
export function printSummary(
  { output }: Pick<CommandEnvironment, "output">,
  { packages }: Installed,
): void {
  for (const { minimal: { name, version, pubkey }, present } of packages) {
    output.detail(`${name}@${version} by ${pubkey}: ${present ? "already in the store" : "new"}`);
  }
  const fresh = packages.filter(({ present }) => !present).length;
  output.notice(
    fresh === 0
      ? `already in the store, with dependencies: ${packages.length} in all`
      : `verified, with dependencies: ${packages.length} in all, ${fresh} new in the store`,
  );
}
