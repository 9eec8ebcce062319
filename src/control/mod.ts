/**
 * What crosses the control socket between a command and the host of its home: the operations with their
 * schemas, client and server, the home and its lock.
 *
 * @module
 */

export { connectControl } from "./client.ts";
export { ControlError, named } from "./errors.ts";
export { ensureHome, homePaths } from "./home.ts";
export { isHomeFree, lockHolder, tryLockHome } from "./home_lock.ts";
export { noPeers } from "./no_peers.ts";
export {
  type AnnouncedJson,
  bytesOf,
  type CallOptions,
  type DownloadedJson,
  type DownloadJson,
  entryFromJson,
  type EntryJson,
  entryToJson,
  type GetJson,
  type IndexedJson,
  itemFromJson,
  type ItemJson,
  itemToJson,
  type NetworkJson,
  type Operations,
  type PackageJson,
  type PackageVersion,
  type PutJson,
  putToJson,
  type RecordJson,
  type RecordName,
  type ReloadedJson,
  type SettingJson,
  type StatusJson,
  type UnmirroredJson,
} from "./operations.ts";
export { isStrangers, ownUid } from "./ownership.ts";
export { type OperationName, operationNames } from "./schema.ts";
export { type ControlServer, serveControl } from "./server.ts";
