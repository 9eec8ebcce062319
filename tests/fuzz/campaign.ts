/**
 * A timed run over all fuzz targets: divides the time among them, and reports the result. The
 * caller passes the function that runs a target in its thread.
 *
 * @module
 */

import type { Job, Outcome } from "./worker.ts";

/**
 * Maximum duration of a turn in milliseconds: long enough for deep damage, short enough for many
 * turns.
 */
const LONGEST_TURN_MS = 20_000;
/** Minimum damaged inputs in a turn, even when the time is over. */
const LEAST_INPUTS = 20;

/** Dependencies of a campaign. */
export interface Campaign {
  /** Names of targets. */
  targets: readonly string[];
  forMs: number;
  firstSeed: number;
  run(job: Omit<Job, "progress" | "input">): Promise<Outcome>;
  /** A monotonic clock, in milliseconds. */
  now(): number;
  /** Called with each input that broke a target. */
  onBroken(target: string, seed: number, outcome: Outcome & { kind: "broke" }): Promise<void>;
}

/** The outcome of one target. */
export interface TargetTotal {
  /** Number of damaged inputs. */
  damaged: number;
  /** Number of inputs, including those of the corpus. */
  inputs: number;
  broken: number;
  /** Maximum bytes allocated for one input. */
  allocatedBytes: number;
}

/** The outcome of all targets. */
export interface CampaignOutcome {
  totals: Map<string, TargetTotal>;
  /** Maximum resident memory of the process, in bytes. */
  residentBytes: number;
}

/**
 * Gives each target a turn, in rounds, until the time is over. A turn's share of the remaining time
 * equals that of each later turn in the round, so that a slow target costs the later ones equally.
 * The first round reaches every target, even when the time is over.
 */
export async function runCampaign(campaign: Campaign): Promise<CampaignOutcome> {
  const { targets, firstSeed, now } = campaign;
  const endMs = now() + campaign.forMs;
  const totals = new Map<string, TargetTotal>(
    targets.map((name) => [name, { damaged: 0, inputs: 0, broken: 0, allocatedBytes: 0 }]),
  );
  let residentBytes = 0;
  for (let seed = firstSeed; seed === firstSeed || now() < endMs; seed++) {
    for (const [at, target] of targets.entries()) {
      const leftMs = endMs - now();
      if (leftMs <= 0 && seed !== firstSeed) break;
      const forMs = Math.max(0, Math.min(LONGEST_TURN_MS, leftMs / (targets.length - at)));
      const outcome = await campaign.run({ target, seed, forMs, leastInputs: LEAST_INPUTS });
      const total = totals.get(target)!;
      if (outcome.kind === "broke") {
        total.broken++;
        await campaign.onBroken(target, seed, outcome);
        continue;
      }
      total.damaged += outcome.damaged;
      total.inputs += outcome.inputs;
      total.allocatedBytes = Math.max(total.allocatedBytes, outcome.allocatedBytes);
      residentBytes = Math.max(residentBytes, outcome.rssBytes);
    }
  }
  return { totals, residentBytes };
}

/**
 * The result of a run in words, and whether it is a success: every target got damaged input, and
 * none broke.
 */
export function conclude(
  { totals, residentBytes }: CampaignOutcome,
  firstSeed: number,
): { lines: string[]; isGood: boolean } {
  const all = [...totals];
  const lines = all.map(([name, { inputs, damaged, allocatedBytes }]) => {
    const mib = (allocatedBytes / 2 ** 20).toFixed(1);
    return `${name.padEnd(18)} ${inputs} inputs, ${damaged} of them damaged, ` +
      `at most ${mib} MiB allocated for one`;
  });
  const broken = all.reduce((sum, [, total]) => sum + total.broken, 0);
  lines.push(
    `first seed ${firstSeed}, ${broken} broken, at most ${residentBytes >> 20} MiB resident`,
  );
  const unmet = all.filter(([, total]) => total.damaged === 0 && total.broken === 0);
  if (unmet.length > 0) {
    lines.push(`without any damaged input: ${unmet.map(([name]) => name).join(", ")}`);
  }
  return { lines, isGood: broken === 0 && unmet.length === 0 };
}
