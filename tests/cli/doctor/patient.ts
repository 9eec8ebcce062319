/**
 * Healthy homes for the tests of `libreseed doctor`, which each test makes ill.
 *
 * @module
 */

import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import type { Check } from "../../../src/doctor/check.ts";
import { startTestnet } from "../../../src/testnet/mod.ts";
import { freePort, runCli, type TemporaryHome, temporaryHome } from "../../support/mod.ts";

/** A home with a package, and a DHT that the home's daemon can reach. */
export interface Patient extends AsyncDisposable {
  path: string;
  port: number;
  env: Record<string, string>;
  /** Runs `libreseed doctor --json`. */
  doctor(...args: string[]): Promise<{ code: number; checks: Map<string, Check>; text: string }>;
}

/** A home as `keygen` and `announce` leave it, of which each test gets a copy. */
let healthy: TemporaryHome;

Deno.test.beforeAll(async () => {
  healthy = await temporaryHome();
  // The files of this directory run at the same time, and `announce` opens a port.
  const env = { LIBRESEED_PORT: "0" };
  for (const args of [["keygen", "--signing-only"], ["announce", "--no-dht"]]) {
    const { code, stderr } = await runCli(args, { home: healthy, env });
    assert.equal(code, 0, stderr);
  }
});
Deno.test.afterAll(() => healthy.remove());

/** Makes a healthy home: `await using there = await patient();` */
export async function patient(): Promise<Patient> {
  const home = await temporaryHome();
  await cp(healthy.path, home.path, { recursive: true });
  const testnet = await startTestnet({ nodes: 5 });
  const port = await freePort();
  const env = {
    LIBRESEED_PORT: String(port),
    LIBRESEED_BOOTSTRAP: testnet.bootstrap,
    LIBRESEED_ALLOW_LOCAL: "true",
    LIBRESEED_TIMEOUT: "60s",
  };
  return {
    path: home.path,
    port,
    env,
    async doctor(...args) {
      const { code, stdout, stderr } = await runCli(["doctor", "--json", ...args], { home, env });
      assert.equal(stderr, "");
      const found: Check[] = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
      return { code, text: stdout, checks: new Map(found.map((check) => [check.name, check])) };
    },
    async [Symbol.asyncDispose]() {
      await testnet.close();
      await home.remove();
    },
  };
}

/** The names of all checks, in their order. */
export const names = [
  "daemon",
  "home",
  "key",
  "links",
  "seed directory",
  "archives",
  "state.db",
  "temporaries",
  "clock",
  "disk",
  "open files",
  "permissions",
  "sandbox",
  "known revocations",
  "name entries",
  "tcp port",
  "udp port",
  "bootstrap",
  "dht",
  "dht clock",
];

/** Returns the verdicts that are not `ok`, by the name of the check. */
export function verdicts(checks: Map<string, Check>): Record<string, string> {
  return Object.fromEntries(
    [...checks.values()].filter(({ verdict }) => verdict !== "ok")
      .map(({ name, verdict }) => [name, verdict]),
  );
}

/** Puts a package into the seed directory. Returns the path of the archive. */
export async function packInto(home: string): Promise<string> {
  await using source = await temporaryHome();
  const manifest = JSON.stringify({ name: "sick", version: "1.0.0" });
  await Deno.writeTextFile(join(source.path, "package.json"), manifest);
  const archive = join(home, "seed", "sick-1.0.0.tgz");
  const { code, stderr } = await runCli(["pack", source.path, "-o", archive], { home });
  assert.equal(code, 0, stderr);
  return archive;
}
