/**
 * Reads the body of a request, within limits of length and time.
 *
 * @module
 */

import type { IncomingMessage } from "node:http";
import { HttpApiError } from "../../api/mod.ts";
import { type Clock, concatBytes } from "../../base/mod.ts";

/** Limits on the body of a request. */
export interface BodyLimits {
  /** Maximum length of a body that is JSON, bytes. */
  jsonBytes: number;
  /** Maximum time until a body that is JSON is complete (ms). */
  jsonMs: number;
  /** Maximum time in which nothing of an archive arrives (ms). */
  silenceMs: number;
  /** Maximum number of archives that are received at a time. */
  archives: number;
}

/** Default limits. Requests name packages and keys, 64 KiB are some 500 of them. */
export const bodyLimits: BodyLimits = {
  jsonBytes: 65_536,
  jsonMs: 10_000,
  silenceMs: 30_000,
  archives: 4,
};

/** Whether a request has a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined ||
    headers["content-length"] !== undefined && !/^0*$/.test(headers["content-length"]);
}

/**
 * Reads a body that is JSON. Returns `undefined` for an empty body.
 *
 * @throws {HttpApiError} `API_MEDIA_TYPE`, `API_LENGTH`, `API_LATE`, `API_REQUEST`
 */
export async function readJson(
  request: IncomingMessage,
  clock: Clock,
  limits: BodyLimits,
): Promise<unknown> {
  if (!hasBody(request)) return undefined;
  const type = request.headers["content-type"];
  if (!/^application\/json *(?:;|$)/i.test(type ?? "")) {
    throw new HttpApiError("API_MEDIA_TYPE", "The body must have Content-Type: application/json");
  }
  const parts: Uint8Array[] = [];
  const endMs = clock.now() + limits.jsonMs;
  const waitMs = () => endMs - clock.now();
  for await (const part of partsOf(request, clock, limits.jsonBytes, waitMs)) parts.push(part);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(concatBytes(...parts)));
  } catch (error) {
    throw new HttpApiError("API_REQUEST", `The body is not JSON: ${(error as Error).message}`);
  }
}

/**
 * Yields the parts of a body as they arrive.
 *
 * @param waitMs returns the time that the next part may take (ms)
 * @throws {HttpApiError} `API_LENGTH` before more than `maxBytes` are yielded; `API_LATE`; and
 * `API_REQUEST` if the client leaves before the end
 */
export async function* partsOf(
  request: IncomingMessage,
  clock: Clock,
  maxBytes: number,
  waitMs: () => number,
): AsyncGenerator<Uint8Array> {
  const tooLong = () =>
    new HttpApiError("API_LENGTH", `The body may have ${maxBytes} bytes at most`);
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) throw tooLong();
  const iterator = request.iterator({ destroyOnReturn: false });
  let length = 0;
  for (;;) {
    const { done, value } = await inTime(iterator.next(), clock, waitMs());
    if (done) return;
    length += value.length;
    if (length > maxBytes) throw tooLong();
    yield value;
  }
}

async function inTime<T>(next: Promise<T>, clock: Clock, waitMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = clock.after(
    Math.max(waitMs, 0),
    () => late.reject(new HttpApiError("API_LATE", "The body did not arrive in time")),
  );
  try {
    return await Promise.race([next, late.promise]);
  } catch (error) {
    if (error instanceof HttpApiError) throw error;
    throw new HttpApiError("API_REQUEST", "The body ended too early");
  } finally {
    timer.cancel();
    next.catch(() => {});
  }
}
