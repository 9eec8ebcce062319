/**
 * Fuzz targets of the gate: datagrams of local discovery, answers of web servers, messages of a
 * thread that asks, and addresses.
 */

import assert from "node:assert/strict";
import { formatAddress, isPublic, parseAddress, systemClock, utf8 } from "../../../src/base/mod.ts";
import { encodeAnnouncement, MAX_INFO_HASHES, parseAnnouncement } from "../../../src/gate/bep14.ts";
import { GateError } from "../../../src/gate/errors.ts";
import { Gate, type Port } from "../../../src/gate/gate.ts";
import type { Tell } from "../../../src/gate/protocol.ts";
import { extentOf, ResponseReader } from "../../../src/gate/response.ts";
import { settle } from "../../support/fake_clock.ts";
import { readOrRefuse, shown, stateless, type Target } from "../target.ts";

const infoHashHex = "0123456789abcdef0123456789abcdef01234567";

const announcementTarget: Target = {
  name: "bep14",
  seeds: () =>
    (["IPv4", "IPv6"] as const).map((family) =>
      encodeAnnouncement(family, { port: 6_881, infoHashesHex: [infoHashHex], cookie: "a1" })
    ),
  open: stateless((bytes) => {
    const read = parseAnnouncement(bytes);
    if (!read || read.infoHashesHex.length > MAX_INFO_HASHES) return;
    assert.ok(read.port >= 1 && read.port <= 65_535);
    assert.deepEqual(parseAnnouncement(encodeAnnouncement("IPv4", read)), read);
  }),
};

const addressTarget: Target = {
  name: "address",
  seeds: () => ["64:ff9b::10.0.0.1", "2001:0:102:304::f5ff:fffe", "::ffff:1.2.3.4"].map(utf8),
  open: stateless((bytes) => {
    const text = new TextDecoder().decode(bytes);
    const address = parseAddress(text);
    if (!address) return;
    assert.ok(text.length <= 45);
    assert.deepEqual(parseAddress(formatAddress(address)), address);
    if (isPublic(address) && address.length === 16) {
      assert.ok(address[0]! >> 5 === 1 || text.toLowerCase().includes("64:ff9b"), text);
    }
  }),
};

const order = { url: "http://example.org/", first: 2, last: 50_000 };
const head = "HTTP/1.1 206 x\r\nContent-Range: bytes 2-9/10\r\n";

const responseTarget: Target = {
  name: "web-seed-answer",
  cost: 20,
  seeds: () => [
    utf8(`${head}Content-Length: 8\r\n\r\n12345678`),
    utf8(`${head}Transfer-Encoding: chunked\r\n\r\n3;x\r\n123\r\n5\r\n45678\r\n0\r\n\r\n`),
    utf8(`HTTP/1.1 103 Early\r\n\r\n${head}\r\n12345678`),
  ],
  open: stateless(async (bytes) => {
    async function* parts() {
      for (let at = 0; at < bytes.length; at += 1_000) yield bytes.subarray(at, at + 1_000);
    }
    const reader = new ResponseReader(parts());
    try {
      const head = await reader.head();
      const extent = extentOf(head, order);
      let length = 0;
      for await (const part of reader.body(head, extent, 49_999)) length += part.length;
      assert.ok(length <= Math.min(bytes.length, 49_999));
      if (extent.lengthBytes !== undefined) assert.equal(length, extent.lengthBytes);
    } catch (error) {
      if (!(error instanceof GateError)) throw error;
    }
  }),
};

const messages = [
  { ask: "dial", id: 1, host: "2600::1", port: 6_881 },
  { ask: "reach", id: 2, name: "example.org", port: 80, tls: false },
  { ask: "announce", id: 3, infoHashesHex: [infoHashHex] },
  { ask: "credit", id: 1, amount: 5 },
  { ask: "data", id: 1, bytes: { length: 3 } },
  { ask: "end", id: 1 },
  { ask: "close", id: 1 },
];

/** A list of messages in JSON. Lists of small numbers become bytes. */
const messageTarget: Target = {
  name: "gate-messages",
  cost: 20,
  seeds: () =>
    [...messages.map((one) => [one]), messages].map((list) => utf8(JSON.stringify(list))),
  open: stateless(async (bytes) => {
    let list: unknown;
    try {
      list = JSON.parse(
        new TextDecoder().decode(bytes),
        (name, value) =>
          name === "bytes" ? new Uint8Array(Number(value?.length) % 1_000 || 1) : value,
      );
    } catch {
      return;
    }
    const contacted: string[] = [];
    const told: Tell[] = [];
    const gate = new Gate({
      ...{ clock: systemClock, allowLocal: false, interfaces: [] },
      outside: {
        lookUp: (name) => Promise.resolve([name.includes("example") ? "2600::2" : "10.0.0.1"]),
        connect(host) {
          contacted.push(host);
          return Promise.reject(new Deno.errors.ConnectionRefused("refused"));
        },
      },
    });
    const port: Port = { postMessage: (message) => told.push(message), onmessage: null };
    const close = gate.serve(port);
    for (const data of Array.isArray(list) ? list : [list]) {
      // A UDP socket would be a real one.
      if (data?.ask !== "udp") readOrRefuse(GateError, () => port.onmessage!({ data }));
    }
    await settle();
    close();
    for (const host of contacted) assert.ok(isPublic(parseAddress(host)!), shown(host));
    for (const one of told) if (one.tell === "closed" && one.error) assert.ok(one.error.code);
  }),
};

export const gateTargets: readonly Target[] = [
  announcementTarget,
  addressTarget,
  responseTarget,
  messageTarget,
];
