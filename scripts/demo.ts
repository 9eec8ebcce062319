/**
 * The demo: one person publishes and seeds a package, and another person finds, downloads and
 * verifies the package, on this machine and without internet. Every command is the real program in
 * a process of its own; only the DHT's other nodes run in this process. The exit code is 0 if every
 * step succeeded. The demo leaves no files or processes.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../src/base/mod.ts";
import { freePort } from "../tests/support/mod.ts";
import { Page, Programs, Story } from "./demo/mod.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

/** The signals that end the demo early, with their exit codes. */
const signals: Partial<Record<Deno.Signal, number>> = Deno.build.os === "windows"
  ? { SIGINT: 130 }
  : { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/** Runs the demo and cleans up; resolves to the exit code. */
async function main(): Promise<number> {
  const page = new Page(systemClock, Deno.env.toObject());
  const interrupted = new AbortController();
  let exitCode = 1;
  for (const [name, code] of Object.entries(signals)) {
    Deno.addSignalListener(name as Deno.Signal, () => {
      exitCode = code;
      interrupted.abort(new Error(`ended by ${name}`));
    });
  }
  let failure: unknown;
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "libreseed-demo-" }));
  try {
    await using programs = new Programs(Deno.env.get("LIBRESEED_BIN"), interrupted.signal);
    const person = async (name: string, cwd: string) => ({
      name,
      cwd,
      env: {
        LIBRESEED_HOME: join(directory, name, "home"),
        LIBRESEED_PORT: String(await freePort()),
        LIBRESEED_ALLOW_LOCAL: "true",
        LIBRESEED_TIMEOUT: "20s",
      },
    });
    const reader = await person("reader", join(directory, "reader"));
    await Deno.mkdir(reader.cwd);
    await new Story(page, programs, await person("publisher", root), reader).tell();
  } catch (error) {
    failure = error;
  }
  await Deno.remove(directory, { recursive: true });
  if (!failure) {
    page.title("Nothing of the demo is left: no process, no file.");
    return 0;
  }
  const why = failure instanceof Error ? failure.message : String(failure);
  page.title(
    interrupted.signal.aborted
      ? `\n${interrupted.signal.reason.message}; nothing of the demo is left.`
      : `\nStep ${page.steps} failed: ${why}\nNothing of the demo is left.`,
    "bad",
  );
  return exitCode;
}

if (import.meta.main) Deno.exit(await main());
