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

/** A class that `use` of a connection makes an extension of; its prototype has the `name`. */
export type ExtensionClass<Wire> = new (wire: Wire) => Extension & { readonly name: string };
