/** Tests the daemon on a host without IPv4, which a network namespace simulates. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { runCli } from "../../support/mod.ts";

const address = "fd77::1";
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
   ip address del 127.0.0.1/8 dev lo
   ip address add ${address}/128 dev lo
   exec "$@"`,
  "sh",
];
const script = fileURLToPath(new URL("./ipv6_only_in_namespace.ts", import.meta.url));
const config = fileURLToPath(new URL("../../../deno.json", import.meta.url));

const mayUnshare = await new Deno.Command(inNamespace[0]!, {
  args: [...inNamespace.slice(1), "true"],
  stdout: "null",
  stderr: "null",
}).output().then(({ success }) => success, () => false);

Deno.test({
  name: "on a host without IPv4 the daemon seeds over IPv6, and names the limits " +
    "(needs rights to make a network namespace)",
  ignore: !mayUnshare,
  async fn() {
    const binary = Deno.env.get("LIBRESEED_BIN");
    const { code, stdout, stderr } = await runCli([
      Deno.execPath(),
      ...["run", "--quiet", "--no-check", `--config=${config}`, "-A"],
      script,
      address,
    ], {
      program: inNamespace,
      env: binary === undefined ? {} : { LIBRESEED_BIN: binary },
      timeoutMs: 300_000,
    });
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^served$/m);
  },
});
