/**
 * Tests beside other people's programs. One that is not installed costs its tests, by name; nothing
 * here installs anything.
 *
 * @module
 */

/** Debian's own Python: its `python3-libtorrent` is of no use to another one first on PATH. */
export const debianPython = "/usr/bin/python3";

/** What tests here need. A program on PATH is found by its name; the rest is tried. */
const trials: Record<string, readonly string[]> = {
  "python3-libtorrent": [debianPython, "-c", "import libtorrent"],
  "rights to make a network namespace": ["unshare", "--net", "--pid", "--fork", "true"],
};

/** Registers a test that is ignored, and says for want of what, where something it needs is not. */
export async function interopTest(
  name: string,
  needs: readonly string[],
  run: () => Promise<void>,
): Promise<void> {
  const missing: string[] = [];
  for (const need of needs) if (!await isHere(need)) missing.push(need);
  Deno.test({
    name: missing.length === 0 ? name : `${name} (not here: ${missing.join(", ")})`,
    ignore: missing.length > 0,
    fn: run,
  });
}

async function isHere(need: string): Promise<boolean> {
  const [program, ...args] = trials[need] ?? ["which", need];
  try {
    const { success } = await new Deno.Command(program!, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
