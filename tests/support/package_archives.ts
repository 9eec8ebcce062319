/**
 * Helpers for tests of packages: temporary directory trees, keys, and archives made by hand.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { type Header, pack } from "tar-stream";
import { concatBytes, utf8 } from "../../src/base/mod.ts";
import { keyPairFromSeed } from "../../src/identity/mod.ts";
import { type MemberList, readMemberList } from "../../src/package/archive/mod.ts";
import { localRequests } from "../../src/launcher/mod.ts";
import {
  contentHash,
  type FullManifest,
  type MinimalManifest,
  PackageError,
  packDirectory,
  type PackedArchive,
  type PackOptions,
  serializeFull,
  verifyArchive,
  type VerifyOptions,
} from "../../src/package/mod.ts";
import { signedFull, signedMinimal } from "./signed.ts";

export const signer = keyPairFromSeed(new Uint8Array(32).fill(7));
export const stranger = keyPairFromSeed(new Uint8Array(32).fill(8));

export function sha256(bytes: Uint8Array | string): string {
  return "sha256:" + createHash("sha256").update(bytes).digest("hex");
}

/** Registers a test that runs with its own temporary directory. */
export function inDirectory(name: string, run: (dir: string) => Promise<void>): void {
  Deno.test(name, async () => {
    const dir = await Deno.realPath(await Deno.makeTempDir({ prefix: "libreseed-package-" }));
    try {
      await run(dir);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}

/**
 * A directory tree: the contents of files by path. A `!` before a path makes the file executable.
 */
export type Tree = Record<string, string | Uint8Array>;

export async function writeTree(dir: string, tree: Tree): Promise<string> {
  await Deno.mkdir(dir, { recursive: true });
  for (const [key, contents] of Object.entries(tree)) {
    const path = join(dir, key.replace(/^!/, ""));
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeFile(path, typeof contents === "string" ? utf8(contents) : contents);
    await Deno.chmod(path, key.startsWith("!") ? 0o755 : 0o644);
  }
  return dir;
}

/**
 * Lists all files and directories of a tree with mode and hash, so that two states can be compared.
 */
export async function listTree(dir: string, prefix = ""): Promise<string[]> {
  const lines: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    const path = join(dir, name);
    if (isDirectory) {
      lines.push(prefix + name + "/", ...await listTree(path, prefix + name + "/"));
      continue;
    }
    const info = await Deno.lstat(path);
    const mode = (info.mode! & 0o7777).toString(8);
    const hash = info.isFile ? sha256(await Deno.readFile(path)) : "no file";
    lines.push(`${prefix}${name} ${mode} ${hash}`);
  }
  return lines.sort();
}

/** Writes a tree to `dir/in` and packs it to `dir/out`. Missing directories are created. */
export async function packIn(
  dir: string,
  tree: Tree,
  options: Partial<PackOptions> = {},
): Promise<PackedArchive> {
  await writeTree(join(dir, "in"), tree);
  await Deno.mkdir(join(dir, "out"), { recursive: true });
  return await packDirectory({
    dir: join(dir, "in"),
    outDir: join(dir, "out"),
    name: "hello",
    version: "1.0.0",
    signer,
    timestampMs: 1_700_000_000_000,
    startThread: localRequests().startHelper,
    ...options,
  });
}

/** Returns the list of members at the beginning of an archive. */
export function listOf(archive: Uint8Array): MemberList {
  const read = readMemberList(archive, archive.length);
  assert.ok(read && "list" in read, "the archive has a list of its members");
  return read.list;
}

/**
 * Asserts that a promise rejects with a `PackageError` of the given code, and returns the error.
 */
export async function refusal(promise: Promise<unknown>, code: string): Promise<PackageError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof PackageError, `not a PackageError: ${Deno.inspect(error)}`);
    assert.equal(error.code, code, error.message);
    assert.ok(!/\p{Cc}/u.test(error.message), "a terminal would obey the message");
    return error;
  }
  assert.fail(`was accepted; expected ${code}`);
}

/**
 * Asserts that a step of the verification chain fails, with and without unpacking, and that no
 * files are left.
 */
export async function unverified(
  options: VerifyOptions,
  step: string,
  code: string,
): Promise<PackageError> {
  const error = await refusal(verifyArchive(options), code);
  assert.equal(error.kind, "verification");
  assert.equal(error.detail.step, step);
  const dir = dirname(options.archivePath);
  const before = await listTree(dir);
  await refusal(verifyArchive({ ...options, unpackTo: join(dir, "target") }), code);
  assert.deepEqual(await listTree(dir), before);
  return error;
}

/** A tar entry that a test writes without the packer, so that its header may be invalid. */
export interface Entry extends Partial<Header> {
  name: string;
  contents?: Uint8Array | string;
}

/** Makes a complete tar of the given entries. */
export async function makeTar(entries: Entry[]): Promise<Uint8Array> {
  const tar = pack();
  for (const { contents, ...header } of entries) {
    tar.entry({ mtime: new Date(0), ...header }, contents ?? "");
  }
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return concatBytes(...chunks);
}

/** Changes a tar header in place, and updates its checksum. */
export function patchHeader(
  tar: Uint8Array,
  at: number,
  change: (header: Uint8Array) => void,
): void {
  const header = tar.subarray(at, at + 512);
  change(header);
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.set(utf8(sum.toString(8).padStart(6, "0") + "\0 "), 148);
}

/** Makes the tar entry of a signed full manifest that lists the given files. */
export function manifestEntry(
  files: Record<string, string | Uint8Array>,
  changes: Partial<FullManifest> = {},
): Entry {
  const hashes = Object.fromEntries(Object.entries(files).map(([p, c]) => [p, sha256(c)]));
  const full = signedFull({
    name: "hello",
    version: "1.0.0",
    files: hashes,
    contentHash: contentHash(hashes),
    ...changes,
  }, signer);
  return { name: "manifest.json", contents: serializeFull(full) };
}

/** Makes a minimal manifest of an archive. */
export function minimalFor(
  archive: Uint8Array,
  changes: Partial<MinimalManifest> = {},
): MinimalManifest {
  return signedMinimal({
    name: "hello",
    version: "1.0.0",
    archiveSha256: sha256(archive),
    btih: "0".repeat(40),
    length: archive.length,
    timestamp: 1,
    ...changes,
  }, signer);
}

/**
 * Writes an archive to a new directory, and returns the options for verifying it with a minimal
 * manifest.
 */
export async function archiveOf(dir: string, archive: Uint8Array): Promise<VerifyOptions> {
  const own = await Deno.makeTempDir({ dir });
  const archivePath = join(own, "hello-1.0.0.tgz");
  await Deno.writeFile(archivePath, archive);
  return { archivePath, minimal: minimalFor(archive) };
}

export function gzip(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(gzipSync(bytes));
}

export function gunzip(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(gunzipSync(bytes));
}

/** Runs an installed program and returns its standard output. */
export async function run(command: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    env: { LC_ALL: "C.UTF-8", TZ: "UTC" },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Makes incompressible bytes. The same seed gives the same bytes. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}
