/**
 * Schemas of the parts of a request: the parameters in its path, its query and its body.
 *
 * @module
 */

import * as v from "valibot";
import { MAX_LOG_LINES } from "../../control/mod.ts";
import { count } from "./values.ts";

const packageName = v.pipe(v.string(), v.minLength(1), v.maxLength(256));
const publisherKey = v.pipe(
  v.string(),
  v.maxLength(80),
  v.description("ed25519: and 44 characters of base64, or 64 hexadecimal digits"),
);

/** A version of a package, in the path. */
export const versionParams = v.strictObject({ name: packageName, version: packageName });

/** A publisher, in the path. */
export const publisherParams = v.strictObject({ key: publisherKey });

/** The publisher of a version, needed only if several have published it. */
export const publisherQuery = v.strictObject({ publisher: v.optional(publisherKey) });

/** The wanted lines of the log. */
export const logsQuery = v.strictObject({
  after: v.optional(v.pipe(count, v.maxValue(Number.MAX_SAFE_INTEGER))),
  limit: v.optional(v.pipe(count, v.maxValue(MAX_LOG_LINES))),
});

/** The wanted kinds of events; all kinds if absent. */
export const eventsQuery = v.strictObject({
  kinds: v.optional(
    v.array(v.picklist(["rates", "progress", "problems", "packages", "records", "log"])),
  ),
});

/** The tag of a publication. */
export const publishQuery = v.strictObject({ tag: v.optional(packageName) });

/** The followed part of a publisher, in the query. */
export const followQuery = v.strictObject({
  name: v.optional(packageName),
  range: v.optional(packageName),
});

/** The publisher to follow, or the part of it. */
export const followBody = v.strictObject({
  publisher: publisherKey,
  name: v.optional(packageName),
  range: v.optional(packageName),
});

/** The packages whose records are announced; all if absent. */
export const announceBody = v.strictObject({
  packages: v.optional(
    v.array(v.strictObject({ name: packageName, version: v.optional(packageName) })),
  ),
});
