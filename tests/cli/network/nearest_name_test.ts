/** Tests the suggestions of `libreseed` for a misspelt package name. */

import assert from "node:assert/strict";
import { newPlace, together } from "../../support/place.ts";

Deno.test("each command that takes a name suggests the nearest known one", async () => {
  await using place = await newPlace();
  const home = await place.home();
  await using daemon = await home.daemon();
  await home.must(["publish", "-q", await place.source("lodash", "1.0.0")]);
  const commands = [
    ["get", "lodahs"],
    ["get", `${home.publicKey}/lodahs`],
    ["get", `${home.publicKey}/lodahs@1.0.0`],
    ["install", "lodahs"],
    ["resolve", "lodahs"],
    ["resolve", "--all", "lodahs"],
    ["manifest", "get", "lodahs@1.0.0"],
    ["remove", "lodahs@1.0.0"],
    ["status", "lodahs"],
    ["announce", "lodahs"],
    ["trust", "remove", "lodahs"],
    ["search", "lodahs"],
    ["link", "lodahs"],
    ["uninstall", "lodahs"],
    ["store", "list", "lodahs"],
  ];
  await together(commands.map(async (args) => {
    const { code, stderr } = await home.run(args, { timeoutMs: 120_000 });
    assert.equal(code, 3, `${args.join(" ")}: ${stderr}`);
    assert.match(stderr, / Did you mean lodash\?\n$/, args.join(" "));
  }));
  const json = await home.run(["store", "list", "lodahs", "--json"]);
  assert.equal(JSON.parse(json.stderr).error.detail.didYouMean, "lodash");
  // A known name gets no suggestion, and neither does a name that resembles no known name.
  for (const spec of ["lodash@9.0.0", "something-else@1.0.0"]) {
    const { code, stderr } = await home.run(["remove", spec]);
    assert.equal(code, 3, stderr);
    assert(!stderr.includes("Did you mean"), stderr);
  }
  await daemon.end();
});

Deno.test("names from the lists of followed publishers are suggested too", async () => {
  await using place = await newPlace();
  const [publisher, reader] = [await place.home(), await place.home(null)];
  await using daemon = await publisher.daemon();
  await publisher.must(["publish", "-q", await place.source("left-pad", "1.0.0")]);
  await reader.must(["follow", publisher.publicKey]);
  const { code, stderr } = await reader.run(["get", "left-pda"]);
  assert.equal(code, 3, stderr);
  assert.match(stderr, /Did you mean left-pad\?\n$/);
  await daemon.end();
});
