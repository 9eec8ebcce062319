/**
 * Holds back messages from a peer that dialled us until its torrent has taken over the connection.
 * After the handshake npm:webtorrent finds the torrent asynchronously, but continues to parse
 * messages. Messages parsed before the torrent listens would be lost.
 *
 * @module
 */

/** The members of a connection that are needed to hold messages back. */
export interface HeldWire {
  /** Flag of npm:bittorrent-protocol: while it is set, incoming bytes are buffered, not parsed. */
  _pePending: boolean;
  /** Added by libreseed: whether a torrent has taken over the connection. */
  isTaken?: boolean;
  destroyed: boolean;
  once(event: "handshake", listener: () => void): unknown;
  _processBuffer(): void;
}

/**
 * Holds back the messages that follow a connection's handshake. To be called before the connection
 * receives bytes.
 */
export function holdUntilTaken(wire: HeldWire): void {
  // If a torrent takes over the connection at the event `handshake`, the torrent's listener has run
  // before this listener and has set `isTaken`.
  wire.once("handshake", () => {
    if (!wire.isTaken) wire._pePending = true;
  });
}

/**
 * Parses the held-back messages of a connection and all later ones. To be called when a torrent
 * takes over the connection.
 */
export function take(wire: object): void {
  const taken = wire as HeldWire;
  taken.isTaken = true;
  if (!taken._pePending) return;
  // Two microtasks are needed: npm:webtorrent adds its own listeners to the connection in the
  // first.
  queueMicrotask(() =>
    queueMicrotask(() => {
      taken._pePending = false;
      if (!taken.destroyed) taken._processBuffer();
    })
  );
}
