/**
 * Tests the manual pages and completions that `scripts/install.sh` puts in place. The program in the
 * release runs libreseed itself, so the pages are its own.
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { commands } from "../../src/cli/commands/table.ts";
import { isInstalled } from "../support/installed.ts";
import { type CliResult, commandLine, runCli, temporaryHome } from "../support/mod.ts";

const script = fileURLToPath(new URL("../../scripts/install.sh", import.meta.url));
const run = commandLine().map((one) => `'${one}'`).join(" ");
const shells = ["bash", "zsh", "fish"].filter(isInstalled);
const none = { XDG_DATA_HOME: "", XDG_CONFIG_HOME: "" };

/** Runs the installer with a release of one program, a shell script. */
async function install(
  program: string,
  home: string,
  env: Record<string, string> = none,
): Promise<CliResult> {
  const name = `libreseed-${Deno.build.target}`;
  const sum = createHash("sha256").update(program).digest("hex");
  const files: Record<string, string> = { [name]: program, SHA256SUMS: `${sum}  ${name}\n` };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const file = files[new URL(request.url).pathname.slice(1)];
    return file === undefined ? new Response("", { status: 404 }) : new Response(file);
  });
  try {
    const base = `http://127.0.0.1:${server.addr.port}`;
    return await runCli([base], { program: ["sh", script], home, env });
  } finally {
    await server.shutdown();
  }
}

/** Lists the paths of all files below a directory, relative to it and sorted. */
function filesIn(directory: string): string[] {
  const walk = (path: string): string[] =>
    [...Deno.readDirSync(join(directory, path))].flatMap(({ name, isDirectory }) =>
      isDirectory ? walk(join(path, name)) : [join(path, name)]
    );
  return walk("").sort();
}

const whole = `#!/bin/sh\nexec ${run} "$@"\n`;
const pages = ["libreseed", ...commands.map(({ name }) => `libreseed-${name}`)];

/** The files that an installation leaves, by the directories of data and of settings. */
function expectedFiles(data: string, config: string): string[] {
  const completions: Record<string, string> = {
    bash: `${data}/bash-completion/completions/libreseed`,
    zsh: `${data}/zsh/site-functions/_libreseed`,
    fish: `${config}/fish/completions/libreseed.fish`,
  };
  return [
    ".local/bin/libreseed",
    ...pages.map((page) => `.local/share/man/man1/${page}.1`),
    ...shells.map((shell) => completions[shell]!),
  ].sort();
}

Deno.test("the installer adds manual pages and completions, and --uninstall removes them", async () => {
  await using home = await temporaryHome();
  const stale = join(home.path, ".local/share/man/man1/libreseed-gone.1");
  const other = join(home.path, ".local/share/man/man1/other.1");
  await Deno.mkdir(join(stale, ".."), { recursive: true });
  for (const path of [stale, other]) await Deno.writeTextFile(path, "");
  const { code, stdout } = await install(whole, home.path);
  assert.equal(code, 0);
  assert.match(stdout, /^manual pages in .*\/\.local\/share\/man\/man1$/m);
  for (const shell of shells) {
    assert.match(stdout, new RegExp(`^completion for ${shell} in `, "m"));
    const { stdout: text } = await runCli(["completions", shell], {});
    const path = expectedFiles(".local/share", ".config").find((one) =>
      one.includes(`/${shell}`) && one !== ".local/bin/libreseed"
    )!;
    assert.equal(await Deno.readTextFile(join(home.path, path)), text);
  }
  const own = expectedFiles(".local/share", ".config");
  assert.deepEqual(filesIn(home.path), [...own, ".local/share/man/man1/other.1"].sort());
  for (const page of pages) {
    const path = join(home.path, ".local/share/man/man1", `${page}.1`);
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o644);
    assert((await Deno.readTextFile(path)).startsWith(`.\\" ${page}.1\n.TH `), page);
  }
  const removed = await runCli(["--uninstall"], { program: ["sh", script], home, env: none });
  assert.match(removed.stdout, /^removed .* and its manual pages; keys and packages stay/);
  assert.deepEqual(filesIn(home.path), [".local/share/man/man1/other.1"]);
});

Deno.test({
  name: "man finds an installed page by the PATH alone (man)",
  ignore: !isInstalled("man"),
  async fn() {
    await using home = await temporaryHome();
    assert.equal((await install(whole, home.path)).code, 0);
    const { code, stdout } = await runCli(["-w", "libreseed-get"], {
      program: ["man"],
      home,
      env: { PATH: `${home.path}/.local/bin:${Deno.env.get("PATH")}`, MANPATH: undefined },
    });
    assert.deepEqual([code, stdout], [0, `${home.path}/.local/share/man/man1/libreseed-get.1\n`]);
  },
});

Deno.test({
  name: "zsh and fish load the installed completions by themselves (zsh, fish)",
  ignore: !isInstalled("zsh") || !isInstalled("fish"),
  async fn() {
    await using home = await temporaryHome();
    assert.equal((await install(whole, home.path)).code, 0);
    const zsh = `fpath=(~/.local/share/zsh/site-functions $fpath)
      autoload -Uz compinit; compinit -u -D; print $_comps[libreseed]`;
    const loaded = await runCli(["-f", "-c", zsh], { program: ["zsh"], home });
    assert.deepEqual([loaded.code, loaded.stdout], [0, "_libreseed\n"]);
    const fish = "complete -C 'libreseed depr'";
    // fish loads completions of programs on the PATH only.
    const env = { ...none, PATH: `${home.path}/.local/bin:${Deno.env.get("PATH")}` };
    const found = await runCli(["-c", fish], { program: ["fish"], home, env });
    assert.match(found.stdout, /^deprecate\t/);
  },
});

Deno.test("completions go to the directories that XDG_DATA_HOME and XDG_CONFIG_HOME name", async () => {
  await using home = await temporaryHome();
  const env = { XDG_DATA_HOME: `${home.path}/data`, XDG_CONFIG_HOME: `${home.path}/config` };
  assert.equal((await install(whole, home.path, env)).code, 0);
  assert.deepEqual(filesIn(home.path), expectedFiles("data", "config"));
});

Deno.test("a program is installed even if its pages and completions cannot be written", async () => {
  await using home = await temporaryHome();
  const [local, config] = [join(home.path, ".local"), join(home.path, ".config")];
  await Deno.mkdir(local);
  // Files at the places of directories stop root, too.
  for (const path of [join(local, "share"), config]) await Deno.writeTextFile(path, "");
  const { code, stdout, stderr } = await install(whole, home.path);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^libreseed .* in .*\/\.local\/bin\/libreseed\n$/);
  assert.match(stderr, /^install\.sh: the manual pages could not be written to /m);
  for (const shell of shells) {
    assert.match(
      stderr,
      new RegExp(`^install\\.sh: the completion for ${shell} could not be `, "m"),
    );
  }
  assert.deepEqual(filesIn(home.path), [".config", ".local/bin/libreseed", ".local/share"]);
});

Deno.test("a program that prints no pages is installed without a word about them", async () => {
  await using home = await temporaryHome();
  const old = '#!/bin/sh\ncase $1 in version) echo "libreseed 0.0.1" ;; *) exit 2 ;; esac\n';
  const { code, stdout, stderr } = await install(old, home.path);
  assert.equal(code, 0);
  assert.match(stdout, /^libreseed 0\.0\.1 in .*\n$/);
  assert.doesNotMatch(stderr, /pages|completion/);
  assert.deepEqual(filesIn(home.path), [".local/bin/libreseed"]);
});
