/** Versions of a package that this home knows without a network: those in its seed directory. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { presentPackage } from "../../../src/names/known_versions.ts";
import { type MinimalManifest, packDirectory } from "../../../src/package/mod.ts";
import { SeedDirectory } from "../../../src/store/mod.ts";
import { inDirectory, signer, stranger, writeTree } from "../../support/package_archives.ts";

inDirectory(
  "the highest version that fits, of a publisher that is named or pinned, is found",
  async (dir) => {
    const seeds = new SeedDirectory(join(dir, "seed"));
    await seeds.ensure();
    for (
      const [version, key] of [["1.0.0", signer], ["1.5.0", signer], ["1.9.0", stranger]] as const
    ) {
      const source = await writeTree(join(dir, version), { "a.txt": version });
      const outDir = join(dir, `out-${version}`);
      await Deno.mkdir(outDir);
      const about = { name: "hello", version, signer: key, timestampMs: 1 };
      const { archivePath, minimal, torrent } = await packDirectory({
        dir: source,
        outDir,
        ...about,
      });
      await seeds.put({ archivePath, minimal, torrent, move: true, verified: true });
    }
    const revoked = new Set<string>();
    const pinned: Uint8Array[] = [];
    const context = {
      state: { pins: { list: () => pinned.map((publicKey) => ({ publicKey })) } },
      offers: { trust: { accepts: ({ version }: MinimalManifest) => !revoked.has(version) } },
    } as never;
    const versionOf = async (publicKey?: Uint8Array, range?: string) =>
      (await presentPackage(context, seeds, { publicKey, name: "hello", range }))?.minimal.version;
    assert.equal(await versionOf(), undefined, "nobody is pinned");
    assert.equal(await versionOf(signer.publicKey), "1.5.0");
    assert.equal(await versionOf(signer.publicKey, "~1.0"), "1.0.0");
    assert.equal(await versionOf(signer.publicKey, "^2"), undefined);
    pinned.push(stranger.publicKey);
    assert.equal(await versionOf(), "1.9.0");
    pinned.push(signer.publicKey);
    revoked.add("1.9.0");
    assert.equal(await versionOf(), "1.5.0", "its key is revoked");
  },
);
