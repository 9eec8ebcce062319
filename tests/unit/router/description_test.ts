/** Tests parsing of UPnP device descriptions. */

import assert from "node:assert/strict";
import { utf8 } from "../../../src/base/mod.ts";
import { findServices } from "../../../src/router/description.ts";
import { readXml } from "../../../src/router/xml.ts";

const LOCATION = { address: "192.168.1.1", port: 5_000, path: "/rootDesc.xml" };

function service(type: string, controlUrl: string): string {
  return `<service><serviceType>urn:schemas-upnp-org:service:${type}</serviceType>` +
    `<controlURL>${controlUrl}</controlURL></service>`;
}

Deno.test("services that map ports are found in inner devices, the best first", () => {
  const root = readXml(utf8(
    "<root><device><serviceList>" + service("Layer3Forwarding:1", "/l3") + "</serviceList>" +
      "<deviceList><device><deviceList><device><serviceList>" +
      service("WANPPPConnection:1", "ppp") + service("WANIPConnection:1", "/ip?x=1") +
      service("WANIPConnection:2", "http://192.168.1.1:6000/ip2") +
      "</serviceList></device></deviceList></device></deviceList></device></root>",
  ));
  assert.deepEqual(
    findServices(root, LOCATION).map(({ type, control }) => [
      type.replace("urn:schemas-upnp-org:service:", ""),
      `${control.port} ${control.path}`,
    ]),
    [["WANIPConnection:2", "6000 /ip2"], ["WANIPConnection:1", "5000 /ip?x=1"], [
      "WANPPPConnection:1",
      "5000 /ppp",
    ]],
  );
});

Deno.test("a service that is not on the router's own address is left out", () => {
  const services = (url: string, base = "") =>
    findServices(
      readXml(utf8(
        `<root>${base}<device><serviceList>${service("WANIPConnection:1", url)}</serviceList>` +
          "</device></root>",
      )),
      LOCATION,
    ).length;
  assert.equal(services("/ctl"), 1);
  assert.equal(services("/ctl", "<URLBase>http://192.168.1.1:80/</URLBase>"), 1);
  assert.equal(services("/ctl", "<URLBase>http://192.168.1.2:80/</URLBase>"), 0);
  assert.equal(services("/ctl", "<URLBase>nonsense:</URLBase>"), 0);
  for (
    const url of [
      "http://192.168.1.2/",
      "//8.8.8.8/",
      "https://192.168.1.1/",
      "http://a@192.168.1.1/",
    ]
  ) {
    assert.equal(services(url), 0, url);
  }
  assert.equal(services(""), 0);
});
