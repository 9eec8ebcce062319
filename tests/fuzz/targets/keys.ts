/** Fuzz target of recovery codes. */

import assert from "node:assert/strict";
import { utf8 } from "../../../src/base/mod.ts";
import { IdentityError, recoveryGroups, seedOfRecoveryCode } from "../../../src/identity/mod.ts";
import { vectors } from "../seeds.ts";
import { readOrRefuse, stateless, type Target } from "../target.ts";

const recoveryCodeTarget: Target = {
  name: "recovery-code",
  seeds: async () => {
    const { recoveryCodes } = await vectors<{ recoveryCodes: { code: string }[] }>("keys");
    return recoveryCodes.map(({ code }) => utf8(code));
  },
  open: stateless((bytes) => {
    const text = new TextDecoder().decode(bytes);
    const seed = readOrRefuse(IdentityError, () => seedOfRecoveryCode(text));
    if (!seed) return;
    assert.deepEqual(seedOfRecoveryCode(recoveryGroups(seed).join(" ")), seed);
  }),
};

/** The fuzz targets of this file. */
export const keyTargets: readonly Target[] = [recoveryCodeTarget];
