import assert from "node:assert/strict";
import { systemClock } from "../../../src/base/mod.ts";
import type { OpenChannel } from "../../../src/gate/client_channel.ts";
import { startDiscovery } from "../../../src/gate/client_discovery.ts";

Deno.test("a port at which nobody speaks uTP refuses it before the port is announced", () => {
  const kinds: string[] = [];
  const open: OpenChannel = ({ kind }) => {
    kinds.push(kind);
    return { send() {}, credit() {}, close() {} } as unknown as ReturnType<OpenChannel>;
  };
  startDiscovery(open, systemClock, 6_881, () => {}, () => {}, true);
  assert.deepEqual(kinds, ["refuse", "discover"]);
});
