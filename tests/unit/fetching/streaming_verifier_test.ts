/**
 * Verification of an archive during its download.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { StreamingVerifier } from "../../../src/fetching/streaming_verifier.ts";
import { defaultArchiveLimits } from "../../../src/package/mod.ts";
import { inDirectory, noise, packIn, signer } from "../../support/package_archives.ts";

async function prepared(dir: string) {
  const { archivePath: from, minimal } = await packIn(dir, { a: noise(2_000_000) });
  const archivePath = join(dir, ".partial");
  const { publicKey } = signer;
  const verifier = new StreamingVerifier({
    archivePath,
    minimal,
    publicKey,
    limits: defaultArchiveLimits,
  });
  return { verifier, archivePath, content: await Deno.readFile(from) };
}

inDirectory("a download is verified while it arrives", async (dir) => {
  const { verifier, archivePath, content } = await prepared(dir);
  verifier.advance({ readyBytes: 0 });
  await Deno.writeFile(archivePath, content.subarray(0, 1_000_000));
  verifier.advance({ readyBytes: 1_000_000 });
  verifier.advance({ readyBytes: 500_000 });
  await Deno.writeFile(archivePath, content.subarray(1_000_000), { append: true });
  const { verified, steps } = (await verifier.finish(archivePath))!;
  assert.equal(verified.lengthBytes, content.length);
  assert.equal(steps.at(-1), "archive-hash");
});

inDirectory("a damaged download gives no result", async (dir) => {
  const { verifier, archivePath, content } = await prepared(dir);
  content[1_000_000]! ^= 1;
  await Deno.writeFile(archivePath, content);
  assert.equal(await verifier.finish(archivePath), undefined);
});

inDirectory("a download at another path than expected gives no result", async (dir) => {
  const { verifier, archivePath, content } = await prepared(dir);
  await Deno.writeFile(join(dir, "elsewhere"), content);
  await Deno.writeFile(archivePath, content);
  assert.equal(await verifier.finish(join(dir, "elsewhere")), undefined);
});

inDirectory("a missing file gives no result", async (dir) => {
  const { verifier, archivePath } = await prepared(dir);
  assert.equal(await verifier.finish(archivePath), undefined);
});

inDirectory("abandon closes the file of a failed download", async (dir) => {
  const { verifier, archivePath, content } = await prepared(dir);
  await Deno.writeFile(archivePath, content.subarray(0, 1_000_000));
  verifier.advance({ readyBytes: 1_000_000 });
  await verifier.abandon();
});
