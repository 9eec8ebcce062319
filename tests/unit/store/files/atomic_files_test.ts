import assert from "node:assert/strict";
import { join } from "node:path";
import { LibreseedError } from "../../../../src/base/mod.ts";
import {
  moveIntoPlace,
  removeStaleTemporaries,
  StoreError,
  writeFileAtomic,
} from "../../../../src/store/mod.ts";
import { canMount, smallDisk, temporaryHome } from "../../../support/mod.ts";

const names = async (dir: string) => {
  const found: string[] = [];
  for await (const { name } of Deno.readDir(dir)) found.push(name);
  return found.sort();
};

async function assertStoreError(
  promise: Promise<unknown>,
  code: string,
  mentions: string,
): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.code, code);
    assert.ok(error.message.includes(mentions), error.message);
    return true;
  });
}

Deno.test("writeFileAtomic writes bytes, text and chunks, and leaves no temporary", async () => {
  await using home = await temporaryHome();
  async function* chunks() {
    yield Uint8Array.of(1, 2);
    yield new Uint8Array(0);
    yield Uint8Array.of(3);
  }
  await writeFileAtomic(join(home.path, "bytes"), Uint8Array.of(1, 2, 3));
  await writeFileAtomic(join(home.path, "text"), "é");
  await writeFileAtomic(join(home.path, "chunks"), chunks());
  await writeFileAtomic(join(home.path, "empty"), "");
  assert.deepEqual(await Deno.readFile(join(home.path, "bytes")), Uint8Array.of(1, 2, 3));
  assert.equal(await Deno.readTextFile(join(home.path, "text")), "é");
  assert.deepEqual(await Deno.readFile(join(home.path, "chunks")), Uint8Array.of(1, 2, 3));
  assert.deepEqual(await Deno.readFile(join(home.path, "empty")), new Uint8Array(0));
  assert.deepEqual(await names(home.path), ["bytes", "chunks", "empty", "text"]);
});

Deno.test("writeFileAtomic replaces a file and sets the requested mode", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "file");
  await writeFileAtomic(path, "old and longer");
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o644);
  await writeFileAtomic(path, "new", { mode: 0o600 });
  assert.equal(await Deno.readTextFile(path), "new");
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
});

Deno.test("the old file stays until all chunks are written", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "file");
  await writeFileAtomic(path, "old");
  async function* chunks() {
    yield new Uint8Array(100_000);
    assert.equal(await Deno.readTextFile(path), "old");
    const temporaries = (await names(home.path)).filter((name) => name.startsWith(".tmp-"));
    assert.equal(temporaries.length, 1);
    assert.equal((await Deno.stat(join(home.path, temporaries[0]!))).size, 100_000);
  }
  await writeFileAtomic(path, chunks());
  assert.equal((await Deno.stat(path)).size, 100_000);
});

Deno.test("an error of the chunks is rethrown, and nothing has changed", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "file");
  await writeFileAtomic(path, "old");
  const reason = new Error("the source broke");
  // deno-lint-ignore require-yield
  async function* chunks(): AsyncGenerator<Uint8Array> {
    throw reason;
  }
  await assert.rejects(writeFileAtomic(path, chunks()), (error) => error === reason);
  assert.equal(await Deno.readTextFile(path), "old");
  assert.deepEqual(await names(home.path), ["file"]);
});

Deno.test("an error of libreseed in the chunks is rethrown as it is, in spite of its code", async () => {
  await using home = await temporaryHome();
  const failure = new LibreseedError("verification", "HASH_MISMATCH", "other bytes");
  async function* chunks() {
    yield Uint8Array.of(1);
    throw failure;
  }
  const writing = writeFileAtomic(join(home.path, "file"), chunks());
  await assert.rejects(writing, (error) => error === failure);
  assert.deepEqual(await names(home.path), []);
});

Deno.test("writeFileAtomic replaces a link at the final name and does not follow it", async () => {
  await using home = await temporaryHome();
  await Deno.writeTextFile(join(home.path, "victim"), "mine");
  await Deno.symlink("victim", join(home.path, "file"));
  await writeFileAtomic(join(home.path, "file"), "new");
  assert.equal(await Deno.readTextFile(join(home.path, "victim")), "mine");
  assert.equal((await Deno.lstat(join(home.path, "file"))).isSymlink, false);
});

Deno.test("a directory at the final name stays, and no temporary is left", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "file");
  await Deno.mkdir(path);
  await assertStoreError(writeFileAtomic(path, "new"), "IO_FAILED", path);
  assert.deepEqual(await names(home.path), ["file"]);
});

Deno.test("the error for a missing directory names it", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "missing", "file");
  await assertStoreError(writeFileAtomic(path, "new"), "FILE_MISSING", path);
});

Deno.test("a full disk leaves the old file and nothing else", { ignore: !canMount }, async () => {
  await using disk = await smallDisk(64 * 1024);
  const path = join(disk.path, "file");
  await writeFileAtomic(path, "old");
  await assertStoreError(writeFileAtomic(path, new Uint8Array(100_000)), "DISK_FULL", path);
  async function* endless() {
    for (;;) yield new Uint8Array(10_000);
  }
  await assertStoreError(writeFileAtomic(path, endless()), "DISK_FULL", path);
  assert.equal(await Deno.readTextFile(path), "old");
  assert.deepEqual(await names(disk.path), ["file"]);
});

Deno.test("the error names a read-only disk as the cause", { ignore: !canMount }, async () => {
  await using disk = await smallDisk(64 * 1024);
  await writeFileAtomic(join(disk.path, "file"), "old");
  await writeFileAtomic(join(disk.path, ".tmp-1-0"), "old");
  await disk.makeReadOnly();
  const path = join(disk.path, "file");
  await assertStoreError(writeFileAtomic(path, "new"), "NOT_WRITABLE", "read-only");
  await assertStoreError(moveIntoPlace(path, path + "2"), "NOT_WRITABLE", path + "2");
  const late = Date.now() + 10_000_000;
  await assertStoreError(removeStaleTemporaries(disk.path, late), "NOT_WRITABLE", ".tmp-1-0");
});

Deno.test(
  "the error names a missing write permission as the cause",
  { ignore: Deno.build.os !== "linux" },
  async () => {
    // Nobody, not even root, can create files in this directory.
    const path = "/sys/kernel/libreseed-test";
    await assertStoreError(writeFileAtomic(path, "x"), "NOT_WRITABLE", path);
  },
);

Deno.test("moveIntoPlace replaces an existing file", async () => {
  await using home = await temporaryHome();
  const [from, to] = [join(home.path, "from"), join(home.path, "to")];
  await Deno.writeTextFile(from, "new");
  await Deno.writeTextFile(to, "old");
  await moveIntoPlace(from, to);
  assert.equal(await Deno.readTextFile(to), "new");
  assert.deepEqual(await names(home.path), ["to"]);
});

Deno.test("moveIntoPlace refuses anything but a regular file and leaves it where it was", async () => {
  await using home = await temporaryHome();
  const to = join(home.path, "to");
  const at = (name: string) => join(home.path, name);
  await Deno.writeTextFile(at("file"), "x");
  await Deno.symlink("file", at("link"));
  await Deno.mkdir(at("dir"));
  await new Deno.Command("mkfifo", { args: [at("fifo")] }).output();
  await assertStoreError(moveIntoPlace(at("missing"), to), "FILE_MISSING", at("missing"));
  await assertStoreError(moveIntoPlace(at("link"), to), "LINK_REFUSED", at("link"));
  await assertStoreError(moveIntoPlace(at("dir"), to), "NOT_A_FILE", at("dir"));
  await assertStoreError(moveIntoPlace(at("fifo"), to), "NOT_A_FILE", at("fifo"));
  await assertStoreError(moveIntoPlace(at("file"), join(to, "x")), "FILE_MISSING", to);
  assert.deepEqual(await names(home.path), ["dir", "fifo", "file", "link"]);
});

/** Starts a program that holds a temporary file or directory until the program is killed. */
async function holding(dir: string, what: "file" | "directory"): Promise<Deno.ChildProcess> {
  const make = what === "file"
    ? "const held = await createTemporaryFile(dir, 0o644); held.file.writeSync(new Uint8Array(9));"
    : "const held = await createTemporaryDirectory(dir); Deno.mkdirSync(held.path + '/inside');";
  const code = `
    import { createTemporaryDirectory, createTemporaryFile } from ${
    JSON.stringify(import.meta.resolve("../../../../src/store/files/temporaries.ts"))
  };
    const dir = ${JSON.stringify(dir)};
    ${make}
    console.log("made");
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  `;
  const child = new Deno.Command(Deno.execPath(), {
    // Run with the restricted permissions of the compiled program, for example without access to
    // /proc.
    args: ["run", "-q", "--allow-read", "--allow-write", "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  return child;
}

for (const what of ["file", "directory"] as const) {
  Deno.test(`a temporary ${what} stays while its process lives, and is removed after the process was killed`, async () => {
    await using home = await temporaryHome();
    const child = await holding(home.path, what);
    try {
      const nextYear = Date.now() + 365 * 86_400_000;
      assert.deepEqual(await removeStaleTemporaries(home.path, nextYear), []);
      assert.equal((await names(home.path)).length, 1);
    } finally {
      child.kill("SIGKILL");
      await child.status;
    }
    assert.equal((await removeStaleTemporaries(home.path, Date.now())).length, 1);
    assert.deepEqual(await names(home.path), []);
  });
}

Deno.test("a temporary without a lock is removed after an hour, and other files stay", async () => {
  await using home = await temporaryHome();
  for (const name of [".tmp-123-a", ".tmp-other", "file.tgz", ".tmpfile"]) {
    await Deno.writeTextFile(join(home.path, name), "x");
  }
  await Deno.symlink("file.tgz", join(home.path, ".tmp-held-link"));
  assert.deepEqual(await removeStaleTemporaries(home.path, Date.now()), []);
  const later = Date.now() + 3_601_000;
  assert.deepEqual((await removeStaleTemporaries(home.path, later)).length, 3);
  assert.deepEqual(await names(home.path), [".tmpfile", "file.tgz"]);
});

Deno.test("a temporary dated in the future is removed an hour after it was found", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, ".tmp-other");
  await Deno.writeTextFile(path, "x");
  const nowMs = Date.now();
  const ahead = new Date(nowMs + 365 * 86_400_000);
  await Deno.utime(path, ahead, ahead);
  assert.deepEqual(await removeStaleTemporaries(home.path, nowMs), []);
  assert.deepEqual(await removeStaleTemporaries(home.path, nowMs + 3_601_000), [".tmp-other"]);
});

Deno.test("concurrent tidying never removes a temporary from a live process", async () => {
  await using home = await temporaryHome();
  let isOver = false;
  const tidying = (async () => {
    while (!isOver) await removeStaleTemporaries(home.path, Date.now());
  })();
  try {
    for (let i = 0; i < 200; i++) await writeFileAtomic(join(home.path, `file-${i}`), `${i}`);
  } finally {
    isOver = true;
    await tidying;
  }
  assert.equal((await names(home.path)).length, 200);
});

Deno.test("a missing directory has no temporaries", async () => {
  await using home = await temporaryHome();
  assert.deepEqual(await removeStaleTemporaries(join(home.path, "missing"), 0), []);
});

Deno.test("a process killed while writing leaves the old file whole", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "file");
  await writeFileAtomic(path, "old");
  const code = `
    import { writeFileAtomic } from ${
    JSON.stringify(import.meta.resolve("../../../../src/store/mod.ts"))
  };
    async function* chunks() {
      yield new Uint8Array(1000);
      console.log("half");
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    }
    await writeFileAtomic(${JSON.stringify(path)}, chunks());
  `;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", code],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
  assert.equal(await Deno.readTextFile(path), "old");
  assert.equal((await names(home.path)).length, 2);
  assert.equal((await removeStaleTemporaries(home.path, Date.now())).length, 1);
  assert.deepEqual(await names(home.path), ["file"]);
});
