/**
 * A run over all fuzz targets within a given time: who gets how much of it, and what the end says.
 * The thread that the targets run in is handed in.
 *
 * @module
 */

import type { Job, Outcome } from "./worker.ts";

/** Long enough to get somewhere, short enough that each target has many turns, milliseconds. */
const LONGEST_TURN_MS = 20_000;
/** A turn has at least this many damaged inputs, however late it is. */
const LEAST_INPUTS = 20;

/** Dependencies of a campaign. */
export interface Campaign {
  /** Names of targets. */
  targets: readonly string[];
  forMs: number;
  firstSeed: number;
  run(job: Omit<Job, "progress" | "input">): Promise<Outcome>;
  /** Monotonic, milliseconds. */
  now(): number;
  /** Called with each input that broke a target. */
  onBroken(target: string, seed: number, outcome: Outcome & { kind: "broke" }): Promise<void>;
}

/** The outcome of one target. */
export interface TargetTotal {
  /** Damaged inputs. */
  damaged: number;
  /** All inputs, those of the corpus too. */
  inputs: number;
  broken: number;
  /** Most bytes that one input had allocated. */
  allocatedBytes: number;
}

/** The outcome of all targets. */
export interface CampaignOutcome {
  totals: Map<string, TargetTotal>;
  /** Most bytes that the process held. */
  residentBytes: number;
}

/**
 * Gives each target a turn, and another until the time is over. Of what is left of the time, a turn
 * has an equal share with those that come after it in the round; what one takes too long is lost to
 * all of them. The first round reaches every target, whatever the time.
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

/** The end of a run in words, and whether it is one to rely on: every target met something, and held. */
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
