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
export type {
  DownloadOrder,
  KeptRecord,
  KeptSeed,
  ReportData,
  TunableOptions,
  WorkerApi,
  WorkerEvent,
  WorkerOptions,
  WorkerStarted,
  WorkerStatus,
} from "./protocol.ts";
