/** The definition of a fuzz target, and the loop that feeds inputs to the target. */

import { join } from "node:path";
import { LibreseedError } from "../../src/base/mod.ts";
import { MAX_INPUT_BYTES, mutate, type Random } from "../support/mutator.ts";

/**
 * A fuzz target: a parser of untrusted input, and the properties that must hold for every input.
 */
export interface Target {
  /** Name of the target. The target's directory in `corpus/` has the same name. */
  name: string;
  /** Makes valid inputs that fuzzing starts from, in addition to the corpus. */
  seeds?: () => Uint8Array[] | Promise<Uint8Array[]>;
  /** Relative cost of one input. The default is 1, for a cheap parser. */
  cost?: number;
  /**
   * Maximum number of bytes that the parser may allocate for one input. The default is {@linkcode
   * MAX_ALLOCATED_BYTES}.
   */
  maxBytes?: number;
  /** Sets up the target. The caller disposes of the returned check after the run. */
  open(): Check | Promise<Check>;
}

/**
 * Default for the maximum number of bytes that a parser may allocate for one input. An input has 96
 * KiB at most.
 */
export const MAX_ALLOCATED_BYTES = 24 * 2 ** 20;

/** A fuzz target that has been set up to receive inputs. */
export interface Check extends AsyncDisposable {
  /** Feeds one input to the parser. Throws if a property of the target does not hold. */
  input(bytes: Uint8Array): void | Promise<void>;
}

/** Makes a check from a function that needs no setup and no disposal. */
export function stateless(input: Check["input"]): () => Check {
  return () => ({ input, [Symbol.asyncDispose]: () => Promise.resolve() });
}

/** Runs a parser. The parser may refuse its input, but only with an error of the given class. */
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

/** Formats a thrown value as text on one line. */
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

/** The limits of a fuzzing run: number of inputs, and time. */
export interface Extent {
  /** Maximum number of damaged inputs. The inputs of the corpus come first and are not counted. */
  inputs?: number;
  /** Time at which the run ends, by `performance.now()`. */
  untilMs?: number;
  /** Minimum number of damaged inputs, even if `untilMs` has passed. */
  leastInputs?: number;
}

/** Error for an input that broke a target. */
export class Broken extends Error {
  override name = "Broken";
  readonly input: Uint8Array;

  constructor(input: Uint8Array, cause: unknown) {
    super(shown(cause), { cause });
    this.input = input;
  }
}

/**
 * Feeds a target the inputs of the corpus, and then damaged copies of the corpus.
 *
 * @returns the number of inputs, the number of damaged inputs, and the maximum number of bytes
 * allocated for one input
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
    // The parser receives a copy of the input. If the parser changes its input, the reported input
    // stays the same.
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
  // A pool of damaged inputs. Damaging an input repeatedly reaches deeper states of the parser.
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
 * Returns the bytes in this thread's heap, including garbage. The growth during one input is the
 * memory allocated for that input. A garbage collection in between makes the figure too low.
 */
function allocatedBytes(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}
