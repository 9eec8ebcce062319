/**
 * Tests commands whose daemon ends after the daemon has executed their request but before it
 * answers. The command then repeats the request: the repetition causes no error, and no result is
 * printed twice.
 */

import assert from "node:assert/strict";
import { systemClock } from "../../../src/base/mod.ts";
import { connectControl } from "../../../src/control/client.ts";
import { homePaths } from "../../../src/control/mod.ts";
import type { Operations } from "../../../src/control/operations.ts";
import { type Home, newPlace } from "../../support/place.ts";

/**
 * Starts a proxy for a daemon's control socket. The proxy forwards requests of one operation, drops
 * all but the first lines of each answer, and ends together with the daemon.
 */
async function ownerThatEnds(home: Home, name: keyof Operations, linesPassed = 0) {
  const daemon = await home.daemon();
  const { control } = homePaths(home.path);
  const behind = `${control}.behind`;
  await Deno.rename(control, behind);
  const http = Deno.createHttpClient({ proxy: { transport: "unix", path: behind } });
  const answers: string[] = [];
  const server = Deno.serve({ path: control, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const body = await request.text();
    const url = `http://127.0.0.1${pathname}`;
    const answer = await fetch(url, { method: "POST", body, client: http });
    if (pathname !== `/v1/${name}`) return answer;
    answers.push(await answer.text());
    daemon.process.kill("SIGKILL");
    await daemon.process.result;
    // A daemon that was asked to stop has removed its control socket already.
    await Deno.remove(control).catch(() => {});
    const lines = answers[0]!.split("\n").slice(0, linesPassed);
    return new Response(
      ReadableStream.from(lines.map((line) => new TextEncoder().encode(`${line}\n`))),
    );
  });
  return {
    answers,
    async [Symbol.asyncDispose]() {
      await daemon[Symbol.asyncDispose]();
      await server.shutdown();
      http.close();
      await Deno.remove(behind).catch(() => {});
    },
  };
}

Deno.test("remove succeeds if the daemon removed the package but ended before it answered", async () => {
  await using place = await newPlace();
  const home = await place.home();
  await home.must(["publish", "-q", await place.source("a", "1.0.0")]);
  {
    await using owner = await ownerThatEnds(home, "remove");
    const { code, stderr } = await home.run(["remove", "a@1.0.0"]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /has ended; going on without it/);
    assert.match(stderr, /There is no a@1\.0\.0 in .*: done before, or never there\nremoved a@1/);
    assert.deepEqual(owner.answers.map((answer) => JSON.parse(answer)), [{ result: null }]);
  }
  assert.deepEqual(home.files().filter((name) => name.startsWith("a-")), []);
  // This `remove` does not repeat a lost request, so it fails for a package that is already gone.
  assert.equal((await home.run(["remove", "a@1.0.0"])).code, 3);
});

Deno.test("announce prints each record once if the daemon ends in the middle", async () => {
  await using place = await newPlace();
  const home = await place.home();
  await home.must(["publish", "-q", await place.source("a", "1.0.0")]);
  const told = async () => {
    const { code, stdout, stderr } = await home.run(["announce"]);
    assert.equal(code, 0, stderr);
    return stdout.trimEnd().split("\n").map((line) => line.split("\t")[0]).sort();
  };
  const all = await told();
  await using owner = await ownerThatEnds(home, "announce", 2);
  assert.deepEqual(await told(), all);
  assert.equal(owner.answers.length, 1);
});

Deno.test("stop succeeds if the daemon ends before it answers", async () => {
  await using place = await newPlace();
  const home = await place.home();
  await using _owner = await ownerThatEnds(home, "stop");
  await home.must(["stop"]);
  assert.equal(await connectControl(home.path, { clock: systemClock }), undefined);
});
