/**
 * Order of the publisher records of one root: the record that counts, and records that never count.
 *
 * @module
 */

import { compareBytes, isOfFuture, isoTime, MAX_SEQ_AHEAD_MS } from "../base/mod.ts";
import type { MutableItem, PublisherRecord } from "../records/mod.ts";

/**
 * Whether a publisher record takes the place of another one by the same root: its `seq` is higher, or
 * at equal `seq` its value is greater in byte order. So all readers choose the same one of two.
 */
export function isNewerRecord(
  item: Pick<MutableItem, "seq" | "value">,
  than: Pick<MutableItem, "seq" | "value">,
): boolean {
  return item.seq > than.seq ||
    item.seq === than.seq && compareBytes(item.value, than.value) > 0;
}

/**
 * Returns why a publisher record is refused for its times, without a full stop; `undefined` if it is
 * not. Its revocations hold all the same, since they do not depend on the time.
 *
 * @param nowMs Unix milliseconds
 */
export function problemOfTimes(
  { seq }: Pick<MutableItem, "seq">,
  { timestampMs }: Pick<PublisherRecord, "timestampMs">,
  nowMs: number,
): string | undefined {
  if (isOfFuture(timestampMs, nowMs)) {
    return `it is dated in the future (${isoTime(timestampMs)}, and it is ${
      isoTime(nowMs)
    } here): set this machine's clock if it is wrong`;
  }
  if (seq > nowMs + MAX_SEQ_AHEAD_MS) {
    return `its sequence number ${seq} is more than a hundred years ahead, so no record could follow it`;
  }
}
