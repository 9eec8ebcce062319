/**
 * `libreseed tag [KEY/]NAME`, `tag NAME@VERSION TAG`, `tag --remove NAME TAG`: lists, sets or removes
 * the tags of a package.
 *
 * @module
 */

import type { WantedOffer } from "../../fetching/mod.ts";
import type { OwnSpec } from "../running/own_flags.ts";
import {
  agentKeyFlag,
  type CommandRun,
  defineCommand,
  switchFlag,
  textArgument,
} from "../flags/command.ts";
import { networkSettings } from "../flags/common_flags.ts";
import { CliError } from "../process/errors.ts";
import { changeOwnFlags } from "../running/own_flags.ts";
import { withNames, withNode } from "../running/with_node.ts";

type Flags = { remove?: boolean; key?: string };
type Args = [spec: string, tag?: string];
type Run = CommandRun<Flags, Args>;

export default defineCommand<Flags, Args>({
  description:
    "tag NAME lists the tags of a package, also of another publisher. tag NAME@VERSION TAG sets a tag of " +
    "an own package, so that readers get that version with NAME@TAG. tag --remove NAME TAG removes it. " +
    "The tag latest is the highest stable version as long as it is not set; requests without a range " +
    "follow it.",
  examples: [
    "libreseed tag my-tool",
    "libreseed tag my-tool@2.0.0-rc.1 next",
    "libreseed tag --remove my-tool next",
  ],
  settings: ["home", "dir", "policy", ...networkSettings],
  home: "existing",
  parameters: {
    flags: { remove: switchFlag("Remove the tag"), key: agentKeyFlag },
    positional: {
      kind: "tuple",
      parameters: [
        textArgument("[KEY/]NAME[@VERSION]", "Package, with the version to set a tag"),
        { ...textArgument("TAG", "The tag to set or to remove"), optional: true },
      ],
    },
  },
  async run(given) {
    const { args: [text, tag], flags: { remove } } = given;
    const { isValidVersion, parsePackageSpec } = await import("../../package/mod.ts");
    const { removingTag, settingTag } = await import("../../publishing/mod.ts");
    const spec = parsePackageSpec(text);
    const { name, range } = spec;
    if (remove) {
      if (tag === undefined || range !== undefined) throw usage("tag --remove NAME TAG");
      await changeOwnFlags(given, spec, removingTag(name, tag), "");
    } else if (tag === undefined) {
      if (range !== undefined) throw usage("tag NAME, or tag NAME@VERSION TAG");
      await list(given, spec);
    } else {
      if (range === undefined || !isValidVersion(range)) throw usage("tag NAME@VERSION TAG");
      const unchanged = `the tag ${tag} of ${name} is ${range} already`;
      await changeOwnFlags(given, spec, settingTag(name, range, tag), unchanged);
    }
  },
});

function usage(form: string): CliError {
  return new CliError("usage", "BAD_ARGUMENTS", `write libreseed ${form}`);
}

async function list(given: Run, { publicKey, name }: OwnSpec): Promise<void> {
  const { output } = given;
  const { fittingVersions, readOffers } = await import("../../fetching/mod.ts");
  const { LATEST } = await import("../../package/mod.ts");
  const { resolveByName } = await import("../../names/mod.ts");
  await withNode(given, (network) =>
    withNames(given, network, async (names) => {
      const { operations, finding, offers } = names;
      const publisher = publicKey ?? (await resolveByName(names, { name })).publicKey;
      const read = (wanted: WantedOffer) =>
        readOffers(operations, offers.records, publisher, { ...finding, ...wanted });
      const offer = offers.settle(name, await offers.of(publisher, name, read));
      const { tags, yanked } = offer.flags;
      const [latest] = fittingVersions(offer, LATEST);
      const all = new Map([...(latest === undefined ? [] : [[LATEST, latest] as const]), ...tags]);
      if (all.size === 0) output.notice(`${name} has no tags`);
      for (const [tag, version] of [...all].sort(([a], [b]) => a < b ? -1 : 1)) {
        const isYanked = yanked.has(version);
        const data = { name, tag, version, isSet: tags.has(tag), ...(isYanked && { isYanked }) };
        output.result(data, `${tag}\t${version}${isYanked ? "\tyanked" : ""}`);
      }
    }));
}
