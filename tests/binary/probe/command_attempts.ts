/**
 * Attempts of an attacker in the command thread: those that every thread must refuse, and each
 * request to the launcher with arguments that no command is granted.
 *
 * @module
 */

import { join } from "node:path";
import { forbidden as everywhere, local } from "./common_attempts.ts";
import { databases } from "./database_attempts.ts";
import { type Attempt, type ProbeTargets } from "./targets.ts";

declare const self: { postMessage(message: unknown, transfer?: Transferable[]): void };

export { local };

/** Ids of requests: larger than those of the thread's own requests. */
let lastId = 1_000_000;

/** A message of the launcher. */
export interface Told {
  kind?: string;
  id?: number;
  why?: string;
  value?: unknown;
  error?: { code?: string; message: string };
}

/** Messages that attempts wait for. */
const awaited = new Set<(message: Told) => boolean>();

/** Hands a message of the launcher to the attempt that waits for it; `false` if there is none. */
export function hearAnswer(message: Told): boolean {
  return [...awaited].some((take) => take(message));
}

/** Waits for a message of the launcher. */
function told(isIt: (message: Told) => boolean): Promise<Told> {
  return new Promise((resolve) => {
    const take = (message: Told) => {
      if (!isIt(message)) return false;
      awaited.delete(take);
      resolve(message);
      return true;
    };
    awaited.add(take);
  });
}

/** Sends a request to the launcher. Rejects with the code of the launcher's error. */
async function ask(name: string, ...args: unknown[]): Promise<unknown> {
  const id = ++lastId;
  const answered = told((message) => message.kind === "answer" && message.id === id);
  self.postMessage({ kind: "request", id, name, args });
  const { value, error } = await answered;
  if (error) throw new Error(`${error.code}: ${error.message}`);
  return value;
}

const ownKey = ({ home }: ProbeTargets) => join(home, "keys", "publisher.key");
/** An order that no probed command line gives. */
const evilOrder = { do: "certify", root: { from: "home" }, key: `ed25519:${"A".repeat(43)}=` };
const otherKey = ({ home }: ProbeTargets) => join(home, "..", "other", "keys", "publisher.key");
const record = { kind: "record", seq: 1, value: new TextEncoder().encode("1:a") };
const manifest = { kind: "minimal manifest", json: new TextEncoder().encode("{}") };
const nameEntry = {
  kind: "name entry",
  name: "some",
  version: "1.0.0",
  firstSeenMs: 1,
  timestampMs: 1,
};
const package0 = "0".repeat(64);

/** Attempts that the runtime must refuse in the thread of every command. */
export const forbidden: Record<string, Attempt> = {
  ...everywhere,
  ...databases,
  "read the SSH key": ({ userHome }) => Deno.readTextFile(join(userHome, ".ssh", "id_ed25519")),
  "read a file of another user": ({ otherFile }) => Deno.readTextFile(otherFile),
  "list the keys": ({ home }) => [...Deno.readDirSync(join(home, "keys"))],
  "list the user's home": ({ userHome }) => [...Deno.readDirSync(userHome)],
  "list the root": () => [...Deno.readDirSync("/")],
  "describe the key": ({ home }) => Deno.lstat(join(home, "keys", "publisher.key")),
  "write the key": ({ home }) =>
    Deno.writeTextFile(join(home, "keys", "publisher.key"), "", { append: true }),
  "rename the key": ({ home, seedDirectory }) =>
    Deno.rename(join(home, "keys", "publisher.key"), join(seedDirectory, "evil")),
  "copy the key": ({ home, seedDirectory }) =>
    Deno.copyFile(join(home, "keys", "publisher.key"), join(seedDirectory, "evil")),
  "open the key to all": ({ home }) => Deno.chmod(join(home, "keys", "publisher.key"), 0o600),
  "rename the directory of keys": ({ home, seedDirectory }) =>
    Deno.rename(join(home, "keys"), join(seedDirectory, "evil")),
  "remove the directory of keys": ({ home }) => Deno.remove(join(home, "evil.js")),
  "write into the user's home": ({ userHome }) => Deno.writeTextFile(join(userHome, "evil"), ""),
  "write the settings": ({ home }) =>
    Deno.writeTextFile(join(home, "config.yaml"), "", { append: true }),
  "connect to another program's Unix socket": async ({ otherSocket }) =>
    (await Deno.connect({ transport: "unix", path: otherSocket })).close(),
  "ask for the permission to read": async () => {
    const { state } = await Deno.permissions.request({ name: "read" });
    if (state !== "granted") throw new Deno.errors.NotCapable(state);
  },
};

/** Asks the launcher for a helper thread, and ends the helper. */
async function startHelper(read: string[], write: string[]): Promise<void> {
  const id = ++lastId;
  const { port1, port2 } = new MessageChannel();
  const died = told((message) => message.kind === "helper-died" && message.id === id);
  const answered = new Promise<void>((resolve) => port1.onmessage = () => resolve());
  const files = { read, write };
  self.postMessage({ kind: "start-helper", id, files, port: port2 }, [port2]);
  port1.postMessage({ order: "compress", bytes: new Uint8Array(1) });
  const message = await Promise.race([answered, died]);
  port1.close();
  self.postMessage({ kind: "end-helper", id });
  if (message) throw new Error(`NOT_GRANTED: ${message.why}`);
}

/** Requests to the launcher that must be refused for every command. */
const requests: Record<string, Attempt> = {
  "ask for another public key": (targets) => ask("signingKey", otherKey(targets)),
  "ask for another signature": (targets) => ask("sign", otherKey(targets), record),
  "make a key elsewhere": ({ home }) => ask("createKey", join(home, "evil", "publisher.key")),
  "have a key certified": (targets) => ask("changeKeys", ownKey(targets), evilOrder, {}),
  "open the root key for another order": (targets) =>
    ask("rootKey", ownKey(targets), { ...evilOrder, root: { from: "file", path: "/evil" } }),
  "examine another key": (targets) => ask("examineKey", otherKey(targets)),
  "examine another home": ({ userHome }) => ask("examineHome", userHome, userHome),
  "ask about the root": () => ask("describe", "/"),
  "ask about the SSH key": ({ userHome }) => ask("describe", join(userHome, ".ssh")),
  "link to the key": ({ home }) =>
    ask("makeLink", join(home, "keys", "publisher.key"), join(home, "evil")),
  "link to a package from elsewhere": ({ home }) =>
    ask("makeLink", join(home, "packages", package0, "package"), join(home, "evil")),
  "link from the store to elsewhere": ({ home }) =>
    ask("makeLink", "/etc", join(home, "packages", package0, "node_modules", "evil")),
  "place a file elsewhere": ({ ownFile, home }) =>
    ask("placeFile", ownFile, join(home, "evil-1.0.0.tgz")),
  "place a file over another": ({ ownFile, home }) =>
    ask("placeFile", ownFile, join(home, "config.yaml"), true),
  "have a helper read the key": ({ home }) =>
    startHelper([join(home, "keys", "publisher.key")], []),
  "have a helper read past a directory of its own": ({ seedDirectory }) =>
    startHelper([`${seedDirectory}/../keys/publisher.key`], []),
  "have a helper write the settings": ({ home }) => startHelper([], [join(home, "config.yaml")]),
  "make a request that there is not": () => ask("constructor", "evil"),
  "find the owner of what is no port": () => ask("findPortOwner", "1 or sport = :2"),
};

/** Attempts that must fail unless the command may use the key in this way. */
const key: Record<string, Attempt> = {
  "ask about the key": ({ home }) => ask("examineKey", join(home, "keys", "publisher.key")),
  "ask for the public key": ({ home }) => ask("signingKey", join(home, "keys", "publisher.key")),
  "sign a record": ({ home }) => ask("sign", join(home, "keys", "publisher.key"), record),
  "sign a manifest": ({ home }) => ask("sign", join(home, "keys", "publisher.key"), manifest),
  "sign a name entry": ({ home }) => ask("sign", join(home, "keys", "publisher.key"), nameEntry),
};

/** Attempts that must fail unless the command may start an engine. */
const engine: Record<string, Attempt> = {
  "start an engine": async ({ hasEngine }) => {
    if (hasEngine) throw new Error("not tried beside the running engine");
    const { port1, port2 } = new MessageChannel();
    const died = told((message) => message.kind === "engine-died");
    const started = new Promise<void>((resolve) => {
      // The engine answers a message of npm:comlink, with an error or a value.
      port1.onmessage = () => resolve();
    });
    self.postMessage({ kind: "start-engine", port: port2 }, [port2]);
    port1.postMessage({ id: "1", type: "GET", path: ["probe"] });
    const message = await Promise.race([started, died]);
    port1.close();
    self.postMessage({ kind: "end-engine" });
    if (message) throw new Error(`NOT_GRANTED: ${message.why}`);
  },
};

/** All attempts in the command thread, grouped by kind, for the test to enumerate. */
export const kinds = { forbidden, requests, local, key, engine };

/** All attempts in the command thread, by name. */
export const attempts: Record<string, Attempt> = {
  ...forbidden,
  ...requests,
  ...local,
  ...key,
  ...engine,
};
