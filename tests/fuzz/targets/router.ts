/** Fuzz targets of `src/router`: everything that a router sends. */

import assert from "node:assert/strict";
import { machineOf, parseAddress, utf8 } from "../../../src/base/mod.ts";
import { Policy } from "../../../src/gate_thread/policy.ts";
import { findServices } from "../../../src/router/description.ts";
import { RouterError } from "../../../src/router/mod.ts";
import { parseHttp } from "../../../src/router/http.ts";
import { isExternalAddress } from "../../../src/router/ipv4.ts";
import { encodeMapRequest, parseNatPmpAnswer } from "../../../src/router/nat_pmp.ts";
import { answersMap, encodeMap, parseHeader, parseMapping } from "../../../src/router/pcp.ts";
import { parseResult } from "../../../src/router/soap.ts";
import { parseSearchAnswer } from "../../../src/router/ssdp.ts";
import { readXml } from "../../../src/router/xml.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { envelope } from "../../support/fake_gateway_igd.ts";
import { readOrRefuse, stateless, type Target } from "../target.ts";

const SENDER = "192.168.1.1";
const isIpv4 = (text: string) => parseAddress(text)?.length === 4;
const MAP = {
  localAddress: new Uint8Array(4),
  nonce: new Uint8Array(12).fill(1),
  kind: "tcp",
  internalPort: 41_000,
  externalPort: 41_000,
  leaseSeconds: 3_600,
} as const;

/** The same for an address of IPv6. */
const MAP_IPV6 = { ...MAP, localAddress: parseAddress("2a00:5::2")! };
const GATEWAY_IPV6 = { address: "fe80::1%eth0", localAddress: "2a00:5::2" };

function answered(request: Uint8Array): Uint8Array {
  const answer = Uint8Array.from(request);
  answer[1]! |= 128;
  return answer;
}

const packetTarget: Target = {
  name: "router-packets",
  seeds: () => [
    answered(encodeMap(MAP)),
    answered(encodeMap(MAP_IPV6)),
    Uint8Array.from([...answered(encodeMapRequest(MAP)), 0, 0, 14, 16]),
    Uint8Array.of(0, 128, 0, 0, 0, 0, 0, 9, 198, 51, 100, 7),
  ],
  open: stateless((bytes) => {
    const header = parseHeader(bytes);
    if (header?.isMap && answersMap(bytes, MAP)) {
      const mapping = readOrRefuse(RouterError, () => parseMapping(bytes, 4));
      if (mapping) assert.ok(isIpv4(mapping.externalAddress), "a dotted address");
      const pinhole = readOrRefuse(RouterError, () => parseMapping(bytes, 6));
      if (pinhole) assert.equal(parseAddress(pinhole.externalAddress)?.length, 16);
      assert.ok(!mapping || !pinhole, "an address has one family");
    }
    const answer = parseNatPmpAnswer(bytes);
    if (answer?.externalAddress) assert.ok(isIpv4(answer.externalAddress), "a dotted address");
    if (answer?.mapping) assert.ok(answer.mapping.externalPort <= 65_535);
  }),
};

const DESCRIPTION = "<root><URLBase>http://192.168.1.1:5000/</URLBase><device><serviceList>" +
  "<service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>" +
  '<controlURL a="b">/ctl?a=1&amp;b=2</controlURL></service></serviceList><deviceList><device/>' +
  "</deviceList></device><!-- x --><![CDATA[y]]></root>";
const FAULT = "<s:Fault><detail><UPnPError><errorCode>718</errorCode>" +
  "<errorDescription>Conflict</errorDescription></UPnPError></detail></s:Fault>";

const documentTarget: Target = {
  name: "router-documents",
  cost: 4,
  seeds: () => [
    utf8(DESCRIPTION),
    utf8(envelope(FAULT)),
    utf8(envelope("<u:ActResponse xmlns:u='urn:x'><NewIP>198.51.100.7</NewIP></u:ActResponse>")),
  ],
  open: stateless((bytes) => {
    const location = { address: SENDER, port: 5_000, path: "/" };
    const root = readOrRefuse(RouterError, () => readXml(bytes));
    for (const { control } of root ? findServices(root, location) : []) {
      assert.equal(control.address, SENDER, "nothing but the router's own address is asked");
      assert.match(control.path, /^\/[\x21-\x7e]*$/, "a path cannot break a request line");
    }
    const result = readOrRefuse(RouterError, () => parseResult(bytes, "Act"));
    const values = result && !result.error ? result.values : new Map<string, string>();
    for (const value of values.values()) {
      assert.ok(value.length <= 256);
      if (isExternalAddress(value)) assert.ok(isIpv4(value));
    }
  }),
};

const httpTarget: Target = {
  name: "router-http",
  cost: 2,
  seeds: () => [
    utf8("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: x\r\n\r\nhello"),
    utf8("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    utf8(
      "HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n" +
        "LOCATION: http://192.168.1.1:5000/rootDesc.xml\r\nUSN: uuid:1\r\n\r\n",
    ),
    utf8(
      "HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:service:WANIPv6FirewallControl:1\r\n" +
        "LOCATION: http://[2a00:5::1]:5000/rootDesc.xml\r\nUSN: uuid:1\r\n\r\n",
    ),
  ],
  open: stateless((bytes) => {
    for (const isEnd of [false, true]) {
      const answer = readOrRefuse(RouterError, () => parseHttp(bytes, isEnd));
      if (answer) assert.ok(answer.status >= 200 && answer.body.length <= bytes.length);
    }
    const policy = new Policy({ clock: new FakeClock(), allowLocal: false, interfaces: [] });
    policy.gatewayIpv6 = GATEWAY_IPV6;
    policy.noteAnswerIpv6("fe80::1", bytes);
    const named = parseSearchAnswer(bytes, "fe80::1", GATEWAY_IPV6);
    if (named) assert.equal(machineOf(named.address), machineOf(GATEWAY_IPV6.localAddress));
    const location = parseSearchAnswer(bytes, SENDER);
    if (!location) return;
    assert.equal(location.address, SENDER);
    assert.match(location.path, /^\/[\x21-\x7e]*$/, "a path cannot break a request line");
  }),
};

export const routerTargets: readonly Target[] = [packetTarget, documentTarget, httpTarget];
