/** Texts that look like secrets but are none, and must not be reported. */

import assert from "node:assert/strict";
import { SecretDetector } from "../../../src/secrets/mod.ts";
import { alnum, base64, hex, jwt, lower, publicPem } from "./made_up.ts";

const detector = new SecretDetector();

function kindIn(contents: string | Uint8Array, path: string): string | undefined {
  const bytes = typeof contents === "string" ? new TextEncoder().encode(contents) : contents;
  const scan = detector.file(path, bytes.length);
  scan.add(bytes);
  return scan.end();
}

const BEGIN = "-----BEGIN " + "PRIVATE KEY-----";
const END = "-----END " + "PRIVATE KEY-----";

const passing: Record<string, [path: string, contents: string | Uint8Array]> = {
  "a public key": ["key.pem", publicPem()],
  "a certificate": [
    "cert.pem",
    `-----BEGIN CERTIFICATE-----\n${
      base64(640).replace(/.{64}/g, "$&\n")
    }-----END CERTIFICATE-----\n`,
  ],
  "an OpenSSH public key": [
    "id_ed25519.pub",
    `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${base64(43)} me\n`,
  ],
  "a sentence about a private key": [
    "README.md",
    `A key begins with ${BEGIN} and is followed by base64 encoded DER data, then by the footer line.\n`,
  ],
  "a key with its middle left out": ["docs.md", `${BEGIN}\nMIIEvQIBADANBgkqhkiG9w0...\n${END}\n`],
  "a key with a placeholder": ["docs.md", `${BEGIN}\n<your key here>\n${END}\n`],
  "a key of x": ["docs.md", `${BEGIN}\n${"x".repeat(64)}\n${"x".repeat(64)}\n${END}\n`],
  "a sample that stops after a line": ["a.d.ts", `for example, \`${BEGIN} ${base64(64)}. ${END}\``],
  "a source that writes keys": [
    "pem.js",
    `const begin = "${BEGIN}\\n";\nreturn begin + wrap(Buffer.from(der).toString("base64")) + "\\n${END}";\n`,
  ],
  "a regular expression for keys": [
    "scan.js",
    "const pattern = /-----BEGIN( RSA)? PRIVATE KEY-----[A-Za-z0-9+\\/=\\s]+-----END/;\n",
  ],
  ".env.example with placeholders": [
    ".env.example",
    "API_KEY=your-api-key\nDB_PASSWORD=\nURL=http://localhost:3000\n",
  ],
  ".env.sample with samples": [".env.sample", "PORT=3000\nSECRET=s3cret\n"],
  ".env without values": [".env", "# fill these in\nAPI_KEY=\nTOKEN=<token>\nOTHER=${OTHER}\n"],
  ".npmrc that takes the token from the environment": [
    "pkg/.npmrc",
    "//registry.example/:_authToken=${NPM_TOKEN}\n",
  ],
  "a program with a field _authToken, minified": [
    "client.js",
    "e=>(this._authToken=e.access2,this._authToken):null);\nt=this._authToken=e;const s1=request;\n",
  ],
  ".npmrc without a token": [".npmrc", "registry=https://registry.example/\nsave-exact=true\n"],
  "the key of AWS's documentation": ["doc.md", "AKIAIOSFODNN7" + "EXAMPLE and so on"],
  "a token of x": ["doc.md", `GITHUB_TOKEN=ghp_${"x".repeat(36)}\n`],
  "a token that is marked as a sample": [
    "README.md",
    `createTokenAuth("ghp_PersonalAccessToken${"0".repeat(13)}")`,
  ],
  "a prefix in a source": [
    "scan.js",
    'if (token.startsWith("ghp_") || token.startsWith("AKIA")) {}\n',
  ],
  "words that begin like tokens": [
    "a.js",
    "key-value sk-container-component npm_config_registry hf_hub_download pat_terns re_solve live_reload",
  ],
  "hashes of a lock file": [
    "package-lock.json",
    JSON.stringify({
      integrity: `sha512-${base64(86)}==`,
      resolved: `https://r/x-1.0.0.tgz#${hex(40)}`,
    }),
  ],
  "a data address": ["a.css", `src: url(data:font/woff2;base64,${base64(4000)})`],
  "zeros in base64": ["a.map", "A".repeat(10_000)],
  "a source map": ["a.js.map", JSON.stringify({ mappings: "AAAA,SAASA;".repeat(4000) })],
  "a UUID": ["a.json", JSON.stringify({ id: "5f2b0c1a-9d3e-4c6f-8a7b-1e2d3c4b5a69" })],
  "database addresses of documentation": [
    "README.md",
    "postgres://user:password@localhost:5432/db mongodb://user:secret99@host/db " +
    "mysql://root:example@db.example.com/x redis://:p4ssw0rd@127.0.0.1:6379 postgres://u:p@db.prod.net/x",
  ],
  "a token of jwt.io": [
    "README.md",
    jwt({ sub: "1234567890", name: "John Doe", iat: 1_516_239_022 }),
  ],
  "the key that a Supabase page shows": [
    "a.js",
    jwt({ iss: "supabase", role: "anon", iat: 1, exp: 2 }),
  ],
  "names of settings": [
    "a.ts",
    'const SECRET_KEY = process.env.SECRET_KEY; const API_TOKEN = "API_TOKEN";',
  ],
  "settings of documentation": [
    "examples.json",
    `{"clientSecret":"VERYLONGSECRET${lower(40)}","apiKey":"your-api-key-0123456789abcdef"}`,
  ],
  "a constant in words": ["a.ts", 'export const STORAGE_KEY = "my-application-settings-v2-state";'],
  "a public key in a setting": ["a.js", `STRIPE_PUBLISHABLE_KEY=pk_live_${alnum(24)}`],
  "minified code": [
    "a.min.js",
    `var ${lower(12)}=function(e,t){return e.sk_live_?t:e.SG.a.b}`.repeat(50),
  ],
  "a Java trust store": [
    "cacerts.jks",
    Uint8Array.from([
      0xfe,
      0xed,
      0xfe,
      0xed,
      0,
      0,
      0,
      2,
      0,
      0,
      0,
      1,
      0,
      0,
      0,
      2,
      ...new Array(60).fill(7),
    ]),
  ],
  "a file named like settings that contains none": [
    "secrets.ts",
    "export type Secrets = { password: string };",
  ],
  "an empty file": ["empty", ""],
  "a file of one byte": ["one", "x"],
};

for (const [what, [path, contents]] of Object.entries(passing)) {
  Deno.test(`the scan accepts ${what}`, () => assert.equal(kindIn(contents, path), undefined));
}
