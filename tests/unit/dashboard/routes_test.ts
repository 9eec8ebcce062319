import assert from "node:assert/strict";
import { placeOf, routes } from "../../../src/dashboard/routes.ts";

Deno.test("an address names a page and its parts", () => {
  assert.equal(placeOf("").route.title, "Now");
  assert.equal(placeOf("#/").route.title, "Now");
  assert.equal(placeOf("#/packages").route.title, "Packages");
  const { route, params } = placeOf(
    "#/packages/%40scope%2Fname/1.0.0?publisher=ed25519%3Aab%2Bc%3D",
  );
  assert.equal(route.title, "Package");
  assert.deepEqual(params, { name: "@scope/name", version: "1.0.0", publisher: "ed25519:ab+c=" });
});

Deno.test("an address that is none of ours is that of the first page", () => {
  for (const hash of ["#/nothing", "#/packages/a", "#/packages/a/b/c", "#/%zz", "#//", "#?x=1"]) {
    assert.equal(placeOf(hash).route, routes[0], hash);
  }
});

Deno.test("a part after ? does not replace a part of the path", () => {
  const { params } = placeOf("#/packages/a/1.0.0?name=b");
  assert.equal(params.name, "a");
});
