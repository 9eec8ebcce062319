/**
 * Runs a script in a network namespace whose loopback interface has further addresses, for programs that
 * accept no peers in 127.0.0.0/8.
 */

import { fileURLToPath } from "node:url";
import { runCli } from "../support/mod.ts";

const config = fileURLToPath(new URL("../../deno.json", import.meta.url));

/**
 * Runs a script with two addresses of the namespace as its arguments.
 *
 * @param addresses IPv4 addresses for the loopback interface
 * @param script path of the script
 */
export function inNamespace(
  addresses: readonly [string, string],
  script: string,
): ReturnType<typeof runCli> {
  const [first, second] = addresses;
  const binary = Deno.env.get("LIBRESEED_BIN");
  return runCli([
    Deno.execPath(),
    "run",
    "--quiet",
    "--no-prompt",
    `--config=${config}`,
    "-A",
    script,
    first,
    second,
  ], {
    program: [
      "unshare",
      "--net",
      "--pid",
      "--fork",
      // When the namespace's first process ends, the kernel ends all other processes in the namespace.
      "--kill-child",
      "sh",
      "-ec",
      `ip link set lo up
       ip address add ${first}/32 dev lo
       ip address add ${second}/32 dev lo
       exec "$@"`,
      "sh",
    ],
    env: { HOME: Deno.env.get("HOME")!, ...(binary && { LIBRESEED_BIN: binary }) },
    timeoutMs: 600_000,
  });
}
