/**
 * The sandboxed worker thread that runs the torrent engine, as seen by the command's thread.
 *
 * The thread parses everything that strangers send over the network, so it gets few permissions:
 * its port, public addresses and the seed directory (`enginePermissions` of the launcher).
 * {@linkcode connectWorker} has the launcher start the thread. The command's thread then calls
 * {@linkcode WorkerApi} by messages (npm:comlink) and receives {@linkcode WorkerEvent}s;
 * `protocol.ts` defines both.
 *
 * Inside the thread, `main.ts` is the entry point. `src/confinement` adds restrictions that
 * permissions cannot express. `runtime.ts` implements the API: it connects the engine with the DHT
 * manager, which borrows the engine's DHT node. `download.ts` runs one download, with the search for its
 * peers (`peer_search.ts`, `rendezvous_searches.ts`). `rendezvous.ts` has the questions of peers answered
 * by the command's thread, and asks other peers. `asked_archives.ts` tells which archives peers ask for.
 *
 * `state.db` stays in the command's thread, and private keys in the launcher. Importing this file
 * does not load the engine.
 *
 * Start with `protocol.ts`, then `runtime.ts`.
 *
 * @module
 */

export { connectWorker, type WorkerConnection, type WorkerListeners } from "./connect.ts";
export {
  type DownloadOrder,
  isReachable,
  type KeptSeed,
  type KeptTorrent,
  type RendezvousAsked,
  type RendezvousPlace,
  type ReportData,
  type Reused,
  type ReusedRange,
  type TunableOptions,
  type WorkerApi,
  type WorkerEvent,
  type WorkerOptions,
  type WorkerStarted,
  type WorkerStatus,
} from "./protocol.ts";
