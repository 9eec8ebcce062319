/**
 * Fair queueing between the peers that a seeder uploads to. The peer that has been sent the fewest
 * bytes is served next, so that a peer which joined later catches up. The caller reads and sends
 * the blocks.
 *
 * @module
 */

/** A peer with waiting requests. {@linkcode FairQueue} sets both members. */
export interface Flow {
  /** Virtual time of the flow: bytes served to it, plus the bytes credited to it when it joined late. */
  virtualTimeBytes?: number;
  /** Number of services that the queue had begun when this flow was queued. */
  queuedAtService?: number;
}

/**
 * Begins one service: reading and sending some blocks of a flow.
 *
 * @param done to be called once, when the service has ended
 * @returns number of bytes to be served; 0 if the flow has nothing to serve, in which case `done`
 * is not called
 */
export type StartService<F extends Flow> = (flow: F, done: () => void) => number;

/** Options of {@linkcode FairQueue}. */
export interface FairQueueOptions {
  /** Maximum number of services running at once. */
  maxConcurrent: number;
  /** Maximum number of bytes that a flow which joins late may catch up on. */
  maxLagBytes: number;
  /**
   * Limit on starvation, in rounds of one service for each queued flow. The flow that has been
   * queued longest is served next, whatever its virtual time, once it has waited this many rounds.
   */
  maxRoundsWaited: number;
}

/** A fair queue, which serves the flow with the lowest virtual time first. */
export class FairQueue<F extends Flow> {
  readonly #start: StartService<F>;
  readonly #options: FairQueueOptions;
  /** Queued flows in order of arrival. */
  readonly #queued: F[] = [];
  #underWay = 0;
  #services = 0;
  /**
   * Virtual time of the queue, in bytes: the highest virtual time of any flow chosen so far, except
   * flows chosen to prevent starvation.
   */
  #virtualTimeBytes = 0;

  constructor(options: FairQueueOptions, start: StartService<F>) {
    this.#options = options;
    this.#start = start;
  }

  /** Queues a flow for one service. Does nothing if the flow is queued already. */
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
