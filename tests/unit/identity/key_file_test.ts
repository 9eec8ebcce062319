import assert from "node:assert/strict";
import { join } from "node:path";
import {
  generateKeyPair,
  IdentityError,
  readKeyFile,
  readPublicKey,
  toPkcs8Pem,
  writeKeyFile,
} from "../../../src/identity/mod.ts";

const isWindows = Deno.build.os === "windows";

function inDirectory(name: string, run: (dir: string) => Promise<void>, ignore = false): void {
  Deno.test({
    name,
    ignore,
    async fn() {
      const dir = await Deno.makeTempDir({ prefix: "libreseed-key-" });
      try {
        await run(dir);
      } finally {
        await Deno.remove(dir, { recursive: true });
      }
    },
  });
}

async function refused(promise: Promise<unknown>, code: string, kind: string): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof IdentityError, String(error));
    assert.equal(error.code, code);
    assert.equal(error.kind, kind);
    return true;
  });
}

inDirectory("a key file is read back as the same key", async (dir) => {
  const pair = generateKeyPair();
  await writeKeyFile(join(dir, "publisher.key"), pair);
  assert.equal(toPkcs8Pem(await readKeyFile(join(dir, "publisher.key"))), toPkcs8Pem(pair));
});

inDirectory(
  "the file gets mode 0600 and its new directory 0700, whatever the umask",
  async (dir) => {
    const before = Deno.umask(0);
    try {
      await writeKeyFile(join(dir, "a", "keys", "publisher.key"), generateKeyPair());
    } finally {
      Deno.umask(before);
    }
    assert.equal((await Deno.stat(join(dir, "a", "keys", "publisher.key"))).mode! & 0o777, 0o600);
    assert.equal((await Deno.stat(join(dir, "a", "keys"))).mode! & 0o777, 0o700);
  },
  isWindows,
);

inDirectory("a key file is never overwritten", async (dir) => {
  const path = join(dir, "publisher.key");
  await writeKeyFile(path, generateKeyPair());
  const before = await Deno.readTextFile(path);
  await refused(writeKeyFile(path, generateKeyPair()), "KEY_EXISTS", "failed");
  assert.equal(await Deno.readTextFile(path), before);

  await Deno.writeTextFile(join(dir, "empty"), "");
  await refused(writeKeyFile(join(dir, "empty"), generateKeyPair()), "KEY_EXISTS", "failed");
  await Deno.symlink(join(dir, "nowhere"), join(dir, "dangling"));
  await refused(writeKeyFile(join(dir, "dangling"), generateKeyPair()), "KEY_EXISTS", "failed");
  assert.deepEqual(
    Array.from(Deno.readDirSync(dir), (entry) => entry.name).sort(),
    ["dangling", "empty", "publisher.key"],
  );
});

inDirectory("of many writers at once exactly one wins", async (dir) => {
  const path = join(dir, "publisher.key");
  const pairs = Array.from({ length: 8 }, generateKeyPair);
  const results = await Promise.allSettled(pairs.map((pair) => writeKeyFile(path, pair)));
  const won = results.flatMap((result, i) => result.status === "fulfilled" ? [pairs[i]!] : []);
  assert.equal(won.length, 1);
  assert.deepEqual((await readKeyFile(path)).publicKey, won[0]!.publicKey);
});

inDirectory("a directory that is a file is a write error, not an existing key", async (dir) => {
  await Deno.writeTextFile(join(dir, "file"), "");
  await refused(
    writeKeyFile(join(dir, "file", "key"), generateKeyPair()),
    "KEY_UNWRITABLE",
    "failed",
  );
});

inDirectory("a missing key file says how to make one", async (dir) => {
  await refused(readKeyFile(join(dir, "no.key")), "KEY_NOT_FOUND", "not-found");
  await assert.rejects(readKeyFile(join(dir, "no.key")), /libreseed keygen/);
});

inDirectory(
  "a key file that others have any right to is refused, with the mending command",
  async (dir) => {
    const path = join(dir, "publisher.key");
    await writeKeyFile(path, generateKeyPair());
    for (const mode of [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o777]) {
      await Deno.chmod(path, mode);
      await refused(readKeyFile(path), "KEY_READABLE_BY_OTHERS", "failed");
      await assert.rejects(readKeyFile(path), /chmod 600/);
    }
    await Deno.chmod(path, 0o400);
    await readKeyFile(path);
  },
  isWindows,
);

inDirectory(
  "a file without a key that others can read is no key, and keeps its mode",
  async (dir) => {
    const path = join(dir, "passwd");
    await Deno.writeTextFile(
      path,
      "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/bin/false\n",
      { mode: 0o644 },
    );
    for (const reading of [() => readKeyFile(path), () => readPublicKey(path)]) {
      await refused(reading(), "KEY_INVALID", "failed");
      await assert.rejects(reading(), /It holds no private key\.$/);
    }
    await Deno.writeTextFile(path, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
    await refused(readKeyFile(path), "KEY_READABLE_BY_OTHERS", "failed");
  },
  isWindows,
);

inDirectory("what is not a regular file is refused without waiting on it", async (dir) => {
  await refused(readKeyFile(dir), "KEY_NOT_REGULAR_FILE", "failed");
  const fifo = join(dir, "fifo");
  assert.ok((await new Deno.Command("mkfifo", { args: ["-m", "600", fifo] }).output()).success);
  await refused(readKeyFile(fifo), "KEY_NOT_REGULAR_FILE", "failed");
}, isWindows);

inDirectory("a symbolic link to a key file, or to nothing, is refused", async (dir) => {
  await writeKeyFile(join(dir, "real"), generateKeyPair());
  await Deno.symlink("real", join(dir, "link"));
  await Deno.symlink("nowhere", join(dir, "dangling"));
  await refused(readKeyFile(join(dir, "link")), "KEY_IS_LINK", "failed");
  await refused(readKeyFile(join(dir, "dangling")), "KEY_IS_LINK", "failed");
}, isWindows);

inDirectory("a key file of another user is refused", async (dir) => {
  const path = join(dir, "publisher.key");
  await writeKeyFile(path, generateKeyPair());
  const { uid } = await Deno.stat(path);
  await readKeyFile(path, uid!);
  await refused(readKeyFile(path, uid! + 1), "KEY_NOT_OURS", "failed");
}, isWindows);

inDirectory("root reads the key of the user who owns its directory, and no other", async (dir) => {
  const path = join(dir, "publisher.key");
  await writeKeyFile(path, generateKeyPair());
  await readKeyFile(path, 0);
  // Only root can give a file away. Any other user has shown the first half above.
  if (Deno.uid() !== 0) return;
  await Deno.chown(path, 12345, null);
  await refused(readKeyFile(path, 0), "KEY_NOT_OURS", "failed");
  await Deno.chown(dir, 12345, null);
  await readKeyFile(path, 0);
}, isWindows);

inDirectory("a file that is no key is refused without showing what is in it", async (dir) => {
  const contents = [
    new Uint8Array(0),
    new TextEncoder().encode("hunter2 hunter2"),
    new Uint8Array([0xff, 0xfe, 0x00]),
    new Uint8Array(100_000).fill(0x41),
  ];
  for (const content of contents) {
    const path = join(dir, "bad.key");
    await Deno.writeFile(path, content, { mode: 0o600 });
    await refused(readKeyFile(path), "KEY_INVALID", "failed");
    await assert.rejects(readKeyFile(path), (error: Error) => !error.message.includes("hunter2"));
  }
});
