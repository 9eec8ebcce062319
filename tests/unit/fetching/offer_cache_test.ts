/**
 * Memory of one command for publishers' lists: the whole, or single packages of a long one.
 *
 * @module
 */

import assert from "node:assert/strict";
import { systemClock } from "../../../src/base/mod.ts";
import type { CatalogIndex } from "../../../src/fetching/catalog_index.ts";
import { type Offer, OfferCache, type WantedOffer } from "../../../src/fetching/mod.ts";
import type { MutableItem } from "../../../src/records/mod.ts";
import { temporaryTrust } from "../../support/identities.ts";

const key = new Uint8Array(32);

/** An offer of packages; `index` says that they are a part of the list. */
function offerOf(names: string[], index?: CatalogIndex): Offer {
  return {
    key: { key, fromMs: 0 },
    seq: 1,
    item: {} as MutableItem,
    packages: new Map(names.map((name) => [name, ["1.0.0"]])),
    flags: new Map(),
    index,
  };
}

Deno.test("a publisher's list that could not be read is read again by the same command", async () => {
  await using known = await temporaryTrust(systemClock);
  const offers = new OfferCache(known.trust);
  await assert.rejects(offers.of(key, "a", () => Promise.reject(new Error("silence"))), /silence/);
  const offer = [offerOf(["a"])];
  assert.equal(await offers.of(key, "a", () => Promise.resolve(offer)), offer);
  assert.equal(await offers.of(key, "a", () => Promise.reject(new Error("not asked"))), offer);
});

Deno.test("a list that was read whole serves every package, also those asked for meanwhile", async () => {
  await using known = await temporaryTrust(systemClock);
  const offers = new OfferCache(known.trust);
  const whole = Promise.withResolvers<Offer[]>();
  const reads: WantedOffer[] = [];
  const read = (wanted: WantedOffer) => {
    reads.push(wanted);
    return whole.promise;
  };
  const all = ["a", "b", "a"].map((name) => offers.of(key, name, read));
  const offer = [offerOf(["a"])];
  whole.resolve(offer);
  assert.deepEqual(await Promise.all(all), [offer, offer, offer]);
  assert.equal(await offers.flagsOf(key, "c", () => Promise.reject(new Error("not asked"))), offer);
  assert.deepEqual(reads, [{ name: "a", known: undefined }]);
});

Deno.test("a part of a list serves its package only, and spares the next one the record", async () => {
  await using known = await temporaryTrust(systemClock);
  const offers = new OfferCache(known.trust);
  const reads: WantedOffer[] = [];
  const index = {} as CatalogIndex;
  const read = (wanted: WantedOffer) => {
    reads.push(wanted);
    return Promise.resolve([offerOf([wanted.name!], index)]);
  };
  const [a, b, again] = await Promise.all(
    ["a", "b", "a"].map((name) => offers.of(key, name, read)),
  );
  assert.deepEqual([...a![0]!.packages.keys()], ["a"]);
  assert.deepEqual([...b![0]!.packages.keys()], ["b"]);
  assert.equal(again, a);
  assert.deepEqual(reads, [{ name: "a", known: undefined }, { name: "b", known: a }]);
  const silent = () => Promise.reject(new Error("silence"));
  assert.equal(await offers.flagsOf(key, "b", silent), b);
  await assert.rejects(offers.flagsOf(key, "c", silent), /silence/);
  // Another publisher of the same name has a list of its own.
  const other = new Uint8Array(32).fill(1);
  await assert.rejects(offers.of(other, "a", silent), /silence/);
});
