/**
 * A machine for hostile threads to attack: homes of two users, keys, a project, servers, a process.
 *
 * @module
 */

import { join } from "node:path";
import { freePort, temporaryHome } from "../support/mod.ts";
import type { ProbeTargets } from "./probe/targets.ts";
import { keyPath, makeKey, packageSource } from "./support.ts";

/** The targets of attempts, and where they lie. */
export interface World extends AsyncDisposable {
  targets: ProbeTargets;
  /** Working directory of commands; `source` in it is a directory to pack. */
  project: string;
  /** Environment of a program with hostile threads. */
  env: Record<string, string>;
  /** Throws if an attempt has left a file behind. */
  check(): Promise<void>;
}

/** Makes the targets in a temporary directory. */
export async function makeWorld(): Promise<World> {
  const stack = new AsyncDisposableStack();
  const directory = stack.use(await temporaryHome());
  const path = (...names: string[]) => join(directory.path, ...names);
  const [home, userHome, project] = [path("libreseed"), path("user"), path("project")];
  const seedDirectory = join(home, "seed");
  await Promise.all([
    makeKey(home),
    makeKey(path("other")),
    packageSource(join(project, "source"), 1_000),
    ...[join(userHome, ".ssh"), seedDirectory].map((one) => Deno.mkdir(one, { recursive: true })),
  ]);
  const neighbour = stack.use(new Deno.Command("sleep", { args: ["600"] }).spawn());
  const targets: ProbeTargets = {
    ownPort: await freePort(),
    freePort: await freePort(),
    localPort: await freePort(),
    httpPort: await freePort(),
    pid: neighbour.pid,
    home,
    userHome,
    otherFile: path("other", "secret"),
    otherSocket: join(userHome, "agent"),
    seedDirectory,
    ownFile: join(seedDirectory, "readable"),
    linkToKey: join(seedDirectory, "key"),
    linkToDirectory: join(seedDirectory, "keys"),
  };
  const files = {
    [targets.ownFile]: "mine",
    [targets.otherFile]: "secret",
    [join(userHome, ".ssh", "id_ed25519")]: "secret",
    [join(home, "config.yaml")]: "min-nodes: 3\n",
    [join(home, "evil.js")]: "export {};",
    [join(home, "victim")]: "secret",
  };
  for (const [file, text] of Object.entries(files)) await Deno.writeTextFile(file, text);
  await Deno.symlink(keyPath(home), targets.linkToKey);
  await Deno.symlink(join(home, "keys"), targets.linkToDirectory);
  // A local server over IPv4 and IPv6, and one of another program on a Unix socket.
  const listeners = [
    ...["127.0.0.1", "::1"].map((hostname) => Deno.listen({ hostname, port: targets.localPort })),
    Deno.listen({ transport: "unix", path: targets.otherSocket }),
  ];
  stack.defer(() => listeners.forEach((listener) => listener.close()));
  for (const listener of listeners) {
    (async () => {
      for await (const connection of listener) connection.close();
    })();
  }
  const key = await Deno.readTextFile(keyPath(home));
  return {
    targets,
    project,
    env: { HOME: userHome, LIBRESEED_HOME: home, PROBE_TARGETS: JSON.stringify(targets) },
    async check() {
      const problems: string[] = [];
      if (await Deno.readTextFile(keyPath(home)) !== key) problems.push("the key has changed");
      for (const [file, text] of Object.entries(files)) {
        if (await Deno.readTextFile(file) !== text) problems.push(`${file} has changed`);
      }
      for (const place of [home, seedDirectory, userHome, directory.path, project]) {
        for (const { name } of Deno.readDirSync(place)) {
          if (/^evil(?!\.js$)/.test(name)) problems.push(`${join(place, name)} was made`);
        }
      }
      if (problems.length > 0) throw new Error(problems.join("; "));
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
