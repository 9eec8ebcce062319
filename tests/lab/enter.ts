/**
 * Enters the lab: runs `inside.ts` in namespaces of its own. Nothing of a lab is visible outside,
 * and two labs do not interfere. The kernel removes all processes, namespaces and files of a lab
 * when the lab ends or is killed.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { type CliProcess, spawnCli } from "../support/mod.ts";
import { isHere } from "../support/interop_test_case.ts";

/** Programs that every topology needs. */
export const labNeeds: readonly string[] = [
  "rights to make a network namespace",
  "ethtool",
  "gcc",
  "ping",
  "ip",
  "nft",
  "miniupnpd",
  "nginx",
  "setpriv",
  "python3-libtorrent",
];

/** Returns the names of the programs and rights that are missing on this machine. */
export async function missingHere(needs: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  for (const need of needs) if (!await isHere(need)) missing.push(need);
  return missing;
}

/**
 * Runs `inside.ts` in the lab, with arguments that it documents.
 *
 * @param program path of the libreseed binary to test; undefined for the sources
 */
export function enterLab(args: readonly string[], program: string | undefined): CliProcess {
  const inside = fileURLToPath(new URL("./inside.ts", import.meta.url));
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  return spawnCli(args, {
    program: [
      // The first process of the lab ends with this one, and all others end with the first.
      ...["setpriv", "--pdeathsig", "KILL"],
      ...["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"],
      ...["sh", "-ec"],
      `mount -t tmpfs -o mode=755 tmpfs /run
       mkdir /run/netns /run/lab
       exec "$@"`,
      "sh",
      Deno.execPath(),
      ...["run", "--quiet", "--no-check", `--config=${config}`, "-A"],
      inside,
    ],
    env: {
      TMPDIR: "/run/lab",
      HOME: "/run/lab",
      ...(program !== undefined && { LIBRESEED_BIN: program }),
    },
    timeoutMs: 2 ** 31 - 1,
  });
}
