/**
 * The program that `ipv6_only_test.ts` runs in a network namespace with one IPv6 address and no
 * IPv4. It starts a daemon and a peer that connects over IPv6.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { equalBytes, utf8 } from "../../../src/base/mod.ts";
import { runCli, spawnCli, temporaryHome } from "../../support/mod.ts";
import { wireHandshake } from "../../support/wire_peer.ts";

const [address] = Deno.args as [string];
await using home = await temporaryHome();
const source = join(home.path, "source");
await Deno.mkdir(source);
await Deno.writeTextFile(join(source, "package.json"), '{"name":"pkg","version":"1.0.0"}');
const options = { home, timeoutMs: 120_000 };
const must = async (args: string[]) => {
  const result = await runCli(args, options);
  assert.equal(result.code, 0, `${args.join(" ")}: ${result.stdout}${result.stderr}`);
  return result.stdout;
};
await must(["keygen", "--signing-only"]);
const archive = join(home.path, "pkg-1.0.0.tgz");
await must(["pack", source, "-o", archive]);

await using daemon = spawnCli(["seed", "--bootstrap", "none"], options);
const [line, port] = await daemon.waitForLine(/^ready: port (\d+), .*$/, "stdout");
assert.match(line, /no public IPv6 address, so the DHT is not reached.*IPv6 address are served$/);
await must(["add", archive]);

const status = JSON.parse(await must(["status", "--json"]));
assert.deepEqual([status.network.ipv4, status.network.ipv6], [false, true]);
assert.match(await must(["status"]), /^network +this host has no IPv4 address/m);
assert.match(await must(["status", "--all"]), /^network +this host has no IPv4 address/m);

const infoHash = Uint8Array.fromHex(status.list[0].infoHash);
using peer = await Deno.connect({ hostname: address, port: Number(port) });
await peer.write(wireHandshake({ infoHash }));
const answer = new Uint8Array(68);
for (let at = 0; at < answer.length;) at += await peer.read(answer.subarray(at)) ?? answer.length;
assert.ok(equalBytes(answer.subarray(0, 20), utf8("\x13BitTorrent protocol")));
assert.ok(equalBytes(answer.subarray(28, 48), infoHash), "it is served over IPv6");
await must(["stop"]);
console.log("served");
