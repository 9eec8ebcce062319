/**
 * The threads of libreseed, and the channels between them. `scripts/pictures.ts` draws them.
 *
 * @module
 */

/** A thread of a libreseed process, with all resources outside the process that it may touch. */
export interface Thread {
  title: string;
  process: "command" | "host";
  /** The most important rooms whose code runs in the thread. */
  rooms: readonly string[];
  does: readonly string[];
  touches: readonly string[];
}

/** The threads of a command's process and of the process that owns the engine. */
export const threads: Record<string, Thread> = {
  launcher: {
    title: "launcher, the main thread",
    process: "command",
    rooms: ["launcher", "config"],
    does: ["scans the command line", "starts threads, hears signals", "signs, makes links"],
    touches: ["key, settings", "other threads' places"],
  },
  command: {
    title: "command's thread",
    process: "command",
    rooms: ["cli", "publishing", "fetching", "names", "install", "doctor"],
    does: ["parses the command line", "packs, verifies", "calls the control socket"],
    touches: ["home without keys", "paths it was given", "terminal"],
  },
  helper: {
    title: "helper threads",
    process: "command",
    rooms: ["package"],
    does: ["compress, hash, unpack"],
    touches: [],
  },
  hostLauncher: {
    title: "launcher of the host",
    process: "host",
    rooms: ["launcher", "config"],
    does: ["starts threads", "hears signals"],
    touches: ["as any launcher"],
  },
  host: {
    title: "command's thread of the host",
    process: "host",
    rooms: ["host", "control", "store"],
    does: ["answers the control socket", "verifies what is seeded", "keeps records and state"],
    touches: ["home without keys", "seed directory", "HTTP address"],
  },
  engine: {
    title: "engine's thread",
    process: "host",
    rooms: ["worker", "engine", "dht", "router", "reachability", "gate"],
    does: ["owns the DHT node and both sockets", "reads what strangers send"],
    touches: ["one port, TCP and UDP", "public addresses", "seed directory"],
  },
  gate: {
    title: "the gate",
    process: "host",
    rooms: ["gate_thread"],
    does: ["checks each address", "moves bytes without reading them"],
    touches: ["network, by its own check"],
  },
};

/** The channels through which {@linkcode threads} exchange messages. */
export const channels: readonly { from: string; to: string; by: string }[] = [
  { from: "launcher", to: "command", by: "requests" },
  { from: "command", to: "host", by: "control socket" },
  { from: "hostLauncher", to: "host", by: "requests" },
  { from: "command", to: "helper", by: "buffers" },
  { from: "host", to: "engine", by: "comlink" },
  { from: "engine", to: "gate", by: "port" },
];
