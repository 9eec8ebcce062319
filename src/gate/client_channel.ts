/**
 * The types of a channel as the asking thread sees it, and the error by which a channel ended.
 *
 * @module
 */

import { GateError } from "./errors.ts";
import type { Ask, Tell } from "./protocol.ts";

/** A message of the asking thread without its channel's id. */
export type Asking = Ask extends infer One ? One extends Ask ? Omit<One, "id"> : never : never;

/** The asking thread's end of a channel. */
export interface ClientChannel {
  ask(message: Asking, transfer?: Transferable[]): void;
  /** Closes the channel. No message comes afterwards. */
  close(): void;
}

/**
 * Opens a channel by its first message. `onTell` receives the gate's messages about the channel.
 */
export type OpenChannel = (first: Asking, onTell: (told: Tell) => void) => ClientChannel;

/** The error of the message `closed`, if the channel ended by one. */
export function errorOf({ error }: Tell & { tell: "closed" }): GateError | undefined {
  return error && new GateError(error.code, error.message);
}
