/**
 * Other programs that fetch only what changed of an update, and a relay that counts what servers
 * send. Used by `update.ts`.
 */

import { basename, dirname, join } from "node:path";
import { missing, runCommand } from "./command.ts";

/** Relays TCP connections to a server on 127.0.0.1, and counts the bytes that the server sends. */
export class ByteRelay implements Disposable {
  /** Number of bytes that the server has sent, headers included. */
  sentBytes = 0;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.Conn>();

  /** @param port the server's port */
  constructor(port: number) {
    void this.#accept(port).catch(() => {});
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async #accept(port: number): Promise<void> {
    for await (const client of this.#listener) {
      const server = await Deno.connect({ hostname: "127.0.0.1", port });
      for (const conn of [client, server]) {
        // Without it, a short message waits until the one before is acknowledged, up to 40 ms.
        conn.setNoDelay(true);
        this.#open.add(conn);
      }
      void this.#carry(client, server, () => {});
      void this.#carry(server, client, (bytes) => this.sentBytes += bytes);
    }
  }

  async #carry(from: Deno.Conn, to: Deno.Conn, count: (bytes: number) => void): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (let size = await from.read(buffer); size !== null; size = await from.read(buffer)) {
        count(size);
        for (let at = 0; at < size;) at += await to.write(buffer.subarray(at, size));
      }
      await to.closeWrite();
    } catch {
      for (const conn of [from, to]) if (this.#open.delete(conn)) conn.close();
    }
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const conn of this.#open) conn.close();
    this.#open.clear();
  }
}

/** nginx on 127.0.0.1, which answers requests for several ranges, as zsync makes them. */
class WebServer implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess, readonly port: number) {
    this.#child = child;
  }

  /** @param root directory of the files; nginx writes beside it */
  static async start(root: string): Promise<WebServer> {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    const at = await Deno.makeTempDir({ dir: dirname(root) });
    const bodies = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((name) => `${name}_temp_path ${at}/${name};`).join(" ");
    const config = `daemon off; user root; pid ${at}/pid; error_log ${at}/errors; events {}\n` +
      `http { access_log off; ${bodies} server { listen 127.0.0.1:${port}; root ${root}; } }\n`;
    await Deno.writeTextFile(join(at, "nginx.conf"), config);
    const child = new Deno.Command("nginx", { args: ["-c", join(at, "nginx.conf")] }).spawn();
    for (let tries = 0;; tries++) {
      try {
        (await Deno.connect({ hostname: "127.0.0.1", port })).close();
        return new WebServer(child, port);
      } catch (error) {
        if (tries === 200) throw error;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
  }
}

/** Two versions of a package as directories, and a directory for a tool's files. */
export interface Versions {
  old: string;
  new: string;
  work: string;
}

/** Cost of an update: bytes that the server sent, and seconds. */
export interface Fetched {
  sentBytes: number;
  seconds: number;
}

/** A program that updates a directory or a file from a web server. */
export interface UpdateTool {
  name: string;
  missing(): Promise<string | undefined>;
  update(versions: Versions): Promise<Fetched>;
}

/** Serves a directory while a command of the reader runs. */
async function fetched(
  root: string,
  command: (url: string) => string[],
  cwd: string,
): Promise<Fetched> {
  await using server = await WebServer.start(root);
  using relay = new ByteRelay(server.port);
  const { ms } = await runCommand(command(`http://127.0.0.1:${relay.port}`), { cwd });
  return { sentBytes: relay.sentBytes, seconds: ms! / 1000 };
}

/** casync: chunks of directories, cut by content, of 64 KiB on average, each compressed by zstd. */
export const casync: UpdateTool = {
  name: "casync",
  missing: missing("casync", "nginx", "/usr/bin/time"),
  async update({ old, new: next, work }) {
    const root = join(work, "casync");
    const got = join(work, "casync-got");
    await Deno.mkdir(root, { recursive: true });
    const options = ["--without=all", `--store=${root}/store.castr`];
    await runCommand(["casync", "make", ...options, `${root}/new.caidx`, next]);
    const result = await fetched(root, (url) => [
      "casync",
      "extract",
      "--without=all",
      `--store=${url}/store.castr`,
      `--seed=${old}`,
      `${url}/new.caidx`,
      got,
    ], work);
    for (const path of [root, got]) await Deno.remove(path, { recursive: true });
    return result;
  },
};

/** zsync: blocks of a gzip file of a tar, found by rolling checksums in the tar before. */
export const zsync: UpdateTool = {
  name: "zsync",
  missing: missing("zsync", "zsyncmake", "nginx", "/usr/bin/time"),
  async update({ old, new: next, work }) {
    const root = join(work, "zsync");
    const got = join(work, "zsync-got");
    for (const path of [root, got]) await Deno.mkdir(path, { recursive: true });
    const tar = async (directory: string, path: string) =>
      await runCommand([
        "tar",
        "--sort=name",
        "--mtime=@0",
        "--owner=0",
        "--group=0",
        ...["-C", directory, "-cf", path, "."],
      ]);
    await tar(old, join(got, "old.tar"));
    await tar(next, join(root, "new.tar"));
    await runCommand(["zsyncmake", "-z", "new.tar"], { cwd: root });
    const made = [...Deno.readDirSync(root)].find(({ name }) => name.endsWith(".zsync"))!.name;
    const result = await fetched(
      root,
      (url) => ["zsync", "-q", "-i", join(got, "old.tar"), `${url}/${basename(made)}`],
      got,
    );
    for (const path of [root, got]) await Deno.remove(path, { recursive: true });
    return result;
  },
};
