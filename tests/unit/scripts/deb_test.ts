/**
 * The parts of `deno task deb` that need no compiled program. `tests/packaging` tests the package.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { debianVersion } from "../../../scripts/deb.ts";
import { architectureOf } from "../../../scripts/deb/architecture.ts";
import { copyrightText } from "../../../scripts/deb/licences.ts";
import { installedUnit } from "../../../scripts/deb/tree.ts";
import { isInstalled } from "../../support/installed.ts";
import { temporaryHome } from "../../support/temporary_home.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const units = join(root, "examples", "systemd");
const unitFiles = [
  "libreseed.service",
  "libreseed-announce.service",
  "libreseed-announce.timer",
  "user/libreseed.service",
];

Deno.test("a version of semver becomes a version of Debian", () => {
  assert.equal(debianVersion("1.2.3"), "1.2.3-1");
  assert.equal(debianVersion("1.2.3-rc.1"), "1.2.3~rc.1-1");
  assert.equal(debianVersion("1.2.3-a-b.4+build-5"), "1.2.3~a.b.4+build.5-1");
  for (const bad of ["1.2", "v1.2.3", "1.2.3 ", ""]) assert.throws(() => debianVersion(bad), bad);
});

Deno.test("the architecture of a package is that of its program's header", async () => {
  await using directory = await temporaryHome();
  const program = join(directory.path, "program");
  const header = (machine: number) => {
    const bytes = new Uint8Array(64);
    bytes.set([0x7f, ...new TextEncoder().encode("ELF"), 2, 1]);
    bytes[18] = machine;
    return bytes;
  };
  for (const [machine, name] of [[0x3e, "amd64"], [0xb7, "arm64"]] as const) {
    await Deno.writeFile(program, header(machine));
    assert.equal(await architectureOf(program), name);
  }
  const bigEndian = header(0x3e).with(5, 2);
  for (const bytes of [header(0x28), bigEndian, header(0x3e).subarray(1), new Uint8Array()]) {
    await Deno.writeFile(program, bytes);
    await assert.rejects(architectureOf(program), /is not a Linux program for amd64 or arm64/);
  }
});

Deno.test({
  name: "versions are in the same order for Debian as for semver (dpkg)",
  ignore: !isInstalled("dpkg"),
  async fn() {
    const rising = ["0.9.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-rc.2", "1.0.0", "1.0.1-rc.1"];
    for (const [i, version] of rising.slice(0, -1).entries()) {
      const pair = [debianVersion(version), debianVersion(rising[i + 1]!)];
      const { success } = await new Deno.Command("dpkg", {
        args: ["--compare-versions", pair[0]!, "lt", pair[1]!],
      }).output();
      assert(success, pair.join(" before "));
    }
  },
});

Deno.test("installed units name the installed program, their manual page, and no copying", async () => {
  for (const file of unitFiles) {
    const example = await Deno.readTextFile(join(units, file));
    const unit = installedUnit(example);
    assert(!unit.includes("/usr/local"), file);
    assert(!/^# {3}(mkdir|cp) |daemon-reload|Install[:,]/m.test(unit), file);
    assert.match(unit, /^Description=.*\nDocumentation=man:libreseed\(1\)\n/m, file);
    if (file.endsWith(".service")) assert.match(unit, /^ExecStart=.*\/usr\/bin\/libreseed /m, file);
    // All other settings are those of the example, which tests run.
    const settings = (text: string) =>
      text.split("\n").filter((line) => /^(\[|[A-Z])/.test(line) && !/^Documentation=/.test(line));
    assert.deepEqual(
      settings(unit),
      settings(example).map((line) => line.replace("/usr/local/bin", "/usr/bin")),
      file,
    );
  }
});

Deno.test("a unit whose head has another form is refused", () => {
  assert.throws(() => installedUnit("# A unit. Install:\n#\n#   install it\n\n[Unit]\n"), /head/);
});

Deno.test("copyright has the licence of libreseed and of every package in the program", async () => {
  const text = await copyrightText(root, ["webtorrent", "prom-client"]);
  assert(text.includes((await Deno.readTextFile(join(root, "LICENSE"))).trim()));
  for (const name of ["webtorrent@3.0.21 (MIT)", "@opentelemetry/api@1.10.0 (Apache-2.0)"]) {
    assert(text.includes(`\n${name}\n`), name);
  }
  // Packages of this repository take the place of these, and are under its licence.
  assert(!text.includes("simple-peer"));
  assert(text.includes("/usr/share/common-licenses/Apache-2.0"));
  // Only the package that asks for them adds others.
  assert(!(await copyrightText(root, ["valibot"])).includes("webtorrent@"));
  await assert.rejects(copyrightText(root, ["no-such-package"]), /no import no-such-package/);
});
