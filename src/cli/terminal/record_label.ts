/**
 * What a record is called in what people read.
 *
 * @module
 */

import type { RecordJson } from "../../control/mod.ts";

/** `my-tool@1.0.0`, `name index of my-tool`, `announce record`, with the publisher if it is another's. */
export function labelOf(
  { kind, name, version, publisher }: Pick<RecordJson, "kind" | "name" | "version" | "publisher">,
): string {
  if (kind === "name-index") return `name index of ${name}`;
  if (name !== undefined) return `${name}@${version}`;
  return publisher === undefined ? `${kind} record` : `${kind} record of ${publisher}`;
}
