/**
 * Registers tests of interoperability with other programs. A test is ignored if its program is not
 * installed, and the test's name then states the missing program. Nothing is installed here.
 *
 * @module
 */

/** Path of Debian's Python. Another Python on PATH could not load `python3-libtorrent`. */
export const debianPython = "/usr/bin/python3";

/**
 * Programs and libraries that tests require, each with the command that checks for it. A program on
 * PATH needs no entry.
 */
const trials: Record<string, readonly string[]> = {
  "python3-libtorrent": [debianPython, "-c", "import libtorrent"],
  "rights to make a network namespace": ["unshare", "--net", "--pid", "--fork", "true"],
};

/**
 * Registers a test. If a requirement is missing, the test is ignored, and its name states the
 * requirement.
 */
export async function interopTest(
  name: string,
  needs: readonly string[],
  run: (t: Deno.TestContext) => Promise<void>,
): Promise<void> {
  const missing: string[] = [];
  for (const need of needs) if (!await isHere(need)) missing.push(need);
  Deno.test({
    name: missing.length === 0 ? name : `${name} (not here: ${missing.join(", ")})`,
    ignore: missing.length > 0,
    fn: run,
  });
}

/** Whether a program, library or right of the list above is here. */
export async function isHere(need: string): Promise<boolean> {
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
