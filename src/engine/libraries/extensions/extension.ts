/**
 * The interface of an extension (BEP 10) as npm:bittorrent-protocol documents it.
 *
 * @module
 */

/** An extension of one connection. */
export interface Extension {
  /** @param infoHashHex 40 hexadecimal digits */
  onHandshake(infoHashHex: string): void;
  onExtendedHandshake(handshake: unknown): void;
  onMessage(message: Uint8Array): void;
}

/** A class of extensions, as a connection's `use` takes it. Its prototype has the extension's `name`. */
export type ExtensionClass<Wire> = new (wire: Wire) => Extension & { readonly name: string };
