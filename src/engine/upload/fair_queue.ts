/**
 * Fair queueing between the peers that a seeder serves: the peer that was sent the fewest bytes is
 * served next, so that a peer that arrived a moment later does not stay behind. Reading and sending are
 * the caller's business.
 *
 * @module
 */

/** A peer with requests, as the queue sees it. {@linkcode FairQueue} keeps both members. */
export interface Flow {
  /** Bytes served to this flow, plus those that it was credited with when it joined late. */
  virtualTimeBytes?: number;
  /** Number of services begun before this flow was queued. */
  queuedAtService?: number;
}

/**
 * Begins to serve a flow.
 *
 * @param done to be called once when the service has ended
 * @returns how many bytes are served; 0 if there is nothing to serve, and `done` will not be called
 */
export type StartService<F extends Flow> = (flow: F, done: () => void) => number;

/** Options of {@linkcode FairQueue}. */
export interface FairQueueOptions {
  /** Maximum number of services under way at once. */
  maxConcurrent: number;
  /** Maximum lag, bytes, that a flow which joins late may catch up with. */
  maxLagBytes: number;
  /**
   * Bound on starvation: after this many services for each queued flow, the flow that has waited longest
   * is served, whatever its virtual time.
   */
  maxRoundsWaited: number;
}

/** Serves the flow with the lowest virtual time first. */
export class FairQueue<F extends Flow> {
  readonly #start: StartService<F>;
  readonly #options: FairQueueOptions;
  /** Flows in order of arrival. */
  readonly #queued: F[] = [];
  #underWay = 0;
  #services = 0;
  /** The queue's virtual time: the highest among flows that were chosen for having the lowest. */
  #virtualTimeBytes = 0;

  constructor(options: FairQueueOptions, start: StartService<F>) {
    this.#options = options;
    this.#start = start;
  }

  /** Queues a flow for one service; does nothing if it is queued already. */
  enqueue(flow: F): void {
    if (this.#queued.includes(flow)) return;
    const least = this.#virtualTimeBytes - this.#options.maxLagBytes;
    flow.virtualTimeBytes = Math.max(flow.virtualTimeBytes ?? 0, least);
    flow.queuedAtService = this.#services;
    this.#queued.push(flow);
    this.#serve();
  }

  #serve(): void {
    while (this.#underWay < this.#options.maxConcurrent && this.#queued.length > 0) {
      const flow = this.#next();
      this.#underWay++;
      const bytes = this.#start(flow, () => {
        this.#underWay--;
        this.#serve();
      });
      if (bytes === 0) this.#underWay--;
      flow.virtualTimeBytes! += bytes;
    }
  }

  #next(): F {
    const queued = this.#queued;
    const hasWaited = this.#services++ - queued[0]!.queuedAtService!;
    let at = 0;
    if (hasWaited < this.#options.maxRoundsWaited * queued.length) {
      for (let i = 1; i < queued.length; i++) {
        if (queued[i]!.virtualTimeBytes! < queued[at]!.virtualTimeBytes!) at = i;
      }
      this.#virtualTimeBytes = Math.max(this.#virtualTimeBytes, queued[at]!.virtualTimeBytes!);
    }
    return queued.splice(at, 1)[0]!;
  }
}
