/**
 * Reads the metadata of a package from `package.json`, `deno.json` and `deno.jsonc`: name, version,
 * texts and dependencies. `../selection` reads the lists of files in the same files.
 *
 * @module
 */

import { join } from "node:path";
import * as v from "valibot";
import { fromUtf8, messageOf } from "../../base/mod.ts";
import { PackageError } from "../errors.ts";
import { type FullManifest, TEXT_FIELDS } from "./full_schema.ts";

const SOURCES = ["package.json", "deno.json", "deno.jsonc"];
const MAX_SOURCE_BYTES = 1024 * 1024;

/** The fields of a full manifest that `package.json` and `deno.json` can set. */
export type Metadata = Partial<
  Pick<FullManifest, "name" | "version" | "dependencies" | keyof typeof TEXT_FIELDS>
>;

const TEXT = "it has to be text";
const MISSING = "it is missing";
const text = v.optional(v.string(TEXT));

/**
 * Makes a schema for a field that may be a text or an object, such as `author`. The schema is no
 * union, because a union's error message would not name the invalid member.
 */
function textOr(object: v.GenericSchema<unknown, string>) {
  return v.optional(
    v.lazy<v.GenericSchema<unknown, string>>((value) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? object
        : v.string("it has to be text or an object")
    ),
  );
}

// The schema ignores unknown fields, because other programs define many fields in these files.
const fieldsSchema = v.object({
  name: text,
  version: text,
  description: text,
  author: textOr(v.pipe(
    v.unknown(),
    v.object({ name: v.string(TEXT), email: text, url: text }, MISSING),
    v.transform(({ name, email, url }) =>
      [name, email && `<${email}>`, url && `(${url})`].filter(Boolean).join(" ")
    ),
  )),
  license: text,
  homepage: text,
  repository: textOr(v.pipe(
    v.unknown(),
    v.object({ url: v.string(TEXT) }, MISSING),
    v.transform(({ url }) => url),
  )),
  libreseed: v.optional(v.strictObject(
    {
      // Signing validates the dependencies. Only `libreseed.dependencies` is read, because
      // `dependencies` at the top level is meant for npm.
      dependencies: v.optional(
        v.custom<Record<string, string>>(
          (value) => typeof value === "object" && value !== null && !Array.isArray(value),
          "it has to be an object of names and ranges",
        ),
      ),
    },
    (issue) =>
      issue.expected === "never"
        ? "libreseed has no member of this name"
        : issue.expected === "Object"
        ? "it has to be an object"
        : MISSING,
  )),
});

/** The `dependencies` of npm, and whether libreseed's are there. Any other form counts as none. */
const npmDependenciesSchema = v.object({
  dependencies: v.custom<Record<string, unknown>>((value) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
  ),
  libreseed: v.optional(v.object({ dependencies: v.optional(v.unknown()) })),
});

const sourceSchema = v.pipe(
  v.unknown(),
  v.check((value) => !Array.isArray(value), "it has to be an object"),
  fieldsSchema,
);

/**
 * Reads the metadata of a package from its directory. If several files have a field, the first file
 * counts, in the order `package.json`, `deno.json`, `deno.jsonc`. Dependencies come from
 * `{"libreseed": {"dependencies": {NAME: RANGE}}}`, where NAME may be `KEY/NAME`. Runs of spaces
 * and control characters in texts become one space.
 *
 * @throws {PackageError} `METADATA_INVALID` naming the file and the field
 */
export async function readMetadata(dir: string): Promise<Metadata> {
  const metadata: Metadata = {};
  for (const fileName of SOURCES) {
    const source = await readSource(dir, fileName);
    if (source === undefined) continue;
    const { libreseed, name, version, ...texts } = source;
    metadata.name ??= name;
    metadata.version ??= version;
    metadata.dependencies ??= libreseed?.dependencies;
    for (const [field, maxLength] of Object.entries(TEXT_FIELDS)) {
      const key = field as keyof typeof TEXT_FIELDS;
      // deno-lint-ignore no-control-regex
      const value = texts[key]?.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, " ").trim();
      if (!value) continue;
      if (value.length > maxLength) {
        throw invalidMetadata(join(dir, fileName), `${key} is longer than ${maxLength} characters`);
      }
      metadata[key] ??= value;
    }
  }
  return metadata;
}

/**
 * Returns the names of the `dependencies` in `package.json`, which are npm's and are not read. None if the
 * file has `libreseed.dependencies`, too: its author then knows of the difference.
 *
 * @throws {PackageError} `METADATA_INVALID` if the file cannot be read
 */
export async function unreadDependencies(dir: string): Promise<string[]> {
  const source = await readJsonFile(dir, "package.json");
  const result = v.safeParse(npmDependenciesSchema, source);
  if (!result.success) return [];
  const { dependencies, libreseed } = result.output;
  return libreseed?.dependencies === undefined ? Object.keys(dependencies) : [];
}

async function readSource(
  dir: string,
  fileName: string,
): Promise<v.InferOutput<typeof sourceSchema> | undefined> {
  const value = await readJsonFile(dir, fileName);
  if (value === undefined) return undefined;
  const result = v.safeParse(sourceSchema, value);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const where = v.getDotPath(issue) ?? "the whole file";
  throw invalidMetadata(join(dir, fileName), `${where}: ${issue.message}`);
}

/**
 * Reads and parses `package.json`, `deno.json` or `deno.jsonc`. Deno's files may have comments.
 *
 * @returns `undefined` if the file does not exist
 * @throws {PackageError} `METADATA_INVALID`
 */
export async function readJsonFile(dir: string, fileName: string): Promise<unknown> {
  const path = join(dir, fileName);
  let json: string;
  try {
    const info = await Deno.stat(path);
    if (!info.isFile) return undefined;
    if (info.size > MAX_SOURCE_BYTES) throw new Error(`it has more than ${MAX_SOURCE_BYTES} bytes`);
    json = fromUtf8(await Deno.readFile(path)).replace(/^\ufeff/, "");
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw invalidMetadata(path, messageOf(cause), cause);
  }
  try {
    return JSON.parse(fileName.startsWith("deno.") ? withoutComments(json) : json);
  } catch (cause) {
    throw invalidMetadata(path, messageOf(cause), cause);
  }
}

/** Removes comments, and commas before a closing bracket, from JSONC. Leaves strings unchanged. */
function withoutComments(jsonc: string): string {
  const keepStrings = (match: string) => match.startsWith('"') ? match : " ";
  return jsonc
    .replace(/"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[^]*?\*\//g, keepStrings)
    .replace(/"(?:[^"\\]|\\.)*"|,(?=\s*[}\]])/g, keepStrings);
}

/**
 * Makes a `METADATA_INVALID` error.
 *
 * @param why the reason, without a full stop
 */
export function invalidMetadata(path: string, why: string, cause?: unknown): PackageError {
  const message = `${path} cannot be used: ${why}.`;
  return new PackageError("usage", "METADATA_INVALID", message, { cause, detail: { path } });
}
