/**
 * Writes a message between threads as a line of JSON.
 *
 * @module
 */

/** Returns a line of JSON with the direction and the message, byte arrays in hexadecimal. */
export function noteOf(direction: string, message: unknown): string {
  return JSON.stringify({ direction, message }, function (key) {
    // Reads the original value, because `JSON.stringify` has already replaced a Buffer by the
    // result of its `toJSON`.
    const value = this[key];
    if (value instanceof Uint8Array) return { bytes: value.toHex() };
    if (value instanceof Map) return [...value];
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) throw new Error("other bytes");
    return value;
  });
}
