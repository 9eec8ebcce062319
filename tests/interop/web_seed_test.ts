/** Tests that other programs read packages of libreseed from the web seeds that these name. */

import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { startTestnet } from "../../src/testnet/mod.ts";
import { freePort, runCli, temporaryHome } from "../support/mod.ts";
import { interopTest } from "../support/interop_test_case.ts";
import { WebHost } from "../support/web_host.ts";
import { runLibtorrent } from "./libtorrent.ts";
import { libreseed, onTestnet, seededPackage, sha256Of, writePayload } from "./seeded_package.ts";

/** A published package that no peer has, and a web server that has its archive. */
async function webPackage() {
  await using stack = new AsyncDisposableStack();
  const testnet = stack.use(await startTestnet({ nodes: 12, hosts: ["127.0.0.1"] }));
  const home = stack.use(await temporaryHome()).path;
  const web = stack.use(new WebHost({}));
  await libreseed(["keygen", "--signing-only"], home);
  const dir = join(home, "package");
  await writePayload(dir);
  const flags = [...onTestnet(testnet, await freePort()), "--web-seed", web.url];
  const named = ["--name", "hello", "--version", "1.0.0"];
  const { path, infohash } = JSON.parse(
    await libreseed(["publish", "--json", ...named, ...flags, dir], home),
  );
  web.add(`/${basename(path)}`, await Deno.readFile(path));
  const cleanup = stack.move();
  return {
    web,
    path: path as string,
    infoHashHex: infohash as string,
    torrent: path.replace(/\.tgz$/, ".torrent") as string,
    sha256: await sha256Of(path),
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

await interopTest(
  "libtorrent downloads a package of ours from its web seed alone",
  ["python3-libtorrent"],
  async () => {
    await using at = await webPackage();
    await using dir = await temporaryHome();
    await runLibtorrent({ do: "download", torrent: at.torrent, dir: dir.path });
    assert.equal(await sha256Of(join(dir.path, basename(at.path))), at.sha256);
    assert(at.web.requests.length > 0);
  },
);

await interopTest(
  "libtorrent uses the web seed in our magnet link, once a peer has sent the metadata",
  ["python3-libtorrent"],
  async () => {
    await using seeded = await seededPackage({ nodes: 12 });
    const name = basename(seeded.archivePath);
    await using web = new WebHost({ [`/${name}`]: await Deno.readFile(seeded.archivePath) });
    await using dir = await temporaryHome();
    // From the peer alone, the pieces would take half a minute.
    await Deno.writeTextFile(join(seeded.home, "config.yaml"), "upload-limit: 80kB\n");
    await libreseed(["reload"], seeded.home);
    await runLibtorrent({
      do: "download",
      magnet: `${seeded.magnet}&ws=${encodeURIComponent(web.url)}`,
      dir: dir.path,
      peers: [["127.0.0.1", seeded.port]],
    });
    assert.equal(await sha256Of(join(dir.path, name)), seeded.sha256);
    assert(web.requests.some((line) => line.startsWith(`/${name} `)), web.requests.join("\n"));
  },
);

await interopTest(
  "aria2 downloads a package of ours from its web seed alone",
  ["aria2c"],
  async () => {
    await using at = await webPackage();
    await using dir = await temporaryHome();
    const { code, stdout, stderr } = await runCli([
      "--no-conf",
      `--dir=${dir.path}`,
      "--enable-dht=false",
      "--bt-enable-lpd=false",
      `--listen-port=${await freePort()}`,
      "--seed-time=0",
      "--file-allocation=none",
      at.torrent,
    ], { program: ["aria2c"], home: dir.path, timeoutMs: 240_000 });
    assert.equal(code, 0, stdout + stderr);
    assert.equal(await sha256Of(join(dir.path, basename(at.path))), at.sha256);
  },
);

await interopTest(
  "transmission downloads a package of ours from its web seed alone",
  ["transmission-cli"],
  async () => {
    await using at = await webPackage();
    await using dir = await temporaryHome();
    const [config, downloads] = [join(dir.path, "config"), join(dir.path, "downloads")];
    await Deno.mkdir(config);
    await Deno.mkdir(downloads);
    const settings = { "dht-enabled": false, "lpd-enabled": false, "utp-enabled": false };
    await Deno.writeTextFile(join(config, "settings.json"), JSON.stringify(settings));
    const finished = join(dir.path, "finished");
    await Deno.writeTextFile(finished, "#!/bin/sh\nkill -INT $PPID\n", { mode: 0o755 });
    const port = ["--port", String(await freePort()), "--no-portmap"];
    const { stdout, stderr } = await runCli(
      [
        "--config-dir",
        config,
        "--download-dir",
        downloads,
        ...port,
        "--finish",
        finished,
        at.torrent,
      ],
      { program: ["transmission-cli"], home: dir.path, timeoutMs: 240_000 },
    );
    const archive = join(downloads, basename(at.path));
    assert.equal(await sha256Of(archive), at.sha256, stdout.slice(-500) + stderr);
  },
);
