/**
 * The generated page about permissions: that it is current, complete, and says the same as the
 * launcher does.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { permissionsPage, sampleGrants } from "../../../scripts/permissions.ts";
import { requestRows } from "../../../scripts/permissions/requests.ts";
import { isWithin } from "../../../src/base/mod.ts";
import { commandTable } from "../../../src/launcher/command_table.ts";
import { grantedRequests } from "../../../src/launcher/granted_requests.ts";
import type { Statement } from "../../../src/identity/mod.ts";
import { localRequests } from "../../../src/launcher/mod.ts";

const page = join(import.meta.dirname!, "..", "..", "..", "docs", "permissions.md");

Deno.test("docs/permissions.md is what `deno task permissions` makes", async () => {
  assert.equal(
    await Deno.readTextFile(page),
    await permissionsPage(),
    "run `deno task permissions`",
  );
});

Deno.test("the page is made from command lines of every command", async () => {
  const commands = new Set((await sampleGrants()).map(({ command }) => command));
  assert.deepEqual([...commands], Object.keys(commandTable));
});

Deno.test("no path of a command's thread contains the keys or lies in them", async () => {
  for (const { label, grants } of await sampleGrants()) {
    for (const { permission, what } of grants.why) {
      if (permission !== "read" && permission !== "write") continue;
      const path = what.replace(/^unix:/, "");
      assert(!isWithin("/HOME/keys", path) && !isWithin(path, "/HOME/keys"), `${label}: ${what}`);
    }
  }
});

Deno.test("the launcher refuses exactly the requests that the page denies a command", async () => {
  const local = localRequests();
  const done = <T>(value: T) => () => Promise.resolve(value);
  const fakes = {
    ...local,
    signingKey: done({ publicKey: new Uint8Array(32) }),
    sign: done(new Uint8Array(64)),
    createKey: done(new Uint8Array(32)),
    examineKey: done({ owners: [] }),
    examineHome: done({} as Awaited<ReturnType<typeof local.examineHome>>),
    describe: done(undefined),
    findPortOwner: done(undefined),
    networkAddresses: done([]),
  };
  const key = "/HOME/keys/publisher.key";
  let refused = 0;
  for (const { label, grants } of await sampleGrants()) {
    const granted = grantedRequests(grants, fakes);
    const { signingKey, sign, createKey, examineKey, examineHome, describe } = granted;
    const { findPortOwner, networkAddresses } = granted;
    const kind = grants.keyUses.find((use) => use.startsWith("sign"))?.slice("sign a ".length);
    const asked = {
      signingKey: () => signingKey(key),
      sign: () => sign(key, { kind: kind ?? "record", seq: 1 } as Statement),
      createKey: () => createKey(key),
      examineKey: () => examineKey(key),
      examineHome: async () => await examineHome("/HOME", "/DIR"),
      describe: async () => await describe("/HOME"),
      findPortOwner: () => findPortOwner(grants.port ?? 0),
      networkAddresses: () => networkAddresses(),
    };
    for (const [name, ask] of Object.entries(asked)) {
      const isGranted = await ask().then(() => true, (error) => {
        assert.equal(error.code, "NOT_GRANTED", `${label}: ${name}: ${error}`);
        return false;
      });
      if (!isGranted) refused++;
      const row = requestRows[name as keyof typeof asked];
      assert.equal(isGranted, row.isGranted(grants), `${label}: ${name}`);
    }
  }
  assert(refused > 0);
});

Deno.test("the page has a row for each request that the launcher answers", async () => {
  const [{ grants }] = await sampleGrants() as [Awaited<ReturnType<typeof sampleGrants>>[0]];
  const answered = Object.keys(grantedRequests(grants, localRequests()));
  assert.deepEqual(
    Object.keys(requestRows).sort(),
    [...answered, "startEngine", "startHelper", "openWebhook"].sort(),
  );
});
