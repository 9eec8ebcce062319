/**
 * Installs the npm packages of `deno.json` into `node_modules`, if they have changed: `deno task
 * packages`. All other tasks depend on it.
 *
 * `nodeModulesDir` is `manual`. In the mode `auto`, each Deno process that runs, bundles or checks
 * something removes the linked packages and copies them again, and another process that starts at
 * the same moment does not find them.
 */

import { makeIfChanged } from "./making.ts";

const making = {
  name: "packages",
  inputs: ["deno.json", "deno.lock", "src/engine/libraries/shims"],
  outputs: ["node_modules/.deno"],
};

await makeIfChanged(making, async () => {
  const { success, code } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet"],
    cwd: new URL("../", import.meta.url),
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (success) return;
  console.error(`packages: deno install ended with ${code}; the npm registry has to be reachable`);
  Deno.exit(1);
});
