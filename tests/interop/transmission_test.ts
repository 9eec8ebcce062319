import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { runCli } from "../support/mod.ts";
import { interopTest } from "../support/interop_test_case.ts";

/** Addresses that the test adds to the loopback interface of the network namespace. */
const seeder = "10.99.0.1";
const transmission = "10.99.0.2";

const inNamespace = [
  "unshare",
  "--net",
  "--pid",
  "--fork",
  // When the namespace's first process ends, the kernel ends all other processes in the namespace.
  "--kill-child",
  "sh",
  "-ec",
  `ip link set lo up
   ip address add ${seeder}/32 dev lo
   ip address add ${transmission}/32 dev lo
   exec "$@"`,
  "sh",
];
const script = fileURLToPath(new URL("./transmission_in_namespace.ts", import.meta.url));
const config = fileURLToPath(new URL("../../deno.json", import.meta.url));

await interopTest(
  "transmission downloads from our seeder, by magnet link, encrypted and in plain text, by TCP and with its defaults",
  ["transmission-cli", "ip", "rights to make a network namespace"],
  async () => {
    const binary = Deno.env.get("LIBRESEED_BIN");
    const { code, stdout, stderr } = await runCli([
      Deno.execPath(),
      "run",
      "--quiet",
      "--no-prompt",
      "--node-modules-dir=manual",
      `--config=${config}`,
      "-A",
      script,
      seeder,
      transmission,
    ], {
      program: inNamespace,
      env: { HOME: Deno.env.get("HOME")!, ...(binary && { LIBRESEED_BIN: binary }) },
      timeoutMs: 600_000,
    });
    assert.equal(stdout, "downloaded\n", stderr);
    assert.equal(code, 0, stderr);
  },
);
