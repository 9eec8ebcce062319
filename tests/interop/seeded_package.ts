/**
 * A package that libreseed has packed, published and seeds, so that other programs can download it.
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { startTestnet, type Testnet } from "../../src/testnet/mod.ts";
import { type CliProcess, freePort, runCli, spawnCli, temporaryHome } from "../support/mod.ts";

/** Length of the payload in bytes: several pieces, the last of which is shorter. */
export const PAYLOAD_BYTES = 2_500_000;

/** A running `libreseed seed` process with one package. */
export interface SeededPackage extends AsyncDisposable {
  testnet: Testnet;
  home: string;
  seed: CliProcess;
  /** Port of the daemon: TCP for peers, UDP for the DHT. */
  port: number;
  /** Public key of the publisher, as `ed25519:…`. */
  publisher: string;
  magnet: string;
  infoHashHex: string;
  archivePath: string;
  torrentPath: string;
  minimalPath: string;
  /** SHA-256 of the archive, in hexadecimal. */
  sha256: string;
}

/** Makes a directory with incompressible files. */
export async function writePayload(dir: string): Promise<void> {
  await Deno.mkdir(join(dir, "lib"), { recursive: true });
  await Deno.writeTextFile(join(dir, "README.md"), "# A package\n");
  const bytes = new Uint8Array(PAYLOAD_BYTES);
  // `getRandomValues` fills 65,536 bytes per call at most.
  for (let at = 0; at < bytes.length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  await Deno.writeFile(join(dir, "lib", "data.bin"), bytes);
}

/** Returns the SHA-256 of a file, in hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  return createHash("sha256").update(await Deno.readFile(path)).digest("hex");
}

/** Runs libreseed, asserts success, and returns its standard output. */
export async function libreseed(args: readonly string[], home: string): Promise<string> {
  const { code, stdout, stderr } = await runCli(args, { home });
  if (code === 0) return stdout;
  throw new Error(`libreseed ${args.join(" ")} ended with ${code}\n${stdout}${stderr}`);
}

/** Flags that restrict libreseed to a testnet, with a port of its own. */
export function onTestnet(testnet: Testnet, port: number): string[] {
  return ["--bootstrap", testnet.bootstrap, "--allow-local", "--port", String(port)];
}

/**
 * Starts a testnet and a daemon, and publishes a package.
 *
 * @param host IP address of the testnet's nodes and of the daemon
 * @param flags further flags of the daemon
 */
export async function seededPackage(
  { nodes = 30, host = "127.0.0.1", nodesPerAnswer, flags = [] }: {
    flags?: readonly string[];
    nodes?: number;
    host?: string;
    nodesPerAnswer?: number;
  } = {},
): Promise<SeededPackage> {
  await using stack = new AsyncDisposableStack();
  const testnet = stack.use(await startTestnet({ nodes, hosts: [host], nodesPerAnswer }));
  const home = stack.use(await temporaryHome()).path;
  const port = await freePort();
  const publisher = (await libreseed(["keygen", "--signing-only"], home)).trim();
  const seed = stack.use(
    spawnCli(["seed", ...onTestnet(testnet, port), ...flags], { home, timeoutMs: 600_000 }),
  );
  await seed.waitForLine(/^ready/, "stdout");
  const dir = join(home, "package");
  await writePayload(dir);
  const published = JSON.parse(
    await libreseed(["publish", "--json", "--name", "hello", "--version", "1.0.0", dir], home),
  );
  const archivePath: string = published.path;
  const cleanup = stack.move();
  return {
    testnet,
    home,
    seed,
    port,
    publisher,
    magnet: published.magnet,
    infoHashHex: published.infohash,
    archivePath,
    torrentPath: archivePath.replace(/\.tgz$/, ".torrent"),
    minimalPath: archivePath.replace(/\.tgz$/, ".minimal.json"),
    sha256: await sha256Of(archivePath),
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}
