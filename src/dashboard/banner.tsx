/**
 * The line that says whether the daemon answers. Its height is reserved, so that nothing moves when it
 * changes.
 *
 * @module
 */

import { useEffect, useState } from "preact/hooks";
import { type Session, useStore } from "./data/mod.ts";
import { formatDuration } from "./parts/mod.ts";

/** The state of the connection. */
export function Banner({ session: { live, clock } }: { session: Session }) {
  const connection = useStore(live.connection);
  const [, tick] = useState(0);
  const isOffline = connection.state === "offline";
  useEffect(() => {
    if (!isOffline) return;
    let cancel = () => {};
    const next = () => {
      tick((count) => count + 1);
      cancel = clock.after(1_000, next);
    };
    cancel = clock.after(1_000, next);
    return () => cancel();
  }, [isOffline]);
  const { tone, text } = {
    connecting: { tone: "plain", text: "Connecting …" },
    online: { tone: "good", text: "Live" },
    offline: { tone: "bad", text: "Offline: the daemon does not answer; old data is shown" },
    refused: { tone: "bad", text: connection.state === "refused" ? connection.message : "" },
  }[connection.state];
  return (
    <div class={`banner ${tone}`}>
      <span role="status">{text}</span>
      {/* The countdown is not announced. */}
      {isOffline && (
        <span aria-hidden="true">
          {`next try in ${formatDuration(Math.max(1_000, connection.retryMs - clock.now()))}`}
        </span>
      )}
      {isOffline && <button type="button" onClick={() => live.retry()}>Try now</button>}
    </div>
  );
}
