/** Tests the choice of the lasting address of IPv6 from the output of `ip`. */

import assert from "node:assert/strict";
import { parseIpv6 } from "../../../src/launcher/ipv6_addresses.ts";

const TEMPORARY = "2a00:1:1:0:9a8:2dc8:3810:44b2";
const OLD = "2a00:1:1:0:3ec9:b90d:cb83:a191";
const LASTING = "2a00:1:1::2";

/** Output of iproute2 6.1, with addresses of more kinds. */
const ADDRESSES =
  `1: lo    inet6 2a00:9:9::9/128 scope global \\       valid_lft forever preferred_lft forever
3: eth0    inet6 ${TEMPORARY}/64 scope global temporary dynamic \\       valid_lft 22sec preferred_lft 6sec
3: eth0    inet6 ${OLD}/64 scope global temporary deprecated dynamic \\       valid_lft 13sec preferred_lft 0sec
3: eth0    inet6 2a00:2:2::2/64 scope global deprecated dynamic mngtmpaddr \\       valid_lft 99sec preferred_lft 0sec
3: eth0    inet6 2a00:3:3::3/64 scope global dynamic noprefixroute \\       valid_lft 99sec preferred_lft 9sec
3: eth0    inet6 ${LASTING}/64 scope global nodad mngtmpaddr \\       valid_lft forever preferred_lft forever
3: eth0    inet6 fd00::1/64 scope global \\       valid_lft forever preferred_lft forever
4: wg0    inet6 2a00:5:5::5 peer 2a00:5:5::6/128 scope global \\       valid_lft forever preferred_lft forever
`;

function routeBy(source: string, device = "eth0"): string {
  return `2001:503:ba3e::2:30 from :: via fe80::1 dev ${device} proto ra src ${source} metric 1024 pref medium\n`;
}

Deno.test("beside a temporary address, the lasting one of the same network is chosen", () => {
  const found = parseIpv6(routeBy(TEMPORARY), ADDRESSES);
  assert.equal(found.stable, LASTING);
  assert.deepEqual([...found.temporary], [TEMPORARY, OLD]);
  assert.equal(found.isTentative, false);
});

Deno.test("a lasting address from which the system sends is chosen", () => {
  assert.equal(parseIpv6(routeBy("2a00:3:3::3"), ADDRESSES).stable, "2a00:3:3::3");
  assert.equal(parseIpv6(routeBy("2a00:5:5::5", "wg0"), ADDRESSES).stable, "2a00:5:5::5");
});

Deno.test("where the system sends from a network whose lasting address ends, another is chosen", () => {
  assert.equal(parseIpv6(routeBy("2a00:2:2::aaaa"), ADDRESSES).stable, "2a00:3:3::3");
});

Deno.test("without a route, without addresses, and with private ones alone, none is chosen", () => {
  assert.equal(parseIpv6("", ADDRESSES).stable, undefined);
  assert.equal(parseIpv6(routeBy(TEMPORARY), "").stable, undefined);
  const own = "3: eth0    inet6 fd00::1/64 scope global \\       valid_lft forever\n";
  assert.equal(parseIpv6(routeBy("fd00::1"), own).stable, undefined);
});

Deno.test("an address that the system still tests is not chosen, and is told", () => {
  const tested =
    "3: eth0    inet6 2a00:1:1::9/64 scope global tentative \\       valid_lft forever\n";
  assert.deepEqual(parseIpv6(routeBy("2a00:1:1::9"), tested), {
    stable: undefined,
    temporary: new Set(),
    isTentative: true,
  });
});
