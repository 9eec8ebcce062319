/**
 * Writes the type declarations of the library: `tsc` declares every module, and of these declarations,
 * what `mod.ts` exports and what that needs is kept (`declared_modules.ts`).
 */

import { join } from "node:path";
import { DeclaredModules } from "./declared_modules.ts";

const root = join(import.meta.dirname!, "..", "..");

/**
 * Writes `mod.d.ts` to a directory.
 *
 * @throws if a declaration needs a package, or a name that only Deno has
 */
export async function writeDeclarations(directory: string): Promise<void> {
  const all = await Deno.makeTempDir({ prefix: "declarations-" });
  try {
    await declareAll(all);
    const text = new DeclaredModules(all).fileOf("mod.ts");
    await Deno.writeTextFile(join(directory, "mod.d.ts"), text);
  } finally {
    await Deno.remove(all, { recursive: true });
  }
}

/** Has `tsc` declare all modules that `mod.ts` imports. */
async function declareAll(outDir: string): Promise<void> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-q", "-A", "npm:typescript/tsc", "mod.ts"],
      ...["--ignoreConfig", "--declaration", "--emitDeclarationOnly", "--noCheck"],
      ...["--stripInternal", "--allowImportingTsExtensions", "--skipLibCheck"],
      ...["--target", "esnext", "--module", "esnext", "--moduleResolution", "bundler"],
      ...["--types", "", "--resolveJsonModule", "--rootDir", root, "--outDir", outDir],
    ],
    cwd: root,
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Error(`tsc failed:\n${new TextDecoder().decode(stdout)}`);
}
