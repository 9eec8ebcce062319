/**
 * Detects the restart of a router by the clock (epoch) in its answers.
 *
 * @module
 */

/** Rule by which a router's clock counts as reset. All values are seconds. */
export type EpochRule = (server: { before: number; now: number }, elapsed: number) => boolean;

/** Rule of PCP (RFC 6887, section 8.5): neither clock may run much faster than the other. */
export const pcpEpochRule: EpochRule = ({ before, now }, elapsed) => {
  const server = now - before;
  return server < -1 || elapsed + 2 < server - server / 16 || server + 2 < elapsed - elapsed / 16;
};

/** Rule of NAT-PMP (RFC 6886, section 3.6): the router's clock may be an eighth slow. */
export const natPmpEpochRule: EpochRule = ({ before, now }, elapsed) =>
  now < before + elapsed * 7 / 8 - 2;

/** The clock of one router. */
export class Epoch {
  readonly #rule: EpochRule;
  #last: { seconds: number; atMs: number } | undefined;

  constructor(rule: EpochRule) {
    this.#rule = rule;
  }

  /**
   * Notes the clock of an answer.
   *
   * @param seconds the router's seconds since it lost its mappings
   * @param nowMs time of our clock, Unix milliseconds
   * @returns whether the router has restarted since the last answer
   */
  note(seconds: number, nowMs: number): boolean {
    const last = this.#last;
    this.#last = { seconds, atMs: nowMs };
    if (!last) return false;
    return this.#rule({ before: last.seconds, now: seconds }, (nowMs - last.atMs) / 1_000);
  }
}
