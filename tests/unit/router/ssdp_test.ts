/** Tests searches by SSDP and their answers. */

import assert from "node:assert/strict";
import { utf8 } from "../../../src/base/mod.ts";
import { parseLocation, parseSearchAnswer, searchRequest } from "../../../src/router/ssdp.ts";

const LOCATION = { address: "192.168.1.1", port: 5_000, path: "/rootDesc.xml" };

Deno.test("a location is an http URL with an IPv4 address", () => {
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
      "http://[::1]/",
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

Deno.test("a search has the fields that UPnP demands", () => {
  assert.match(
    searchRequest("urn:x:1"),
    /^M-SEARCH \* HTTP\/1\.1\r\nHOST: 239\.255\.255\.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: urn:x:1\r\n(?:.+\r\n)*\r\n$/,
  );
});
