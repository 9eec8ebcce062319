/**
 * Torture cases of hostile peers and of overload: lying peers, too many connections, a flood of
 * packets, and many clients with the same request.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { equalBytes, fromHex } from "../../src/base/mod.ts";
import { archiveFileName, torrentFileName } from "../../src/package/mod.ts";
import { eventually, type Home, newPlace, type Place } from "../../tests/support/place.ts";
import { addressOf, TestEngine } from "../../tests/support/engines.ts";
import { hostileWays } from "../../tests/support/hostile_peers.ts";
import { fromSources } from "../../tests/support/mod.ts";
import { wireHandshake, WireListener } from "../../tests/support/wire_peer.ts";
import { type Case, most, peakBytes, type Report } from "./case.ts";

const PIECE_BYTES = 256 * 1024;
const LONG_MS = 600_000;

/** Publishes a package with the given number of random bytes. */
export async function published(place: Place, home: Home, name: string, bytes: number) {
  const source = await place.source(name, "1.0.0");
  const noise = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65_536) {
    crypto.getRandomValues(noise.subarray(at, at + 65_536));
  }
  await Deno.writeFile(join(source, "noise"), noise);
  const magnet = (await home.must(["publish", "-q", source])).trimEnd().split("\t")[1]!;
  const archivePath = join(home.seed, archiveFileName(name, "1.0.0"));
  const infoHashHex = /btih:([0-9a-f]{40})/.exec(magnet)![1]!;
  return { magnet, archivePath, infoHashHex, infoHash: fromHex(infoHashHex)! };
}

const hostilePeers: Case = {
  name: "downloads among hostile peers of each kind",
  async run(scale) {
    const report: Report = { tried: 0, survived: 0, lost: 0, note: "" };
    await using place = await newPlace();
    const home = await place.home();
    const one = await published(place, home, "pkg", 8 << 20);
    await using daemon = await home.daemon();
    const content = await Deno.readFile(one.archivePath);
    const torrent = await Deno.readFile(torrentFileName(one.archivePath));
    const ways = Object.values(hostileWays({ ...one, content, torrent }, PIECE_BYTES));
    await using engine = await TestEngine.start({ testnet: place.testnet });
    await eventually(() => engine.engine.node()!.tableSize() >= 8);
    using ended = new DisposableStack();
    const listeners = ways.map((way) => ended.use(new WireListener(one, () => way)));
    for (const { address } of listeners) {
      await engine.manager().announcePeer(one.infoHash, address.port);
    }
    for (let round = 0; round < scale; round++) {
      for (const what of [`${home.publicKey}/pkg`, one.magnet]) {
        report.tried++;
        const other = await place.home(null);
        const startMs = performance.now();
        const { code, stderr } = await other.run(["get", what], { timeoutMs: LONG_MS });
        report.worstRecoveryMs = most(report.worstRecoveryMs, performance.now() - startMs);
        const got = code === 0 && await Deno.readFile(join(other.seed, "pkg-1.0.0.tgz"));
        if (got && equalBytes(got, content)) report.survived++;
        else console.error(stderr);
      }
    }
    report.worstBytes = await peakBytes(daemon);
    const harmful = listeners.filter(({ deeds }) => deeds > 0).length;
    assert.ok(harmful > 0, "no hostile peer came to do harm");
    report.note = "downloads of 8 MiB by name and by magnet link, " +
      `${harmful} of ${ways.length} ways did harm before it was whole; slowest`;
    await daemon.end();
    return report;
  },
};

/** Returns options that run the program with a limit on the number of its open files. */
function withFiles(files: number) {
  return { program: ["prlimit", `--nofile=${files}:${files}`, ...fromSources], timeoutMs: LONG_MS };
}

/**
 * Opens idle peer connections that have completed the handshake. Returns the accepted connections.
 */
async function openMany(port: number, infoHash: Uint8Array, count: number) {
  const open: Deno.TcpConn[] = [];
  let hanging = 0;
  while (open.length < count && hanging < 5) {
    const connecting = Deno.connect({ port });
    const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 300));
    const one = await Promise.race([connecting, late]);
    if (one) {
      open.push(one);
      await one.write(wireHandshake({ infoHash })).catch(() => {});
    } else {
      hanging++;
      connecting.then((one) => one.close(), () => {});
    }
  }
  const close = () => {
    for (const one of open.splice(0)) {
      try {
        one.close();
      } catch {
        // The daemon has already closed the connection.
      }
    }
  };
  return { count: open.length, close };
}

const manyConnections: Case = {
  name: "connections to one seeder that may have 1,024 files open",
  async run(scale) {
    const report: Report = { tried: 0, survived: 0, lost: 0, note: "" };
    await using place = await newPlace();
    const home = await place.home();
    const one = await published(place, home, "pkg", 1 << 20);
    await using daemon = await home.daemon([], withFiles(1_024));
    const many = await openMany(daemon.port, one.infoHash, 1_000 * scale);
    report.tried = many.count;
    const startMs = performance.now();
    await (await place.home(null)).must(["get", "-q", `${home.publicKey}/pkg`], {
      timeoutMs: LONG_MS,
    });
    report.worstRecoveryMs = performance.now() - startMs;
    report.survived = many.count;
    many.close();
    report.worstBytes = await peakBytes(daemon);
    report.note = "connections, of which 500 are kept; until somebody else has the package";
    await daemon.end();
    return report;
  },
};

const noFiles: Case = {
  name: "no file left to open",
  async run(scale) {
    const report: Report = { tried: 0, survived: 0, lost: 0, note: "" };
    await using place = await newPlace();
    const home = await place.home();
    const one = await published(place, home, "pkg", 1 << 20);
    const start = () => home.daemon(["--max-incoming", "5000"], withFiles(256));
    let daemon = await start();
    for (; report.tried < scale; report.tried++) {
      const many = await openMany(daemon.port, one.infoHash, 400);
      // On every other attempt, a client connects to the control socket while no file descriptor is
      // free. The daemon loses its control socket, and therefore ends.
      const isAsked = report.tried % 2 === 1;
      if (isAsked) await home.run(["status"]);
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      many.close();
      const startMs = performance.now();
      if (isAsked) {
        const { code, stderr } = await daemon.process.result;
        assert.equal(code, 1, stderr);
        assert.match(stderr, /is served no more/);
        report.worstBytes = most(report.worstBytes, await peakBytes(daemon));
        daemon = await start();
      }
      await eventually(async () => {
        const other = await place.home(null);
        return (await other.run(["get", "-q", one.magnet, "--timeout", "5s"])).code === 0;
      });
      report.worstRecoveryMs = most(report.worstRecoveryMs, performance.now() - startMs);
      const { packages } = JSON.parse(await home.must(["status", "--json"])) as {
        packages: number;
      };
      report.lost += 1 - packages;
      report.survived++;
    }
    report.worstBytes = most(report.worstBytes, await peakBytes(daemon));
    report.note = "times; from the files being free to somebody having the package";
    await daemon.end();
    return report;
  },
};

const manyClients: Case = {
  name: "clients that download at once from one daemon",
  async run(scale) {
    const report: Report = { tried: 50 * scale, survived: 0, lost: 0, note: "" };
    await using place = await newPlace();
    const home = await place.home();
    const one = await published(place, home, "pkg", 1 << 20);
    await using daemon = await home.daemon();
    const content = await Deno.readFile(one.archivePath);
    const torrent = await Deno.readFile(torrentFileName(one.archivePath));
    await using ended = new AsyncDisposableStack();
    const clients: TestEngine[] = [];
    while (clients.length < report.tried) clients.push(ended.use(await TestEngine.start()));
    const peers = [addressOf(`127.0.0.1:${daemon.port}`)];
    const startMs = performance.now();
    await Promise.all(clients.map(async (client) => {
      const got = await client.download(one, [], { torrent, peers });
      if (equalBytes(got, content)) report.survived++;
    }));
    const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
    report.worstBytes = await peakBytes(daemon);
    report.note = `clients in one process, of 1 MiB each; all done after ${seconds} s`;
    await ended.disposeAsync();
    await daemon.end();
    return report;
  },
};

const flood: Case = {
  name: "flood of packets at the DHT socket",
  async run(scale) {
    const seconds = 5 * scale;
    const report: Report = { tried: 0, survived: 0, lost: 0, note: "" };
    await using place = await newPlace();
    const home = await place.home();
    await published(place, home, "pkg", 1 << 10);
    await using daemon = await home.daemon();
    const senders = Array.from({ length: 3 }, () =>
      new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "-qA",
          join(import.meta.dirname!, "flood_sender.ts"),
          String(daemon.port),
          String(seconds),
        ],
        stdout: "piped",
      }).output());
    // During the flood, a put or a get may fail for lack of answers, but must report an error.
    const during = await (await place.home()).run([
      "publish",
      await place.source("during", "1.0.0"),
    ], { timeoutMs: LONG_MS });
    let sent = 0;
    for (const { stdout } of await Promise.all(senders)) {
      sent += Number(new TextDecoder().decode(stdout));
    }
    const startMs = performance.now();
    await eventually(async () => (await home.run(["announce", "-q"])).code === 0);
    await (await place.home(null)).must(["get", "-q", `${home.publicKey}/pkg`]);
    report.worstRecoveryMs = performance.now() - startMs;
    assert.ok(sent > 0);
    [report.tried, report.survived] = [sent, sent];
    report.worstBytes = await peakBytes(daemon);
    report.note = `packets, ${Math.round(sent / seconds)} a second; publishing in another home ` +
      `meanwhile: exit code ${during.code}; until a record is put and the package got afterwards`;
    await daemon.end();
    return report;
  },
};

export const hostile: readonly Case[] = [
  hostilePeers,
  manyConnections,
  noFiles,
  manyClients,
  flood,
];
