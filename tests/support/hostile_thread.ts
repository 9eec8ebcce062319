/**
 * Runs the launcher in a process of its own, with a command thread that a stranger has taken over:
 * the thread runs the code that a test hands in. This file is the helper, the program of the
 * process, and the code of the thread.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { systemClock } from "../../src/base/mod.ts";
import { type CommandThreadOptions, runCommandThread } from "../../src/launcher/command_thread.ts";
import { grantedRequests, type RequestGrants } from "../../src/launcher/granted_requests.ts";
import { type CliProcess, spawnCli } from "./cli.ts";

/** A function for the hostile code: asks the launcher for something, and returns the answer. */
const PRELUDE = `
  let last = 0;
  const waiting = new Map();
  addEventListener("message", ({ data }) => {
    if (data.kind === "answer") waiting.get(data.id)?.(data);
    else if (data.kind === "helper-died") deaths.push(data);
    else print(data.kind);
  });
  const deaths = [];
  const print = (value) => console.log(JSON.stringify(value));
  const ask = (name, ...args) => new Promise((resolve) => {
    waiting.set(++last, resolve);
    postMessage({ kind: "request", id: last, name, args });
  });
  const exit = (code) => postMessage({ kind: "exit", code });
`;

/** Grants of a command that starts an engine and has no key. */
const SOME_GRANTS: RequestGrants = {
  keyPath: undefined,
  keyUses: [],
  keyLine: undefined,
  port: 6881,
  storePath: undefined,
  links: [],
  staging: new Map(),
  places: [],
  described: ["/home/of/the/user"],
  isExamined: false,
  wantsEngine: true,
  mapsPort: false,
  watchesAddresses: false,
  bind: undefined,
};

/**
 * Starts the launcher with a thread that runs `code`, the body of an asynchronous function.
 *
 * @param place absolute path of a directory, which the code has as `place`. Helpers may read `read`
 * and `both` in it, and write `both`
 * @param endingMs time that a command has to end after its thread has acknowledged a signal (ms)
 */
export function spawnHostileThread(
  code: string,
  place = "/nowhere",
  endingMs = 60_000,
): CliProcess {
  const file = fileURLToPath(import.meta.url);
  const flags = ["-qA", "--no-check", "--unstable-worker-options"];
  return spawnCli([code, place, `${endingMs}`], {
    program: [Deno.execPath(), "run", ...flags, file],
  });
}

/** Requests that only tell what they were called with, and one that is never answered. */
function tellingRequests(): CommandThreadOptions["requests"] {
  const tell = (...args: unknown[]) => Promise.resolve(args);
  const never = () => new Promise<never>(() => {});
  const get = (_: object, name: string | symbol) => name === "findPortOwner" ? never : tell;
  return new Proxy({}, { get }) as CommandThreadOptions["requests"];
}

async function serve(code: string, place: string, endingMs: number): Promise<number> {
  let engines = 0;
  return await runCommandThread({
    code: new URL(import.meta.url),
    permissions: "none",
    start: { args: [code, place] } as never,
    requests: grantedRequests(SOME_GRANTS, tellingRequests()),
    helperGrants: { read: [`${place}/read`, `${place}/both`], write: [`${place}/both`] },
    engineOptions() {
      console.log(`engine ${++engines}`);
      return new Promise<never>(() => {});
    },
    clock: {
      ...systemClock,
      after: (delayMs, fire) => systemClock.after(delayMs === 60_000 ? endingMs : delayMs, fire),
    },
    say: console.error,
    exit: Deno.exit,
  });
}

if (import.meta.main) {
  if (typeof WorkerGlobalScope === "undefined") {
    Deno.exit(await serve(Deno.args[0]!, Deno.args[1]!, Number(Deno.args[2])));
  }
  addEventListener("message", ({ data }) => {
    const [code, place] = data.args;
    new Function("place", `${PRELUDE}; (async () => { ${code} })();`)(place);
  }, { once: true });
}
