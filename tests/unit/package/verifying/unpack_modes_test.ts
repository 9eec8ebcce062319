import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inDirectory, noise, packIn, run } from "../../../support/package_archives.ts";

const UNPACKING = fileURLToPath(new URL("../../../support/unpacking.ts", import.meta.url));

const tree = {
  "d/small": "s",
  "d/large": noise(200_000),
  "!d/run": "r",
  "!d/big-run": noise(200_000),
};
const modeOf = async (path: string) => ((await Deno.stat(path)).mode! & 0o777).toString(8);

for (
  const [umask, file, executable, directory] of [
    [0o077, "600", "700", "700"],
    [0o027, "640", "750", "750"],
    [0o000, "644", "755", "777"],
  ] as const
) {
  inDirectory(`umask ${umask.toString(8)} holds for files of every length`, async (dir) => {
    const { archivePath, minimalPath } = await packIn(dir, tree);
    const target = join(dir, "target");
    const flags = ["run", "--no-check", "-A"];
    const program = [Deno.execPath(), ...flags, UNPACKING];
    const args = [...program, archivePath, minimalPath, target];
    await run("sh", "-c", `umask ${umask.toString(8)} && exec "$@"`, "sh", ...args);
    const modes = async (...paths: string[]) =>
      await Promise.all(paths.map((path) => modeOf(join(target, path))));
    const files = await modes("manifest.json", "d/small", "d/large");
    assert.deepEqual(files, [file, file, file]);
    assert.deepEqual(await modes("d/run", "d/big-run"), [executable, executable]);
    assert.deepEqual(await modes(".", "d"), [directory, directory]);
  });
}
