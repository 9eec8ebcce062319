/**
 * A real daemon with the dashboard on a testnet, with a published package.
 *
 * @module
 */

import { join } from "node:path";
import { startTestnet, type Testnet } from "../../src/testnet/mod.ts";
import { type CliProcess, runCli, spawnCli } from "./cli.ts";
import { eventually } from "./engines.ts";
import { freePort } from "./free_port.ts";
import { type TemporaryHome, temporaryHome } from "./temporary_home.ts";

/** Name and version of the package that the daemon seeds. */
export const SEEDED = { name: "dashboard-demo", version: "1.0.0" };

/** A daemon with the dashboard. */
export class DashboardDaemon implements AsyncDisposable {
  /** Address of the page, without a slash at the end. */
  readonly origin: string;
  readonly home: string;
  readonly #directory: TemporaryHome;
  readonly #testnet: Testnet;
  readonly #args: readonly string[];
  #process: CliProcess | undefined;

  private constructor(directory: TemporaryHome, testnet: Testnet, port: number, args: string[]) {
    this.#directory = directory;
    this.#testnet = testnet;
    this.home = join(directory.path, "home");
    this.origin = `http://127.0.0.1:${port}`;
    this.#args = ["seed", ...args];
  }

  /**
   * Starts the daemon, and publishes a package.
   *
   * @param flags further flags of `seed`
   */
  static async start(flags: readonly string[] = []): Promise<DashboardDaemon> {
    const [testnet, directory] = await Promise.all([startTestnet({ nodes: 20 }), temporaryHome()]);
    const port = await freePort();
    const args = [
      ...["--http", `127.0.0.1:${port}`, "--bootstrap", testnet.bootstrap, "--allow-local"],
      ...["--port", String(await freePort()), ...flags],
    ];
    const daemon = new DashboardDaemon(directory, testnet, port, args);
    try {
      await daemon.run(["keygen", "--signing-only"]);
      await daemon.restart();
      await daemon.#publish();
      return daemon;
    } catch (error) {
      await daemon[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs a command in the daemon's home, and returns its standard output. */
  async run(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await runCli(args, { home: this.home });
    if (code !== 0) throw new Error(`libreseed ${args.join(" ")} ended with ${code}\n${stderr}`);
    return stdout;
  }

  /** Starts the daemon again, after it has been stopped. */
  async restart(): Promise<void> {
    this.#process = spawnCli(this.#args, { home: this.home });
    await this.#process.waitForLine(/^ready:/, "stdout");
    await eventually(
      () => fetch(`${this.origin}/`).then(async (r) => (await r.text(), r.ok), () => false),
      "the page is served",
    );
  }

  /** Ends the daemon. */
  async stop(): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
    this.#process = undefined;
  }

  /** Lets the daemon read settings that are no settings, which it writes into its log as an error. */
  async logError(): Promise<void> {
    await Deno.writeTextFile(join(this.home, "config.yaml"), "no-setting: 1\n");
    Deno.kill(this.#process!.pid, "SIGHUP");
  }

  /** Resolves when the daemon has ended by itself. */
  async ended(): Promise<void> {
    await this.#process?.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#testnet.close();
    await this.#directory.remove();
  }

  async #publish(): Promise<void> {
    const source = join(this.#directory.path, "source");
    await Deno.mkdir(source);
    await Deno.writeTextFile(join(source, "README.md"), "# A package\n");
    const { name, version } = SEEDED;
    await this.run(["publish", "--name", name, "--version", version, source]);
  }
}
