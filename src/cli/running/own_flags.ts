/**
 * Changes the flags of this home's own published packages, for `yank`, `deprecate` and `tag`.
 *
 * @module
 */

import { LibreseedError } from "../../base/mod.ts";
import type { Signer } from "../../identity/mod.ts";
import type { ChangedFlags, FlagChange, OtherKeys } from "../../publishing/mod.ts";
import type { CommandEnvironment } from "../flags/command.ts";
import { CliError } from "../process/errors.ts";
import { publisherSigner, rootOf } from "./publisher_key.ts";
import { type Network, withNames, withNode } from "./with_node.ts";

type Environment = Pick<CommandEnvironment, "output" | "io" | "settings" | "state"> & {
  /** The flags of the command, of which `key` names a key in the SSH agent. */
  flags: { key?: string };
};

/** A package of this home's own publisher, as a command line names it. */
export interface OwnSpec {
  publicKey?: Uint8Array;
  name: string;
  range?: string;
}

/**
 * Parses `[KEY/]NAME@RANGE`.
 *
 * @param form the command line in the error message
 * @throws {CliError} `BAD_ARGUMENTS` if there is no range
 */
export async function parseOwnRange(
  text: string,
  form: string,
): Promise<OwnSpec & { range: string }> {
  const { parsePackageSpec } = await import("../../package/mod.ts");
  const { range, ...rest } = parsePackageSpec(text);
  if (range !== undefined) return { ...rest, range };
  throw new CliError("usage", "BAD_ARGUMENTS", `${text} names no versions: write ${form}`);
}

/**
 * Changes the flags of a package, and prints each version whose flags have changed.
 *
 * @param unchanged message if no flag has changed
 */
export async function changeOwnFlags(
  given: Environment,
  { publicKey, name }: OwnSpec,
  change: FlagChange,
  unchanged: string,
): Promise<ChangedFlags> {
  const { io, output } = given;
  const { values } = await given.settings();
  const keys = await publisherSigner(io, values.home, given.flags.key);
  const { equalBytes, refuseEarlyClock } = await import("../../base/mod.ts");
  const { flagsOfVersion } = await import("../../fetching/mod.ts");
  const { formatPublicKey } = await import("../../identity/mod.ts");
  const { changeFlags } = await import("../../publishing/mod.ts");
  if (publicKey && !equalBytes(publicKey, rootOf(keys))) {
    throw new CliError(
      "failed",
      "NOT_THE_PUBLISHER",
      `This home's publisher is ${
        formatPublicKey(rootOf(keys))
      }; only a publisher changes the flags ` +
        "of its packages",
    );
  }
  refuseEarlyClock(io.clock.now());
  return await withNode(given, async (network) => {
    const { operations, seeds, listed } = network;
    const context = {
      operations,
      seeds,
      listed,
      clock: io.clock,
      signal: io.signal,
      onWarning: (message: string) => output.warning(message),
    };
    // A key without a certificate is the only one of its identity.
    const others = keys.certificate && await offeredByOthers(given, network, keys, name);
    const result = await changeFlags(context, keys, name, change, io.clock.now(), others);
    const { flags, changed, holding } = result;
    if (changed.length === 0) output.notice(unchanged);
    else output.notice(`the changed list is on ${holding} nodes`);
    for (const version of changed) {
      const own = flagsOfVersion(flags, version);
      output.result({ name, version, ...own, holding }, `${name}@${version}`);
    }
    for (const [tag, version] of flags.tags) {
      if (!changed.includes(version) || !flags.yanked.has(version)) continue;
      output.warning(
        `the tag ${tag} names ${name}@${version}, which is yanked, so it leads nowhere; ` +
          `\`libreseed tag NAME@VERSION ${tag}\` sets it to another version`,
      );
    }
    return result;
  });
}

/** Reads what the other keys of this home's identity offer of a package; `undefined` if nothing is found. */
async function offeredByOthers(
  given: Environment,
  network: Network,
  { publicKey, certificate }: Signer,
  name: string,
): Promise<OtherKeys | undefined> {
  const { equalBytes } = await import("../../base/mod.ts");
  const { readOffers } = await import("../../fetching/mod.ts");
  return await withNames(given, network, async ({ operations, offers, finding }) => {
    try {
      const read = await readOffers(operations, offers.records, certificate!.root, {
        ...finding,
        name,
      });
      return offers.settle(name, read.filter(({ key }) => !equalBytes(key.key, publicKey)));
    } catch (error) {
      // Without a list in the DHT, this home's own list decides.
      if (!(error instanceof LibreseedError)) throw error;
      return undefined;
    }
  });
}
