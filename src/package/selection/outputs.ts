/**
 * Tells what packing has written from what is to be packed: archives of the same package, under
 * whatever name, and what lies beside them.
 *
 * @module
 */

import { join } from "node:path";
import { isTemporaryName } from "../archive/mod.ts";
import { isOutputOf, MAX_MINIMAL_MANIFEST_BYTES, parseMinimal } from "../manifest/mod.ts";

const OUTPUT = /^(.+)\.(?:tgz|torrent|minimal\.json)$/s;

/** Where the outputs of the packing at hand go. */
export interface Outputs {
  /** Real path of their directory. */
  directory: string;
  /** Their paths, in that directory. */
  paths: readonly string[];
}

/**
 * Makes the test for what packing a package has written.
 *
 * @param root real path of the directory that is packed
 * @param name of the package
 * @param outputs of the packing at hand, if there is one
 */
export function outputTest(
  root: string,
  name: string,
  outputs?: Outputs,
): (directory: string, entry: string) => boolean {
  const manifests = new Map<string, boolean>();
  const isPacked = (path: string) => {
    const known = manifests.get(path) ?? isManifestOf(name, `${path}.minimal.json`);
    manifests.set(path, known);
    return known;
  };
  return (directory, entry) => {
    if (directory === root || directory === outputs?.directory) {
      if (isOutputOf(name, entry) || isTemporaryName(entry)) return true;
    }
    const stem = OUTPUT.exec(entry)?.[1];
    if (stem === undefined) return false;
    const path = join(directory, stem);
    return outputs?.paths.includes(join(directory, entry)) || isPacked(path);
  };
}

/** Whether the file is the minimal manifest of a version of the package. */
function isManifestOf(name: string, path: string): boolean {
  try {
    const { isFile, size } = Deno.lstatSync(path);
    if (!isFile || size > MAX_MINIMAL_MANIFEST_BYTES) return false;
    return parseMinimal(Deno.readFileSync(path)).name === name;
  } catch {
    // There is none, or it is another program's file.
    return false;
  }
}
