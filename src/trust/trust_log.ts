/**
 * The lines of `trust.log`: publisher records and manifests that prove certificates, each signed, so
 * that whoever writes to the file can add nothing that its publisher has not signed. One JSON object a
 * line:
 *
 * | member | value |
 * | --- | --- |
 * | `seen` | time of the line, Unix milliseconds |
 * | `record` | a signed publisher record in the form of `encodeItem`, base64; or |
 * | `manifest` | a minimal manifest with a certificate, as canonical JSON in a string |
 *
 * @module
 */

import { equalBytes, fromBase64, toBase64 } from "../base/mod.ts";
import {
  type MinimalManifest,
  parseMinimal,
  serializeMinimal,
  verifyMinimalSignature,
} from "../package/mod.ts";
import {
  decodeItem,
  decodePublisherRecord,
  encodeItem,
  type MutableItem,
  publisherSalt,
  verifyItem,
} from "../records/mod.ts";

/** Content of one line of the log: a publisher record, or a minimal manifest with a certificate. */
export type LogLine =
  & {
    /** Time of the line, Unix milliseconds. */
    seenMs: number;
  }
  & (
    | { item: MutableItem; manifest?: undefined }
    | { manifest: MinimalManifest; item?: undefined }
  );

/** Returns the line for a verified publisher record or manifest, without a line feed. */
export function formatLine({ seenMs, item, manifest }: LogLine): string {
  return JSON.stringify({
    seen: seenMs,
    ...(item ? { record: toBase64(encodeItem(item)) } : { manifest: serializeMinimal(manifest) }),
  });
}

/**
 * Reads a line and verifies the signatures in it.
 *
 * @returns `undefined` for a line that is damaged, or not signed
 */
export function readLine(line: string): LogLine | undefined {
  try {
    const { seen, record, manifest } = JSON.parse(line) as Record<string, unknown>;
    if (!Number.isSafeInteger(seen) || (seen as number) < 0) return undefined;
    const seenMs = seen as number;
    if (typeof record === "string") {
      const item = decodeItem(fromBase64(record)!);
      if (!equalBytes(item.salt, publisherSalt()) || !verifyItem(item)) return undefined;
      decodePublisherRecord(item.value);
      return { seenMs, item };
    }
    const minimal = parseMinimal(manifest as string);
    return minimal.signer && verifyMinimalSignature(minimal)
      ? { seenMs, manifest: minimal }
      : undefined;
  } catch {
    return undefined;
  }
}
