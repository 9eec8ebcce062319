import assert from "node:assert/strict";
import { join } from "node:path";
import { utf8 } from "../../../../src/base/mod.ts";
import { parseSecret, readSecret, signedFields } from "../../../../src/host/webhook/signature.ts";

const key = Uint8Array.from({ length: 32 }, (_, index) => index);

Deno.test("OpenSSL computes the same signature, by the recipe of the manual", async () => {
  const body = '{"id":"msg_1","text":"größer"}';
  const fields = signedFields(key, { id: "msg_1", timestampS: 1_800_000_000, body: utf8(body) });
  assert.equal(fields["webhook-id"], "msg_1");
  assert.equal(fields["webhook-timestamp"], "1800000000");
  const hex = [...key].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const child = new Deno.Command("openssl", {
    args: ["dgst", "-sha256", "-mac", "HMAC", "-macopt", `hexkey:${hex}`, "-binary"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(utf8(`msg_1.1800000000.${body}`));
  await writer.close();
  const { stdout } = await child.output();
  assert.equal(fields["webhook-signature"], `v1,${stdout.toBase64()}`);
});

Deno.test("the signature follows id, time, body and secret", () => {
  const signed = { id: "msg_1", timestampS: 1, body: utf8("x") };
  const signature = (secret: Uint8Array, more: Partial<typeof signed> = {}) =>
    signedFields(secret, { ...signed, ...more })["webhook-signature"];
  const others = [
    signature(key, { id: "msg_2" }),
    signature(key, { timestampS: 2 }),
    signature(key, { body: utf8("y") }),
    signature(key.toReversed()),
  ];
  assert.equal(new Set([...others, signature(key)]).size, 5);
});

Deno.test("a secret is made once, in a file for its owner alone, also over an empty file", async () => {
  const directory = await Deno.makeTempDir();
  try {
    for (const isEmpty of [false, true]) {
      const path = join(directory, `${isEmpty}`);
      if (isEmpty) await Deno.writeTextFile(path, "", { mode: 0o600 });
      const made = await readSecret(path);
      assert.equal(made.length, 32);
      assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
      assert.deepEqual(await readSecret(path), made);
      assert.deepEqual(parseSecret(await Deno.readTextFile(path), path), made);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test({
  name: "a secret that others can read, or behind a link, is refused and left as it is",
  ignore: Deno.build.os === "windows",
  async fn() {
    const directory = await Deno.makeTempDir();
    try {
      const path = join(directory, "secret");
      await readSecret(path);
      const text = await Deno.readTextFile(path);
      await Deno.chmod(path, 0o640);
      await assert.rejects(readSecret(path), { code: "PRIVATE_FILE_UNSAFE", message: /chmod 600/ });
      assert.equal(await Deno.readTextFile(path), text);
      const link = join(directory, "link");
      await Deno.symlink(join(directory, "nothing"), link);
      await assert.rejects(readSecret(link), {
        code: "PRIVATE_FILE_UNSAFE",
        message: /not a file/,
      });
      assert.deepEqual([...Deno.readDirSync(directory)].length, 2);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

Deno.test("a file without a secret is refused with its path", () => {
  for (
    const text of [
      "x",
      "whsec_",
      "whsec_AAAA",
      `whsec_${"A".repeat(33)}`,
      `whsec_${"!".repeat(44)}`,
    ]
  ) {
    assert.throws(() => parseSecret(text, "/home/webhook.secret"), (error) => {
      const { code, message } = error as { code?: string; message: string };
      if (code !== "WEBHOOK_SECRET_INVALID") return false;
      return message.includes("/home/webhook.secret");
    }, text);
  }
});
