/** Tests commands whose daemon is suspended, as after SIGSTOP or Ctrl-Z. */

import assert from "node:assert/strict";
import { newPlace, together } from "../../support/place.ts";

Deno.test({
  name:
    "commands warn that the daemon does not answer while they wait, and doctor reports it as a failure",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using place = await newPlace();
    const home = await place.home();
    const source = await place.source("hello", "1.0.0");
    await using daemon = await home.daemon();
    const { pid } = daemon.process;
    daemon.process.kill("SIGSTOP");
    try {
      const waiting = [["list"], ["status"], ["announce"], ["publish", source]];
      await together(waiting.map(async (args) => {
        await using command = home.spawn(args);
        const line = new RegExp(
          `^libreseed: warning: process ${pid}, which owns .* has not answered for 3 s`,
        );
        await command.waitForLine(line, "stderr");
        command.kill("SIGINT");
        await command.result;
      }));
      const { code, stdout } = await home.run(["doctor"]);
      assert.equal(code, 1, stdout);
      assert.match(stdout, new RegExp(`^fail {2}daemon +Process ${pid}, .* for 5 s`, "m"));
    } finally {
      daemon.process.kill("SIGCONT");
    }
  },
});
