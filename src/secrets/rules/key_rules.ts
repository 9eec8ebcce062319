/**
 * Rules for private keys in text: PEM and similar formats, PuTTY, age, and formats of particular
 * programs.
 *
 * @module
 */

import { fromBase64 } from "../../base/mod.ts";
import { hasKeyMaterial, KEY_REACH } from "./pem.ts";
import { isPlaceholder, looksRandom } from "./placeholder.ts";
import type { Rule } from "./rule.ts";
import { isWif } from "./wif.ts";

/** Matches the end of a line within a key, also where the key is quoted in source code or JSON. */
const END_OF_LINE = "(?:\\\\+[nrt]|[\\s\"'`+,;>#|\\\\])";
/** Captures the text after the first line of a key, up to {@linkcode KEY_REACH} characters. */
const REST = `([^]{0,${KEY_REACH}})`;

/** Makes a rule for a private key that consists of a certain first line and lines of base64. */
function keyRule(kind: string, anchors: string[], line: string): Rule {
  return {
    kind,
    anchors,
    pattern: new RegExp(line + REST, "y"),
    isWide: true,
    accept: (match) => hasKeyMaterial(match.at(-1)!),
  };
}

/**
 * Makes a rule for a private key on one line. The first group of the pattern captures the secret.
 */
function lineRule(kind: string, anchors: string[], pattern: string): Rule {
  return {
    kind,
    anchors,
    pattern: new RegExp(pattern, "y"),
    isWide: true,
    accept: (match) => !isPlaceholder(match[1]!),
  };
}

/** Creates the rules that find private keys in text. */
export function keyRules(): Rule[] {
  return [
    // Private keys in PEM and similar formats, encrypted or not: RFC 7468, RFC 1421, OpenSSH, RFC
    // 4716, cosign and sigstore.
    keyRule(
      "private key",
      ["PRIVATE KEY"],
      "(?<=-{4,5} ?BEGIN [A-Z0-9 ]{0,40})PRIVATE KEY(?: BLOCK)?(?: BLOB)? ?-{4,5}",
    ),
    // PEM that is encoded in base64 once more, as in kubeconfig files and CI variables.
    {
      kind: "private key in base64",
      isWide: true,
      anchors: ["LS0tLS1CRUdJTi"],
      pattern: /LS0tLS1CRUdJTi[A-Za-z0-9+/]{60,4000}/y,
      accept: ([text]) => isPrivatePem(text),
    },
    keyRule(
      "PuTTY private key",
      ["PuTTY-User-Key-File-"],
      `PuTTY-User-Key-File-[1-9]: ?[\\w@.-]{3,60}[^]{1,2400}?Private-Lines: ?[0-9]{1,4}${END_OF_LINE}`,
    ),
    lineRule("age private key", ["AGE-SECRET-KEY-"], "AGE-SECRET-KEY-(?:PQ-)?(1[A-Z0-9]{50,})"),
    lineRule("age plugin identity", ["AGE-PLUGIN-"], "AGE-PLUGIN-[A-Z0-9-]{1,40}(1[A-Z0-9]{20,})"),
    lineRule(
      "OpenVPN static key",
      ["OpenVPN Static key"],
      `OpenVPN Static key V[12]-{5}${END_OF_LINE}+([0-9a-fA-F]{32})`,
    ),
    keyRule("OpenVPN key", ["OpenVPN tls-crypt"], "OpenVPN tls-crypt-v2 [a-z]{3,12} key-{5}"),
    lineRule(
      "NATS seed",
      ["NKEY SEED-----"],
      `NKEY SEED-----${END_OF_LINE}+(S[A-Z0-9]{50,})`,
    ),
    keyRule(
      "minisign or signify secret key",
      ["secret key"],
      `(?<=untrusted comment: [^\\n]{0,60})(?:encrypted )?secret key[^\\n]{0,80}${END_OF_LINE}`,
    ),
    lineRule(
      "WireGuard private key",
      ["PrivateKey = ", "PrivateKey="],
      "(?<![A-Za-z])PrivateKey ?= ?([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)(?![A-Za-z0-9+/=])",
    ),
    lineRule(
      "DNSSEC private key",
      ["Private-key-format: v1"],
      `Private-key-format: v1\\.[0-9][^]{1,200}?(?:Modulus|PrivateKey|Key): ?([A-Za-z0-9+/=]{24,})`,
    ),
    lineRule(
      "Tor hidden service key",
      ["== ed25519v1-secret"],
      "== ed25519v1-secret: (type0 ==[^]{1,16})",
    ),
    lineRule(
      "RSA private key in XML",
      ["<RSAKeyValue>", "<DSAKeyValue>"],
      "<[RD]SAKeyValue>[^]{1,2400}?<[DX]>([A-Za-z0-9+/=\\s]{20,})",
    ),
    {
      kind: "private key in JWK",
      isWide: true,
      anchors: ['"kty"', '"kty\\'],
      pattern: /"kty\\*"\s{0,4}:\s{0,4}\\*"(?:RSA|EC|OKP|oct|AKP)([^{}]{0,3000})/y,
      accept: ([whole, after]) =>
        /"(?:d|k|priv)\\*"\s{0,4}:\s{0,4}\\*"[A-Za-z0-9_-]{20,}/.test(after!) &&
        (!/"oct/.test(whole!.slice(0, 24)) || /"k\\*"/.test(after!)),
    },
    {
      kind: "private key in JWK",
      isWide: true,
      anchors: ['"d":"', '"d": "'],
      pattern: /"d": ?"([A-Za-z0-9_-]{40,1400})"(?=[^{}]{0,3000}"kty")/y,
      accept: ([, key]) => looksRandom(key!),
    },
    lineRule(
      "Ethereum key file",
      ['"ciphertext"'],
      '"ciphertext"\\s{0,4}:\\s{0,4}"([0-9a-f]{64})"(?=[^*]{0,600}"kdf")',
    ),
    lineRule(
      "Bitcoin extended private key",
      ["xprv9", "tprv8", "yprvA", "zprvA"],
      "(?<![A-Za-z0-9])[xtyz]prv[89A]([1-9A-HJ-NP-Za-km-z]{100,112})(?![A-Za-z0-9])",
    ),
    {
      kind: "Bitcoin private key",
      anchors: ["^5[HJK]…", "^K[w-z]…", "^L[1-5]…", "^9[1-3]…", "^c[M-W]…"],
      pattern:
        /(?<![A-Za-z0-9_])((?:5[HJK]|K[w-z]|L[1-5]|9[1-3]|c[M-W])[1-9A-HJ-NP-Za-km-z]{49,50})(?![A-Za-z0-9])/y,
      accept: ([, key]) => isWif(key!),
    },
    lineRule(
      "private key in JSON",
      ['"private_key"', "'private_key'"],
      `["']private_key["']\\s{0,4}:\\s{0,4}["']([A-Za-z0-9+/]{64,}={0,2})["']`,
    ),
  ];
}

/** Whether a base64 text decodes to PEM that contains a private key. */
function isPrivatePem(base64: string): boolean {
  const bytes = fromBase64(base64.slice(0, base64.length & ~3));
  if (!bytes) return false;
  const text = String.fromCharCode(...bytes.subarray(0, KEY_REACH));
  const line = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/.exec(text);
  return line !== null && hasKeyMaterial(text.slice(line.index + line[0].length));
}
