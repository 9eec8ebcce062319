/**
 * Reads a list of paths from standard input: one per line, or separated by NUL as in the output of
 * `find -print0`.
 *
 * @module
 */

import { MAX_STDIN_BYTES, MAX_STDIN_PATHS } from "../../launcher/mod.ts";
import { CliError } from "./errors.ts";

/**
 * Maximum length of a path on standard input, in bytes. Longer paths are refused; Linux allows
 * 4,096 bytes.
 */
const maxPathBytes = 65_536;

/**
 * Decodes a path from UTF-8. `position` is its position in the list, from 1, for error messages.
 */
function decodePath(bytes: Uint8Array, position: number): string {
  if (bytes.length > maxPathBytes) {
    throw new CliError(
      "usage",
      "STDIN_INVALID",
      `path ${position} on standard input is longer than ${maxPathBytes} bytes`,
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new CliError(
      "usage",
      "STDIN_INVALID",
      `path ${position} on standard input is not UTF-8`,
      {
        cause,
      },
    );
  }
}

function tooLong(why: string): CliError {
  const message = `standard input ${why}; call the command several times with a part of the paths`;
  return new CliError("usage", "STDIN_INVALID", message);
}

/**
 * Yields the paths in `input`, in order; empty paths are skipped. With the separator `"\n"`, a
 * carriage return at the end of a line is removed. With `"\0"`, a path may contain any other byte.
 *
 * @throws {CliError} `STDIN_INVALID` for a path that is not UTF-8, contains a NUL, or is longer
 * than 65,536 bytes, and for a list of more than 16 MiB or more than 100,000 paths
 */
export async function* readPaths(
  input: ReadableStream<Uint8Array>,
  separator: "\n" | "\0",
): AsyncGenerator<string, void, undefined> {
  const separatorByte = separator.charCodeAt(0);
  let rest: Uint8Array = new Uint8Array(0);
  let position = 0;
  let lengthBytes = 0;
  let count = 0;
  const take = (bytes: Uint8Array): string => {
    position++;
    const path = decodePath(bytes, position);
    const trimmed = separator === "\n" ? path.replace(/\r$/, "") : path;
    if (trimmed.includes("\0")) {
      throw new CliError(
        "usage",
        "STDIN_INVALID",
        `path ${position} on standard input contains a NUL; use -0 if NULs separate the paths`,
      );
    }
    if (trimmed !== "" && ++count > MAX_STDIN_PATHS) {
      throw tooLong(`names more than ${MAX_STDIN_PATHS} paths`);
    }
    return trimmed;
  };
  for await (const chunk of input) {
    lengthBytes += chunk.length;
    if (lengthBytes > MAX_STDIN_BYTES) throw tooLong(`has more than ${MAX_STDIN_BYTES} bytes`);
    let start = 0;
    for (let end; (end = chunk.indexOf(separatorByte, start)) !== -1; start = end + 1) {
      const line = new Uint8Array(rest.length + end - start);
      line.set(rest);
      line.set(chunk.subarray(start, end), rest.length);
      rest = new Uint8Array(0);
      const path = take(line);
      if (path !== "") yield path;
    }
    const grown = new Uint8Array(rest.length + chunk.length - start);
    grown.set(rest);
    grown.set(chunk.subarray(start), rest.length);
    rest = grown;
    if (rest.length > maxPathBytes) decodePath(rest, position + 1);
  }
  const last = take(rest);
  if (last !== "") yield last;
}
