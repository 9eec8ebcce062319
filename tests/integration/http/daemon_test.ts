/** Tests that a real daemon answers each route that reads as its schema says. */

import assert from "node:assert/strict";
import { join } from "node:path";
import * as v from "valibot";
import { Validator } from "@seriousme/openapi-schema-validator";
import { routes } from "../../../src/api/mod.ts";
import { createClient } from "../../../src/api_client/mod.ts";
import type { PackageJson } from "../../../src/control/mod.ts";
import { fromHex, homePaths, systemClock } from "../../../src/base/mod.ts";
import { StateDatabase } from "../../../src/store/mod.ts";
import { eventually, newPlace } from "../../support/place.ts";

Deno.test("a daemon answers each route that reads as its schema says, and obeys the token", async () => {
  await using place = await newPlace();
  const home = await place.home();
  await home.must(["publish", await place.source("@scope/hello", "1.0.0")]);
  await using daemon = await home.daemon(["--http", "127.0.0.1:0"]);
  const [, baseUrl] = await daemon.process.waitForLine(/(http:\/\/127\.0\.0\.1:\d+)\/ shows/);
  const get = async (path: string) => {
    const response = await fetch(baseUrl + path);
    assert.equal(
      response.status,
      200,
      `${path}: ${response.status} ${await response.clone().text()}`,
    );
    return await response.json();
  };
  const [one] = await eventually<PackageJson[]>(async () => {
    const list = await get("/v1/packages");
    return list[0]?.seeding && list;
  });
  for (const [key, route] of Object.entries(routes)) {
    const [method, template] = key.split(" ") as [string, string];
    if (method !== "GET" || "events" in route && route.events) continue;
    const path = template.replace("{name}", encodeURIComponent(one!.name))
      .replace("{version}", one!.version);
    const answer = await get(path);
    // Members that the schema does not know would be missing in what it has parsed.
    assert.deepEqual(v.parse(route.answer as v.GenericSchema, answer), answer, key);
  }
  const description = await get("/v1/openapi.json");
  assert.deepEqual(await new Validator().validate(description), { valid: true });
  const page = await fetch(`${baseUrl}/`);
  assert.equal(page.status, 200);
  assert.match(page.headers.get("content-security-policy")!, /^default-src 'none'/);
  await page.body?.cancel();

  // A new token takes effect at once.
  const token = (await home.must(["token", "show"])).trim();
  const reload = (secret: string) =>
    createClient({ baseUrl: baseUrl!, token: secret }).post("/v1/reload");
  assert.deepEqual((await reload(token)).needRestart, []);
  const renewed = (await home.must(["token", "new"])).trim();
  assert.notEqual(renewed, token);
  await assert.rejects(reload(token), { code: "API_TOKEN", status: 401 });
  assert.deepEqual((await reload(renewed)).needRestart, []);
  // A file that others can read is not used, and the command says what to do.
  await Deno.chmod(join(home.path, "http.token"), 0o644);
  await assert.rejects(reload(renewed), { code: "API_TOKEN_UNUSABLE" });
  const { code, stderr } = await home.run(["token", "show"]);
  assert.equal(code, 1);
  assert.match(stderr, /http\.token can be read by other users.*libreseed token new/);
  const third = (await home.must(["token", "new"])).trim();

  const api = createClient({ baseUrl: baseUrl!, token: third });
  const events = api.events({ kinds: ["rates"] });
  const { value } = await events.next();
  assert.equal(value?.kind, "rates");
  await events.return();
  await api.delete("/v1/packages/{name}/{version}", {
    params: { name: one!.name, version: one!.version },
  });
  assert.deepEqual(await api.get("/v1/packages"), []);
  await api.post("/v1/stop");
  assert.equal((await daemon.process.status).code, 0);
});

Deno.test("what a user adds, publishes or removes over HTTP is not the mirror's any more", async () => {
  await using place = await newPlace();
  const home = await place.home();
  await home.must(["publish", await place.source("hello", "1.0.0")]);
  await using daemon = await home.daemon(["--http", "127.0.0.1:0", "--http-publish"]);
  const [, baseUrl] = await daemon.process.waitForLine(/(http:\/\/127\.0\.0\.1:\d+)\/ shows/);
  const token = (await home.must(["token", "show"])).trim();
  const api = createClient({ baseUrl: baseUrl!, token });
  const params = { name: "hello", version: "1.0.0" };
  const infoHash = await eventually(async () => {
    const { package: one } = await api.get("/v1/packages/{name}/{version}", { params });
    return one.seeding ? one.infoHash : undefined;
  });
  const archive = await Deno.readFile(join(home.path, "seed", "hello-1.0.0.tgz"));
  using state = StateDatabase.open(homePaths(home.path).state, systemClock);
  const bytes = fromHex(infoHash)!;
  const actions = [
    () => api.post("/v1/archives", { archive }),
    () => api.post("/v1/publish", { archive }),
    () => api.delete("/v1/packages/{name}/{version}", { params }),
  ];
  for (const act of actions) {
    state.mirrored.hold(bytes, systemClock.now());
    await act();
    assert.equal(state.mirrored.isHeld(bytes), false, `${act}`);
  }
});
