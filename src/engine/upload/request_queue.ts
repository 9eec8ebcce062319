/**
 * The unanswered requests of one peer. A peer may send tens of thousands, so the queue stores plain
 * numbers in a ring buffer instead of objects.
 *
 * @module
 */

/**
 * A requested block: piece index, offset in the piece in bytes, and length in bytes. Each number is
 * below 2³².
 */
export type Request = [index: number, offset: number, length: number];

const INITIAL_CAPACITY = 64;
/**
 * A cancelled request is searched for only among this many newest requests. If it is not found, its
 * block is sent, which does no harm.
 */
const MAX_SEARCHED = 1_024;

/** The queue of one peer's requests, first in, first out. */
export class RequestQueue {
  /**
   * Ring buffer with three numbers for each request. Its capacity, in requests, is a power of two.
   */
  #numbers = new Uint32Array(3 * INITIAL_CAPACITY);
  #capacity = INITIAL_CAPACITY;
  #first = 0;
  #length = 0;

  /** Number of queued requests. */
  get length(): number {
    return this.#length;
  }

  /** Adds a request to the end of the queue. */
  push(...request: Request): void {
    if (this.#length === this.#capacity) this.#grow();
    this.#set(this.#length++, request);
  }

  /** Returns the oldest request without removing it. The queue must not be empty. */
  first(): Request {
    return this.#at(0);
  }

  /** Removes and returns the oldest request. The queue must not be empty. */
  take(): Request {
    const request = this.#at(0);
    this.#first = (this.#first + 1) & (this.#capacity - 1);
    this.#length--;
    return request;
  }

  /**
   * Removes a request that the peer has cancelled.
   *
   * @returns whether the request was found among the newest 1,024
   */
  remove(...request: Request): boolean {
    const oldest = Math.max(0, this.#length - MAX_SEARCHED);
    for (let n = this.#length - 1; n >= oldest; n--) {
      if (!this.#at(n).every((part, i) => part === request[i])) continue;
      for (let later = n + 1; later < this.#length; later++) {
        this.#set(later - 1, this.#at(later));
      }
      this.#length--;
      return true;
    }
    return false;
  }

  #grow(): void {
    const numbers = new Uint32Array(6 * this.#capacity);
    // The ring is unwrapped: the newer requests, which are at the start of the old buffer, go after
    // the older requests.
    numbers.set(this.#numbers.subarray(3 * this.#first));
    numbers.set(this.#numbers.subarray(0, 3 * this.#first), 3 * (this.#capacity - this.#first));
    this.#numbers = numbers;
    this.#capacity *= 2;
    this.#first = 0;
  }

  #at(n: number): Request {
    const at = 3 * ((this.#first + n) & (this.#capacity - 1));
    return [this.#numbers[at]!, this.#numbers[at + 1]!, this.#numbers[at + 2]!];
  }

  #set(n: number, request: Request): void {
    this.#numbers.set(request, 3 * ((this.#first + n) & (this.#capacity - 1)));
  }
}
