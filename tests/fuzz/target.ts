/**
 * What a fuzz target is, and how inputs are thrown at one.
 *
 * @module
 */

import { join } from "node:path";
import { LibreseedError } from "../../src/base/mod.ts";
import { MAX_INPUT_BYTES, mutate, type Random } from "./mutator.ts";

/** A parser that meets strangers, and what has to hold of it whatever it is given. */
export interface Target {
  /** Name of its directory in `corpus/`. */
  name: string;
  /** Good inputs to start from, beside those of the corpus. */
  seeds?: () => Uint8Array[] | Promise<Uint8Array[]>;
  /** How dear an input is; a cheap one has 1. */
  cost?: number;
  /** Most bytes that one input may have allocated; {@linkcode MAX_ALLOCATED_BYTES} unless given. */
  maxBytes?: number;
  /** Makes what `check` needs; ended when the target is through. */
  open(): Check | Promise<Check>;
}

/** An input is of 96 KiB at the most; what reads it may make so much of it. */
export const MAX_ALLOCATED_BYTES = 24 * 2 ** 20;

/** One opened target. */
export interface Check extends AsyncDisposable {
  /** Throws what broke. */
  input(bytes: Uint8Array): void | Promise<void>;
}

/** A check without anything to open or to end. */
export function stateless(input: Check["input"]): () => Check {
  return () => ({ input, [Symbol.asyncDispose]: () => Promise.resolve() });
}

/**
 * Runs a parser that may refuse its input, but only with one of our classes.
 *
 * @returns what it read, `undefined` if it refused
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

/** A thrown value in one line. */
export function shown(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : Deno.inspect(error);
}

/** Where the corpus lies. */
export const CORPUS = join(import.meta.dirname!, "corpus");

/** The inputs that are kept for a target, by file name. */
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

/** How long a run goes on. */
export interface Extent {
  /** So many damaged inputs; the corpus comes first and does not count. */
  inputs?: number;
  /** Until `performance.now()` is this. */
  untilMs?: number;
  /** But so many damaged inputs at least. */
  leastInputs?: number;
}

/** An input that broke something. */
export class Broken extends Error {
  override name = "Broken";
  readonly input: Uint8Array;

  constructor(input: Uint8Array, cause: unknown) {
    super(shown(cause), { cause });
    this.input = input;
  }
}

/**
 * Throws the corpus and then damaged copies of it at a target.
 *
 * @param onInput called with each input before it is used
 * @returns how many inputs there were, how many of them were damaged, and the most bytes that one had allocated
 * @throws {Broken} at the first that breaks a property, or allocates too much
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
    // A copy: what a parser writes into must not be what is reported.
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
  // Damage upon damage gets further: a few damaged inputs are kept at a time.
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
 * What this thread holds, garbage included. What an input adds to it is what was allocated for it,
 * unless garbage was collected meanwhile: then it is less, and some later input tells.
 */
function allocatedBytes(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}
