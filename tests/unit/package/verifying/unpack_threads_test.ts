import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { localRequests } from "../../../../src/launcher/mod.ts";
import {
  type StartThread,
  verifyArchive,
  type VerifyOptions,
} from "../../../../src/package/mod.ts";
import {
  archiveOf,
  gzip,
  inDirectory,
  listTree,
  makeTar,
  manifestEntry,
  noise,
  refusal,
} from "../../../support/package_archives.ts";

/** Makes an archive of files in forty directories: small ones, empty ones, and two large ones. */
async function archiveWith(dir: string, files: number): Promise<VerifyOptions> {
  const contents: Record<string, string | Uint8Array> = {};
  for (let i = 0; i < files; i++) {
    contents[`${10 + i % 40}/sub/${i}`] = i % 7 === 0 ? "" : `file ${i} `.repeat(i % 100);
  }
  contents["11/large"] = noise(200_000);
  contents["12/small/64-KiB"] = noise(64 * 1024);
  const entries = Object.keys(contents).sort().map((name, at) => ({
    name,
    contents: contents[name]!,
    mode: at % 3 === 0 ? 0o755 : 0o644,
  }));
  return await archiveOf(dir, gzip(await makeTar([manifestEntry(contents), ...entries])));
}

inDirectory("many small files are written by threads, as without threads", async (dir) => {
  const options = await archiveWith(dir, 2500);
  await verifyArchive({ ...options, unpackTo: join(dir, "alone") });
  const asked: Parameters<StartThread>[0][] = [];
  const { startHelper } = localRequests();
  const startThread: StartThread = (files) => {
    asked.push(files);
    return startHelper(files);
  };
  await verifyArchive({ ...options, unpackTo: join(dir, "by-threads"), startThread });
  assert.deepEqual(await listTree(join(dir, "by-threads")), await listTree(join(dir, "alone")));
  if (navigator.hardwareConcurrency < 2) return;
  assert.ok(asked.length >= 1);
  for (const { read, write } of asked) {
    assert.deepEqual(read, []);
    assert.equal(write.length, 1);
    // A thread may write in the staging directory only, which lies beside the target.
    assert.equal(dirname(dirname(write[0]!)), dir);
  }
});

inDirectory(
  "a temporary target is written at once, by threads that may write nowhere else",
  async (dir) => {
    const options = await archiveWith(dir, 2500);
    const unpackTo = join(dir, "temporary");
    const asked: Parameters<StartThread>[0][] = [];
    const { startHelper } = localRequests();
    const startThread: StartThread = (files) => {
      asked.push(files);
      return startHelper(files);
    };
    const before = await listTree(dir);
    await verifyArchive({ ...options, unpackTo, isTemporary: true, startThread });
    for (const files of asked) assert.deepEqual(files, { read: [], write: [unpackTo] });
    const inside = (await listTree(unpackTo)).length;
    assert.ok(inside > 2500);
    const others = (await listTree(dir)).filter((path) => !path.startsWith("temporary"));
    assert.deepEqual(others, before);
    await verifyArchive({ ...options, unpackTo: join(dir, "target") });
    assert.deepEqual(await listTree(unpackTo), await listTree(join(dir, "target")));
    const again = verifyArchive({ ...options, unpackTo, isTemporary: true });
    assert.equal((await refusal(again, "WRITE_FAILED")).kind, "failed");
    assert.equal((await listTree(unpackTo)).length, inside);
  },
);

inDirectory(
  "threads start while a long manifest is read, unless files may be linked",
  async (dir) => {
    if (navigator.hardwareConcurrency < 2) return;
    const options = await archiveWith(dir, 2500);
    const { startHelper } = localRequests();
    async function isStartedBeforeSignature(
      existing?: VerifyOptions["existing"],
    ): Promise<boolean> {
      let isStarted = false;
      let answer: boolean | undefined;
      await verifyArchive({
        ...options,
        existing,
        unpackTo: join(dir, existing ? "linking" : "writing"),
        startThread(files) {
          isStarted = true;
          return startHelper(files);
        },
        onStep: (step) => step === "full-signature" && (answer = isStarted),
      });
      assert.ok(isStarted);
      return answer!;
    }
    assert.equal(await isStartedBeforeSignature(), true);
    assert.equal(await isStartedBeforeSignature({ find: () => [] }), false);
    assert.deepEqual(await listTree(join(dir, "linking")), await listTree(join(dir, "writing")));
  },
);

inDirectory("few files are written without a thread", async (dir) => {
  const options = await archiveWith(dir, 100);
  const startThread: StartThread = () => assert.fail("a thread was started");
  await verifyArchive({ ...options, unpackTo: join(dir, "target"), startThread });
});

/** Starts a thread that answers orders as `answer` has it, and dies if that returns `undefined`. */
function fakeThread(answer: (order: { bytes: Uint8Array }) => unknown): StartThread {
  return () => {
    const { port1, port2 } = new MessageChannel();
    const died = Promise.withResolvers<string>();
    port2.onmessage = ({ data }) => {
      const message = answer(data);
      if (message === undefined) died.resolve("out of memory");
      else port2.postMessage(message);
    };
    const terminate = () => {
      port1.close();
      port2.close();
    };
    return { port: port1, died: died.promise, terminate };
  };
}

for (
  const [what, code, failed] of [
    ["a full disk", "DISK_FULL", { message: "os error 28", code: "ENOSPC" }],
    ["a file that exists", "WRITE_FAILED", { message: "File exists", code: "EEXIST" }],
    ["the death of a thread", "THREAD_DIED", undefined],
  ] as const
) {
  inDirectory(`${what} ends the unpacking, and nothing is left`, async (dir) => {
    if (navigator.hardwareConcurrency < 2) return;
    const options = await archiveWith(dir, 2500);
    const before = await listTree(dir);
    const startThread = fakeThread(({ bytes }) =>
      failed && { bytes, failed: { path: join(dir, "x"), ...failed } }
    );
    const unpackTo = join(dir, "target");
    const error = await refusal(verifyArchive({ ...options, unpackTo, startThread }), code);
    assert.equal(error.kind, "failed");
    assert.deepEqual(await listTree(dir), before);
  });
}

inDirectory("the calling thread writes files itself while no thread has room", async (dir) => {
  if (navigator.hardwareConcurrency < 2) return;
  const options = await archiveWith(dir, 6000);
  const unpackTo = join(dir, "target");
  let heldFiles = 0;
  const answers: (() => void)[] = [];
  // The threads write nothing, and answer only when the last file has been verified.
  const startThread: StartThread = () => {
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = ({ data: { bytes, files } }) => {
      heldFiles += files.paths.length;
      answers.push(() => port2.postMessage({ bytes }));
      if (isLast) answers.at(-1)!();
    };
    const terminate = () => {
      port1.close();
      port2.close();
    };
    return { port: port1, died: new Promise(() => {}), terminate };
  };
  let files = 0;
  let isLast = false;
  await verifyArchive({
    ...options,
    unpackTo,
    startThread,
    onFile() {
      // Two files are large.
      if (++files < 6002) return;
      isLast = true;
      for (const answer of answers) answer();
    },
  });
  assert.ok(heldFiles > 0);
  const written = (await Array.fromAsync(walk(unpackTo))).length;
  // The manifest is a file, too.
  assert.equal(written, 6003 - heldFiles);
});

/** Yields the paths of the files in a directory and those below it. */
async function* walk(directory: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const path = join(directory, name);
    if (isDirectory) yield* walk(path);
    else yield path;
  }
}

inDirectory("an unpacking by threads that is aborted leaves nothing", async (dir) => {
  const options = await archiveWith(dir, 2500);
  const before = await listTree(dir);
  const ended = new AbortController();
  const reason = new Error("enough");
  let files = 0;
  const unpacking = verifyArchive({
    ...options,
    unpackTo: join(dir, "target"),
    startThread: localRequests().startHelper,
    signal: ended.signal,
    onFile: () => ++files === 1500 && ended.abort(reason),
  });
  await assert.rejects(unpacking, reason);
  assert.deepEqual(await listTree(dir), before);
});
