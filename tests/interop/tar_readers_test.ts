/**
 * Compares tar readers. For each tar that libreseed accepts, GNU tar and Python's tarfile must list
 * the same names and sizes.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { concatBytes, fromHex, utf8 } from "../../src/base/mod.ts";
import { readTar } from "../../src/package/archive/tar_reader.ts";
import { type TarFile, tarOf } from "../../src/package/archive/tar_writer.ts";
import { PathSet } from "../../src/package/paths/path_set.ts";
import { defaultArchiveLimits, PackageError } from "../../src/package/mod.ts";
import { runCli, temporaryHome } from "../support/mod.ts";
import vectors from "../vectors/tar_headers.json" with { type: "json" };
import { interopTest } from "../support/interop_test_case.ts";

const LIST = fileURLToPath(new URL("tar_readers.py", import.meta.url));
const BLOCK = 512;

type Listed = [name: string, size: number][];

/**
 * Lists the names and sizes that libreseed reads from a tar. Returns `undefined` if libreseed
 * refuses the tar.
 *
 * @param expected paths that a manifest lists; they must not change the result
 */
async function listed(tar: Uint8Array, expected: string[]): Promise<Listed | undefined> {
  const archive = new Uint8Array(gzipSync(tar, { level: 1 }));
  const chunks = async function* () {
    yield await Promise.resolve(archive);
  };
  const entries: Listed = [];
  // Each path in the tar also has to follow the rules for paths in a manifest.
  const set = new PathSet(defaultArchiveLimits);
  try {
    const nextPath = () => expected[entries.length];
    const lengthBytes = archive.length;
    const limits = defaultArchiveLimits;
    for await (const entry of readTar({ chunks: chunks(), lengthBytes, limits, nextPath })) {
      for await (const _ of entry.contents()) { /* Skip to the next header. */ }
      if (set.add(entry.path) !== undefined) return undefined;
      entries.push([entry.path, entry.sizeBytes]);
    }
    return entries;
  } catch (error) {
    if (!(error instanceof PackageError)) throw error;
    return undefined;
  }
}

async function tarOfFiles(files: [path: string, sizeBytes: number, executable: boolean][]) {
  const entries = files.map(([path, sizeBytes, executable]): TarFile => ({
    path,
    sizeBytes,
    executable,
    contents: async function* () {
      if (sizeBytes > 0) yield await Promise.resolve(new Uint8Array(sizeBytes).fill(0x61));
    },
  }));
  const chunks: Uint8Array[] = [];
  for await (const chunk of tarOf(entries)) chunks.push(chunk);
  return concatBytes(...chunks);
}

const paths: [string, number, boolean][] = [
  ["a", 0, false],
  ["bin/run", 513, true],
  [`${"d".repeat(60)}/${"e".repeat(60)}`, 512, false],
  [`${"d".repeat(155)}/${"e".repeat(100)}`, 1, false],
  [`${"long/".repeat(60)}name`, 3, false],
  ["länge/文件 with spaces", 5, true],
  ["quotes \" and 'these' and * ?", 7, false],
];

/** Yields copies of a tar with one header byte changed, and with a valid checksum. */
function* mutations(tar: Uint8Array): Generator<Uint8Array> {
  const values = [0, 0x20, 0x30, 0x31, 0x37, 0x38, 0x2f, 0x61, 0x80, 0xff];
  for (let block = 0; block + BLOCK <= tar.length - 1024; block += BLOCK) {
    if (new TextDecoder().decode(tar.subarray(block + 257, block + 262)) !== "ustar") continue;
    for (let at = 0; at < BLOCK; at++) {
      // Skips the checksum field, and most bytes of the long text fields, where all bytes have the
      // same role.
      if (at >= 148 && at < 156 || at % 7 !== 0 && (at > 170 && at < 257 || at > 270)) continue;
      const value = values[(at + block / BLOCK) % values.length]!;
      if (tar[block + at] === value) continue;
      const altered = tar.slice();
      altered[block + at] = value;
      seal(altered.subarray(block, block + BLOCK));
      yield altered;
    }
  }
}

function seal(header: Uint8Array): void {
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.set(utf8(sum.toString(8).padStart(6, "0") + " \0"), 148);
}

/**
 * Lists the names and sizes that Python's tarfile reads from each tar. An entry is `null` if
 * tarfile refuses the tar.
 */
async function listedByPython(files: string[]): Promise<(Listed | null)[]> {
  const { code, stdout, stderr } = await runCli([LIST], {
    program: ["python3"],
    stdin: files.join("\n"),
    env: { PYTHONUTF8: "1" },
  });
  assert.equal(code, 0, stderr);
  return stdout.trim().split("\n").map((line) => JSON.parse(line));
}

async function listedByTar(file: string): Promise<Listed> {
  const args = [
    "--list",
    "--verbose",
    "--numeric-owner",
    "--quoting-style=literal",
    "--file",
    file,
  ];
  const { code, stdout, stderr } = await runCli(args, {
    program: ["tar"],
    env: { LC_ALL: "C.UTF-8", TZ: "UTC" },
  });
  assert.deepEqual([code, stderr], [0, ""], file);
  return stdout.trimEnd().split("\n").map((line) => {
    const [, size, name] = /^-\S+ 0\/0 +(\d+) 1970-01-01 00:00 (.*)$/.exec(line) ?? [];
    return [name ?? line, Number(size)];
  });
}

await interopTest(
  "GNU tar and Python's tarfile list in each tar that is accepted the same names and sizes",
  ["tar", "python3"],
  async () => {
    await using home = await temporaryHome();
    const tar = await tarOfFiles(paths);
    const accepted: { file: string; entries: Listed }[] = [];
    let refused = 0;
    for (const candidate of [tar, ...mutations(tar)]) {
      const entries = await listed(candidate, []);
      const expected = paths.map(([path]) => path);
      assert.deepEqual(await listed(candidate, expected), entries);
      if (entries === undefined) {
        refused++;
        continue;
      }
      const file = join(home.path, `${accepted.length}.tar`);
      await Deno.writeFile(file, candidate);
      accepted.push({ file, entries });
    }
    assert.deepEqual(accepted[0]!.entries, paths.map(([path, size]) => [path, size]));
    assert.ok(accepted.length > 1 && refused > 100, `${accepted.length} and ${refused}`);
    const python = await listedByPython(accepted.map(({ file }) => file));
    for (const [i, { file, entries }] of accepted.entries()) {
      assert.deepEqual(python[i], entries, `tarfile: ${file}`);
      assert.deepEqual(await listedByTar(file), entries, `tar: ${file}`);
    }
  },
);

await interopTest(
  "Python's tarfile reads every header of the vectors as we do, those of 8 GiB and more too",
  ["python3"],
  async () => {
    await using home = await temporaryHome();
    const files: string[] = [];
    for (const [i, { headerHex }] of vectors.good.entries()) {
      files.push(join(home.path, `${i}.tar`));
      // The header is written first. The file is then extended to the right length as a sparse
      // file, which needs no disk space.
      await Deno.writeFile(files[i]!, fromHex(headerHex)!);
      const { size } = vectors.good[i]!;
      if (size < 2 ** 40) {
        const padded = Math.ceil(size / BLOCK) * BLOCK;
        await Deno.truncate(files[i]!, headerHex.length / 2 + padded + 1024);
      }
    }
    const python = await listedByPython(files);
    for (const [i, { path, size, why }] of vectors.good.entries()) {
      if (size < 2 ** 40) assert.deepEqual(python[i], [[path, size]], why);
    }
  },
);
