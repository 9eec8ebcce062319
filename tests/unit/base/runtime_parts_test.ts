/** Tests what a thread loses of the runtime. `tests/binary` attacks the threads of the program. */

import assert from "node:assert/strict";

const parts = JSON.stringify(import.meta.resolve("../../../src/base/runtime_parts.ts"));
const thread = `
  import process from "node:process";
  import { refuseDescriptors, removeRuntimeParts } from ${parts};
  removeRuntimeParts();
  refuseDescriptors(process);
  const refusals = [["pipe_wrap", "Pipe"], ["tcp_wrap", "TCP"], ["udp_wrap", "UDP"]].map(([module, name]) => {
    try {
      return String(new (process.binding(module)[name])(0).open(100_000));
    } catch (error) {
      return error.name;
    }
  });
  const isThere = ["caches", "CacheStorage", "Cache"].filter((name) => name in globalThis);
  postMessage({
    refusals,
    isThere,
    internals: typeof Deno[Deno.internal],
    hasGpu: "gpu" in navigator,
  });
`;

Deno.test("a thread loses the caches, the graphics processor, the runtime's object and descriptors", async () => {
  const url = `data:text/javascript,${encodeURIComponent(thread)}`;
  const worker = new Worker(url, { type: "module" });
  try {
    const found = await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
    });
    assert.deepEqual(found, {
      refusals: ["NotCapable", "NotCapable", "NotCapable"],
      isThere: [],
      internals: "undefined",
      hasGpu: false,
    });
  } finally {
    worker.terminate();
  }
});
