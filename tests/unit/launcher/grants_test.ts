/**
 * Tests the grants of the commands' threads.
 *
 * @module
 */

import assert from "node:assert/strict";
import { dirname, isAbsolute, join, resolve } from "node:path";
import fc from "fast-check";
import { homePaths } from "../../../src/base/mod.ts";
import { LOCK_FILE_NAME } from "../../../src/install/mod.ts";
import { publicRanges } from "../../../src/launcher/engine_permissions.ts";
import { scanCommandLine } from "../../../src/launcher/command_line.ts";
import { companions, PROJECT_LOCK_FILE } from "../../../src/launcher/command_needs.ts";
import { commandTable } from "../../../src/launcher/command_table.ts";
import { realPathOf } from "../../../src/launcher/grant_list.ts";
import type { Grants } from "../../../src/launcher/grants_types.ts";
import { minimalFileName, torrentFileName } from "../../../src/package/mod.ts";
import { cwd, granted, home } from "../../support/grants.ts";
import { temporaryHome } from "../../support/temporary_home.ts";

const key = homePaths(home).key;

const listOf = ({ permissions }: Grants, kind: "read" | "write" | "net" | "sys") =>
  (permissions[kind] ?? []) as string[];

/** Whether a list of paths permits a path: by the path itself, or by a directory above it. */
const permits = (list: readonly string[], path: string) =>
  list.some((one) => path === one || path.startsWith(one === "/" ? one : `${one}/`));

const flags: Record<string, string[]> = {
  pack: ["-o", "out/x.tgz", "-o=/tmp/y.tgz", "--dry-run"],
  publish: ["--dry-run", "--seed-for=1h"],
  get: ["-o", "out", "-o=../other/d", "-o=-"],
  install: ["--save", "--frozen"],
  uninstall: ["--save"],
  upgrade: ["--self", "--rollback"],
  link: ["--to=links/a", "--to", "../b"],
  seed: ["--http=127.0.0.1:9"],
};
const settings = [
  ...["--dir=/big/seed", "--port=0", "--home=/users/ann/.libreseed", "--bootstrap=1.2.3.4:5"],
  ...["--bootstrap=a.example:1", "--json"],
];
const words = ["a", "../b/c.tgz", "x.torrent", "-", "put", "prune", "add", "name@1.0.0"];
const commandLines = fc.constantFrom(...Object.keys(commandTable)).chain((command) =>
  fc.tuple(
    fc.array(fc.constantFrom(...words), { maxLength: 2 }),
    fc.array(fc.constantFrom(...settings), { maxLength: 2 }),
    fc.constantFrom(undefined, ...flags[command] ?? []),
  ).map(([args, some, flag]) => {
    const value = flag === "-o" || flag === "--to" ? ["out/z"] : [];
    return [command, ...(flag === undefined ? [] : [flag, ...value]), ...some, ...args];
  })
);

Deno.test("no command may open the key or the home itself, and no path is wider than its name", async () => {
  let understood = 0;
  await fc.assert(
    fc.asyncProperty(commandLines, async (raw) => {
      const grants = await granted(raw);
      if (!scanCommandLine(raw)) return assert.deepEqual(grants.why, []);
      understood++;
      for (const kind of ["read", "write"] as const) {
        for (const path of listOf(grants, kind)) {
          assert.ok(isAbsolute(path) && resolve(path) === path, path);
          // The work directory and the directories above it belong to the user.
          assert.ok(!permits([path], cwd), path);
        }
        assert.ok(!permits(listOf(grants, kind), key), `${raw.join(" ")}: ${kind} of the key`);
        assert.ok(!permits(listOf(grants, kind), home), `${raw.join(" ")}: ${kind} of the home`);
        for (const path of ["/etc/passwd", "/users/ann/.ssh/id_ed25519", "/users/bob/.libreseed"]) {
          assert.ok(!permits(listOf(grants, kind), path), path);
        }
      }
      for (const path of listOf(grants, "write")) assert.ok(permits(listOf(grants, "read"), path));
      assert.ok(!permits(listOf(grants, "write"), homePaths(home).config));
      const { env, run, ffi, import: imports } = grants.permissions;
      assert.deepEqual([env, run, ffi, imports], [false, false, false, false]);
    }),
    { numRuns: 2_000 },
  );
  assert.ok(understood > 200, `${understood} of the command lines were understood`);
});

Deno.test("commands that work offline are granted no network", async () => {
  for (
    const raw of [
      ...[["pack", "."], ["verify", "a.tgz"], ["keygen"], ["link", "a"], ["store", "list"]],
      ...[
        ["trust", "list"],
        ["completions", "bash"],
        ["words", "packages"],
        ["help"],
        ["version"],
        ["search", "a"],
      ],
      ...[["following"], ["unfollow", "k"], ["uninstall", "a"], ["publish", "--dry-run", "."]],
    ]
  ) {
    const grants = await granted(raw);
    assert.ok(scanCommandLine(raw), raw.join(" "));
    assert.deepEqual(listOf(grants, "net"), [], raw.join(" "));
    assert.equal(grants.wantsEngine, false);
  }
});

Deno.test("commands that only talk to the daemon reach its socket and nothing else", async () => {
  const { control } = homePaths(home);
  for (const command of ["list", "status", "reload", "stop"]) {
    const grants = await granted([command, "--bootstrap", "a.example:1"]);
    assert.deepEqual(listOf(grants, "net"), [`unix:${control}`, "192.0.2.1:80"]);
    assert.equal(grants.wantsEngine, false);
  }
});

Deno.test("a host may look up its bootstrap nodes, and only the daemon may serve the HTTP page", async () => {
  const flags = [
    "--bootstrap",
    "a.example:1",
    "--bootstrap",
    "1.2.3.4:5",
    "--bootstrap",
    "[::1]:6",
  ];
  const { control, bound } = homePaths(home);
  const own = [`unix:${control}`, `unix:${bound}`, "192.0.2.1:80"];
  const announce = await granted(["announce", ...flags]);
  assert.deepEqual(listOf(announce, "net"), [...own, "a.example"]);
  assert.equal(announce.wantsEngine, true);
  const seed = await granted(["seed", ...flags, "--http", "127.0.0.1:9881", "--no-dht"]);
  assert.deepEqual(listOf(seed, "net"), [...own, "127.0.0.1:9881"]);
});

Deno.test("doctor may send only to its bootstrap nodes, and anywhere if one has a name", async () => {
  const { control, bound } = homePaths(home);
  const own = [`unix:${control}`, `unix:${bound}`, "192.0.2.1:80"];
  const port = ["0.0.0.0:6881", "[::]:6881"];
  const netOf = async (...flags: string[]) => listOf(await granted(["doctor", ...flags]), "net");
  const at = (...nodes: string[]) => nodes.flatMap((node) => ["--bootstrap", node]);
  assert.deepEqual(await netOf("--no-dht", "--allow-local"), [...own, ...port]);
  const nodes = at("198.41.0.4:5", "127.0.0.1:6", "169.254.169.254:80", "[::1]:6");
  assert.deepEqual(await netOf(...nodes), [...own, ...port, "198.41.0.4:5"]);
  assert.deepEqual(await netOf(...nodes, "--allow-local"), [
    ...[...own, ...port],
    ...["198.41.0.4:5", "127.0.0.1:6"],
  ]);
  assert.deepEqual(await netOf(...at("a.example:1")), [
    ...[...own, "a.example", ...port],
    ...publicRanges(),
  ]);
});

Deno.test("only commands that always need an engine have it prepared", async () => {
  for (
    const raw of [
      ...[["announce"], ["seed"], ["publish", "."], ["get", "a"], ["resolve", "a"], [
        "remove",
        "a",
      ]],
      ...[["follow", "k"], ["add", "a.tgz"], ["manifest", "get", "a"]],
    ]
  ) assert.equal((await granted(raw)).preparesEngine, true, raw.join(" "));
  const others = [
    ...[["install", "a"], ["doctor"], ["list"], ["verify", "a.tgz"], ["publish", "--dry-run", "."]],
    ...[["announce", "--help"]],
  ];
  for (const raw of others) assert.equal((await granted(raw)).preparesEngine, false, raw.join(" "));
});

Deno.test("a command line that asks for help is granted nothing", async () => {
  const grants = await granted(["get", "a", "-o", "out", "--help"]);
  assert.deepEqual(grants.why, []);
  assert.equal(grants.keyPath, undefined);
});

Deno.test("with invalid settings, a command may read the config file, to report what is wrong", async () => {
  const configPath = homePaths(home).config;
  const grants = await granted(["seed"], { settings: undefined, configPath });
  assert.deepEqual(listOf(grants, "read"), [configPath]);
  assert.deepEqual(listOf(grants, "write"), []);
  assert.deepEqual(listOf(grants, "net"), []);
  assert.equal(grants.keyPath, undefined);
});

const { searched } = homePaths(home);

Deno.test("pack writes the archive, its companions, a staging path and a note of the search, and nothing else", async () => {
  const grants = await granted(["pack", "src", "-o", "out/a-1.0.0.tgz"]);
  const out = join(cwd, "out");
  const staging = join(out, ".tmp-held-0123456789abcdef");
  assert.deepEqual(
    listOf(grants, "write").sort(),
    [
      staging,
      searched,
      ...["a-1.0.0.minimal.json", "a-1.0.0.tgz", "a-1.0.0.torrent"].map((one) => join(out, one)),
    ]
      .sort(),
  );
  assert.deepEqual([...grants.staging], [[out, staging]]);
  assert.deepEqual(grants.places, []);
  assert.equal(grants.keyPath, key);
});

Deno.test("without -o, pack may place its files in the working directory", async () => {
  const grants = await granted(["pack", "src"]);
  const staging = join(cwd, ".tmp-held-0123456789abcdef");
  assert.deepEqual(listOf(grants, "write").sort(), [staging, searched].sort());
  assert.deepEqual(grants.places, [cwd]);
});

Deno.test("a directory that contains files is not granted as the target of unpacking", async () => {
  const target = join(cwd, "out");
  const free = await granted(["get", "a", "-o", "out"]);
  assert.ok(listOf(free, "write").includes(target));
  const full = await granted(["get", "a", "-o", "out"], { isFree: () => false });
  assert.ok(!permits(listOf(full, "read"), target));
  assert.ok(!permits(listOf(full, "write"), target));
});

Deno.test("link is granted one path, of a valid name or of --to", async () => {
  const linksOf = async (...raw: string[]) => (await granted(["link", ...raw])).links;
  const at = (name: string) => [join(cwd, "node_modules", name)];
  assert.deepEqual(await linksOf("a@^1"), at("a"));
  assert.deepEqual(await linksOf(`ed25519:${"A".repeat(43)}=/@scope/a`), at("@scope/a"));
  assert.deepEqual(await linksOf(`${"0".repeat(64)}/a@1.0.0`), at("a"));
  assert.deepEqual(await linksOf("../../etc/x"), []);
  assert.deepEqual(await linksOf("a/../../../x"), []);
  assert.deepEqual(await linksOf("a", "--to", "lib/a"), [join(cwd, "lib", "a")]);
});

Deno.test("the paths of standard input and of noted roots are granted for reading", async () => {
  const publish = await granted(["publish", "one", "-"], { stdinPaths: ["two", "/three/c.tgz"] });
  for (
    const path of [join(cwd, "one"), join(cwd, "two"), "/three/c.tgz", "/three/c.minimal.json"]
  ) {
    assert.ok(permits(listOf(publish, "read"), path), path);
    assert.ok(!permits(listOf(publish, "write"), path), path);
  }
  const root = "/else/libreseed.lock.json";
  for (const raw of [["uninstall", "a"], ["store", "prune"]]) {
    assert.ok(listOf(await granted(raw, { roots: [root] }), "read").includes(root));
  }
  assert.ok(!listOf(await granted(["store", "list"], { roots: [root] }), "read").includes(root));
});

Deno.test("a path is granted as given and as its real path", async () => {
  const realPath = (path: string) =>
    path === "/place" ? "/real/place" : path.startsWith("/place/") ? undefined : path;
  const verify = await granted(["verify", "new/a.tgz"], { realPath });
  const paths = listOf(verify, "read");
  assert.ok(
    paths.includes("/place/project/new/a.tgz") && paths.includes("/real/place/project/new/a.tgz"),
  );
  const list = await granted(["list", "--home", "/place/home"], { realPath });
  const net = listOf(list, "net");
  assert.ok(net.includes("unix:/place/home/control.sock"));
  assert.ok(net.includes("unix:/real/place/home/control.sock"));
});

Deno.test("a link in place of a file of the home grants no path elsewhere", async () => {
  await using place = await temporaryHome();
  const [inside, outside] = [join(place.path, "home"), join(place.path, "elsewhere")];
  await Deno.mkdir(inside);
  await Deno.mkdir(outside);
  await Deno.symlink(outside, join(inside, "packages"));
  const realPath = (path: string) => {
    try {
      return Deno.realPathSync(path);
    } catch {
      return undefined;
    }
  };
  const grants = await granted(["store", "list", "--home", inside], { realPath });
  assert.ok(permits(listOf(grants, "write"), join(inside, "packages")));
  assert.ok(!permits(listOf(grants, "write"), outside));
});

Deno.test("a seed directory that is a link to the key is not granted, and starts no engine", async () => {
  const realPath = (path: string) => path.replace(/^\/big\/seed/, "/users/ann");
  const grants = await granted(["seed", "--dir", "/big/seed"], { realPath });
  for (const kind of ["read", "write"] as const) {
    assert.ok(!permits(listOf(grants, kind), "/big/seed/.libreseed/keys/publisher.key"));
    assert.ok(!permits(listOf(grants, kind), key));
  }
  assert.equal(grants.wantsEngine, false);
  assert.equal((await granted(["seed", "--dir", "/big/seed"])).wantsEngine, true);
});

Deno.test("the real path of a missing file is that of its nearest existing ancestor, and the rest", () => {
  const real = (path: string) => ({ "/": "/", "/a": "/b" })[path];
  assert.equal(realPathOf("/a", real), "/b");
  assert.equal(realPathOf("/a/c/d", real), "/b/c/d");
  assert.equal(realPathOf("/x/y", real), "/x/y");
  assert.equal(realPathOf("/x/y", () => undefined), "/x/y");
});

Deno.test("the launcher grants the same file names as the rooms use", () => {
  assert.equal(PROJECT_LOCK_FILE, LOCK_FILE_NAME);
  for (const path of ["a.tgz", "/b/c-1.0.0.tgz", "/d/.tgz"]) {
    assert.deepEqual(companions(path), [minimalFileName(path), torrentFileName(path)]);
  }
  assert.deepEqual(companions("a.tar"), []);
  assert.equal(dirname(homePaths(home).bound), homePaths(home).bind);
});

Deno.test("only the daemon's engine may reach the router, but not in a test network", async () => {
  const maps = async (...raw: string[]) => (await granted(raw)).mapsPort;
  assert.equal(await maps("seed"), true);
  assert.equal(await maps("seed", "--no-port-mapping"), false);
  assert.equal(await maps("seed", "--allow-local", "--bootstrap", "127.0.0.1:47110"), false);
  for (
    const raw of [["get", "a"], ["publish", "."], ["announce"], ["status"], ["seed", "--help"]]
  ) {
    assert.equal(await maps(...raw), false, raw.join(" "));
  }
});

Deno.test("a link in a stranger's directory grants no file of another name", async () => {
  const lock = join(cwd, PROJECT_LOCK_FILE);
  const linked: Record<string, string> = {
    [lock]: "/users/ann/.bashrc",
    [join(cwd, "a.torrent")]: "/users/ann/.ssh/id_ed25519",
    [join(cwd, "a.minimal.json")]: "/users/ann/.netrc",
    [join(cwd, "node_modules/tool")]: "/users/ann",
  };
  const realPath = (path: string) => linked[path] ?? path;
  const lines = [
    ...[["install", "tool", "--save"], ["install", "tool"], ["get", "tool"], ["link", "tool"]],
    ...[["verify", "a.tgz"], ["add", "a.tgz"], ["publish", "a.tgz"], ["pack", ".", "-o", "a.tgz"]],
  ];
  for (const line of lines) {
    const grants = await granted(line, { realPath });
    const write = listOf(grants, "write");
    for (const [path, target] of Object.entries(linked)) {
      assert(!permits(write, path), `${line}: ${path}`);
      for (const list of [write, listOf(grants, "read")]) {
        assert(!permits(list, target), `${line}: ${target}`);
      }
    }
  }
  const same = { realPath: (path: string) => path === lock ? `/else/${PROJECT_LOCK_FILE}` : path };
  assert(permits(listOf(await granted(["install", "--save"], same), "write"), lock));
});

Deno.test("only an upgrade of the program itself may write the program and the files beside it", async () => {
  const program = "/opt/bin/libreseed";
  const files = [program, `${program}.previous`, `${program}.previous.json`];
  for (const raw of [["upgrade", "--self"], ["upgrade", "--rollback"]]) {
    const grants = await granted(raw, { program });
    const inBin = listOf(grants, "write").filter((path) => path.startsWith("/opt/"));
    assert.deepEqual(inBin, [...files, "/opt/bin/.tmp-held-0123456789abcdef"]);
    // From the sources, there is no program to replace.
    const fromSources = await granted(raw);
    assert.deepEqual(fromSources.staging, new Map());
  }
  // A link in place of the kept program does not open its target.
  const realPath = (path: string) => path === files[1] ? "/etc/passwd" : path;
  const linked = await granted(["upgrade", "--self"], { program, realPath });
  assert.ok(!listOf(linked, "write").includes("/etc/passwd"));
  for (const raw of [["upgrade"], ["seed"], ["get", "a"], ["install", "a"], ["version"]]) {
    const grants = await granted(raw, { program });
    assert.deepEqual(listOf(grants, "write").filter((path) => path.startsWith("/opt/")), []);
  }
});
