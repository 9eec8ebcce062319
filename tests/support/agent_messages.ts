/**
 * The messages of an SSH agent (draft-ietf-sshm-ssh-agent), and an agent for tests that signs a given number
 * of times and is gone then.
 *
 * @module
 */

import { concatBytes, utf8 } from "../../src/base/mod.ts";
import type { KeyPair } from "../../src/identity/mod.ts";

const TYPE = "ssh-ed25519";

/** Types of an agent's messages. */
export const [REQUEST_IDENTITIES, IDENTITIES, SIGN_RESPONSE, FAILURE] = [11, 12, 14, 5] as const;

/** Encodes bytes with their length before them. */
export function string(bytes: Uint8Array): Uint8Array {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concatBytes(length, bytes);
}

/** Encodes an Ed25519 public key as SSH does. */
export function blobOf(key: Uint8Array): Uint8Array {
  return concatBytes(string(utf8(TYPE)), string(key));
}

export function message(type: number, ...parts: Uint8Array[]): Uint8Array {
  return string(concatBytes(Uint8Array.of(type), ...parts));
}

/** The answer that lists public keys, each as {@linkcode blobOf} encodes it. */
export function identities(...blobs: Uint8Array[]): Uint8Array {
  const count = Uint8Array.of(0, 0, 0, blobs.length);
  const entries = blobs.flatMap((blob) => [string(blob), string(utf8("name"))]);
  return message(IDENTITIES, count, ...entries);
}

/** The answer with a signature. */
export function signature(bytes: Uint8Array, type = TYPE): Uint8Array {
  return message(SIGN_RESPONSE, string(concatBytes(string(utf8(type)), string(bytes))));
}

/**
 * Starts an agent with one key, which signs a number of times. At the next request for a signature it
 * closes the connection without an answer, and its socket.
 *
 * @param socket path of the socket
 */
export function vanishingAgent(socket: string, pair: KeyPair, count: number): AsyncDisposable {
  const listener = Deno.listen({ transport: "unix", path: socket });
  const close = () => {
    try {
      listener.close();
    } catch {
      // The listener is closed already.
    }
  };
  const serving = (async () => {
    for await (const connection of listener) {
      const request = await readMessage(connection);
      if (request[0] === REQUEST_IDENTITIES) {
        await connection.write(identities(blobOf(pair.publicKey)));
      } else if (count-- > 0) {
        await connection.write(signature(pair.signBytes(dataIn(request))));
      } else close();
      connection.close();
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      close();
      await serving;
    },
  };
}

/** Returns the bytes to sign in a request: after the type and the key. */
function dataIn(request: Uint8Array): Uint8Array {
  const view = new DataView(request.buffer, request.byteOffset);
  const keyBytes = view.getUint32(1);
  const at = 5 + keyBytes;
  return request.subarray(at + 4, at + 4 + view.getUint32(at));
}

async function readMessage(connection: Deno.Conn): Promise<Uint8Array> {
  const read = async (length: number) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const count = await connection.read(bytes.subarray(at));
      if (count === null) break;
      at += count;
    }
    return bytes;
  };
  const head = await read(4);
  return await read(new DataView(head.buffer).getUint32(0));
}
