/**
 * The interface that npm:bittorrent-protocol documents for an extension (BEP 10).
 *
 * @module
 */

/** An extension (BEP 10) of one connection to a peer. */
export interface Extension {
  /**
   * Called after the handshake (BEP 3).
   *
   * @param infoHashHex infohash of the torrent, 40 hexadecimal digits
   */
  onHandshake(infoHashHex: string): void;
  onExtendedHandshake(handshake: unknown): void;
  onMessage(message: Uint8Array): void;
}

/**
 * A class of extensions, which is passed to the method `use` of a connection. Its prototype has the
 * `name` of the extension.
 */
export type ExtensionClass<Wire> = new (wire: Wire) => Extension & { readonly name: string };
