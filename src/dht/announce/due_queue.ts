/**
 * A priority queue by due time (binary heap), which finds the next due entry quickly even among
 * tens of thousands.
 *
 * @module
 */

/** Base type of the members of a queue, with the due time in Unix milliseconds. */
export interface Due {
  dueMs: number;
}

/**
 * Priority queue of members, earliest due time first. When the `dueMs` of a member has changed, the
 * caller must push the member again.
 */
export class DueQueue<T extends Due> {
  readonly #heap: { dueMs: number; member: T }[] = [];

  /** Adds a member to the queue, at the member's current due time. */
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

  /**
   * Returns the earliest member that `isLive` accepts. Removes the earlier members that `isLive`
   * rejects.
   */
  peek(isLive: (member: T) => boolean): T | undefined {
    for (let first = this.#heap[0]; first; first = this.#heap[0]) {
      // An entry is stale if its due time differs from the member's: the member was pushed again.
      if (first.dueMs === first.member.dueMs && isLive(first.member)) return first.member;
      this.pop();
    }
    return undefined;
  }

  /** Removes the entry with the earliest due time. */
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
