/**
 * Finds user-visible changes since the last tag that CHANGELOG.md does not mention: in the
 * documented commands, the protocol, and the protocol's test vectors. `deno run -A
 * scripts/changelog.ts`.
 */

import { join } from "node:path";

/** Files and folders whose changes affect users. */
export const CONTRACT = ["docs/commands.md", "docs/protocol.md", "tests/vectors"];
const CHANGELOG = "CHANGELOG.md";

/** The result of {@linkcode untold}: user-visible changes that CHANGELOG.md does not mention. */
export interface Untold {
  /** The last tag in git, or `undefined` if nothing has been released yet. */
  tag: string | undefined;
  /**
   * Paths of {@linkcode CONTRACT} that have changed since the tag. Empty if CHANGELOG.md has
   * changed too.
   */
  paths: string[];
}

/**
 * Compares the working tree with the last tag that is reachable from HEAD.
 *
 * @param root directory of the checkout
 * @throws {Error} if git fails, except because there is no tag
 */
export async function untold(root: string): Promise<Untold> {
  const tags = await git(root, ["tag", "--merged", "HEAD", "--sort=-version:refname"]);
  const tag = tags.find((name) => /^v\d/.test(name));
  if (tag === undefined) return { tag, paths: [] };
  const changed = await git(root, ["diff", "--name-only", tag, "--", ...CONTRACT, CHANGELOG]);
  const paths = changed.filter((path) => path !== CHANGELOG);
  return { tag, paths: changed.includes(CHANGELOG) ? [] : paths };
}

/** Runs git, and returns the lines of its output. */
async function git(root: string, args: readonly string[]): Promise<string[]> {
  const command = new Deno.Command("git", { args: ["-C", root, ...args] });
  const { success, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`git ${args.join(" ")} failed: ${text(stderr)}`);
  return text(stdout).split("\n").filter((line) => line !== "");
}

if (import.meta.main) {
  const { tag, paths } = await untold(join(import.meta.dirname!, ".."));
  if (paths.length > 0) {
    console.error(`Changed since ${tag}, and CHANGELOG.md does not say so: ${paths.join(", ")}`);
    Deno.exit(1);
  }
}
