import assert from "node:assert/strict";
import { join } from "node:path";
import { untold } from "../../../scripts/changelog.ts";

const root = join(import.meta.dirname!, "..", "..", "..");

async function git(directory: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("git", {
    args: ["-C", directory, "-c", "user.name=A", "-c", "user.email=a@example.org", ...args],
  }).output();
  assert(success, new TextDecoder().decode(stderr));
}

/** Makes a Git repository whose only commit contains a page of commands and a changelog. */
async function checkout(): Promise<{ path: string; [Symbol.asyncDispose](): Promise<void> }> {
  const path = await Deno.makeTempDir();
  await Deno.mkdir(join(path, "docs"));
  await Deno.writeTextFile(join(path, "docs/commands.md"), "get\n");
  await Deno.writeTextFile(join(path, "CHANGELOG.md"), "First.\n");
  await Deno.writeTextFile(join(path, "main.ts"), "\n");
  await git(path, "init", "-q");
  await git(path, "add", "-A");
  await git(path, "commit", "-qm", "first");
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Whether the sources are a Git clone with its history rather than an unpacked archive. */
const isClone = await Deno.stat(join(root, ".git")).then(() => true, () => false);

Deno.test({
  name: "CHANGELOG.md describes changes to commands and protocol since the last tag",
  ignore: !isClone,
  async fn() {
    const { tag, paths } = await untold(root);
    assert.deepEqual(paths, [], `changed since ${tag}, and not in CHANGELOG.md`);
  },
});

Deno.test("the check finds a changed command without a line in the changelog", async () => {
  await using repository = await checkout();
  await git(repository.path, "tag", "v0.1.0");
  await Deno.writeTextFile(join(repository.path, "docs/commands.md"), "get, put\n");
  assert.deepEqual(await untold(repository.path), { tag: "v0.1.0", paths: ["docs/commands.md"] });
  await git(repository.path, "commit", "-qam", "second");
  assert.deepEqual(await untold(repository.path), { tag: "v0.1.0", paths: ["docs/commands.md"] });
});

Deno.test("the check accepts a changed command with a line in the changelog", async () => {
  await using repository = await checkout();
  await git(repository.path, "tag", "v0.1.0");
  await Deno.writeTextFile(join(repository.path, "docs/commands.md"), "get, put\n");
  await Deno.writeTextFile(join(repository.path, "CHANGELOG.md"), "First.\nput\n");
  assert.deepEqual(await untold(repository.path), { tag: "v0.1.0", paths: [] });
});

Deno.test("the check compares with the highest tag, and ignores other files", async () => {
  await using repository = await checkout();
  await git(repository.path, "tag", "v0.9.0");
  await Deno.writeTextFile(join(repository.path, "docs/commands.md"), "get, put\n");
  await git(repository.path, "commit", "-qam", "second");
  await git(repository.path, "tag", "v0.10.0");
  await git(repository.path, "tag", "other");
  await Deno.writeTextFile(join(repository.path, "main.ts"), "\n\n");
  assert.deepEqual(await untold(repository.path), { tag: "v0.10.0", paths: [] });
});

Deno.test("the check compares nothing before the first tag", async () => {
  await using repository = await checkout();
  await Deno.writeTextFile(join(repository.path, "docs/commands.md"), "get, put\n");
  assert.deepEqual(await untold(repository.path), { tag: undefined, paths: [] });
});
