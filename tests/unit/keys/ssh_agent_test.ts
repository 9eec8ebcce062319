import assert from "node:assert/strict";
import { join } from "node:path";
import { utf8 } from "../../../src/base/mod.ts";
import {
  generateKeyPair,
  type KeyPair,
  type Statement,
  statementBytes,
  verifySignature,
} from "../../../src/identity/mod.ts";
import { agentFingerprint, agentKey } from "../../../src/keys/mod.ts";
import {
  blobOf,
  FAILURE,
  IDENTITIES,
  identities,
  message,
  SIGN_RESPONSE,
  signature,
} from "../../support/agent_messages.ts";
import { temporaryHome } from "../../support/mod.ts";

const statement: Statement = { kind: "record", seq: 1, value: utf8("1:x") };
const pair = generateKeyPair();

/** Runs a test with an agent that gives the answers in order, each to a connection of its own. */
async function withAgent(
  answers: readonly Uint8Array[],
  run: (socket: string) => Promise<void>,
): Promise<void> {
  await using home = await temporaryHome();
  const path = join(home.path, "agent");
  using listener = Deno.listen({ transport: "unix", path });
  const serving = (async () => {
    for (const answer of answers) {
      const connection = await listener.accept();
      await connection.read(new Uint8Array(4096));
      await connection.write(answer);
      connection.close();
    }
  })();
  await run(path);
  await serving;
}

const keys = identities(utf8("a key of another kind"), blobOf(pair.publicKey));
const wanted = agentFingerprint(pair.publicKey);

Deno.test("the fingerprint is the one that ssh-keygen prints", async () => {
  const base64 = blobOf(pair.publicKey).toBase64();
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `echo ssh-ed25519 ${base64} | ssh-keygen -lf -`],
  }).output();
  assert.equal(new TextDecoder().decode(stdout).split(" ")[1], wanted);
});

Deno.test("a key in the agent signs statements", async () => {
  const bytes = statementBytes(statement, pair.publicKey);
  await withAgent([keys, signature(pair.signBytes(bytes))], async (socket) => {
    const key = await agentKey(socket, wanted);
    assert.deepEqual(key.publicKey, pair.publicKey);
    assert(verifySignature(pair.publicKey, bytes, await key.sign(statement)));
  });
});

Deno.test("a key that the agent does not have is named, with those that it has", async () => {
  await withAgent([keys], async (socket) => {
    await assert.rejects(agentKey(socket, "SHA256:other"), {
      code: "AGENT_NOT_FOUND",
      kind: "not-found",
      message: new RegExp(`SHA256:other.*${wanted.replaceAll("+", "\\+")}`),
    });
  });
  await withAgent([identities()], async (socket) => {
    await assert.rejects(agentKey(socket, wanted), { message: /ssh-add/ });
  });
});

Deno.test("without an agent the error says so", async () => {
  await assert.rejects(agentKey(undefined, wanted), { message: /SSH_AUTH_SOCK is not set/ });
  await assert.rejects(agentKey("/nonexistent/agent", wanted), {
    code: "AGENT_NOT_FOUND",
    message: /\/nonexistent\/agent/,
  });
});

Deno.test("an agent that vanishes, refuses or answers nonsense signs nothing", async () => {
  const other: KeyPair = generateKeyPair();
  const bytes = statementBytes(statement, pair.publicKey);
  const cases: [answer: Uint8Array, message: RegExp][] = [
    [new Uint8Array(), /ended in the middle/],
    [signature(pair.signBytes(bytes)).subarray(0, 30), /ended in the middle/],
    [message(FAILURE), /refuses/],
    [message(IDENTITIES), /something else/],
    [message(SIGN_RESPONSE, Uint8Array.of(0, 0, 1, 0)), /cut short/],
    [Uint8Array.of(255, 255, 255, 255), /no possible length/],
    [signature(other.signBytes(bytes)), /not valid/],
    [signature(pair.signBytes(bytes), "ssh-rsa"), /not valid/],
  ];
  for (const [answer, message] of cases) {
    await withAgent([keys, answer], async (socket) => {
      const key = await agentKey(socket, wanted);
      await assert.rejects(key.sign(statement), { code: "AGENT_FAILED", kind: "failed", message });
    });
  }
});
