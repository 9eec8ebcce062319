/**
 * The definition of a fuzz target, and the loop that feeds it inputs.
 *
 * @module
 */

import { join } from "node:path";
import { LibreseedError } from "../../src/base/mod.ts";
import { MAX_INPUT_BYTES, mutate, type Random } from "../support/mutator.ts";

/** A parser of untrusted input, and the properties that hold for every input. */
export interface Target {
  /** Name of the target and of its directory in `corpus/`. */
  name: string;
  /** Makes valid inputs to start from, in addition to the corpus. */
  seeds?: () => Uint8Array[] | Promise<Uint8Array[]>;
  /** Relative cost of an input; 1 for a cheap one, and by default. */
  cost?: number;
  /** Maximum bytes allocated for one input; {@linkcode MAX_ALLOCATED_BYTES} by default. */
  maxBytes?: number;
  /** Sets up the check, which is disposed when the target is done. */
  open(): Check | Promise<Check>;
}

/** Default maximum of bytes that a parser may allocate for one input, which has at most 96 KiB. */
export const MAX_ALLOCATED_BYTES = 24 * 2 ** 20;

/** A target that was set up. */
export interface Check extends AsyncDisposable {
  /** Feeds one input to the parser. Throws if a property does not hold. */
  input(bytes: Uint8Array): void | Promise<void>;
}

/** Makes a check that needs no setup and no disposal. */
export function stateless(input: Check["input"]): () => Check {
  return () => ({ input, [Symbol.asyncDispose]: () => Promise.resolve() });
}

/**
 * Runs a parser that may refuse its input, but only with an error of the given class.
 *
 * @returns the parsed value, or `undefined` if the parser refused
 */
export function readOrRefuse<T>(
  errorClass: abstract new (...args: never[]) => LibreseedError,
  parse: () => T,
): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof errorClass) return undefined;
    throw new Error(`threw something else than ${errorClass.name}: ${shown(error)}`, {
      cause: error,
    });
  }
}

/** Formats a thrown value on one line. */
export function shown(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : Deno.inspect(error);
}

/** Directory of the fuzzing corpus, with a folder per target. */
export const CORPUS = join(import.meta.dirname!, "corpus");

/** Reads the corpus of a target: inputs by file name. */
export async function readCorpus(target: string): Promise<Map<string, Uint8Array>> {
  const inputs = new Map<string, Uint8Array>();
  const directory = join(CORPUS, target);
  const names: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(directory)) if (isFile) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  for (const name of names.sort()) inputs.set(name, await Deno.readFile(join(directory, name)));
  return inputs;
}

/** The extent of a run. */
export interface Extent {
  /** Maximum number of damaged inputs. The corpus comes first and does not count. */
  inputs?: number;
  /** Time at which the run ends, by `performance.now()`. */
  untilMs?: number;
  /** Minimum number of damaged inputs, even after `untilMs`. */
  leastInputs?: number;
}

/** Thrown for an input that broke a target. */
export class Broken extends Error {
  override name = "Broken";
  readonly input: Uint8Array;

  constructor(input: Uint8Array, cause: unknown) {
    super(shown(cause), { cause });
    this.input = input;
  }
}

/**
 * Feeds the corpus and then damaged copies of it to a target.
 *
 * @param onInput called with each input before it is used
 * @returns the number of inputs, the number of damaged ones among them, and the maximum bytes
 * allocated for one
 * @throws {Broken} at the first input that breaks a property or allocates too much
 */
export async function fuzz(
  target: Target,
  random: Random,
  extent: Extent,
  onInput: (input: Uint8Array) => void = () => {},
): Promise<{ count: number; damaged: number; worstBytes: number }> {
  const { inputs = Infinity, untilMs = Infinity, leastInputs = 0 } = extent;
  const kept = await readCorpus(target.name);
  const seeds = [...kept.values(), ...await target.seeds?.() ?? []]
    .filter((seed) => seed.length <= MAX_INPUT_BYTES);
  await using check = await target.open();
  const { maxBytes = MAX_ALLOCATED_BYTES } = target;
  let count = 0;
  let worstBytes = 0;
  const use = async (input: Uint8Array) => {
    onInput(input);
    const before = allocatedBytes();
    // A copy, so that a parser that writes into its input does not change the reported one.
    try {
      await check.input(input.slice());
      const bytes = allocatedBytes() - before;
      worstBytes = Math.max(worstBytes, bytes);
      if (bytes > maxBytes) throw new Error(`allocated ${bytes} bytes; at most ${maxBytes} may be`);
    } catch (error) {
      throw new Broken(input, error);
    }
    count++;
  };
  for (const seed of seeds) await use(seed);
  if (seeds.length === 0) seeds.push(new Uint8Array());
  // A pool of damaged inputs, since damage on top of damage reaches deeper states.
  const pool = [...seeds];
  let damaged = 0;
  for (; damaged < inputs && (damaged < leastInputs || performance.now() < untilMs); damaged++) {
    const input = mutate(pool[Math.floor(random() * pool.length)]!, seeds, random);
    await use(input);
    if (random() < 0.05 && pool.length < seeds.length + 32) pool.push(input);
    else if (random() < 0.005) pool.length = seeds.length;
  }
  return { count, damaged, worstBytes };
}

/**
 * Bytes that this thread's heap holds, including garbage. The growth during an input is the amount
 * allocated for it, unless garbage was collected meanwhile, which underestimates it.
 */
function allocatedBytes(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}
