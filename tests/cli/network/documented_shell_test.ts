/**
 * Runs the command lines of the sections "Publish from CI" and "Verify offline" of docs/deployment.md, in
 * bash, on a testnet.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { type CliResult, commandLine, runCli } from "../../support/mod.ts";
import { newPlace } from "../../support/place.ts";

const page = await Deno.readTextFile(
  join(import.meta.dirname!, "..", "..", "..", "docs", "deployment.md"),
);

/** The blocks of shell of a section, in their order. */
function blocksOf(heading: string): string[] {
  const section = page.slice(page.indexOf(`\n## ${heading}\n`) + 1).split(/^## /m)[1]!;
  return [...section.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block]) => block!);
}

Deno.test("the command lines for publishing from CI and verifying offline work as documented", async () => {
  await using place = await newPlace();
  const reader = await place.home(null);
  const [directory, tools] = [join(place.path, "ci"), join(place.path, "tools")];
  for (const path of [directory, tools]) await Deno.mkdir(path);
  const line = commandLine().map((word) => `'${word}'`).join(" ");
  await Deno.writeTextFile(join(tools, "libreseed"), `#!/bin/sh\nexec ${line} "$@"\n`, {
    mode: 0o755,
  });
  const shell = async (script: string, env: Record<string, string> = {}): Promise<CliResult> => {
    const result = await runCli([], {
      program: ["bash", "-euc", script],
      cwd: directory,
      home: { path: join(place.path, "root") },
      env: {
        PATH: `${tools}:${Deno.env.get("PATH")}`,
        LIBRESEED_BOOTSTRAP: place.testnet.bootstrap,
        LIBRESEED_ALLOW_LOCAL: "true",
        LIBRESEED_PORT: "0",
        ...env,
      },
    });
    assert.equal(result.code, 0, `${script}\n${result.stdout}${result.stderr}`);
    return result;
  };

  // The identity, which the docs take for granted.
  const made = await shell("libreseed keygen --root-out root.key");
  const identity = made.stdout.trim();
  assert.match(identity, /^ed25519:/);
  const source = join(directory, "my-tool");
  await Deno.mkdir(source);
  const fields = { name: "my-tool", version: "1.0.0" };
  await Deno.writeTextFile(join(source, "package.json"), JSON.stringify(fields));

  const [certify, publish] = blocksOf("Publish from CI");
  await shell(certify!);
  const secrets = {
    PUBLISHER_KEY: await Deno.readTextFile(join(directory, "ci", "keys", "publisher.key")),
    PUBLISHER_CERT: await Deno.readTextFile(join(directory, "publisher.cert")),
  };
  await Deno.remove(join(directory, "ci"), { recursive: true });
  // The test cannot wait for ten minutes; and the archive has to stay for the reader.
  const short = publish!.replace(" --seed-for 10m", "").replace(/^rm -r.*\n/m, "");
  assert.notEqual(short, publish);
  const published = await shell(short, secrets);
  assert.match(published.stdout, /^my-tool@1\.0\.0\tmagnet:/m);

  const ci = join(directory, ".libreseed-home");
  const flags = ["--no-port-mapping", "--no-lan", "--home", ci];
  await using daemon = reader.spawn(["seed", ...flags], { timeoutMs: 600_000 });
  await daemon.waitForLine(/^ready: /, "stdout");
  const [fetch, verify] = blocksOf("Verify offline").map((block) =>
    block.replaceAll("ed25519:KEY", identity).replaceAll("~/.libreseed", reader.path)
  );
  await shell(fetch!, { LIBRESEED_HOME: reader.path });
  daemon.kill();
  assert.equal((await daemon.result).code, 0);

  const offline = { LIBRESEED_HOME: join(place.path, "offline"), LIBRESEED_DHT: "false" };
  await Deno.remove(source, { recursive: true });
  const verified = await shell(verify!, offline);
  assert.match(verified.stdout, /: ok my-tool@1\.0\.0 ed25519:/);
  assert.match(await Deno.readTextFile(join(source, "package.json")), /my-tool/);
});
