/**
 * A child process that replaces a program file, or takes the replacement back, so that a test can
 * kill the process midway. Its first argument names the action, its second is the directory.
 */

import { join } from "node:path";
import { programFiles } from "../../src/base/mod.ts";
import { Staging } from "../../src/package/mod.ts";
import { replaceProgram, rollBack } from "../../src/store/mod.ts";

/** Schema version of `state.db` that the old program reads. */
export const OLD_SCHEMA = 11;

/** Returns the text of a program file. It is long enough to be written in several parts. */
export function programText(name: string): string {
  return `#!/bin/sh\necho ${name}\n${"# filler\n".repeat(40_000)}`;
}

/** The actions on a program `libreseed`, and a `state.db`, in a directory. */
export const actions = {
  async upgrade(directory: string) {
    const staging = await Staging.create(join(directory, `.tmp-held-${"0".repeat(16)}`));
    async function* parts() {
      const bytes = new TextEncoder().encode(programText("new"));
      for (let at = 0; at < bytes.length; at += 1 << 16) {
        await Promise.resolve();
        yield bytes.subarray(at, at + (1 << 16));
      }
    }
    const old = { version: "1.0.0", stateSchema: OLD_SCHEMA };
    const files = programFiles(join(directory, "libreseed"));
    await replaceProgram(files, parts(), old, () => staging.next());
    await staging[Symbol.asyncDispose]();
  },
  async rollback(directory: string) {
    await rollBack(programFiles(join(directory, "libreseed")), join(directory, "state.db"));
  },
};

if (import.meta.main) {
  const [name, directory] = Deno.args as [keyof typeof actions, string];
  await actions[name](directory);
}
