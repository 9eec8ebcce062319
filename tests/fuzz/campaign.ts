/**
 * A timed fuzzing run over all targets. Divides the time among the targets, and reports the result.
 * The caller passes in the function that runs a target in the fuzzing thread.
 */

import type { Job, Outcome } from "./worker.ts";

/**
 * Maximum duration of a target's turn, in milliseconds. Long enough for inputs to be damaged
 * repeatedly, short enough for many turns.
 */
const LONGEST_TURN_MS = 20_000;
/** Minimum number of damaged inputs in a target's turn, even when the run's time is over. */
const LEAST_INPUTS = 20;

/** Parameters of a fuzzing campaign. */
export interface Campaign {
  /** Names of the fuzz targets. */
  targets: readonly string[];
  forMs: number;
  firstSeed: number;
  run(job: Omit<Job, "progress" | "input">): Promise<Outcome>;
  /** Returns the time of a monotonic clock, in milliseconds. */
  now(): number;
  /** Callback for each input that broke a target. */
  onBroken(target: string, seed: number, outcome: Outcome & { kind: "broke" }): Promise<void>;
}

/** The outcome of fuzzing one target: counts of inputs, and maximum memory. */
export interface TargetTotal {
  /** Number of damaged inputs that the target received. */
  damaged: number;
  /** Number of all inputs that the target received: damaged inputs and those of the corpus. */
  inputs: number;
  broken: number;
  /** Maximum number of bytes that the target allocated for one input. */
  allocatedBytes: number;
}

/** The outcome of fuzzing all targets. */
export interface CampaignOutcome {
  totals: Map<string, TargetTotal>;
  /** Maximum resident memory of the fuzzing process, in bytes. */
  residentBytes: number;
}

/**
 * Gives each target a turn, in rounds, until the time is over. The remaining time is divided
 * equally among the targets that are still due in the round, so a slow target shortens the turns of
 * all later targets equally. The first round reaches every target, even when the time is over.
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
 * Describes the result of a run, and whether the run succeeded: every target received damaged
 * input, and no target broke.
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
