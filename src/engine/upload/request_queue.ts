/**
 * The requests of one peer that have not been answered yet. A peer may send tens of thousands, so they
 * are kept as plain numbers in a ring buffer.
 *
 * @module
 */

/** A requested block: index of the piece, offset in the piece and length, both in bytes. Each is below 2³². */
export type Request = [index: number, offset: number, length: number];

const INITIAL_CAPACITY = 64;
/** Newest requests that a cancel is matched against; sending a cancelled block does no harm. */
const MAX_SEARCHED = 1_024;

/** A first-in, first-out queue of requests. */
export class RequestQueue {
  /** Ring buffer, three numbers a request; its capacity in requests is a power of two. */
  #numbers = new Uint32Array(3 * INITIAL_CAPACITY);
  #capacity = INITIAL_CAPACITY;
  #first = 0;
  #length = 0;

  /** Number of queued requests. */
  get length(): number {
    return this.#length;
  }

  /** Appends a request. */
  push(...request: Request): void {
    if (this.#length === this.#capacity) this.#grow();
    this.#set(this.#length++, request);
  }

  /** The oldest request, which stays. The queue must not be empty. */
  first(): Request {
    return this.#at(0);
  }

  /** Takes the oldest request out. The queue must not be empty. */
  take(): Request {
    const request = this.#at(0);
    this.#first = (this.#first + 1) & (this.#capacity - 1);
    this.#length--;
    return request;
  }

  /**
   * Removes a cancelled request.
   *
   * @returns whether it was found among the newest 1,024
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
    // Unwraps the ring: the requests that had wrapped to its start follow the others.
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
