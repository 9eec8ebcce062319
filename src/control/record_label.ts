/**
 * Labels for DHT records in messages.
 *
 * @module
 */

import type { RecordJson } from "./answers.ts";

/**
 * Returns the label of a DHT record: `my-tool@1.0.0`, `name index of my-tool`, `announce record`; or of a
 * torrent.
 * For an announce record of another publisher, the label contains that publisher's key.
 */
export function labelOf(
  { kind, name, version, publisher }: Pick<RecordJson, "kind" | "name" | "version" | "publisher">,
): string {
  if (kind === "name-index") return `name index of ${name}`;
  if (kind === "torrent") return `torrent of ${name}@${version}`;
  if (name !== undefined) return `${name}@${version}`;
  return publisher === undefined ? `${kind} record` : `${kind} record of ${publisher}`;
}
