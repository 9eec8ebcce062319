/**
 * `libreseed seed`: runs the daemon in the foreground.
 *
 * @module
 */

import { errorToData, formatHostPort, LibraryLines, takeConsole } from "../../base/mod.ts";
import { defineCommand } from "../flags/command.ts";
import {
  archiveSettings,
  daemonSettings,
  networkSettings,
  transferSettings,
} from "../flags/common_flags.ts";
import { exitCodes } from "../process/exit_codes.ts";

export default defineCommand<Record<never, never>, []>({
  description:
    "Seeds the packages in the seed directory and keeps their records alive in the DHT, until Ctrl-C, " +
    "SIGTERM or `libreseed stop`; a second signal ends it at once. Other commands of the same home " +
    "borrow its engine. Prints one line when it is ready.",
  examples: [
    "libreseed seed",
    "libreseed seed --port 7000 --http 127.0.0.1:9881",
    "libreseed seed --mirror --max-disk 50GiB",
  ],
  settings: [
    "home",
    "dir",
    ...networkSettings,
    ...archiveSettings,
    ...transferSettings,
    ...daemonSettings,
  ],
  home: "created",
  parameters: {},
  async run({ output, io, settings }) {
    const { values, origins } = await settings();
    let { logLevel, logFormat } = values;
    const { stderrIsJournal } = io;
    output.logAs({
      level: () => logLevel,
      style: () =>
        output.json || logFormat === "json" ? "json" : stderrIsJournal ? "journal" : "text",
    });
    const logsDetails = () => output.verbose || logLevel === "debug";
    const lines = new LibraryLines(io.clock, (line) => {
      output.detail(line);
      if (logsDetails()) keep(line);
    });
    let keep = (_line: string) => {};
    using _console = takeConsole((args) => lines.hear(args));
    const { LogLines, runDaemon } = await import("../../host/mod.ts");
    const log = new LogLines(io.clock);
    keep = (line) => log.add("debug", line);
    const failed = (error: unknown) => {
      output.error(error);
      log.add("error", errorToData(error).message);
    };
    await runDaemon({
      settings: values,
      origins,
      clock: io.clock,
      launcher: io.launcher,
      signal: io.signal,
      listeners: {
        onNotice: (message) => output.notice(message),
        onWarning: (message) => output.warning(message),
        onDetail: (message) => output.detail(message),
      },
      readSettings: async () => {
        const anew = await settings({ anew: true });
        ({ logLevel, logFormat } = anew.values);
        return anew;
      },
      log,
      logsDetails,
      onReload: (reload) => io.onHangUp(() => void reload().catch(failed)),
      onReady: ({ port, nodeId, seedDirectory, dht, pid, network }, http) => {
        const node = dht.state === "off" ? `dht off (${dht.why})` : `node ${nodeId}`;
        const ready = `ready: port ${port}, ${node}, seed directory ${seedDirectory}` +
          (network.lacks === undefined ? "" : `; ${network.lacks}`);
        output.result(
          { ready: true, port, nodeId, seedDirectory, dht, pid, http, lacks: network.lacks },
          ready,
        );
        log.add("info", ready);
        if (!http) return;
        for (
          const message of [
            `http://${
              formatHostPort(http)
            }/ shows this daemon; also /v1/, /metrics, /healthz, /readyz`,
            "changes over HTTP need the token that `libreseed token show` prints",
          ]
        ) {
          output.notice(message);
          log.add("info", message);
        }
      },
    });
    return exitCodes.done;
  },
});
