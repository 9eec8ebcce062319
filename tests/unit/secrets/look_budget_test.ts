/** What looking at the files of one package may take, in one file or in many. */

import assert from "node:assert/strict";
import { LookBudget, SecretDetector, SmallFiles } from "../../../src/secrets/mod.ts";
import { made, pem } from "./made_up.ts";

const detector = new SecretDetector();
const text = (value: string) => new TextEncoder().encode(value);
const begin = "-----BEGIN " + "PRIVATE KEY-----";
/** 2.4 kB of first lines of keys, none of which is one. */
const anchors = text((begin + made(13, "xyz ") + "\n").repeat(60));
/** More than are free, and than so many bytes earn. */
const FILES = 100;
/** Free, and earned by the bytes of all files; each file has one for certain. */
const allowed = 256 + Math.ceil(FILES * anchors.length / 2048) + FILES;

Deno.test("anchors in many small files are tried no more often than in one file of their length", () => {
  const budget = new LookBudget();
  const found: string[] = [];
  const small = new SmallFiles(detector, (path) => found.push(path), budget);
  for (let i = 0; i < FILES; i++) assert.ok(small.take(`${i}.txt`, anchors));
  small.finish();
  assert.ok(budget.tries >= 256 && budget.tries <= allowed, `${budget.tries}`);
  const one = new LookBudget();
  const scan = detector.file("all.txt", undefined, one);
  for (let i = 0; i < FILES; i++) scan.add(anchors);
  assert.equal(scan.end(), undefined);
  assert.ok(one.tries >= 256 && one.tries <= allowed, `${one.tries}`);
  assert.deepEqual(found, []);
});

Deno.test("files that are looked at one by one share the budget of their package", () => {
  const budget = new LookBudget();
  for (let i = 0; i < FILES; i++) {
    const scan = detector.file(`${i}.txt`, anchors.length, budget);
    scan.add(anchors);
    assert.equal(scan.end(), undefined);
  }
  assert.ok(budget.tries <= allowed, `${budget.tries}`);
  assert.equal(budget.passedBytes, FILES * anchors.length);
});

Deno.test("a key is found in a file after many that have used the budget up", () => {
  const budget = new LookBudget();
  const found: string[] = [];
  const small = new SmallFiles(detector, (path) => found.push(path), budget);
  for (let i = 0; i < FILES; i++) small.take(`${i}.txt`, anchors);
  small.take("key.txt", text(pem("ed25519")));
  small.finish();
  assert.deepEqual(found, ["key.txt"]);
  const scan = detector.file("other.txt", undefined, budget);
  scan.add(text(pem("ec")));
  assert.equal(scan.end(), "private key");
});
