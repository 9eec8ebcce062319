/**
 * `libreseed add FILE.tgz`: seeds somebody's archive.
 *
 * @module
 */

import { resolve } from "node:path";
import { allowSecretFlag, defineCommand, textArgument } from "../command.ts";
import { archiveSettings } from "../common_flags.ts";
import { withNode } from "../with_node.ts";

type Flags = { allowSecret?: readonly string[] };

export default defineCommand<Flags, [file: string]>({
  description:
    "Verifies an archive with the minimal manifest beside it, copies both into the seed directory, and " +
    "keeps the publisher's record alive if the DHT has it. Needs no key: anyone may help to seed.",
  settings: ["home", "dir", ...archiveSettings],
  home: "created",
  parameters: {
    flags: { allowSecret: allowSecretFlag },
    positional: { kind: "tuple", parameters: [textArgument("FILE.tgz", "Archive to seed")] },
  },
  async run(given) {
    const { args: [file], flags: { allowSecret: allowSecrets }, io, output } = given;
    const { addArchive } = await import("../../daemon/mod.ts");
    await withNode(given, async ({ operations, seeds, limits, onVerified, node }) => {
      const archivePath = resolve(io.cwd, file);
      const entry = await addArchive(
        { operations, seeds, limits, onVerified, allowSecrets, signal: io.signal },
        archivePath,
      );
      const { name, version, minimal } = entry;
      output.notice(`added ${name}@${version} by ${minimal.pubkey}`);
      output.result(
        { name, version, publisher: minimal.pubkey, path: entry.archivePath },
        entry.archivePath,
      );
      if (!node.status.daemon) output.notice("nobody serves this yet: run `libreseed seed`");
    });
  },
});
