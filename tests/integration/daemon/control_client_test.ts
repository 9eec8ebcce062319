/**
 * Tests what a command does with a host that is not there, silent, or of another version.
 *
 * @module
 */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../../src/base/mod.ts";
import { connectControl } from "../../../src/control/client.ts";
import { ControlError } from "../../../src/control/errors.ts";
import { homePaths } from "../../../src/control/mod.ts";
import { tryLockHome } from "../../../src/control/home_lock.ts";
import { type Operations } from "../../../src/control/operations.ts";
import { serveControl } from "../../../src/control/server.ts";
import { eventually } from "../../support/engines.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { temporaryHome } from "../../support/mod.ts";
import { failure, served, status } from "./control_place.ts";

Deno.test("connectControl finds no host without a socket, at a stale socket and at another kind of file", async () => {
  await using home = await temporaryHome();
  const path = homePaths(home.path).control;
  assert.equal(await connectControl(home.path, { clock: systemClock }), undefined);
  Deno.listen({ transport: "unix", path }).close();
  // Deno deletes the socket file when the listener closes. A killed process leaves the file behind.
  if (!existsSync(path)) await Deno.writeTextFile(path, "");
  assert.equal(await connectControl(home.path, { clock: systemClock }), undefined);
  const all = { status: () => Promise.resolve(status) } as unknown as Operations;
  const server = await serveControl(path, all, systemClock);
  const found = await connectControl(home.path, { clock: systemClock });
  assert.deepEqual(found?.status, status);
  found?.client.close();
  await server.close();
});

Deno.test("a host that does not answer in time is an error with its process id", async () => {
  await using home = await temporaryHome();
  const paths = homePaths(home.path);
  const lock = (await tryLockHome(paths.lock))!;
  using listener = Deno.listen({ transport: "unix", path: paths.control });
  const accepted = listener.accept();
  const clock = new FakeClock();
  const found = connectControl(home.path, { clock });
  found.catch(() => {});
  using _connection = await accepted;
  await clock.advance(10_000);
  const error = await failure(found);
  assert.equal(error.code, "CONTROL_SILENT");
  assert(error.message.includes(`${Deno.pid}`) && error.message.includes(home.path), error.message);
  assert.equal(clock.timers, 0);
  lock.release();
  const end = new AbortController();
  end.abort(new Error("enough"));
  await assert.rejects(connectControl(home.path, { clock, signal: end.signal }), /enough/);
});

Deno.test("a silent host is reported once before the time limit ends", async () => {
  await using home = await temporaryHome();
  const paths = homePaths(home.path);
  const lock = (await tryLockHome(paths.lock))!;
  using listener = Deno.listen({ transport: "unix", path: paths.control });
  const accepted = listener.accept();
  const clock = new FakeClock();
  const said: string[] = [];
  const onSilence = (message: string) => void said.push(message);
  const found = connectControl(home.path, { clock, onSilence });
  found.catch(() => {});
  using _connection = await accepted;
  await clock.advance(2_999);
  assert.equal(said.length, 0);
  await clock.advance(1);
  await eventually(() => said.length > 0, "the silence is told of");
  const all = said.join();
  assert(all.includes(`process ${Deno.pid}, which owns ${home.path}, has not answered`), all);
  assert(all.includes(`kill -CONT ${Deno.pid}`), all);
  await clock.advance(7_000);
  assert.equal((await failure(found)).code, "CONTROL_SILENT");
  assert.equal(said.length, 1);
  assert.equal(clock.timers, 0);
  lock.release();
});

Deno.test("a socket path that is too long is refused with its length and the limit", async () => {
  await using home = await temporaryHome();
  const long = join(home.path, "x".repeat(110));
  const all = { status: () => Promise.resolve(status) } as unknown as Operations;
  const error = await failure(
    serveControl(long, all, systemClock).then((server) => server.close()),
  );
  assert.deepEqual([error.kind, error.code], ["usage", "HOME_PATH_TOO_LONG"]);
  assert(error.message.includes(long) && error.message.includes("--home"), error.message);
  assert.equal(await connectControl(long, { clock: systemClock }), undefined);
});

Deno.test({
  name: "connectControl refuses a socket or a directory of another user",
  ignore: Deno.build.os === "windows",
  async fn() {
    let asked = 0;
    await using at = await served({
      status: () => {
        asked++;
        return Promise.resolve(status);
      },
    });
    const own = Deno.uid()!;
    const refused = (path: string) =>
      assert.rejects(connectControl(at.home, { clock: at.clock, own: 54_321 }), (error) => {
        assert(error instanceof ControlError && error.code === "CONTROL_NOT_OURS");
        return error.message.startsWith(`${path} belongs to user `);
      });
    // Only root can give the file to another user. For other users, the test passes a false user id
    // to the check.
    if (own === 0) {
      await Deno.chown(at.path, 12_345, null);
      await refused(at.path);
      await assert.rejects(connectControl(at.home, { clock: at.clock }), /belongs to user 12345/);
      await Deno.chown(at.path, 0, null);
      await Deno.chown(at.home, 12_345, null);
    }
    await refused(at.home);
    assert.equal(asked, 0);
    if (own === 0) await Deno.chown(at.home, 0, null);
    const found = await connectControl(at.home, { clock: at.clock });
    assert(found);
    found.client.close();
  },
});

Deno.test("a host of another version is named where it does not understand, and only there", async () => {
  const answers: Partial<Operations> = {
    status: () => Promise.resolve({ ...status, version: "9.8.7" }),
    stop: () => Promise.resolve(),
    announce: () => Promise.reject(new ControlError("failed", "WORKER_DIED", "the engine died")),
    lookUp: () => Promise.resolve({ item: "not an item" } as never),
  };
  await using at = await served(answers);
  const connected = await connectControl(at.home, { clock: at.clock });
  assert(connected);
  const { operations } = connected.client;
  await operations.stop();
  await assert.rejects(operations.announce({ packages: [] }), { code: "WORKER_DIED" });
  const refused = {
    code: "CONTROL_VERSION",
    message: /is libreseed 9\.8\.7, this program is libreseed \d.*libreseed stop/,
  };
  const key = { publicKey: new Uint8Array(32), salt: new Uint8Array(0) };
  await assert.rejects(operations.lookUp(key), refused);
  await assert.rejects(operations.announce({ packages: [], more: 1 } as never), refused);
  connected.client.close();
});

Deno.test("the host says which version asked for what it does not know", async () => {
  await using at = await served();
  const http = Deno.createHttpClient({ proxy: { transport: "unix", path: at.path } });
  for (const [pathname, body] of [["/v1/teleport", "{}"], ["/v1/stop", '{"a":1}']]) {
    const response = await fetch(`http://127.0.0.1${pathname}`, {
      method: "POST",
      body,
      headers: { "libreseed-version": "9.8.7" },
      client: http,
    });
    const { error } = await response.json();
    assert.equal(error.code, "CONTROL_REQUEST");
    assert.match(error.message, /\(libreseed 9\.8\.7 asks, and this process is \d/);
  }
  http.close();
});
