/**
 * Generates `docs/permissions.md`: the permissions of each thread with their reasons, and the
 * requests that the command's thread may send to the launcher. `deno task permissions` writes the
 * page from the lists that the program itself uses; a test compares the page with the generated
 * text.
 */

import { join } from "node:path";
import { MAX_PACKAGE_ROOTS } from "../src/base/mod.ts";
import { type LoadedSettings, loadSettings } from "../src/config/mod.ts";
import { gatePermissions } from "../src/gate_thread/mod.ts";
import type { CommandName } from "../src/launcher/command_table.ts";
import { GIVEN_UP_AT_START, GIVEN_UP_WHEN_SETTLED } from "../src/launcher/granted_requests.ts";
import { helperPermissions } from "../src/launcher/helper_threads.ts";
import {
  enginePermissions,
  type Grants,
  grantsFor,
  publicRanges,
  scanCommandLine,
} from "../src/launcher/mod.ts";
import { formatted, table } from "./markdown.ts";
import { requestRows } from "./permissions/requests.ts";
import { samples } from "./permissions/samples.ts";

const root = join(import.meta.dirname!, "..");

/** Address of the HTTP page in {@linkcode symbolicSettings}. */
const HTTP = "127.0.0.1:8080";
/** Text for the ranges of {@linkcode publicRanges} in the page. */
const PUBLIC = `public IPv4 addresses (${publicRanges().length} ranges)`;

/** A command line of `samples.ts` with its grants. */
export interface Sample {
  command: CommandName;
  /** The command line for people: `get NAME -o OUT/TARGET`. */
  label: string;
  grants: Grants;
}

/** Returns the grants of all command lines of `samples.ts`. */
export async function sampleGrants(): Promise<Sample[]> {
  const settings = await symbolicSettings();
  return Object.entries(samples).flatMap(([name, lines]) =>
    lines.map((args) => {
      const command = name as CommandName;
      const line = scanCommandLine([command, ...args]);
      if (!line) throw new Error(`${command} ${args.join(" ")} is no command line`);
      const grants = grantsFor({
        line,
        settings,
        configPath: settings.configPath,
        cwd: "/CWD",
        program: "/BIN/libreseed",
        userHome: "/USER",
        roots: ["/PROJECT/libreseed.lock.json", "/PROJECT/node_modules/NAME"],
        realPath: () => undefined,
        isFree: () => true,
        random: () => "RANDOM",
      });
      return { command, label: [command, ...args.map(symbol)].join(" "), grants };
    })
  );
}

/** Settings of which each path is a symbol. */
function symbolicSettings(): Promise<LoadedSettings> {
  return loadSettings({
    flags: { home: "/HOME", dir: "/DIR", http: HTTP, webhook: "https://hooks.example/" },
    env: {},
    cwd: "/CWD",
    userHome: "/USER",
    readFile: () => Promise.resolve(undefined),
  });
}

/** Returns the text of `docs/permissions.md`, formatted as by `deno fmt`. */
export async function permissionsPage(): Promise<string> {
  const all = await sampleGrants();
  return await formatted(`# Permissions

The permissions of each thread, with their reasons. \`deno task permissions\` generates this page from
the lists with which the program starts its threads, and a test compares the two. Deno enforces the lists.
[Operations](operations.md#permissions) has what Deno's lists cannot express.

HOME is the home, DIR the seed directory, PORT the port, CWD the working directory. FILES, ARCHIVE,
FILE, MINIMAL, OUT, TARGET and LINK are paths of the command line. PROJECT is a project whose lock file
or links refer to the store, of which there are at most ${MAX_PACKAGE_ROOTS}. RANDOM is 16 random
hexadecimal digits. A list has each path as given, and its real path if that differs.

A host name without a port is open at every port. Deno looks up a name only if the list has the bare
name, so a thread that may look up a bootstrap node may also connect to any port of that name.

## The launcher

The launcher is the main thread. It parses no bytes of strangers.

${table(["permission", "what", "why", "until"], await launcherRows())}

## The command's thread

Each command runs in a thread of its own; the daemon is the command \`seed\`. The thread has the grants
of its command and nothing else. No grant names \`keys\`, and no command has \`env\`, \`run\`, \`ffi\`
or \`import\`. If a grant names a command with arguments, it applies to such command lines only.

- **hosts** [borrow the engine of a host, or become the host](architecture.md#threads-and-processes):
  ${named(all, all.filter(isHost))}
- **all** are all commands but these, which have nothing: ${named(all, all.filter(hasNothing))}

Each line is a permission, what it opens, the reason, and the commands that have it.

${commandLines(all)}

## What the command's thread asks of the launcher

The set of requests is closed. A stranger may control the thread, so the launcher checks each request
against the needs of the command line, and refuses all others.

${requestLines(all)}

## The other threads

${table(["thread", "permission", "what", "why"], otherRows())}
`);
}

async function launcherRows(): Promise<string[][]> {
  const { permissions } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const why: Record<string, string> = {
    read: "settings, key, real paths, what the requests below need; a thread cannot have more",
    write: "what the requests below need; a thread cannot have more",
    net: "only for the threads: a later thread cannot have what the launcher gave up",
    env: "settings, and the few variables that commands read",
    sys: "the user's home directory, owners of files, free space, addresses of this machine",
    run: "the requests that need another program; looking up the default gateway and routes",
  };
  return Object.entries(permissions.libreseed as Record<string, true | string[]>).map(
    ([kind, what]) => {
      const reason = why[kind];
      if (reason === undefined) throw new Error(`the launcher has ${kind}, and no reason is given`);
      return [kind, what === true ? "everything" : code(what), reason, untilWhen(kind)];
    },
  );
}

function untilWhen(kind: string): string {
  if ((GIVEN_UP_AT_START as string[]).includes(kind)) return "the command's thread has started";
  if ((GIVEN_UP_WHEN_SETTLED as string[]).includes(kind)) {
    const until = "the command's thread has started; of **hosts** the end";
    const kept = "without `port-mapping` and `bind` its ready line";
    return kind === "run" ? `${until}, of a daemon ${kept}` : until;
  }
  return "the end";
}

/**
 * Lists the grants of the command's thread: those with one reason and the same commands are one line.
 * Lists, unlike tables, are not realigned by a new grant, so that two changes of the page merge.
 */
function commandLines(all: readonly Sample[]): string {
  const entries = new Map<string, { what: string; kinds: string; why: string; of: Sample[] }>();
  for (const sample of all) {
    const grants = sample.grants.why.map(({ permission, what, why }) => ({
      permission,
      what: publicRanges().includes(what) ? PUBLIC : symbol(what),
      why: why.replace(/\/(?=[A-Z])/, ""),
    }));
    for (const { what, why } of grants) {
      const same = grants.filter((one) => one.what === what && one.why === why);
      const kinds = [...new Set(same.map(({ permission }) => permission))].join(", ");
      const key = [kinds, what, why].join("\n");
      const entry = entries.get(key) ?? { what, kinds, why, of: [] };
      if (!entry.of.includes(sample)) entry.of.push(sample);
      entries.set(key, entry);
    }
  }
  const rows = new Map<string, { cells: [string, string, string]; what: string[] }>();
  for (const { what, kinds, why, of } of entries.values()) {
    const cells: [string, string, string] = [kinds, why, commandsOf(all, of)];
    const row = rows.get(cells.join("\n")) ?? { cells, what: [] };
    row.what.push(what);
    rows.set(cells.join("\n"), row);
  }
  return [...rows.values()]
    .map(({ cells: [kinds, why, commands], what }) => ({
      rank: rank(kinds, what[0]!),
      line: `- ${whats(what)} (${kinds}): ${why}. For ${commands}`,
    }))
    .sort((a, b) => a.rank - b.rank || (a.line < b.line ? -1 : 1))
    .map(({ line }) => line).join("\n");
}

/** Lists the requests that the launcher answers. */
function requestLines(all: readonly Sample[]): string {
  return Object.entries(requestRows).map(([name, { does, isGranted, check }]) => {
    const commands = commandsOf(all, all.filter(({ grants }) => isGranted(grants)));
    return `- \`${name}\`: ${does}. For ${commands}${check === "" ? "" : `. Checked: ${check}`}`;
  }).join("\n");
}

/** Order of the lines: the home, the seed directory, other paths, the network, functions. */
function rank(kinds: string, what: string): number {
  if (kinds === "sys") return 5;
  if (kinds === "net") return what.startsWith("unix:") ? 3 : 4;
  return what.startsWith("HOME") ? 0 : what.startsWith("DIR") ? 1 : 2;
}

function whats(all: readonly string[]): string {
  return all.map((what) => what === PUBLIC ? what : code([what])).join(", ");
}

/** Returns the name of a symbol without its slash; `MAGNET` for a magnet link. */
function symbol(text: string): string {
  if (text === HTTP) return "the address of `http`";
  return text.replace(/^(unix:)?\/(?=[A-Z])/, "$1").replace(/^magnet:.*/, "MAGNET");
}

function isHost({ grants }: Sample): boolean {
  return grants.wantsEngine;
}

function hasNothing({ grants }: Sample): boolean {
  return grants.why.length === 0;
}

/** Names the commands of some samples. A whole group is named by the group's name. */
function commandsOf(all: readonly Sample[], some: readonly Sample[]): string {
  const holds = (group: readonly Sample[]) => group.every((one) => some.includes(one));
  if (holds(all)) return "every command";
  const useful = all.filter((one) => !hasNothing(one));
  const missing = useful.filter((one) => !some.includes(one));
  if (missing.length === 0) return "**all**";
  if (missing.length < useful.length / 4) return `**all** but ${named(all, missing)}`;
  const hosts = all.filter(isHost);
  if (!holds(hosts)) return named(all, some);
  const rest = some.filter((one) => !isHost(one));
  return rest.length === 0 ? "**hosts**" : `**hosts**, ${named(all, rest)}`;
}

/** Names the commands. If only some samples of a command are given, names their command lines. */
function named(all: readonly Sample[], some: readonly Sample[]): string {
  const isWhole = (name: CommandName) =>
    all.every((one) => one.command !== name || some.includes(one));
  return code([
    ...new Set(some.map(({ command, label }) => isWhole(command) ? command : label)),
  ]);
}

function otherRows(): string[][] {
  const local = enginePermissions({ port: 1, seedDirectory: "/DIR", allowLocal: true });
  const engine = enginePermissions({ port: 1, seedDirectory: "/DIR", allowLocal: false });
  const rest = (engine.net as string[]).filter((one) => !publicRanges().includes(one));
  const added = (local.net as string[]).filter((one) => !(engine.net as string[]).includes(one));
  const helper = helperPermissions({ read: ["SOURCE", "COPY"], write: ["COPY"] });
  const unpacking = helperPermissions({ read: [], write: ["STAGING"] });
  if (String(engine.read) !== String(engine.write)) throw new Error("the engine's paths differ");
  return [
    ["engine", "net", code(rest.map((one) => one.replace(/:1$/, ":PORT"))), "listening"],
    [
      "engine",
      "net",
      `${
        code(["0.0.0.0:LAN", "[::]:LAN"])
      }, only for a command that finds peers in the local network`,
      "listening for neighbours, at a random port",
    ],
    ["engine", "net", PUBLIC, "peers and DHT nodes"],
    ["engine", "net", `${code(added)}, only with \`allow-local\``, "peers and DHT nodes near by"],
    ["engine", "read, write", paths(engine.read), "archives that are seeded or downloaded"],
    ["engine", ...nothingElse(engine)],
    [
      "gate",
      "net",
      wholeNet(gatePermissions()),
      "addresses that lists cannot express: peers and DHT nodes over IPv6, neighbours, web servers, the router",
    ],
    ["gate", ...nothingElse(gatePermissions())],
    ["compress and hash", "read", paths(helper.read), "a file, and the copy that is made of it"],
    ["compress and hash", "write", paths(helper.write), "the copy"],
    ["compress and hash", ...nothingElse(helper)],
    [
      "unpack",
      "write",
      paths(unpacking.write),
      "the directory of the files, until they are all there",
    ],
    ["unpack", ...nothingElse(unpacking)],
  ];
}

function paths(list: Deno.PermissionOptionsObject["read"]): string {
  return code((list as string[]).map(symbol));
}

function wholeNet({ net }: Deno.PermissionOptionsObject): string {
  return net === true ? "everything; it checks each address itself" : code(net as string[]);
}

/** Returns a row with the kinds of permission that a thread lacks. */
function nothingElse(permissions: Deno.PermissionOptionsObject): string[] {
  const kinds = ["read", "write", "net", "env", "sys", "run", "ffi", "import"] as const;
  const none = kinds.filter((kind) => permissions[kind] === false);
  return [none.join(", "), "nothing", ""];
}

function code(texts: readonly string[]): string {
  return texts.map((text) => text.includes("`") ? text : `\`${text}\``).join(", ");
}

if (import.meta.main) {
  await Deno.writeTextFile(join(root, "docs", "permissions.md"), await permissionsPage());
}
