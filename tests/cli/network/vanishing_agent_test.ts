/** Tests `publish` with a signing key in an SSH agent that ends in the middle, by running the program. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { formatPublicKey, readKeyFile } from "../../../src/identity/mod.ts";
import { vanishingAgent } from "../../support/agent_messages.ts";
import { newPlace } from "../../support/place.ts";

/** Signatures of a publish: both manifests, the record of the version, the entry of the name, the list. */
const SIGNATURES = 5;
/** Number of signatures after which the archive is in the seed directory. */
const BEFORE_PLACED = 3;

Deno.test("a publish whose SSH agent vanishes changes nothing, or says what is left, and is completed by the next one", async () => {
  await using place = await newPlace();
  const home = await place.home(null);
  await home.must(["keygen", "--root-out", join(place.path, "root.key")]);
  const path = join(home.path, "keys", "publisher.key");
  const pair = await readKeyFile(path);
  await Deno.remove(path);
  let version = "";
  let source = "";
  const publish = async (count: number) => {
    const socket = join(place.path, `agent-${count}`);
    await using _ = vanishingAgent(socket, pair, count);
    const key = `ssh-agent:${formatPublicKey(pair.publicKey)}`;
    const options = { env: { SSH_AUTH_SOCK: socket } };
    return await home.run(["publish", "--json", "--key", key, source], options);
  };
  for (let count = 0; count < SIGNATURES; count++) {
    version = `1.0.${count}`;
    source = await place.source("hello", version);
    const { code, stdout, stderr } = await publish(count);
    const { error } = JSON.parse(stderr.trimEnd().split("\n").at(-1)!);
    // The entry of the name is left out with a warning, and then the agent is not there at all.
    const isGone = count === BEFORE_PLACED;
    assert.deepEqual(
      [count, code, stdout, error.code],
      [count, isGone ? 3 : 1, "", isGone ? "AGENT_NOT_FOUND" : "AGENT_FAILED"],
      stderr,
    );
    assert.match(error.message, /^The SSH agent /);
    const isPlaced = count >= BEFORE_PLACED;
    assert.equal(home.files().includes(`hello-${version}.tgz`), isPlaced);
    assert.deepEqual(error.detail?.unfinished, isPlaced ? [`hello@${version}`] : undefined);
    assert.equal(error.message.includes(`${version} is in the seed directory`), isPlaced);
  }
  // The last version is in the seed directory, and the same command completes it.
  const { code, stderr } = await publish(SIGNATURES);
  assert.equal(code, 0, stderr);
  assert.match(await home.must(["resolve", "hello"]), new RegExp(`hello@${version}`));
});
