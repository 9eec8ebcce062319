/** Tests how the command thread sends its messages to the launcher. */

import assert from "node:assert/strict";
import { ThreadClient } from "../../../src/launcher/mod.ts";

Deno.test("only a message with a transferred object is sent with a list of objects", () => {
  const sent: unknown[][] = [];
  const client = new ThreadClient({
    postMessage: (...args) => void sent.push(args),
    addEventListener: () => {},
  });
  const { port1, port2 } = new MessageChannel();
  try {
    void client.requests.describe("/home");
    client.requests.openWebhook(port1);
    client.exit(0);
    assert.deepEqual(sent.map(([, ...rest]) => rest), [[], [[port1]], []]);
  } finally {
    port1.close();
    port2.close();
  }
});
