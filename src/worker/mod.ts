/**
 * The sandboxed thread, as the main thread sees it. Importing this loads no torrent engine.
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
