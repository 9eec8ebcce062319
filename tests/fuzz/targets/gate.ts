/**
 * Fuzz targets of the gate: datagrams of local discovery, answers of web servers, messages of a
 * thread that asks, and addresses.
 */

import assert from "node:assert/strict";
import {
  concatBytes,
  formatAddress,
  fromHex,
  isPublic,
  parseAddress,
  systemClock,
  utf8,
} from "../../../src/base/mod.ts";
import { parseAnnouncement } from "../../../src/gate/bep14.ts";
import { GateError } from "../../../src/gate/errors.ts";
import { Gate, type Port } from "../../../src/gate_thread/gate.ts";
import type { Policy } from "../../../src/gate_thread/policy.ts";
import { encodeAnnouncement } from "../../../src/gate_thread/discovery.ts";
import { parseAsk, type Tell } from "../../../src/gate_thread/protocol.ts";
import { extentOf, ResponseReader } from "../../../src/gate/response.ts";
import { settle } from "../../support/fake_clock.ts";
import { shown, stateless, type Target } from "../target.ts";

const infoHashHex = "0123456789abcdef0123456789abcdef01234567";

const announcementTarget: Target = {
  name: "bep14",
  seeds: () =>
    (["IPv4", "IPv6"] as const).map((family) =>
      encodeAnnouncement(family, 6_881, fromHex(infoHashHex)!, "a1")
    ),
  open: stateless((bytes) => {
    const read = parseAnnouncement(bytes);
    if (!read || read.infoHashesHex.length > 24) return;
    assert.ok(read.port >= 1 && read.port <= 65_535);
    const { port, infoHashesHex, cookie = "" } = read;
    const hashes = concatBytes(...infoHashesHex.map((one) => fromHex(one)!));
    const encoded = encodeAnnouncement("IPv4", port, hashes, cookie);
    assert.deepEqual(parseAnnouncement(encoded), { ...read, cookie });
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
  { ask: "open", kind: "dial", id: 1, host: "2600::1", port: 6_882 },
  { ask: "open", kind: "https", id: 2, host: "example.org", port: 443 },
  { ask: "open", kind: "router", id: 3, host: "192.168.1.1", port: 80 },
  { ask: "open", kind: "control", id: 4, host: "10.0.0.1", port: 0 },
  { ask: "open", kind: "discover", id: 5, host: "", port: 6_881 },
  { ask: "open", kind: "names", id: 6, host: "example.org", port: 6_881 },
  { ask: "open", kind: "udp", id: 7, host: "2600::1", port: 6_881 },
  { ask: "open", kind: "search", id: 8, host: "fe80::1%eth0", port: 0 },
  { ask: "packets", id: 7, packets: [{ host: "2600::2", port: 6_882, bytes: { length: 3 } }] },
  { ask: "packets", id: 1, packets: [{ host: "", port: 0, bytes: { length: 3 } }] },
  { ask: "credit", id: 1, amount: 5 },
  { ask: "end", id: 1 },
  { ask: "close", id: 1 },
];

/** A connection that takes all bytes, and sends a few. */
function anyConnection(): Deno.TcpConn {
  let reads = 0;
  return {
    localAddr: { hostname: "2600::9" },
    setNoDelay() {},
    read: (buffer: Uint8Array) =>
      Promise.resolve(++reads > 3 ? null : Math.min(100, buffer.length)),
    write: (bytes: Uint8Array) => Promise.resolve(bytes.length),
    closeWrite: () => Promise.resolve(),
    close() {},
  } as unknown as Deno.TcpConn;
}

/** Sum of the lengths, in bytes, of all packets in messages that fit the protocol. */
function bytesOf(messages: readonly unknown[]): number {
  return messages.map((one) => parseAsk(one)).reduce(
    (sum, ask) =>
      sum +
      (ask?.ask !== "packets" ? 0 : ask.packets.reduce((sum, { bytes }) => sum + bytes.length, 0)),
    0,
  );
}

/** Checks that a UDP socket is bound to public addresses of IPv6, and sends to none but these. */
function checkDatagram(policy: Policy, data: unknown): void {
  const ask = parseAsk(data);
  if (ask?.ask === "open" && ask.kind === "udp") {
    try {
      const bound = policy.bindsTo(ask.host);
      assert.ok(bound === "::" || isPublic(parseAddress(bound)!), shown(bound));
    } catch (error) {
      assert.equal((error as { code?: string }).code, "ADDRESS_REFUSED");
    }
  }
  for (const { host, port } of ask?.ask === "packets" ? ask.packets : []) {
    const address = parseAddress(host);
    if (!address || !policy.maySend(address, port)) continue;
    assert.ok(address.length === 16 && isPublic(address) && port >= 1_024, shown(host));
  }
}

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
        connect(host, port) {
          contacted.push(host);
          return port % 2 === 0
            ? Promise.resolve(anyConnection())
            : Promise.reject(new Deno.errors.ConnectionRefused("refused"));
        },
      },
    });
    const port: Port = { postMessage: (message) => told.push(message), onmessage: null };
    const close = gate.serve(port);
    for (const data of Array.isArray(list) ? list : [list]) checkDatagram(gate.policy, data);
    // The sockets of these kinds would be real ones.
    const asked = (Array.isArray(list) ? list : [list])
      .filter((data) => !["udp", "search"].includes(data?.kind));
    for (const data of asked) port.onmessage!({ data });
    await settle();
    await settle();
    close();
    const credit = told.reduce((sum, one) => sum + (one.tell === "credit" ? one.amount : 0), 0);
    assert.ok(credit <= bytesOf(asked), "more credit comes back than was used");
    for (const host of contacted) assert.ok(isPublic(parseAddress(host)!), shown(host));
    for (const one of told) {
      if (one.tell === "closed" && one.error) assert.match(one.error.code, /^[A-Z_]+$/);
    }
  }),
};

export const gateTargets: readonly Target[] = [
  announcementTarget,
  addressTarget,
  responseTarget,
  messageTarget,
];
