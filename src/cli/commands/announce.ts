/**
 * `libreseed announce [NAME[@VERSION]…]`: one cycle of re-announcing, for cron.
 *
 * @module
 */

import type { AnnouncedJson } from "../../daemon/mod.ts";
import { defineCommand, textArgument } from "../command.ts";
import { networkSettings } from "../common_flags.ts";
import { CliError } from "../errors.ts";
import { combineExitCodes, exitCodeOfError, exitCodes } from "../exit_codes.ts";
import { withNode } from "../with_node.ts";

export default defineCommand<Record<never, never>, string[]>({
  description:
    "Asks the DHT which nodes hold the records that this home keeps, and puts them where they are " +
    "missing. Needs no private key: records are kept signed. Prints one line a record. Without names, " +
    "all records.",
  settings: ["home", "dir", ...networkSettings],
  parameters: {
    flags: {},
    positional: {
      kind: "array",
      parameter: textArgument("NAME[@VERSION]", "Package whose records to announce"),
    },
  },
  async run(given) {
    const { args, output, io } = given;
    const packages = await Promise.all(args.map(readName));
    /** Targets said to be announced: another owner of the engine, asked anew, says them again. */
    const done = new Set<string>();
    return await withNode(given, async ({ operations }) => {
      const results = await operations.announce({ packages }, {
        signal: io.signal,
        onEvent: (announced) => say(announced),
      });
      io.signal.throwIfAborted();
      if (results.length === 0 && packages.length === 0) {
        output.notice("this home keeps no records");
      }
      const unknown = packages.filter((wanted) => !results.some((one) => isOf(one, wanted)));
      const errors = unknown.map(noRecords);
      for (const error of errors) output.error(error);
      const codes = results.map((one) => done.has(one.target) ? exitCodes.done : exitCodeOf(one));
      return combineExitCodes([...codes, ...errors.map(exitCodeOfError)]);
    });

    function say(announced: AnnouncedJson): void {
      const label = labelOf(announced);
      const ok = exitCodeOf(announced) === exitCodes.done;
      if (done.has(announced.target)) return;
      if (ok) done.add(announced.target);
      output.result(
        { ...announced, label, ok },
        ok ? `${label}\t${wordsOf(announced)}` : undefined,
      );
      if (!ok) output.error(failureOf(label, announced));
    }
  },
});

function wordsOf({ outcome }: AnnouncedJson): string {
  const { holding, stored, superseded, weak } = outcome!;
  if (superseded) return "superseded by a newer record, which is kept now";
  return `stored on ${holding} nodes (${stored} new)${weak ? ", weak" : ""}`;
}

function failureOf(label: string, { outcome, error }: AnnouncedJson): CliError {
  const why = !outcome
    ? error?.message ?? "no DHT"
    : outcome.responded === 0
    ? "no DHT node answered"
    : `none of ${outcome.responded} DHT nodes took it`;
  return new CliError("network", error?.code ?? "DHT_UNREACHABLE", `${label}: failed: ${why}`);
}

async function readName(text: string): Promise<WantedRecords> {
  const { parsePackageSpec } = await import("../../package/mod.ts");
  const { name, range } = parsePackageSpec(text);
  return { name, version: range };
}

type WantedRecords = { name: string; version?: string };

function isOf(announced: AnnouncedJson, { name, version }: WantedRecords): boolean {
  return announced.name === name && (version === undefined || announced.version === version);
}

function noRecords({ name, version }: WantedRecords): CliError {
  const label = version === undefined ? name : `${name}@${version}`;
  return new CliError(
    "not-found",
    "RECORD_NOT_FOUND",
    `This home keeps no records of ${label}. \`libreseed list\` shows what there is`,
  );
}

function labelOf({ kind, name, version, publisher }: AnnouncedJson): string {
  if (kind === "name-index") return `name index of ${name}`;
  if (publisher !== undefined) return `${kind} of ${publisher}`;
  return name ? `${name}@${version}` : kind;
}

function exitCodeOf({ outcome }: AnnouncedJson): number {
  if (outcome?.superseded) return exitCodes.done;
  return outcome && outcome.holding > 0 ? exitCodes.done : exitCodes.network;
}
