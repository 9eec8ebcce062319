/**
 * `libreseed info NAME[@RANGE]`: tells what a package is, without downloading it.
 *
 * @module
 */

import { type LibreseedError, NO_FLAGS } from "../../base/mod.ts";
import type { PublisherRendezvous } from "../../fetching/mod.ts";
import type { PresentPackage } from "../../names/mod.ts";
import type { FullManifest } from "../../package/mod.ts";
import { type CommandRun, defineCommand, switchFlag, textArgument } from "../flags/command.ts";
import { archiveSettings, networkSettings } from "../flags/common_flags.ts";
import { NetworkCost } from "../running/network_cost.ts";
import { tellFlags } from "../running/version_flags.ts";
import { type Network, withNames, withNode } from "../running/with_node.ts";
import { type FileInfo, type PackageInfo, renderInfo } from "../terminal/package_info.ts";

type Flags = { files?: boolean };
type Run = CommandRun<Flags, [spec: string]>;

export default defineCommand<Flags, [spec: string]>({
  description:
    "Shows description, author, licence, publisher, versions, size, dependencies and seeders of a " +
    "package. Only the first pieces of the archive are downloaded, as many as its manifest takes, and " +
    "nothing of them is kept. The signatures of both manifests are verified, and the pieces against " +
    "the signed infohash. --files lists the files with their hashes, and with their lengths if the " +
    "archive is in the seed directory: manifests have no lengths.",
  examples: [
    "libreseed info my-tool",
    "libreseed info --files my-tool@^1.0.0",
  ],
  settings: ["home", "dir", "policy", ...networkSettings, ...archiveSettings],
  home: "created",
  parameters: {
    flags: { files: switchFlag("List the files with their hashes") },
    positional: {
      kind: "tuple",
      parameters: [textArgument("[KEY/]NAME[@RANGE]", "Package")],
    },
  },
  async run(given) {
    const { args: [spec], output } = given;
    const { parsePackageSpec } = await import("../../package/mod.ts");
    const wanted = parsePackageSpec(spec);
    await withNode(given, async (node) => {
      const cost = new NetworkCost(node.operations, output.verbose);
      const network = { ...node, operations: cost.operations };
      await withNames(given, network, async (names) => {
        output.step(`looking for ${spec}`);
        const { describeSkipped } = await import("../../fetching/mod.ts");
        const { knownVersions, presentPackage, resolveByName } = await import(
          "../../names/mod.ts"
        );
        const { seeds } = network;
        const found = await resolveByName(names, wanted).catch(async (error) => {
          const isMissing = ["network", "not-found"].includes((error as LibreseedError).kind);
          const present = isMissing ? await presentPackage(names, seeds, wanted) : undefined;
          if (!present) throw error;
          output.warning(`${error.message}. The seed directory has what follows`);
          return { ...present, skipped: [], flags: NO_FLAGS };
        });
        const { minimal, skipped } = found;
        for (const one of skipped) {
          output.warning(describeSkipped(minimal.name, one, minimal.version));
        }
        const flags = await tellFlags(output, minimal, found.flags);
        const [info, versions] = await Promise.all([
          gather(given, network, found, names.offers.records.rendezvous),
          knownVersions(names, seeds, found),
        ]);
        const pin = names.state.pins.list(info.name).find(({ publicKey }) =>
          found.publicKey.every((byte, at) => byte === publicKey[at])
        );
        const { identityKeysOf } = await import("../running/identity_keys.ts");
        const all: PackageInfo = {
          ...info,
          ...identityKeysOf(network.trust, found.publicKey, given.io.clock.now()),
          pinned: pin !== undefined,
          trusted: pin?.byHand ?? false,
          ...(versions && { versions }),
          ...flags,
        };
        output.result({ ...all }, renderInfo(all));
      });
      await cost.print(output);
    });
  },
});

/** Reads the manifest of a package, and asks for its seeders meanwhile. */
async function gather(
  given: Run,
  network: Network,
  { minimal, publicKey, webSeeds, magnet }: PresentPackage,
  asked: PublisherRendezvous,
): Promise<Omit<PackageInfo, "pinned" | "trusted">> {
  const { output, io: { signal }, flags } = given;
  const { fetchManifest, findSeeders } = await import("../../fetching/mod.ts");
  const { fingerprint } = await import("../../identity/mod.ts");
  const { claimedUnpackedBytes, verifyArchive } = await import("../../package/mod.ts");
  const { operations, limits } = network;
  const counting = operations.countPeers({ infoHash: minimal.btih }, { signal })
    .then(({ peers }) => peers, () => undefined);
  const asking = findSeeders(operations, publicKey, signal, asked);
  // If the manifest cannot be read, nobody waits for the answers.
  asking.catch(() => {});
  output.step("reading the manifest");
  const { read: full, archivePath, fetchedBytes } = await fetchManifest(
    network,
    { minimal, webSeeds },
    { onDetail: (message) => output.detail(message) },
  );
  const sizes = new Map<string, number>();
  let unpackedBytes = claimedUnpackedBytes(full);
  if (archivePath !== undefined) {
    output.step("reading the archive in the seed directory");
    const verified = await verifyArchive({
      ...{ archivePath, minimal, publicKey, limits, signal },
      onFile: (path, bytes) => flags.files && sizes.set(path, bytes),
    });
    unpackedBytes = verified.filesBytes;
  }
  const [seeders, rendezvous] = await Promise.all([counting, asking]);
  const { description, author, license, homepage, repository, dependencies = {} } = full;
  return {
    name: minimal.name,
    version: minimal.version,
    ...{ description, author, license, homepage, repository },
    publisher: minimal.pubkey,
    fingerprint: fingerprint(publicKey),
    ...(minimal.signer && { signingKey: minimal.signer.key }),
    timestampMs: minimal.timestamp,
    lengthBytes: minimal.length,
    unpackedBytes,
    fileCount: Object.keys(full.files).length,
    dependencies,
    seeders,
    ...(rendezvous && { rendezvous }),
    magnet,
    path: archivePath,
    fetchedBytes,
    ...(flags.files && { files: filesOf(full, sizes) }),
  };
}

function filesOf({ files }: FullManifest, sizes: ReadonlyMap<string, number>): FileInfo[] {
  return Object.entries(files).map(([path, hash]) => {
    const sizeBytes = sizes.get(path);
    const sha256 = hash.slice("sha256:".length);
    return { path, sha256, ...(sizeBytes !== undefined && { sizeBytes }) };
  });
}
