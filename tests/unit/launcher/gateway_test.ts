/** Tests finding the default gateway in the output of `ip route get`. */

import assert from "node:assert/strict";
import { findGateway, parseRoute } from "../../../src/launcher/gateway.ts";

Deno.test("parseRoute reads the gateway and our own address", () => {
  const gateway = { address: "192.168.1.1", localAddress: "192.168.1.2" };
  for (
    const text of [
      "198.41.0.4 via 192.168.1.1 dev eth0 src 192.168.1.2 uid 0 \n    cache \n",
      "198.41.0.4 via 192.168.1.1 dev wlp2s0 table 51820 src 192.168.1.2 uid 1000 \n",
      // The form of BusyBox.
      "198.41.0.4 via 192.168.1.1 dev eth0  src 192.168.1.2 \n".replace("  ", " "),
    ]
  ) assert.deepEqual(parseRoute(text), gateway, text);
});

Deno.test("parseRoute finds no gateway in output without one", () => {
  for (
    const text of [
      "",
      "RTNETLINK answers: Network is unreachable\n",
      // A point-to-point link, for example a VPN.
      "198.41.0.4 dev tun0 src 10.8.0.2 uid 0 \n",
      "198.41.0.4 via inet6 fe80::1 dev eth0 src 192.168.1.2 uid 0 \n",
      "198.41.0.4 via 192.168.1.1 dev eth0\n",
    ]
  ) assert.equal(parseRoute(text), undefined, text);
});

Deno.test("findGateway returns the gateway that the installed program ip prints", async () => {
  const [program] = ["/usr/sbin/ip", "/usr/bin/ip", "/sbin/ip", "/bin/ip"].filter(isFile);
  // Another public address takes the same route.
  const output = program &&
    await new Deno.Command(program, { args: ["-4", "route", "get", "9.9.9.9"] }).output();
  const text = output ? new TextDecoder().decode(output.stdout) : "";
  assert.deepEqual(await findGateway(), parseRoute(text));
});

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
