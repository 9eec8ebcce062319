/**
 * Tests `scripts/install.sh` with a release that a local web server provides. The programs in the
 * release are shell scripts, because only their installation is tested.
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type CliOptions,
  type CliResult,
  freePort,
  runCli,
  type TemporaryHome,
  temporaryHome,
} from "../support/mod.ts";

const script = fileURLToPath(new URL("../../scripts/install.sh", import.meta.url));
const programName = `libreseed-${Deno.build.target}`;

/** A local web server that provides a release. */
class Release implements AsyncDisposable {
  readonly files = new Map<string, string>();
  /** URL paths that clients have requested from the server. */
  readonly asked: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(version: string) {
    this.put(version);
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
      const path = new URL(request.url).pathname;
      this.asked.push(path);
      const file = this.files.get(path.replace("/release/", ""));
      return file === undefined ? new Response("", { status: 404 }) : new Response(file);
    });
  }

  get base(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/release`;
  }

  /** Adds a program of a given version to the release, and a line to the checksum file. */
  put(version: string): void {
    const program = `#!/bin/sh\necho "libreseed ${version}"\n`;
    const sum = createHash("sha256").update(program).digest("hex");
    const other = "0".repeat(64);
    this.files.set(programName, program);
    this.files.set("SHA256SUMS", `${other}  LICENSE\n${sum}  ${programName}\n${other}  z\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

function run(args: string[], options: CliOptions): Promise<CliResult> {
  return runCli(args, { program: ["sh", script], ...options });
}

function installed(home: TemporaryHome): string {
  return join(home.path, ".local", "bin", "libreseed");
}

/** Returns the version that the installed program prints. */
async function versionOf(path: string): Promise<string> {
  const { stdout } = await new Deno.Command(path).output();
  return new TextDecoder().decode(stdout).trim();
}

/** Lists all files below a directory. */
function filesIn(directory: string): string[] {
  return [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) => {
    const path = join(directory, name);
    return isDirectory ? filesIn(path) : [path];
  });
}

/** Whether a command exists on this machine and succeeds. */
async function works(program: string, ...args: string[]): Promise<boolean> {
  try {
    const command = new Deno.Command(program, { args, stdout: "null", stderr: "null" });
    return (await command.output()).success;
  } catch {
    return false;
  }
}

Deno.test("the installer puts an executable program into the user's program directory", async () => {
  await using release = new Release("1.0.0");
  await using home = await temporaryHome();
  const { code, stdout, stderr } = await run([release.base], { home });
  assert.equal(code, 0, stderr);
  assert.equal(stdout, `libreseed 1.0.0 in ${installed(home)}\n`);
  assert.match(stderr, /not on your PATH/);
  assert.equal(await versionOf(installed(home)), "libreseed 1.0.0");
  assert.deepEqual(filesIn(home.path), [installed(home)]);
  assert.deepEqual(release.asked, ["/release/SHA256SUMS", `/release/${programName}`]);
});

Deno.test("the base address may come from a variable and may end in a slash", async () => {
  await using release = new Release("1.0.0");
  await using home = await temporaryHome();
  const env = {
    INSTALL_BASE: `${release.base}/`,
    PATH: `${home.path}/.local/bin:${Deno.env.get("PATH")}`,
  };
  const { code, stderr } = await run([], { home, env });
  assert.equal(code, 0);
  assert.match(stderr, /^install\.sh: who made this release was not checked: no key .*--key\)\n$/);
  assert.equal(await versionOf(installed(home)), "libreseed 1.0.0");
});

Deno.test("installing again upgrades the program, even while the old one runs", async () => {
  await using release = new Release("1.0.0");
  await using home = await temporaryHome();
  await run([release.base], { home });
  const old = await Deno.open(installed(home));
  release.put("2.0.0");
  const { code, stdout } = await run([release.base], { home });
  assert.equal(code, 0);
  assert.match(stdout, /^libreseed 2\.0\.0 /);
  assert.equal(await versionOf(installed(home)), "libreseed 2.0.0");
  // The installer replaced the file and did not overwrite its contents, so a handle opened before
  // still reads the old program.
  const text = await new Response(old.readable).text();
  assert.match(text, /1\.0\.0/);
});

Deno.test("a program with a wrong checksum is refused, and the installed one stays", async () => {
  await using release = new Release("1.0.0");
  await using home = await temporaryHome();
  await run([release.base], { home });
  release.put("2.0.0");
  release.files.set(programName, '#!/bin/sh\necho "libreseed evil"\n');
  const { code, stdout, stderr } = await run([release.base], { home });
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /has the SHA-256 [0-9a-f]{64}, SHA256SUMS says [0-9a-f]{64}; nothing/);
  assert.equal(await versionOf(installed(home)), "libreseed 1.0.0");
  assert.deepEqual(filesIn(home.path), [installed(home)]);
});

Deno.test("without a checksum for this machine nothing is downloaded or installed", async () => {
  const sum = "a".repeat(64);
  const cases: [sums: string, said: RegExp][] = [
    ["", /has no line for/],
    [`${sum}  ${programName}.sig\n${sum}  x${programName}\n`, /has no line for/],
    [`${sum}  ${programName}\n${sum}  ${programName}\n`, /no single SHA-256/],
    [`<html>  ${programName}\n`, /no single SHA-256/],
  ];
  for (const [sums, said] of cases) {
    await using release = new Release("1.0.0");
    await using home = await temporaryHome();
    release.files.set("SHA256SUMS", sums);
    const { code, stderr } = await run([release.base], { home });
    assert.equal(code, 1);
    assert.match(stderr, said);
    assert.deepEqual(filesIn(home.path), []);
    assert.deepEqual(release.asked, ["/release/SHA256SUMS"]);
  }
});

Deno.test("errors name a missing file of the release, and an unreachable server", async () => {
  await using release = new Release("1.0.0");
  await using home = await temporaryHome();
  for (const missing of [programName, "SHA256SUMS"]) {
    release.files.delete(missing);
    const { code, stderr } = await run([release.base], { home });
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`cannot fetch http:.*/${missing}\n`));
  }
  const nowhere = `http://127.0.0.1:${await freePort()}/release`;
  const { code, stderr } = await run([nowhere], { home });
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`cannot fetch ${nowhere}/SHA256SUMS\n`));
  assert.deepEqual(filesIn(home.path), []);
});

Deno.test("a program that does not run here is not installed", async () => {
  await using release = new Release("1.0.0");
  await using home = await temporaryHome();
  const program = "#!/nowhere\n";
  release.files.set(programName, program);
  const sum = createHash("sha256").update(program).digest("hex");
  release.files.set("SHA256SUMS", `${sum} *${programName}\n`);
  const { code, stderr } = await run([release.base], { home });
  assert.equal(code, 1);
  assert.match(stderr, /does not run here; nothing was installed/);
  assert.deepEqual(filesIn(home.path), []);
});

Deno.test("uninstalling removes the program, and reports a missing one", async () => {
  await using release = new Release("1.0.0");
  await using home = await temporaryHome();
  const nothing = await run(["--uninstall"], { home });
  assert.equal(nothing.code, 1);
  assert.match(nothing.stderr, /there is no .*\/\.local\/bin\/libreseed/);
  await run([release.base], { home });
  const { code, stdout } = await run(["--uninstall"], { home });
  assert.equal(code, 0);
  assert.match(stdout, /^removed .*keys and packages stay/);
  assert.deepEqual(filesIn(home.path), []);
});

Deno.test("wrong arguments are answered with the usage", async () => {
  await using home = await temporaryHome();
  for (const args of [[], ["--frobnicate"], ["--system"]]) {
    const { code, stderr } = await run(args, { home });
    assert.equal(code, 2);
    assert.match(stderr, /^usage: install\.sh/);
  }
  const { code, stderr } = await run(["http://127.0.0.1/"], {});
  assert.equal(code, 1);
  assert.match(stderr, /HOME is not set/);
});

for (const fetcher of ["curl", "wget"]) {
  const ignore = !await works(fetcher, "--version");
  Deno.test({
    name: `${fetcher} alone is enough to download the program`,
    ignore,
    async fn() {
      await using release = new Release("1.0.0");
      await using home = await temporaryHome();
      const tools = join(home.path, "tools");
      await Deno.mkdir(tools);
      const needed = "sh uname mkdir mktemp rm awk sha256sum cut chmod mv".split(" ");
      for (const tool of [...needed, fetcher]) {
        const { stdout } = await runCli(["-c", `command -v ${tool}`], { program: ["sh"] });
        await Deno.symlink(stdout.trim(), join(tools, tool));
      }
      const { code, stderr } = await run([release.base], { home, env: { PATH: tools } });
      assert.equal(code, 0, stderr);
      assert.equal(await versionOf(installed(home)), "libreseed 1.0.0");
    },
  });
}

/** Runs the install script with some commands replaced by stand-ins that print the given text. */
async function runWith(answers: Record<string, string>, base: string, home: TemporaryHome) {
  await using tools = await temporaryHome();
  for (const [name, script] of Object.entries(answers)) {
    const path = join(tools.path, name);
    await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return await run([base], { home, env: { PATH: `${tools.path}:${Deno.env.get("PATH")}` } });
}

const linux = 'case "$1" in -m) echo x86_64 ;; *) echo Linux ;; esac';
const noGetconf = "echo getconf: unknown variable >&2; exit 1";

for (
  const [system, answers] of [
    ["musl, as on Alpine", {
      getconf: noGetconf,
      ldd: "printf 'musl libc (x86_64)\\nVersion 1.2.5\\n' >&2; exit 1",
    }],
    ["glibc 2.26", { getconf: "echo glibc 2.26" }],
    ["glibc 1.99", { getconf: "echo glibc 1.99" }],
    ["glibc 2.9", { getconf: noGetconf, ldd: "echo 'ldd (GNU libc) 2.9'" }],
  ] as const
) {
  Deno.test(`on a system with ${system}, the installer names the requirements and downloads nothing`, async () => {
    await using release = new Release("1.0.0");
    await using home = await temporaryHome();
    const { code, stdout, stderr } = await runWith(
      { uname: linux, ...answers },
      release.base,
      home,
    );
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^install\.sh: this system has (?:musl|glibc [0-9.]+); /);
    assert(
      stderr.endsWith("on Linux libreseed needs glibc 2.27 or newer and 110 MB of disk\n"),
      stderr,
    );
    assert.deepEqual([release.asked, filesIn(home.path)], [[], []]);
  });
}

for (
  const [system, answers] of [
    ["glibc 2.27", { getconf: "echo glibc 2.27" }],
    ["glibc 3.0", { getconf: "echo glibc 3.0" }],
    ["glibc 2.36 that only ldd tells", {
      getconf: noGetconf,
      ldd: "echo 'ldd (Debian GLIBC 2.36-9+deb12u7) 2.36'; echo 'Copyright'",
    }],
    ["a C library that cannot be found out", { getconf: noGetconf, ldd: "exit 127" }],
  ] as const
) {
  Deno.test(`on a system with ${system}, the installer succeeds`, async () => {
    await using release = new Release("1.0.0");
    await using home = await temporaryHome();
    const { code, stderr } = await runWith(answers, release.base, home);
    assert.equal(code, 0, stderr);
  });
}

Deno.test("README and installer name the same requirements", async () => {
  const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  const text = await Deno.readTextFile(script);
  for (const need of ["glibc 2.27", "110 MB", "Alpine"]) {
    assert(readme.includes(need) && text.includes(need), need);
  }
});

const namespace = ["--map-root-user", "--mount"];

Deno.test({
  name: "--system installs for all users (unshare)",
  ignore: !await works("unshare", ...namespace, "mount", "-t", "tmpfs", "none", "/usr/local"),
  async fn() {
    await using release = new Release("1.0.0");
    const line = `
      mount -t tmpfs none /usr/local
      sh "$0" --system "$1" && ls -l /usr/local/bin && sh "$0" --system --uninstall
      ls -A /usr/local/bin`;
    const program = ["unshare", ...namespace, "sh", "-ec", line, script];
    const { code, stdout, stderr } = await runCli([release.base], { program });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^libreseed 1\.0\.0 in \/usr\/local\/bin\/libreseed$/m);
    assert.match(stdout, /^-rwxr-xr-x.* libreseed$/m);
    assert.match(stdout, /^removed \/usr\/local\/bin\/libreseed; keys and packages stay.*\n$/m);
  },
});

Deno.test({
  name: "shellcheck finds no problem in the installer",
  ignore: !await works("shellcheck", "--version"),
  async fn() {
    const { code, stdout } = await runCli([script], { program: ["shellcheck"] });
    assert.equal(stdout, "");
    assert.equal(code, 0);
  },
});
