/**
 * Tests a daemon whose seed directory holds an archive that takes long to verify. The daemon
 * answers requests during the verification, and ends when it is told to.
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { concatBytes, utf8 } from "../../../src/base/mod.ts";
import { generateKeyPair } from "../../../src/identity/mod.ts";
import { tarEntry, tarOf } from "../../../src/package/archive/tar_writer.ts";
import {
  contentHash,
  formatSha256,
  serializeFull,
  serializeMinimal,
} from "../../../src/package/mod.ts";
import { eventually, newPlace } from "../../support/place.ts";
import { signedFull, signedMinimal } from "../../support/signed.ts";

const MIB = 1024 * 1024;
const MEMBER_BYTES = 16 * MIB;
/**
 * Number of gzip members. Together they inflate to 60 GiB, which takes minutes but is within the
 * limit of unpacked bytes.
 */
const MEMBERS = 60 * 1024 * MIB / MEMBER_BYTES;

/** Writes a signed archive of zeros, compressed by a factor of 1,000, and its manifest. */
async function writeZeros(path: string): Promise<void> {
  const signer = generateKeyPair();
  const about = { name: "zeros", version: "1.0.0" };
  // The hash is wrong on purpose: the verification is interrupted before any hash is compared.
  const files = { zeros: formatSha256(new Uint8Array(32)) };
  const full = signedFull({ ...about, files, contentHash: contentHash(files) }, signer);
  const manifest = await tarEntry("manifest.json", utf8(serializeFull(full)));
  const sizeBytes = MEMBERS * MEMBER_BYTES;
  async function* contents() {
    yield await Promise.resolve(new Uint8Array(512));
  }
  const entry = tarOf([{ path: "zeros", sizeBytes, executable: false, contents }]);
  const header = (await entry.next()).value!.slice(0, 512);
  await entry.return(undefined);
  const member = gzipSync(new Uint8Array(MEMBER_BYTES), { level: 9 });
  const head = gzipSync(concatBytes(manifest, header));
  const archive = concatBytes(head, ...Array<Uint8Array>(MEMBERS).fill(member));
  const minimal = signedMinimal({
    ...about,
    archiveSha256: formatSha256(createHash("sha256").update(archive).digest()),
    btih: "0".repeat(40),
    length: archive.length,
    timestamp: 0,
  }, signer);
  await Deno.writeTextFile(
    path.replace(/\.tgz$/, ".minimal.json"),
    serializeMinimal(minimal),
  );
  await Deno.writeFile(path, archive);
}

/** Whether a process has a given file open. Works on Linux only. */
function hasOpen(pid: number, path: string): boolean {
  if (Deno.build.os !== "linux") return true;
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].some(({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/${pid}/fd/${name}`) === path;
    } catch {
      // The process closed the file during the check.
      return false;
    }
  });
}

Deno.test("a daemon answers while it verifies a long archive, and SIGTERM ends it with 0", async () => {
  await using place = await newPlace({ nodes: 1 });
  const home = await place.home(null);
  await home.configure("max-ratio: 100000\n");
  await Deno.mkdir(home.seed);
  const archive = join(home.seed, "zeros-1.0.0.tgz");
  await writeZeros(archive);
  await using daemon = await home.daemon();
  const { process } = daemon;
  await eventually(() => hasOpen(process.pid, archive));
  for (let i = 0; i < 3; i++) {
    const { packages, problems } = JSON.parse(await home.must(["status", "--json"]));
    assert.deepEqual([packages, problems], [0, 0]);
  }
  assert.ok(hasOpen(process.pid, archive), "it is verified no more");
  const { stderr } = await daemon.end();
  assert.doesNotMatch(stderr, /not seeded/);
});
