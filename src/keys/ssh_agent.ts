/**
 * Keys in an SSH agent (draft-ietf-sshm-ssh-agent): lists the Ed25519 keys, and has one sign. The
 * private key stays in the agent. An agent signs raw bytes, so its signatures are those of any other
 * Ed25519 key.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { concatBytes, equalBytes, messageOf, toBase64, utf8 } from "../base/mod.ts";
import {
  formatPublicKey,
  type PublicKey,
  SIGNATURE_BYTES,
  type Signer,
  type Statement,
  statementBytes,
  verifySignature,
} from "../identity/mod.ts";
import { KeysError } from "./errors.ts";

const [FAILURE, REQUEST_IDENTITIES, IDENTITIES, SIGN_REQUEST, SIGN_RESPONSE] = [5, 11, 12, 13, 14];
/** Maximum length of an answer, bytes: agents of OpenSSH send no longer ones. */
const MAX_ANSWER_BYTES = 256 * 1024;
const TYPE = utf8("ssh-ed25519");
const KEY_BYTES = 32;

/**
 * Finds a key in the agent.
 *
 * @param socket path of the agent's Unix socket (SSH_AUTH_SOCK); `undefined` if no agent is known
 * @param wanted the key: `SHA256:…` as `ssh-add -l` prints it, or `ed25519:…`
 * @throws {KeysError} `AGENT_NOT_FOUND`, `AGENT_FAILED`
 */
export async function agentKey(socket: string | undefined, wanted: string): Promise<Signer> {
  if (socket === undefined || socket === "") {
    throw notFound("No SSH agent runs here: SSH_AUTH_SOCK is not set. Start one with ssh-agent");
  }
  const answer = new Reader(await ask(socket, Uint8Array.of(REQUEST_IDENTITIES!), IDENTITIES!));
  const keys: PublicKey[] = [];
  for (let count = answer.number(); count > 0; count--) {
    const key = keyIn(answer.string());
    answer.string();
    if (key) keys.push(key);
  }
  const publicKey = keys.find((key) =>
    [agentFingerprint(key), agentFingerprint(key).slice("SHA256:".length), formatPublicKey(key)]
      .includes(wanted)
  );
  if (publicKey) return new AgentKey(socket, publicKey);
  const known = keys.map(agentFingerprint).join(", ");
  throw notFound(
    `The SSH agent has no Ed25519 key ${wanted}. ` +
      (known === "" ? "It has none at all; add one with ssh-add" : `It has ${known}`),
  );
}

/** Returns the fingerprint of a key as `ssh-add -l` prints it: `SHA256:` and base64 without padding. */
export function agentFingerprint(key: PublicKey): string {
  const hash = new Uint8Array(createHash("sha256").update(blobOf(key)).digest());
  return `SHA256:${toBase64(hash).replace(/=+$/, "")}`;
}

/** A key in an SSH agent, which signs statements. */
class AgentKey implements Signer {
  readonly publicKey: PublicKey;
  readonly #socket: string;

  constructor(socket: string, publicKey: PublicKey) {
    this.#socket = socket;
    this.publicKey = publicKey;
  }

  async sign(statement: Statement): Promise<Uint8Array> {
    const bytes = statementBytes(statement, this.publicKey);
    const flags = new Uint8Array(4);
    const request = concatBytes(
      Uint8Array.of(SIGN_REQUEST!),
      stringOf(blobOf(this.publicKey)),
      stringOf(bytes),
      flags,
    );
    const outer = new Reader(await ask(this.#socket, request, SIGN_RESPONSE!));
    const inner = new Reader(outer.string());
    const type = inner.string();
    const signature = inner.string();
    const isOurs = equalBytes(type, TYPE) && signature.length === SIGNATURE_BYTES &&
      verifySignature(this.publicKey, bytes, signature);
    if (!isOurs) throw failed("it gave a signature that is not valid for the key");
    return signature.slice();
  }
}

/** Sends one request to the agent. Returns the content of the answer, without its type. */
async function ask(socket: string, request: Uint8Array, expected: number): Promise<Uint8Array> {
  let connection: Deno.UnixConn;
  try {
    connection = await Deno.connect({ transport: "unix", path: socket });
  } catch (cause) {
    throw notFound(
      `The SSH agent does not answer at ${socket} (SSH_AUTH_SOCK): ${messageOf(cause)}`,
      cause,
    );
  }
  try {
    const message = stringOf(request);
    for (let at = 0; at < message.length;) at += await connection.write(message.subarray(at));
    const [a, b, c, d] = await readExactly(connection, 4);
    const length = new DataView(Uint8Array.of(a!, b!, c!, d!).buffer).getUint32(0);
    if (length < 1 || length > MAX_ANSWER_BYTES) throw failed("its answer has no possible length");
    const answer = await readExactly(connection, length);
    if (answer[0] === FAILURE) throw failed("it refuses. It may be locked, or want a confirmation");
    if (answer[0] !== expected) throw failed("it answers something else than it was asked");
    return answer.subarray(1);
  } catch (cause) {
    throw cause instanceof KeysError ? cause : failed(messageOf(cause), cause);
  } finally {
    connection.close();
  }
}

async function readExactly(connection: Deno.Conn, lengthBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(lengthBytes);
  for (let at = 0; at < lengthBytes;) {
    const count = await connection.read(bytes.subarray(at));
    if (count === null) throw failed("it has ended in the middle");
    at += count;
  }
  return bytes;
}

/** Reads the fields of an answer, one after the other. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  number(): number {
    if (this.#at + 4 > this.#bytes.length) throw failed("its answer is cut short");
    const { buffer, byteOffset } = this.#bytes;
    const value = new DataView(buffer, byteOffset + this.#at).getUint32(0);
    this.#at += 4;
    return value;
  }

  string(): Uint8Array {
    const length = this.number();
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    if (bytes.length !== length) throw failed("its answer is cut short");
    this.#at += length;
    return bytes;
  }
}

/** Returns the Ed25519 key in a public key of SSH; `undefined` for a key of another kind. */
function keyIn(blob: Uint8Array): PublicKey | undefined {
  const key = blob.slice(-KEY_BYTES);
  return equalBytes(blob, blobOf(key)) ? key : undefined;
}

/** Encodes a public key as SSH does (RFC 8709 section 4). */
function blobOf(key: PublicKey): Uint8Array {
  return concatBytes(stringOf(TYPE), stringOf(key));
}

/** Encodes bytes with their length before them: 4 bytes, big-endian (RFC 4251 section 5). */
function stringOf(bytes: Uint8Array): Uint8Array {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concatBytes(length, bytes);
}

function notFound(message: string, cause?: unknown): KeysError {
  return new KeysError("not-found", "AGENT_NOT_FOUND", message, { cause });
}

function failed(why: string, cause?: unknown): KeysError {
  const message =
    `The SSH agent did not sign: ${why}. See that it runs and has the key (\`ssh-add -l\`), ` +
    "and run the command again";
  return new KeysError("failed", "AGENT_FAILED", message, { cause });
}
