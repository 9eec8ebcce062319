/**
 * The operation `overview`: problems, space and reachability of the home, in words.
 *
 * @module
 */

import { statfs } from "node:fs/promises";
import {
  type DiskJson,
  type OverviewJson,
  type ProblemJson,
  problemsOf,
  type StatusJson,
} from "../../control/mod.ts";
import { revokedUsesOf } from "../../fetching/mod.ts";
import { describeReachability } from "../../reachability/mod.ts";
import { DiskUse } from "../seeding/mod.ts";
import type { ObservedHost } from "./parts.ts";

/** Puts together what a home looks like at a glance. */
export class Overview {
  readonly #host: ObservedHost;
  readonly #diskUse: DiskUse;

  constructor(host: ObservedHost) {
    this.#host = host;
    this.#diskUse = new DiskUse(host.clock);
  }

  /** Returns problems, space and reachability. */
  async read(): Promise<OverviewJson> {
    const status = await this.#host.operations.status();
    const disk = await this.#disk();
    const { what: text, mend } = describeReachability(status.reachability);
    return {
      problems: await this.problems(status, disk),
      disk,
      reachability: {
        reachable: status.reachability.reachable,
        text,
        ...(mend !== undefined && { advice: mend }),
      },
    };
  }

  /** Returns the problems, errors first. */
  async problems(status: StatusJson, disk?: DiskJson): Promise<ProblemJson[]> {
    const { operations, packages, daemon, trust, state, follows } = this.#host;
    return problemsOf({
      status,
      // Another host than the daemon seeds nothing, so it has met no problem yet.
      packages: daemon ? await packages.problems() : await operations.list(),
      records: await operations.records(),
      revoked: revokedUsesOf(trust, state),
      disk: { ...disk ?? await this.#disk(), isFull: follows()?.isFull ?? false },
    });
  }

  async #disk(): Promise<DiskJson> {
    const { seeds, settings } = this.#host;
    // The permission to ask may be missing.
    const space = await statfs(seeds.path).catch(() => undefined);
    return {
      usedBytes: await this.#diskUse.bytesOf(seeds.path),
      ...(space && { freeBytes: space.bavail * space.bsize }),
      maxBytes: settings().maxDiskBytes,
    };
  }
}
