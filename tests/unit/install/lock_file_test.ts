/**
 * The format of `libreseed.lock.json`, and the errors reported by its parser.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { packageRef, parseRequirement } from "../../../src/fetching/requirement.ts";
import {
  formatLockFile,
  type LockFile,
  parseLockFile,
  readLockFile,
  writeLockFile,
} from "../../../src/install/lock_file.ts";
import { graphOfLock, lockWith, lockWithout } from "../../../src/install/lock_graph.ts";
import { lockedKey } from "../../../src/install/project_lock.ts";
import { type MinimalManifest, signMinimal } from "../../../src/package/mod.ts";
import { TestIdentity } from "../../support/identities.ts";
import { temporaryHome } from "../../support/mod.ts";
import { aliceKey, failure, mallory, malloryKey, signed } from "./support.ts";

const PATH = "/project/libreseed.lock.json";

/**
 * A sample lock file: `app ^1` requires `b`, which requires `constructor`; another `b` is by
 * mallory.
 */
function sample(): LockFile {
  const [app, b, odd] = [
    signed("app", "1.0.0"),
    signed("b", "2.1.0"),
    signed("constructor", "1.0.0"),
  ];
  const other = signed("b", "0.1.0", mallory);
  const locked = (minimal: MinimalManifest, ...needed: MinimalManifest[]) =>
    [packageRef(minimal), {
      minimal,
      dependencies: new Map(needed.map((one) => [one.name, packageRef(one)])),
    }] as const;
  const requirement = (spec: string, minimal: MinimalManifest) => {
    const requirement = parseRequirement(spec);
    const key = spec.replace(/@[^@/]*$/, "");
    return [key, { requirement, ref: packageRef(minimal) }] as const;
  };
  return {
    packages: new Map([locked(app, b), locked(b, odd), locked(odd), locked(other)]),
    requirements: new Map([
      requirement("app@^1", app),
      requirement(`${malloryKey}/b@*`, other),
    ]),
  };
}

Deno.test("a lock file is sorted, indented JSON with deterministic text", () => {
  const lock = sample();
  const text = formatLockFile(lock);
  const turned = {
    packages: new Map([...lock.packages].reverse()),
    requirements: new Map([...lock.requirements].reverse()),
  };
  assert.equal(formatLockFile(turned), text);
  assert.equal(text.endsWith("}\n"), true);
  const json = JSON.parse(text);
  assert.deepEqual(Object.keys(json), ["lockfileVersion", "packages", "requirements"]);
  assert.deepEqual(Object.keys(json.packages), Object.keys(json.packages).sort());
  const app = signed("app", "1.0.0");
  assert.deepEqual(json.packages[`${aliceKey}/app@1.0.0`], {
    btih: app.btih,
    dependencies: { b: `${aliceKey}/b@2.1.0` },
    archiveSha256: app.archiveSha256,
    length: app.length,
    signature: app.signature,
    timestamp: app.timestamp,
  });
  assert.deepEqual(json.requirements.app, { package: `${aliceKey}/app@1.0.0`, range: "^1" });
  assert.ok(text.includes('\n  "packages": {\n    "ed25519:'));
});

Deno.test("a written lock file reads back the same, odd names included", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "libreseed.lock.json");
  assert.equal(await readLockFile(path), undefined);
  await writeLockFile(path, sample());
  const read = (await readLockFile(path))!;
  assert.equal(formatLockFile(read), formatLockFile(sample()));
  assert.ok(read.packages.has(`${aliceKey}/constructor@1.0.0`));
  assert.deepEqual(read.packages.get(`${aliceKey}/app@1.0.0`)!.minimal, signed("app", "1.0.0"));
  assert.deepEqual([...Deno.readDirSync(home.path)].map(({ name }) => name), [
    "libreseed.lock.json",
  ]);
});

type Json = Record<string, unknown>;

/** Returns the sample lock file's JSON after applying a change. */
function changed(change: (json: Record<string, Record<string, Json>>) => unknown): string {
  const json = JSON.parse(formatLockFile(sample()));
  return JSON.stringify(change(json) ?? json);
}

const APP = `${aliceKey}/app@1.0.0`;
const B = `${aliceKey}/b@2.1.0`;

Deno.test("a malformed lock file is refused with the path of the file and the member", () => {
  const cases: [what: string, text: string, member: string][] = [
    ["no JSON", "{", ""],
    ["empty", "", ""],
    ["another type", "[]", ""],
    ["null", "null", ""],
    ["another version", changed((json) => ({ ...json, lockfileVersion: 0 })), "lockfileVersion"],
    [
      "no version",
      changed(({ packages, requirements }) => ({ packages, requirements })),
      "lockfileVersion is invalid: it is missing",
    ],
    [
      "an extra member",
      changed((json) => ({ ...json, scripts: {} })),
      "scripts is invalid: there is no such member",
    ],
    ["packages as a list", changed((json) => ({ ...json, packages: [] })), "packages"],
    [
      "a package of another shape",
      changed((json) => void (json.packages![APP] = [] as never)),
      APP,
    ],
    ["an extra field", changed((json) => void (json.packages![APP]!.run = "x")), APP],
    ["a missing field", changed((json) => void delete json.packages![APP]!.length), APP],
    ["a length in text", changed((json) => void (json.packages![APP]!.length = "1")), APP],
    [
      "a key without a publisher",
      changed((json) => void (json.packages!["app@1.0.0"] = {})),
      "app@1.0.0",
    ],
    [
      "a range for a key",
      changed((json) => void (json.packages![`${aliceKey}/app@^1`] = json.packages![APP]!)),
      "^1",
    ],
    [
      "a dependency that is not there",
      changed((json) => void (json.packages![APP]!.dependencies = { b: `${aliceKey}/b@9.9.9` })),
      "dependencies",
    ],
    [
      "a dependency of another name",
      changed((json) => void (json.packages![APP]!.dependencies = { c: B })),
      "dependencies",
    ],
    [
      "a dependency that is a number",
      changed((json) => void (json.packages![APP]!.dependencies = { b: 1 })),
      APP,
    ],
    [
      "a requirement of something that is not there",
      changed((json) => void (json.requirements!.app!.package = `${aliceKey}/app@1.0.1`)),
      "requirements",
    ],
    [
      "a requirement of something else",
      changed((json) => void (json.requirements!.app!.package = B)),
      "requirements",
    ],
    [
      "a range that is not satisfied",
      changed((json) => void (json.requirements!.app!.range = "^2")),
      "requirements",
    ],
    [
      "no range at all",
      changed((json) => void (json.requirements!.app!.range = "no range")),
      "requirements",
    ],
    [
      "a name that is none",
      changed((json) => void (json.requirements!["../x"] = json.requirements!.app!)),
      "../x",
    ],
    [
      "a requirement of another's key",
      changed((json) => void (json.requirements![`${malloryKey}/app`] = json.requirements!.app!)),
      "requirements",
    ],
    [
      "__proto__",
      changed(() => 0).replace(
        "0",
        '{"lockfileVersion":1,"packages":{"__proto__":{}},"requirements":{}}',
      ),
      "__proto__",
    ],
  ];
  for (const [what, text, member] of cases) {
    assert.throws(() => parseLockFile(text, PATH), (error: { message: string; code: string }) => {
      assert.equal(error.code, "LOCK_INVALID", what);
      assert.ok(error.message.startsWith(PATH), `${what}: ${error.message}`);
      assert.ok(error.message.includes(member), `${what}: ${error.message}`);
      return true;
    }, what);
  }
});

Deno.test("altering any field of a locked package invalidates its signature", () => {
  const alterations: ((locked: Json) => unknown)[] = [
    (locked) => locked.archiveSha256 = `sha256:${"0".repeat(64)}`,
    (locked) => locked.btih = "0".repeat(40),
    (locked) => locked.length = 2,
    (locked) => locked.timestamp = 1,
    (locked) => locked.signature = signed("b", "2.1.0").signature,
    (locked) => locked.signature = "ed25519:",
    (locked) => locked.archiveSha256 = "",
  ];
  for (const alter of alterations) {
    const text = changed((json) => void alter(json.packages![APP]!));
    assert.throws(() => parseLockFile(text, PATH), (error: { message: string; kind: string }) => {
      assert.equal(error.kind, "verification");
      return error.message.includes(`packages["${APP}"]`);
    });
  }
  // A package with equal fields but another publisher's key is a different package.
  const stolen = changed((json) =>
    void (json.packages![`${malloryKey}/app@1.0.0`] = json.packages![APP]!)
  );
  assert.throws(() => parseLockFile(stolen, PATH), /is not what its publisher signed/);
});

Deno.test("a lock file that is too large, no regular file, or not UTF-8 is refused", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "lock");
  await Deno.mkdir(path);
  assert.match((await failure(readLockFile(path), "LOCK_INVALID")).message, /not a regular file/);
  await Deno.remove(path);
  await Deno.writeFile(path, Uint8Array.of(0x22, 0xff, 0x22));
  assert.match((await failure(readLockFile(path), "LOCK_INVALID")).message, /not UTF-8/);
  await Deno.truncate(path, (16 << 20) + 1);
  assert.match((await failure(readLockFile(path), "LOCK_INVALID")).message, /16777216 bytes/);
  await failure(readLockFile(join(path, "below a file")), "LOCK_INVALID");
});

Deno.test("saving replaces the locked package of the same requirement only", () => {
  const next = signed("app", "1.1.0");
  const graph = {
    direct: [{ requirement: parseRequirement("app@^1.1"), ref: packageRef(next) }],
    nodes: new Map([[packageRef(next), { minimal: next, edges: [] }]]),
  };
  const lock = lockWith(sample(), graph);
  assert.deepEqual(
    [...lock.packages.keys()].sort(),
    [
      `${aliceKey}/app@1.1.0`,
      `${malloryKey}/b@0.1.0`,
    ].sort(),
  );
  assert.deepEqual([...lock.requirements.keys()].sort(), ["app", `${malloryKey}/b`]);
  assert.equal(lock.requirements.get("app")!.requirement.range, "^1.1");
  assert.equal(formatLockFile(parseLockFile(formatLockFile(lock), PATH)), formatLockFile(lock));
});

Deno.test("removing a requirement removes the packages that only it needed", () => {
  const lock = lockWithout(sample(), "app");
  assert.deepEqual([...lock.packages.keys()], [`${malloryKey}/b@0.1.0`]);
  assert.equal(graphOfLock(sample(), ["app"]).nodes.size, 3);
});

Deno.test("a bare name matches its locked requirement; an unknown name lists the locked ones", () => {
  const lock = sample();
  const keyOf = (spec: string) => lockedKey(lock, parseRequirement(spec), PATH);
  assert.equal(keyOf("app"), "app");
  assert.equal(keyOf("app@1.0.0"), "app");
  assert.equal(keyOf("b"), `${malloryKey}/b`);
  assert.equal(keyOf(`${malloryKey}/b@0.x`), `${malloryKey}/b`);
  for (
    const [spec, part] of [
      ["app@^2", "app is locked at 1.0.0"],
      ["c", "it holds app, "],
      [`${aliceKey}/b`, "it holds "],
    ] as const
  ) {
    assert.throws(() => keyOf(spec), (error: { code: string; message: string; kind: string }) => {
      assert.deepEqual([error.code, error.kind], ["NOT_IN_LOCK", "not-found"]);
      return error.message.includes(part);
    });
  }
});

Deno.test("a package keeps the fields of a later version, which its publisher has signed", async () => {
  const key = await new TestIdentity().certify();
  const { signature: _, protocol: __, pubkey: ___, ...fields } = signed("app", "1.0.0");
  const minimal = await signMinimal({ ...fields, ext: { later: 1 } }, key);
  const lock = {
    packages: new Map([[packageRef(minimal), { minimal, dependencies: new Map() }]]),
    requirements: new Map(),
  };
  assert.deepEqual(parseLockFile(formatLockFile(lock), PATH), lock);
});

Deno.test("a lock file, or a package in it, in a newer format is named as that", () => {
  const file = JSON.parse(formatLockFile(sample()));
  const [key] = Object.keys(file.packages);
  const newer = { ...file.packages[key!], protocol: "libreseed/3" };
  const packages = { ...file.packages, [key!]: newer };
  for (const change of [{ lockfileVersion: 2, more: [] }, { packages }]) {
    assert.throws(() => parseLockFile(JSON.stringify({ ...file, ...change }), PATH), {
      code: "NEWER_FORMAT",
      kind: "failed",
      message: /newer libreseed has written.*upgrade it/,
    });
  }
  newer.protocol = "libreseed/2";
  assert.throws(() => parseLockFile(JSON.stringify({ ...file, packages }), PATH), {
    code: "LOCK_INVALID",
  });
});
