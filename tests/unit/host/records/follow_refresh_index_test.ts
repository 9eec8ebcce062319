/**
 * Following one package of a long catalog, whose manifests are read from the catalog's index.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { toHex, utf8 } from "../../../../src/base/mod.ts";
import type { Operations } from "../../../../src/control/mod.ts";
import { refreshFollow } from "../../../../src/host/records/follow_refresh.ts";
import { keyPairFromSeed } from "../../../../src/identity/mod.ts";
import {
  buildIndex,
  catalogFileName,
  indexFileName,
  serializeCatalog,
  torrentOfBytes,
} from "../../../../src/package/mod.ts";
import { announceSalt, encodeCatalogRecord } from "../../../../src/records/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { nobodyMet } from "../../../support/fake_rendezvous.ts";
import { temporaryTrust } from "../../../support/identities.ts";
import { temporaryHome } from "../../../support/mod.ts";
import { signedItem, signedMinimal } from "../../../support/signed.ts";

const NOW = Date.UTC(2026, 10, 29);

Deno.test("of a followed package with a manifest that does not hold, the others are followed", async () => {
  await using home = await temporaryHome();
  const clock = new FakeClock(NOW);
  await using known = await temporaryTrust(clock);
  const keys = keyPairFromSeed(new Uint8Array(32).fill(77));
  const { publicKey } = keys;
  const manifests = ["1.0.0", "2.0.0", "3.0.0"].map((version, index) =>
    signedMinimal({
      ...{ name: "a", version, length: 1 + index, timestamp: NOW },
      archiveSha256: `sha256:${String(index).repeat(64)}`,
      btih: String(index).repeat(40),
    }, keys)
  );
  const [first, second, third] = manifests;
  const wrong = { ...second!, signature: first!.signature };
  const catalog = utf8(serializeCatalog([first!, wrong, third!]));
  const index = (await buildIndex(catalog, publicKey))!;
  await Deno.writeFile(join(home.path, catalogFileName(publicKey)), catalog);
  await Deno.writeFile(join(home.path, indexFileName(publicKey)), index);
  const item = signedItem(keys, {
    ...{ salt: announceSalt(publicKey), seq: 5 },
    value: encodeCatalogRecord({
      ...{ count: 3, timestampMs: NOW },
      catalogInfoHash: torrentOfBytes(catalogFileName(publicKey), catalog).infoHash,
      indexInfoHash: torrentOfBytes(indexFileName(publicKey), index).infoHash,
    }),
  });
  const warnings: string[] = [];
  const operations = {
    ...nobodyMet,
    status: () => Promise.resolve({ daemon: false, seedDirectory: home.path }),
    lookUp: ({ salt }: { salt: Uint8Array }) =>
      Promise.resolve({
        ...{ asked: 8, responded: 8, holding: 0, stale: 0, invalid: 0, errors: {}, others: [] },
        item: toHex(salt) === toHex(item.salt) ? item : undefined,
      }),
  } as unknown as Operations;
  const { state, trust } = known;
  state.follows.add(publicKey, NOW, { name: "a" });
  const context = {
    ...{ operations, state, trust, clock, seedDirectory: home.path },
    ...{ timeoutMs: 1_000, onWarning: (message: string) => warnings.push(message) },
  };
  assert.equal(await refreshFollow(context, publicKey), true);
  const followed = state.follows.ofPublisher(publicKey).map(({ version }) => version);
  assert.deepEqual(followed, ["1.0.0", "3.0.0"]);
  assert.match(warnings.join("\n"), /^1 lines of the catalog .* were left out; the first: line 2/);
});
