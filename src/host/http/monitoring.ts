/**
 * The answers for monitoring: `/healthz`, `/readyz` and `/metrics`.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import type { Operations } from "../../control/mod.ts";
import { describeReachability } from "../../reachability/mod.ts";
import { DiskUse } from "../seeding/mod.ts";
import { type HttpAnswer, textAnswer } from "./answer.ts";
import { renderMetrics } from "./metrics.ts";

/** Answers requests for monitoring. */
export class Monitoring {
  readonly #operations: Pick<Operations, "status" | "records" | "dht" | "settings">;
  readonly #clock: Clock;
  readonly #diskUse: DiskUse;

  constructor(
    operations: Pick<Operations, "status" | "records" | "dht" | "settings">,
    clock: Clock,
  ) {
    this.#operations = operations;
    this.#clock = clock;
    this.#diskUse = new DiskUse(clock);
  }

  /** Returns the answer for a path; `undefined` for a path that is not for monitoring. */
  async answer(path: string): Promise<HttpAnswer | undefined> {
    if (path === "/metrics") return await this.#metrics();
    if (path !== "/healthz" && path !== "/readyz") return undefined;
    const { dht, dhtNodes, dht6, reachability } = await this.#operations.status();
    // `/healthz` and `/readyz` fail while the DHT is off or starting, because peers cannot find this daemon
    // then. `/readyz` also fails while no DHT node is known or no known node answers, because this daemon
    // cannot find peers then.
    const trouble = dht.state === "off"
      ? `the DHT is off: ${dht.why}`
      : dht.state === "starting"
      ? "the DHT is starting"
      : path === "/readyz" && dhtNodes + (dht6?.nodes ?? 0) === 0
      ? "no DHT node is known yet"
      : path === "/readyz" && dht.silent
      ? "no DHT node answers"
      : undefined;
    if (trouble !== undefined) return textAnswer(trouble, 503);
    if (path === "/healthz") return textAnswer("ok", 200);
    const { what, mend } = describeReachability(reachability);
    // A daemon that cannot be reached is ready all the same, because a restart would not help.
    const advice = mend === undefined ? "" : `; ${mend}`;
    return textAnswer(`ok\nreachable: ${reachability.reachable}: ${what}${advice}`, 200);
  }

  async #metrics(): Promise<HttpAnswer> {
    const operations = this.#operations;
    const [status, records, dht, settings] = await Promise.all([
      ...[operations.status(), operations.records(), operations.dht()] as const,
      operations.settings(),
    ]);
    const maxDiskBytes = Number(settings.find(({ key }) => key === "max-disk")?.value);
    const diskBytes = await this.#diskUse.bytesOf(status.seedDirectory);
    const sizes = { diskBytes, maxDiskBytes };
    const body = await renderMetrics({ status, records, dht, ...sizes, nowMs: this.#clock.now() });
    return { status: 200, body, headers: { "content-type": "text/plain; version=0.0.4" } };
  }
}
