/**
 * `libreseed resolve NAME[@RANGE]`: finds and prints the minimal manifest of a package.
 *
 * @module
 */

import type { NamesContext } from "../../names/mod.ts";
import type { NameIndexEntry } from "../../records/mod.ts";
import { type CommandRun, defineCommand, switchFlag, textArgument } from "../flags/command.ts";
import { networkSettings } from "../flags/common_flags.ts";
import { CliError } from "../process/errors.ts";
import { NetworkCost } from "../running/network_cost.ts";
import { tellFlags } from "../running/version_flags.ts";
import { withNames, withNode } from "../running/with_node.ts";
import { formatTable, tableColumns } from "../terminal/table.ts";

type Flags = { all?: boolean };
type Run = CommandRun<Flags, [spec: string]>;

export default defineCommand<Flags, [spec: string]>({
  description:
    "Looks the package up in the DHT, checks both signatures, and prints the minimal manifest and the " +
    "magnet link. Without a key, the publisher is the pinned one, or the one that --policy chooses; " +
    "resolving pins nothing. A range means the highest matching version. --all lists every publisher " +
    "of the name with its newest version and, if that is a prerelease, the version that get takes.",
  examples: [
    "libreseed resolve my-tool@^1.0.0",
    "libreseed resolve --all my-tool",
  ],
  settings: ["home", "dir", "policy", ...networkSettings],
  home: "created",
  parameters: {
    flags: { all: switchFlag("List all publishers of the name") },
    positional: {
      kind: "tuple",
      parameters: [textArgument("[KEY/]NAME[@RANGE]", "Package")],
    },
  },
  async run(given) {
    const { args: [spec], flags, output } = given;
    const { parsePackageSpec } = await import("../../package/mod.ts");
    const wanted = parsePackageSpec(spec);
    await withNode(given, async (network) => {
      const cost = new NetworkCost(network.operations, output.verbose);
      const counted = { ...network, operations: cost.operations };
      await withNames(given, counted, async (names) => {
        if (flags.all) return await listPublishers(given, names, wanted.name);
        output.step(`looking for ${spec}`);
        const { describeSkipped } = await import("../../fetching/mod.ts");
        const { resolveByName } = await import("../../names/mod.ts");
        const { minimal, magnet, seq, counts, skipped, chosen, flags: flagged } =
          await resolveByName(
            names,
            wanted,
          );
        const own = await tellFlags(output, minimal, flagged);
        const { holding, responded } = counts;
        for (const one of skipped) {
          output.warning(describeSkipped(minimal.name, one, minimal.version));
        }
        output.detail(
          seq === undefined
            ? "the manifest is in the publisher's catalog; the DHT has no record of it"
            : `${holding} of ${responded} nodes that answered hold the record, seq ${seq}`,
        );
        output.result(
          {
            ...minimal,
            magnet,
            seq,
            holding,
            responded,
            ...(chosen && { chosen }),
            ...(skipped.length > 0 && { skipped }),
            ...own,
          },
          `${JSON.stringify(minimal)}\n${magnet}`,
        );
      });
      await cost.print(output);
    });
  },
});

async function listPublishers(given: Run, names: NamesContext, name: string): Promise<void> {
  const { output } = given;
  const { noPublisherFound, readIndex } = await import("../../names/mod.ts");
  // All publishers are to be listed, so no entries end the search.
  const index = await readIndex(names, name, () => false);
  const { entries } = index;
  if (entries.length === 0) {
    const message = noPublisherFound(name, index, given.io.clock.now());
    throw new CliError("not-found", "NOTHING_FOUND", message, { detail: { unknownName: name } });
  }
  const rows: string[][] = [];
  entries.sort((a, b) => a.firstSeenMs - b.firstSeenMs);
  for (
    const described of await Promise.all(entries.map((entry) => describeEntry(names, name, entry)))
  ) {
    const { publisher, version, taken, firstSeen, verdict, holding, trusted, byHand } = described;
    if (output.json) output.result(described, undefined);
    rows.push([
      publisher,
      taken === undefined || taken === version ? version : `${version} (get takes ${taken})`,
      firstSeen,
      verdict,
      `${holding} nodes`,
      byHand ? "trusted" : trusted ? "pinned" : "not trusted",
      described.fingerprint,
    ]);
  }
  if (output.json) return;
  output.result({}, formatTable(rows, tableColumns(given.io.stdout)));
}

async function describeEntry(names: NamesContext, name: string, entry: NameIndexEntry) {
  const { fingerprint, formatPublicKey } = await import("../../identity/mod.ts");
  const { LibreseedError, equalBytes } = await import("../../base/mod.ts");
  const { plainVersion, resolvePackage } = await import("../../fetching/mod.ts");
  const { publicKey, version, firstSeenMs } = entry;
  let verdict = "valid";
  let holding = 0;
  try {
    const found = await resolvePackage(
      names.operations,
      { publicKey, name, range: version, hint: entry.certificate },
      names.finding,
      { offers: names.offers },
    );
    holding = found.counts.holding;
  } catch (error) {
    if (!(error instanceof LibreseedError) || error.kind === "network") throw error;
    if (error.kind === "not-found") verdict = "record missing";
    else if (error.code === "KEY_REVOKED") verdict = "key revoked";
    else verdict = error.kind === "verification" ? "bad signature" : error.message;
  }
  const { offers } = names;
  const taken = verdict === "valid"
    ? await plainVersion(names.operations, { ...entry, name }, names.finding, { offers })
    : undefined;
  const pin = names.state.pins.list(name).find((pin) => equalBytes(pin.publicKey, publicKey));
  return {
    publisher: formatPublicKey(publicKey),
    fingerprint: fingerprint(publicKey),
    version,
    ...(taken !== undefined && { taken }),
    firstSeen: new Date(firstSeenMs).toISOString(),
    verdict,
    holding,
    trusted: pin !== undefined,
    byHand: pin?.byHand ?? false,
  };
}
