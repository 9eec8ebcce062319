/**
 * The calls of the command's thread that act on a running download, besides its start.
 *
 * @module
 */

import type { Engine } from "../engine/mod.ts";
import type { WorkerApi } from "./protocol.ts";

/** Passes calls on to the downloads of an engine. Those for other torrents do nothing. */
export class DownloadCalls {
  readonly #engine: () => Pick<Engine, "addSources" | "downloadOf">;

  /** @param engine returns the engine; throws before the worker has started */
  constructor(engine: () => Pick<Engine, "addSources" | "downloadOf">) {
    this.#engine = engine;
  }

  addSources: WorkerApi["addSources"] = (infoHashHex, peers, webSeeds, publisher) => {
    this.#engine().addSources(infoHashHex, peers, webSeeds);
    if (publisher) this.#engine().downloadOf(infoHashHex)?.setPublisher(publisher);
    return Promise.resolve();
  };

  widen: WorkerApi["widen"] = (infoHashHex, wantedBytes) =>
    Promise.resolve(this.#engine().downloadOf(infoHashHex)?.widen(wantedBytes));

  wantBeginning: WorkerApi["wantBeginning"] = (infoHashHex, wantedBytes) =>
    Promise.resolve(this.#engine().downloadOf(infoHashHex)?.wantBeginning(wantedBytes));

  offerReused: WorkerApi["offerReused"] = async (infoHashHex, ranges) =>
    await this.#engine().downloadOf(infoHashHex)?.offerReused(ranges) ?? { reusedBytes: 0 };
}
