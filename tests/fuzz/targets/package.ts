/**
 * Fuzz targets of `src/package`: manifests, archives (gzip and tar separately), catalogs, torrents,
 * package references.
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { isTag, toHex, utf8 } from "../../../src/base/mod.ts";
import { parsePackageRef } from "../../../src/fetching/requirement.ts";
import { keyPairFromSeed } from "../../../src/identity/mod.ts";
import {
  archiveFileName,
  type ArchiveLimits,
  buildIndex,
  contentHash,
  type FullManifest,
  INDEX_PIECE_BYTES,
  IndexHead,
  indexSizes,
  isValidRange,
  isValidVersion,
  PackageError,
  parseCatalog,
  parseFull,
  parseMinimal,
  parsePackageSpec,
  serializeCatalog,
  serializeFull,
  serializeMinimal,
  torrentInfoHash,
  verifyArchive,
  verifyFullSignature,
  verifyMinimalSignature,
} from "../../../src/package/mod.ts";
import { bdecode, bencode, BencodeError, type BValue } from "../../../src/bencode/mod.ts";
import { fromHexText, minimalOf, signer, vectors } from "../seeds.ts";
import { type Check, readOrRefuse, stateless, type Target } from "../target.ts";
import { signedFull } from "../../support/signed.ts";

const read = <T>(parse: () => T) => readOrRefuse(PackageError, parse);

/**
 * Limits for archives in fuzzing. They are lower than the defaults, so that every input is
 * processed quickly.
 */
const limits: ArchiveLimits = {
  maxArchiveBytes: 1 << 18,
  maxUnpackedBytes: 1 << 20,
  maxFiles: 100,
  maxRatio: 50,
  minBytesPerFile: 1,
  maxDirectories: 100,
  maxDepth: 64,
  maxPathBytes: 256,
  maxPathsBytes: 8_000,
  maxManifestBytes: 1 << 16,
};

interface ManifestVectors {
  minimal: { bytesHex: string }[];
  full: { bytesHex: string }[];
  invalid: { bytesHex: string }[];
}

/** Makes a manifest whose paths use up the limit for non-ASCII bytes. */
function manifestAtUnicodeLimit(): FullManifest {
  const hash = `sha256:${"0".repeat(64)}`;
  const paths = Array.from({ length: 20 }, (_, i) => `${"\u1e9e\u0323".repeat(19)}/${i + 1_000}`);
  const files = Object.fromEntries(["ascii", ...paths].map((path) => [path, hash]));
  const fields = { name: "hello", version: "1.0.0", files, contentHash: contentHash(files) };
  return signedFull(fields, signer);
}

const manifestsTarget: Target = {
  name: "manifests",
  seeds: async () => {
    const { minimal, full, invalid } = await vectors<ManifestVectors>("manifests");
    const seeds = [...minimal, ...full, ...invalid].map(({ bytesHex }) => fromHexText(bytesHex));
    return [...seeds, utf8(serializeFull(manifestAtUnicodeLimit()))];
  },
  open: stateless((bytes) => {
    const minimal = read(() => parseMinimal(bytes));
    if (minimal) {
      assert.deepEqual(utf8(serializeMinimal(minimal)), bytes, "one manifest has one form");
      assert.equal(typeof verifyMinimalSignature(minimal), "boolean");
      archiveFileName(minimal.name, minimal.version);
    }
    const full = read(() => parseFull(bytes, limits));
    if (!full) return;
    assert.deepEqual(utf8(serializeFull(full)), bytes, "one manifest has one form");
    assert.equal(typeof verifyFullSignature(full, limits), "boolean");
    const unicode = Object.keys(full.files).filter((path) => /[^\x20-\x7e]/.test(path));
    assert.ok(utf8(unicode.join("")).length <= limits.maxPathsBytes / 4, "paths beyond ASCII");
  }),
};

interface ArchiveVectors {
  archives: { archiveHex?: string; tarHex?: string; torrentHex?: string }[];
}

/** Lists the paths of all files below a directory. */
async function filesBelow(directory: string, prefix = ""): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    if (isDirectory) files.push(...await filesBelow(join(directory, name), `${prefix}${name}/`));
    else files.push(prefix + name);
  }
  return files;
}

/**
 * Unpacks inputs into a directory, and checks that no file is created outside of that directory.
 */
class Unpacker implements AsyncDisposable {
  readonly #directory: string;
  readonly #archive: string;
  readonly #target: string;

  static async begin(): Promise<Unpacker> {
    return new Unpacker(await Deno.makeTempDir({ prefix: "libreseed-fuzz-" }));
  }

  private constructor(directory: string) {
    this.#directory = directory;
    this.#archive = join(directory, "input.tgz");
    this.#target = join(directory, "unpacked");
  }

  async take(archive: Uint8Array): Promise<void> {
    await Deno.writeFile(this.#archive, archive);
    const options = { archivePath: this.#archive, limits, unpackTo: this.#target };
    let left = ["input.tgz"];
    try {
      const { full, unpackedBytes } = await verifyArchive(options);
      assert.ok(unpackedBytes <= limits.maxUnpackedBytes, `${unpackedBytes} bytes of tar`);
      left = [...left, ...Object.keys(full.files).map((path) => `unpacked/${path}`)];
      left.push("unpacked/manifest.json");
    } catch (error) {
      // A damaged archive may claim to be of a newer format.
      const isRefused = error instanceof PackageError &&
        (error.kind === "verification" || error.code === "NEWER_FORMAT");
      if (!isRefused) throw error;
      assert.ok(!/\p{Cc}/u.test(error.message), "a terminal would obey the message");
    }
    const found = await filesBelow(this.#directory);
    assert.deepEqual(found.sort(), left.sort(), "what was written, and nothing else");
    if (left.length > 1) await Deno.remove(this.#target, { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#directory, { recursive: true });
  }
}

async function unpacking(take: (unpacker: Unpacker, bytes: Uint8Array) => Promise<void>) {
  const unpacker = await Unpacker.begin();
  return {
    input: (bytes: Uint8Array) => take(unpacker, bytes),
    [Symbol.asyncDispose]: () => unpacker[Symbol.asyncDispose](),
  } satisfies Check;
}

const gzipTarget: Target = {
  name: "archive-gzip",
  maxBytes: 48 * 2 ** 20,
  cost: 100,
  seeds: async () => {
    const { archives } = await vectors<ArchiveVectors>("archive");
    return archives.flatMap(({ archiveHex }) => archiveHex ? fromHexText(archiveHex) : []);
  },
  open: () => unpacking((unpacker, bytes) => unpacker.take(bytes)),
};

const tarTarget: Target = {
  name: "archive-tar",
  maxBytes: 48 * 2 ** 20,
  cost: 150,
  seeds: async () => {
    const { archives } = await vectors<ArchiveVectors>("archive");
    return archives.flatMap(({ tarHex }) => tarHex ? fromHexText(tarHex) : []);
  },
  open: () =>
    unpacking(async (unpacker, bytes) => {
      await unpacker.take(gzipSync(bytes, { level: 1 }));
      await unpacker.take(gzipSync(withChecksums(bytes), { level: 1 }));
    }),
};

/**
 * Recomputes the header checksums of a tar. Without this, the parser would refuse every damaged
 * header because of its checksum.
 */
function withChecksums(tar: Uint8Array): Uint8Array {
  const mended = tar.slice();
  for (let at = 0; at + 512 <= mended.length; at += 512) {
    const header = mended.subarray(at, at + 512);
    if (new TextDecoder().decode(header.subarray(257, 262)) !== "ustar") continue;
    header.fill(0x20, 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.set(utf8(sum.toString(8).padStart(6, "0") + "\0 "), 148);
  }
  return mended;
}

const stranger = keyPairFromSeed(new Uint8Array(32).fill(8)).publicKey;

const catalogTarget: Target = {
  name: "catalog",
  cost: 4,
  seeds: async () => {
    const { good, badLines } = await vectors<Record<string, { line: string }[]>>("flags");
    const packages = [minimalOf("a"), minimalOf("@b/c", "2.0.0-rc.1"), minimalOf("d")];
    const lines = [...good!, ...badLines!].map(({ line }) => `${line}\n`);
    return [
      utf8(serializeCatalog(packages)),
      utf8(serializeCatalog(packages) + lines.join("")),
      utf8(lines[0]!),
      new Uint8Array(),
    ];
  },
  open: stateless((bytes) => {
    const catalog = read(() => parseCatalog(bytes, signer.publicKey));
    if (!catalog) return;
    assert.ok(catalog.manifests.every(verifyMinimalSignature), "an unsigned line was taken");
    for (const { yanked, deprecated, tags } of catalog.flags.values()) {
      for (const text of [...yanked.values(), ...deprecated.values()]) {
        assert.ok(!/\p{Cc}/u.test(text), "a terminal would obey the text");
      }
      assert.ok([...tags.keys()].every(isTag), "a tag that is none");
    }
    const text = serializeCatalog(catalog.manifests, catalog.flags);
    const again = parseCatalog(utf8(text), signer.publicKey);
    assert.equal(serializeCatalog(again.manifests, again.flags), text);
    assert.deepEqual(again.dropped, []);
    assert.equal(parseCatalog(bytes, stranger).manifests.length, 0, "taken for another's");
  }),
};

const indexTarget: Target = {
  name: "catalog-index",
  cost: 4,
  seeds: async () => {
    const packages = [minimalOf("a"), minimalOf("@b/c", "2.0.0-rc.1"), minimalOf("d")];
    const { good } = await vectors<Record<string, { line: string }[]>>("flags");
    const catalogs = ["", serializeCatalog(packages), `${good![0]!.line}\n`];
    const indexes = await Promise.all(
      catalogs.map((catalog) => buildIndex(utf8(catalog), signer.publicKey)),
    );
    return indexes.map((index) => index!);
  },
  open: stateless((bytes) => {
    const beginning = bytes.subarray(0, INDEX_PIECE_BYTES);
    const head = read(() => {
      const sizes = indexSizes(beginning, bytes.length);
      return new IndexHead(bytes.subarray(0, sizes.headBytes), sizes, signer.publicKey);
    });
    if (!head) return;
    for (const name of ["a", "@b/c", "d", "hello", "zz"]) {
      const range = head.rangeOf(name);
      if (!range) continue;
      assert.ok(range.start < range.end && range.end <= bytes.length, "a range beyond the file");
      const found = read(() => head.read(bytes.subarray(range.start, range.end), name));
      assert.notEqual(found, "more", "all bytes were there");
      if (!found || found === "more") continue;
      for (const version of found.versions) {
        assert.ok(isValidVersion(version), "a version that is none");
        const { start, end } = head.entryRange(found, version)!;
        assert.ok(end <= bytes.length, "a manifest beyond the file");
        const entry = bytes.subarray(start, end);
        const manifest = read(() => head.manifestOf(entry, name, version));
        assert.ok(!manifest || verifyMinimalSignature(manifest), "an unsigned manifest was taken");
      }
    }
  }),
};

const torrentTarget: Target = {
  name: "torrent",
  seeds: async () => {
    const { archives } = await vectors<ArchiveVectors>("archive");
    return archives.flatMap(({ torrentHex }) => torrentHex ? fromHexText(torrentHex) : []);
  },
  open: stateless((bytes) => {
    const infoHash = torrentInfoHash(bytes);
    if (infoHash === undefined) return;
    const strict = readOrRefuse(BencodeError, () => bdecode(bytes, { maxBytes: bytes.length }));
    if (!(strict instanceof Map)) return;
    const info = bencode(strict.get("info") as BValue);
    assert.equal(toHex(infoHash), createHash("sha1").update(info).digest("hex"));
  }),
};

const specTarget: Target = {
  name: "spec",
  seeds: () =>
    [
      "hello",
      "@scope/name@^1.2.3 || >=2.0.0-rc.1 <3",
      "ed25519:cHYC+Sx4qb6WtRtlCpePnBvXKy4GvpHtINM2lbnUzTk=/hello@1.0.0",
      `${"ab".repeat(32)}/a.b_c-d@*`,
      "1.2.3-alpha.1",
      "~1.2 1.x - 2.0.0 || latest",
    ].map(utf8),
  open: stateless((bytes) => {
    const text = new TextDecoder().decode(bytes);
    const spec = read(() => parsePackageSpec(text));
    if (spec) {
      const { range: asked } = spec;
      assert.ok(asked === undefined || isValidRange(asked) !== isTag(asked));
      const key = spec.publicKey === undefined ? "" : `${toHex(spec.publicKey)}/`;
      const range = spec.range === undefined ? "" : `@${spec.range}`;
      assert.deepEqual(parsePackageSpec(`${key}${spec.name}${range}`), spec);
    }
    if (isValidVersion(text)) {
      // No valid version, used in a file name, makes the path leave its directory.
      assert.match(archiveFileName("a", text), /^a-[0-9A-Za-z.-]+\.tgz$/);
    }
    isValidRange(text);
    parsePackageRef(text);
  }),
};

export const packageTargets: readonly Target[] = [
  manifestsTarget,
  gzipTarget,
  tarTarget,
  catalogTarget,
  indexTarget,
  torrentTarget,
  specTarget,
];
