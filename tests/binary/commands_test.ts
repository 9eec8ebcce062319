/**
 * Tests the thread of every command in the compiled program. Hostile code in the thread tries to
 * escape, and a comparison shows that the runtime permits exactly what the thread was granted.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type CommandName, commandTable } from "../../src/launcher/command_table.ts";
import { runCli, spawnCli } from "../support/mod.ts";
import { kinds } from "./probe/command_attempts.ts";
import { forbidden as gateAttempts } from "./probe/gate_attempts.ts";
import { kinds as engineKinds } from "./probe/engine_attempts.ts";
import type { Probed } from "./probe/hear.ts";
import { binaryTest, probeForFile, refused } from "./support.ts";
import { makeWorld, type World } from "./world.ts";

/** Actions that a command may take and others may not. */
interface Row {
  /** A command line; `{PORT}` stands for a free port. */
  line: string;
  /** Attempts of the group `key` that succeed. */
  key?: readonly string[];
  /** Whether the command may start an engine, or has one that runs. */
  engine?: true | "running";
  /** Attempts of the group `local` that succeed. */
  local?: readonly string[];
  /** Hosts that the runtime permits beyond the granted entries. */
  hosts?: readonly string[];
}

const loopback = [
  "listen on the loopback",
  "connect to 127.0.0.1",
  "connect to 127.0.0.1 (Node)",
  "connect to the loopback, mapped to IPv6",
];
const host = "--no-dht --port {PORT}";

/** Uses of the key that commands have. */
const reading = ["ask for the public key"];
const packing = [...reading, "sign a manifest"];
const publishing = [...packing, "sign a record", "sign a name entry"];

const flagging = [...reading, "sign a record", "sign a name entry"];

/** A row for each command. */
const rows: Record<CommandName, readonly Row[]> = {
  keygen: [{ line: "keygen" }, { line: "keygen --root-out root.key" }],
  key: [
    { line: "key show" },
    { line: `key rotate ${host}`, key: publishing, engine: true },
    { line: `key certify ${"1".repeat(64)} -o some.cert ${host}`, key: reading, engine: true },
  ],
  pack: [{ line: "pack source", key: packing }, { line: "pack source -o out.tgz", key: packing }],
  publish: [
    { line: `publish source ${host}`, key: publishing, engine: true },
    { line: "publish source --dry-run" },
  ],
  yank: [{ line: `yank some@1.0.0 ${host}`, key: flagging, engine: true }],
  deprecate: [{ line: `deprecate some@1.0.0 old ${host}`, key: flagging, engine: true }],
  tag: [
    { line: `tag some ${host}`, key: reading, engine: true },
    { line: `tag some@1.0.0 next ${host}`, key: flagging, engine: true },
    { line: `tag --remove some next ${host}`, key: flagging, engine: true },
  ],
  seed: [
    { line: `seed ${host}`, key: reading, engine: true },
    { line: `start ${host} --http 127.0.0.1:{HTTP}`, key: reading, engine: true },
    {
      line: `seed ${host} --http 127.0.0.1:{HTTP} --http-publish`,
      key: publishing,
      engine: true,
    },
  ],
  announce: [{ line: `announce ${host}`, engine: true }],
  resolve: [{ line: `resolve some ${host}`, key: reading, engine: true }],
  info: [{ line: `info some ${host}`, key: reading, engine: true }],
  get: [
    { line: `get some ${host}`, key: reading, engine: true },
    { line: `get some -o out ${host}`, key: reading, engine: true },
    { line: `get some --file dir/read.me ${host}`, key: reading, engine: true },
    { line: `get some --file read.me -o read ${host}`, key: reading, engine: true },
    { line: `get some -o - ${host}`, key: reading, engine: true },
    { line: `get magnet:?xt=urn:btih:${"0".repeat(40)} ${host}`, key: reading, engine: true },
  ],
  install: [{ line: `install some --save ${host}`, key: reading, engine: true }],
  uninstall: [{ line: "uninstall some --save" }],
  outdated: [{ line: `outdated ${host}`, key: reading, engine: true }],
  upgrade: [
    { line: `upgrade ${host}`, key: reading, engine: true },
    { line: `upgrade --self --from KEY ${host}`, key: reading, engine: true },
    { line: "upgrade --rollback" },
  ],
  link: [{ line: "link some" }, { line: "link some --to linked" }],
  store: [
    { line: "store prune" },
    { line: "store check" },
    { line: "store verify --repair" },
  ],
  verify: [{ line: "verify some-1.0.0.tgz" }],
  trust: [{ line: "trust list" }],
  search: [{ line: "search some" }],
  follow: [{ line: `follow some ${host}`, key: reading, engine: true }],
  unfollow: [{ line: "unfollow some" }],
  following: [{ line: "following" }],
  manifest: [
    { line: `manifest get some ${host}`, key: reading, engine: true },
    {
      line: `manifest put some.minimal.json ${host}`,
      key: [...reading, "sign a record"],
      engine: true,
    },
  ],
  list: [{ line: "list" }],
  status: [{ line: "status" }],
  add: [{ line: `add some-1.0.0.tgz ${host}`, engine: true }],
  remove: [{ line: `remove some ${host}`, key: reading, engine: true }],
  reload: [{ line: "reload" }],
  stop: [{ line: "stop" }],
  token: [{ line: "token show" }],
  doctor: [
    { line: `doctor ${host}`, key: [...reading, "ask about the key"], engine: true },
    {
      line: `doctor ${host} --allow-local`,
      key: [...reading, "ask about the key"],
      engine: true,
    },
    {
      line: "doctor --port {PORT} --bootstrap nowhere.invalid:1 --allow-local",
      key: [...reading, "ask about the key"],
      engine: true,
      local: Object.keys(kinds.local),
    },
  ],
  testnet: [{ line: "testnet", local: loopback }],
  completions: [{ line: "completions bash" }],
  words: [{ line: "words packages some" }],
  man: [{ line: "man get" }],
  help: [{ line: "help" }],
  version: [{ line: "version --json" }],
};

const probe = probeForFile();

/** Returns the differences between the outcomes and the actions that a row allows. */
function differences({ outcomes, examined }: Probed, row: Row): string[] {
  const found: string[] = [];
  const mayBe = (name: string, kind: keyof typeof kinds) =>
    kind === "key"
      ? row.key?.includes(name)
      : kind === "engine"
      ? row.engine
      : row.local?.includes(name);
  for (const [kind, attempts] of Object.entries(kinds)) {
    for (const name of Object.keys(attempts)) {
      const outcome = outcomes[name] ?? "not tried";
      if (row.engine === "running" && kind === "engine") continue;
      const isExpected = mayBe(name, kind as keyof typeof kinds)
        ? outcome === "succeeded"
        : refused.test(outcome);
      if (!isExpected) found.push(`${name}: ${outcome}`);
    }
  }
  for (const entry of examined.missing) found.push(`granted and denied: ${entry}`);
  const local = row.local === undefined ? /^$/ : /"(127\.0\.0\.1|10\.|192\.168|\[::ffff:10)/;
  for (const entry of examined.extra) {
    if (!local.test(entry)) found.push(`not granted and allowed: ${entry}`);
  }
  return found;
}

/** Makes all attempts in the thread of a command, in place of running the command. */
async function probed(row: Row, { env, project, targets }: World): Promise<Probed> {
  const args = row.line.replaceAll("{PORT}", `${targets.ownPort}`)
    .replaceAll("{HTTP}", `${targets.httpPort}`).split(" ");
  const { stderr } = await runCli(args, {
    program: [probe.path],
    cwd: project,
    env: { ...env, PROBE_AT: "start" },
  });
  const [, json] = /^probed command 1 (.*)$/m.exec(stderr) ?? [];
  assert(json !== undefined, `${row.line}: ${stderr}`);
  return JSON.parse(json);
}

for (const name of Object.keys(commandTable) as CommandName[]) {
  binaryTest(`the thread of ${name} can touch nothing but what it was granted`, async () => {
    for (const row of rows[name]) {
      await using world = await makeWorld();
      assert.deepEqual(differences(await probed(row, world), row), [], row.line);
      await world.check();
    }
  });
}

/**
 * Returns the attempts that succeeded in the engine's thread or in the gate, and must not. Some fail
 * because the engine itself has the port; `sandbox_test.ts` tests their refusal.
 */
function successes({ outcomes, examined }: Probed, attempts: Record<string, unknown>): string[] {
  const others = Object.keys(attempts).filter((name) =>
    (outcomes[name] ?? "succeeded") === "succeeded"
  );
  return [...others, ...examined.extra];
}

binaryTest(
  "the threads of a daemon can touch nothing but what they were granted, whatever has changed",
  async () => {
    await using world = await makeWorld();
    const { env, targets } = world;
    const row: Row = { line: "seed", key: reading, engine: "running" };
    await using daemon = spawnCli(
      [
        ...["seed", "--port", `${targets.ownPort}`, "--port-mapping"],
        ...["--bootstrap", "nowhere.invalid:1"],
      ],
      {
        program: [probe.path],
        env: {
          ...env,
          PROBE_TARGETS: JSON.stringify({ ...targets, hasEngine: true }),
          PROBE_GATEWAY: "1",
        },
      },
    );
    await daemon.waitForLine(/^ready/, "stdout");
    const attack = async (number: number) => {
      daemon.kill("SIGUSR1");
      const probed = async (thread: string): Promise<Probed> => {
        const pattern = new RegExp(`^probed ${thread} ${number} (.*)$`);
        return JSON.parse((await daemon.waitForLine(pattern, "stderr"))[1]!);
      };
      assert.deepEqual(differences(await probed("command"), row), [], `attack ${number}`);
      const { forbidden, local } = engineKinds;
      const inEngine = successes(await probed("engine"), { ...forbidden, ...local });
      assert.deepEqual(inEngine, [], `attack ${number} in the engine's thread`);
      const inGate = successes(await probed("gate"), gateAttempts);
      assert.deepEqual(inGate, [], `attack ${number} in the gate`);
    };
    await daemon.waitForLine(/^gateway 127\.0\.0\.2$/, "stderr");
    await attack(1);
    const { PROBE_TARGETS: _, ...plain } = env;
    const { code, stderr } = await runCli(["reload"], { program: [probe.path], env: plain });
    assert.equal(code, 0, stderr);
    await attack(2);
    await daemon.waitForLine(/^names were looked up anew$/, "stderr");
    daemon.kill("SIGUSR2");
    await daemon.waitForLine(/^gateway 127\.0\.0\.3$/, "stderr");
    await attack(3);
    await world.check();
    daemon.kill("SIGTERM");
    assert.equal((await daemon.result).code, 0);
  },
);

binaryTest("no attempt is refused in a process that is not confined", async () => {
  await using world = await makeWorld();
  const control = fileURLToPath(new URL("probe/control.ts", import.meta.url));
  const flags = [
    "--quiet",
    "--allow-all",
    "--unstable-worker-options",
  ];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, control],
    env: { PROBE_TARGETS: world.env.PROBE_TARGETS! },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.match(text, /^{/, new TextDecoder().decode(stderr));
  const outcomes = Object.entries<string>(JSON.parse(text));
  const refusals = outcomes.filter(([, outcome]) => refused.test(outcome));
  assert.deepEqual(refusals, []);
  assert(outcomes.length >= 80);
});
