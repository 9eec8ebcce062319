import assert from "node:assert/strict";
import fc from "fast-check";
import { bdecode } from "../../../src/bencode/mod.ts";
import {
  areNamePatterns,
  type Certificate,
  certificateFromJson,
  certificateToJson,
  CLOCK_TOLERANCE_MS,
  coversName,
  coversTime,
  formatCertificateFile,
  keyPairFromSeed,
  matchesName,
  parseCertificateFile,
  statementBytes,
  statementOf,
  verifyCertificate,
} from "../../../src/identity/mod.ts";

const root = keyPairFromSeed(new Uint8Array(32).fill(1));
const signing = keyPairFromSeed(new Uint8Array(32).fill(2));
const FROM = Date.UTC(2026, 10, 29);

/** Has the root key certify a key. */
async function certify(fields: Partial<Certificate> = {}): Promise<Certificate> {
  const wanted = { key: signing.publicKey, fromMs: FROM, ...fields };
  const signature = await root.sign(statementOf(wanted));
  return { root: root.publicKey, ...wanted, signature };
}

Deno.test("a certificate holds for exactly what the root key signed", async () => {
  const certificate = await certify({ untilMs: FROM + 5, names: ["a", "b-*"] });
  assert(verifyCertificate(certificate));
  const changes: Partial<Certificate>[] = [
    { key: root.publicKey },
    { fromMs: FROM + 1 },
    { untilMs: FROM + 6 },
    { untilMs: undefined },
    { names: ["a"] },
    { names: undefined },
    { names: ["b-*", "a"] },
    { root: signing.publicKey },
    { signature: new Uint8Array(64) },
  ];
  for (const change of changes) {
    assert(!verifyCertificate({ ...certificate, ...change }), JSON.stringify(change));
  }
});

Deno.test("the signed bytes of a certificate are a line and a canonical dictionary", () => {
  const bytes = statementBytes({
    kind: "certificate",
    key: signing.publicKey,
    fromMs: FROM,
    untilMs: FROM + 5,
    names: ["a", "b-*"],
  }, root.publicKey);
  const line = "libreseed:certificate:v2\n";
  assert.equal(new TextDecoder().decode(bytes.subarray(0, line.length)), line);
  const decoded = bdecode(bytes.subarray(line.length)) as Map<string, unknown>;
  assert.deepEqual([...decoded.keys()], ["f", "k", "n", "r", "u"]);
  assert.deepEqual(decoded.get("k"), signing.publicKey);
  assert.deepEqual(decoded.get("r"), root.publicKey);
});

Deno.test("no root key signs a certificate with a field that breaks its rule", async () => {
  for (
    const fields of [
      { key: new Uint8Array(31) },
      { fromMs: -1 },
      { untilMs: FROM - 1 },
      { names: [] },
      { names: ["b", "a"] },
      { names: ["A"] },
      { names: ["a b"] },
      { names: Array.from({ length: 9 }, (_, i) => `a${i}`) },
      { names: ["a".repeat(65), "b".repeat(64)] },
    ]
  ) await assert.rejects(certify(fields), { code: "STATEMENT_INVALID" }, JSON.stringify(fields));
});

Deno.test("JSON and file of a certificate are read back as they were", async () => {
  for (const fields of [{}, { untilMs: FROM + 5 }, { names: ["@s/*", "a"] }]) {
    const certificate = await certify(fields);
    const json = JSON.parse(JSON.stringify(certificateToJson(certificate)));
    assert.deepEqual(certificateFromJson(json, root.publicKey), certificate);
    assert.deepEqual(parseCertificateFile(formatCertificateFile(certificate)), certificate);
  }
});

Deno.test("a certificate file of another form is refused with the field's name", async () => {
  const certificate = await certify();
  const text = formatCertificateFile(certificate);
  const with_ = (fields: object) => JSON.stringify({ ...JSON.parse(text), ...fields });
  const wrong: [string, RegExp][] = [
    ["{", /not JSON/],
    ["null", /root is not/],
    [" ".repeat(4097), /4,096 bytes/],
    [with_({ root: "x" }), /root is not/],
    [with_({ key: certificate.key }), /key is not ed25519/],
    [with_({ from: 1.5 }), /from is no time/],
    [with_({ until: 1 }), /until is no time/],
    [with_({ names: ["*", "*"] }), /names is no sorted list/],
    [with_({ more: 1 }), /unknown field/],
    [with_({ from: FROM + 1 }), /it is not signed by ed25519:/],
  ];
  for (const [bad, message] of wrong) {
    assert.throws(() => parseCertificateFile(bad), { code: "CERTIFICATE_INVALID", message }, bad);
  }
});

Deno.test("a certificate covers its names and its time, with ten minutes for clocks", () => {
  assert(coversName({}, "anything"));
  assert(coversName({ names: ["a", "b-*"] }, "b-c"));
  assert(!coversName({ names: ["a", "b-*"] }, "c"));
  const span = { fromMs: FROM, untilMs: FROM + 1 };
  assert(coversTime(span, FROM - CLOCK_TOLERANCE_MS));
  assert(!coversTime(span, FROM - CLOCK_TOLERANCE_MS - 1));
  assert(coversTime(span, FROM + 1 + CLOCK_TOLERANCE_MS));
  assert(!coversTime(span, FROM + 2 + CLOCK_TOLERANCE_MS));
  assert(coversTime({ fromMs: FROM }, Number.MAX_SAFE_INTEGER));
});

Deno.test("a pattern stands for the names that a regular expression finds", () => {
  const character = fc.constantFrom("a", "b", "/", "*");
  const text = fc.array(character, { maxLength: 8 }).map((all) => all.join(""));
  fc.assert(fc.property(text, text, (pattern, withStars) => {
    const name = withStars.replaceAll("*", "c");
    const expected = new RegExp(`^${pattern.replaceAll("*", "[^/]*")}$`).test(name);
    assert.equal(matchesName(pattern, name), expected, `${pattern} ${name}`);
  }));
});

Deno.test("a pattern with many stars takes no time to speak of", () => {
  assert(!matchesName("*a".repeat(64) + "b", "a".repeat(129)));
});

Deno.test("a list of patterns has names with stars only", () => {
  for (const good of [["a"], ["*"], ["@s/*", "b"], ["a.b_c-*"]]) assert(areNamePatterns(good));
  for (const bad of [[], ["a", "a"], ["/"], ["@s"], ["a/b"], [1], "a", ["é"]]) {
    assert(!areNamePatterns(bad), JSON.stringify(bad));
  }
});
