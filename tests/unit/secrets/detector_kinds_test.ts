/** Every kind of secret, each in the form in which it occurs in practice. */

import assert from "node:assert/strict";
import { SecretDetector } from "../../../src/secrets/mod.ts";
import {
  alnum,
  armour,
  base32,
  base64,
  der,
  digits,
  hex,
  jwt,
  letters,
  lower,
  made,
  pem,
  upper,
  urlSafe,
  uuid,
} from "./made_up.ts";

const detector = new SecretDetector();

function kindIn(contents: string | Uint8Array, path: string): string | undefined {
  const bytes = typeof contents === "string" ? new TextEncoder().encode(contents) : contents;
  const scan = detector.file(path, bytes.length);
  scan.add(bytes);
  return scan.end();
}

/**
 * Sample tokens. Each is tested in source code, in JSON, on a line of its own, and as a whole file.
 */
const tokens: Record<string, string> = {
  "AWS access key": "AKIA" + base32(16),
  "AWS temporary access key": "ASIA" + base32(16),
  "Google API key": "AIza" + urlSafe(35),
  "Google OAuth client secret": "GOCSPX-" + urlSafe(28),
  "Google OAuth token": "ya29." + urlSafe(80),
  "Azure client secret": "abC" + "8Q~" + urlSafe(34).replaceAll("-", "_"),
  "Azure DevOps token": alnum(76) + "AZDO" + alnum(4),
  "Alibaba Cloud key": "LTAI" + alnum(20),
  "DigitalOcean token": "dop_v1_" + hex(64),
  "DigitalOcean refresh token": "dor_v1_" + hex(64),
  "Heroku token": "HRKU-" + urlSafe(60),
  "Fly.io token": "fo1_" + urlSafe(43),
  "Netlify token": "nfp_" + alnum(36),
  "Vercel Blob token": "vercel_blob_rw_" + alnum(16) + "_" + alnum(30),
  "Supabase key": "sbp_" + hex(40),
  "Supabase secret key": "sb_secret_" + urlSafe(31),
  "PlanetScale password": "pscale_pw_" + urlSafe(43),
  "Databricks token": "dapi" + hex(32),
  "Aiven password": "AVNS_" + urlSafe(19),
  "GitHub token": "ghp_" + alnum(36),
  "GitHub app token": "ghs_" + alnum(36),
  "GitHub fine-grained token": "github_pat_" + alnum(22) + "_" + alnum(59),
  "GitLab token": "glpat-" + urlSafe(20),
  "GitLab runner token": "GR1348941" + urlSafe(20),
  "Bitbucket password": "ATBB" + alnum(32),
  "CircleCI token": "CCIPAT_" + alnum(22) + "_" + hex(40),
  "Buildkite token": "bkua_" + hex(40),
  "SonarQube token": "sqp_" + hex(40),
  "JFrog key": "AKCp" + alnum(69),
  "Terraform Cloud token": alnum(14) + ".atlasv1." + urlSafe(67),
  "Vault token": "hvs." + urlSafe(95),
  "Pulumi token": "pul-" + hex(40),
  "Doppler token": "dp.pt." + alnum(43),
  "1Password service account": "ops_ey" + base64(250),
  "Docker token": "dckr_pat_" + urlSafe(27),
  "Tailscale key": "tskey-auth-" + alnum(12) + "-" + alnum(32),
  "npm token": "npm_" + alnum(36),
  "PyPI token": "pypi-AgEIcHlwaS5vcmc" + urlSafe(150),
  "RubyGems key": "rubygems_" + hex(48),
  "crates.io token": "cio" + alnum(32),
  "NuGet key": "oy2" + lower(43),
  "Clojars token": "CLOJARS_" + lower(60),
  "Stripe key": "sk_live_" + alnum(24),
  "Stripe restricted key": "rk_live_" + alnum(99),
  "Stripe webhook secret": "whsec_" + alnum(32),
  "Square token": "sq0atp-" + urlSafe(22),
  "Braintree token": "access_token$production$" + lower(16) + "$" + hex(32),
  "Razorpay key": "rzp_live_" + alnum(14),
  "Plaid token": "access-production-" + uuid(),
  "EasyPost key": "EZAK" + alnum(54),
  "Shippo token": "shippo_live_" + hex(40),
  "Shopify token": "shpat_" + hex(32),
  "Slack bot token": "xoxb-" + digits(12) + "-" + digits(13) + "-" + alnum(24),
  "Slack app token": "xapp-1-" + upper(11) + "-" + digits(13) + "-" + hex(64),
  "Slack webhook": `https://hooks.slack.com/services/T${upper(8)}/B${upper(10)}/${alnum(24)}`,
  "Discord webhook": `https://discord.com/api/webhooks/${digits(18)}/${urlSafe(68)}`,
  "Discord bot token": btoa(digits(18)) + "." + alnum(6) + "." + urlSafe(38),
  "Telegram bot token": digits(10) + ":AA" + urlSafe(33),
  "Twilio key": "SK" + hex(32),
  "SendGrid key": "SG." + urlSafe(22) + "." + urlSafe(43),
  "Mailgun key": "key-" + hex(32),
  "Mailchimp key": hex(32) + "-us12",
  "Brevo key": "xkeysib-" + hex(64) + "-" + alnum(16),
  "Twitter bearer token": "A".repeat(22) + alnum(10) + "%2B" + alnum(30) + "%3D" + alnum(50),
  "Facebook token": "EAAB" + alnum(120),
  "OpenAI key": "sk-" + alnum(20) + "T3BlbkFJ" + alnum(20),
  "OpenAI project key": "sk-proj-" + urlSafe(74) + "T3BlbkFJ" + urlSafe(74),
  "Anthropic key": "sk-ant-api03-" + urlSafe(93) + "AA",
  "OpenRouter key": "sk-or-v1-" + hex(64),
  "Hugging Face token": "hf_" + letters(34),
  "Replicate token": "r8_" + alnum(37),
  "Groq key": "gsk_" + alnum(52),
  "xAI key": "xai-" + alnum(80),
  "Perplexity key": "pplx-" + alnum(48),
  "Pinecone key": "pcsk_" + alnum(70),
  "NVIDIA key": "nvapi-" + urlSafe(64),
  "Sentry token": "sntrys_" + base64(120),
  "New Relic key": "NRAK-" + upper(27),
  "Grafana token": "glsa_" + alnum(32) + "_" + hex(8),
  "Dynatrace token": "dt0c01." + upper(24) + "." + upper(64),
  "LaunchDarkly key": "sdk-" + uuid(),
  "Atlassian token": "ATATT3xFfGF0" + urlSafe(180),
  "Linear key": "lin_api_" + alnum(40),
  "Notion token": "ntn_" + alnum(46),
  "Airtable token": "pat" + alnum(14) + "." + hex(64),
  "Figma token": "figd_" + urlSafe(40),
  "Contentful token": "CFPAT-" + urlSafe(43),
  "HubSpot token": "pat-na1-" + uuid(),
  "Postman key": "PMAK-" + hex(24) + "-" + hex(34),
  "Adafruit key": "aio_" + alnum(28),
  "age key": "AGE-SECRET-KEY-1" + made(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
  "Supabase service role": jwt({ iss: "supabase", role: "service_role", iat: 1_700_000_000 }),
};

for (const [kind, token] of Object.entries(tokens)) {
  Deno.test(`the scan finds this token in a source, in JSON, on a line and alone: ${kind}`, () => {
    assert(
      kindIn(`const client = connect("${token}", { retry: 3 });\n`, "src/a.js"),
      "in a source",
    );
    assert(kindIn(`{"name":"x","credential":"${token}"}`, "config.json"), "in JSON");
    assert(kindIn(`url: x\r\nvalue: ${token}\r\n`, "notes.txt"), "in a line of its own");
    assert(kindIn(token, "token"), "alone");
  });
}

/** Sample files with private keys and settings. */
const files: Record<string, () => [path: string, contents: string | Uint8Array]> = {
  "PKCS #8 key": () => ["server.pem", pem("rsa")],
  "PKCS #1 key": () => ["server.key", pem("rsa", { format: "pkcs1" })],
  "SEC 1 key": () => ["ec.txt", pem("ec", { format: "sec1" })],
  "Ed25519 key, as libreseed keeps it, under another name": () => ["a.bak", pem("ed25519")],
  "encrypted PKCS #8 key": () => ["enc.pem", pem("rsa", { passphrase: "x" })],
  "encrypted PKCS #1 key with headers": () => [
    "old.pem",
    armour("RSA PRIVATE " + "KEY", [
      "Proc-Type: 4,ENCRYPTED",
      `DEK-Info: AES-256-CBC,${upper(32)}`,
    ]),
  ],
  "OpenSSH key": () => ["id_ed25519", armour("OPENSSH PRIVATE " + "KEY")],
  "SSH2 key": () => [
    "id",
    armour("SSH2 ENCRYPTED PRIVATE " + "KEY", ['Comment: "mine"'], "---- ").replaceAll(
      "----  ",
      "---- ",
    ),
  ],
  "PGP key": () => ["me.asc", armour("PGP PRIVATE " + "KEY BLOCK", ["Version: x"])],
  "cosign key": () => ["cosign.txt", armour("ENCRYPTED COSIGN PRIVATE " + "KEY")],
  "PuTTY key": () => [
    "me.ppk.txt",
    `PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: none\r\nComment: a\r\nPublic-Lines: 2\r\n` +
    `${base64(64)}\r\n${base64(16)}\r\nPrivate-Lines: 1\r\n${base64(48)}\r\nPrivate-MAC: ${
      hex(64)
    }\r\n`,
  ],
  "key in JSON with escapes": () => ["sa.json", JSON.stringify({ private_key: pem("rsa") })],
  "GCP service account": () => [
    "gcp.json",
    JSON.stringify(
      { type: "service_account", private_key_id: hex(40), private_key: pem("rsa") },
      null,
      2,
    ),
  ],
  "key indented in YAML":
    () => ["k8s.yaml", "data:\n  key: |\n" + pem("ec").replace(/^/gm, "    ")],
  "key in concatenated strings": () => [
    "a.js",
    pem("ec").trim().split("\n").map((line) => `  "${line}\\n"`).join(" +\n") + ";\n",
  ],
  "key with escapes in an environment variable": () => [
    "Dockerfile",
    `ENV KEY="${pem("rsa").replaceAll("\n", "\\n")}"\n`,
  ],
  "PEM key encoded in base64": () => ["kubeconfig.txt", `data: ${btoa(pem("rsa"))}\n`],
  "key with CRLF": () => ["win.pem", pem("ec").replaceAll("\n", "\r\n")],
  "PKCS #8 key in DER": () => ["key.bin", der("rsa", "pkcs8")],
  "PKCS #1 key in DER": () => ["key2.bin", der("rsa", "pkcs1")],
  "Ed25519 key in DER": () => ["key3.bin", der("ed25519", "pkcs8")],
  "Java key store with a key": () => [
    "release.bin",
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
      1,
      ...new Array(60).fill(7),
    ]),
  ],
  "KeePass database": () => [
    "a.bin",
    Uint8Array.from([0x03, 0xd9, 0xa2, 0x9a, 0x67, 0xfb, 0x4b, 0xb5, ...new Array(60).fill(7)]),
  ],
  "PKCS #12 store by its name": () => ["cert.p12", new Uint8Array(200).fill(0x31)],
  "WireGuard configuration": () => [
    "wg0.conf",
    `[Interface]\nPrivateKey = ${base64(42)}A=\nAddress = 10.0.0.1/24\n`,
  ],
  "minisign key": () => [
    "minisign.txt",
    `untrusted comment: minisign encrypted secret ` + `key\n${base64(212)}\n`,
  ],
  "OpenVPN static key": () => [
    "ta.txt",
    `-----BEGIN OpenVPN Static key V1-----\n${hex(32)}\n${
      hex(32)
    }\n-----END OpenVPN Static key V1-----\n`,
  ],
  "JWK": () => [
    "jwk.json",
    JSON.stringify({ kty: "OKP", crv: "Ed25519", x: urlSafe(43), d: urlSafe(43) }),
  ],
  "DNSSEC key": () => [
    "Kexample.private.txt",
    `Private-key-format: v1.3\nAlgorithm: 15 (ED25519)\nPrivateKey: ${base64(43)}=\n`,
  ],
  "Ethereum key file": () => [
    "wallet.json",
    JSON.stringify({ crypto: { cipher: "aes-128-ctr", ciphertext: hex(64), kdf: "scrypt" } }),
  ],
  "NATS credentials": () => [
    "user.creds",
    `-----BEGIN USER NKEY SEED-----\nSU${base32(56)}\n------END USER NKEY SEED------\n`,
  ],
  ".env with values": () => ["app/.env", "# mine\nDB_HOST=db\nDB_PASSWORD=hunter2\n"],
  ".env.production": () => [".env.production", 'export API="k3y"\n'],
  ".npmrc with a token": () => [".npmrc", "//registry.example/:_authToken=abc123\n"],
  "npm token in another file": () => [
    "publish.sh",
    `npm set //r/:_authToken=${uuid()}\n`,
  ],
  ".netrc": () => [".netrc", "machine api.heroku.com login a password b4c5\n"],
  ".pgpass": () => [".pgpass", "db:5432:app:me:s3cr3t\n"],
  ".git-credentials": () => [".git-credentials", `https://me:${alnum(20)}@git.host\n`],
  ".pypirc": () => [".pypirc", "[pypi]\nusername = me\npassword = pa55word1\n"],
  ".htpasswd": () => [".htpasswd", `me:$apr1$${alnum(8)}$${alnum(22)}\n`],
  "AWS credentials file": () => [
    ".aws/credentials",
    `[default]\naws_access_key_id=x\naws_secret_access_key = ${base64(40)}\n`,
  ],
  "AWS secret key in a source": () => [
    "deploy.py",
    `AWS_SECRET_ACCESS_KEY = "${base64(40)}"\n`,
  ],
  "Docker login": () => [
    ".docker/config.json",
    JSON.stringify({ auths: { "https://index.docker.io/v1/": { auth: btoa("me:" + alnum(12)) } } }),
  ],
  "Vault token file": () => [".vault-token", alnum(26)],
  "Cargo credentials": () => [".cargo/credentials.toml", `[registry]\ntoken = "${alnum(35)}"\n`],
  "kubeconfig": () => [
    ".kube/config",
    `users:\n- name: a\n  user:\n    client-key-data: ${btoa(pem("ec"))}\n`,
  ],
  "Azure storage connection string": () => [
    "app.cs",
    `var s = "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${base64(86)}==";`,
  ],
  "database address": () => [
    "db.js",
    `connect("postgres://app:${alnum(16)}@db.prod.internal.net:5432/app")`,
  ],
  "setting of a secret in a script": () => ["ci.sh", `export HEROKU_API_KEY=${uuid()}\n`],
  "setting of a secret in a source": () => ["a.js", `const apiKey = "${hex(32)}";\n`],
  "setting of a secret in JSON": () => ["a.json", JSON.stringify({ client_secret: alnum(40) })],
  "Rails master key": () => ["config/master.key", hex(32)],
  "Terraform variables": () => ["prod.tfvars", `db_password = "correct-horse"\n`],
  "WordPress configuration": () => ["wp-config.php", `define( 'DB_PASSWORD', 'h0rse99' );\n`],
  "Nix signing key": () => ["cache.sec", `cache.me.org-1:${base64(86)}==\n`],
};

for (const [kind, make] of Object.entries(files)) {
  Deno.test(`the scan finds this secret: ${kind}`, () => {
    const [path, contents] = make();
    assert(kindIn(contents, path), path);
  });
}
