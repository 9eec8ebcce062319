/** Credentials in HTTP requests, and in files whose names suggest credentials. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { SecretDetector } from "../../../src/secrets/mod.ts";
import { alnum, hex, lower, made, urlSafe } from "./made_up.ts";

const detector = new SecretDetector();

function kindIn(contents: string, path: string): string | undefined {
  const bytes = new TextEncoder().encode(contents);
  const scan = detector.file(path, bytes.length);
  scan.add(bytes);
  return scan.end();
}

const password = "hX9" + alnum(9);
const login = "bob:" + password;
const basic = "Basic " + btoa(login);
const bearer = "Bearer " + alnum(40);
const address = `https://${login}@git.corp.net/a`;
const json = (value: unknown) => JSON.stringify(value, null, 2);
const djangoKey = made(50, "abcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*(-_=+)");

/**
 * Makes a key in the wallet import format: base58 of the version, the key, and four bytes of its
 * hash.
 */
function wif(version: number, compressed: boolean, breaks = 0): string {
  const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
  const key = sha256(new TextEncoder().encode("wallet"));
  const payload = Uint8Array.from([version, ...key, ...compressed ? [1] : []]);
  const check = sha256(sha256(payload)).subarray(0, 4);
  check[0]! ^= breaks;
  let number = BigInt("0x" + payload.toHex() + check.toString("hex"));
  let text = "";
  for (; number > 0n; number /= 58n) {
    text = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[Number(number % 58n)] +
      text;
  }
  return text;
}

const found: Record<string, [path: string, contents: string]> = {
  "a password in .gitmodules": [".gitmodules", `[submodule "a"]\n\turl = ${address}\n`],
  "a password in pip.conf": ["pip.conf", `[global]\nindex-url = ${address}\n`],
  "a password in pip.ini": ["pip/pip.ini", `[global]\r\nextra-index-url = ${address}\r\n`],
  "a password in requirements.txt": ["requirements.txt", `--extra-index-url ${address}\nx==1\n`],
  "a password in .git-credentials": [".git-credentials", address + "\n"],
  "a password in git/credentials": [".config/git/credentials", address + "\n"],
  "a password in composer.json": ["composer.json", json({ repositories: [{ url: address }] })],
  "a password of a proxy in .npmrc": [".npmrc", `proxy=${address}\n`],
  "a password in auth.json": [
    "auth.json",
    json({ "http-basic": { "r.corp.net": { username: "bob", password } } }),
  ],
  "a GitLab token in auth.json": [
    "auth.json",
    json({ "gitlab-token": { "gitlab.corp": alnum(20) } }),
  ],
  "a bearer token in auth.json": ["auth.json", json({ bearer: { "r.corp.net": alnum(30) } })],
  "a token before the host in a Gemfile": [
    "Gemfile",
    `source "https://${alnum(32)}@gems.corp.net"`,
  ],
  "a bearer token in a source": ["a.js", `fetch(url, { headers: { Authorization: "${bearer}" } })`],
  "a bearer token that a call sets": ["a.js", `x.setRequestHeader("Authorization", "${bearer}");`],
  "a bearer token in an .http file": ["a.http", `GET https://x.net\nAuthorization: ${bearer}\n`],
  "a bearer token in JSON": ["a.json", json({ headers: { Authorization: bearer } })],
  "a bearer token in YAML": ["a.yaml", `headers:\n  Authorization: ${bearer}\n`],
  "a bearer token given to curl": ["a.sh", `curl -H "Authorization: ${bearer}" https://x.net\n`],
  "a token header": ["a.sh", `curl -H 'Authorization: token ${hex(40)}' https://x.net\n`],
  "a login in a source": ["a.js", `headers: { 'Authorization': '${basic}' }`],
  "a login in an .http file": ["a.http", `GET https://x.net\nAuthorization: ${basic}\n`],
  "a login in JSON": ["a.json", json({ headers: { authorization: basic } })],
  "a login in YAML": ["a.yaml", `headers:\n  authorization: "${basic}"\n`],
  "curl -u": ["a.sh", `curl -s -X POST -u ${login} https://x.net\n`],
  "curl -u with quotes": ["a.sh", `curl -u "${login}" https://x.net\n`],
  "curl --user on the next line": ["README.md", `curl https://x.net \\\n  --user '${login}'\n`],
  "a password in Maven's settings": [
    "settings.xml",
    `<server><password>\n${password}\n</password></server>`,
  ],
  "a password in Maven's settings under another name": [
    "ci/maven-settings.xml",
    `<server><password>${password}</password></server>`,
  ],
  "a password in web.config": [
    "Web.Release.config",
    `<add connectionString="Server=db;Password=${password};" />`,
  ],
  "a password in a publish profile": [
    "a.pubxml",
    `<Project><Password>${password}</Password></Project>`,
  ],
  "a password in a connection string of a publish profile": [
    "a.pubxml",
    `<Destination>Data Source=db;User ID=sa;Password=${password};</Destination>`,
  ],
  "a Django key made by startproject": ["settings.py", `KEY = 'django-insecure-${djangoKey}'\n`],
  "a Django key": ["settings.py", `SECRET_KEY = '${djangoKey}'\n`],
  "a Flask key": ["app.py", `app.config["SECRET_KEY"] = "${hex(64)}"\n`],
  "a password in a Compose file": [
    "docker-compose.yml",
    `services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: ${password}\n`,
  ],
  "a password in a list of a Compose file": [
    "compose.prod.yaml",
    `    environment:\n      - "MYSQL_ROOT_PASSWORD=${password}"\n`,
  ],
  "a key in a Dockerfile, without =": ["Dockerfile", `FROM x\nENV SECRET_KEY ${password}\n`],
  "a token in a Dockerfile": ["docker/Dockerfile.ci", `FROM x\nARG NPM_TOKEN=${alnum(24)}\n`],
  "a password of several variables in a Dockerfile": [
    "app.Dockerfile",
    `FROM x\nENV A=b DB_PASSWORD=${password}\n`,
  ],
  "a password in Spring's properties": [
    "src/main/resources/application-prod.properties",
    `spring.datasource.url=jdbc:x\nspring.datasource.password=${password}\n`,
  ],
  "a password in Spring's YAML": [
    "application.yml",
    `spring:\n  datasource:\n    password: "${password}"\n`,
  ],
  "clientSecret": ["a.js", `const clientSecret = "${alnum(32)}";\n`],
  "clientSecret with a type": ["a.ts", `clientSecret: string = '${urlSafe(24)}~${urlSafe(8)}';\n`],
  "clientSecret with two digits": ["a.js", `clientSecret: "${alnum(22)}",\n`],
  "client_secret": ["a.rb", `:client_secret => '${alnum(40)}'\n`],
  "api_token": ["a.py", `api_token = "${hex(40)}"\n`],
  "private_token": ["a.py", `Gitlab(url, private_token='${alnum(22)}')\n`],
  "access_token": ["a.json", json({ access_token: alnum(40) })],
  "auth_token": ["a.rb", `auth_token = "${lower(32)}"\n`],
  "refreshToken": ["a.js", `refreshToken: "${alnum(40)}"\n`],
  "a password in config.json": ["config.json", json({ smtp: { user: "a", pass: password } })],
  "a password in config/production.json": ["config/production.json", json({ password })],
  "a password in nodemailer's settings": [
    "nodemailer.config.json",
    json({ auth: { pass: password } }),
  ],
  "a password in sftp.json": [".vscode/sftp.json", json({ host: "h", password })],
  "a password in .ftpconfig": [".ftpconfig", json({ host: "h", pass: password })],
  "a password in .remote-sync.json": [".remote-sync.json", json({ host: "h", password })],
  "a Bitcoin key": ["a.txt", `key: ${wif(0x80, true)}\n`],
  "a Bitcoin key of an uncompressed address": ["a.js", `const key = "${wif(0x80, false)}";\n`],
  "a Bitcoin key of the test network": ["a.js", `const key = "${wif(0xef, true)}";\n`],
  "a Square token": ["a.js", `const token = "EAAA${urlSafe(59)}9";\n`],
  "a Discord token of 17 digits": [
    "a.js",
    `client.login("${btoa("1".repeat(9) + "23456789").replace(/=+/, "")}.${alnum(6)}.${
      alnum(38)
    }")`,
  ],
  "a Discord token that does not begin with an encoded number": [
    "a.js",
    `client.login("M${alnum(23)}.${alnum(6)}.${alnum(27)}")`,
  ],
};

for (const [what, [path, contents]] of Object.entries(found)) {
  Deno.test(`the scan finds ${what}`, () => assert(kindIn(contents, path), path));
}

/**
 * Harmless texts that resemble credentials: addresses without a password, and texts with a
 * placeholder in place of the secret.
 */
const passing: Record<string, [path: string, contents: string]> = {
  "an address without a password": [".gitmodules", "\turl = https://bob@git.corp.net/a.git\n"],
  "an address with placeholders": [
    "pip.conf",
    "index-url = https://user:password@pypi.org/simple\n",
  ],
  "an address with variables": [
    "pip.conf",
    "index-url = https://u:${PIP_PASSWORD}@pypi.org/simple\n",
  ],
  "a placeholder for a bearer token": [
    "README.md",
    'Authorization: "Bearer your-access-token-goes-here1"',
  ],
  "a bearer token of a template": ["a.http", "Authorization: Bearer {{token}}\n"],
  "a bearer token of x": ["a.sh", `curl -H "Authorization: Bearer ${"x".repeat(40)}"\n`],
  "a bearer token in a variable": [
    "a.js",
    "headers: { Authorization: `Bearer ${accessToken123456}` }",
  ],
  "words after bearer": ["README.md", "Bearer authentication-is-used-by-2-services here"],
  "the login of RFC 7617": ["README.md", `Authorization: Basic ${btoa("Aladdin:open sesame")}\n`],
  "a login of words": ["a.js", `Authorization: "Basic ${btoa("username:password")}"`],
  "words after basic": ["README.md", "Basic authentication and Basic configuration0000"],
  "curl with words": [
    "README.md",
    "curl -u username:password https://x.net; curl -u admin:admin123 x",
  ],
  "curl with variables": ["a.sh", 'curl --user "$USER:$PASSWORD" https://x.net\n'],
  "curl without a password": ["a.sh", "curl -u bob https://x.net/a:b\n"],
  "Maven's settings with a variable": ["settings.xml", "<password>${env.PASSWORD}</password>"],
  "web.config with a placeholder": ["web.config", '<add connectionString="Password=changeme;" />'],
  "a Django key from the environment": ["settings.py", "SECRET_KEY = os.environ['SECRET_KEY']\n"],
  "a Django key of words": [
    "settings.py",
    "SECRET_KEY = 'please-set-some-long-key-of-your-own-in-production-1'\n",
  ],
  "a Compose file with words": [
    "docker-compose.yml",
    "POSTGRES_PASSWORD: postgres\nMYSQL_ROOT_PASSWORD: root\nA_PASSWORD: example\nB_PASSWORD: changeme\n",
  ],
  "a Compose file with variables and files": [
    "docker-compose.yml",
    "DB_PASSWORD: ${DB_PASSWORD:-changeme}\nDB_PASSWORD_FILE: /run/secrets/db1\nTOKEN: /run/secrets/t1\n",
  ],
  "a Dockerfile with public keys and no values": [
    "Dockerfile",
    `ARG NPM_TOKEN\nENV GPG_KEY ${hex(40).toUpperCase()}\nENV API_KEY=\nENV TOKEN=$NPM_TOKEN\n`,
  ],
  "Spring's properties with a variable": [
    "application.properties",
    "spring.datasource.password=${DB_PASSWORD}\nspring.mail.password=secret\n",
  ],
  "Spring's properties with an encrypted value": [
    "application.properties",
    `spring.datasource.password=ENC(${alnum(24)})\n`,
  ],
  "names of tokens": [
    "a.ts",
    "accessToken: AccessTokenRequest2Type1; const api_token = 'your-api-token-0123456789';",
  ],
  "camelCase in a setting": ["a.ts", 'privateToken: "getPrivateTokenFromStore2Async"'],
  "settings with labels": ["config.json", json({ password: "Your password", pass: "string" })],
  "a Bitcoin key whose checksum is wrong": ["a.txt", `key: ${wif(0x80, true, 1)}\n`],
  "a Square application's number": ["a.js", `const id = "sq0idp-${urlSafe(22)}";\n`],
  "a source map": [
    "a.js.map",
    json({ mappings: "EAAA,".repeat(40) + ";EAAA" + "AAAA".repeat(15) }),
  ],
  "a secret of Twitter's documentation": [
    "oauth_test.js",
    `client_secret: "${"kAcSOqF21" + alnum(34)}"`,
  ],
  "an encrypted Ansible file": ["vault.yml", `$ANSIBLE_VAULT;1.1;AES256\n${hex(80)}\n${hex(80)}\n`],
};

for (const [what, [path, contents]] of Object.entries(passing)) {
  Deno.test(`the scan accepts ${what}`, () => assert.equal(kindIn(contents, path), undefined));
}
