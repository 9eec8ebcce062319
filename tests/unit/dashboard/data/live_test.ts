import assert from "node:assert/strict";
import { Api } from "../../../../src/dashboard/data/api.ts";
import { Live } from "../../../../src/dashboard/data/live.ts";
import { Token } from "../../../../src/dashboard/data/token.ts";
import { eventually } from "../../../support/engines.ts";

/** A clock whose timers the test runs. */
class HandClock {
  timers: { delayMs: number; run: () => void }[] = [];
  now = () => 0;
  after = (delayMs: number, run: () => void) => {
    const timer = { delayMs, run };
    this.timers.push(timer);
    return () => void (this.timers = this.timers.filter((other) => other !== timer));
  };
  /** Runs the timer with the shortest delay, and returns the delay. */
  runNext(): number {
    const [next] = this.timers.sort((a, b) => a.delayMs - b.delayMs);
    this.timers = this.timers.filter((other) => other !== next);
    next!.run();
    return next!.delayMs;
  }
}

/** Time of silence after which a stream is given up (ms). */
const SILENCE_MS = 20_000;

/** A storage in memory. */
function storage(): Storage {
  const values = new Map<string, string>();
  return {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
    removeItem: (key: string) => void values.delete(key),
  } as Storage;
}

/** A daemon whose answers the test gives, one after the other. */
function daemon(...answers: ((signal: AbortSignal) => Response)[]) {
  const requests: Request[] = [];
  const answer = (input: string | URL | Request, init?: RequestInit) => {
    requests.push(new Request(new URL(String(input), "http://127.0.0.1/"), init));
    const next = answers.shift();
    return next === undefined
      ? Promise.reject(new TypeError("refused"))
      : Promise.resolve(next(init!.signal!));
  };
  const token = new Token(storage());
  const api = new Api(token, answer as typeof fetch);
  const clock = new HandClock();
  return { live: new Live(api, clock, ["problems"]), clock, token, requests };
}

const events = (...list: unknown[]) => () =>
  new Response(list.map((each) => `data: ${JSON.stringify(each)}\n\n`).join(""));
const unauthorized = () =>
  Response.json({ error: { kind: "refused", code: "API_TOKEN", message: "give the token" } }, {
    status: 401,
  });

Deno.test("events reach their handlers, and the stream is opened again after its end", async () => {
  const { live, clock, requests } = daemon(
    events({ kind: "problems", problems: [] }, { kind: "rates" }),
    events({ kind: "problems", problems: [] }),
  );
  const heard: string[] = [];
  live.on("problems", ({ kind }) => heard.push(kind));
  const stop = live.start();
  await eventually(() => live.connection.value.state === "offline", "the end of the stream");
  assert.deepEqual(heard, ["problems"]);
  assert.match(requests[0]!.url, /\/v1\/events\?kinds=problems%2Crates$/);
  clock.runNext();
  await eventually(() => heard.length === 2, "the second stream");
  assert.equal(live.opened.value, 2);
  stop();
});

Deno.test("the pause doubles while the daemon is away, up to 15 s, and starts anew by hand", async () => {
  const { live, clock, requests } = daemon();
  const stop = live.start();
  const pauses: number[] = [];
  const isPause = (tries: number) =>
    requests.length === tries && clock.timers.length === 1 &&
    clock.timers[0]!.delayMs !== SILENCE_MS;
  for (let tries = 1; tries <= 8; tries++) {
    await eventually(() => isPause(tries), "a pause");
    pauses.push(clock.runNext());
  }
  assert.deepEqual(pauses, [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  await eventually(() => isPause(9), "a pause");
  live.retry();
  await eventually(() => isPause(10), "a try by hand");
  assert.equal(clock.runNext(), 500);
  stop();
});

Deno.test("without a token, the page asks and does not try again until it has one", async () => {
  const { live, clock, token, requests } = daemon(unauthorized, unauthorized, events());
  const stop = live.start();
  await eventually(() => token.asked.value === "read", "the question");
  assert.equal(live.connection.value.state, "refused");
  assert.equal(clock.timers.length, 0);
  token.give("wrong");
  await eventually(() => token.asked.value === "refused", "the second question");
  assert.equal(requests[1]!.headers.get("authorization"), "Bearer wrong");
  token.give("right");
  await eventually(() => live.opened.value === 1, "the stream");
  assert.equal(requests[2]!.headers.get("authorization"), "Bearer right");
  stop();
});

Deno.test("a stream that falls silent is ended and opened again", async () => {
  const silent = (signal: AbortSignal) =>
    new Response(
      new ReadableStream({
        start: (controller) =>
          signal.addEventListener("abort", () => controller.error(signal.reason)),
      }),
    );
  const { live, clock, requests } = daemon(silent, silent);
  const stop = live.start();
  await eventually(() => live.connection.value.state === "online", "the stream");
  assert.equal(clock.runNext(), SILENCE_MS);
  await eventually(() => live.connection.value.state === "offline", "the end");
  clock.runNext();
  await eventually(() => requests.length === 2, "another try");
  stop();
});
