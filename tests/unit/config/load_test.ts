/**
 * Loading settings: precedence of their sources, validation, and the messages for mistakes.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  ConfigError,
  loadSettings,
  settingDefinitions,
  type SettingFlags,
  variableOf,
  workerSettings,
} from "../../../src/config/mod.ts";

interface Given {
  flags?: SettingFlags;
  env?: Record<string, string>;
  file?: string;
}

const configPath = "/users/ann/.libreseed/config.yaml";

function load({ flags = {}, env = {}, file }: Given) {
  return loadSettings({
    flags,
    env,
    cwd: "/here",
    userHome: "/users/ann",
    readFile: (path) => Promise.resolve(path === configPath ? file : undefined),
  });
}

async function refuses(given: Given, code: string, ...parts: (string | RegExp)[]): Promise<void> {
  await assert.rejects(load(given), (error) => {
    assert(error instanceof ConfigError, String(error));
    assert.equal(error.kind, "usage");
    assert.equal(error.code, code);
    for (const part of parts) {
      assert(
        typeof part === "string" ? error.message.includes(part) : part.test(error.message),
        `${error.message} does not say ${part}`,
      );
    }
    return true;
  });
}

Deno.test("with nothing set, every setting has its default", async () => {
  const { values, origins, configPath: path } = await load({});
  assert.equal(path, configPath);
  assert.equal(values.home, "/users/ann/.libreseed");
  assert.equal(values.dir, "/users/ann/.libreseed/seed");
  assert.equal(values.port, 6881);
  assert.deepEqual(values.bootstrap[0], { host: "router.bittorrent.com", port: 6881 });
  assert.equal(values.bootstrap.length, 3);
  assert.equal(values.dht, true);
  assert.equal(values.allowLocal, false);
  assert.equal(values.timeoutMs, 60_000);
  assert.equal(values.minNodes, 8);
  assert.equal(values.storeNodes, 8);
  assert.equal(values.reannounceIntervalMs, 3_000_000);
  assert.equal(values.uploadBytesPerSecond, 0);
  assert.equal(values.http, undefined);
  assert.equal(values.watch, "events");
  for (const { key } of settingDefinitions) {
    assert.deepEqual(origins[key], { source: "default", where: "default" }, key);
  }
});

Deno.test("every row of the table fills its own property", async () => {
  const { values } = await load({});
  const properties = settingDefinitions.map((definition) => definition.property);
  assert.deepEqual(Object.keys(values).sort(), [...properties].sort());
  assert.equal(new Set(properties).size, properties.length);
});

Deno.test("a flag beats a variable, which beats the file, which beats the default", async () => {
  const file = "port: 3\ntimeout: 3s\nmin-nodes: 3\n";
  const env = { LIBRESEED_PORT: "2", LIBRESEED_TIMEOUT: "2s" };
  const { values, origins } = await load({ flags: { port: "1" }, env, file });
  assert.deepEqual(
    [values.port, values.timeoutMs, values.minNodes, values.storeNodes],
    [1, 2_000, 3, 8],
  );
  assert.deepEqual(origins.port, { source: "flag", where: "--port" });
  assert.deepEqual(origins.timeout, { source: "env", where: "LIBRESEED_TIMEOUT" });
  assert.deepEqual(origins["min-nodes"], { source: "file", where: `${configPath}:3` });
  assert.equal(origins["store-nodes"].source, "default");
});

Deno.test("the home decides where the config file and the seed directory are", async () => {
  const asked: string[] = [];
  const { values } = await loadSettings({
    flags: { home: "elsewhere" },
    env: { LIBRESEED_HOME: "/not/here" },
    cwd: "/here",
    userHome: "/users/ann",
    readFile: (path) => {
      asked.push(path);
      return Promise.resolve("dir: archive\n");
    },
  });
  assert.equal(values.home, "/here/elsewhere");
  assert.deepEqual(asked, ["/here/elsewhere/config.yaml"]);
  assert.equal(values.dir, "/here/elsewhere/archive");
});

Deno.test("a relative path starts at the file that names it, or at the working directory", async () => {
  assert.equal((await load({ file: "dir: a b" })).values.dir, "/users/ann/.libreseed/a b");
  assert.equal((await load({ env: { LIBRESEED_DIR: "x/../y" } })).values.dir, "/here/y");
  assert.equal((await load({ flags: { dir: "~/s" } })).values.dir, "/users/ann/s");
  assert.equal((await load({ flags: { dir: "~s" } })).values.dir, "/here/~s");
});

Deno.test("a dollar sign in the home is kept in the default of the seed directory", async () => {
  const { values } = await load({ flags: { home: "/a/$&/$1" } });
  assert.equal(values.dir, "/a/$&/$1/seed");
});

Deno.test("a list of nodes may be repeated flags, commas, a YAML list, or empty", async () => {
  const two = [{ host: "a", port: 1 }, { host: "b", port: 2 }];
  const of = async (given: Given) => (await load(given)).values.bootstrap;
  assert.deepEqual(await of({ flags: { bootstrap: ["a:1", "b:2"] } }), two);
  assert.deepEqual(await of({ flags: { bootstrap: ["a:1,b:2"] } }), two);
  assert.deepEqual(await of({ env: { LIBRESEED_BOOTSTRAP: "a:1, b:2" } }), two);
  assert.deepEqual(await of({ file: "bootstrap:\n  - a:1\n  - b:2\n" }), two);
  assert.deepEqual(await of({ file: "bootstrap: [a:1, 'b:2']\n" }), two);
  assert.deepEqual(await of({ file: "bootstrap: a:1, b:2\n" }), two);
  assert.deepEqual(await of({ file: "bootstrap: []\n" }), []);
  assert.deepEqual(await of({ env: { LIBRESEED_BOOTSTRAP: "" } }), []);
  assert.deepEqual(await of({ flags: { bootstrap: ["none"] } }), []);
});

Deno.test("switches take true and false in words, figures and flags", async () => {
  for (const yes of ["true", "yes", "on", "1", "True"]) {
    assert.equal(
      (await load({ env: { LIBRESEED_ALLOW_LOCAL: yes } })).values.allowLocal,
      true,
      yes,
    );
  }
  for (const no of ["false", "no", "off", "0"]) {
    assert.equal((await load({ file: `dht: ${no}` })).values.dht, false, no);
  }
  assert.equal((await load({ flags: { dht: false }, file: "dht: true" })).values.dht, false);
  await refuses({ env: { LIBRESEED_DHT: "maybe" } }, "BAD_SETTING", "LIBRESEED_DHT", "maybe");
});

Deno.test("the HTTP page is off or at an address, any free port included", async () => {
  assert.deepEqual((await load({ file: "http: '[::1]:0'" })).values.http, { host: "::1", port: 0 });
  assert.equal(
    (await load({ file: "http: 127.0.0.1:9", flags: { http: "off" } })).values.http,
    undefined,
  );
});

Deno.test("the names of the HTTP page are a list of hosts without ports, in lower case", async () => {
  const of = async (file: string) => (await load({ file })).values.httpHosts;
  assert.deepEqual(await of(""), []);
  assert.deepEqual(await of("http-hosts: none"), []);
  assert.deepEqual(await of("http-hosts: Monitor.example, 192.0.2.7"), [
    "monitor.example",
    "192.0.2.7",
  ]);
  assert.deepEqual(await of("http-hosts: ['[2001:db8::1]', '2001:db8::2']"), [
    "[2001:db8::1]",
    "2001:db8::2",
  ]);
  for (const bad of ["monitor.example:80", "http://x", "a b", "'*'", "x@y", "'[::1]:80'"]) {
    await refuses({ file: `http-hosts: ${bad}\n` }, "BAD_SETTING", "http-hosts");
  }
});

Deno.test("a value out of its limits is refused and the limits are named", async () => {
  const cases: [string, string, string][] = [
    ["port", "65536", "65536 is not from 0 to 65535"],
    ["port", "-1", "-1 is not from 0 to 65535"],
    ["min-nodes", "0", "from 1 to 20"],
    ["store-nodes", "21", "from 1 to 20"],
    ["reannounce-interval", "59s", "at least 60 s"],
    ["reannounce-interval", "121m", "at most 7200 s"],
    ["timeout", "0", "at least 0.1 s"],
    ["dht-rate", "0", "from 1 to"],
    ["max-archive-size", "0", "at least 1 bytes"],
  ];
  for (const [key, text, limits] of cases) {
    await refuses({ flags: { [key]: text } }, "BAD_SETTING", `--${key}: `, limits);
  }
});

Deno.test("a value at its limit is taken", async () => {
  const flags = { port: "0", "min-nodes": "20", "reannounce-interval": "1m", "upload-limit": "0" };
  const { values } = await load({ flags });
  assert.equal(values.port, 0);
  assert.equal(values.minNodes, 20);
  assert.equal(values.reannounceIntervalMs, 60_000);
  assert.equal(
    (await load({ flags: { "reannounce-interval": "2h" } })).values.reannounceIntervalMs,
    7_200_000,
  );
});

Deno.test("a malformed value is refused with the flag, the variable, or the file and line", async () => {
  for (const text of ["", "abc", "1.5", "0x10", "1e3", "1 2"]) {
    await refuses({ flags: { port: text } }, "BAD_SETTING", "--port: ");
  }
  await refuses(
    { env: { LIBRESEED_TIMEOUT: "soon" } },
    "BAD_SETTING",
    "LIBRESEED_TIMEOUT: ",
    "soon",
  );
  await refuses(
    { file: "# first\n\nwatch: sometimes\n" },
    "BAD_SETTING",
    `${configPath}:3: watch: `,
    "sometimes",
    "poll, events, off",
  );
  await refuses({ flags: { bootstrap: ["a:1", "b"] } }, "BAD_SETTING", "--bootstrap: ", '"b"');
  await refuses({ env: { LIBRESEED_DIR: "" } }, "BAD_SETTING", "LIBRESEED_DIR", "is empty");
  await refuses({ flags: { dir: "a\0b" } }, "BAD_SETTING", "--dir", "NUL");
});

Deno.test("a value that a flag overrides is not even looked at", async () => {
  const env = { LIBRESEED_PORT: "not a port" };
  assert.equal((await load({ flags: { port: "5" }, env })).values.port, 5);
});

Deno.test("an unknown variable is refused, with the nearest one", async () => {
  await refuses(
    { env: { LIBRESEED_PROT: "1" } },
    "UNKNOWN_SETTING",
    "LIBRESEED_PROT",
    "did you mean LIBRESEED_PORT?",
  );
  await refuses({ env: { LIBRESEED_XYZZY_PLUGH: "" } }, "UNKNOWN_SETTING", /no such setting$/);
});

Deno.test("variables of others are none of our business", async () => {
  await load({ env: { HOME: "/x", LIBRESEEDX: "1", MY_LIBRESEED_PORT: "x", libreseed_port: "x" } });
});

Deno.test("each setting has the variable that its key spells", () => {
  assert.equal(variableOf("reannounce-interval"), "LIBRESEED_REANNOUNCE_INTERVAL");
});

Deno.test("whoever looks for a DHT port learns that there is one port", async () => {
  const says = "share the one port number, set port";
  await refuses({ file: "dht-port: 6882" }, "UNKNOWN_SETTING", `${configPath}:1`, says);
  await refuses(
    { env: { LIBRESEED_DHT_PORT: "6882" } },
    "UNKNOWN_SETTING",
    "LIBRESEED_DHT_PORT",
    says,
  );
});

Deno.test("an unreadable config file is an error that names it and keeps the cause", async () => {
  const cause = new Deno.errors.PermissionDenied("no");
  const promise = loadSettings({
    flags: {},
    env: {},
    cwd: "/",
    userHome: "/users/ann",
    readFile: () => Promise.reject(cause),
  });
  await assert.rejects(promise, (error) => {
    assert(error instanceof ConfigError);
    assert.equal(error.code, "CONFIG_UNREADABLE");
    assert.equal(error.cause, cause);
    return error.message.includes(configPath);
  });
});

Deno.test("a seed directory that contains the private key is refused", async () => {
  const home = "/users/ann/.libreseed";
  for (const dir of [home, `${home}/keys`, "/users/ann", "/", `${home}/seed/..`]) {
    await refuses({ flags: { dir } }, "BAD_SETTING", "--dir", "private key");
  }
  await refuses({ file: "dir: ." }, "BAD_SETTING", `${configPath}:1`, "private key");
  for (const dir of [`${home}/seed`, `${home}/keys2`, "/big"]) await load({ flags: { dir } });
});

Deno.test("a record cannot be wanted on more nodes than it is put to", async () => {
  const fewer = await load({ flags: { "store-nodes": "4" } });
  assert.deepEqual([fewer.values.storeNodes, fewer.values.minNodes], [4, 4]);
  const more = await load({ file: "min-nodes: 12" });
  assert.deepEqual([more.values.storeNodes, more.values.minNodes], [12, 12]);
  const both = { env: { LIBRESEED_STORE_NODES: "4" }, file: "min-nodes: 4" };
  assert.equal((await load(both)).values.minNodes, 4);
  await refuses(
    { flags: { "min-nodes": "5" }, file: "store-nodes: 4" },
    "BAD_SETTING",
    /^--min-nodes: .* 5, .* 4 .*config\.yaml:1\)$/,
  );
});

Deno.test("the worker's settings keep their names, units and values, and no other is among them", async () => {
  const { values } = await load({ flags: { "upload-limit": "0", "download-limit": "5KiB" } });
  assert.deepEqual(Object.keys(workerSettings(values)).sort(), [
    ...["allowLocal", "dhtPacketsPerSecond", "downloadBytesPerSecond", "encryption"],
    ...["maxConnections", "maxIncoming"],
    ...["minNodes", "reannounceIntervalMs", "storeNodes", "transport", "uploadBytesPerSecond"],
  ]);
  for (const [name, value] of Object.entries(workerSettings(values))) {
    assert.equal(value, values[name as keyof typeof values]);
  }
});
