/**
 * `libreseed manifest put|get`: puts or gets a single manifest record.
 *
 * @module
 */

import { resolve } from "node:path";
import { equalBytes, toHex } from "../../base/mod.ts";
import {
  agentKeyFlag,
  choiceArgument,
  type CommandRun,
  defineCommand,
  textArgument,
} from "../flags/command.ts";
import { networkSettings } from "../flags/common_flags.ts";
import { CliError, errorAbout } from "../process/errors.ts";
import { publisherSigner } from "../running/publisher_key.ts";
import { withNames, withNode } from "../running/with_node.ts";

type Run = CommandRun<{ key?: string }, [action: "put" | "get", what: string]>;

export default defineCommand<{ key?: string }, [action: "put" | "get", what: string]>({
  description:
    "put FILE.minimal.json signs the record of a minimal manifest with this home's key and puts it into " +
    "the DHT, whether or not the archive is here. get [KEY/]NAME@VERSION reads the record from the DHT. " +
    "Both print the record.",
  settings: ["home", "dir", "policy", ...networkSettings],
  home: { put: "existing", get: "created" },
  parameters: {
    flags: { key: agentKeyFlag },
    positional: {
      kind: "tuple",
      parameters: [
        choiceArgument(["put", "get"] as const, "What to do"),
        textArgument("FILE|PACKAGE", "A minimal manifest to put, or the package to get"),
      ],
    },
  },
  run: (given) => given.args[0] === "put" ? put(given) : get(given),
});

async function put(given: Run): Promise<void> {
  const { args: [, file], flags, io, output, settings } = given;
  const { values } = await settings();
  const { MAX_MINIMAL_MANIFEST_BYTES, parseMinimal, signingKeyOf, verifyMinimalSignature } =
    await import("../../package/mod.ts");
  const bytes = await io.readFile(resolve(io.cwd, file), MAX_MINIMAL_MANIFEST_BYTES);
  if (!bytes) throw new CliError("not-found", "FILE_INVALID", `There is no file ${file}`);
  const minimal = parseNamed(file, () => parseMinimal(bytes));
  const { formatPublicKey } = await import("../../identity/mod.ts");
  const keys = await publisherSigner(io, values.home, flags.key);
  if (!verifyMinimalSignature(minimal) || !equalBytes(signingKeyOf(minimal), keys.publicKey)) {
    throw new CliError(
      "verification",
      "FILE_INVALID",
      `${file} is not signed by this home's key, ${formatPublicKey(keys.publicKey)}`,
    );
  }
  const { putManifest } = await import("../../publishing/mod.ts");
  await withNode(given, async ({ operations }) => {
    const { item, outcome } = await putManifest(operations, minimal, keys, io.clock, io.signal);
    const { holding, weak } = outcome;
    if (weak) output.warning(`the record is weak: ${holding} nodes hold it, fewer than min-nodes`);
    output.result(
      { ...minimal, seq: item.seq, target: item.target, holding, weak },
      `${JSON.stringify(minimal)}\nseq ${item.seq}, target ${item.target}, on ${holding} nodes`,
    );
  }, { usesSeeds: false });
}

function parseNamed<T>(file: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw errorAbout(file, error);
  }
}

async function get(given: Run): Promise<void> {
  const { args: [, text], output } = given;
  const { isValidVersion, parsePackageSpec } = await import("../../package/mod.ts");
  const wanted = parsePackageSpec(text);
  const { name, range: version } = wanted;
  if (version === undefined) {
    throw new CliError("usage", "BAD_ARGUMENTS", `${text} names no version: write ${text}@1.2.3`);
  }
  if (!isValidVersion(version)) {
    throw new CliError(
      "usage",
      "BAD_ARGUMENTS",
      `${version} is a range, but a record describes exactly one version`,
    );
  }
  const { resolveByName } = await import("../../names/mod.ts");
  const { manifestSalt, targetOf } = await import("../../records/mod.ts");
  await withNode(given, (network) =>
    withNames(given, network, async (names) => {
      const { minimal, publicKey, seq, counts } = await resolveByName(names, wanted);
      const target = toHex(targetOf(publicKey, manifestSalt(name, version)));
      const { holding, responded } = counts;
      const where = `seq ${seq}, target ${target}, on ${holding} of ${responded} nodes`;
      output.result(
        { ...minimal, seq, target, holding, responded },
        `${JSON.stringify(minimal)}\n${where}`,
      );
    }));
}
