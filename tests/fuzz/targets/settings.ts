/**
 * Fuzz targets of files that users or other programs may have written: the config file and the lock
 * file.
 */

import assert from "node:assert/strict";
import { formatHostPort, utf8 } from "../../../src/base/mod.ts";
import { readConfigText } from "../../../src/config/file.ts";
import {
  ConfigError,
  findSetting,
  parseDuration,
  parseHostPort,
  parseSize,
  settingDefinitions,
} from "../../../src/config/mod.ts";
import { validateSetting } from "../../../src/config/validate.ts";
import { packageRef } from "../../../src/fetching/requirement.ts";
import { InstallError } from "../../../src/install/errors.ts";
import { formatLockFile, parseLockFile } from "../../../src/install/lock_file.ts";
import { minimalOf } from "../seeds.ts";
import { readOrRefuse, stateless, type Target } from "../target.ts";

const base = { directory: "/home/somebody", userHome: "/home/somebody" };

const configTarget: Target = {
  name: "config",
  // The YAML parser limits the number of aliases, but their expansion may still be large.
  maxBytes: 96 * 2 ** 20,
  cost: 8,
  seeds: () =>
    [
      "port: 6881\ndir: ~/seed\nbootstrap:\n  - router.example.org:6881\n  - '[2001:db8::1]:1'\n",
      "# nothing\n",
      'bootstrap: ["a:1", "b:2"]\nlog-level: info\nreannounce-interval: 1.5h\n',
      "allow-local: yes\nmax-package-size: 10MiB\nport: !!int 3\n",
      "10MiB",
      "1.5h",
      "[::1]:6881",
    ].map(utf8),
  open: stateless((bytes) => {
    const text = new TextDecoder().decode(bytes);
    const read = <T>(parse: () => T) => readOrRefuse(ConfigError, parse);
    for (const [key, entry] of read(() => readConfigText(text, "config.yaml")) ?? []) {
      assert.ok(entry.line >= 1 && settingDefinitions.some((setting) => setting.key === key));
      const setting = findSetting(key)!;
      const result = validateSetting(setting.type, entry.text, base);
      assert.ok("value" in result || result.problem.length > 0);
    }
    const duration = read(() => parseDuration(text));
    if (duration !== undefined) assert.ok(Number.isSafeInteger(duration) && duration >= 0);
    const size = read(() => parseSize(text));
    if (size !== undefined) assert.ok(Number.isSafeInteger(size) && size >= 0);
    const address = read(() => parseHostPort(text));
    if (address) assert.deepEqual(parseHostPort(formatHostPort(address)), address);
  }),
};

function lockText(): string {
  const [a, b] = [minimalOf("a"), minimalOf("@b/constructor", "2.0.0")];
  return formatLockFile({
    packages: new Map([
      [packageRef(a), { minimal: a, dependencies: new Map([[b.name, packageRef(b)]]) }],
      [packageRef(b), { minimal: b, dependencies: new Map() }],
    ]),
    requirements: new Map([
      ["a", { requirement: { name: "a", range: "^1.0.0" }, ref: packageRef(a) }],
    ]),
  });
}

const lockTarget: Target = {
  name: "lock-file",
  cost: 3,
  seeds: () => [utf8(lockText())],
  open: stateless((bytes) => {
    const text = new TextDecoder().decode(bytes);
    const lock = readOrRefuse(InstallError, () => parseLockFile(text, "lock"));
    if (!lock) return;
    const once = formatLockFile(lock);
    assert.deepEqual(parseLockFile(once, "lock"), lock);
    assert.equal(formatLockFile(parseLockFile(once, "lock")), once);
  }),
};

export const settingTargets: readonly Target[] = [configTarget, lockTarget];
