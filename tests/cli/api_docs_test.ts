/** Runs the curl transcripts in docs/api.md against a daemon. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { commandLine, runCli } from "../support/mod.ts";
import { eventually, newPlace } from "../support/place.ts";
import { isHere } from "../support/interop_test_case.ts";

const page = join(import.meta.dirname!, "..", "..", "docs", "api.md");

/** Address that the page shows; the test's daemon has another. */
const SHOWN = "127.0.0.1:9881";
const MARK = "--- end of a command ---";

/** The commands of the page, and what each prints. `…` stands for anything. */
async function transcripts(): Promise<{ command: string; output: string }[]> {
  const blocks = (await Deno.readTextFile(page)).matchAll(/^```console\n([^]*?)^```$/gm);
  return [...blocks].flatMap(([, block]) =>
    block!.split(/^\$ /m).slice(1).map((one) => {
      const end = one.indexOf("\n");
      return { command: one.slice(0, end), output: one.slice(end + 1) };
    })
  );
}

function asPattern(output: string): RegExp {
  const parts = output.trim().split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^]*")}$`);
}

Deno.test({
  name: "the curl commands in docs/api.md answer what it shows",
  ignore: !await isHere("curl"),
  async fn() {
    await using place = await newPlace();
    const [home, other] = await Promise.all([place.home(), place.home()]);
    await home.must(["pack", await place.source("hello", "1.0.0")]);
    await Deno.mkdir(home.seed, { recursive: true });
    for (const suffix of [".tgz", ".minimal.json", ".torrent"]) {
      await Deno.rename(
        join(place.path, `hello-1.0.0${suffix}`),
        join(home.seed, `hello-1.0.0${suffix}`),
      );
    }
    await other.must(["pack", await place.source("other", "1.0.0")]);
    await using daemon = await home.daemon(["--http", "127.0.0.1:0"]);
    const [, address] = await daemon.process.waitForLine(/http:\/\/(127\.0\.0\.1:\d+)\/ shows/);
    await eventually(async () =>
      (await (await fetch(`http://${address}/v1/packages`)).json())[0]?.seeding
    );
    const shown = await transcripts();
    assert(shown.length >= 10, `${shown.length} commands`);
    const program = commandLine().map((one) => `'${one}'`).join(" ");
    const script = [
      `libreseed() { ${program} "$@"; }`,
      ...shown.flatMap(({ command }) => [command.replaceAll(SHOWN, address!), `echo '${MARK}'`]),
    ].join("\n");
    const { stdout, stderr } = await runCli(["-c", script], {
      program: ["bash"],
      home,
      cwd: place.path,
    });
    const outputs = stdout.split(MARK);
    const others = shown.map(({ command, output }, at) =>
      asPattern(output).test(outputs[at]?.trim() ?? "nothing") ? "" : `${command}\n${outputs[at]}`
    );
    assert.deepEqual(others.filter((one) => one !== ""), [], stderr);
    const token = (await Deno.readTextFile(join(home.path, "http.token"))).trim();
    assert.equal(token.length, 43);
    assert.equal((await Deno.stat(join(home.path, "http.token"))).mode! & 0o777, 0o600);
    const { stderr: log, stdout: ready, code } = await daemon.process.result;
    assert.equal(code, 0, log);
    assert(!`${log}${ready}`.includes(token), "the token is in the log");
    assert.deepEqual(home.files().filter((name) => name.startsWith(".tmp")), []);
  },
});
