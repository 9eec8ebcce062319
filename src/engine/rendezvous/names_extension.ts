/**
 * The extension `lr_names` (BEP 10) on one connection.
 *
 * @module
 */

import type { ExtensionClass, SwarmWire } from "../libraries/mod.ts";

/** Name of the extension in the dictionary `m` of the extended handshake (BEP 10). */
export const NAMES_EXTENSION = "lr_names";

/** Listener to the messages of the extension on one connection. */
export interface NamesListener {
  /** Called with each message of the peer. */
  onMessage: (message: Uint8Array) => void;
  /** Called with the peer's extended handshake, if it names the extension. */
  onKnown?: () => void;
}

/** Makes a connection speak the extension. To be called before our extended handshake is sent. */
export function speakNames(wire: SwarmWire, { onMessage, onKnown }: NamesListener): void {
  wire.use(
    class implements InstanceType<ExtensionClass<SwarmWire>> {
      get name(): string {
        return NAMES_EXTENSION;
      }
      onHandshake(): void {}
      onExtendedHandshake(): void {
        onKnown?.();
      }
      onMessage(message: Uint8Array): void {
        onMessage(message);
      }
    },
  );
}
