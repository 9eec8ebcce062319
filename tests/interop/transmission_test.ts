import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { interopTest } from "../support/interop_test_case.ts";
import { inNamespace } from "./in_namespace.ts";

/** Addresses of the seeder, and of Transmission. */
const addresses = ["10.99.0.1", "10.99.0.2"] as const;
const script = fileURLToPath(new URL("./transmission_in_namespace.ts", import.meta.url));

await interopTest(
  "transmission downloads from our seeder, by magnet link, encrypted and in plain text, by TCP and with its defaults",
  ["transmission-cli", "ip", "rights to make a network namespace"],
  async () => {
    const { code, stdout, stderr } = await inNamespace(addresses, script);
    assert.equal(stdout, "downloaded\n", stderr);
    assert.equal(code, 0, stderr);
  },
);
