/**
 * Reports to the launcher every message that this thread sends through a `MessagePort`.
 *
 * @module
 */

import { noteOf } from "./note.ts";

declare const self: { name: string; postMessage(message: unknown): void };

const { postMessage } = MessagePort.prototype;

MessagePort.prototype.postMessage = function (...args: unknown[]): void {
  self.postMessage({ note: noteOf(`${self.name} port`, args[0]) });
  postMessage.apply(this, args as Parameters<typeof postMessage>);
};
