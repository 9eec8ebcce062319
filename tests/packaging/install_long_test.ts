/**
 * Installs, upgrades, removes and purges the Debian package in a small Debian of its own, which
 * debootstrap makes in a temporary directory from Debian's mirror. Needs root. `TEST_DEBIAN_SUITES`
 * names other suites than bookworm, separated by commas.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { commands } from "../../src/cli/commands/table.ts";
import { runCli, temporaryHome } from "../support/mod.ts";
import { makeDeb, must, packageTest } from "./support.ts";

const suites = (Deno.env.get("TEST_DEBIAN_SUITES") ?? "bookworm").split(",");
/** Time limit of debootstrap in milliseconds; the mirror may be slow. */
const BOOTSTRAP_MS = 1_800_000;
/** Files that dpkg and ldconfig themselves change at each installation. */
const VOLATILE = /^\.\/(var\/(lib\/dpkg|log|cache)\/|var\/lib\/systemd\/|etc\/ld\.so\.cache$)/;

for (const suite of suites) {
  packageTest(`${suite}: the package installs, upgrades, and leaves nothing but the home`, [
    "dpkg-deb",
    "debootstrap",
    "chroot",
    "unshare",
  ], async () => {
    await using directory = await temporaryHome();
    const root = join(directory.path, "root");
    const made = await runCli(["--variant=minbase", suite, root], {
      program: ["debootstrap"],
      env: { PATH: `${Deno.env.get("PATH")}:/usr/sbin:/sbin`, TMPDIR: directory.path },
      timeoutMs: BOOTSTRAP_MS,
    });
    assert.equal(made.code, 0, made.stdout.slice(-2_000) + made.stderr);
    // The program reads /proc/self/exe. The mount goes with the namespace of the command.
    const enter = 'mount --bind /proc "$0/proc" && exec chroot "$0" "$@"';
    const clean = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"];
    const inside = (...command: string[]) =>
      must("unshare", ["--mount", "sh", "-c", enter, root, ...clean, ...command]);
    const filesOf = async () => {
      const list = await inside("find", ".", "-xdev", "-path", "./proc", "-prune", "-o", "-print");
      return list.trimEnd().split("\n").filter((path) => !VOLATILE.test(path)).sort();
    };

    const out = join(directory.path, "out");
    for (const version of ["0.0.1", "0.0.2"]) {
      await Deno.copyFile(
        await makeDeb(out, { version }),
        join(root, "tmp", `libreseed-${version}.deb`),
      );
    }
    const before = await filesOf();

    await inside("dpkg", "-i", "/tmp/libreseed-0.0.1.deb");
    assert.match(await inside("libreseed", "version"), /^libreseed \d+\.\d+\.\d+/);
    const installed = async () =>
      (await inside("dpkg-query", "-W", "-f", "${Status} ${Version}", "libreseed")).trim();
    assert.equal(await installed(), "install ok installed 0.0.1-1");
    assert.equal(await inside("dpkg", "-V", "libreseed"), "", "all files are as packed");

    // The shells of the chroot have what the package brings.
    const page = await inside("sh", "-c", "gzip -dc /usr/share/man/man1/libreseed-get.1.gz");
    assert.equal(page, await inside("libreseed", "man", "get"));
    const pages = (await filesOf()).filter((path) => path.startsWith("./usr/share/man/man1/libre"));
    assert.equal(pages.length, commands.length + 1);

    // A home, as that of the service's user.
    const home = "/var/lib/private/libreseed";
    await inside("mkdir", "-p", home);
    const identity = await inside("libreseed", "keygen", "--signing-only", "-q", "--home", home);
    const key = await Deno.readFile(join(root, home, "keys", "publisher.key"));

    await inside("dpkg", "-i", "/tmp/libreseed-0.0.2.deb");
    assert.equal(await installed(), "install ok installed 0.0.2-1");
    assert.deepEqual(await Deno.readFile(join(root, home, "keys", "publisher.key")), key);
    const shown = await inside("libreseed", "key", "show", "--home", home);
    assert(shown.includes(/ed25519:\S+/.exec(identity)![0]), shown);

    await inside("dpkg", "-r", "libreseed");
    assert(!(await filesOf()).includes("./usr/bin/libreseed"));
    assert.match(await inside("dpkg", "-P", "libreseed"), new RegExp(`${home} stays`));
    assert.deepEqual(await Deno.readFile(join(root, home, "keys", "publisher.key")), key);
    const left = (await filesOf()).filter((path) => !before.includes(path));
    assert.deepEqual(left.filter((path) => !path.startsWith("./var/lib/private")), []);

    // Without a home, a purge leaves nothing at all.
    await inside("rm", "-rf", "/var/lib/private");
    await inside("dpkg", "-i", "/tmp/libreseed-0.0.2.deb");
    assert.doesNotMatch(await inside("dpkg", "-P", "libreseed"), /stays/);
    assert.deepEqual(await filesOf(), before.filter((path) => path !== "./var/lib/private"));
  });
}
