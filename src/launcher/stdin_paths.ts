/**
 * Reads the list of paths on standard input for `publish -`. The launcher reads it, because the
 * permissions of the command's thread follow from the paths. The thread reads the same bytes, and
 * reports what is wrong with them.
 *
 * @module
 */

/** Maximum length of the list (bytes). */
export const MAX_STDIN_BYTES: number = 16 * 2 ** 20;
/** Maximum number of paths. Each path is an entry in the permission lists of the thread. */
export const MAX_STDIN_PATHS = 100_000;

/** Reads a list to its end, or one byte past its maximum length. */
export async function readStdin(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let lengthBytes = 0;
  for await (const chunk of stream) {
    const kept = chunk.subarray(0, MAX_STDIN_BYTES + 1 - lengthBytes);
    chunks.push(kept);
    lengthBytes += kept.length;
    if (lengthBytes > MAX_STDIN_BYTES) break;
  }
  return new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

/**
 * Splits a list as the command does. Leaves out paths that are not UTF-8. Returns no path of a list
 * that is too long, because the command refuses it.
 */
export function pathsIn(bytes: Uint8Array, separator: "\0" | "\n"): string[] {
  if (bytes.length > MAX_STDIN_BYTES) return [];
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const paths = text.split(separator)
    .map((path) => separator === "\n" ? path.replace(/\r$/, "") : path)
    .filter((path) => path !== "" && !path.includes("\0"));
  return paths.length > MAX_STDIN_PATHS ? [] : paths;
}
