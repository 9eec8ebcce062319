/**
 * What `package.json` and `deno.json` say of the files that belong to the package. Name, version and
 * texts are `metadata.ts`'s.
 *
 * @module
 */

import { join, posix } from "node:path";
import * as v from "valibot";
import { invalidMetadata, readJsonFile } from "../manifest/mod.ts";

/** The lists in the package's own files. */
export interface Lists {
  /** `files` of `package.json`. */
  files?: string[];
  /** `publish` of `deno.json` or `deno.jsonc`, with the file's `exclude`. */
  publish?: { fileName: string; include?: string[]; exclude: string[] };
  /** Paths of files that a package does not work without: `main`, `browser` and `bin`. */
  entryPoints: string[];
  /** The files that name and version come from. */
  describedBy: string[];
  /** Whether the `deno.json` says under which licence the package is. */
  namesLicense: boolean;
}

const patterns = v.array(v.string("it has to be a path"), "it has to be a list of paths");

const PUBLISH = "it has to be true, false or an object with the lists include and exclude";

const npmSchema = v.object({
  files: v.optional(patterns),
  // Not ours to judge: npm takes some of these as objects, and other tools as lists.
  main: v.optional(v.unknown()),
  browser: v.optional(v.unknown()),
  bin: v.optional(v.unknown()),
});

const publishSchema = v.pipe(
  v.unknown(),
  // To valibot a list is an object too.
  v.check((value) => !Array.isArray(value), PUBLISH),
  v.object({ include: v.optional(patterns), exclude: v.optional(patterns) }, PUBLISH),
);

const denoSchema = v.object({
  license: v.optional(v.unknown()),
  exclude: v.optional(patterns),
  // Not a union: its message would name `publish` alone, and not the member that is wrong.
  publish: v.optional(
    v.lazy<v.GenericSchema<unknown, boolean | v.InferOutput<typeof publishSchema>>>((value) =>
      typeof value === "boolean" ? v.boolean() : publishSchema
    ),
  ),
});

/**
 * Reads them from a directory.
 *
 * @throws {PackageError} `METADATA_INVALID` naming the file and the field
 */
export async function readLists(dir: string): Promise<Lists> {
  const npm = await read(dir, "package.json", npmSchema);
  const lists: Lists = {
    files: npm?.files,
    entryPoints: entryPointsOf(npm),
    describedBy: npm ? ["package.json"] : ["deno.json", "deno.jsonc"],
    namesLicense: false,
  };
  // Deno itself reads the first that is there, and no other.
  for (const fileName of ["deno.json", "deno.jsonc"]) {
    const deno = await read(dir, fileName, denoSchema);
    if (deno === undefined) continue;
    lists.namesLicense = deno.license !== undefined;
    const { publish } = deno;
    if (typeof publish === "object" && (publish.include ?? publish.exclude) !== undefined) {
      const exclude = [...deno.exclude ?? [], ...publish.exclude ?? []];
      lists.publish = { fileName, include: publish.include, exclude };
    }
    break;
  }
  return lists;
}

function entryPointsOf(npm: v.InferOutput<typeof npmSchema> | undefined): string[] {
  const { main, browser, bin } = npm ?? {};
  const bins = typeof bin === "object" && bin !== null ? Object.values(bin) : [bin];
  return [main, browser, ...bins]
    .filter((path): path is string => typeof path === "string")
    .map(normalPath)
    .filter((path) => path !== undefined);
}

/** A path without `./` and the like; `undefined` if it leads out of the directory or is the whole. */
export function normalPath(path: string): string | undefined {
  const normal = posix.normalize(path.replace(/^\/+/, "")).replace(/^(?:\.\/)+|\/+$/g, "");
  return normal === "." || normal === ".." || normal.startsWith("../") ? undefined : normal;
}

async function read<S extends v.GenericSchema>(
  dir: string,
  fileName: string,
  schema: S,
): Promise<v.InferOutput<S> | undefined> {
  const json = await readJsonFile(dir, fileName);
  if (json === undefined) return undefined;
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const where = v.getDotPath(issue) ?? "the whole";
  throw invalidMetadata(join(dir, fileName), `${where}: ${issue.message}`);
}
