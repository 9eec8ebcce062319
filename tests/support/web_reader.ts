/**
 * Engines that download from web seeds on this machine, through a gate.
 *
 * @module
 */

import { type Clock, systemClock } from "../../src/base/mod.ts";
import type { DownloadProgress, WebSeedStatus } from "../../src/engine/mod.ts";
import { GateClient } from "../../src/gate/mod.ts";
import { connectGate } from "../../src/gate_thread/mod.ts";
import { TestEngine } from "./engines.ts";
import type { SampleTorrent } from "./torrents.ts";

/** A clock that runs faster than the time of day, so that no test waits for web seeds. */
export const hurried: Clock = {
  now: () => systemClock.now() * 8,
  after: (ms, fire) => systemClock.after(ms / 8, fire),
};

/** An engine that reaches web servers through a gate. */
export async function webReader(options: Partial<Parameters<typeof TestEngine.start>[0]> = {}) {
  const gate = connectGate({ allowLocal: true, interfaces: [] }, (error) => {
    throw error;
  });
  const client = new GateClient(gate.open());
  const reader = await TestEngine.start({ clock: hurried, gate: () => client, ...options });
  let last: DownloadProgress | undefined;
  return {
    reader,
    /** States of the web seeds at the last report. */
    statuses: (): WebSeedStatus[] => last?.webSeeds ?? [],
    download: (
      sample: SampleTorrent,
      webSeeds: string[],
      more: Omit<NonNullable<Parameters<TestEngine["download"]>[2]>, "peers"> & {
        peers?: TestEngine[];
      } = {},
    ) => {
      const { peers = [], ...request } = more;
      return reader.download(sample, peers, {
        webSeeds,
        onProgress: (progress) => last = progress,
        ...request,
      });
    },
    async [Symbol.asyncDispose]() {
      await reader[Symbol.asyncDispose]();
      gate.terminate();
    },
  };
}

/** Returns the files of a sample as a web server has them. */
export function filesOf(
  { content, torrent }: SampleTorrent,
  path = "/sample-1",
): Record<string, Uint8Array> {
  return { [path]: content, [`${path}.torrent`]: torrent };
}
