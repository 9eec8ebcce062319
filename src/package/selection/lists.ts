/**
 * Reads the lists of files in `package.json` and `deno.json`. `../manifest/metadata.ts` reads name,
 * version and texts from the same files.
 *
 * @module
 */

import { join, posix } from "node:path";
import * as v from "valibot";
import { invalidMetadata, readJsonFile } from "../manifest/mod.ts";

/** The lists of files from `package.json` and `deno.json`. */
export interface Lists {
  /** The field `files` of `package.json`: paths and patterns of the files to pack. */
  files?: string[];
  /**
   * The field `publish` of `deno.json` or `deno.jsonc`, combined with the file's top-level
   * `exclude`.
   */
  publish?: { fileName: string; include?: string[]; exclude: string[] };
  /** Entry points `main`, `browser` and `bin`, without which the package does not work. */
  entryPoints: string[];
  /** The files from which the package's name and version are read. */
  describedBy: string[];
  /** Whether `deno.json` has a field `license`. Without it, Deno includes the licence file. */
  namesLicense: boolean;
}

const patterns = v.array(v.string("it has to be a path"), "it has to be a list of paths");

const PUBLISH = "it has to be true, false or an object with the lists include and exclude";

const npmSchema = v.object({
  files: v.optional(patterns),
  // `main`, `browser` and `bin` accept any value: npm allows objects in some of these fields, and
  // other tools allow lists.
  main: v.optional(v.unknown()),
  browser: v.optional(v.unknown()),
  bin: v.optional(v.unknown()),
});

const publishSchema = v.pipe(
  v.unknown(),
  // An explicit check for lists is needed, because valibot accepts a list as an object.
  v.check((value) => !Array.isArray(value), PUBLISH),
  v.object({ include: v.optional(patterns), exclude: v.optional(patterns) }, PUBLISH),
);

const denoSchema = v.object({
  license: v.optional(v.unknown()),
  exclude: v.optional(patterns),
  // The schema is no union, because a union's error message would name `publish` instead of the
  // invalid member.
  publish: v.optional(
    v.lazy<v.GenericSchema<unknown, boolean | v.InferOutput<typeof publishSchema>>>((value) =>
      typeof value === "boolean" ? v.boolean() : publishSchema
    ),
  ),
});

/**
 * Reads the lists of files of a directory.
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
  // Use `deno.json` if it exists, otherwise `deno.jsonc`, as Deno does.
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

/**
 * Normalizes a relative path; returns `undefined` for the directory itself or a path outside it.
 */
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
  const where = v.getDotPath(issue) ?? "the whole file";
  throw invalidMetadata(join(dir, fileName), `${where}: ${issue.message}`);
}
