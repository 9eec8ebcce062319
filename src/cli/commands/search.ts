/**
 * `libreseed search PREFIX`: searches the names of the packages that this home knows.
 *
 * @module
 */

import type { MinimalManifest } from "../../package/mod.ts";
import { defineCommand, textArgument } from "../flags/command.ts";
import { CliError } from "../process/errors.ts";
import { withState } from "../running/with_state.ts";
import { printable } from "../terminal/format.ts";

const MAX_RESULTS = 10_000;

export default defineCommand<Record<never, never>, [prefix?: string]>({
  description:
    "Searches the packages of followed publishers, and those in the seed directory, for names that " +
    "begin with PREFIX. Prints name and version, publisher, length in bytes, and the description. The " +
    "daemon reads the descriptions of followed packages from their archives, some in a minute; before, " +
    "a package has one if its archive is in the seed directory. Works offline: packages of other " +
    "publishers are not found.",
  settings: ["home", "dir"],
  home: "existing",
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{ ...textArgument("PREFIX", "How the name begins"), optional: true }],
    },
  },
  run: (given) =>
    withState(given, async (state, values) => {
      const { args: [prefix = ""], io, output } = given;
      const { SeedDirectory } = await import("../../store/mod.ts");
      const { Descriptions, flagsOfVersion, magnetOf } = await import("../../fetching/mod.ts");
      const { parsePublicKey } = await import("../../identity/mod.ts");
      const { archiveLimitsOf, signingKeyOf } = await import("../../package/mod.ts");
      const { NO_FLAGS } = await import("../../base/mod.ts");
      const found = new Map<string, MinimalManifest>();
      const take = (one: MinimalManifest) =>
        found.set(`${one.name}\n${one.version}\n${one.pubkey}`, one);
      state.follows.search(prefix, MAX_RESULTS).forEach(take);
      const present = (await new SeedDirectory(values.dir).list()).flatMap((entry) =>
        entry.problem === undefined && entry.name.startsWith(prefix) ? [entry] : []
      );
      for (const { minimal } of present) take(minimal);
      const names = [...found].sort(([a], [b]) => a < b ? -1 : 1).map(([, one]) => one);
      if (names.length === 0) {
        const known = prefix === ""
          ? "This home knows no packages"
          : `This home knows no package whose name begins with ${prefix}`;
        throw new CliError(
          "not-found",
          "NOTHING_FOUND",
          `${known}. \`libreseed follow KEY\` adds the packages of a publisher`,
          { detail: { unknownName: prefix } },
        );
      }
      const limits = archiveLimitsOf(values);
      const descriptions = await Descriptions.read(present, limits, io.signal);
      for (const one of names) {
        const { name, version, pubkey, length } = one;
        // The publisher may be followed by the key that signs.
        const description = descriptions.of(one) ??
          state.descriptions.of(parsePublicKey(pubkey), name) ??
          state.descriptions.of(signingKeyOf(one), name);
        const about = { ...(description !== undefined && { description }) };
        const { flags = NO_FLAGS } = state.offers.ofManifest(one) ?? {};
        const own = flagsOfVersion(flags, version);
        const mark = own.yanked !== undefined
          ? "yanked"
          : own.deprecated !== undefined
          ? "deprecated"
          : "";
        output.result(
          {
            name,
            version,
            publisher: pubkey,
            lengthBytes: length,
            magnet: magnetOf(one),
            ...about,
            ...own,
          },
          `${name}@${version}\t${pubkey}\t${length}\t${printable(description ?? "")}\t${mark}`
            .trimEnd(),
        );
      }
    }),
});
