/** Tests the daemon's log formats: for files, as JSON for programs, and for systemd's journal. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { commandLine } from "../../support/cli.ts";
import { type Home, newPlace } from "../../support/place.ts";

const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;

/** Makes a home whose daemon prints a warning. */
async function withBadArchive(home: Home): Promise<Home> {
  await Deno.mkdir(home.seed, { recursive: true });
  await Deno.writeTextFile(join(home.seed, "bad-1.0.0.tgz"), "no archive");
  return home;
}

Deno.test("log lines have time and level, and the ready line is plain text on standard output", async () => {
  await using place = await newPlace();
  const home = await withBadArchive(await place.home(null));
  await using daemon = await home.daemon();
  await daemon.process.waitForLine(new RegExp(`^${TIME} warn  bad-1\\.0\\.0\\.tgz`), "stderr");
  await home.must(["reload"]);
  const { stdout, stderr } = await daemon.end();
  assert.match(stdout, /^ready: port \d+, node [0-9a-f]{40}, seed directory .+\n$/);
  for (const line of stderr.trimEnd().split("\n")) {
    assert.match(line, new RegExp(`^${TIME} (warn |info |error) `));
  }
});

Deno.test("with --log-format json every line of both streams is an object with time, level and message", async () => {
  await using place = await newPlace();
  const home = await withBadArchive(await place.home(null));
  await using process = home.spawn(["seed", "--log-format", "json"]);
  await process.waitForLine(/"ready":true/, "stdout");
  await process.waitForLine(/bad-1\.0\.0/, "stderr");
  await home.must(["stop"]);
  const { stdout, stderr } = await process.result;
  const [ready, ...rest] = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(rest, []);
  assert.match(ready.message, /^ready: port/);
  assert(ready.ready && ready.port > 0);
  for (const line of stderr.trimEnd().split("\n").map((one) => JSON.parse(one))) {
    assert.deepEqual(Object.keys(line), ["time", "level", "message"]);
    assert.match(line.time, new RegExp(`^${TIME}$`));
    assert.equal(line.level, "warn");
  }
});

Deno.test("lines have journal priorities and no time exactly if standard error is the journal's stream", async () => {
  await using place = await newPlace();
  const home = await withBadArchive(await place.home(null));
  const script = 'JOURNAL_STREAM=$(stat -L -c %d:%i /dev/fd/2) exec "$@"';
  {
    const program = ["sh", "-c", script, "sh", ...commandLine()];
    await using daemon = await home.daemon([], { program });
    await daemon.process.waitForLine(/^<4>bad-1\.0\.0\.tgz/, "stderr");
    await daemon.end();
  }
  await using daemon = await home.daemon([], { env: { JOURNAL_STREAM: "1:1" } });
  await daemon.process.waitForLine(new RegExp(`^${TIME} warn  bad-1`), "stderr");
  await daemon.end();
});

Deno.test("a daemon that cannot start reports the error in the log's format", async () => {
  await using place = await newPlace({ nodes: 1 });
  const home = await place.home(null);
  await using _daemon = await home.daemon();
  const text = await home.run(["seed"]);
  assert.equal(text.code, 6);
  assert.match(text.stderr, new RegExp(`^${TIME} error The home .* is in use`));
  const json = await home.run(["seed", "--log-format=json"]);
  const line = JSON.parse(json.stderr);
  assert.deepEqual([line.level, line.error.code], ["error", "HOME_IN_USE"]);
});

Deno.test("-q logs warnings and errors only, -v logs everything", async () => {
  await using place = await newPlace();
  const home = await withBadArchive(await place.home(null));
  for (const [flag, hasInfo] of [["-q", false], ["-v", true]] as const) {
    await using daemon = await home.daemon([flag, "--http", "127.0.0.1:0"]);
    await daemon.process.waitForLine(/ warn +bad-1/, "stderr");
    const { stderr } = await daemon.end();
    assert.equal(/ info +http:/.test(stderr), hasInfo, stderr);
  }
});
