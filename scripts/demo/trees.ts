/**
 * Compares two directory trees byte for byte.
 *
 * @module
 */

import { join } from "node:path";
import { equalBytes } from "../../src/base/mod.ts";

/** The result of comparing two directory trees. */
export interface TreeComparison {
  /** Number of files that exist in both trees with equal contents. */
  equal: number;
  /** Total size of the equal files, in bytes. */
  bytes: number;
  /** Differences between the trees, one line per file. */
  differences: string[];
}

/**
 * Compares the contents of files, and whether their owner may execute them.
 *
 * @param extra paths that `other` may contain although `original` does not
 */
export async function compareTrees(
  original: string,
  other: string,
  extra: readonly string[],
): Promise<TreeComparison> {
  const found: TreeComparison = { equal: 0, bytes: 0, differences: [] };
  const left = await filesIn(original);
  const right = await filesIn(other);
  for (const path of left) {
    if (!right.includes(path)) {
      found.differences.push(`${path} is missing`);
      continue;
    }
    const [a, b] = [await readFile(join(original, path)), await readFile(join(other, path))];
    if (!equalBytes(a.bytes, b.bytes)) found.differences.push(`${path} holds other bytes`);
    else if (a.executable !== b.executable) found.differences.push(`${path} has another mode`);
    else {
      found.equal++;
      found.bytes += a.bytes.length;
    }
  }
  for (const path of right) {
    if (!left.includes(path) && !extra.includes(path)) found.differences.push(`${path} is extra`);
  }
  return found;
}

async function filesIn(directory: string, prefix = ""): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(directory, prefix))) {
    const path = `${prefix}${name}`;
    if (isDirectory) paths.push(...await filesIn(directory, `${path}/`));
    else paths.push(path);
  }
  return paths.sort();
}

async function readFile(path: string) {
  const { mode } = await Deno.stat(path);
  return { bytes: await Deno.readFile(path), executable: ((mode ?? 0) & 0o100) !== 0 };
}
