/**
 * `libreseed add FILE.tgz`: seeds another publisher's archive.
 *
 * @module
 */

import { resolve } from "node:path";
import { allowSecretFlag, defineCommand, textArgument } from "../flags/command.ts";
import { archiveSettings } from "../flags/common_flags.ts";
import { warnOfUnmatched } from "../running/contents.ts";
import { withNode } from "../running/with_node.ts";

type Flags = { allowSecret?: readonly string[] };

export default defineCommand<Flags, [file: string]>({
  description:
    "Verifies an archive against the minimal manifest beside it, copies both into the seed directory, " +
    "and keeps the publisher's record alive if the DHT has it. Needs no key: anyone may help to seed.",
  settings: ["home", "dir", ...archiveSettings],
  home: "created",
  parameters: {
    flags: { allowSecret: allowSecretFlag },
    positional: { kind: "tuple", parameters: [textArgument("FILE.tgz", "Archive to seed")] },
  },
  async run(given) {
    const { args: [file], flags: { allowSecret: allowSecrets }, io, output } = given;
    const { addArchive, checkArchive } = await import("../../publishing/mod.ts");
    const { archiveLimitsOf } = await import("../../package/mod.ts");
    const { values } = await given.settings();
    const archivePath = resolve(io.cwd, file);
    const options = {
      allowSecrets,
      startThread: io.launcher.startHelper,
      signal: io.signal,
      onUnmatched: (paths: string[]) => warnOfUnmatched(output, paths),
    };
    // If the home is missing, check the archive before creating the home, so that a refused archive
    // leaves no empty home behind.
    const isNewHome = await io.launcher.describe(values.home) === undefined;
    const checked = isNewHome
      ? await checkArchive({ ...options, limits: archiveLimitsOf(values) }, archivePath)
      : undefined;
    await withNode(given, async ({ operations, seeds, limits, onVerified, node }) => {
      const context = { ...options, operations, seeds, limits, onVerified };
      const entry = await addArchive(context, archivePath, checked);
      const { name, version, minimal } = entry;
      output.notice(`added ${name}@${version} by ${minimal.pubkey}`);
      output.result(
        { name, version, publisher: minimal.pubkey, path: entry.archivePath },
        entry.archivePath,
      );
      if (!node.status.daemon) output.notice("not seeded yet: run `libreseed seed`");
    });
  },
});
