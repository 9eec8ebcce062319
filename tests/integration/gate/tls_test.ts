/** Tests TLS of the gate: the certificate is checked by the name, whatever the address is. */

import assert from "node:assert/strict";
import { concatBytes, systemClock } from "../../../src/base/mod.ts";
import { Gate, type Port } from "../../../src/gate_thread/gate.ts";
import { GateClient } from "../../../src/gate/mod.ts";
import {
  TEST_CERTIFICATE,
  TEST_CERTIFICATE_KEY,
  TEST_NAME,
} from "../../support/test_certificate.ts";

Deno.test("a web seed by https is fetched if the certificate is of its name and trusted", async () => {
  const file = new Uint8Array(500_000).map((_, index) => index * 7);
  const server = Deno.serve({
    ...{ hostname: "127.0.0.1", port: 0, onListen() {} },
    ...{ cert: TEST_CERTIFICATE, key: TEST_CERTIFICATE_KEY },
  }, () => new Response(file.slice()));
  const { port } = server.addr;
  const close: (() => void)[] = [];
  const clientOf = (caCerts: string[]) => {
    const gate = new Gate({
      ...{ clock: systemClock, allowLocal: true, interfaces: [] },
      outside: { lookUp: () => Promise.resolve(["127.0.0.1"]), caCerts },
    });
    const { port1, port2 } = new MessageChannel();
    const closeChannels = gate.serve(port1 as unknown as Port);
    close.push(() => {
      closeChannels();
      port1.close();
      port2.close();
    });
    return new GateClient(port2);
  };
  const trusting = clientOf([TEST_CERTIFICATE]);
  const order = { first: 0, last: file.length - 1 };
  const { body } = await trusting.fetchRange({ ...order, url: `https://${TEST_NAME}:${port}/` });
  const parts: Uint8Array[] = [];
  for await (const bytes of body) parts.push(bytes);
  assert.deepEqual(concatBytes(...parts), file);
  const other = trusting.fetchRange({ ...order, url: `https://other.test:${port}/` });
  await assert.rejects(other, { code: "TLS_FAILED" });
  const strict = clientOf([]).fetchRange({ ...order, url: `https://${TEST_NAME}:${port}/` });
  await assert.rejects(strict, { code: "TLS_FAILED" });
  for (const one of close) one();
  await server.shutdown();
});
