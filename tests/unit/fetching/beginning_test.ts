/** Reading the beginning of an archive while a host that the test plays downloads it. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { type Clock, systemClock } from "../../../src/base/mod.ts";
import type { Operations, PrefixProgress, RequestOf } from "../../../src/control/mod.ts";
import { fetchFile, fetchManifest } from "../../../src/fetching/beginning.ts";
import type { FetchContext } from "../../../src/fetching/context.ts";
import { defaultArchiveLimits } from "../../../src/package/mod.ts";
import { SeedDirectory, StateDatabase } from "../../../src/store/mod.ts";
import { eventually } from "../../support/engines.ts";
import { trustOf } from "../../support/identities.ts";
import { inDirectory, listOf, packIn } from "../../support/package_archives.ts";
import { randomBytes } from "../../support/torrents.ts";
import { whenAborted } from "../../support/aborts.ts";

/** A host whose downloads of beginnings progress as the test decides. */
class PlayedHost {
  readonly requests: RequestOf<"downloadPrefix">[] = [];
  readonly widened: number[] = [];
  readonly ranges: { start: number; end: number }[] = [];
  ended = 0;
  /** Signal of the last question for a range. */
  signal: AbortSignal | undefined;
  /** Answers the question for a range. */
  want: () => Promise<{ path?: string }> = () => Promise.resolve({});
  tell: (path: string, readyBytes: number) => void = () => {};
  finish: () => void = () => {};
  fail: (error: Error) => void = () => {};

  readonly operations = {
    status: () => Promise.reject(new Error("not played")),
    downloadPrefix: (request: RequestOf<"downloadPrefix">, { signal, onEvent }: {
      signal: AbortSignal;
      onEvent: (progress: PrefixProgress) => void;
    }) => {
      this.requests.push(request);
      this.tell = (path, readyBytes) =>
        onEvent({ path, readyBytes, downloadedBytes: readyBytes, webSeeds: [] } as never);
      return new Promise<void>((resolve, reject) => {
        this.finish = resolve;
        this.fail = reject;
        whenAborted(signal, () => {
          this.ended++;
          reject(new Error("ended"));
        });
      });
    },
    widenPrefix: ({ wantedBytes }: { wantedBytes: number }) => {
      this.widened.push(wantedBytes);
      return Promise.resolve();
    },
    wantRange: (
      { start, end }: { start: number; end: number },
      { signal }: { signal: AbortSignal },
    ) => {
      this.signal = signal;
      this.ranges.push({ start, end });
      return this.want();
    },
  } as unknown as Operations;
}

async function setUp(dir: string, tree: Record<string, string | Uint8Array>) {
  const packed = await packIn(dir, tree);
  const archive = await Deno.readFile(packed.archivePath);
  const host = new PlayedHost();
  const seeds = new SeedDirectory(join(dir, "seed"));
  await seeds.ensure();
  const context: FetchContext = {
    operations: host.operations,
    seeds,
    limits: defaultArchiveLimits,
    trust: trustOf(StateDatabase.open(join(dir, "state.db"), systemClock), systemClock),
    finding: { clock: systemClock, timeoutMs: 60_000 },
  };
  /** Writes the first bytes of the archive to a file. */
  const write = async (name: string, bytes: number) => {
    const path = join(dir, name);
    await Deno.writeFile(path, archive.subarray(0, bytes));
    return path;
  };
  return { packed, archive, host, seeds, context, write, minimal: packed.minimal };
}

/** Returns a clock whose timers of up to 100 ms fire at once, after `onTimer`. */
function hurried(onTimer: () => void): Clock {
  return {
    now: () => systemClock.now(),
    after: (delayMs, fire) =>
      delayMs > 100 ? systemClock.after(delayMs, fire) : systemClock.after(0, () => {
        onTimer();
        fire();
      }),
  };
}

async function text(reading: ReturnType<typeof fetchFile>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of reading) parts.push(part.slice());
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

inDirectory("the manifest is read as its bytes arrive, and the download is ended", async (dir) => {
  const { host, context, write, minimal, archive } = await setUp(dir, {
    "a.bin": randomBytes(500_000, 1),
  });
  const reading = fetchManifest(context, { minimal, webSeeds: ["https://example.org/"] });
  await eventually(() => host.requests.length === 1, "the download begins");
  const [{ wantedBytes, lengthBytes, webSeeds, fileName }] = host.requests as [
    RequestOf<"downloadPrefix">,
  ];
  assert.deepEqual([wantedBytes, lengthBytes, webSeeds, fileName], [
    1,
    archive.length,
    ["https://example.org/"],
    "hello-1.0.0.tgz",
  ]);
  host.tell(await write("first", 100), 100);
  await eventually(() => host.widened.length === 1, "the reader wants more");
  assert.deepEqual(host.widened, [101]);
  host.tell(await write("first", 2_000), 2_000);
  const { read, fetchedBytes, archivePath } = await reading;
  assert.deepEqual(Object.keys(read.files), ["a.bin"]);
  assert.deepEqual([fetchedBytes, archivePath, host.ended], [2_000, undefined, 1]);
});

inDirectory("a file is read on from another file, when the host changes it", async (dir) => {
  const content = randomBytes(3_000_000, 2);
  const { host, context, write, minimal, archive } = await setUp(dir, { "a.bin": content });
  const reading = text(fetchFile(context, { minimal }, "a.bin"));
  await eventually(() => host.requests.length === 1, "the download begins");
  host.tell(await write("beginning", 1_500_000), 1_500_000);
  await eventually(() => host.widened.length > 0, "the reader wants more");
  // Another command downloads the whole: the file of the beginning is gone, and then the other one comes.
  await Deno.remove(join(dir, "beginning"));
  host.tell(join(dir, "beginning"), 1_600_000);
  host.tell(await write("part", 1_000_000), 1_000_000);
  // A file of its own: a reader that is still at the bytes of the part would find it emptied.
  host.tell(await write("whole", archive.length), archive.length);
  assert.deepEqual(await reading, content);
  assert.equal(host.ended, 1);
});

inDirectory("an archive that came into the seed directory meanwhile is read there", async (dir) => {
  const content = randomBytes(3_000_000, 3);
  const { host, context, seeds, write, packed, minimal, archive } = await setUp(dir, {
    "a.bin": content,
  });
  const reading = text(fetchFile(context, { minimal }, "a.bin"));
  await eventually(() => host.requests.length === 1, "the download begins");
  host.tell(await write("partial", 1_500_000), 1_500_000);
  await eventually(() => host.widened.length > 0, "the reader wants more");
  await Deno.remove(join(dir, "partial"));
  const { archivePath, torrent } = packed;
  await seeds.put({ archivePath, minimal, torrent, move: true, verified: true });
  host.tell(join(dir, "partial"), archive.length);
  host.finish();
  assert.deepEqual(await reading, content);
});

inDirectory(
  "an archive that another command keeps a while after its download is waited for",
  async (dir) => {
    const content = randomBytes(300_000, 4);
    const set = await setUp(dir, { "a.bin": content });
    const { host, context, seeds, packed, minimal } = set;
    const { archivePath, torrent } = packed;
    let looks = 0;
    let kept: Promise<unknown> | undefined;
    context.finding.clock = hurried(() => {
      if (++looks === 3) kept = seeds.put({ archivePath, minimal, torrent, verified: true });
    });
    const reading = text(fetchFile(context, { minimal }, "a.bin"));
    await eventually(() => host.requests.length === 1, "the download begins");
    // The download was complete before this reader has heard of any progress.
    host.finish();
    assert.deepEqual(await reading, content);
    await kept;
    assert.ok(looks >= 3, `${looks} looks`);
  },
);

inDirectory(
  "an archive that another command has not kept is an error, and does not hang",
  async (dir) => {
    const { host, context, minimal } = await setUp(dir, { "a.bin": "a" });
    context.finding.clock = hurried(() => {});
    const reading = fetchManifest(context, { minimal });
    await eventually(() => host.requests.length === 1, "the download begins");
    host.tell(join(dir, "gone"), 5_000);
    host.finish();
    await assert.rejects(reading, { code: "ARCHIVE_MOVED" });
  },
);

inDirectory("an error of the host is thrown", async (dir) => {
  const { host, context, minimal } = await setUp(dir, { "a.bin": "a" });
  const reading = fetchManifest(context, { minimal });
  await eventually(() => host.requests.length === 1, "the download begins");
  const failure = new Error("disk");
  host.fail(failure);
  await assert.rejects(reading, (error) => error === failure);
});

/** A package whose archive has some members before those of the file `m.txt`. */
const long = {
  "a.bin": randomBytes(2_000_000, 5),
  "m.txt": randomBytes(9_000, 6),
  "z.bin": randomBytes(2_000_000, 7),
};

/** Returns how many bytes of an archive hold the list and the manifest. */
function headOf(archive: Uint8Array): number {
  const { lengthBytes, members } = listOf(archive);
  const first = members.findIndex(({ files }) => files > 0);
  return members.slice(0, first).reduce((sum, one) => sum + one.lengthBytes, lengthBytes);
}

inDirectory(
  "a file is read where the list has it, and nothing before it is wanted",
  async (dir) => {
    const { host, context, write, minimal, archive } = await setUp(dir, long);
    // The file has the head, and nothing until the range comes.
    const head = headOf(archive);
    const path = await write("part", head);
    host.want = async () => {
      const { start, end } = host.ranges.at(-1)!;
      const file = await Deno.open(path, { write: true });
      await file.seek(start, Deno.SeekMode.Start);
      for (let at = start; at < end;) at += await file.write(archive.subarray(at, end));
      file.close();
      return { path };
    };
    const reading = text(fetchFile(context, { minimal }, "m.txt"));
    await eventually(() => host.requests.length === 1, "the download begins");
    assert.equal(host.requests[0]!.wantedBytes, 1);
    host.tell(path, 100);
    await eventually(
      () => host.widened.length > 0,
      "the rest of the list and the manifest is wanted",
    );
    host.tell(path, head);
    assert.deepEqual(await reading, long["m.txt"]);
    assert(host.widened.every((bytes) => bytes <= head), `${host.widened}`);
    const wanted = host.ranges.reduce((sum, { start, end }) => sum + end - start, 0);
    assert(host.ranges[0]!.start > 1_000_000 && wanted < 600_000, JSON.stringify(host.ranges));
    assert.equal(host.ended, 1);
  },
);

for (
  const [what, want] of [
    ["the host downloads the whole archive", () => Promise.resolve({})],
    ["the host is of an earlier version", () => Promise.reject(new Error("no such operation"))],
    ["the file is gone before it is read", () => Promise.resolve({ path: "/nonexistent/file" })],
  ] as [string, () => Promise<{ path?: string }>][]
) {
  inDirectory(`a file is read with what is before it if ${what}`, async (dir) => {
    const { host, context, write, minimal, archive } = await setUp(dir, long);
    host.want = want;
    const reading = text(fetchFile(context, { minimal }, "m.txt"));
    await eventually(() => host.requests.length === 1, "the download begins");
    const head = headOf(archive);
    host.tell(await write("part", head), head);
    await eventually(() => host.widened.some((bytes) => bytes > 1_000_000), "more is wanted");
    assert(host.widened.every((bytes) => bytes < archive.length), `${host.widened}`);
    host.tell(await write("part", Math.max(...host.widened)), Math.max(...host.widened));
    assert.deepEqual(await reading, long["m.txt"]);
    assert.equal(host.ended, 1);
  });
}

inDirectory("an error of the download ends the wait for a range", async (dir) => {
  const { host, context, write, minimal, archive } = await setUp(dir, long);
  host.want = () =>
    new Promise((_, reject) => whenAborted(host.signal!, () => reject(new Error())));
  const reading = text(fetchFile(context, { minimal }, "m.txt"));
  await eventually(() => host.requests.length === 1, "the download begins");
  const head = headOf(archive);
  host.tell(await write("part", head), head);
  await eventually(() => host.ranges.length > 0, "a range is wanted");
  host.fail(new Error("the disk is full"));
  await assert.rejects(reading, /the disk is full/);
});

inDirectory("a file of an archive in the seed directory is read in its place", async (dir) => {
  const { host, context, seeds, packed, minimal } = await setUp(dir, long);
  const { archivePath, torrent } = packed;
  await seeds.put({ archivePath, minimal, torrent, move: true, verified: true });
  for (const name of ["a.bin", "m.txt", "z.bin"] as const) {
    assert.deepEqual(await text(fetchFile(context, { minimal }, name)), long[name]);
  }
  assert.deepEqual([host.requests, host.ranges], [[], []]);
});
