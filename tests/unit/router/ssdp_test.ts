/** Tests searches by SSDP and their answers. */

import assert from "node:assert/strict";
import { utf8 } from "../../../src/base/mod.ts";
import { parseLocation, parseSearchAnswer, searchRequest } from "../../../src/router/ssdp.ts";

const LOCATION = { address: "192.168.1.1", port: 5_000, path: "/rootDesc.xml" };

Deno.test("a location is an http URL with an IP address", () => {
  assert.deepEqual(parseLocation("http://[2A00:5::0:1]:5000/a"), {
    address: "2a00:5::1",
    port: 5_000,
    path: "/a",
  });
  assert.deepEqual(parseLocation("http://192.168.1.1/a?b#c"), {
    address: "192.168.1.1",
    port: 80,
    path: "/a?b",
  });
  for (
    const text of [
      "",
      "/a",
      "http://router/",
      "http://[fe80::1%25eth0]/",
      "http://192.168.1.1:0/",
      "ftp://1.2.3.4/",
    ]
  ) {
    assert.equal(parseLocation(text), undefined, text);
  }
  assert.equal(parseLocation(`http://192.168.1.1/${"x".repeat(1_100)}`), undefined);
});

Deno.test("an answer to a search counts only if its location is on the sender's address", () => {
  const answer = (
    location: string,
    target = "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
  ) => utf8(`HTTP/1.1 200 OK\r\nST:${target}\r\nEXT:\r\nLocation: ${location}\r\n\r\n`);
  const url = "http://192.168.1.1:5000/rootDesc.xml";
  assert.deepEqual(parseSearchAnswer(answer(url), "192.168.1.1"), LOCATION);
  assert.equal(parseSearchAnswer(answer(url), "192.168.1.3"), undefined);
  assert.equal(parseSearchAnswer(answer(url, "upnp:rootdevice"), "192.168.1.1"), undefined);
  assert.equal(parseSearchAnswer(utf8("NOTIFY * HTTP/1.1\r\n\r\n"), "192.168.1.1"), undefined);
  assert.equal(parseSearchAnswer(new Uint8Array(5_000), "192.168.1.1"), undefined);
});

Deno.test("a gateway of IPv6 may name a public address of our own network (/64)", () => {
  const gateway = { address: "fe80::1%eth0", localAddress: "2a00:5::2" };
  const answer = (host: string, target = "WANIPv6FirewallControl:1") =>
    utf8(
      "HTTP/1.1 200 OK\r\n" +
        `ST: urn:schemas-upnp-org:service:${target}\r\nLOCATION: http://[${host}]:5000/a\r\n\r\n`,
    );
  const found = { address: "2a00:5::1", port: 5_000, path: "/a" };
  assert.deepEqual(parseSearchAnswer(answer("2a00:5::1"), "fe80::1", gateway), found);
  assert.deepEqual(parseSearchAnswer(answer("2a00:5::1"), "2a00:5::1", gateway), found);
  for (
    const [host, sender] of [
      ["2a00:5::1", "fe80::2"],
      ["2a00:5::1", "2a00:5::3"],
      ["2a00:6::1", "fe80::1"],
      ["fe80::1", "fe80::1"],
    ] as const
  ) assert.equal(parseSearchAnswer(answer(host), sender, gateway), undefined, `${host} ${sender}`);
  assert.equal(parseSearchAnswer(answer("2a00:5::1", "Printer:1"), "fe80::1", gateway), undefined);
});

Deno.test("a search has the fields that UPnP demands", () => {
  assert.match(
    searchRequest("urn:x:1", 4),
    /^M-SEARCH \* HTTP\/1\.1\r\nHOST: 239\.255\.255\.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: urn:x:1\r\n(?:.+\r\n)*\r\n$/,
  );
  assert.match(searchRequest("urn:x:1", 6), /\r\nHOST: \[ff02::c\]:1900\r\n/);
});
