import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { FakeClock } from "../../../../support/fake_clock.ts";
import { pexGuard } from "../../../../../src/engine/libraries/extensions/pex_guard.ts";

/**
 * Makes a connection with a stand-in for npm:ut_pex. The test sets the number of peers named in
 * each of its messages.
 */
function connection() {
  let isDestroyed = false;
  let names = 0;
  const dropped: string[] = [];
  const library = Object.assign(new EventEmitter(), {
    messages: 0,
    resets: 0,
    onHandshake() {},
    onExtendedHandshake() {},
    onMessage() {
      library.messages++;
      for (let i = 0; i < names; i++) library.emit("peer", `192.0.2.1:${i}`);
      library.emit("dropped", "192.0.2.2:1");
    },
    reset: () => void library.resets++,
  });
  library.on("dropped", (address: string) => dropped.push(address));
  const clock = new FakeClock();
  const guard = new (pexGuard(clock))({
    ut_pex: library,
    destroy: () => void (isDestroyed = true),
  });
  const say = (peers: number, bytes = 100) => {
    names = peers;
    guard.onMessage(new Uint8Array(bytes));
  };
  return { clock, guard, library, dropped, say, isDestroyed: () => isDestroyed };
}

Deno.test("the extension has the name under which the package's own was used", () => {
  assert.equal(pexGuard(new FakeClock()).prototype.name, "ut_pex");
});

Deno.test("an honest message reaches the package, and nobody hears that a peer has left", () => {
  const { library, dropped, say } = connection();
  say(50);
  assert.equal(library.messages, 1);
  assert.deepEqual(dropped, []);
});

Deno.test("a message of more than 16 KiB gets the peer disconnected before it is read", () => {
  const { library, say, isDestroyed } = connection();
  say(50, 16 * 1024 + 1);
  assert.equal(library.messages, 0);
  assert.equal(isDestroyed(), true);
});

Deno.test("addresses are forgotten once a thousand are remembered", async () => {
  const { clock, library, say } = connection();
  const sayEachMinute = async (times: number) => {
    for (let i = 0; i < times; i++) {
      say(50);
      await clock.advance(60_000);
    }
  };
  await sayEachMinute(19);
  assert.equal(library.resets, 0);
  await sayEachMinute(1);
  assert.equal(library.resets, 1);
  await sayEachMinute(1);
  assert.equal(library.resets, 1);
});

Deno.test("of a message each second, six a minute are read once the first burst is used up", async () => {
  const { clock, library, say, isDestroyed } = connection();
  const sayEachSecond = async () => {
    for (let i = 0; i < 60; i++) {
      say(50);
      await clock.advance(1_000);
    }
  };
  await sayEachSecond();
  library.messages = 0;
  await sayEachSecond();
  assert.ok(library.messages > 0 && library.messages <= 6, `${library.messages} messages`);
  assert.equal(isDestroyed(), false);
});
