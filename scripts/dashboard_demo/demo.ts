/** A testnet, three homes with their daemons, and traffic between them. */

import { join } from "node:path";
import { delay, systemClock } from "../../src/base/mod.ts";
import { startTestnet, type Testnet } from "../../src/testnet/mod.ts";
import { freePort } from "../../tests/support/mod.ts";
import { type Person, Programs } from "../demo/mod.ts";
import { packages, writeSource } from "./sources.ts";

/** Number of nodes of the testnet. */
const NODES = 60;
/** Pause between two downloads (ms). */
const PAUSE_MS = 3_000;

/** Time limit of a command (ms). Generous, since three daemons share the machine. */
const DEADLINE_MS = 300_000;

/** A home with its daemon. */
export interface DemoHome {
  name: string;
  /** Address of the dashboard, without a slash at the end. */
  origin: string;
  person: Person;
}

/** The demo. */
export class DashboardDemo implements AsyncDisposable {
  /** The homes; the first is that of the publisher. */
  readonly homes: DemoHome[] = [];
  readonly #say: (line: string) => void;
  readonly #signal: AbortSignal;
  readonly #programs: Programs;
  #directory = "";
  /** The publisher's key as `ed25519:BASE64`. */
  #key = "";
  #testnet: Testnet | undefined;

  /**
   * @param say prints what happens, a line at a time
   * @param signal ends the demo when it is aborted
   */
  constructor(say: (line: string) => void, signal: AbortSignal) {
    this.#say = say;
    this.#signal = signal;
    this.#programs = new Programs(Deno.env.get("LIBRESEED_BIN"), signal, DEADLINE_MS);
  }

  /** Starts everything, publishes the packages, and lets the others download some. */
  async start(): Promise<void> {
    const directory = await Deno.makeTempDir({ prefix: "libreseed-" });
    this.#directory = await Deno.realPath(directory);
    this.#testnet = await startTestnet({ nodes: NODES });
    this.#say(`A testnet of ${NODES} nodes runs.`);
    const publisher = await this.#home("publisher");
    const key = (await this.#run(publisher, ["keygen", "--signing-only"])).trim();
    await this.#seed(publisher);
    for (const each of packages) await this.#publish(publisher, each);
    const mirror = await this.#home("mirror");
    await this.#run(mirror, ["follow", key]);
    await this.#seed(mirror, ["--mirror"]);
    const reader = await this.#home("reader");
    await this.#seed(reader);
    // The reader keeps one package; `run` downloads the others into another directory.
    const [{ name }] = packages as [typeof packages[number]];
    await this.#run(reader, ["get", `${key}/${name}`]);
    this.#say(`The reader has ${name}.`);
    this.#key = key;
  }

  /** Downloads packages again and again, until the signal is aborted. */
  async run(): Promise<void> {
    const [publisher, , reader] = this.homes as [DemoHome, DemoHome, DemoHome];
    for (let turn = 0;; turn++) {
      const { name, version } = packages[turn % packages.length]!;
      this.#say(`The reader downloads ${name} ${version}.`);
      await this.#run(reader, ["get", `${this.#key}/${name}@${version}`]);
      await delay(systemClock, PAUSE_MS, this.#signal);
      await this.#run(reader, ["remove", `${name}@${version}`]);
      if (turn % packages.length === packages.length - 1) {
        const minor = 2 + Math.floor(turn / packages.length);
        const each = { name: "parser-kit", version: `2.${minor}.0`, bytes: 1_500_000 };
        await this.#publish(publisher, each);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#programs[Symbol.asyncDispose]();
    await this.#testnet?.close();
    if (this.#directory !== "") await Deno.remove(this.#directory, { recursive: true });
  }

  async #home(name: string): Promise<DemoHome> {
    const cwd = join(this.#directory, name);
    await Deno.mkdir(cwd);
    const http = await freePort();
    const person = {
      name,
      cwd,
      env: {
        HOME: cwd,
        LIBRESEED_HOME: join(cwd, "home"),
        LIBRESEED_PORT: String(await freePort()),
        LIBRESEED_BOOTSTRAP: this.#testnet!.bootstrap,
        LIBRESEED_ALLOW_LOCAL: "true",
        LIBRESEED_HTTP: `127.0.0.1:${http}`,
        // Details, so that the log has lines.
        LIBRESEED_LOG_LEVEL: "debug",
        // The demo sends nothing beyond this machine.
        LIBRESEED_LAN: "false",
        LIBRESEED_PORT_MAPPING: "false",
      },
    };
    const home = { name, origin: `http://127.0.0.1:${http}`, person };
    this.homes.push(home);
    return home;
  }

  async #seed({ name, person }: DemoHome, flags: readonly string[] = []): Promise<void> {
    await this.#programs.startLibreseed(person, ["seed", ...flags], () => {});
    this.#say(`The ${name}'s daemon runs.`);
  }

  async #publish(home: DemoHome, { name, version, bytes }: typeof packages[number]): Promise<void> {
    const source = join(home.person.cwd, `${name}-${version}`);
    await writeSource(source, name, bytes);
    await this.#run(home, ["publish", "--name", name, "--version", version, source]);
    await Deno.remove(source, { recursive: true });
    this.#say(`${name} ${version} is published.`);
  }

  async #run({ person }: DemoHome, args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.#programs.libreseed(person, args);
    if (code === 0) return stdout;
    throw new Error(`libreseed ${args.join(" ")} ended with ${code}: ${stderr.trim()}`);
  }
}
