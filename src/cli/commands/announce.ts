/**
 * `libreseed announce [NAME[@VERSION]…]`: announces this home's records once, for use in cron jobs.
 *
 * @module
 */

import { toHex } from "../../base/mod.ts";
import type { Announced } from "../../control/mod.ts";
import type { MutableItem } from "../../records/mod.ts";
import { defineCommand, textArgument } from "../flags/command.ts";
import { networkSettings } from "../flags/common_flags.ts";
import { CliError } from "../process/errors.ts";
import { combineExitCodes, exitCodeOfError, exitCodes } from "../process/exit_codes.ts";
import { withNode } from "../running/with_node.ts";
import type { Output } from "../terminal/output.ts";

export default defineCommand<Record<never, never>, string[]>({
  description:
    "Asks the DHT which nodes hold the records that this home keeps, and puts them on nodes that lack " +
    "them. Needs no private key, because records are kept signed. Prints one line per record. Without " +
    "names, announces all records. With NAME@VERSION, a running daemon also announces the archive, and goes " +
    "on for a day, so that other BitTorrent clients find it.",
  examples: [
    "libreseed announce",
    "libreseed announce my-tool@1.0.0",
  ],
  settings: ["home", "dir", ...networkSettings],
  home: "existing",
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
    const failures = new FailureReport(output);
    /**
     * Targets of the records that are already printed. They are not printed again if the process
     * that runs the engine ends and the next process repeats the announcements.
     */
    const done = new Set<string>();
    const { labelOf } = await import("../../control/mod.ts");
    const { withNearestName } = await import("../running/known_names.ts");
    return await withNode(given, async ({ operations }) => {
      const results = await operations.announce({ packages }, {
        signal: io.signal,
        onEvent: (announced) => print(announced),
      });
      io.signal.throwIfAborted();
      failures.end();
      if (results.length === 0 && packages.length === 0) {
        output.notice("this home keeps no records");
      }
      const isVersionAnnounced = packages.some((wanted) =>
        wanted.version !== undefined && results.some((one) => isOf(one, wanted))
      );
      if (isVersionAnnounced && !(await operations.status()).daemon) {
        output.notice(
          "no daemon runs, so archives were not announced: other BitTorrent clients find a version " +
            "again once `libreseed seed` runs and it is announced then",
        );
      }
      const unknown = packages.filter((wanted) => !results.some((one) => isOf(one, wanted)));
      const errors = unknown.map(noRecords);
      for (const error of errors) output.error(await withNearestName(error, given));
      // The index of a name and the lists may have been announced, although the version is not known.
      if (errors.length > 0 && errors.length === packages.length) return exitCodes.notFound;
      const codes = results.map((one) => done.has(one.target) ? exitCodes.done : exitCodeOf(one));
      return combineExitCodes([...codes, ...errors.map(exitCodeOfError)]);
    }, { usesSeeds: false });

    function print(announced: Announced): void {
      const label = labelOf(announced);
      const ok = exitCodeOf(announced) === exitCodes.done;
      if (done.has(announced.target)) return;
      if (ok) done.add(announced.target);
      output.result(
        { ...jsonOf(announced), label, ok },
        ok ? `${label}\t${wordsOf(announced)}` : undefined,
      );
      if (ok) failures.release();
      else failures.add(label, announced);
    }
  },
});

/**
 * Reports failed announcements. Failures are held back until an announcement succeeds. If none
 * succeeds, a summary is printed, because one line about the missing network is more useful than
 * ten thousand failures.
 */
class FailureReport {
  readonly #output: Output;
  /**
   * Labels of records whose announcement failed, keyed by reason; `undefined` once an announcement
   * succeeded.
   */
  #held: Map<string, { labels: string[]; code: string }> | undefined;

  constructor(output: Output) {
    this.#output = output;
    this.#held = output.verbose ? undefined : new Map();
  }

  add(label: string, announced: Announced): void {
    const { why, code } = reasonOf(announced);
    if (!this.#held) return this.#print(label, why, code);
    const same = this.#held.get(why);
    if (same) same.labels.push(label);
    else this.#held.set(why, { labels: [label], code });
  }

  /** Prints the failed announcements held back so far. Later failures are printed at once. */
  release(): void {
    if (!this.#held) return;
    for (const [why, { labels, code }] of this.#held) {
      for (const label of labels) this.#print(label, why, code);
    }
    this.#held = undefined;
  }

  /** Ends the report: prints a summary of the failed announcements still held back. */
  end(): void {
    for (const [why, { labels, code }] of this.#held ?? []) {
      if (labels.length === 1) this.#print(labels[0]!, why, code);
      else {
        const hint = "`libreseed doctor` looks for the cause, -v names each record";
        this.#fail(code, `${labels.length} records were not announced: ${why}; ${hint}`);
      }
    }
  }

  #print(label: string, why: string, code: string): void {
    this.#fail(code, `${label}: failed: ${why}`);
  }

  #fail(code: string, message: string): void {
    this.#output.error(new CliError("network", code, message));
  }
}

/** Converts the outcome of an announcement to JSON, with byte arrays in hexadecimal. */
function jsonOf({ outcome, ...record }: Announced): Record<string, unknown> {
  if (!outcome) return { ...record };
  const { superseded, conflict, ...counts } = outcome;
  const items = {
    superseded: superseded && hexOf(superseded),
    conflict: conflict && hexOf(conflict),
    // Counted for the plan of announcements; an index of a name is not counted here.
    packets: undefined,
  };
  return { ...record, outcome: { ...counts, ...items } };
}

function hexOf({ publicKey, salt, seq, value, signature }: MutableItem) {
  return {
    publicKey: toHex(publicKey),
    salt: toHex(salt),
    seq,
    value: toHex(value),
    signature: toHex(signature),
  };
}

function wordsOf({ outcome }: Announced): string {
  const { holding, stored, superseded, weak } = outcome!;
  if (superseded) return "superseded by a newer record, which is kept now";
  return `stored on ${holding} nodes (${stored} new)${weak ? ", weak" : ""}`;
}

function reasonOf({ outcome, error }: Announced): { why: string; code: string } {
  const why = !outcome
    ? error?.message ?? "no DHT"
    : outcome.responded === 0
    ? "no DHT node answered"
    : `none of ${outcome.responded} DHT nodes stored it`;
  return { why, code: error?.code ?? "DHT_UNREACHABLE" };
}

/**
 * Reads an argument of the command.
 *
 * @throws {CliError} `BAD_ARGUMENTS` (kind `usage`) for a publisher, or a range or tag in place of a version
 */
async function readName(text: string): Promise<WantedRecords> {
  const { isValidVersion, parsePackageSpec } = await import("../../package/mod.ts");
  const { publicKey, name, range } = parsePackageSpec(text);
  const refuse = (why: string) =>
    new CliError("usage", "BAD_ARGUMENTS", `${JSON.stringify(text)} ${why}`);
  if (publicKey) {
    throw refuse(
      "names a publisher, but `announce` takes the packages of that name by all publishers whose " +
        `records this home keeps: write ${name}${range === undefined ? "" : `@${range}`}`,
    );
  }
  if (range !== undefined && !isValidVersion(range)) {
    throw refuse(`names no version: write ${name}@VERSION, or ${name} for all versions`);
  }
  return { name, version: range };
}

type WantedRecords = { name: string; version?: string };

function isOf(announced: Announced, { name, version }: WantedRecords): boolean {
  return announced.name === name && (version === undefined || announced.version === version);
}

function noRecords({ name, version }: WantedRecords): CliError {
  const label = version === undefined ? name : `${name}@${version}`;
  return new CliError(
    "not-found",
    "RECORD_NOT_FOUND",
    `This home keeps no records of ${label}. \`libreseed list\` shows its packages`,
    { detail: { unknownName: name } },
  );
}

function exitCodeOf({ outcome }: Announced): number {
  if (outcome?.superseded) return exitCodes.done;
  return outcome && outcome.holding > 0 ? exitCodes.done : exitCodes.network;
}
