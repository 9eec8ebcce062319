/** Tests finding the default gateway in the output of `ip route get`. */

import assert from "node:assert/strict";
import { findGateway, parseRoute, parseRouteIpv6 } from "../../../src/launcher/gateway.ts";

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

Deno.test("parseRouteIpv6 reads the gateway with its zone, and our own public address", () => {
  const ours = "2a00:5::2";
  for (
    const [text, address] of [
      [
        `2001:503:ba3e::2:30 from :: via fe80::1 dev eth0 proto ra src ${ours} metric 100 pref medium\n`,
        "fe80::1%eth0",
      ],
      [`2001:503:ba3e::2:30 via fe80::a:1 dev wlp2s0 src ${ours} metric 600\n`, "fe80::a:1%wlp2s0"],
      [`2001:503:ba3e::2:30 from :: via fd00::1 dev eth0 src ${ours} metric 1 \n`, "fd00::1"],
    ] as const
  ) assert.deepEqual(parseRouteIpv6(text), { address, localAddress: ours }, text);
});

Deno.test("parseRouteIpv6 finds no gateway in output without one, or without a public address", () => {
  for (
    const text of [
      "",
      "RTNETLINK answers: Network is unreachable\n",
      "unreachable 2001:503:ba3e::2:30 from :: dev lo src ::1 metric 4294967295 error -101\n",
      "2001:503:ba3e::2:30 from :: dev tun0 src 2a00:5::2 metric 1024 pref medium\n",
      // A hoster's router.
      "2001:503:ba3e::2:30 from :: via 2a00:5::1 dev eth0 src 2a00:5::2 metric 1024 pref medium\n",
      "2001:503:ba3e::2:30 from :: via fe80::1 dev eth0 src fd00::2 metric 1024 pref medium\n",
      "2001:503:ba3e::2:30 from :: via fe80::1 dev eth0 metric 1024\n",
    ]
  ) assert.equal(parseRouteIpv6(text), undefined, text);
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
