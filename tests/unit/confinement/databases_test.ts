import assert from "node:assert/strict";
import { join } from "node:path";
import { openDatabase } from "../../../src/confinement/mod.ts";
import { temporaryHome } from "../../support/mod.ts";

const MODULE = import.meta.resolve("../../../src/confinement/databases.ts");

/**
 * Runs code in a confined thread, and returns its result. The code has the functions of the module,
 * `path` and `other`, which are absolute paths in a directory of the test, and `refused`, which
 * returns the error of a function.
 */
async function inConfinedThread(
  code: string,
  prepare: (place: { path: string; other: string }) => Promise<void> = () => Promise.resolve(),
): Promise<unknown> {
  await using home = await temporaryHome();
  const place = { path: join(home.path, "state.db"), other: join(home.path, "other") };
  await prepare(place);
  const program = `
    import process from "node:process";
    import { limitDatabases, nameDatabases, openDatabase } from ${JSON.stringify(MODULE)};
    const { path, other } = ${JSON.stringify(place)};
    const refused = (work) => {
      try {
        work();
      } catch (error) {
        return error.name + ": " + error.message.replaceAll(path, "PATH").replaceAll(other, "OTHER");
      }
    };
    limitDatabases();
    postMessage(await (async () => { ${code} })());
  `;
  const worker = new Worker(`data:text/javascript,${encodeURIComponent(program)}`, {
    type: "module",
  });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
    });
  } finally {
    worker.terminate();
  }
}

Deno.test("a confined thread opens a database that was named, and no other", async () => {
  const outcomes = await inConfinedThread(`
    const before = refused(() => openDatabase(path));
    nameDatabases([{ path, realPath: path }]);
    const database = openDatabase(path);
    database.useLog();
    database.exec("CREATE TABLE t (x)");
    database.close();
    return [
      before,
      refused(() => openDatabase(other)),
      refused(() => openDatabase(":memory:")),
      refused(() => nameDatabases([{ path: other, realPath: other }])),
    ];
  `);
  const none = "none is given here";
  assert.deepEqual(outcomes, [
    `NotCapable: Requires database access to "PATH": ${none}`,
    `NotCapable: Requires database access to "OTHER": ${none}`,
    `NotCapable: Requires database access to ":memory:": ${none}`,
    `NotCapable: Requires database access to other databases: ${none}`,
  ]);
});

Deno.test("a confined thread gets no class of node:sqlite", async () => {
  const outcome = await inConfinedThread(`
    const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
    return refused(() => new DatabaseSync(":memory:"));
  `);
  assert.equal(outcome, "NotCapable: Requires database access: none is given here");
});

Deno.test("a confined thread opens no database whose path has become a link", async () => {
  const outcome = await inConfinedThread(
    `nameDatabases([{ path, realPath: path }]); return refused(() => openDatabase(path));`,
    async ({ path, other }) => {
      await Deno.writeFile(other, new Uint8Array());
      await Deno.symlink(other, path);
    },
  );
  assert.match(`${outcome}`, /^NotCapable: .*"PATH", which leads elsewhere now/);
});

Deno.test("a confined thread opens no database behind a link that leads nowhere", async () => {
  const outcome = await inConfinedThread(
    `nameDatabases([{ path, realPath: path }]); return refused(() => openDatabase(path));`,
    ({ path, other }) => Deno.symlink(other, path),
  );
  assert.match(`${outcome}`, /^NotFound: /);
});

Deno.test("a confined thread uses no pragma by which SQLite would write a journal", async () => {
  const outcomes = await inConfinedThread(`
    nameDatabases([{ path, realPath: path }]);
    const database = openDatabase(path);
    database.useLog();
    const allowed = ["PRAGMA user_version", "PRAGMA quick_check(1)", "PRAGMA synchronous = FULL"]
      .map((sql) => refused(() => database.exec(sql)));
    const refusals = [
      "PRAGMA journal_mode = DELETE",
      "pragma query_only = off",
      "SELECT 1; PRAGMA/**/user_version; PrAgMa main.journal_mode = PERSIST",
      "PRAGMA locking_mode = EXCLUSIVE",
    ].map((sql) => [refused(() => database.exec(sql)), refused(() => database.prepare(sql))]).flat();
    const text = { toString: () => "PRAGMA journal_mode = DELETE" };
    refusals.push(refused(() => database.exec(text)));
    const mode = refused(() => database.prepare("SELECT * FROM pragma_journal_mode"));
    database.close();
    return [allowed, refusals.filter((one) => !/^NotCapable/.test(one)), mode !== undefined];
  `);
  assert.deepEqual(outcomes, [[undefined, undefined, undefined], [], true]);
});

Deno.test("a database cannot be changed before it uses a log", async () => {
  await using home = await temporaryHome();
  const database = openDatabase(join(home.path, "state.db"));
  assert.throws(() => database.exec("CREATE TABLE t (x)"), /readonly database/);
  database.useLog();
  database.exec("CREATE TABLE t (x)");
  assert.equal(database.prepare("PRAGMA journal_mode").get()!.journal_mode, "wal");
  database.close();
});
