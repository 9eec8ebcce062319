/**
 * Holding back what a peer that dialled us sends until a torrent has taken its connection over.
 * npm:webtorrent asks its client for the torrent and reads on meanwhile, and what comes before the
 * torrent is there would be lost.
 *
 * @module
 */

/** The parts of a connection that have to do with the order in which it reads. */
export interface HeldWire {
  /** The package's own flag: while it is set, what arrives is kept and not parsed. */
  _pePending: boolean;
  /** Ours: a torrent has taken the connection over. */
  isTaken?: boolean;
  destroyed: boolean;
  once(event: "handshake", listener: () => void): unknown;
  _processBuffer(): void;
}

/** Holds back the messages that follow the handshake of a connection; to be called before it reads. */
export function holdUntilTaken(wire: HeldWire): void {
  // A torrent that takes the connection over at this very event has done so by now.
  wire.once("handshake", () => {
    if (!wire.isTaken) wire._pePending = true;
  });
}

/** Parses the messages of a connection from now on; to be called when a torrent takes it over. */
export function take(wire: object): void {
  const taken = wire as HeldWire;
  taken.isTaken = true;
  if (!taken._pePending) return;
  // npm:webtorrent adds its own listeners in the microtask after this one.
  queueMicrotask(() =>
    queueMicrotask(() => {
      taken._pePending = false;
      if (!taken.destroyed) taken._processBuffer();
    })
  );
}
