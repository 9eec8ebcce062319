import assert from "node:assert/strict";
import { join } from "node:path";
import { utf8 } from "../../../../src/base/mod.ts";
import { newStagingPath, writeFailed } from "../../../../src/package/archive/temporaries.ts";
import {
  defaultArchiveLimits,
  type PackOptions,
  serializeFull,
} from "../../../../src/package/mod.ts";
import {
  inDirectory,
  listTree,
  noise,
  packIn,
  refusal,
  run,
  signer,
  type Tree,
  writeTree,
} from "../../../support/package_archives.ts";

/** Asserts that packing is refused and changes no files, including earlier outputs. */
async function refused(
  dir: string,
  code: string,
  kind: string,
  options: Partial<PackOptions> = {},
): Promise<string> {
  await writeTree(join(dir, "out"), {
    "hello-1.0.0.tgz": "older",
    "hello-1.0.0.minimal.json": "older",
    "hello-1.0.0.torrent": "older",
  });
  const before = await listTree(dir);
  const error = await refusal(packIn(dir, {}, options), code);
  assert.equal(error.kind, kind);
  assert.deepEqual(await listTree(dir), before);
  return error.message;
}

inDirectory(
  "a directory without files is refused, also with empty directories in it",
  async (dir) => {
    await Deno.mkdir(join(dir, "in/empty/emptier"), { recursive: true });
    await refused(dir, "DIRECTORY_INVALID", "usage");
  },
);

inDirectory("a missing directory and a file in place of a directory are refused", async (dir) => {
  await writeTree(join(dir, "in"), { file: "x" });
  await refused(dir, "DIRECTORY_NOT_FOUND", "not-found", { dir: join(dir, "no") });
  await refused(dir, "DIRECTORY_INVALID", "usage", { dir: join(dir, "in/file") });
});

inDirectory("packing without a name or a version is refused", async (dir) => {
  await writeTree(join(dir, "in"), { file: "x" });
  await refused(dir, "NAME_MISSING", "usage", { name: undefined });
  await refused(dir, "VERSION_MISSING", "usage", { version: undefined });
  await refused(dir, "NAME_INVALID", "usage", { name: "../hello" });
  await refused(dir, "VERSION_INVALID", "usage", { version: "1.0" });
});

inDirectory("a FIFO and a socket are refused with their names", async (dir) => {
  await writeTree(join(dir, "in"), { a: "a" });
  await run("mkfifo", join(dir, "in/fifo"));
  assert.match(await refused(dir, "FILE_TYPE_REFUSED", "failed"), /"fifo"/);
  await Deno.remove(join(dir, "in/fifo"));
  const listener = Deno.listen({ transport: "unix", path: join(dir, "in/socket") });
  try {
    assert.match(await refused(dir, "FILE_TYPE_REFUSED", "failed"), /"socket"/);
  } finally {
    listener.close();
  }
});

inDirectory("a link to a device is refused", async (dir) => {
  await writeTree(join(dir, "in"), { a: "a" });
  await Deno.symlink("/dev/null", join(dir, "in/device"));
  await refused(dir, "LINK_REFUSED", "failed");
});

const links: [string, string, RegExp][] = [
  ["out of the tree", "../secret", /"link" leads out/],
  ["to a directory outside", "..", /"link" leads out/],
  ["to a sibling whose name begins with the directory's", "../in-other/file", /leads out/],
  ["to nowhere", "nothing", /"link" leads nowhere/],
  ["to itself", "link", /"link" leads in a circle/],
  ["to the directory that it is in", ".", /"link" leads in a circle/],
  ["through a link that leaves and comes back", "../in/sub/up", /leads in a circle/],
];
for (const [where, target, message] of links) {
  inDirectory(`a link ${where} is refused with its name`, async (dir) => {
    await writeTree(dir, { "in/a": "a", "in/sub/b": "b", "secret": "s", "in-other/file": "x" });
    await Deno.symlink("..", join(dir, "in/sub/up"));
    await Deno.symlink(target, join(dir, "in/link"));
    assert.match(await refused(dir, "LINK_REFUSED", "failed"), message);
  });
}

inDirectory("a link to one of its own directories is refused as a circle", async (dir) => {
  await writeTree(join(dir, "in"), { "a/b/c": "c" });
  await Deno.symlink("../../a", join(dir, "in/a/b/again"));
  assert.match(await refused(dir, "LINK_REFUSED", "failed"), /"a\/b\/again" leads in a circle/);
});

inDirectory("links that multiply directories are refused at the limit", async (dir) => {
  for (let i = 0; i < 20; i++) {
    await writeTree(join(dir, "in", `d${i}`), {});
    for (const link of ["x", "y"]) {
      await Deno.symlink(`../d${i + 1}`, join(dir, "in", `d${i}`, link));
    }
  }
  await writeTree(join(dir, "in/d20"), { end: "end" });
  const limits = { ...defaultArchiveLimits, maxFiles: 500 };
  await refused(dir, "TOO_MANY_FILES", "failed", { limits });
});

const badNames: [string, Tree, string][] = [
  ["a control character", { "a\nb": "x" }, "PATH_REFUSED"],
  ["an escape character", { "a\u001b[31mb": "x" }, "PATH_REFUSED"],
  ["a backslash", { "a\\b": "x" }, "PATH_REFUSED"],
  ["names equal but for case", { "Readme": "1", "README": "2" }, "PATH_COLLISION"],
  ["directories equal but for case", { "Doc/a": "1", "doc/b": "2" }, "PATH_COLLISION"],
  ["names equal after NFC", { "\u00e9": "1", "e\u0301": "2" }, "PATH_COLLISION"],
  ["names equal after NFC and then case", {
    "\u03b1\u0345\u0301": "1",
    "\u1fb4": "2",
  }, "PATH_COLLISION"],
  ["names equal but for sharp s", { "stra\u00dfe": "1", "strasse": "2" }, "PATH_COLLISION"],
  ["a manifest.json of its own", { "manifest.json": "{}" }, "PATH_COLLISION"],
  ["a Manifest.JSON", { "Manifest.JSON": "{}" }, "PATH_COLLISION"],
  ["a directory manifest.json", { "manifest.json/x": "x" }, "PATH_COLLISION"],
];
for (const [what, tree, code] of badNames) {
  inDirectory(`${what} is refused`, async (dir) => {
    await writeTree(join(dir, "in"), { fine: "x", ...tree });
    assert.match(await refused(dir, code, "failed"), /Rename/);
  });
}

inDirectory("a manifest.json below the root is packed", async (dir) => {
  const packed = await packIn(dir, { "sub/manifest.json": "{}" });
  assert.deepEqual(Object.keys(packed.full.files), ["sub/manifest.json"]);
});

inDirectory("a name that is not UTF-8 is refused", async (dir) => {
  await writeTree(join(dir, "in"), { fine: "x" });
  await run("bash", "-c", `touch "$1"/$'bad\\xff'`, "bash", join(dir, "in"));
  const error = await refusal(packIn(dir, {}), "PATH_REFUSED");
  assert.match(error.message, /Unicode/);
});

inDirectory("every limit applies to packing", async (dir) => {
  await writeTree(join(dir, "in"), {
    "a": noise(10_000),
    "b/c": "c",
    "zeros": new Uint8Array(1000),
  });
  const limited: [string, Partial<typeof defaultArchiveLimits>][] = [
    ["TOO_MANY_FILES", { maxFiles: 2 }],
    ["PATH_TOO_LONG", { maxPathBytes: 4 }],
    ["UNPACKED_TOO_LARGE", { maxUnpackedBytes: 10_000 }],
    ["UNPACKED_TOO_LARGE", { maxUnpackedBytes: 14_000 }],
    ["ARCHIVE_TOO_LARGE", { maxArchiveBytes: 10_000 }],
    ["MANIFEST_TOO_LARGE", { maxManifestBytes: 500 }],
  ];
  for (const [code, limits] of limited) {
    await refused(dir, code, "failed", { limits: { ...defaultArchiveLimits, ...limits } });
  }
  await packIn(dir, {}, { limits: { ...defaultArchiveLimits, maxFiles: 3, maxPathBytes: 5 } });
});

inDirectory("a manifest that is too long is refused before anything is written", async (dir) => {
  const tree = { 'a "b"': "1", "\u00e9/\u{1f600}": "2", c: "3" };
  const { full } = await packIn(dir, tree);
  const lengthBytes = utf8(serializeFull(full)).length;
  const limited = (maxManifestBytes: number) => ({ ...defaultArchiveLimits, maxManifestBytes });
  let isSelected = false;
  const onSelected = () => isSelected = true;
  const tooLittle = { limits: limited(lengthBytes - 1), onSelected };
  const error = await refusal(packIn(dir, {}, tooLittle), "MANIFEST_TOO_LARGE");
  assert.equal(isSelected, false);
  assert.equal(error.detail.lengthBytes, lengthBytes);
  await packIn(dir, {}, { limits: limited(lengthBytes) });
  // This limit equals the length of a manifest without a timestamp. A timestamp makes the manifest
  // longer, so packing is refused.
  const withTime = { limits: limited(lengthBytes), sourceDateEpoch: 1 };
  await refusal(packIn(dir, {}, withTime), "MANIFEST_TOO_LARGE");
});

inDirectory("files beyond the compression ratio are not packed", async (dir) => {
  await writeTree(join(dir, "in"), { zeros: new Uint8Array(11 * 1024 * 1024) });
  await refused(dir, "RATIO_TOO_HIGH", "failed");
  await Deno.truncate(join(dir, "in/zeros"), 9 * 1024 * 1024);
  await packIn(dir, {});
});

const alterations: [string, (path: string) => void][] = [
  ["grows", (path) => Deno.writeFileSync(path, new Uint8Array(10), { append: true })],
  ["shrinks", (path) => Deno.truncateSync(path, 1_500_000)],
  ["is emptied", (path) => Deno.truncateSync(path, 0)],
  ["is written to in place", (path) => {
    using file = Deno.openSync(path, { write: true });
    file.writeSync(new Uint8Array([1]));
    file.utimeSync(new Date(), new Date(Date.UTC(2001, 1, 1)));
  }],
  ["is removed", (path) => Deno.removeSync(path)],
  ["is replaced by one of the same length and time", (path) => {
    const { size, mtime, atime } = Deno.statSync(path);
    Deno.writeFileSync(path + ".new", new Uint8Array(size));
    Deno.utimeSync(path + ".new", atime!, mtime!);
    Deno.renameSync(path + ".new", path);
  }],
];
for (const [what, alter] of alterations) {
  for (const when of ["before it is read", "while it is read"]) {
    // Packing succeeds if a file is deleted while it is open, because it can be read to its end.
    if (when === "while it is read" && /removed|replaced/.test(what)) continue;
    inDirectory(`a file that ${what} ${when} is an error that names it`, async (dir) => {
      await writeTree(join(dir, "in"), { "a": "a", "b": noise(2_000_000) });
      await Deno.mkdir(join(dir, "out"));
      const trigger = when === "before it is read" ? "a" : "b";
      let altered = false;
      const onProgress: PackOptions["onProgress"] = ({ path }) => {
        if (path !== trigger || altered) return;
        altered = true;
        alter(join(dir, "in/b"));
      };
      const error = await refusal(packIn(dir, {}, { onProgress }), "FILE_CHANGED");
      assert.match(error.message, /in\/b was changed/);
      assert.deepEqual(await listTree(join(dir, "out")), []);
    });
  }
}

inDirectory("a file that cannot be read is an error that names it", async (dir) => {
  await writeTree(join(dir, "in"), { open: "x", secret: "x" });
  const script = `
    import { packDirectory } from ${
    JSON.stringify(import.meta.resolve("../../../../src/package/mod.ts"))
  };
    import { generateKeyPair } from ${
    JSON.stringify(import.meta.resolve("../../../../src/identity/mod.ts"))
  };
    const [dir, outDir] = Deno.args;
    await packDirectory({ dir, outDir, name: "a", version: "1.0.0", signer: generateKeyPair(),
      timestampMs: 1 }).catch((error) => console.log(error.code, error.message));`;
  await Deno.mkdir(join(dir, "out"));
  await Deno.writeTextFile(join(dir, "script.ts"), script);
  const config = new URL("../../../../deno.json", import.meta.url).pathname;
  const printed = await run(
    Deno.execPath(),
    "run",
    "--no-prompt",
    `--config=${config}`,
    "--allow-all",
    `--deny-read=${join(dir, "in/secret")}`,
    join(dir, "script.ts"),
    join(dir, "in"),
    join(dir, "out"),
  );
  assert.match(printed, /^FILE_UNREADABLE .*in\/secret/);
  assert.deepEqual(await listTree(join(dir, "out")), []);
});

inDirectory(
  "an output that cannot be put in place is refused before anything is read",
  async (dir) => {
    await writeTree(join(dir, "in"), { a: "a" });
    await writeTree(dir, { "file": "x", "blocked/hello-1.0.0.torrent/x": "x" });
    const onProgress = () => assert.fail("a file was read");
    const outs: Partial<PackOptions>[] = [
      { outDir: join(dir, "missing") },
      { outDir: join(dir, "file") },
      { outDir: join(dir, "blocked") },
      { out: join(dir, "hello.tar.gz") },
      { out: join(dir, "missing/hello.tgz") },
    ];
    for (const out of outs) await refused(dir, "OUTPUT_INVALID", "usage", { ...out, onProgress });
  },
);

inDirectory("packing that is aborted at any point leaves nothing", async (dir) => {
  await writeTree(join(dir, "in"), { a: noise(3_000_000), b: noise(3_000_000) });
  await Deno.mkdir(join(dir, "out"));
  const reason = new Error("enough");
  let calls = 0;
  await packIn(dir, {}, { onProgress: () => calls++, outDir: dir });
  for (let at = 0; at <= calls; at++) {
    const controller = new AbortController();
    if (at === 0) controller.abort(reason);
    let left = at;
    const onProgress = () => {
      if (--left === 0) controller.abort(reason);
    };
    const options = { onProgress, signal: controller.signal };
    await assert.rejects(packIn(dir, {}, options), (error) => error === reason, `call ${at}`);
    assert.deepEqual(await listTree(join(dir, "out")), []);
  }
});

inDirectory("an error of the progress hook ends packing and leaves nothing", async (dir) => {
  await writeTree(join(dir, "in"), { a: noise(3_000_000) });
  await Deno.mkdir(join(dir, "out"));
  const reason = new Error("enough");
  for (const phase of ["files", "archive"]) {
    const onProgress: PackOptions["onProgress"] = (progress) => {
      if (progress.phase === phase && progress.doneBytes > 0) throw reason;
    };
    await assert.rejects(packIn(dir, {}, { onProgress }), (error) => error === reason);
    assert.deepEqual(await listTree(join(dir, "out")), []);
  }
});

inDirectory("a signer that fails leaves nothing", async (dir) => {
  await writeTree(join(dir, "in"), { a: "a" });
  await Deno.mkdir(join(dir, "out"));
  const sign = () => Promise.reject(new Error("the signer is gone"));
  const failing = { publicKey: signer.publicKey, sign };
  const packing = packIn(dir, {}, { signer: failing });
  await assert.rejects(packing, /the signer is gone/);
  assert.deepEqual(await listTree(join(dir, "out")), []);
});

inDirectory("an output directory that vanishes is a write error", async (dir) => {
  await writeTree(join(dir, "in"), { a: "a" });
  const onProgress = () => Deno.removeSync(join(dir, "out"), { recursive: true });
  await refusal(packIn(dir, {}, { onProgress }), "WRITE_FAILED");
});

Deno.test("a write error names the directory instead of a temporary name", () => {
  const cause = new Error("no room");
  assert.equal(
    writeFailed(join(newStagingPath("/home/a"), "1"), cause).message,
    "/home/a cannot be written: no room",
  );
  assert.equal(writeFailed("/home/a/b", cause).message, "/home/a/b cannot be written: no room");
});
