/** Tests the Debian package that `deno task deb` makes of the compiled program. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { DEPENDS } from "../../scripts/deb.ts";
import { commands } from "../../src/cli/commands/table.ts";
import { runCli, type TemporaryHome, temporaryHome } from "../support/mod.ts";
import { binary, makeDeb, must, packageTest } from "./support.ts";

let directory: TemporaryHome;
let deb = "";
/** Directory with the files of the package. */
let files = "";

if (binary !== "") {
  Deno.test.beforeAll(async () => {
    directory = await temporaryHome();
    deb = await makeDeb(join(directory.path, "out"), { level: 1 });
    files = join(directory.path, "files");
    await must("dpkg-deb", ["-x", deb, files]);
  });
  Deno.test.afterAll(() => directory.remove());
}

packageTest("the package holds program, pages, completions, units and documents", [
  "dpkg-deb",
], async () => {
  const listing = (await must("dpkg-deb", ["-c", deb])).trimEnd().split("\n");
  const paths: string[] = [];
  for (const line of listing) {
    const [mode, owner, , , , path] = line.split(/\s+/);
    assert.equal(owner, "root/root", line);
    const isProgram = path === "./usr/bin/libreseed";
    assert.equal(
      mode,
      path!.endsWith("/") ? "drwxr-xr-x" : isProgram ? "-rwxr-xr-x" : "-rw-r--r--",
    );
    paths.push(path!.slice(2));
  }
  const pages = ["libreseed", ...commands.map(({ name }) => `libreseed-${name}`)];
  const expected = [
    "usr/bin/libreseed",
    ...pages.map((page) => `usr/share/man/man1/${page}.1.gz`),
    "usr/share/bash-completion/completions/libreseed",
    "usr/share/zsh/vendor-completions/_libreseed",
    "usr/share/fish/vendor_completions.d/libreseed.fish",
    "usr/lib/systemd/system/libreseed.service",
    "usr/lib/systemd/system/libreseed-announce.service",
    "usr/lib/systemd/system/libreseed-announce.timer",
    "usr/lib/systemd/user/libreseed.service",
    ...["copyright", "changelog.Debian.gz", "changelog.gz", "README.md", "docs/operations.md"]
      .map((name) => `usr/share/doc/libreseed/${name}`),
    ...["grafana/libreseed.json", "prometheus/libreseed.rules.yml", "logrotate/libreseed"]
      .map((name) => `usr/share/doc/libreseed/examples/${name}`),
  ];
  assert.deepEqual(expected.filter((path) => !paths.includes(path)), []);
  const outside = paths.filter((path) => !/^(usr\/(bin|lib|share)\/|usr\/$|$)/.test(path));
  assert.deepEqual(outside, [], "nothing lies in /etc, /var or /home");
});

packageTest("completions and units are those of the program", ["dpkg-deb"], async () => {
  const completions = {
    bash: "bash-completion/completions/libreseed",
    zsh: "zsh/vendor-completions/_libreseed",
    fish: "fish/vendor_completions.d/libreseed.fish",
  };
  for (const [shell, path] of Object.entries(completions)) {
    const { stdout } = await runCli(["completions", shell], {});
    assert.equal(await Deno.readTextFile(join(files, "usr/share", path)), stdout, shell);
  }
});

packageTest("man reads the manual pages of the package", ["dpkg-deb", "man"], async () => {
  const page = join(files, "usr/share/man/man1/libreseed-get.1.gz");
  const shown = await must("man", ["-l", page], {
    MANPAGER: "cat",
    MANWIDTH: "80",
    LANG: "C.UTF-8",
  });
  assert.match(shown, /libreseed-get/);
});

packageTest("systemd accepts the units of the package", [
  "dpkg-deb",
  "systemd-analyze",
], async () => {
  const env = { XDG_RUNTIME_DIR: directory.path };
  for (const place of ["system", "user"]) {
    const source = join(files, "usr/lib/systemd", place);
    const copies = join(directory.path, place);
    await Deno.mkdir(copies);
    for (const { name } of Deno.readDirSync(source)) {
      const unit = await Deno.readTextFile(join(source, name));
      assert(!name.endsWith(".service") || unit.includes("/usr/bin/libreseed "), name);
      // systemd-analyze reports programs and manual pages that are not installed.
      const installed = unit.replaceAll("/usr/bin/libreseed", "/bin/true")
        .replace(/^Documentation=.*\n/m, "");
      await Deno.writeTextFile(join(copies, name), installed);
    }
    const paths = [...Deno.readDirSync(copies)].map(({ name }) => join(copies, name));
    await must("systemd-analyze", [`--${place}`, "verify", ...paths], env);
  }
});

packageTest("lintian finds no error and no warning", ["dpkg-deb", "lintian"], async () => {
  const { code, stdout, stderr } = await runCli(
    ["--allow-root", "--display-info", "--show-overrides", "--fail-on", "none", deb],
    {
      program: ["lintian"],
      env: { TMPDIR: directory.path, LANG: "C.UTF-8" },
      timeoutMs: 600_000,
    },
  );
  // With --show-overrides, lintian would count overridden errors as failures, too.
  assert.equal(code, 0, stdout + stderr);
  assert.doesNotMatch(stdout, /^[EW]: |unused-override|mismatched-override/m);
  // The overrides are in force: the errors that they name are there.
  assert.match(stdout, /^O: libreseed: unstripped-binary-or-object /m);
});

packageTest("Depends names the libraries and versions that the program is linked to", [
  "dpkg-deb",
  "readelf",
], async () => {
  const fields = await must("dpkg-deb", ["-f", deb, "Depends"]);
  assert.equal(fields.trim(), DEPENDS.join(", "));
  const dynamic = await must("readelf", ["-d", binary]);
  const needed = [...dynamic.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name!);
  const libc = /^(lib(c|m|dl|rt|pthread)|ld-linux-[\w-]+)\.so\.\d+$/;
  assert.deepEqual(needed.filter((name) => !libc.test(name)), ["libgcc_s.so.1"]);
  const symbols = await must("readelf", ["-V", binary]);
  for (const [i, prefix] of ["GLIBC", "GCC"].entries()) {
    const versions = [...symbols.matchAll(new RegExp(`\\b${prefix}_(\\d+(?:\\.\\d+)*)\\b`, "g"))]
      .map(([, version]) => version!.split(".").map(Number));
    assert(versions.length > 0, prefix);
    const newest = versions.reduce((a, b) => isBefore(a, b) ? b : a);
    const declared = /\(>= ([\d.]+)\)/.exec(DEPENDS[i]!)![1]!.split(".").map(Number);
    assert(!isBefore(declared, newest), `${prefix} ${newest.join(".")} is not declared`);
  }
});

packageTest("a program for another processor gets its pages from one that runs here", [
  "dpkg-deb",
], async () => {
  const [here, other, machine] = Deno.build.arch === "x86_64"
    ? ["amd64", "arm64", 0xb7]
    : ["arm64", "amd64", 0x3e];
  assert.equal((await must("dpkg-deb", ["-f", deb, "Architecture"])).trim(), here);
  // The header alone makes a program for another processor of it.
  const program = join(directory.path, "other");
  const bytes = (await Deno.readFile(binary)).subarray(0, 64 << 10);
  bytes[18] = Number(machine);
  await Deno.writeFile(program, bytes);
  const out = join(directory.path, "out-other");
  await assert.rejects(makeDeb(out, { program }), /is for \w+ and this machine is \w+: .*--pages/);
  const made = await makeDeb(out, { program, pages: binary });
  assert.equal((await must("dpkg-deb", ["-f", made, "Architecture"])).trim(), other);
  const contents = join(directory.path, "files-other");
  await must("dpkg-deb", ["-x", made, contents]);
  assert.deepEqual(await Deno.readFile(join(contents, "usr/bin/libreseed")), bytes);
  for (const path of ["man/man1/libreseed-get.1.gz", "zsh/vendor-completions/_libreseed"]) {
    const read = (root: string) => Deno.readFile(join(root, "usr/share", path));
    assert.deepEqual(await read(contents), await read(files), path);
  }
});

/** Whether version `a` is older than `b`; missing numbers count as 0. */
function isBefore(a: readonly number[], b: readonly number[]): boolean {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

packageTest("equal programs make equal packages; SOURCE_DATE_EPOCH sets their times", [
  "dpkg-deb",
], async () => {
  const again = await makeDeb(join(directory.path, "a", "longer", "path"), { level: 1 });
  assert.deepEqual(await sumOf(again), await sumOf(deb), "in another directory, later");
  const dated = await makeDeb(join(directory.path, "dated"), { epochSeconds: 1_000_000_000 });
  for (const line of (await must("dpkg-deb", ["-c", dated], { TZ: "UTC" })).trimEnd().split("\n")) {
    assert.match(line, / 2001-09-09 01:46 /);
  }
});

async function sumOf(path: string): Promise<string> {
  return (await must("sha256sum", [path])).split(" ")[0]!;
}
