/** Routers that lie, answer late, refuse, or send what is no answer. */

import assert from "node:assert/strict";
import { CHECK_MS, LEASE_SECONDS } from "../../src/router/port_mapper.ts";
import { envelope } from "../support/fake_gateway_igd.ts";
import { PORT, RouterWorld } from "../support/router_world.ts";

const OURS = [`tcp ${PORT}>127.0.0.1:${PORT}`, `udp ${PORT}>127.0.0.1:${PORT}`];
const UDP_ROUTERS = { "PCP": { pcp: true }, "NAT-PMP": { natPmp: true } } as const;

for (const [name, behaviour] of Object.entries(UDP_ROUTERS)) {
  Deno.test(`${name}: a lease longer than asked for is renewed as the one asked for`, async () => {
    await using world = await RouterWorld.make({ ...behaviour, grantedSeconds: 2 ** 32 - 1 });
    await world.start();
    await world.advance(LEASE_SECONDS * 500 + CHECK_MS);
    assert.equal(world.gateway.requests.length, 4);
  });

  Deno.test(`${name}: a lease of one second floods nobody`, async () => {
    await using world = await RouterWorld.make({ ...behaviour, grantedSeconds: 1 });
    await world.start();
    await world.advance(3_600_000);
    const renewals = world.gateway.requests.length;
    assert.ok(renewals > 100 && renewals <= 2 * 121, `${renewals} requests in an hour`);
  });

  Deno.test(`${name}: a success without a lease is no mapping`, async () => {
    await using world = await RouterWorld.make({ ...behaviour, grantedSeconds: 0 });
    await world.start();
    assert.equal(world.status.mapping, undefined);
    assert.equal(world.status.error?.code, "ROUTER_ANSWER");
  });

  Deno.test(`${name}: an answer to the third request is good`, async () => {
    await using world = await RouterWorld.make({ ...behaviour, lateRequests: 5 });
    await world.start();
    assert.deepEqual(world.gateway.list, OURS);
    assert.equal(world.status.mapping?.protocol, name);
  });

  Deno.test(`${name}: another port than asked for is taken as it is`, async () => {
    await using world = await RouterWorld.make({ ...behaviour, otherPort: 50_123 });
    await world.start();
    assert.equal(world.status.mapping?.externalPort, 50_123);
    assert.equal(world.status.mapping?.externalUdpPort, 50_123);
  });

  Deno.test(`${name}: answers from another address are dropped`, async () => {
    await using world = await RouterWorld.make({ ...behaviour, isForeign: true });
    await world.start();
    assert.equal(world.status.mapping, undefined);
    assert.equal(world.status.error?.code, "NO_ROUTER");
  });

  Deno.test(`${name}: datagrams that are too short, too long or damaged are dropped`, async () => {
    await using world = await RouterWorld.make(behaviour);
    for (
      const damage of [
        () => new Uint8Array(1),
        (answer: Uint8Array) => answer.subarray(0, answer.length - 5),
        (answer: Uint8Array) => Uint8Array.from([...answer, ...new Uint8Array(2_000)]),
        (answer: Uint8Array) => answer.map((byte, at) => at === 1 ? byte & 127 : byte),
        (answer: Uint8Array) => answer.fill(0xff),
      ]
    ) {
      world.gateway.behaviour.damage = damage as never;
      world.mapper = world.newMapper();
      world.statuses.length = 0;
      await world.start();
      assert.equal(world.status.mapping, undefined);
      await world.settled(world.mapper.stop());
    }
  });

  Deno.test(`${name}: a refusal is told, and UPnP is tried`, async () => {
    await using world = await RouterWorld.make({ ...behaviour, refusal: 2 });
    await world.start();
    assert.equal(world.status.error?.code, "ROUTER_REFUSED");
    assert.match(world.status.error!.message, /not authorized|NOT_AUTHORIZED/);
    world.gateway.behaviour.igd = 1;
    await world.until(() => world.status.mapping !== undefined);
    assert.equal(world.status.mapping?.protocol, "UPnP");
  });
}

Deno.test("PCP: an answer with another nonce is dropped", async () => {
  await using world = await RouterWorld.make({
    pcp: true,
    damage: (answer) => answer.length > 24 ? answer.fill(7, 24, 36) : answer,
  });
  await world.start();
  assert.equal(world.status.error?.code, "ROUTER_SILENT");
});

Deno.test("UPnP: a lease that ends before its time is noticed and asked for again", async () => {
  await using world = await RouterWorld.make({ igd: 1 });
  await world.start();
  world.gateway.mappings.clear();
  await world.advance(2 * CHECK_MS);
  assert.deepEqual(world.gateway.list, OURS);
});

Deno.test("UPnP: a port that another machine has taken moves ours", async () => {
  await using world = await RouterWorld.make({ igd: 1 });
  await world.start();
  const theirs = { client: "127.0.0.9", internalPort: 80, endsAtMs: Infinity };
  world.gateway.mappings.set(`tcp ${PORT}`, theirs);
  await world.advance(2 * CHECK_MS);
  const { externalPort, externalUdpPort } = world.status.mapping!;
  assert.notEqual(externalPort, PORT);
  assert.deepEqual(
    world.gateway.list,
    [
      `tcp ${PORT}>127.0.0.9:80`,
      `tcp ${externalPort}>127.0.0.1:${PORT}`,
      `udp ${externalUdpPort}>127.0.0.1:${PORT}`,
    ].sort(),
  );
  await world.settled(world.mapper.stop());
  assert.deepEqual(world.gateway.list, [`tcp ${PORT}>127.0.0.9:80`]);
});

Deno.test("UPnP: a router that would overwrite other machines' mappings is kept from it", async () => {
  await using world = await RouterWorld.make({ igd: 1 });
  world.gateway.mappings.set(`tcp ${PORT}`, {
    client: "127.0.0.9",
    internalPort: 80,
    endsAtMs: Infinity,
  });
  const asked: string[] = [];
  world.gateway.igd.behaviour.override = (action, values) => {
    if (action === "AddPortMapping") asked.push(values.get("NewExternalPort")!);
    return undefined;
  };
  await world.start();
  assert.ok(!asked.slice(0, 1).includes(String(PORT)));
});

Deno.test("UPnP: error 725 is answered by a permanent lease, which a stop takes back", async () => {
  for (const igd of [1, 2] as const) {
    await using world = await RouterWorld.make({ igd });
    world.gateway.igd.behaviour.override = (_action, values) =>
      Number(values.get("NewLeaseDuration") ?? 0) > 0 ? 725 : undefined;
    await world.start();
    assert.ok([...world.gateway.mappings.values()].every(({ endsAtMs }) => endsAtMs === Infinity));
    assert.deepEqual(world.gateway.list, OURS);
    await world.settled(world.mapper.stop());
    assert.deepEqual(world.gateway.list, []);
  }
});

Deno.test("UPnP: error 718 is answered by other ports, but not for ever", async () => {
  await using world = await RouterWorld.make({ igd: 1 });
  let refused = 0;
  world.gateway.igd.behaviour.override = (action) =>
    action === "AddPortMapping" && refused++ < 3 ? 718 : undefined;
  await world.start();
  assert.notEqual(world.status.mapping?.externalPort, PORT);

  await world.settled(world.mapper.stop());
  world.gateway.igd.behaviour.override = (action) => action === "AddPortMapping" ? 718 : undefined;
  world.gateway.igd.calls.length = 0;
  world.mapper = world.newMapper();
  world.statuses.length = 0;
  await world.start();
  assert.equal(world.status.error?.code, "ROUTER_REFUSED");
  assert.equal(world.gateway.igd.calls.filter((call) => call === "AddPortMapping").length, 10);
});

Deno.test("UPnP: error 724 is answered by the internal port", async () => {
  await using world = await RouterWorld.make({ igd: 1 });
  world.gateway.igd.behaviour.override = (action, values) => {
    if (action !== "AddPortMapping") return undefined;
    if (world.statuses.length === 0 && values.get("NewProtocol") === "TCP" && conflicts++ === 0) {
      return 718;
    }
    return values.get("NewExternalPort") === values.get("NewInternalPort") ? undefined : 724;
  };
  let conflicts = 0;
  await world.start();
  assert.equal(world.status.mapping?.externalPort, PORT);
});

Deno.test("UPnP: a router of IGD 2 without AddAnyPortMapping is asked as one of IGD 1", async () => {
  for (const code of [401, 402, 501, 602]) {
    await using world = await RouterWorld.make({ igd: 2 });
    world.gateway.igd.behaviour.override = (action) =>
      action === "AddAnyPortMapping" ? code : undefined;
    await world.start();
    assert.deepEqual(world.gateway.list, OURS);
  }
});

Deno.test("UPnP: another port than asked for is taken as it is", async () => {
  await using world = await RouterWorld.make({ igd: 2, otherPort: 50_123 });
  await world.start();
  assert.equal(world.status.mapping?.externalPort, 50_123);
});

Deno.test("UPnP: a refusal is told in the router's words, without control characters", async () => {
  await using world = await RouterWorld.make({ igd: 1 });
  world.gateway.igd.behaviour.override = (action) =>
    action === "AddPortMapping"
      ? soapFault("606", "Action\u001b[31m not authorized" + "!".repeat(5_000))
      : undefined;
  await world.start();
  assert.equal(world.status.error?.code, "ROUTER_REFUSED");
  assert.match(world.status.error!.message, /Action\[31m not authorized!{200,256} \(606\)$/);
});

Deno.test("UPnP: a list that cannot be read does not hinder a mapping", async () => {
  await using world = await RouterWorld.make({ igd: 1 });
  world.gateway.igd.behaviour.override = (action) =>
    action === "GetSpecificPortMappingEntry" ? 401 : undefined;
  await world.start();
  await world.advance(5 * CHECK_MS);
  assert.deepEqual(world.gateway.list, OURS);
  const added = world.gateway.igd.calls.filter((call) => call === "AddPortMapping");
  assert.equal(added.length, 2, "nothing is asked for again before its time");
});

Deno.test("UPnP: answers in chunks, and a base of URLs, are understood", async () => {
  await using world = await RouterWorld.make({ igd: 2 });
  world.gateway.igd.behaviour.isChunked = true;
  world.gateway.igd.behaviour.urlBase = `http://127.0.0.1:${world.gateway.igd.port}/`;
  world.gateway.igd.behaviour.controlUrl = "/ctl/other?service=1";
  await world.start();
  assert.deepEqual(world.gateway.list, OURS);
});

Deno.test("UPnP: nothing but the router's own address is asked", async () => {
  for (
    const [key, url] of [
      ["urlBase", "http://127.0.0.2:PORT/"],
      ["urlBase", "https://127.0.0.1:PORT/"],
      ["controlUrl", "http://127.0.0.2:PORT/ctl"],
      ["controlUrl", "//example.org/ctl"],
      ["controlUrl", "http://user@127.0.0.1:PORT/ctl"],
      ["location", "http://127.0.0.2:PORT/rootDesc.xml"],
      ["location", "http://localhost:PORT/rootDesc.xml"],
      ["location", "file:///etc/passwd"],
    ] as const
  ) {
    await using world = await RouterWorld.make({ igd: 1 });
    const { behaviour, port } = world.gateway.igd;
    behaviour[key] = url.replace("PORT", String(port));
    await world.start();
    assert.equal(world.status.mapping, undefined, url);
    assert.deepEqual(world.gateway.igd.calls, [], url);
    assert.ok(world.transport.connected.every((to) => to.address === "127.0.0.1"), url);
  }
});

Deno.test("UPnP: a description that is huge or malformed is refused", async () => {
  const entity = '<!DOCTYPE root [<!ENTITY a "aaaaaaaaaa">]><root>&a;&a;&a;</root>';
  for (
    const description of [
      "x".repeat(1_000_000),
      `<root>${"<a>".repeat(100)}${"</a>".repeat(100)}</root>`,
      `<root>${"<a/>".repeat(10_000)}</root>`,
      entity,
      "<root><device></root>",
      "<root>",
      "",
      "\u0000\u0001",
    ]
  ) {
    await using world = await RouterWorld.make({ igd: 1 });
    world.gateway.igd.behaviour.description = description;
    await world.start();
    assert.equal(world.status.mapping, undefined);
    assert.equal(world.status.error?.code, "ROUTER_ANSWER", description.slice(0, 50));
  }
});

Deno.test("UPnP: answers to actions that are no answers are refused", async () => {
  for (
    const answer of [
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
      "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2/\r\nContent-Length: 0\r\n\r\n",
      `HTTP/1.1 200 OK\r\nX: ${"y".repeat(20_000)}\r\n\r\n`,
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "garbage",
      `HTTP/1.1 200 OK\r\n\r\n${envelope("<u:OtherResponse xmlns:u='x'/>")}`,
      soapFault("not a number", ""),
      "",
    ]
  ) {
    await using world = await RouterWorld.make({ igd: 1 });
    world.gateway.igd.behaviour.override = (action) =>
      action === "AddPortMapping" ? answer : undefined;
    await world.start();
    assert.equal(world.status.mapping, undefined);
    assert.ok(
      ["ROUTER_ANSWER", "ROUTER_REFUSED"].includes(world.status.error!.code),
      `${world.status.error!.code} for ${answer.slice(0, 60)}`,
    );
  }
});

Deno.test("UPnP: a router that never answers by HTTP is given up", async () => {
  await using world = await RouterWorld.make({ igd: 1 });
  world.gateway.igd.behaviour.isSilent = true;
  await world.start();
  assert.equal(world.status.error?.code, "ROUTER_SILENT");
  assert.equal(world.transport.connections, 0, "no connection is left open");
});

function soapFault(code: string, description: string): string {
  const detail = `<UPnPError><errorCode>${code}</errorCode>` +
    `<errorDescription>${description}</errorDescription></UPnPError>`;
  const body = envelope(`<s:Fault><detail>${detail}</detail></s:Fault>`);
  return `HTTP/1.1 500 Error\r\nContent-Length: ${
    new TextEncoder().encode(body).length
  }\r\n\r\n${body}`;
}
