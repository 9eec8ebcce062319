/**
 * Tests the Homebrew formula: its syntax, and what it does on each platform, by a stand-in for the
 * class `Formula`. No Mac and no Homebrew takes part.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { formula, parseSums, type Release } from "../../scripts/homebrew.ts";
import { programFileName } from "../../src/base/mod.ts";
import { commands } from "../../src/cli/commands/table.ts";
import { commandLine } from "../support/cli.ts";
import { isInstalled } from "../support/installed.ts";
import { runCli, temporaryHome } from "../support/mod.ts";

const template = await Deno.readTextFile(
  fileURLToPath(new URL("../../examples/homebrew/libreseed.rb", import.meta.url)),
);
const targets = [
  "aarch64-apple-darwin",
  "x86_64-apple-darwin",
  "aarch64-unknown-linux-gnu",
  "x86_64-unknown-linux-gnu",
];
const platforms = [["macos", "arm"], ["macos", "intel"], ["linux", "arm"], [
  "linux",
  "intel",
]] as const;
/** A release with another checksum for each program. */
const release: Release = {
  version: "1.2.3",
  base: "https://releases.example/libreseed/",
  homepage: "https://libreseed.example",
  sums: parseSums(
    targets.map((target, i) => `${String(i).repeat(64)}  ${programFileName(target)}\n`).join(""),
  ),
};

/**
 * Ruby that loads the formula with stand-ins for Homebrew's methods. Prints JSON: what was declared
 * for the platform, and what `install` put where. Arguments: formula, `macos` or `linux`, `arm` or
 * `intel`, a directory with the program.
 */
const standIn = `
require "json"
require "pathname"
require "fileutils"
$system, $processor, $directory = ARGV[1], ARGV[2], Pathname.new(ARGV[3])
$seen = { "service" => {}, "installed" => [] }
class Place
  def initialize(name) = (@name = name)
  def install(what)
    pairs = what.is_a?(Hash) ? what : { what => File.basename(what) }
    pairs.each do |from, to|
      target = $directory/"installed"/@name
      target.mkpath
      FileUtils.mv($directory/from, target/to)
      $seen["installed"] << "#{@name}/#{to}"
    end
  end
  def /(name) = $directory/"installed"/@name/name
  def to_s = ($directory/"installed"/@name).to_s
end
module Utils
  def self.safe_popen_read(*command)
    text = IO.popen(command.map(&:to_s), &:read)
    raise "failed: #{command}" unless $?.success?
    text
  end
end
class Service
  def opt_bin = Pathname.new("/opt/bin")
  def var = Pathname.new("/var")
  %w[run keep_alive log_path error_log_path].each do |name|
    define_method(name) { |value| $seen["service"][name] = value.is_a?(Array) ? value.map(&:to_s) : value.to_s }
  end
end
class Formula
  class << self
    %w[desc homepage version license sha256].each do |name|
      define_method(name) { |value| $seen[name] = value }
    end
    def url(value, using: nil) = $seen.update("url" => value, "using" => using)
    def on_macos = ($system == "macos" and yield)
    def on_linux = ($system == "linux" and yield)
    def on_arm = ($processor == "arm" and yield)
    def on_intel = ($processor == "intel" and yield)
    def service(&block) = Service.new.instance_eval(&block)
    def test(&block) = define_method(:run_test, &block)
  end
  def bin = Place.new("bin")
  def man1 = Place.new("man1")
  def buildpath = $directory
  def version = $seen["version"]
  def chmod(mode, path) = File.chmod(mode, path)
  def generate_completions_from_executable(*command) = $seen["completions"] = command.map(&:to_s)
  def shell_output(command)
    text = \`#{command}\`
    raise "failed: #{command}" unless $?.success?
    text
  end
  def assert_match(part, text) = (raise "#{part} is not in #{text}" unless text.include?(part))
end
load ARGV[0]
Dir.chdir($directory) { Libreseed.new.install }
Libreseed.new.run_test
puts JSON.generate($seen)
`;

Deno.test("the formula of a release has its version, addresses and checksums, and no placeholder", () => {
  const text = formula(template, release);
  assert.doesNotMatch(text, /BASE|VERSION|HOMEPAGE|SHA256-OF|template/);
  assert.match(text, /^# The formula is untried on a Mac/);
  for (const target of targets) {
    const name = programFileName(target);
    const lines = text.split("\n");
    const line = lines.findIndex((one) => one.includes(`/libreseed/${name}"`));
    assert(lines[line + 1]!.includes(release.sums.get(name)!), name);
  }
});

Deno.test("a release without a program of the formula, and addresses with special characters, are refused", () => {
  const sums = new Map([...release.sums].slice(1));
  assert.throws(() => formula(template, { ...release, sums }), /no libreseed-aarch64-apple-darwin/);
  for (const base of ["http://a.example", 'https://a.example/"', "https://a.example/#{x}", ""]) {
    assert.throws(() => formula(template, { ...release, base }), /no address/, base);
  }
  assert.throws(() => formula(template, { ...release, version: '1"' }), /no version/);
  assert.throws(() => parseSums("0123  libreseed\n"), /no line of SHA256SUMS/);
});

Deno.test({
  name:
    "Ruby accepts template and formula; the formula installs program, pages and completions (ruby)",
  ignore: !isInstalled("ruby"),
  async fn() {
    await using home = await temporaryHome();
    const paths = ["template.rb", "libreseed.rb", "stand_in.rb"].map((name) =>
      join(home.path, name)
    );
    const [asTemplate, asFormula, script] = paths;
    const { stdout: said } = await runCli(["version"], {});
    const version = said.trim().split(/\s+/).at(-1)!;
    await Deno.writeTextFile(asTemplate!, template);
    await Deno.writeTextFile(asFormula!, formula(template, { ...release, version }));
    await Deno.writeTextFile(script!, standIn);
    for (const path of paths) {
      const { code, stdout, stderr } = await runCli(["-wc", path], { program: ["ruby"] });
      assert.deepEqual([code, stdout, stderr], [0, "Syntax OK\n", ""]);
    }
    const run = commandLine().map((word) => `'${word}'`).join(" ");
    for (const [i, [system, processor]] of platforms.entries()) {
      const directory = join(home.path, `${system}-${processor}`);
      await Deno.mkdir(directory);
      const name = programFileName(targets[i]!);
      await Deno.writeTextFile(join(directory, name), `#!/bin/sh\nexec ${run} "$@"\n`);
      const { code, stdout, stderr } = await runCli(
        [script!, asFormula!, system, processor, directory],
        { program: ["ruby"], home },
      );
      assert.equal(code, 0, stderr);
      const { installed, completions, service, ...declared } = JSON.parse(stdout);
      assert.deepEqual(declared, {
        desc: "Signed packages over BitTorrent, with no server",
        homepage: release.homepage,
        version,
        license: "MIT",
        url: `https://releases.example/libreseed/${name}`,
        using: "nounzip",
        sha256: release.sums.get(name),
      });
      assert.deepEqual(
        installed.sort(),
        [
          "bin/libreseed",
          ...["libreseed", ...commands.map(({ name }) => `libreseed-${name}`)]
            .map((page) => `man1/${page}.1`),
        ].sort(),
      );
      assert.deepEqual(completions.slice(1), ["completions"]);
      assert.deepEqual(service.run, ["/opt/bin/libreseed", "seed"]);
    }
  },
});
