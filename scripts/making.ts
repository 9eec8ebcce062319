/**
 * Makes files of a checkout when what they are made of has changed, one process at a time. Two tasks
 * that start at the same moment would otherwise write the same files, and each could read what the
 * other has half written.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));

/** Files to make, and their sources. All paths are relative to the checkout. */
export interface Making {
  /** Name of the file in `dist/` that is locked, and that says of what the outputs were made. */
  name: string;
  /** Files, and directories with all that is in them. */
  inputs: readonly string[];
  /** Files or directories that have to be there. */
  outputs: readonly string[];
}

/**
 * Makes the outputs, unless they were made of the same inputs by the same version of Deno before.
 * Outputs that are still right get the present time as that of their last change. Waits while
 * another process makes them.
 *
 * @param make what makes the outputs; is called at most once
 * @param from absolute path of the checkout
 * @returns whether `make` was called
 */
export async function makeIfChanged(
  { name, inputs, outputs }: Making,
  make: () => Promise<unknown>,
  from = root,
): Promise<boolean> {
  await Deno.mkdir(join(from, "dist"), { recursive: true });
  using file = await Deno.open(join(from, "dist", `${name}.made`), {
    read: true,
    write: true,
    create: true,
  });
  await file.lock(true);
  const wanted = fingerprint(from, inputs);
  const made = new TextDecoder().decode(await readAll(file));
  const paths = outputs.map((path) => join(from, path));
  if (made === wanted && paths.every((path) => statSync(path, { throwIfNoEntry: false }))) {
    const now = new Date();
    for (const path of paths) await Deno.utime(path, now, now);
    return false;
  }
  // If the process ends now, what it leaves is made again.
  await file.truncate(0);
  await make();
  await file.seek(0, Deno.SeekMode.Start);
  await file.write(new TextEncoder().encode(wanted));
  return true;
}

/** Returns the SHA-256 of Deno's version and of the paths and bytes of all inputs, as hexadecimal text. */
function fingerprint(from: string, inputs: readonly string[]): string {
  const hash = createHash("sha256").update(Deno.version.deno);
  for (const path of inputs) {
    for (const file of filesAt(from, path)) {
      const bytes = readFileSync(join(from, file));
      hash.update(`\n${file} ${bytes.length}\n`).update(bytes);
    }
  }
  return hash.digest("hex");
}

/** Lists a file, or the files in a directory and its subdirectories, in the order of their names. */
function filesAt(from: string, path: string): string[] {
  if (!statSync(join(from, path)).isDirectory()) return [path];
  return readdirSync(join(from, path)).sort().flatMap((name) => filesAt(from, `${path}/${name}`));
}

async function readAll(file: Deno.FsFile): Promise<Uint8Array> {
  const bytes = new Uint8Array((await file.stat()).size);
  await file.read(bytes);
  return bytes;
}
