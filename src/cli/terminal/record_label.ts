/**
 * The label of a DHT record in messages.
 *
 * @module
 */

import type { RecordJson } from "../../control/mod.ts";

/**
 * Labels a record: `my-tool@1.0.0`, `name index of my-tool`, `announce record`. The label names the
 * publisher unless it is this home's own.
 */
export function labelOf(
  { kind, name, version, publisher }: Pick<RecordJson, "kind" | "name" | "version" | "publisher">,
): string {
  if (kind === "name-index") return `name index of ${name}`;
  if (name !== undefined) return `${name}@${version}`;
  return publisher === undefined ? `${kind} record` : `${kind} record of ${publisher}`;
}
