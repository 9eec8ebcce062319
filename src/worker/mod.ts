/**
 * The sandboxed worker thread that runs the torrent engine, as the main thread sees it.
 *
 * Everything that strangers send over the network is parsed in this thread, so it gets few permissions: its
 * port, public addresses and the seed directory ({@linkcode workerPermissions}). {@linkcode connectWorker}
 * starts the thread. The main thread then calls {@linkcode WorkerApi} by messages (comlink) and receives
 * {@linkcode WorkerEvent}s; `protocol.ts` defines both.
 *
 * Inside the thread, `main.ts` is the entry, `confinement.ts` closes what permissions leave open, and
 * `runtime.ts` implements the API: it joins the engine and the DHT manager that borrows its node.
 *
 * Private keys and `state.db` stay in the main thread. Importing this file loads no torrent engine.
 *
 * Start with `protocol.ts`, then `runtime.ts`.
 *
 * @module
 */

export { connectWorker, type WorkerConnection, type WorkerListeners } from "./connect.ts";
export {
  LOCAL_RANGES,
  PUBLIC_RANGES,
  type SandboxOptions,
  workerPermissions,
} from "./permissions.ts";
export {
  type DownloadOrder,
  isReachable,
  type KeptSeed,
  type ReportData,
  type TunableOptions,
  type WorkerApi,
  type WorkerEvent,
  type WorkerOptions,
  type WorkerStarted,
  type WorkerStatus,
} from "./protocol.ts";
