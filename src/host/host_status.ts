/**
 * The status of a host, put together from its parts.
 *
 * @module
 */

import { version } from "../base/mod.ts";
import type { Settings } from "../config/mod.ts";
import type { AnnouncingJson, StatusJson, WebhookJson } from "../control/mod.ts";
import { networkOf } from "./ip_versions.ts";
import { memoryOf } from "./memory.ts";
import type { FollowKeeper } from "./records/mod.ts";
import type { HostDownloads, Packages } from "./seeding/mod.ts";
import type { WorkerHandle } from "./thread/mod.ts";

/** The parts of a host that {@linkcode hostStatus} reads. */
export interface StatusParts {
  settings: Settings;
  daemon: boolean;
  /** Time at which the host started, Unix milliseconds. */
  startedMs: number;
  seedDirectory: string;
  /** Addresses of this machine at the start. */
  addresses: readonly string[];
  worker: WorkerHandle;
  packages: Packages;
  downloads: HostDownloads;
  follows: FollowKeeper | undefined;
  announcing: AnnouncingJson | undefined;
  webhook: WebhookJson | undefined;
}

/** Returns the status of a host. */
export async function hostStatus(parts: StatusParts): Promise<StatusJson> {
  const { settings, daemon, startedMs, seedDirectory } = parts;
  const { nodeIdHex: nodeId, totals, hostAddresses, ...worker } = await parts.worker.status();
  return {
    version,
    pid: Deno.pid,
    daemon,
    startedMs,
    nodeId,
    seedDirectory,
    home: settings.home,
    ...worker,
    ...parts.packages.counts,
    network: networkOf(hostAddresses ?? parts.addresses, settings.allowLocal),
    unmirrored: parts.follows?.unmirrored(),
    left: parts.follows?.left,
    announcing: parts.announcing,
    webhook: parts.webhook,
    memory: memoryOf(),
    ...{ ...totals, reusedBytes: parts.downloads.reusedBytes },
  };
}
