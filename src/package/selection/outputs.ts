/**
 * Recognizes earlier outputs of packing, which never go into a package: archives of the same
 * package, under any file name, with their manifests and torrents.
 *
 * @module
 */

import { join } from "node:path";
import { isStagingName } from "../archive/mod.ts";
import { isOutputOf, MAX_MINIMAL_MANIFEST_BYTES, parseMinimal } from "../manifest/mod.ts";

const OUTPUT = /^(.+)\.(?:tgz|torrent|minimal\.json)$/s;

/** The output files of the current packing. */
export interface Outputs {
  /** Real path of the directory that contains the outputs. */
  directory: string;
  /** Paths of the output files, all of which are in {@linkcode Outputs.directory}. */
  paths: readonly string[];
}

/**
 * Makes a predicate for files that earlier packings of this package have written.
 *
 * @param root real path of the directory that is packed
 * @param name name of the package
 * @param outputs outputs of the current packing, if known
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
      if (isOutputOf(name, entry) || isStagingName(entry)) return true;
    }
    const stem = OUTPUT.exec(entry)?.[1];
    if (stem === undefined) return false;
    const path = join(directory, stem);
    return outputs?.paths.includes(join(directory, entry)) || isPacked(path);
  };
}

/** Whether the file is a minimal manifest of any version of the package. */
function isManifestOf(name: string, path: string): boolean {
  try {
    const { isFile, size } = Deno.lstatSync(path);
    if (!isFile || size > MAX_MINIMAL_MANIFEST_BYTES) return false;
    return parseMinimal(Deno.readFileSync(path)).name === name;
  } catch {
    // A missing file, or a file that is no minimal manifest, is not an output of packing.
    return false;
  }
}
