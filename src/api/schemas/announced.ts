/**
 * The outcome of an announcement, as the HTTP API tells it. The control socket has more of it.
 *
 * @module
 */

import type { Announced, RecordName } from "../../control/mod.ts";

type Outcome = NonNullable<Announced["outcome"]>;

/** Outcome of announcing one record again. Signed items are the base64 of their bytes. */
export interface AnnouncedJson extends RecordName {
  /** DHT target of the record, 40 hexadecimal digits. */
  target: string;
  outcome?: Omit<Outcome, "superseded" | "conflict" | "byFamily"> & {
    superseded?: string;
    conflict?: string;
  };
  /** Error that ended the announcement; present if `outcome` is absent. */
  error?: { code: string; message: string };
}
