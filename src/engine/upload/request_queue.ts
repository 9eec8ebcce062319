/**
 * What a peer has asked for and was not sent yet. A peer may ask for tens of thousands of blocks, so
 * they wait as bare numbers.
 *
 * @module
 */

/** A block of a piece: index of the piece, offset in it and length, bytes. Each is less than 2³². */
export type Request = [index: number, offset: number, length: number];

const FIRST_ROOM = 64;
/** Of these the newest are looked through for what is cancelled; sending a block in vain does no harm. */
const MAX_LOOKED_THROUGH = 1_024;

/** Requests in the order in which they came. */
export class RequestQueue {
  /** A ring of three numbers each; there is room for a power of two of them. */
  #numbers = new Uint32Array(3 * FIRST_ROOM);
  #room = FIRST_ROOM;
  #first = 0;
  #length = 0;

  /** How many wait. */
  get length(): number {
    return this.#length;
  }

  push(...request: Request): void {
    if (this.#length === this.#room) this.#grow();
    this.#set(this.#length++, request);
  }

  /** The first one, which stays. There has to be one. */
  first(): Request {
    return this.#at(0);
  }

  /** Takes the first one. There has to be one. */
  take(): Request {
    const request = this.#at(0);
    this.#first = (this.#first + 1) & (this.#room - 1);
    this.#length--;
    return request;
  }

  /** @returns whether it was one of the newest */
  remove(...request: Request): boolean {
    const oldest = Math.max(0, this.#length - MAX_LOOKED_THROUGH);
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
    const numbers = new Uint32Array(6 * this.#room);
    // What begins in the middle of the ring goes on at its start.
    numbers.set(this.#numbers.subarray(3 * this.#first));
    numbers.set(this.#numbers.subarray(0, 3 * this.#first), 3 * (this.#room - this.#first));
    this.#numbers = numbers;
    this.#room *= 2;
    this.#first = 0;
  }

  #at(n: number): Request {
    const at = 3 * ((this.#first + n) & (this.#room - 1));
    return [this.#numbers[at]!, this.#numbers[at + 1]!, this.#numbers[at + 2]!];
  }

  #set(n: number, request: Request): void {
    this.#numbers.set(request, 3 * ((this.#first + n) & (this.#room - 1)));
  }
}
