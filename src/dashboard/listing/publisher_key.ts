/**
 * Check of a publisher's key that a user types or pastes. The daemon checks it again; this check tells the user
 * at once what is wrong.
 *
 * @module
 */

const PREFIX = "ed25519:";
const KEY_BYTES = 32;

/** Result of the check: the key in its one form, or a sentence that says what to correct. */
export type TypedKey = { publisher: string } | { problem: string };

/** Reads a key as `ed25519:BASE64` or 64 hexadecimal digits, with white space around it. */
export function typedKeyOf(typed: string): TypedKey {
  const text = typed.trim();
  if (text === "") return { problem: "Paste the publisher's key: it begins with ed25519:." };
  if (/^[0-9a-fA-F]{64}$/.test(text)) return { publisher: PREFIX + base64OfHex(text) };
  if (!text.startsWith(PREFIX)) {
    return { problem: "A key begins with ed25519: and goes on with 44 characters." };
  }
  const key = text.slice(PREFIX.length);
  const length = `${key.length} character${key.length === 1 ? "" : "s"}`;
  if (key.length !== 44) {
    return { problem: `A key has 44 characters after ed25519:, this one has ${length}.` };
  }
  if (!/^[A-Za-z0-9+/]{43}=$/.test(key)) {
    return { problem: "A key has only letters, digits, + and / after ed25519:, and = at its end." };
  }
  // The last character before "=" has two bits that belong to no byte; they are zero in the one form of a key.
  if (btoa(atob(key)) !== key) {
    return { problem: "The last characters of the key are wrong: copy it again as a whole." };
  }
  return { publisher: text };
}

function base64OfHex(hex: string): string {
  let binary = "";
  for (let index = 0; index < KEY_BYTES; index++) {
    binary += String.fromCharCode(Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16));
  }
  return btoa(binary);
}
