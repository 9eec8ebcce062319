/**
 * A thousand peers announce themselves at a publisher's rendezvous, and ten of them have the archive. The
 * addresses are of 127.0.0.0/8, so each peer is a machine of its own. The liars refuse the connection,
 * end it after the handshake, or never say a word.
 */

import assert from "node:assert/strict";
import { TestEngine } from "../support/engines.ts";
import { sampleTorrent } from "../support/torrents.ts";

const LIARS = 1_000;
const HONEST = 10;
/** Number of nodes that hold the peers, and number of peers that each names in an answer. */
const [NODES, NAMED] = [8, 100];
const publisher = new Uint8Array(32).fill(7);

/** An address of this machine that nothing else uses. */
const hostOf = (net: number, i: number) => `127.${net}.${i >> 8}.${(i & 255) + 1}`;

/** Listens at all addresses of this machine, and counts the connections to each. */
function listener(greet: (connection: Deno.TcpConn) => void) {
  const listening = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  const asked = new Map<string, number>();
  const open = new Set<Deno.TcpConn>();
  void (async () => {
    for await (const connection of listening) {
      const { hostname } = connection.localAddr;
      asked.set(hostname, (asked.get(hostname) ?? 0) + 1);
      open.add(connection);
      greet(connection);
    }
  })();
  return {
    port: listening.addr.port,
    asked,
    [Symbol.dispose]() {
      listening.close();
      for (const connection of open) close(connection);
    },
  };
}

/** Closes a connection, unless the test has closed it before. */
function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** Ends a connection as soon as the first bytes have come. */
async function hangUp(connection: Deno.TcpConn): Promise<void> {
  await connection.read(new Uint8Array(1_024)).catch(() => {});
  close(connection);
}

/** Returns members of a list in random order. */
function sampleOf<T>(list: readonly T[], count: number): T[] {
  const rest = [...list];
  return Array.from(
    { length: Math.min(count, rest.length) },
    () => rest.splice(Math.floor(Math.random() * rest.length), 1)[0]!,
  );
}

Deno.test(`an archive is got among ${LIARS} liars and ${HONEST} honest mirrors, and the next one at once`, async () => {
  await using seeder = await TestEngine.start();
  const [first, second] = [sampleTorrent(100_000), sampleTorrent(100_000, { seed: 2 })];
  await seeder.seed(first, "first");
  await seeder.seed(second, "second");
  using ending = listener((connection) => void hangUp(connection));
  using silent = listener(() => {});
  const closed = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  const nobody = closed.addr.port;
  closed.close();
  const ports = [ending.port, silent.port, nobody];
  const liars = Array.from({ length: LIARS }, (_, i) => ({
    host: hostOf(1, i),
    port: ports[i % ports.length]!,
  }));
  const honest = Array.from({ length: HONEST }, (_, i) => ({
    host: hostOf(2, i),
    port: seeder.engine.port,
  }));
  const all = [...liars, ...honest];
  await using reader = await TestEngine.start({ dht: false });

  const dialled = new Map<string, number>();
  const get = async (sample: typeof first, name: string) => {
    const ended = reader.download(sample, [], { publisher, filePath: reader.path(name) });
    ended.catch(() => {});
    const download = reader.engine.downloadOf(sample.infoHashHex)!;
    download.torrent.on("dial", (address: string) => {
      dialled.set(address, (dialled.get(address) ?? 0) + 1);
    });
    let search = 0;
    const answer = () => {
      search++;
      // A hostile node answers first. It names the honest mirrors too, behind its own.
      download.addRendezvousPeers(search, [...sampleOf(liars, 246), ...honest]);
      for (let node = 0; node < NODES; node++) {
        download.addRendezvousPeers(search, sampleOf(all, NAMED));
      }
    };
    answer();
    const searching = setInterval(answer, 15_000);
    try {
      assert.deepEqual(await ended, sample.content);
    } finally {
      clearInterval(searching);
    }
  };
  await get(first, "first-got");
  for (const { host, port } of liars) {
    // A second dial tries the other form of handshake, encrypted or plain.
    const times = dialled.get(`${host}:${port}`) ?? 0;
    assert.ok(times <= 2, `${host}:${port} was dialled ${times} times`);
  }
  const before = new Map(dialled);
  await get(second, "second-got");
  const others = [...dialled].filter(([address, times]) => times > (before.get(address) ?? 0));
  assert.ok(
    others.some(([address]) => address.endsWith(`:${seeder.engine.port}`)),
    "an honest mirror is asked again",
  );
});
