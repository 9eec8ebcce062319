/** Which versions are followed: by package, range and tag. */

import assert from "node:assert/strict";
import { NO_FLAGS } from "../../../src/base/mod.ts";
import { followedOf, formatFollowed } from "../../../src/fetching/follow_scope.ts";
import type { FollowScope } from "../../../src/store/mod.ts";

const listed = ["1.0.0", "1.2.0", "2.0.0-rc.1", "2.0.0", "3.0.0-beta"]
  .flatMap((version) => ["a", "b"].map((name) => ({ name, version })));

function followed(scopes: FollowScope[], tags: [string, string][] = [], yanked: string[] = []) {
  const flags = {
    ...NO_FLAGS,
    tags: new Map(tags),
    yanked: new Map(yanked.map((one) => [one, ""])),
  };
  return followedOf(scopes, listed, (name) => name === "a" ? flags : NO_FLAGS)
    .map(({ name, version }) => `${name}@${version}`).join(" ");
}

Deno.test("a package, its ranges and everything of a publisher are followed as requests choose versions", () => {
  const all = listed.map(({ name, version }) => `${name}@${version}`).join(" ");
  assert.equal(followed([{}]), all);
  assert.equal(followed([{ name: "a", range: "^1" }, {}]), all);
  assert.equal(
    followed([{ name: "a" }]),
    "a@1.0.0 a@1.2.0 a@2.0.0-rc.1 a@2.0.0 a@3.0.0-beta",
    "prereleases too, as of a whole publisher",
  );
  assert.equal(followed([{ name: "a", range: "^1" }]), "a@1.0.0 a@1.2.0");
  assert.equal(followed([{ name: "a", range: ">=1.2.0" }]), "a@1.2.0 a@2.0.0", "no prerelease");
  assert.equal(followed([{ name: "a", range: "^2.0.0-rc.0" }]), "a@2.0.0-rc.1 a@2.0.0");
  assert.equal(
    followed([{ name: "a", range: "~1.0" }, { name: "b", range: "2.0.0" }, {
      name: "a",
      range: "2",
    }]),
    "a@1.0.0 a@2.0.0 b@2.0.0",
  );
  assert.equal(followed([{ name: "c" }]), "");
  // A yanked version stays in the list that `search` shows; the mirror leaves it out.
  assert.equal(followed([{ name: "a", range: "^1" }], [], ["1.2.0"]), "a@1.0.0 a@1.2.0");
});

Deno.test("a tag follows the version to which it leads now", () => {
  const next: FollowScope[] = [{ name: "a", range: "next" }];
  assert.equal(followed(next), "", "the package has no such tag");
  assert.equal(followed(next, [["next", "3.0.0-beta"]]), "a@3.0.0-beta");
  assert.equal(followed(next, [["next", "2.0.0-rc.1"]]), "a@2.0.0-rc.1");
  assert.equal(followed(next, [["next", "2.0.0-rc.1"]], ["2.0.0-rc.1"]), "", "it is yanked");
  assert.equal(followed([{ name: "a", range: "latest" }]), "a@2.0.0");
  assert.equal(followed([{ name: "a", range: "latest" }], [["latest", "1.0.0"]]), "a@1.0.0");
  assert.equal(followed([{ name: "a", range: "latest" }], [], ["2.0.0"]), "a@1.2.0");
  assert.equal(
    followed([...next, { name: "a", range: "~1.0" }], [["next", "2.0.0"]]),
    "a@1.0.0 a@2.0.0",
  );
});

Deno.test("what is followed is written as it can be named", () => {
  const key = new Uint8Array(32);
  const text = `ed25519:${"A".repeat(43)}=`;
  assert.equal(formatFollowed(key, {}), text);
  assert.equal(formatFollowed(key, { name: "@a/b" }), `${text}/@a/b`);
  assert.equal(formatFollowed(key, { name: "a", range: "^1 || ^3" }), `${text}/a@^1 || ^3`);
});
