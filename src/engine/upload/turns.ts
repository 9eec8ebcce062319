/**
 * Whose blocks are read next, when more peers wait than can be served at once. What is read, and what
 * becomes of it, is the caller's business.
 *
 * @module
 */

/** One that waits for turns. */
export interface Waiter {
  /** Bytes that it had in its turns, or was taken to have had; 0 at first. Kept by {@linkcode Turns}. */
  turnBytes?: number;
  /** Turns that had been given when it began to wait. Kept by {@linkcode Turns}. */
  waitsSince?: number;
}

/**
 * Begins to read for a waiter.
 *
 * @param over to be called once when it has been read
 * @returns how many bytes; 0 if there is nothing to read after all, and `over` will not be called
 */
export type BeginTurn<W extends Waiter> = (waiter: W, over: () => void) => number;

/** Options of {@linkcode Turns}. */
export interface TurnLimits {
  /** Turns that are under way at a time. */
  most: number;
  /** Who comes later catches up with the others, but not with more than this. */
  catchUpBytes: number;
  /** When all who wait could have had so many turns each, who waits longest has one, whatever it had. */
  patience: number;
}

/** Gives turns to who had least, so that who came a moment later does not stay behind. */
export class Turns<W extends Waiter> {
  readonly #begin: BeginTurn<W>;
  readonly #limits: TurnLimits;
  /** In the order in which they came. */
  readonly #waiting: W[] = [];
  #underWay = 0;
  #given = 0;
  /** The most that somebody had whose turn it was for having had least. */
  #levelBytes = 0;

  constructor(limits: TurnLimits, begin: BeginTurn<W>) {
    this.#limits = limits;
    this.#begin = begin;
  }

  /** It wants a turn. If it waits for one, that is all that it gets. */
  wait(waiter: W): void {
    if (this.#waiting.includes(waiter)) return;
    const least = this.#levelBytes - this.#limits.catchUpBytes;
    waiter.turnBytes = Math.max(waiter.turnBytes ?? 0, least);
    waiter.waitsSince = this.#given;
    this.#waiting.push(waiter);
    this.#go();
  }

  #go(): void {
    while (this.#underWay < this.#limits.most && this.#waiting.length > 0) {
      const waiter = this.#next();
      this.#underWay++;
      const bytes = this.#begin(waiter, () => {
        this.#underWay--;
        this.#go();
      });
      if (bytes === 0) this.#underWay--;
      waiter.turnBytes! += bytes;
    }
  }

  #next(): W {
    const waiting = this.#waiting;
    const hasWaited = this.#given++ - waiting[0]!.waitsSince!;
    let at = 0;
    if (hasWaited < this.#limits.patience * waiting.length) {
      for (let i = 1; i < waiting.length; i++) {
        if (waiting[i]!.turnBytes! < waiting[at]!.turnBytes!) at = i;
      }
      this.#levelBytes = Math.max(this.#levelBytes, waiting[at]!.turnBytes!);
    }
    return waiting.splice(at, 1)[0]!;
  }
}
