/**
 * One testnet with daemons of before the rendezvous and present ones: what either kind publishes or
 * mirrors is found by either kind of reader, in every way in which it was found before.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { freePort } from "../support/mod.ts";
import {
  type Daemon,
  eventually,
  type Home,
  newPlace,
  type Place,
  together,
} from "../support/place.ts";
import { beforeRendezvous, beside } from "./programs.ts";

const { programs, upgradeTest } = await beside(beforeRendezvous);

const kinds = ["old", "present"] as const;
type Kind = typeof kinds[number];

const VERSIONS = ["1.0.0", "1.1.0", "2.0.0"];
/** Number of further packages whose names exceed a record, so that the publisher needs a catalog. */
const MORE = 16;

const of = (kind: Kind) => ({ program: [programs[kind]] });

/** A home of which every command runs the program of one kind. */
class KindHome {
  readonly kind: Kind;
  readonly home: Home;
  /** Its daemon gets the same port after a restart, so that announcements stay true. */
  readonly #port: Promise<number> = freePort();

  constructor(kind: Kind, home: Home) {
    this.kind = kind;
    this.home = home;
  }

  must(...args: string[]): Promise<string> {
    return this.home.must(args, of(this.kind));
  }

  async daemon(...args: string[]): Promise<Daemon> {
    return await this.home.daemon(["--port", `${await this.#port}`, ...args], of(this.kind));
  }

  archives(): number {
    return this.home.files().filter((name) => name.endsWith(".tgz")).length;
  }
}

const newHome = async (place: Place, kind: Kind) => new KindHome(kind, await place.home(null));

/** A publisher with an identity, and the name of its package. */
interface Publisher extends KindHome {
  name: string;
  identity: string;
}

async function newPublisher(place: Place, kind: Kind): Promise<Publisher> {
  const home = await newHome(place, kind);
  await home.must("keygen", "--root-out", join(place.path, `${kind}.key`));
  const { identity } = JSON.parse(await home.must("key", "show", "--json"));
  return Object.assign(home, { name: `of-${kind}`, identity });
}

/** Publishes all versions, and `more` further packages. */
async function publish(place: Place, publisher: Publisher, more: number): Promise<void> {
  const { name } = publisher;
  for (const version of VERSIONS) {
    await publisher.must("publish", "-q", await place.source(name, version, `${name} ${version}`));
  }
  const others = Array.from(
    { length: more },
    (_, i) => place.source(`${name}-${i}-${"x".repeat(50)}`, "1.0.0"),
  );
  if (more > 0) await publisher.must("publish", "-q", ...await Promise.all(others));
}

/** Request of a reader, and the version that it gets. */
function questions({ name, identity }: Publisher): [what: string, version: string][] {
  return [
    [name, "2.0.0"],
    [`${identity}/${name}`, "2.0.0"],
    [`${identity}/${name}@^1`, "1.1.0"],
    [`${identity}/${name}@1.0.0`, "1.0.0"],
  ];
}

/** Has a new reader of one kind resolve and get every version, in every way. */
async function readsAll(place: Place, kind: Kind, publisher: Publisher): Promise<void> {
  const reader = await newHome(place, kind);
  for (const [what, version] of questions(publisher)) {
    const [line] = (await reader.must("resolve", what)).split("\n");
    const found = JSON.parse(line!);
    assert.deepEqual([found.name, found.version], [publisher.name, version], `${kind}: ${what}`);
    const target = join(reader.home.path, `got-${version}-${crypto.randomUUID()}`);
    await reader.must("get", what, "-o", target);
    assert.equal(
      await Deno.readTextFile(join(target, "read me.txt")),
      `${publisher.name} ${version}`,
      `${kind}: ${what}`,
    );
  }
}

/** Returns how many records of each kind a home announces: `manifest`, `announce`, `publisher`. */
async function keptBy(home: KindHome): Promise<Record<string, number>> {
  const { stdout } = await home.home.run(["announce", "--json"], of(home.kind));
  const counts: Record<string, number> = {};
  for (const line of stdout.split("\n").filter(Boolean)) {
    const { kind } = JSON.parse(line);
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** Has all nodes of the testnet forget every record, as if it had expired. */
function forgetAll({ testnet }: Place): void {
  for (const node of testnet.nodes) for (const target of node.storedTargets()) node.forget(target);
}

for (const [more, where] of [[0, "a record"], [MORE, "a catalog"]] as const) {
  upgradeTest(
    `what old and present publishers list in ${where} is found by old and present readers, also from one mirror of either kind`,
    async () => {
      await using place = await newPlace();
      const publishers = await together(kinds.map((kind) => newPublisher(place, kind)));
      const mirrors = await together(kinds.map((kind) => newHome(place, kind)));
      const running = new Map<KindHome, Daemon>();
      const start = async (home: KindHome, ...args: string[]) =>
        void running.set(home, await home.daemon(...args));
      const end = async (home: KindHome) => {
        await running.get(home)!.end();
        running.delete(home);
      };
      try {
        for (const publisher of publishers) {
          await start(publisher);
          await publish(place, publisher, more);
        }
        for (const publisher of publishers) {
          for (const kind of kinds) await readsAll(place, kind, publisher);
        }

        for (const mirror of mirrors) {
          for (const { identity } of publishers) await mirror.must("follow", identity);
          await start(mirror, "--mirror");
        }
        const all = publishers.length * (VERSIONS.length + more);
        await eventually(() => mirrors.every((mirror) => mirror.archives() === all));
        for (const mirror of mirrors) {
          // The records of the packages, and the list and publisher record of each publisher.
          await eventually(async () => {
            const kept = await keptBy(mirror);
            return kept.manifest === all &&
              [kept.announce, kept.publisher].every((count) => count === publishers.length);
          });
        }
        for (const publisher of publishers) await end(publisher);
        for (const mirror of mirrors) await end(mirror);
        // Each mirror is the only seeder for a while, and has to bring back what the DHT has forgotten.
        for (const mirror of mirrors) {
          forgetAll(place);
          await start(mirror, "--mirror");
          await eventually(async () =>
            JSON.parse(await mirror.must("status", "--json")).packages === all
          );
          await mirror.must("announce");
          for (const publisher of publishers) {
            for (const kind of kinds) await readsAll(place, kind, publisher);
          }
          await end(mirror);
        }
      } finally {
        for (const daemon of running.values()) await daemon[Symbol.asyncDispose]();
      }
    },
  );
}

upgradeTest(
  "a present mirror without a budget is found by present readers, and by old ones after `announce`",
  async () => {
    await using place = await newPlace();
    const publisher = await newPublisher(place, "old");
    const { name, identity } = publisher;
    const mirror = await newHome(place, "present");
    await mirror.home.configure("announce-budget: 0\n");
    {
      await using seeding = await publisher.daemon();
      await publish(place, publisher, 0);
      await mirror.must("follow", identity);
      await using mirroring = await mirror.daemon("--mirror");
      await eventually(() => mirror.archives() === VERSIONS.length);
      await eventually(async () => {
        const { announce, publisher } = await keptBy(mirror);
        return announce === 1 && publisher === 1;
      });
      await mirroring.end();
      await seeding.end();
    }
    forgetAll(place);
    await using mirroring = await mirror.daemon("--mirror");
    const status = async () => JSON.parse(await mirror.must("status", "--json"));
    await eventually(async () => (await status()).packages === VERSIONS.length);
    await eventually(async () => (await status()).announcing.unannounced > 0);
    await mirror.must("announce");
    await readsAll(place, "present", publisher);

    await mirror.must("announce", `${name}@1.0.0`);
    const reader = await newHome(place, "old");
    await reader.must("get", `${identity}/${name}@1.0.0`);
    assert.equal(reader.archives(), 1);
    await mirroring.end();
  },
);
