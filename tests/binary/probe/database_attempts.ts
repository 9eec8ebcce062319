/**
 * Attempts of an attacker with SQLite, which opens and removes files without asking Deno. No thread
 * may open a database, except the command's: it may open the state of its home, by a function of the
 * program.
 *
 * @module
 */

import module from "node:module";
import process from "node:process";
import vm from "node:vm";
import { nameDatabases, openDatabase } from "../../../src/confinement/databases.ts";
import { type Attempt, imported, type ProbeTargets } from "./targets.ts";

type Sqlite = typeof import("node:sqlite");

const MODULE = "node:sqlite";
/** Size of a page and of a sector in the journal that the attempt writes, in bytes. */
const [PAGE_BYTES, SECTOR_BYTES] = [4_096, 512];
/** Magic number at the beginning of a rollback journal, and at its end if it names another one. */
const MAGIC = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

/** Attempts that must fail with the classes of `node:sqlite`. */
const classes: Record<string, Attempt> = {
  "open a database": async () => open(await imported(MODULE) as Sqlite),
  "open a database (required)": () => open(module.createRequire(import.meta.url)(MODULE)),
  "open a database (built-in)": () => open(process.getBuiltinModule(MODULE)),
  "open a database (in a script)": async () => {
    const loader = { importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER };
    return open(await vm.runInThisContext(`import("${MODULE}")`, loader));
  },
  "open a database past the hooks": () => openPastHooks("anything"),
  "open a database past all hooks": () =>
    openPastHooks(
      "anything else",
      (url, context, next) =>
        url === MODULE ? { source: "", format: "builtin", shortCircuit: true } : next(url, context),
    ),
  "copy a database": async () => {
    const { backup } = await imported(MODULE) as Sqlite;
    await backup(new (process.getBuiltinModule(MODULE).DatabaseSync)(":memory:"), ":memory:");
  },
  "have a file outside removed by a journal": removeByJournal,
};

/** Attempts that must fail with the program's own functions, which the command's thread has. */
const functions: Record<string, Attempt> = {
  "open another database as the program does": ({ seedDirectory }) =>
    openAndRemove(`${seedDirectory}/other`),
  "open a database in memory as the program does": () => openDatabase(":memory:").close(),
  "open another database by an address": ({ seedDirectory }) =>
    openAndRemove(`file:${seedDirectory}/other?vfs=unix-none`),
  "name another database": ({ seedDirectory }) => {
    const path = `${seedDirectory}/other`;
    // In a thread that is not confined, every database may be opened without being named.
    if (Deno.permissions.querySync({ name: "read" }).state !== "granted") {
      nameDatabases([{ path, realPath: path }]);
    }
    openAndRemove(path);
  },
  "open another database after replacing what checks": ({ seedDirectory }) => {
    const { apply, construct } = Reflect;
    const { indexOf } = String.prototype;
    const path = `${seedDirectory}/other`;
    try {
      String.prototype.indexOf = () => -1;
      Object.assign(Reflect, {
        apply: () => path,
        construct: () => new (process.getBuiltinModule(MODULE).DatabaseSync)(path),
      });
      openAndRemove(path);
    } finally {
      Object.assign(Reflect, { apply, construct });
      Object.assign(String.prototype, { indexOf });
    }
  },
  "write the journal of the state": ({ home }) => {
    const path = `${home}/state.db-journal`;
    Deno.writeTextFileSync(path, "");
    Deno.removeSync(path);
  },
  "move a file to the journal of the state": ({ home, seedDirectory }) => {
    const path = `${seedDirectory}/journal`;
    try {
      Deno.writeTextFileSync(path, "");
      Deno.renameSync(path, `${home}/state.db-journal`);
      Deno.removeSync(`${home}/state.db-journal`);
    } finally {
      removeIfPossible(path);
    }
  },
  "have the state use a journal": inState("PRAGMA journal_mode = PERSIST"),
  "hide a pragma in the state": inState("SELECT 1; pRaGmA/**/main.journal_mode = PERSIST"),
  "permit changes of the state without its log": inState("PRAGMA query_only = OFF"),
  "attach a database to the state": inState("ATTACH ':memory:' AS other"),
  "copy the state out": async (targets) => {
    const path = `${targets.home}/evil-state`;
    await inState(`VACUUM INTO '${path}'`)(targets);
    Deno.removeSync(path);
  },
};

/** All attempts with databases, which must fail in each thread but the gate. */
export const databases: Record<string, Attempt> = { ...classes, ...functions };

function inState(sql: string): Attempt {
  return ({ home }) => {
    const database = openDatabase(`${home}/state.db`);
    try {
      database.useLog();
      database.exec(sql);
    } finally {
      database.close();
    }
  };
}

function openAndRemove(path: string): void {
  const database = openDatabase(path);
  database.useLog();
  database.close();
  Deno.removeSync(path);
}

function removeIfPossible(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // The file was moved, or could not be made.
  }
}

/** Opens a database by an import that hooks of the attacker lead to the module. */
async function openPastHooks(name: string, load?: module.LoadHookSync): Promise<void> {
  const { deregister } = module.registerHooks({
    resolve: (specifier, context, next) =>
      specifier === name
        ? { url: MODULE, format: "builtin", shortCircuit: true }
        : next(specifier, context),
    ...(load && { load }),
  });
  open(await imported(name).finally(deregister) as Sqlite);
}

function open({ DatabaseSync }: Sqlite): void {
  const database = new DatabaseSync(":memory:");
  database.exec("SELECT 1");
  database.close();
}

/** Opens a database whose journal names a file outside, which SQLite then removes. */
async function removeByJournal({ home, seedDirectory }: ProbeTargets): Promise<void> {
  const { DatabaseSync } = process.getBuiltinModule(MODULE);
  const victim = `${home}/victim`;
  const path = `${seedDirectory}/database`;
  const content = await Deno.readFile(victim).catch(() => undefined);
  try {
    const made = new DatabaseSync(path);
    made.exec("PRAGMA journal_mode = DELETE; CREATE TABLE t (x)");
    made.close();
    const page = (await Deno.readFile(path)).subarray(0, PAGE_BYTES);
    await Deno.writeFile(`${path}-journal`, journalNaming(victim, page));
    const opened = new DatabaseSync(path);
    opened.prepare("SELECT * FROM t").all();
    opened.close();
    if (await Deno.lstat(victim).then(() => true, () => false)) throw new Error("it is there");
  } finally {
    for (const one of [path, `${path}-journal`]) await Deno.remove(one).catch(() => {});
    // Only the control may write it again.
    if (content) await Deno.writeFile(victim, content).catch(() => {});
  }
}

/** Returns a rollback journal of a database of two pages that names another journal. */
function journalNaming(named: string, page: Uint8Array): Uint8Array {
  const name = new TextEncoder().encode(named);
  const nonce = 7;
  let checksum = nonce;
  for (let at = PAGE_BYTES - 200; at > 0; at -= 200) checksum += page[at]!;
  const sum = name.reduce((total, byte) => total + byte, 0);
  const header = [...MAGIC, ...words(1, nonce, 2, SECTOR_BYTES, PAGE_BYTES)];
  return Uint8Array.from([
    ...header,
    ...Array<number>(SECTOR_BYTES - header.length).fill(0),
    ...[...words(1), ...page, ...words(checksum)],
    ...[...words(2 ** 30 / PAGE_BYTES + 1), ...name, ...words(name.length, sum), ...MAGIC],
  ]);
}

/** Encodes numbers as unsigned integers of 32 bits, big-endian. */
function words(...numbers: number[]): number[] {
  return numbers.flatMap((number) => [24, 16, 8, 0].map((shift) => number >>> shift & 255));
}
