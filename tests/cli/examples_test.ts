/**
 * Tests the files in `examples/` that run libreseed as a service. Their commands run unchanged,
 * except for the program's path and the directories.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startTestnet, type Testnet } from "../../src/testnet/mod.ts";
import {
  type CliOptions,
  commandLine,
  freePort,
  runCli,
  spawnCli,
  temporaryHome,
} from "../support/mod.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const examples = join(root, "examples");
/** Path of the program in all files of `examples/`. */
const INSTALLED = "/usr/local/bin/libreseed";
const systemUnits = ["libreseed.service", "libreseed-announce.service", "libreseed-announce.timer"];

const READY = /^ready: port (\d+), node [0-9a-f]{40}, seed directory (.+)$/;

/** An environment for the examples: directories, the program at a path of its own, and a DHT. */
interface Machine extends AsyncDisposable {
  path: string;
  program: string;
  testnet: Testnet;
  /** Environment variables that direct the program to the test's DHT and home directory. */
  env: Record<string, string>;
}

async function machine(): Promise<Machine> {
  const directory = await temporaryHome();
  const { path } = directory;
  const program = join(path, "bin", "libreseed");
  await Deno.mkdir(join(path, "bin"));
  await Deno.writeTextFile(program, `#!/bin/sh\nexec ${commandLine().join(" ")} "$@"\n`, {
    mode: 0o755,
  });
  const testnet = await startTestnet({ nodes: 10 });
  const env = {
    HOME: path,
    LIBRESEED_PORT: String(await freePort()),
    LIBRESEED_BOOTSTRAP: testnet.bootstrap,
    LIBRESEED_ALLOW_LOCAL: "true",
  };
  const dispose = async () => {
    await testnet.close();
    await directory.remove();
  };
  return { path, program, testnet, env, [Symbol.asyncDispose]: dispose };
}

function example(...names: string[]): Promise<string> {
  return Deno.readTextFile(join(examples, ...names));
}

/** Returns the value of a key in a unit file. Throws unless the key occurs exactly once. */
function valueOf(unit: string, key: string): string {
  const lines = unit.split("\n").filter((line) => line.startsWith(`${key}=`));
  assert.equal(lines.length, 1, `${key}= once`);
  return lines[0]!.slice(key.length + 1);
}

/** Parses a command of a unit file as systemd does: specifiers, words in single quotes, `$$`. */
function commandOf(line: string, specifiers: Record<string, string>, program: string): string[] {
  const filled = line.replace(/%(.)/g, (_, letter: string) => {
    assert(letter in specifiers, `%${letter} has no value here`);
    return specifiers[letter]!;
  });
  return [...filled.matchAll(/'([^']*)'|[^\s']+/g)]
    .map(([word, quoted]) => (quoted ?? word).replaceAll("$$", "$"))
    .map((word) => word.replaceAll(INSTALLED, program));
}

async function installed(program: string): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args: ["--version"], stdout: "null" }).output())
      .success;
  } catch {
    return false;
  }
}

const hasSystemd = await installed("systemd-analyze");
const hasPython = await installed("python3");

/** Runs a program other than libreseed, and waits until the program ends. */
async function run(program: string, args: string[], options: CliOptions = {}) {
  return await runCli(args, { ...options, program: [program] });
}

/** Makes a home with one package whose records are stored in the DHT. */
async function publishHello({ program, env }: Machine, home: string): Promise<void> {
  const options = { program: [program], env: { ...env, LIBRESEED_HOME: home } };
  for (const args of [["keygen", "--signing-only"], ["publish", join(examples, "hello")]]) {
    const { code, stderr } = await runCli(args, options);
    assert.equal(code, 0, stderr);
  }
}

for (const file of ["libreseed.service", join("user", "libreseed.service")]) {
  Deno.test(`${file}: ExecStart seeds, ExecReload reloads, SIGTERM ends the service with 0`, async () => {
    await using there = await machine();
    const { path, program, env } = there;
    const unit = await example("systemd", file);
    const command = commandOf(valueOf(unit, "ExecStart"), { S: path, h: path }, program);
    const home = command[command.indexOf("--home") + 1]!;
    // In production, systemd creates this directory because of `StateDirectory=`.
    await Deno.mkdir(home);
    await using daemon = spawnCli(command.slice(1), { program: [command[0]!], env });
    const ready = await daemon.waitForLine(READY, "stdout");
    assert.deepEqual(ready.slice(1), [env.LIBRESEED_PORT, join(home, "seed")]);

    await Deno.writeTextFile(join(home, "config.yaml"), "upload-limit: 1MiB\n");
    const [kill, ...args] = commandOf(
      valueOf(unit, "ExecReload").replace("$MAINPID", String(daemon.pid)),
      {},
      program,
    );
    assert.equal((await run(kill!, args)).code, 0);
    await daemon.waitForLine(/ info +in force now: upload-limit$/, "stderr");

    daemon.kill("SIGTERM");
    assert.deepEqual(await daemon.status, { code: 0, signal: null });
  });
}

Deno.test("the services may read the addresses and routes of the machine, as the daemon does", async () => {
  // Linux tells them over sockets of AF_NETLINK, to `Deno.networkInterfaces` and to the program `ip`.
  for (const file of [...systemUnits, "user/libreseed.service"]) {
    if (!file.endsWith(".service")) continue;
    const families = valueOf(await example("systemd", file), "RestrictAddressFamilies").split(" ");
    assert.deepEqual(families.sort(), ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_UNIX"], file);
  }
});

Deno.test({
  name: "systemd-analyze verify (of systemd) accepts the units",
  ignore: !hasSystemd,
  async fn() {
    await using directory = await temporaryHome();
    const runtime = { XDG_RUNTIME_DIR: directory.path };
    const verify = async (files: string[], ...flags: string[]) => {
      for (const file of files) {
        // `/bin/true` replaces the program, because systemd-analyze reports a program that is not
        // installed.
        const unit = (await example("systemd", file)).replaceAll(INSTALLED, "/bin/true");
        await Deno.writeTextFile(join(directory.path, file.replace(/.*\//, "")), unit);
      }
      const paths = files.map((file) => join(directory.path, file.replace(/.*\//, "")));
      const { code, stdout, stderr } = await run(
        "systemd-analyze",
        [...flags, "verify", ...paths],
        { env: runtime },
      );
      assert.deepEqual([code, stdout, stderr], [0, "", ""], files.join(", "));
    };
    await verify(systemUnits);
    await verify(["user/libreseed.service"], "--user");
  },
});

Deno.test({
  name: "systemd-analyze security rates the services as well protected",
  ignore: !hasSystemd,
  async fn() {
    for (const file of systemUnits.filter((name) => name.endsWith(".service"))) {
      const path = join(examples, "systemd", file);
      // systemd-analyze rates the exposure from 0 to 100; lower is better. An unhardened service
      // has 95.
      const measure = ["security", "--offline=true", "--no-pager", "--threshold=20", path];
      const { code, stdout } = await run("systemd-analyze", measure);
      assert.equal(code, 0, stdout);
    }
  },
});

Deno.test({
  name: "the launchd plist is valid (python3 reads it), and its command seeds and writes a log",
  ignore: !hasPython,
  async fn() {
    await using there = await machine();
    const { path, program, env } = there;
    const script = "import json, plistlib, sys; " +
      "print(json.dumps(plistlib.load(open(sys.argv[1], 'rb'))))";
    const file = join(examples, "launchd", "libreseed.plist");
    const { code, stdout, stderr } = await run("python3", ["-c", script, file]);
    assert.equal(code, 0, stderr);
    const { Label, ProgramArguments, KeepAlive, RunAtLoad } = JSON.parse(stdout);
    assert.deepEqual([Label, KeepAlive, RunAtLoad], ["libreseed", { SuccessfulExit: false }, true]);

    const logs = join(path, "Library", "Logs");
    await Deno.mkdir(logs, { recursive: true });
    const [shell, ...args] = ProgramArguments
      .map((word: string) => word.replaceAll(INSTALLED, program));
    await using daemon = spawnCli(args, { program: [shell], env });
    const status = { program: [program], env };
    while ((await runCli(["status"], status)).code !== 0) {
      assert.equal(await Promise.race([daemon.status, undefined]), undefined, "it has ended");
    }
    daemon.kill("SIGTERM");
    const ended = await daemon.result;
    assert.deepEqual([ended.code, ended.stdout, ended.stderr], [0, "", ""]);
    const log = await Deno.readTextFile(join(logs, "libreseed.log"));
    assert.match(log.split("\n")[0]!, READY);
  },
});

const announcers = [
  {
    name: "the crontab line",
    home: ".libreseed",
    async command({ program }: Machine) {
      const lines = (await example("cron", "libreseed.crontab")).split("\n");
      const [line, ...others] = lines.filter((text) => text && !text.startsWith("#"));
      assert.deepEqual(others, []);
      const [, schedule, command] = /^((?:\S+ ){5})(.+)$/.exec(line!)!;
      assert.equal(schedule, "17 * * * * ");
      // In a crontab, cron treats a percent sign as the end of the command.
      assert(!command!.includes("%"));
      return ["/bin/sh", "-c", command!.replaceAll(INSTALLED, program)];
    },
    failure: 0,
  },
  {
    name: "libreseed-announce.service",
    home: "libreseed",
    async command({ path, program }: Machine) {
      const unit = await example("systemd", "libreseed-announce.service");
      return commandOf(valueOf(unit, "ExecStart"), { S: path }, program);
    },
    failure: 5,
  },
];

for (const { name, home, command, failure } of announcers) {
  Deno.test(`${name} announces, is silent on success, and reports failures`, async () => {
    await using there = await machine();
    await publishHello(there, join(there.path, home));
    const [target] = there.testnet.nodes.flatMap((node) => node.storedTargets());
    for (const node of there.testnet.nodes) node.forget(target!);

    const [shell, ...args] = await command(there);
    const good = await run(shell!, args, { env: there.env });
    assert.deepEqual([good.code, good.stdout, good.stderr], [0, "", ""]);
    assert(there.testnet.holders(target!).length >= 8, "the record is back");

    const bad = await run(shell!, args, { env: { ...there.env, LIBRESEED_DHT: "false" } });
    assert.equal(bad.code, failure);
    assert.match(bad.stdout + bad.stderr, /^libreseed: 3 records were not announced: .+$/m);
  });
}
