/** Tests hard links to existing files where the file system refuses them, or a file is replaced. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { FileLinks } from "../../../../src/package/verifying/existing_files.ts";
import { inDirectory } from "../../../support/package_archives.ts";

const isPosix = Deno.build.os !== "windows";
const sha256Of = (text: string) => createHash("sha256").update(text).digest("hex");

/** Replaces `Deno.linkSync` while a function runs. */
async function withLinks(link: typeof Deno.linkSync, run: () => Promise<void>): Promise<void> {
  const { linkSync } = Deno;
  Deno.linkSync = link;
  try {
    await run();
  } finally {
    Deno.linkSync = linkSync;
  }
}

/** Writes read-only files, and makes links to those with a given hash, which count the questions. */
async function place(dir: string, files: Record<string, string>) {
  const paths = new Map<string, string[]>();
  for (const [name, text] of Object.entries({ sample: "sample", ...files })) {
    await Deno.writeTextFile(join(dir, name), text, { mode: 0o444 });
    const hash = sha256Of(text);
    paths.set(hash, [...paths.get(hash) ?? [], join(dir, name)]);
  }
  const asked: string[] = [];
  const find = (sha256: string) => {
    asked.push(sha256);
    return paths.get(sha256) ?? [];
  };
  const links = new FileLinks({ find }, join(dir, "sample"));
  let made = 0;
  const wanted = (text: string, executable = false) => ({
    sha256: sha256Of(text),
    sizeBytes: text.length,
    executable,
    target: join(dir, `made-${++made}`),
  });
  return { links, asked, wanted };
}

if (isPosix) {
  for (const code of ["EXDEV", "EPERM", "ENOTSUP"]) {
    inDirectory(`after ${code} no more links are tried`, async (dir) => {
      const { links, asked, wanted } = await place(dir, { a: "a", b: "b" });
      const refuse = () => {
        throw Object.assign(new Error(code), { code });
      };
      await withLinks(refuse, async () => {
        assert(!links.linkNow(wanted("a")));
        assert(!links.linkNow(wanted("b")));
        assert(!await links.link(wanted("b")));
      });
      assert.equal(asked.length, 1);
      assert.deepEqual([links.files, links.bytes], [0, 0]);
    });
  }

  inDirectory("a file with too many links is passed over, and the next one linked", async (dir) => {
    const { links, wanted } = await place(dir, { a: "text", b: "text" });
    const { linkSync } = Deno;
    const limited = (from: string, to: string) => {
      if (from.endsWith("/a")) throw Object.assign(new Error("EMLINK"), { code: "EMLINK" });
      linkSync(from, to);
    };
    await withLinks(limited, async () => {
      for (const link of [links.linkNow.bind(links), links.link.bind(links)]) {
        const file = wanted("text");
        assert(await link(file));
        assert.equal(Deno.lstatSync(file.target).ino, Deno.lstatSync(join(dir, "b")).ino);
      }
    });
    assert.deepEqual([links.files, links.bytes], [2, 8]);
  });

  inDirectory("a file that was replaced after it was hashed is not linked", async (dir) => {
    const { links, wanted } = await place(dir, { a: "text" });
    const { linkSync } = Deno;
    const replacing = (from: string, to: string) => {
      Deno.renameSync(from, join(dir, "old"));
      Deno.writeTextFileSync(from, "evil", { mode: 0o444 });
      linkSync(from, to);
    };
    await withLinks(replacing, async () => {
      const file = wanted("text");
      assert(!await links.link(file));
      await assert.rejects(Deno.lstat(file.target), Deno.errors.NotFound);
    });
  });

  inDirectory("the executable bit has to be the same", async (dir) => {
    const { links, wanted } = await place(dir, { run: "run", plain: "plain" });
    await Deno.chmod(join(dir, "run"), 0o555 & ~Deno.umask());
    assert(links.linkNow(wanted("run", true)));
    assert(!links.linkNow(wanted("run", false)));
    assert(!links.linkNow(wanted("plain", true)));
  });

  inDirectory("empty files are not linked", async (dir) => {
    const { links, asked, wanted } = await place(dir, { empty: "" });
    assert(!links.linkNow(wanted("")));
    assert.deepEqual(asked, []);
  });
}
