/** Tests the examples of proxies in front of the daemon: nginx with requests, Caddy by its own check. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { WatchEvent } from "../../src/control/mod.ts";
import { freePort, runCli, spawnCli, temporaryHome } from "../support/mod.ts";
import { eventually, site, TOKEN } from "../support/http_site.ts";
import { interopTest } from "../support/interop_test_case.ts";
import { TEST_CERTIFICATE, TEST_CERTIFICATE_KEY, TEST_NAME } from "../support/test_certificate.ts";

const examples = fileURLToPath(new URL("../../examples/proxy/", import.meta.url));
/** Name and address of the daemon in the examples. */
const NAME = "seed.example.org";
const DAEMON = "127.0.0.1:9881";

function run(program: string, args: readonly string[], home: { path: string }) {
  return runCli(args, { program: [program], home, cwd: home.path });
}

await interopTest("nginx's example passes requests, archives and events on", [
  "nginx",
  "curl",
], async () => {
  await using home = await temporaryHome();
  const { path } = home;
  const rates: WatchEvent = { kind: "packages" };
  let seen: Uint8Array | undefined;
  await using one = site({
    list: () => Promise.resolve([]),
    status: () => Promise.resolve({ seedDirectory: path } as never),
    publish: async ({ fileName }) => {
      seen = await Deno.readFile(`${path}/${fileName}`);
      return {} as never;
    },
    watch: (_request, { signal, onEvent } = {}) =>
      new Promise((resolve) => {
        onEvent!(rates);
        signal!.addEventListener("abort", () => resolve(), { once: true });
      }),
  }, { hosts: [TEST_NAME] });
  const port = await freePort();
  await Deno.writeTextFile(`${path}/${TEST_NAME}.pem`, TEST_CERTIFICATE);
  await Deno.writeTextFile(`${path}/${TEST_NAME}.key`, TEST_CERTIFICATE_KEY);
  const server = (await Deno.readTextFile(`${examples}nginx.conf`))
    .replace("    listen [::]:443 ssl;\n", "").replace("listen 443", `listen 127.0.0.1:${port}`)
    .replaceAll(NAME, TEST_NAME).replaceAll(DAEMON, `127.0.0.1:${one.port}`)
    .replace("/etc/ssl/certs", path).replace("/etc/ssl/private", path);
  const directories = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `  ${name}_temp_path ${path}/${name};`);
  const config = `${path}/nginx.conf`;
  await Deno.writeTextFile(
    config,
    `daemon off;\nmaster_process off;\npid ${path}/nginx.pid;\nerror_log stderr;\nevents {}\n` +
      `http {\n  access_log off;\n${directories.join("\n")}\n${server}}\n`,
  );
  const checked = await run("nginx", ["-t", "-c", config], home);
  assert.equal(checked.code, 0, checked.stderr);
  await using nginx = spawnCli(["-c", config], { program: ["nginx"], home });
  const curl = (...args: string[]) =>
    run("curl", [
      ...["-s", "--cacert", `${path}/${TEST_NAME}.pem`, "-w", "\n%{http_code}"],
      ...["--resolve", `${TEST_NAME}:${port}:127.0.0.1`, ...args.slice(0, -1)],
      `https://${TEST_NAME}:${port}${args.at(-1)}`,
    ], home);
  await eventually(
    async () => (await curl("/healthz")).code === 0,
    `nginx starts: ${nginx.stderr}`,
  );

  const without = await curl("/v1/packages");
  assert.match(without.stdout, /API_TOKEN[^]*\n401$/);
  const bearer = ["-H", `Authorization: Bearer ${TOKEN}`];
  assert.equal((await curl(...bearer, "/v1/packages")).stdout, "[]\n\n200");
  assert.match((await curl("/metrics")).stdout, /\n403$/);
  // The page's own origin, and another.
  const origin = (host: string) => [...bearer, "-H", `Origin: https://${host}`, "-X", "POST"];
  const bytes = new Uint8Array(3_000_000).map((_, at) => at * at);
  await Deno.writeFile(`${path}/archive.tgz`, bytes);
  const body = ["-H", "Content-Type: application/gzip", "--data-binary", `@${path}/archive.tgz`];
  const own = await curl(...origin(`${TEST_NAME}:${port}`), ...body, "/v1/publish");
  assert.match(own.stdout, /\n200$/);
  assert.deepEqual(seen, bytes);
  const foreign = await curl(...origin("evil.example"), ...body, "/v1/publish");
  assert.match(foreign.stdout, /API_CROSS_SITE[^]*\n403$/);
  const events = await curl(...bearer, "-N", "-m", "2", "/v1/events");
  assert.match(events.stdout, /event: packages\ndata: {"kind":"packages"}\n/);
});

await interopTest("Caddy's example is valid", ["caddy"], async () => {
  await using home = await temporaryHome();
  const { code, stderr } = await run("caddy", [
    ...["validate", "--adapter", "caddyfile", "--config", `${examples}Caddyfile`],
  ], home);
  assert.equal(code, 0, stderr);
});
