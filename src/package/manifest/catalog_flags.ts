/**
 * Lines of flags in a catalog: the yanked versions, deprecated versions and tags of one package. The
 * infohash of the catalog, which the publisher signed, covers them; they have no signature of their
 * own.
 *
 * A line is the canonical JSON (RFC 8785) of an object with `name` and the empty `version`, and with
 * `yanked` and `deprecated` (text → sorted versions) and `tags` (tag → version), each only if it has
 * content. The empty version gives the line a key among the lines of manifests. A reader that knows
 * no flags leaves the line out, as any line that is no manifest.
 *
 * @module
 */

import canonicalize from "canonicalize";
import * as v from "valibot";
import {
  groupByText,
  isTag,
  MAX_FLAG_TEXT_BYTES,
  NO_FLAGS,
  type PackageFlags,
  ungroup,
  utf8,
  withoutControls,
} from "../../base/mod.ts";
import { PackageError } from "../errors.ts";
import { isValidName, isValidVersion } from "./names.ts";

/** Maximum length of a line of flags, characters. */
export const MAX_FLAG_LINE = 64 << 10;

/** Part of the canonical JSON of each line of flags, and of no minimal manifest. */
const EMPTY_VERSION = ',"version":""';

const version = v.pipe(v.string(), v.check(isValidVersion, "is not a version"));

// `v.record` drops keys such as "constructor", which is a valid text.
function objectOf<T>(readKey: (key: string) => boolean, value: v.GenericSchema<unknown, T>) {
  return v.pipe(
    v.custom<Record<string, unknown>>(
      (input) => typeof input === "object" && input !== null && !Array.isArray(input),
      "is not an object",
    ),
    v.transform((input) => new Map(Object.entries(input))),
    v.check((map) => map.size > 0, "is empty"),
    v.map(v.pipe(v.string(), v.check(readKey, "has an invalid key")), value),
  );
}

function textsByVersion(shortest: number) {
  const isText = (text: string) =>
    text.isWellFormed() && withoutControls(text).length >= shortest &&
    utf8(text).length <= MAX_FLAG_TEXT_BYTES;
  return v.pipe(
    objectOf(isText, v.pipe(v.array(version), v.minLength(1))),
    v.rawTransform<Map<string, string[]>, ReadonlyMap<string, string>>(
      ({ dataset, addIssue, NEVER }) => {
        const texts = ungroup(dataset.value);
        if (!("problem" in texts)) return texts;
        addIssue({ message: texts.problem });
        return NEVER;
      },
    ),
  );
}

const schema = v.strictObject({
  name: v.pipe(v.string(), v.check(isValidName, "is not a package name")),
  version: v.literal(""),
  yanked: v.optional(textsByVersion(0)),
  deprecated: v.optional(textsByVersion(1)),
  tags: v.optional(objectOf(isTag, version)),
});

/** Whether a line of a catalog is meant as a line of flags. */
export function isFlagLine(line: string): boolean {
  return line.includes(EMPTY_VERSION);
}

/**
 * Reads a line of flags, without its line feed. In texts, control characters are replaced.
 *
 * @throws {PackageError} `CATALOG_INVALID` (kind `verification`)
 */
export function parseFlagLine(line: string): { name: string; flags: PackageFlags } {
  const refuse = (why: string, cause?: unknown) =>
    new PackageError("verification", "CATALOG_INVALID", `the flags are invalid: ${why}`, { cause });
  if (line.length > MAX_FLAG_LINE) throw refuse("the line is too long");
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (cause) {
    throw refuse("the line is not JSON", cause);
  }
  const result = v.safeParse(schema, json, { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    throw refuse([v.getDotPath(issue), issue.message.slice(0, 200)].filter(Boolean).join(" "));
  }
  if (canonicalize(json) !== line) throw refuse("the line is not canonical JSON");
  const { name, yanked, deprecated, tags } = result.output;
  const flags = {
    yanked: yanked ?? NO_FLAGS.yanked,
    deprecated: deprecated ?? NO_FLAGS.deprecated,
    tags: tags ?? NO_FLAGS.tags,
  };
  return { name, flags };
}

/**
 * Reads the lines of flags in a catalog that is known to be valid, without the other lines.
 */
export function catalogFlags(bytes: Uint8Array): Map<string, PackageFlags> {
  const flags = new Map<string, PackageFlags>();
  for (const line of new TextDecoder().decode(bytes).split("\n")) {
    if (!isFlagLine(line)) continue;
    try {
      const read = parseFlagLine(line);
      flags.set(read.name, read.flags);
    } catch (error) {
      if (!(error instanceof PackageError)) throw error;
      // Readers leave the line out, too.
    }
  }
  return flags;
}

/**
 * Writes a line of flags, with its line feed. Returns an empty text for a package without flags.
 *
 * @throws {PackageError} `FLAGS_TOO_LARGE` (kind `usage`)
 */
export function serializeFlagLine(
  name: string,
  { yanked, deprecated, tags }: PackageFlags,
): string {
  if (yanked.size + deprecated.size + tags.size === 0) return "";
  const line = canonicalize({
    name,
    version: "",
    ...(yanked.size > 0 && { yanked: Object.fromEntries(groupByText(yanked)) }),
    ...(deprecated.size > 0 && { deprecated: Object.fromEntries(groupByText(deprecated)) }),
    ...(tags.size > 0 && { tags: Object.fromEntries(tags) }),
  })!;
  if (line.length > MAX_FLAG_LINE) {
    throw new PackageError(
      "usage",
      "FLAGS_TOO_LARGE",
      `The flags of ${name} take ${line.length} characters, more than the ${MAX_FLAG_LINE} that a ` +
        "catalog holds for one package. Give fewer versions a text, or give them the same text",
      { detail: { name, length: line.length } },
    );
  }
  return `${line}\n`;
}
