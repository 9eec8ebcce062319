/**
 * Reads the values of `--web-seed`.
 *
 * @module
 */

import {
  isWebSeedDirectory,
  MAX_WEB_SEED_BYTES,
  MAX_WEB_SEEDS,
  readWebSeed,
  usableWebSeeds,
} from "../../base/mod.ts";
import { CliError } from "../process/errors.ts";

/** The word that stands for an empty list. */
const NONE = "none";

/**
 * Returns the web seeds that the command line names: `undefined` without the flag, an empty list for
 * `--web-seed none`.
 *
 * @param packages number of packages that the command publishes
 * @throws {CliError} `BAD_ARGUMENTS`
 */
export function webSeedsOf(
  texts: readonly string[] | undefined,
  { allowLocal }: { allowLocal: boolean },
  packages = 1,
): string[] | undefined {
  if (texts === undefined) return undefined;
  if (texts.includes(NONE)) {
    if (texts.length > 1) throw bad("--web-seed none cannot be given together with a URL");
    return [];
  }
  const urls = texts.map((text) => {
    const read = readWebSeed(text, { allowLocal });
    if ("problem" in read) throw bad(`--web-seed ${text} ${read.problem}`);
    return read.url;
  });
  const file = urls.find((url) => !isWebSeedDirectory(url));
  if (packages > 1 && file !== undefined) {
    throw bad(
      `--web-seed ${file} is the URL of one archive, but several paths are given. ` +
        "A URL that ends with / is a directory that serves each archive under its own name",
    );
  }
  const usable = usableWebSeeds(urls);
  if (usable.length === new Set(urls).size) return usable;
  throw bad(
    `--web-seed takes at most ${MAX_WEB_SEEDS} URLs of ${MAX_WEB_SEED_BYTES} characters together`,
  );
}

function bad(message: string): CliError {
  return new CliError("usage", "BAD_ARGUMENTS", message);
}
