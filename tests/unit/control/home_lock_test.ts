/**
 * The lock that gives one process exclusive use of a home.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { isHomeFree, lockHolder, tryLockHome } from "../../../src/control/home_lock.ts";
import { temporaryHome } from "../../support/mod.ts";

Deno.test("only one process holds the lock, and the file has its process id", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "daemon.lock");
  assert.equal(await lockHolder(path), undefined);
  const lock = await tryLockHome(path);
  assert(lock);
  assert.equal(await lockHolder(path), Deno.pid);
  assert.equal(await tryLockHome(path), undefined);
  assert.equal(await isHomeFree(path), false);
  assert.equal(await lockHolder(path), Deno.pid);
  lock.release();
  assert.equal(await isHomeFree(path), true);
  (await tryLockHome(path))!.release();
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
});

Deno.test("a lock file that a dead process left does not block the next holder", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "daemon.lock");
  for (const text of ["", "no number\n", "-5", "0", "4242424242424242\nmore"]) {
    await Deno.writeTextFile(path, text);
    const lock = await tryLockHome(path);
    assert(lock, text);
    assert.equal(await Deno.readTextFile(path), `${Deno.pid}\n`);
    lock.release();
  }
  for (const text of ["", "no number\n", "-5", "0"]) {
    await Deno.writeTextFile(path, text);
    assert.equal(await lockHolder(path), undefined, text);
  }
});
