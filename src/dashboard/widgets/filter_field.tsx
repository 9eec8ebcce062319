/**
 * The field in which a list's filter is typed, and the number of found rows.
 *
 * @module
 */

import { useEffect, useState } from "preact/hooks";
import { useSession } from "../data/mod.ts";

/** Pause after the last change before the number is announced to screen readers (ms). */
const ANNOUNCE_PAUSE_MS = 800;

/** A search field. The number beside it is read out only after the user has stopped typing. */
export function FilterField(
  { label, hint, typed, onTyped, count }: {
    label: string;
    hint: string;
    typed: string;
    onTyped: (typed: string) => void;
    /** Number of found rows in words. */
    count: string;
  },
) {
  const { clock } = useSession();
  const [announced, setAnnounced] = useState("");
  useEffect(() => clock.after(ANNOUNCE_PAUSE_MS, () => setAnnounced(count)), [clock, count]);
  return (
    <div class="filters list">
      <label>
        {label}{" "}
        <input
          type="search"
          value={typed}
          placeholder={hint}
          spellcheck={false}
          autocomplete="off"
          onInput={({ currentTarget }) => onTyped(currentTarget.value)}
        />
      </label>
      <span class="quiet" aria-hidden="true">{count}</span>
      <span class="hidden" role="status">{announced}</span>
    </div>
  );
}
