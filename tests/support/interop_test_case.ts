/**
 * Registers tests with other programs. A test whose program is not installed is ignored, and its name
 * says which program is missing. Nothing is installed here.
 *
 * @module
 */

/** Debian's own Python, since another Python on PATH cannot load `python3-libtorrent`. */
export const debianPython = "/usr/bin/python3";

/** Requirements of the tests and the command that probes each. Programs on PATH need no entry. */
const trials: Record<string, readonly string[]> = {
  "python3-libtorrent": [debianPython, "-c", "import libtorrent"],
  "rights to make a network namespace": ["unshare", "--net", "--pid", "--fork", "true"],
};

/** Registers a test. It is ignored if a requirement is missing, which its name then says. */
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
