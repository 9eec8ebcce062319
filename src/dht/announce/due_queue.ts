/**
 * What is due when: a binary heap, so that ten thousand records cost no more to look through than
 * ten.
 *
 * @module
 */

/** Something with a due time, Unix milliseconds. */
export interface Due {
  dueMs: number;
}

/** Hands out the earliest first. A member whose `dueMs` changed has to be pushed again. */
export class DueQueue<T extends Due> {
  readonly #heap: { dueMs: number; member: T }[] = [];

  /** Adds a member at its present due time. */
  push(member: T): void {
    const heap = this.#heap;
    let at = heap.push({ dueMs: member.dueMs, member }) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.dueMs <= heap[at]!.dueMs) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** The earliest that `isLive` accepts; the others before it are dropped. */
  peek(isLive: (member: T) => boolean): T | undefined {
    for (let first = this.#heap[0]; first; first = this.#heap[0]) {
      // Pushed again with another due time since: the later entry stands for it.
      if (first.dueMs === first.member.dueMs && isLive(first.member)) return first.member;
      this.pop();
    }
    return undefined;
  }

  /** Takes the earliest out. */
  pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (heap.length === 0 || !last) return;
    heap[0] = last;
    for (let at = 0;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) return;
      const right = left + 1;
      const least = right < heap.length && heap[right]!.dueMs < heap[left]!.dueMs ? right : left;
      if (heap[at]!.dueMs <= heap[least]!.dueMs) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap;
    [heap[a], heap[b]] = [heap[b]!, heap[a]!];
  }
}
