/** Tests which peers are dialled through the gate. */

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { type DialGate, Routes } from "../../../../src/engine/dial/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const MINUTE_MS = 60_000;
const peer6 = { host: "2a00::1", port: 6881 };
const neighbour = { host: "192.168.1.7", port: 6881 };

/** Routes with a gate that records its dials. */
function makeRoutes(isFreeHost?: (host: string) => boolean) {
  const clock = new FakeClock();
  const dialled: { host: string; port: number; socket: EventEmitter }[] = [];
  let starts = 0;
  const gate = {
    dial: (address: { host: string; port: number }) => {
      const socket = new EventEmitter();
      dialled.push({ ...address, socket });
      return socket;
    },
  } as unknown as DialGate;
  const routes = new Routes({
    ...{ clock, isFreeHost },
    gate: () => {
      starts++;
      return gate;
    },
  });
  return { routes, clock, dialled, starts: () => starts };
}

Deno.test("public IPv4 addresses are dialled without the gate, which is not started", () => {
  const { routes, starts } = makeRoutes();
  assert.equal(routes.dial({ host: "93.184.216.34", port: 6881 }), undefined);
  assert.equal(routes.dial(neighbour), undefined);
  assert.equal(starts(), 0);
});

Deno.test("IPv6 addresses are dialled through the gate", () => {
  const { routes, dialled } = makeRoutes();
  assert.equal(routes.dial(peer6), dialled[0]!.socket);
  assert.deepEqual([dialled[0]!.host, dialled[0]!.port], [peer6.host, peer6.port]);
});

Deno.test("a neighbour is dialled through the gate, at the port that it announced", () => {
  const { routes, dialled } = makeRoutes();
  routes.noteNeighbour(neighbour);
  assert.equal(routes.dial({ ...neighbour, port: 6882 }), undefined);
  assert.equal(routes.dial(neighbour), dialled[0]!.socket);
});

Deno.test("only the neighbours that were heard last are remembered", () => {
  const { routes } = makeRoutes();
  for (let port = 1_024; port < 1_024 + 300; port++) routes.noteNeighbour({ ...neighbour, port });
  assert.equal(routes.dial({ ...neighbour, port: 1_024 }), undefined);
  assert.notEqual(routes.dial({ ...neighbour, port: 1_323 }), undefined);
});

Deno.test("without a gate, all addresses are dialled by this thread", () => {
  const routes = new Routes({ clock: new FakeClock() });
  routes.noteNeighbour(neighbour);
  assert.equal(routes.dial(peer6), undefined);
  assert.equal(routes.dial(neighbour), undefined);
});

for (const code of ["ENETUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT"]) {
  Deno.test(`after ${code}, IPv6 is not tried for ten minutes, and IPv4 is`, async () => {
    const { routes, clock, dialled } = makeRoutes();
    routes.dial(peer6);
    dialled[0]!.socket.emit("error", Object.assign(new Error("no route"), { code }));
    assert.equal(routes.isWithoutRoute(peer6), true);
    assert.equal(routes.isWithoutRoute({ host: "93.184.216.34", port: 6881 }), false);
    await clock.advance(10 * MINUTE_MS - 1);
    assert.equal(routes.isWithoutRoute(peer6), true);
    await clock.advance(1);
    assert.equal(routes.isWithoutRoute(peer6), false);
  });
}

Deno.test("after a change of addresses, IPv6 is tried at once", () => {
  const { routes, dialled } = makeRoutes();
  routes.dial(peer6);
  dialled[0]!.socket.emit("error", Object.assign(new Error("no route"), { code: "ENETUNREACH" }));
  routes.networkChanged();
  assert.equal(routes.isWithoutRoute(peer6), false);
});

Deno.test("a peer that refuses a connection says nothing about the route", () => {
  const { routes, dialled } = makeRoutes();
  for (const code of ["ECONNREFUSED", "EHOSTUNREACH", "ETIMEDOUT", "ADDRESS_REFUSED"]) {
    routes.dial(peer6);
    dialled.at(-1)!.socket.emit("error", Object.assign(new Error("refused"), { code }));
  }
  assert.equal(routes.isWithoutRoute(peer6), false);
});

Deno.test("uTP has no way to addresses that may not be dialled, nor to neighbours", () => {
  const { routes } = makeRoutes(() => false);
  const hosts = ["93.184.216.34", "2a00::1", "192.168.1.7", "127.0.0.1", "fd00::1", "::1"];
  const hasUtp = (host: string) => routes.hasUtp({ host, port: 6_881 });
  assert.deepEqual(hosts.filter(hasUtp), ["93.184.216.34", "2a00::1"]);
  const free = makeRoutes().routes;
  assert.ok(free.hasUtp(neighbour));
  free.noteNeighbour(neighbour);
  assert.ok(!free.hasUtp(neighbour), "the gate dials it by TCP");
});
