/**
 * Commands that need an existing home, and commands that may create one.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { commands } from "../../../../src/cli/commands/table.ts";
import { type HomeUse, homeUseOf } from "../../../../src/cli/flags/home_use.ts";
import { runCli } from "../../../../src/cli/mod.ts";
import { temporaryHome } from "../../../support/mod.ts";
import { fakeIo, type FakeIoOptions } from "../../../support/fake_io.ts";

/** A valid public key in text form, for command lines that need the key of a publisher. */
const KEY = "ab".repeat(32);

/** Command lines that need an existing home, one for each command and action. */
const existing: Record<string, string[][]> = {
  key: [["show"], ["list"], ["encrypt"], ["decrypt"], ["root", "move", "x"], ["backup", "x"]],
  pack: [["."]],
  publish: [["."]],
  yank: [["hello@1.0.0"], ["hello@1", "--undo"]],
  deprecate: [["hello@1.0.0", "old"], ["hello@1.0.0", ""]],
  tag: [["hello"], ["hello@1.0.0", "next"], ["hello", "next", "--remove"]],
  announce: [[], ["hello@1.0.0"]],
  uninstall: [["hello"], ["hello", "--save"]],
  link: [["hello"]],
  store: [["list"], ["verify"], ["prune"], ["list", "hello"]],
  trust: [["list"], ["list", "hello"], ["remove", "hello"]],
  search: [[], ["he"]],
  unfollow: [[KEY]],
  following: [[]],
  manifest: [["put", "hello.minimal.json"]],
  list: [[]],
  status: [[], ["hello"], ["--watch"]],
  remove: [["hello@1.0.0"]],
  reload: [[]],
  stop: [[]],
  token: [["show"], ["new"]],
};

async function run(args: string[], options: FakeIoOptions & { userHome?: string | undefined }) {
  const io = { ...fakeIo(options), userHome: options.userHome };
  const code = await runCli(args, io);
  return { code, out: io.stdout.text, err: io.stderr.text };
}

/** Returns the home use (needed, created or unused) of each command, or of each of its actions. */
async function uses(): Promise<[name: string, use: HomeUse][]> {
  const found: [string, HomeUse][] = [];
  for (const { name, load } of commands) {
    const { home } = (await load()).default;
    if (typeof home === "string") found.push([name, home]);
    else for (const action of Object.keys(home)) found.push([`${name} ${action}`, home[action]!]);
  }
  return found;
}

Deno.test("a command that needs an existing home creates none, and exits with 3 naming the directory", async () => {
  await using directory = await temporaryHome();
  const home = join(directory.path, ".libreseed");
  const wanted = (await uses()).filter(([, use]) => use === "existing").map(([name]) => name);
  const tried = new Set<string>();
  for (const [command, lines] of Object.entries(existing)) {
    for (const line of lines) {
      tried.add(wanted.includes(command) ? command : `${command} ${line[0]}`);
      const args = [command, ...line];
      const { code, out, err } = await run(args, { userHome: directory.path });
      assert.deepEqual([args, code, out], [args, 3, ""], err);
      assert(err.includes(`There is no home at ${home} (the default`), err);
      assert.match(err, /--home or LIBRESEED_HOME/);
    }
  }
  assert.deepEqual([...tried].sort(), wanted.sort());
  assert.deepEqual([...Deno.readDirSync(directory.path)], []);
});

Deno.test("the error for a missing home says how the directory was chosen", async () => {
  await using directory = await temporaryHome();
  const home = join(directory.path, "other");
  const flag = await run(["announce", "--home", home], { userHome: "/nobody" });
  assert(flag.err.includes(`no home at ${home} (given by --home)`), flag.err);
  const env = { LIBRESEED_HOME: home };
  const variable = await run(["announce", "--json"], { userHome: "/nobody", env });
  const { code, kind, detail } = JSON.parse(variable.err).error;
  assert.deepEqual({ code, kind, detail }, {
    code: "HOME_NOT_FOUND",
    kind: "not-found",
    detail: { home, source: "env", where: "LIBRESEED_HOME" },
  });
});

Deno.test("a file at the path of the home is not accepted as a home", async () => {
  await using directory = await temporaryHome();
  const home = join(directory.path, "file");
  await Deno.writeTextFile(home, "");
  for (const at of [home, join(home, "below")]) {
    const { code, err } = await run(["list", "--home", at], {});
    assert.deepEqual([code, err.includes(`There is no home at ${at}`)], [3, true], err);
  }
});

Deno.test("a user without a home directory is told to choose one, by commands that need a home", async () => {
  for (const [name, use] of await uses()) {
    if (use === "unused") continue;
    const [command] = name.split(" ");
    const line = existing[command!]?.[0] ?? {
      add: ["x.tgz"],
      resolve: ["hello"],
      info: ["hello"],
      get: ["hello"],
      follow: [KEY],
      words: ["packages"],
    }[command!] ?? [];
    const args = name.endsWith(" get")
      ? ["manifest", "get", "hello@1.0.0"]
      : name === "trust add"
      ? ["trust", "add", "hello", KEY]
      : [command!, ...line];
    const { code, out, err } = await run(args, { userHome: undefined });
    assert.deepEqual([args, code, out], [args, 2, ""], err);
    assert.match(
      err,
      /^(libreseed:|\S+ error) The home directory is not known: .*--home or LIBRESEED_HOME$/m,
    );
  }
});

Deno.test("with --home, a user without a home directory needs none", async () => {
  await using directory = await temporaryHome();
  const args = ["trust", "list", "--home", directory.path];
  const { code, err } = await run(args, { userHome: undefined });
  assert.deepEqual([code, err], [0, "no pins yet\n"]);
});

Deno.test("a command that needs no home works for a user without one", async () => {
  const lines: Record<string, string[]> = {
    verify: ["missing.tgz"],
    completions: ["bash"],
    man: ["get"],
    help: [],
    version: [],
  };
  for (const [name, use] of await uses()) {
    // The command `testnet` is skipped, because it runs until a signal ends it.
    if (use !== "unused" || name === "testnet") continue;
    assert(lines[name], name);
    const { err } = await run([name, ...lines[name]], { userHome: undefined });
    assert.equal(err, "", name);
  }
  const verified = await run(["verify", "missing.tgz"], { userHome: undefined });
  assert.match(verified.out, /^missing\.tgz: failed at reading: /);
});

Deno.test("an unknown action is treated as one that needs an existing home", () => {
  assert.equal(homeUseOf({ add: "created" }, ["purge"]), "existing");
  assert.equal(homeUseOf({ add: "created" }, ["add"]), "created");
});
