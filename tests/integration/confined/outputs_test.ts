import assert from "node:assert/strict";
import { join } from "node:path";
import { sweepStagings } from "../../../src/launcher/sweeping.ts";
import { newStagingPath } from "../../../src/package/archive/temporaries.ts";
import { parseMinimal } from "../../../src/package/mod.ts";
import type { ConfinedOutcome, ConfinedTask } from "../../support/confined_worker.ts";
import { inDirectory, noise, packIn, writeTree } from "../../support/package_archives.ts";

const WORKER = new URL("../../support/confined_worker.ts", import.meta.url);

/** The paths that a thread may read, and those that it may read and write. */
interface Lists {
  read?: string[];
  write?: string[];
}

/** Carries out a task in a thread that may touch exactly these paths. */
async function confined({ read = [], write = [] }: Lists, task: ConfinedTask) {
  const worker = new Worker(WORKER, {
    type: "module",
    deno: { permissions: { read: [...read, ...write], write } },
  });
  try {
    return await new Promise<ConfinedOutcome>((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
      worker.postMessage(task);
    });
  } finally {
    worker.terminate();
  }
}

async function namesIn(dir: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(dir), ({ name }) => name)).sort();
}

const outputs = ["tool-1.0.0.minimal.json", "tool-1.0.0.tgz", "tool-1.0.0.torrent"];

/** The task of packing `dir/in` to `dir/out`, and the paths that this takes. */
async function packing(dir: string) {
  await writeTree(dir, { "in/a.txt": "a", "in/sub/b.txt": "b", "out/other": "of the user" });
  const task = {
    task: "pack" as const,
    dir: join(dir, "in"),
    out: join(dir, "out/tool-1.0.0.tgz"),
    stagingPath: newStagingPath(join(dir, "out")),
  };
  const write = [...outputs.map((name) => join(dir, "out", name)), task.stagingPath];
  return { task, lists: { read: [task.dir], write } };
}

inDirectory("packing takes the directory, the outputs and the staging path", async (dir) => {
  const { task, lists } = await packing(dir);
  // The second packing replaces the outputs of the first.
  for (let count = 0; count < 2; count++) {
    assert.deepEqual(await confined(lists, task), {});
    assert.deepEqual(await namesIn(join(dir, "out")), ["other", ...outputs]);
  }
  const minimal = parseMinimal(await Deno.readFile(join(dir, "out", outputs[0]!)));
  const { size } = await Deno.stat(task.out);
  assert.equal(size, minimal.length);
});

inDirectory("packing without one of the paths is refused and makes no archive", async (dir) => {
  const { task, lists } = await packing(dir);
  for (const missing of lists.write) {
    const write = lists.write.filter((path) => path !== missing);
    const { code } = await confined({ ...lists, write }, task);
    assert.equal(code, "WRITE_FAILED", missing);
    assert(!(await namesIn(join(dir, "out"))).includes("tool-1.0.0.tgz"));
    const temporaries = (await namesIn(join(dir, "out"))).filter((name) => name.startsWith("."));
    assert.deepEqual(temporaries, []);
  }
});

inDirectory("an output directory that is missing or a file is named as the cause", async (dir) => {
  const { task } = await packing(dir);
  for (const directory of [join(dir, "missing"), join(dir, "in/a.txt")]) {
    const out = join(directory, "tool-1.0.0.tgz");
    const stagingPath = newStagingPath(directory);
    const write = [...outputs.map((name) => join(directory, name)), stagingPath];
    const { code, message } = await confined({ read: [task.dir], write }, {
      ...task,
      out,
      stagingPath,
    });
    assert.equal(code, "OUTPUT_INVALID", message);
    assert(message!.includes(out), message);
  }
});

/** The task of unpacking an archive to `dir/user/target`, and the paths that this takes. */
async function unpacking(dir: string, contents: string | Uint8Array = "a") {
  const { archivePath, minimal } = await packIn(dir, { "a.txt": contents, "sub/b.sh": "b" });
  await Deno.mkdir(join(dir, "user"));
  const task = {
    task: "unpack" as const,
    archivePath,
    minimal,
    unpackTo: join(dir, "user/target"),
    stagingPath: newStagingPath(join(dir, "user")),
  };
  return { task, lists: { read: [archivePath], write: [task.unpackTo, task.stagingPath] } };
}

inDirectory("unpacking takes the archive, the target and the staging path", async (dir) => {
  const { task, lists } = await unpacking(dir, noise(200_000));
  assert.deepEqual(await confined(lists, task), {});
  assert.deepEqual(await namesIn(join(dir, "user")), ["target"]);
  assert.deepEqual(await namesIn(task.unpackTo), ["a.txt", "manifest.json", "sub"]);
  const mode = (await Deno.stat(task.unpackTo)).mode! & 0o777;
  assert.equal(mode, 0o777 & ~Deno.umask());
});

inDirectory(
  "an empty target is filled, and a target with files in it is left alone",
  async (dir) => {
    const { task, lists } = await unpacking(dir);
    await Deno.mkdir(task.unpackTo);
    assert.deepEqual(await confined(lists, task), {});
    // Also if the thread may not look at the target, because it is not free.
    for (const write of [lists.write, [task.stagingPath]]) {
      assert.equal((await confined({ ...lists, write }, task)).code, "TARGET_EXISTS");
    }
    assert.deepEqual(await namesIn(join(dir, "user")), ["target"]);
  },
);

inDirectory("a missing parent of the target is found before anything is written", async (dir) => {
  const { task } = await unpacking(dir);
  const unpackTo = join(dir, "missing/target");
  const stagingPath = newStagingPath(join(dir, "missing"));
  const lists = { read: [task.archivePath], write: [unpackTo, stagingPath] };
  const outcome = await confined(lists, { ...task, unpackTo, stagingPath });
  assert.equal(outcome.code, "WRITE_FAILED");
  assert(outcome.message!.includes(unpackTo), outcome.message);
});

inDirectory("the lock file takes its path and the staging path", async (dir) => {
  const project = join(dir, "project");
  await writeTree(project, { other: "of the user" });
  const lockPath = join(project, "libreseed.lock.json");
  const stagingPath = newStagingPath(project);
  const task = { task: "lock" as const, lockPath, stagingPath, store: join(dir, "store") };
  for (let count = 0; count < 2; count++) {
    assert.deepEqual(await confined({ write: [lockPath, stagingPath] }, task), {});
  }
  assert.equal((await Deno.stat(lockPath)).mode! & 0o777, 0o644 & ~Deno.umask());
  assert.deepEqual(await namesIn(project), ["libreseed.lock.json", "other"]);
  assert.equal((await confined({ write: [lockPath] }, task)).code, "NOT_WRITABLE");
});

inDirectory("the thread of these tests can write nowhere else", async (dir) => {
  const path = join(dir, "elsewhere");
  const { code } = await confined({ write: [join(dir, "here")] }, { task: "write", path });
  assert.equal(code, "NotCapable");
  await sweepStagings([dir]);
  assert.deepEqual(await namesIn(dir), []);
});
