import assert from "node:assert/strict";
import { join } from "node:path";
import { VerifyBehind } from "../../../src/fetching/verify_behind.ts";
import { defaultArchiveLimits } from "../../../src/package/mod.ts";
import { inDirectory, noise, packIn, signer } from "../package/support.ts";

async function prepared(dir: string) {
  const { archivePath: from, minimal } = await packIn(dir, { a: noise(2_000_000) });
  const archivePath = join(dir, ".partial");
  const { publicKey } = signer;
  const behind = new VerifyBehind({
    archivePath,
    minimal,
    publicKey,
    limits: defaultArchiveLimits,
  });
  return { behind, archivePath, content: await Deno.readFile(from) };
}

inDirectory("a download is verified behind what has come of it", async (dir) => {
  const { behind, archivePath, content } = await prepared(dir);
  behind.tell({ readyBytes: 0 });
  await Deno.writeFile(archivePath, content.subarray(0, 1_000_000));
  behind.tell({ readyBytes: 1_000_000 });
  behind.tell({ readyBytes: 500_000 });
  await Deno.writeFile(archivePath, content.subarray(1_000_000), { append: true });
  const { verified, steps } = (await behind.finish(archivePath))!;
  assert.equal(verified.lengthBytes, content.length);
  assert.equal(steps.at(-1), "archive-hash");
});

inDirectory("what came wrong is left to the verification of the whole", async (dir) => {
  const { behind, archivePath, content } = await prepared(dir);
  content[1_000_000]! ^= 1;
  await Deno.writeFile(archivePath, content);
  assert.equal(await behind.finish(archivePath), undefined);
});

inDirectory("so is what lies elsewhere than was thought", async (dir) => {
  const { behind, archivePath, content } = await prepared(dir);
  await Deno.writeFile(join(dir, "elsewhere"), content);
  await Deno.writeFile(archivePath, content);
  assert.equal(await behind.finish(join(dir, "elsewhere")), undefined);
});

inDirectory("and what is not there", async (dir) => {
  const { behind, archivePath } = await prepared(dir);
  assert.equal(await behind.finish(archivePath), undefined);
});

inDirectory("a download that is given up holds no file open", async (dir) => {
  const { behind, archivePath, content } = await prepared(dir);
  await Deno.writeFile(archivePath, content.subarray(0, 1_000_000));
  behind.tell({ readyBytes: 1_000_000 });
  await behind.abandon();
});
