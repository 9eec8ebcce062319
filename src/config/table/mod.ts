/**
 * The rows of the table of settings, by topic, and the types of the values. Data only:
 * `../settings.ts` joins the rows, and `../validate.ts` applies them.
 *
 * - `network.ts`: the home, its port, and the DHT
 * - `archives.ts`: the limits on archives
 * - `transfers.ts`: the connections to peers
 * - `daemon.ts`: the choice of publishers, and the daemon's own work
 * - `types.ts`: the types of rows and values
 *
 * @module
 */

export { archiveRows } from "./archives.ts";
export { daemonRows } from "./daemon.ts";
export { networkRows } from "./network.ts";
export { transferRows } from "./transfers.ts";
export type {
  EncryptionMode,
  LogFormat,
  LogLevel,
  PublisherPolicy,
  SettingDefinition,
  Settings,
  SettingType,
  TakesEffect,
  TransportMode,
  WatchMode,
} from "./types.ts";
