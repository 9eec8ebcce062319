import assert from "node:assert/strict";
import { hostProblem } from "../../../../src/host/http/host_header.ts";

const own = { localHost: "192.0.2.7", configured: ["monitor.example", "2001:db8::1"] };

const judged: [string, string[], 400 | 421 | undefined, string?][] = [
  ["/", ["192.0.2.7:9881"], undefined],
  ["/", ["192.0.2.7"], undefined],
  ["/", ["localhost"], undefined],
  ["/", ["LOCALHOST.:80"], undefined],
  ["/", ["daemon.localhost:9881"], undefined],
  ["/", ["127.0.0.1:9881"], undefined],
  ["/", ["[::1]:9881"], undefined],
  ["/", ["[0:0::1]"], undefined],
  ["/", ["[::ffff:192.0.2.7]"], undefined],
  ["/", ["Monitor.example:1"], undefined],
  ["/", ["[2001:DB8:0::1]"], undefined],
  ["/", ["evil.example"], 421],
  ["/", ["evil.example:9881"], 421],
  ["/", ["localhost.evil.example"], 421],
  ["/", ["127.0.0.1.evil.example"], 421],
  ["/", ["xlocalhost"], 421],
  ["/", ["192.0.2.8"], 421],
  ["/", ["[2001:db8::2]"], 421],
  ["/", [], 400],
  ["/", [""], 400],
  ["/", ["a b"], 400],
  ["/", ["a@localhost"], 400],
  ["/", ["localhost:x"], 400],
  ["/", ["localhost/"], 400],
  ["/", ["[::1"], 400],
  ["/", ["[:::1]"], 400],
  ["/", ["localhost, localhost"], 400],
  ["/", ["localhost", "localhost"], 400],
  ["/", ["localhost", "evil.example"], 400],
  // HTTP/1.0 requires no Host header.
  ["/", [], undefined, "1.0"],
  ["/", ["evil.example"], 421, "1.0"],
  // If the request target contains a host, it takes precedence over the Host header.
  ["http://localhost:9881/metrics", ["evil.example"], undefined],
  ["http://evil.example/metrics", ["localhost"], 421],
  ["http://evil.example@localhost/", ["localhost"], 400],
  ["http:///metrics", ["localhost"], 400],
  ["metrics", ["localhost"], 400],
];

for (const [target, hosts, expected, version = "1.1"] of judged) {
  const asked = `HTTP/${version} ${target} with the hosts ${JSON.stringify(hosts)}`;
  Deno.test(`${asked}: ${expected ?? "answered"}`, () => {
    assert.equal(hostProblem(target, hosts, version, own), expected);
  });
}
