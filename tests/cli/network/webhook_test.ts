/** Tests the webhook of a daemon, with a receiver on 127.0.0.1 that checks signatures as the manual says. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { homePaths } from "../../../src/base/mod.ts";
import { eventually, type Home, newPlace } from "../../support/place.ts";

interface Received {
  fields: Headers;
  body: string;
  message: {
    id: string;
    event: string;
    timeMs: number;
    package?: string;
    problem?: { about: string; text: string };
  };
}

/** A receiver of webhooks that answers with the statuses in order, and the last one for good. */
class Receiver implements AsyncDisposable {
  readonly got: Received[] = [];
  readonly statuses: number[];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(...statuses: number[]) {
    this.statuses = statuses;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async (request) => {
        const body = await request.text();
        this.got.push({ fields: request.headers, body, message: JSON.parse(body) });
        const status = this.statuses.length > 1 ? this.statuses.shift()! : this.statuses[0]!;
        return new Response("ignored", { status });
      },
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/secret-path?token=1`;
  }

  /** Waits for a message of an event. */
  async wait(event: string): Promise<Received> {
    let found: Received | undefined;
    await eventually(() => {
      found = this.got.find(({ message }) => message.event === event);
      return Promise.resolve(found !== undefined);
    });
    return found!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** Signs a message by the commands that the manual gives. */
async function signedByManual(home: Home, { fields, body }: Received): Promise<string> {
  const manual = await Deno.readTextFile(
    new URL("../../../docs/operations.md", import.meta.url),
  );
  const [, recipe] = /To check a message by hand[^]*?```sh\n([^]*?)```/.exec(manual)!;
  const directory = await Deno.makeTempDir();
  try {
    await Deno.symlink(home.path, join(directory, ".libreseed"));
    await Deno.writeTextFile(join(directory, "body"), body);
    const { stdout, stderr } = await new Deno.Command("sh", {
      args: ["-euc", recipe!],
      cwd: directory,
      env: {
        HOME: directory,
        ID: fields.get("webhook-id")!,
        TIMESTAMP: fields.get("webhook-timestamp")!,
      },
    }).output();
    assert.equal(new TextDecoder().decode(stderr), "");
    return new TextDecoder().decode(stdout).trim();
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a daemon sends signed ends of downloads and problems, and again what was refused", async () => {
  await using place = await newPlace();
  await using receiver = new Receiver(500, 202);
  const publisher = await place.home();
  const home = await place.home(null);
  await using publishing = await publisher.daemon();
  await publisher.must(["publish", "-q", await place.source("pkg", "1.0.0")]);
  await using daemon = await home.daemon(["--webhook", receiver.url]);
  await home.must(["get", "-q", "pkg"]);
  const first = await receiver.wait("download.ended");
  assert.equal(first.message.package, "pkg@1.0.0");
  assert.equal(first.fields.get("content-type"), "application/json");
  assert.equal(first.fields.get("webhook-id"), first.message.id);
  // The receiver has refused the first attempt.
  await eventually(() => Promise.resolve(receiver.got.length >= 2));
  assert.equal(receiver.got[1]!.body, first.body);
  for (const one of receiver.got.slice(0, 2)) {
    assert.equal(one.fields.get("webhook-signature"), `v1,${await signedByManual(home, one)}`);
  }
  const secretPath = homePaths(home.path).webhookSecret;
  assert.equal((await Deno.stat(secretPath)).mode! & 0o777, 0o600);
  const broken = join(home.seed, "broken-1.0.0.tgz");
  await Deno.writeTextFile(broken, "no archive");
  const began = await receiver.wait("problem.began");
  assert.equal(began.message.problem?.about, "package");
  assert.match(began.message.problem!.text, /broken/);
  await Deno.remove(broken);
  const ended = await receiver.wait("problem.ended");
  assert.deepEqual(ended.message.problem, began.message.problem);
  await eventually(async () => {
    const { webhook } = JSON.parse(await home.must(["status", "--json"]));
    return webhook.waiting === 0 && webhook.failure === undefined && webhook.lost === 0;
  });
  const secret = await Deno.readTextFile(secretPath);
  const shown = [
    daemon.process.stderr,
    await home.must(["status", "--json", "-v"]),
    ...receiver.got.map(({ body }) => body),
  ].join("\n");
  assert.ok(!shown.includes(secret.trim()), "the secret is shown nowhere");
  assert.equal(
    daemon.process.stderr.split("is not delivered yet").length,
    2,
    "one line about the failure",
  );
  assert.deepEqual((await publishing.end()).code, 0);
});

Deno.test("a receiver that is not there, or wants no more, never disturbs the daemon", async () => {
  await using place = await newPlace();
  const receiver = new Receiver(410);
  const gone = receiver.url;
  const home = await place.home();
  {
    await using daemon = await home.daemon(["--webhook", gone, "--webhook-events", "problems"]);
    await Deno.writeTextFile(join(home.seed, "broken-1.0.0.tgz"), "no archive");
    await receiver.wait("problem.began");
    await eventually(() =>
      Promise.resolve(daemon.process.stderr.includes("wants no more messages"))
    );
    const { webhook } = JSON.parse(await home.must(["status", "--json"]));
    assert.match(webhook.failure, /410/);
  }
  await receiver[Symbol.asyncDispose]();
  await using daemon = await home.daemon(["--webhook", gone]);
  await eventually(() => Promise.resolve(daemon.process.stderr.includes("is not delivered yet")));
  await home.must(["publish", "-q", await place.source("pkg", "1.0.0")]);
  assert.match(await home.must(["status"]), /messages to the webhook are not delivered/);
});

Deno.test("a webhook that leads into a private network, or has no TLS, is refused", async () => {
  await using place = await newPlace();
  const home = await place.home(null);
  const refused = await home.run(["seed", "--webhook", "http://hooks.example/"]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /is not encrypted; use https/);
  // The name localhost leads to this machine; only an address may.
  await using daemon = await home.daemon([
    ...["--webhook", "https://localhost:9/", "--allow-local=false", "--dht=false"],
  ]);
  await Deno.writeTextFile(join(home.seed, "broken-1.0.0.tgz"), "no archive");
  await eventually(() =>
    Promise.resolve(
      /is not delivered yet: localhost \(\S+\) port 9 is refused/.test(daemon.process.stderr),
    )
  );
});
