/** Tests that the publisher's private key never leaves the main thread. */

import assert from "node:assert/strict";
import { systemClock, toHex } from "../../../src/base/mod.ts";
import { type Io, processIo, runCli } from "../../../src/cli/mod.ts";
import { keyPairFromSeed } from "../../../src/identity/mod.ts";
import { newPlace } from "../../support/place.ts";
import { freePort } from "../../support/mod.ts";
import { fakeIo } from "../../support/fake_io.ts";

const secret = Uint8Array.from({ length: 32 }, (_, i) => 200 - i);
const keys = keyPairFromSeed(secret);

/** Collects all byte arrays and strings in a message, at any depth. */
function* contents(value: unknown, seen = new Set<unknown>()): Generator<string> {
  if (typeof value === "string") yield value;
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  if (ArrayBuffer.isView(value)) {
    yield toHex(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  } else if (value instanceof ArrayBuffer) yield toHex(new Uint8Array(value));
  else if (value instanceof Map || value instanceof Set) {
    for (const member of value) yield* contents(member, seen);
  } else for (const member of Object.values(value)) yield* contents(member, seen);
}

/** Records all messages sent to threads, until the recording is disposed of. */
function overheard(): Disposable & { messages: string[] } {
  const messages: string[] = [];
  const undo: (() => void)[] = [];
  for (const sender of [Worker.prototype, MessagePort.prototype]) {
    const { postMessage } = sender;
    sender.postMessage = function (this: Worker & MessagePort, message: unknown, ...rest: never[]) {
      messages.push(...contents(message));
      return postMessage.call(this, message, ...rest);
    };
    undo.push(() => sender.postMessage = postMessage);
  }
  return { messages, [Symbol.dispose]: () => undo.forEach((one) => one()) };
}

Deno.test("publish signs with the key, and no part of it crosses into the worker", async () => {
  await using place = await newPlace();
  const home = await place.home(keys);
  const source = await place.source("hello", "1.0.0");
  const io: Io = {
    ...fakeIo({
      env: {
        LIBRESEED_HOME: home.path,
        LIBRESEED_BOOTSTRAP: place.testnet.bootstrap,
        LIBRESEED_ALLOW_LOCAL: "true",
        LIBRESEED_PORT: String(await freePort()),
      },
    }),
    cwd: home.path,
    userHome: home.path,
    readFile: processIo().readFile,
    clock: systemClock,
  };
  using heard = overheard();
  assert.equal(await runCli(["publish", source], io), 0);
  const all = heard.messages.join("\n");
  // The messages contain the public key, which proves that the messages were recorded.
  assert.ok(all.includes(toHex(keys.publicKey)));
  for (const form of [toHex(secret), secret.toBase64(), "PRIVATE KEY"]) {
    assert.ok(!all.includes(form), form);
  }
});
