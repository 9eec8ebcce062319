/**
 * A web server of files for tests of web seeds, which behaves well or badly on demand.
 *
 * @module
 */

/** The way in which a {@linkcode WebHost} answers. */
export type WebHostMode =
  /** Ranges, as any web server. */
  | "good"
  /** Whole files, whatever range was asked for. */
  | "whole"
  /** Other bytes than those of the file. */
  | "wrong"
  /** The file without its last byte. */
  | "short"
  /** The file and one byte more. */
  | "long"
  /** A promise of the range, and only its first bytes. */
  | "cut"
  /** One byte, and then nothing. */
  | "slow"
  /** 128 KiB a second. */
  | "drip"
  /** A redirect to the same URL. */
  | "loop"
  /** A redirect to an address that is never a web seed. */
  | "private"
  /** Status 404 for every file but a `.torrent`. */
  | "missing";

/** A web server on 127.0.0.1. */
export class WebHost implements AsyncDisposable {
  /** Paths and ranges of the requests so far. */
  readonly requests: string[] = [];
  mode: WebHostMode = "good";
  readonly #files: Map<string, Uint8Array>;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  /** @param files contents by path, which begins with a slash and is percent-encoded */
  constructor(files: Record<string, Uint8Array>, mode: WebHostMode = "good") {
    this.#files = new Map(Object.entries(files));
    this.mode = mode;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => this.#answer(request),
    );
  }

  /** URL of the server's root directory. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  /** Adds a file; `path` is as in the constructor. */
  add(path: string, file: Uint8Array): void {
    this.#files.set(path, file);
  }

  /** Number of bytes that were asked for by ranges of the file at a path. */
  askedBytes(path: string): number {
    return this.requests.filter((line) => line.startsWith(`${path} bytes=`))
      .map((line) => line.split("=")[1]!.split("-").map(Number))
      .reduce((sum, [from, to]) => sum + to! - from! + 1, 0);
  }

  #answer(request: Request): Response {
    const { pathname } = new URL(request.url);
    const wanted = request.headers.get("range");
    this.requests.push(`${pathname} ${wanted}`);
    const file = this.#files.get(pathname);
    const isTorrent = pathname.endsWith(".torrent");
    if (!file || this.mode === "missing" && !isTorrent) {
      return new Response("", { status: 404 });
    }
    const mode = isTorrent ? "good" : this.mode;
    if (mode === "loop") return redirect(request.url);
    if (mode === "private") return redirect("http://169.254.169.254/latest/meta-data/");
    if (mode === "whole") return new Response(file.slice());
    return ranged(altered(file, mode), wanted ?? "", mode);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

function redirect(location: string): Response {
  return new Response("", { status: 302, headers: { location } });
}

function altered(file: Uint8Array, mode: WebHostMode): Uint8Array<ArrayBuffer> {
  if (mode === "wrong") return file.map((byte, index) => index % 100 === 99 ? byte ^ 1 : byte);
  if (mode === "short") return file.slice(0, -1);
  if (mode !== "long") return file.slice();
  const longer = new Uint8Array(file.length + 1);
  longer.set(file);
  return longer;
}

function ranged(file: Uint8Array<ArrayBuffer>, wanted: string, mode: WebHostMode): Response {
  const [, from = "0", to = ""] = /^bytes=(\d+)-(\d+)$/.exec(wanted) ?? [];
  const [first, end] = [Number(from), Math.min(Number(to || file.length) + 1, file.length)];
  if (first >= file.length) return new Response("", { status: 416 });
  const headers = {
    "content-range": `bytes ${first}-${end - 1}/${file.length}`,
    "content-length": `${end - first}`,
  };
  const part = file.subarray(first, end);
  if (mode === "drip") return new Response(drip(part), { status: 206, headers });
  const body = mode === "slow" || mode === "cut"
    ? trickle(part.subarray(0, mode === "slow" ? 1 : 1_000), mode === "cut")
    : part;
  return new Response(body, { status: 206, headers });
}

/** A body that comes in parts of 64 KiB, two a second. */
function drip(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let sent = 0;
  return new ReadableStream({
    async pull(controller) {
      if (sent > 0) await new Promise((resolve) => setTimeout(resolve, 500));
      controller.enqueue(bytes.slice(sent, sent += 64 * 1024));
      if (sent >= bytes.length) controller.close();
    },
  });
}

/** A body of some bytes, which then ends in the middle of the answer, or does not end. */
function trickle(
  bytes: Uint8Array<ArrayBuffer>,
  ends: boolean,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
    },
    pull(controller) {
      if (ends) controller.close();
    },
  });
}
