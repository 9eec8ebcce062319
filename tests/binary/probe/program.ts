/**
 * The program with hostile threads, compiled only for tests. Messages between the threads are
 * written to the file that `PROBE_MESSAGES` names. The threads attack the targets in
 * `PROBE_TARGETS` on SIGUSR1, or if `PROBE_AT` is `start`, instead of running the command, or if
 * `PROBE_AT` is the name of the thread, as soon as the thread has started. The
 * outcomes, and the permissions that the launcher has kept, are written to standard error. With
 * `PROBE_GATEWAY`, the default gateway changes at SIGUSR2. With `PROBE_GATE`, the program starts only the gate, and asks it
 * for the addresses in that variable. With `PROBE_UDP`, the gate has a socket of Node by then.
 */

import type { NamedDatabase } from "../../../src/confinement/mod.ts";
import type { Probed } from "./hear.ts";
import { noteOf } from "./note.ts";
import type { ProbeTargets } from "./targets.ts";

const messages = Deno.env.get("PROBE_MESSAGES");
const targetsText = Deno.env.get("PROBE_TARGETS");
const probeAt = Deno.env.get("PROBE_AT");
const isAtStart = probeAt === "start";

/** Writes a line to the file of messages. */
function write(line: string): void {
  if (messages !== undefined) Deno.writeTextFileSync(messages, `${line}\n`, { append: true });
}

/**
 * Writes a line to standard error directly, because the daemon redirects the console to its log.
 */
function say(line: string): void {
  const bytes = new TextEncoder().encode(`${line}\n`);
  for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
}

/** Lists the permissions of the launcher. */
function kept(): string[] {
  const names = ["read", "write", "net", "env", "sys", "run", "ffi"] as const;
  return names.filter((name) => {
    const { state, partial } = Deno.permissions.querySync({ name });
    return state !== "denied" && state !== "prompt" || partial;
  });
}

/**
 * Starts the gate, and asks it for a connection to each address. Writes the error of each to
 * standard error, and has the gate's thread attack.
 */
async function askGate(addresses: { host: string; port: number }[]): Promise<void> {
  const { connectGate } = await import("../../../src/gate_thread/mod.ts");
  const { GateClient } = await import("../../../src/gate/mod.ts");
  const client = new GateClient(
    connectGate({ allowLocal: false, interfaces: [] }, ({ message }) => say(message)).open(),
  );
  if (Deno.env.has("PROBE_UDP")) {
    const udp = client.udp();
    await new Promise<void>((resolve, reject) => {
      udp.once("listening", () => resolve()).once("error", (error: Error & { code?: string }) => {
        // A machine without IPv6. Node is loaded then, too.
        if (error.code === "EAFNOSUPPORT") resolve();
        else reject(error);
      }).bind(0);
    });
  }
  const errors = await Promise.all(addresses.map((address) =>
    new Promise((resolve) => {
      const socket = client.dial(address);
      socket.on("connect", () => resolve("connected"));
      socket.on("error", (error: Error & { code?: string }) => resolve(error.code));
    })
  ));
  say(`refused ${JSON.stringify(errors)}`);
  // The test ends the process.
  await new Promise(() => {});
}

/** A message of a thread to this file. */
interface Heard {
  probed?: Probed;
  note?: string;
  said?: string;
}

type PostArgs = Parameters<Worker["postMessage"]>;

globalThis.Worker = class extends Worker {
  readonly #thread: string;
  readonly #permissions: unknown;
  #attacks = 0;
  /** Messages for the thread that wait until the attempts have been made. */
  #held: PostArgs[] | undefined;

  constructor(code: string | URL, options: WorkerOptions = {}) {
    super(code, options);
    this.#thread = options.name!.replace("libreseed-", "");
    this.#permissions = options.deno?.permissions;
    this.addEventListener("message", (event) => {
      const { probed, note, said } = event.data as Heard;
      if (said !== undefined) {
        event.stopImmediatePropagation();
        return say(said);
      }
      if (!probed && note === undefined) return write(noteOf(`${this.#thread} from`, event.data));
      // The launcher expects no such message.
      event.stopImmediatePropagation();
      if (note !== undefined) return write(note);
      say(`probed ${this.#thread} ${++this.#attacks} ${JSON.stringify(probed)}`);
      if (isAtStart) Deno.exit(0);
      for (const args of this.#held?.splice(0) ?? []) super.postMessage(...args);
      this.#held = undefined;
    });
    if (probeAt === this.#thread) {
      // The thread does its work after the attempts, because it could end before they do.
      this.#held = [];
      this.#probe();
    }
    if (targetsText === undefined || isAtStart) return;
    Deno.addSignalListener("SIGUSR1", () => {
      say(`kept ${JSON.stringify(kept())}`);
      this.#probe();
    });
  }

  override postMessage(...args: unknown[]): void {
    const isStart = this.#thread === "command" && Object.hasOwn(args[0] as object, "args");
    if (isAtStart && isStart) {
      return this.#probe((args[0] as { databases: NamedDatabase[] }).databases);
    }
    write(noteOf(`${this.#thread} to`, args[0]));
    const { kind, gateway } = args[0] as { kind?: string; gateway?: { address: string } };
    if (kind === "gateways") say(`gateway ${gateway?.address}`);
    if (this.#held) this.#held.push(args as PostArgs);
    else super.postMessage(...args as PostArgs);
  }

  /** @param databases the databases that the start would have named */
  #probe(databases?: NamedDatabase[]): void {
    const targets: ProbeTargets = JSON.parse(targetsText!);
    super.postMessage({ probe: { targets, permissions: this.#permissions, databases } });
  }
};

// The imports are dynamic. Static ones would use the original worker class, because they are
// evaluated before the class is replaced.
if (Deno.env.has("PROBE_GATEWAY")) (await import("./change_gateway.ts")).changeGateway();
if (Deno.env.has("PROBE_GATE")) await askGate(JSON.parse(Deno.env.get("PROBE_GATE")!));
if (Deno.args.length === 0) {
  const { processIo, runCli } = await import("../../../src/cli/mod.ts");
  Deno.exit(await runCli(Deno.args, processIo()));
}
const { launch } = await import("../../../src/launcher/launch.ts");
Deno.exit(
  await launch({
    args: Deno.args,
    variables: Deno.env.toObject(),
    code: new URL("./command.ts", import.meta.url),
    exit: Deno.exit,
  }),
);
