/** Tests `examples/logrotate` with Debian's logrotate and a daemon that logs to a file. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { commandLine } from "../support/cli.ts";
import { isInstalled } from "../support/installed.ts";
import { runCli } from "../support/mod.ts";
import { eventually, newPlace } from "../support/place.ts";

const example = fileURLToPath(new URL("../../examples/logrotate/libreseed", import.meta.url));

Deno.test({
  name: "logrotate rotates the log of a daemon that goes on writing to it (logrotate)",
  ignore: !isInstalled("logrotate"),
  async fn() {
    await using place = await newPlace({ nodes: 1 });
    const home = await place.home(null);
    const logs = join(place.path, "logs");
    await Deno.mkdir(logs, { mode: 0o755 });
    const [log, config] = [join(logs, "daemon.log"), join(place.path, "logrotate.conf")];
    const text = (await Deno.readTextFile(example)).replaceAll(
      "/var/log/libreseed/*.log {",
      () => `${logs}/*.log {`,
    );
    assert(text.includes(`\n${logs}/*.log {\n`));
    await Deno.writeTextFile(config, text, { mode: 0o600 });
    const rotate = async (...flags: string[]) => {
      const args = [...flags, "--state", join(place.path, "state"), config];
      // Debian installs logrotate beyond the PATH of ordinary users.
      const path = `${Deno.env.get("PATH")}:/usr/sbin`;
      const found = await runCli(args, { program: ["logrotate"], env: { PATH: path } });
      assert.equal(found.code, 0, found.stderr);
      return found.stdout + found.stderr;
    };

    // As the example says: the shell opens the file for appending.
    await using daemon = home.spawn(["seed"], {
      program: ["sh", "-c", 'exec "$@" >> "$0" 2>&1', log, ...commandLine()],
      timeoutMs: 600_000,
    });
    const linesOf = (path: string) => Deno.readTextFileSync(path).split("\n").slice(0, -1);
    const reloaded = async (setting: string) => {
      await home.configure(setting);
      await home.must(["reload"]);
    };
    await eventually(() => linesOf(log).some((line) => line.startsWith("ready: port ")));
    await reloaded("upload-limit: 1MiB\n");
    await eventually(() =>
      linesOf(log).some((line) => line.endsWith("in force now: upload-limit"))
    );
    const before = linesOf(log);

    assert.match(await rotate("--debug"), /rotating log .*daemon\.log|log does not need rotating/);
    assert.deepEqual(linesOf(log), before, "--debug changes nothing");
    await rotate("--force");
    assert.deepEqual(linesOf(`${log}.1`), before);
    assert.equal(Deno.statSync(log).size, 0);

    await reloaded("upload-limit: 2MiB\ndownload-limit: 1MiB\n");
    await eventually(() =>
      linesOf(log).some((line) => /in force now: .*download-limit/.test(line))
    );
    // No hole of zeros in front: the file was opened for appending.
    const after = linesOf(log);
    assert(
      after.every((line) => /^\d{4}-\d\d-\d\dT[\d:.]+Z (info|warn) /.test(line)),
      after.join(),
    );

    await rotate("--force");
    assert.deepEqual(linesOf(`${log}.1`), after);
    const unpacked = await runCli(["-dc", `${log}.2.gz`], { program: ["gzip"] });
    assert.deepEqual(unpacked.stdout.split("\n").slice(0, -1), before);
    await home.must(["stop"]);
    assert.equal((await daemon.status).code, 0);
  },
});
