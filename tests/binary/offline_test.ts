/** Tests the compiled program without any network, not even loopback. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { runCli, temporaryHome } from "../support/mod.ts";
import { binary, binaryTest, packageSource, works } from "./support.ts";

const noNetwork = ["unshare", "--map-root-user", "--net"];
const canUnshare = binary !== "" && await works(noNetwork[0]!, ...noNetwork.slice(1), "true");

binaryTest("keys, packing, verifying and help need no network (unshare)", async () => {
  await using home = await temporaryHome();
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCli(args, {
      home,
      cwd: home.path,
      program: [...noNetwork, binary],
    });
    assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  };
  assert.match(await run("help"), /keygen/);
  const key = await run("keygen", "--signing-only");
  await packageSource(join(home.path, "source"));
  const archive = await run("pack", "source", "--name=offline", "--version=1.0.0");
  assert.match(await run("verify", archive), new RegExp(RegExp.escape(key)));
  assert.equal(await run("list"), "");
}, { ignore: !canUnshare });
