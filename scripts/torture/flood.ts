/**
 * Floods of packets from forged addresses. Such packets are rate-limited as on the internet;
 * loopback, which the other cases use, is exempt. Each flood runs in a network namespace of its
 * own, which requires root.
 */

import { join } from "node:path";
import type { Case, Report } from "./case.ts";
import type { Flood } from "./flood_in_namespace.ts";

const SECONDS = 4;

/** Runs a flood. Returns `undefined` if the process may not make a network namespace. */
export async function flooded(
  seconds: number,
  kind: string,
  senders: number,
): Promise<Flood | undefined> {
  const namespace = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const may = await new Deno.Command("unshare", { args: [...namespace, "true"] }).output()
    .catch(() => undefined);
  if (!may?.success) return undefined;
  const script = join(import.meta.dirname!, "flood_in_namespace.ts");
  const run = [
    "run",
    "-qA",
    "--no-check",
    "-c",
    join(import.meta.dirname!, "../../deno.json"),
  ];
  const { success, stdout, stderr } = await new Deno.Command("unshare", {
    args: [...namespace, Deno.execPath(), ...run, script, `${seconds}`, kind, `${senders}`],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

function flood(what: string, kind: string, senders: number): Case {
  return {
    name: `flood of ${what}`,
    async run(scale) {
      const report: Report = { tried: 0, survived: 0, lost: 0, note: "" };
      const seconds = SECONDS * scale;
      const came = await flooded(seconds, kind, senders);
      if (!came) return { ...report, note: "needs root, for a network namespace" };
      const { sent, lost, read, known, strangers, announced, processorMs } = came;
      if (announced.well === 0) report.problem = "no record could be announced";
      const rate = Math.round(sent / seconds);
      const share = (part: number, of: number) => `${Math.round(100 * part / of)} %`;
      return {
        ...report,
        tried: sent,
        survived: sent,
        worstBytes: came.peakBytes,
        worstRecoveryMs: came.recoveryMs,
        note:
          `packets, ${rate} a second; ${(1_000 * processorMs / read).toFixed(1)} µs of processor ` +
          `time for each that was read; not read for want of time: ${share(lost, sent)}; queries ` +
          `answered of nodes that we know: ${share(known.answered, known.asked)}, of strangers: ` +
          `${share(strangers.answered, strangers.asked)}; records announced meanwhile: ` +
          `${announced.well} of ${announced.tried}`,
      };
    },
  };
}

/** Torture cases: floods of several kinds of packets. */
export const floods: readonly Case[] = [
  flood("queries from one address", "queries", 1),
  flood("queries from 8,192 addresses", "queries", 8_192),
  flood("puts with bad tokens from 8,192 addresses", "puts", 8_192),
  flood("answers that nobody asked for from 8,192 addresses", "answers", 8_192),
  flood("noise from 8,192 addresses", "garbage", 8_192),
  flood("uTP packets from 8,192 addresses", "utp", 8_192),
];
