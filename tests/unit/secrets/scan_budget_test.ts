/**
 * The cost of scanning the files of one package for secrets is bounded, for one large file and for
 * many small ones.
 */

import assert from "node:assert/strict";
import { ScanBudget, SecretDetector, SmallFileBatch } from "../../../src/secrets/mod.ts";
import { made, pem } from "./made_up.ts";

const detector = new SecretDetector();
const text = (value: string) => new TextEncoder().encode(value);
const begin = "-----BEGIN " + "PRIVATE KEY-----";
/** Text of 2.4 kB: lines that look like a private key's first line, without a key. */
const anchors = text((begin + made(13, "xyz ") + "\n").repeat(60));
/**
 * Number of files. Together they contain more anchors (texts that may begin a secret) than the
 * package's budget allows to check.
 */
const FILES = 100;
/**
 * Number of anchors that the budget allows to check: 256 for free, one per 2,048 bytes, and one
 * guaranteed per file.
 */
const allowed = 256 + Math.ceil(FILES * anchors.length / 2048) + FILES;

Deno.test("many small files get no more tries than one file of the same total length", () => {
  const budget = new ScanBudget();
  const found: string[] = [];
  const small = new SmallFileBatch(detector, (path) => found.push(path), budget);
  for (let i = 0; i < FILES; i++) assert.ok(small.take(`${i}.txt`, anchors));
  small.finish();
  assert.ok(budget.tries >= 256 && budget.tries <= allowed, `${budget.tries}`);
  const one = new ScanBudget();
  const scan = detector.file("all.txt", undefined, one);
  for (let i = 0; i < FILES; i++) scan.add(anchors);
  assert.equal(scan.end(), undefined);
  assert.ok(one.tries >= 256 && one.tries <= allowed, `${one.tries}`);
  assert.deepEqual(found, []);
});

Deno.test("files that are scanned alone share the budget of their package", () => {
  const budget = new ScanBudget();
  for (let i = 0; i < FILES; i++) {
    const scan = detector.file(`${i}.txt`, anchors.length, budget);
    scan.add(anchors);
    assert.equal(scan.end(), undefined);
  }
  assert.ok(budget.tries <= allowed, `${budget.tries}`);
  assert.equal(budget.passedBytes, FILES * anchors.length);
});

Deno.test("the scan finds a key after other files have used up the budget", () => {
  const budget = new ScanBudget();
  const found: string[] = [];
  const small = new SmallFileBatch(detector, (path) => found.push(path), budget);
  for (let i = 0; i < FILES; i++) small.take(`${i}.txt`, anchors);
  small.take("key.txt", text(pem("ed25519")));
  small.finish();
  assert.deepEqual(found, ["key.txt"]);
  const scan = detector.file("other.txt", undefined, budget);
  scan.add(text(pem("ec")));
  assert.equal(scan.end(), "private key");
});
