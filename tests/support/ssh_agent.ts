/**
 * An SSH agent of OpenSSH with one new Ed25519 key.
 *
 * @module
 */

import { join } from "node:path";

/** Whether the programs `ssh-agent`, `ssh-add` and `ssh-keygen` are there. */
export const hasSshAgent: boolean = await new Deno.Command("sh", {
  args: ["-c", "command -v ssh-agent && command -v ssh-add && command -v ssh-keygen"],
}).output().then(({ success }) => success, () => false);

/** A running agent. It ends on dispose. */
export class SshAgent implements AsyncDisposable {
  /** The agent's socket, value of SSH_AUTH_SOCK. */
  readonly socket: string;
  /** The key as `ssh-add -l` names it: `SHA256:…`. */
  readonly fingerprint: string;
  /** The public key in base64, as libreseed writes it after `ed25519:`. */
  readonly publicKey: string;
  readonly #child: Deno.ChildProcess;

  private constructor(socket: string, child: Deno.ChildProcess, shown: string, publicKey: string) {
    this.socket = socket;
    this.fingerprint = shown.split(" ")[1]!;
    this.publicKey = publicKey;
    this.#child = child;
  }

  /** Starts an agent whose socket and key file are in a directory. */
  static async start(directory: string): Promise<SshAgent> {
    const [socket, key] = [join(directory, "agent"), join(directory, "id")];
    const child = new Deno.Command("ssh-agent", {
      args: ["-D", "-a", socket],
      stdout: "piped",
      stderr: "null",
    }).spawn();
    // The agent prints its variables once the socket is there.
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    const env = { SSH_AUTH_SOCK: socket };
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", key], env);
    await run("ssh-add", ["-q", key], env);
    const [, base64] = (await Deno.readTextFile(`${key}.pub`)).split(" ");
    const publicKey = Uint8Array.fromBase64(base64!).slice(-32).toBase64();
    return new SshAgent(socket, child, await run("ssh-add", ["-l"], env), publicKey);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // The agent has ended.
    }
    await this.#child.status;
  }
}

async function run(
  program: string,
  args: string[],
  env: Record<string, string>,
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, env }).output();
  if (success) return new TextDecoder().decode(stdout);
  throw new Error(`${program} failed: ${new TextDecoder().decode(stderr)}`);
}
