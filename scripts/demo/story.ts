/**
 * The demo's story, step by step. Throws at the first step that fails. The caller deletes the
 * files.
 */

import { join } from "node:path";
import { type Clock, systemClock } from "../../src/base/mod.ts";
import { startTestnet } from "../../src/testnet/mod.ts";
import { tcpListenersOf, udpSocketsOf } from "../../tests/support/mod.ts";
import type { Page } from "./page.ts";
import type { Ended, Person, Programs, Running } from "./programs.ts";
import { compareTrees } from "./trees.ts";

const NODES = 20;
const DIRECTORY = "examples/hello";
const NAME = "hello";
const PACKAGE = `${NAME}@1.0.0`;
/** Path of the downloaded archive, relative to the reader's working directory. */
const ARCHIVE = "home/seed/hello-1.0.0.tgz";
const UNPACKED = "unpacked";

/** One run of the demo, from the first step to the summary. */
export class Story {
  readonly #page: Page;
  readonly #programs: Programs;
  readonly #publisher: Person;
  readonly #reader: Person;
  readonly #clock: Clock;
  /** The publisher's public key, as text, which replaces `$KEY` in commands. */
  #key = "";
  /** Lines of the summary that the demo prints at its end. */
  readonly #summary: [what: string, how: string][] = [];

  /**
   * @param publisher person whose working directory is the checkout of this repository
   * @param reader person with a separate working directory, which contains the reader's home
   */
  constructor(
    page: Page,
    programs: Programs,
    publisher: Person,
    reader: Person,
    clock: Clock = systemClock,
  ) {
    this.#page = page;
    this.#programs = programs;
    this.#publisher = publisher;
    this.#reader = reader;
    this.#clock = clock;
  }

  /** Runs all steps of the story, and prints them. */
  async tell(): Promise<void> {
    const beganMs = this.#clock.now();
    this.#page.title("libreseed: publish, find, download and verify a package on this machine.");
    this.#page.title("Commands are shown as one would type them, long lines of output shortened.");
    await using _testnet = await this.#startTestnet();
    await this.#makeKey();
    await this.#publish();
    const seeder = await this.#seed();
    await this.#announce();
    await this.#listPublishers();
    await this.#resolve();
    await this.#get();
    await this.#verify();
    await this.#compare();
    await this.#runProgram();
    await this.#countSockets(seeder);
    await this.#stop(seeder);
    const seconds = ((this.#clock.now() - beganMs) / 1_000).toFixed(1);
    this.#page.title(
      `\nAll ${this.#page.steps} steps did what they should, in ${seconds} s:`,
      "good",
    );
    for (const [what, how] of this.#summary) this.#page.say(`${what.padEnd(12)}${how}`);
  }

  async #startTestnet() {
    const page = this.#page;
    page.step(`Start a DHT of ${NODES} nodes on 127.0.0.1, and give two people a home and a port`);
    const testnet = await startTestnet({ nodes: NODES, clock: this.#clock });
    for (const { name, cwd, env } of [this.#publisher, this.#reader]) {
      env.LIBRESEED_BOOTSTRAP = testnet.bootstrap;
      const variables = Object.entries(env).map((entry) => entry.join("="));
      page.command(name, `cd ${cwd}`);
      page.command(name, `alias libreseed="${this.#programs.spelling}"`);
      page.command(name, `export ${variables.slice(0, 2).join(" ")}`);
      page.command(name, `export ${variables.slice(2).join(" ")}`);
    }
    page.done(`the first node is ${testnet.bootstrap}`);
    return testnet;
  }

  async #makeKey(): Promise<void> {
    this.#page.step("The publisher makes an identity; its root key goes to a file of its own");
    const rootFile = join(this.#publisher.env.LIBRESEED_HOME!, "..", "root.key");
    const made = await this.#libreseed(this.#publisher, "keygen", "--root-out", rootFile);
    this.#key = made.stdout.trim();
    const isKey = /^ed25519:[A-Za-z0-9+/]{43}=$/.test(this.#key);
    expect(isKey, `keygen printed ${JSON.stringify(this.#key)}`);
    this.#page.done("its public half says who the publisher is");
  }

  async #publish(): Promise<void> {
    this.#page.step(`The publisher packs, signs and publishes ${DIRECTORY}`);
    const { stdout } = await this.#libreseed(this.#publisher, "publish", DIRECTORY);
    expect(stdout.startsWith(`${PACKAGE}\tmagnet:?xt=`), "publish printed no magnet link");
    this.#page.done("a signed record in the DHT names the archive");
    this.#summary.push(["published", `${PACKAGE}, in a DHT of ${NODES} nodes`]);
  }

  async #seed(): Promise<Running> {
    this.#page.step("The publisher seeds it");
    this.#page.command(this.#publisher.name, "libreseed seed &");
    const seeder = await this.#programs.startLibreseed(this.#publisher, ["seed"], this.#show);
    this.#page.done(`process ${seeder.pid} serves`);
    return seeder;
  }

  async #announce(): Promise<void> {
    this.#page.step("The publisher announces, as cron would, through the seeder's DHT node");
    const { stdout } = await this.#libreseed(this.#publisher, "announce");
    expect(stdout.includes(`${PACKAGE}\tstored on `), "announce stored no record");
    this.#page.done("asked who holds the records, put them where they were missing");
  }

  async #listPublishers(): Promise<void> {
    this.#page.step("The reader asks who publishes under the name");
    const { stdout } = await this.#libreseed(this.#reader, "resolve", "--all", NAME);
    expect(stdout.startsWith(`${this.#key}  `), "the name's index does not list the publisher");
    this.#page.done("anybody may, so the reader asks the publisher for the key by another way");
  }

  async #resolve(): Promise<void> {
    this.#page.step("The reader finds it by publisher, name and version");
    this.#page.command(this.#reader.name, `KEY=${this.#key}`);
    const { stdout } = await this.#libreseed(this.#reader, "resolve", `$KEY/${PACKAGE}`);
    expect(
      stdout.includes(`"pubkey":"${this.#key}"`),
      "resolve found no manifest of the publisher",
    );
    this.#page.done("both signatures hold: the record's and the manifest's");
    this.#summary.push(["found", "by publisher, name and version, in another home"]);
  }

  async #get(): Promise<void> {
    this.#page.step("The reader downloads it over BitTorrent, verifies and unpacks it");
    await this.#libreseed(this.#reader, "get", "-v", `$KEY/${PACKAGE}`, "-o", UNPACKED);
    const { stdout } = await this.#libreseed(this.#publisher, "status", NAME);
    const sent = /([\d.]+ [KMG]?i?B|[\d.]+ bytes) sent/.exec(stdout)?.[1];
    expect(sent !== undefined && !/^0 /.test(sent), "the seeder says that it sent nothing");
    this.#page.done(`the seeder sent ${sent}`);
    this.#summary.push(["downloaded", `over BitTorrent; the seeder sent ${sent}`]);
  }

  async #verify(): Promise<void> {
    this.#page.step("The reader verifies the archive once more, offline, step by step");
    const words = ["verify", "-v", "--key", "$KEY", ARCHIVE];
    const { stdout, stderr } = await this.#libreseed(this.#reader, ...words);
    expect(stdout.includes(`: ok ${PACKAGE} ${this.#key}`), "verify did not say ok");
    const steps = stderr.trim().split("\n").length;
    this.#page.done("it is the archive that the publisher signed");
    this.#summary.push(["verified", `in ${steps} steps, from the signature to each file's hash`]);
  }

  async #compare(): Promise<void> {
    this.#page.step("The unpacked files equal the published ones, byte for byte");
    const original = join(this.#publisher.cwd, DIRECTORY);
    this.#page.command(this.#reader.name, `diff -r ${original} ${UNPACKED}`);
    const unpacked = join(this.#reader.cwd, UNPACKED);
    const { equal, bytes, differences } = await compareTrees(original, unpacked, ["manifest.json"]);
    for (const difference of differences) this.#page.output(difference, "bad");
    expect(differences.length === 0 && equal > 0, "the trees differ");
    this.#page.done(`${equal} files, ${bytes} bytes, and the manifest.json that came with them`);
    this.#summary.push(["unpacked", `${equal} files, equal byte for byte`]);
  }

  async #runProgram(): Promise<void> {
    this.#page.step("The unpacked program runs");
    if (Deno.build.os === "windows") return this.#page.done("not here: it is a shell script");
    const program = `${UNPACKED}/bin/hello`;
    this.#page.command(this.#reader.name, program);
    const path = join(this.#reader.cwd, program);
    const { code, stdout } = await this.#programs.run(this.#reader, path, [], this.#show);
    expect(code === 0 && stdout.includes("Hello, world!"), "the program did not greet");
    this.#page.done("in three languages");
  }

  async #countSockets({ pid }: Running): Promise<void> {
    this.#page.step(
      "The seeder has one UDP socket for each address family, which all borrowers share",
    );
    if (Deno.build.os !== "linux") {
      return this.#page.done("not counted: that takes /proc, which Linux has");
    }
    this.#page.command(this.#publisher.name, `ls -l /proc/${pid}/fd`);
    this.#page.command(this.#publisher.name, `cat /proc/${pid}/net/{udp,udp6,tcp,tcp6}`);
    const [udp, tcp] = [await udpSocketsOf(pid), await tcpListenersOf(pid)];
    for (const { address, port } of udp) this.#page.output(`UDP ${address} port ${port}`, "plain");
    for (const { address, port } of tcp) {
      this.#page.output(`TCP ${address} port ${port}, listening`, "plain");
    }
    const port = Number(this.#publisher.env.LIBRESEED_PORT);
    const families = udp.map(({ address }) => address.includes(":") ? "IPv6" : "IPv4");
    const [family, other] = families;
    expect(
      udp.every((one) => one.port === port) && families.length >= 1 && families.length <= 2 &&
        family !== other,
      `one UDP socket for each address family was expected, on port ${port}`,
    );
    expect(
      tcp.length === 1 && tcp[0]!.port === port,
      `one TCP listener on port ${port} was expected`,
    );
    const which = families.join(" and ");
    this.#page.done(`UDP (${which}) for the DHT and peers, TCP for peers, all on port ${port}`);
    this.#summary.push(["sockets", `one UDP (${which}), one TCP, all on port ${port}`]);
  }

  async #stop(seeder: Running): Promise<void> {
    this.#page.step("The publisher stops the seeder");
    await this.#libreseed(this.#publisher, "stop");
    const { code } = await seeder.ended;
    expect(code === 0, `the seeder ended with exit code ${code}`);
    this.#page.done("it ended with exit code 0");
  }

  /**
   * Prints and runs a libreseed command, in which `$KEY` stands for the publisher's key. Throws if
   * the command fails.
   */
  async #libreseed(person: Person, ...words: string[]): Promise<Ended> {
    this.#page.command(person.name, ["libreseed", ...words].join(" "));
    const args = words.map((word) => word.replace("$KEY", () => this.#key));
    const ended = await this.#programs.libreseed(person, args, this.#show);
    expect(ended.code === 0, `libreseed ${args[0]} ended with exit code ${ended.code}`);
    return ended;
  }

  readonly #show = (line: string, stream: "stdout" | "stderr") =>
    this.#page.output(line, stream === "stdout" ? "plain" : "aside");
}

function expect(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}
